"""Takes a rambling note apart: the model picks phrases of it, and says of each whether it is so."""

from __future__ import annotations

import json
from typing import Any, cast, get_args

from bot.desk.taken_apart import Phrase, placed
from bot.language_model.client import NoReply
from index.statement.model import Status

#: More phrases, or longer ones, are none of a note of a question's length.
_MOST, _LONGEST = 24, 240


def asked_of(scrubbed: str) -> dict[str, Any]:
    """What is sent: the scrubbed note alone."""
    return {"note": scrubbed}


def read_reply(said: str, scrubbed: str) -> list[Phrase]:
    """The phrases of a reply that stand in the note word for word, in the order of the note. Raises
    NoReply when there are none."""
    note = " ".join(scrubbed.split())
    phrases = [phrase for _, phrase in placed(_listed(said), note)]
    if all(phrase.status == "chatter" for phrase in phrases):
        raise NoReply("no phrase of it is in the note", said)
    return phrases


def _listed(said: str) -> list[Phrase]:
    """The phrases of a reply, without those that have not the form that was asked for."""
    try:
        listed = json.loads(_without_fence(said))["facts"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NoReply("it is not the JSON that was asked for", said) from error
    if not isinstance(listed, list):
        raise NoReply("it is not the JSON that was asked for", said)
    phrases = []
    for one in listed[:_MOST]:
        words, status = (one.get("said"), one.get("status")) if isinstance(one, dict) else ("", "")
        if isinstance(words, str) and len(words) <= _LONGEST and status in get_args(Status):
            phrases.append(Phrase(" ".join(words.split()), cast(Status, status)))
    return phrases


def _without_fence(said: str) -> str:
    """A reply without the marks of a block of code that models like to put around JSON."""
    if not (said.startswith("```") and said.endswith("```")):
        return said
    return said[3:-3].removeprefix("json")
