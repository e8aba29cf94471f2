"""Underdosing: less of a drug than was prescribed, and why (Z91.1-, Z91.A-, Y63.6; Official
Guidelines I.C.19.e.5.c)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from index.statement.drugs import drug_cues
from index.statement.drugs.drug_cues import MARK, cues
from index.statement.drugs.drug_table import DrugNamed
from index.statement.drugs.drug_uses import Use, is_denied, is_toxic, within
from index.statement.model import Span, Statement

#: How far from the words of underdosing its reason may stand, where the word has other meanings.
_NEAR = 45
_NONCOMPLIANCE = re.compile(r"non[ -]?complian|non[ -]?adheren|not (?:compliant|adherent)|poor")
_MEDS = re.compile(r"\b(?:meds?|medicines?|medications?|pills?)$")
#: A relative who only tells it.
_TELLS = re.compile(
    r"(?:mom|dad|mother|father|parent\w*|family) (?:says|reports|states|brought|bib|worried)"
)
_VAGUE = ("unspecified drug", "multiple unspecified drugs")


class Reason(NamedTuple):
    """The code of a reason, and the words that say it. `names_drug`: whether the underdosing of a
    drug that is not named is reported beside it."""

    code: str
    spans: tuple[Span, ...]
    names_drug: bool = True


@cache
def _cues() -> tuple[drug_cues.Phrases, drug_cues.Phrases, re.Pattern[str]]:
    table = cues()["underdosing"]
    # "on metformin, stopped taking lisinopril" stops the second.
    unless = rf"(?! +(?:(?:taking|using|her|his|their|the|of|all|doses) )*{MARK})"
    return (
        drug_cues.phrases(table["cues"], unless=unless),
        drug_cues.phrases(table["of_meds"]),
        drug_cues.any_word(table["by_provider"]),
    )


def find_underdosings(
    statement: Statement, marked: str, named: Sequence[DrugNamed]
) -> Iterator[Use]:
    """The drugs of which a statement says that less was taken than prescribed."""
    phrases, of_meds, by_provider = _cues()
    if by_provider.search(marked):
        return
    for match in phrases.find(marked):
        status = statement.status_of(Span(match.end() - 1, match.end()))
        if is_denied(marked, match.start()) or status in ("past", "uncertain"):
            continue
        for drug in within(match, named):
            if not is_toxic(drug):
                yield Use(drug, "underdosing", Span(*match.span()))
    for match in of_meds.find(marked):
        for drug in within(match, named):
            if _MEDS.search(drug.said):
                yield Use(drug, "underdosing", Span(*match.span()))


@cache
def _words(name: str) -> re.Pattern[str]:
    return drug_cues.any_word(cues()["underdosing_reasons"][name])


def _found(name: str, text: str, near: Span | None = None) -> Span | None:
    start, end = (max(0, near.start - _NEAR), near.end + _NEAR) if near else (0, len(text))
    for match in _words(name).finditer(text, start, end):
        if not is_denied(text, match.start()):
            return Span(*match.span())
    return None


def reasons(text: str, uses: Iterable[Use]) -> Iterator[Reason]:
    """The reason of each underdosing of a statement; each code once."""
    found: dict[str, Reason] = {}
    for use in uses:
        if use.circumstance == "underdosing" and (reason := _reason(text, use)):
            found.setdefault(reason.code, reason)
    yield from found.values()


def _reason(text: str, use: Use) -> Reason | None:
    """The reason of an underdosing; None for a pump that failed, which has its own code."""
    said = use.span
    if _found("pump", text, said):
        return None
    if care := _found("medical_care", text):
        return Reason("Y63.6", (said, care))
    if (giver := _found("caregiver", text)) and not _TELLS.search(text):
        return _of_caregiver(text, said, giver)
    by_chance, wanted = (_found(name, text, said) for name in ("unintentional", "intentional"))
    vague = use.drug.drug_class.name in _VAGUE
    if money := _found("financial", text):
        other = vague and not wanted and _is_noncompliance(text, said)
        return Reason("Z91.141" if other else "Z91.120", (said, money), not other)
    if _found("age", text) and (by_chance or not wanted):
        return Reason("Z91.130", (said,))  # dementia has a code of its own
    if by_chance:
        return Reason("Z91.138", (said, by_chance))
    if wanted:
        return Reason("Z91.128", (said, wanted))
    return Reason("Z91.148", (said,), not vague)


def _of_caregiver(text: str, said: Span, giver: Span) -> Reason:
    if money := _found("financial", text):
        return Reason("Z91.A20", (said, giver, money))
    if _found("unintentional", text, said):
        return Reason("Z91.A3", (said, giver))
    other = _is_noncompliance(text, said) and not _found("intentional", text, said)
    return Reason("Z91.A48" if other else "Z91.A28", (said, giver))


def _is_noncompliance(text: str, said: Span) -> bool:
    return bool(_NONCOMPLIANCE.search(text, said.start, said.end))
