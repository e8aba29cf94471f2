"""An option of what was asked back, taken: its code stands in the report.

The words of the option are read with the statement, as any follow-up is, and most often lead to its
code. Where they do not, the code is set: the person chose it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.desk.answer import Answer, AskOption, ReportLine
from bot.desk.ask_options import asked_about, with_options
from bot.desk.headlines import of_report
from codesets.store.code_store import CodeStore


@dataclass(frozen=True, slots=True)
class Taken:
    """An option that was taken.

    - `option`: the option.
    - `report`: the report whose line was asked about.
    - `line`: that line.
    - `asked`: what was asked.
    - `others`: the codes of the other options.
    """

    option: AskOption
    report: Sequence[ReportLine]
    line: ReportLine
    asked: str
    others: frozenset[str]


def taken(answer: Answer, words: str) -> Taken | None:
    """The option of an answer that these words are; None where they are none of them."""
    said, line = _folded(words), asked_about(answer)
    if line is None or not said:
        return None
    for option in answer.ask_options:
        if _folded(option.words) == said:
            others = frozenset(one.code for one in answer.ask_options) - {option.code}
            return Taken(option, answer.report, line, line.ask_back or "", others)
    return None


def with_option(answer: Answer, one: Taken, store: CodeStore, day: dt.date) -> Answer:
    """The answer with the code of the option in its report, once: what its words have brought of
    the same category besides is left out. The same is not asked again of that line. As it is, where
    the edition of the day does not have the code."""
    release = store.for_date(one.line.system, day).release
    code = store.get(release, one.option.code)
    if code is None or not code.billable or not code.in_force(day):
        return answer
    lines = list(answer.report)
    before = [each.code for each in lines]
    at = _place(lines, one, code.code)
    if at is None:
        lines, at = list(one.report), one.report.index(one.line)
    line = lines[at]
    # The same is not asked twice.
    again = not one.others.isdisjoint(option.code for option in answer.ask_options)
    is_same = line.code == code.code
    lines[at] = replace(
        line,
        code=code.code,
        title=code.title,
        billable=True,
        release=release.label,
        confidence="high",
        ask_back=None,
        reasons=line.reasons if is_same and not again else [],
        alternatives=line.alternatives if is_same else [],
    )
    known = {each.code for each in one.report}
    lines = [
        other
        for place, other in enumerate(lines)
        if place == at
        or (
            other.code not in (code.code, one.line.code)
            and (other.code in known or other.code[:3] != code.code[:3])
        )
    ]
    lines = [replace(each, line=number) for number, each in enumerate(lines, 1)]
    answer = with_options(replace(answer, report=lines), store, day)
    if [each.code for each in lines] == before:
        return answer
    headline = of_report(lines) if answer.headline.kind in ("codes", "none") else answer.headline
    return replace(answer, outcome="answered", headline=headline)


def _place(lines: Sequence[ReportLine], one: Taken, code: str) -> int | None:
    """The place of the line that was asked about: it has the code already, or the code of before,
    or is the only one of its category, or has taken its place. None where it is gone."""
    codes = [line.code for line in lines]
    for known in (code, one.line.code):
        if known in codes:
            return codes.index(known)
    before = {line.code for line in one.report}
    alike = [
        place
        for place, line in enumerate(lines)
        if line.code[:3] == code[:3] and line.system == one.line.system and line.code not in before
    ]
    return alike[0] if alike else None


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())
