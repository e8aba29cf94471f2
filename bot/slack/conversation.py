"""Which earlier questions belong to a message: the one that it follows, and those that it was
before it was edited. All of it is in the log, so it survives a restart and is the same for all
processes."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.desk.intent import courtesy
from bot.querylog import QueryLog, QuestionRecord, Record
from bot.querylog.workspaces import of_workspace
from bot.slack.people import is_for_asker_alone
from bot.slack.workspaces.place import workspace_of

#: For how long after an answer a direct message outside its thread goes on from it.
GOES_ON = dt.timedelta(minutes=30)
#: Why no answer to a message that was deleted is posted.
DELETED = "the question was deleted"
STOPPED = "stopped by the asker"
#: How far an answer got (`Record.delivery`) that was certainly not posted.
NOT_OUT = ("unanswered", "undelivered", "waiting")
#: How many of the log's last records are looked at: for an answer of the last half hour, and for
#: whether somebody asked at all. 50,000 records take about 20 ms.
_FEW, _MANY = 5_000, 50_000
#: How many questions of a place are looked at for one to go on from.
_LOOKED_AT = 10
#: How far Slack's clock and ours may differ.
_CLOCKS = dt.timedelta(minutes=10)

_KEY = "json_extract(body, '$.message_key')"
#: `{0}`: without an index, SQLite would read all questions.
_QUESTIONS = f"select {_KEY}, subject from records {{0}}"
_VERSIONS = f"""
    {_QUESTIONS} where kind = 'question' and {_KEY} = ?
    union all {_QUESTIONS} where kind = 'question' and {_KEY} > ? and {_KEY} < ?
"""


def team_of(body: Mapping[str, Any], event: Mapping[str, Any]) -> str | None:
    """The workspace of the person who wrote. Where an app is installed for an organisation, or a
    channel is shared, it need not be the one that the event is of:
    https://docs.slack.dev/apis/events-api#event-payload"""
    found = event.get("user_team") or event.get("team") or body.get("team_id")
    return found or body.get("enterprise_id")


def message_key(body: Mapping[str, Any], channel: str, ts: str) -> str:
    """The id of a message. A mention in a direct message arrives as two events with one
    timestamp."""
    return f"{workspace_of(body).team}/{channel}/{ts}"


def versions(log: QueryLog, key: str) -> list[Record]:
    """The questions that a message was, oldest first: the first, and one for each edit. Events need
    not arrive in that order."""
    records = [log.get(question_id) for _, question_id in _versions(log, key)]
    return [record for record in records if record is not None]


def _versions(log: QueryLog, key: str) -> list[tuple[Decimal, str]]:
    """When each was edited, and its question."""
    with log.reading() as db:
        found = db.execute(
            _VERSIONS.format(db.indexed_by("one_question_a_message")), [key, f"{key}/", f"{key}0"]
        ).fetchall()
    return sorted((_seconds(version[len(key) + 1 :]), question) for version, question in found)


def edited_key(key: str, edited_at: str) -> str:
    """The key of an edit, which `versions` finds."""
    return f"{key}/{edited_at}"


def key_of(log: QueryLog, question_id: str) -> str | None:
    """The key of the message that a question was, with that of its edit; None for no message."""
    with log.reading() as db:
        found = db.execute(
            f"select {_KEY} from records where kind = 'question' and subject = ?", [question_id]
        ).fetchone()
    return found and found[0]


def under_way(log: QueryLog, channel: str, thread: str, user: str) -> list[str]:
    """The questions of a person in a thread whose answers are not out, whichever replica has
    them."""
    found = _newest(
        log, 'channel = ? and thread = ? and "user" = ?', [channel, thread, user], since=thread
    )
    return [record.id for record in found if record.delivery in NOT_OUT]


def is_late(log: QueryLog, key: str, edited_at: str | None) -> bool:
    """Whether a later edit of a message is in the log."""
    return any(edited > _seconds(edited_at) for edited, _ in _versions(log, key))


def _seconds(ts: str | None) -> Decimal:
    """A timestamp of Slack as a number; 0 for none."""
    return Decimal(ts) if ts and re.fullmatch(r"[0-9]+(\.[0-9]+)?", ts) else Decimal(0)


def original_key(asked: QuestionRecord) -> str:
    """The key of the message of which a question is a version."""
    return "/".join((asked.message_key or "").split("/")[:3])


def strays(records: list[Record]) -> list[tuple[str, str]]:
    """Messages of the bot that are not to stay: their question was deleted or stopped while they
    were on their way, or a later version has a message of its own. Each as the id of the question
    and the timestamp."""
    kept = posted_at(records)
    found = []
    for record in records:
        ts = posted_at([record])
        if ts and (ts != kept or _was_withdrawn(record)):
            found.append((record.id, ts))
    return found


def _was_withdrawn(record: Record) -> bool:
    reasons = {d["detail"] for d in record.deliveries if d["outcome"] == "abandoned"}
    return bool(reasons & {DELETED, STOPPED})


def posted_at(records: list[Record]) -> str | None:
    """The timestamp of the bot's message that answers them: each edit's answer takes the place of
    the one before. None while there is none, or when it was removed."""
    for record in reversed(records):
        for delivery in reversed(record.deliveries):
            if delivery["outcome"] == "delivered" and delivery["kind"] == "removed":
                return None
            if delivery["outcome"] == "delivered" and delivery["kind"] == "answer":
                return delivery["detail"] or None
    return None


def to_update(log: QueryLog, asked: QuestionRecord) -> str | None:
    """The timestamp of the message in whose place the answer to an edited question goes; None for a
    question that is no edit, or without an answer before it."""
    message, _, edit = (asked.message_key or "").rpartition("/")
    return posted_at(versions(log, message)) if message.count("/") == 2 and edit else None


def has_asked(log: QueryLog, channel: str, workspace: str) -> bool:
    """Whether there was a question in a channel of a workspace of late."""
    found = _newest(log, "channel = ?", [channel], _MANY)
    return any(of_workspace(record) == workspace for record in found)


def follows(
    log: QueryLog, asked: QuestionRecord, thread: str | None, *, now: dt.datetime
) -> str | None:
    """The id of the question that a new one goes on from; None when it begins anew.

    In a `thread` it is the last question of the thread. Outside one it is, in a direct message, the
    last question there, if its answer is not older than `GOES_ON`. What was deleted does not count,
    nor thanks and greetings, nor what others should not see: a question to which one person alone
    has the answer is gone on from by that person alone, and for them alone.
    """
    direct, params = asked.surface == "dm", [asked.channel]
    if thread:
        found = _newest(log, "channel = ? and thread = ?", [*params, thread], since=thread)
    elif direct:
        found = _newest(log, "channel = ?", params, _FEW)
    else:
        return None
    own = direct or is_for_asker_alone(asked)
    records = [
        record
        for record in found
        # Of a channel that two organisations share, each has its own.
        if (asked.workspace is None or of_workspace(record) == asked.workspace)
        and not (_was_deleted(record) or courtesy(record.text))
        and (not is_for_asker_alone(record) or (own and record.user == asked.user))
    ]
    if not records:
        return None
    last = records[0]
    if not thread and (last.answered_at is None or now - _time(last.answered_at) > GOES_ON):
        return None
    return last.id


def _newest(
    log: QueryLog, where: str, params: list[Any], most: int | None = None, since: str = ""
) -> list[Record]:
    """The newest questions for which a condition holds, newest first: among the last `most` records
    of the log, and those since the timestamp of a thread's first message."""
    first = _number_at(log, since) if since else 0
    oldest = f"(select max(seq) - {most} from records)" if most else str(first)
    return log.select(f"seq > {oldest} and {where} order by seq desc limit {_LOOKED_AT}", params)


def _number_at(log: QueryLog, ts: str) -> int:
    """The number of the last record before a timestamp of Slack, in seconds; 0 for none. Records
    are numbered in the order of time: https://docs.slack.dev/messaging/retrieving-messages"""
    try:
        time = dt.datetime.fromtimestamp(float(ts), dt.UTC) - _CLOCKS
    except (ValueError, OverflowError, OSError):
        return 0
    with log.reading() as db:
        newest = db.execute("select max(seq) from records").fetchone()[0] or 0

        def written(number: int) -> dt.datetime:
            found = db.execute("select at from records where seq = ?", [number + 1]).fetchone()
            return _time(found[0])

        return bisect_left(range(newest), time, key=written)


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _was_deleted(record: Record) -> bool:
    return any(d["kind"] == "removed" or d["detail"] == DELETED for d in record.deliveries)
