"""The outbox: order, pace, waiting, two processes on one file, and crashes, with real threads and
SQLite, and a Slack of a few lines."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_support import wait_until

from bot.slack import outbox, tries
from bot.slack.outbox import Outbox
from bot.slack.outbox_store import OutboxStore, Post, TakenOver
from bot.slack.replicas import Replica
from bot.slack.state import State
from bot.slack.views.block_kit import Message
from bot.slack.web_api import NotTaken, Posted, Way, in_thread, respond

CLIENT = WebClient("xoxb-none", base_url="http://127.0.0.1:9/")


class Slack:
    """Stands for `Way.send`: takes messages by their texts; some meet a limit a number of times."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.taken: list[str] = []
        self.limits: dict[str, list[float]] = {}
        self.fails: dict[str, Any] = {}

    def send(self, way: Way, message: Message | None, question: str = "") -> Posted:
        assert message is not None
        name = message.text
        self.tried.append(name)
        if waits := self.limits.get(name):
            raise NotTaken("rate limited", waits.pop())
        if fails := self.fails.get(name):
            return fails()
        self.taken.append(name)
        return Posted("delivered", name)


class Kept:
    """Stands for delivery."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.log_works = True

    def wanted(self, post: Post) -> bool:
        return True

    def became(self, post: Post, posted: Posted) -> bool:
        assert post.message
        if self.log_works:
            self.told.append((post.message.text, posted.outcome))
        return self.log_works

    def knows(self, post: Post, posted: Posted) -> bool:
        assert post.message
        return (post.message.text, posted.outcome) in self.told

    def follows(self, post: Post, posted: Posted) -> Post | None:
        copied = post.tell and post.copy and posted.outcome in ("failed", "unknown")
        return Post(post.tell, post.copy) if copied else None


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Slack:
    scripted = Slack()
    monkeypatch.setattr(outbox, "BETWEEN", 0.01)
    monkeypatch.setattr(tries, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(tries, "LEAST_WAIT", 0.01)
    monkeypatch.setattr(Way, "send", lambda *given: scripted.send(*given))
    return scripted


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def opened(tmp_path: Path, kept: Kept) -> Iterator[Callable[..., Outbox]]:
    """Makes outboxes on one file, each with its own connection as another process has it."""
    made: list[Outbox] = []

    def make(**options: Any) -> Outbox:
        made.append(Outbox(State(tmp_path / "slack.db"), CLIENT, kept, **options))
        return made[-1]

    yield make
    for each in made:
        each.rest()


def post(channel: str, name: str, **fields: Any) -> Post:
    return Post(in_thread(CLIENT, channel, None), Message(name, []), **fields)


def rows(path: Path) -> list[tuple[Any, ...]]:
    return sqlite3.connect(path / "slack.db").execute("select * from outbox").fetchall()


def test_a_lane_keeps_its_order_through_any_number_of_limits(slack, kept, opened, tmp_path) -> None:
    box = opened()
    for number in range(20):
        slack.limits[str(number)] = [0.01] * (number % 7)
    sent = [box.send(post("C1", str(number))) for number in range(20)]
    assert {each.result(30).outcome for each in sent} == {"delivered"}
    assert slack.taken == [str(number) for number in range(20)]
    assert kept.told == [(str(number), "delivered") for number in range(20)]
    wait_until(lambda: rows(tmp_path) == [])


def test_any_number_of_lanes_may_wait_while_another_goes_on(slack, opened) -> None:
    box = opened(at_once=2)
    for number in range(30):
        slack.limits[f"limited {number}"] = [300.0]
        box.send(post(f"C{number}", f"limited {number}"))
    box.send(post("D1", "free")).result(30)
    assert slack.taken == ["free"]


def test_a_lane_that_met_its_limit_is_paced_and_others_are_not(slack, opened, monkeypatch) -> None:
    monkeypatch.setattr(outbox, "BETWEEN", 300.0)
    box = opened()
    for name in ("a", "b", "c"):
        box.send(post("C1", name)).result(30)
    assert slack.taken == ["a", "b", "c"], "a short burst is allowed"
    slack.limits["d"] = [0.5]
    first, second = box.send(post("C2", "d")), box.send(post("C2", "e"))
    assert first.result(30).outcome == "delivered"
    box.rest()
    assert second.result(0).outcome == "waiting"
    assert slack.tried == ["a", "b", "c", "d", "d"]


@pytest.mark.parametrize("log_works", [True, False])
def test_rest_sends_what_need_not_wait_and_the_next_start_the_rest(
    slack, kept, opened, tmp_path, log_works: bool
) -> None:
    box, begun, go = opened(at_once=1), threading.Event(), threading.Event()

    def slow() -> Posted:
        begun.set()
        go.wait(30)
        slack.taken.append("slow")
        return Posted("delivered")

    slack.limits["a"], slack.fails["slow"] = [1.0], slow
    sent = [box.send(post("C1", name)) for name in ("a", "b")]
    slack.limits["a"] += [1.0]
    sent += [box.send(post("C2", name)) for name in ("slow", "c")]
    assert begun.wait(30)
    resting = threading.Thread(target=box.rest)
    kept.log_works = log_works
    resting.start()
    go.set()
    resting.join(30)
    assert slack.taken == ["slow", "c"]
    assert [each.result(0).outcome for each in sent] == ["waiting", "waiting"] + 2 * ["delivered"]
    expected = [("slow", "delivered"), ("c", "delivered"), ("a", "waiting"), ("b", "waiting")]
    assert kept.told == (expected if log_works else [])

    kept.log_works, kept.told = True, []
    resumed = opened().resume(time.time())
    assert [each.message.text for each, _ in resumed if each.message] == ["a", "b"]
    assert {done.result(30).outcome for _, done in resumed} == {"delivered"}
    assert slack.taken == ["slow", "c", "a", "b"]
    # What the log did not take is logged now, and not sent again.
    known = [] if log_works else expected[:2]
    assert kept.told == [*known, ("a", "delivered"), ("b", "delivered")]
    wait_until(lambda: rows(tmp_path) == [])


def test_two_processes_never_send_one_row_twice(slack, opened, tmp_path) -> None:
    boxes = [opened(at_once=4) for _ in range(3)]
    # Rows of a process that is gone, which all find at once.
    store = OutboxStore(State(tmp_path / "slack.db"), CLIENT)
    for number in range(60):
        store.add(post(f"C{number % 7}", str(number)), time.time(), time.time() + 600)
    for box in boxes:
        with box._lock:
            box._wake()
    for number in range(60, 90):
        boxes[number % 3].send(post(f"C{number % 7}", str(number)))
    wait_until(lambda: rows(tmp_path) == [])
    assert sorted(slack.tried, key=int) == [str(number) for number in range(90)]
    for channel in range(7):
        of_one = [name for name in slack.taken if int(name) % 7 == channel]
        assert of_one == sorted(of_one, key=int), "in order"


def test_a_lease_that_ended_leaves_the_row_to_another(tmp_path) -> None:
    store = OutboxStore(State(tmp_path / "slack.db"), CLIENT)
    assert store.is_new
    assert not OutboxStore(State(tmp_path / "slack.db"), CLIENT).is_new
    store.add(post("C1", "a"), 0.0, 600.0)
    first = store.take("one", 1.0, 60.0)
    assert first
    assert not first.tried
    assert store.take("another", 60.0, 60.0) is None
    second = store.take("another", 61.0, 60.0)
    assert second
    assert second.tried, "the first may have sent it"
    assert not store.settle(first, Posted("delivered"), 61.0)
    assert store.settle(second, Posted("delivered"), 61.0)


def kinds_of_way() -> list[tuple[str, Way, bool]]:
    ephemeral = respond("http://x/1", response_type="ephemeral")
    return [
        ("a channel", in_thread(CLIENT, "C1", None), False),
        ("a shared answer", respond("http://x/1", response_type="in_channel"), False),
        ("a direct message by user", in_thread(CLIENT, "U1", None), True),
        ("a response_url", ephemeral, True),
    ]


@pytest.mark.parametrize(
    ("name", "way", "again"), kinds_of_way(), ids=lambda value: str(value)[:20]
)
def test_what_was_being_sent_when_the_desk_was_killed(
    slack, kept, opened, tmp_path, name: str, way: Way, again: bool
) -> None:
    state = State(tmp_path / "slack.db")
    store = OutboxStore(state, CLIENT)
    now = time.time()
    tell, copy = in_thread(CLIENT, "U1", None), Message("copy", [])
    sending = Post(way, Message("a", []), "q", "answer", tell, copy)
    store.add(sending, now, now + 600)
    assert store.take("the killed", now, 60.0)
    box = opened()
    ((_, done),) = box.resume(now)
    assert done.result(30).outcome == ("delivered" if again else "unknown")
    wait_until(lambda: rows(tmp_path) == [])
    assert slack.taken == (["a"] if again else ["copy"])


@pytest.mark.parametrize(("tried", "outcome"), [(False, "abandoned"), (True, "unknown")])
def test_what_is_of_no_use_any_more_is_not_sent(
    slack, kept, opened, tmp_path, tried: bool, outcome: str
) -> None:
    store = OutboxStore(State(tmp_path / "slack.db"), CLIENT)
    store.add(post("C1", "a", question="q", kind="answer"), 0.0, 600.0)
    if tried:
        store.take("the killed", 1.0, 60.0)
    assert [done.result(0).outcome for _, done in opened().resume(700.0)] == [outcome]
    assert kept.told == [("a", outcome)]
    assert slack.tried == []
    assert rows(tmp_path) == []


def test_an_error_in_one_post_stops_no_other(slack, kept, opened, caplog) -> None:
    asked = "the words of a question"

    def fails() -> Posted:
        raise ValueError(asked)

    def falls(posted: Posted) -> None:
        raise ValueError(asked)

    slack.fails["fails"] = fails
    box = opened(at_once=1)
    assert box.send(post("C1", "fails")).result(30).outcome == "unknown"
    assert box.send(post("C1", "a"), falls).result(30).outcome == "delivered"
    assert box.send(post("C1", "b")).result(30).outcome == "delivered"
    assert asked not in caplog.text


def test_without_slack_db_a_message_is_tried_once(slack, kept, opened, caplog) -> None:
    box = opened()
    box.store._state.close()
    assert box.send(post("C1", "a")).result(0) == Posted("delivered", "a")
    slack.limits["b"] = [1.0]
    assert box.send(post("C1", "b")).result(0).outcome == "failed"
    assert kept.told == [("a", "delivered"), ("b", "failed")]
    assert "slack.db cannot be written" in caplog.text


def test_what_is_kept_is_read_back_as_it_was(tmp_path) -> None:
    store = OutboxStore(State(tmp_path / "slack.db"), CLIENT)
    way = respond("http://x/1", response_type="ephemeral").or_else(in_thread(CLIENT, "U1", "1.2"))
    message = Message("a\0 \ud83d שלום 🦵", [{"type": "divider"}], [])
    whole = Post(way, message, "q", "answer", in_thread(CLIENT, "U1", None), Message("c", [], None))
    for given in (whole, Post(way, None)):
        store.add(given, 0.0, 600.0)
    first, second = store.left()
    assert first.post.way.as_dict() == way.as_dict()
    assert (first.post.message, first.post.copy) == (message, Message("c", [], None))
    assert (first.post.question, first.post.kind) == ("q", "answer")
    assert (second.post.message, second.post.tell) == (None, None)


@pytest.mark.parametrize("broken", ["{", "{}", '{"way": {"how": 5}}', "[]"])
def test_a_row_that_cannot_be_read_holds_up_no_other(
    slack, opened, tmp_path, caplog, broken: str
) -> None:
    store = OutboxStore(State(tmp_path / "slack.db"), CLIENT)
    store.add(post("C1", "a"), time.time(), time.time() + 600)
    with sqlite3.connect(tmp_path / "slack.db") as db:
        db.execute("update outbox set post = ?", [broken])
    box = opened(at_once=1)
    assert box.send(post("C1", "b")).result(30).outcome == "delivered"
    wait_until(lambda: rows(tmp_path) == [])
    assert "cannot be read" in caplog.text


def test_a_file_of_a_version_with_one_process_keeps_its_rows(slack, opened, tmp_path) -> None:
    with sqlite3.connect(tmp_path / "slack.db") as db:
        db.execute(
            "create table outbox (id integer primary key autoincrement, question text not null, "
            "kind text not null, lane text not null, post text not null, since real not null, "
            "until real not null, due real not null, limited integer not null default 0, "
            "tries integer not null default 0, tried integer not null default 0, "
            "holder text not null default '', held_until real not null default 0, outcome text, "
            "detail text)"
        )
        kept = {"way": in_thread(CLIENT, "C1", None).as_dict(), "tell": None, "copy": None}
        kept["message"] = {"text": "of old", "blocks": [], "plainer": None}
        now = time.time()
        db.execute(
            "insert into outbox (question, kind, lane, post, since, until, due, holder, "
            "held_until) values ('', '', 'a lane', ?, ?, ?, ?, 'gone', ?)",
            [json.dumps(kept), now, now + 600, now, now + 60],
        )
    box = opened()
    assert not box.store.is_new
    ((_, done),) = box.resume(now)
    assert done.result(30).outcome == "delivered"
    assert slack.taken == ["of old"]


def test_a_row_is_sent_by_its_replica_until_that_one_is_gone(slack, kept, tmp_path) -> None:
    state = State(tmp_path / "slack.db")
    with Replica(State(tmp_path / "slack.db")) as one, Replica(state) as two:
        store = OutboxStore(state, CLIENT, one)
        other = Outbox(state, CLIENT, kept, replica=two)
        now = time.time()
        answer = post("C1", "a", question="q", kind="answer")
        store.add(answer, now, now + 600, lease=one.id)
        assert other.resume(now) == []
        assert other.store.next_due() is None
        # Of one lane, the second waits for the first, whichever replica has it.
        behind = other.send(post("C1", "b"))
        assert other.store.has_waiting()
        with pytest.raises(TakenOver):
            other.store.add(answer, now, now + 600, lease=two.id)
        lease = one.id
        one.stop()
        with pytest.raises(TakenOver):
            store.add(post("C2", "c", question="p", kind="answer"), now, now + 600, lease=lease)
        ((_, done),) = other.resume(now)
        assert (done.result(30).outcome, behind.result(30).outcome) == ("delivered", "delivered")
        assert slack.taken == ["a", "b"]
        other.rest()
    state.close()


def test_nothing_is_sent_by_a_replica_whose_lease_has_ended(
    slack, kept, tmp_path, monkeypatch
) -> None:
    state = State(tmp_path / "slack.db")
    with Replica(state) as replica:
        box = Outbox(state, CLIENT, kept, replica=replica)
        # As after a halt between the database's look at the lease and its own.
        monkeypatch.setattr(replica, "_until", 0.0)
        monkeypatch.setattr(replica, "_renewed", lambda: True)
        box.send(post("C1", "a"))
        wait_until(lambda: any(row[10] for row in rows(tmp_path)))
        box.rest()
        assert slack.tried == []
    state.close()


def test_what_becomes_of_a_post_is_logged_once_however_often_others_look(
    slack, kept, opened, tmp_path
) -> None:
    box, logging_it, go = opened(), threading.Event(), threading.Event()
    became = kept.became

    def slowly(post: Post, posted: Posted) -> bool:
        logging_it.set()
        go.wait(30)
        return became(post, posted)

    kept.became = slowly
    sent = box.send(post("C1", "a"))
    assert logging_it.wait(30)
    for _ in range(3):
        looking = threading.Thread(target=box.resume, args=[time.time()])
        looking.start()
    go.set()
    looking.join(30)
    assert sent.result(30).outcome == "delivered"
    wait_until(lambda: rows(tmp_path) == [])
    box.resume(time.time())
    assert kept.told == [("a", "delivered")]


def test_what_a_process_logged_before_it_died_is_not_logged_again(
    slack, kept, opened, tmp_path
) -> None:
    store = OutboxStore(State(tmp_path / "slack.db"), CLIENT)
    store.add(post("C1", "a"), time.time(), time.time() + 600)
    with store._state.writing() as db:
        db.execute("update outbox set outcome = 'delivered', detail = 'a', replica = 'gone'")
    kept.told.append(("a", "delivered"))
    opened().resume(time.time())
    assert kept.told == [("a", "delivered")]
    assert rows(tmp_path) == []
