"""The conversation with an agent: prompts when it is opened, work that is shown and stopped."""

import time
from collections.abc import Iterator

import pytest
from slack_server import SlackServer, agent_session_stopped, app_home_opened
from slack_support import ScriptedDesk, manifest, served, wait_for_records

from bot.slack import sessions
from bot.slack.greeted import Greeted
from bot.slack.sessions import Sessions
from bot.slack.state import State
from bot.slack.views.welcome import prompts
from bot.slack.web_api import web_client

QUESTION = "t2dm with ckd"
PROMPTS = "assistant.threads.setSuggestedPrompts"


@pytest.fixture
def desk() -> Iterator[ScriptedDesk]:
    scripted = ScriptedDesk()
    yield scripted
    scripted.open.set()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOMENT", 0.0)


def until(happened) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Opening


def test_opening_suggests_and_the_first_time_says_who_it_is(slack, log, desk, tmp_path) -> None:
    for _ in range(2):
        with served(slack, tmp_path, desk, log):
            event = app_home_opened("U7", tab="messages")
            sent = slack.send_event(event)
            sent.wait_ack(10)
            slack.send_event(event, sent.event_id, 1, "timeout").wait_ack(10)
            slack.wait_for("chat.postMessage")
    suggested = slack.wait_for(PROMPTS)[0].args
    assert suggested["channel_id"] == "D7"
    assert "thread_ts" not in suggested
    assert 0 < len(suggested["prompts"]) <= 4
    (post,) = slack.messages()
    assert (post.args["channel"], post.args.get("thread_ts")) == ("D7", None)
    assert "Code Desk" in post.args["text"]


def test_the_prompts_are_those_of_the_manifest() -> None:
    assert manifest()["features"]["agent_view"]["suggested_prompts"] == prompts()


def test_an_app_that_is_no_agent_greets_all_the_same(slack, log, desk, tmp_path) -> None:
    slack.fail_next(PROMPTS, error="unknown_method")
    with served(slack, tmp_path, desk, log):
        slack.send_event(app_home_opened("U7", tab="messages")).wait_ack(10)
        slack.wait_for("chat.postMessage")


def test_who_has_asked_before_is_not_greeted(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.direct_message(QUESTION, user="U7", channel="D7")).wait_ack(10)
        slack.wait_for("chat.postMessage")
        slack.send_event(app_home_opened("U7", tab="messages")).wait_ack(10)
        slack.wait_for(PROMPTS)
    assert len(slack.messages()) == 1


def test_each_is_greeted_once_by_all_processes(tmp_path) -> None:
    one, other = State(tmp_path / "slack.db"), State(tmp_path / "slack.db")
    first, second = Greeted(one), Greeted(other)
    assert [first.first_time("T1/U1"), second.first_time("T1/U1")] == [True, False]
    assert second.first_time("T1/U2")
    one.close()
    other.close()


# Working


def test_work_that_takes_longer_is_shown(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        event = slack.direct_message("pt John Smith t2dm with ckd")
        slack.send_event(event).wait_ack(10)
        until(lambda: slack.session("D1", event["ts"]) == "processing")
        desk.open.set()
        slack.wait_for("chat.postMessage")
        until(lambda: slack.session("D1", event["ts"]) == "active")
    first, last = slack.wait_for(sessions.METHOD)
    assert first.args["title"] == "pt [NAME] t2dm with ckd", "scrubbed"
    assert (first.args["channel_id"], first.args["thread_ts"]) == ("D1", event["ts"])
    assert "title" not in last.args


def test_quick_work_is_not_shown(slack, log, desk, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sessions, "MOMENT", 60.0)
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.direct_message(QUESTION)).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert sessions.METHOD not in {call.method for call in slack.calls}


@pytest.mark.parametrize("error", ["unknown_method", "missing_scope", "no_agent"])
def test_where_slack_refuses_it_is_not_tried_again(slack, log, desk, tmp_path, error: str) -> None:
    slack.fail_next(sessions.METHOD, error=error, times=9)
    with served(slack, tmp_path, desk, log):
        for number in range(1, 4):
            desk.open.clear()
            slack.send_event(slack.direct_message(QUESTION)).wait_ack(10)
            slack.wait_for(sessions.METHOD)
            desk.open.set()
            slack.wait_for("chat.postMessage", count=number)
            wait_for_records(log, "delivery", number)
    assert len(slack.wait_for(sessions.METHOD)) == 1
    assert {record.delivery for record in log.recent()} == {"delivered"}


def test_a_slow_status_delays_no_answer(slack: SlackServer, log, desk, tmp_path) -> None:
    slack.fail_next(sessions.METHOD, delay=5)
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.direct_message(QUESTION)).wait_ack(10)
        slack.wait_for("chat.postMessage")
        assert not [call for call in slack.calls if call.method == sessions.METHOD]


def test_several_questions_in_a_thread_are_one_session(slack: SlackServer) -> None:
    shown = Sessions()
    place = (web_client(slack.bot_token, slack.api_url), "D1", "1.2")
    for question in ("a", "b"):
        shown.began(place, question, "U1", "gout")
    until(lambda: slack.session(*place[1:]) == "processing")
    shown.ended(place, "a")
    shown.ended(place, "a")
    assert slack.session(*place[1:]) == "processing"
    shown.ended(place, "b")
    until(lambda: slack.session(*place[1:]) == "active")
    assert len(slack.wait_for(sessions.METHOD)) == 2


# Stopping


def test_what_is_stopped_is_not_posted(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        event = slack.direct_message(QUESTION, user="U7", channel="D7")
        slack.send_event(event).wait_ack(10)
        until(lambda: slack.session("D7", event["ts"]) == "processing")
        stop = agent_session_stopped("D7", event["ts"], "U7")
        sent = slack.send_event(stop)
        sent.wait_ack(10)
        (told,) = slack.wait_for("chat.postMessage")
        until(lambda: slack.session("D7", event["ts"]) == "active")
        slack.send_event(stop, sent.event_id, 1, "timeout").wait_ack(10)
        desk.open.set()
        wait_for_records(log, "answer")
    assert told.args["text"].startswith("Stopped.")
    assert told.args["thread_ts"] == event["ts"]
    assert len(slack.messages()) == 1
    (record,) = log.recent()
    assert [(d["outcome"], d["detail"]) for d in record.deliveries] == [
        ("abandoned", "stopped by the asker")
    ]


def test_stopping_is_for_the_asker_and_not_too_late(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        event = slack.app_mention(QUESTION, user="U7")
        slack.send_event(event).wait_ack(10)
        slack.send_event(agent_session_stopped("C1", event["ts"], "U2")).wait_ack(10)
        desk.open.set()
        slack.wait_for("chat.postMessage")
        wait_for_records(log, "delivery")
        slack.send_event(agent_session_stopped("C1", event["ts"], "U7")).wait_ack(10)
        slack.send_event(agent_session_stopped("C1", "9.9", "U7")).wait_ack(10)
    assert len(slack.messages()) == 1
    assert log.recent()[0].delivery == "delivered"
