"""Reads a claim as a biller types it: service lines with modifiers, units and pointers, labelled
diagnoses, dates, place of service, age and sex.

"99213-25, J3301 x4, dx M17.11 E11.9, dos 3/3/26, POS 11, 67yo F". Strict: a text is a claim only if
it has a service line beside labelled diagnoses, a pointer or a type of bill, and hardly any other
words. What bot/x12/plain.py writes of a claim in X12 is read here, too.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

from bot.desk.claims.claim_forms import FORMS, ICD10, KINDS, SERVICE
from bot.desk.service_dates import read_date
from bot.x12.records import Claim, Diagnosis, Role, ServiceLine
from codesets.code_format import dot, undot
from index.text.resources import read_words
from index.text.tokens import fold

#: A longer text is not one claim. A claim has at most 50 lines (CMS-1500, 837P) or 999 (837I).
MOST_CHARACTERS_OF_CLAIMS = 8000
#: Words beside a claim that are about something else.
_MOST_OTHER_WORDS = 6

#: From a code as typed to the systems that have it.
SystemsOf = Callable[[str], set[str]]

_ROLE: dict[str, Role] = {
    "adm": "admitting",
    "cause": "external cause",
    "visit": "reason for visit",
}


@dataclass
class _Read:
    """What is read so far. `mode`: what an unlabelled code is now."""

    lines: list[ServiceLine] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)
    role: Role = "other"
    mode: str = ""
    labelled: bool = False
    revenue: str = ""
    place: str = ""
    bill_type: str = ""
    age: int | None = None
    sex: str = ""
    day: dt.date | None = None
    through: dt.date | None = None
    cut_off: bool = False
    fresh: bool = False  # whether what follows may belong to the last line
    words: list[str] = field(default_factory=list)


def read_claims(scrubbed: str, asked: str, systems_of: SystemsOf) -> tuple[Claim, ...]:
    """The claims of a text, a line each where there are several; () where it is no claim. The dates
    are taken from `asked`, the text as typed; all else from the scrubbed one."""
    rows = [row for row in scrubbed.splitlines() if row.strip()]
    typed = [row for row in asked.splitlines() if row.strip()]
    if len(rows) > 1 and len(rows) == len(typed):
        each = [_one(row, own, systems_of) for row, own in zip(rows, typed, strict=True)]
        if all(
            (claim is not None and _stands_alone(claim)) or not _has_codes(row)
            for claim, row in zip(each, rows, strict=True)
        ):
            found = tuple(claim for claim in each if claim is not None)
            if len(found) > 1:
                return found
    whole = _one(", ".join(rows), ", ".join(typed), systems_of)
    return (whole,) if whole is not None else ()


def _stands_alone(claim: Claim) -> bool:
    """Whether a row says of itself when or where: else it is one line of a claim."""
    return bool(claim.day or claim.place or claim.bill_type)


def may_be_claims(text: str) -> bool:
    """Whether a text looks like claims, at a glance: longer ones are read than of a question."""
    head = text[:600]
    billed = re.search(r"\b(?:type of bill|bill type|tob)\b", head, re.I)
    labelled = billed or re.search(r"\b(?:dx|diag|icd)|\bptr\b", head, re.I)
    return bool(billed or (labelled and re.search(rf"(?<![\w.]){SERVICE}(?![\w.])", head, re.I)))


def _has_codes(row: str) -> bool:
    return re.search(rf"(?<![\w.])(?:{SERVICE}|[A-Z]\d[0-9A-Z]\.)", row, re.I) is not None


def _one(scrubbed: str, asked: str, systems_of: SystemsOf) -> Claim | None:
    read = _scanned(scrubbed, systems_of)
    if not _is_claim(read):
        return None
    dated = _scanned(asked, systems_of)
    lines = read.lines
    if [line.code for line in lines] == [line.code for line in dated.lines]:
        days = [one.day for one in dated.lines]
        lines = [replace(line, day=day) for line, day in zip(lines, days, strict=True)]
    first = min((line.day for line in lines if line.day), default=None)
    bill = read.bill_type
    institutional = bool(bill) or any(line.revenue for line in lines)
    return Claim(
        "institutional" if institutional else "professional",
        _in_order(read.diagnoses),
        tuple(lines),
        tuple(read.procedures),
        dated.day or first,
        dated.through,
        read.place,
        bill,
        read.age,
        read.sex,
        read.cut_off,
    )


def _in_order(diagnoses: list[Diagnosis]) -> tuple[Diagnosis, ...]:
    """The diagnoses with one that was labelled as the principal before the others, and each once:
    an admitting diagnosis or the reason of a visit is repeated among them."""
    ranks = {"principal": 0, "other": 1, "external cause": 2}
    return tuple(sorted(diagnoses, key=lambda one: ranks.get(one.role, 3)))


def _is_claim(read: _Read) -> bool:
    if read.cut_off and read.diagnoses:
        return True
    services = [line for line in read.lines if line.code]
    pointed = any(line.pointers for line in read.lines)
    if not (services or (read.bill_type and read.diagnoses)):
        return False
    bill = read.bill_type
    if not ((read.diagnoses and (read.labelled or bill)) or (services and (pointed or bill))):
        return False
    known = _words()
    other = [word for word in map(fold, read.words) if word not in known["beside"]]
    return len(other) <= _MOST_OTHER_WORDS and not any(word in known["asks"] for word in other)


@cache
def _words() -> dict[str, frozenset[str]]:
    """The lists of prompts/intents/claims.toml."""
    return {name: frozenset(fold(text).split()) for name, text in read_words("claims").items()}


def _scanned(text: str, systems_of: SystemsOf) -> _Read:
    read = _Read()
    for match in FORMS.finditer(text):
        _take(read, match, systems_of)
    return read


def _take(read: _Read, match: re.Match[str], systems_of: SystemsOf) -> None:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    kind = next(name for name in found if name in KINDS)
    if kind == "code":
        _code(read, found, systems_of)
    elif kind in ("dotted", "item"):
        _item(read, match[0].upper(), kind, systems_of)
    elif kind == "label":
        role: Role = "admitting" if "adm" in found else "principal" if "first" in found else "other"
        role = "principal" if "pdx" in match[0].lower() else role
        read.mode, read.role, read.labelled, read.fresh = "dx", role, True, False
    elif kind in ("cause", "visit"):
        read.mode, read.role, read.labelled = "dx", _ROLE[kind], True
    elif kind in ("pointed", "pointed_dx"):
        _point(read, found.get("ptr") or found.get("ptr_dx", ""), kind, match[0])
    elif kind == "units":
        units = next(
            found[name] for name in ("times", "qty", "counted", "unit_label") if name in found
        )
        if read.lines and read.lines[-1].units is None:
            after = re.findall(r"[A-Z0-9]{2}", found.get("after", "").upper())
            modifiers = (*read.lines[-1].modifiers, *after)
            _alter(read, units=float(units), modifiers=modifiers[:4])
    elif kind == "place":
        _place(read, found["pos"].zfill(2))
    elif kind == "revenue":
        read.lines.append(ServiceLine("", revenue=found["rev"]))
        read.mode, read.fresh = "", True
    elif kind == "bill":
        read.bill_type, read.fresh = found["tob"].upper(), False
    elif kind in ("age", "age_label", "age_sex", "sexed"):
        _person(read, found)
    elif kind == "poa":
        if read.diagnoses:
            last = read.diagnoses[-1]
            read.diagnoses[-1] = Diagnosis(last.code, last.role, found["present"].upper())
    elif kind == "procedure_label":
        read.mode = "pcs"
    elif kind == "pcs":
        _seven(read, match[0].upper(), systems_of)
    elif kind == "dates":
        _date(read, match[0])
    elif kind == "cut":
        read.cut_off = True
    elif kind == "word":
        read.words.append(match[0])


def _code(read: _Read, found: dict[str, str], systems_of: SystemsOf) -> None:
    """A text of the form of HCPCS or CPT: a service, or behind a label of diagnoses one without its
    dot."""
    service = found["service"].upper()
    modifiers = re.findall(r"[A-Z0-9]{2}", found.get("modifiers", "").upper())
    if read.mode == "dx" and not modifiers and not service[:4].isdigit():
        systems = systems_of(service)
        if "icd10cm" in systems or (not systems and service[0] not in "AEGJKLQ"):
            _item(read, service, "item", systems_of)
            return
    read.mode = ""
    if read.lines and read.lines[-1].revenue and not read.lines[-1].code and read.fresh:
        _alter(read, code=service, modifiers=tuple(modifiers[:4]))
    else:
        read.lines.append(ServiceLine(service, tuple(modifiers[:4])))
    read.fresh = True


def _item(read: _Read, code: str, kind: str, systems_of: SystemsOf) -> None:
    """A diagnosis: with a dot it is one anywhere, without one behind a label alone."""
    if kind == "item" and read.mode != "dx":
        if re.search(r"[A-Z]", code):
            read.words.append(code)
        return
    role = read.role if read.mode == "dx" else "other"
    may_be_icd9 = re.fullmatch(r"E\d{3}", code) and "icd10cm" not in systems_of(code)
    if code[0].isalpha() and not may_be_icd9:
        code = dot(undot(code))
    read.diagnoses.append(Diagnosis(code, role))
    if role == "principal":
        read.role = "other"
    read.fresh = False


def _seven(read: _Read, text: str, systems_of: SystemsOf) -> None:
    """Seven characters: a procedure of ICD-10-PCS, a diagnosis without its dot, or a word."""
    if read.mode == "pcs" or (any(c.isdigit() for c in text) and "icd10pcs" in systems_of(text)):
        read.procedures.append(text)
    elif read.mode == "dx" and re.fullmatch(ICD10, text):
        _item(read, text, "item", systems_of)
    else:
        read.words.append(text)


def _point(read: _Read, text: str, kind: str, whole: str) -> None:
    if kind == "pointed_dx" and not (read.fresh and read.lines):
        # "dx 1" before a code is a label with its number.
        read.mode, read.role, read.labelled = "dx", "other", True
        return
    letters = re.findall(r"[A-L]", text.upper())
    pointers = [ord(letter) - ord("A") + 1 for letter in letters] or [
        int(number) for number in re.findall(r"\d{1,2}", text)
    ]
    if read.lines:
        _alter(read, pointers=tuple(pointers))


def _place(read: _Read, place: str) -> None:
    """A place of service: of the last line where it stands right behind it, else of the claim. One
    that no other place follows is that of the claim."""
    read.place = read.place or place
    if read.lines and read.fresh and place != read.place:
        _alter(read, place=place)


def _person(read: _Read, found: dict[str, str]) -> None:
    years = found.get("years") or found.get("years_label") or found.get("years_sex")
    if years:
        # An age over 89 is removed; what holds at 90 holds after.
        age = 90 if years == "[AGE]" else int(years)
        read.age = age if age <= 124 else read.age
    for name in ("sex", "sex_short", "sex_label", "sex_word", "sex_letter"):
        if word := found.get(name):
            read.sex = "F" if word[0].lower() in "fwg" else "M"
    read.fresh = False


def _alter(read: _Read, **fields: object) -> None:
    read.lines[-1] = replace(read.lines[-1], **fields)  # type: ignore[arg-type]


def _date(read: _Read, text: str) -> None:
    """A date: of the line that it stands right behind after "on", of the end of a stay, or of the
    claim."""
    read.mode = ""
    day = read_date(text).day
    cue = re.match(r"[a-z/]*", text, re.I)
    word = cue[0].lower() if cue else ""
    if word == "on" and read.fresh and read.lines:
        _alter(read, day=day)
    elif word in ("discharged", "dc", "d/c", "through", "thru", "to") or text.startswith("-"):
        read.through = read.through or day
    else:
        read.day = read.day or day
