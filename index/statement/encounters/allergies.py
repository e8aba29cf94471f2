"""What a patient is known to be allergic to: Z88 and Z91.0 (I.C.21.c.3)."""

from __future__ import annotations

import re

from index.statement.books import Books
from index.statement.encounters.chapter21 import codes_for
from index.statement.encounters.word_tables import longest, numbered, rows
from index.statement.model import Ground, Proposal, Span, Statement

_TABLE = "allergies.tsv"
_CUE = re.compile(
    r"(?<![\w'])(?:allergic to|allerg(?:y|ies) to|allergy status to|allergies?:?|all to|allergic|"
    r"hx of allergy to|drug allergy to|anaphylaxis hx to)(?![\w'])[\s:(-]*"
)
_AFTER = re.compile(
    r"\s*(?:drug\s+)?(?:allerg(?:y|ies|ic)|all\b)(?! (?:test|shot|inj|immuno|season))"
)
_FILLER = re.compile(r"(?:(?:known|severe|hx|of|the|multiple|both|has|mult)\s+)*$")
_LIST = re.compile(r"\s*(?:,|and|&|/|\+|,\s*and)\s*")
_REACTION = re.compile(
    r"dermatitis|allergic reaction|reaction to|anaphyla\w* (?:to|from|after|reaction|d/t)|"
    r"hives (?:after|from|to)|"
    r"rash (?:after|from|d/t)|allergic (?:dermatitis|rhinitis|contact|conjunctivitis|asthma)|"
    r"(?:broke out|swelling|angioedema) (?:after|from)|sx after"
)
_DENIED = re.compile(r"(?:\bno|nkda|denies|not|without|no known)\s+(?:known\s+|drug\s+)*$")


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The allergies that the words of a statement name, unless they tell of a reaction now."""
    folded = statement.folded
    if "all" not in folded or _REACTION.search(folded):
        return []
    found: dict[str, Proposal] = {}
    last = -1
    for at, span in longest(numbered(_TABLE).find(folded)):
        listed = last >= 0 and _LIST.fullmatch(folded[last : span.start])
        cue = _before(folded, span)
        after = _AFTER.match(folded, span.end)
        if not (listed or cue is not None or after):
            continue
        start = cue if cue is not None else span.start
        if _DENIED.search(folded[:start]):
            continue
        last = span.end if cue is not None or listed else -1
        whole = Span(start, after.end() if after else span.end)
        for code in codes_for(rows(_TABLE)[at]["code"], statement, Span(start, len(folded)), books):
            ground = Ground("guideline", "report.chapter21_allergy", section="I.C.21.c.3")
            found.setdefault(
                code, Proposal(code, (whole,), "status", "status", (ground,), True, (), 0.9)
            )
    return list(found.values())


def _before(folded: str, span: Span) -> int | None:
    """Where the cue just before an allergen begins; None when there is none."""
    for cue in _CUE.finditer(folded, 0, span.start):
        if _FILLER.fullmatch(folded[cue.end() : span.start]):
            return cue.start()
    return None
