"""Claims and adjustments as the plain text that a biller could type. The desk takes this text and
never the X12: it is scrubbed, logged and answered like any other question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.x12.envelope import begins
from bot.x12.errors import X12Unreadable
from bot.x12.reading import adjustments, claims, kinds
from bot.x12.records import Adjustment, Claim, Diagnosis, Role, ServiceLine

#: Letters of the pointers of the CMS-1500, item 21 and 24E.
_LETTERS = "ABCDEFGHIJKL"
#: Says that the end of a claim is missing.
CUT_OFF = "claim cut off"
#: Claims, and transactions, of a paste that are read: one more than are answered. Each takes some
#: 5 ms, and a message of Slack is acknowledged after it was read.
_MOST_PASTED = 21
_LEADS: dict[str, tuple[Role, ...]] = {
    "dx": ("principal", "other"),
    "external cause": ("external cause",),
    "admitting dx": ("admitting",),
    "reason for visit": ("reason for visit",),
}


#: What stands in place of X12 that cannot be read: the name of the sentence that says why.
_UNREAD = re.compile(r"\[X12 not read: (?P<key>[a-z_]+)(?: (?P<kind>[0-9A-Z-]{1,16}))?\]")


def without_x12(text: str) -> str:
    """A text with its X12 replaced by plain text, or by a mark that it could not be read
    (`unread`); the text itself where it has none. Words before the X12 stay."""
    at = begins(text)
    if at is None:
        return text
    lead = text[:at].strip(" \t\r\n`")
    try:
        plain = "\n".join(plain_texts(text[at:]))
    except X12Unreadable as error:
        return f"[X12 not read: {' '.join(filter(None, [error.key, error.kind]))}]"
    return f"{lead}\n{plain}" if lead else plain


def unread(text: str) -> X12Unreadable | None:
    """Why the X12 of a text could not be read; None where there was none, or it could."""
    match = _UNREAD.fullmatch(text.strip())
    return X12Unreadable(match["key"], match["kind"] or "") if match else None


def plain_texts(text: str) -> list[str]:
    """The first claims, or adjustments, of a text that begins with X12. Raises X12Unreadable."""
    if "835" in kinds(text):
        return denial_lines(adjustments(text, _MOST_PASTED))
    return claim_texts(text, _MOST_PASTED)[0]


def claim_texts(text: str, most: int | None = None) -> tuple[list[str], list[str]]:
    """Each claim of a text that begins with X12, and a sentence for each transaction that could not
    be read; at most `most` claims. Raises X12Unreadable where none could."""
    found, wrong = claims(text, most)
    return [claim_text(claim) for claim in found], [str(error) for error in wrong]


def denial_lines(found: Sequence[Adjustment]) -> list[str]:
    """Adjustments as lines, each once.

    >>> denial_lines([Adjustment("CO", "97", ("N19",), "20610", ("59",), dt.date(2026, 3, 3))])
    ['CO-97 remark N19 on 20610-59, 2026-03-03']
    """
    return list(dict.fromkeys(map(_denial_line, found)))


def _denial_line(one: Adjustment) -> str:
    # N14 is a remark here; alone it may be a diagnosis.
    remarks = ["remark", *one.remarks] if one.remarks else []
    codes = " ".join(filter(None, [f"{one.group}-{one.reason}".strip("-"), *remarks]))
    service = "-".join([one.code, *one.modifiers]) if one.code else ""
    about = f"{codes} on {service}" if service else codes
    return f"{about}, {one.day.isoformat()}" if one.day else about


def claim_text(claim: Claim) -> str:
    """A claim as one line of text.

    >>> claim_text(Claim("professional", (Diagnosis("M17.11", "principal"),),
    ...     (ServiceLine("J3301", ("RT",), 4.0, (1,)),), place="11", age=67, sex="F"))
    'J3301-RT x4 ptr A, dx M17.11, POS 11, 67 yo F'
    """
    days = {line.day for line in claim.lines if line.day}
    one_day = days <= {claim.day}
    parts = [_line(line, claim.place, dated=not one_day) for line in claim.lines]
    for lead, roles in _LEADS.items():
        named = [d for role in roles for d in claim.diagnoses if d.role == role]
        if named:
            parts.append(f"{lead} {' '.join(map(_diagnosis, named))}")
    if claim.procedures:
        parts.append(f"procedures {' '.join(claim.procedures)}")
    parts += [_days(claim)] if claim.day else []
    parts += [f"POS {claim.place}"] if claim.place else []
    parts += [f"type of bill {claim.bill_type}"] if claim.bill_type else []
    about = " ".join(filter(None, [f"{claim.age} yo" if claim.age is not None else "", claim.sex]))
    parts += [about] if about else []
    parts += [CUT_OFF] if claim.cut_off else []
    return ", ".join(part for part in parts if part)


def without_days(claim: Claim) -> Claim:
    """A claim without its dates, as it may be stored."""
    lines = tuple(replace(line, day=None, through=None) for line in claim.lines)
    return replace(claim, lines=lines, day=None, through=None)


def _diagnosis(one: Diagnosis) -> str:
    return f"{one.code} (POA {one.present})" if one.present else one.code


def _line(line: ServiceLine, place: str, *, dated: bool) -> str:
    code = "-".join([line.code, *line.modifiers]) if line.code else ""
    revenue = f"rev {line.revenue}" if line.revenue else ""
    if not code and not revenue:
        return ""
    units = f"x{line.units:g}" if line.units is not None else ""
    pointers = "".join(_LETTERS[p - 1] for p in line.pointers if 0 < p <= len(_LETTERS))
    own = f"POS {line.place}" if line.place not in ("", place) else ""
    day = f"on {line.day.isoformat()}" if dated and line.day else ""
    told = [revenue, code, units, f"ptr {pointers}" if pointers else "", own, day]
    return " ".join(filter(None, told))


def _days(claim: Claim) -> str:
    day, through = claim.day, claim.through
    assert day is not None
    if claim.inpatient and through:
        return f"admitted {day.isoformat()} discharged {through.isoformat()}"
    return f"dos {day.isoformat()}"
