"""What a terminal shows: its width, its colours, and nothing that acts upon it."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest
from rich.text import Text

from bot.views.screen import WIDTH, Screen, printable

_CODE = Text.assemble(("M17.11", "code"), "  Unilateral primary osteoarthritis, right knee")


@pytest.fixture
def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


def test_a_terminal_has_colours_and_its_own_size(
    a_terminal: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "62")
    monkeypatch.setenv("LINES", "30")
    assert Screen.of(a_terminal) == Screen(62, 30, True)


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [("NO_COLOR", "1", False), ("TERM", "dumb", False), ("TERM", "xterm", True)],
)
def test_colours_are_left_out_where_they_are_not_wanted(
    a_terminal: TextIO, monkeypatch: pytest.MonkeyPatch, name: str, value: str, plain: bool
) -> None:
    monkeypatch.setenv(name, value)
    assert not Screen.of(a_terminal, plain=plain).colours


def test_a_pipe_has_plain_text_of_one_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    with open(os.devnull, "w") as stream:
        assert Screen.of(stream) == Screen(WIDTH, None, False)
    assert not sys.stdout.isatty() or Screen.of(sys.stdout).width


def test_a_paragraph_hangs_behind_its_lead() -> None:
    screen = Screen(40)
    assert screen.drawn(screen.hanging(_CODE, "1. "), "next").split("\n") == [
        "1. M17.11  Unilateral primary",
        "   osteoarthritis, right knee",
        "next",
    ]


def test_styles_are_there_in_colours_alone() -> None:
    assert "\x1b[1mM17.11\x1b[0m" in Screen(80, None, True).drawn(_CODE)
    assert "\x1b" not in Screen().drawn(_CODE)


def test_what_acts_upon_a_terminal_is_escaped() -> None:
    assert printable("a\tb\x1b[31m\u202e") == "a b\\x1b[31m\\u202e"
