"""Without a terminal, progress is a short line now and then."""

from __future__ import annotations

import io

import pytest

from index.embedding.progress import Lines, shown


def test_a_line_for_each_tenth() -> None:
    out = io.StringIO()
    lines = Lines("texts", 1000, out, clock=lambda: 0.0)
    for _ in range(100):
        lines.advance(10)
    assert out.getvalue().splitlines() == [f"texts: {tenth}0% of 1,000" for tenth in range(1, 11)]


def test_a_line_after_half_a_minute() -> None:
    out = io.StringIO()
    now = iter([0.0, 10.0, 31.0, 40.0])
    lines = Lines("texts", 145_073, out, clock=lambda: next(now))
    for _ in range(3):
        lines.advance(1000)
    assert out.getvalue().splitlines() == ["texts: 1% of 145,073, 37 minutes left"]


def test_nothing_is_shown_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(None, 10) as advance:
        advance(10)
    assert capsys.readouterr().err == ""
