"""What an earlier run left unfinished, as the log tells it."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable

from bot.phi.telling import to_tell
from bot.querylog import Asked
from bot.querylog.records import Surface
from bot.slack.blocks import Message
from bot.slack.courier import Courier
from bot.slack.posting import Posted, post_for_one, post_in_thread
from bot.words import say

#: An answer that comes later than this is of no use to the one who asked.
MOST_MINUTES = 10

_SURFACES: tuple[Surface, ...] = ("mention", "dm", "slash")
#: The bot is not where /code was used, which may be anywhere:
#: https://docs.slack.dev/reference/methods/chat.postEphemeral#errors
_NOT_THERE = {"not_in_channel", "channel_not_found", "user_not_in_channel"}


def recover(
    courier: Courier,
    say_line: Callable[[str], None],
    *,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> None:
    """Answer the young questions, mark the old ones abandoned, and answers of which it is not known
    whether they were posted `unknown`. Before anything new is taken, and in one process only."""
    counts: Counter[str] = Counter()
    for question in courier.log.undelivered(_SURFACES):
        courier.record(question, Posted("unknown", "the desk stopped while posting"))
        counts["unknown"] += 1
    for pending in courier.log.unanswered(_SURFACES):
        age = now() - pending.asked_at
        if age >= dt.timedelta(minutes=MOST_MINUTES):
            courier.record(pending.id, Posted("abandoned", "the desk was not running"))
            counts["abandoned"] += 1
            continue
        private = pending.asked.surface == "slash"
        removed = to_tell(pending.asked.text, pending.asked.removed)
        posted = courier.answer(
            pending.id,
            pending.asked.text,
            _way_back(courier, pending.asked),
            asked=time.monotonic() - age.total_seconds(),
            private=private,
            removed=removed if private else (),
            editions=pending.asked.releases,
        )
        if removed and not private:
            courier.tell_removed(pending.id, pending.asked, None)
        counts["answered" if posted.outcome == "delivered" else "failed"] += 1
    if counts:
        kinds = ("answered", "failed", "abandoned", "unknown")
        told = {kind: counts[kind] for kind in kinds}
        say_line(say("slack.recovered", minutes=MOST_MINUTES, **told))


def _way_back(courier: Courier, asked: Asked) -> Callable[[Message], Posted]:
    """How the one who asked is reached now. The response_url of a command is not kept."""
    client, channel, user = courier.client, asked.channel or "", asked.user or ""

    def in_thread(message: Message) -> Posted:
        return post_in_thread(client, channel, asked.thread, message)

    def to_the_one(message: Message) -> Posted:
        posted = post_for_one(client, channel, user, message)
        if posted.outcome == "failed" and posted.detail in _NOT_THERE:
            # Posting to a user's id posts to the direct message with them:
            # https://docs.slack.dev/reference/methods/chat.postMessage#channels
            return post_in_thread(client, user, None, message)
        return posted

    return to_the_one if asked.surface == "slash" else in_thread
