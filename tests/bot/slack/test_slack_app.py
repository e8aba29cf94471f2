"""Code Desk in Slack, through a real dispatcher, real sockets and a loopback Slack."""

import datetime as dt
import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from slack_server import SlackServer, signed_request
from slack_support import (
    ScriptedDesk,
    Served,
    delivery_to,
    diabetes,
    served,
    settings,
    wait_for_records,
)

from bot.querylog import LogUnavailable, QueryLog, QuestionRecord, Record
from bot.slack.app import deliver_by, serve
from bot.slack.connections import SlackSettingsError
from bot.slack.message_text import clean
from bot.slack.recovery import recover
from bot.slack.state import State

QUESTION = "t2dm with ckd"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk would send even loopback requests through a proxy of the environment."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def desk() -> Iterator[ScriptedDesk]:
    scripted = ScriptedDesk()
    yield scripted
    scripted.open.set()


def only(log: QueryLog) -> Record:
    (record,) = log.recent()
    return record


def outcomes(log: QueryLog) -> list[tuple[str, str]]:
    """(kind, outcome) of every delivery of the only question."""
    return [(delivery["kind"], delivery["outcome"]) for delivery in only(log).deliveries]


def button(blocks: list[dict[str, Any]], action: str) -> dict[str, Any]:
    (found,) = [
        element
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action
    ]
    return found


# Asking


def test_a_mention_is_answered_in_its_thread(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.app_mention(f"<@UBOT> {QUESTION}", user="U7", channel="C5")
        assert slack.send_event(event).wait_ack(10).payload is None
        (post,) = slack.wait_for("chat.postMessage")
    assert desk.was_made_ready
    assert desk.asked == [QUESTION]
    assert (post.args["channel"], post.args["thread_ts"]) == ("C5", event["ts"])
    assert "E11.22" in post.args["text"]
    assert QUESTION not in json.dumps(post.args)

    record = only(log)
    assert (record.surface, record.team, record.user) == ("mention", "T1", "U7")
    assert (record.channel, record.thread, record.text) == ("C5", event["ts"], QUESTION)
    assert [code["code"] for code in record.codes][:2] == ["E11.22", "E11.21"]
    assert (record.outcome, record.index_build) == ("answered", "build-1")
    assert record.latency_ms is not None
    (delivery,) = record.deliveries
    assert (delivery["outcome"], delivery["detail"]) == ("delivered", post.response["ts"])


def test_a_reply_in_a_thread_is_answered_there(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.app_mention(QUESTION, thread_ts="1700000000.000100")
        slack.send_event(event)
        (post,) = slack.wait_for("chat.postMessage")
    assert post.args["thread_ts"] == "1700000000.000100"


def test_a_direct_message_needs_no_mention(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        event = slack.direct_message("hgb &lt; 7 &amp; tired", user="U7", channel="D7")
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert (post.args["channel"], post.args["thread_ts"]) == ("D7", event["ts"])
    assert only(log).surface == "dm"
    assert desk.asked == ["hgb < 7 & tired"]


def test_a_mention_in_a_direct_message_is_one_question(slack, log, desk, tmp_path) -> None:
    """Slack sends it twice, with two event ids."""
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        message = slack.direct_message(f"<@UBOT> {QUESTION}", channel="D1")
        mention = slack.app_mention(f"<@UBOT> {QUESTION}", channel="D1", ts=message["ts"])
        slack.send_event(message).wait_ack(10)
        slack.send_event(mention).wait_ack(10)
        desk.open.set()
        slack.wait_for("chat.postMessage")
    assert len(slack.messages()) == 1
    assert only(log).surface == "dm"


def test_an_event_that_only_arrives_on_a_retry_is_answered(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(QUESTION), "Ev1", 1, "timeout").wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert outcomes(log) == [("answer", "delivered")]


def test_a_mention_of_nothing_is_logged_and_answered(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention("<@UBOT> ")).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert post.args["text"].startswith("Ask me for a code")
    assert (only(log).text, only(log).outcome) == ("", "abstained")


def test_what_is_not_a_question_is_acknowledged_and_dropped(slack, log, desk, tmp_path) -> None:
    dm = slack.direct_message
    edit = dm("x") | {"subtype": "message_changed", "message": dm("x")}
    del edit["user"]
    dropped = [
        edit,
        dm("x") | {"subtype": "message_deleted"},
        dm("x") | {"subtype": "channel_join"},
        dm("x") | {"subtype": "bot_message", "bot_id": "B9"},
        dm("x") | {"bot_id": "B9"},
        dm("x", user="UBOT"),
        dm("x", user="USLACKBOT"),
        slack.app_mention("x") | {"bot_id": "B9"},
        dm("x", channel="C1") | {"channel_type": "channel"},
    ]
    with served(slack, tmp_path, desk, log):
        for event in dropped:
            slack.send_event(event).wait_ack(10)
        slack.send_event(dm(QUESTION) | {"subtype": "file_share"}).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert desk.asked == [QUESTION]
    assert only(log).text == QUESTION


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("<@UBOT> is E11.9 billable?", "is E11.9 billable?"),
        ("<@UBOT>: a &amp; b &lt;5 &gt;3", "a & b <5 >3"),
        ("<@UBOT> <@U2> knee OA", "knee OA"),
        ("knee OA says <@U2>  today", "knee OA says today"),
        ("see <https://cms.gov/icd|cms.gov> in <#C1|coding>", "see cms.gov in #coding"),
        ("<https://cms.gov> <mailto:a@b.org|a@b.org> <!here>", "https://cms.gov a@b.org"),
        ("age &amp;lt;5", "age &lt;5"),
        ("age <5 and >3", "age <5 and >3"),
        (" \n", ""),
        ("<@UBOT> 1. htn\n2.  gout", "1. htn\n2. gout"),
    ],
)
def test_the_words_of_a_message(typed: str, meant: str) -> None:
    assert clean(typed) == meant


# Acknowledging


def test_the_question_is_logged_before_the_ack_and_answered_after(
    slack, log, desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        assert (only(log).text, only(log).delivery) == (QUESTION, "unanswered")
        assert slack.messages() == []
        desk.open.set()
        slack.wait_for("chat.postMessage")
    assert only(log).delivery == "delivered"


def test_acks_do_not_wait_for_answers(slack, log, desk, tmp_path) -> None:
    """Questions of all kinds are logged while more are under way than are answered at once."""
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        for number in range(12):
            slack.send_event(slack.app_mention(f"question {number}")).wait_ack(10)
        slack.send_slash(text=QUESTION).wait_ack(10)
        slack.send_block_action("more", "nothing").wait_ack(10)
        assert len(log.recent()) == 13
        assert {record.delivery for record in log.recent()} == {"unanswered"}
        desk.open.set()
        slack.wait_for("chat.postMessage", count=12)
        slack.wait_for("response_url", count=2)
    assert {record.delivery for record in log.recent()} == {"delivered"}


class BrokenLog(QueryLog):
    """A log on a full disk, until it is mended."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.breaks_on = {"ask"}
        self.refused = threading.Semaphore(0)

    def ask_many(self, questions: Sequence[QuestionRecord]) -> list[str | None]:
        self._expect_working("ask")
        return super().ask_many(questions)

    def answered_many(self, *args: Any, **options: Any) -> None:
        self._expect_working("answered")
        super().answered_many(*args, **options)

    def _expect_working(self, step: str) -> None:
        if step in self.breaks_on:
            self.refused.release()
            raise LogUnavailable("The query log cannot be written (disk full).")


def test_what_cannot_be_logged_is_not_acknowledged(slack, desk, tmp_path) -> None:
    log = BrokenLog(tmp_path / "log.db")
    with served(slack, tmp_path, desk, log):
        event = slack.app_mention(QUESTION)
        lost = slack.send_event(event)
        assert log.refused.acquire(timeout=10)
        slack.send_event(event, lost.event_id, 1, "timeout")
        assert log.refused.acquire(timeout=10)
        (told,) = slack.wait_for("chat.postEphemeral")
        log.breaks_on.clear()
        # So Slack sends it again, and then it is logged.
        slack.send_event(event, lost.event_id, 2, "timeout").wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert lost.ack is None
    assert "cannot write my log" in told.args["text"], "the asker is told, once"
    assert len(slack.wait_for("chat.postEphemeral")) == 1
    assert desk.asked == [QUESTION]
    log.close()


def test_a_command_that_cannot_be_logged_is_told_so(slack, desk, tmp_path) -> None:
    log = BrokenLog(tmp_path / "log.db")
    with served(slack, tmp_path, desk, log):
        ack = slack.send_slash(text=QUESTION).wait_ack(10)
    assert ack.payload is not None
    assert "cannot write my log" in ack.payload["text"]
    assert ack.payload["response_type"] == "ephemeral"
    assert desk.asked == []
    log.close()


def test_an_answer_that_cannot_be_logged_is_not_sent(slack, desk, tmp_path) -> None:
    log = BrokenLog(tmp_path / "log.db")
    log.breaks_on = {"answered"}
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert "cannot write my log" in post.args["text"]
    assert "E11" not in json.dumps(post.args)
    assert only(log).delivery == "unanswered"
    log.close()


# Posting


def test_a_missing_scope_is_named(log, desk, tmp_path) -> None:
    with (
        SlackServer({"chat.postMessage": {"bot": ["chat:write"]}}, scopes={"im:history"}) as slack,
        served(slack, tmp_path, desk, log),
    ):
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert only(log).deliveries[0]["detail"] == "missing_scope: needs chat:write"


def test_a_desk_that_fails_says_so(slack, log, desk, tmp_path, caplog) -> None:
    desk.fails = ValueError(f"cannot read {QUESTION}")
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(QUESTION)).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    record = only(log)
    assert record.id in post.args["text"]
    assert record.delivery == "failed"
    assert "ValueError" in record.deliveries[0]["detail"]
    # What people ask is not printed.
    assert "ValueError" in caplog.text
    assert QUESTION not in caplog.text


# /code and the buttons


def test_a_command_is_answered_to_one_and_shared_by_them(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        sent = slack.send_slash(text=QUESTION, user="U7", channel="C5")
        assert sent.wait_ack(10).payload is None
        (answer,) = slack.wait_for("response_url")
        wait_for_records(log, "delivery")
        entries = button(answer.args["blocks"], "menu")["options"]
        (share,) = [entry for entry in entries if entry["value"].startswith("share ")]
        # As on messages of before, which have a button for it.
        press = slack.send_block_action(
            "share", share["value"].split()[1], user="U7", channel="C5", ephemeral=True
        )
        press.wait_ack(10)
        _, shared, deleted = slack.wait_for("response_url", count=3)
    assert sent.payload["response_url"].endswith(answer.path)
    assert answer.args["response_type"] == "ephemeral"

    assert press.payload["response_url"].endswith(shared.path)
    assert shared.args["response_type"] == "in_channel"
    assert shared.args["replace_original"] is False
    assert "<@U7>" in json.dumps(shared.args["blocks"])
    # It is drawn from the log, which has no date of service.
    told = answer.args["text"].replace("2026-11-22", "the date of service")
    assert shared.args["text"] == told
    assert not any("share " in json.dumps(block) for block in shared.args["blocks"][1:])
    assert (deleted.path, deleted.args) == (shared.path, {"delete_original": True})

    record = only(log)
    assert (record.surface, record.user, record.channel) == ("slash", "U7", "C5")
    assert share["value"] == f"share {record.id}"
    # Logged before it is posted, so that a second press does not post it again.
    shares = [("share", "unknown"), ("share", "delivered")]
    assert [one for one in outcomes(log) if one[0] == "share"] == shares
    assert ("answer", "delivered") in outcomes(log), "perhaps after the press"


def test_a_private_answer_stays_until_it_is_shared(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_slash(text=QUESTION).wait_ack(10)
        wait_for_records(log, "delivery")
        slack.fail_next("response_url", status=404, error="used_url")
        slack.send_block_action("share", only(log).id, ephemeral=True).wait_ack(10)
        _, _, told = slack.wait_for("response_url", count=3)
    assert told.args["text"].startswith("I could not post the answer in the channel")
    assert not told.args["replace_original"]
    assert outcomes(log)[-1] == ("share", "failed")
    assert only(log).deliveries[-1]["detail"] == "used_url"


def test_share_is_posted_once_however_often_it_is_pressed(slack, log, desk, tmp_path) -> None:
    def shared() -> int:
        uses = slack.wait_for("response_url")
        return sum(use.args.get("response_type") == "in_channel" for use in uses)

    with served(slack, tmp_path, desk, log):
        slack.send_slash(text=QUESTION).wait_ack(10)
        slack.wait_for("response_url")
        question = only(log).id
        slack.fail_next("response_url", delay=0.5)  # so that the presses meet
        for _ in range(5):
            slack.send_block_action("share", question, ephemeral=True)
        # The answer, one shared post, the deletion, and four replies that it was shared before.
        slack.wait_for("response_url", count=7)
    assert shared() == 1
    with served(slack, tmp_path, desk, log):
        slack.send_block_action("share", question, ephemeral=True).wait_ack(10)
        told = slack.wait_for("response_url", count=8)[-1]
    assert shared() == 1
    assert told.args["response_type"] == "ephemeral"
    assert told.args["text"].startswith("That answer was shared before")


@pytest.mark.parametrize(
    ("failure", "posts", "says"),
    [
        # Nothing was posted, so it may be.
        ({"status": 404, "error": "used_url"}, 1, "I could not post the answer"),
        # Nobody knows: never twice.
        ({"status": 503}, 0, "Slack did not say whether"),
        ({"drop_connection": True, "after_effect": True}, 1, "Slack did not say whether"),
    ],
)
def test_a_share_that_went_wrong_is_told_and_never_posted_twice(
    slack, log, desk, tmp_path, failure: dict[str, Any], posts: int, says: str
) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_slash(text=QUESTION).wait_ack(10)
        slack.wait_for("response_url")
    slack.fail_next("response_url", **failure)
    told = []
    # The answer, the share and what is told; then another share and a deletion, or what is told.
    for count in (3, 5 if "could not" in says else 4):
        # Served again, so that the first press is finished before the second.
        with served(slack, tmp_path, desk, log):
            slack.send_block_action("share", only(log).id, ephemeral=True).wait_ack(10)
            told.append(slack.wait_for("response_url", count=count)[-1].args.get("text"))
    assert told[0].startswith(says)
    uses = slack.wait_for("response_url")
    shared = [u for u in uses if u.took_effect and u.args.get("response_type") == "in_channel"]
    assert len(shared) == posts


@pytest.mark.parametrize("action", ["rules", "more", "share"])
def test_a_button_of_a_forgotten_answer(slack, log, desk, tmp_path, action: str) -> None:
    log.ask(QuestionRecord("still unanswered", "cli"))
    known = only(log).id
    with served(slack, tmp_path, desk, log):
        for value in ("0123456789ab", known[:6], known, ""):
            slack.send_block_action(action, value).wait_ack(10)
        replies = slack.wait_for("response_url", count=4)
    assert {reply.args["text"] for reply in replies} == {
        "I no longer have that answer. Please ask again."
    }
    assert {reply.args["response_type"] for reply in replies} == {"ephemeral"}


# After a crash


def ask(log: QueryLog, surface: Any, **where: Any) -> str:
    given = {"user": "U7", "team": "T1", "channel": "C5", "thread": "1700000000.000100"}
    found = log.ask(QuestionRecord(QUESTION, surface, **(given | where)))
    assert found
    return found


def test_what_a_crash_left_is_finished_at_the_next_start(slack, log, desk, tmp_path) -> None:
    young, private = ask(log, "mention"), ask(log, "slash", thread=None)
    half = ask(log, "dm", channel="D7")
    log.answered(half, diabetes(), index_build=None, latency_ms=1)
    not_slack = ask(log, "cli")
    early = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=10)
    earlier = QueryLog(tmp_path / "log.db", clock=lambda: early)
    old = ask(earlier, "mention")
    earlier.close()

    with served(slack, tmp_path, desk, log) as running:
        pass
    (post,) = slack.wait_for("chat.postMessage")
    assert (post.args["channel"], post.args["thread_ts"]) == ("C5", "1700000000.000100")
    (ephemeral,) = slack.wait_for("chat.postEphemeral")
    assert (ephemeral.args["channel"], ephemeral.args["user"]) == ("C5", "U7")
    connected = next(call for call in slack.calls if call.method == "apps.connections.open")
    assert max(post.time, ephemeral.time) < connected.time

    reached = {record.id: record.delivery for record in log.recent()}
    assert reached == {
        young: "delivered",
        private: "delivered",
        half: "unknown",
        old: "abandoned",
        not_slack: "unanswered",
    }
    assert running.lines[0].startswith(
        "Left from before: 2 answered now, 0 could not be sent, 1 abandoned"
    )

    # It is done only once.
    with served(slack, tmp_path, desk, log) as running:
        pass
    assert len(slack.messages()) == 2
    assert len(running.lines) == 1


@pytest.mark.parametrize("surface", ["slash", "shortcut", "button"])
def test_what_only_the_asker_sees_stays_so_after_a_crash(slack, log, desk, surface: str) -> None:
    ask(log, surface, thread=None)
    recover(delivery_to(slack, desk, log), print)
    (told,) = slack.messages()
    assert (told.method, told.args["user"]) == ("chat.postEphemeral", "U7")
    assert outcomes(log) == [("answer", "delivered")]


def test_ten_minutes_is_too_late(slack, log, desk) -> None:
    ask(log, "mention")
    delivery = delivery_to(slack, desk, log)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=11)
    recover(delivery, print, now=lambda: later)
    assert slack.calls == []
    assert desk.asked == []
    assert outcomes(log) == [("answer", "abandoned")]


def test_stopping_finishes_what_was_begun_and_leaves_the_rest(slack, log, desk, tmp_path) -> None:
    desk.open.clear()
    with served(slack, tmp_path, desk, log):
        for number in range(12):
            slack.send_event(slack.app_mention(f"question {number}")).wait_ack(10)
        assert desk.begun.acquire(timeout=10)
        # Stopping waits for this answer, so it must begin before the answer can end.
        threading.Timer(0.2, desk.open.set).start()
    reached = [record.delivery for record in log.recent()]
    assert reached.count("delivered") == len(slack.messages()) >= 1
    assert set(reached) <= {"delivered", "unanswered"}
    with served(slack, tmp_path, desk, log):
        pass
    assert {record.delivery for record in log.recent()} == {"delivered"}
    assert len(slack.messages()) == 12


# HTTP


@pytest.fixture
def http(slack, log, desk, tmp_path) -> Iterator[Served]:
    with served(slack, tmp_path, desk, log, slack_mode="http", slack_app_token=None) as running:
        yield running


def test_an_event_over_http(slack, log, desk, http: Served) -> None:
    desk.open.clear()
    body = slack.event_callback(slack.app_mention(QUESTION))
    assert signed_request(http.url, body, slack.signing_secret)[:2] == (200, "")
    assert only(log).delivery == "unanswered"
    again = signed_request(
        http.url, body, slack.signing_secret, retry_num=1, retry_reason="http_timeout"
    )
    assert again[0] == 200
    desk.open.set()
    slack.wait_for("chat.postMessage")
    assert len(log.recent()) == 1


def test_a_command_and_a_button_over_http(slack, log, http: Served) -> None:
    secret = slack.signing_secret
    command = slack.slash_command(text=QUESTION)
    assert signed_request(http.url, command, secret, kind="slash")[:2] == (200, "")
    (answer,) = slack.wait_for("response_url")
    value = button(answer.args["blocks"], "rules")["value"]
    pressed = slack.block_actions("rules", value, ephemeral=True)
    assert signed_request(http.url, pressed, secret, kind="action")[:2] == (200, "")
    slack.wait_for("views.open")


def test_slack_checks_the_address_first(slack, http: Served) -> None:
    body = {"type": "url_verification", "token": "x", "challenge": "3eZbrw1a"}
    status, text, _ = signed_request(http.url, body, slack.signing_secret)
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1a"})


@pytest.mark.parametrize(
    "forgery",
    [
        {"signature": "v0=" + "0" * 64},
        {"signature": ""},
        {"secret": "another secret"},
        {"timestamp": 1_600_000_000},
    ],
)
def test_a_request_that_is_not_from_slack_is_refused(
    slack, log, desk, http: Served, forgery: dict[str, Any]
) -> None:
    secret = forgery.pop("secret", slack.signing_secret)
    event = slack.event_callback(slack.app_mention(QUESTION))
    assert signed_request(http.url, event, secret, **forgery)[0] == 401
    command = slack.slash_command(text=QUESTION)
    assert signed_request(http.url, command, secret, kind="slash", **forgery)[0] == 401
    assert log.recent() == []
    assert desk.asked == []


def test_over_http_too_nothing_is_taken_that_cannot_be_logged(slack, desk, tmp_path) -> None:
    log = BrokenLog(tmp_path / "log.db")
    with served(slack, tmp_path, desk, log, slack_mode="http") as running:
        body = slack.event_callback(slack.app_mention(QUESTION))
        assert signed_request(running.url, body, slack.signing_secret)[0] == 503
    assert desk.asked == []
    log.close()


# Settings


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"slack_bot_token": None}, "SLACK_BOT_TOKEN is not set"),
        ({"slack_bot_token": "xapp-1"}, "SLACK_BOT_TOKEN does not look right"),
        ({"slack_app_token": None}, "SLACK_APP_TOKEN is not set"),
        ({"slack_app_token": "xoxb-1"}, "SLACK_APP_TOKEN does not look right"),
        ({"slack_mode": "http", "slack_signing_secret": None}, "SLACK_SIGNING_SECRET is not set"),
        ({"slack_bot_token": "xoxb-other"}, "Slack refuses SLACK_BOT_TOKEN (invalid_auth)"),
        ({"slack_app_token": "xapp-other"}, "Slack refuses SLACK_APP_TOKEN (invalid_auth)"),
        ({"slack_api_url": "http://127.0.0.1:9/api/"}, "Slack cannot be reached at http://127"),
    ],
)
def test_settings_that_will_not_do_are_named(
    slack, log, desk, tmp_path, caplog, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(SlackSettingsError) as raised:
        serve(settings(slack, tmp_path, **changes), desk, log)
    sentence = str(raised.value)
    assert sentence.startswith(named)
    assert "\n" not in sentence
    assert caplog.text == ""


@pytest.mark.parametrize("wrong", ["no database", "a folder"])
def test_a_slack_db_that_cannot_be_opened_is_named(slack, log, desk, tmp_path, wrong: str) -> None:
    path = settings(slack, tmp_path).slack_db
    if wrong == "a folder":
        path.mkdir()
    else:
        path.write_text("something else than a database, and longer than a header of one is\n" * 9)
    with pytest.raises(SlackSettingsError, match=r"cannot open .*slack\.db") as raised:
        serve(settings(slack, tmp_path), desk, log)
    assert "\n" not in str(raised.value)
    assert slack.calls == []


def test_an_error_of_slacks_is_not_blamed_on_the_token(slack, log, desk, tmp_path) -> None:
    slack.fail_next("auth.test", status=503)
    with pytest.raises(SlackSettingsError, match=r"Slack cannot be reached .*HTTP 503"):
        deliver_by(settings(slack, tmp_path), desk, log, State(tmp_path / "slack.db"))


def test_a_database_that_is_not_there_is_named_without_its_password(
    slack, log, desk, tmp_path
) -> None:
    url = "postgresql://desk:secret@127.0.0.1:9/codedesk"
    with pytest.raises(SlackSettingsError, match="CODEDESK_DATABASE_URL") as raised:
        serve(settings(slack, tmp_path, database_url=url), desk, log)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_port_in_use_is_named(slack, log, desk, tmp_path, http: Served) -> None:
    port = int(http.url.split(":")[2].split("/")[0])
    changes: dict[str, Any] = {"slack_mode": "http", "http_port": port}
    with pytest.raises(SlackSettingsError, match=rf"cannot listen on 127.0.0.1:{port}"):
        serve(settings(slack, tmp_path / "other", **changes), desk, log)
