"""How an injury or condition happened: the codes of chapter 20 that a statement calls for.

The words are in prompts/statements/external_causes.tsv, cause_places.tsv and transport.toml. A
cause is reported only beside the injury or condition that it caused (I.C.20.a.1), with the same
seventh character (I.C.20.a.2), by intent where the words tell it (I.C.20.h). The place, the
activity and the status follow at the initial encounter (I.C.20.b, c and k).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from index.statement.books import Books
from index.statement.cause_index import grounds
from index.statement.cause_places import circumstances
from index.statement.cause_words import CauseRow, any_of, cause_rows, tables
from index.statement.facts import is_detail
from index.statement.maltreatment import find_maltreatment
from index.statement.model import Proposal, Span, Statement
from index.statement.transport import find_transport
from index.text.encounter import read_encounter

#: Which kind of event tells more of the same words, the first of two.
_ORDER = (
    "transport", "legal", "gun", "assault", "self-harm", "explosion", "water", "fire", "hot",
    "animal", "foreign body", "electric", "nature", "crush", "fall", "person", "cut", "struck",
    "misadventure", "overexertion",
)  # fmt: skip
#: Events that another event includes: who falls strikes something (I.C.20.a.7).
_INCLUDED = {
    "transport": frozenset("fall struck crush person cut overexertion hot assault".split()),
    "fall": frozenset("struck person overexertion cut".split()),
    "assault": frozenset("struck person fall overexertion".split()),
    "legal": frozenset("struck person fall assault gun".split()),
    "explosion": frozenset("fire hot struck".split()),
    "fire": frozenset(("hot",)),
    "hot": frozenset("fire fall struck cut overexertion".split()),
    "crush": frozenset("struck cut overexertion".split()),
    "animal": frozenset("fall struck cut person assault".split()),
    "person": frozenset("struck overexertion assault".split()),
    "cut": frozenset("overexertion".split()),
    "struck": frozenset("overexertion".split()),
    "foreign body": frozenset("cut struck fall".split()),
    "electric": frozenset("hot fire".split()),
    "gun": frozenset("struck cut assault self-harm explosion".split()),
    "water": frozenset("fall self-harm".split()),
}
_SAME_LEVEL = frozenset(("W01.0", "W18.30", "W19"))
#: What a person strikes who fell on one level, and its code (W01.1-).
_STRUCK_AFTER = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"glass|mirror|window", "W01.110"),
        (r"saw|power tool|machine\w*|mower", "W01.111"),
        (r"knife|nail|sharp\w*|scissors|metal edge", "W01.118"),
        (
            r"(?:coffee |end |kitchen |dining |side )?table|desk|dresser|chair|couch|sofa|bed|night"
            r" ?stand|cabinet|furniture|bench|bookcase|bookshelf|bed ?frame|counter|countertop",
            "W01.190",
        ),
        (
            r"floor|ground|concrete|sidewalk|pavement|wall|door\w*|curb|tub|bathtub|sink|toilet|rock"
            r"|step|tile|pole|fence|object|something|post|hearth|fireplace|walker|ladder|railing",
            "W01.198",
        ),
    )
)
_STRIKES = re.compile(
    r"\b(?:hit|hits|hitting|struck|striking|banged|banging|bumped|smacked|landed|landing)\b"
    r"(?:\W+[\w'/]+){0,4}?\W+(on|against|into|onto|w/|with)\W+(?:(?:a|an|the|his|her|edge of|corner"
    r" of|glass|wood|hard|back of)\W+)*?(?P<what>[\w ]+)"
)
_HEAT_TOLD = re.compile(
    r"\b(?:outside|outdoors?|weather|working|work|football|marathon|hiking|construction|summer"
    r"|running|sun|beach|hot day|in the heat|heat wave|practice|roofing|yard ?work|exposure|camp"
    r"|exposed|snow|cold|ski\w*|homeless|winter|lake|pool|temps?|desert|attic|race|mowing)\b"
)
_AFTER_FALL = re.compile(r"\W*")


@dataclass(frozen=True, slots=True)
class Cause:
    """An event that caused an injury: its code without the seventh character, the words for it,
    and the name of its message and section."""

    group: str
    stem: str
    spans: tuple[Span, ...]
    tells_injury: bool = False
    key: str = "cause"
    section: str = "I.C.20.a"


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
    if alone and not _is_injured(statement, told):
        if not causes or not _says_nothing_else(statement, told):
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
    return _chosen([_refined(first[group], text, intent) for group in _ORDER if group in first])


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


def _refined(cause: Cause, text: str, intent: str) -> Cause:
    """A cause with what the words after it add: what was struck in a fall, who was injured in a
    legal intervention."""
    if cause.group == "fall" and cause.stem in _SAME_LEVEL:
        for match in _STRIKES.finditer(text):
            what = match["what"]
            for pattern, code in _STRUCK_AFTER:
                if (hit := pattern.match(what)) and (
                    hit.end() == len(what) or what[hit.end()] == " "
                ):
                    end = match.start("what") + hit.end()
                    spans = (*cause.spans, Span(match.start(1), end))
                    return replace(cause, stem=code, spans=spans, section="I.C.20.a.7")
    if cause.group == "legal":
        who = "3" if re.search(r"\b(?:suspect|arrest\w*|inmate|detained|fleeing)\b", text) else "9"
        return replace(cause, stem=cause.stem + who)
    return cause


def _chosen(causes: list[Cause]) -> list[Cause]:
    """Without the events that others include, and those told by the same words."""
    kept: list[Cause] = []
    groups = {cause.group for cause in causes}
    by_weapon = any(c.key in ("assault", "self_harm") and c.group != "assault" for c in causes)
    for cause in causes:
        general = cause.group == "assault" and cause.stem in ("Y04.0", "Y09", "Y04.8")
        if (general and by_weapon) or (cause.group == "self-harm" and by_weapon and kept):
            continue
        included = any(cause.group in _INCLUDED.get(one.group, ()) for one in kept)
        if included and not (cause.key in ("assault", "self_harm") and by_weapon):
            if cause.stem[:5] != "W22.1" or "transport" not in groups:
                continue
        if any(a.overlaps(b) for one in kept for a in one.spans for b in cause.spans):
            continue
        kept.append(cause)
    return kept


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
