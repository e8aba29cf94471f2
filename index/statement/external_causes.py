"""How an injury or condition happened: the codes of chapter 20 that a statement calls for.

The words are in prompts/statements/external_causes.tsv, cause_places.tsv and transport.toml. A
cause is reported only beside the injury or condition that it caused (I.C.20.a.1), with the same
seventh character (I.C.20.a.2), by intent where the words tell it (I.C.20.h). The place, the
activity and the status follow at the initial encounter (I.C.20.b, c and k).
"""

from __future__ import annotations

import re
from functools import cache

from index.statement.books import Books
from index.statement.cause_events import ORDER, Cause, chosen, refined
from index.statement.cause_index import grounds
from index.statement.cause_places import circumstances
from index.statement.cause_words import CauseRow, any_of, cause_rows, tables
from index.statement.facts import is_detail
from index.statement.maltreatment import find_maltreatment
from index.statement.model import Proposal, Span, Statement
from index.statement.transport import find_transport
from index.text.encounter import read_encounter

_HEAT_TOLD = re.compile(
    r"\b(?:outside|outdoors?|weather|working|work|football|marathon|hiking|construction|summer"
    r"|running|sun|beach|hot day|in the heat|heat wave|practice|roofing|yard ?work|exposure|camp"
    r"|exposed|snow|cold|ski\w*|homeless|winter|lake|pool|temps?|desert|attic|race|mowing)\b"
)


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The external causes of a statement, and abuse and neglect with their perpetrator."""
    text = statement.folded
    phase = read_encounter(statement.text).phase
    abuse = find_maltreatment(statement, books)
    causes = _causes(statement)
    if not causes and not abuse.confirmed and not _hurt(text):
        return list(abuse.proposals)
    if abuse.suspected_only:  # no external cause beside suspected abuse (I.C.19.f)
        causes = [cause for cause in causes if cause.group not in ("assault", "person")]
    told = [span for cause in causes for span in cause.spans]
    around = circumstances(statement, bool(causes)) if phase in (None, "initial") else ()
    told += [span for one in around for span in one.spans]
    alone = not abuse.proposals and not any(cause.tells_injury for cause in causes)
    bare = bool(causes) and _says_nothing_else(statement, told)
    if alone and not bare and not _is_injured(statement, told):
        return list(abuse.proposals)
    found = list(abuse.proposals)
    character = {"subsequent": "D", "sequela": "S"}.get(phase or "", "A")
    for cause in causes:
        code = _completed(books, cause.stem, character)
        if code is None or any(one.code == code for one in found):
            continue
        said = " ".join(text[span.start : span.end] for span in cause.spans)
        found.append(
            Proposal(
                code,
                cause.spans,
                "external cause",
                "external cause",
                grounds(books, cause.stem, said, cause.key, cause.section),
                settles=not cause.tells_injury,
                sure=0.6 if cause.group == "overexertion" else 0.9,
            )
        )
    for one in around:
        if (code := _completed(books, one.stem, "")) is not None:
            said = " ".join(text[span.start : span.end] for span in one.spans)
            why = grounds(books, one.stem, said, one.key, one.section)
            kind = "place" if one.key == "place" else "external cause"
            found.append(Proposal(code, one.spans, "external cause", kind, why, sure=0.8))  # type: ignore[arg-type]
    return found


def _completed(books: Books, stem: str, character: str) -> str | None:
    """The billable code of a stem with a seventh character; None when the release has none."""
    if found := books.code(stem):
        return found.code
    codes = [c.code for c in books.below(stem) if c.stem == stem and c.code[-1] == character]
    return codes[0] if codes else None


@cache
def _not_before() -> re.Pattern[str]:
    return re.compile(any_of(tables()["not"]["words"]).pattern + r"[\w\s]{0,9}$")


@cache
def _not_after() -> re.Pattern[str]:
    return re.compile(r"\W*" + any_of(tables()["not"]["after"]).pattern)


def _causes(statement: Statement) -> list[Cause]:
    """The events of a statement, the most telling first; what one includes is left out."""
    text = statement.folded
    first: dict[str, Cause] = {}
    intent = _intent(text)
    for row in cause_rows().candidates(text):
        if row.group in first:
            continue
        if (span := _match(row, statement)) is not None:
            stem, key = _by_intent(row, intent)
            if stem:
                first[row.group] = Cause(row.group, stem, (span,), row.tells_injury, key)
    if (transport := find_transport(text)) and statement.is_affirmed(transport.spans[0]):
        first["transport"] = Cause(
            "transport", transport.stem, transport.spans, False, "transport", "I.C.20.f"
        )
    return chosen([refined(first[group], text) for group in ORDER if group in first])


def _match(row: CauseRow, statement: Statement) -> Span | None:
    text = statement.folded
    for match in row.pattern.finditer(text):
        span = Span(*match.span())
        if statement.status_of(span) in ("denied", "chatter") or _is_history(statement, span):
            continue
        if row.group == "fall" and (
            _not_before().search(text[max(0, span.start - 24) : span.start])
            or _not_after().match(text, span.end)
        ):
            continue
        if row.group == "nature" and not _HEAT_TOLD.search(text) and row.code in ("X30", "X32"):
            continue
        has_cause = "cause" in row.pattern.groupindex
        return Span(*match.span("cause")) if has_cause else span
    return None


def _is_history(statement: Statement, span: Span) -> bool:
    """Whether the words are of the past, and not of what brought the patient: "s/p fall" is."""
    if statement.status_of(span) != "past":
        return False
    fact = next(f for f in statement.facts if f.span.overlaps(span))
    return not re.match(r"s/p|sp\b|status post|post", fact.said.lower())


@cache
def _intents() -> tuple[tuple[str, re.Pattern[str]], ...]:
    names = ("legal", "self_harm", "undetermined", "assault")
    return tuple((name, any_of(tables()["intent"][name])) for name in names)


def _intent(text: str) -> str:
    return next((name for name, pattern in _intents() if pattern.search(text)), "accident")


def _by_intent(row: CauseRow, intent: str) -> tuple[str, str]:
    if intent == "assault" and row.assault:
        return row.assault, "assault"
    if intent == "self_harm":
        if row.self_harm:
            return row.self_harm, "self_harm"
        return (row.code, "cause") if row.group not in ("assault", "fall") else ("", "")
    if intent == "undetermined" and row.undetermined:
        return row.undetermined, "undetermined"
    if row.group == "legal":
        return row.code, "legal"
    return row.code, "assault" if row.group == "assault" else "cause"


@cache
def _injury() -> re.Pattern[str]:
    return any_of(tables()["injury"]["words"])


def _hurt(text: str) -> bool:
    return bool(_injury().search(text))


def _is_injured(statement: Statement, told: list[Span]) -> bool:
    """Whether a word outside those of the cause names an injury."""
    for match in _injury().finditer(statement.folded):
        span = Span(*match.span())
        if not any(one.overlaps(span) for one in told) and statement.status_of(span) != "denied":
            return True
    return False


def _says_nothing_else(statement: Statement, told: list[Span]) -> bool:
    rest = "".join(
        " " if any(span.start <= at < span.end for span in told) else char
        for at, char in enumerate(statement.folded)
    )
    return is_detail(rest)
