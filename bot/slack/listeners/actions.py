"""The buttons under an answer. Both draw the answer anew as the log has it.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.answer import Answer
from bot.slack.blocks import SEE_MORE, SHARE, answer_message, plain_message, shared_message
from bot.slack.courier import Courier
from bot.slack.posting import delete_original, respond
from bot.words import say


def register(app: App, courier: Courier) -> None:
    def acknowledge(ack: Ack, next_: Callable[[], None]) -> None:
        ack()
        next_()

    def stored(question: str) -> Answer | None:
        record = courier.log.get(question)
        if record is None or record.id != question or record.answer is None:
            return None
        return courier.desk.retitled(Answer.from_dict(record.answer))

    def more(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Show all of it, to the one who pressed: in place of an answer that only they see,
        below one that others see too."""
        question, private = action["value"], bool(body["container"].get("is_ephemeral"))
        answer = stored(question)
        if answer is None:
            _tell_gone(body)
            return
        posted = respond(
            body["response_url"],
            answer_message(answer, question, expanded=True, shareable=private),
            response_type="ephemeral",
            replace_original=private,
            **_thread(body),
        )
        courier.record(question, posted, SEE_MORE)

    def share(body: dict[str, Any], action: dict[str, Any]) -> None:
        """Show the answer to the channel, and take away the private one."""
        question = action["value"]
        answer = stored(question)
        if answer is None:
            _tell_gone(body)
            return
        posted = respond(
            body["response_url"],
            shared_message(answer, question, body["user"]["id"]),
            response_type="in_channel",
            replace_original=False,
            **_thread(body),
        )
        courier.record(question, posted, SHARE)
        # A private message cannot become a public one: it stays until the public one is there.
        if posted.outcome == "delivered":
            delete_original(body["response_url"])

    app.action(SEE_MORE, middleware=[acknowledge])(more)
    app.action(SHARE, middleware=[acknowledge])(share)


def _tell_gone(body: dict[str, Any]) -> None:
    """An answer of another Code Desk's, or of a log since put away."""
    respond(
        body["response_url"],
        plain_message(say("slack.gone")),
        response_type="ephemeral",
        replace_original=False,
        **_thread(body),
    )


def _thread(body: dict[str, Any]) -> dict[str, str]:
    """Stay in the thread of the message that the button is on."""
    thread = body["container"].get("thread_ts")
    return {"thread_ts": thread} if thread else {}
