"""Puts the sentences of a language model under answers that were posted.

The answer goes out first, without them. They come as an update of its message, unless that message
was changed or deleted meanwhile: a press, an edit or a deletion counts more. An answer by a
response_url has no message that could be updated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from slack_sdk import WebClient

from bot.database import Connection, DatabaseError
from bot.desk.answer import Answer
from bot.logged_desk import LoggedDesk
from bot.slack.outbox_store import Unless
from bot.slack.state import State
from bot.slack.views.block_kit import Message
from bot.slack.views.explanation import with_explanation
from bot.slack.web_api import DELETE, POST, UPDATE, Posted, Way, update

logger = logging.getLogger("codedesk.slack")

#: Seconds for which a change is remembered: longer than an explanation takes.
_KEPT = 3600.0
_TABLE = """
create table if not exists changed (
    place text primary key,              -- channel and timestamp of a message
    at double precision not null
)
"""

#: Sends a message by a way, about a question, unless it is not wanted any more.
Send = Callable[[Way, Message, str, Unless], object]


class Explaining:
    """Safe to use from many threads."""

    def __init__(self, logged: LoggedDesk, state: State, send: Send) -> None:
        """Raises DatabaseError."""
        self._logged = logged
        self._state = state
        self._send = send
        if logged.model is not None:
            with state.writing() as db:
                db.execute(_TABLE)

    def noticed(self, way: Way) -> None:
        """Remember for all replicas that the message of a way is changed or deleted."""
        if self._logged.model is None or way.how not in (UPDATE, DELETE):
            return
        now = self._state.now()
        try:
            with self._state.writing() as db:
                db.execute("delete from changed where at < ?", [now - _KEPT])
                db.execute(
                    "insert into changed values (?, ?) on conflict do nothing",
                    [_named(way.args["channel"], way.args["ts"]), now],
                )
        except DatabaseError as error:
            logger.error("a change of a message was not kept: %s", error)

    def later(
        self, question_id: str, answer: Answer, way: Way, drawn: Message, posted: Future[Posted]
    ) -> None:
        """Have an answer explained once it is posted by `way`. Returns at once."""
        channel = str(way.args.get("channel", ""))
        # A message to a user's id is in a channel of another id.
        client = way.client
        if self._logged.model is None or way.how != POST or channel.startswith(("U", "W")):
            return
        assert client is not None

        def then(done: Future[Posted]) -> None:
            if done.result().outcome == "delivered":
                place = channel, done.result().detail
                self._logged.explain_later(
                    question_id, answer, lambda shown: self._show(client, place, shown, drawn)
                )

        posted.add_done_callback(then)

    def _show(
        self, client: WebClient, place: tuple[str, str], explained: Answer, drawn: Message
    ) -> None:
        assert explained.explanation is not None
        message = with_explanation(drawn, explained.explanation)
        if message is not None:
            # Asked in the transaction that keeps it, so that a change which comes now is sent
            # later, whichever replica has it.
            self._send(update(client, *place), message, explained.id, partial(_is_changed, *place))


def _named(channel: str, ts: str) -> str:
    return f"{channel}/{ts}"


def _is_changed(channel: str, ts: str, db: Connection) -> bool:
    found = db.execute("select 1 from changed where place = ?", [_named(channel, ts)])
    return found.fetchone() is not None
