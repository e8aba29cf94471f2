"""Tables of own rules: of the house, or of a payer as the house reads it.

A supervisor writes such a table as CSV or as a workbook. There is no official layout. The columns
are payer, code or range, text, from, through and source; `POLICY_COLUMNS` lists the headings that
each is known by. Only code and text must be there, and one of the others that tells such a table
from a list of codes.

A cell of codes may hold several, separated by commas or semicolons: a code (J7325, M17.11, 99213),
a category that includes the codes under it (M17, M17.-), or a range (J7318-J7332). A code with a
modifier (20610-RT) is read as the code.

A row that cannot be used is left out, and `problems` says why by its number; the others count.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codesets.code_format import dot, undot
from codesets.formats import spreadsheets
from codesets.limits import TooMuch
from codesets.model import CodesetError
from codesets.rows_policies import HouseRule

_PAYER = ("payer", "payor", "payer name", "insurance", "insurer", "plan", "carrier", "health plan")
_CODE = (
    "code", "codes", "code or range", "codes or range", "code range", "code or code range",
    "code/range", "range", "cpt", "hcpcs", "cpt hcpcs", "hcpcs cpt", "cpt code", "hcpcs code",
    "cpt hcpcs code", "procedure code", "procedure", "service", "dx", "dx code", "diagnosis code",
    "icd 10", "icd10", "icd 10 code",
)  # fmt: skip
_RULE = ("rule", "rules", "policy", "house rule", "payer rule", "policy text", "rule text")
_TEXT = (*_RULE, "text", "note", "notes", "instruction", "instructions", "requirement",
         "requirements", "comment", "comments", "description of rule", "guidance")  # fmt: skip
_DATED = {
    "from?": ("from", "effective", "effective from", "effective date", "eff date", "eff", "start",
              "start date", "valid from", "begin", "begins"),
    "through?": ("through", "thru", "to", "until", "end", "end date", "ends", "effective through",
                 "effective to", "expires", "expiration", "expiration date", "valid through",
                 "valid to", "term date"),
    "source?": ("source", "reference", "link", "url", "where from", "bulletin"),
}  # fmt: skip
#: The columns of such a table: with a payer; or without one, if its text is called a rule.
POLICY_COLUMNS: tuple[spreadsheets.Columns, ...] = (
    {"payer": _PAYER, "code": _CODE, "text": _TEXT, **_DATED},
    {"payer?": _PAYER, "code": _CODE, "text": _RULE, **_DATED},
)

#: Characters of a rule, of a payer's name and of a source.
MOST_TEXT = 1000
_MOST_NAME, _MOST_SOURCE = 80, 300
#: Rows of a table.
_MOST_ROWS = 50_000
_SEPARATOR = re.compile(r"[,;|\n]+|\s+and\s+|\s+&\s+", re.I)
_END = r"[A-Z0-9]{1,7}(?:\.[A-Z0-9]{1,4})?"
_ONE = re.compile(rf"(?=.*\d)({_END})")
#: How people write that the codes under a category are meant: M17.-, M17.x, M17*.
_OPEN = re.compile(r"(?:\.(?:X+|[-*]+)?|[-*]+)$")
_RANGE = re.compile(rf"(?=[^-]*\d)({_END})\s*(?:-|–|—|\bTO\b|\bTHRU\b)\s*({_END})")  # noqa: RUF001
_FORMS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y",
          "%Y-%m-%d %H:%M:%S")  # fmt: skip
_NO_DATE = frozenset(("", "-", "–", "open", "none", "n/a", "na", "ongoing", "current"))  # noqa: RUF001
#: What tells of a patient, which no rule needs: a Social Security number, a Medicare Beneficiary
#: Identifier, or a number behind a word for one.
_OF_A_PATIENT = re.compile(
    r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"
    r"|(?<![A-Z0-9])[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]"
    r"[0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}(?![A-Z0-9])"
    r"|\b(?:dob|d\.o\.b\.?|date of birth|mrn|ssn|medical record (?:no|number)|member id)\b"
    r"[\s:#.]*(?=\S*\d)\S{4,}",
    re.I,
)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a row was read as: its rules, or why there are none (`problem`)."""

    number: int
    rules: tuple[HouseRule, ...] = ()
    problem: str = ""


def table_name(file_name: str) -> str:
    """The name of a table, which a newer one of the same name replaces: that of its file, without
    the number that a browser adds.

    >>> table_name("Aetna Rules (1).xlsx")
    'aetna rules'
    """
    stem = file_name.rpartition(".")[0] or file_name
    return " ".join(re.sub(r"\s*\(\d+\)$", "", stem).casefold().split())[:80] or "policies"


def span(path: Path) -> tuple[dt.date, dt.date]:
    """The first day that a rule gives (today where none does), and the last; date.max where a rule
    has none. Raises as `read_policies` does."""
    rules = read_policies(path)
    firsts = [rule.effective_from for rule in rules if rule.effective_from]
    lasts = [rule.effective_through or dt.date.max for rule in rules]
    return min(firsts, default=dt.date.today()), max(lasts)


def read_policies(path: Path) -> list[HouseRule]:
    """The rules of a table, without the rows that cannot be used.

    Raises CodesetError when none can be; else as `spreadsheets.table` does.
    """
    rows = [*_rows(path)]
    rules = [rule for row in rows for rule in row.rules]
    if not rules:
        first = next((f" Row {row.number}: {row.problem}." for row in rows), "")
        raise CodesetError(f"{path.name} has no rule that can be used.{first}")
    return rules


def problems(path: Path, exists: Callable[[str], bool]) -> Iterator[str]:
    """What is wrong with rows, each as a sentence: why one is left out, or that no loaded code set
    has its code, which does not keep it out."""
    for row in _rows(path):
        if row.problem:
            yield f"row {row.number} is left out: {row.problem}"
        for rule in row.rules:
            forms = {dot(rule.first)} if "." in rule.codes else {rule.first, dot(rule.first)}
            if rule.first == rule.last and not any(map(exists, forms)):
                yield f"row {row.number}: no loaded code set has {rule.codes}"


def _rows(path: Path) -> Iterator[_Read]:
    columns = _columns(path)
    layout = "a table of house and payer policies"
    for count, (number, row) in enumerate(spreadsheets.table(path, columns, layout)):
        if count >= _MOST_ROWS:
            raise TooMuch(f"{path.name} has more than {_MOST_ROWS:,} rules: split it.")
        try:
            yield _Read(number, tuple(_rules(number, row)))
        except _Unusable as why:
            yield _Read(number, problem=str(why))


def _columns(path: Path) -> spreadsheets.Columns:
    first = spreadsheets.first_rows(path)
    known = (columns for columns in POLICY_COLUMNS if spreadsheets.heading(first, columns))
    return next(known, POLICY_COLUMNS[0])


class _Unusable(Exception):
    """Why a row cannot be used."""


def _rules(number: int, row: dict[str, str]) -> Iterator[HouseRule]:
    text, payer, origin = (" ".join(row[name].split()) for name in ("text", "payer", "source"))
    if not text:
        raise _Unusable("it has no text")
    for what, written, most in (
        ("text", text, MOST_TEXT),
        ("payer", payer, _MOST_NAME),
        ("source", origin, _MOST_SOURCE),
    ):
        if len(written) > most:
            raise _Unusable(f"its {what} has more than {most:,} characters")
        if _OF_A_PATIENT.search(written):
            raise _Unusable(f"its {what} names what looks like an identifier of a patient")
    first, last = _date(row["from"], "from"), _date(row["through"], "through")
    if first and last and first > last:
        raise _Unusable(f"it ends ({last}) before it begins ({first})")
    for written, begin, end in _codes(row["code"]):
        yield HouseRule(number, payer, written, begin, end, text, first, last, origin)


def _codes(cell: str) -> Iterator[tuple[str, str, str]]:
    """(as written, first, last) of each code or range of a cell."""
    parts = [part.strip() for part in _SEPARATOR.split(cell) if part.strip()]
    if not parts:
        raise _Unusable("it has no code")
    for part in parts:
        given = _OPEN.sub("", part.upper())
        if match := _RANGE.fullmatch(given):
            first, last = undot(match[1]), undot(match[2])
            if len(last) <= 2:
                last = first  # a modifier
            if first[:1] != last[:1] and not (first[:1].isdigit() and last[:1].isdigit()):
                raise _Unusable(f"{part} is no range of codes of one kind")
            if first > last:
                raise _Unusable(f"the range {part} ends before it begins")
            yield part, first, last
        elif match := _ONE.fullmatch(given):
            if len(undot(match[1])) < 2:
                raise _Unusable(f"{part} is no code")
            yield part, undot(match[1]), undot(match[1])
        else:
            raise _Unusable(f"{part[:40]} is no code")


def _date(cell: str, column: str) -> dt.date | None:
    text = " ".join(cell.split())
    if text.casefold() in _NO_DATE:
        return None
    for form in _FORMS:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise _Unusable(f"its {column} is no date ({text[:30]})")
