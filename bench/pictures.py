"""Makes the pictures of the docs: `make pictures` writes docs/slack-answer.png and docs/audit*.png.

They show real output. `codedesk run` answers a few questions in a loopback Slack
(tests/slack_server), and its answer to the first is drawn as Slack draws it. Then `codedesk log
audit` shows the log of these questions in a browser.

Needs CODEDESK_HOME with code sets and index; its log is neither read nor written. Needs Chromium
with its driver, and the fonts Lato and Noto Color Emoji (on Debian: chromium, chromium-driver,
fonts-lato, fonts-noto-color-emoji).
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from selenium import webdriver

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# The loopback Slack belongs to the tests.
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]

from slack_server import SlackServer  # noqa: E402

#: Slack's id of the person who asks, and the question. The answer to the first is drawn.
ASKED = [
    ("U7", "copd w/ acute bronchitis, seen 5/1/2026"),
    ("U7", "left ankle sprain, first visit, seen 5/1/2026"),
    ("U8", "t2dm with ckd, seen 5/1/2026"),
    ("U7", "E11.9 with E10.9? dos 5/1/2026"),
    ("U7", "pt John Smith, mass L breast, dos 5/1/2026"),
]
AUDITOR, PASSWORD = "R. Auditor", "correct horse battery"
_WAIT = 120.0  # seconds for a process to start or to answer

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
    return f'<span class="button">{html.escape(element["text"]["text"])}</span>'


def _mrkdwn(text: str) -> str:
    """Slack's mark-up (in which &, < and > are escaped already) as HTML."""
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", text)
    text = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)", r"<i>\1</i>", text)
    text = re.sub(r"^>(.*)$", r"<blockquote>\1</blockquote>", text, flags=re.M)
    return text.replace("\n", "<br>").replace("</blockquote><br>", "</blockquote>")


def posted(home: Path) -> list[list[dict[str, Any]]]:
    """The blocks of each answer of `codedesk run` to a mention in a channel."""
    answers = []
    with SlackServer() as slack:
        tokens = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "CODEDESK_SLACK_API_URL": slack.api_url,
        }
        with _codedesk(home, "run", **tokens):
            slack.wait_connected(timeout=_WAIT)
            for user, question in ASKED:
                slack.send_event(slack.app_mention(question, user=user))
                messages = slack.wait_for("chat.postMessage", len(answers) + 1, timeout=_WAIT)
                answers.append(messages[-1].args["blocks"])
    return answers


def command(home: Path, *words: str, typed: str = "") -> str:
    """The output of a command of Code Desk. Raises CalledProcessError when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        env=_environment(home), input=typed, text=True, check=True, capture_output=True,
    )  # fmt: skip
    return done.stdout


@contextmanager
def _codedesk(home: Path, *words: str, **settings: str) -> Iterator[None]:
    """A serving command of Code Desk, which is ended on leaving."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", *words], env=_environment(home) | settings
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(_WAIT)


def _environment(home: Path) -> dict[str, str]:
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    kept = {name: value for name, value in os.environ.items() if name.lower() not in proxies}
    return kept | {"CODEDESK_HOME": str(home), "CODEDESK_FETCH": "no", "PYTHONPATH": str(ROOT)}


def finish(home: Path) -> None:
    """Add to the log what a day of use adds: feedback, a checkpoint, an auditor with a password."""
    for line in command(home, "log", "list", "--json").splitlines():
        asked = json.loads(line)
        if "ankle" in asked["question"] or "copd" in asked["question"]:
            command(home, "log", "feedback", asked["id"], "right", "--by", "U7")
    command(home, "log", "checkpoint")
    command(home, "log", "audit-password", AUDITOR, typed=f"{PASSWORD}\n" * 2)


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium with a temporary profile. Raises SystemExit when it is not installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        raise SystemExit("Pictures need Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory(prefix="codedesk-chromium-") as profile:
        for option in (
            "headless", "no-sandbox", "disable-gpu", "no-first-run", "hide-scrollbars",
            "disable-background-networking", "disable-component-update", "disable-sync",
            "window-size=1000,1400", "force-device-scale-factor=1.5", f"user-data-dir={profile}",
        ):  # fmt: skip
            options.add_argument("--" + option)
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        chrome.implicitly_wait(10)
        try:
            yield chrome
        finally:
            chrome.quit()


def picture_of_the_answer(
    chrome: webdriver.Chrome, home: Path, blocks: Sequence[dict[str, Any]]
) -> None:
    page = home / "answer.html"
    page.write_text(drawn(ASKED[0][1], blocks), encoding="utf-8")
    chrome.get(page.as_uri())
    chrome.find_element("id", "thread").screenshot(str(DOCS / "slack-answer.png"))


def pictures_for_auditors(chrome: webdriver.Chrome, home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}/"
    with _codedesk(home, "log", "audit", CODEDESK_AUDIT_PORT=port):
        _wait(url)
        chrome.set_window_size(1000, 900)
        chrome.get(url)
        for name, value in (("name", AUDITOR), ("password", PASSWORD)):
            chrome.find_element("name", name).send_keys(value)
        chrome.find_element("css selector", "form.sign-in input[type=submit]").click()
        chrome.find_element("id", "state")
        chrome.save_screenshot(str(DOCS / "audit-home.png"))
        chrome.set_window_size(1280, 870)
        chrome.get(f"{url}log/of_a_person?person=U7")
        chrome.save_screenshot(str(DOCS / "audit.png"))


def _wait(url: str) -> None:
    """Wait until a page is served. Raises SystemExit after _WAIT seconds."""
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"{url} does not answer")


def main() -> None:
    settings = Settings.load()
    with tempfile.TemporaryDirectory(prefix="codedesk-pictures-") as folder, browser() as chrome:
        home = Path(folder)
        for path in (settings.codes_db, settings.index):
            (home / path.name).symlink_to(path)
        command(home, "log", "keys")
        picture_of_the_answer(chrome, home, posted(home)[0])
        finish(home)
        pictures_for_auditors(chrome, home)


if __name__ == "__main__":
    main()
