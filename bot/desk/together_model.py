"""Why codes do or do not go together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk.reasons import Reason, reason
from codesets.model import Code


@dataclass(frozen=True, slots=True)
class Ground:
    """Why codes do or do not go together.

    - `rule`, `quote`, `place`, `release`: as in `bot.desk.answer.Pair`; a rule of the guidelines
      has its section as place, and no quote yet.
    - `why`: what follows, to be worded.
    """

    rule: str
    place: str
    why: Reason
    quote: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """That two codes are not reported together.

    - `one`, `other`: the codes.
    - `instead`: what is reported in their place, in order; () where neither is better.
    - `ground`: the rule.
    """

    one: Code
    other: Code
    instead: tuple[str, ...]
    ground: Ground


def by_guideline(key: str, section: str, **params: str) -> Ground:
    return Ground("guideline", section, reason(f"together.{key}", **params))
