"""Calls Slack once, and says what became of the call.

A call that certainly did nothing, and may be made again, raises NotTaken. One whose outcome is not
known (the connection broke, Slack had an error) is `unknown`: it may have been carried out. What
follows from that is decided in `tries`.
"""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.querylog.records import Outcome
from bot.slack.views.answer_modal import Frame, answer_view
from bot.slack.views.block_kit import Message

#: Seconds after which a call that Slack does not answer is given up.
TIMEOUT = 15

POST, FOR_ONE, UPDATE, DELETE = (
    "chat.postMessage",
    "chat.postEphemeral",
    "chat.update",
    "chat.delete",
)
VIEW = "views.update"
RESPOND = "response_url"

#: Slack says of these that "some aspect of the operation" may have succeeded:
#: https://docs.slack.dev/reference/methods/chat.postMessage#errors
_UNCERTAIN = {"fatal_error", "internal_error"}
#: Errors of a call that Slack did not carry out, and may carry out the next time.
_PASSING = {"service_unavailable", "request_timeout"}
#: https://docs.slack.dev/apis/web-api/rate-limits, and the error that chat.postMessage has instead.
_LIMITED = {"ratelimited", "rate_limited"}

#: The event_type of the metadata by which `history` finds an answer again:
#: https://docs.slack.dev/messaging/message-metadata
METADATA = "codedesk_answer"

#: What a call says for a workspace in which the app is not installed, or not any more.
NOT_INSTALLED = "not_installed"

#: The SDK does not log failed calls: they are in the log of questions, and callers log them.
_sdk_log = logging.getLogger("codedesk.slack_sdk")
_sdk_log.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post. `detail` is Slack's error, or the timestamp that identifies the
    message."""

    outcome: Outcome
    detail: str = ""


#: What becomes of a message to a workspace that uninstalled the app.
UNINSTALLED = Posted("abandoned", "the app was uninstalled from the workspace")


class NotTaken(Exception):
    """Slack did nothing, and may do it later. `retry_after`: the seconds to wait if Slack met a
    limit, else None."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after


class Senders(Protocol):
    """Gives the client of an installation: see `bot.slack.workspaces.clients.Clients`."""

    def named(self, installed: str) -> WebClient: ...


@dataclass(frozen=True, slots=True)
class Way:
    """How a message reaches someone.

    - `client`: of the workspace; None for a response_url, which needs no token.
    - `how`: a method of the Web API, or RESPOND.
    - `args`: its arguments besides the message; of RESPOND the `url`, too.
    - `otherwise`: the way to go when Slack refuses this one.
    """

    client: WebClient | None
    how: str
    args: Mapping[str, Any]
    otherwise: Way | None = None

    @property
    def lane(self) -> str:
        """Posts with one lane count against one rate limit, and go in order."""
        if self.how == VIEW:
            return f"{self.how} {self.args.get('view_id') or self.args['external_id']}"
        return f"{self.how} {self.args['url'] if self.how == RESPOND else self.args['channel']}"

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice leaves what doing it once does."""
        if self.how == RESPOND:
            replaces = self.args.get("replace_original") or self.args.get("delete_original")
            return bool(replaces)
        return self.how in (UPDATE, DELETE, VIEW)

    @property
    def replaces(self) -> bool:
        """Whether the message takes the place of one that has an answer already."""
        return self.how in (UPDATE, VIEW) or bool(self.args.get("replace_original"))

    @property
    def private(self) -> bool:
        """Whether one person alone sees the message, so that a second copy harms nobody."""
        if self.how == RESPOND:
            return self.args.get("response_type") != "in_channel"
        if self.how == VIEW:
            return True
        # A direct message; posting to a user's id posts to the one with them.
        return self.how == FOR_ONE or str(self.args["channel"]).startswith(("D", "U", "W"))

    def or_else(self, way: Way | None) -> Way:
        """This way, and `way` when Slack refuses it and all that it has for that case."""
        return replace(self, otherwise=self.otherwise.or_else(way) if self.otherwise else way)

    @property
    def sender(self) -> WebClient | None:
        """The client of this way, or of what there is for the case that it is refused."""
        return self.client or (self.otherwise.sender if self.otherwise else None)

    def send(self, message: Message | None, question: str = "") -> Posted:
        """Send it once. `question`: the id by which `history` finds the message again; "" for none.
        `message` is None for what has none. Raises NotTaken."""
        args = dict(self.args)
        if self.how == VIEW and message is not None:
            args["view"] = answer_view(Frame.from_dict(args.pop("frame")), message.blocks)
        elif message is not None:
            args |= {"text": message.text, "blocks": message.blocks}
        if self.how == RESPOND:
            return _responded(args.pop("url"), args)
        assert self.client is not None
        if self.how == POST and question:
            args["metadata"] = {"event_type": METADATA, "event_payload": {"question": question}}
        client = self.client
        return _called(lambda: client.api_call(self.how, json=given(args)))

    def as_dict(self) -> dict[str, Any]:
        """As JSON; of the client the id of its installation, and nothing of its token."""
        otherwise = self.otherwise.as_dict() if self.otherwise else None
        installed = getattr(self.client, "installed", "")
        of = {"installed": installed} if installed else {}
        return {"how": self.how, "args": dict(self.args), "otherwise": otherwise, **of}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], clients: Senders) -> Way:
        other = fields["otherwise"]
        otherwise = cls.from_dict(other, clients) if other else None
        how, of = fields["how"], fields.get("installed", "")
        client = clients.named(of) if of or how != RESPOND else None
        return cls(client, how, fields["args"], otherwise)


def web_client(token: str, api_url: str, *, patient: bool = False) -> WebClient:
    """A client that does not try again. A `patient` one blocks until a rate limit has passed: for
    start-up only, when nothing else needs the thread."""
    return WebClient(token=token, **client_options(api_url, patient=patient))


def client_options(api_url: str, *, patient: bool = False) -> dict[str, Any]:
    """All but the token of such a client."""
    handlers: list[Any] = [RateLimitErrorRetryHandler(max_retry_count=3)] if patient else []
    return {
        "base_url": api_url,
        "timeout": TIMEOUT,
        "retry_handlers": handlers,
        "logger": _sdk_log,
    }


def in_thread(client: WebClient, channel: str, thread: str | None) -> Way:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    args = {
        "channel": channel,
        "thread_ts": thread,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return Way(client, POST, args)


def for_one(client: WebClient, channel: str, user: str, thread: str | None = None) -> Way:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    return Way(client, FOR_ONE, {"channel": channel, "user": user, "thread_ts": thread})


def for_one_anywhere(client: WebClient, channel: str, user: str, thread: str | None = None) -> Way:
    """To one person: in the channel, or in a direct message where that is refused. /code can be
    used where the bot is not a member:
    https://docs.slack.dev/reference/methods/chat.postEphemeral#errors"""
    # Posting to a user's id posts to the direct message with them:
    # https://docs.slack.dev/reference/methods/chat.postMessage#channels
    return for_one(client, channel, user, thread).or_else(in_thread(client, user, None))


def respond(url: str, **how: Any) -> Way:
    """By a response_url, which may be used 5 times within 30 minutes. `how`: response_type,
    replace_original, thread_ts:
    https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
    return Way(None, RESPOND, {"url": url, **how})


def delete_original(url: str) -> Way:
    """Deletes the message whose button was pressed; it has no message of its own. This counts as a
    use of the URL."""
    return Way(None, RESPOND, {"url": url, "delete_original": True})


def update(client: WebClient, channel: str, ts: str) -> Way:
    """Puts a message in the place of the bot's message at `ts`. It takes the id of a channel, not
    of a user: https://docs.slack.dev/reference/methods/chat.update"""
    return Way(client, UPDATE, {"channel": channel, "ts": ts})


def in_modal(client: WebClient, frame: Frame, *, view_id: str = "", external_id: str = "") -> Way:
    """Puts a message into an open modal, named by its id or by its external_id:
    https://docs.slack.dev/reference/methods/views.update"""
    named = {"view_id": view_id} if view_id else {"external_id": external_id}
    return Way(client, VIEW, {**named, "frame": frame.as_dict()})


def delete(client: WebClient, channel: str, ts: str) -> Way:
    """Deletes the bot's message at `ts`; it has no message of its own:
    https://docs.slack.dev/reference/methods/chat.delete"""
    return Way(client, DELETE, {"channel": channel, "ts": ts})


def why_not_certain(error: SlackApiError) -> str | None:
    """Why Slack may have carried out a call although it returned an error; None when it did not."""
    response = error.response
    code = str(response.get("error", ""))
    if response.status_code >= 500:
        return f"HTTP {response.status_code}"
    # Anything else than an error code is not from Slack's API: perhaps a proxy's page.
    return code if code in _UNCERTAIN or not re.fullmatch("[a-z_]+", code) else None


def given(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are not None."""
    return {name: value for name, value in args.items() if value is not None}


def _called(call: Callable[[], Any]) -> Posted:
    try:
        response = call()
    except SlackApiError as error:
        limited = error.response.status_code == 429
        if not limited and (doubt := why_not_certain(error)):
            return Posted("unknown", doubt)
        why = refusal(error)
        return UNINSTALLED if why == NOT_INSTALLED else Posted("failed", why)
    except (OSError, HTTPException) as error:
        return _broken(error)
    return Posted("delivered", str(response.get("ts") or response.get("message_ts") or ""))


def refusal(error: SlackApiError) -> str:
    """Slack's error code. Raises NotTaken for one that may pass."""
    response = error.response
    code = str(response.get("error", ""))
    if response.status_code == 429 or code in _LIMITED:
        raise NotTaken("rate limited", _retry_after(response.headers)) from error
    if response.status_code >= 500 or code in _PASSING:
        raise NotTaken(code) from error
    needed = response.get("needed")
    return f"{code}: needs {needed}" if needed else code


def _responded(url: str, body: dict[str, Any]) -> Posted:
    client = WebhookClient(url, timeout=TIMEOUT, retry_handlers=[], logger=_sdk_log)
    try:
        response = client.send_dict(body)
    except (OSError, HTTPException) as error:
        return _broken(error)
    if response.status_code >= 500:
        return Posted("unknown", f"HTTP {response.status_code}")
    refusal = _error_in(response.body)
    if response.status_code == 429 or refusal in _LIMITED:
        raise NotTaken("rate limited", _retry_after(response.headers))
    if response.status_code >= 400 or refusal:
        return Posted("failed", refusal or f"HTTP {response.status_code}")
    return Posted("delivered")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait; 1 when Slack does not say, as most of its limits are by the second."""
    value = next((v for name, v in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value) else 1.0


def _error_in(body: str) -> str:
    """The error in the response of a response_url, which is `ok`, JSON or an error code; "" if
    none."""
    try:
        fields = json.loads(body)
    except ValueError:
        return "" if body == "ok" else body[:100]
    return str(fields.get("error", "")) if isinstance(fields, dict) else ""


def _broken(error: Exception) -> Posted:
    """A connection that failed: `unknown`, as something may have been sent. Raises NotTaken when
    nothing was."""
    cause = error.reason if isinstance(error, URLError) else error
    why = f"{type(cause).__name__}: {cause}"[:200]
    if isinstance(cause, (ConnectionRefusedError, socket.gaierror)):
        raise NotTaken(why) from error
    return Posted("unknown", why)
