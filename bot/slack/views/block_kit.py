"""Makes blocks of texts: escaped, cut to fit, and in the SDK's models, which refuse what is over
the limits of https://docs.slack.dev/reference/block-kit/blocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    InteractiveElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.desk.answer import CodeTitle
from bot.messages import message

#: https://docs.slack.dev/reference/block-kit/blocks
MOST_BLOCKS = 50
MOST_SECTION = 2900
MOST_SENTENCE = 500
_MOST_TITLE = 250
#: The end of a sentence, with closing quotation marks and brackets, before another sentence or a
#: new line: not in "e.g. diabetes", and not in "as follows:".
_SENTENCE_END = re.compile(r"[.!?][\u201d\u2019\"')\]]*(?=\s*\n|\s+[A-Z\u201c\"(])")


def section(text: str, accessory: ButtonElement | None = None) -> SectionBlock:
    return SectionBlock(text=_mrkdwn(text), accessory=accessory)


def context(text: str) -> ContextBlock:
    return ContextBlock(elements=[_mrkdwn(text)])


def words_of_others(text: str) -> ContextBlock:
    """A line with words that people typed, in which nothing is taken for markup."""
    return ContextBlock(elements=[PlainTextObject(text=cut(text, MOST_SECTION), emoji=False)])


def _mrkdwn(text: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=cut(text, MOST_SECTION))


def button(
    action: str, label: str, value: str, confirm: ConfirmObject | None = None
) -> ButtonElement:
    text = plain_text(label[: ButtonElement.text_max_length])
    return ButtonElement(action_id=action, text=text, value=value, confirm=confirm)


def actions(elements: Sequence[InteractiveElement]) -> ActionsBlock:
    return ActionsBlock(elements=elements)


def plain_text(text: str) -> PlainTextObject:
    return PlainTextObject(text=text)


def label(key: str) -> PlainTextObject:
    """A message of prompts/messages that has no {names}, as a title or a label."""
    return plain_text(message(key))


def as_posted(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Blocks as JSON objects. Raises SlackObjectFormationError for one that is over a limit."""
    return [block.to_dict() for block in blocks]


def texts(blocks: Iterable[Block]) -> Iterator[str]:
    """The texts of sections and contexts."""
    for block in blocks:
        if isinstance(block, SectionBlock) and block.text:
            yield block.text.text
        elif isinstance(block, ContextBlock):
            yield from (e.text for e in block.elements if isinstance(e, MarkdownTextObject))


def size(blocks: Iterable[Block]) -> int:
    """Characters of all texts."""
    return sum(map(len, texts(blocks)))


def sections(lines: Iterable[str]) -> list[Block]:
    """The lines below each other, in as few sections as can hold them."""
    pages: list[str] = []
    for text in lines:
        if pages and len(pages[-1]) + 1 + len(text) <= MOST_SECTION:
            pages[-1] += "\n" + text
        else:
            pages.append(text)
    return [section(page) for page in pages]


def fitting(lines: Sequence[str], most: int) -> Sequence[str]:
    """The first lines that have at most `most` characters together."""
    lengths = accumulate(map(len, lines))
    return lines[: sum(length <= most for length in lengths)]


def code_lines(codes: Sequence[CodeTitle], most: int) -> list[str]:
    lines = [
        message("slack.completion", code=escape(c.code), title=escape(short(c.title)))
        for c in codes[:most]
    ]
    return lines + left_out(len(codes) - most)


def left_out(count: int) -> list[str]:
    """A line that says how many are left out; [] when none are."""
    return [message("slack.left_out", count=count)] if count > 0 else []


def escape(text: str) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text (escaping text)"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


#: Marks that order text from right to left, or isolate it. In words that people typed they may lack
#: their end, and would turn what follows.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def isolated(words: str) -> str:
    """Words that people typed, to stand in a line of ours: in one row, and apart from what is
    around them if they are written from right to left
    (https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates)."""
    words = _DIRECTIONS.sub("", " ".join(words.split()))
    if any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in words):
        return f"\u2068{words}\u2069"
    return words


def short(title: str) -> str:
    return cut(title, _MOST_TITLE)


def cut(text: str, most: int) -> str:
    """At most `most` characters; an escape such as &amp; is not cut in two."""
    if len(text) <= most:
        return text
    return re.sub(r"&[a-z]*$", "", text[: most - 1]).rstrip() + "…"


def whole_sentences(text: str, most: int) -> str:
    """The first sentences that fit in `most` characters. If not even the first one fits, it is cut.

    >>> whole_sentences("Code it. Do not code it twice.", 20)
    'Code it.'
    """
    if len(text) <= most:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() <= most]
    return text[: ends[-1]] if ends else cut(text, most)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to post: blocks as JSON objects, and a text for notifications and screen readers:
    https://docs.slack.dev/reference/methods/chat.postMessage

    `plainer`: the same in blocks that every workspace has, to be sent when Slack refuses `blocks`
    as invalid; None when there are none, and then the text is sent alone.
    """

    text: str
    blocks: list[dict[str, Any]]
    plainer: list[dict[str, Any]] | None = None


def below(notice: Message, drawn: Message) -> Message:
    """A message below a notice; what is over the limit of blocks is left out at the end."""

    def joined(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [*notice.blocks, *blocks][:MOST_BLOCKS]

    plainer = None if drawn.plainer is None else joined(drawn.plainer)
    return Message(f"{notice.text}\n{drawn.text}", joined(drawn.blocks), plainer)


def plain_message(text: str) -> Message:
    """One sentence."""
    return Message(escape(text), as_posted([section(escape(text))]))
