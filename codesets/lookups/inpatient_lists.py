"""What the lists of inpatient claims and risk adjustment say of a diagnosis on a day.

Each list is that of the edition in force on the day, else the nearest one that is loaded: what is
found has the reference that it is from, and `covers` says which of the two it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from codesets.formats.hcc import COUNTS_BESIDE
from codesets.model import Reference
from codesets.rows_inpatient import (
    CcExclusion,
    CountsIfAlive,
    DrgWeight,
    HccEdit,
    HccHierarchy,
    HccLabel,
    HccMapping,
    HospitalAcquired,
    MceEdit,
    PdxCollection,
    PoaExempt,
    Severity,
    SeverityLevel,
)
from codesets.store.reference_store import ReferenceStore

R = TypeVar("R")
#: Rows of codes that were looked up lately, and collections, which are lists of thousands.
_KEPT, _KEPT_COLLECTIONS = 8192, 256


@dataclass(frozen=True, slots=True)
class Listed(Generic[R]):
    """Rows of one list for one code, and the edition that they are from."""

    rows: tuple[R, ...]
    reference: Reference

    def covers(self, day: dt.date) -> bool:
        return self.reference.days_away(day) == 0


@dataclass(frozen=True, slots=True)
class Level:
    """A CC or MCC: its level; the collection of principal diagnoses that exclude it, "" for none,
    None where Table 6K is not loaded; and whether it counts only for a patient discharged alive."""

    level: Severity
    reference: Reference
    collection: str | None
    if_alive: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A category of a risk-adjustment model that a diagnosis has, with its label ("" where none is
    loaded), and the edits by age and sex of it."""

    model: str
    number: int
    label: str
    reference: Reference
    edits: tuple[HccEdit, ...] = ()


class InpatientLists:
    """Safe to use from many threads. Loading makes a new one."""

    def __init__(self, references: ReferenceStore) -> None:
        self._references = references
        self._rows = lru_cache(maxsize=_KEPT)(self._read)
        self._collection = lru_cache(maxsize=_KEPT_COLLECTIONS)(self._read_collection)

    @property
    def loaded(self) -> frozenset[str]:
        """The kinds of references that are loaded."""
        return frozenset(one.kind for one in self._references.all())

    def edition(self, kind: str, day: dt.date) -> Reference | None:
        """The edition of a list for a day; None where none is loaded."""
        return self._references.for_date(kind, "icd10cm", day)

    def level(self, code: str, day: dt.date) -> Level | None:
        """Whether a code is a CC or MCC, by Tables 6I and 6J, else by 6K; None for neither."""
        excluded = self._listed("cc_exclusions", CcExclusion, day, code=code)
        collection = excluded.rows[0].collection if excluded and excluded.rows else None
        alive = self._listed("cc_exclusions", CountsIfAlive, day, code=code)
        if_alive = bool(alive and alive.rows)
        for kind in ("mcc", "cc"):
            listed = self._listed(kind, SeverityLevel, day, code=code)
            if listed and listed.rows:
                return Level(listed.rows[0].level, listed.reference, collection, if_alive)
        tables = {"mcc", "cc"} <= self.loaded
        if excluded and excluded.rows and not tables:
            row = excluded.rows[0]
            return Level(row.level, excluded.reference, row.collection, if_alive)
        return None

    def excludes(self, collection: str, principal: str, day: dt.date) -> Reference | None:
        """The edition of Table 6K in which a collection has a principal diagnosis; None where it
        has not."""
        edition = self.edition("cc_exclusions", day)
        if edition is None or not collection:
            return None
        return edition if principal in self._collection(edition, collection) else None

    def never_excluded(self, day: dt.date) -> dict[str, Severity]:
        """The CCs and MCCs that no principal diagnosis excludes, each with its level; {} where
        Table 6K is not loaded."""
        edition = self.edition("cc_exclusions", day)
        if edition is None:
            return {}
        rows = self._references.rows(CcExclusion, edition, collection="")
        return {row.code: row.level for row in rows}

    def mce(self, code: str, day: dt.date) -> Listed[MceEdit] | None:
        return self._listed("mce", MceEdit, day, code=code)

    def poa_exempt(self, code: str, day: dt.date) -> Listed[PoaExempt] | None:
        return self._listed("poa_exempt", PoaExempt, day, code=code)

    def acquired(self, code: str, day: dt.date) -> Listed[HospitalAcquired] | None:
        return self._listed("hac", HospitalAcquired, day, code=code)

    def drg(self, number: str, day: dt.date) -> Listed[DrgWeight] | None:
        return self._listed("drg_weights", DrgWeight, day, drg=number)

    def categories(self, code: str, day: dt.date) -> list[Category]:
        """The categories that a diagnosis has, of every model that the mapping for the day has."""
        mapping = self.edition("hcc", day)
        if mapping is None:
            return []
        found: dict[tuple[str, int], Reference] = {}
        # The part for one model is CMS's own file, or later than the table of all.
        for part in self._references.parts(mapping):
            for row in self._rows(HccMapping, part, "code", code):
                found.setdefault((row.model, row.category), part)
        edits = self._listed("hcc_edits", HccEdit, day, code=code)
        return [
            Category(
                model,
                number,
                self.label(model, number, day),
                reference,
                tuple(e for e in (edits.rows if edits else ()) if e.model == model),
            )
            for (model, number), reference in sorted(found.items(), key=lambda one: one[0])
        ]

    def label(self, model: str, number: int, day: dt.date) -> str:
        """What a category is called, in the nearest edition that says it; "" for none."""
        editions = self._references.all("hcc_labels", "icd10cm")
        for edition in sorted(editions, key=lambda one: one.days_away(day)):
            for row in self._rows(HccLabel, edition, "category", number):
                if row.model == model:
                    return str(row.label)
        return ""

    def dropped(self, model: str, numbers: Iterable[int], day: dt.date) -> dict[int, int]:
        """Of several categories of one model, those that a hierarchy drops, each with the one that
        drops it."""
        edition = self.edition("hcc_hierarchies", day)
        if edition is None:
            return {}
        have = set(numbers)
        return {
            row.drops: row.category
            for number in sorted(have)
            for row in self._rows(HccHierarchy, edition, "category", number)
            if row.model == model and row.drops in have
        }

    def lacking(self, model: str, numbers: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """Of several categories of one model, those that count only beside others of which none is
        there, each with these others."""
        have = set(numbers)
        return {
            number: others
            for (of_model, number), others in COUNTS_BESIDE.items()
            if of_model == model and number in have and have.isdisjoint(others)
        }

    def _listed(self, kind: str, row: type[R], day: dt.date, **equal: Any) -> Listed[R] | None:
        """The rows of a list for one code, in the edition for the day; None where no edition is
        loaded."""
        edition = self.edition(kind, day)
        if edition is None:
            return None
        ((name, value),) = equal.items()
        found: tuple[R, ...] = self._rows(row, edition, name, value)  # type: ignore[arg-type]
        return Listed(found, edition)

    def _read(self, row: type[Any], reference: Reference, name: str, value: Any) -> tuple[Any, ...]:
        return tuple(self._references.rows(row, reference, **{name: value}))

    def _read_collection(self, reference: Reference, collection: str) -> frozenset[str]:
        rows = self._references.rows(PdxCollection, reference, collection=collection)
        return frozenset(code for row in rows for code in row.principals)
