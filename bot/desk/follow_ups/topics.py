"""Tells whether a message states something of its own, with nothing that ties it to what was said
before."""

from __future__ import annotations

import re

from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.earlier import Earlier, meant
from bot.desk.follow_ups.message import Message
from index.statement.facts import is_detail
from index.text.encounter import read_encounter
from index.text.tokens import fold

#: The age or sex with which a patient is introduced.
_PATIENT = re.compile(
    r"(?i)\b(?:\d{1,3}\s*-?(?:yo|y/o|yr|yrs|year|years|mo|month|day)s?(?:[- ]old)?"
    r"\s*(?:f|m|male|female|man|woman|boy|girl|pt|patient|baby|w/|with|infant)?)\b"
)
_ASKS = re.compile(r"(?i)^(?:(?:whats|what's|what is|code for|how (?:do|would) (?:i|you) code)\b)")
#: Points from which a message is of its own.
_OF_ITS_OWN = 3


def is_new_topic(earlier: str, message: Message) -> bool:
    """Whether a message is a statement of its own, about something else than `earlier`."""
    if message.ties:
        return False
    text = message.text
    own = meant(text)
    if not own or own & meant(earlier):
        return False
    said = Earlier.of(text)
    if not said.conditions or said.facts[0].join != "and":
        return False
    first = said.conditions[0]
    words = [w for w in re.findall(r"[\w/'-]+", first.text) if not is_detail(w)]
    sites = phrases.words("sites")
    points = 0
    points += bool(_ASKS.search(text)) * 3
    points += bool(_PATIENT.search(text)) * 2
    points += message.thanks * 2
    points += len(words) >= 2
    points += len(words) >= 4
    points += any(fold(w) in sites for w in re.findall(r"\w+", text))
    points += read_encounter(text).says
    return points >= _OF_ITS_OWN
