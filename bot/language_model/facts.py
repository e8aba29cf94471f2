"""Takes a rambling note apart: the model picks phrases of it, and says of each whether it is so."""

from __future__ import annotations

import json
import re
from typing import Any, cast, get_args

from bot.desk.taken_apart import Phrase
from bot.language_model.client import NoReply
from index.statement.model import Status

#: More phrases, or longer ones, are none of a note of a question's length.
_MOST, _LONGEST = 24, 240
_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*```\Z", re.S)


def asked_of(scrubbed: str) -> dict[str, Any]:
    """What is sent: the scrubbed note alone."""
    return {"note": scrubbed}


def read_reply(said: str, scrubbed: str) -> list[Phrase]:
    """The phrases of a reply that stand in the note word for word, in the order of the note. Raises
    NoReply when there are none."""
    note = " ".join(scrubbed.split())
    taken: list[tuple[int, Phrase]] = []
    for phrase in _listed(said):
        start = _place(phrase.said, note, taken)
        if start is not None:
            taken.append((start, phrase))
    if not any(phrase.status != "chatter" for _, phrase in taken):
        raise NoReply("no phrase of it is in the note", said)
    return [phrase for _, phrase in sorted(taken, key=lambda one: one[0])]


def _listed(said: str) -> list[Phrase]:
    """The phrases of a reply, without those that have not the form that was asked for."""
    fenced = _FENCE.match(said)
    try:
        listed = json.loads(fenced[1] if fenced else said)["facts"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise NoReply("it is not the JSON that was asked for", said) from error
    if not isinstance(listed, list):
        raise NoReply("it is not the JSON that was asked for", said)
    phrases = []
    for one in listed[:_MOST]:
        words, status = (one.get("said"), one.get("status")) if isinstance(one, dict) else ("", "")
        if isinstance(words, str) and words.strip() and status in get_args(Status):
            phrases.append(Phrase(" ".join(words.split()), cast(Status, status)))
    return phrases


def _place(said: str, note: str, taken: list[tuple[int, Phrase]]) -> int | None:
    """Where a phrase stands in a note, as whole words and apart from the phrases before it; None
    where it does not. "Typical" is not in "atypical", nor "diabetic" in "non-diabetic"."""
    if len(said) > _LONGEST:
        return None
    for found in re.finditer(rf"(?<![\w'\u2019-])(?<!w/){re.escape(said)}(?![\w'\u2019-])", note):
        others = ((start, start + len(phrase.said)) for start, phrase in taken)
        if not any(start < found.end() and found.start() < end for start, end in others):
            return found.start()
    return None
