"""Answers as the terminal shows them."""

from __future__ import annotations

from bot.desk.answer import Answer
from bot.views.screen import Screen
from bot.views.terminal import Showing, as_text

#: Wide enough that no sentence of a test is broken between two lines.
WIDE = Screen(400)


def whole(answer: Answer) -> str:
    """All that is known of an answer, as `--all` shows it."""
    return as_text(answer, Showing(all=True), screen=WIDE)


def short(answer: Answer) -> str:
    return as_text(answer, screen=WIDE)
