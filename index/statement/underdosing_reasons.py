"""Why a patient takes less of a drug than was prescribed: Z91.1-, Z91.A- or Y63.6, beside the code
of the drug (Official Guidelines I.C.19.e.5.c)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from index.statement import drug_cues
from index.statement.drug_intents import Use, is_denied
from index.statement.model import Span

#: How far from the words of underdosing its reason may stand, where the word has other meanings.
_NEAR = 45
_NONCOMPLIANCE = re.compile(r"non[ -]?complian|non[ -]?adheren|not (?:compliant|adherent)|poor")
_VAGUE = ("unspecified drug", "multiple unspecified drugs")


class Reason(NamedTuple):
    """The code of a reason, and the words that say it. `names_drug`: whether the underdosing of a
    drug that is not named is reported beside it."""

    code: str
    spans: tuple[Span, ...]
    names_drug: bool = True


@cache
def _words(name: str) -> re.Pattern[str]:
    return drug_cues.any_word(drug_cues.cues()["underdosing_reasons"][name])


def _found(name: str, text: str, near: Span | None = None) -> Span | None:
    start, end = (max(0, near.start - _NEAR), near.end + _NEAR) if near else (0, len(text))
    for match in _words(name).finditer(text, start, end):
        if not is_denied(text, match.start()):
            return Span(*match.span())
    return None


def reasons(text: str, uses: Iterable[Use]) -> Iterator[Reason]:
    """The reason of each underdosing of a statement; each code once."""
    seen: set[str] = set()
    for use in uses:
        if use.circumstance == "underdosing" and (reason := _reason(text, use)):
            if reason.code not in seen:
                seen.add(reason.code)
                yield reason


def _reason(text: str, use: Use) -> Reason | None:
    said = use.span
    words = text[said.start : said.end]
    vague = use.drug.drug_class.name in _VAGUE
    if _found("pump", text, said):
        return None
    if care := _found("medical_care", text):
        return Reason("Y63.6", (said, care))
    financial = _found("financial", text)
    age = _found("age", text)
    by_chance = _found("unintentional", text, said)
    wanted = _found("intentional", text, said)
    caregiver = _found("caregiver", text)
    if caregiver and re.search(
        r"(?:mom|dad|mother|father|parent\w*|family) (?:says|reports|states|brought)", text
    ):
        caregiver = None
    noncompliant = bool(_NONCOMPLIANCE.search(words))
    spans = [said]
    if caregiver:
        spans.append(caregiver)
        if financial:
            code = "Z91.A20"
            spans.append(financial)
        elif by_chance:
            code = "Z91.A3"
        else:
            code = "Z91.A48" if noncompliant and not wanted else "Z91.A28"
        return Reason(code, tuple(spans))
    if financial:
        spans.append(financial)
        other = noncompliant and vague and not wanted
        return Reason("Z91.141" if other else "Z91.120", tuple(spans), not other)
    if age and (by_chance or not wanted):
        return Reason("Z91.130", (said, age))
    if by_chance:
        return Reason("Z91.138", (said, by_chance))
    if wanted:
        return Reason("Z91.128", (said, wanted))
    return Reason("Z91.148", (said,), not vague)
