"""Files that the customer owns: what each of them is, which edition, and loading it.

A file is recognised by what it holds, alone or in the zip it was published in. Its edition is read
from its name, in the way its publisher names it, or is told:

* ICD-10-CM and ICD-10-PCS (CMS, CDC/NCHS): a fiscal year, 1 October to 30 September, or its update
  of 1 April: `icd10cm_order_2027.txt`, `icd10cm-order-April-2026.txt`.
* HCPCS Level II (CMS): a quarter: `HCPC2026_JAN_ANWEB.txt`.
* CPT (AMA): a calendar year, which its file names do not always carry.

All files are read before the first is loaded, so one bad file changes nothing.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codesets import cpt, hcpcs, icd10cm, icd10pcs
from codesets.files import decoded, sha256_of
from codesets.model import (
    SYSTEM_NAMES,
    Code,
    CodesetError,
    Edition,
    Release,
    SourceFile,
    System,
)
from codesets.sources import IMPORTED, known_codes
from codesets.store import CodeStore

#: Enough of a file to tell what it is.
_HEAD = 64 * 1024

#: Share of a neighbouring edition's codes below which an edition may be cut off.
_WHOLE = 0.9

_EXPECTED = (
    "expected an ICD-10-CM or ICD-10-PCS order or code file, the HCPCS Level II file of CMS or the "
    "AMA's tab-delimited CPT descriptors"
)

Reader = Callable[[Path, Release, Mapping[str, Code]], Edition]


@dataclass(frozen=True, slots=True)
class Layout:
    """One official layout: what it is called, how its lines look, and who reads it."""

    name: str
    system: System
    line: re.Pattern[str]
    read: Reader


def _cm_order(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    return icd10cm.edition_of_list(release, icd10cm.read_order_file(path), known)


def _cm_descriptions(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    rows = [(code, True, title) for code, title in icd10cm.read_descriptions(path)]
    return icd10cm.edition_of_list(release, rows, known)


def _pcs_order(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    return Edition.flat(release, icd10pcs.read_order_file(path))


def _pcs_codes(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    return Edition.flat(release, icd10pcs.read_codes(path))


def _hcpcs(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    return hcpcs.edition_of(release, hcpcs.read_quarter(path))


def _cpt(path: Path, release: Release, known: Mapping[str, Code]) -> Edition:
    return Edition.flat(release, cpt.read_descriptors(path))


#: ICD-10-CM and PCS share their layouts and are told apart by the form of most of their codes.
LAYOUTS = (
    Layout(
        "order file", "icd10cm", re.compile(r"\d{5} [A-Z][0-9A][0-9A-Z]{1,5} +[01] "), _cm_order
    ),
    Layout(
        "code descriptions file",
        "icd10cm",
        re.compile(r"[A-Z][0-9A][0-9A-Z]{1,5} +\S"),
        _cm_descriptions,
    ),
    Layout(
        "order file",
        "icd10pcs",
        re.compile(rf"\d{{5}} (?:[0-9BCDFGHX][0-9A-HJ-NP-Z]{{2}}|{icd10pcs.CODE_SHAPE}) +[01] "),
        _pcs_order,
    ),
    Layout("codes file", "icd10pcs", re.compile(rf"{icd10pcs.CODE_SHAPE} +\S"), _pcs_codes),
    Layout("quarterly file", "hcpcs", hcpcs.RECORD, _hcpcs),
    Layout("descriptor file", "cpt", re.compile(rf"{cpt.CODE_SHAPE}\t\S"), _cpt),
)


def layout_of(head: bytes) -> Layout | None:
    """The layout that most lines of a file's beginning have; None when that is not half of them."""
    lines = [line for line in decoded(head).split("\n") if line.strip()]
    matches = {
        layout: sum(layout.line.match(line) is not None for line in lines) for layout in LAYOUTS
    }
    best = max(LAYOUTS, key=lambda layout: matches[layout])
    return best if matches[best] and matches[best] * 2 >= len(lines) else None


# Editions


@dataclass(frozen=True, slots=True)
class Dated:
    """An edition by its label and its published dates."""

    label: str
    effective_from: dt.date
    effective_through: dt.date


_QUARTERS = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_MONTHS = [name.lower() for name in (*calendar.month_name[1:], *calendar.month_abbr[1:])]
_MONTH = re.compile(rf"(?<![a-z])({'|'.join(_MONTHS)})(?![a-z])")
_LABEL = {
    "icd10cm": re.compile(r"FY(?P<year>20\d\d)(?:-(?P<month>Apr)il)?", re.I),
    "icd10pcs": re.compile(r"FY(?P<year>20\d\d)(?:-(?P<month>Apr)il)?", re.I),
    "hcpcs": re.compile(r"(?P<year>20\d\d)-(?:(?P<month>Jan|Apr|Jul|Oct)[a-z]*)", re.I),
    "cpt": re.compile(r"(?P<year>20\d\d)(?P<month>)"),
}
_EXAMPLE = {
    "icd10cm": "--release FY2027 (or FY2026-April)",
    "icd10pcs": "--release FY2027 (or FY2026-April)",
    "hcpcs": "--release 2026-January",
    "cpt": "--release 2026",
}


def edition_told(system: System, label: str) -> Dated:
    """The edition that `--release` names: FY2027, FY2026-April, 2026-January, 2026."""
    match = _LABEL[system].fullmatch(label.strip())
    if match is None:
        raise CodesetError(
            f'"{label}" names no edition of {SYSTEM_NAMES[system]}: give {_EXAMPLE[system]}.'
        )
    return _dated(system, int(match["year"]), (match["month"] or "").lower())


def edition_named(system: System, name: str, package: str = "") -> Dated | None:
    """The edition that a file's name tells, or that of the zip it came in; None when neither does.

    A zip of April's update may hold files whose own names give the year only.
    """
    year = _only(_YEAR.findall(name)) or _only(_YEAR.findall(package))
    month = _only(_months(name)) or _only(_months(package)) or ""
    if not year:
        return None
    # Of October or January one cannot tell whether the fiscal or the calendar year is meant.
    allowed: dict[str, tuple[str, ...]] = {"hcpcs": tuple(_QUARTERS), "cpt": (month,)}
    if month not in allowed.get(system, ("", "apr")):
        return None
    return _dated(system, int(year), month)


def _months(name: str) -> list[str]:
    return [month[:3] for month in _MONTH.findall(name.lower())]


def _only(found: list[str]) -> str | None:
    return found[0] if len(set(found)) == 1 else None


def _dated(system: System, year: int, month: str) -> Dated:
    if system == "cpt":
        return Dated(f"{year} ({cpt.MARK})", dt.date(year, 1, 1), dt.date(year, 12, 31))
    if system == "hcpcs":
        first = _QUARTERS[month]
        last = dt.date(year, first + 2, calendar.monthrange(year, first + 2)[1])
        return Dated(f"{year}-{calendar.month_name[first]}", dt.date(year, first, 1), last)
    if month == "apr":
        return Dated(f"FY{year}-April", dt.date(year, 4, 1), dt.date(year, 9, 30))
    return Dated(f"FY{year}", dt.date(year - 1, 10, 1), dt.date(year, 9, 30))


# Importing


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file of a known layout: where its text is, and what it is called where it came from."""

    path: Path
    name: str
    source: str
    layout: Layout
    dated: Dated

    @property
    def edition(self) -> str:
        return f"{SYSTEM_NAMES[self.layout.system]} {self.dated.label}"

    def release(self) -> Release:
        return Release(
            system=self.layout.system,
            label=self.dated.label,
            effective_from=self.dated.effective_from,
            effective_through=self.dated.effective_through,
            source=IMPORTED + self.source,
            files=(SourceFile(self.name, sha256_of(self.path)),),
        )


def import_files(
    store: CodeStore,
    paths: Sequence[Path],
    label: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> list[Release]:
    """Recognise, read and load files; return what was loaded. `label` is `--release`.

    Raises CodesetError, and loads nothing, when one of the files is none that is known, cannot be
    read to its end, or is of an edition that cannot be told.
    """
    with tempfile.TemporaryDirectory(prefix="codedesk-") as folder:
        found: dict[str, list[Recognised]] = {}
        for number, path in enumerate(paths):
            for file in _recognised(path, Path(folder) / str(number), label):
                found.setdefault(file.release().key, []).append(file)
        loaded = {release.key: release for release in store.releases()}
        known = known_codes(store)
        editions = []
        for key, files in found.items():
            # Of several files of one edition (order file and code file; long, medium and short
            # descriptors) the largest says the most.
            best = max(files, key=lambda file: file.path.stat().st_size)
            for file in files:
                if file is not best:
                    say(f"{file.name}: {file.edition}, {file.layout.name}; {best.name} says more")
            if key in loaded and loaded[key].has_notes:
                say(
                    f"{best.name}: {best.edition} is loaded already, with the notes of its Tabular "
                    "List, which this file has not; left as it is"
                )
                continue
            editions.append((best, best.layout.read(best.path, best.release(), known)))
        for file, edition in editions:
            store.load(edition)
            say(_loaded(file, edition))
            _compare(store, file, edition, say)
    return [edition.release for _, edition in editions]


def _loaded(file: Recognised, edition: Edition) -> str:
    release, codes = edition.release, edition.codes
    billable = sum(code.billable for code in codes)
    count = f"{billable:,} codes"
    if billable < len(codes):
        count = f"{len(codes):,} codes and headers, {billable:,} billable"
    return (
        f"{file.name}: {file.edition}, {file.layout.name}, {release.effective_from} through "
        f"{release.effective_through}: {count}"
    )


def _compare(
    store: CodeStore, file: Recognised, edition: Edition, say: Callable[[str], None]
) -> None:
    """Point out an edition much smaller than another one: a download that was cut off at the end
    of a line looks like a whole file."""
    release = edition.release
    others = [r for r in store.releases(release.system) if r.key != release.key]
    if not others:
        return
    nearest = min(others, key=lambda other: other.days_away(release.effective_from))
    count, usual = len(edition.codes), store.counts(nearest)["codes"]
    if count < _WHOLE * usual:
        say(f"That is {count:,} against {usual:,} in {nearest.label}: is {file.name} whole?")


def _recognised(path: Path, folder: Path, label: str | None) -> list[Recognised]:
    """The files of known layout that `path` is or, as a zip, holds."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK"):
        files = list(_unzipped(path, folder))
        if not files:
            raise CodesetError(f"{path.name} holds no file that Code Desk can read: {_EXPECTED}.")
        package = path.name
    else:
        layout = layout_of(head)
        if layout is None:
            raise CodesetError(_not_recognised(path.name, head))
        files, package = [(path, layout)], ""
    return [
        Recognised(
            path=text,
            name=text.name,
            source=package or text.name,
            layout=layout,
            dated=_edition(layout.system, text.name, package, label),
        )
        for text, layout in files
    ]


def _edition(system: System, name: str, package: str, label: str | None) -> Dated:
    dated = edition_told(system, label) if label else edition_named(system, name, package)
    if dated is None:
        raise CodesetError(
            f"The name of {name} does not tell which edition of {SYSTEM_NAMES[system]} it is: add "
            f"{_EXAMPLE[system]}."
        )
    return dated


def _unzipped(path: Path, folder: Path) -> Iterator[tuple[Path, Layout]]:
    try:
        with zipfile.ZipFile(path) as package:
            for member in package.infolist():
                with package.open(member) as file:
                    head = file.read(_HEAD)
                layout = layout_of(head)
                if layout is None:
                    continue
                # By its last name only: where a zip wants its files is no business of ours.
                target = folder / str(member.header_offset) / PurePosixPath(member.filename).name
                target.parent.mkdir(parents=True)
                target.write_bytes(package.read(member))
                yield target, layout
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise CodesetError(
            f"{path.name} is a zip that cannot be unpacked (damaged, cut off or locked with a "
            "password): download it again, or unpack it and import its text file."
        ) from error


def _not_recognised(name: str, head: bytes) -> str:
    if not head.strip():
        return f"{name} is empty: {_EXPECTED}."
    if re.match(rb"\s*<(?:!doctype html|html)", head, re.I):
        return f"{name} is a web page, not the file that was to be downloaded: {_EXPECTED}."
    return f"{name} is no file that Code Desk can read: {_EXPECTED}."
