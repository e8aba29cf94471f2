"""Reads claims (837P, 837I) and remittances (835) in ASC X12 with pyx12, which knows the loops of
the implementation guides, and keeps what bot/x12/records.py has fields for.

No message of the library is passed on, as it may quote the text.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any

from bot.x12.envelope import Kind, Transaction, transactions
from bot.x12.errors import X12Unreadable
from bot.x12.records import Adjustment, Claim, Diagnosis, Role, ServiceLine
from codesets.code_format import dot

#: Qualifiers of HI01-1 (X12 data element 1270) -> how the diagnosis is reported. Those without A
#: are of ICD-9-CM.
_ROLES: dict[str, Role] = {
    "ABK": "principal", "BK": "principal",
    "ABF": "other", "BF": "other",
    "ABN": "external cause", "BN": "external cause",
    "ABJ": "admitting", "BJ": "admitting",
    "APR": "reason for visit", "PR": "reason for visit",
}  # fmt: skip
_ICD9 = frozenset({"BK", "BF", "BN", "BJ", "PR"})
_PROCEDURES = frozenset({"BBR", "BBQ"})
#: Repetitions of a composite in HI, and triplets of reasons in CAS.
_MOST_HI, _MOST_CAS = 12, 6
_CODE = re.compile(r"[A-Z0-9]{3,7}")
_PROCEDURE = re.compile(r"[A-Z0-9]{5}")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_REASON = re.compile(r"[A-Z]?\d{1,3}|[A-Z]\d{1,2}")
_REMARK = re.compile(r"MA?\d{1,3}|N\d{1,4}")


def claims(text: str, most: int | None = None) -> tuple[list[Claim], list[X12Unreadable]]:
    """The claims of a text that begins with X12, in their order, and what is wrong with the
    transactions that cannot be read: they do not hide the others. Reading ends after `most` claims
    or transactions. Raises X12Unreadable where no claim can be read."""
    return _all(text, ("837P", "837I"), _claims, "no_claim", most, most)


def adjustments(text: str, transactions_read: int | None = None) -> list[Adjustment]:
    """The adjustments of the remittances of a text that begins with X12; of at most so many of its
    transactions. Raises X12Unreadable where it has none that can be read."""
    found, _ = _all(text, ("835",), _adjustments, "no_adjustment", tries=transactions_read)
    return found


def kinds(text: str) -> set[Kind]:
    """The kinds of transactions of a text that begins with X12, as far as they can be told."""
    return {one.kind for one in transactions(text) if not isinstance(one, X12Unreadable)}


def _all(
    text: str,
    wanted: tuple[Kind, ...],
    read: Any,
    none: str,
    most: int | None = None,
    tries: int | None = None,
) -> tuple[list[Any], list[X12Unreadable]]:
    found: list[Any] = []
    wrong: list[X12Unreadable] = []
    others: set[str] = set()
    for one in islice(transactions(text), tries):
        if isinstance(one, X12Unreadable):
            wrong.append(one)
            continue
        if one.kind not in wanted:
            others.add(one.kind)
            continue
        try:
            # What was read before a damaged place is kept.
            for each in read(one):
                found.append(each)
                if len(found) == most:
                    return found, wrong
        except X12Unreadable as error:
            wrong.append(error)
        if not one.whole and not one.pasted:
            wrong.append(X12Unreadable("cut_off"))
    if not found:
        if not wrong and others:
            wrong.append(X12Unreadable("instead", "-".join(sorted(others))))
        raise wrong[0] if wrong else X12Unreadable(none)
    return found, wrong


def _segments(transaction: Transaction) -> Iterator[tuple[str, Any]]:
    """(loop, segment) of each segment, as the implementation guide names the loop (2300). A segment
    that the guide has no place for comes with the loop before it."""
    params, nothing, context, failed = _library()
    try:
        with context(params, nothing(), io.StringIO(transaction.text)) as reader:
            for node in reader.iter_segments():
                path = node.x12_map_node.get_path().rsplit("/", 2)
                yield path[-2], node.seg_data
    except failed as error:
        raise X12Unreadable("unreadable") from error


@cache
def _library() -> tuple[Any, Any, Any, tuple[type[Exception], ...]]:
    """What is used of the library, which is loaded when it is first needed."""
    import logging

    from pyx12 import map_if, map_index
    from pyx12.error_handler import errh_null
    from pyx12.errors import EngineError, X12Error
    from pyx12.params import params
    from pyx12.x12context import X12ContextReader

    # It reads its guides anew for each transaction: half a second, which a message of many small
    # transactions would multiply. Nothing changes them once they are read.
    map_if.load_map_file = cache(map_if.load_map_file)
    map_index.map_index = cache(map_index.map_index)
    # It quotes segments in what it logs.
    logging.getLogger("pyx12").setLevel(logging.CRITICAL + 1)
    errors = (EngineError, X12Error, ValueError, AttributeError, IndexError, TypeError, KeyError)
    return params(), errh_null, X12ContextReader, errors


def _value(segment: Any, place: str) -> str:
    try:
        return (segment.get_value(place) or "").strip()
    except Exception:  # a place that a segment does not have
        return ""


def _date(text: str) -> dt.date | None:
    match = re.match(r"(\d{4})(\d\d)(\d\d)", text)
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _dates(segment: Any) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day of a DTP, which has one or a range."""
    first, _, last = _value(segment, "DTP03").partition("-")
    return _date(first), _date(last) or _date(first)


# Claims


@dataclass
class _Person:
    """What is kept of a patient until the dates of service are known."""

    born: dt.date | None = None
    sex: str = ""

    def read(self, segment: Any) -> None:
        self.born = _date(_value(segment, "DMG02"))
        sex = _value(segment, "DMG03")
        self.sex = sex if sex in ("F", "M") else ""


@dataclass
class _Open:
    """A claim that is being read."""

    claim: Claim
    person: _Person
    lines: list[ServiceLine] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)

    def done(self) -> Claim:
        days = [line.day for line in self.lines if line.day]
        day = self.claim.day or min(days, default=None)
        return replace(
            self.claim,
            lines=tuple(self.lines),
            diagnoses=tuple(self.diagnoses),
            procedures=tuple(self.procedures),
            day=day,
            through=self.claim.through or max(days, default=None),
            age=_age(self.person.born, day),
            sex=self.person.sex,
        )


def _age(born: dt.date | None, day: dt.date | None) -> int | None:
    """Whole years; None where one of the dates is not known, or they contradict each other."""
    if born is None or day is None or born > day:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _claims(transaction: Transaction) -> Iterator[Claim]:
    institutional = transaction.kind == "837I"
    person, one = _Person(), None
    for loop, segment in _segments(transaction):
        name = segment.get_seg_id()
        if name == "HL":
            if one:
                yield one.done()
            person, one = _Person(), None
        elif name == "DMG" and loop in ("2010BA", "2010CA"):
            person.read(segment)
        elif name == "CLM":
            if one:
                yield one.done()
            one = _Open(_header(segment, institutional), person)
        elif one is not None:
            _part(one, loop, name, segment)
    if one:
        last = one.done()
        if transaction.whole or transaction.pasted:
            yield last
        elif last.lines or last.diagnoses:
            yield replace(last, cut_off=True)


def _header(segment: Any, institutional: bool) -> Claim:
    place, frequency = _value(segment, "CLM05-1"), _value(segment, "CLM05-3")
    place = place if re.fullmatch(r"\d{1,2}|[A-Z]\d", place) else ""
    if institutional:
        bill_type = f"{place}{frequency}" if re.fullmatch(r"\w", frequency) else place
        return Claim("institutional", bill_type=bill_type if place else "")
    return Claim("professional", place=place)


def _part(one: _Open, loop: str, name: str, segment: Any) -> None:
    """A segment of a claim."""
    if name == "HI" and loop == "2300":
        for n in range(1, _MOST_HI + 1):
            _diagnosis(one, segment, f"HI{n:02}")
    elif name == "DTP" and loop == "2300" and _value(segment, "DTP01") == "434":
        day, through = _dates(segment)
        one.claim = replace(one.claim, day=day, through=through)
    elif name == "SV1":
        units = _units(segment, "SV103", "SV104")
        pointers = [_value(segment, f"SV107-{n}") for n in range(1, 5)]
        place = _value(segment, "SV105")
        _line(one, segment, "SV101", units, pointers, place=place)
    elif name == "SV2":
        revenue = _value(segment, "SV201")
        revenue = revenue if re.fullmatch(r"\d{3,4}", revenue) else ""
        _line(one, segment, "SV202", _units(segment, "SV204", "SV205"), [], revenue=revenue)
    elif name == "DTP" and _value(segment, "DTP01") == "472" and one.lines:
        day, through = _dates(segment)
        one.lines[-1] = replace(one.lines[-1], day=day, through=through)


def _diagnosis(one: _Open, segment: Any, place: str) -> None:
    qualifier, code = _value(segment, f"{place}-1"), _value(segment, f"{place}-2").upper()
    if qualifier in _PROCEDURES and _CODE.fullmatch(code):
        one.procedures.append(code)
    role = _ROLES.get(qualifier)
    if role is None or not _CODE.fullmatch(code.replace(".", "")):
        return
    code = code.replace(".", "")
    shown = _dotted_icd9(code) if qualifier in _ICD9 else dot(code)
    present = _value(segment, f"{place}-9")
    present = present if re.fullmatch(r"[YNUW1]", present) else ""
    one.diagnoses.append(Diagnosis(shown, role, present))


def _dotted_icd9(code: str) -> str:
    """A code of ICD-9-CM with its dot: behind three characters, of E codes behind four."""
    at = 4 if code[0] == "E" else 3
    return f"{code[:at]}.{code[at:]}" if len(code) > at else code


def _units(segment: Any, kind: str, number: str) -> float | None:
    """The units of a line; None for minutes (MJ) and for what is no number."""
    if _value(segment, kind) == "MJ":
        return None
    try:
        return float(_value(segment, number))
    except ValueError:
        return None


def _line(
    one: _Open,
    segment: Any,
    composite: str,
    units: float | None,
    pointers: list[str],
    *,
    place: str = "",
    revenue: str = "",
) -> None:
    code = _value(segment, f"{composite}-2").upper()
    modifiers = [_value(segment, f"{composite}-{n}").upper() for n in range(3, 7)]
    one.lines.append(
        ServiceLine(
            code if _PROCEDURE.fullmatch(code) else "",
            tuple(m for m in modifiers if _MODIFIER.fullmatch(m)),
            units,
            tuple(int(float(p)) for p in pointers if re.fullmatch(r"\d{1,2}(?:\.0+)?", p)),
            place=place if re.fullmatch(r"\d{2}", place) else "",
            revenue=revenue,
        )
    )


# Remittances


@dataclass
class _Paid:
    """A claim or a service of a remittance that is being read."""

    code: str = ""
    modifiers: tuple[str, ...] = ()
    day: dt.date | None = None
    reasons: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def done(self) -> Iterator[Adjustment]:
        remarks = tuple(dict.fromkeys(self.remarks))
        for group, reason in dict.fromkeys(self.reasons):
            yield Adjustment(group, reason, remarks, self.code, self.modifiers, self.day)
        if remarks and not self.reasons:
            yield Adjustment("", "", remarks, self.code, self.modifiers, self.day)


def _adjustments(transaction: Transaction) -> Iterator[Adjustment]:
    whole, service = _Paid(), None
    for _, segment in _segments(transaction):
        name = segment.get_seg_id()
        if name in ("CLP", "SVC", "SE") and service is not None:
            yield from service.done()
            service = None
        if name in ("CLP", "SE"):
            yield from whole.done()
            whole = _Paid()
        elif name == "SVC":
            service = _service(segment, whole.day)
        elif name == "CAS":
            (service or whole).reasons += _reasons(segment)
        elif name in ("MOA", "MIA"):
            places = range(3, 8) if name == "MOA" else (5, 20, 21, 22, 23)
            whole.remarks += _remarks(_value(segment, f"{name}{n:02}") for n in places)
        elif name == "LQ" and _value(segment, "LQ01") == "HE":
            (service or whole).remarks += _remarks([_value(segment, "LQ02")])
        elif name == "DTM" and _value(segment, "DTM01") in ("472", "150", "232"):
            (service or whole).day = _date(_value(segment, "DTM02"))


def _service(segment: Any, day: dt.date | None) -> _Paid:
    # SVC01 is the service as it was adjudicated, which the reasons are about.
    code = _value(segment, "SVC01-2").upper()
    modifiers = [_value(segment, f"SVC01-{n}").upper() for n in range(3, 7)]
    known = tuple(m for m in modifiers if _MODIFIER.fullmatch(m))
    return _Paid(code if _PROCEDURE.fullmatch(code) else "", known, day)


def _reasons(segment: Any) -> Iterator[tuple[str, str]]:
    group = _value(segment, "CAS01")
    for n in range(_MOST_CAS):
        reason = _value(segment, f"CAS{2 + 3 * n:02}").upper()
        if re.fullmatch(r"[A-Z]{2}", group) and _REASON.fullmatch(reason):
            yield group, reason


def _remarks(values: Any) -> list[str]:
    return [value for value in values if _REMARK.fullmatch(value)]
