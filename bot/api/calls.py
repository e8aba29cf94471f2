"""Asks the desk for a client. Each call is a question in the log, of that client, and its answer is
in the log before it is returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.api.clients import Client
from bot.desk.answer import Answer
from bot.logged_desk import Done, LoggedDesk, LoggedQuestion
from bot.querylog import QuestionRecord
from bot.querylog.records import Surface


class Calls:
    """Safe to use from many threads."""

    def __init__(self, logged: LoggedDesk, surface: Surface) -> None:
        self.logged = logged
        self._surface: Surface = surface

    def ask(
        self,
        client: Client,
        text: str,
        *,
        limit: int = 10,
        after: str | None = None,
        **reading: Any,
    ) -> Answer:
        """Answer a question. `reading` is as in `Desk.take`; `after`: the id of the question that
        it follows. Raises LogUnavailable, CodeDeskError."""
        asked = self._asked(client, {**reading, "limit": limit}, after)
        taken = [question for question in self.logged.take([text], asked, **reading) if question]
        return self._answered(taken, limit)

    def check(self, client: Client, codes: Sequence[str], **reading: Any) -> Answer:
        """Verdicts on codes, and the rules between them; `reading` is as in `Desk.take_codes`.
        Raises as `ask` does."""
        asked = self._asked(client, {**reading, "checked": len(codes)})
        question = self.logged.take_codes(codes, asked, **reading)
        assert question is not None  # Only an event of Slack can be in the log already.
        return self._answered([question], 10)

    def _asked(
        self, client: Client, options: dict[str, Any], after: str | None = None
    ) -> QuestionRecord:
        """Who asks, and with which options. The date of service is left out: it is not logged."""
        kept = {n: value for n, value in options.items() if value is not None and n != "day"}
        return QuestionRecord("", self._surface, user=client.name, options=kept, after=after)

    def _answered(self, taken: Sequence[LoggedQuestion], limit: int) -> Answer:
        (answer,) = self.logged.answer(taken, _returned, limit=limit)
        return answer


def _returned(answers: list[Answer], done: Done) -> list[Answer]:
    done("delivered", "")
    return answers
