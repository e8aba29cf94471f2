"""The buttons under an answer, but for its rating: the answers to what is asked back, then what can
be done with its codes.

A phone shows few buttons well, so there are three at most in the second row, and a menu:
https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element
"""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    InteractiveElement,
    Option,
    OverflowMenuElement,
    StaticSelectElement,
)

from bot.desk.answer import Answer
from bot.desk.completing import incomplete
from bot.messages import message
from bot.querylog import UNLOGGED
from bot.slack.views.block_kit import actions, button, cut, plain_text

#: Actions. The value of each is the id of a question; of an option, with the number of the option;
#: of an entry of the menu, after the name of the action.
OPTION, COMPLETE, RULES, CHECK_WITH, MENU = "option", "complete", "rules", "check_with", "menu"
#: Entries of the menu, which are actions of buttons elsewhere, too.
COPY, SHARE, USED = "copy", "share", "used"
#: The most options that are buttons, and the longest label of one; others are in a select.
_MOST_BUTTONS, _MOST_LABEL = 6, 24


def answer_buttons(
    answer: Answer, question_id: str, *, private: bool = False, shareable: bool = False
) -> list[Block]:
    """`private`: only one person sees the answer. `shareable`: that person may show it to the
    channel. [] for an answer without results, and for one that is not in the log, where no button
    would find it."""
    if question_id == UNLOGGED or answer.outcome == "abstained":
        return []
    row: list[InteractiveElement] = list(_row(answer, question_id))
    row.append(_menu(answer, question_id, shareable))
    return [*option_blocks(answer, question_id), actions(row)]


def option_blocks(answer: Answer, question_id: str) -> list[Block]:
    """The answers to the first question that is asked back, in a row; [] where it has none."""
    options = answer.ask_options
    if not options or question_id == UNLOGGED:
        return []
    labels = [option.label for option in options]
    if len(labels) <= _MOST_BUTTONS and max(map(len, labels)) <= _MOST_LABEL:
        buttons: list[InteractiveElement] = [
            button(f"{OPTION}:{number}", label, f"{question_id} {number}")
            for number, label in enumerate(labels)
        ]
        return [actions(buttons)]
    select = StaticSelectElement(
        action_id=OPTION,
        placeholder=plain_text(cut(answer.asks[0], 150)),
        options=[
            Option(text=plain_text(cut(label, Option.label_max_length)), value=f"{question_id} {n}")
            for n, label in enumerate(labels)
        ],
    )
    return [actions([select])]


def pressed_option(value: str) -> tuple[str, int]:
    """The id of a question and the number of an option, out of the value of a press. Raises
    ValueError for any other value."""
    question_id, number = value.split(" ")
    return question_id, int(number)


def _row(answer: Answer, question_id: str) -> Iterator[ButtonElement]:
    if incomplete(answer):
        yield button(COMPLETE, message("slack_buttons.complete"), question_id)
    if answer.changes is None or answer.changes.listed:
        yield button(RULES, message("slack_buttons.rules"), question_id)
    if shown_codes(answer):
        yield button(CHECK_WITH, message("slack_buttons.check_with"), question_id)


def _menu(answer: Answer, question_id: str, shareable: bool) -> OverflowMenuElement:
    entries = [COPY] if shown_codes(answer) else []
    entries += [SHARE] if shareable else []
    entries += [USED]
    return OverflowMenuElement(
        action_id=MENU,
        options=[
            Option(
                text=plain_text(message(f"slack_buttons.{entry}")), value=f"{entry} {question_id}"
            )
            for entry in entries
        ],
    )


def shown_codes(answer: Answer) -> list[str]:
    """The codes that an answer comes to: of its verdicts, else of the lines to report."""
    if answer.outcome == "verdict":
        codes = [v.code for v in answer.verdicts if v.kind == "code" and v.status != "unknown"]
    else:
        reports = [one.report for one in answer.statements] or [answer.report]
        codes = [line.code for report in reports for line in report]
    return list(dict.fromkeys(codes))
