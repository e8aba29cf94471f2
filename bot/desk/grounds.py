"""Why a candidate is meant where the question leaves something open: the defaults of the Official
Guidelines that it follows, each with its section."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from bot.desk.answer import Because
from bot.desk.guidelines import GuidelineLookup
from bot.desk.reasons import Reason, reason
from codesets.model import Code, Release
from index.search.defaults import open_to
from index.search.searcher import Query
from index.search.seventh_character import Completion
from index.text.attributes import HOLLOW, OTHER, SIDE, UNSPECIFIED
from index.text.encounter import read_encounter
from index.text.lexicon import Lexicon
from index.text.tokens import read
from index.text.uncertain import read_uncertain

#: The sections of the ICD-10-CM Official Guidelines on what several titles have in common.
_ENCOUNTER, _LATERALITY, _UNSPECIFIED = "I.C.19.a", "I.B.13", "I.A.9.b"
_OUTPATIENT, _INPATIENT = "IV.H", "II.H"
#: The chapter whose seventh characters _ENCOUNTER is about.
_INJURIES = "ST"


def because(
    guideline_lookup: GuidelineLookup,
    query: Query,
    chosen: Completion,
    alternatives: Sequence[Code],
    release: Release,
    day: dt.date,
) -> list[Because]:
    """The grounds of a candidate of ICD-10-CM, the most particular first; [] for another system.
    `alternatives`: codes that differ from it in side or trimester alone."""
    if release.system != "icd10cm":
        return []
    grounds = []
    for section, why in _grounds(query, chosen, alternatives):
        published = guideline_lookup.section(section, release.system, day)
        grounds.append(
            Because(
                "guideline",
                section=published.section if published else "",
                release=published.release if published else None,
                reasons=[why],
            )
        )
    return grounds


def is_uncertain(query: Query, title: str) -> bool:
    """Whether a title is of the diagnosis that a question says is uncertain. The signs that are
    coded instead are not uncertain."""
    uncertain = read_uncertain(query.asked)
    if uncertain is None:
        return False
    words = _stems(query.asked) - _stems(uncertain.rest) - HOLLOW - OTHER
    return bool(words & read(title).stems)


def _stems(text: str) -> frozenset[str]:
    lexicon = Lexicon.shipped()
    return read(" ".join(lexicon.spell_out(lexicon.typed(text)))).stems


def _grounds(
    query: Query, chosen: Completion, alternatives: Sequence[Code]
) -> Iterator[tuple[str, Reason]]:
    """Sections, each with the reason that it gives."""
    code, title = chosen.code, read(chosen.code.title)
    for default in open_to(query):
        if default.shown and default.means(code.title):
            yield default.section, reason(f"defaults.{default.name}")
    if uncertain := read_uncertain(query.asked):
        setting = "inpatient" if uncertain.inpatient else "outpatient"
        section = _INPATIENT if uncertain.inpatient else _OUTPATIENT
        if is_uncertain(query, code.title):
            yield section, reason(f"defaults.uncertain_{setting}", words=uncertain.words)
    is_initial = code.code[0] in _INJURIES and read_encounter(code.title).phase == "initial"
    if is_initial and read_encounter(query.asked).phase is None and not chosen.decided:
        yield _ENCOUNTER, reason("defaults.encounter", character=code.code[-1])
    if SIDE.said(query.reading) == {"both"} and SIDE.said(title) in ({"right"}, {"left"}):
        yield _LATERALITY, reason("defaults.each_side")
    if not title.affirmed & UNSPECIFIED or query.reading.affirmed & UNSPECIFIED:
        return
    sides = any(SIDE.said(read(other.title)) for other in alternatives)
    if sides and not SIDE.said(query.reading):
        yield _LATERALITY, reason("defaults.side")
    else:
        yield _UNSPECIFIED, reason("defaults.unspecified")
