"""Which code systems and references are out of date, and which are not loaded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from codesets.model import REFERENCE_NAMES, SYSTEM_NAMES, US_SYSTEMS
from codesets.store.code_store import CodeStore

#: References that are published for each edition. The others are valid until they are replaced.
_RENEWED = (
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
            whose = "" if system == "hcpcs" else f"{SYSTEM_NAMES[system]} "
            missing.append(whose + REFERENCE_NAMES[kind])
    return missing
