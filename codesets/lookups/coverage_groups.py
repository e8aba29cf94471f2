"""Which services a group of diagnoses of a coverage policy is for, as its paragraph says.

The tables of the Medicare Coverage Database join services and diagnoses by the article alone: group
1 of the diagnoses need not go with group 1 of the services. Only the paragraph above a group says
for which services it counts, mostly by naming their codes ("for CPT codes 20610 and 20611"),
sometimes by naming their group ("for the HCPCS codes in Group 2").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from codesets.code_format import CPT, HCPCS
from codesets.model import CodeRange

#: named: the paragraph names the service, or its group. open: it names no service. other: it names
#: others.
Fit = Literal["named", "open", "other"]

_CODE = rf"(?:{HCPCS}|{CPT})"
_CODES = re.compile(
    rf"(?<![\w.-])({_CODE})(?:\s*(?:-|–|—|\bthrough\b|\bthru\b|\bto\b)\s*({_CODE}))?"  # noqa: RUF001
    r"(?![\w.]*\w)",
    re.I,
)
_KIND = r"(?:CPT|HCPCS|CPT®?\s*/\s*HCPCS|procedure|billing|service)"
#: "the HCPCS codes in Group 2", "CPT/HCPCS Group 2", "Group 2 procedure codes".
_GROUPS = re.compile(
    rf"\b{_KIND}(?:\s+codes?)?(?:\s+(?:listed|found|shown|included))?(?:\s+(?:in|of|from|under))?"
    rf"(?:\s+the)?\s+groups?\s+(?P<after>\d+(?:(?:\s*,\s*|\s+and\s+|\s*&\s*)\d+)*)"
    rf"|\bgroups?\s+(?P<before>\d+(?:(?:\s*,\s*|\s+and\s+|\s*&\s*)\d+)*)\s+{_KIND}\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a paragraph says of services: the codes and the groups of codes that it names."""

    codes: tuple[CodeRange, ...]
    groups: frozenset[int]


def scope_of(paragraph: str) -> Scope:
    """
    >>> scope_of("For CPT codes 20610 and 20611 and J7318-J7332, and the HCPCS codes in Group 2:")
    ... # doctest: +ELLIPSIS
    Scope(codes=(CodeRange(first='20610', ...), groups=frozenset({2}))
    """
    codes = tuple(
        CodeRange(match[1].upper(), (match[2] or match[1]).upper(), match[0])
        for match in _CODES.finditer(paragraph)
    )
    groups = {
        int(number)
        for match in _GROUPS.finditer(paragraph)
        for number in re.findall(r"\d+", match["after"] or match["before"])
    }
    return Scope(codes, frozenset(groups))


def fit(scope: Scope, service: str, groups: Mapping[int, object] | set[int]) -> Fit:
    """Whether a group of diagnoses is for a service that stands in these groups of services."""
    if any(named.contains(service) for named in scope.codes) or scope.groups & set(groups):
        return "named"
    return "other" if scope.codes or scope.groups else "open"
