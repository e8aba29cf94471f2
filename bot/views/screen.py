"""What a terminal shows: how wide it is, whether in colours, and what its colours mean.

Views give Rich what they draw, in the styles of `_THEME`; `Screen.drawn` makes text of it. On a
screen without colours no style is left, so that a file and a pipe have plain text.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, RenderableType
from rich.text import Text
from rich.theme import Theme

#: Columns where nobody says how many there are: into a file or a pipe.
WIDTH = 80
#: Fewer are not drawn for: codes and titles would be torn apart.
_LEAST = 40

_THEME = Theme(
    {
        "code": "bold",
        "heading": "bold",
        "headline": "bold",
        "small": "dim",
        "ask": "cyan",
        "good": "green",
        "doubt": "yellow",
        "bad": "bold red",
    },
    inherit=False,
)


@dataclass(frozen=True, slots=True)
class Screen:
    """`width`: its columns. `height`: its lines; None where it has no end, as a file. `colours`:
    whether it shows styles."""

    width: int = WIDTH
    height: int | None = None
    colours: bool = False

    @classmethod
    def of(cls, stream: TextIO, *, plain: bool = False) -> Screen:
        """The screen that a stream is shown on. It has no colours with NO_COLOR
        (https://no-color.org), on a terminal without styles (TERM=dumb) and where it shall be
        `plain`; FORCE_COLOR gives them to a file."""
        console = Console(file=stream, no_color=True if plain else None)
        colours = console.color_system is not None and not console.no_color
        if not console.is_terminal:
            return cls(colours=colours)
        return cls(max(console.width, _LEAST), console.height, colours)

    def drawn(self, *parts: RenderableType) -> str:
        """The parts one under another as text, without blanks at the ends of lines."""
        console = Console(
            file=io.StringIO(),
            width=self.width,
            theme=_THEME,
            force_terminal=self.colours,
            color_system="standard" if self.colours else None,
            no_color=not self.colours,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        with console.capture() as capture:
            for part in parts:
                console.print(part)
        return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))

    def hanging(self, text: Text | str, lead: Text | str = "", most: int | None = None) -> Text:
        """A paragraph behind a lead (a number, a mark), under which its other lines begin. `most`:
        how many lines it may have; "…" stands for what is left out."""
        lead = lead if isinstance(lead, Text) else Text(lead)
        text = text if isinstance(text, Text) else Text(text)
        console = Console(width=self.width, file=io.StringIO())
        room = max(self.width - lead.cell_len, _LEAST // 2)
        lines = list(text.wrap(console, room, no_wrap=False))
        if most is not None and len(lines) > most:
            lines = [*lines[: most - 1], _ended(lines[most - 1], room)]
        indent = Text(" " * lead.cell_len)
        return Text("\n").join(
            Text.assemble(indent if number else lead, line) for number, line in enumerate(lines)
        )


def _ended(line: Text, room: int) -> Text:
    """A line that ends with "…", at a word."""
    line.rstrip()
    if line.cell_len > room - 2:
        kept = line.plain.rfind(" ")
        line.truncate(kept if kept > 0 else room - 1)
    line.append(" …" if line.cell_len <= room - 2 else "…")
    return line


def printable(text: str) -> str:
    """A text with blanks for other white space, and escapes for characters that a terminal acts
    upon or does not show: people may have typed some."""
    return "".join(
        one if one.isprintable() else " " if one.isspace() else ascii(one)[1:-1] for one in text
    )
