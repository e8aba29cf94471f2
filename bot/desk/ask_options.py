"""The answers to what is asked back about a line of a report, each with the code that it leads to.

Every option is a code of the loaded edition that is in force: a code of the same category with
another side, stage or trimester, another seventh character of the same stem, or a neighbour in the
same ICD-10-PCS table. Nothing is made up, so a question may have no options.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.desk.answer import Answer, AskOption, ReportLine
from bot.desk.left_open import Choice, endings, on_axis, unspecified
from bot.desk.procedure_axes import ProcedureAxes
from bot.desk.reasons import Reason, reason
from codesets.lookups import pcs_axes
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.text.attributes import AXES

#: Options of one question; a select of Slack takes 100, but nobody reads so many.
_MOST = 25
#: The positions of an ICD-10-PCS code that "Which approach, device and qualifier?" is about.
_LEFT_OPEN_OF_PCS = (5, 6, 7)
#: At the end of a title with its noun: "flank pain, unspecified side".
_UNSPECIFIED = re.compile(r",? ?\bunspecified(?: \w+)?$|\bunspecified ", re.I)
_AXES = {f"ask.{axis.name}": axis for axis in AXES}


def with_options(answer: Answer, store: CodeStore, day: dt.date) -> Answer:
    """The answer with the options of the first question that its report asks back; as it is where
    there are none, and for several statements, whose questions may be of any of them."""
    line = asked_about(answer)
    asked = line.reasons[0] if line and line.reasons else None
    if line is None or asked is None or answer.statements:
        return replace(answer, ask_options=[])
    return replace(answer, ask_options=_options(line, asked, store, day)[:_MOST])


def asked_about(answer: Answer) -> ReportLine | None:
    """The line that the first question of an answer is about; None for no question."""
    return next((line for line in answer.report if line.reasons or line.ask_back), None)


def _options(line: ReportLine, asked: Reason, store: CodeStore, day: dt.date) -> list[AskOption]:
    if line.system == "icd10pcs":
        return list(_of_procedure(line.code, asked, store, day))
    if line.system != "icd10cm":
        return []
    books = Books(store, store.for_date("icd10cm", day).release, day)
    code = books.code(line.code)
    if code is None:
        return []
    if axis := _AXES.get(asked.key):
        return [_named(axis.name, one) for one in on_axis(axis, code, books)]
    if asked.key in ("desk.ask_encounter", "desk.ask_seventh"):
        return [_titled(one) for one in endings(code, books)]
    found = unspecified(code, books)
    if found is None:
        return []
    # "Chronic" alone may be of any condition of a statement; the whole title is not.
    return [
        replace(_titled(one), words=_without_unspecified(one.code.title))
        if asked.key == "ask.kind"
        else _titled(one)
        for one in found.choices
    ]


def _named(axis: str, choice: Choice) -> AskOption:
    """An option by the name of its value, which is what a press says."""
    named = reason(f"option.{axis}_{choice.words}")
    return AskOption(choice.code.code, reasons=[named])


def _without_unspecified(title: str) -> str:
    words = _UNSPECIFIED.sub("", title).strip(" ,")
    return words[:1].casefold() + words[1:]


def _titled(choice: Choice) -> AskOption:
    """An option in the words of its title."""
    label = choice.words[:1].upper() + choice.words[1:]
    return AskOption(choice.code.code, label, choice.words)


def _of_procedure(code: str, asked: Reason, store: CodeStore, day: dt.date) -> Iterator[AskOption]:
    """The codes that differ from an ICD-10-PCS code in the axis that is asked about; where several
    are asked about, in the first of them that has a choice."""
    rows = ProcedureAxes(store, day).table(code)
    release = store.for_date("icd10pcs", day).release
    for axis in pcs_axes.explain(rows, code):
        if not _is_asked(asked, axis):
            continue
        others: Sequence[tuple[str, Any]] = [
            (meaning, store.get(release, other))
            for meaning in pcs_axes.neighbour(rows, code, axis.position, axis.meaning).choices
            if (other := pcs_axes.neighbour(rows, code, axis.position, meaning).code)
        ]
        found = [(meaning, other) for meaning, other in others if other and other.in_force(day)]
        # The rivals that the question names; where it names none, all of the axis.
        named = [one for one in found if one[0] in str(asked.params.get("choices", ""))]
        found = named if len(named) > 1 else found
        if len(found) > 1:
            for meaning, other in found:
                words = f"{meaning} {axis.name}" if axis.name == "Approach" else meaning
                yield AskOption(other.code, meaning, words.casefold())
            return


def _is_asked(asked: Reason, axis: pcs_axes.Axis) -> bool:
    if asked.key == "desk.ask_axis":
        return bool(asked.params["axis"] == axis.name)
    return asked.key == "desk.ask_pcs" and axis.position in _LEFT_OPEN_OF_PCS
