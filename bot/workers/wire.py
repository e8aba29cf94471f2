"""What the front, the nursery and the workers say to each other: pickled, over pairs of sockets
that no other process can reach.

front → nursery    the paths of modules, then the function that opens the desk; Fork with a
                   socket for the worker; Kill
nursery → front    Opened or Failed; for each Fork a Forked
front → worker     Ask
worker → front     Answered or Failed

An end that is closed ends the process at the other end.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from bot.desk.answer import Answer
from bot.desk.question import Question


@dataclass(frozen=True, slots=True)
class Opened:
    """The desk is open. `index_build`: the build of its index."""

    index_build: str | None


@dataclass(frozen=True, slots=True)
class Fork:
    """Fork a worker. Its socket comes with this message."""


@dataclass(frozen=True, slots=True)
class Forked:
    pid: int


@dataclass(frozen=True, slots=True)
class Kill:
    """End a worker that does not answer. The nursery does this, because it knows whether the
    process with this id is still that worker."""

    pid: int


@dataclass(frozen=True, slots=True)
class Ask:
    questions: tuple[Question, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Answered:
    """`is_full`: the worker has grown, and is to be replaced by a new one."""

    answers: list[Answer]
    is_full: bool


@dataclass(frozen=True, slots=True)
class Failed:
    error: Exception


class WorkerFailed(Exception):
    """An error of a worker that cannot be passed on as it is. The message is its name."""


def failed(error: Exception) -> Failed:
    """The error as it can be sent: some errors cannot be made again from their message."""
    try:
        again = pickle.loads(pickle.dumps(error))
    except Exception:
        return Failed(WorkerFailed(type(error).__name__))
    return Failed(error if type(again) is type(error) else WorkerFailed(type(error).__name__))
