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
from index.statement.causes.cause_events import ORDER, Cause, chosen, refined
from index.statement.causes.cause_index import grounds
from index.statement.causes.cause_objects import named
from index.statement.causes.cause_places import Circumstance, circumstances
from index.statement.causes.cause_words import CauseRow, any_of, cause_rows, tables
from index.statement.causes.maltreatment import find_maltreatment
from index.statement.causes.transport import find_transport
from index.statement.facts import is_detail
from index.statement.injuries import injuries
from index.statement.model import Proposal, Span, Statement
from index.text.encounter import read_encounter

#: In a game a kick is an accident, unless the words say assault.
_GAME = re.compile(r"\b(?:players?|teammate|opponent|game|practice|scrimmage|soccer|football)\b")
#: Firearms in a legal intervention, by the code of an accident with them.
_BY_POLICE = {"W32.0": "Y35.02", "W33.03": "Y35.01", "W34.010": "Y35.03"}
#: Words of an official title. A statement that is one, and tells no injury, is searched as such.
_OFFICIAL = re.compile(
    r"\b(?:injured in|injuring|causing|submersion|with subsequent|legal intervention|subsequent"
    r" striking|due to|undetermined intent|injury to|perpetrator|exposure to|contact with|other"
    r"|not elsewhere|involving|accidental)\b"
)
_OFFICIAL_INJURY = re.compile(r"injured (?:in|by|while)\b|injuring\b")
#: Wording of titles alone.
_TITLE = re.compile(
    r"\bdrowning and submersion\b|\bpedestrian on (?:foot|\w+) injured|whether traffic or"
    r"|exposure on board|explosion and rupture|(?:burn|fire) due to|non-moving"
)
#: What makes the name of a ball that of a game.
_MATCH = re.compile(r"\W(?:practice|game|match|player|field|team|season|coach|camp)\b")
#: What makes a nail that of a finger or toe.
_OF_A_FINGER = re.compile(
    r"[ -]?(?:bed|damage|avuls|inj|plate|fine|ok|intact|involv|torn|off|loss|lac|ripped|broke)"
)
#: How a pedestrian's conveyance is named in V01 to V06.
_CONVEYANCES = {"V00.11": "1", "V00.12": "1", "V00.13": "2", "V00.84": "31"}
#: Activities that the words of an accident tell, too: "skiing accident".
_MOVING = frozenset(("Y93.2", "Y93.5", "Y93.H", "Y93.K", "Y93.F", "Y93.1", "Y93.B"))
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
    causes = [] if _TITLE.search(text) else _causes(statement, books)
    if abuse.suspected_only:  # no external cause beside suspected abuse (I.C.19.f)
        causes = []
    of_abuse = [span for one in abuse.proposals[:1] for span in one.spans]
    causes = [c for c in causes if not any(a.overlaps(b) for a in c.spans for b in of_abuse)]
    told = [span for cause in causes for span in cause.spans]
    around = circumstances(statement, bool(causes), books) if phase in (None, "initial") else ()
    around = tuple(one for one in around if not _is_said_by(one, told))
    told += [span for one in around for span in one.spans]
    if not (
        abuse.proposals
        or any(cause.tells_injury for cause in causes)
        or _is_injured(statement, told, bool(causes))
        or (causes and not _OFFICIAL.search(text) and _says_nothing_else(statement, told))
        or (told and injuries.find(statement, books))
    ):
        return []
    found = list(abuse.proposals)
    character = {"subsequent": "D", "sequela": "S"}.get(phase or "", "A")
    for cause in causes:
        if cause.stem == "W45.0" and _is_of_a_finger(text):
            continue
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
                sure=_sure(cause, text),
            )
        )
    for one in around:
        if (code := _completed(books, one.stem, "")) is not None:
            said = " ".join(text[span.start : span.end] for span in one.spans)
            why = grounds(books, one.stem, said, one.key, one.section)
            kind = "place" if one.key == "place" else "external cause"
            found.append(Proposal(code, one.spans, "external cause", kind, why, sure=0.8))  # type: ignore[arg-type]
    return found


def _sure(cause: Cause, text: str) -> float:
    """How sure a cause is: less where the words name only its effect ("frostbite"), or a strain."""
    if cause.group == "overexertion":
        return 0.6
    return 0.7 if cause.group == "nature" and not _HEAT_TOLD.search(text) else 0.9


def _is_said_by(one: Circumstance, told: list[Span]) -> bool:
    """Whether words of a cause are all that tells a place or activity: "hit by a baseball" names no
    game, "fell into the pool" tells the pool."""
    end = one.spans[0].end
    return (
        one.stem != "Y99.0"
        and one.stem[:5] not in _MOVING
        and any(span.start < end <= span.end for span in told)
    )


def _completed(books: Books, stem: str, character: str) -> str | None:
    """The billable code of a stem with a seventh character; None when the release has none."""
    if found := books.code(stem):
        return found.code
    codes = [c.code for c in books.below(stem) if c.stem == stem and c.code[-1] == character]
    return codes[0] if codes else None


def _is_of_a_finger(text: str) -> bool:
    """Whether every nail that a text names is one of a finger or toe."""
    nails = list(re.finditer(r"nails?\b", text))
    return bool(nails) and all(_OF_A_FINGER.match(text, nail.end()) for nail in nails)


@cache
def _not_before(words: str) -> re.Pattern[str]:
    return re.compile(any_of(tables()["not"][words]).pattern + r"[\w\s]{0,9}$")


@cache
def _not_after() -> re.Pattern[str]:
    return re.compile(r"\W*" + any_of(tables()["not"]["after"]).pattern)


def _causes(statement: Statement, books: Books) -> list[Cause]:
    """The events of a statement, the most telling first; what one includes is left out."""
    text = statement.folded
    first: dict[str, Cause] = {}
    intent = _intent(text)
    for row in cause_rows().candidates(text):
        if row.group in first:
            continue
        if (span := _match(row, statement)) is not None:
            stem, key = _by_intent(row, intent)
            if row.code == "Y04.0" and intent != "assault" and _GAME.search(text):
                continue
            if stem:
                first[row.group] = Cause(row.group, stem, (span,), row.tells_injury, key)
    if first or _injury(False).search(text):
        for one in named(books, text):
            own = first.get(one.group)
            general = own is None or own.stem in ("W19", "W01.0", "W22.8", "W26.9", "W31.9")
            if general and one.group in ORDER and _is_so(statement, one.span):
                first[one.group] = Cause(one.group, one.stem, (one.span,), one.group == "animal")
    if (transport := find_transport(text)) and _is_so(statement, transport.spans[0]):
        stem, spans = transport.stem, transport.spans
        if (conveyance := first.get("transport")) and not stem.startswith("V0"):
            conveyance = None
        if conveyance is None or re.fullmatch(r"V0[1-6]\.[019]0", stem):
            if conveyance:
                stem = stem[:-1] + _CONVEYANCES.get(conveyance.stem[:6], "9")
            first["transport"] = Cause("transport", stem, spans, False, "transport", "I.C.20.f")
    return chosen([refined(first[group], text) for group in ORDER if group in first])


def _match(row: CauseRow, statement: Statement) -> Span | None:
    text = statement.folded
    for match in row.pattern.finditer(text):
        span = Span(*match.span())
        if not _is_so(statement, span):
            continue
        if row.code.startswith("W21.0") and _MATCH.match(text, span.end):
            continue
        unless = {"fall": "words", "gun": "shot", "nature": "nature"}.get(row.group)
        before = text[max(0, span.start - 24) : span.start]
        if _not_after().match(text, span.end) or (unless and _not_before(unless).search(before)):
            continue
        if row.group == "nature" and not _HEAT_TOLD.search(text) and row.code in ("X30", "X32"):
            continue
        has_cause = "cause" in row.pattern.groupindex
        return Span(*match.span("cause")) if has_cause else span
    return None


def _is_so(statement: Statement, span: Span) -> bool:
    """Whether the words tell what brought the patient. "S/p fall" does, "hx of falls" does not."""
    status = statement.status_of(span)
    if status != "past":
        return status not in ("denied", "chatter")
    fact = next(f for f in statement.facts if f.span.overlaps(span))
    return bool(re.match(r"s/p|sp\b|status post|post", fact.said.lower()))


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
    if intent == "legal" and row.group == "gun":
        return _BY_POLICE.get(row.code, "Y35.00"), "legal"
    if intent == "undetermined" and row.undetermined:
        return row.undetermined, "undetermined"
    if row.group == "legal":
        return row.code, "legal"
    return row.code, "assault" if row.group == "assault" else "cause"


@cache
def _injury(caused: bool) -> re.Pattern[str]:
    words = tables()["injury"]
    return any_of(words["words"] + (words["with_cause"] if caused else ""))


def _is_injured(statement: Statement, told: list[Span], caused: bool) -> bool:
    """Whether a word outside those of the cause names an injury. Pain is one where a cause is told
    (`caused`), and none where only an activity is."""
    for match in _injury(caused).finditer(statement.folded):
        span = Span(*match.span())
        if _OFFICIAL_INJURY.match(statement.folded, span.start):
            continue  # "car driver injured in collision": a title, and no injury
        if not any(one.overlaps(span) for one in told) and statement.status_of(span) != "denied":
            return True
    return False


def _says_nothing_else(statement: Statement, told: list[Span]) -> bool:
    rest = "".join(
        " " if any(span.start <= at < span.end for span in told) else char
        for at, char in enumerate(statement.folded)
    )
    return is_detail(rest)
