"""Feedback on an answer: the buttons under it, the modal that asks for the code that was used, and
thanks. Pure functions.

The feedback buttons of a `context_actions` block are for messages that others see, too. Private
messages and modals have plain buttons:
https://docs.slack.dev/reference/block-kit/blocks/context-actions-block
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ContextActionsBlock,
    FeedbackButtonObject,
    FeedbackButtonsElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
)
from slack_sdk.models.views import View

from bot.desk.answer import Answer, CodeTitle
from bot.messages import message
from bot.querylog import UNLOGGED
from bot.slack.views.block_kit import actions, button, cut, escape, plain_text, section

#: Actions: the pair of feedback buttons, the two plain ones, and the one that opens the modal. The
#: value of the first three is a rating and the id of a question, that of the last the id.
RATING, RIGHT, WRONG, USED = "verdict", "right", "wrong", "used"
#: The inputs of the modal; each is a block with one element of the same name.
CANDIDATE, OTHER, NOTE = "candidate", "other", "note"

#: https://docs.slack.dev/reference/block-kit/block-elements/radio-button-group-element
_MOST_OPTIONS = 10
_MOST_CODE, _MOST_NOTE = 20, 500
#: Statuses of codes that nobody can have used.
_NO_CODES = ("unknown", "not_loaded")


def feedback_blocks(
    answer: Answer, question_id: str, *, plain: bool, used: bool = False
) -> list[Block]:
    """The buttons that rate an answer: `plain` ones where only one person sees it, or where a
    workspace lacks the pair. `used`: with the one that asks for the code that was used. An answer
    that is not in the log has none, nor has one to an empty question."""
    if question_id == UNLOGGED or not answer.question.strip():
        return []
    asks = [button(USED, message("slack.used"), question_id)] if used else []
    if plain:
        return [actions([*_plain(question_id), *asks])]
    return [*([actions(asks)] if asks else []), _context_actions(question_id)]


def _plain(question_id: str) -> list[ButtonElement]:
    return [button(v, message(f"slack.{v}"), f"{v} {question_id}") for v in (RIGHT, WRONG)]


def _context_actions(question_id: str) -> Block:
    def half(rating: str) -> FeedbackButtonObject:
        return FeedbackButtonObject(
            text=_label(message(f"slack.{rating}")),
            accessibility_label=message(f"slack.{rating}_label"),
            value=f"{rating} {question_id}",
        )

    pair = FeedbackButtonsElement(
        action_id=RATING, positive_button=half(RIGHT), negative_button=half(WRONG)
    )
    return ContextActionsBlock(elements=[pair])


def thanks_blocks(rating: str, question_id: str) -> list[Block]:
    """For the person who rated. After "wrong", it asks for the right code."""
    blocks: list[Block] = [section(message(f"slack.thanks_{rating}"))]
    if rating == WRONG:
        blocks.append(actions([button(USED, message("slack.used"), question_id)]))
    return blocks


# The modal


def codes_of(answer: Answer) -> list[CodeTitle]:
    """The codes of an answer that may have been used: the lines of its report, its candidates, the
    best one's alternatives, and the codes of its verdicts."""
    reports = [one.report for one in answer.statements] or [answer.report]
    shown = [CodeTitle(line.code, line.title) for report in reports for line in report]
    shown += [CodeTitle(c.code, c.title) for c in answer.candidates]
    shown += answer.candidates[0].alternatives if answer.candidates else []
    shown += [CodeTitle(v.code, v.title) for v in answer.verdicts if v.status not in _NO_CODES]
    return list({code.code: code for code in shown}.values())


def used_modal(question_id: str, codes: Sequence[CodeTitle]) -> dict[str, Any]:
    """https://docs.slack.dev/reference/views/modal-views"""
    options = [
        Option(
            text=_label(code.code),
            value=code.code,
            description=_label(code.title) if code.title else None,
        )
        for code in codes[:_MOST_OPTIONS]
    ]
    other = PlainTextInputElement(action_id=OTHER, max_length=_MOST_CODE)
    note = PlainTextInputElement(action_id=NOTE, multiline=True, max_length=_MOST_NOTE)
    inputs = [
        _input(OTHER, other, hint=message("slack.modal_other_hint")),
        _input(NOTE, note, hint=message("slack.modal_note_hint")),
    ]
    if options:
        chosen = RadioButtonsElement(action_id=CANDIDATE, options=options)
        inputs.insert(0, _input(CANDIDATE, chosen))
    return View(
        type="modal",
        callback_id=USED,
        private_metadata=question_id,
        title=_label(message("slack.modal_title")),
        submit=_label(message("slack.modal_send")),
        close=_label(message("slack.modal_cancel")),
        blocks=inputs,
    ).to_dict()


def _input(name: str, element: InputInteractiveElement, hint: str = "") -> InputBlock:
    return InputBlock(
        block_id=name,
        optional=True,
        label=_label(message(f"slack.modal_{name}")),
        element=element,
        hint=plain_text(hint) if hint else None,
    )


def submitted(view: dict[str, Any]) -> tuple[str, str]:
    """The code and the note of a submitted modal; "" for each that is missing. A typed code counts
    before a chosen one, because a choice cannot be undone."""
    values = view["state"]["values"]

    def typed(name: str) -> str:
        return (values[name][name].get("value") or "").strip()

    chosen = values.get(CANDIDATE, {}).get(CANDIDATE, {}).get("selected_option") or {}
    return typed(OTHER) or chosen.get("value", ""), typed(NOTE)


def thanks_modal(
    code: str, title: str, also: Sequence[CodeTitle] = (), *, scrubbed: bool
) -> dict[str, Any]:
    """Replaces the submitted modal. `also`: codes of other systems that are typed the same."""
    lines = [message("slack.thanks_used", code=escape(code), title=escape(title))]
    lines += [
        message("slack.thanks_also", code=escape(other.code), title=escape(other.title))
        for other in also
    ]
    lines += [message("slack.thanks_scrubbed")] if scrubbed else []
    return View(
        type="modal",
        title=_label(message("slack.modal_title")),
        close=_label(message("slack.modal_close")),
        blocks=[section(line) for line in lines],
    ).to_dict()


def _label(text: str) -> PlainTextObject:
    return plain_text(cut(text, Option.label_max_length))
