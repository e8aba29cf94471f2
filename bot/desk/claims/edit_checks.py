"""Checks the lines of a claim against NCCI's edits: pairs on one day, units, lines billed twice.

CMS, NCCI Policy Manual for Medicare Services, chapter I, sections E (modifiers) and V (medically
unlikely edits): an edit of a line is held against each line, one of a day against all lines of a
code on that day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from bot.desk.answer import Pair
from bot.desk.claims.case import Case, Line, found
from bot.desk.reasons import reason
from codesets.formats import ncci
from codesets.model import SETTING_NAMES, MueEdit, PtpEdit, Reference, Setting
from codesets.ncci_modifiers import PTP_ASSOCIATED
from codesets.store.code_store import CodeStore

#: An edit that is held against each line, and not against the day.
_OF_A_LINE = "1"
#: Modifiers of equipment, and first letters of codes that suppliers bill.
_OF_EQUIPMENT = frozenset({"RR", "NU", "UE"})
_SUPPLIED = "ABEKL"


#: Days by which edits may begin after the day of a claim and still be held against it.
_LATER = 366


def applies(reference: Reference, day: dt.date) -> bool:
    """Whether edits are held against a day. Older ones are, and a notice says so; those that began
    long after it say nothing of it."""
    return (reference.effective_from - day).days <= _LATER


def edit_checks(store: CodeStore, case: Case) -> Iterator[Pair]:
    """What the edits say of the lines of a claim."""
    if case.setting is None:
        return
    by_day: dict[dt.date, list[Line]] = defaultdict(list)
    for line in case.lines:
        by_day[line.day].append(line)
    for day, lines in by_day.items():
        yield from _pairs(store, case.setting, day, lines)
        yield from _units(store, case.setting, day, lines)
        yield from _twice(lines)


def _pairs(
    store: CodeStore, setting: Setting, day: dt.date, lines: Sequence[Line]
) -> Iterator[Pair]:
    reference = store.references.for_date("ptp", "hcpcs", day, setting)
    codes = list(dict.fromkeys(line.service.code for line in lines))
    if reference is None or len(codes) < 2 or not applies(reference, day):
        return
    edits: dict[tuple[str, str], PtpEdit] = {}
    for part in store.references.parts(reference):
        for edit in store.references.rows(PtpEdit, part, column1=codes, column2=codes):
            if ncci.in_force(edit, day):
                edits[edit.column1, edit.column2] = edit
    for one, other in combinations(codes, 2):
        for pair in ((one, other), (other, one)):
            if pair in edits:
                yield _pair(edits[pair], reference, setting, lines)


def _pair(edit: PtpEdit, reference: Reference, setting: Setting, lines: Sequence[Line]) -> Pair:
    of_two = [line for line in lines if line.service.code in (edit.column1, edit.column2)]
    used = [m for line in of_two for m in line.service.modifiers if m in PTP_ASSOCIATED]
    if edit.modifier != "1":
        key = "claims.ptp_never"
    else:
        key = "claims.ptp_bypassed" if used else "claims.ptp_without"
    why = reason(
        key,
        setting=SETTING_NAMES[setting],
        one=edit.column1,
        other=edit.column2,
        modifiers=", ".join(dict.fromkeys(used)),
    )
    return found(
        [edit.column1, edit.column2],
        "ncci_ptp",
        "caution" if key == "claims.ptp_bypassed" else "conflict",
        why,
        quote=edit.rationale,
        place=reference.title,
        release=reference.label,
    )


def _units(
    store: CodeStore, setting: Setting, day: dt.date, lines: Sequence[Line]
) -> Iterator[Pair]:
    by_code: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_code[line.service.code].append(line)
    for code, same in by_code.items():
        limit = _limit(store, _setting_of(setting, same), code, day)
        if limit is None:
            continue
        edit, reference, of = limit
        each = [1.0 if line.service.units is None else line.service.units for line in same]
        of_a_line = edit.adjudication == _OF_A_LINE
        billed = max(each) if of_a_line else sum(each)
        if billed <= edit.units:
            continue
        why = reason(
            "claims.units_of_a_line" if of_a_line else "claims.units_of_a_day",
            setting=SETTING_NAMES[of],
            code=code,
            units=f"{billed:g}",
            most=edit.units,
            adjudication=f"{edit.adjudication}: {ncci.ADJUDICATION[edit.adjudication]}",
        )
        yield found(
            [code], "units", "conflict", why,
            quote=edit.rationale, place=reference.title, release=reference.label,
        )  # fmt: skip


def _setting_of(setting: Setting, lines: Sequence[Line]) -> list[Setting]:
    """The settings in whose table a limit is looked for, the likeliest first: suppliers of
    equipment have a table of their own."""
    if setting != "practitioner":
        return [setting]
    rented = any(_OF_EQUIPMENT.intersection(line.service.modifiers) for line in lines)
    if rented or lines[0].service.code[0] in _SUPPLIED:
        return ["dme", "practitioner"]
    return ["practitioner"]


def _limit(
    store: CodeStore, settings: Sequence[Setting], code: str, day: dt.date
) -> tuple[MueEdit, Reference, Setting] | None:
    found: list[tuple[MueEdit, Reference, Setting]] = []
    for setting in settings:
        reference = store.references.for_date("mue", "hcpcs", day, setting)
        if reference is None or not applies(reference, day):
            continue
        edit = next(store.references.rows(MueEdit, reference, code=code), None)
        if edit is not None:
            found.append((edit, reference, setting))
    # What practitioners cannot bill at all, suppliers may.
    return next((one for one in found if one[0].units), next(iter(found), None))


def _twice(lines: Sequence[Line]) -> Iterator[Pair]:
    """Lines that are the same in code, modifiers and day: they are taken for one billed twice."""
    seen: dict[tuple[str, frozenset[str]], Line] = {}
    for line in lines:
        key = line.service.code, frozenset(line.service.modifiers)
        if key in seen:
            why = reason("claims.twice", code=line.name, one=seen[key].number, other=line.number)
            yield found([line.service.code], "duplicate", "caution", why)
        seen.setdefault(key, line)
