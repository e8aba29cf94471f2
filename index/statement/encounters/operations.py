"""Operations that are done: the aftercare for them (I.C.21.c.7) and the status that they leave
(I.C.21.c.3). Injuries have no aftercare code: their seventh character says it."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from index.statement.books import Books
from index.statement.encounters.chapter21 import codes_for, findings, propose, table_matches
from index.statement.encounters.word_tables import (
    alternatives,
    is_so,
    longest,
    numbered,
    pattern,
    rows,
    said,
    words_of_chapter,
)
from index.statement.model import Ground, Proposal, Span, Statement
from index.text.resources import Row

_TABLE = "operations.tsv"
_REJECTED = re.compile(
    r"\breject\w*|\bfail(?:ure|ed|ing)\b|\bgvhd\b|graft dysfunction|"
    r"transplant infect\w*|complications? of|\baan\b"
)
_RECENT = re.compile(
    r"(?:\b(?:\d{1,2}|one|two|three|four|six)\s?(?:-|\s)?(?:d|days?|wks?|weeks?|mos?|months?|w)\b"
    r"\s*(?:s/p|sp\b|status post|post|after|ago|out\b|p/|f/u|check|"
    r"from|since|wound|postop|op\b|stump|h/o))"
)
_PLANNED = re.compile(
    r"\s*(?:is |was )?(?:planned|scheduled|pending|tomorrow|next (?:week|month)|recommended|"
    r"consult|eval|cancel|workup|candidate|on hold)"
)
_ACCIDENT = re.compile(
    r"\btraumatic|\bsaw\b|reattach|near[- ]amp|\bcrush|lawn ?mower|machine|table saw|"
    r"\bpartial amp|\bdoor\b|\baccident(?! (?:years|yrs|in))"
)
_DONE = re.compile(r"\bs/p\b|status post|\bafter\b|\bpost\b")
#: Why an organ was removed, which is no longer there (not a disease of more than the organ).
_REMOVED_FOR = re.compile(
    r"(?: (?:\w+ )?(?:years?|yrs?) ago| in \d{4})? for (?:benign |multinodular |toxic )*"
    r"(?:goiter|nodules?|fibroids?|gallstones|cholecystitis|appendicitis|diverticulitis|cysts?"
    r"|menorrhagia|torsion|endometriosis|tonsillitis)\b"
)
_WEEKS = re.compile(r"(?<!x )(?<!x)\b\d{1,2}\s?(?:days?|wks?|weeks?)\b(?! old)(?! preg| gest)")
_CHECK = r"(?:f/u|follow[- ]?up|followup|recheck|check|visit|wound check|aftercare|appt)"
_CHECKED = re.compile(
    rf"(?<![\w/])(?:{_CHECK}|cardiac rehab|(?:hh |home )?pt(?: aftercare)?)(?!\w)"
)
_TIME = re.compile(
    r"\b\d{1,2}\s?(?:d|days?|wks?|weeks?|mos?|months?)"
    r"(?: (?:ago|out|post ?op|s/p|after|status post))?\b"
)
_FOR = r"(?:here for|for|post-?op|surgical|surg|routine|wound|incision)"
_INTERNAL = re.compile(
    r"periprosthetic|loosen\w*|dislocat\w*|infect\w*|fail(?:ed|ure)|\bworn\b|wear\b|"
    r"mechanical|prosthesis fx|broken"
)


@cache
def _before(name: str) -> re.Pattern[str]:
    words = alternatives(words_of_chapter()["operations"][name])
    return re.compile(rf"(?<![\w'])(?:{words})(?![\w'])\s*(?:[\w'/.-]+\s+){{0,3}}$")


@cache
def _after(name: str) -> re.Pattern[str]:
    words = alternatives(words_of_chapter()["operations"][name])
    return re.compile(rf"[\s,(-]*(?:[\w'/.-]+\s+){{0,2}}(?:{words})(?![\w'])")


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The aftercare and the status for the operations that a statement says were done."""
    folded = statement.folded
    found = [(row, span) for row, span in operations_in(folded) if is_so(statement, span)]
    if not found:
        return []
    statuses: dict[str, Proposal] = {}
    after: dict[str, Proposal] = {}
    for row, span in found:
        clause = _clause(folded, span)
        if _before("planned").search(folded[clause.start : span.start]):
            continue
        if _PLANNED.match(folded, span.end) or _is_new_loss(row, folded):
            continue
        cared = _aftercare(statement, span)
        is_done = bool(row.get("always")) or cared or _is_done(folded, clause, span)
        if not is_done:
            continue
        status = row.get("status") or ""
        if status and not _complicated(status, folded):
            for code in codes_for(status, statement, span, books):
                whole = _whole(folded, clause, span)
                if status.startswith("Z90") and (why := _REMOVED_FOR.match(folded, span.end)):
                    whole = Span(whole.start, why.end())
                statuses.setdefault(code, propose(code, (whole,), statement, "I.C.21.c.3"))
        if cared and row["aftercare"]:
            cell = _for_neoplasm(row["aftercare"], statement)
            for code in codes_for(cell, statement, span, books):
                after.setdefault(code, _care(code, _whole(folded, clause, span), folded))
    return _one(list(after.values())) + list(statuses.values())


@lru_cache(maxsize=64)
def operations_in(folded: str) -> tuple[tuple[Row, Span], ...]:
    """The operations of the table that stand in a text, the longest words at each place."""
    return tuple((rows(_TABLE)[at], span) for at, span in longest(numbered(_TABLE).find(folded)))


def _clause(folded: str, span: Span) -> Span:
    start = max(folded.rfind(sign, 0, span.start) for sign in (";", ",", ". "))
    ends = [at for sign in (";", ",", ". ") if (at := folded.find(sign, span.end)) >= 0]
    return Span(start + 1, min(ends, default=len(folded)))


def _whole(folded: str, clause: Span, span: Span) -> Span:
    """The words of an operation with those that say that it is done: "s/p L TKA"."""
    start = max(0, clause.start)
    done = _before("done").search(folded[start : span.start])
    return Span(start + done.start(), span.end) if done else span


def planned_in(statement: Statement) -> list[Span]:
    """Where a statement names operations that it does not say are done."""
    folded = statement.folded
    return [
        span
        for _, span in operations_in(folded)
        if not _is_done(folded, _clause(folded, span), span)
    ]


def _is_new_loss(row: Row, folded: str) -> bool:
    """Whether a limb is being lost now, in an injury: S68 and the like say that."""
    lost = (row.get("status") or "").startswith("Z89")
    return lost and bool(_ACCIDENT.search(folded)) and not _DONE.search(folded)


def _is_done(folded: str, clause: Span, span: Span) -> bool:
    """Whether words beside the operation say that it is done."""
    if _before("done").search(folded[max(0, clause.start) : span.start]):
        return True
    return bool(_after("done_after").match(folded[: clause.end], span.end))


def _aftercare(statement: Statement, span: Span) -> bool:
    """Whether the patient is here for care after the operation, and nothing went wrong."""
    folded = statement.folded
    names = words_of_chapter()["names"]
    table = words_of_chapter()["operations"]
    if said(names["INJURY"], statement) or said(names["INFECTED"], statement):
        return False
    near = folded[max(0, span.start - 40) : span.end + 50]
    if re.search(rf"(?<!\w)(?:{alternatives(table['long_ago'])})(?!\w)", near):
        return False
    if said(table["troubled"], statement):
        return False
    if said(table["aftercare"], statement):
        return True
    recent = _RECENT.search(folded) or (_DONE.search(folded) and _WEEKS.search(folded))
    if recent and (said(names["NEOPLASM"], statement) or not _other_finding(statement, span)):
        return True
    if not recent and re.match(
        r"[\s(,]*(?:x\s*)?\d{1,2}\s?(?:d|days?|wks?|weeks?|mos?|months?)\b(?! old)",
        folded[span.end :],
    ):
        return True
    tail = rf"\s*(?:[\w']+\s+){{0,2}}(?:,\s*{_FOR}?\s*)?{_CHECK}\b"
    joined = r"(?:s/p|after|post|for|from|of|following|-)"
    head = rf"{_CHECK}\s*(?:visit\s*)?{joined}?\s*(?:[\w/']+\s+){{0,2}}$"
    return bool(re.match(tail, folded[span.end :]) or re.search(head, folded[: span.start]))


def _other_finding(statement: Statement, span: Span) -> bool:
    """Whether a condition is named beside the operation and its reason."""
    own = [fact.span for fact in statement.facts if fact.span.overlaps(span)]
    own += [fact.span for fact in statement.facts if fact.join == "due to"]
    own += [place for _, _, place in table_matches(statement)]
    return bool(findings(statement, own))


def _complicated(status: str, folded: str) -> bool:
    """Whether a complication code says already that the implant or organ is there."""
    if status.startswith("Z94"):
        return bool(_REJECTED.search(folded))
    return status.startswith("Z96.6") and bool(_INTERNAL.search(folded))


def _for_neoplasm(cell: str, statement: Statement) -> str:
    """Z48.3 for an operation on a neoplasm, Z48.815 and the like for another; a mastectomy is one
    on the skin when it was prophylactic."""
    names = words_of_chapter()["names"]
    if cell.startswith("Z48.8") and said(names["NEOPLASM"], statement):
        return "Z48.3"
    if cell == "Z48.3" and re.search(r"prophyla|reduction|gynecomastia|cosmetic", statement.folded):
        return "Z48.89"
    return cell


def _care(code: str, span: Span, folded: str) -> Proposal:
    ground = Ground("guideline", "report.chapter21_aftercare", section="I.C.21.c.7")
    cues = (pattern(words_of_chapter()["operations"]["aftercare"]), _CHECKED, _TIME)
    said_so = tuple(Span(*match.span()) for cue in cues for match in cue.finditer(folded))
    return Proposal(code, (span, *said_so), "first-listed", "encounter", (ground,), True, (), 0.85)


def _one(found: list[Proposal]) -> list[Proposal]:
    """The aftercare codes, without "other" where a system is named."""
    if len(found) > 1:
        found = [p for p in found if p.code != "Z48.89"] or found
    return found
