"""Databases of every earlier version are opened, brought up to date, and lose nothing; where a file
has to be made anew, one sentence says so, and it stays. A newer version is told, too.

`tests/data/older` has them, as the code of those versions made them.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from paths import TEST_DATA
from slack_sdk import WebClient

from bot.database import DatabaseError
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.hash_chain import LogUnavailable
from bot.querylog.verify import verify
from bot.settings import Settings
from bot.slack.app import SlackSettingsError, open_state
from bot.slack.outbox_store import OutboxStore
from bot.slack.replicas import Replica
from bot.slack.state import State
from codesets.model import CodesetError, MueEdit
from codesets.store.code_store import CodeStore
from index import bundle
from index.bundle import BundleUnusable

OLDER = TEST_DATA / "older"
LOGS = sorted(path.stem for path in OLDER.glob("log-[12]*.sql"))
STATES = sorted(path.stem for path in OLDER.glob("slack-*.sql"))


def older(name: str, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript((OLDER / f"{name}.sql").read_text(encoding="utf-8"))
    return path


def test_there_is_one_of_each_version() -> None:
    assert {name.split("-")[1] for name in LOGS} == {"1", "2"}
    assert len(STATES) == 3


# The log


@pytest.mark.parametrize("name", LOGS)
def test_an_older_log_is_whole_and_goes_on(tmp_path: Path, name: str) -> None:
    path = older(name, tmp_path / "log.db")
    goes_on(path)
    assert verify(path).bad is None


def goes_on(where: Path | str) -> None:
    with closing(QueryLog(where)) as log:
        texts = [record.text for record in log.recent()]
        assert {"copd"} < set(texts)
        (first,) = [record for record in log.recent() if record.surface == "mention"]
        assert (first.user, first.channel, first.outcome) == ("U1", "C1", "abstained")
        assert (first.index_build, first.latency_ms, first.delivery) == (
            "build-1", 7.5, "delivered",
        )  # fmt: skip
        if first.feedback:
            assert (first.feedback[0]["code"], first.feedback[0]["note"]) == ("I10", "ours")
            assert first.corrections[0]["phrase"] == "high pressure"
        assert [one.asked.text for one in log.unanswered(["dm"])] == ["copd"]
        assert log.ask(QuestionRecord("copd", "dm", event_id="Ev2")) is None
        assert log.ask(QuestionRecord("gout", "dm", event_id="Ev3"))
        last = log.last_sequence()
    with closing(QueryLog(where)) as again:
        assert again.last_sequence() == last


def test_verifying_a_log_without_a_chain_says_how_it_gets_one(tmp_path: Path) -> None:
    path = older("log-1", tmp_path / "log.db")
    with pytest.raises(LogUnavailable, match="`codedesk log list` brings it up to date"):
        verify(path)


def test_an_older_log_in_postgresql_is_whole_and_goes_on(postgres_url: str) -> None:
    made = (OLDER / "log-postgres-first.sql").read_text(encoding="utf-8")
    with psycopg.connect(postgres_url) as db:
        db.execute(made)  # type: ignore[arg-type]
    goes_on(postgres_url)
    assert verify(postgres_url).bad is None


def test_a_log_of_a_newer_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    QueryLog(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 3")
        db.execute("create table more (x)")
    for opens in (QueryLog, verify):
        with pytest.raises(LogUnavailable, match=r"by a newer Code Desk.*Update this one"):
            opens(path)


def test_a_log_of_a_newer_version_in_postgresql_is_told(postgres_url: str) -> None:
    QueryLog(postgres_url).close()
    with psycopg.connect(postgres_url) as db:
        db.execute("comment on table codedesk.log is 'Code Desk query log, version 3'")
        db.execute("create table codedesk.more (x int)")
    for opens in (QueryLog, verify):
        with pytest.raises(LogUnavailable, match=r"by a newer Code Desk.*Update this one"):
            opens(postgres_url)


# What Slack's surfaces keep


@pytest.mark.parametrize("name", STATES)
def test_a_message_in_an_older_outbox_is_still_sent(tmp_path: Path, name: str) -> None:
    with closing(State(older(name, tmp_path / "slack.db"))) as state:
        replica = Replica(state)
        with replica:
            store = OutboxStore(state, WebClient("xoxb-1"), replica)
            assert not store.is_new
            (row,) = store.adopt()
    assert (row.post.question, row.post.kind) == ("q1", "answer")
    assert row.post.message is not None
    assert "The answer" in json.dumps(row.post.message.blocks) + row.post.message.text


def test_what_is_kept_for_slack_of_a_newer_version_is_told(tmp_path: Path) -> None:
    State(tmp_path / "slack.db").close()
    with closing(sqlite3.connect(tmp_path / "slack.db")) as db:
        db.execute("pragma user_version = 99")
    with pytest.raises(DatabaseError, match="by a newer Code Desk"):
        State(tmp_path / "slack.db")
    with pytest.raises(SlackSettingsError, match="by a newer Code Desk"):
        open_state(Settings(home=tmp_path))


# Code sets and the index, which are made from official files, and can be made again


def test_codes_of_the_first_version_are_to_be_loaded_again(tmp_path: Path) -> None:
    path = older("codes-1", tmp_path / "codes.db")
    before = path.read_bytes()
    with pytest.raises(CodesetError, match="Move it away and run `codedesk setup`"):
        CodeStore(path)
    assert path.read_bytes() == before


def test_older_codes_of_this_version_are_kept(tmp_path: Path) -> None:
    with closing(CodeStore(older("codes-2-first", tmp_path / "codes.db"))) as store:
        (release,) = store.releases()
        assert [(code.code, code.title) for code in store.codes(release)] == [
            ("I10", "Essential (primary) hypertension")
        ]
        assert list(store.rows(MueEdit, release)) == []


def test_codes_of_a_newer_version_are_told(tmp_path: Path) -> None:
    path = older("codes-2-first", tmp_path / "codes.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 3")
    with pytest.raises(CodesetError, match=r"by a newer version of Code Desk\. Update this one"):
        CodeStore(path)


@pytest.mark.parametrize("number", [*range(1, bundle.FORMAT), bundle.FORMAT + 1])
def test_an_index_of_another_format_is_to_be_built_again(tmp_path: Path, number: int) -> None:
    made = bundle.Manifest("b", number, "2026-11-22", {}, "m", "f", 3, 0, 0, {})
    (tmp_path / "b").mkdir()
    made.write(tmp_path / "b")
    (tmp_path / "current").write_text("b")
    with pytest.raises(
        BundleUnusable, match=r"another version of Code Desk\. Run `codedesk index b"
    ):
        bundle.opened(tmp_path)
    with pytest.raises(BundleUnusable, match="which this one cannot read"):
        bundle.opened(tmp_path, build="b")
