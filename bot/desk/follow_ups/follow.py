"""Decides how a message follows the question before it."""

from __future__ import annotations

from bot.desk.follow_ups.turn import Followed, Turn
from bot.desk.question import Question, without_places


def follow(before: Turn, alone: Question, said: str) -> Followed:
    """How a message follows the question before it. `alone`: the message, read by itself. `said`:
    its words without placeholders and without its date."""
    if alone.intent in ("too_long", "foreign", "greeting", "thanks", "help", "changes"):
        return Followed(refines=False)
    return goes_on(before, said)


def goes_on(before: Turn, said: str) -> Followed:
    """The statement before, and what is said now."""
    earlier = without_places(before.text)
    return Followed(refines=True, statement=", ".join(filter(None, [earlier, said])))
