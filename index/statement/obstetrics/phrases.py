"""Tables of phrases in prompts/statements/*.toml: how a row is written, and how it is matched.

A phrase is words as coders type them, one phrase a line. A blank stands for blanks, commas,
slashes and hyphens; "-" for a hyphen, a blank or nothing; "*" for the rest of a word; ".." for up
to thirty characters in between; "(a|b)" for one of several, and "(a )?" for what may be absent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from index.statement.model import Span, Statement, Status
from index.text.resources import read_text

#: What says, after a condition, that there is none. It may begin a fact of its own.
_NOT_FOUND = re.compile(
    r"\s*[-:,]?\s*(?:was |is |has been |have been |now |since )?"
    r"(?:ruled out|r/o'?d\b|not found|not seen|not present|neg\b|negative\b)"
)
#: A phrase that says nothing: it matches nowhere.
NOTHING = re.compile(r"(?!)")
_BLANK = r"[\s,/:-]"
_SIGNS = {" ": _BLANK + "+", "-": r"[\s-]?", "*": r"\w*", ".": r"\.", "+": r"\+", "(": "(?:"}
#: Letters of one place ("[0-9]"), blanks that may be absent (" ?"), and any other sign.
_SIGN = re.compile(r"\[[^\]]*\]| \?|.")


def pattern_of(phrases: str) -> re.Pattern[str]:
    """One pattern of all phrases, one a line; longer phrases are tried first."""
    lines = sorted({" ".join(line.split()) for line in phrases.splitlines()} - {""}, key=len)
    if not lines:
        return NOTHING
    each = "|".join(_written(line) for line in reversed(lines))
    return re.compile(rf"(?<![\w/])(?:{each})(?!\w)")


def _written(phrase: str) -> str:
    parts = (_SIGN.sub(_sign, _with_blanks(part)) for part in phrase.split(" .. "))
    return r"\b.{0,30}?(?<!\w)".join(parts)


def _sign(match: re.Match[str]) -> str:
    if match[0] == " ?":
        return _BLANK + "*"
    return match[0] if match[0][0] == "[" else _SIGNS.get(match[0], match[0])


def _with_blanks(part: str) -> str:
    """A part of a phrase in which the blank before what may be absent may be absent, too: "mole
    (preg*)?" is "mole( (preg*))?"."""
    opened: list[int] = []
    for at, sign in enumerate(part):
        if sign == "(":
            opened.append(at)
        elif sign == ")" and opened:
            start = opened.pop()
            optional = part[at + 1 : at + 2] == "?" and part[at - 1] != " "
            if optional and start and part[start - 1] == " ":
                inner = part[start : at + 1]
                rest = part[at + 2 :]
                return f"{part[: start - 1]}( {inner})?" + _with_blanks(rest)
    return part


@cache
def table(name: str) -> Mapping[str, Any]:
    """The table of prompts/statements/NAME.toml."""
    return tomllib.loads(read_text("statements", f"{name}.toml"))


@cache
def words_of(name: str, section: str, key: str) -> re.Pattern[str]:
    """The pattern of the phrases that stand in a table under [section], `key`."""
    return pattern_of(table(name)[section][key])


def spans_of(pattern: re.Pattern[str], statement: Statement, *statuses: Status) -> Iterator[Span]:
    """Where a pattern stands in a statement, in facts of these statuses (none: affirmed)."""
    allowed = statuses or ("affirmed",)
    denied = (
        [] if "denied" in allowed else [f.span for f in statement.facts if f.status == "denied"]
    )
    for match in pattern.finditer(statement.folded):
        # "Previa .. bleeding" is not said by "previa, no bleeding"; "previa" is.
        ends = (span.start for span in denied if match.start() < span.start < match.end())
        end = min(ends, default=None)
        found = match if end is None else pattern.match(statement.folded, match.start(), end)
        if found is None:
            continue
        span = Span(*found.span())
        if not statuses and is_ruled_out(statement, span):
            continue
        if statement.status_of(span) in allowed:
            yield span


def is_ruled_out(statement: Statement, span: Span) -> bool:
    """Whether the words after a span say that there is none of it."""
    return _NOT_FOUND.match(statement.folded, span.end) is not None


def says(pattern: re.Pattern[str], statement: Statement) -> bool:
    """Whether a statement says something that a pattern stands for, and affirms it."""
    return next(spans_of(pattern, statement), None) is not None


def without(text: str, patterns: tuple[re.Pattern[str], ...]) -> str:
    """A text without what the patterns stand for."""
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return " ".join(text.split()).strip(" ,;:.-")
