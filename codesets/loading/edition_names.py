"""The edition of an official file, by its name and its beginning."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TypeVar

from codesets import months
from codesets.formats import (
    coverage_database,
    cpt,
    fee_schedule,
    guidelines,
    house_policies,
    icd11,
    ncci,
)
from codesets.formats.text_files import xml_version
from codesets.loading import inpatient_editions
from codesets.loading.file_types import Layout, Sample
from codesets.model import SYSTEM_NAMES, CodesetError, Setting


@dataclass(frozen=True, slots=True)
class Edition:
    """The label of an edition, and its first and last day (both inclusive)."""

    label: str
    effective_from: dt.date
    effective_through: dt.date


#: The months in which an edition of a fiscal year may be updated (January: FY2021 alone).
_UPDATES = (1, 4)
#: The month in which a fiscal year begins.
_FISCAL_START = 10
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
#: A fiscal year that a name gives as one: FY2026, FY26.
_FISCAL = re.compile(r"FY[-_ ]?(?P<year>20\d\d|\d\d)(?!\d)", re.I)
#: A date that a name gives as the first day of an edition: Effective-04-01-2022.
_EFFECTIVE = re.compile(
    r"eff(?:ective)?[-_ ]*(?P<month>\d{1,2})[-_.](?P<day>\d{1,2})[-_.](?P<year>20\d\d)(?!\d)", re.I
)
#: The same in words, as tables of CDC and CMS say it above their heading: "will become effective
#: April 1, 2023", "effective January 2021".
_EFFECTIVE_WORDS = re.compile(
    rf"effective (?P<month>{'|'.join(months.NAMES)}) (?:1, )?(?P<year>20\d\d)\b", re.I
)
#: CMS's names of HCPCS files: two digits of the year (HCPC17_CONTR_ANWEB), the month as a number
#: after it (HCPC2020_04_anweb).
_HCPCS_YEAR = re.compile(r"HCPC[-_ ]?(?P<year>\d\d)(?!\d)", re.I)
_HCPCS_MONTH = re.compile(r"HCPC[-_ ]?20\d\d[-_](?P<month>0[147]|10)(?!\d)", re.I)
#: Until this year CMS published the HCPCS file once a year, in force from January on.
_LAST_ANNUAL = 2019
_MONTH = re.compile(rf"(?<![a-z]){months.MONTH}(?![a-z])")
_QUARTER = re.compile(r"(?<!\d)20\d\d[-_ ]?q([1-4])(?!\d)", re.I)
#: The values of `--release`, by how often a file is published.
_LABELS = {
    "fiscal": re.compile(r"FY(?P<year>20\d\d)(?:-(?P<month>January|April))?", re.I),
    "quarter": re.compile(
        rf"(?P<year>20\d\d)-(?P<month>{months.written(*months.QUARTER_STARTS)})[a-z]*", re.I
    ),
    "calendar": re.compile(r"(?P<year>20\d\d)(?P<month>)"),
    "version": re.compile(r"(?P<year>20\d\d)-(?P<month>0[1-9]|1[0-2])"),
}
_EXAMPLES = {
    "fiscal": "--release FY2027 (or FY2026-April)",
    "quarter": "--release 2026-January",
    "calendar": "--release 2026",
    "version": "--release 2026-01",
}


def is_label(text: str) -> bool:
    """Whether a text is of the form of an edition's label: FY2027, FY2026-April, 2026-January,
    2026, 2026-01."""
    return any(form.fullmatch(text.strip()) for form in _LABELS.values())


def _rhythm(layout: Layout) -> str:
    """How often a file is published: "fiscal" (year), "quarter" or "calendar" (year); "version" for
    the yearly versions of ICD-11."""
    if layout.system == "icd11":
        return "version"
    yearly = ("places", "gems", "carc", "rarc", *inpatient_editions.RISK)
    if layout.system == "cpt" or layout.kind in yearly:
        return "calendar"
    return "quarter" if layout.system == "hcpcs" else "fiscal"


def edition_of(
    layout: Layout, sample: Sample, package: str, label: str | None, *, label_decides: bool = True
) -> Edition:
    """The edition of a file. The first of these that names one decides: `label` (`--release`), the
    beginning of the file, its name, the name of the zip (`package`) that it came in. Without
    `label_decides`, `label` comes last: it is for the one file of many that tells no edition.

    Raises CodesetError when none of them does, or `label` has the wrong form; the message says how
    to name the edition.
    """
    if layout.kind == "coverage":
        # CMS renews it each week.
        day = coverage_database.updated_on(sample.path)
        return Edition(day.isoformat(), day, day + dt.timedelta(days=6))
    if layout.kind == "policies":
        return Edition(house_policies.table_name(sample.name), *house_policies.span(sample.path))
    rhythm = _rhythm(layout)
    if label and not label_decides:
        told = _of_content(layout, sample, package) or _of_names(layout, sample.name, package)
        if told:
            return told
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
            f"{SYSTEM_NAMES[layout.system]} it is: put the edition into its name, or add "
            f"{_EXAMPLES[rhythm]}."
        )
    return edition


def _of_content(layout: Layout, sample: Sample, package: str) -> Edition | None:
    """The edition that the beginning of a file names. Of NCCI files, its name counts first."""
    if found := inpatient_editions.named(layout.kind, (sample.name, package), sample.text):
        return _dated(layout, *found)
    if layout.kind == "fee_schedule":
        return _of_names(layout, fee_schedule.edition_text(sample.text), sample.name)
    if layout.kind in ("ptp", "mue", "add_on"):
        editions = [ncci.edition_of(name, sample.text) for name in (sample.name, package)]
        return next((_of_ncci(layout, *edition) for edition in editions if edition), None)
    if layout.kind == "guidelines" and sample.head.startswith(b"%PDF"):
        label = guidelines.edition_named(sample.text)
        match = label and _LABELS["fiscal"].fullmatch(label)
        return _labelled(layout, match) if match else None
    if layout.kind in ("conversion", "asp", "payment_limits"):
        return _of_words(layout, sample.text)
    if layout.system == "icd11":
        version = icd11.edition_of(sample.text)
        return Edition(*version) if version else None
    year = xml_version(sample.text)
    if year is None:
        return None
    month = _only(_months(sample.name)) or _only(_months(package))
    return _dated(layout, year, month if month in _UPDATES else None)


def _of_words(layout: Layout, text: str) -> Edition | None:
    """The edition of a table that says above its heading from when on it is in force."""
    match = _EFFECTIVE_WORDS.search(" ".join(text[:4_000].split()))
    return _begun(layout, int(match["year"]), months.number(match["month"])) if match else None


def _begun(layout: Layout, year: int, month: int) -> Edition | None:
    """The edition that comes into force in this month of a calendar year."""
    if _rhythm(layout) == "quarter":
        return _dated(layout, year, month) if month in months.QUARTER_STARTS else None
    if month == _FISCAL_START:
        return _dated(layout, year + 1, None)
    return _dated(layout, year, month) if month in _UPDATES else None


def _labelled(layout: Layout, match: re.Match[str]) -> Edition:
    month = match["month"]
    if not month:
        return _dated(layout, int(match["year"]), None)
    number = int(month) if month.isdigit() else months.number(month)
    return _dated(layout, int(match["year"]), number)


def _of_ncci(layout: Layout, label: str, first: dt.date, last: dt.date) -> Edition:
    """An edition of NCCI edits. A quarter gets the label of quarterly files ("2026-April"); a whole
    year keeps its own."""
    if first.month != (last.month - 1) // 3 * 3 + 1:
        return Edition(label, first, last)
    return _dated(layout, first.year, first.month)


def _of_names(layout: Layout, name: str, package: str) -> Edition | None:
    """The edition by the names of a file and of its zip. Year and month are looked for separately,
    because in a zip of the April update the files' own names may have only the year."""
    rhythm = _rhythm(layout)
    month = _only(_months(name)) or _only(_months(package))
    fiscal = _only(_fiscal_years(name)) or _only(_fiscal_years(package))
    begins = _EFFECTIVE.search(name) or _EFFECTIVE.search(package)
    if rhythm == "fiscal" and fiscal:
        month = int(begins["month"]) if begins else month
        if month in (None, _FISCAL_START, *_UPDATES):
            return _dated(layout, fiscal, month if month in _UPDATES else None)
        return None
    if rhythm == "fiscal" and begins:
        return _begun(layout, int(begins["year"]), int(begins["month"]))
    year = _only(_years(name)) or _only(_years(package))
    if not year or layout.system == "icd11":
        return None
    if layout.kind == "gems" or rhythm == "calendar":
        return _dated(layout, year, None)
    if rhythm == "quarter":
        if month is None and layout.kind is None and year <= _LAST_ANNUAL:
            return _annual(layout, year)
        return _dated(layout, year, month) if month in months.QUARTER_STARTS else None
    # With October or January, the year may be the fiscal or the calendar year.
    return _dated(layout, year, month) if month in (None, 4) else None


def _annual(layout: Layout, year: int) -> Edition:
    """The HCPCS file of a year in which there was one: the label of January, for the whole year."""
    january = _dated(layout, year, 1)
    return Edition(january.label, january.effective_from, dt.date(year, 12, 31))


def _years(name: str) -> list[int]:
    years = [int(year) for year in _YEAR.findall(name)]
    return years or [2000 + int(match["year"]) for match in _HCPCS_YEAR.finditer(name)]


def _fiscal_years(name: str) -> list[int]:
    return [2000 + int(match["year"][-2:]) for match in _FISCAL.finditer(name)]


def _months(name: str) -> list[int]:
    """The months (1 to 12) that a name has; of a quarter ("2026q2") its first month."""
    numbers = [months.quarter_start(int(number)) for number in _QUARTER.findall(name)]
    numbers += [int(month) for month in _HCPCS_MONTH.findall(name)]
    return numbers or [months.number(month) for month in _MONTH.findall(name.lower())]


T = TypeVar("T")


def _only(values: list[T]) -> T | None:
    return values[0] if len(set(values)) == 1 else None


def _dated(layout: Layout, year: int, month: int | None) -> Edition:
    """The edition of a year. `month` is the first of its quarter, or that of an update of a fiscal
    year."""
    rhythm = _rhythm(layout)
    if layout.kind in inpatient_editions.RISK:
        return Edition(str(year), *inpatient_editions.service_dates(year))
    if rhythm == "calendar":
        label = f"{year} ({cpt.MARK})" if layout.system == "cpt" else str(year)
        return Edition(label, dt.date(year, 1, 1), dt.date(year, 12, 31))
    if rhythm == "version":
        month = month or 1
        return Edition(f"{year}-{month:02}", dt.date(year, month, 1), dt.date(year, 12, 31))
    if rhythm == "quarter":
        assert month is not None  # both callers require a month for quarterly files
        last = dt.date(year, month + 2, calendar.monthrange(year, month + 2)[1])
        return Edition(f"{year}-{months.NAMES[month - 1]}", dt.date(year, month, 1), last)
    if month is not None:
        label = f"FY{year}-{months.NAMES[month - 1]}"
        return Edition(label, dt.date(year, month, 1), dt.date(year, 9, 30))
    return Edition(f"FY{year}", dt.date(year - 1, 10, 1), dt.date(year, 9, 30))


def part_of(layout: Layout, name: str) -> str | None:
    """The part of a reference that a file is, where an edition is published in several files; else
    None. Each part is loaded and replaced by itself."""
    if layout.kind == "coverage":
        return layout.name.rpartition(" ")[2]
    if layout.kind == "ptp":
        part = re.search(r"-f(\d)(?!\d)", name, re.I)
        return part[1] if part else None
    if layout.kind in inpatient_editions.IN_PARTS:
        return inpatient_editions.part_of(layout.kind, name)
    return name.rpartition(".")[0].lower() if layout.kind in ("gems", "icd11_map") else None


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
