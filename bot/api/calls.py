"""Asks the desk for a client. Each call is a question in the log, of that client, and its answer is
in the log before it is returned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from bot.api.clients import Client
from bot.api.errors import StillAnswering
from bot.desk.answer import Answer
from bot.logged_desk import Done, LoggedDesk, LoggedQuestion
from bot.messages import message
from bot.querylog import NoSuchQuestion, QuestionRecord, Record
from bot.querylog.records import Surface

#: The surfaces of programs.
SURFACES: tuple[Surface, ...] = ("api", "fhir", "mcp")


class Calls:
    """Safe to use from many threads.

    `on_behalf_of` is who asks through the client: an id of its own, which the log keeps among the
    options of the question. `key` is a name that the client gives the call: one with the same key
    is the same question, and has the answer that it had.
    """

    def __init__(
        self, logged: LoggedDesk, surface: Surface, later: Callable[[Done], None] | None = None
    ) -> None:
        self.logged = logged
        self._surface: Surface = surface
        self._later = later

    def telling(self, later: Callable[[Done], None]) -> Calls:
        """The same, for who knows when an answer was sent: `later` gets the function to call then.
        Otherwise an answer counts as delivered when it is returned."""
        return Calls(self.logged, self._surface, later)

    def ask(
        self,
        client: Client,
        text: str,
        *,
        limit: int = 10,
        after: str | None = None,
        on_behalf_of: str | None = None,
        key: str | None = None,
        **reading: Any,
    ) -> Answer:
        """Answer a question. `reading` is as in `Desk.take`; `after`: the id of the question that
        it follows, which must be of the same client. Raises NoSuchQuestion, StillAnswering,
        LogUnavailable, CodeDeskError."""
        after = after and self.own(client, after).id
        options = {**reading, "limit": limit, "on_behalf_of": on_behalf_of}
        asked = self._asked(client, options, after, key)
        (question,) = self.logged.take([text], asked, **reading)
        return self._answered(question, asked, limit)

    def check(
        self,
        client: Client,
        codes: Sequence[str],
        *,
        on_behalf_of: str | None = None,
        key: str | None = None,
        **reading: Any,
    ) -> Answer:
        """Verdicts on codes, and the rules between them; `reading` is as in `Desk.take_codes`.
        Raises as `ask` does."""
        # The number of codes is logged, so that a replay checks the text and does not ask it.
        options = {**reading, "checked": len(codes), "on_behalf_of": on_behalf_of}
        asked = self._asked(client, options, key=key)
        question = self.logged.take_codes(codes, asked, **reading)
        return self._answered(question, asked, 10)

    def own(self, client: Client, question_id: str) -> Record:
        """A question that this client asked, as the log has it. Raises NoSuchQuestion also for one
        of somebody else: a client learns nothing of others."""
        record = self.logged.log.get(question_id)
        if record is None or record.surface not in SURFACES or record.user != client.name:
            raise NoSuchQuestion(message("api.no_such_question"))
        return record

    def _asked(
        self,
        client: Client,
        options: dict[str, Any],
        after: str | None = None,
        key: str | None = None,
    ) -> QuestionRecord:
        """Who asks, and with which options. The date of service is left out: it is not logged."""
        kept = {n: value for n, value in options.items() if value is not None and n != "day"}
        return QuestionRecord(
            "",
            self._surface,
            user=client.name,
            options=kept,
            after=after,
            event_id=key and _event_id(client, key),
        )

    def _answered(
        self, question: LoggedQuestion | None, asked: QuestionRecord, limit: int
    ) -> Answer:
        if question is None:
            return self._again(asked)
        (answer,) = self.logged.answer([question], self._returned, limit=limit)
        return answer

    def _returned(self, answers: list[Answer], done: Done) -> list[Answer]:
        if self._later is None:
            done("delivered", "")
        else:
            self._later(done)
        return answers

    def _again(self, asked: QuestionRecord) -> Answer:
        """The answer to a question that the log has already. Raises StillAnswering where it has
        none yet."""
        found = self.logged.log.select("event_id = ?", [asked.event_id])
        if not found or found[0].answer is None:
            raise StillAnswering(message("api.still_answering"))
        return self.stored(found[0])

    def stored(self, record: Record) -> Answer:
        """The answer to a question of the log. Raises StillAnswering where it has none."""
        if record.answer is None:
            raise StillAnswering(message("api.no_answer"))
        return self.logged.desk.retitled(Answer.from_dict(record.answer))


def _event_id(client: Client, key: str) -> str:
    """What the log knows a call by. The key is hashed: it may be any text, and the log keeps ids
    for good."""
    return f"{client.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
