"""The loopback Slack: what a test sees of it, and how it answers the app."""

import base64
import copy
import json
import math
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import envelopes
from .envelopes import Identity
from .installs import Installs, Tenant
from .judge import Judge, block_breaches
from .listener import Listener, Request
from .records import DROPPED, Call, Failure, ServedFile
from .socket_mode import Delivery, SocketMode
from .websocket import WebSocket
from .workspace import Workspace, refused, resolve

RESPONSE_URL_USES = 5  # within 30 minutes, which no test lasts


class SlackServer:
    """A Slack workspace on 127.0.0.1 with one app installed.

    `methods_json` is a published method list (or its content) to judge every call against;
    `scopes` are those granted to the bot, None for all of them. Breaches are in `violations`.
    """

    def __init__(
        self,
        methods_json: Path | Mapping[str, Any] | None = None,
        bot_token: str = "xoxb-test",
        app_token: str = "xapp-test",
        signing_secret: str = "secret",
        bot_user: str = "UBOT",
        team: str = "T1",
        *,
        scopes: set[str] | None = None,
    ) -> None:
        methods: Mapping[str, Any] | None = (
            json.loads(methods_json.read_text("utf-8"))
            if isinstance(methods_json, Path)
            else methods_json
        )
        self.bot_token = bot_token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self.identity = Identity(team=team, bot_user=bot_user)
        self.calls: list[Call] = []
        self._scopes = scopes
        self._judge = Judge(methods, scopes)
        self._changed = threading.Condition()  # guards and announces all that changes below
        self._workspace = Workspace(self.identity)
        self._installs = Installs()
        #: The workspace of the bot token that the server was made with.
        self._home = Tenant(self.identity, self._workspace, tokens=[bot_token])
        self._installs.tenants.append(self._home)
        self._workspace.is_foreign = partial(self._installs.is_foreign, self._home)
        self._socket_mode = SocketMode(self.identity, self._changed, self.acknowledged)
        self._violations: list[str] = []
        self._failures: dict[str, list[Failure]] = {}
        self._response_urls: dict[str, int] = {}  # path -> uses left
        self._expired: set[str] = set()  # paths
        self._pace = 0.0  # seconds between messages in a channel
        self._next: dict[str, float] = {}  # channel -> when it takes the next message
        self._told: dict[str, float] = {}  # channel -> until when the app was told to wait
        self._stopping = threading.Event()
        self._listener: Listener | None = None
        self._port = 0

    # Starting and stopping

    def start(self) -> "SlackServer":
        """Listen on a free port; after `stop`, on the same as before."""
        self._stopping.clear()
        self._listener = Listener(self, self._port)
        self._port = self._listener.server_address[1]
        threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name="slack-server", daemon=True
        ).start()
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection. Does nothing when not running."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self._stopping.set()
            listener.shutdown()
            listener.server_close()
            listener.cut_connections()

    def __enter__(self) -> "SlackServer":
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The server's root, without a slash at the end."""
        if self._listener is None:
            raise RuntimeError("the server is not running")
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    @property
    def api_url(self) -> str:
        """The base_url for a WebClient."""
        return f"{self.url}/api/"

    # More workspaces

    def add_workspace(
        self,
        team: str,
        *,
        bot_user: str = "",
        owns: tuple[str, ...] = (),
        enterprise: str = "",
        of_organisation: bool = False,
        expires_in: int = 0,
    ) -> "SlackServer":
        """This server as it is for another workspace, in which the app is not installed yet: what
        is sent, posted and opened there. `owns`: the beginnings of the ids of its channels and
        people, which no other workspace has. With `of_organisation` the app is installed for all
        of the enterprise."""
        identity = Identity(
            team=team,
            bot_user=bot_user or f"UBOT{team}",
            bot_id=f"BBOT{team}",
            domain=team.lower(),
            enterprise=enterprise,
            of_organisation=of_organisation,
        )
        workspace = Workspace(identity)
        tenant = Tenant(identity, workspace, owns, expires_in=expires_in)
        workspace.is_foreign = partial(self._installs.is_foreign, tenant)
        with self._changed:
            self._installs.tenants.append(tenant)
        return self._seen_from(identity, workspace, tenant)

    def sibling(self, team: str) -> "SlackServer":
        """This server as it is for another workspace of the same organisation, by whose
        installation the app is there, too."""
        identity = replace(self.identity, team=team, domain=team.lower())
        return self._seen_from(identity, self._workspace, self._home)

    def _seen_from(self, identity: Identity, workspace: Workspace, tenant: Tenant) -> "SlackServer":
        seen = copy.copy(self)
        seen.identity, seen._workspace, seen._home = identity, workspace, tenant
        return seen

    def approve(self, address: str, by: str = "U1") -> str:
        """Somebody of this workspace allows the app; gives the address they are led back to."""
        with self._changed:
            return self._installs.approve(self._home, address, by)

    def uninstall(self) -> None:
        """The app's tokens here are good for nothing from now on. Slack then sends events."""
        with self._changed:
            self._installs.uninstall(self._home)

    @property
    def tokens(self) -> list[str]:
        """The bot's tokens that are good here, the last one last."""
        with self._changed:
            return list(self._home.tokens)

    def set_group(self, group: str, *users: str) -> None:
        """Make a user group."""
        with self._changed:
            self._workspace.groups[group] = list(users)

    def token_of(self, call: Call) -> str:
        """The token that a call was made with."""
        return call.headers.get("authorization", "").removeprefix("Bearer ")

    # What the app did

    @property
    def violations(self) -> list[str]:
        """What the app did although Slack's documentation does not allow it."""
        with self._changed:
            return self._violations + self._socket_mode.violations

    def messages(self, channel: str | None = None) -> list[Call]:
        """The calls that posted a message (for all to see or for one), oldest first."""
        posting = ("chat.postMessage", "chat.postEphemeral")
        with self._changed:
            return [
                call
                for call in self.calls
                if call.method in posting
                and call.took_effect
                and (channel is None or resolve(call.args["channel"]) == resolve(channel))
            ]

    def message(self, channel: str, ts: str | None = None) -> dict[str, Any] | None:
        """A message as it stands after updates: the one at `ts`, or the channel's newest."""
        with self._changed:
            found = self._workspace.message(channel, ts)
            return dict(found) if found else None

    def wait_for(
        self, wanted: str | Callable[[Call], bool], count: int = 1, timeout: float = 30.0
    ) -> list[Call]:
        """Block until `count` calls of a method, or calls a predicate accepts; return them all."""

        def matching() -> list[Call]:
            if isinstance(wanted, str):
                return [call for call in self.calls if call.method == wanted]
            return [call for call in self.calls if wanted(call)]

        with self._changed:
            if not self._changed.wait_for(lambda: len(matching()) >= count, timeout):
                arrived = "".join(f"\n  {call}" for call in self.calls) or " nothing"
                raise AssertionError(
                    f"{len(matching())} of {count} calls of {wanted} within {timeout} s; "
                    f"arrived:{arrived}"
                )
            return matching()

    def close_view(self, view_id: str) -> None:
        """The user closes a modal."""
        with self._changed:
            self._workspace.close_view(view_id)

    def session(self, channel: str, thread_ts: str) -> str | None:
        """The status of an agent's session; None when there is none."""
        with self._changed:
            return self._workspace.sessions.get((channel, thread_ts))

    def acknowledged(self, payload: dict[str, Any], response: dict[str, Any]) -> None:
        """What the acknowledgement of a payload does. Over HTTP a test calls it with the body of
        the response."""
        if payload.get("type") == "view_submission":
            with self._changed:
                self._workspace.respond_to_view(payload["view"].get("id", ""), response)

    def home(self, user: str = "U1") -> dict[str, Any] | None:
        """The Home tab of a user as it stands; None before the app published it."""
        with self._changed:
            found = self._workspace.home(user)
            return dict(found) if found else None

    def modal(self, view_id: str | None = None) -> dict[str, Any] | None:
        """A modal as it stands after updates: the one with this id, or the last that opened. None
        when it is closed."""
        with self._changed:
            found = self._workspace.modal(view_id)
            return dict(found) if found else None

    # Files

    def add_file(
        self,
        name: str,
        data: bytes,
        user: str = "U1",
        *,
        redirect: str = "",
        described: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Put a file into the workspace; gives it as Slack describes it. Its download needs the
        bot's token and the scope files:read; `redirect` sends it elsewhere. `described` replaces
        fields of the description."""
        file_id = f"F{uuid.uuid4().hex[:8].upper()}"
        url = f"{self.url}/files/{file_id}/download/{quote(name)}"
        file = envelopes.shared_file(file_id, name, len(data), url, user) | dict(described or {})
        served = ServedFile(data)
        if redirect:
            served = ServedFile(status=302, location=redirect)
        with self._changed:
            self._workspace.add_file(file, served)
        return file

    # Failures

    def fail_next(
        self,
        method: str,
        *,
        status: int = 200,
        error: str | None = None,
        retry_after: int | None = None,
        times: int = 1,
        drop_connection: bool = False,
        delay: float = 0.0,
        after_effect: bool = False,
    ) -> None:
        """Let the next `times` calls of a method fail ("response_url" names the response_urls).

        The answer is an HTTP `status`, an `error` code, or none at all (`drop_connection`), after
        `delay` seconds; a delay alone makes a good answer late. With `after_effect` the call is
        carried out first, so that the app cannot know what became of it. Several orders for a
        method are used up one after the other.
        """
        failure = Failure(status, error, retry_after, times, drop_connection, delay, after_effect)
        with self._changed:
            self._failures.setdefault(method, []).append(failure)

    def failures_left(self, method: str) -> int:
        """How many failures of a method were ordered and not begun."""
        with self._changed:
            return sum(failure.times for failure in self._failures.get(method, ()))

    def forgive(self) -> None:
        """Forget the failures that were ordered and not used up."""
        with self._changed:
            self._failures.clear()

    def limit_messages(self, seconds: float = 1.0) -> None:
        """From now on take one chat.postMessage in `seconds` a channel, and answer the others 429
        with a Retry-After, of a whole number as Slack's are. An app that does not wait for so long
        has a violation. https://docs.slack.dev/apis/web-api/rate-limits
        """
        with self._changed:
            self._pace = seconds
            self._next.clear()
            self._told.clear()

    def leave(self, *channels: str) -> None:
        """Remove the bot from channels: what it posts there is refused."""
        with self._changed:
            self._workspace.left |= set(channels)

    def lack(self, *kinds: str) -> None:
        """Refuse blocks of these types, as a workspace does that does not have them yet."""
        with self._changed:
            self._workspace.lacks |= set(kinds)

    def expire(self, response_url: str) -> None:
        """Let a response_url be older than 30 minutes."""
        with self._changed:
            self._expired.add(response_url.removeprefix(self.url))

    def fall_silent(self) -> None:
        """Keep every connection open and say nothing on it any more, not even a pong."""
        self._socket_mode.fall_silent()

    def mute_next(self) -> None:
        """Accept the next connection and say nothing on it."""
        self._socket_mode.mute_next = True

    @contextmanager
    def sending_again(self, after: float = 3.0) -> Iterator[None]:
        """Send events that are not acknowledged within so many seconds again, over another
        connection, as Slack does. Without this, each is sent once."""
        stop = threading.Event()
        thread = threading.Thread(
            target=self._socket_mode.send_again_after, args=(after, stop), daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    @contextmanager
    def another_connection(self) -> Iterator[None]:
        """One more connection of the app, which acknowledges nothing. Envelopes go to each in
        turn."""
        ticket, host = self._socket_mode.new_ticket(), self.url.removeprefix("http://")
        name, port = host.split(":")
        key = base64.b64encode(uuid.uuid4().bytes).decode()
        with socket.create_connection((name, int(port))) as other:
            other.sendall(
                f"GET /link/?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            self.wait_connected(count=2)
            yield

    # Payloads, for signed_request and for the sends below

    def app_mention(
        self,
        text: str,
        user: str = "U1",
        channel: str = "C1",
        ts: str | None = None,
        thread_ts: str | None = None,
    ) -> dict[str, Any]:
        """An app_mention event of this workspace's bot."""
        team, bot_user = self.identity.team, self.identity.bot_user
        return envelopes.app_mention(
            text, user, channel, ts, thread_ts, team=team, bot_user=bot_user
        )

    def direct_message(
        self,
        text: str,
        user: str = "U1",
        channel: str = "D1",
        ts: str | None = None,
        thread_ts: str | None = None,
    ) -> dict[str, Any]:
        """A message.im event."""
        return envelopes.direct_message(
            text, user, channel, ts=ts, thread_ts=thread_ts, team=self.identity.team
        )

    def event_callback(self, event: dict[str, Any], event_id: str | None = None) -> dict[str, Any]:
        """An event as the Events API wraps it; a new event_id unless given. One of a person of
        another team comes from a channel that is shared with it."""
        body = envelopes.event_callback(event, self.identity, event_id)
        guest = event.get("user_team", self.identity.team) != self.identity.team
        return body | {"is_ext_shared_channel": guest}

    def slash_command(
        self,
        command: str = "/code",
        text: str = "",
        user: str = "U1",
        channel: str = "C1",
        response_url: str | None = None,
    ) -> dict[str, Any]:
        """A slash command with a live trigger_id and response_url."""
        return envelopes.slash_command(
            self.identity,
            command=command,
            text=text,
            user=user,
            channel=channel,
            response_url=response_url or self.new_response_url(),
            trigger_id=self.new_trigger_id(),
        )

    def block_actions(
        self,
        action_id: str,
        value: str | None = None,
        user: str = "U1",
        channel: str = "C1",
        message_ts: str | None = None,
        response_url: str | None = None,
        block_id: str | None = None,
        ephemeral: bool = False,
    ) -> dict[str, Any]:
        """The press of a button, with a live trigger_id and response_url.

        The message is the one at `message_ts`, or the newest in the channel. When the bot posted
        the button there, what is not given (value, block_id) is taken from it; otherwise the
        message is made up, since a user can only press what is there.
        """
        with self._changed:
            message = self._workspace.message(channel, message_ts)
            if message is None:
                ts = message_ts or envelopes.next_ts()
                message = self._workspace.add_message(channel, ts, text="")
            ephemeral = ephemeral or self._workspace.is_ephemeral(channel, message["ts"])
            message = dict(message)
        posted_id, element = _find_button(message.get("blocks"), action_id)
        action = _pressed(element, action_id, value, block_id or posted_id)
        return envelopes.block_actions(
            self.identity,
            action=action,
            user=user,
            channel=channel,
            message=message,
            ephemeral=ephemeral,
            response_url=response_url or self.new_response_url(),
            trigger_id=self.new_trigger_id(),
        )

    def shortcut(
        self,
        callback_id: str,
        message: dict[str, Any] | None = None,
        user: str = "U1",
        channel: str = "C1",
    ) -> dict[str, Any]:
        """A global shortcut, or one of a message's menu, with a live trigger_id."""
        return envelopes.shortcut(
            self.identity,
            callback_id=callback_id,
            user=user,
            trigger_id=self.new_trigger_id(),
            message=message,
            channel=channel,
            response_url=self.new_response_url() if message else "",
        )

    def view_actions(
        self, view: dict[str, Any], action_id: str, user: str = "U1", value: str | None = None
    ) -> dict[str, Any]:
        """The press of a button in a modal, or a choice: `value` is that of the option."""
        block_id, element = _find_button(view["blocks"], action_id, value)
        assert element, f"no button {action_id} in {view}"
        action = _pressed(element, action_id, value, block_id)
        return envelopes.view_actions(
            self.identity, view=view, action=action, user=user, trigger_id=self.new_trigger_id()
        )

    def view_submission(
        self, typed: Mapping[str, Any], user: str = "U1", view: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The sending of a modal (the last that was opened, unless given), with a live trigger_id.

        `typed` are the texts and the chosen options of its inputs, by block; what is not given was
        left empty.
        """
        if view is None:
            view = self.wait_for("views.open")[-1].response["view"]
        values = {
            block["block_id"]: {
                block["element"]["action_id"]: _filled(
                    block["element"], typed.get(block["block_id"])
                )
            }
            for block in view["blocks"]
            if block["type"] == "input"
        }
        return envelopes.view_submission(
            self.identity, view=view, values=values, user=user, trigger_id=self.new_trigger_id()
        )

    def new_response_url(self) -> str:
        """A response_url with its five uses.

        https://docs.slack.dev/interactivity/handling-user-interaction
        """
        path = f"/respond/{uuid.uuid4().hex}"
        with self._changed:
            self._response_urls[path] = RESPONSE_URL_USES
        return self.url + path

    def new_trigger_id(self) -> str:
        """A trigger_id that views.open accepts once, within 3 seconds."""
        with self._changed:
            return self._workspace.new_trigger()

    # Socket Mode

    def wait_connected(self, timeout: float = 10.0, count: int = 1) -> None:
        """Block until the app has `count` live Socket Mode connections."""
        self._socket_mode.wait_connected(timeout, count)

    def disconnect(self, reason: str = "refresh_requested", *, abrupt: bool = False) -> None:
        """Tell every connection to reconnect and close it; or, `abrupt`, just cut it."""
        self._socket_mode.disconnect(reason, abrupt)

    def send_event(
        self,
        event: dict[str, Any],
        event_id: str | None = None,
        retry_num: int = 0,
        retry_reason: str | None = None,
    ) -> Delivery:
        """Send an event to one of the connections."""
        return self._socket_mode.send(
            envelopes.envelope(
                "events_api",
                self.event_callback(event, event_id),
                accepts_response_payload=False,
                retry_attempt=retry_num,
                retry_reason=retry_reason or "",
            )
        )

    def send_slash(
        self,
        command: str = "/code",
        text: str = "",
        user: str = "U1",
        channel: str = "C1",
        response_url: str | None = None,
    ) -> Delivery:
        """Send a slash command to one of the connections."""
        return self.send_command(self.slash_command(command, text, user, channel, response_url))

    def send_command(self, payload: dict[str, Any]) -> Delivery:
        """Send a slash command's payload."""
        envelope = envelopes.envelope("slash_commands", payload, accepts_response_payload=True)
        return self._socket_mode.send(envelope)

    def send_block_action(
        self,
        action_id: str,
        value: str | None = None,
        user: str = "U1",
        channel: str = "C1",
        message_ts: str | None = None,
        response_url: str | None = None,
        block_id: str | None = None,
        ephemeral: bool = False,
    ) -> Delivery:
        """Press a button: `block_actions`, sent to one of the connections."""
        return self.send_interactive(
            self.block_actions(
                action_id, value, user, channel, message_ts, response_url, block_id, ephemeral
            )
        )

    def open_home(self, user: str = "U1") -> Delivery:
        """The user opens the Home tab."""
        return self.send_event(envelopes.app_home_opened(user))

    def send_view_action(
        self, action_id: str, value: str | None = None, user: str = "U1", view: Any = None
    ) -> Delivery:
        """Press a button in a view, or in the user's Home tab: `view_actions`, sent to one of the
        connections."""
        view = view or self.home(user)
        return self.send_interactive(self.view_actions(view, action_id, user, value))

    def send_interactive(
        self, payload: dict[str, Any], *, accepts_response_payload: bool = False
    ) -> Delivery:
        """Send any interactive payload; a view_submission accepts a response payload."""
        return self._socket_mode.send(
            envelopes.envelope(
                "interactive", payload, accepts_response_payload=accepts_response_payload
            )
        )

    def send_view(
        self, typed: Mapping[str, Any], user: str = "U1", view: dict[str, Any] | None = None
    ) -> Delivery:
        """Send a modal: `view_submission`, sent to one of the connections."""
        return self.send_interactive(
            self.view_submission(typed, user, view), accepts_response_payload=True
        )

    # Serving: called by the listener's threads

    def serve_method(self, method: str, request: Request) -> Call:
        """Answer a Web API call."""
        args = dict(request.args)
        form_token = args.pop("token", None)
        token = request.bearer or (None if request.is_json else form_token)

        def answer() -> tuple[int, dict[str, Any]]:
            if request.error is not None:
                return 200, refused(request.error)
            if method == "chat.postMessage" and self._pace:
                channel, now = resolve(str(args.get("channel", ""))), time.monotonic()
                if now < self._told.get(channel, 0.0):
                    self._violations.append(f"{method}: {channel} before Retry-After had passed")
                if now < self._next.get(channel, 0.0):
                    wait = max(1, math.ceil(self._next[channel] - now))
                    self._told[channel] = now + wait
                    request.answer_headers["Retry-After"] = str(wait)
                    return 429, refused("ratelimited")
                self._next[channel] = now + self._pace
            if method == "oauth.v2.access":
                given = request.headers.get("authorization", "")
                return 200, self._installs.access(args, given)
            return 200, self._method_answer(method, args, token)

        return self._serve(method, args, request, answer)

    def _method_answer(
        self, method: str, args: dict[str, Any], token: str | None
    ) -> dict[str, Any]:
        connecting = method == "apps.connections.open"
        if not (connecting or self._workspace.knows(method) or self._judge.knows(method)):
            return refused("unknown_method")
        if not token:
            return refused("not_authed")
        if token in self._installs.revoked:
            return refused("account_inactive")
        tenant = self._installs.of_token(token)
        if tenant is None and token != self.app_token:
            return refused("invalid_auth")
        if connecting != (token == self.app_token):
            return refused("not_allowed_token_type")
        verdict = self._judge.judge(method, args)
        self._violations += verdict.violations
        if verdict.refusal is not None:
            return verdict.refusal
        if connecting:
            host = self.url.removeprefix("http://")
            ticket, app_id = self._socket_mode.new_ticket(), self.identity.app_id
            return {"ok": True, "url": f"ws://{host}/link/?ticket={ticket}&app_id={app_id}"}
        assert tenant is not None
        return tenant.workspace.call(method, args)

    def serve_response_url(self, path: str, request: Request) -> Call:
        """Answer a use of a response_url."""

        def answer() -> tuple[int, dict[str, Any]]:
            if request.error is not None or not request.is_json:
                return 400, refused(request.error or "invalid_payload")
            if path in self._expired:
                return 404, refused("expired_url")
            left = self._response_urls.get(path)
            if not left:
                return 404, refused("used_url")
            self._response_urls[path] = left - 1
            private = request.args.get("response_type") != "in_channel"
            breaches = block_breaches(request.args.get("blocks"), most=50, private=private)
            if not request.args.get("text") and not request.args.get("delete_original"):
                breaches.append("no top-level text")
            self._violations += [f"response_url: {breach}" for breach in breaches]
            return 200, {"ok": True}

        return self._serve("response_url", request.args, request, answer, path)

    def serve_file(self, path: str, request: Request) -> ServedFile:
        """Answer the download of a file: https://docs.slack.dev/reference/objects/file-object"""
        file_id = path.split("/")[2]
        with self._changed:
            files = [(one, one.workspace.file(file_id)) for one in self._installs.tenants]
            tenant, found = next((one for one in files if one[1]), (self._home, None))
            granted = self._scopes is None or "files:read" in self._scopes
            args, headers = {"path": path}, request.headers
            ok = found is not None and granted and request.bearer in tenant.tokens
            if found is None:
                served = ServedFile(b"not found", "text/plain", 404)
            elif not ok:
                # Slack then sends a page to sign in, with status 200.
                served = ServedFile(b"<!DOCTYPE html><title>Sign in</title>", "text/html")
            else:
                served = found
            self.calls.append(
                Call("file", args, headers, time.monotonic(), served.status, {"ok": ok}, ok, path)
            )
            self._changed.notify_all()
        return served

    def redeem(self, ticket: str) -> bool:
        """Whether a Socket Mode connection may be made with this ticket."""
        return self._socket_mode.redeem(ticket)

    def serve_connection(self, connection: WebSocket) -> None:
        """Serve a Socket Mode connection until it ends."""
        self._socket_mode.serve(connection)

    def _serve(
        self,
        name: str,
        args: dict[str, Any],
        request: Request,
        answer: Callable[[], tuple[int, dict[str, Any]]],
        path: str = "",
    ) -> Call:
        """Answer, or fail as ordered, and record the call."""
        arrived = time.monotonic()
        failure = self._take_failure(name)
        if failure is not None and failure.delay:
            self._stopping.wait(failure.delay)
        with self._changed:
            took_effect = False
            status: int = 200
            response: dict[str, Any] = {}
            if failure is None or failure.only_delays or failure.after_effect:
                status, response = answer()
                took_effect = bool(response.get("ok"))
            if failure is not None and failure.drop_connection:
                status = DROPPED
            elif failure is not None and not failure.only_delays:
                status, response = failure.status, failure.body()
                request.answer_headers |= failure.headers()
            headers = request.headers
            call = Call(name, args, headers, arrived, status, response, took_effect, path)
            self.calls.append(call)
            self._changed.notify_all()
        if self._scopes is not None:
            request.answer_headers["X-OAuth-Scopes"] = ",".join(sorted(self._scopes))
        return call

    def _take_failure(self, name: str) -> Failure | None:
        with self._changed:
            waiting = self._failures.get(name)
            if not waiting:
                return None
            waiting[0].times -= 1
            return waiting[0] if waiting[0].times > 0 else waiting.pop(0)


def _filled(element: dict[str, Any], typed: Any) -> dict[str, Any]:
    """The state of an input of a modal. What was not touched has its initial value."""
    kind = element["type"]
    if kind == "checkboxes":
        values = (
            [o["value"] for o in element.get("initial_options") or []] if typed is None else typed
        )
        picked = [o for o in element["options"] if o["value"] in values]
        return {"type": kind, "selected_options": picked}
    if kind == "datepicker":
        date = element.get("initial_date") if typed is None else typed or None
        return {"type": kind, "selected_date": date}
    if kind == "file_input":
        return {"type": kind, "files": typed or []}
    if kind == "radio_buttons" and typed is None:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind == "static_select":
        first = (element.get("initial_option") or {}).get("value")
        value = first if typed is None else typed
        selected = [o for o in element["options"] if o["value"] == value]
        return {"type": kind, "selected_option": selected[0] if selected else None}
    if element["type"] == "radio_buttons":
        (chosen,) = [o for o in element["options"] if o["value"] == typed] or [None]
        return {"type": "radio_buttons", "selected_option": chosen}
    return {"type": element["type"], "value": typed}


#: Elements of which an option is chosen:
#: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
_CHOICES = ("static_select", "overflow", "radio_buttons")


def _pressed(
    element: dict[str, Any], action_id: str, value: str | None, block_id: str | None
) -> dict[str, Any]:
    """The action of a press, or of a choice by the value of its option. A press gives what is on
    the button, unless a value is given."""
    kind = element.get("type", "button")
    action = {"action_id": action_id, "block_id": block_id or "actions", "type": kind}
    if kind in _CHOICES:
        groups = element.get("option_groups") or [element]
        options = [option for group in groups for option in group["options"]]
        (chosen,) = [option for option in options if option["value"] == value]
        return action | {"selected_option": chosen}
    text = {"type": "plain_text", "text": action_id, "emoji": True}
    action["text"] = element.get("text") or text
    value = element.get("value") if value is None else value
    # A button without a value sends none.
    return action if value is None else action | {"value": value}


def _find_button(
    blocks: Any, action_id: str, value: str | None = None
) -> tuple[str | None, dict[str, Any]]:
    """The block_id and the element of a posted button, or (None, {}) when it is not there. Of
    buttons with one action, it is the one with this value."""
    found = [
        (block.get("block_id"), element)
        for block in (blocks if isinstance(blocks, list) else [])
        for element in [*block.get("elements", []), block.get("accessory")]
        if isinstance(element, dict) and element.get("action_id") == action_id
    ]
    named = [one for one in found if value is not None and one[1].get("value") == value]
    return (named or found or [(None, {})])[0]
