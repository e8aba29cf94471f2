"""Flags in one short clause, for the terminal and Slack."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.answer import Answer
from bot.desk.answer_flags import Flag
from bot.desk.drg import is_asked
from bot.desk.inpatient_questions import subject_of
from bot.desk.systems import said
from bot.messages import message

#: Flags that are shown only where they are asked for. An age or a sex that fits is no news, and one
#: model of risk adjustment is enough beside a code.
_SHOWN_WHEN_ASKED = ("age", "sex", "hcc_other")
#: Flags that a line of a message to an inpatient statement has room for.
_ON_A_LINE = ("mcc", "cc", "cc_excluded")


def clause(flags: Sequence[Flag]) -> str:
    """The labels with their editions: "CC · POA exempt (FY2026) · HCC 224 (2027)"; "" for none."""
    shown = [flag for flag in flags if flag.kind not in _SHOWN_WHEN_ASKED]
    parts: list[str] = []
    for at, flag in enumerate(shown):
        last = at + 1 == len(shown) or shown[at + 1].release != flag.release
        key = "flags.labelled" if last else "flags.unlabelled"
        parts.append(message(key, label=flag.label, release=flag.release))
    return message("flags.line", flags=" · ".join(parts)) if parts else ""


def on_line(flags: Sequence[Flag]) -> str:
    """What a line of a message has room for: "CC"; "" for none."""
    return next((flag.label for flag in flags if flag.kind in _ON_A_LINE), "")


def asks_of_lists(answer: Answer) -> bool:
    """Whether an answer's headline tells what lists say of its codes: it is shown, then."""
    if not answer.verdicts or answer.headline.kind not in ("verdict", "none"):
        return False
    typed = [one.typed for one in answer.verdicts if one.typed]
    return is_asked(answer.question) or subject_of(answer.question, typed) not in (
        None,
        "principal",
    )


def shows_flags(answer: Answer) -> bool:
    """Whether the lines of a report have their flags in a message: its statement is of an
    inpatient, or asks for them."""
    text = answer.read_as or answer.question
    return bool(answer.report or answer.statements) and (
        said(text).is_inpatient or is_asked(text) or subject_of(text) is not None
    )
