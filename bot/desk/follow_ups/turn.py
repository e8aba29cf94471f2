"""The question before, as a follow-up needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of the log that another one follows.

    - `id`: its id.
    - `text`: the statement as it was read, scrubbed.
    - `codes`: the codes of its answer, those that count first: of its report, else its verdicts,
      else its first candidate; () for none, and while it has no answer.
    - `titles`: the title of each of `codes`; "" where the log keeps none.
    - `is_verdict`: whether it was answered with verdicts on codes that it names.
    - `day`: its date of service, where the log keeps it; else None.
    - `editions`: the editions that its date of service led to (key -> label); {} for none.
    - `date_said`: whether its words, or those of a question that it refines, name that date.
    """

    id: str
    text: str
    codes: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    is_verdict: bool = False
    day: dt.date | None = None
    editions: Mapping[str, str] = field(default_factory=dict)
    date_said: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """How a message follows the question before it.

    - `refines`: whether it goes on from that question; else it is a new topic.
    - `statement`: the words to read in the place of the message; "" where it is read as typed.
    """

    refines: bool
    statement: str = ""
