"""What tells that a letter pair or a bare number is the code of a denial: the words around it, out
of prompts/denials/words.toml, remarks, and the codes of services."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from bot.desk.answer_denials import DenialKind
from bot.desk.denial_lists import own_words

#: The form of a code of HCPCS Level II or CPT.
_SERVICE = re.compile(r"(?<![\w.$/-])(?:[A-V]\d{4}|\d{5}|\d{4}[FTU])(?![\w.]*\w)", re.I)
_REMARK = re.compile(r"(?<![\w.-])(?:MA|M|N)\d{1,3}(?![\w.]*\w)", re.I)
_DIAGNOSIS = re.compile(r"(?<![\w.-])[A-TV-Z]\d[A-Z0-9](?:\.[A-Z0-9]{1,4})(?!\w)", re.I)
#: Words of an explanation that tell nothing by themselves.
_HOLLOW = frozenset(
    """about above after against another before between beyond change code codes days does from
    group into items item kind less more not only other over part same service services side stage
    than that their them there these this time times type under what when which with within without
    patient procedure procedures treatment test tests care cover covers first second date dates
    birth
    death injury age sex diagnosis condition level days related plan health""".split()
)
#: Reasons with a letter that are something else, too: vitamin B12.
_EVERYDAY = frozenset(
    {"B12", "B6", "B1", "B2", "A1", "P1", "P2", "P3", "P4", "P5", "P6", "D2", "D3"}
)
#: Groups whose letters stand with a single digit in medicine: "PI 4", "OA 2".
_OF_MEDICINE = frozenset({"OA", "PI"})


@cache
def _lists() -> dict[str, dict[str, Any]]:
    file = resources.files("prompts") / "denials" / "words.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _phrases(text: str) -> list[str]:
    return [one for part in text.split(",") if (one := " ".join(part.split()))]


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    longest = sorted(phrases, key=len, reverse=True)
    each = "|".join(re.escape(one).replace(r"\ ", r"\s+") for one in longest)
    return re.compile(rf"(?<!\w)(?:{each})(?!\w)", re.I)


@cache
def _of_any() -> re.Pattern[str]:
    return _any_of(_phrases(_lists()["any"]["words"]))


@cache
def _of_category(name: str) -> re.Pattern[str] | None:
    words = _lists()["category"].get(name)
    return _any_of(_phrases(words)) if words else None


@cache
def _denied() -> str:
    return _any_of(_phrases(_lists()["denied"]["words"])).pattern


@cache
def _of_about(number: str) -> frozenset[str]:
    """The words of a reason's own explanation that tell something."""
    words = re.findall(r"[a-z]{4,}", own_words("carc")[number].about.lower())
    return frozenset(words) - _HOLLOW


def is_reason(number: str) -> bool:
    """Whether a number, without leading zeros, is a reason of the desk's list."""
    return number in own_words("carc")


def explains(text: str, number: str) -> bool:
    """Whether a text has words of billing, or of what a reason is about."""
    if not is_reason(number):
        return False
    if _of_any().search(text):
        return True
    for name in own_words("carc")[number].categories:
        pattern = _of_category(name)
        if pattern and pattern.search(text):
            return True
        if name == "diagnosis" and _DIAGNOSIS.search(text):
            return True
    return bool(_of_about(number).intersection(re.findall(r"[a-z]{4,}", text.lower())))


def supports(text: str, group: str, number: str, rest: str, *, alone: bool) -> bool:
    """Whether a group and a number that are written apart or together, without a hyphen, are a
    denial. `rest`: the text without them. `alone`: whether the text has nothing but codes and words
    that ask."""
    if not is_reason(number):
        return False
    if any(match[0].upper() in own_words("rarc") for match in _REMARK.finditer(rest)):
        return True
    short = number.isdigit() and len(number) == 1 and group in _OF_MEDICINE
    if explains(rest, number):
        return True
    return not short and (alone or _SERVICE.search(rest) is not None)


@cache
def _bare() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A number behind a word of denials, one behind a word that names a reason, and a reason with a
    letter, or a remark, before a word of denials."""
    denied = _denied()
    names = _any_of(_phrases(_lists()["denied"]["names"])).pattern
    goes_on = "|".join(map(re.escape, _lists()["denied"]["goes_on"].split()))
    number = r"(?P<reason>\d{1,3}|[ABPWY]\d{1,2})(?![\w%]|\.\d|/\d|-\d)"
    follows = (
        rf"(?=\s*(?:$|[,;?!)\n]|\.(?:\s|$)|(?:{goes_on})(?!\w)|(?:&|\+|/)|(?:MA|M|N)\d{{1,4}}\b))"
    )
    said = r"(?:\s+(?:as|for|with|w/|by|code|reason|rsn|it|line|again|was|is|the|a))*"
    behind = rf"{denied}{said}(?P<between>(?:\s+[a-z]+){{0,2}}?)\s*[:#,-]?\s*{number}{follows}"
    named = rf"{names}\s*(?:code|codes|a|:|#|is|was)?\s*{number}{follows}"
    before = rf"(?<![\w.-])(?P<code>[ABPWY]\d{{1,2}}|(?:MA|M|N)\d{{1,3}})\s+{denied}"
    return tuple(re.compile(one, re.I) for one in (behind, named, before))  # type: ignore[return-value]


#: Who denied it, if it was no payer: "pt denied 2".
_BY_PATIENT = re.compile(r"\b(?:pt|patient|she|he|who|mother|father|mom|dad|parents?)\s+$", re.I)
_OF_REMITTANCE = re.compile(
    r"\b(?:eobs?|eras?|835|remits?|remittance|remarks?|rarcs?|carcs?)\b", re.I
)

#: Start and end of a code in the text, its kind, the code.
Bare = tuple[int, int, DenialKind, str]


def bare_codes(text: str, is_code: Callable[[str], object]) -> list[Bare]:
    """Reasons and remarks without a group that the words beside them tell of: "denied 18", "eob
    shows 16", "B7 denial", "M76 rejected".

    >>> [one[3] for one in bare_codes("denied 18, sent once", bool)]
    ['18']
    >>> bare_codes("denied 18 visits", bool)
    []
    """
    behind, named, before = _bare()
    found: list[Bare] = []
    remark = [m for m in _REMARK.finditer(text) if m[0].upper() in own_words("rarc")]
    for match in behind.finditer(text):
        number = match["reason"].upper().lstrip("0")
        said = match["between"].strip()
        if _BY_PATIENT.search(text[: match.start()]) or (said and not explains(said, number)):
            continue
        if is_reason(number) or (remark and len(number) == 3):
            found.append((*match.span("reason"), "carc", number))
    for match in named.finditer(text):
        number = match["reason"].upper().lstrip("0")
        told = remark or _OF_REMITTANCE.search(text) or explains(text, number)
        if is_reason(number) and told:
            found.append((*match.span("reason"), "carc", number))
    for match in before.finditer(text):
        code = match["code"].upper()
        if is_reason(code) and code not in _EVERYDAY:
            found.append((*match.span("code"), "carc", code))
        elif code in own_words("rarc") and not (code[0] == "N" and is_code(code)):
            found.append((*match.span("code"), "rarc", code))
    return found
