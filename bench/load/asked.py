"""One question of the load, and what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bench.load.questions import Kind, Question


@dataclass(slots=True, eq=False)
class Asked:
    """One question, and what became of it. Times are of `time.monotonic`; None: it has not come to
    that. `due` is when it was to be sent, from which all waits count, so that a generator that is
    late hides nothing. `again`: how often it was sent again, and `refused` why."""

    question: Question
    event_id: str
    ts: str
    due: float
    sent: float | None = None
    acknowledged: float | None = None
    again: int = 0
    refused: list[str] = field(default_factory=list)
    first_post: float | None = None
    posts: int = 0
    #: Whether the asker was told how long it takes, and that there will be no answer.
    told_to_wait: bool = False
    busy: bool = False
    #: Whether Slack has given up sending it.
    gone: bool = False
    notices: int = 0
    #: The ids in the desk's log that its posts name.
    ids: set[str] = field(default_factory=set)
    posted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kind(self) -> Kind:
        return self.question.kind

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come: it was answered or refused, or Slack gave it up."""
        return self.first_post is not None or self.busy or self.gone
