"""Words of which one takes the place of another of its kind: a side, a stage, a site."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from bot.desk.follow_ups import phrases
from index.text.resources import read_text, read_words
from index.text.tokens import fold

_EDGES = r"(?<![\w/'-])(?:{})(?![\w/'-])"
#: A word with a number: "stage 3b", "type II", "bmi is 37", "10 min" has none.
_NUMBERED = re.compile(
    r"\b(?P<word>[a-z]+)[\s:=#.-]*(?:(?:is|was|of|now|about)\s+)?"
    r"(?P<number>\d+(?:\.\d+)?[a-d]?|i{1,3}[abc]?|iv)\b(?!\s*(?:yo|y/o|wks?|weeks?|days?|mos?)\b)",
    re.I,
)
#: A name with a letter: "hep B".
_LETTERED = re.compile(
    r"\b(?P<word>hep|hepatitis|influenza|flu|type|group|grade|stage|vitamin|factor)\s+"
    r"(?P<number>[a-e])\b",
    re.I,
)
_BARE = re.compile(r"(?:\d[a-d]?|i{1,3}|iv)", re.I)
#: Numbers that stand with what they count.
_COUNTED = (
    re.compile(r"\b\d{1,2}\s*(?:wks?|weeks?|w)(?:\s*(?:and\s*)?\d\s*(?:d|days?))?\b", re.I),
    re.compile(r"\b\d{1,3}\s*-?(?:yo|y/o|yrs? old|years? old|year-old)\b", re.I),
)
#: "T2DM" names a type as "type 2 dm" does.
_TYPE_OF_DM = re.compile(r"\b(?:t([12])\s?dm|dm\s?(?:type\s)?([12])|t([12])d)\b", re.I)
#: Two words that differ less are one and its slip.
_ALIKE = 0.72


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a kind in a text: its plain spelling, and where it stands."""

    kind: str
    value: str
    start: int
    end: int


@cache
def _kinds() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Each kind with its values and a pattern of their spellings."""
    table = tomllib.loads(read_text("intents", "follow_ups.toml"))["kinds"]
    return {kind: [_value(spellings) for spellings in values] for kind, values in table.items()}


def _value(spellings: str) -> tuple[str, re.Pattern[str]]:
    each = [one.strip() for one in spellings.split(",")]
    # One or two letters are a side only as capitals.
    forms = [re.escape(one) if one.isupper() else f"(?i:{re.escape(one)})" for one in each]
    return each[0], re.compile(_EDGES.format("|".join(sorted(forms, key=len, reverse=True))))


def values_in(text: str) -> Iterator[Value]:
    """The values of each kind that a text names."""
    for kind, values in _kinds().items():
        taken: list[Value] = []
        for value, pattern in values:
            for match in pattern.finditer(text):
                if not any(one.start < match.end() and match.start() < one.end for one in taken):
                    taken.append(Value(kind, value, *match.span()))
        yield from taken


def side_of(text: str) -> str:
    """The side that a text consists of, in one word; "" where it says more, or none."""
    letter = {"r": "right", "l": "left"}.get(text.strip().lower())
    found = [value for value in values_in(text) if value.kind == "side"]
    if letter or len(found) != 1:
        return letter or ""
    if text.strip() in ("OD", "OS", "OU"):
        return f"{found[0].value} eye"
    rest = text[: found[0].start] + text[found[0].end :]
    words = set(re.findall(r"\w+", fold(rest)))
    return found[0].value if words <= {"side", "the", "one", "on", "sides", "of", "sided"} else ""


def exchanged(earlier: str, said: str, *, both: bool) -> str | None:
    """What was said before with the values of a clause in place of others of their kinds; None
    where nothing takes the place of anything. `both`: whether a second side is added to a first."""
    text = earlier
    for value in values_in(said):
        others = [one for one in values_in(text) if one.kind == value.kind]
        if not others or any(one.value == value.value for one in others):
            continue
        word = value.value
        if value.kind == "side" and both:
            word = "bilateral"
        elif both:
            continue
        for n, one in enumerate(reversed(others)):
            # Only one is left where it stood first.
            new = word if n == len(others) - 1 else ""
            text = text[: one.start] + new + text[one.end :]
    text = _numbers_exchanged(text, said)
    return " ".join(text.split()) if text != earlier else None


def _numbers_exchanged(text: str, said: str) -> str:
    text = _typed_out(text) if re.search(r"\btype\b", said, re.I) else text
    for form in (_NUMBERED, _LETTERED):
        text = _form_exchanged(form, text, said)
    if _BARE.fullmatch(said) and len(found := list(_NUMBERED.finditer(text))) == 1:
        text = text[: found[0].start("number")] + said + text[found[0].end("number") :]
    for counted in _COUNTED:
        if (match := counted.search(said)) and counted.search(text):
            text = counted.sub(match[0], text, count=1)
    return text


def _form_exchanged(form: re.Pattern[str], text: str, said: str) -> str:
    for new in form.finditer(said):
        for old in form.finditer(text):
            named, was = fold(new["word"]), fold(old["word"])
            if named == was or (named, was) == ("stage", "ckd"):
                text = text[: old.start("number")] + new["number"] + text[old.end("number") :]
                break
    return text


def _typed_out(text: str) -> str:
    """A text with the type of a diabetes in words."""
    return _TYPE_OF_DM.sub(lambda m: f"type {m[1] or m[2] or m[3]} dm", text)


def mended(earlier: str, said: str) -> str | None:
    """What was said before with a word that was meant in place of the slip that is like it: "hypo"
    for "hyperthyroidism", "knee" for "hip". None where none is like it."""
    word = fold(said)
    words = list(re.finditer(r"[^\W\d_]+", earlier))
    for first, second in _beginnings():
        for new, old in ((first, second), (second, first)):
            for match in words:
                if word == new and fold(match[0]).startswith(old):
                    start = match.start()
                    return earlier[:start] + new + earlier[start + len(old) :]
    sites = phrases.words("sites")
    if set(re.findall(r"\w+", word)) <= sites:
        places = [match for match in words if fold(match[0]) in sites]
        if places:
            return earlier[: places[0].start()] + said + earlier[places[-1].end() :]
    if " " in said or len(said) < 4:
        return None
    alike = [(SequenceMatcher(None, fold(m[0]), word).ratio(), m) for m in words if len(m[0]) > 3]
    ratio, slip = max(alike, key=lambda one: one[0], default=(0.0, None))
    if slip is None or not _ALIKE <= ratio < 1:
        return None
    return earlier[: slip.start()] + said + earlier[slip.end() :]


@cache
def _beginnings() -> list[tuple[str, str]]:
    lines = read_words("follow_ups")["beginnings"].split("\n")
    return [(pair[0], pair[1]) for line in lines if len(pair := line.split()) == 2]
