"""Questions about the codes that were just answered: "is that billable in 2025"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.message import Message
from bot.desk.follow_ups.turn import Turn
from bot.desk.literals import put
from bot.desk.question import Question
from index.text.resources import read_words
from index.text.tokens import plain_words

_IT = re.compile(
    r"\b(?:(?:that|this|the same|the|your|which) (?:code|one|dx|diagnosis)|they|them|it|that|this"
    r"|those|these)\b",
    re.I,
)


def about_codes(before: Turn, alone: Question, message: Message, said: str) -> str:
    """The question about the codes of the answer before that a message asks; "" where it asks none.
    `said`: its words without its date."""
    if not before.codes:
        return ""
    codes = " ".join(before.codes if before.is_verdict else before.codes[:1])
    if alone.mentions:
        return f"{codes} {said}" if _is_of_both(alone, said) else ""
    words = plain_words(said)
    has_date = alone.date_said or alone.no_such_day
    if before.is_verdict and has_date and not message.clauses and not message.asks:
        return codes
    is_detail = phrases.words("also_clinical").issuperset(words) and not said.rstrip().endswith("?")
    if is_detail or not only_about_codes(words):
        return ""
    if phrases.words("of_validity").isdisjoint(words):
        return _with_codes(said, codes)
    return f"is {codes} billable"


def only_about_codes(words: Sequence[str]) -> bool:
    """Whether words ask about codes that were answered, and say nothing of a case."""
    about = {*read_words("codes")["about"].split(), *read_words("chatter")["asking"].split()}
    telling = phrases.words("of_validity") | phrases.words("of_codes")
    return not set(words) - about - telling and not telling.isdisjoint(words)


def asks_what_replaces(alone: Question, said: str) -> bool:
    """Whether a message says that the code it names is not accepted, and asks for another."""
    rest = said
    for mention in alone.mentions:
        rest = put(rest, mention.typed, " ")
    asking = {*read_words("chatter")["openers"].split(), "whats", "what's"}
    words = {*plain_words(rest), *rest.lower().split()}
    return not words.isdisjoint(asking) and not words.isdisjoint(phrases.words("replacing"))


def _is_of_both(alone: Question, said: str) -> bool:
    """Whether a message asks about the codes that it names together with those before."""
    words = said
    for mention in alone.mentions:
        words = put(words, mention.typed, " ")
    rest = set(plain_words(words))
    about = {*read_words("codes")["about"].split(), *read_words("chatter")["asking"].split()}
    beside = phrases.words("beside")
    return not rest.isdisjoint(beside) and not rest - about - beside


def _with_codes(said: str, codes: str) -> str:
    """A question with the codes in the place of "that" or, where it has none, before it."""
    said = said.strip(" ,;:")
    asked, count = _IT.subn(codes, said, count=1)
    return asked if count else f"{codes} {said}"
