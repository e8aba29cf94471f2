"""Contact with what may make ill: Z20 and Z77, when the patient does not have the disease
(I.C.21.c.1)."""

from __future__ import annotations

import re
from functools import cache

from index.statement.books import Books
from index.statement.encounters.chapter21 import codes_for, findings, table_matches, unsaying
from index.statement.encounters.conditions import conditions_in
from index.statement.encounters.word_tables import alternatives, is_so, said, words_of_chapter
from index.statement.model import Ground, Proposal, Role, Span, Statement

#: Words between "exposed to" and what the patient was exposed to.
_BETWEEN = """a an the to from someone person people friend coworker kid child classmate pos
known confirmed with w/ who had has positive recent possible active daycare
school household family in at home work pt via 2 patient his her brother sister
son daughter husband wife mother mom partner member roommate teacher case of
infected acute untreated"""
_FILLER = rf"(?:(?:{'|'.join(map(re.escape, _BETWEEN.split()))})\s+)*"
_AFTER = re.compile(
    r"[\s-]*(?:\+|pos|positive|virus|infection|infected)?\s*(?:household\s+|close\s+)?"
    r"(?:exposure|contact|exposed|exp\b|contacts)"
)
#: A test after contact is no screening.
_EXCLUDES = {
    "Z20.2": ("Z11.3",),
    "Z20.822": ("Z11.52",),
    "Z20.1": ("Z11.1", "Z11.7"),
    "Z20.6": ("Z11.4",),
    "Z20.5": ("Z11.59",),
    "Z77.011": ("Z13.88",),
}
_OTHERS_TEST = re.compile(r"(?:to|of|w/|with)\s+\S*\s*(?:pos|confirmed|positive)")
#: "roommate has TB": who is near has it.
_PERSON = re.compile(
    r"(?<![\w'])(?:roommate|daughter|son|classmates?|co-?workers?|siblings?|brother|sister|kids?|"
    r"husband|wife|spouse|children|family members?|household|housemate|cellmate|teacher|neighbor|"
    r"grand(?:son|daughter|child|kids?)|girlfriend|boyfriend|everyone|others|mom|dad|twin)\s+"
    r"(?:(?:has|have|with|w/|had|is|was|dx'?d?|diagnosed|tested|positive|pos|sick|for|\+|at|home|"
    r"school|daycare|work|recently|active|just)\s+)+$"
)
_OF_BIRTH = re.compile(r"\b(?:newborn|nb|pregnan\w*|neonate|weeks? gest)\b")
_PARTNER = re.compile(
    r"(?:partner|husband|wife|bf|boyfriend|gf|girlfriend|spouse|sexual partner|sex partner)\s+"
    r"(?:(?:has|with|w/|was|is|dx'?d?|diagnosed|treated|tested|tx'?d|for|had|positive|pos|told|he|she|w|tested|\+)\s+)+$"
)


@cache
def _exposed() -> re.Pattern[str]:
    words = alternatives(words_of_chapter()["history"]["exposed"])
    first = r"(?:(?:known|recent|possible|close|direct|household|prolonged|suspected)\s+)?"
    return re.compile(rf"(?<![\w'])(?:{first}(?:{words}))(?![\w'])\s*{_FILLER}$")


def find(statement: Statement, books: Books) -> list[Proposal]:
    """What the words of a statement say that the patient was exposed to."""
    folded = statement.folded
    proposals: dict[str, Proposal] = {}
    last = -1
    for row, span in conditions_in(folded):
        cell = row.get("exposure") or "-"
        if cell == "-" or not is_so(statement, span):
            continue
        listed = last >= 0 and re.fullmatch(r"\s*(?:,|and|&|/|or)\s*", folded[last : span.start])
        if not (listed or _is_exposure(folded, span, cell)):
            continue
        last = span.end
        if cell.startswith("Z20") and _has_disease(statement):
            continue
        for code in codes_for(cell, statement, span, books):
            proposals.setdefault(code, _proposal(code, _whole(folded, span), statement))
    blood = re.search(r"needle ?-?stick|blood splash|splashed w/ blood", folded)
    if (
        not proposals
        and blood
        and (found := codes_for("Z77.21", statement, Span(*blood.span()), books))
    ):
        proposals[found[0]] = _proposal(found[0], Span(*blood.span()), statement)
    return list(proposals.values())


def _whole(folded: str, span: Span) -> Span:
    """The words with those that say that it was met: "close contact w/ TB", "lead exposure"."""
    at = max(0, span.start - 80)
    head = folded[at : span.start]
    starts = [at + m.start() for cue in (_exposed(), _PERSON) if (m := cue.search(head))]
    after = _AFTER.match(folded, span.end)
    return Span(min([span.start, *starts]), after.end() if after else span.end)


def _has_disease(statement: Statement) -> bool:
    """Whether the patient has the disease, and not the one who was met."""
    if "partner" in statement.folded or _OTHERS_TEST.search(statement.folded):
        return False
    return said(words_of_chapter()["history"]["positive"], statement)


def _is_exposure(folded: str, span: Span, cell: str) -> bool:
    head = folded[max(0, span.start - 80) : span.start]
    if _exposed().search(head) or _AFTER.match(folded, span.end):
        return True
    if cell.startswith("Z20") and _PERSON.search(head) and not _OF_BIRTH.search(folded):
        return True
    if cell in ("Z20.2", "Z20.6", "Z20.5") and _PARTNER.search(head):
        return True
    if cell == "Z20.3" and re.match(r"bats? in|rabid", folded[span.start :]):
        return True
    return cell == "Z77.22" or (cell == "Z77.21" and folded[span.start :].startswith("needle"))


def _proposal(code: str, span: Span, statement: Statement) -> Proposal:
    ground = Ground("guideline", "report.chapter21_exposure", section="I.C.21.c.1")
    alone = code.startswith("Z20") and not findings(statement, _own(statement, span))
    role: Role = "first-listed" if alone else "status"
    spans = (span, *unsaying(statement, [span])) if alone else (span,)
    excludes = _EXCLUDES.get(code, ())
    return Proposal(code, spans, role, "encounter", (ground,), True, excludes, 0.9)


def _own(statement: Statement, span: Span) -> list[Span]:
    """The fact in which the words stand ("exposed to coworker with covid at work"), and the words
    of encounters and statuses."""
    own = [fact.span for fact in statement.facts if fact.span.overlaps(span)]
    return [*own, *(place for _, _, place in table_matches(statement))]
