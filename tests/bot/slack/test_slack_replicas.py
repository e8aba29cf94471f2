"""Several processes on one log and one state: of each question one answer is posted, whichever of
them is killed, halted or stopped, and the others go on at once.

CODEDESK_REPLICA_QUESTIONS makes the storm longer: the number of its questions. A process is killed
for each hundred of them.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any

import postgres
import pytest
from replica_processes import BEAT, LEASE, Process, own_database
from slack_server import Delivery, SlackServer, signed_request
from slack_support import ScriptedDesk, served, wait_until

from bot.querylog import QueryLog, Record
from bot.querylog.verify import verify
from bot.slack import replicas
from bot.slack.replicas import Replica
from bot.slack.state import State

QUESTIONS = int(os.environ.get("CODEDESK_REPLICA_QUESTIONS") or 200)
KILLS = max(4, QUESTIONS // 100)
#: The same on one file takes as long again, and finds what the database does.
_LONG = pytest.mark.skipif(
    not os.environ.get("CODEDESK_LONG"), reason="CODEDESK_LONG=1 runs it on SQLite, too"
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


class Shared:
    """What replicas share, and the replicas."""

    def __init__(self, slack: SlackServer, home: Path, url: str | None) -> None:
        self.slack, self.home, self.url = slack, home, url
        self.replicas: list[Process] = []
        self.where = url or home / "slack.db"
        self.log = QueryLog(url or home / "log.db")

    def start(self, **how: Any) -> Process:
        replica = Process(self.slack, self.home, self.url, **how)
        self.replicas.append(replica)
        return replica

    def serving(self, count: int, **how: Any) -> list[Process]:
        started = [self.start(**how) for _ in range(count)]
        for replica in started:
            replica.wait_serving()
        return started

    def served(self, **changes: Any) -> AbstractContextManager[Any]:
        """One more replica, in this process."""
        changes["database_url"] = self.url
        return served(self.slack, self.home, ScriptedDesk(), self.log, **changes)

    def left(self) -> int:
        """Messages in the outbox."""
        with closing(State(self.where)) as state, state.reading() as db:
            return int(db.execute("select count(*) from outbox").fetchone()[0])

    def records(self) -> list[Record]:
        return list(self.log.questions())

    def posts(self, question: str) -> int:
        """The messages that Slack has of an answer, but for those by a response_url."""
        return sum(
            (call.args.get("metadata") or {}).get("event_payload", {}).get("question") == question
            for call in self.slack.messages()
        )

    def close(self) -> None:
        for replica in self.replicas:
            if replica.process.poll() is None:
                replica.go_on()
                replica.kill()
        self.log.close()


@pytest.fixture
def shared(request, slack: SlackServer, tmp_path: Path) -> Iterator[Shared]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgres":
            url = stack.enter_context(own_database(request.getfixturevalue("server")))
        yield stack.enter_context(closing(Shared(slack, tmp_path, url)))


def is_finished(shared: Shared) -> bool:
    final = {"delivered", "unknown", "failed", "abandoned"}
    return all(record.delivery in final for record in shared.records()) and not shared.left()


def states(shared: Shared) -> Counter[str]:
    return Counter(record.delivery for record in shared.records())


def outcomes(record: Record) -> list[tuple[str, str]]:
    return [(delivery["kind"], delivery["outcome"]) for delivery in record.deliveries]


@pytest.mark.parametrize("shared", [pytest.param("sqlite", marks=_LONG), "postgres"], indirect=True)
def test_replicas_that_are_killed_under_load_lose_nothing_and_repeat_nothing(shared) -> None:
    slack, chance = shared.slack, random.Random(7)
    running = shared.serving(3, seconds=0.02)
    slack.wait_connected(count=3)
    sent: list[Delivery] = []
    with slack.sending_again(after=1.0):
        for _ in range(KILLS):
            # The others may not have all connections yet: one of three is enough.
            slack.wait_connected(timeout=60, count=2)
            burst = QUESTIONS // KILLS
            kill_at = chance.randrange(burst)
            for number in range(burst):
                sent.append(_asked(slack, number, chance))
                if number % 10 == 3 and "event" in sent[-1].payload:
                    # Slack sends it again though it was taken; it goes to another replica.
                    slack.send_event(sent[-1].payload["event"], sent[-1].event_id, 1, "timeout")
                if number == kill_at:
                    _kill_one(shared, running, chance)
        wait_until(lambda: all(d.ack for d in sent if "event" in d.payload), lambda: states(shared))
    wait_until(lambda: is_finished(shared), lambda: (states(shared), shared.left()), 120)

    by_event = _questions_by_event(shared)
    taken = {d.payload.get("event_id") or d.payload["trigger_id"] for d in sent if d.ack}
    assert taken <= by_event, "what was acknowledged is in the log"
    _expect_one_answer_each(shared)
    uses = Counter(call.path for call in slack.calls if call.method == "response_url")
    twice = sum(count - 1 for count in uses.values())
    assert twice <= 16 * KILLS, "a private answer that was under way may come again"
    for replica in running:
        replica.stop()
    assert shared.left() == 0


def _questions_by_event(shared: Shared) -> set[str]:
    """The events that are in the log, each as one question."""
    events = [e.body["event_id"] for e in shared.log.records(kinds=["question"])]
    assert len(set(events)) == len(events)
    return set(events)


def _expect_one_answer_each(shared: Shared) -> None:
    for record in shared.records():
        told = outcomes(record)
        if record.surface == "slash":
            assert record.delivery == "delivered"
            continue
        if record.delivery == "unknown":
            # The process was killed while it posted in a channel: it is not posted again.
            assert record.surface == "mention"
            assert ("copy", "delivered") in told
            assert shared.posts(record.id) <= 1
        else:
            assert record.delivery == "delivered"
            assert shared.posts(record.id) == 1, told
    assert verify(shared.url or shared.home / "log.db").bad is None


def _asked(slack: SlackServer, number: int, chance: random.Random) -> Delivery:
    match chance.choice(("mention", "dm", "slash")):
        case "mention":
            event = slack.app_mention("t2dm with ckd", f"U{number % 9}", f"C{number % 8}")
            return slack.send_event(event)
        case "dm":
            one = number % 10
            return slack.send_event(slack.direct_message("t2dm with ckd", f"U{one}", f"D{one}"))
        case _:
            return slack.send_slash(text="t2dm with ckd", user=f"U{number % 9}")


def _kill_one(shared: Shared, running: list[Process], chance: random.Random) -> None:
    gone = running.pop(chance.randrange(len(running)))
    gone.kill()
    running.append(shared.start(seconds=0.02))


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
def test_one_process_may_have_several_connections(shared, slack: SlackServer) -> None:
    with shared.served(socket_connections=3):
        slack.wait_connected(count=3)
        sent = [slack.send_event(slack.direct_message("t2dm with ckd")) for _ in range(6)]
        for delivery in sent:
            delivery.wait_ack(30)
        assert len({delivery.connection for delivery in sent}) == 3
        again = slack.send_event(sent[0].payload["event"], sent[0].event_id, 1, "timeout")
        again.wait_ack(30)
        wait_until(lambda: is_finished(shared), lambda: states(shared))
    assert [shared.posts(record.id) for record in shared.records()] == [1] * 6


@pytest.mark.parametrize("shared", ["postgres"], indirect=True)
def test_http_behind_a_load_balancer_of_which_one_replica_is_killed(shared) -> None:
    slack = shared.slack
    running = shared.serving(2, seconds=0.05, slack_mode="http", slack_app_token=None)
    urls = [re.findall(r"http://\S+/slack/events", each.said())[-1] for each in running]
    events = set()
    for number in range(40):
        if number == 20:
            running[0].kill()
        body = slack.event_callback(slack.app_mention("t2dm with ckd", channel=f"C{number % 8}"))
        events.add(body["event_id"])
        # In turn; to the other one if that does not answer, and sometimes to both.
        first, second = urls[number % 2], urls[1 - number % 2]
        if not _is_taken(slack, first, body) or number % 5 == 0:
            assert _is_taken(slack, second, body) or number < 20 or second == urls[0]
    wait_until(lambda: is_finished(shared), lambda: states(shared))
    assert _questions_by_event(shared) == events
    _expect_one_answer_each(shared)
    running[1].stop()


def _is_taken(slack: SlackServer, url: str, body: dict[str, Any]) -> bool:
    try:
        return signed_request(url, body, slack.signing_secret)[0] == 200
    except OSError:
        return False


#: What becomes of an answer when its process is gone at a moment: the outcomes in the log, and the
#: messages in the channel.
_SENT, _COPY = [("answer", "delivered")], [("answer", "unknown"), ("copy", "delivered")]
MOMENTS = {
    "while it answers": (_SENT, 1),
    "before it is in the outbox": (_SENT, 1),
    "before it is tried": (_COPY, 0),
}


@pytest.mark.parametrize(
    ("shared", "moment", "halts"),
    [
        # A process that hangs in the middle of a write holds a file; one that is killed does not.
        ("sqlite", "before it is in the outbox", False),
        ("postgres", "while it answers", False),
        *(("postgres", moment, True) for moment in MOMENTS),
    ],
    indirect=["shared"],
)
def test_a_replica_that_runs_goes_on_with_what_another_has(
    shared, monkeypatch, moment: str, halts: bool
) -> None:
    monkeypatch.setattr(replicas, "LEASE", LEASE)
    monkeypatch.setattr(replicas, "_BEAT", BEAT)
    (first,) = shared.serving(1, moment=moment, halts=halts)
    slack, (told, posts) = shared.slack, MOMENTS[moment]
    # The second serves before the first is gone; nothing is started afterwards.
    with shared.served(), slack.sending_again(after=1.0):
        slack.wait_connected(count=2)
        gone = first.is_halted if halts else first.is_dead
        while not gone():
            # Envelopes go to each connection in turn.
            slack.send_event(slack.app_mention("t2dm with ckd")).wait_ack(30)
            wait_until(lambda: gone() or is_finished(shared), first.said)
        wait_until(lambda: is_finished(shared) and shared.records(), lambda: states(shared))
        record = shared.records()[-1]
        assert outcomes(record) == told
        if halts:
            # It comes back, and finds that its work is another's.
            first.go_on()
            sent = [
                slack.send_event(slack.app_mention("t2dm with ckd", channel="C2")) for _ in range(4)
            ]
            wait_until(lambda: all(delivery.ack for delivery in sent), first.said)
            wait_until(lambda: is_finished(shared), first.said)
            first.stop()
            assert [one.delivery for one in shared.records()[-4:]] == ["delivered"] * 4
    (record,) = [one for one in shared.records() if one.id == record.id]
    assert outcomes(record) == told
    assert shared.posts(record.id) == posts


@pytest.mark.parametrize("shared", ["postgres"], indirect=True)
def test_a_replica_that_stops_leaves_its_questions_to_others(shared) -> None:
    slack = shared.slack
    (first,) = shared.serving(1, seconds=0.5)
    with shared.served():
        slack.wait_connected(count=2)
        sent = [
            slack.send_event(slack.direct_message("t2dm with ckd", "U1", "D1")) for _ in range(12)
        ]
        for delivery in sent:
            delivery.wait_ack(30)
        first.stop()
        wait_until(lambda: is_finished(shared), lambda: states(shared))
    assert [shared.posts(record.id) for record in shared.records()] == [1] * 12


@pytest.mark.parametrize("shared", ["sqlite", "postgres"], indirect=True)
def test_one_replica_leads_until_it_is_gone(shared) -> None:
    with (
        closing(State(shared.where)) as one,
        closing(State(shared.where)) as two,
        Replica(two) as second,
    ):
        with Replica(one) as first:
            assert first.leads("checkpoints")
            assert not second.leads("checkpoints")
            assert first.leads("checkpoints")
        assert second.leads("checkpoints")


@pytest.mark.parametrize("shared", ["sqlite", "postgres"], indirect=True)
def test_a_question_belongs_to_one_replica(shared) -> None:
    """Written down with the lease, a question is another's only when that lease has ended."""

    def needed(*_: Any) -> bool:
        return False

    with (
        closing(State(shared.where)) as one,
        closing(State(shared.where)) as two,
        Replica(two) as second,
    ):
        with Replica(one) as first:
            first.began(["q1", "q2"])
            first.ended(["q2"])
            first._renewed()
            assert second.standing(["q1", "q2"])[1] == {"q1": first.id}
            assert second.claim(["q1", "q2"], needed) == {"q2"}
            assert first.claim(["q2"], needed) == set()
            lease = first.lease_of("q1")
            with one.reading() as db:
                assert not first.is_taken_over(db, "q1", lease)
        assert second.claim(["q1"], needed) == {"q1"}
        with one.reading() as db:
            assert first.is_taken_over(db, "q1", lease)
        assert not second.holds(lease)
