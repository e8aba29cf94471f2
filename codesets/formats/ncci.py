"""The edits of the Medicare National Correct Coding Initiative (NCCI), as CMS publishes them.

Two tables, each quarterly and by setting, as text and as .xlsx, below a copyright notice:

* Procedure-to-procedure (PTP) edits, "Medicare NCCI Procedure to Procedure (PTP) Edits" on
  cms.gov: `ccipra-v321r0-f1.TXT` (practitioner) and `ccioph-v321r0-f1.TXT` (outpatient hospital),
  in parts f1, f2, …; tab-separated, with a heading of four lines: column 1, column 2, "*" for
  edits that existed before 1996, effective date, deletion date ("*" while active), modifier
  indicator, rationale.
* Medically unlikely edits (MUE), "Medicare NCCI Medically Unlikely Edits" on cms.gov:
  `MCR_MUE_PractitionerServices_Eff_04-01-2026.csv`, `…OutpatientHospitalServices…`,
  `…DMESupplierServices…`: code, MUE value, adjudication indicator, rationale.

Both are also read from tables that have one row an edit but other column names, such as public-use
extracts. Those may have no effective date.

The version in the name of a PTP file counts the years since 1994 and their quarters from zero:
v300 is the first quarter of 2024, v321 the second of 2026.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import dropwhile
from pathlib import Path

from codesets.code_format import HCPCS_OR_CPT
from codesets.formats.spreadsheets import Columns, table
from codesets.model import CodesetError, MueEdit, PtpEdit, Setting

#: What the modifier indicator of a PTP edit means.
MODIFIER_INDICATORS: dict[str, str] = {
    "0": "not allowed: no modifier allows both codes to be paid",
    "1": "allowed: both codes may be paid with an NCCI PTP-associated modifier, where it is "
    "appropriate",
    "9": "not applicable: the edit was deleted retroactively, as if it had never been",
}

#: What the adjudication indicator (MAI) of a medically unlikely edit means.
ADJUDICATION: dict[str, str] = {
    "1": "claim line edit: the units of each line are held against it on their own",
    "2": "date of service edit, policy: the units of the day are held against it, and it is "
    "absolute",
    "3": "date of service edit, clinical: the units of the day are held against it, and more may "
    "be paid where documentation shows that they were medically necessary",
}

PTP_COLUMNS: Columns = {
    "column1": ("Column 1", "Column 1 Code", "code"),
    "column2": ("Column 2", "Column 2 Code", "complement"),
    "effective?": ("Effective", "Effective Date"),
    "deleted": ("Deletion", "Deletion Date", "Deletion Date *=no data", "deleted"),
    "modifier": (
        "Modifier",
        "Modifier Indicator",
        "Modifier 0=not allowed 1=allowed 9=not applicable",
        "modifier_indicator",
    ),
    "rationale": ("PTP Edit Rationale", "rationale"),
    "type?": ("ptp_type",),
}

MUE_COLUMNS: Columns = {
    "code": ("HCPCS/CPT Code", "hcpcs_code"),
    "units": (
        "Practitioner Services MUE Values",
        "Outpatient Hospital Services MUE Values",
        "DME Supplier Services MUE Values",
        "mue_units",
    ),
    "adjudication": ("MUE Adjudication Indicator", "mue_mai"),
    "rationale": ("MUE Rationale", "mue_rationale"),
}

_CODE = re.compile(HCPCS_OR_CPT)

#: The most digits that a number of units may have.
_MOST_DIGITS = 9
#: 9999-12-31, which some tables have for edits that are not deleted.
_ACTIVE = dt.date.max

_SETTINGS: dict[Setting, re.Pattern[str]] = {
    "practitioner": re.compile(r"practitioner|ccipra", re.I),
    "outpatient": re.compile(r"outpatient|hospital|ccioph", re.I),
    "dme": re.compile(r"(?<![a-z])dme", re.I),
}

_QUARTER = re.compile(r"(?<!\d)(?P<year>20\d\d)[-_ ]?q(?P<quarter>[1-4])(?!\d)", re.I)
_EFFECTIVE = re.compile(
    r"eff(?:ective)?[ _:]*(?P<month>\d\d)[-/](?P<day>\d\d)[-/](?P<year>20\d\d)(?!\d)", re.I
)
_VERSION = re.compile(r"(?<![a-z])v(?P<major>\d\d)(?P<minor>[0-3])r\d", re.I)
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")


# Reading


def read_pairs(path: Path) -> Iterator[PtpEdit]:
    """Every PTP edit of a file, deleted ones too. They come one by one, because a quarter has
    millions.

    While they are read, raises CodesetError when the file is not a PTP table, when a row cannot be
    read (the message names its line), or when the table has no edits.
    """
    edit = None
    rows = table(path, PTP_COLUMNS, "NCCI procedure-to-procedure (PTP) edits")
    for number, row in dropwhile(_continues_heading, rows):
        try:
            edit = _pair(row)
        except ValueError as error:
            raise CodesetError(f"{path.name}, line {number}: {error}.") from error
        yield edit
    if edit is None:
        raise CodesetError(f"{path.name} holds no PTP edits.")


def _continues_heading(numbered: tuple[int, dict[str, str]]) -> bool:
    """Whether a row is part of the heading, which has several lines in CMS's text file:
    "Deletion", below it "Date", below it "*=no data"."""
    return not numbered[1]["column1"]


def _pair(row: dict[str, str]) -> PtpEdit:
    column1, column2 = _code(row["column1"]), _code(row["column2"])
    # Older names: the comprehensive code is column 1, its component is column 2.
    if row["type"] == "Component":
        column1, column2 = column2, column1
    if row["modifier"] not in MODIFIER_INDICATORS:
        raise ValueError(f'"{row["modifier"]}" is no modifier indicator (0, 1 or 9)')
    return PtpEdit(
        column1=column1,
        column2=column2,
        effective_from=_date(row["effective"]),
        deleted=_date(row["deleted"]),
        modifier=row["modifier"],
        rationale=row["rationale"],
    )


def read_units(path: Path) -> tuple[MueEdit, ...]:
    """Every medically unlikely edit of a file.

    Raises CodesetError when the file is no MUE table, when a row cannot be read (the message names
    its line), or when there are no edits.
    """
    edits = []
    for number, row in table(path, MUE_COLUMNS, "NCCI medically unlikely edits (MUE)"):
        try:
            edits.append(_units(row))
        except ValueError as error:
            raise CodesetError(f"{path.name}, line {number}: {error}.") from error
    if not edits:
        raise CodesetError(f"{path.name} holds no medically unlikely edits.")
    return tuple(edits)


def _units(row: dict[str, str]) -> MueEdit:
    if not row["units"].isdecimal() or len(row["units"]) > _MOST_DIGITS:
        raise ValueError(f'"{row["units"]}" is no number of units')
    # CMS spells the indicator out: "3 Date of Service Edit: Clinical".
    adjudication = row["adjudication"][:1]
    if adjudication not in ADJUDICATION:
        raise ValueError(f'"{row["adjudication"]}" is no adjudication indicator (1, 2 or 3)')
    return MueEdit(_code(row["code"]), int(row["units"]), adjudication, row["rationale"])


@lru_cache(maxsize=1 << 15)
def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f'"{text}" is no HCPCS or CPT code (five characters)')
    return text


@lru_cache(maxsize=1 << 12)
def _date(text: str) -> dt.date | None:
    """A date; None for "", "*" and 9999-12-31, which mean that there is none."""
    if text in ("", "*"):
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no date (YYYYMMDD)') from None
    return None if day == _ACTIVE else day


# Recognising


def setting_of(head_text: str, name: str) -> Setting | None:
    """The setting that the beginning of a file (`head_text`) names, else the one that its `name`
    does; None when neither names exactly one.
    """
    for text in (head_text, name):
        named = [setting for setting, words in _SETTINGS.items() if words.search(text)]
        if len(named) == 1:
            return named[0]
    return None


def edition_of(name: str, head_text: str) -> tuple[str, dt.date, dt.date] | None:
    """(label, first day, last day) of the edition of a file; None when nothing says it.

    A quarter ("2026q2"), effective date ("Eff_04-01-2026") or version ("v321r0") in its name, else
    in `head_text`, gives a quarter: "2026-Q2". Without one, a year in its name gives the whole
    year: "2026". A year in the head does not count, because the copyright notice has one.
    """
    for text in (name, head_text):
        quarter = _quarter_in(text)
        if quarter:
            year, number = quarter
            last = calendar.monthrange(year, 3 * number)[1]
            return (
                f"{year}-Q{number}",
                dt.date(year, 3 * number - 2, 1),
                dt.date(year, 3 * number, last),
            )
    years = set(_YEAR.findall(name))
    if len(years) != 1:
        return None
    label = years.pop()
    return label, dt.date(int(label), 1, 1), dt.date(int(label), 12, 31)


def _quarter_in(text: str) -> tuple[int, int] | None:
    if match := _QUARTER.search(text):
        return int(match["year"]), int(match["quarter"])
    if match := _EFFECTIVE.search(text):
        month = int(match["month"])
        return (int(match["year"]), (month + 2) // 3) if 1 <= month <= 12 else None
    if match := _VERSION.search(text):
        return 1994 + int(match["major"]), int(match["minor"]) + 1
    return None


def in_force(edit: PtpEdit, day: dt.date) -> bool:
    """Whether a PTP edit applies to services of `day`.

    Both its dates are inclusive: the deletion date is the last day in force (CMS deletes at the end
    of a quarter). An edit with modifier indicator 9 never applies: CMS deletes those as of the day
    they began. An edit without an effective date applies from the beginning.
    """
    if edit.modifier == "9":
        return False
    return (edit.effective_from or day) <= day <= (edit.deleted or day)
