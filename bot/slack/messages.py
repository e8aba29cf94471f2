"""What a message event says: a person wrote something, edited it, or deleted it.

https://docs.slack.dev/reference/events/message
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Subtypes of messages that people write: plain, with a file, a reply also sent to the channel.
_WRITTEN_BY_PEOPLE = (None, "file_share", "thread_broadcast")


@dataclass(frozen=True, slots=True)
class Said:
    """A message by which a person asks the bot.

    - `thread`: the timestamp of the thread's first message; None outside a thread.
    - `edited_at`: the timestamp of the edit; None for a message as it was first written.
    - `files`: the files that came with it, as Slack describes them.
    """

    text: str
    user: str
    channel: str
    ts: str
    thread: str | None = None
    edited_at: str | None = None
    files: tuple[Any, ...] = ()

    @property
    def has_file(self) -> bool:
        return bool(self.files)


def said_in(event: Mapping[str, Any]) -> Said | None:
    """What a person asks by an event. None for messages of bots, joins, changes that are no edits
    (an unfurled link, a pin), and for channel messages without a mention (Slack sends these only to
    apps with more scopes than the manifest asks for)."""
    written: Mapping[str, Any] = event
    if event.get("subtype") == "message_changed":
        # https://docs.slack.dev/reference/events/message/message_changed
        written = event.get("message") or {}
        before = event.get("previous_message") or {}
        if not written.get("edited") or written.get("text") == before.get("text"):
            return None
    if written.get("subtype") not in _WRITTEN_BY_PEOPLE or written.get("bot_id"):
        return None
    channel = event.get("channel")
    user, ts, text = written.get("user"), written.get("ts"), written.get("text") or ""
    if not (isinstance(user, str) and isinstance(channel, str) and isinstance(ts, str)):
        return None
    if user == "USLACKBOT" or not isinstance(text, str):
        return None
    if event.get("type") != "app_mention" and event.get("channel_type") != "im":
        return None
    thread = written.get("thread_ts")
    return Said(
        text,
        user,
        channel,
        ts,
        # Of a thread's first message this is its own timestamp, once it has replies.
        thread if thread != ts else None,
        (written.get("edited") or {}).get("ts"),
        tuple(files) if isinstance(files := written.get("files") or (), list) else (),
    )


def deleted(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """The channel and timestamp of a direct message that its writer deleted; None for any other
    event. The first message of a thread with replies becomes a tombstone:
    https://docs.slack.dev/reference/events/message/message_deleted"""
    if event.get("channel_type") != "im" or not isinstance(event.get("channel"), str):
        return None
    if event.get("subtype") == "message_deleted":
        before = event.get("previous_message") or {}
        ts = event.get("deleted_ts") or before.get("ts")
        return None if before.get("bot_id") or not ts else (event["channel"], ts)
    changed = event.get("message") or {}
    if event.get("subtype") == "message_changed" and changed.get("subtype") == "tombstone":
        return (event["channel"], changed["ts"]) if changed.get("ts") else None
    return None
