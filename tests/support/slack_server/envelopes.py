"""The shapes Slack sends: events, slash commands, button presses, Socket Mode envelopes."""

import html
import itertools
import re
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

VERIFICATION_TOKEN = "verification-token"


@dataclass(frozen=True)
class Identity:
    """The workspace and the app installed in it."""

    team: str = "T1"
    bot_user: str = "UBOT"
    bot_id: str = "BBOT"
    app_id: str = "A1"
    domain: str = "testing"
    enterprise: str = ""
    of_organisation: bool = False  # the organisation installed the app


class Timestamps:
    """Message timestamps, which are also ids: unique and increasing, whatever the clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        """A ts such as "1712345678.000200"."""
        with self._lock:
            self._last = max(self._last + 100, time.time_ns() // 1000)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


_timestamps = Timestamps()
_numbers = itertools.count(1)
next_ts = _timestamps.next


def dm_channel(user: str) -> str:
    """The direct-message channel between a user and the bot: D1 for U1."""
    return "D" + user[1:]


def rich_text(text: str) -> list[dict[str, Any]]:
    """The rich_text block Slack makes of what a user typed.

    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
    """
    elements: list[dict[str, Any]] = []
    for piece in re.split(r"(<@[A-Z0-9]+>)", text):
        if re.fullmatch(r"<@[A-Z0-9]+>", piece):
            elements.append({"type": "user", "user_id": piece[2:-1]})
        elif piece:
            # In `text` &, < and > are escaped; in blocks they are not.
            elements.append({"type": "text", "text": html.unescape(piece)})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": f"b{next(_numbers)}", "elements": [section]}]


def message(
    text: str,
    user: str = "U1",
    channel: str = "C1",
    *,
    channel_type: str = "channel",
    ts: str | None = None,
    thread_ts: str | None = None,
    team: str = "T1",
) -> dict[str, Any]:
    """A message event: https://docs.slack.dev/reference/events/message"""
    stamp = ts or next_ts()
    event = {
        "client_msg_id": str(uuid.uuid4()),
        "type": "message",
        "text": text,
        "user": user,
        "ts": stamp,
        "team": team,
        "blocks": rich_text(text),
        "channel": channel,
        "event_ts": stamp,
        "channel_type": channel_type,
    }
    if thread_ts is not None:
        event["thread_ts"] = thread_ts
    return event


def direct_message(
    text: str,
    user: str = "U1",
    channel: str = "D1",
    *,
    ts: str | None = None,
    thread_ts: str | None = None,
    team: str = "T1",
) -> dict[str, Any]:
    """A message to the bot: https://docs.slack.dev/reference/events/message.im"""
    return message(text, user, channel, channel_type="im", ts=ts, thread_ts=thread_ts, team=team)


def app_mention(
    text: str,
    user: str = "U1",
    channel: str = "C1",
    ts: str | None = None,
    thread_ts: str | None = None,
    *,
    team: str = "T1",
    bot_user: str = "UBOT",
) -> dict[str, Any]:
    """A mention of the bot: https://docs.slack.dev/reference/events/app_mention

    The mention itself is put in front when the text does not have it.
    """
    if f"<@{bot_user}>" not in text:
        text = f"<@{bot_user}> {text}"
    event = message(text, user, channel, ts=ts, thread_ts=thread_ts, team=team)
    del event["channel_type"]  # alone among message-like events, app_mention has none
    return event | {"type": "app_mention"}


def app_home_opened(user: str = "U1", *, tab: str = "home") -> dict[str, Any]:
    """The user opened the app's "home" or "messages" tab.

    https://docs.slack.dev/reference/events/app_home_opened
    """
    return {
        "type": "app_home_opened",
        "user": user,
        "channel": dm_channel(user),
        "event_ts": next_ts(),
        "tab": tab,
    }


def message_changed(
    event: dict[str, Any], text: str | None = None, **changes: Any
) -> dict[str, Any]:
    """A direct message was edited to `text`; without one, Slack itself changed it (unfurled a link,
    pinned it). `changes` are further fields of the message.

    https://docs.slack.dev/reference/events/message/message_changed
    """
    before = {name: value for name, value in event.items() if name not in _OF_THE_EVENT}
    after = before | changes
    if text is not None:
        edited = {"user": event["user"], "ts": next_ts()}
        after |= {"text": text, "blocks": rich_text(text), "edited": edited}
    return _about(event, "message_changed") | {"message": after, "previous_message": before}


def message_deleted(event: dict[str, Any]) -> dict[str, Any]:
    """A direct message was deleted: https://docs.slack.dev/reference/events/message/message_deleted"""
    before = {name: value for name, value in event.items() if name not in _OF_THE_EVENT}
    deleted = {"deleted_ts": event["ts"], "previous_message": before}
    return _about(event, "message_deleted") | deleted


def _about(event: dict[str, Any], subtype: str) -> dict[str, Any]:
    """A message event that tells of another message."""
    stamp = next_ts()
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": event["channel"],
        "channel_type": event["channel_type"],
        "ts": stamp,
        "event_ts": stamp,
    }


#: What a message event has and the message in it has not.
_OF_THE_EVENT = ("channel", "channel_type", "event_ts")


def member_joined_channel(
    user: str, channel: str = "C1", *, inviter: str | None = None, team: str = "T1"
) -> dict[str, Any]:
    """https://docs.slack.dev/reference/events/member_joined_channel"""
    event = {
        "type": "member_joined_channel",
        "user": user,
        "channel": channel,
        "channel_type": "C",
        "team": team,
        "event_ts": next_ts(),
    }
    return event | ({"inviter": inviter} if inviter else {})


def agent_session_stopped(channel: str, thread_ts: str, user: str = "U1") -> dict[str, Any]:
    """https://docs.slack.dev/reference/events/agent_session_stopped"""
    return {
        "type": "agent_session_stopped",
        "channel": channel,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": [],
        "event_ts": next_ts(),
    }


def shortcut(
    identity: Identity,
    *,
    callback_id: str,
    user: str,
    trigger_id: str,
    message: dict[str, Any] | None = None,
    channel: str = "",
    response_url: str = "",
) -> dict[str, Any]:
    """A global shortcut; with `message`, one of that message's menu.

    https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload
    """
    payload: dict[str, Any] = {
        "type": "shortcut",
        "token": VERIFICATION_TOKEN,
        "action_ts": next_ts(),
        "team": _team(identity),
        "user": {"id": user, "username": user.lower(), "team_id": identity.team},
        "is_enterprise_install": identity.of_organisation,
        "enterprise": _enterprise(identity),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
    }
    if message is not None:
        payload |= {
            "type": "message_action",
            "channel": {"id": channel, "name": _channel_name(channel)},
            "message_ts": message["ts"],
            "message": message,
            "response_url": response_url,
        }
    return payload


def event_callback(
    event: dict[str, Any], identity: Identity, event_id: str | None = None
) -> dict[str, Any]:
    """The wrapper around every event: https://docs.slack.dev/apis/events-api-field"""
    where = event.get("channel", "")
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": identity.team,
        **({"enterprise_id": identity.enterprise} if identity.enterprise else {}),
        "api_app_id": identity.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id or f"Ev{next(_numbers):08d}",
        "event_time": int(float(event.get("event_ts") or time.time())),
        "authorizations": [
            {
                "enterprise_id": identity.enterprise or None,
                "team_id": None if identity.of_organisation else identity.team,
                "user_id": identity.bot_user,
                "is_bot": True,
                "is_enterprise_install": identity.of_organisation,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event.get('type')}-{identity.team}-{identity.app_id}-{where}",
    }


def slash_command(
    identity: Identity,
    *,
    command: str,
    text: str,
    user: str,
    channel: str,
    response_url: str,
    trigger_id: str,
) -> dict[str, Any]:
    """https://docs.slack.dev/interactivity/implementing-slash-commands"""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": identity.team,
        "team_domain": identity.domain,
        **({"enterprise_id": identity.enterprise} if identity.enterprise else {}),
        "channel_id": channel,
        "channel_name": _channel_name(channel),
        "user_id": user,
        "user_name": user.lower(),
        "command": command,
        "text": text,
        "api_app_id": identity.app_id,
        "is_enterprise_install": str(
            identity.of_organisation
        ).lower(),  # a string: over HTTP the command is a form
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _interaction(identity: Identity, user: str, trigger_id: str) -> dict[str, Any]:
    """What presses and submissions have alike:
    https://docs.slack.dev/reference/interaction-payloads"""
    return {
        "user": {
            "id": user,
            "username": user.lower(),
            "name": user.lower(),
            "team_id": identity.team,
        },
        "api_app_id": identity.app_id,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": _team(identity),
        "enterprise": _enterprise(identity),
        "is_enterprise_install": identity.of_organisation,
    }


def _team(identity: Identity) -> dict[str, Any] | None:
    """Null for an app that is installed for an organisation."""
    return None if identity.of_organisation else {"id": identity.team, "domain": identity.domain}


def _enterprise(identity: Identity) -> dict[str, Any] | None:
    return {"id": identity.enterprise, "name": "an org"} if identity.enterprise else None


def app_uninstalled() -> dict[str, Any]:
    """https://docs.slack.dev/reference/events/app_uninstalled"""
    return {"type": "app_uninstalled"}


def tokens_revoked(*bots: str) -> dict[str, Any]:
    """https://docs.slack.dev/reference/events/tokens_revoked"""
    return {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": list(bots)}}


def block_actions(
    identity: Identity,
    *,
    action: dict[str, Any],
    user: str,
    channel: str,
    message: dict[str, Any],
    ephemeral: bool,
    response_url: str,
    trigger_id: str,
) -> dict[str, Any]:
    """A button press: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
    payload: dict[str, Any] = {
        "type": "block_actions",
        **_interaction(identity, user, trigger_id),
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel,
            "is_ephemeral": ephemeral,
            **thread,
        },
        "channel": {"id": channel, "name": _channel_name(channel)},
        "message": message,
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action | {"action_ts": next_ts()}],
    }
    if ephemeral:
        # Slack does not store ephemeral messages, so it cannot send them back.
        del payload["message"]
    return payload


def view_actions(
    identity: Identity,
    *,
    action: dict[str, Any],
    user: str,
    view: dict[str, Any],
    trigger_id: str,
) -> dict[str, Any]:
    """A press in a modal or in a Home tab: the container is the view, and there is neither a
    message nor a response_url.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    return {
        "type": "block_actions",
        **_interaction(identity, user, trigger_id),
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [action | {"action_ts": next_ts()}],
    }


def shared_file(file_id: str, name: str, size: int, url: str, user: str = "U1") -> dict[str, Any]:
    """A file as events and view submissions have it:
    https://docs.slack.dev/reference/objects/file-object"""
    return {
        "id": file_id,
        "created": int(time.time()),
        "name": name,
        "title": name,
        "filetype": name.rpartition(".")[2].lower(),
        "user": user,
        "size": size,
        "mode": "hosted",
        "is_external": False,
        "url_private": url,
        "url_private_download": url,
    }


def file_share(
    files: list[dict[str, Any]], text: str = "", user: str = "U1", *, team: str = "T1"
) -> dict[str, Any]:
    """A direct message with files: https://docs.slack.dev/reference/events/message/file_share"""
    event = direct_message(text, user, dm_channel(user), team=team)
    return event | {"subtype": "file_share", "files": files, "upload": False}


def view_submission(
    identity: Identity,
    *,
    view: dict[str, Any],
    values: dict[str, Any],
    user: str,
    trigger_id: str,
) -> dict[str, Any]:
    """A modal is sent: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload

    `values` are those of the inputs, by block and action.
    """
    return {
        "type": "view_submission",
        **_interaction(identity, user, trigger_id),
        "view": {**view, "state": {"values": values}},
        "response_urls": [],
    }


def hello(identity: Identity, connections: int) -> dict[str, Any]:
    """The greeting: https://docs.slack.dev/apis/events-api/using-socket-mode"""
    return {
        "type": "hello",
        "num_connections": connections,
        "debug_info": {
            "host": "applink-test",
            "build_number": 1,
            "approximate_connection_time": 18060,
        },
        "connection_info": {"app_id": identity.app_id},
    }


def disconnect(reason: str) -> dict[str, Any]:
    """https://docs.slack.dev/apis/events-api/using-socket-mode"""
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-test"}}


def envelope(
    kind: str, payload: dict[str, Any], *, accepts_response_payload: bool, **extra: Any
) -> dict[str, Any]:
    """A Socket Mode envelope: https://docs.slack.dev/apis/events-api/using-socket-mode"""
    return {
        "envelope_id": str(uuid.uuid4()),
        "payload": payload,
        "type": kind,
        "accepts_response_payload": accepts_response_payload,
        **extra,
    }


def _channel_name(channel: str) -> str:
    return "directmessage" if channel.startswith("D") else f"channel-{channel.lower()}"
