"""Rows of codes.db that are read from CMS's Medicare Coverage Database: policies (billing articles,
LCDs, NCDs), the contractors that they bind, and the codes that they list.

The words and the layout are those of codesets/formats/coverage_database.py.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

PolicyKind = Literal["article", "lcd", "ncd"]
#: service: codes of HCPCS or CPT. covered: diagnoses that support medical necessity. noncovered:
#: diagnoses that do not.
GroupKind = Literal["service", "covered", "noncovered"]
#: billed: the policy is about the service. excluded: it is on a list of drugs that are usually
#: self-administered (SAD exclusion list).
ServiceKind = Literal["billed", "excluded"]


@dataclass(frozen=True, slots=True)
class CoveragePolicy:
    """One version of a policy.

    - `policy`: its number as it is cited: A52420, L33394, NCD 240.4.
    - `number`: its number in the database, by which other tables name it.
    - `version`: the version that the export has, the newest.
    - `effective_from`, `effective_through`: the first and last day of this version, both inclusive;
      None where the export gives none.
    - `contractors`: keys of the contractors that it binds; () for a national policy.
    - `areas`: the states or parts of states that the export names for it: (abbreviation, name);
      () where the areas of its contractors count.
    - `related`: policies that it belongs to: the number of an LCD ("L33394"), or "ncd:" and the
      `number` of an NCD.
    """

    policy: str
    number: str
    kind: PolicyKind
    title: str
    version: str
    effective_from: dt.date | None
    effective_through: dt.date | None
    contractors: tuple[str, ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageContractor:
    """A Medicare Administrative Contractor, one contract of it.

    - `contractor`: its key: id, type and version with hyphens.
    - `name`, `number`: as published ("First Coast Service Options, Inc.", "09102").
    - `areas`: where it has jurisdiction: (abbreviation, name, first day, last day), the days as ISO
      8601, "" for none.
    """

    contractor: str
    name: str
    number: str
    areas: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageService:
    """A service that a policy names, in one of its groups; 0 for none. Only a list of excluded
    drugs gives dates of each code."""

    policy: str
    code: str
    group: int
    kind: ServiceKind = "billed"
    effective_from: dt.date | None = None
    effective_through: dt.date | None = None


@dataclass(frozen=True, slots=True)
class CoverageGroup:
    """A group of codes of a policy.

    - `paragraph`: the text above the group, without markup: it says for which services the
      diagnoses count, and on what conditions; "" for none.
    - `codes`: as published; () for a group of text alone.
    - `marked`: those of them that have an asterisk.
    - `mark_means`: what the asterisk means; "" for none.
    """

    policy: str
    kind: GroupKind
    group: int
    paragraph: str
    codes: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    mark_means: str = ""
