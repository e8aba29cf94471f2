"""What happens to questions, told to whoever counts or logs it: with ids, kinds and times, and
never with words that people typed, names or tokens.

`LoggedDesk` and Slack's calls tell it here; the program's log (`logs`) and the metrics (`metrics`)
listen. Nothing here takes time while nobody listens, and an error of a listener stops no answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from bot.logged_desk import LoggedQuestion

logger = logging.getLogger("codedesk.operations")

Name = Literal[
    "question.taken",
    "question.answered",
    "question.failed",
    "question.delivered",
    "log.failed",
    "slack.limited",
]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, with what is known of it.

    - `question`: its id in the log; `surface`, `workspace`: where it came from.
    - `intent`: what it asks for. `lane`: "verdict" for one that takes no search, else "search".
    - `outcome`: of an answer its outcome, of a delivery what became of it, of a failure the type of
      the error.
    - `latency_ms`: from when the question came until its answer was in the log.
    - `edition`: the label of the edition for each system that the answer is from.
    - `method`: the call that Slack limited.
    """

    name: Name
    question: str = ""
    surface: str = ""
    workspace: str = ""
    intent: str = ""
    lane: str = ""
    outcome: str = ""
    kind: str = ""
    latency_ms: float | None = None
    edition: Mapping[str, str] = field(default_factory=dict)
    method: str = ""


class Listener(Protocol):
    def __call__(self, event: Event) -> None:
        """Count it, or write it down. Called from many threads."""


_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have a listener told of all that happens in this process from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)


def are_heard() -> bool:
    """Whether anybody listens."""
    return bool(_listeners)


def tell(event: Event) -> None:
    """Tell all listeners. Raises nothing."""
    for listener in tuple(_listeners):
        try:
            listener(event)
        except Exception as error:
            logger.error("an event was not noted: %s", type(error).__name__)


def tell_of(name: Name, question: LoggedQuestion, **known: Any) -> None:
    """Tell of a question that is in the log; `known` are further fields of Event."""
    if not are_heard():
        return
    asked, read = question.asked, question.question
    tell(
        Event(
            name,
            question.id,
            asked.surface,
            asked.workspace or asked.team or "",
            read.intent if read else "",
            "search" if question.searches else "verdict",
            **known,
        )
    )


def editions(releases: Mapping[str, str]) -> dict[str, str]:
    """System -> label, of the releases of an answer (key -> label); of references nothing.

    >>> editions({"icd10cm/FY2026-April": "FY2026-April", "icd10cm/guidelines/FY2026": "FY2026"})
    {'icd10cm': 'FY2026-April'}
    """
    return {key.partition("/")[0]: label for key, label in releases.items() if key.count("/") == 1}
