"""A question, read once: every part of the desk goes by what is read here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from bot.desk.code_mentions import (
    CodeMention,
    Lookup,
    beside_codes,
    named_code,
    ndcs,
    read_mentions,
)
from bot.desk.intent import Inquiry, Intent, inquiry, systems_asked_for
from bot.desk.service_dates import read_date
from bot.phi import Scrubbed
from bot.phi.long_texts import MOST_CHARACTERS, length_of
from bot.phi.spans import PLACEHOLDER
from codesets.model import CodeKind, Setting, System
from index.text.resources import read_words

#: Places of identifiers with the words that name them, or tie a patient to the case, and say
#: nothing of the case: "code for pt [NAME], dob [DATE], with".
_REMOVED = re.compile(
    r"(?:\b(?:for|on|of|re|dos|date of service|seen|as of|dated|from)\b[:\s]+"
    r"(?=(?:\S+[\s.]+)?\[[A-Z]))*"
    r"(?:\b(?:dob|d\.o\.b|born|mrns?|ssn|npi|dea|mbi|acct|account|member id|phone|fax|email|zip|mr"
    r"|mrs|ms|dr|pt|patient)\b[\s.:#=(-]{0,4})?"
    + PLACEHOLDER.pattern
    + r"(?:(?<=\[NAME\])\s+(?:(?:who )?(?:has|had)\b"
    r"|(?:presents |presented |came in )?(?:with\b|w/(?!o))))?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was read.

    `asked` is it as typed: it may hold identifiers, and is neither stored nor shown. `scrubbed` is
    what may be, without those identifiers whose kinds are in `removed`. `text` is what is searched:
    what is left of it without their places and without the date.

    `service_date` is the date of service: the one given with the question, else the one in it, else
    None. `day` is the day that it is answered for, today where there is no such date. `no_such_day`
    says that a date was read that is none (31 February). `releases` are the editions (key -> label)
    that the date of service leads to, None when there is none. `dated` is False for a question out
    of the log, which keeps the editions and not the date: its answer tells none either.

    `limited_to` are the systems that whoever asked chose; `systems` are these or, where none were
    chosen, those that the words ask for; both may be empty. `mentions` are the codes that it names,
    `ndcs` the drug products, `inquiry` what it asks of changes, `setting` where the service was
    given, if it says so.
    """

    asked: str
    scrubbed: str
    removed: tuple[str, ...] = ()
    text: str = ""
    service_date: dt.date | None = None
    day: dt.date = dt.date.min
    no_such_day: bool = False
    releases: dict[str, str] | None = None
    dated: bool = True
    intent: Intent = "search"
    limited_to: tuple[System, ...] = ()
    systems: tuple[System, ...] = ()
    mentions: tuple[CodeMention, ...] = ()
    ndcs: tuple[str, ...] = ()
    inquiry: Inquiry | None = None
    setting: Setting | None = None


def read_question(
    asked: str,
    scrubbed: Scrubbed,
    lookup: Lookup,
    *,
    day: dt.date | None = None,
    systems: Sequence[System] = (),
    beside: Sequence[CodeKind] = (),
) -> Question:
    """Read a question: its date as it was typed, all else from the scrubbed text, so that no name
    steers the search and no record number is taken for a code. `lookup` gives (system, published
    form) for each loaded system that has a code; `day` is the date of service when it is given with
    the question, `systems` those to answer from; `beside` are the kinds of codes beside codes of
    which a list is loaded. The editions of the date are left to the desk."""
    given = Question(
        asked,
        scrubbed.text,
        scrubbed.removed,
        service_date=day,
        day=day or dt.date.today(),
        limited_to=tuple(systems),
        systems=tuple(systems),
    )
    if length_of(asked) > MOST_CHARACTERS:
        return replace(given, intent="too_long")
    if is_wordless(asked):
        return replace(given, intent="empty")
    date = read_date(asked)
    dated = replace(given, service_date=day or date.day)
    if changes := inquiry(scrubbed.text):
        return replace(dated, intent="changes", inquiry=changes)
    text = without_places(scrubbed.searched)
    mentions = read_mentions(text, lookup, systems)
    mentions += [one for one in beside_codes(scrubbed.text) if one.kind in beside]
    read = replace(
        dated,
        text=text,
        day=dated.service_date or given.day,
        no_such_day=date.no_such_day is not None,
        mentions=tuple(mentions),
        ndcs=tuple(ndcs(scrubbed.text)),
        setting=setting_said(text),
    )
    intent = _intent(read)
    if intent == "search" and not systems:
        return replace(read, systems=tuple(systems_asked_for(text)))
    return replace(read, intent=intent)


def _intent(question: Question) -> Intent:
    if question.ndcs:
        return "drug_products"
    if question.mentions:
        return "codes"
    if is_wordless(question.text):
        return "empty"
    return "foreign" if is_foreign(question.text) else "search"


def read_codes(
    codes: Sequence[str],
    scrubbed: Sequence[Scrubbed],
    lookup: Lookup,
    *,
    day: dt.date | None = None,
    systems: Sequence[System] = (),
    setting: Setting | None = None,
) -> Question:
    """Codes that are to be checked, read as a question that names them and nothing else."""
    kinds = (kind for one in scrubbed for kind in one.removed)
    return Question(
        " ".join(codes),
        " ".join(one.text for one in scrubbed),
        tuple(dict.fromkeys(kinds)),
        service_date=day,
        day=day or dt.date.today(),
        intent="codes",
        limited_to=tuple(systems),
        systems=tuple(systems),
        mentions=tuple(m for one in scrubbed for m in named_code(one.text, lookup, systems)),
        setting=setting,
    )


def without_places(scrubbed: str) -> str:
    """A scrubbed question without the places of identifiers. An age over 89 is 90: it is one still.

    >>> without_places("pt [NAME], [AGE] yo, dob [DATE], seen [DATE] with gout")
    ', 90 yo, , with gout'
    """
    text = _REMOVED.sub(lambda place: " 90" if place[1] == "AGE" else " ", scrubbed)
    return read_date(" ".join(text.split())).rest


_SETTINGS: dict[Setting, re.Pattern[str]] = {
    "practitioner": re.compile(r"\b(?:practitioner|physician|pro-?fee|professional)\b", re.I),
    "outpatient": re.compile(r"\b(?:outpatient|opps|facility)\b", re.I),
    "dme": re.compile(r"\b(?:dme|dmepos|supplier)\b", re.I),
}


def setting_said(text: str) -> Setting | None:
    """Where the service was given, if the question says so; None when it does not, or says two."""
    said = [setting for setting, words in _SETTINGS.items() if words.search(text)]
    return said[0] if len(said) == 1 else None


_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def is_wordless(text: str) -> bool:
    """No letters and no digits: empty, punctuation or emoji only."""
    return re.search(r"\w", text) is None or not any(c.isascii() or c.isalpha() for c in text)


def is_foreign(text: str) -> bool:
    """Not English, as far as script and little words tell."""
    letters = _LETTERS.findall(text)
    if letters and sum(bool(_LATIN.match(letter)) for letter in letters) < len(letters) / 2:
        return True
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign, in_names, english = (
        _language(name) for name in ("foreign_words", "foreign_words_in_names", "english_words")
    )
    if any(word in english for word in words) or not any(word in foreign for word in words):
        return False
    return sum(word in foreign | in_names for word in words) >= 0.2 * len(words)


@cache
def _language(name: str) -> frozenset[str]:
    """The words of a list in prompts/intents/language.toml."""
    return frozenset(read_words("language")[name].split())
