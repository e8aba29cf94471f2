"""Saying what an answer was worth: the buttons under it, the modal that asks for the code that was
used, and thanks. Pure functions.

The feedback buttons of a `context_actions` block are for messages that others see, too; what only
one person sees, and modals, have plain buttons:
https://docs.slack.dev/reference/block-kit/blocks/context-actions-block
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.desk.answer import Answer, CodeTitle
from bot.querylog import UNLOGGED
from bot.slack.pieces import Block, button, cut, escape, section
from bot.words import say

#: Actions: the pair of feedback buttons, each of the plain ones, and the one that opens the modal.
#: The value of the first three is a verdict and the id of a question, that of the last the id.
VERDICT, RIGHT, WRONG, USED = "verdict", "right", "wrong", "used"
#: The inputs of the modal; each is a block with an element of the same name.
CANDIDATE, OTHER, NOTE = "candidate", "other", "note"

#: https://docs.slack.dev/reference/block-kit/block-elements/radio-button-group-element and
#: https://docs.slack.dev/reference/block-kit/composition-objects/option-object
_MOST_OPTIONS, _MOST_OPTION_TEXT = 10, 75
_MOST_CODE, _MOST_NOTE = 20, 500
#: Verdicts on codes that nobody can have used.
_NO_CODES = ("unknown", "not_loaded")


def feedback_blocks(
    answer: Answer, question: str, buttons: list[Block], private: bool
) -> list[Block]:
    """The row of buttons under an answer, `buttons` first, and the pair that judges it. There is
    nothing to say of an answer that is not in the log, nor of one to nothing."""
    judged = question != UNLOGGED and bool(answer.question.strip())
    pair: list[Block] = []
    if judged and private:
        buttons = [*buttons, *_plain(question)]
    elif judged:
        pair = [_context_actions(question)]
    if judged:
        buttons = [*buttons, button(USED, say("slack.used"), question)]
    return [*([{"type": "actions", "elements": buttons}] if buttons else []), *pair]


def _plain(question: str) -> list[Block]:
    return [button(v, say(f"slack.{v}"), f"{v} {question}") for v in (RIGHT, WRONG)]


def _context_actions(question: str) -> Block:
    def half(verdict: str) -> dict[str, Any]:
        return {
            "text": _plain_text(say(f"slack.{verdict}")),
            "accessibility_label": say(f"slack.{verdict}_label"),
            "value": f"{verdict} {question}",
        }

    pair = {
        "type": "feedback_buttons",
        "action_id": VERDICT,
        "positive_button": half(RIGHT),
        "negative_button": half(WRONG),
    }
    return {"type": "context_actions", "elements": [pair]}


def thanks_blocks(verdict: str, question: str) -> list[Block]:
    """For the one who judged. Whoever says that it was wrong is asked for the right code."""
    blocks = [section(say(f"slack.thanks_{verdict}"))]
    if verdict == WRONG:
        used = button(USED, say("slack.used"), question)
        blocks.append({"type": "actions", "elements": [used]})
    return blocks


# The modal


def codes_of(answer: Answer) -> list[CodeTitle]:
    """The codes of an answer that someone may have used: its candidates, what differs from the best
    in side or trimester alone, and those that were asked about."""
    shown = [CodeTitle(c.code, c.title) for c in answer.candidates]
    shown += answer.candidates[0].alternatives if answer.candidates else []
    shown += [CodeTitle(v.code, v.title) for v in answer.verdicts if v.status not in _NO_CODES]
    return list({code.code: code for code in shown}.values())


def used_modal(question: str, codes: Sequence[CodeTitle]) -> dict[str, Any]:
    """https://docs.slack.dev/reference/views/modal-views"""
    options = [
        {
            "text": _plain_text(code.code),
            "value": code.code,
            **({"description": _plain_text(code.title)} if code.title else {}),
        }
        for code in codes[:_MOST_OPTIONS]
    ]
    inputs = [
        _input(
            OTHER,
            {"type": "plain_text_input", "max_length": _MOST_CODE},
            hint=say("slack.modal_other_hint"),
        ),
        _input(
            NOTE,
            {"type": "plain_text_input", "multiline": True, "max_length": _MOST_NOTE},
            hint=say("slack.modal_note_hint"),
        ),
    ]
    if options:
        inputs.insert(0, _input(CANDIDATE, {"type": "radio_buttons", "options": options}))
    return {
        "type": "modal",
        "callback_id": USED,
        "private_metadata": question,
        "title": _plain_text(say("slack.modal_title")),
        "submit": _plain_text(say("slack.modal_send")),
        "close": _plain_text(say("slack.modal_cancel")),
        "blocks": inputs,
    }


def _input(name: str, element: dict[str, Any], hint: str = "") -> Block:
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": _plain_text(say(f"slack.modal_{name}")),
        "element": element | {"action_id": name},
        **({"hint": {"type": "plain_text", "text": hint}} if hint else {}),
    }


def submitted(view: dict[str, Any]) -> tuple[str, str]:
    """The code and the note of a modal that was sent; "" where there is none. A code that was typed
    counts before one that was chosen: what was chosen cannot be unchosen."""
    values = view["state"]["values"]

    def typed(name: str) -> str:
        return (values[name][name].get("value") or "").strip()

    chosen = values.get(CANDIDATE, {}).get(CANDIDATE, {}).get("selected_option") or {}
    return typed(OTHER) or chosen.get("value", ""), typed(NOTE)


def thanks_modal(
    code: str, title: str, also: Sequence[CodeTitle] = (), *, scrubbed: bool
) -> dict[str, Any]:
    """Takes the place of the modal that was sent. `also` are codes of other systems that are typed
    the same."""
    lines = [say("slack.thanks_used", code=escape(code), title=escape(title))]
    lines += [
        say("slack.thanks_also", code=escape(other.code), title=escape(other.title))
        for other in also
    ]
    lines += [say("slack.thanks_scrubbed")] if scrubbed else []
    return {
        "type": "modal",
        "title": _plain_text(say("slack.modal_title")),
        "close": _plain_text(say("slack.modal_close")),
        "blocks": [section(line) for line in lines],
    }


def _plain_text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(text, _MOST_OPTION_TEXT)}
