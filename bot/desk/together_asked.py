"""Reads what a question asks of the codes that it names: may they go together, which stands first,
is one enough, is one needed, how many units.

The phrases are in prompts/intents/together.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from bot.desk.literals import put
from index.text.resources import read_text
from index.text.tokens import fold

#: order: which stands first. place: whether a code may stand where it is put. needed: whether
#: codes are needed. enough: whether they are enough. together: whether they may go together.
#: choice: which of two. units: how many. verdict: whether each is valid. none: only codes, and no
#: words.
Ask = Literal[
    "order", "place", "needed", "enough", "together", "choice", "units", "verdict", "none"
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked.

    - `ask`: the kind of question.
    - `about`: the places (0 for the first code named) of the codes that it is about: the one that
      is to be first, those that may not be needed; () for all.
    - `as_given`: whether all codes are proposed in the order in which they stand.
    - `later`: whether the code is proposed as a secondary one.
    - `units`: how many; None when no number is said.
    - `rest`: the words that are neither codes nor ask: what is said of the case.
    """

    ask: Ask
    about: tuple[int, ...] = ()
    later: bool = False
    as_given: bool = False
    units: int | None = None
    rest: str = ""


_CODE = r"\u00a7(\d+)\u00a7"
_WORD_END = r"(?![\w'])"


def _pattern(phrase: str) -> str:
    words = []
    for word in phrase.split():
        escaped = re.escape(word).replace("\\#", "#")
        words.append(escaped.replace("@", _CODE).replace("#", r"(\d+)"))
    return r"[\s,:]*".join(words) if "#" in phrase else r"\s+(?:the\s+)?".join(words)


@cache
def _phrases(name: str) -> re.Pattern[str]:
    texts = tomllib.loads(read_text("intents", "together.toml"))["together"][name]
    phrases = {" ".join(phrase.split()) for phrase in texts.split(",")} - {""}
    each = sorted(phrases, key=len, reverse=True)
    return re.compile(
        "|".join(rf"(?<![\w'/.-]){_named(_pattern(phrase))}{_WORD_END}" for phrase in each)
    )


def _named(pattern: str) -> str:
    """The pattern with groups that have no number of their own: the places are read again."""
    return re.sub(r"\((?!\?)", "(?:", pattern)


def _places(match: re.Match[str] | None) -> tuple[int, ...]:
    return tuple(map(int, re.findall(_CODE, match[0]))) if match else ()


_BEGINS, _ENDS = re.compile(r"(?<![\w.])"), re.compile(r"(?![\w]|\.\w)")


def marked(text: str, codes: Sequence[str]) -> str:
    """A folded text with a mark in the place of each code, as typed."""
    marks = fold(text)
    for place in sorted(range(len(codes)), key=lambda at: -len(codes[at])):
        typed = fold(codes[place])
        marks = put(marks, typed, f" \u00a7{place}\u00a7 ", behind=_BEGINS, ahead=_ENDS)
    marks = re.sub(r"(?<=\u00a7)\s*[-:]\s|[?!]+", lambda m: " ? " if "?" in m[0] else " ", marks)
    return " ".join(marks.replace("w/o", "without").replace("w/", " w/ ").split())


def read_asked(text: str, codes: Sequence[str]) -> Asked:
    """Read what a text asks of `codes`, which are as typed, in the order in which it names them."""
    marks = marked(text, codes)
    flat = re.sub(r"\s*[,;.?()]+\s+|\s*[,;.?()]+$", " ", marks + " ").strip()
    words = re.sub(_CODE, " ", flat)
    if not re.search(r"\w|[+&]", words):
        return Asked("none")
    rest = without_asking(marks)
    if found := _phrases("units").search(flat):
        number = re.findall(r"\d+", re.sub(_CODE, " ", found[0]))
        if number:
            return Asked("units", units=int(number[0]), rest=rest)
    several = len(codes) > 1
    ordering = _phrases("order").search(_phrases("order_not").sub(" ", words)) is not None
    if ordering or _phrases("proposes_later").search(flat) or _THEN.search(flat):
        asked = _of_place(flat, marks, several=several)
        if asked is not None:
            return replace(asked, rest=rest)
    if several and (all_ := _phrases("needed_all").search(flat)):
        just = re.search(r"\b(?:code|report|use|bill) both|both codes\b", all_[0])
        if not just or not re.search(r"\b(?:can|may|ok|okay|allowed)\b", flat):
            return Asked("needed", rest=rest)
    if several and (one_of := re.search(rf"\bor (?:just|only) (?:the )?{_CODE}", flat)):
        others = tuple(at for at in range(len(codes)) if at != int(one_of[1]))
        return Asked("needed", others, rest=rest)
    if found := _phrases("needed").search(flat):
        asks_more = _phrases("enough_surely" if several else "enough").search(words)
        if not asks_more:
            return Asked("needed", _places(found)[:1], rest=rest)
    more = re.search(r"\bwhat(?:'?s| is)? (?:else|other|missing)", flat)
    joined = several and re.search(r"\b(?:together|both|same|with|w/)(?!\w)", words)
    if _phrases("verdict").search(words) and not more and not joined:
        return Asked("verdict", rest=rest)
    if _phrases("enough").search(flat):
        return Asked("enough", rest=rest)
    if several and re.search(rf"{_CODE}\s+(?:or|vs\.?|versus)\s+(?:just\s+)?{_CODE}", flat):
        return Asked("choice", rest=rest)
    if several:
        asks = _phrases("together").search(words) or "?" in marks
        return Asked("together" if asks else "verdict", rest=rest)
    return Asked("verdict", rest=rest)


#: "E11.22 then N18.31", "does N18.31 come before E11.22".
_THEN = re.compile(
    rf"{_CODE}\s+(?:(?:comes?|goes?|go|be|is|listed|sequenced|coded|first)\s+){{0,2}}(?:and\s+)?"
    rf"(?:then|before|followed by|over|ahead of)\s+{_CODE}"
)


#: "Is the order … right?" proposes an order; "put in the right order", "what's the order" do not.
_AS_GIVEN_ASKED = re.compile(
    r"^(?!.*\b(?:put|what|whats|what's|which|how|give|need)\b).*(?:\b(?:is|are)\b"
    r"|\b(?:order|seq\w*)\s+(?:is |looks? )?(?:ok|okay|right|correct\w*|good)\b)"
)


def _no_codes(flat: str) -> str:
    return " ".join(re.sub(_CODE, " ", flat).split())


def _of_place(flat: str, marks: str, *, several: bool) -> Asked | None:
    """What is asked of the order, or of the place of one code; None for neither."""
    first, later = _phrases("proposes_first").search(flat), _phrases("proposes_later").search(flat)
    which = _phrases("which").search(re.sub(_CODE, " ", flat)) is not None
    then = _THEN.search(flat)
    if several and _AS_GIVEN_ASKED.search(flat) and _phrases("as_given").search(_no_codes(flat)):
        return Asked("place", as_given=True)
    if several and which and not (then and re.search(r"\b(?:ok|okay|right|correct)\b", flat)):
        return Asked("order")
    if then and several:
        return Asked("place", (int(then[1]),))
    if later and not first:
        return Asked("place", _places(later)[:1], later=True)
    if several and not _phrases("proposal").search(re.sub(_CODE, " ", marks)):
        return Asked("order")
    if first and (not several or len(_places(first)) == 1):
        return Asked("place", _places(first)[:1])
    if later:
        return Asked("place", _places(later)[:1], later=True)
    if several:
        return Asked("order")
    if re.search(r"\b(?:secondary|second|2nd)\b", flat):
        return None
    return (
        Asked("place", (0,)) if re.search(r"first|1st|princip|primary|pdx|dx1|lead", flat) else None
    )


def without_asking(marks: str) -> str:
    """What a text says of the case, with its commas: without codes and the phrases that ask."""
    for name in ("needed_all", "proposes_first", "needed", "enough", "units"):
        marks = _phrases(name).sub(" ", marks)
    return " ".join(re.sub(rf"{_CODE}|\s[-?]+(?=\s|$)|^[\s,;:?-]+", " , ", marks).split()).strip(
        " ,"
    )
