"""The MS-DRG of a list of codes, by the optional package drgpy (`pip install "codedesk[drg]"`).

drgpy (Apache-2.0) applies the decision tables of CMS's "ICD-10 MS-DRG Definitions Manual", which it
brings. It takes sex, and neither age nor birth weight. The first diagnosis is the principal one.
Which secondary diagnoses count is shown by the grouper's own lists, and compared with Table 6K.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version as version_of_package
from importlib.util import find_spec
from typing import Any

from bot.desk.age_and_sex import Sex, sex_said
from bot.desk.answer import Answer, Headline, Verdict
from bot.desk.answer_flags import Drg
from bot.desk.flags import Flags, principal_of
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from codesets.code_format import undot

_ASKED = re.compile(r"\b(?:ms-?\s?)?drgs?\b", re.I)
#: The fiscal year of a version of the MS-DRGs, less the version: 43 is that of FY2026.
_FIRST_VERSION = 1983
_OLDEST = 36
_UNGROUPABLE = ("000", "998", "999")


def is_asked(text: str) -> bool:
    """Whether a text asks for an MS-DRG."""
    return _ASKED.search(text) is not None


@dataclass(frozen=True, slots=True)
class Case:
    """What is grouped: codes without dots, the principal diagnosis first."""

    principal: str
    secondary: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    sex: Sex | None = None

    @property
    def diagnoses(self) -> list[str]:
        return [self.principal, *self.secondary]


@dataclass(frozen=True, slots=True)
class Grouped:
    """The MS-DRG of a case by sex, and the secondary diagnoses that count and do not for the first
    of them, each with its level."""

    by_sex: dict[Sex, str]
    title: str
    counted: dict[str, str] = field(default_factory=dict)
    not_counted: dict[str, str] = field(default_factory=dict)


def is_installed() -> bool:
    return find_spec("drgpy") is not None


def version_for(day: dt.date) -> str:
    """The version of the MS-DRGs in force on a day, as drgpy names it: v43 from October 2025, v43.1
    from April 2026."""
    fiscal = day.year + (day.month >= 10)
    april = 4 <= day.month < 10
    return f"v{fiscal - _FIRST_VERSION}{'.1' if april else ''}"


@lru_cache(maxsize=4)
def engine_for(wanted: str) -> Any | None:
    """The grouper of a version, else of the nearest older one that drgpy has; None where it has
    none. Making one takes half a second."""
    from drgpy.msdrg import DRGEngine

    number = int(re.match(r"v(\d+)", wanted)[1])  # type: ignore[index]
    names = [wanted] if wanted.endswith(".1") else []
    names += [f"v{number}", *(f"v{n}{dot}" for n in range(number - 1, _OLDEST - 1, -1)
                              for dot in (".1", ""))]  # fmt: skip
    for name in names:
        try:
            return DRGEngine(version=name)
        except ValueError:
            continue
    return None


def complete(engine: Any, flags: Flags, day: dt.date) -> None:
    """Add the CCs and MCCs that no principal diagnosis excludes, which the lists of drgpy 0.2.1
    lack: those of Table 6K of the same fiscal year, if it is loaded."""
    edition = flags.lists.edition("cc_exclusions", day)
    if (
        edition is None
        or edition.effective_through.year != engine.version_info.major + _FIRST_VERSION
    ):
        return
    for code, level in flags.lists.never_excluded(day).items():
        engine.ccmap.setdefault(
            undot(code), {"pdx": "", "level": level, "hac": None, "aowa": False}
        )


def group(case: Case, engine: Any) -> Grouped:
    """Group a case; for each sex, where none is said."""
    sexes: list[Sex] = [case.sex] if case.sex else ["F", "M"]
    by_sex = {
        sex: engine.get_drg(case.diagnoses, list(case.procedures), gender=sex) for sex in sexes
    }
    drg = by_sex[sexes[0]]
    without = engine.drg_exclusions.get(drg, set())
    counted: dict[str, str] = {}
    not_counted: dict[str, str] = {}
    for code in case.secondary:
        if level := engine.ccmap.get(code):
            out = case.principal in engine.exmap.get(level["pdx"], ()) or code in without
            (not_counted if out else counted)[code] = level["level"]
    title = engine.drgmap.get(drg, {}).get("desc", "")
    return Grouped(by_sex, title, counted, not_counted)


def grouped(question: Question, answer: Answer, flags: Flags) -> Answer:
    """The answer to a question for an MS-DRG: it as the headline, and what counted."""
    if not is_installed():
        return _unanswered(answer, reason("drg.not_installed"))
    diagnoses = _valid(answer.verdicts, "icd10cm")
    if not diagnoses:
        return _unanswered(answer, reason("drg.no_principal"))
    first = principal_of(question, answer.verdicts) or diagnoses[0].code
    names = {undot(one.code): one.code for one in diagnoses}
    case = Case(
        undot(first),
        tuple(code for code, name in names.items() if name != first),
        tuple(one.code for one in _valid(answer.verdicts, "icd10pcs")),
        sex_said(question.text),
    )
    wanted = version_for(question.day)
    engine = engine_for(wanted)
    if engine is None:
        return _unanswered(answer, reason("drg.not_installed"))
    grouper = f"drgpy {version_of_package('drgpy')}, MS-DRG {engine.version}"
    complete(engine, flags, question.day)
    found = group(case, engine)
    notices = _notices(question.day, answer, engine.version, wanted)
    numbers = list(found.by_sex.values())
    if set(numbers) <= set(_UNGROUPABLE):
        why = reason("drg.ungroupable", grouper=grouper, principal=first)
        return noticed(_unanswered(answer, why), *notices)
    counted = _with_levels(found.counted, names)
    if len(set(numbers)) > 1:
        why = reason(
            "drg.grouped_by_sex",
            female=_or_none(found.by_sex["F"]),
            male=_or_none(found.by_sex["M"]),
            grouper=grouper,
            principal=first,
        )
        headline = Headline("verdict", [first], reasons=[why])
        return noticed(replace(answer, headline=headline, pairs=[]), *notices)
    drg = _drg(found, numbers[0], grouper, first, names, flags, question.day)
    told = reason("drg.counted", codes=", ".join(counted)) if counted else None
    why = reason(
        "drg.grouped",
        number=drg.number,
        title=drg.title,
        grouper=grouper,
        principal=first,
        counted=told or reason("drg.none_counted"),
    )
    if drg.not_counted:
        notices.append(reason("drg.not_counted", codes=", ".join(drg.not_counted)))
    if differing := _differing(found, names, first, flags, question.day):
        notices.append(reason("drg.differs", codes=", ".join(differing)))
    notices.append(reason("drg.no_second", grouper="drgpy"))
    headline = Headline("verdict", [first], reasons=[why])
    return noticed(replace(answer, headline=headline, drg=drg, pairs=[]), *notices)


def _or_none(number: str) -> str | Reason:
    return reason("drg.none") if number in _UNGROUPABLE else number


def _unanswered(answer: Answer, why: Reason) -> Answer:
    return replace(answer, headline=Headline("none", reasons=[why]), pairs=[])


def _valid(verdicts: Sequence[Verdict], system: str) -> list[Verdict]:
    """The billable codes of a system, each once."""
    found = {one.code: one for one in verdicts if one.system == system and one.status == "billable"}
    return list(found.values())


def _notices(day: dt.date, answer: Answer, version: str, wanted: str) -> list[Reason]:
    notices = []
    if version != wanted and version.split(".")[0] != wanted.split(".")[0]:
        notices.append(reason("drg.other_version", version=version))
    left_out = [
        one.code or one.typed
        for one in answer.verdicts
        if one.kind == "code" and one.status != "billable" and one.system in ("icd10cm", "icd10pcs")
    ]
    if left_out:
        notices.append(reason("drg.left_out", codes=", ".join(dict.fromkeys(left_out))))
    return notices


def _with_levels(levels: dict[str, str], names: dict[str, str]) -> list[str]:
    return [f"{names[code]} {level}" for code, level in levels.items()]


def _drg(
    found: Grouped,
    number: str,
    grouper: str,
    principal: str,
    names: dict[str, str],
    flags: Flags,
    day: dt.date,
) -> Drg:
    listed = flags.lists.drg(number, day)
    row = listed.rows[0] if listed and listed.rows else None
    return Drg(
        number=number,
        title=row.title if row else found.title,
        grouper=grouper,
        principal=principal,
        counted=_with_levels(found.counted, names),
        not_counted=_with_levels(found.not_counted, names),
        weight="" if row is None or row.weight == "." else row.weight_capped,
        release=listed.reference.label if listed and row else "",
    )


def _differing(
    found: Grouped, names: dict[str, str], principal: str, flags: Flags, day: dt.date
) -> list[str]:
    """The secondary diagnoses whose level, or whose exclusion, is another one in the loaded tables
    than in the grouper; [] where they are not loaded."""
    if "cc_exclusions" not in flags.lists.loaded:
        return []
    differing = []
    for code, name in names.items():
        if name == principal:
            continue
        level = flags.lists.level(name, day)
        theirs = found.counted.get(code) or found.not_counted.get(code) or ""
        ours = level.level if level else ""
        excluded = level is not None and flags.excluded(name, level, principal, day) is not None
        if ours != theirs or (excluded and code in found.counted):
            differing.append(name)
    return differing
