"""Which edition a file is of, by its name and its first lines."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeVar

from codesets import months
from codesets.formats import cpt, guidelines, ncci
from codesets.formats.text_files import xml_version
from codesets.loading.file_types import Layout, Sample
from codesets.model import SYSTEM_NAMES, CodesetError, Setting


@dataclass(frozen=True, slots=True)
class Dated:
    """An edition by its label and its published dates."""

    label: str
    effective_from: dt.date
    effective_through: dt.date


#: The month of the update to an edition of a fiscal year.
_APRIL = 4
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_MONTH = re.compile(rf"(?<![a-z]){months.MONTH}(?![a-z])")
_QUARTER = re.compile(r"(?<!\d)20\d\d[-_ ]?q([1-4])(?!\d)", re.I)
#: What `--release` looks like: by fiscal year, by quarter, by calendar year.
_LABELS = {
    "fiscal": re.compile(r"FY(?P<year>20\d\d)(?:-(?P<month>April))?", re.I),
    "quarter": re.compile(
        rf"(?P<year>20\d\d)-(?P<month>{months.written(*months.QUARTER_STARTS)})[a-z]*", re.I
    ),
    "calendar": re.compile(r"(?P<year>20\d\d)(?P<month>)"),
}
_EXAMPLES = {
    "fiscal": "--release FY2027 (or FY2026-April)",
    "quarter": "--release 2026-January",
    "calendar": "--release 2026",
}


def _rhythm(layout: Layout) -> str:
    """How often a file is published: by fiscal year, by quarter, by calendar year."""
    if layout.system == "cpt" or layout.kind in ("places", "gems"):
        return "calendar"
    return "quarter" if layout.system == "hcpcs" else "fiscal"


def edition_of(layout: Layout, sample: Sample, package: str, label: str | None) -> Dated:
    """The edition of a file: the one that `label` (`--release`) tells, the one that it says it is,
    or the one that its name, or that of the zip it came in, tells.

    Raises CodesetError, saying how to tell it, when none of them does.
    """
    rhythm = _rhythm(layout)
    if label:
        match = _LABELS[rhythm].fullmatch(label.strip())
        if match is None:
            raise CodesetError(
                f'"{label}" names no edition of {layout.what}: give {_EXAMPLES[rhythm]}.'
            )
        return _labelled(layout, match)
    dated = _said(layout, sample, package) or _named(layout, sample.name, package)
    if dated is None:
        raise CodesetError(
            f"The name of {sample.name} does not tell which edition of "
            f"{SYSTEM_NAMES[layout.system]} it is: add {_EXAMPLES[rhythm]}."
        )
    return dated


def _said(layout: Layout, sample: Sample, package: str) -> Dated | None:
    """The edition that a file says it is."""
    if layout.kind in ("ptp", "mue"):
        told = [ncci.edition_of(name, sample.text) for name in (sample.name, package)]
        return next((_of_a_quarter(layout, *dates) for dates in told if dates), None)
    if layout.kind == "guidelines" and sample.head.startswith(b"%PDF"):
        said = guidelines.edition_named(sample.text)
        match = said and _LABELS["fiscal"].fullmatch(said)
        return _labelled(layout, match) if match else None
    year = xml_version(sample.text)
    if year is None:
        return None
    month = _only(_months(sample.name)) or _only(_months(package))
    return _dated(layout, year, _APRIL if month == _APRIL else None)


def _labelled(layout: Layout, match: re.Match[str]) -> Dated:
    month = match["month"]
    return _dated(layout, int(match["year"]), months.number(month) if month else None)


def _of_a_quarter(layout: Layout, label: str, first: dt.date, last: dt.date) -> Dated:
    """NCCI's edition, by the label that all quarterly files have; of a whole year, by the year."""
    if first.month != (last.month - 1) // 3 * 3 + 1:
        return Dated(label, first, last)
    return _dated(layout, first.year, first.month)


def _named(layout: Layout, name: str, package: str) -> Dated | None:
    """The edition that names tell. A zip of April's update may hold files whose own names give
    the year only."""
    year = _only(_YEAR.findall(name)) or _only(_YEAR.findall(package))
    month = _only(_months(name)) or _only(_months(package))
    if not year:
        return None
    if layout.kind == "gems" or _rhythm(layout) == "calendar":
        return _dated(layout, int(year), None)
    # Of October or January one cannot tell whether the fiscal or the calendar year is meant.
    allowed = months.QUARTER_STARTS if _rhythm(layout) == "quarter" else (None, _APRIL)
    return _dated(layout, int(year), month) if month in allowed else None


def _months(name: str) -> list[int]:
    quarters = [months.quarter_start(int(number)) for number in _QUARTER.findall(name)]
    return quarters or [months.number(month) for month in _MONTH.findall(name.lower())]


T = TypeVar("T")


def _only(found: list[T]) -> T | None:
    return found[0] if len(set(found)) == 1 else None


def _dated(layout: Layout, year: int, month: int | None) -> Dated:
    """`month` is the one in which a quarter begins, or April where it is an April update."""
    rhythm = _rhythm(layout)
    if rhythm == "calendar":
        label = f"{year} ({cpt.MARK})" if layout.system == "cpt" else str(year)
        return Dated(label, dt.date(year, 1, 1), dt.date(year, 12, 31))
    if rhythm == "quarter":
        assert month is not None  # no edition of these is told by its year alone
        last = dt.date(year, month + 2, calendar.monthrange(year, month + 2)[1])
        return Dated(f"{year}-{months.NAMES[month - 1]}", dt.date(year, month, 1), last)
    if month == _APRIL:
        return Dated(f"FY{year}-April", dt.date(year, 4, 1), dt.date(year, 9, 30))
    return Dated(f"FY{year}", dt.date(year - 1, 10, 1), dt.date(year, 9, 30))


def part_of(layout: Layout, name: str) -> str | None:
    """Which part of a reference a file is, where it is published in several: those of one edition
    stand side by side, however they come in."""
    if layout.kind == "ptp":
        part = re.search(r"-f(\d)(?!\d)", name, re.I)
        return part[1] if part else None
    return name.rpartition(".")[0].lower() if layout.kind == "gems" else None


def setting_of(layout: Layout, sample: Sample, package: str) -> Setting | None:
    """Where the services are given that an NCCI file's edits are for; None for any other file.

    Raises CodesetError when neither the file nor its name tells.
    """
    if layout.kind not in ("ptp", "mue"):
        return None
    for name in (sample.name, package):
        if setting := ncci.setting_of(sample.text, name):
            return setting
    raise CodesetError(
        f"{sample.name} does not tell for which setting its edits are: import it in the zip, or "
        "under the name, that CMS gave it (ccipra… practitioner, ccioph… outpatient hospital)."
    )
