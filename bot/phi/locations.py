"""Places smaller than a state: street addresses, ZIP codes, towns and counties.

States and countries stay, as the Safe Harbor method allows. So do places that something in medicine
is named after ("Boston brace", "Rocky Mountain spotted fever") and five digits
that may be a CPT code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.phi import lists
from bot.phi.spans import Span
from bot.phi.tokens import EPONYM_NOUNS, FUNCTION_WORDS
from bot.phi.word_lists import STATES, Words, key

_i = re.I
_CODES = "|".join(code.upper() for code in STATES)
_NAMES = "|".join(name.replace(" ", " +") for name in STATES.values())
#: State codes that are also words or abbreviations.
_AMBIGUOUS_STATES = lists.words("ambiguous_states")
_WORD = r"[A-Za-z][A-Za-z.'-]{0,40}+"
_TYPES = (
    r"(?:street|str|avenue|ave|av|road|rd|boulevard|blvd|drive|dr|lane|ln|court|ct|way|place|pl|terrace|ter|circle|cir"
    r"|parkway|pkwy|highway|hwy|trail|trl|square|sq|loop|alley|plaza|crossing|run|ridge|row|path|pike|turnpike|st|broadway|expressway|heights|hts|point|pt|cove|bend|crescent|freeway|fwy|route|rte)"
)
_UNIT = r"(?:[ ,]+(?:apt|apartment|unit|suite|ste|bldg|building|floor|fl|rm|room|lot|trlr|#)\.? ?#?[A-Za-z]?-?\d*[A-Za-z]?(?!\w))?"
_DIRECTION = r"(?:(?:[NSEW]|[NS][EW]|north|south|east|west|[ns]orth(?:east|west))\.? )?"
#: No name of a street: "350 100cc CT" is a contrast agent.
_AN_AMOUNT = r"\d[\d.]*(?i:cc|mls?|mg|mcg|gm?|units?)\b"
_ADDRESSES = [
    # As a person writes it, with capitals: 12 Oak St, 1500 N. Martin Luther King Jr. Blvd Apt 4B
    re.compile(
        rf"(?<![\w.$/-])\d{{1,6}}(?:-\d{{1,4}})?[A-Za-z]?(?: 1/2)? (?i:{_DIRECTION})(?:(?!{_AN_AMOUNT})[A-Z0-9][\w.'-]*,? ){{1,4}}(?i:{_TYPES})\b\.?(?i: [NSEW]{{1,2}}\b\.?)?(?i:{_UNIT})"
    ),
    # In lower case: street types in full, or abbreviations that mean nothing else.
    re.compile(
        rf"(?<![\w.$/-])\d{{2,6}} {_DIRECTION}(?:(?!mg|mcg|ml|units?|and|of|with|for|y|yo|days?|weeks?|months?|years?|lead|mm|cm)[a-z0-9'.]+ ){{1,3}}"
        rf"(?:street(?! drugs?)|avenue|ave|boulevard|blvd|road|rd|lane|ln|terrace|parkway|pkwy|highway|hwy|drive|circle|court)\b\.?{_UNIT}",
        _i,
    ),
    # After a word such as "address": any type of street.
    re.compile(
        rf"\b(?:address|addr|lives? (?:at|on)|living at|resid(?:es|ing) (?:at|on)|residence|home is|house at|located at|mail(?:ed)? to|moved to|sent to|street)(?: is|:)?[ :]*(?P<id>\d{{1,6}} {_DIRECTION}(?:[a-z0-9'.]+ ){{0,3}}[a-z0-9'.]+{_UNIT})",
        _i,
    ),
    re.compile(r"(?<!\w)p\.? ?o\.? ?(?:box|drawer) ?#?\d+|(?<!\w)(?:rr|rural route|star route|hc) ?#?\d+,? box ?#?\d+|\bpost office box \d+", _i),
    re.compile(r"\b(?:apt|apartment)\.? ?#?\d+[a-z]?\b|\bapt\.? ?#?[a-z]-?\d+\b", _i),
]  # fmt: skip
#: In lower case, with an abbreviated type that has another meaning: "12 oak st", "12 lead st".
_SHORT = re.compile(
    r"(?<![\w.$/-])\d{1,5} (?:[nsew]\.? )?(?P<name>[a-z'.]{3,24}(?: [a-z'.]{3,24})?|\d{1,3}(?:st|nd|rd|th))"
    r" (?:st|dr|ct|pl|cir|ln|rd|ave?|blvd|way|sq|ter)\b\.?(?! ?-? ?(?:elevation|depression|segment|seg|wave|changes?|scan|chest|abd\w*|head|of|with|and)\b)"
    + _UNIT,
    _i,
)
#: Words that many streets are named by, though they are also pollens, organs or other words.
_COMMON_STREET_NAMES = lists.words("common_street_names")
#: "Springfield 62704", after a word such as "from", or where the name can only be a town.
_TOWN_ZIP = re.compile(
    rf"(?<![A-Za-z])(?<![A-Za-z][.'-])(?P<from>(?:from|lives? in|living in|near|of|in|at) )?(?P<city>{_WORD}(?: {_WORD}){{0,2}}),? +(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\w-]|\.\d)",
    _i,
)
_TOWNISH = re.compile(
    r"(?:field|ville|burgh?|town|port|polis|haven|mouth|chester| city| beach| springs| falls| heights)$"
)
_ZIPS = [
    re.compile(r"\bzip(?: ?code)?s?(?: is|:|#)*[ :]*(?P<id>\d{5}(?:-\d{4})?)(?!\w)", _i),
    re.compile(r"(?<![\w-])(?P<id>\d{5}-\d{4})(?![\w-])"),
    re.compile(rf",\s*(?:{_CODES}|(?i:{_NAMES}))\.?,?\s+(?P<id>\d{{5}}(?:-\d{{4}})?)(?!\w|\.\d)"),
    re.compile(rf",\s*(?:{_CODES})\.?,?\s+(?P<id>\d{{5}}(?:-\d{{4}})?)(?!\w|\.\d)", _i),
    re.compile(rf"\b(?i:{_NAMES}),?\s+(?P<id>\d{{5}}(?:-\d{{4}})?)(?!\w|\.\d)"),
    re.compile(r"\b(?:lives?|living|resid(?:es|ing|ent)|moved|moving|home|address|area|postal)(?: (?:in|at|near|from|to|of|code))* (?P<id>\d{5}(?:-\d{4})?)(?!\w|\.\d)", _i),
]  # fmt: skip
_STATED = re.compile(
    rf"(?<![A-Za-z])(?<![A-Za-z][.'-])(?P<city>{_WORD}(?: {_WORD}){{0,2}})(?P<comma>,? +|, *)(?P<state>{_CODES}|{_NAMES})\b(?P<zip>,? +\d{{5}}(?:-\d{{4}})?(?!\w|\.\d))?",
    _i,
)
_LIVES = re.compile(
    rf"\b(?:lives?|lived|living|resid(?:es|ed|ing)|resident|residents|moved|moves|relocated|born|raised|travel(?:s|l?ed|l?ing)?|visiting|hometown"
    rf"|home|native|from|transferred|flew|drove|city|town|works?|working|near|outside|downtown|address)"
    rf"(?: (?:in|at|of|from|to|near|outside|is|the|downtown|city|town))* *:? +(?P<city>{_WORD}(?: {_WORD}){{0,2}})",
    _i,
)
_IN = re.compile(r"\b(?:in|from|near|to|at) (?P<city>[A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,2})")
_COUNTY = re.compile(
    rf"(?P<county>(?:{_WORD} ){{1,3}})(?P<kind>county|parish|borough)\b(?! (?:hospital|clinic|health|jail|road))?",
    _i,
)
#: Names of towns that are also words, drugs, famous in medicine, or countries.
_NOT_TOWNS = lists.words("not_towns")


def find(text: str, words: Words) -> list[Span]:
    spans = [
        Span(*match.span("id" if "id" in pattern.groupindex else 0), "ADDRESS")
        for pattern in _ADDRESSES
        for match in pattern.finditer(text)
    ]
    spans += [Span(*m.span("id"), "ZIP") for pattern in _ZIPS for m in pattern.finditer(text)]
    spans += _short_streets(text, words)
    spans += _towns_with_zip(text, words)
    spans += _stated(text, words)
    spans += _lived_in(text, words)
    spans += _counties(text, words)
    return spans


def _short_streets(text: str, words: Words) -> Iterator[Span]:
    for match in _SHORT.finditer(text):
        name = [key(word.rstrip(".")) for word in match["name"].split()]
        if all(
            word in _COMMON_STREET_NAMES
            or word[0].isdigit()
            or not (word in FUNCTION_WORDS or words.medicine(word))
            for word in name
        ):
            yield Span(*match.span(), "ADDRESS")


def _towns_with_zip(text: str, words: Words) -> Iterator[Span]:
    """Five digits after a word may be a CPT code after a person's name, so the word must clearly be
    a town."""
    for match in _TOWN_ZIP.finditer(text):
        after_from = match["from"] is not None
        start, end = match.span("city")
        span = _town(text, start, end, words, at_end=True)
        if span is None:
            continue
        name = key(text[span.start : span.end])
        after_from = after_from and span.start == start
        if words.known(name) or not (after_from or _TOWNISH.search(name)):
            continue
        yield from (span, Span(*match.span("zip"), "ZIP"))


def _stated(text: str, words: Words) -> Iterator[Span]:
    """ "Springfield, IL 62704": the town and the ZIP code are removed, the state stays."""
    for match in _STATED.finditer(text):
        state, comma, zip_code = match["state"], "," in match["comma"], match["zip"]
        if state.lower() in _AMBIGUOUS_STATES and not state.isupper() and not (zip_code and comma):
            continue
        span = _town(text, match.start("city"), match.end("city"), words, at_end=True)
        if span is None and zip_code and comma:
            start = text.rfind(" ", match.start("city"), match.end("city")) + 1 or match.start(
                "city"
            )
            if text[start].isupper():
                span = Span(start, match.end("city"), "CITY")
        if span is None:
            continue
        # "colon ca" is cancer, not a town in California.
        if (
            not zip_code
            and not state[0].isupper()
            and words.known(key(text[span.start : span.end]))
        ):
            continue
        # "J. R. Florence, MD" is a doctor.
        before = text[: span.start].rstrip(". ").rpartition(" ")[2]
        if state.upper() in ("MD", "PA", "OD") and not zip_code and before[:1].isupper():
            continue
        yield span
        if zip_code:
            start = match.start("zip") + len(zip_code) - len(zip_code.lstrip(", "))
            yield Span(start, match.end("zip"), "ZIP")


def _town(text: str, start: int, end: int, words: Words, *, at_end: bool = False) -> Span | None:
    """The longest town name that begins (or, `at_end`, ends) the words from start to end."""
    parts = [m.span() for m in re.finditer(_WORD, text[start:end])]
    spans = [
        (parts[n][0], parts[-1][1]) if at_end else (parts[0][0], parts[-1 - n][1])
        for n in range(len(parts))
    ]
    for first, last in spans:
        name = " ".join(key(text[start + first : start + last].rstrip(".")).split())
        name = re.sub(r"^(?:st|saint)\.? ", "saint ", name)
        if name in _NOT_TOWNS or name in STATES.values() or len(name) < 3:
            continue
        if words.town(name) or words.town(name.replace("saint ", "st ")):
            return Span(start + first, start + last, "CITY")
    return None


def _lived_in(text: str, words: Words) -> Iterator[Span]:
    for pattern in (_LIVES, _IN):
        for match in pattern.finditer(text):
            span = _town(text, match.start("city"), match.end("city"), words)
            if span is None:
                continue
            name = text[span.start : span.end]
            following = re.match(r"[\s-]*([A-Za-z]+)", text[span.end :])
            if following and following[1].lower() in EPONYM_NOUNS | {"virus", "criteria", "grade"}:
                continue
            written = name[0].isupper() and not text.isupper()
            plain = key(name)
            if FUNCTION_WORDS.intersection(plain.split()):
                continue
            if not written and any(map(words.known, plain.split())) and " " not in plain:
                continue
            if pattern is _IN and (words.medicine(plain) or words.given(plain)):
                continue
            loose = pattern is _IN or re.match(r"from|near|home|city|work", match[0], _i)
            if loose and " " not in plain and words.known(plain):
                continue
            yield span


def _counties(text: str, words: Words) -> Iterator[Span]:
    for match in _COUNTY.finditer(text):
        parts = list(re.finditer(_WORD, match["county"]))
        for first in range(len(parts)):
            start = match.start("county") + parts[first].start()
            name = " ".join(key(part[0]) for part in parts[first:])
            capital = all(part[0][0].isupper() for part in parts[first:])
            if name in words.counties or (
                capital and first == len(parts) - 1 and not words.known(name)
            ):
                if name in ("the", "a", "our", "this"):
                    continue
                yield Span(start, match.end("county") - 1, "COUNTY")
                break
