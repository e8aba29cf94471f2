"""Checks codes that are billed against the indicators of the fee schedule, OPPS and the add-on code
edits: what bears on the codes, modifiers and setting of a question, in one clause each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from bot.desk.answer import Pair, Severity
from bot.desk.edits_said import is_visit
from bot.desk.reasons import Reason, reason
from codesets.formats import add_on_codes, fee_schedule, opps
from codesets.model import Reference, Setting
from codesets.rows_payment import AddOnEdit, FeeIndicators, OppsIndicators
from codesets.store.code_store import CodeStore

#: Status codes of the fee schedule by which a service is not paid by itself.
_NOT_PAID = frozenset("BDEFGHIMNPQX")
#: Status indicators of OPPS by which a code is not paid, or not always paid, by itself.
_NOT_ALONE = frozenset({"B", "C", "D", "E1", "E2", "M", "N", "Q1", "Q2", "Q4", "Y"})
#: Modifiers on sides, and on the parts of a test.
_SIDES, _PARTS = frozenset({"50", "RT", "LT"}), frozenset({"26", "TC"})
#: Global periods of minor and of major procedures, and the modifier for a visit in them.
_GLOBAL = {"000": "25", "010": "25", "090": "57"}
#: Days by which an edition may miss the date and still be told.
_NEAR = 366
_MOST_PRIMARIES = 6


class PaymentChecks:
    """Checks for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date, setting: Setting | None = None) -> None:
        self._references = store.references
        self._day = day
        self._setting = setting

    def check(
        self, billed: Sequence[str], modifiers: Mapping[str, Sequence[str]] | None = None
    ) -> Iterator[Pair]:
        """What the indicators say of these codes. `modifiers`: those billed with a code."""
        codes = list(dict.fromkeys(billed))
        if self._setting in (None, "practitioner"):
            yield from self._fee_schedule(codes, modifiers or {})
        if self._setting in (None, "outpatient"):
            yield from self._opps(codes)
        yield from self._add_on(codes)

    def _reference(self, kind: str) -> Reference | None:
        found = self._references.for_date(kind, "hcpcs", self._day)
        return found if found and found.days_away(self._day) <= _NEAR else None

    def _fee_schedule(
        self, codes: list[str], modifiers: Mapping[str, Sequence[str]]
    ) -> Iterator[Pair]:
        reference = self._reference("fee_schedule")
        if reference is None or not codes:
            return
        rows: dict[str, FeeIndicators] = {}
        for row in self._references.rows(FeeIndicators, reference, code=codes):
            if not row.modifier or row.code not in rows:
                rows[row.code] = row
        for code in filter(rows.__contains__, codes):
            row = rows[code]
            if row.status in _NOT_PAID:
                means = fee_schedule.STATUS[row.status]
                told = reason("pairs.fee_status", status=row.status, means=means)
                yield _pair([code], "fee_schedule", reference, told)
            given = {one.upper() for one in modifiers.get(code, ())}
            if given & _SIDES and (means := fee_schedule.BILATERAL.get(row.bilateral, "")):
                told = reason("pairs.bilateral", indicator=row.bilateral, means=means)
                fits = row.bilateral in "13" or not ("50" in given or {"RT", "LT"} <= given)
                yield _pair(
                    [code], "fee_schedule", reference, told, "caution" if fits else "conflict"
                )
            if given & _PARTS and (means := fee_schedule.COMPONENT.get(row.component, "")):
                told = reason("pairs.component", indicator=row.component, means=means)
                fits = row.component == "1" or (row.component == "6" and given & _PARTS == {"26"})
                yield _pair(
                    [code], "fee_schedule", reference, told, "caution" if fits else "conflict"
                )
            if row.global_days in _GLOBAL:
                for visit in filter(is_visit, codes):
                    told = reason(
                        "pairs.global",
                        one=code,
                        other=visit,
                        means=fee_schedule.GLOBAL_DAYS[row.global_days],
                        modifier=_GLOBAL[row.global_days],
                    )
                    yield _pair([code, visit], "fee_schedule", reference, told)

    def _opps(self, codes: list[str]) -> Iterator[Pair]:
        reference = self._reference("opps")
        if reference is None or not codes:
            return
        rows = {
            row.code: row for row in self._references.rows(OppsIndicators, reference, code=codes)
        }
        for code in codes:
            if (row := rows.get(code)) and row.status in _NOT_ALONE:
                told = reason(
                    "pairs.opps",
                    status=row.status,
                    apc=reason("pairs.opps_apc", apc=row.apc) if row.apc else "",
                    means=opps.STATUS[row.status],
                )
                yield _pair([code], "opps", reference, told)

    def _add_on(self, codes: list[str]) -> Iterator[Pair]:
        reference = self._reference("add_on")
        if reference is None or not codes:
            return
        edits: dict[str, list[AddOnEdit]] = {}
        for edit in self._references.rows(AddOnEdit, reference, code=codes):
            if add_on_codes.in_force(edit, self._day):
                edits.setdefault(edit.code, []).append(edit)
        for code, listed in edits.items():
            primaries = [edit.primary for edit in listed if edit.primary]
            kind = listed[0].type
            means = add_on_codes.TYPES[kind]
            met = next((one for one in primaries if one in codes), None)
            if met:
                told = reason("pairs.add_on_met", code=code, primary=met)
                yield _pair([code, met], "add_on", reference, told)
            elif kind == "2":
                told = reason("pairs.add_on_contractor", code=code, means=means)
                yield _pair([code], "add_on", reference, told, "obligation")
            else:
                named = ", ".join(primaries[:_MOST_PRIMARIES])
                named += " …" if len(primaries) > _MOST_PRIMARIES else ""
                told = reason(
                    "pairs.add_on_missing",
                    code=code,
                    type=kind,
                    means=means,
                    primaries=reason("pairs.add_on_primaries", codes=named) if named else "",
                )
                yield _pair(
                    [code], "add_on", reference, told, "conflict" if kind == "1" else "obligation"
                )


def _pair(
    codes: list[str],
    rule: str,
    reference: Reference,
    told: Reason,
    severity: Severity = "caution",
) -> Pair:
    return Pair(codes, rule, "", reference.title, reference.label, severity, reasons=[told])
