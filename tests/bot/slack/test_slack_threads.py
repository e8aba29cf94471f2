"""A question in a thread follows the one before; an edited one has its answer updated, a deleted
one has it removed."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_server import message_changed, message_deleted, signed_request
from slack_support import ScriptedDesk, served, wait_for_records

from bot.desk.desk import Desk
from bot.querylog import QueryLog, QuestionRecord, Record
from bot.settings import Settings
from bot.slack.conversation import follows, posted_at, team_of, versions
from bot.slack.messages import deleted, said_in

QUESTION = "t2dm with ckd"


@pytest.fixture
def desk() -> Iterator[ScriptedDesk]:
    scripted = ScriptedDesk()
    yield scripted
    scripted.open.set()


@pytest.fixture
def real(built: Path) -> Iterator[Desk]:
    opened = Desk(Settings(home=built))
    yield opened
    opened.close()


def in_order(log: QueryLog) -> list[Record]:
    return log.recent()[::-1]


# What a question follows


def test_a_reply_in_a_thread_follows_the_question_before(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        first = slack.app_mention(QUESTION)
        slack.send_event(first).wait_ack(10)
        slack.wait_for("chat.postMessage")
        slack.send_event(slack.app_mention("stage 4", thread_ts=first["ts"])).wait_ack(10)
        slack.send_event(slack.app_mention("other", user="U2", thread_ts=first["ts"])).wait_ack(10)
        slack.send_event(slack.app_mention("elsewhere")).wait_ack(10)
        slack.wait_for("chat.postMessage", count=4)
    one, two, three, four = in_order(log)
    assert [r.after for r in (one, two, three, four)] == [None, one.id, two.id, None]


def test_a_direct_message_follows_in_its_thread_and_shortly_after(
    slack, log, desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log):
        first = slack.direct_message(QUESTION)
        slack.send_event(first).wait_ack(10)
        wait_for_records(log, "answer")
        slack.send_event(slack.direct_message("stage 4", thread_ts=first["ts"])).wait_ack(10)
        wait_for_records(log, "answer", 2)
        slack.send_event(slack.direct_message("and the left?")).wait_ack(10)
        slack.send_event(slack.direct_message("mine", user="U2", channel="D2")).wait_ack(10)
        slack.wait_for("chat.postMessage", count=4)
    one, two, three, other = in_order(log)
    assert [r.after for r in (one, two, three, other)] == [None, one.id, two.id, None]


@pytest.mark.parametrize(("minutes", "goes_on"), [(29, True), (31, False)])
def test_a_direct_message_long_after_begins_anew(tmp_path, minutes: int, goes_on: bool) -> None:
    early = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)
    log = QueryLog(tmp_path / "log.db", clock=lambda: early)
    before = log.ask(QuestionRecord("gout", "dm", user="U1", channel="D1", thread="1.2"))
    assert before
    answer = ScriptedDesk().ask(ScriptedDesk().take("gout"))
    log.answered(before, answer, index_build=None, latency_ms=1)
    asked = QuestionRecord("left", "dm", user="U1", channel="D1")
    found = follows(log, asked, None, now=dt.datetime.now(dt.UTC))
    assert found == (before if goes_on else None)
    assert follows(log, asked, "1.2", now=dt.datetime.now(dt.UTC)) == before
    log.close()


def test_an_old_thread_is_found_behind_many_newer_questions(tmp_path) -> None:
    log = QueryLog(tmp_path / "log.db")
    began = f"{log.now().timestamp():.6f}"
    log.ask_many([QuestionRecord("gout", "cli") for _ in range(300)])
    old = log.ask(QuestionRecord("htn", "mention", user="U1", channel="C1", thread=began))
    log.ask_many([QuestionRecord("gout", "cli") for _ in range(6000)])
    asked = QuestionRecord("left", "mention", user="U2", channel="C1")
    assert follows(log, asked, began, now=log.now()) == old
    assert follows(log, asked, "9900000000.000100", now=log.now()) is None
    assert follows(log, asked, "no time", now=log.now()) is None
    assert follows(log, asked, None, now=log.now()) is None
    log.close()


@pytest.mark.parametrize(
    ("before", "follower", "goes_on"),
    [
        ({"surface": "mention"}, {"user": "U2"}, True),
        ({"surface": "button"}, {"user": "U2"}, True),
        ({"surface": "shortcut"}, {"user": "U2"}, False),
        ({"surface": "shortcut"}, {}, False),
        ({"surface": "button", "options": {"private": True}}, {"user": "U2"}, False),
        ({"surface": "mention", "options": {"private": True}}, {}, False),
        (
            {"surface": "mention", "options": {"private": True}},
            {"options": {"private": True}},
            True,
        ),
        ({"surface": "mention", "text": "thanks!"}, {}, False),
        ({"surface": "mention", "team": "T2"}, {}, True),
    ],
    ids=str,
)
def test_what_one_person_asked_privately_is_not_gone_on_from_before_all(
    tmp_path, before: dict[str, Any], follower: dict[str, Any], goes_on: bool
) -> None:
    log = QueryLog(tmp_path / "log.db")
    there: dict[str, Any] = {"text": "htn", "user": "U1", "team": "T1", "channel": "C1"}
    there |= {"thread": "1.1"}
    own = log.ask(QuestionRecord(**(there | {"surface": "mention", "text": "gout"})))
    asked = log.ask(QuestionRecord(**(there | before)))
    new = QuestionRecord(**(there | {"surface": "mention", "text": "left"} | follower))
    assert follows(log, new, "1.1", now=log.now()) == (asked if goes_on else own)
    log.close()


def test_chatter_in_a_thread_is_left_alone(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.app_mention(QUESTION)
        slack.send_event(event).wait_ack(10)
        slack.wait_for("chat.postMessage")
        chatter = slack.direct_message("lunch?", user="U2", channel="C1", thread_ts=event["ts"])
        slack.send_event(chatter | {"channel_type": "channel"}).wait_ack(10)
    assert [record.text for record in log.recent()] == [QUESTION]


# Editing


def test_an_edit_updates_the_answer_in_place(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.direct_message("t2dm")
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
        for number, text in enumerate((QUESTION, "copd"), 1):
            slack.send_event(message_changed(event, text)).wait_ack(10)
            updates = slack.wait_for("chat.update", count=number)
            wait_for_records(log, "delivery", number + 1)
    assert {call.args["ts"] for call in updates} == {post.response["ts"]}
    assert len(slack.messages()) == 1
    assert desk.asked == ["t2dm", QUESTION, "copd"]
    first, *edits = in_order(log)
    assert [r.text for r in edits] == [QUESTION, "copd"]
    assert [r.delivery for r in (first, *edits)] == ["delivered"] * 3
    # An edit replaces the question and does not refine it.
    assert [r.after for r in edits] == [None, None]
    assert {r.thread for r in edits} == {first.thread}


def test_an_edited_reply_still_follows_what_it_followed(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        first = slack.direct_message(QUESTION)
        slack.send_event(first).wait_ack(10)
        wait_for_records(log, "delivery")
        reply = slack.direct_message("stage 4", thread_ts=first["ts"])
        slack.send_event(reply).wait_ack(10)
        wait_for_records(log, "delivery", 2)
        slack.send_event(message_changed(reply, "stage 5")).wait_ack(10)
        slack.wait_for("chat.update")
    one, _, edit = in_order(log)
    assert (edit.text, edit.after) == ("stage 5", one.id)


def test_an_edit_in_a_channel_comes_as_another_mention(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.app_mention("t2dm")
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
        edited = slack.app_mention(QUESTION, ts=event["ts"]) | {
            "edited": {"user": "U1", "ts": "9.9"}
        }
        sent = slack.send_event(edited)
        sent.wait_ack(10)
        slack.send_event(edited, sent.event_id, 1, "timeout").wait_ack(10)
        (update,) = slack.wait_for("chat.update")
        # The same words again, as when Slack sends a mention for another reason.
        same = edited | {"edited": {"user": "U1", "ts": "9.95"}}
        slack.send_event(same).wait_ack(10)
    assert update.args["ts"] == post.response["ts"]
    assert len(log.recent()) == 2


def test_a_mention_that_an_edit_added_is_a_question(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        edited = slack.app_mention(QUESTION) | {"edited": {"user": "U1", "ts": "9.9"}}
        slack.send_event(edited).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert [record.delivery for record in log.recent()] == ["delivered"]


def test_an_edit_before_the_answer_is_answered_once(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        event = slack.direct_message("t2dm")
        slack.send_event(event).wait_ack(10)
        assert desk.begun.acquire(timeout=10)
        slack.send_event(message_changed(event, QUESTION)).wait_ack(10)
        desk.open.set()
        slack.wait_for("chat.postMessage")
        wait_for_records(log, "answer", 2)
    assert len(slack.messages()) == 1
    first, edit = in_order(log)
    assert (first.delivery, edit.delivery) == ("abandoned", "delivered")
    assert first.deliveries[-1]["detail"] == "the question was edited"


def test_an_answer_that_is_gone_is_posted_anew(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.direct_message("t2dm")
        slack.send_event(event).wait_ack(10)
        slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
        slack.fail_next("chat.update", error="message_not_found")
        slack.send_event(message_changed(event, QUESTION)).wait_ack(10)
        _, again = slack.wait_for("chat.postMessage", count=2)
    assert again.args["thread_ts"] == event["ts"]


def test_an_edit_that_a_crash_left_updates_the_answer(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.direct_message("t2dm")
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
    key = f"T1/D1/{event['ts']}/9.9"
    where = {"user": "U1", "channel": "D1", "thread": event["ts"], "message_key": key}
    log.ask(QuestionRecord(QUESTION, "dm", **where))
    log.ask(QuestionRecord(QUESTION, "shortcut", user="U7"))
    with served(slack, tmp_path, desk, log):
        (update,) = slack.wait_for("chat.update")
        _, private = slack.wait_for("chat.postMessage", count=2)
    assert update.args["ts"] == post.response["ts"]
    assert private.args["channel"] == "U7", "a modal is not open any more"


# Deleting


def test_a_deleted_question_takes_its_answer_with_it(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.direct_message(QUESTION)
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
        sent = slack.send_event(message_deleted(event))
        sent.wait_ack(10)
        (removed,) = slack.wait_for("chat.delete")
        wait_for_records(log, "delivery", 2)
        slack.send_event(message_deleted(event), sent.event_id, 1, "timeout").wait_ack(10)
    assert (removed.args["channel"], removed.args["ts"]) == ("D1", post.response["ts"])
    assert len(slack.wait_for("chat.delete")) == 1
    (record,) = log.recent()
    assert [(d["kind"], d["outcome"]) for d in record.deliveries] == [
        ("answer", "delivered"),
        ("removed", "delivered"),
    ]
    assert (record.text, record.delivery) == (QUESTION, "delivered")
    assert record.answer


def test_the_first_message_of_a_thread_becomes_a_tombstone(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.direct_message(QUESTION)
        slack.send_event(event).wait_ack(10)
        slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
        gone = message_changed(event, subtype="tombstone", text="This message was deleted.")
        gone["message"] |= {"user": "USLACKBOT", "subtype": "tombstone"}
        del gone["message"]["edited"]
        slack.send_event(gone).wait_ack(10)
        slack.wait_for("chat.delete")


def test_a_question_deleted_before_its_answer_gets_none(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        event = slack.direct_message(QUESTION)
        slack.send_event(event).wait_ack(10)
        assert desk.begun.acquire(timeout=10)
        slack.send_event(message_deleted(event)).wait_ack(10)
        wait_for_records(log, "delivery")
        desk.open.set()
        wait_for_records(log, "answer")
    assert slack.messages() == []
    (record,) = log.recent()
    assert [(d["outcome"], d["detail"]) for d in record.deliveries] == [
        ("abandoned", "the question was deleted")
    ]
    # Nor does the next start send it.
    with served(slack, tmp_path, desk, log):
        pass
    assert slack.messages() == []


def test_over_http_an_edit_updates_and_a_deletion_removes(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log, slack_mode="http", slack_app_token=None) as running:

        def send(event: dict[str, Any]) -> None:
            body = slack.event_callback(event)
            assert signed_request(running.url, body, slack.signing_secret)[0] == 200

        event = slack.direct_message("t2dm")
        send(event)
        wait_for_records(log, "delivery")
        send(message_changed(event, QUESTION))
        slack.wait_for("chat.update")
        wait_for_records(log, "delivery", 2)
        send(message_deleted(event))
        slack.wait_for("chat.delete")


def test_what_was_deleted_is_not_refined(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        first, wrong = slack.direct_message("gout"), slack.direct_message(QUESTION)
        for number, event in enumerate((first, wrong), 1):
            slack.send_event(event).wait_ack(10)
            wait_for_records(log, "delivery", number)
        slack.send_event(message_deleted(wrong)).wait_ack(10)
        wait_for_records(log, "delivery", 3)
        slack.send_event(slack.direct_message("left")).wait_ack(10)
        slack.wait_for("chat.postMessage", count=3)
    one, _, last = in_order(log)
    assert last.after == one.id


# With the desk that people ask


def test_a_thread_refines_and_an_edit_replaces(slack, log, real, tmp_path) -> None:
    with served(slack, tmp_path, real, log):
        first = slack.app_mention("knee OA")
        slack.send_event(first).wait_ack(10)
        wait_for_records(log, "delivery")
        reply = slack.app_mention("left side", thread_ts=first["ts"])
        slack.send_event(reply).wait_ack(10)
        wait_for_records(log, "delivery", 2)
        edited = slack.app_mention("right side", ts=reply["ts"], thread_ts=first["ts"])
        edited["edited"] = {"user": "U1", "ts": "9.9"}
        slack.send_event(edited).wait_ack(10)
        wait_for_records(log, "delivery", 3)
        dm = slack.direct_message("copd with acute exacerbation")
        slack.send_event(dm).wait_ack(10)
        wait_for_records(log, "delivery", 4)
        slack.send_event(message_changed(dm, "copd")).wait_ack(10)
        wait_for_records(log, "delivery", 5)
    stood = [record.codes[0]["code"] for record in in_order(log)]
    assert stood[1:] == ["M17.12", "M17.11", "J44.1", "J44.9"]


# Pure parts


def test_what_is_no_question() -> None:
    dm = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": "1.1"}
    dm |= {"text": "gout"}
    assert said_in(dm)
    unfurled = message_changed(dm | {"event_ts": "1.1"}, attachments=[{"title": "x"}])
    pinned = message_changed(dm | {"event_ts": "1.1"}, pinned_to=["D1"])
    bots = message_changed(dm | {"bot_id": "B1", "event_ts": "1.1"}, "edited")
    joined = dm | {"subtype": "channel_join"}
    odd = [dm | {"user": None}, dm | {"text": 7}, dm | {"ts": 1.1}, dm | {"channel": None}]
    for event in (unfurled, pinned, bots, joined, *odd):
        assert said_in(event) is None
        assert deleted(event) is None
    bots_own = message_deleted(dm | {"bot_id": "B1", "event_ts": "1.1"})
    assert deleted(bots_own) is None
    assert deleted(message_deleted(dm | {"channel_type": "channel"})) is None


@pytest.mark.parametrize(
    ("event", "team"),
    [
        ({}, "T1"),
        ({"team": "T2"}, "T2"),
        ({"team": "T2", "user_team": "T3"}, "T3"),
    ],
)
def test_the_team_is_that_of_the_writer(event: dict[str, Any], team: str) -> None:
    assert team_of({"team_id": "T1", "enterprise_id": "E1"}, event) == team
    assert team_of({"enterprise_id": "E1"}, {}) == "E1"


def test_versions_of_one_message_only(log: QueryLog) -> None:
    keys = ["T/C/1.1", "T/C/1.1/2.2", "T/C/1.10", "T/C/1.1/3.3", "T/C/1.11/2.2"]
    for key in keys:
        log.ask(QuestionRecord(key, "dm", channel="C", message_key=key))
    assert [r.text for r in versions(log, "T/C/1.1")] == ["T/C/1.1", "T/C/1.1/2.2", "T/C/1.1/3.3"]
    assert posted_at(versions(log, "T/C/1.1")) is None
