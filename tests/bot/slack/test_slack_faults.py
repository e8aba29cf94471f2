"""What goes wrong between Slack and the desk, and what happens then, over Socket Mode and over
signed HTTP: nothing is lost and nothing is answered twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_front import Front
from slack_server import SlackServer
from slack_support import ScriptedDesk, delivery_to, manifest, served, wait_until

from bot.querylog import QueryLog, Record
from bot.slack import outbox, sockets, tries, web_api
from bot.slack.views.block_kit import Message

QUESTION = "t2dm with ckd"
#: Seconds after which the desk gives up a call, and seconds that are more.
LONGEST, LONGER = 4, 6.0
#: What the asker alone is told with the copy of an answer.
NOT_KNOWN = "Slack did not say whether my answer arrived"
NOT_POSTED = "I could not post my answer where you asked"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BETWEEN", 0.06)
    monkeypatch.setattr(tries, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(sockets, "PING_INTERVAL", 0.2)
    monkeypatch.setattr(web_api, "TIMEOUT", LONGEST)


@pytest.fixture
def desk() -> Iterator[ScriptedDesk]:
    scripted = ScriptedDesk()
    yield scripted
    scripted.open.set()


@pytest.fixture(params=["socket", "http"])
def front(request, slack, log, desk, tmp_path) -> Iterator[Front]:
    with served(slack, tmp_path, desk, log, slack_mode=request.param) as running:
        yield Front(request.param, slack, running)


def outcomes(log: QueryLog) -> list[tuple[str, str]]:
    (record,) = log.recent()
    return [(delivery["kind"], delivery["outcome"]) for delivery in record.deliveries]


def becomes(log: QueryLog, expected: list[tuple[str, str]]) -> Record:
    """Wait until these are the deliveries of the only question."""
    wait_until(lambda: log.recent() and outcomes(log) == expected, lambda: outcomes(log))
    return log.recent()[0]


def carried_out(slack: SlackServer, method: str) -> list[dict[str, Any]]:
    return [call.args for call in slack.calls if call.method == method and call.took_effect]


# What Slack does with an answer in a channel

_UNKNOWN = [("answer", "unknown"), ("copy", "delivered")]
_FAILED = [("answer", "failed"), ("copy", "delivered")]
_THERE = [("answer", "delivered")]


@pytest.mark.parametrize(
    ("failures", "expected", "public", "copies"),
    [
        pytest.param([{"status": 429, "retry_after": 1}], _THERE, 1, 0, id="429"),
        pytest.param([{"status": 429}], _THERE, 1, 0, id="429 without Retry-After"),
        pytest.param([{"error": "rate_limited"}], _THERE, 1, 0, id="rate_limited"),
        pytest.param([{"status": 503}], _UNKNOWN, 0, 1, id="5xx"),
        pytest.param([{"status": 500, "after_effect": True}], _UNKNOWN, 1, 1, id="5xx, posted"),
        pytest.param([{"error": "fatal_error"}], _UNKNOWN, 0, 1, id="fatal_error"),
        pytest.param([{"drop_connection": True}], _UNKNOWN, 0, 1, id="reset"),
        pytest.param(
            [{"drop_connection": True, "after_effect": True}], _UNKNOWN, 1, 1, id="reset, posted"
        ),
        pytest.param([{"delay": LONGER}], _UNKNOWN, 1, 1, id="timeout, posted"),
        pytest.param([{"delay": LONGER, "status": 503}], _UNKNOWN, 0, 1, id="timeout"),
        pytest.param([{"error": "is_archived"}], _FAILED, 0, 1, id="archived"),
        pytest.param([{"error": "restricted_action"}], _FAILED, 0, 1, id="restricted"),
        pytest.param([{"error": "service_unavailable"}], _THERE, 1, 0, id="unavailable"),
        pytest.param([{"status": 429, "retry_after": 3600}], _FAILED, 0, 1, id="429 for an hour"),
        pytest.param([{"status": 429, "retry_after": 999_999}], _FAILED, 0, 1, id="429 for days"),
    ],
)
def test_an_answer_in_a_channel(
    slack, log, front, failures, expected, public: int, copies: int
) -> None:
    for failure in failures:
        slack.fail_next("chat.postMessage", **failure)
    root = slack.app_mention("what is E11.9?", user="U7", channel="C5")
    front.event(slack.app_mention(QUESTION, user="U7", channel="C5", thread_ts=root["ts"]))
    becomes(log, expected)
    wait_until(lambda: len(carried_out(slack, "chat.postMessage")) == public)
    told = carried_out(slack, "chat.postEphemeral")
    assert len(told) == copies
    for copy in told:
        assert (copy["channel"], copy["user"], copy["thread_ts"]) == ("C5", "U7", root["ts"])
        assert (NOT_KNOWN if expected is _UNKNOWN else NOT_POSTED) in copy["text"]
        assert "E11.22" in json.dumps(copy["blocks"]), "the answer itself, not only a regret"


def test_a_channel_that_the_bot_was_removed_from_is_answered_in_a_dm(slack, log, front) -> None:
    slack.leave("C5")
    front.event(slack.app_mention(QUESTION, user="U7", channel="C5"))
    becomes(log, _FAILED)
    (copy,) = carried_out(slack, "chat.postMessage")
    assert copy["channel"] == "U7"
    assert NOT_POSTED in copy["text"]
    assert "E11.22" in json.dumps(copy["blocks"])


@pytest.mark.parametrize("surface", ["mention", "slash"])
def test_that_something_went_wrong_is_told_anyhow(slack, log, desk, front, surface: str) -> None:
    slack.leave("C5")
    desk.fails = ValueError(QUESTION)
    if surface == "mention":
        front.event(slack.app_mention(QUESTION, user="U7", channel="C5"))
    else:
        command = slack.slash_command(text=QUESTION, user="U7", channel="C5")
        slack.expire(command["response_url"])
        front.command(command)
    wait_until(slack.messages)
    (told,) = slack.messages("U7")
    assert log.recent()[0].id in told.args["text"]


def test_where_nothing_can_be_delivered_it_is_on_record(slack, log, front) -> None:
    slack.leave("C5", "U7")
    front.event(slack.app_mention(QUESTION, user="U7", channel="C5"))
    becomes(log, [("answer", "failed"), ("copy", "failed")])
    assert not slack.messages()


def test_a_copy_whose_outcome_is_unknown_is_sent_again(slack, log, front) -> None:
    slack.fail_next("chat.postMessage", status=503)
    slack.fail_next("chat.postEphemeral", status=503, after_effect=True)
    slack.fail_next("chat.postEphemeral", drop_connection=True)
    front.event(slack.app_mention(QUESTION))
    becomes(log, _UNKNOWN)
    assert len(carried_out(slack, "chat.postEphemeral")) == 2


# An answer in a direct message, where one can look


@pytest.mark.parametrize("posted", [False, True], ids=["not posted", "posted"])
@pytest.mark.parametrize(
    "failure",
    [{"status": 503}, {"drop_connection": True}, {"error": "internal_error"}, {"delay": LONGER}],
    ids=["5xx", "reset", "internal_error", "timeout"],
)
def test_an_answer_in_a_direct_message_is_looked_for(
    slack, log, front, failure: dict[str, Any], posted: bool
) -> None:
    if "delay" in failure and not posted:
        failure = failure | {"status": 503}
    before = slack.direct_message("an earlier one", user="U7", channel="D7")
    front.event(before)
    wait_until(lambda: len(carried_out(slack, "chat.postMessage")) == 1)
    slack.fail_next("chat.postMessage", **failure, after_effect=posted)
    slack.fail_next("conversations.replies", status=503)
    slack.fail_next("conversations.replies", status=429)
    front.event(slack.direct_message(QUESTION, user="U7", channel="D7", thread_ts=before["ts"]))
    wait_until(lambda: {record.delivery for record in log.recent()} == {"delivered"})
    _, answer = carried_out(slack, "chat.postMessage")
    newest = log.recent()[0]
    assert newest.deliveries[0]["detail"] == slack.message("D7")["ts"]
    assert answer["metadata"]["event_payload"] == {"question": newest.id}
    assert len(slack.messages()) == 2


def test_where_one_cannot_look_the_asker_gets_a_copy(log, desk, tmp_path) -> None:
    with SlackServer(scopes=set(manifest()["oauth_config"]["scopes"]["bot"])) as slack:
        slack.fail_next("chat.postMessage", status=503, after_effect=True)
        slack.fail_next("conversations.replies", error="missing_scope")
        with served(slack, tmp_path, desk, log):
            slack.send_event(slack.direct_message(QUESTION, channel="D7")).wait_ack(10)
            becomes(log, _UNKNOWN)


# A command, and what a response_url does


@pytest.mark.parametrize(
    ("failures", "uses"),
    [
        pytest.param([{"status": 429, "retry_after": 1}], 1, id="429"),
        pytest.param([{"status": 503}, {"status": 503}], 1, id="5xx"),
        pytest.param([{"status": 503, "after_effect": True}], 2, id="5xx, posted: a second copy"),
        pytest.param([{"drop_connection": True}], 1, id="reset"),
    ],
)
def test_the_answer_to_a_command(slack, log, front, failures, uses: int) -> None:
    for failure in failures:
        slack.fail_next("response_url", **failure)
    front.command(slack.slash_command(text=QUESTION))
    becomes(log, _THERE)
    assert len(carried_out(slack, "response_url")) == uses
    assert not slack.messages()


@pytest.mark.parametrize("member", [True, False])
def test_a_response_url_that_has_expired(slack, log, front, member: bool) -> None:
    if not member:
        slack.leave("C5")
    command = slack.slash_command(text=QUESTION, user="U7", channel="C5")
    slack.expire(command["response_url"])
    front.command(command)
    becomes(log, _THERE)
    (answer,) = slack.messages()
    assert (answer.method, answer.args["channel"]) == (
        ("chat.postEphemeral", "C5") if member else ("chat.postMessage", "U7")
    )
    assert "E11.22" in json.dumps(answer.args["blocks"])


def test_a_response_url_that_meets_a_limit_for_too_long(slack, log, front) -> None:
    slack.fail_next("response_url", status=429, retry_after=3600)
    front.command(slack.slash_command(text=QUESTION))
    becomes(log, _THERE)
    assert len(slack.messages()) == 1


# Busy channels


def test_a_busy_channel_loses_no_answer_and_holds_up_no_other(slack, log, front) -> None:
    slack.limit_messages(0.05)
    for number in range(30):
        front.event(slack.app_mention(f"busy {number}", channel="C1"))
    front.event(slack.app_mention("elsewhere", channel="C2"))
    wait_until(lambda: len(slack.messages()) == 31, timeout=90)
    posted = slack.messages()
    assert sorted(m.args["channel"] for m in posted) == ["C1"] * 30 + ["C2"]
    assert posted.index(slack.messages("C2")[0]) < posted.index(slack.messages("C1")[-1])
    assert {m.args["thread_ts"] for m in posted} == {r.thread for r in log.recent(31)}
    wait_until(
        lambda: all([d["outcome"] for d in r.deliveries] == ["delivered"] for r in log.recent(31))
    )


def test_a_limit_holds_up_no_button_and_no_private_message(slack, log, desk, front) -> None:
    """More posts wait than there are threads."""
    front.event(slack.app_mention(QUESTION, channel="C1"))
    slack.wait_for("chat.postMessage")
    (shown,) = log.recent()
    slack.fail_next("chat.postMessage", status=429, retry_after=60, times=20)
    for number in range(20):
        front.event(slack.app_mention(f"pt John Smith {number}", channel=f"C{number + 2}"))
    slack.wait_for("chat.postMessage", count=21)
    front.interactive(slack.block_actions("rules", shown.id, channel="C1"))
    slack.wait_for("views.open")
    front.event(slack.app_mention("elsewhere", channel="C99"))
    wait_until(lambda: len(slack.messages("C99")) == 1)
    assert len(slack.messages()) == 2, "all the others are still to come"


# Events that come again, and connections


def test_an_event_sent_again_is_answered_once(slack, log, desk, front, tmp_path) -> None:
    event = slack.app_mention(QUESTION)
    front.event(event, "Ev1")
    becomes(log, _THERE)
    for attempt in (1, 2):
        front.event(event, "Ev1", attempt)
    assert len(slack.messages()) == 1
    assert outcomes(log) == _THERE


def test_a_restart_does_not_answer_what_was_answered(slack, log, desk, tmp_path) -> None:
    event = slack.app_mention(QUESTION)
    for attempt in range(3):
        with served(slack, tmp_path, desk, log):
            slack.send_event(event, "Ev1", attempt, "timeout").wait_ack(10)
            becomes(log, _THERE)
    assert len(slack.messages()) == 1


def test_an_event_that_went_to_another_socket_is_answered_once(slack, log, desk, tmp_path) -> None:
    """Slack sends an event to either of two connections. One that is not acknowledged it sends
    again."""
    with served(slack, tmp_path, desk, log), slack.another_connection():
        event = slack.app_mention(QUESTION)
        sent = [slack.send_event(event, "Ev1", attempt) for attempt in range(4)]
        becomes(log, _THERE)
        wait_until(lambda: sum(each.ack is not None for each in sent) == 2)
    assert len({each.connection for each in sent}) == 2
    assert len(slack.messages()) == 1


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "link_disabled"])
def test_a_disconnect_message_is_followed_by_a_new_connection(
    slack, log, desk, tmp_path, reason: str
) -> None:
    with served(slack, tmp_path, desk, log):
        slack.disconnect(reason)
        slack.wait_for("apps.connections.open", count=2)
        slack.wait_connected()
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        becomes(log, _THERE)


def test_a_dead_connection_is_noticed_by_its_silence(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.fall_silent()
        slack.wait_connected(timeout=30)
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        becomes(log, _THERE)


def test_a_connection_that_never_said_a_word_is_noticed(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.mute_next()
        slack.disconnect(abrupt=True)
        slack.wait_connected(timeout=30)
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        becomes(log, _THERE)
    assert len(slack.wait_for("apps.connections.open")) >= 3


def test_silence_is_noticed_within_15_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    # The SDK compares whole seconds with four intervals, once an interval.
    assert 4 * sockets.PING_INTERVAL + 1 + sockets.PING_INTERVAL < 15


def test_slack_is_down_for_a_while(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        slack.stop()
        desk.open.set()
        wait_until(lambda: log.recent()[0].delivery == "undelivered")
        slack.start()
        slack.wait_connected(timeout=30)
        becomes(log, _THERE)
    assert len(slack.messages()) == 1


@pytest.mark.parametrize(
    "failure",
    [{"delay": 30.0}, {"status": 503}, {"error": "internal_error"}, {"drop_connection": True}],
    ids=["never answers", "5xx", "internal_error", "reset"],
)
def test_a_new_connection_is_tried_until_slack_gives_one(
    slack, log, desk, tmp_path, failure: dict[str, Any]
) -> None:
    with served(slack, tmp_path, desk, log):
        slack.fail_next("apps.connections.open", **failure)
        slack.disconnect(abrupt=True)
        slack.wait_connected(timeout=30)
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        becomes(log, _THERE)


# What nobody listens to


def unknown_payloads(slack: SlackServer) -> list[dict[str, Any]]:
    pressed = slack.block_actions("unheard", QUESTION)
    chosen = slack.block_actions("unheard", QUESTION)
    del chosen["actions"][0]["value"]
    chosen["actions"][0] |= {"type": "static_select", "selected_option": {"value": QUESTION}}
    view = {"type": "modal", "callback_id": "unheard", "private_metadata": "", "blocks": []}
    person = {"user": pressed["user"], "team": pressed["team"], "token": "x"}
    return [
        pressed,
        chosen,
        slack.view_submission({}, view=view),
        person | {"type": "view_closed", "view": view},
        person | {"type": "shortcut", "callback_id": "unheard", "trigger_id": "1.2"},
        person
        | {"type": "message_action", "callback_id": "unheard", "message": {"text": QUESTION}},
        person | {"type": "an_unheard_type", "text": QUESTION},
    ]


def test_what_nobody_listens_to_is_acknowledged_and_not_printed(
    slack, log, desk, front, caplog
) -> None:
    for kind in ("reaction_added", "team_join", "an_unheard_type"):
        front.event(slack.app_mention(QUESTION) | {"type": kind})
    front.command(slack.slash_command("/unheard", text=QUESTION))
    for payload in unknown_payloads(slack):
        assert not front.interactive(payload)
    person = {"user": {"id": "U1"}, "team": {"id": "T1"}, "token": "x"}
    options = {"type": "block_suggestion", "action_id": "unheard", "value": QUESTION}
    assert front.interactive(person | options) == {"options": []}
    assert desk.asked == []
    assert QUESTION not in caplog.text
    assert "Traceback" not in caplog.text


# Who asks


def test_a_bot_is_not_answered(slack, log, desk, front) -> None:
    for event in (slack.app_mention(QUESTION), slack.direct_message(QUESTION)):
        front.event(event | {"bot_id": "B9"})
        front.event(event | {"bot_id": "B9", "subtype": "bot_message"})
    assert log.recent() == []


def test_a_guest_by_slack_connect_is_answered_and_logged_with_their_team(slack, log, front) -> None:
    event = slack.app_mention(QUESTION, user="U7", channel="C5")
    front.event(event | {"team": "T9", "user_team": "T9", "source_team": "T9"})
    record = becomes(log, _THERE)
    assert (record.team, record.user) == ("T9", "U7")


def test_a_trigger_that_has_expired_is_told(slack, log, front) -> None:
    front.event(slack.app_mention(QUESTION))
    record = becomes(log, _THERE)
    slack.fail_next("views.open", error="expired_trigger_id")
    front.interactive(slack.block_actions("used", record.id))
    (told,) = slack.wait_for("response_url")
    assert told.args["response_type"] == "ephemeral"


# Blocks that a workspace does not have


@pytest.mark.parametrize("plainer", [True, False])
def test_blocks_that_a_workspace_lacks(slack, log, desk, plainer: bool) -> None:
    slack.lack("container")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "E11.22"}}
    delivery = delivery_to(slack, desk, log)
    container = {"type": "container", "child_blocks": [section]}
    drawn = Message("E11.22", [container], [section] if plainer else None)
    for way in (
        web_api.in_thread(delivery.client, "C5", None),
        web_api.for_one(delivery.client, "C5", "U7"),
    ):
        assert delivery.post(way, drawn).result(30).outcome == "delivered"
    for posted in slack.messages("C5"):
        assert posted.args["text"] == "E11.22"
        assert posted.args.get("blocks") == ([section] if plainer else [])


# Updating and deleting


@pytest.mark.parametrize("failure", [{"status": 503}, {"drop_connection": True}, {"status": 429}])
@pytest.mark.parametrize("posted", [False, True])
def test_an_update_and_a_deletion_are_made_until_they_are_known(
    slack, log, desk, failure: dict[str, Any], posted: bool
) -> None:
    delivery = delivery_to(slack, desk, log)
    drawn = Message("old", [])
    ts = delivery.post(web_api.in_thread(delivery.client, "C5", None), drawn).result(30).detail
    for method in ("chat.update", "chat.delete"):
        slack.fail_next(method, **failure, after_effect=posted and failure != {"status": 429})
    way = web_api.update(delivery.client, "C5", ts)
    assert delivery.post(way, Message("new", [])).result(30).outcome == "delivered"
    assert slack.message("C5", ts)["text"] == "new"
    way = web_api.delete(delivery.client, "C5", ts)
    assert delivery.post(way, None).result(30).outcome == "delivered"
    assert slack.message("C5", ts) is None
