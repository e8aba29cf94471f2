"""A worker: answers the questions that come, one at a time, until the front closes its socket."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from bot.workers import memory
from bot.workers.wire import Answered, Ask, Failed, failed

if TYPE_CHECKING:
    from bot.logged_desk import Answers

#: Added to the niceness: the front comes first on every core, with three times the share. A higher
#: one would leave searches too little beside other programs of the machine.
_NICER = 5
#: A worker that has more memory of its own than this, in MB, is to be replaced: with every question
#: it touches more of what it shares, and keeps more of what it read. A new one has nearly none.
MOST_MB = 100
#: The memory is looked at after this many questions. It takes a few milliseconds.
_LOOKS_EACH = 20


def work(connection: Connection, desk: Answers) -> None:
    """Answer until there is nobody to answer."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.nice(_NICER)
    asked = 0
    while True:
        try:
            ask: Ask = connection.recv()
        except (EOFError, OSError):
            return
        reply = _reply(desk, ask)
        asked += len(ask.questions)
        if isinstance(reply, Answered) and asked >= _LOOKS_EACH:
            asked = 0
            reply = Answered(reply.answers, memory.own_mb() > MOST_MB)
        try:
            connection.send(reply)
        except OSError:
            return


def _reply(desk: Answers, ask: Ask) -> Answered | Failed:
    try:
        if len(ask.questions) == 1:
            return Answered([desk.ask(ask.questions[0], limit=ask.limit)], False)
        return Answered(desk.ask_many(ask.questions, limit=ask.limit), False)
    except Exception as error:
        return failed(error)
