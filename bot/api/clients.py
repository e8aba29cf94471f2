"""The programs that may ask: who they are, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

#: ask: questions in words, and reports. check: verdicts on codes. terminology: the FHIR operations.
Scope = Literal["ask", "check", "terminology"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Client:
    """A program that asks. `name` is how the log names it; `scopes`, what it may do; `per_minute`,
    the most calls a minute (0: no limit)."""

    name: str
    scopes: frozenset[Scope]
    per_minute: int = 0
