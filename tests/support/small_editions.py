"""A codes.db of small editions: a code or a row of each, with the dates that a test needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from codesets.model import Reference, ReferenceData, Release, ReleaseData, SourceFile
from codesets.store.code_store import CodeStore

_CODES = {"icd10cm": "E11.9", "icd10pcs": "0DTJ0ZZ", "hcpcs": "J3301", "cpt": "99999"}
_FILES = (SourceFile("small.txt", "0" * 64),)

#: Everything on the checklist: a code system, or (kind, code system).
ALL: tuple[str | tuple[str, str], ...] = (
    "icd10cm", "icd10pcs", "hcpcs", "cpt",
    *((kind, "icd10cm") for kind in (
        "index", "external_causes", "neoplasms", "drugs", "conversion", "guidelines",
        "mcc", "cc", "cc_exclusions", "drg_weights", "hcc", "gems")),
    *((kind, "icd10pcs") for kind in ("tables", "index", "definitions", "guidelines")),
    *((kind, "hcpcs") for kind in ("ptp", "mue", "asp", "places")),
)  # fmt: skip


def load(
    store: CodeStore,
    what: Iterable[str | tuple[str, str]],
    label: str,
    first: str,
    last: str,
) -> None:
    """Load an edition, of `first` through `last` (ISO 8601), of each of `what`."""
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    for one in what:
        if isinstance(one, str):
            release = Release(
                system=one,  # type: ignore[arg-type]
                label=label,
                effective_from=days[0],
                effective_through=days[1],
                source="file small.txt",
                files=_FILES,
            )
            store.load(ReleaseData.flat(release, [(_CODES[one], "A small code")]))
        else:
            kind, system = one
            reference = Reference(
                kind=kind,  # type: ignore[arg-type]
                system=system,  # type: ignore[arg-type]
                label=label,
                effective_from=days[0],
                effective_through=days[1],
                source="file small.txt",
                files=_FILES,
                setting="practitioner" if kind in ("ptp", "mue") else None,
            )
            store.references.load(ReferenceData(reference, ()))
