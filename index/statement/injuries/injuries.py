"""The injuries of a statement (S00-T34), read by type, site, side and what else is said.

The words are in prompts/statements/injuries.tsv; the codes are found through the official titles of
the loaded release (injury_titles.py). What is not said is unspecified, a fracture that is neither
displaced nor nondisplaced is displaced, and one that is neither open nor closed is closed
(I.C.19.c). Each site has its own code (I.C.19.b). The seventh character follows the encounter
(I.C.19.a). Where the type or the site is not understood, nothing is proposed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from index.statement.books import Books
from index.statement.causes.cause_words import any_of
from index.statement.injuries.injury_codes import codes_of
from index.statement.injuries.injury_implants import around_implant
from index.statement.injuries.injury_segments import parts_of_bones, segments_of
from index.statement.injuries.injury_sites import Injury, injuries_of
from index.statement.injuries.injury_words import Item, items_of
from index.statement.model import Ground, Proposal, Span, Statement
from index.text.encounter import read_encounter
from index.text.not_injured import is_not_of_injury
from index.text.resources import read_text

_HEALED = re.compile(r"\b(?:healed|old|remote|prior|previous)\b(?! well)|\bhx of\b|\bh/o\b")
#: Bleeding in the skull and a tear of the rotator cuff are of an injury where one is told.
_TRAUMA = re.compile(
    r"\b(?:fell|fall\w*|glf|tbi|trauma\w*|mv[ac]|hit|struck|assault\w*|head inj\w*|loc|crash\w*"
    r"|s/p fall|collision|thrown|bicycle|punched|lifting|acute tear|skull fx|concuss\w*)\b"
)
_BY_TRAUMA = ("sdh", "sah", "rotator cuff tear")
#: What has the same site as the injury that it follows, and needs the site for its own code.
_FOLLOWS = re.compile(
    r"\b(?:cellulitis|abscess|lymphangitis|osteomyelitis|septic|compartment|arthritis|contracture"
    r"|crps|gangrene|necroti\w*|tenosynovitis|dvt|effusion|neuropathy|paronychia|felon)\b"
)
_INFECTED = re.compile(
    r"(?P<infected>\binfect(?:ed|ion)\b)(?! (?:control|risk))(?! with (?:hiv|hep))"
)


@cache
def _not_beside() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """By a word of titles, the words beside which it is no injury of chapter 19."""
    table = tomllib.loads(read_text("statements", "injuries.toml"))["not"]
    return tuple((word, any_of(words)) for word, words in table.items())


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The codes of the injuries that a statement tells."""
    items = parts_of_bones(items_of(statement))
    kinds = {item.kind for item in items}
    if not kinds & {"type", "named"}:
        return []
    found: dict[str, Proposal] = {}
    needed = _needed(statement, items)
    for injury in injuries_of(items, statement):
        if not _is_current(injury, statement):
            continue
        for code, instead in codes_of(injury, statement, books):
            known = found.get(code)
            spans = tuple(dict.fromkeys((*(known.spans if known else ()), *injury.spans)))
            spans = tuple(span for span in spans if span not in needed)
            ground = Ground("tabular", "report_injuries.axes", section="I.C.19.a")
            found[code] = Proposal(
                code, spans, "additional", "condition", (ground,), sure=0.9, excludes=instead
            )
    found = _without_general(found)
    if found:
        about = tuple(item.span for item in items if item.kind == "about")
        for segment in segments_of(items):
            if {item.kind for item in segment} <= {"more", "about", "side", "stop"}:
                about += tuple(item.span for item in segment if item.kind == "more")
        first = next(iter(found.values()))
        subsequent = read_encounter(statement.text).phase == "subsequent"
        # Care after an injury is told by the seventh character (I.C.21.c.7).
        excludes = ("Z48.0", "Z47.8", "Z09", "Z48.8", "Z51.89") if subsequent else ()
        found[first.code] = replace(
            first, spans=(*first.spans, *about), excludes=(*first.excludes, *excludes)
        )
    return [
        *found.values(),
        *around_implant(statement, found, books),
        *_infection(statement, found, books),
    ]


def _infection(
    statement: Statement, found: dict[str, Proposal], books: Books
) -> Iterator[Proposal]:
    """L08.9 beside a wound or bite that is infected, where no infection is named."""
    match = _INFECTED.search(statement.folded)
    if match is None or _FOLLOWS.search(statement.folded):
        return
    span = Span(*match.span("infected"))
    is_of_skin = any(code[2] in "01" for code in found if code.startswith("S"))
    if is_of_skin and statement.is_affirmed(span) and (code := books.code("L08.9")):
        ground = Ground("tabular", "report_injuries.infection")
        yield Proposal(code.code, (span,), "additional", "condition", (ground,), sure=0.8)


def _needed(statement: Statement, items: list[Item]) -> frozenset[Span]:
    """The sites and sides that another condition needs for its own code: "cellulitis L hand from
    cat bite"."""
    needed: set[Span] = set()
    for match in _FOLLOWS.finditer(statement.folded):
        places = [i for i in items if i.kind in ("site", "side")]
        near = [i.span for i in places if 0 <= i.span.start - match.end() <= 16]
        near = near or [i.span for i in places if 0 <= match.start() - i.span.end <= 16]
        needed.update(near)
    return frozenset(needed)


def _is_current(injury: Injury, statement: Statement) -> bool:
    span = injury.type_.span
    status = statement.status_of(span)
    if status in ("denied", "chatter") or (status == "uncertain" and not statement.inpatient):
        return False
    text = statement.folded
    words = frozenset().union(*injury.type_.titles)
    if status == "past" and not read_encounter(statement.text).phase:
        return False
    if words & {"strain", "tear", "rupture", "injury", "hemorrhage"} and is_not_of_injury(text):
        return False
    if words == {"foreign", "body"} and not re.search(
        r"\b(?:in|up|stuck|fb|lodged|foreign)\b", text
    ):
        return False
    if any(word in words and pattern.search(text) for word, pattern in _not_beside()):
        return False
    if "fracture" in words and re.search(r"\bhealed\b(?! well)", text):
        return False
    if injury.type_.key in _BY_TRAUMA and not _TRAUMA.search(text):
        return False
    before = text[max(0, span.start - 14) : span.start]
    return not _HEALED.search(before)


def _without_general(found: dict[str, Proposal]) -> dict[str, Proposal]:
    """The codes without the unspecified injury of the head, where one of the skull or brain is
    told."""
    told = any(code.startswith(("S06", "S02.0", "S02.1", "S02.9")) for code in found)
    return {code: one for code, one in found.items() if not (told and code.startswith("S09.9"))}
