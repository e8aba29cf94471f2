"""The modal that asks for codes to check with those of an answer, and shows what it comes to. Pure
functions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.messages import message
from bot.slack.views.answer_modal import Frame
from bot.slack.views.block_kit import actions, as_posted, button, context, escape, label, plain_text

#: The callback of the modal, and its input, which is a block with one element of the same name.
CHECK, CODES = "check_with", "codes"
#: The action that shows a check to the channel.
SHARE_CHECK = "share_check"
#: Codes of an answer that are checked, and codes in all.
MOST_OF_ANSWER, MOST = 12, 24
_MOST_TYPED = 200
_BETWEEN = re.compile(r"[\s,;]+")


def check_modal(question_id: str, codes: Sequence[str], place: dict[str, Any]) -> dict[str, Any]:
    typed = PlainTextInputElement(
        action_id=CODES,
        max_length=_MOST_TYPED,
        placeholder=plain_text(message("slack_buttons.check_placeholder")),
        focus_on_load=True,
    )
    named = ", ".join(codes[:MOST_OF_ANSWER])
    asked = InputBlock(
        block_id=CODES,
        label=label("slack_buttons.check_input"),
        element=typed,
        hint=label("slack_buttons.check_hint"),
    )
    return View(
        type="modal",
        callback_id=CHECK,
        private_metadata=json.dumps({"question": question_id, "place": place}),
        title=label("slack_buttons.check_title"),
        submit=label("slack_buttons.check_submit"),
        close=label("slack_buttons.cancel"),
        blocks=[context(message("slack_buttons.check_codes", codes=escape(named))), asked],
    ).to_dict()


def submitted(view: dict[str, Any]) -> tuple[str, dict[str, Any], list[str]]:
    """The id of the question, where its answer stands, and the codes that were typed."""
    kept = json.loads(view["private_metadata"])
    typed = view["state"]["values"][CODES][CODES].get("value") or ""
    codes = [code for code in _BETWEEN.split(typed) if re.search(r"\w", code)]
    return kept["question"], kept["place"], list(dict.fromkeys(codes))


def answer_frame(question_id: str, place: dict[str, Any], *, shareable: bool = False) -> Frame:
    """Around the answer. `shareable`: the modal was opened in a channel, where the answer may be
    shown."""
    share = button(SHARE_CHECK, message("slack_buttons.share"), question_id)
    return Frame(
        "slack_buttons.check_title",
        "slack_modals.close" if place["channel"] else "slack_modals.back",
        metadata=json.dumps({"place": place}),
        below=as_posted([actions([share])]) if shareable else (),
    )


def place_of_answer(view: dict[str, Any]) -> dict[str, Any]:
    """Where the answer stands beside which a modal with an answer was opened."""
    kept: dict[str, Any] = json.loads(view["private_metadata"])["place"]
    return kept
