"""ICD-9-CM and ICD-10, by the General Equivalence Mappings (GEMs)."""

from __future__ import annotations

from typing import Literal

from bot.desk.answer import CodeTitle, Equivalent, Verdict
from bot.desk.reasons import Reason, reason
from codesets.model import GemsMapping
from codesets.store.code_store import CodeStore


class Icd9Crosswalk:
    """Reads the newest loaded mappings that have a code."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store

    def in_icd9(self, code: str) -> list[Equivalent]:
        """The ICD-9-CM codes that an ICD-10 code is mapped to, without titles; [] when no loaded
        mapping has it."""
        return self._mapped("10to9", code)

    def verdict(self, code: str) -> Verdict | None:
        """The verdict on an ICD-9-CM code: retired, with its equivalents in ICD-10; None when no
        loaded mapping has it."""
        equivalents = self._mapped("9to10", code)
        if not equivalents:
            return None
        return Verdict(
            code=code,
            system="icd9cm",
            status="deleted",
            title="",
            release=None,
            reasons=[reason("verdict.icd9", code=code)],
            replaced_by=[CodeTitle(e.code, e.title) for e in equivalents if e.code],
            equivalents=equivalents,
        )

    def titles(self, code: str) -> list[str] | None:
        """The titles of the ICD-10-CM codes that an ICD-9-CM code is mapped to; None when no loaded
        mapping has it."""
        equivalents = self._mapped("9to10", code)
        return [one.title for one in equivalents if one.code] if equivalents else None

    def _mapped(self, direction: Literal["9to10", "10to9"], code: str) -> list[Equivalent]:
        references = self._store.references
        for reference in reversed(references.all("gems")):
            rows = list(references.rows(GemsMapping, reference, direction=direction, source=code))
            if rows:
                return [
                    Equivalent(
                        row.target or "",
                        self.title(row.target) if direction == "9to10" and row.target else "",
                        reasons=[
                            reason(
                                "verdict.gem", reference=reference.name, flags=mapping_flags(row)
                            )
                        ],
                    )
                    for row in rows
                ]
        return []

    def title(self, code: str) -> str:
        """The title of an ICD-10-CM code in the newest release that has it; "" if none has."""
        for release in reversed(self._store.releases("icd10cm")):
            known = self._store.get(release, code)
            if known is not None:
                return known.title
        return ""


def mapping_flags(mapping: GemsMapping) -> Reason:
    """What the flags of a mapping say."""
    if mapping.target is None:
        return reason("verdict.gem_no_map")
    kind = reason("verdict.gem_approximate" if mapping.approximate else "verdict.gem_identical")
    if not mapping.combination:
        return kind
    return reason(
        "verdict.gem_combination", kind=kind, scenario=mapping.scenario, choice=mapping.choice
    )
