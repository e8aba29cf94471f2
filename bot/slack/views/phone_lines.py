"""How many lines a text takes on a phone, and what fits on one.

Slack publishes no measures, so these are ours: a screen 375 points wide leaves about 299 for the
text of a message beside its picture and margins, and Slack sets text in Lato of about 17 points
(13 in a context block). So a line holds 17.5 em of a section, about 40 characters of ordinary
words, and 22.5 em of a context. A character's width is that of its class in Lato, in hundredths of
an em; a line is broken between words, and a word that is wider than a line is broken
anywhere. Buttons are not counted.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

#: Widths of a line in em of its own text.
SECTION_LINE = 17.5
CONTEXT_LINE = 22.5

#: Hundredths of an em, by class of character.
_CLASSES = {
    20: " '\u2019",
    25: "ijl.,:;!|·()I",
    30: "[]{}",
    36: 'frt-“”"',
    43: "sJ*`",
    46: "cz/?\\_",
    51: "axkLvyg",
    53: "e",
    56: "bdhnopquFS",
    58: "0123456789E#$+<=>^~\u2013",
    60: "TPZ",
    65: "YRBX",
    68: "KCAV",
    73: "&GU…",
    77: "DHNw",
    80: "OQ%—",
    84: "m@✓↳",
    93: "M",
    105: "W",
}
_WIDTHS = {character: width for width, known in _CLASSES.items() for character in known}
_OTHER, _WIDE = 60, 130
#: Bold is a little wider, and code is set in a smaller fixed width.
_BOLD, _CODE = 1.04, 58

#: A line whose words fill less of it than this is cut within a word.
_FULL = 0.6

_MARKUP = re.compile(r"```|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?!\w)|(?<!\w)_([^_\n]+)_(?!\w)")
_LINK = re.compile(r"<[^|>]*\|([^>]*)>|<([^>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def width(text: str) -> float:
    """The width of plain text in em.

    >>> width("Mild") > width("mill")
    True
    """
    return sum(map(_width, text)) / 100


@cache
def _width(character: str) -> int:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):  # accents, marks of direction
        return 0
    wide = (
        unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character) == "So"
    )
    return _WIDE if wide else _OTHER


def lines_of(text: str, line: float = SECTION_LINE) -> int:
    """The lines that mrkdwn takes where one holds `line` em.

    >>> lines_of("one\\ntwo"), lines_of("*word* " * 20)
    (2, 4)
    """
    return sum(_wrapped(_shown(row), line) for row in text.split("\n"))


def _shown(text: str) -> list[tuple[str, float]]:
    """The words of a row, as shown, with their widths."""
    text = _LINK.sub(lambda match: match[1] or match[2], text)
    words: list[tuple[str, float]] = []
    at = 0
    for match in _MARKUP.finditer(text):
        words += _spread(text[at : match.start()], 1.0)
        code, bold, italic = match.groups()
        if code:
            words += [(word, len(word) * _CODE / 100) for word in _pieces(_plain(code))]
        elif bold or italic:
            words += _spread(bold or italic, _BOLD if bold else 1.0)
        at = match.end()
    return words + _spread(text[at:], 1.0)


def _spread(text: str, factor: float) -> list[tuple[str, float]]:
    return [(word, width(word) * factor) for word in _pieces(_plain(text))]


def _plain(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def _pieces(text: str) -> list[str]:
    """Words and the blanks between them."""
    return re.findall(r"\s+|\S+", text)


def _wrapped(pieces: Iterable[tuple[str, float]], line: float) -> int:
    count, used, blank = 1, 0.0, 0.0
    glued = 0.0  # the width of a word, which may be of several pieces
    for piece, wide in pieces:
        if piece.isspace():
            blank, glued = wide, 0.0
            continue
        if used + blank + wide <= line:
            used += blank + wide
            glued += wide
        elif glued + wide <= line:
            count, used = count + 1, glued + wide
            glued = used
        else:  # wider than a line
            rows = math.ceil((glued + wide) / line - 1e-9)
            count += rows - (0 if used > glued else 1)
            used = glued = glued + wide - (rows - 1) * line
        blank = 0.0
    return count


def phone_lines(blocks: Iterable[Mapping[str, Any]]) -> int:
    """The lines of the texts of blocks (sections, contexts, headers), without buttons."""
    count = 0
    for block in blocks:
        kind = block.get("type")
        if kind in ("section", "header") and "text" in block:
            count += lines_of(block["text"]["text"])
        elif kind == "context":
            # The elements of a context stand beside each other.
            shown = " ".join(e["text"] for e in block["elements"] if "text" in e)
            count += lines_of(shown, CONTEXT_LINE)
        elif kind == "markdown":
            count += lines_of(block["text"])
    return count


def fits(text: str, room: float) -> bool:
    return width(text) <= room


def cut_to_width(text: str, room: float) -> str:
    """The first words that are at most `room` em wide, with "…" where some are left out; a long
    word is cut.

    >>> cut_to_width("Bilateral primary osteoarthritis of knee", 9)
    'Bilateral primary…'
    """
    # No more characters fit than the narrowest of them.
    text, longer = text[: (most := int(room * 6))], len(text) > most
    if not longer and fits(text, room):
        return text
    room -= width("…")
    kept = _fitting(_pieces(text), room)
    if width(kept) < room * _FULL:
        kept = _fitting(text, room)
    return kept.rstrip(" ,;:(") + "…"


def _fitting(pieces: Iterable[str], room: float) -> str:
    """The first pieces that are at most `room` em wide together."""
    kept, used = [], 0.0
    for piece in pieces:
        used += width(piece)
        if used > room:
            break
        kept.append(piece)
    return "".join(kept)


def cut_to_lines(text: str, most: int, line: float = SECTION_LINE) -> str:
    """The first words of plain text that take at most `most` lines, with "…" where some are left
    out; the whole text in one row.

    >>> cut_to_lines("word " * 20, 1)
    'word word word word word word…'
    """
    text = " ".join(text.split())
    room = most * line
    while True:
        kept = cut_to_width(text, max(room, 1.0))
        if _wrapped(((word, width(word)) for word in _pieces(kept)), line) <= most:
            return kept
        room -= 0.5
