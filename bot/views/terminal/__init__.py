"""Answers as text, for the terminal: a screenful by default, and more where it is asked for.

`short.py` decides what a screenful has, `notes.py` and `rules.py` draw what `--notes` and `--rules`
add, and `whole.py` all of it. They make `Line`s, which `page.py` draws on a screen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from bot.desk.answer import Answer
from bot.desk.governing import Governing
from bot.views.notices import notices_in_short, shortened, told_by
from bot.views.screen import Screen
from bot.views.terminal.page import Showing, drawn
from bot.views.terminal.short import NOTICES, short_lines
from bot.views.terminal.whole import whole_lines

__all__ = ["Session", "Showing", "as_text"]

_SHORT, _SCREEN = Showing(), Screen()


class Session:
    """Answers that one person reads one after another: what is loaded is said once. `told`: the
    keys of what was said before (`bot.views.notices`)."""

    def __init__(self, told: Iterable[str] = ()) -> None:
        self._told = set(told)

    def as_text(self, answer: Answer, showing: Showing = _SHORT, **how: Any) -> str:
        text = as_text(answer, showing, told=self._told, **how)
        said = None
        if not showing.all:
            said = [one.notice for one in notices_in_short(answer, self._told, NOTICES)]
        self._told.update(told_by(answer, said))
        return text


def as_text(
    answer: Answer,
    showing: Showing = _SHORT,
    *,
    screen: Screen = _SCREEN,
    told: Collection[str] = (),
    governing: Governing | None = None,
) -> str:
    """An answer as it is shown on a screen; its headline comes first. `told`: the keys of what was
    said before of what is loaded. `governing`: notes and words of guidelines that an answer does
    not have itself; for `notes`, `rules` and `all`."""
    answer = shortened(answer, told)
    more = governing or Governing()
    if showing.all:
        lines = whole_lines(answer, told, more, showing)
    else:
        lines = short_lines(answer, showing, told, more, screen)
    return drawn(lines, screen)
