"""What a drug did, or what was done with it: adverse effect, poisoning with its intent, or
underdosing (Official Guidelines I.C.19.e.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from index.statement.drugs import drug_cues
from index.statement.drugs.adverse_effects import find_adverse_effects
from index.statement.drugs.drug_cues import cues, lines
from index.statement.drugs.drug_table import DrugNamed
from index.statement.drugs.drug_uses import Use
from index.statement.drugs.poisonings import find_interaction, find_poisonings
from index.statement.drugs.underdosings import find_underdosings
from index.statement.model import Span, Statement

#: Words of the eye, beside which OD is the right one.
_EYE = re.compile(
    r"\b(?:os|ou|eyes?|glauc\w*|poag|cataract|retina\w*|visual|vision|iop|uveitis|conjunctiv\w*"
    r"|kerat\w*|ocular|optic|macul\w*|amd|gtts?|pink ?eye)\b"
)
_BY_PATIENT = re.compile(r"\b(?:own|self|noncomplian\w*|nonadheren\w*)\b")


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    table = cues()["poisoning"]
    return frozenset(lines(table["vague"])), frozenset(lines(table["class_names"]))


def find_uses(statement: Statement, named: Sequence[DrugNamed]) -> list[Use]:
    """What the statement says of each drug; a drug of which it says nothing has no use."""
    text = statement.folded
    marked = drug_cues.mark(text, (drug.span for drug in named))
    if _EYE.search(text):
        marked = re.sub(r"\bod\b", "**", marked)
    uses: dict[Span, Use] = {}
    for use in (
        *find_interaction(marked, named),
        *find_underdosings(statement, marked, named),
        *find_poisonings(statement, marked, named),
        *find_adverse_effects(statement, marked, named),
    ):
        first = uses.setdefault(use.drug.span, use)
        if first.circumstance == use.circumstance:
            span = Span(min(first.span.start, use.span.start), max(first.span.end, use.span.end))
            near = first.span.overlaps(use.span)
            uses[use.drug.span] = replace(first, span=span) if near else first
    return _without_vague(_one_each(list(uses.values()), text))


def _one_each(uses: list[Use], text: str) -> list[Use]:
    """One circumstance for each drug: what was taken wrongly is no adverse effect too, and a drug
    that did harm was stopped for it, unless the patient did it."""
    poisoned = {use.drug.generic for use in uses if use.circumstance == "poisoning"}
    harmed = {use.drug.generic for use in uses if use.circumstance == "adverse effect"}
    by_patient = _BY_PATIENT.search(text)
    return [
        use
        for use in uses
        if use.circumstance == "poisoning"
        or (
            use.drug.generic not in poisoned
            and (
                use.circumstance == "adverse effect" or by_patient or use.drug.generic not in harmed
            )
        )
    ]


def _without_vague(uses: list[Use]) -> list[Use]:
    """Of "drug rash from bactrim" the drug is named: "drug" is no other."""
    vague, _ = _names()
    clear = {use.circumstance for use in uses if use.drug.generic not in vague}
    kept = [u for u in uses if u.drug.generic not in vague or u.circumstance not in clear]
    several = {u.circumstance for u in kept if u.drug.generic == "multiple drugs"}
    kept = [u for u in kept if u.drug.generic != "drug" or u.circumstance not in several]
    return [u for u in kept if not any(_says_more(other, u) for other in kept)]


def _says_more(other: Use, use: Use) -> bool:
    """Whether another use names a drug of the class that a use names: "an antibiotic, amoxicillin".
    Antibiotics are of several classes, which share their code of long-term use."""
    _, class_names = _names()
    return (
        use.drug.generic in class_names
        and other.circumstance == use.circumstance
        and other.drug.generic not in class_names
        and (
            other.drug.drug_class.name == use.drug.drug_class.name
            or (
                use.drug.generic == "antibiotic"
                and other.drug.drug_class.long_term == use.drug.drug_class.long_term
            )
        )
    )
