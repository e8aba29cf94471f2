"""The words of clinics that the tables of prompts/statements list, found in a statement.

A phrase is words with blanks between them. "a|b" is either word, and "_" is a blank in one of them;
"word?" may be left out; "word*" begins so; ".." is up to three words in between; NUM is a number;
KIDAGE an age below 18; another NAME IN CAPITALS is one of the names of chapter21.toml. A cell of a
table has phrases with ";" between them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from index.statement.model import Span, Statement
from index.text.resources import Row, parse_table, read_text

T = TypeVar("T")

#: What stands between two words of a phrase.
_BETWEEN = r"(?:\s*[-/]\s*|\s+)"
_GAP = r"(?:[ /-]+[\w'%.+&#]+){0,3}?"
_BUILT_IN = {
    "NUM": r"\d{1,4}(?:\.\d)?",
    "KIDAGE": r"(?:[1-9]|1[0-7])[ -]?(?:yo|y/o|yr|yrs|year|years|yom|yof|y|wk|week|mo|m/o)\b",
}
_NAME = re.compile(r"NUM|KIDAGE|[A-Z]{3,}")
_START, _END = r"(?<![\w'])", r"(?![\w'])"
_WORD_GOES_ON = re.compile(r"[\w']")
_WORD_START = re.compile(r"(?<![\w'])[\w+]|(?<!\S)[+#]")
#: Words of phrases that deny by themselves: "no insurance" is so, and not denied.
_DENYING = re.compile(
    r"(?:no|not|non|never|without|w/o|denie[sd]|unable|can'?t|lacks?)\b|.*\b(?:neg|negative|no|not)\b"
)


@cache
def words_of_chapter() -> Mapping[str, Mapping[str, str]]:
    """The sections of prompts/statements/chapter21.toml."""
    sections: dict[str, dict[str, str]] = tomllib.loads(read_text("statements", "chapter21.toml"))
    return sections


@cache
def rows(name: str) -> list[Row]:
    """The rows of the table prompts/statements/NAME."""
    return parse_table(f"prompts/statements/{name}", read_text("statements", name), lambda _: ())


@cache
def _word(word: str) -> str:
    """One word of a phrase as a pattern."""
    if name := _NAME.search(word):
        if name[0] in _BUILT_IN:
            before, after = word[: name.start()], word[name.end() :]
            return f"{_word(before)}{_BUILT_IN[name[0]]}{_word(after)}"
        return f"(?:{alternatives(words_of_chapter()['names'][name[0]])})"
    if word.endswith("*"):
        return re.escape(word[:-1]) + r"[\w'-]*"
    return re.escape(word)


def _sequence(words: Sequence[str]) -> str:
    """Words in order as a pattern."""
    pattern = ""
    for word in words:
        if word == "..":
            pattern += _GAP
        elif word.endswith("?"):
            pattern += rf"(?:{_BETWEEN if pattern else ''}{_word(word[:-1])})?"
        else:
            pattern += (_BETWEEN if pattern else "") + _word(word)
    return pattern


@cache
def alternatives(cell: str) -> str:
    """The words "a|b_c" as a pattern, the longest first."""
    each = sorted(set(filter(None, cell.split("|"))), key=len, reverse=True)
    return "|".join(_sequence(word.split("_")) for word in each)


@cache
def pattern(cell: str) -> re.Pattern[str]:
    """The phrases of a cell as one pattern."""
    phrases = [
        "".join(_group(group, first=not at) for at, group in enumerate(phrase.split()))
        for phrase in cell.split(";")
        if phrase.strip()
    ]
    return re.compile(rf"{_START}(?:{'|'.join(phrases)}){_END}")


def may_stand(cell: str, text: str) -> bool:
    """Whether a text has a word of each group of one of the phrases of a cell, in any order. Most
    texts have not, and so the pattern of the cell is never made for them."""
    return any(
        all(any(word in text for word in group) for group in groups) for groups in _needed(cell)
    )


@cache
def _needed(cell: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """For each phrase of a cell, and each of its groups that must be there: words of which a text
    has one as a part if it has the group."""
    phrases = []
    for phrase in filter(str.strip, cell.split(";")):
        groups = [
            tuple(map(_longest_literal, filter(None, group.split("|"))))
            for group in phrase.split()
            if group != ".." and not (group.endswith("?") and "|" not in group)
        ]
        phrases.append(tuple(group for group in groups if all(group)))
    return tuple(phrases)


@cache
def _longest_literal(alternative: str) -> str:
    """The longest word that always stands in "a_b?_c*" as it is written, "" for none."""
    words = (
        word.removesuffix("*")
        for word in alternative.split("_")
        if word != ".." and not word.endswith("?") and not _NAME.search(word)
    )
    return max(words, key=len, default="")


def _group(group: str, *, first: bool) -> str:
    """A group of alternatives of a phrase, with what stands before it."""
    if group == "..":
        return _GAP
    before = "" if first else _BETWEEN
    if group.endswith("?") and "|" not in group:
        return rf"(?:{before}{_word(group[:-1])})?"
    return rf"{before}(?:{alternatives(group)})"


def _first_words(alternative: str) -> Iterator[tuple[str, str]]:
    """The keys by which a statement's words find an alternative, each with the alternative as it
    is written after that first word."""
    first, _, rest = alternative.partition("_")
    name = _NAME.fullmatch(first)
    if name and name[0] not in _BUILT_IN:
        for each in words_of_chapter()["names"][first].split("|"):
            yield from _first_words(f"{each}_{rest}" if rest else each)
        return
    yield ("#" if first.startswith(("NUM", "KIDAGE")) else first.rstrip("*?")), alternative


class Match(NamedTuple):
    """A row of a table, and where its words stand."""

    row: Any
    span: Span


def _is_whole(key: str, alternative: str) -> bool:
    """Whether the first word of an alternative is its key and nothing more."""
    return alternative.partition("_")[0] == key


class Phrases(Generic[T]):
    """Phrases of a table, each with its row, found in one pass over a statement."""

    def __init__(self, entries: Sequence[tuple[str, T]]) -> None:
        #: For each key: whether the key is a whole word in all of the alternatives, the phrase
        #: that begins with these, and the row.
        self._by_key: dict[str, list[tuple[bool, str, T]]] = {}
        for cell, row in entries:
            grouped: dict[tuple[str, str], list[str]] = {}
            for phrase in filter(None, map(str.strip, cell.split(";"))):
                head, _, tail = phrase.partition(" ")
                for alternative in filter(None, head.split("|")):
                    for key, word in _first_words(alternative):
                        grouped.setdefault((key, tail), []).append(word)
            for (key, tail), words in grouped.items():
                is_whole = all(_is_whole(key, word) for word in words)
                phrase = f"{'|'.join(words)} {tail}".strip()
                self._by_key.setdefault(key, []).append((is_whole, phrase, row))
        self._lengths = sorted({len(key) for key in self._by_key})

    def find(self, folded: str) -> list[tuple[T, Span]]:
        """Every row whose words stand in a text, the longest words at each place."""
        found: list[tuple[T, Span]] = []
        for start in _WORD_START.finditer(folded):
            at = start.start()
            keys = ["#"] if folded[at].isdigit() else []
            keys += [folded[at : at + length] for length in self._lengths]
            for key in dict.fromkeys(keys):
                for is_whole, phrase, row in self._by_key.get(key, ()):
                    if is_whole and _WORD_GOES_ON.match(folded, at + len(key)):
                        continue
                    if may_stand(phrase, folded) and (match := pattern(phrase).match(folded, at)):
                        found.append((row, Span(at, match.end())))
        return found


@cache
def numbered(name: str) -> Phrases[int]:
    """The phrases of the column `words` of a table, each with the number of its row."""
    return Phrases([(row["words"], at) for at, row in enumerate(rows(name))])


def longest(found: Sequence[tuple[T, Span]]) -> list[tuple[T, Span]]:
    """What was found, without what stands within other words or overlaps longer ones."""
    kept: list[tuple[T, Span]] = []
    for row, span in sorted(found, key=lambda each: each[1].start - each[1].end):
        if all(not span.overlaps(other) or span == other for _, other in kept):
            kept.append((row, span))
    return sorted(kept, key=lambda each: each[1])


def said(cell: str, statement: Statement, *, denied: bool = False) -> bool:
    """Whether one of the phrases of a cell stands in a statement, and is not denied there unless
    `denied`."""
    if not cell or not may_stand(cell, statement.folded):
        return False
    for match in pattern(cell).finditer(statement.folded):
        if denied or _DENYING.match(match[0]):
            return True
        if statement.status_of(Span(*match.span())) != "denied":
            return True
    return False


def is_so(statement: Statement, span: Span) -> bool:
    """Whether what stands there is affirmed or was so. Words that deny by themselves are."""
    if _DENYING.match(statement.folded[span.start : span.end]):
        return True
    return statement.status_of(span) in ("affirmed", "past")
