"""What one process loads, all that share the state answer from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

from slack_support import wait_until

from bot.slack.renewing import Renewing
from bot.slack.state import State
from index.errors import SearchError


class Desk:
    """A desk that is renewed from a folder of indexes."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self.index_build = "one"
        self.renewed = 0
        self.refuses = False

    def renew(self, between_answers: Callable[[], AbstractContextManager[None]]) -> None:
        self.renewed += 1
        if self.refuses:
            raise SearchError("the index cannot be used")
        with between_answers():
            self.index_build = (self.index / "current").read_text().strip()


def built(index: Path, build: str) -> None:
    (index / build).mkdir(parents=True, exist_ok=True)
    (index / "current").write_text(build)


def renewing(state: State, desk: Any) -> Renewing:
    return Renewing(state, desk, nullcontext)


def test_others_take_up_what_one_has_loaded(tmp_path: Path) -> None:
    built(tmp_path, "one")
    desks = [Desk(tmp_path), Desk(tmp_path)]
    with closing(State(tmp_path / "slack.db")) as a, closing(State(tmp_path / "slack.db")) as b:
        first, second = renewing(a, desks[0]), renewing(b, desks[1])
        with first.looking(tmp_path, 0.02), second.looking(tmp_path, 0.02):
            first.renew()
            wait_until(lambda: desks[1].renewed)
            # An index that was built from the command line.
            built(tmp_path, "two")
            wait_until(lambda: [desk.index_build for desk in desks] == ["two", "two"])
    assert [desk.renewed for desk in desks] == [2, 2], "each once, the first not by itself again"


def test_an_index_that_cannot_be_used_is_tried_once(tmp_path: Path) -> None:
    built(tmp_path, "one")
    desk = Desk(tmp_path)
    with (
        closing(State(tmp_path / "slack.db")) as state,
        renewing(state, desk).looking(tmp_path, 0.02),
    ):
        desk.refuses = True
        built(tmp_path, "broken")
        wait_until(lambda: desk.renewed)
        desk.refuses = False
        built(tmp_path, "two")
        wait_until(lambda: desk.index_build == "two")
    assert desk.renewed == 2


def test_a_desk_that_cannot_be_renewed_is_left_alone(tmp_path: Path) -> None:
    with closing(State(tmp_path / "slack.db")) as state:
        fixed = renewing(state, object())
        assert not fixed.can
        with fixed.looking(tmp_path, 0.02):
            pass
