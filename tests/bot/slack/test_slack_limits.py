"""How many questions a minute one person may ask, and one workspace."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from slack_front import Front
from slack_server import SlackServer
from slack_support import ScriptedDesk, served, slack_server, wait_for_records, wait_until

from bot.querylog import QueryLog
from bot.slack.state import State
from bot.slack.workspaces.limits import Limits


class Clock:
    def __init__(self, now: float = 600.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def limits(path: Path, user: int = 0, workspace: int = 0, clock: Any = None) -> Limits:
    return Limits(State(path / "slack.db"), user, workspace, clock or Clock())


def taken(of: Limits, times: int, user: str = "U1", workspace: str = "T1") -> int:
    return sum(of.ask(workspace, workspace, user) is None for _ in range(times))


def test_one_person_asks_so_much_a_minute(tmp_path: Path) -> None:
    of = limits(tmp_path, user=5)
    assert taken(of, 8) == 5
    # Another person, and one with the same id in another workspace, have limits of their own.
    assert taken(of, 8, "U2") == 5
    assert taken(of, 8, "U1", "T2") == 5


def test_one_workspace_asks_so_much_a_minute(tmp_path: Path) -> None:
    of = limits(tmp_path, workspace=5)
    assert sum(taken(of, 1, f"U{n}") for n in range(8)) == 5
    assert taken(of, 1, "U1", "T2") == 1


def test_no_limit_counts_nothing(tmp_path: Path) -> None:
    assert taken(limits(tmp_path), 1000) == 1000
    with sqlite3.connect(tmp_path / "slack.db") as db:
        assert db.execute("select count(*) from counted").fetchone() == (0,)


def test_the_window_slides(tmp_path: Path) -> None:
    """However the questions fall, little more than the limit is within any 60 seconds."""
    clock = Clock(600.0)
    of = limits(tmp_path, user=10, clock=clock)
    at = []
    for second in range(600, 900):
        clock.now = float(second)
        at += [second] * taken(of, 3)
    for begin in range(600, 840):
        assert sum(begin <= one < begin + 60 for one in at) <= 15
    assert len(at) >= 45


@pytest.mark.parametrize("into", [0.0, 1.0, 30.0, 59.0])
@pytest.mark.parametrize("before", [0, 3, 5])
def test_who_comes_again_when_told_is_answered(tmp_path: Path, into: float, before: int) -> None:
    clock = Clock(600.0)
    of = limits(tmp_path, user=5, clock=clock)
    taken(of, before)
    clock.now = 660.0 + into
    taken(of, 9)
    over = of.ask("T1", "T1", "U1")
    assert over is not None
    assert 1 <= over.seconds <= 120
    clock.now += over.seconds
    assert of.ask("T1", "T1", "U1") is None


def test_what_was_refused_is_not_counted(tmp_path: Path) -> None:
    clock = Clock()
    of = limits(tmp_path, user=2, clock=clock)
    taken(of, 500)
    clock.now += 121
    assert taken(of, 5) == 2


def test_one_is_told_once_a_minute(tmp_path: Path) -> None:
    of = limits(tmp_path, user=1)
    taken(of, 1)
    found = [of.ask("T1", "T1", "U1") for _ in range(3)]
    assert [over.first for over in found if over] == [True, False, False]


def test_a_limit_holds_for_all_processes_together(tmp_path: Path) -> None:
    many = [limits(tmp_path, user=20, clock=Clock()) for _ in range(4)]
    passed: list[int] = []
    threads = [threading.Thread(target=lambda of=of: passed.append(taken(of, 30))) for of in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 20


def test_little_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    of = limits(tmp_path, user=5, workspace=50, clock=clock)
    for _ in range(100):
        taken(of, 7)
        clock.now += 60
    with sqlite3.connect(tmp_path / "slack.db") as db:
        (count,) = db.execute("select count(*) from counted").fetchone()
    assert count <= 9


def test_counts_that_cannot_be_written_refuse_nobody(tmp_path: Path) -> None:
    state = State(tmp_path / "slack.db")
    of = Limits(state, 1)
    state.close()
    assert taken(of, 3) == 3


# In Slack


def mention(of: Front, text: str, user: str = "U1") -> None:
    of.event(of.slack.app_mention(text, user=user, channel="C1"))


@pytest.fixture
def slack():
    with slack_server() as server:
        yield server


def test_who_is_over_the_limit_is_told_once_privately_and_it_is_on_record(
    slack: SlackServer, log: QueryLog, tmp_path: Path
) -> None:
    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log, slack_mode="http", limit_user_per_minute=2) as running:
        of = Front("http", slack, running)
        for number in range(5):
            mention(of, f"gout {number}")
        mention(of, "gout of another", "U2")
        wait_for_records(log, "delivery", 6)
        wait_until(lambda: len(slack.messages("C1")) == 4)
    told = [call for call in slack.messages("C1") if call.method == "chat.postEphemeral"]
    assert [call.args["user"] for call in told] == ["U1"]
    assert told[0].args["text"].startswith("You have asked 2 questions within a minute")
    outcomes = {record.text: record.delivery for record in log.recent()}
    assert outcomes["gout 1"] == outcomes["gout of another"] == "delivered"
    assert [outcomes[f"gout {number}"] for number in (2, 3, 4)] == ["abandoned"] * 3
    assert desk.asked == ["gout 0", "gout 1", "gout of another"]
    over = log.recent()[1]
    assert over.deliveries[0]["detail"] == "over the limit of the user"
    assert over.answered_at is None


def test_a_modal_says_it_in_any_case(slack: SlackServer, log: QueryLog, tmp_path: Path) -> None:
    desk = ScriptedDesk()
    with served(
        slack, tmp_path, desk, log, slack_mode="http", limit_workspace_per_minute=1
    ) as running:
        of = Front("http", slack, running)
        mention(of, "gout")
        slack.wait_for("chat.postMessage")
        for _ in range(2):
            of.interactive(slack.shortcut("ask_code_desk", user="U3"))
            view = slack.modal()
            assert view is not None
            of.interactive(slack.view_submission({"statement": "flu"}, "U3", view))
            shown = view["id"]
            wait_until(
                lambda shown=shown: "Your workspace has asked" in str(slack.modal(shown)),
                lambda: str(slack.modal()),
            )
    assert desk.asked == ["gout"]


def test_a_limited_command_is_told_privately(slack: SlackServer, log: QueryLog, tmp_path) -> None:
    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log, slack_mode="http", limit_user_per_minute=1) as running:
        of = Front("http", slack, running)
        of.command(slack.slash_command("/code", "gout"))
        of.command(slack.slash_command("/code", "flu"))
        slack.wait_for("response_url", 2)
    texts = [call.args for call in slack.calls if call.method == "response_url"]
    over = [args for args in texts if "within a minute" in args["text"]]
    assert len(over) == 1
    assert over[0]["response_type"] == "ephemeral"
