"""Takes a statement apart into facts: what is said, whether it is so, and how it is joined.

The words that join, deny and tell of the past are in prompts/statements/facts.toml, and those of
uncertainty in prompts/vocabulary/uncertain.toml. What kind of fact it is, is decided later, by what
finds a code for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

from index.statement.model import Fact, Join, Span, Statement, Status
from index.text.attributes import AXES, CIRCUMSTANCES, HOLLOW
from index.text.resources import read_text
from index.text.tokens import STOPWORDS, fold, plain_words, stem

#: Signs that end a fact. A period or comma between digits is part of a number.
_SIGNS = r"[;\n]|[.](?=\s|$)|,(?!\d{3}\b)|\s[-\u2013]+\s|\s?\+\s|\s\+|\s/\s|[()]|:\s"
#: Words of no fact of their own: they say more of the fact beside them.
_DETAILS = frozenset(
    """left right bilateral both unilateral side sided initial subsequent sequela encounter visit
    first second third new onset acute chronic mild moderate severe stable controlled uncontrolled
    well poorly healing healed fine ok okay good routine better worse improving resolved upper
    lower day days week weeks month months year years yo old ago wk wks mo mos yr yrs hr hrs male
    female man woman boy girl child kid infant toddler teen adult elderly senior m f er ed office
    clinic inpt outpt op inpatient outpatient admitted seen eval evaluation follow up followup f/u
    recheck check dx diagnosis code codes rt lt r l b/l od os ou init subs subsq nos nec still it
    was is the a an she he they her his him them used says said states stated came
    asymptomatic labs lab bloodwork cxr xray ct mri ekg ecg echo hosp hospital outside abx outpt
    started documented listed noted talk staging nothing else treated given ordered added
    source""".split()
)


@dataclass(frozen=True, slots=True)
class _Words:
    """The phrases of facts.toml as patterns."""

    separators: re.Pattern[str]
    joins: tuple[tuple[Join, re.Pattern[str]], ...]
    denied: re.Pattern[str]
    denied_after: re.Pattern[str]
    past: re.Pattern[str]
    uncertain: re.Pattern[str]
    uncertain_after: re.Pattern[str]
    chatter: re.Pattern[str]
    tests: frozenset[str]
    results: frozenset[str]
    done: re.Pattern[str]
    inpatient: re.Pattern[str]


def _any(phrases: str) -> str:
    each = {" ".join(line.split()) for line in phrases.splitlines()} - {""}
    return "|".join(re.escape(phrase) for phrase in sorted(each, key=len, reverse=True))


@cache
def _words() -> _Words:
    tables: dict[str, Any] = tomllib.loads(read_text("statements", "facts.toml"))
    uncertain = tomllib.loads(read_text("vocabulary", "uncertain.toml"))
    joins = {join: _any(tables["joins"][join]) for join in get_args(Join)}
    each = "|".join(joins.values())
    denied, after = _any(tables["denied"]["words"]), set(tables["denied"]["after"].splitlines())
    # "Sepsis ruled out" is one fact: words that may stand after it do not begin the next.
    begins = [word for word in tables["denied"]["words"].splitlines() if word not in after]
    end = r"(?![\w/'])"
    return _Words(
        # A word that denies, or that says that something was, begins a fact.
        re.compile(
            rf"{_SIGNS}|(?<![\w/'-])(?:{each}){end}|(?<=\s)(?=(?:{_any(chr(10).join(begins))}|but){end})"
            rf"|(?<=\s)(?=(?:{_any(tables['past']['words'])}|{_any(uncertain['terms'])}){end})"
            rf"|(?<=\s)(?=\?\s?\w)|(?<=[a-z]{{4}})/(?=[a-z]{{4}})"
        ),
        tuple((join, re.compile(rf"(?:{words}){end}")) for join, words in joins.items()),
        re.compile(rf"(?:but\s+)?(?:{denied}){end}\s*"),
        re.compile(rf"\s*\b(?:{_any(tables['denied']['after'])})$"),
        re.compile(rf"(?:{_any(tables['past']['words'])}){end}\s*"),
        re.compile(rf"\?\s*|(?:{_any(uncertain['terms'])}){end}\s*"),
        re.compile(r"\s*\?$"),
        re.compile(rf"(?:(?:{_any(tables['chatter']['words'])}){end}[\s,:]*)+"),
        frozenset(tables["tests"]["names"].split()),
        frozenset(tables["tests"]["results"].split()),
        re.compile(rf"(?:{_any(tables['done']['words'])}){end}"),
        re.compile(rf"\b(?:{_any(uncertain['inpatient'])})\b"),
    )


def read_statement(text: str) -> Statement:
    """Read a statement. Raises nothing: a text without any fact has none."""
    text = " ".join(text.split())
    folded = fold(text)
    if len(folded) != len(text):  # a letter that folding takes apart
        text = folded
    facts = tuple(_facts(text, folded))
    return Statement(text, folded, facts, bool(_words().inpatient.search(folded)))


def _facts(text: str, folded: str) -> Iterator[Fact]:
    facts: list[Fact] = []
    for span, join in _pieces(folded):
        fact = _read(text, folded, span, join)
        if fact is None:
            continue
        said = folded[span.start : span.end]
        before = facts[-1].status if facts else "affirmed"
        if before == "denied" and re.match(r"(?:or|nor)\b", said):
            fact = replace(fact, status="denied")
        if before == "affirmed" and facts and _words().uncertain.fullmatch(said):
            facts[-1] = replace(facts[-1], status="uncertain")  # "uti likely"
        facts.append(fact)
    yield from facts


def _pieces(folded: str) -> Iterator[tuple[Span, Join]]:
    """The pieces between separators, each with how it is joined to the one before."""
    words = _words()
    start, join = 0, "and"
    for match in words.separators.finditer(folded):
        if match.start() > start:
            yield _trimmed(folded, start, match.start()), join  # type: ignore[misc]
            join = "and"
        if match.end() > match.start():
            sign = match[0].strip()
            join = next((name for name, each in words.joins if each.fullmatch(sign)), join)
        start = match.end()
    yield _trimmed(folded, start, len(folded)), join  # type: ignore[misc]


def _trimmed(folded: str, start: int, end: int) -> Span:
    while start < end and not (folded[start].isalnum() or folded[start] in "?#%"):
        start += 1
    while start < end and not (folded[end - 1].isalnum() or folded[end - 1] in "?%+/'"):
        end -= 1
    return Span(start, end)


def _read(text: str, folded: str, span: Span, join: Join) -> Fact | None:
    if span.start >= span.end:
        return None
    words = _words()
    start, end = span
    status: Status = "affirmed"
    if found := words.chatter.match(folded, start, end):
        start = found.end()
    for cue, means in (
        (words.denied, "denied"),
        (words.uncertain, "uncertain"),
        (words.past, "past"),
    ):
        if found := cue.match(folded, start, end):
            status, start = means, found.end()  # type: ignore[assignment]
            break
    if status == "affirmed" and (found := words.denied_after.search(folded, start, end)):
        status, end = "denied", found.start()
    if status == "affirmed" and (found := words.uncertain_after.search(folded, start, end)):
        status, end = "uncertain", found.start()
    # Capitals stay: "R" and "L" are sides where "l" is a letter.
    said, rest = text[span.start : span.end], text[start:end].strip(" ,;:.")
    if not re.search(r"\w", rest):
        return Fact(said, "", span, "chatter", "chatter", join)
    if status == "affirmed" and _is_of_the_visit(rest.lower()):
        status = "chatter"
    kind = "detail" if is_detail(rest) else "condition"
    return Fact(said, rest, span, kind, status, join)  # type: ignore[arg-type]


def _is_of_the_visit(text: str) -> bool:
    """Whether a fact only tells of tests, with or without a normal result, or of one thing done."""
    words = _words()
    each = [word.strip(",.;:") for word in text.split()]
    known = words.tests | words.results
    if any(word in words.tests for word in each) and all(w in known or is_detail(w) for w in each):
        return True
    return bool(words.done.fullmatch(" ".join(each)))


@cache
def _detail_stems() -> frozenset[str]:
    said = (s for axis in AXES if axis is not CIRCUMSTANCES for s in axis.values.values())
    return frozenset().union(*said) | HOLLOW | frozenset(map(stem, _DETAILS))


def is_detail(text: str) -> bool:
    """Whether a text names nothing of its own: a side, a severity, an encounter, an age."""
    return all(
        word in STOPWORDS or word in _DETAILS or stem(word) in _detail_stems() or word.isdigit()
        for word in plain_words(text)
    )


#: Details that choose among codes wherever they stand. "ED" or "3 yo" does not.
_CHOOSING = frozenset(
    """left right bilateral both unilateral rt lt r l b/l acute chronic mild moderate severe initial
    subsequent sequela recurrent open closed""".split()
)


def choosing(text: str) -> str:
    """The words of a detail that choose among codes, "" for none."""
    return " ".join(word for word in text.split() if word.strip(",.;:") in _CHOOSING)


def among(facts: Iterable[Fact], *statuses: Status) -> list[Fact]:
    """The facts that have one of these statuses."""
    return [fact for fact in facts if fact.status in statuses]
