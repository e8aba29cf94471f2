"""A claim with what codes.db has of its codes, as all checks see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.desk.answer import Pair, Severity
from bot.desk.reasons import Reason
from bot.x12.records import Claim, ServiceLine
from codesets.model import Code, Release, Setting


@dataclass(frozen=True, slots=True)
class Listed:
    """A diagnosis of a claim that codes.db has, in the edition of its date.

    - `place`: 1 for the first; what pointers name.
    """

    place: int
    code: Code
    release: Release


@dataclass(frozen=True, slots=True)
class Line:
    """A service line with its date and, where codes.db has it, its code."""

    number: int
    service: ServiceLine
    day: dt.date
    code: Code | None = None

    @property
    def name(self) -> str:
        """The code with its modifiers: 20610-RT."""
        return "-".join([self.service.code, *self.service.modifiers])


@dataclass(frozen=True, slots=True)
class Case:
    """- `claim`: as it was read.
    - `day`: the day by which its diagnoses are checked.
    - `diagnoses`: those that are reported (no admitting diagnosis, no reason of a visit) and known.
    - `lines`: those with a code.
    - `setting`: whose NCCI edits apply; None for a stay, to which they do not.
    """

    claim: Claim
    day: dt.date
    diagnoses: tuple[Listed, ...]
    lines: tuple[Line, ...]
    setting: Setting | None

    def pointed(self, line: Line) -> list[Listed]:
        """The diagnoses that a line points to; all where it points to none."""
        pointers = line.service.pointers
        if not pointers:
            return list(self.diagnoses)
        return [one for one in self.diagnoses if one.place in pointers]


def found(
    codes: Sequence[str],
    rule: str,
    severity: Severity,
    why: Reason,
    *,
    quote: str = "",
    place: str = "",
    release: str = "",
) -> Pair:
    """What a check found, as a pair of the answer."""
    return Pair(
        codes=list(codes),
        rule=rule,
        quote=quote,
        inherited_from=place,
        release=release,
        severity=severity,
        reasons=[why],
    )
