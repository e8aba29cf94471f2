"""An answer in Slack as a picture: `codedesk run` answers a question in a loopback Slack, and its
blocks are drawn as Slack draws them. `slack_pictures.py` has all surfaces."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from picture_browser import save_element
from selenium import webdriver
from slack_serving import PATIENCE, TimedSlack, serving

QUESTION = "copd w/ acute bronchitis, seen 5/1/2026"

_PAGE = """<!doctype html><meta charset="utf-8"><style>
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.46 Lato, "Noto Color Emoji", sans-serif; color: #1d1c1d }
#thread { width: 720px; padding: 8px 20px 16px; background: #fff }
.message { display: flex; gap: 10px; padding: 8px 0 }
.face { flex: none; width: 36px; height: 36px; border-radius: 6px; color: #fff;
        font-size: 17px; font-weight: 700; text-align: center; line-height: 36px }
.said { flex: 1; min-width: 0 }
.who { font-weight: 900 }
.app { margin: 0 4px; padding: 0 3px; border-radius: 2px; background: #e8e8e8;
       color: #616061; font-size: 10px; font-weight: 700; vertical-align: 2px }
.at, .replies { color: #616061; font-size: 12px }
.replies { display: flex; align-items: center; gap: 10px; padding-top: 2px }
.replies::after { content: ""; flex: 1; border-top: 1px solid #ddd }
.mention { padding: 0 2px; border-radius: 3px; background: #e8f5fa; color: #1264a3 }
.section { margin: 4px 0 8px }
.context { margin: 4px 0; color: #616061; font-size: 13px; line-height: 1.38 }
code { padding: 1px 3px; border: 1px solid #ddd; border-radius: 3px; background: #f8f8f8;
       color: #e01e5a; font: 12px "DejaVu Sans Mono", monospace }
blockquote { margin: 0; padding-left: 12px; border-left: 4px solid #ddd }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 }
.button { padding: 4px 12px; border: 1px solid #bbb; border-radius: 8px; font-weight: 700;
          font-size: 13px }
.thumb { color: #616061; font-size: 16px }
</style><div id="thread">%s</div>"""


def drawn(question: str, blocks: Sequence[dict[str, Any]]) -> str:
    """An HTML page with a question in a channel and an answer of these blocks in its thread."""
    mention = '<span class="mention">@Code Desk</span>'
    message = _message("Dana Reyes", "#2f6f4f", "9:40 AM", f"{mention} {html.escape(question)}")
    body = "".join(map(_block, blocks))
    reply = _message("Code Desk", "#1f4e5f", "9:40 AM", body, app=True)
    return _PAGE % (message + '<div class="replies">1 reply</div>' + reply)


def _message(name: str, colour: str, at: str, body: str, *, app: bool = False) -> str:
    badge = '<span class="app">APP</span>' if app else ""
    return (
        f'<div class="message"><div class="face" style="background:{colour}">{name[0]}</div>'
        f'<div class="said"><span class="who">{name}</span> {badge} <span class="at">{at}</span>'
        f"<div>{body}</div></div></div>"
    )


def _block(block: dict[str, Any]) -> str:
    """A block as Slack draws it, in HTML. Raises ValueError for a type that is not drawn here."""
    kind = block["type"]
    if kind == "section":
        inside = _mrkdwn(block["text"]["text"])
    elif kind == "context":
        inside = "<br>".join(_mrkdwn(element["text"]) for element in block["elements"])
    elif kind == "actions":
        inside = "".join(_button(element) for element in block["elements"])
    elif kind == "context_actions":
        thumbs = '<span class="thumb">👍</span><span class="thumb">👎</span>'
        return f'<div class="actions">{thumbs}</div>'
    else:
        raise ValueError(f"no picture of a block of the type {kind}")
    return f'<div class="{kind}">{inside}</div>'


def _button(element: dict[str, Any]) -> str:
    label = element["text"]["text"] if "text" in element else "⋯"  # a menu
    return f'<span class="button">{html.escape(label)}</span>'


def _mrkdwn(text: str) -> str:
    """Slack's mark-up (in which &, < and > are escaped already) as HTML."""
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", text)
    text = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)", r"<i>\1</i>", text)
    text = re.sub(r"^>(.*)$", r"<blockquote>\1</blockquote>", text, flags=re.M)
    return text.replace("\n", "<br>").replace("</blockquote><br>", "</blockquote>")


def draw(chrome: webdriver.Chrome, home: Path, to: Path) -> None:
    """A picture of the answer to QUESTION in a channel, by a desk in this home."""
    with TimedSlack() as slack, serving(slack, home):
        slack.send_event(slack.app_mention(QUESTION, user="U7"))
        (message,) = slack.wait_for("chat.postMessage", 1, timeout=PATIENCE)
    page = home / "answer.html"
    page.write_text(drawn(QUESTION, message.args["blocks"]), encoding="utf-8")
    chrome.get(page.as_uri())
    save_element(chrome, "thread", to)
