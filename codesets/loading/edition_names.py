"""The edition of an official file, by its name and its beginning."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeVar

from codesets import months
from codesets.formats import cpt, fee_schedule, guidelines, ncci
from codesets.formats.text_files import xml_version
from codesets.loading.file_types import Layout, Sample
from codesets.model import SYSTEM_NAMES, CodesetError, Setting


@dataclass(frozen=True, slots=True)
class Edition:
    """The label of an edition, and its first and last day (both inclusive)."""

    label: str
    effective_from: dt.date
    effective_through: dt.date


#: The month in which an edition of a fiscal year is updated.
_APRIL = 4
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_MONTH = re.compile(rf"(?<![a-z]){months.MONTH}(?![a-z])")
_QUARTER = re.compile(r"(?<!\d)20\d\d[-_ ]?q([1-4])(?!\d)", re.I)
#: The values of `--release`, by how often a file is published.
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
    """How often a file is published: "fiscal" (year), "quarter" or "calendar" (year)."""
    if layout.system == "cpt" or layout.kind in ("places", "gems", "carc", "rarc"):
        return "calendar"
    return "quarter" if layout.system == "hcpcs" else "fiscal"


def edition_of(layout: Layout, sample: Sample, package: str, label: str | None) -> Edition:
    """The edition of a file. The first of these that names one decides: `label` (`--release`), the
    beginning of the file, its name, the name of the zip (`package`) that it came in.

    Raises CodesetError when none of them does, or `label` has the wrong form; the message says how
    to name the edition.
    """
    rhythm = _rhythm(layout)
    if label:
        match = _LABELS[rhythm].fullmatch(label.strip())
        if match is None:
            raise CodesetError(
                f'"{label}" names no edition of {layout.what}: give {_EXAMPLES[rhythm]}.'
            )
        return _labelled(layout, match)
    edition = _of_content(layout, sample, package) or _of_names(layout, sample.name, package)
    if edition is None:
        raise CodesetError(
            f"The name of {sample.name} does not tell which edition of "
            f"{SYSTEM_NAMES[layout.system]} it is: add {_EXAMPLES[rhythm]}."
        )
    return edition


def _of_content(layout: Layout, sample: Sample, package: str) -> Edition | None:
    """The edition that the beginning of a file names. Of NCCI files, its name counts first."""
    if layout.kind == "fee_schedule":
        return _of_names(layout, fee_schedule.edition_text(sample.text), sample.name)
    if layout.kind in ("ptp", "mue", "add_on"):
        editions = [ncci.edition_of(name, sample.text) for name in (sample.name, package)]
        return next((_of_ncci(layout, *edition) for edition in editions if edition), None)
    if layout.kind == "guidelines" and sample.head.startswith(b"%PDF"):
        label = guidelines.edition_named(sample.text)
        match = label and _LABELS["fiscal"].fullmatch(label)
        return _labelled(layout, match) if match else None
    year = xml_version(sample.text)
    if year is None:
        return None
    month = _only(_months(sample.name)) or _only(_months(package))
    return _dated(layout, year, _APRIL if month == _APRIL else None)


def _labelled(layout: Layout, match: re.Match[str]) -> Edition:
    month = match["month"]
    return _dated(layout, int(match["year"]), months.number(month) if month else None)


def _of_ncci(layout: Layout, label: str, first: dt.date, last: dt.date) -> Edition:
    """An edition of NCCI edits. A quarter gets the label of quarterly files ("2026-April"); a whole
    year keeps its own."""
    if first.month != (last.month - 1) // 3 * 3 + 1:
        return Edition(label, first, last)
    return _dated(layout, first.year, first.month)


def _of_names(layout: Layout, name: str, package: str) -> Edition | None:
    """The edition by the names of a file and of its zip. Year and month are looked for separately,
    because in a zip of the April update the files' own names may have only the year."""
    year = _only(_YEAR.findall(name)) or _only(_YEAR.findall(package))
    month = _only(_months(name)) or _only(_months(package))
    if not year:
        return None
    if layout.kind == "gems" or _rhythm(layout) == "calendar":
        return _dated(layout, int(year), None)
    # With October or January, the year may be the fiscal or the calendar year.
    allowed = months.QUARTER_STARTS if _rhythm(layout) == "quarter" else (None, _APRIL)
    return _dated(layout, int(year), month) if month in allowed else None


def _months(name: str) -> list[int]:
    """The months (1 to 12) that a name has; of a quarter ("2026q2") its first month."""
    quarters = [months.quarter_start(int(number)) for number in _QUARTER.findall(name)]
    return quarters or [months.number(month) for month in _MONTH.findall(name.lower())]


T = TypeVar("T")


def _only(values: list[T]) -> T | None:
    return values[0] if len(set(values)) == 1 else None


def _dated(layout: Layout, year: int, month: int | None) -> Edition:
    """The edition of a year. `month` is the first of its quarter, or April for an April update."""
    rhythm = _rhythm(layout)
    if rhythm == "calendar":
        label = f"{year} ({cpt.MARK})" if layout.system == "cpt" else str(year)
        return Edition(label, dt.date(year, 1, 1), dt.date(year, 12, 31))
    if rhythm == "quarter":
        assert month is not None  # both callers require a month for quarterly files
        last = dt.date(year, month + 2, calendar.monthrange(year, month + 2)[1])
        return Edition(f"{year}-{months.NAMES[month - 1]}", dt.date(year, month, 1), last)
    if month == _APRIL:
        return Edition(f"FY{year}-April", dt.date(year, 4, 1), dt.date(year, 9, 30))
    return Edition(f"FY{year}", dt.date(year - 1, 10, 1), dt.date(year, 9, 30))


def part_of(layout: Layout, name: str) -> str | None:
    """The part of a reference that a file is, where an edition is published in several files; else
    None. Each part is loaded and replaced by itself."""
    if layout.kind == "ptp":
        part = re.search(r"-f(\d)(?!\d)", name, re.I)
        return part[1] if part else None
    return name.rpartition(".")[0].lower() if layout.kind == "gems" else None


def setting_of(layout: Layout, sample: Sample, package: str) -> Setting | None:
    """The setting that an NCCI file's edits are for; None for any other file.

    Raises CodesetError when neither the file nor the names of it and its zip say which.
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
