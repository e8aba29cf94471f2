"""Tells whether a message states something of its own, with nothing that ties it to what was said
before."""

from __future__ import annotations

import re

from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.earlier import Earlier, Terms, is_sign, meant, spelled
from bot.desk.follow_ups.merging import JOINS, names_cause
from bot.desk.follow_ups.message import Message
from bot.desk.follow_ups.visits import tells_of_visit
from index.statement.facts import is_detail
from index.text.encounter import read_encounter
from index.text.lexicon import Lexicon
from index.text.tokens import fold

#: The age or sex with which a patient is introduced.
_PATIENT = re.compile(
    r"(?i)\b(?:\d{1,3}\s*-?(?:yo|y/o|yr|yrs|year|years|mo|month|day)s?(?:[- ]old)?"
    r"\s*(?:f|m|male|female|man|woman|boy|girl|pt|patient|baby|w/|with|infant)?)\b"
)
#: A patient who is introduced with a condition.
_INTRODUCED = re.compile(
    r"(?i)^\W*\d{1,3}\s*-?(?:yo|y/o|yrs?|years?|mos?|months?)\b.*?\b(?:w|with|has|c/o|presents|here)\b"
    r"|\b(?:f|m|male|female|man|woman|boy|girl)\b|w/"
)
_ASKS = re.compile(r"(?i)^(?:(?:whats|what's|what is|code for|how (?:do|would) (?:i|you) code)\b)")
#: Points from which a message is of its own.
_OF_ITS_OWN = 3


def is_new_topic(earlier: str, message: Message, terms: Terms) -> bool:
    """Whether a message is a statement of its own, about something else than `earlier`."""
    text = message.text
    if message.ties or JOINS.match(text) or names_cause(text) or tells_of_visit(text):
        return False
    own = meant(text)
    if not own or own & meant(earlier):
        return False
    said = Earlier.of(text)
    if not said.conditions or (said.facts[0].join != "and"):
        return False
    first = said.conditions[0]
    words = [w for w in re.findall(r"[\w/'-]+", first.text) if not is_detail(w)]
    sites = phrases.words("sites")
    if _PATIENT.match(text) and len(said.facts) > 1 and _INTRODUCED.search(text):
        return True
    is_named = terms.is_name(spelled(first.text)) or _is_shorthand(first.text)
    pregnant = any(stem.startswith("pregnan") for stem in meant(earlier))
    if (
        is_named
        and first == said.facts[0]
        and not (pregnant or is_sign(first.text) or _denies(said) or read_encounter(text).says)
        and not terms.say_together([earlier, first.text])
    ):
        return True
    points = 0
    points += bool(_ASKS.search(text)) * 3
    points += bool(_PATIENT.search(text)) * 2
    points += message.thanks * 2
    points += is_named or len(words) >= 2
    points += len(words) >= 4
    points += any(fold(w) in sites for w in re.findall(r"\w+", text))
    points += read_encounter(text).says
    return points >= _OF_ITS_OWN


def _is_shorthand(text: str) -> bool:
    """Whether a text is shorthand for a condition, but for details: "copd", "uti left"."""
    lexicon = Lexicon.shipped()
    parts = [p for p in lexicon.parts(lexicon.typed(text)) if not is_detail(" ".join(p.typed))]
    return len(parts) == 1 and parts[0].kind == "abbreviation"


def _denies(said: Earlier) -> bool:
    return any(fact.status == "denied" for fact in said.facts)
