"""Several statements in one message: a pasted problem list, numbered lines, bullets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from bot.desk.claims.claim_text import MOST_CHARACTERS_OF_CLAIMS, may_be_claims
from bot.desk.denial_mentions import read_denials
from bot.phi.long_texts import MOST_CHARACTERS
from index.statement.facts import read_statement
from index.text.resources import read_words
from index.text.tokens import fold

MOST_STATEMENTS = 20
#: A longer list of statements is a chart.
MOST_CHARACTERS_OF_A_LIST = 3000
_NUMBER = r"\(?\d{1,2}[.):]\)?"
_BULLET = "[-*\u2022\u2023\u25aa\u25e6\u25cf\u2013\u2014\u00b7]"
_LETTER = r"\(?[a-z][.)]"
_MARKS = tuple(re.compile(rf"\s*{mark}\s+(?=\S)", re.I) for mark in (_NUMBER, _BULLET, _LETTER))
#: Numbers within a line: "1. htn 2) gout".
_WITHIN = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2})[.)]\s+(?=[^\W\d])")
_DOTS = re.compile(r"\s*[•▪●]\s*")
#: A line that ends so goes on in the next.
_GOES_ON = re.compile(
    r"(?:[,&+/]|\b(?:and|or|with|w/|due to|d/t|of|on|in|for|from|the|a|s/p))$", re.I
)
#: Lines that are as long as this were broken to fit a window.
_BROKEN = 72


def split(text: str) -> list[str]:
    """The statements of a text, each in one line; the text itself where it is one. Conservative: a
    statement in several lines or clauses is not torn.

    >>> split("1. htn\\n2. gout, on allopurinol")
    ['htn', 'gout, on allopurinol']
    >>> split("copd exacerbation\\nwith pneumonia")
    ['copd exacerbation with pneumonia']
    """
    lines = [line for line in text.splitlines() if re.search(r"\w", line)]
    found = _marked(lines) or _numbered_within(lines) or _plain(lines)
    return found if len(found) > 1 else [" ".join(text.split())]


def most_characters(text: str) -> int:
    """The length up to which a text is read: a list of statements is longer than a question."""
    if MOST_CHARACTERS < len(text) <= MOST_CHARACTERS_OF_A_LIST and (
        len(split(text)) > 1 or read_denials(text)
    ):
        return MOST_CHARACTERS_OF_A_LIST
    if MOST_CHARACTERS < len(text) <= MOST_CHARACTERS_OF_CLAIMS and may_be_claims(text):
        return MOST_CHARACTERS_OF_CLAIMS
    return MOST_CHARACTERS


def _marked(lines: Sequence[str]) -> list[str]:
    """The items of a list. Lines without a mark, and marks of another kind, belong to the item that
    they follow; what stands above the first item is its heading. [] where there is no list."""
    mark = next((mark for line in lines for mark in _MARKS if mark.match(line)), None)
    if mark is None or (mark is _MARKS[-1] and not _in_alphabet(lines)):
        return []
    items: list[str] = []
    above: list[str] = []
    indent: int | None = None
    for line in lines:
        if (start := mark.match(line)) and (indent is None or _indent(line) <= indent + 1):
            indent = _indent(line) if indent is None else indent
            items.append(line[start.end() :])
        elif not items:
            above.append(line)
        elif not _asks(line):
            items[-1] = f"{items[-1].rstrip()}{_unmarked(line)}"
    if len(items) < 2 or any(not _is_heading(line) for line in above):
        return []
    return [" ".join(item.split()) for item in items]


def _in_alphabet(lines: Sequence[str]) -> bool:
    """Whether letters number the lines: "a." and "b.", and not "r." and "l." for two sides."""
    letters = [line.strip(" (")[0].lower() for line in lines if _MARKS[-1].match(line)]
    return letters == [chr(ord("a") + at) for at in range(len(letters))]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unmarked(line: str) -> str:
    """A line that goes on, as it stands after the line before it: a marked one after a comma."""
    for mark in _MARKS:
        if start := mark.match(line):
            return ", " + line[start.end() :]
    return " " + line


def _numbered_within(lines: Sequence[str]) -> list[str]:
    """The items of a list in one line: "1. htn 2. gout"; or with dots between."""
    text = " ".join(" ".join(lines).split())
    marks = list(_WITHIN.finditer(text))
    if len(marks) > 1 and [int(mark[1]) for mark in marks] == list(range(1, len(marks) + 1)):
        if not _is_heading(text[: marks[0].start()]):
            return []
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        items = (text[mark.end() : end] for mark, end in zip(marks, ends, strict=True))
        return [item.strip(" ,;") for item in items if re.search(r"\w", item)]
    parts = [part for part in _DOTS.split(text) if re.search(r"\w", part)]
    if len(parts) > 1 and _DOTS.match(text):
        return parts
    return parts[1:] if len(parts) > 2 and _is_heading(parts[0]) else []


def _plain(lines: Sequence[str]) -> list[str]:
    """Lines that each are a statement; [] where one of them goes on from another, or says nothing
    of its own."""
    if len(lines) > 1 and _is_heading(lines[0]):
        lines = lines[1:]
    if len(lines) > 1 and _asks(lines[-1]) and not _asks_of_all(lines[-1]):
        lines = lines[:-1]
    if len(lines) < 2 or max(map(len, lines)) > _BROKEN:
        return []
    texts = [" ".join(line.split()) for line in lines]
    if any(_GOES_ON.search(text) for text in texts[:-1]) or not all(map(_stands_alone, texts)):
        return []
    return texts


def _stands_alone(line: str) -> bool:
    """Whether a line states something by itself, and does not begin as the rest of a sentence."""
    if _words("continues").match(fold(line)) or line.rstrip().endswith("?"):
        return False
    facts = [fact for fact in read_statement(line).facts if fact.status != "chatter"]
    return bool(facts) and facts[0].kind != "detail" and facts[0].status != "denied"


def _is_heading(line: str) -> bool:
    """Whether a line says only what follows: "problem list:", "pls code"."""
    line = line.strip()
    return not line or line.endswith(":") or bool(_words("headings").fullmatch(fold(line)))


def _asks(line: str) -> bool:
    """Whether a line only asks for codes."""
    return bool(_words("asks").fullmatch(fold(line).strip(" ?.!")))


def _asks_of_all(line: str) -> bool:
    """Whether a line asks for the order of what stands above it, so that all is one statement."""
    return bool(_words("of_all").search(fold(line)))


@cache
def _words(name: str) -> re.Pattern[str]:
    """The phrases of a list in prompts/intents/lists.toml. Each ends where its last word does."""
    phrases = [
        phrase.strip() for phrase in read_words("lists")[name].splitlines() if phrase.strip()
    ]
    each = "|".join(re.escape(one) for one in sorted(phrases, key=len, reverse=True))
    if name in ("headings", "asks"):
        return re.compile(rf"(?:(?:{each})[\s,.:!?]*)+")
    return re.compile(rf"(?<![\w/])(?:{each})(?![\w/'])")
