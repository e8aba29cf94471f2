"""One try of a row of the outbox, and what follows from it: it is done, or it is tried again.

The rule for a try of which Slack did not say what became of it (HTTP 5xx, a connection that broke,
no answer in time, a crash):

- An answer in a direct message is looked for. It is sent again only if it is not there.
- An update, a deletion and a replacement are made again: twice does what once does.
- A message that one person alone sees is sent again. A second copy is better than none.
- A message that others see is not sent again. Its outcome is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.operations import events
from bot.querylog.unfinished import MOST_MINUTES
from bot.slack.history import find
from bot.slack.outbox_store import Post, Row
from bot.slack.views.block_kit import Message
from bot.slack.web_api import DELETE, POST, NotTaken, Posted

#: Seconds before the second try; the next pauses are twice as long each, up to the longest. An
#: answer is looked for after this pause, too: Slack may still be at it.
FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0
#: Seconds to wait at least when a limit was met.
LEAST_WAIT = 1.0
#: Seconds before each further try to fill a modal that Slack does not have yet, as it is in an
#: acknowledgement that is on its way. One that is not there then was closed.
MODAL_PAUSES = (0.3, 0.7, 1.5)
#: Seconds by which Slack's clock may differ from ours. Slack's requests are refused if it is more:
#: https://docs.slack.dev/authentication/verifying-requests-from-slack
_CLOCKS = 300.0
#: https://docs.slack.dev/reference/methods/chat.postMessage#errors
_INVALID = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}

_TOO_LATE = f"Slack did not take it within {MOST_MINUTES} minutes"


class LeaseEnded(Exception):
    """Another replica may have this row now."""


@dataclass(frozen=True, slots=True)
class Again:
    """To be tried again after `pause` seconds, as `post`. `tried`: a try may have been carried out.
    `limited`: its lane has met a limit."""

    post: Post
    pause: float = 0.0
    tried: bool = False
    limited: bool = False


def tried(row: Row, now: float, holds: Callable[[], bool]) -> Posted | Again:
    """Try a row. One that cannot be tried while it is of use is not tried any more. `holds` says
    whether it is still ours, just before it is sent; if not, LeaseEnded is raised."""
    post = row.post
    if now > row.until or row.due > row.until:
        return _given_up(row, now)
    try:
        if row.tried and (posted := _earlier(row)):
            return posted
        if not holds():
            raise LeaseEnded
        posted = post.way.send(post.message, post.question if _is_answer(post) else "")
    except NotTaken as error:
        if error.retry_after is not None:
            events.tell(events.Event("slack.limited", post.question, method=post.way.how))
        pause = _pause(row) if error.retry_after is None else max(error.retry_after, LEAST_WAIT)
        return Again(post, pause, tried=row.tried, limited=error.retry_after is not None)
    except LeaseEnded:
        raise
    except Exception as error:
        # The error's message is not kept: it may hold what was asked.
        posted = Posted("unknown", type(error).__name__)
    if posted.outcome == "unknown":
        again = _can_look(post) or post.way.repeatable or post.way.private
        return Again(post, _pause(row), tried=True) if again else posted
    if posted.outcome == "failed":
        return _refused(row, posted)
    return posted


def _earlier(row: Row) -> Posted | None:
    """What became of an earlier try; None when it is to be sent again. Raises NotTaken."""
    post, args = row.post, row.post.way.args
    if not _can_look(post):
        if post.way.repeatable or post.way.private:
            return None
        return Posted("unknown", "the desk stopped while posting")
    client, since = post.way.client, row.since - _CLOCKS
    assert client is not None  # Only chat.postMessage can be looked for.
    try:
        ts = find(client, args["channel"], args.get("thread_ts"), post.question, since)
    except LookupError as error:
        return Posted("unknown", f"not to be found: {error}")
    return Posted("delivered", ts) if ts else None


def _refused(row: Row, posted: Posted) -> Posted | Again:
    """What follows when Slack refuses a post: plainer blocks, another way, or nothing."""
    post = row.post
    if posted.detail in _INVALID and post.message and post.message.blocks:
        return Again(replace(post, message=_plainer(post.message)))
    may_come = posted.detail == "not_found" and "external_id" in post.way.args
    if may_come and row.tries < len(MODAL_PAUSES):
        return Again(post, MODAL_PAUSES[row.tries])
    if post.way.how == DELETE and posted.detail == "message_not_found":
        return Posted("delivered")  # It is not there, perhaps by an earlier try.
    if post.way.otherwise:
        return Again(replace(post, way=post.way.otherwise))
    return posted


def _given_up(row: Row, now: float) -> Posted | Again:
    post = row.post
    if post.way.otherwise and now <= row.until:
        return Again(replace(post, way=post.way.otherwise))
    if row.tried and not post.way.repeatable:
        return Posted("unknown", _TOO_LATE)
    return Posted("failed", f"rate limited: {_TOO_LATE}" if row.limited else _TOO_LATE)


def _plainer(message: Message) -> Message:
    return Message(message.text, message.plainer or [])


def _is_answer(post: Post) -> bool:
    return post.kind == "answer" and bool(post.question)


def _can_look(post: Post) -> bool:
    """Whether one can see if a message has arrived: in direct messages, as no other history may be
    read."""
    way = post.way
    return way.how == POST and _is_answer(post) and str(way.args["channel"]).startswith("D")


def _pause(row: Row) -> float:
    return float(min(FIRST_PAUSE * 2**row.tries, _LONGEST_PAUSE))
