"""Reads a question, once. Every part of the desk uses what is read here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from bot.desk.answered_back import Taken
from bot.desk.chatter import subject
from bot.desk.claims.claim_text import read_claims
from bot.desk.code_mentions import (
    CodeMention,
    made_a_date,
    named_code,
    read_mentions,
)
from bot.desk.denial_mentions import DenialsRead, named_services, read_denials
from bot.desk.intent import (
    Inquiry,
    Intent,
    courtesy,
    inquiry,
    is_about_a_rule,
    says_of_codes,
)
from bot.desk.known_codes import Known, Lookup
from bot.desk.modifier_mentions import beside_codes, described_modifiers
from bot.desk.ndc_mentions import NdcMention, read_ndcs
from bot.desk.service_dates import DateRead, read_date
from bot.desk.statements import most_characters
from bot.desk.systems import Said, asked_for, said
from bot.phi import Scrubbed
from bot.phi.long_texts import length_of
from bot.phi.spans import PLACEHOLDER
from bot.x12.records import Claim
from codesets.model import CodeKind, Setting, System
from index.statement.model import Statement
from index.text.doses import is_a_count
from index.text.resources import read_words

#: Placeholders of identifiers, with the words around them that say nothing about the case: "code
#: for pt [NAME], dob [DATE], with".
_REMOVED = re.compile(
    r"(?:\b(?:for|on|of|in|re|dos|date of service|seen|as of|dated|from|during)\b[:\s]+"
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

    - `asked`: as typed. It may have identifiers of patients, and is neither stored nor shown.
    - `scrubbed`: without identifiers; it may be stored and shown.
    - `removed`: the kinds of identifiers that were removed; () for none.
    - `text`: `scrubbed` without placeholders and without the date.
    - `subject`: what is searched: `text` without doubts, courtesies and the words that ask.
    - `service_date`: the date of service: the one in the question, else the one given with it, else
      None.
    - `day`: the day that it is answered for: the date of service, else today.
    - `no_such_day`: whether it has a date that does not exist (31 February).
    - `date_read`: what must be said of the date: partial: `day` was chosen, because the date was
      not written in full. history: a date in it tells of a history. several: it has others. None
      for nothing.
    - `date_said`: whether its words, or those of a question that it refines, name the date of
      service.
    - `releases`: the editions (key -> label) that the date of service leads to; None without one.
    - `dated`: False for a question out of the log, which keeps editions and not the date: its
      answer has no date either.
    - `intent`: what it asks for.
    - `limited_to`: the systems that the asker chose; () for all.
    - `systems`: these or, if none were chosen, those that the words ask for; () for all.
    - `said`: what the words say about the systems; None where they are not asked.
    - `mentions`: the codes that it names; () for none.
    - `ndcs`: the drug products that it names; () for none.
    - `inquiry`: what it asks about changes; None if it does not.
    - `denials`: the codes of remittances that it names; None for none.
    - `setting`: where the service was given; None if it does not say.
    - `picked`, `picked_by`: the statement by phrases that `picked_by`, a language model, picked;
      None and "" where the desk reads it by itself.
    - `refines`: id of the question that it refines; "" for none.
    - `read_as`: the whole statement as it was read, scrubbed, where it is not as typed; else "".
    - `taken`: the answer to what was asked back that it is; None for none.
    - `claims`: the claims that it gives to check; () for none.
    - `read_ms`: how long reading took, in milliseconds.
    """

    asked: str
    scrubbed: str
    removed: tuple[str, ...] = ()
    text: str = ""
    subject: str = ""
    service_date: dt.date | None = None
    day: dt.date = dt.date.min
    no_such_day: bool = False
    date_read: DateRead | None = None
    date_said: bool = False
    releases: dict[str, str] | None = None
    dated: bool = True
    intent: Intent = "search"
    limited_to: tuple[System, ...] = ()
    systems: tuple[System, ...] = ()
    said: Said | None = None
    mentions: tuple[CodeMention, ...] = ()
    ndcs: tuple[NdcMention, ...] = ()
    inquiry: Inquiry | None = None
    denials: DenialsRead | None = None
    setting: Setting | None = None
    picked: Statement | None = None
    picked_by: str = ""
    refines: str = ""
    read_as: str = ""
    taken: Taken | None = None
    claims: tuple[Claim, ...] = ()
    read_ms: float = 0.0

    @property
    def statement(self) -> str:
        """What it states, scrubbed: as typed, or as it was read."""
        return self.read_as or self.scrubbed

    @property
    def searches(self) -> bool:
        """Whether its answer takes a search, or reads whole editions: a tenth of a second or more.
        A verdict takes a few milliseconds, and so do a courtesy and a refusal."""
        if self.intent == "codes":
            typed = [mention.typed for mention in self.mentions]
            rule = is_about_a_rule(self.text)
            return rule > 0 or says_of_codes(self.text, typed, rule)
        return self.intent in ("search", "changes")


def read_question(
    asked: str,
    scrubbed: Scrubbed,
    lookup: Lookup,
    *,
    day: dt.date | None = None,
    fixed: bool = False,
    systems: Sequence[System] = (),
    beside: Sequence[CodeKind] = (),
    known: Known | None = None,
) -> Question:
    """Read a question: the date from the typed text, everything else from the scrubbed one, so that
    a name does not steer the search and a record number is not taken for a code.

    `lookup`: gives (system, published form) for each loaded system that has a code. `day`: the date
    of service if the question has none, and what "yesterday" is relative to; None for today.
    `fixed`: whether it counts whatever the question has. `systems`: those to answer from; () for
    all. `beside`: modifiers and places of service, as far as a list of them is loaded. `known`:
    what else is loaded; None for nothing. `releases` is left to the desk.
    """
    given = Question(
        asked,
        scrubbed.text,
        scrubbed.removed,
        service_date=day,
        day=day or dt.date.today(),
        limited_to=tuple(systems),
        systems=tuple(systems),
    )
    if length_of(asked) > most_characters(asked):
        return replace(given, intent="too_long")
    if is_wordless(asked):
        return replace(given, intent="empty")
    date = read_date(asked, day)
    dated = given if fixed else replace(given, service_date=date.day or day)
    if changes := inquiry(scrubbed.text):
        # An edition that is named there is none of a service.
        full = given if date.partial else dated
        return replace(full, intent="changes", inquiry=changes)
    if denials := read_denials(scrubbed.text, lookup):  # without money, and they are no modifiers
        scrubbed = replace(scrubbed, text=denials.rest, searched=denials.rest)
        dated = replace(dated, scrubbed=denials.stored, denials=denials)
    text = without_places(scrubbed.searched, partial=date.partial)
    mentions = read_mentions(text, lookup, systems, known)
    if denials:
        mentions += named_services(text, mentions, partial(named_code, lookup=lookup, known=known))
    mentions = [m for m in mentions if not is_a_count(m.slip or m.typed, text)]
    mentions = mentions or made_a_date(asked, scrubbed.text)
    beside_them = beside_codes(scrubbed.text, known)
    mentions += [mention for mention in beside_them if mention.kind in beside]
    if denials is None and "modifier" in beside:
        mentions += described_modifiers(text, known or Known(), mentions)
    read = replace(
        dated,
        text=text,
        day=dated.service_date or given.day,
        no_such_day=date.no_such_day is not None,
        date_said=date.day is not None and not fixed,
        date_read=date.must_be_said if not fixed or date.must_be_said == "history" else None,
        mentions=tuple(mentions),
        ndcs=tuple(read_ndcs(scrubbed.text, known or Known())),
        setting=setting_said(text),
        claims=read_claims(scrubbed.text, asked, lambda typed: {s for s, _ in lookup(typed)}),
    )
    intent = _intent(read)
    if intent == "claim":
        return as_claims(read)
    if intent == "search" and not systems:
        words = said(text)
        read = replace(read, systems=tuple(asked_for(words)), said=words)
    if intent == "search":
        return replace(read, subject=subject(text))
    return replace(read, intent=intent)


def as_claims(question: Question) -> Question:
    """A question that gives claims: their lines may have dates of their own, so that several dates
    are no matter."""
    partial = question.date_read if question.date_read == "partial" else None
    return replace(question, intent="claim", date_read=partial, mentions=(), ndcs=())


def _intent(question: Question) -> Intent:
    if question.denials:
        return "denial"
    if question.claims:
        return "claim"
    if question.ndcs:
        return "drug_products"
    if question.mentions:
        return "codes"
    if is_wordless(question.text):
        return "empty"
    if kind := courtesy(question.text):
        return kind
    return "foreign" if is_foreign(question.text) else "search"


def read_codes(
    codes: Sequence[str],
    scrubbed: Sequence[Scrubbed],
    lookup: Lookup,
    *,
    day: dt.date | None = None,
    systems: Sequence[System] = (),
    setting: Setting | None = None,
    known: Known | None = None,
) -> Question:
    """Codes that are to be checked, as a question that names nothing else. `scrubbed` are `codes`
    without identifiers; the rest is as in `read_question`."""
    kinds = (kind for code in scrubbed for kind in code.removed)
    mentions = [
        mention
        for typed, code in zip(codes, scrubbed, strict=True)
        for mention in made_a_date(typed, code.text)
        or named_code(code.text, lookup, systems, known)
    ]
    return Question(
        " ".join(codes),
        " ".join(code.text for code in scrubbed),
        tuple(dict.fromkeys(kinds)),
        service_date=day,
        day=day or dt.date.today(),
        intent="codes",
        limited_to=tuple(systems),
        systems=tuple(systems),
        mentions=tuple(mentions),
        setting=setting,
    )


def without_places(scrubbed: str, *, partial: bool = True) -> str:
    """A scrubbed question without placeholders and without its date. An age over 89, which was
    removed, is searched as 90. `partial`: whether its date is one that is not written in full; if
    it has a full date, the others belong to the case.

    >>> without_places("pt [NAME], [AGE] yo, dob [DATE], seen [DATE] with gout")
    ', 90 yo, , with gout'
    """
    text = _REMOVED.sub(lambda place: " 90" if place[1] == "AGE" else " ", scrubbed)
    text = " ".join(text.split())
    date = read_date(text)
    return date.rest if partial or not date.partial else text


_SETTINGS: dict[Setting, re.Pattern[str]] = {
    "practitioner": re.compile(r"\b(?:practitioner|physician|pro-?fee|professional)\b", re.I),
    "outpatient": re.compile(r"\b(?:outpatient|opps|facility)\b", re.I),
    "dme": re.compile(r"\b(?:dme|dmepos|supplier)\b", re.I),
}


def setting_said(text: str) -> Setting | None:
    """Where the service was given; None if the question names no setting, or more than one."""
    settings = [setting for setting, words in _SETTINGS.items() if words.search(text)]
    return settings[0] if len(settings) == 1 else None


_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def is_wordless(text: str) -> bool:
    """Whether a text has no letters and no digits: it is empty, or only punctuation or emoji."""
    return re.search(r"\w", text) is None or not any(c.isascii() or c.isalpha() for c in text)


def is_foreign(text: str) -> bool:
    """Whether a text is not English, judged by its script and by frequent short words."""
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
