"""The sentences of a language model in Slack: after the answer, in its message, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from model_server import Handler, model_server, says, stalls
from slack_support import delivery_to, served, wait_for_records

from bot.language_model.client import Client
from bot.language_model.model import LanguageModel
from bot.querylog import QuestionRecord
from bot.slack.delivery import SlackDelivery
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import delete, in_thread, update

ASKED = "htn with ckd stage 3b"
HOLDS = "I12.9 is first, then N18.32 for the stage."
WORDED = f"In short, worded by a-model: {HOLDS}"


def joined() -> None:
    """Wait until no explanation is under way."""
    for thread in threading.enumerate():
        if thread.name == "explain":
            thread.join()


def test_they_come_as_an_update_of_the_answer(slack, desk, log, tmp_path) -> None:
    with (
        model_server(says(HOLDS)) as server,
        served(slack, tmp_path, desk, log, llm_url=server.url, llm_model="a-model"),
    ):
        slack.send_event(slack.app_mention(f"<@UBOT> {ASKED}"))
        (post,) = slack.wait_for("chat.postMessage")
        (change,) = slack.wait_for("chat.update")
        wait_for_records(log, "delivery", 2)
    assert WORDED not in str(post.args["blocks"])
    assert WORDED in str(change.args["blocks"])
    assert change.args["blocks"][: len(post.args["blocks"])] == post.args["blocks"]
    (record,) = log.recent(1)
    assert [(d["kind"], d["outcome"]) for d in record.deliveries] == [
        ("answer", "delivered"), ("explanation", "delivered"),
    ]  # fmt: skip
    assert record.answer["explanation"]["text"] == HOLDS


@pytest.mark.parametrize(
    "behaviour",
    [stalls, says("<!channel> I12.9 is first."), says("I12.9 is first, then Z99.2.")],
    ids=["stalls", "a mention", "a code"],
)
def test_without_sentences_that_hold_the_answer_is_as_ever(
    slack, desk, log, tmp_path, behaviour
) -> None:
    changes = {"llm_model": "a-model", "llm_seconds": 1}
    with (
        model_server(behaviour) as server,
        served(slack, tmp_path, desk, log, llm_url=server.url, **changes),
    ):
        slack.send_event(slack.app_mention(f"<@UBOT> {ASKED}"))
        slack.wait_for("chat.postMessage")
        wait_for_records(log, "language_model")
        joined()
    (answer,) = slack.messages()
    assert "I12.9" in answer.args["text"]
    assert not [call for call in slack.calls if call.method == "chat.update"]


Change = Callable[[SlackDelivery, str, str], Any]
CHANGES: dict[str, Change] = {
    "pressed or edited": lambda delivery, channel, ts: delivery.post(
        update(delivery.client, channel, ts), plain_message("Another answer.")
    ),
    "deleted": lambda delivery, channel, ts: delivery.post(
        delete(delivery.client, channel, ts), None
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_message_that_was_changed_meanwhile_is_left_alone(
    slack, desk, log, change: Change
) -> None:
    changed = threading.Event()

    def behaviour(request: Handler) -> None:
        changed.wait(30)
        says(HOLDS)(request)

    with model_server(behaviour) as server:
        delivery = delivery_to(slack, desk, log)
        model = LanguageModel(Client(server.url, "a-model", None, 30.0))
        delivery = SlackDelivery(desk, log, delivery.client, delivery.state, model)
        asked = QuestionRecord("", "mention", channel="C1", user="U1")
        (question,) = delivery.logged.take([ASKED], asked)
        way = in_thread(delivery.client, "C1", None)
        posted = delivery.answer(question, way, tell=way).result(30)
        change(delivery, "C1", posted.detail).result(30)
        changed.set()
        wait_for_records(log, "language_model")
        joined()
        # What was to be sent has gone before this.
        delivery.post(way, plain_message("The end.")).result(30)
    assert WORDED not in str([call.args for call in slack.calls])
