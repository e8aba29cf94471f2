"""Decides how a message follows the question before it."""

from __future__ import annotations

import re

from bot.desk.chatter import subject
from bot.desk.follow_ups.codes_asked import about_codes, asks_what_replaces
from bot.desk.follow_ups.earlier import Terms, meant
from bot.desk.follow_ups.merging import JOINS, merged
from bot.desk.follow_ups.message import read_message
from bot.desk.follow_ups.topics import is_new_topic
from bot.desk.follow_ups.turn import Followed, Turn
from bot.desk.follow_ups.visits import is_injury, of_visit
from bot.desk.intent import courtesy
from bot.desk.question import Question, without_places
from bot.desk.systems import likeliest
from bot.desk.systems import said as said_of_systems

#: Messages that never go on from anything.
_ALONE = ("too_long", "greeting", "thanks", "help", "changes", "drug_products")

#: What a title says of what is not known.
_UNSAID = re.compile(r"(?i),? (?:without complications?|unspecified)$")


def follow(before: Turn, alone: Question, said: str, terms: Terms) -> Followed:
    """How a message follows the question before it. `alone`: the message, read by itself. `said`:
    its words without placeholders and without its date. `terms`: of the index."""
    has_date = alone.date_said or alone.no_such_day
    earlier = _statement_of(before)
    if alone.intent in _ALONE or (alone.intent == "empty" and not has_date) or not earlier:
        return Followed(refines=False)
    if alone.intent == "foreign" and not meant(said) & meant(earlier):
        return Followed(refines=False)
    message = read_message(said, dated=has_date)
    if is_injury(before.codes):
        message = of_visit(message)
    if message.is_new and message.clauses:
        return Followed(refines=False, statement=message.text)
    if asked := about_codes(before, alone, message, said):
        return Followed(refines=True, statement=asked)
    if alone.mentions:
        again = earlier if not before.is_verdict and asks_what_replaces(alone, said) else ""
        return Followed(refines=bool(again), statement=again)
    if not message.clauses and not message.ties:
        goes_on = has_date or message.asks or message.is_new
        return Followed(goes_on, earlier if goes_on else "")
    is_joined = JOINS.match(message.text) is not None
    if not is_joined and _asks_for_a_thing(message.text) and not _asks_for_a_thing(earlier):
        return Followed(refines=True, statement=message.text)
    if is_new_topic(earlier, message, terms):
        return Followed(refines=False, statement=message.text)
    return Followed(
        refines=True, statement=merged(earlier, message, terms, is_title=before.is_verdict)
    )


def answered(before: Turn, option: str) -> Followed:
    """The statement before with an answer to what was asked back about it."""
    statement = ", ".join(filter(None, [_statement_of(before), option]))
    return Followed(refines=True, statement=statement)


def _statement_of(before: Turn) -> str:
    """The words that a message may refine: of codes, their title; "" for none."""
    if before.is_verdict:
        return _UNSAID.sub("", before.titles[0]) if before.titles else ""
    text = subject(without_places(before.text)).strip(" ?!.,;:-")
    text = re.sub(r"(?<=\w)\?+\s+(?=\w)", "?, ", text)
    return "" if courtesy(text) else re.sub(r"\s*,(?:\s*,)+", ",", text)


def _asks_for_a_thing(text: str) -> bool:
    """Whether a text asks for a supply, a service or a drug that is billed."""
    return likeliest(said_of_systems(text))[:1] == ["hcpcs"]
