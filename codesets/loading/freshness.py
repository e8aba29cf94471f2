"""Which code systems and references are out of date, and which are not loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from codesets.model import (
    REFERENCE_NAMES,
    SYSTEM_NAMES,
    US_SYSTEMS,
    Reference,
    ReferenceKind,
    Release,
    System,
)
from codesets.store.code_store import CodeStore

#: References that are published for each edition. The others are valid until they are replaced.
_RENEWED: tuple[tuple[ReferenceKind, System], ...] = (
    ("index", "icd10cm"),
    ("external_causes", "icd10cm"),
    ("neoplasms", "icd10cm"),
    ("drugs", "icd10cm"),
    ("guidelines", "icd10cm"),
    ("conversion", "icd10cm"),
    ("tables", "icd10pcs"),
    ("index", "icd10pcs"),
    ("definitions", "icd10pcs"),
    ("guidelines", "icd10pcs"),
    ("asp", "hcpcs"),
    ("ptp", "hcpcs"),
    ("mue", "hcpcs"),
)


@dataclass(frozen=True, slots=True)
class Outdated:
    """A code system or reference without a loaded edition in force: its name, and the label and
    last day of the nearest edition."""

    name: str
    label: str
    through: dt.date

    def __str__(self) -> str:
        return (
            f"Out of date: {self.name}, whose newest edition, {self.label}, is in force through "
            f"{self.through}."
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a code system or reference stands on a day, by the loaded edition that is nearest to it:
    its label ("" where none is loaded), its first and last day, and how many days it is away (0
    when it is in force). `coming`: a later edition is loaded, too."""

    name: str
    label: str = ""
    first: dt.date = dt.date.min
    last: dt.date = dt.date.min
    days_away: int = 0
    coming: bool = False


def standing(
    store: CodeStore | None, day: dt.date, system: System, kind: ReferenceKind | None = None
) -> Standing:
    """How a code system stands, or with `kind` a reference of it. Of edits for several settings,
    the one that is furthest from the day decides. `store` None: nothing is loaded."""
    if kind is None:
        name = SYSTEM_NAMES[system]
        if not store or system not in store.systems:
            return Standing(name)
        return _standing(name, store.for_date(system, day).release, day, store.releases(system))
    references = store.references.all(kind, system) if store else []
    if not store or not references:
        return Standing(_named(kind, system))
    settings = {reference.setting for reference in references}
    found = [store.references.for_date(kind, system, day, setting) for setting in settings]
    worst = max((one for one in found if one), key=lambda one: one.days_away(day))
    return _standing(worst.title, worst, day, references)


def _standing(
    name: str,
    nearest: Release | Reference,
    day: dt.date,
    editions: Sequence[Release] | Sequence[Reference],
) -> Standing:
    first, last = nearest.effective_from, nearest.effective_through
    coming = any(one.effective_from > last for one in editions)
    return Standing(name, nearest.label, first, last, nearest.days_away(day), coming)


def _named(kind: ReferenceKind, system: System) -> str:
    whose = "" if system == "hcpcs" else f"{SYSTEM_NAMES[system]} "
    return whose + REFERENCE_NAMES[kind]


def out_of_date(store: CodeStore, day: dt.date) -> list[Outdated]:
    """The code systems and references of which editions are loaded, but none in force on `day`."""
    nearest = [(store.for_date(system, day), SYSTEM_NAMES[system]) for system in store.systems]
    outdated = [
        Outdated(name, match.release.label, match.release.effective_through)
        for match, name in nearest
        if match.fit == "nearest"
    ]
    for kind, system in _RENEWED:
        settings = {reference.setting for reference in store.references.all(kind, system)}
        for setting in sorted(settings, key=str):
            reference = store.references.for_date(kind, system, day, setting)
            if reference is not None and reference.days_away(day):
                outdated.append(
                    Outdated(reference.title, reference.label, reference.effective_through)
                )
    return outdated


def not_loaded(store: CodeStore) -> list[str]:
    """The names of the code systems and the references of which no edition is loaded."""
    missing = [SYSTEM_NAMES[one] for one in US_SYSTEMS if one not in store.systems]
    for kind, system in _RENEWED:
        if not store.references.all(kind, system):
            missing.append(_named(kind, system))
    return missing
