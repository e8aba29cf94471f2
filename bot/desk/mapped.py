"""Mappings between classifications, as their publishers have them: the General Equivalence Mappings
between ICD-9-CM and ICD-10 (CMS), and WHO's maps between ICD-10 and ICD-11."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.desk.answer import Equivalent, Verdict
from bot.desk.icd9_crosswalk import Icd9Crosswalk, mapping_flags
from bot.desk.icd11 import Icd11
from bot.desk.reasons import Reason, reason
from bot.desk.who_equivalent import WhoEquivalent
from codesets.code_format import ICD10PCS
from codesets.model import GemsMapping, NamedSystem, Reference
from codesets.rows_icd11 import Icd11Mapping
from codesets.store.code_store import CodeStore

MapKind = Literal["9to10", "10to9", "10to11", "11to10"]
#: FHIR's ConceptMapEquivalence, as far as the publishers' flags say it.
Equivalence = Literal["equivalent", "relatedto", "unmatched"]

_PCS = re.compile(ICD10PCS)
_GEMS = ("9to10", "10to9")


@dataclass(frozen=True, slots=True)
class Mapped:
    """One mapping. `system` is that of the target: one of SYSTEM_NAMES, "icd9cm", or "icd10" (that
    of WHO); `title` "" where none is known; `reasons` are what the publisher says of it."""

    system: str
    code: str
    title: str
    equivalence: Equivalence
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a map has for a code. `name` and `label` are those of the map's edition; `releases` for
    the log."""

    kind: MapKind
    code: str
    rows: list[Mapped]
    name: str | Reason
    label: str
    releases: Mapping[str, str]
    equivalents: Sequence[Equivalent] = ()
    who: Sequence[WhoEquivalent] = field(default=())

    @property
    def is_of_who(self) -> bool:
        return self.kind in ("10to11", "11to10")


class Mappings:
    """Reads the loaded maps. Safe to use from many threads."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store
        self._crosswalk = Icd9Crosswalk(store)
        self._icd11 = Icd11(store)

    def loaded(self, kind: MapKind, procedures: bool | None = None) -> list[Reference]:
        """The loaded references in which a map is published, oldest edition first; of those between
        ICD-9-CM and ICD-10 with `procedures` those of procedures, or those of diagnoses."""
        return [r for r in self._references(kind) if self._is_of(r, kind, procedures)]

    def _references(self, kind: MapKind) -> list[Reference]:
        return self._store.references.all("gems" if kind in _GEMS else "icd11_map")

    def _is_of(self, reference: Reference, kind: MapKind, procedures: bool | None) -> bool:
        """By its first row: each direction is a file of its own, and so are procedures."""
        references = self._store.references
        if kind not in _GEMS:
            rows = references.rows(Icd11Mapping, reference, direction=kind)
            return next(rows, None) is not None
        first = next(references.rows(GemsMapping, reference, direction=kind), None)
        if first is None or procedures is None:
            return first is not None
        ten = first.target or "" if kind == "9to10" else first.source
        return procedures == bool(_PCS.fullmatch(ten))

    def of(self, kind: MapKind, code: str, day: dt.date) -> Found:
        """What the newest edition that has a code maps it to."""
        if kind in ("10to11", "11to10"):
            return self._of_who(kind, code, day)
        for reference in reversed(self._references(kind)):
            rows = list(
                self._store.references.rows(GemsMapping, reference, direction=kind, source=code)
            )
            if rows:
                return self._of_gems(kind, code, reference, rows)
        return self._nothing(kind, code)

    def _nothing(self, kind: MapKind, code: str) -> Found:
        loaded = self.loaded(kind)
        newest = loaded[-1] if loaded else None
        name = newest.name if newest else reason(f"fhir.map_{kind}")
        return Found(kind, code, [], name, newest.label if newest else "", _labels(loaded[-1:]))

    def _of_gems(
        self, kind: MapKind, code: str, reference: Reference, rows: Iterable[GemsMapping]
    ) -> Found:
        mapped, equivalents = [], []
        for row in rows:
            system: NamedSystem = "icd9cm"
            if kind == "9to10":
                system = "icd10pcs" if _PCS.fullmatch(row.target or "") else "icd10cm"
            title = self._title(system, row.target or "")
            flags = mapping_flags(row)
            mapped.append(Mapped(system, row.target or "", title, _equivalence(row), (flags,)))
            why = reason("verdict.gem", reference=reference.name, flags=flags)
            equivalents.append(Equivalent(row.target or "", title, reasons=[why]))
        return Found(
            kind,
            code,
            mapped,
            reference.name,
            reference.label,
            _labels([reference]),
            equivalents=equivalents,
        )

    def _title(self, system: str, code: str) -> str:
        """The title of an ICD-10 code in the newest edition that has it; "" for others."""
        if system == "icd10cm":
            return self._crosswalk.title(code)
        for release in reversed(self._store.releases(system)):
            if code and (known := self._store.get(release, code)):
                return known.title
        return ""

    def _of_who(self, kind: Literal["10to11", "11to10"], code: str, day: dt.date) -> Found:
        who = list(self._icd11.mapped(kind, code, day))
        if not who:
            return self._nothing(kind, code)
        rows = [
            Mapped(
                one.system,
                one.code,
                one.title,
                # WHO's map to one category does not say how the two are related.
                "relatedto" if one.code else "unmatched",
                tuple(one.reasons),
            )
            for one in who
        ]
        loaded = [r for r in self._references(kind) if r.label == who[0].release]
        name = loaded[-1].name if loaded else who[0].release
        return Found(kind, code, rows, name, who[0].release, _labels(loaded[-1:]), who=who)

    def verdict(self, found: Found) -> Verdict:
        """What the log keeps of a mapping."""
        system: NamedSystem = {"9to10": "icd9cm", "11to10": "icd11"}.get(found.kind, "icd10cm")  # type: ignore[assignment]
        if found.kind == "10to9" and _PCS.fullmatch(found.code):
            system = "icd10pcs"
        return Verdict(
            found.code,
            system,
            "deleted" if system == "icd9cm" else "not_billed" if system == "icd11" else "billable",
            "",
            None,
            reasons=[_told(found)],
            equivalents=list(found.equivalents),
            who_equivalents=list(found.who),
            typed=found.code,
        )


def _told(found: Found) -> Reason:
    codes = ", ".join(row.code for row in found.rows if row.code)
    key = "fhir.mapped" if codes else "fhir.mapped_to_none"
    return reason(key, code=found.code, codes=codes, map=found.name)


def _labels(references: Iterable[Reference]) -> dict[str, str]:
    return {reference.key: reference.label for reference in references}


def _equivalence(row: GemsMapping) -> Equivalence:
    """By the flags: a combination needs further codes, so no one of them is equivalent."""
    if row.target is None:
        return "unmatched"
    return "relatedto" if row.approximate or row.combination else "equivalent"
