"""Conditions of pregnancy, childbirth and the puerperium by the words of clinics: the rows of
prompts/statements/obstetric_conditions.toml, and what of a statement they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span, Statement
from index.statement.obstetrics.obstetric_codes import complete
from index.statement.obstetrics.phrases import NOTHING, pattern_of, says, spans_of, table
from index.statement.obstetrics.pregnancy import Period, Pregnancy, is_of_newborn, read_pregnancy

_LACTATING = re.compile(r"\b(?:lactat\w*|breast[ -]?fe*d\w*|nursing)\b")
_GOING_ON: tuple[Period, ...] = ("pregnancy", "delivery", "postpartum")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of prompts/statements/obstetric_conditions.toml."""

    code: str
    words: re.Pattern[str]
    unless: re.Pattern[str]
    when: tuple[Period, ...]
    alone: bool
    first: int
    before: int
    usual: bool
    postpartum: str
    also: tuple[str, ...]
    beside: bool
    past: bool
    denied_too: bool
    any_status: bool
    by_side: bool
    gravida: str
    section: str

    def holds_at(self, pregnancy: Pregnancy) -> bool:
        """Whether the row holds in this period, at this time and for this number of
        pregnancies."""
        if pregnancy.period not in self.when:
            return False
        if self.gravida and (self.gravida == "first") != ((pregnancy.gravida or 2) == 1):
            return False
        if self.first == 0 and self.before == 99:
            return True
        about = pregnancy.about
        return self.usual if about is None else self.first <= about < self.before


@cache
def _rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            row["code"],
            pattern_of(row["words"]),
            pattern_of(row["unless"]) if "unless" in row else NOTHING,
            tuple(row.get("when", ("abortive",) if is_abortive(row["code"]) else _GOING_ON)),
            row.get("alone", False),
            row.get("from", 0),
            row.get("before", 99),
            row.get("usual", False),
            row.get("postpartum", row["code"]),
            tuple(row.get("also", ())),
            row.get("beside", False),
            row.get("past", False),
            row.get("denied_too", False),
            row.get("any_status", False),
            row.get("side", False),
            row.get("gravida", ""),
            row.get("section", "I.C.15.b.3"),
        )
        for row in table("obstetric_conditions")["condition"]
    )


def is_abortive(code: str) -> bool:
    """Whether a code is of a pregnancy that ended in abortion, or grew outside the womb."""
    return code[:3] in ("O00", "O01", "O02", "O03", "O04", "O07", "O08") or code == "Z33.2"


@dataclass(frozen=True, slots=True)
class Match:
    """A row and where its words stand."""

    row: Row
    span: Span


def pregnancy_of(statement: Statement) -> Pregnancy | None:
    """The pregnancy that a statement tells of, by its words or by those of a condition that only a
    pregnancy has ("preeclampsia"); None where it tells of none."""
    found = read_pregnancy(statement)
    if found is not None or is_of_newborn(statement):
        return found
    for row in _rows():
        if row.alone and says(row.words, statement) and not row.unless.search(statement.folded):
            return read_pregnancy(
                statement, row.when[0] if len(row.when) < len(_GOING_ON) else "pregnancy"
            )
    return None


def matches_of(statement: Statement, pregnancy: Pregnancy) -> list[Match]:
    """The rows whose words are said, the longest where words overlap."""
    found: list[Match] = []
    for row in _rows():
        if not row.holds_at(pregnancy) or row.unless.search(statement.folded):
            continue
        statuses = ["affirmed"] + ["past"] * row.past + ["denied"] * row.denied_too
        if statement.inpatient or row.any_status:
            statuses.append("uncertain")
        if row.any_status:
            statuses += ["denied", "chatter"]
        statuses = statuses if len(statuses) > 1 else []
        found += [Match(row, span) for span in spans_of(row.words, statement, *statuses)]  # type: ignore[arg-type]
    found.sort(key=lambda match: (match.span.start - match.span.end, match.span.start))
    kept: list[Match] = []
    for match in found:
        if not any(match.span.overlaps(other.span) for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda match: match.span.start)


def proposals(
    matches: list[Match], statement: Statement, pregnancy: Pregnancy, books: Books
) -> Iterator[Proposal]:
    """The codes of rows whose words are said."""
    said = statement.text
    if _LACTATING.search(statement.folded):
        said += " lactation"
    for match in matches:
        row = match.row
        stem = row.postpartum if pregnancy.period == "postpartum" else row.code
        if row.by_side:
            code = books.complete(stem, _spelled_sides(statement.folded))
        else:
            code = complete(books, stem, pregnancy, said)
        if code is None:
            continue
        ground = Ground("guideline", "report.chapter_15_first", section=row.section)
        yield Proposal(
            code.code, (match.span,), "first-listed", "condition", (ground,), settles=not row.beside
        )
        for stem in row.also:
            if other := complete(books, stem, pregnancy, said) or books.code(stem):
                reason = Ground("use additional code", "report.type_beside")
                yield Proposal(other.code, (match.span,), "additional", "condition", (reason,))


def _spelled_sides(folded: str) -> str:
    return re.sub(r"\b(?:lt|l)\b", "left", re.sub(r"\b(?:rt|r)\b", "right", folded))
