"""The modal in which one asks, and in which the answer takes its place. Pure functions.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.messages import message
from bot.slack.views.answer_modal import Frame
from bot.slack.views.block_kit import (
    actions,
    as_posted,
    button,
    context,
    cut,
    escape,
    plain_text,
)
from codesets.model import SYSTEM_NAMES, US_SYSTEMS, Setting, System

#: The callback of the modal, and the inputs in it; each is a block with one element of this name.
ASK = "ask"
STATEMENT, DAY, SYSTEMS, SETTING = "statement", "day", "systems", "setting"
#: The callback of the modal with the answer, and its buttons, with the id of the question.
ANSWER, POST, AGAIN = "ask_answer", "ask_post", "ask_again"

#: As long as the longest list of statements that is read.
MOST_STATEMENT = 3000
#: https://docs.slack.dev/reference/views/modal-views: the title has 24 characters.
_MOST_LABEL = 75


@dataclass(frozen=True, slots=True)
class From:
    """Where the modal was opened: the channel and the thread of the message of a message shortcut;
    both None for the global one."""

    channel: str | None = None
    thread: str | None = None

    def as_metadata(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> From:
        return cls(**json.loads(view.get("private_metadata") or "{}"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What was filled in. `systems` is empty for all, `day` and `setting` None for none chosen."""

    statement: str
    day: dt.date | None = None
    systems: tuple[System, ...] = ()
    setting: Setting | None = None


# The form


def ask_modal(opened: From, filled: Asked, notes: Sequence[str] = ()) -> dict[str, Any]:
    """`filled`: what stands in the inputs at first. `notes`: what is said above them."""
    blocks: list[Block] = [context(escape(note)) for note in notes]
    blocks += [
        _input(
            STATEMENT,
            PlainTextInputElement(
                action_id=STATEMENT,
                multiline=True,
                max_length=MOST_STATEMENT,
                initial_value=filled.statement or None,
                focus_on_load=True,
            ),
            optional=False,
        ),
        _input(
            DAY,
            DatePickerElement(
                action_id=DAY, initial_date=filled.day.isoformat() if filled.day else None
            ),
        ),
        _input(SYSTEMS, _systems(filled.systems)),
        _input(SETTING, _settings(filled.setting)),
    ]
    return View(
        type="modal",
        callback_id=ASK,
        private_metadata=opened.as_metadata(),
        title=plain_text(message("slack_surfaces.ask_title")),
        submit=plain_text(message("slack_surfaces.ask_send")),
        close=plain_text(message("slack_surfaces.ask_cancel")),
        blocks=blocks,
    ).to_dict()


def _systems(chosen: Sequence[System]) -> CheckboxesElement:
    options = {name: Option(text=plain_text(SYSTEM_NAMES[name]), value=name) for name in _names()}
    initial = [options[name] for name in chosen if name in options]
    return CheckboxesElement(
        action_id=SYSTEMS, options=list(options.values()), initial_options=initial or None
    )


def _settings(chosen: Setting | None) -> StaticSelectElement:
    options = {
        name: Option(text=plain_text(message(f"slack_surfaces.setting_{name}")), value=name)
        for name in get_args(Setting)
    }
    initial = options.get(chosen) if chosen else None
    return StaticSelectElement(
        action_id=SETTING,
        placeholder=plain_text(message("slack_surfaces.ask_setting_none")),
        options=list(options.values()),
        initial_option=initial,
    )


def _names() -> tuple[System, ...]:
    return US_SYSTEMS


def _input(name: str, element: InputInteractiveElement, optional: bool = True) -> InputBlock:
    hints = {STATEMENT, DAY, SYSTEMS}
    hint = plain_text(message(f"slack_surfaces.ask_{name}_hint")) if name in hints else None
    label = plain_text(cut(message(f"slack_surfaces.ask_{name}"), _MOST_LABEL))
    return InputBlock(block_id=name, optional=optional, label=label, element=element, hint=hint)


def submitted(view: Mapping[str, Any]) -> Asked:
    """What a submitted modal says. Raises ValueError for a date that there is not."""
    values = view["state"]["values"]

    def of(name: str) -> Mapping[str, Any]:
        return (values.get(name) or {}).get(name) or {}

    day = of(DAY).get("selected_date")
    chosen = [option["value"] for option in of(SYSTEMS).get("selected_options") or []]
    setting = (of(SETTING).get("selected_option") or {}).get("value")
    return Asked(
        (of(STATEMENT).get("value") or "").strip(),
        dt.date.fromisoformat(day) if day else None,
        tuple(name for name in _names() if name in chosen),
        next((name for name in get_args(Setting) if name == setting), None),
    )


# What takes its place


def answer_frame(opened: From, question_id: str = "", *, posted: str = "") -> Frame:
    """Around the answer to a question; around a sentence without one. `posted`: what is said of
    posting the answer, instead of the button for that."""
    below: list[Block] = []
    buttons: list[ButtonElement] = []
    if posted:
        below.append(context(escape(posted)))
    elif opened.channel:
        buttons.append(button(POST, message("slack_surfaces.ask_post"), question_id))
    buttons.append(button(AGAIN, message("slack_surfaces.ask_again"), question_id))
    return Frame(
        "slack_surfaces.ask_title",
        "slack_modals.close",
        ANSWER,
        opened.as_metadata(),
        below=as_posted([*below, actions(buttons)]) if question_id else (),
        pressable=bool(question_id),
    )
