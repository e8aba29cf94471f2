"""What the Web API methods do and answer: https://docs.slack.dev/reference/methods"""

import itertools
import time
import uuid
from collections.abc import Callable
from typing import Any

from .envelopes import Identity, dm_channel, next_ts
from .records import ServedFile

Args = dict[str, Any]
Answer = dict[str, Any]

# https://docs.slack.dev/interactivity/handling-user-interaction
TRIGGER_SECONDS = 3.0


def refused(error: str) -> Answer:
    """The body of a refused call: https://docs.slack.dev/apis/web-api"""
    return {"ok": False, "error": error}


class Workspace:
    """The messages the bot posted and the trigger ids it may use. The server does the locking."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._messages: dict[tuple[str, str], Answer] = {}
        self._ephemeral: set[tuple[str, str]] = set()
        self._triggers: dict[str, float | None] = {}  # when issued; None once exchanged
        self.sessions: dict[tuple[str, str], str] = {}  # (channel, thread) -> status
        self._numbers = itertools.count(1)
        self._homes: dict[str, Answer] = {}  # user -> their Home tab
        self._modals: dict[str, Answer] = {}  # view id -> the modal
        self._files: dict[str, tuple[Answer, ServedFile]] = {}  # id -> as described, as served
        #: Whether a channel or a person is of another workspace.
        self.is_foreign: Callable[[str], bool] = lambda _: False
        #: The people of each user group.
        self.groups: dict[str, list[str]] = {}
        #: Channels that the bot is not in, and types of blocks that the workspace does not have.
        self.left: set[str] = set()
        self.lacks: set[str] = set()
        self._methods: dict[str, Callable[[Args], Answer]] = {
            "agents.sessions.setStatus": self._set_status,
            "auth.test": self._auth_test,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.open": self._open_conversation,
            "conversations.replies": self._history,
            "views.open": self._open_view,
            "views.publish": self._publish,
            "views.push": self._open_view,
            "views.update": self._update_view,
            "files.info": self._file_info,
            "usergroups.users.list": self._group,
        }

    def knows(self, method: str) -> bool:
        """Whether the method has an answer of its own; every other one just gets ok."""
        return method in self._methods

    def call(self, method: str, args: Args) -> Answer:
        """Do what the method does and return the body to answer."""
        answer = self._methods.get(method)
        return {"ok": True} if answer is None else answer(args)

    def new_trigger(self) -> str:
        """A trigger_id, good for one view within TRIGGER_SECONDS."""
        trigger = f"{next(self._numbers)}.{self._identity.team}.{uuid.uuid4().hex}"
        self._triggers[trigger] = time.monotonic()
        return trigger

    def message(self, channel: str, ts: str | None = None) -> Answer | None:
        """A message as it stands after updates: the one at `ts`, or the channel's newest."""
        channel = resolve(channel)
        if ts is not None:
            return self._messages.get((channel, ts))
        stamps = [stamp for place, stamp in self._messages if place == channel]
        return self._messages[channel, max(stamps, key=float)] if stamps else None

    def add_message(self, channel: str, ts: str, **fields: Any) -> Answer:
        """Put a message of the bot's into a channel."""
        identity = self._identity
        posted = {
            "type": "message",
            "user": identity.bot_user,
            "bot_id": identity.bot_id,
            "app_id": identity.app_id,
            "team": identity.team,
            "ts": ts,
            **fields,
        }
        self._messages[resolve(channel), ts] = posted
        return posted

    def is_ephemeral(self, channel: str, ts: str) -> bool:
        """Whether the message was posted with chat.postEphemeral."""
        return (resolve(channel), ts) in self._ephemeral

    def home(self, user: str) -> Answer | None:
        """The Home tab of a user as it stands; None before the app published it."""
        return self._homes.get(user)

    def modal(self, view_id: str | None = None) -> Answer | None:
        """A modal as it stands after updates: the one with this id, or the last that opened."""
        return self._modals.get(view_id or next(reversed(self._modals), ""))

    def add_file(self, described: Answer, served: ServedFile) -> None:
        """Put a file into the workspace."""
        self._files[described["id"]] = (described, served)

    def file(self, file_id: str) -> ServedFile | None:
        """What the download of a file gets."""
        return self._files[file_id][1] if file_id in self._files else None

    def _auth_test(self, args: Args) -> Answer:
        identity = self._identity
        return {
            "ok": True,
            "url": f"https://{identity.domain}.slack.com/",
            "team": identity.domain,
            "user": "code_desk",
            "team_id": identity.team,
            "user_id": identity.bot_user,
            "bot_id": identity.bot_id,
            "is_enterprise_install": identity.of_organisation,
            **({"enterprise_id": identity.enterprise} if identity.enterprise else {}),
        }

    def _post_message(self, args: Args) -> Answer:
        if refusal := self._not_postable(args):
            return refusal
        content = _content(args)
        channel, ts = resolve(str(args.get("channel", ""))), next_ts()
        posted = self.add_message(channel, ts, **content, **_only(args, "thread_ts", "metadata"))
        return {"ok": True, "channel": channel, "ts": ts, "message": dict(posted)}

    def _post_ephemeral(self, args: Args) -> Answer:
        if refusal := self._not_postable(args):
            return refusal
        content = _content(args)
        channel, ts = resolve(str(args.get("channel", ""))), next_ts()
        self.add_message(channel, ts, **content, **_only(args, "thread_ts"))
        self._ephemeral.add((channel, ts))
        return {"ok": True, "message_ts": ts}

    def _not_postable(self, args: Args) -> Answer | None:
        """Why a message cannot be posted; None when it can."""
        if not _content(args):
            return refused("no_text")
        channel = str(args.get("channel", ""))
        if channel in self.left or self.is_foreign(channel):
            return refused("channel_not_found")
        blocks = args.get("blocks")
        kinds = {block.get("type") for block in blocks} if isinstance(blocks, list) else set()
        return refused("invalid_blocks") if kinds & self.lacks else None

    def _history(self, args: Args) -> Answer:
        """A direct message, or a thread in one (`ts`): no other history may be read."""
        channel, thread = str(args.get("channel", "")), args.get("ts")
        if not channel.startswith("D"):
            return refused("missing_scope")
        oldest = float(args.get("oldest") or 0)
        found = [
            dict(message)
            for (place, ts), message in sorted(self._messages.items(), key=lambda kept: kept[0][1])
            if place == channel
            and float(ts) >= oldest
            and (place, ts) not in self._ephemeral
            and message.get("thread_ts") == thread
        ]
        if not args.get("include_all_metadata"):
            for message in found:
                message.pop("metadata", None)
        # https://docs.slack.dev/apis/web-api/pagination, a message a page
        start = int(args.get("cursor") or 0)
        more = start + 1 < len(found)
        cursor = {"response_metadata": {"next_cursor": str(start + 1)}} if more else {}
        return {"ok": True, "messages": found[start : start + 1], "has_more": more, **cursor}

    def _update(self, args: Args) -> Answer:
        # Unlike posting, updating a direct message takes its channel id; a user id will not do.
        channel, ts = str(args.get("channel", "")), str(args.get("ts", ""))
        posted = self._messages.get((channel, ts))
        if posted is None or self.is_ephemeral(channel, ts):
            return refused("message_not_found")
        if not (content := _content(args)):
            return refused("no_text")
        if content["text"] or "markdown_text" in content:
            # New text without blocks removes the blocks there were:
            # https://docs.slack.dev/reference/methods/chat.update
            posted.pop("blocks", None)
        posted.update(content)
        return {
            "ok": True,
            "channel": channel,
            "ts": ts,
            "text": posted.get("text", ""),
            "message": dict(posted),
        }

    def _delete(self, args: Args) -> Answer:
        channel, ts = resolve(str(args.get("channel", ""))), str(args.get("ts", ""))
        if (channel, ts) in self._ephemeral or self._messages.pop((channel, ts), None) is None:
            return refused("message_not_found")
        return {"ok": True, "channel": channel, "ts": ts}

    def _open_conversation(self, args: Args) -> Answer:
        channel, users = args.get("channel"), str(args.get("users") or "")
        if not channel and not users:
            return refused("users_list_not_supplied")
        return {"ok": True, "channel": {"id": channel or dm_channel(users.split(",")[0])}}

    def _open_view(self, args: Args) -> Answer:
        trigger = str(args.get("trigger_id", ""))
        if trigger not in self._triggers:
            return refused("invalid_trigger_id")
        issued = self._triggers[trigger]
        if issued is None:
            return refused("exchanged_trigger_id")
        if time.monotonic() - issued > TRIGGER_SECONDS:
            return refused("expired_trigger_id")
        self._triggers[trigger] = None
        return self._remembered(self._view(args))

    def _publish(self, args: Args) -> Answer:
        """https://docs.slack.dev/reference/methods/views.publish"""
        user = str(args.get("user_id", ""))
        if self.is_foreign(user):
            return refused("user_not_found")
        before = self._homes.get(user)
        if args.get("hash") and before and args["hash"] != before["hash"]:
            return refused("hash_conflict")
        answer = self._view({**args, "view_id": before["id"] if before else None})
        self._homes[user] = answer["view"]
        return answer

    def _update_view(self, args: Args) -> Answer:
        """https://docs.slack.dev/reference/methods/views.update"""
        if external := args.get("external_id"):
            named = [v for v in self._modals.values() if v.get("external_id") == external]
            before = named[0] if named else None
        else:
            before = self._modals.get(str(args.get("view_id", "")))
        if before is None:
            return refused("not_found")
        args = args | {"view_id": before["id"]}
        if args.get("hash") and args["hash"] != before["hash"]:
            return refused("hash_conflict")
        return self._remembered(self._view(args))

    def _remembered(self, answer: Answer) -> Answer:
        self._modals[answer["view"]["id"]] = answer["view"]
        return answer

    def _group(self, args: Args) -> Answer:
        """https://docs.slack.dev/reference/methods/usergroups.users.list"""
        found = self.groups.get(str(args.get("usergroup", "")))
        return refused("no_such_subteam") if found is None else {"ok": True, "users": found}

    def _file_info(self, args: Args) -> Answer:
        """https://docs.slack.dev/reference/methods/files.info"""
        found = self._files.get(str(args.get("file", "")))
        return {"ok": True, "file": dict(found[0])} if found else refused("file_not_found")

    def respond_to_view(self, view_id: str, response: Args) -> None:
        """What the acknowledgement of a submission does to the modal.
        https://docs.slack.dev/surfaces/modals#response_actions"""
        action = response.get("response_action")
        if action == "update":
            self._remembered(self._view({"view_id": view_id, "view": response["view"]}))
        elif action != "errors":
            self._modals.pop(view_id, None)

    def close_view(self, view_id: str) -> None:
        """The user closes a modal."""
        self._modals.pop(view_id, None)

    def _set_status(self, args: Args) -> Answer:
        place = str(args.get("channel_id", "")), str(args.get("thread_ts", ""))
        self.sessions[place] = str(args["status"])
        return {"ok": True, "status": args["status"], "title": args.get("title", "")}

    def _view(self, args: Args) -> Answer:
        identity = self._identity
        view = args["view"] if isinstance(args.get("view"), dict) else {}
        number = next(self._numbers)
        assigned: Answer = {
            "id": args.get("view_id") or f"V{number}",
            "team_id": identity.team,
            "app_id": identity.app_id,
            "bot_id": identity.bot_id,
            "hash": f"{next_ts()}.{number}",
            "state": {"values": {}},
        }
        given = {"private_metadata": "", "callback_id": "", **view, **assigned}
        return {"ok": True, "view": given}


def resolve(channel: str) -> str:
    """The channel a message ends up in: posting to a user id posts to the direct message."""
    return dm_channel(channel) if channel.startswith("U") else channel


def _content(args: Args) -> Args:
    """What a message says; empty when it says nothing."""
    content = _only(args, "text", "blocks", "attachments", "markdown_text")
    return {"text": "", **content} if content else {}


def _only(args: Args, *names: str) -> Args:
    return {name: args[name] for name in names if args.get(name)}
