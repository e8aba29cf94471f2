"""Puts the sentences of a language model under answers that were posted.

The answer goes out first, without them. They come as an update of its message, unless that message
was changed or deleted meanwhile: a press, an edit or a deletion counts more. An answer by a
response_url has no message that could be updated.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from slack_sdk import WebClient

from bot.desk.answer import Answer
from bot.logged_desk import LoggedDesk
from bot.slack.views.block_kit import Message
from bot.slack.views.explanation import with_explanation
from bot.slack.web_api import DELETE, POST, UPDATE, Posted, Way, update

#: Messages whose change is remembered: more than change within the time of an explanation.
_MOST = 1000

#: Sends a message by a way, about a question.
Send = Callable[[Way, Message, str], object]


class Explaining:
    """Safe to use from many threads."""

    def __init__(self, logged: LoggedDesk, send: Send) -> None:
        self._logged = logged
        self._send = send
        self._lock = threading.RLock()
        #: Channel and timestamp of messages that were changed, the oldest first.
        self._changed: dict[tuple[str, str], None] = {}

    def noticed(self, way: Way) -> None:
        """Remember that the message of a way is changed or deleted."""
        if self._logged.model is not None and way.how in (UPDATE, DELETE):
            with self._lock:
                self._changed[(way.args["channel"], way.args["ts"])] = None
                while len(self._changed) > _MOST:
                    del self._changed[next(iter(self._changed))]

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
        # The lock is held until it is on its way, so that a change which comes now is sent later.
        with self._lock:
            if message is not None and place not in self._changed:
                self._send(update(client, *place), message, explained.id)
