"""The coverage policies that are in force on a day, out of the loaded exports.

An export has the newest version of each policy alone. So an older export is kept beside a newer
one: for a day before the newer version begins, the older one has the version of that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.desk.coverage_asked import usps_code
from codesets.model import Reference
from codesets.rows_coverage import (
    CoverageContractor,
    CoverageGroup,
    CoveragePolicy,
    CoverageService,
)
from codesets.store.code_store import CodeStore

_PARTS = ("articles", "lcds")


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy that is about a service.

    - `services`: the rows by which it names the service.
    - `groups`: its groups of codes.
    - `contractors`: the names of the contractors that it binds, each once; () for a national one.
    - `states`: where it is in force, by codes of the Postal Service; () where the export does not
      say.
    - `related`: the policies that it belongs to, as they are cited.
    - `release`: the edition of the database.
    """

    row: CoveragePolicy
    services: tuple[CoverageService, ...]
    groups: tuple[CoverageGroup, ...]
    contractors: tuple[str, ...]
    states: tuple[str, ...]
    related: tuple[str, ...]
    release: str


class Loaded:
    """The loaded exports, asked for one day."""

    def __init__(self, store: CodeStore, day: dt.date) -> None:
        self._references = store.references
        self._day = day

    @cached_property
    def _exports(self) -> dict[str, list[Reference]]:
        """The exports of each part, newest first."""
        by_part: dict[str, list[Reference]] = {}
        for reference in reversed(self._references.all("coverage")):
            by_part.setdefault(reference.part or "", []).append(reference)
        return by_part

    @property
    def any(self) -> bool:
        return any(self._exports.get(part) for part in _PARTS)

    def about(self, service: str) -> list[PolicyInForce]:
        """The policies about a service that are in force on the day."""
        return [
            self._whole(export, row, services)
            for export, row, services in self._about(service)
            if _in_force(row, self._day)
        ]

    def at_another_time(self, service: str) -> list[PolicyInForce]:
        """The policies about a service of which the loaded version is not in force on the day, the
        last to begin first."""
        others = [
            self._whole(export, row, services)
            for export, row, services in self._about(service)
            if not _in_force(row, self._day)
        ]
        return sorted(others, key=lambda one: one.row.effective_from or dt.date.min, reverse=True)

    def _about(
        self, service: str
    ) -> Iterator[tuple[Reference, CoveragePolicy, tuple[CoverageService, ...]]]:
        for part in _PARTS:
            newer: list[Reference] = []
            for export in self._exports.get(part, []):
                if newer and self._day >= newer[-1].effective_from:
                    break  # the newer export was made on the day, or after it
                named: dict[str, list[CoverageService]] = {}
                for row in self._references.rows(CoverageService, export, code=service):
                    if (
                        (row.effective_from or self._day)
                        <= self._day
                        <= (row.effective_through or self._day)
                    ):
                        named.setdefault(row.policy, []).append(row)
                for policy in self._rows(export, [*named]):
                    if not self._is_renewed(policy, newer):
                        yield export, policy, tuple(named[policy.policy])
                newer.append(export)

    def _rows(self, export: Reference, numbers: list[str]) -> list[CoveragePolicy]:
        if not numbers:
            return []
        return list(self._references.rows(CoveragePolicy, export, policy=numbers))

    def _is_renewed(self, policy: CoveragePolicy, newer: list[Reference]) -> bool:
        """Whether a newer export has a version of the policy that had begun by the day, or that is
        the same one."""
        return any(
            row.version == policy.version or (row.effective_from or dt.date.min) <= self._day
            for export in newer
            for row in self._rows(export, [policy.policy])
        )

    def _whole(
        self, export: Reference, row: CoveragePolicy, services: tuple[CoverageService, ...]
    ) -> PolicyInForce:
        names: dict[str, None] = {}
        areas: dict[str, None] = {}
        for contractor in self._contractors(export, row):
            names[contractor.name] = None
            for abbreviation, name, first, last in contractor.areas:
                if (first or "0") <= self._day.isoformat() <= (last or "9"):
                    areas[usps_code(abbreviation, name)] = None
        own = [usps_code(abbreviation, name) for abbreviation, name in row.areas]
        return PolicyInForce(
            row,
            services,
            tuple(self._references.rows(CoverageGroup, export, policy=row.policy)),
            tuple(names),
            tuple(sorted(dict.fromkeys(own) if own else areas)),
            tuple(self._cited(one) for one in row.related),
            export.label,
        )

    def _contractors(self, export: Reference, row: CoveragePolicy) -> list[CoverageContractor]:
        if not row.contractors:
            return []
        keys = list(row.contractors)
        return list(self._references.rows(CoverageContractor, export, contractor=keys))

    def _cited(self, related: str) -> str:
        """A related policy by the number that is cited; an NCD that is not loaded by its number in
        the database."""
        kind, _, number = related.partition(":")
        if kind != "ncd":
            return related
        for export in self._exports.get("ncds", []):
            for row in self._references.rows(CoveragePolicy, export, number=number):
                return row.policy
        return f"NCD (id {number})"


def _in_force(row: CoveragePolicy, day: dt.date) -> bool:
    return (row.effective_from or day) <= day <= (row.effective_through or day)
