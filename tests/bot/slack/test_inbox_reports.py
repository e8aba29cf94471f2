"""Administrators are told in Slack what became of files in the drop folder, whoever took them."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import closing
from pathlib import Path

import pytest
from slack_support import ScriptedDesk, served, wait_until

from bot.loading import record
from bot.loading.record import Load
from bot.settings import Settings
from bot.slack.greeted import Greeted
from bot.slack.inbox_reports import InboxReports
from bot.slack.state import State

LOADED = Load("import", "inbox", True, ["a.zip: HCPCS <!channel> 2026"], ["a.zip"], ["HCPCS 2026"])
LEFT_OUT = Load("import", "inbox", False, ["b.zip is damaged."], ["b.zip"], [], ["b.zip"])
INDEXED = Load("index", "inbox", True, ["Inbox: the new codes are in use."])
OLD = (dt.datetime.now(dt.UTC) - dt.timedelta(days=2)).isoformat()


def test_each_is_told_once_whichever_replica_tells_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, admins="U8, U9")
    told: list[tuple[str, str]] = []
    with closing(State(tmp_path / "slack.db")) as state:
        replicas = [
            InboxReports(settings, Greeted(state), lambda user, text: told.append((user, text)))
            for _ in range(2)
        ]
        for load in (
            Load("import", "inbox", True, ["long ago"], ["old.zip"], at=OLD),
            Load("import", "slack", True, ["told there"], ["sent.zip"]),
            LOADED,
            LEFT_OUT,
            INDEXED,
        ):
            record.add(settings, load)
            for replica in replicas:
                replica.look()
    assert [user for user, _ in told] == ["U8", "U9"] * 3
    first, second, third = (text for _, text in told[::2])
    assert "Loaded from a.zip" in first
    assert "b.zip is damaged." in second
    assert "not loaded; nothing is changed" in second
    assert "in use" in third


def test_lines_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert record.latest(settings) == []
    record.add(settings, LOADED)
    with record.path_of(settings).open("ab") as file:
        file.write(b'\xff no json\n{"kind": 1}\n{"cut off')
    assert record.latest(settings) == [LOADED]
    assert record.said(settings) == [f"{LOADED.at[:10]}: loaded from a.zip"]
    assert record.path_of(settings).stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_home_and_a_message_tell_of_it(slack, log, tmp_path: Path) -> None:
    with served(slack, tmp_path, ScriptedDesk(), log, admins="U8"):
        # What became of it in another process, which has the same home.
        record.add(Settings(home=tmp_path), LOADED)
        wait_until(lambda: slack.messages("D8"))
        (message,) = slack.messages("D8")
        assert "Loaded from a.zip" in message.args["text"]
        assert "<!channel>" not in message.args["text"]
        slack.open_home("U8").wait_ack(10)
        slack.wait_for("views.publish")
        assert "loaded from a.zip" in json.dumps(slack.home("U8"))
        slack.open_home("U1").wait_ack(10)
        slack.wait_for("views.publish", 2)
        assert "a.zip" not in json.dumps(slack.home("U1"))
