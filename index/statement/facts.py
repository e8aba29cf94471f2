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
from typing import Any, NamedTuple, get_args

from index.statement.denials import spread
from index.statement.model import Fact, Join, Span, Statement, Status
from index.text.attributes import AXES, CIRCUMSTANCES, HOLLOW
from index.text.resources import read_text
from index.text.tokens import STOPWORDS, fold, plain_words, stem

#: Signs that end a fact. A period or comma between digits is part of a number, and a period before
#: the rest of a code ("E11. 65") part of the code.
_SIGNS = (
    r"[;\n]|(?<!\b[a-z]\d\w)[.](?=\s|$)|[.](?=\s+(?!\d{1,4}\b)|$)|(?<=[a-z]{3})[.](?=[a-z]{2})"
    r"|(?<!\d),|,(?!\d{3}\b)|\s[-\u2013\u2014]+\s|\s?\+\s|\s\+|(?<=[a-z]{3})\+(?=[a-z]{3})|\s/\s"
    r"|[()]|:\s"
)
#: "W/" that is written together with the word after it; "w/u" is a workup.
_WITH = r"(?<![\w/'-])w/(?=[a-z]{2})(?!out\b)"
#: Words of no fact of their own: they say more of the fact beside them.
_DETAILS = frozenset(
    """left right bilateral both unilateral side sided initial subsequent sequela encounter visit
    first second third new onset acute chronic mild moderate severe stable controlled uncontrolled
    well poorly healing healed fine ok okay good routine better worse improving resolved upper
    lower day days week weeks month months year years yo old ago wk wks mo mos yr yrs hr hrs male
    female man woman boy girl child kid infant toddler teen adult elderly senior m f er ed office
    clinic inpt outpt op inpatient outpatient admitted seen eval evaluation follow up followup f/u
    recheck check dx diagnosis code codes rt lt r l b/l od os ou init subs subsq nos nec still it
    was is the a an she he they her his him them used now again currently
    says said states stated came
    asymptomatic labs lab bloodwork cxr xray ct mri ekg ecg echo hosp hospital outside abx outpt
    started documented listed noted talk staging nothing else treated given ordered added
    source known dominant nondominant ambidextrous""".split()
)


_AND: Join = "and"


@dataclass(frozen=True, slots=True)
class _Words:
    """The phrases of facts.toml as patterns.

    - `cues`, `after`: words before and after a fact that say whether it is so.
    - `names`: results that are part of a name, at its end: "her2 neg".
    """

    separators: re.Pattern[str]
    joins: tuple[tuple[Join, re.Pattern[str]], ...]
    cues: tuple[tuple[Status, re.Pattern[str]], ...]
    after: tuple[tuple[Status, re.Pattern[str]], ...]
    names: re.Pattern[str]
    chatter: re.Pattern[str]
    tests: frozenset[str]
    diseases: frozenset[str]
    results: frozenset[str]
    done: re.Pattern[str]
    treatments: frozenset[str]
    beside: frozenset[str]
    inpatient: re.Pattern[str]


def _any(phrases: str) -> str:
    each = {" ".join(line.split()) for line in phrases.splitlines()} - {""}
    return "|".join(re.escape(phrase) for phrase in sorted(each, key=len, reverse=True))


@cache
def _words() -> _Words:
    tables: dict[str, Any] = tomllib.loads(read_text("statements", "facts.toml"))
    vocabulary = tomllib.loads(read_text("vocabulary", "uncertain.toml"))
    denied, doubted = tables["denied"], tables["uncertain"]
    joins = {join: _any(tables["joins"][join]) for join in get_args(Join)}
    names = _any(tables["joins"]["post"])
    joins["after"] = rf"(?!post\s(?:{names})\b)(?:{joins['after']})"
    past, chatter = _any(tables["past"]["words"]), _any(tables["chatter"]["words"])
    uncertain = _any(f"{doubted['words']}\n{vocabulary['terms']}")
    tests = rf"(?:{_any(denied['tests'])})"
    end = r"(?![\w/'])"
    is_so = rf"(?!(?:{_any(denied['unless'])}){end})"
    non = rf"non[\s-]+(?=(?:{_any(denied['non'])})\b)"
    # "Sepsis ruled out" is one fact: words that may stand after it do not begin the next.
    after = set(denied["after"].splitlines())
    begins = _any("\n".join(w for w in denied["words"].splitlines() if w not in after))
    is_after = rf"(?!(?:{_any(doubted['after'])}){end})"
    return _Words(
        # A word that denies, or that says that something was or may be, begins a fact.
        re.compile(
            rf"{_SIGNS}|{_WITH}|(?<![\w/'-])(?:{'|'.join(joins.values())})(?![\w/'-])"
            rf"|(?<=\s)but{end}|(?<=\s)(?={is_so}{is_after}(?:{begins}){end}|{non})"
            rf"|(?<=\s)(?=(?:{past}|{uncertain}){end})|(?<=\s)(?=\?\s?\w)"
            rf"|(?<=\s)(?<!rapid\s)(?={tests}(?:\s+\w+)?\s+neg(?:ative)?\b)"
            rf"|(?<=[a-z]{{4}})/(?=[a-z]{{4}})"
            # "Brain mets here for xrt" tells of the visit in the midst of a fact.
            rf"|(?<=\s)(?=(?:(?:pt\s)?here|pt\sin)\s(?:today\s)?(?:just\s|only\s)?for\s)"
        ),
        tuple((join, re.compile(rf"(?:{words}){end}")) for join, words in joins.items()),
        (
            ("denied", re.compile(rf"{is_so}(?:but\s+)?(?:{_any(denied['words'])}){end}\s*|{non}")),
            ("uncertain", re.compile(rf"\?\s*|(?:{uncertain}){end}\s*")),
            ("past", re.compile(rf"(?:{past}){end}\s*")),
        ),
        (
            ("uncertain", re.compile(rf"\s*\?$|\s*\b(?:{_any(doubted['after'])})$")),
            ("denied", re.compile(rf"\s*\b(?:{_any(denied['after'])})$")),
        ),
        re.compile(rf"(?<!\w)(?:{_any(denied['names'])})[\s/-]*(?:neg|negative)$"),
        re.compile(rf"(?:(?:{chatter}){end}[\s,:]*)+"),
        frozenset(tables["tests"]["names"].split()),
        frozenset(tables["tests"]["diseases"].split()),
        frozenset(tables["tests"]["results"].split()),
        re.compile(rf"(?:{_any(tables['done']['words'])}){end}"),
        frozenset(tables["treatments"]["words"].split()),
        frozenset(tables["treatments"]["beside"].split()),
        re.compile(rf"\b(?:{_any(vocabulary['inpatient'])})\b"),
    )


def read_statement(text: str) -> Statement:
    """Read a statement. Raises nothing: a text without any fact has none."""
    text = " ".join(text.split())
    folded = fold(text)
    if len(folded) != len(text):  # a letter that folding takes apart
        text = folded
    return Statement(text, folded, _facts(text, folded), bool(_words().inpatient.search(folded)))


class _Piece(NamedTuple):
    """What stands between two separators. `sign`: the separator before it, "" for none."""

    span: Span
    join: Join
    sign: str


def _facts(text: str, folded: str) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    pieces = list(_pieces(folded))
    for piece in pieces:
        fact = _read(text, folded, piece, alone=len(pieces) == 1)
        before = facts[-1] if facts else None
        if before and before.status == "affirmed" and _is_doubt(fact):
            facts[-1] = replace(before, status="uncertain")  # "uti likely"
        facts.append(fact)
    return tuple(spread(facts, [piece.sign for piece in pieces]))


def _is_doubt(fact: Fact) -> bool:
    """Whether a fact is nothing but a word of uncertainty."""
    said = fact.said.lower()
    return any(
        cue.fullmatch(said)
        for status, cue in (*_words().cues, *_words().after)
        if status == "uncertain"
    )


def _pieces(folded: str) -> Iterator[_Piece]:
    """What stands between separators, without what is nothing but signs."""
    words = _words()
    start, join, sign = 0, _AND, ""
    begin = 0
    for match in words.separators.finditer(folded):
        # Words at the beginning of a fact that say whether it is so are one: "no prior".
        if match.start() < begin:
            continue
        span = _trimmed(folded, start, match.start())
        if span.start < span.end:
            begin, _ = _begin(folded, Span(span.start, len(folded)))
            if match.start() < begin:
                continue
            yield _Piece(span, join, sign)
            join, sign = _AND, ""
        if match.end() > match.start():
            sign = match[0].strip()
            join = next((name for name, each in words.joins if each.fullmatch(sign)), join)
        start = match.end()
    span = _trimmed(folded, start, len(folded))
    if span.start < span.end:
        yield _Piece(span, join, sign)


def _trimmed(folded: str, start: int, end: int) -> Span:
    while start < end and not (folded[start].isalnum() or folded[start] in "?#%"):
        start += 1
    while start < end and not (folded[end - 1].isalnum() or folded[end - 1] in "?%+/'"):
        end -= 1
    return Span(start, end)


#: Of several words that say whether a fact is so, these count most: "no prior mi".
_STRONGEST: tuple[Status, ...] = ("denied", "uncertain", "past", "affirmed")


def _begin(folded: str, span: Span) -> tuple[int, Status]:
    """Where a fact begins after the words that say whether it is so, and what these say."""
    words = _words()
    start, end = span
    status: Status = "affirmed"
    if found := words.chatter.match(folded, start, end):
        start = found.end()
    while said := next(
        ((means, cue) for means, each in words.cues if (cue := each.match(folded, start, end))),
        None,
    ):
        status = min(status, said[0], key=_STRONGEST.index)
        start = said[1].end()
    return start, status


def _read(text: str, folded: str, piece: _Piece, *, alone: bool) -> Fact:
    words = _words()
    span, join = piece.span, piece.join
    start, status = _begin(folded, span)
    end = span.end
    for means, each in words.after if status == "affirmed" else ():
        found = each.search(folded, start, end)
        if found and not words.names.search(folded, start, end):
            status, end = means, found.start()
            break
    # Capitals stay: "R" and "L" are sides where "l" is a letter.
    said, rest = text[span.start : span.end], text[start:end].strip(" ,;:.-")
    if not re.search(r"\w", rest):
        return Fact(said, "", span, "chatter", "chatter", join)
    if status == "affirmed" and (
        _is_of_the_visit(rest.lower())
        or (join == "and" and not alone and _is_treatment(rest.lower()))
    ):
        status = "chatter"
    return Fact(said, rest, span, "detail" if is_detail(rest) else "condition", status, join)


def _is_of_the_visit(text: str) -> bool:
    """Whether a fact only tells of tests, with or without a normal result, or of one thing done."""
    words = _words()
    each = [word.strip(",.;:") for word in text.split()]
    known = words.tests | words.diseases | words.results
    # "Flu" and "covid" are tests only where a result is told.
    tested = any(word in words.tests for word in each) or (
        any(word in words.diseases for word in each) and any(word in words.results for word in each)
    )
    if tested and all(word in known or is_detail(word) for word in each):
        return True
    return bool(words.done.fullmatch(" ".join(each)))


def _is_treatment(text: str) -> bool:
    """Whether a fact tells of nothing but treatment: "add ensure", "steroids", "speech eval"."""
    words = _words()
    each = [word.strip(",.;:") for word in text.split()]
    return any(word in words.treatments for word in each) and all(
        word in words.treatments | words.beside
        or word in words.tests
        or word in words.results
        or is_detail(word)
        or words.done.fullmatch(word)
        for word in each
    )


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
