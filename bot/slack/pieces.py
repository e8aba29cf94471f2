"""What every block is made of: texts escaped, cut to fit and packed.

Limits kept: 3,000 characters a section, 75 a button label, 2,000 a button value
(https://docs.slack.dev/reference/block-kit/blocks).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from bot.desk.answer import CodeTitle
from bot.words import say

Block = dict[str, Any]

MOST_SECTION = 2900
MOST_SENTENCE = 500
_MOST_TITLE = 250
#: Where a sentence ends and another or a paragraph begins, after closing quotation marks and
#: brackets: not in "e.g. diabetes" and not in "as follows:".
_SENTENCE_END = re.compile(r"[.!?][\u201d\u2019\"')\]]*(?=\s*\n|\s+[A-Z\u201c\"(])")


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": cut(text, MOST_SECTION)}


def button(action: str, label: str, value: str) -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label[:75]},
        "value": value,
    }


def size(blocks: Iterable[Block]) -> int:
    """Characters of text so far."""
    texts = [t for block in blocks for t in (block.get("text"), *block.get("elements", [])) if t]
    return sum(len(text["text"]) for text in texts)


def sections(texts: Iterable[str]) -> list[Block]:
    """The texts one below the other, in as few sections as hold them."""
    pages: list[str] = []
    for text in texts:
        if pages and len(pages[-1]) + 1 + len(text) <= MOST_SECTION:
            pages[-1] += "\n" + text
        else:
            pages.append(text)
    return [section(page) for page in pages]


def fitting(texts: Sequence[str], most: int) -> Sequence[str]:
    """The first of the texts, as many as have at most so many characters together."""
    lengths = accumulate(map(len, texts))
    return texts[: sum(length <= most for length in lengths)]


def code_lines(codes: Sequence[CodeTitle], most: int) -> list[str]:
    lines = [
        say("slack.completion", code=escape(c.code), title=escape(short(c.title)))
        for c in codes[:most]
    ]
    return lines + left_out(len(codes) - most)


def left_out(count: int) -> list[str]:
    """How many more there are, if any."""
    return [say("slack.left_out", count=count)] if count > 0 else []


def escape(text: str) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text (escaping text)"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(title: str) -> str:
    return cut(title, _MOST_TITLE)


def cut(text: str, most: int) -> str:
    """At most so many characters, and no escape cut in two."""
    if len(text) <= most:
        return text
    return re.sub(r"&[a-z]*$", "", text[: most - 1]).rstrip() + "…"


def whole_sentences(text: str, most: int) -> str:
    """As many whole sentences from the beginning as `most` characters hold; a first one that is
    longer is cut.

    >>> whole_sentences("Code it. Do not code it twice.", 20)
    'Code it.'
    """
    if len(text) <= most:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= most]
    return text[: ends[-1]] if ends else cut(text, most)
