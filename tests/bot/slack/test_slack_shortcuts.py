"""The shortcuts and their modal: the form, and the answer in its place."""

import json
from typing import Any

import pytest
from slack_server import SlackServer, signed_request
from slack_support import ScriptedDesk, served, wait_for_records

from bot.querylog import QueryLog
from bot.slack.shortcut_text import text_of

QUESTION = "t2dm with ckd"


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


def opened(slack: SlackServer, callback: str, message: Any = None, **where: Any) -> dict[str, Any]:
    """The modal that a shortcut opens."""
    count = sum(call.method == "views.open" for call in slack.calls)
    slack.send_interactive(slack.shortcut(callback, message, **where)).wait_ack(10)
    return slack.wait_for("views.open", count=count + 1)[-1].response["view"]


def element(view: dict[str, Any], name: str) -> dict[str, Any]:
    (block,) = [block for block in view["blocks"] if block.get("block_id") == name]
    return block["element"]


def shown(slack: SlackServer, count: int = 1) -> dict[str, Any]:
    """The view of the last views.update that Slack took."""

    def taken(call: Any) -> bool:
        return call.method == "views.update" and call.took_effect

    return slack.wait_for(taken, count)[-1].response["view"]


def pasted(slack: SlackServer, text: str, **fields: Any) -> dict[str, Any]:
    event = slack.direct_message(text, user="U2", channel="C5")
    return {name: event[name] for name in ("type", "text", "user", "ts")} | fields


def test_the_global_shortcut_asks_in_a_modal(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        view = opened(slack, "ask_code_desk", user="U7")
        assert "initial_value" not in element(view, "statement")
        typed = {
            "statement": QUESTION,
            "day": "2026-03-05",
            "systems": ["icd10cm", "hcpcs"],
            "setting": "outpatient",
        }
        ack = slack.send_view(typed, user="U7").wait_ack(10)
        answered = shown(slack)
        wait_for_records(log, "delivery")
    assert ack.payload is not None
    assert ack.payload["response_action"] == "update"
    assert "E11.22" not in json.dumps(ack.payload)
    assert answered["id"] == view["id"], "in place"
    assert "E11.22" in json.dumps(answered["blocks"])
    (record,) = log.recent()
    assert (record.surface, record.user, record.channel) == ("shortcut", "U7", None)
    assert (record.text, record.delivery) == (QUESTION, "delivered")
    assert record.options == {"systems": ["icd10cm", "hcpcs"], "setting": "outpatient"}
    reading = desk.readings[-1]
    assert (reading["day"].isoformat(), reading["fixed"]) == ("2026-03-05", True)
    assert slack.messages() == []
    # Posting needs a channel.
    assert "ask_post" not in json.dumps(answered["blocks"])


def test_a_message_is_looked_up_and_the_answer_posted_in_its_thread(
    slack, log, desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log):
        message = pasted(slack, "denied: <@U3> t2dm &amp; ckd", thread_ts="1700000000.000100")
        view = opened(slack, "look_this_up", message, user="U7", channel="C5")
        assert element(view, "statement")["initial_value"] == "denied: t2dm & ckd"
        slack.send_view({"statement": QUESTION}, user="U7").wait_ack(10)
        answered = shown(slack)
        wait_for_records(log, "delivery")
        for _ in range(2):
            press = slack.view_actions(answered, "ask_post", user="U7")
            slack.send_interactive(press).wait_ack(10)
        told = shown(slack, 3)
    (post,) = slack.messages()
    assert (post.args["channel"], post.args["thread_ts"]) == ("C5", "1700000000.000100")
    assert "<@U7>" in json.dumps(post.args["blocks"])
    assert "posted" in json.dumps(told["blocks"]).lower()
    (record,) = log.recent()
    assert (record.surface, record.channel, record.thread) == (
        "shortcut", "C5", "1700000000.000100",
    )  # fmt: skip
    assert record.deliveries[-1]["kind"] == "share"


def test_posting_where_the_bot_is_not_is_told(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack, "look_this_up", pasted(slack, "gout"), channel="C5")
        slack.send_view({"statement": QUESTION}).wait_ack(10)
        answered = shown(slack)
        slack.fail_next("chat.postMessage", error="not_in_channel")
        slack.send_interactive(slack.view_actions(answered, "ask_post")).wait_ack(10)
        told = shown(slack, 2)
    assert "not a member" in json.dumps(told["blocks"])


def test_identifiers_of_a_message_stay_out_of_the_form(slack, log, desk, tmp_path, caplog) -> None:
    with served(slack, tmp_path, desk, log):
        message = pasted(slack, "pt John Smith MRN 8812345, gout denied")
        view = opened(slack, "look_this_up", message)
    sent = json.dumps([call.args for call in slack.calls])
    assert "Smith" not in sent
    assert "8812345" not in sent
    assert "[NAME]" in element(view, "statement")["initial_value"]
    assert "a name, a medical record number" in json.dumps(view["blocks"])
    assert "Smith" not in caplog.text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": "", "files": [{"id": "F1"}]}, "That message has a file."),
        ({"text": ""}, "That message has no text"),
        ({"text": "<@U3>"}, "That message has no text"),
        ({"text": "gout", "files": [{"id": "F1"}]}, "not the file with it"),
        ({"text": "gout " * 900}, "here is its beginning"),
    ],
)
def test_what_a_message_lacks_is_said(
    slack, log, desk, tmp_path, fields: dict[str, Any], told: str
) -> None:
    with served(slack, tmp_path, desk, log):
        view = opened(slack, "look_this_up", pasted(slack, **fields))
    assert told in json.dumps(view["blocks"])
    assert len(element(view, "statement").get("initial_value", "")) <= 3000


def test_a_message_of_a_bot_is_read_where_its_words_are() -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Claim denied: E11.22"}},
        {"type": "actions", "elements": [{"type": "button", "text": {"text": "Open"}}]},
    ]
    assert text_of({"text": "", "bot_id": "B9", "blocks": blocks}) == "Claim denied: E11.22"
    attached = {"text": "", "attachments": [{"title": "Denial", "text": "CO-11 for M17.0"}]}
    assert text_of(attached) == "Denial\nCO-11 for M17.0"
    for nothing in ({}, {"text": None}, {"blocks": [None, 7]}, {"text": 5, "attachments": [{}]}):
        assert text_of(nothing) == ""


@pytest.mark.parametrize("message", [None, "gout"])
def test_an_expired_trigger_is_told(slack, log, desk, tmp_path, message: str | None) -> None:
    slack.fail_next("views.open", error="expired_trigger_id")
    with served(slack, tmp_path, desk, log):
        pointed = pasted(slack, message) if message else None
        callback = "look_this_up" if message else "ask_code_desk"
        slack.send_interactive(slack.shortcut(callback, pointed, user="U7")).wait_ack(10)
        (told,) = slack.wait_for("response_url" if message else "chat.postMessage")
    assert "too little time" in told.args["text"]
    if not message:
        assert told.args["channel"] == "U7"


def test_a_form_that_is_wrong_stays(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack, "ask_code_desk")
        empty = slack.send_view({"statement": "  "}).wait_ack(10)
        dated = slack.send_view({"statement": "gout", "day": "2026-02-30"}).wait_ack(10)
    for ack, field in ((empty, "statement"), (dated, "day")):
        assert ack.payload is not None
        assert ack.payload["response_action"] == "errors"
        assert list(ack.payload["errors"]) == [field]
    assert log.recent() == []


def test_an_answer_for_a_closed_modal_goes_another_way(
    slack, log, desk, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("bot.slack.tries.MODAL_PAUSES", (0.01,))
    with served(slack, tmp_path, desk, log):
        desk.open.clear()
        view = opened(slack, "ask_code_desk", user="U7")
        slack.send_view({"statement": QUESTION}, user="U7").wait_ack(10)
        slack.close_view(view["id"])
        desk.open.set()
        (post,) = slack.wait_for("chat.postMessage")
    assert post.args["channel"] == "U7"
    assert "E11.22" in post.args["text"]
    assert log.recent()[0].delivery == "delivered"


def test_a_form_sent_twice_is_answered_once(slack, log, desk, tmp_path) -> None:
    changes: dict[str, Any] = {"slack_mode": "http", "slack_app_token": None}
    with served(slack, tmp_path, desk, log, **changes) as running:

        def send(payload: dict[str, Any]) -> dict[str, Any]:
            secret = slack.signing_secret
            status, body, _ = signed_request(running.url, payload, secret, kind="action")
            assert status == 200
            slack.acknowledged(payload, json.loads(body or "{}"))
            return json.loads(body or "{}")

        send(slack.shortcut("ask_code_desk"))
        sent = slack.view_submission({"statement": QUESTION})
        assert send(sent)["response_action"] == "update"
        shown(slack)
        assert send(sent) == {}
    assert desk.asked == [QUESTION]
    assert len(log.recent()) == 1


def test_a_desk_that_fails_says_so_in_the_modal(slack, log, desk, tmp_path, caplog) -> None:
    desk.fails = ValueError(f"cannot read {QUESTION}")
    with served(slack, tmp_path, desk, log):
        opened(slack, "ask_code_desk")
        slack.send_view({"statement": QUESTION}).wait_ack(10)
        told = shown(slack)
    (record,) = log.recent()
    assert record.id in json.dumps(told["blocks"])
    assert record.delivery == "failed"
    assert QUESTION not in caplog.text


def test_the_question_can_be_changed(slack, log: QueryLog, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        opened(slack, "ask_code_desk")
        slack.send_view({"statement": "gout <x> & *y*", "systems": ["icd10cm"]}).wait_ack(10)
        answered = shown(slack)
        slack.send_interactive(slack.view_actions(answered, "ask_again")).wait_ack(10)
        form = shown(slack, 2)
        assert element(form, "statement")["initial_value"] == "gout <x> & *y*"
        chosen = element(form, "systems")["initial_options"]
        assert [option["value"] for option in chosen] == ["icd10cm"]
        slack.send_interactive(
            slack.view_submission({"statement": QUESTION}, view=form),
            accepts_response_payload=True,
        ).wait_ack(10)
        again = shown(slack, 3)
    assert again["id"] == form["id"]
    assert [record.text for record in log.recent()] == [QUESTION, "gout <x> & *y*"]


def test_the_answer_waits_for_the_modal_it_goes_into(slack, log, desk, tmp_path) -> None:
    """Slack may get the answer before the acknowledgement that makes room for it."""
    slack.fail_next("views.update", error="not_found", times=2)
    with served(slack, tmp_path, desk, log):
        opened(slack, "ask_code_desk")
        slack.send_view({"statement": QUESTION}).wait_ack(10)
        assert "E11.22" in json.dumps(shown(slack)["blocks"])
    assert slack.messages() == []
