"""What a newborn's statement calls for: the record of the birth, conditions of the perinatal
period, prematurity by weight and weeks, visits, and what was suspected and not found
(Guidelines I.C.16)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from index.statement.books import Books
from index.statement.model import Ground, Kind, Proposal, Role, Span, Statement, Wording
from index.statement.obstetrics.newborn_size import born_small
from index.statement.obstetrics.phrases import (
    NOTHING,
    is_ruled_out,
    pattern_of,
    spans_of,
    table,
    without,
    words_of,
)

_AGE_DAYS = re.compile(
    r"(?:\bdol\s?#?(?P<dol>\d{1,2})|\bday of life\s?#?(?P<life>\d{1,2})"
    r"|\bday\s?#?(?P<day>\d{1,2})\b(?!\s?(?:postop|s/p))"
    r"|(?<!\d)(?P<days>\d{1,2})\s?-?(?:days?|d)[\s-]?(?:old|o)\b"
    r"|(?<!\d)(?P<wks>[1-4])\s?-?(?:weeks?|wks?|w)[\s-]?(?:old|o)\b)"
)
_RULED_OUT = re.compile(
    r"\b(?:ruled out|r/o'?d|neg(?:ative)?|not found|cultures? neg\w*|bcx neg\w*|no \w+ found)\b"
)
_SUSPECTED = re.compile(r"\b(?:r/o|rule out|observ\w*|obs|eval\w*|suspect\w*|concern|monitor\w*)\b")
#: Characters between what was suspected and "ruled out".
_NEAR = 40
_MULTIPLES = (("twin", "Z38.3", "Z38.4", "Z38.5"), ("triplet", "Z38.6", "Z38.7", "Z38.8"))


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    words: re.Pattern[str]
    unless: re.Pattern[str]


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _Row(
            row["code"],
            pattern_of(row["words"]),
            pattern_of(row["unless"]) if "unless" in row else NOTHING,
        )
        for row in table("newborn")["condition"]
    )


def _words(key: str) -> re.Pattern[str]:
    return words_of("newborn", "reading", key)


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes that a statement of a newborn calls for."""
    ruled_out = _ruled_out(statement, books)
    spans = [span for proposal in ruled_out for span in proposal.spans]
    conditions = [
        proposal
        for proposal in _conditions(statement, books)
        if not any(span.overlaps(other) for span in proposal.spans for other in spans)
    ]
    first = [*_birth(statement, books)]
    if not first:
        first = [*_visit(statement, books)]
    if any(proposal.code.startswith("Z38") for proposal in first):
        # The procedure itself says what is done at birth.
        conditions = [proposal for proposal in conditions if proposal.code != "Z41.2"]
    found = [*first, *born_small(statement, books), *conditions, *ruled_out]
    by_code: dict[str, Proposal] = {}
    for proposal in found:
        by_code.setdefault(proposal.code, proposal)
    return list(by_code.values())


def wordings(statement: Statement, books: Books) -> list[Wording]:
    """The affirmed conditions of a newborn in the words of chapters 16 and 17."""
    taken = [
        span
        for proposal in find(statement, books)
        if proposal.kind == "condition"
        for span in proposal.spans
    ]
    keys = ("newborn", "birth", "later", "cesarean", "vaginal", "visit", "filling")
    told = tuple(map(_words, keys))
    found = []
    for fact in statement.facts:
        if fact.status != "affirmed" or fact.kind != "condition":
            continue
        if is_ruled_out(statement, fact.span):
            continue
        if any(fact.span.overlaps(span) for span in taken):
            continue
        text = without(fact.text, told)
        if re.search(r"[a-z]{3}", text):
            found.append(Wording(f"{text} of newborn", (fact.span,), ("P", "Q", "Z38")))
    return found


def _proposal(
    code: str,
    span: Span,
    key: str,
    section: str,
    *,
    role: Role = "additional",
    kind: Kind = "condition",
    sure: float = 0.9,
) -> Proposal:
    return Proposal(
        code, (span,), role, kind, (Ground("guideline", key, section=section),), sure=sure
    )


def _birth(statement: Statement, books: Books) -> Iterator[Proposal]:
    """Z38: by place of birth, kind of delivery and number, on the record of the birth only."""
    span = next(spans_of(_words("birth"), statement, "affirmed", "past", "chatter"), None)
    if span is None or _words("later").search(statement.folded):
        return
    folded = statement.folded
    in_hospital, outside, nowhere = "Z38.0", "Z38.1", "Z38.2"
    for word, *stems in _MULTIPLES:
        if word in folded:
            in_hospital, outside, nowhere = stems
    cesarean = _words("cesarean").search(folded)
    vaginal = _words("vaginal").search(folded)
    sure = 0.9
    if _words("outside").search(folded):
        stem = outside
    elif _words("unknown_place").search(folded):
        stem = nowhere
    else:
        digit = 1 if cesarean else 0
        stem = f"{in_hospital}{digit + (in_hospital == 'Z38.6')}"
        sure = 0.9 if cesarean or vaginal else 0.7
    if code := books.code(stem):
        yield _proposal(
            code.code,
            span,
            "report.birth_record",
            "I.C.16.a.2",
            role="first-listed",
            kind="encounter",
            sure=sure,
        )


def _visit(statement: Statement, books: Books) -> Iterator[Proposal]:
    """A routine visit of a newborn: under 8 days, or 8 to 28 days old."""
    span = next(spans_of(_words("visit"), statement, "affirmed", "chatter"), None)
    days = age_in_days(statement)
    if span is None or days is None or days > 28:
        return
    if code := books.code("Z00.110" if days < 8 else "Z00.111"):
        yield _proposal(
            code.code,
            span,
            "report.newborn_visit",
            "I.C.21.c.13",
            role="first-listed",
            kind="encounter",
        )


def age_in_days(statement: Statement) -> int | None:
    """The age of a newborn in days, as said; None where it is not."""
    match = _AGE_DAYS.search(statement.folded)
    if match is None:
        return None
    if match["wks"]:
        return 7 * int(match["wks"])
    return int(match["dol"] or match["life"] or match["day"] or match["days"])


def _conditions(statement: Statement, books: Books) -> Iterator[Proposal]:
    taken: list[Span] = []
    matches = [
        (span, row)
        for row in _rows()
        if not row.unless.search(statement.folded)
        for span in spans_of(row.words, statement, *_statuses(statement))  # type: ignore[arg-type]
    ]
    for span, row in sorted(matches, key=lambda m: (m[0].start - m[0].end, m[0].start)):
        if any(span.overlaps(other) for other in taken):
            continue
        taken.append(span)
        if code := books.complete(row.code, statement.text):
            yield _proposal(code.code, span, "report.perinatal_condition", "I.C.16.a.3")


def _statuses(statement: Statement) -> tuple[str, ...]:
    return ("affirmed", "uncertain") if statement.inpatient else ()


def _ruled_out(statement: Statement, books: Books) -> list[Proposal]:
    """Z05 for what was suspected and not found, with no sign of it (I.C.16.b.1)."""
    folded = statement.folded
    out = _RULED_OUT.search(folded)
    if out is None:
        return []
    if not _SUSPECTED.search(folded) and "ruled out" not in folded:
        return []
    suspected = [
        (abs(out.start() - match.end()), Span(*match.span()), key.replace("_", ".", 1))
        for key in table("newborn")["ruled_out"]
        for match in words_of("newborn", "ruled_out", key).finditer(folded)
    ]
    for distance, span, stem in sorted(suspected):
        if distance <= _NEAR and (code := books.code(stem)):
            return [
                _proposal(
                    code.code,
                    span,
                    "report.newborn_suspected_not_found",
                    "I.C.16.b",
                    kind="encounter",
                )
            ]
    return []
