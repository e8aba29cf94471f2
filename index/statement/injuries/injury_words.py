"""The words of injuries in a statement: prompts/statements/injuries.tsv read over its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from index.statement.injuries.injury_titles import singular, words_of
from index.statement.model import Span, Statement
from index.text.resources import parse_table, read_text

Kind = Literal[
    "weak",
    "weak named",
    "type",
    "named",
    "site",
    "more",
    "no",
    "break",
    "side",
    "stop",
    "and",
    "other",
    "about",
]

_SIDES = {
    **dict.fromkeys(("right", "rt", "r", "od", "ad"), "right"),
    **dict.fromkeys(("left", "lt", "l", "os"), "left"),
    **dict.fromkeys(("bilateral", "bilat", "bil", "b/l", "both", "ou", "bilaterally"), "bilateral"),
}
#: Small words that may stand anywhere within a phrase.
_SMALL = frozenset("the his her my a an of to on at pt's their is was for this in".split())
#: Of these, words that a phrase of the table keeps.
_KEPT = frozenset(("in", "at"))
_NUMBER = re.compile(r"\d[\d-]*(?:st|nd|rd|th)?|-|,|and|to|through|thru|&|#")
_TOKEN = re.compile(
    r"(?:w/o?|2/2|tib/fib|(?!r/l|l/r)[a-z]/[a-z])(?![a-z])|[a-z0-9]+(?:['-][a-z0-9]+)*|[;,.()+&/:]|-"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table: `titles` are the words of titles, the best first."""

    kind: Kind
    titles: tuple[frozenset[str], ...] = ()
    key: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase of the table, a side or a separator where it stands."""

    kind: Kind
    span: Span
    titles: tuple[frozenset[str], ...] = ()
    side: str = ""
    key: str = ""


def _tokens(text: str) -> list[tuple[str, Span]]:
    return [(match[0], Span(*match.span())) for match in _TOKEN.finditer(text)]


def _phrase(words: str) -> tuple[str, ...]:
    kept = [w for w, _ in _tokens(words) if w in _KEPT or w not in _SMALL | {"-", "/"}]
    return tuple(map(singular, kept or [w for w, _ in _tokens(words)]))


@cache
def _table() -> dict[str, list[tuple[tuple[str, ...], Entry]]]:
    """The phrases by their first word, the longest first."""
    name = "injuries.tsv"
    found: dict[str, dict[tuple[str, ...], Entry]] = {}
    for row in parse_table(
        f"prompts/statements/{name}", read_text("statements", name), lambda row: ()
    ):
        titles = tuple(frozenset(words_of(each)) for each in row["titles"].split(";") if each)
        if "&" in row["titles"]:
            titles = tuple(frozenset(words_of(each)) for each in row["titles"].split("&"))
        key = "each" if "&" in row["titles"] else row["words"].split(";")[0]
        side = next((each for each in ("right", "left") if row["titles"].startswith(each)), "")
        titles = tuple(words - {side} for words in titles)
        for words in filter(None, map(str.strip, row["words"].split(";"))):
            phrase = _phrase(words)
            entry = Entry(row["kind"], titles, key, side)  # type: ignore[arg-type]
            for each in _orders(phrase, row["kind"]):
                found.setdefault(each[0], {}).setdefault(each, entry)
    return {
        first: sorted(phrases.items(), key=lambda each: -len(each[0]))
        for first, phrases in found.items()
    }


def _orders(phrase: tuple[str, ...], kind: str) -> Iterator[tuple[str, ...]]:
    """A phrase, and of a named injury also with its last word first: "rib fx", "fx rib"."""
    yield phrase
    if kind == "named" and 1 < len(phrase) < 5:
        yield (phrase[-1], *phrase[:-1])


def items_of(statement: Statement) -> list[Item]:
    """The words of a statement that say something of an injury, in order."""
    text = statement.folded
    items = [
        item
        for item in _items(_tokens(text))
        if not (item.kind == "more" and _is_denied(item, text))
        and not (item.kind == "type" and _A_BIT.search(text[: item.span.end]))
    ]
    strong = any(item.kind in ("type", "named") for item in items)
    return [_with_finger(_weighed(item, strong), text) for item in items]


#: Which finger or toe it is, where the word stands apart.
_FINGERS = {
    "finger": re.compile(r"\b(index|middle|ring|little|pinky|long)\b(?! (?:toe|stuck|avulsion))"),
    "toe": re.compile(r"\b(great|big|little|2nd|3rd|4th|5th)\b(?! (?:finger|metatarsal|mt))"),
}


def _weighed(item: Item, strong: bool) -> Item:
    """Weak words of an injury ("injured", "twisted") are one where no other is told."""
    if not item.kind.startswith("weak"):
        return item
    own: Kind = "named" if item.kind == "weak named" else "type"
    if strong:  # "lac with nail avulsion"
        own = "more" if any("withnail" in words for words in item.titles) else "about"
    return replace(item, kind=own)


def _with_finger(item: Item, text: str) -> Item:
    """A finger or toe with which one it is, where that is said apart: "finger lac, L middle"."""
    names = _FINGERS.get(item.key) if item.kind == "site" else None
    if names is None or not (found := names.search(text)):
        return item
    phrase = _phrase(f"{found[1]} {item.key}")
    for words, entry in _table().get(phrase[0], ()):
        if words == phrase:
            return replace(item, titles=entry.titles, key=entry.key)
    return item


#: What may be denied of a wound: a foreign body in it, damage to the nail, a cavity.
_QUALIFIED = frozenset(("withbody", "withnail", "withcavity"))
_DENIED = re.compile(r"\b(?:no|not|without|w/o|denie[sd]|never|neg|negative for)\s(?:\w+\s)?$")


_A_BIT = re.compile(r"\b(?:a|little|wee|tiny|every)\s+bit$")


def _is_denied(item: Item, text: str) -> bool:
    own = frozenset().union(*item.titles)
    return bool(own & _QUALIFIED) and bool(_DENIED.search(text[: item.span.start]))


def sites_of(statement: Statement) -> list[Item]:
    """The sites and sides of a statement, whatever they are the sites of: "foot ulcer", too."""
    return [
        item
        for item in _items(_tokens(statement.folded), frozenset(("site", "more")))
        if item.kind in ("site", "side")
    ]


def _items(tokens: list[tuple[str, Span]], kinds: frozenset[str] | None = None) -> Iterator[Item]:
    """The items of the kinds, or of all."""
    at = 0
    while at < len(tokens):
        word, span = tokens[at]
        if found := _longest(tokens, at, kinds):
            entry, used = found
            inner = [n for n in range(at, used[-1] + 1) if n not in used]
            whole = Span(span.start, tokens[used[-1]][1].end)
            sides = [_SIDES[tokens[n][0]] for n in inner if tokens[n][0] in _SIDES]
            sides = sides or [entry.side] * bool(entry.side)
            yield Item(entry.kind, whole, entry.titles, sides[0] if sides else "", entry.key)
            at = used[-1] + 1
            continue
        if listed := _listed(tokens, at):
            yield Item(listed.kind, span, listed.titles, listed.side, listed.key)
        elif word in _SIDES:
            yield Item("side", span, side=_SIDES[word])
        elif word in ";.:()" or (word == "-" and _is_dash(tokens, at)):
            yield Item("stop", span)
        elif word in (",", "+", "&", "and", "w/", "w", "with", "/", "plus", "then", "also"):
            yield Item("and", span)
        elif word not in _SMALL and word != "-":
            yield Item("other", span)
        at += 1


_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)")
_LISTED = frozenset(("and", ",", "+", "&", "/", "-"))
_NOUNS = frozenset(("metacarpal", "mc", "metatarsal", "mt", "finger", "toe", "digit"))


def _listed(tokens: list[tuple[str, Span]], at: int) -> Entry | None:
    """The site of an ordinal of a list: the second metacarpal of "2nd + 3rd metacarpal"."""
    if not _ORDINAL.fullmatch(tokens[at][0]):
        return None
    n = at + 1
    while n < len(tokens) and (tokens[n][0] in _LISTED or _ORDINAL.fullmatch(tokens[n][0])):
        n += 1
    if n == len(tokens) or (noun := singular(tokens[n][0])) not in _NOUNS:
        return None
    phrase = (tokens[at][0], noun)
    return next((e for words, e in _table().get(phrase[0], ()) if words == phrase), None)


def _is_dash(tokens: list[tuple[str, Span]], at: int) -> bool:
    return at > 0 and tokens[at - 1][1].end < tokens[at][1].start


def _longest(
    tokens: list[tuple[str, Span]], at: int, kinds: frozenset[str] | None
) -> tuple[Entry, list[int]] | None:
    """The longest phrase that begins at a word, and the places of its words. Sides and small words
    may stand within it."""
    for phrase, entry in _table().get(singular(tokens[at][0]), ()):
        if kinds and entry.kind not in kinds:
            continue
        used, n = [at], at + 1
        for wanted in phrase[1:]:
            while n < len(tokens) and singular(tokens[n][0]) != wanted:
                word = tokens[n][0]
                is_number = phrase[0] == "rib" and _NUMBER.fullmatch(word)
                if not (word in _SIDES or word in _SMALL or is_number):
                    break
                n += 1
            if n >= len(tokens) or singular(tokens[n][0]) != wanted:
                break
            used.append(n)
            n += 1
        else:
            return entry, used
    return None
