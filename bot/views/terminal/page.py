"""The lines of an answer, and how they are drawn on a screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from bot.views.screen import Screen, printable


@dataclass(frozen=True, slots=True)
class Showing:
    """How much of an answer is shown.

    - `notes`: with the notes that govern its codes. `rules`: with guidelines and rules in whole.
      `all`: with everything.
    - `limit`: how many candidates, whatever room they take; None for a few.
    - `offer`: how the rest is asked for, before each of the words notes, rules and all ("--"); None
      where it cannot be asked for.
    - `by_number`: the answers to what is asked back have numbers, by which they can be chosen.
    """

    notes: bool = False
    rules: bool = False
    all: bool = False
    limit: int | None = None
    offer: str | None = None
    by_number: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph behind a lead, which is as many blanks on its later lines.

    - `code`: stands before the text, as a code.
    - `style`: styles of `bot.views.screen`, with blanks between them.
    - `most`: the lines of a screen that it may take; None for all that it needs.
    """

    text: str
    lead: str = ""
    code: str = ""
    style: str = ""
    most: int | None = None


BLANK = Line("")


def paragraph(line: Line, screen: Screen) -> Text:
    """A line as it is drawn. Characters that a terminal acts upon are escaped."""
    text = Text(printable(line.text))
    for style in line.style.split():
        text.stylize(style)
    if line.code:
        text = Text.assemble((printable(line.code), "code"), "  " if line.text else "", text)
    return screen.hanging(text, line.lead, line.most)


def height(lines: Iterable[Line], screen: Screen) -> int:
    """The lines of a screen that they take."""
    return sum(paragraph(line, screen).plain.count("\n") + 1 for line in lines)


def drawn(lines: Iterable[Line], screen: Screen) -> str:
    return screen.drawn(*(paragraph(line, screen) for line in lines))


def apart(blocks: Iterable[Sequence[Line]]) -> Iterator[Line]:
    """The lines of blocks, with a blank line between two of them."""
    first = True
    for block in blocks:
        if block:
            if not first:
                yield BLANK
            first = False
            yield from block
