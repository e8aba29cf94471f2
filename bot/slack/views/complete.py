"""The modal in which a code is completed, step by step. Pure functions.

What was chosen before, and where the answer stands, travel in the private metadata of the view,
which only the app sees: https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    InteractiveElement,
    Option,
    OptionGroup,
    RadioButtonsElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.desk.completing import Begun, Next, Step
from bot.messages import message
from bot.slack.views.answer_modal import Frame
from bot.slack.views.block_kit import (
    actions,
    button,
    context,
    cut,
    escape,
    label,
    plain_text,
    section,
    short,
)
from codesets.model import SYSTEM_NAMES

#: The callback of the modal, and the actions in it: a choice, whose value is the code that it leads
#: to (of the first step with the system before it), and the way back.
COMPLETE, CHOOSE, BACK = "complete", "complete_choose", "complete_back"
#: https://docs.slack.dev/reference/block-kit/block-elements/radio-button-group-element
_MOST_RADIOS = 10
#: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
_MOST_OPTIONS, _MOST_GROUPS = 100, 100


@dataclass(frozen=True, slots=True)
class Trail:
    """What is being completed.

    - `question`: the id of the question whose answer has the code.
    - `system`: of the code; "" while it is not chosen.
    - `codes`: the code, and what was chosen after it, in order.
    - `place`: where the answer stands.
    """

    question: str
    system: str
    codes: tuple[str, ...]
    place: dict[str, Any]

    def to(self, code: str) -> Trail:
        return Trail(self.question, self.system, (*self.codes, code), self.place)

    def back(self) -> Trail:
        """One step back; from the first one to the choice of a code."""
        codes = self.codes[:-1]
        return Trail(self.question, self.system if codes else "", codes, self.place)

    def as_text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Trail:
        fields = json.loads(text)
        return cls(fields["question"], fields["system"], tuple(fields["codes"]), fields["place"])


def which_modal(trail: Trail, begun: Sequence[Begun]) -> dict[str, Any]:
    """The choice among several codes that are not complete."""
    choices = [(f"{one.system} {one.code}", one.code, one.title) for one in begun]
    blocks = [section(message("slack_buttons.complete_which")), *_choices(choices, "")]
    return _modal(trail, blocks)


def step_modal(trail: Trail, step: Step, *, first: bool) -> dict[str, Any]:
    """Where a code stands. `first`: there is no way back from here."""
    begun = step.begun
    key = "complete_done" if step.billable else "complete_so_far"
    code, title = escape(begun.code), escape(short(begun.title))
    blocks: list[Block] = [
        section(message(f"slack_buttons.{key}", code=code, title=title).rstrip()),
        context(
            message(
                "slack_buttons.complete_edition",
                system=SYSTEM_NAMES[begun.system],
                release=escape(step.release),
            )
        ),
    ]
    if step.choices:
        asked = "complete_axis" if step.axis else "complete_next"
        text = message(f"slack_buttons.{asked}", position=step.position, axis=escape(step.axis))
        shown = [(one.code, *_named(one, step)) for one in step.choices]
        blocks += [section(text), *_choices(shown, begun.code)]
    elif not step.billable:
        why = "complete_none" if not step.why else f"complete_{step.why}"
        system = SYSTEM_NAMES[begun.system]
        blocks.append(section(message(f"slack_buttons.{why}", code=code, system=system)))
    if not first:
        blocks.append(actions([button(BACK, message("slack_buttons.complete_back"), "back")]))
    return _modal(trail, blocks, submit=step.billable)


def done_modal(code: str) -> dict[str, Any]:
    """Replaces the modal when the code is used under the answer."""
    return _closing(message("slack_buttons.complete_used", code=escape(code)))


def answer_frame() -> Frame:
    """Around the answer to the code that was used, where there is no message to put it under."""
    return Frame("slack_buttons.complete_title", "slack_modals.back")


def sentence_modal(text: str) -> dict[str, Any]:
    """Replaces the modal when there is nothing to go on with."""
    return _closing(escape(text))


def _closing(text: str) -> dict[str, Any]:
    return View(
        type="modal",
        title=label("slack_buttons.complete_title"),
        close=label("slack_buttons.close"),
        blocks=[section(text)],
    ).to_dict()


def _named(choice: Next, step: Step) -> tuple[str, str]:
    """What a choice is called: of ICD-10-PCS the character that is added, else the code; and its
    title without what it has in common with the code so far."""
    if step.axis:
        return choice.code[len(step.begun.code) :], choice.title
    rest = choice.title.removeprefix(step.begun.title).lstrip(", ")
    return choice.code, rest or choice.title


def _choices(choices: Sequence[tuple[str, str, str]], begun: str) -> list[Block]:
    """(value, name, title) of each choice: radio buttons, or a select where they are many; in
    groups by their beginning where they are more than a select has in one list."""
    options = [_option(*choice) for choice in choices]
    element: InteractiveElement
    if len(options) <= _MOST_RADIOS:
        element = RadioButtonsElement(action_id=CHOOSE, options=options)
    else:
        placeholder = plain_text(message("slack_buttons.complete_choose"))
        element = StaticSelectElement(
            action_id=CHOOSE,
            placeholder=placeholder,
            **(
                {"options": options}
                if len(options) <= _MOST_OPTIONS
                else {"option_groups": list(_groups(options))[:_MOST_GROUPS]}
            ),
        )
    block = actions([element])
    # What was chosen in the step before is not chosen in this one.
    block.block_id = f"{CHOOSE} {begun}"
    return [block]


def _option(value: str, name: str, title: str) -> Option:
    most = Option.label_max_length
    text = f"{name}  {title}".rstrip()
    if len(text) <= most:
        return Option(text=plain_text(text), value=value)
    return Option(text=plain_text(name), value=value, description=plain_text(cut(title, most)))


def _groups(options: Sequence[Option]) -> Iterator[OptionGroup]:
    """Options by the first letter of their values; a letter with too many has several groups."""
    for letter, group in groupby(options, key=lambda option: str(option.value)[:1]):
        own = list(group)
        for start in range(0, len(own), _MOST_OPTIONS):
            yield OptionGroup(label=plain_text(letter), options=own[start : start + _MOST_OPTIONS])


def _modal(trail: Trail, blocks: Sequence[Block], *, submit: bool = False) -> dict[str, Any]:
    return View(
        type="modal",
        callback_id=COMPLETE,
        private_metadata=trail.as_text(),
        title=label("slack_buttons.complete_title"),
        submit=label("slack_buttons.complete_use") if submit else None,
        close=label("slack_buttons.cancel"),
        blocks=blocks,
    ).to_dict()
