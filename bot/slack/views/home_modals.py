"""The modals that open from Home: an answer, the defaults, a code to keep, files to load. Pure
functions. https://docs.slack.dev/reference/views/modal-views"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from slack_sdk.models.blocks import (
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
)
from slack_sdk.models.blocks.block_elements import FileInputElement

from bot.desk.answer import Answer
from bot.messages import message
from bot.slack.files import CODE_FILES
from bot.slack.people import Defaults, Favourite
from bot.slack.views.answer_modal import Frame
from bot.slack.views.block_kit import (
    as_posted,
    button,
    context,
    cut,
    escape,
    plain_text,
    section,
)
from bot.slack.views.home import as_modal, intro_blocks, one_line
from codesets.model import SETTING_NAMES, SYSTEM_NAMES, US_SYSTEMS, Setting

#: Action: a code of an answer is kept, or let go. Its value is "system code"; a number is behind
#: its name, as names must differ within a block.
KEEP = "home_keep"
#: Callback ids of the modals that are sent, and of the one with an answer.
SEND_DEFAULTS, SEND_CODE, SEND_FILES, ANSWER = (
    "home_defaults_sent",
    "home_code_sent",
    "home_files_sent",
    "home_answer",
)
#: The inputs; each is a block with one element of the same name.
SYSTEMS, SETTING, DAY, DATE, PRIVATE = "systems", "setting", "day", "date", "private"
TYPED, FILES, EDITION = "typed", "files", "edition"

_MOST_KEPT, _MOST_FILES, _MOST_CODE = 10, 10, 20
_NO_CODES = ("unknown", "not_loaded")
_ANY, _TODAY, _FIXED, _YES, _NO = "any", "today", "fixed", "yes", "no"


# An answer


@dataclass(frozen=True, slots=True)
class Shown:
    """A code of an answer that may be kept."""

    favourite: Favourite
    title: str


def codes_shown(answer: Answer) -> list[Shown]:
    """The codes to report, then those of verdicts, then the best candidates."""
    reports = [one.report for one in answer.statements] or [answer.report]
    found = [(line.system, line.code, line.title) for report in reports for line in report]
    found += [
        (verdict.system, verdict.code, verdict.title)
        for verdict in answer.verdicts
        if verdict.kind == "code" and verdict.status not in _NO_CODES
    ]
    found += [(c.system, c.code, c.title) for c in answer.candidates[:3]]
    known = {(system, code): title for system, code, title in reversed(found)}
    names = dict.fromkeys((system, code) for system, code, _ in found if system in SYSTEM_NAMES)
    return [Shown(Favourite(*name), known[name]) for name in names][:_MOST_KEPT]


def answer_frame(
    answer: Answer | None,
    question_id: str,
    kept: Collection[Favourite] = (),
    *,
    words: str = "",
) -> Frame:
    """Around an answer: above it the `words` of the question, unless it says itself how it was
    read, and below it its codes to keep as favourites. Around a sentence where there is none."""
    above = [context(message("home.words", words=one_line(words, 500)))] if words else []
    keep = _keep_blocks(codes_shown(answer), kept) if answer else []
    return Frame(
        "slack_modals.answer",
        "slack_modals.close",
        ANSWER,
        question_id,
        as_posted([] if answer and answer.read_as else above),
        as_posted(keep),
        pressable=answer is not None,
    )


def _keep_blocks(shown: Sequence[Shown], kept: Collection[Favourite]) -> list[Any]:
    if not shown:
        return []
    blocks = [section(message("home.keep_heading"))]
    for number, one in enumerate(shown):
        label = message("home.kept" if one.favourite in kept else "home.keep")
        value = f"{one.favourite.system} {one.favourite.code}"
        title = one_line(one.title, 120)
        text = message("home.keep_line", code=escape(one.favourite.code), title=title)
        blocks.append(section(text, button(f"{KEEP}_{number}", label, value)))
    return blocks


def with_keeps(view: dict[str, Any], kept: Collection[Favourite]) -> dict[str, Any]:
    """The modal with an answer as it is open, with the labels of its codes as they are now. `view`
    is as Slack sends it with a press."""
    blocks = []
    for block in view.get("blocks") or []:
        pressed = block.get("accessory") or {}
        if str(pressed.get("action_id", "")).startswith(KEEP):
            name = "kept" if favourite_of(pressed.get("value", "")) in kept else "keep"
            label = plain_text(message(f"home.{name}")).to_dict()
            block = {**block, "accessory": {**pressed, "text": label}}
        blocks.append(block)
    shell = as_modal("slack_modals.answer", [])
    return {
        **shell,
        "callback_id": ANSWER,
        "private_metadata": view.get("private_metadata", ""),
        "blocks": blocks,
    }


def favourite_of(value: str) -> Favourite:
    """The favourite that a button carries."""
    system, _, code = value.partition(" ")
    return Favourite(system, code)


def sentence_modal(text: str, title: str = "slack_modals.answer") -> dict[str, Any]:
    """One or more sentences."""
    return as_modal(title, [section(escape(text))])


def help_modal(contact: str) -> dict[str, Any]:
    return as_modal("home.title", [*intro_blocks(contact)])


# Defaults


def defaults_modal(chosen: Defaults) -> dict[str, Any]:
    systems = [_option(system, SYSTEM_NAMES[system]) for system in US_SYSTEMS]
    settings = [_option(_ANY, message("home.any_setting"))]
    settings += [_option(setting, name) for setting, name in SETTING_NAMES.items()]
    days = [
        _option(_TODAY, message("home.day_today")),
        _option(_FIXED, message("home.day_fixed")),
    ]
    privates = [
        _option(_NO, message("home.private_no")),
        _option(_YES, message("home.private_yes")),
    ]
    picked = [option for option in systems if option.value in chosen.systems]
    day = chosen.day.isoformat() if chosen.day else None
    inputs = [
        _input(
            SYSTEMS,
            CheckboxesElement(action_id=SYSTEMS, options=systems, initial_options=picked or None),
            hint=True,
        ),
        _radio(SETTING, settings, chosen.setting or _ANY),
        _radio(DAY, days, _FIXED if chosen.day else _TODAY, hint=True),
        _input(DATE, DatePickerElement(action_id=DATE, initial_date=day)),
        _radio(PRIVATE, privates, _YES if chosen.private else _NO),
    ]
    return _sent(as_modal("home.defaults_title", inputs), SEND_DEFAULTS, "home.save")


class Misfit(ValueError):
    """What was sent cannot be taken: the name of the input, and a sentence."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name, self.why = name, why


def defaults_sent(view: dict[str, Any]) -> Defaults:
    """The defaults in a modal that was sent. Raises Misfit."""
    values = view["state"]["values"]
    systems = [o["value"] for o in values[SYSTEMS][SYSTEMS].get("selected_options") or []]
    setting, day, private = (_selected(values, name) for name in (SETTING, DAY, PRIVATE))
    date = None
    if day == _FIXED:
        picked = values[DATE][DATE].get("selected_date")
        if not picked:
            raise Misfit(DATE, message("home.no_date"))
        date = dt.date.fromisoformat(picked)
        if not 1990 <= date.year <= 2100:
            raise Misfit(DATE, message("home.far_date"))
    return Defaults(
        tuple(system for system in US_SYSTEMS if system in systems),
        setting if setting in get_args(Setting) else None,  # type: ignore[arg-type]
        date,
        private == _YES,
    )


def _selected(values: dict[str, Any], name: str) -> str:
    return str((values[name][name].get("selected_option") or {}).get("value", ""))


# A code to keep, and files to load


def add_modal() -> dict[str, Any]:
    typed = PlainTextInputElement(action_id=TYPED, max_length=_MOST_CODE)
    shell = as_modal("home.add_title", [_input(TYPED, typed, hint=True, optional=False)])
    return _sent(shell, SEND_CODE, "home.save")


def load_modal() -> dict[str, Any]:
    files = FileInputElement(action_id=FILES, filetypes=list(CODE_FILES), max_files=_MOST_FILES)
    edition = PlainTextInputElement(action_id=EDITION, max_length=_MOST_CODE)
    inputs = [_input(FILES, files, hint=True, optional=False), _input(EDITION, edition, hint=True)]
    shell = as_modal("home.load_title", inputs)
    return _sent(shell, SEND_FILES, "home.load_send")


def typed_in(view: dict[str, Any], name: str = TYPED) -> str:
    """What was typed in a modal that was sent: a code, or an edition."""
    return (view["state"]["values"][name][name].get("value") or "").strip()


def files_in(view: dict[str, Any]) -> Any:
    """The files in a modal that was sent, as Slack describes them."""
    return view["state"]["values"][FILES][FILES].get("files")


def _sent(view: dict[str, Any], callback: str, submit: str) -> dict[str, Any]:
    labels = {"submit": submit, "close": "home.cancel"}
    shown = {name: plain_text(message(key)).to_dict() for name, key in labels.items()}
    return {**view, "callback_id": callback, **shown}


def _option(value: str, label: str) -> Option:
    return Option(value=value, text=plain_text(cut(label, 75)))


def _radio(name: str, options: list[Option], chosen: str, *, hint: bool = False) -> InputBlock:
    (first,) = [option for option in options if option.value == chosen]
    element = RadioButtonsElement(action_id=name, options=options, initial_option=first)
    return _input(name, element, hint=hint, optional=False)


def _input(
    name: str, element: InputInteractiveElement, *, hint: bool = False, optional: bool = True
) -> InputBlock:
    return InputBlock(
        block_id=name,
        optional=optional,
        label=plain_text(message(f"home.input_{name}")),
        element=element,
        hint=plain_text(message(f"home.input_{name}_hint")) if hint else None,
    )
