"""What the server keeps about each request, and the failures a test has ordered."""

from dataclasses import dataclass
from typing import Any

DROPPED = 0  # the Call.status of a request whose connection was closed without an answer


@dataclass(frozen=True)
class Call:
    """One request the app made: a Web API call, or a use of a response_url."""

    method: str  # "chat.postMessage", ...; "response_url" for a use of a response_url
    args: dict[str, Any]  # without the token; blocks, view, ... decoded
    headers: dict[str, str]  # names in lower case
    time: float  # time.monotonic() on arrival
    status: int  # HTTP status of the answer, DROPPED when there was none
    response: dict[str, Any]  # the body answered, or that would have been, had it not been dropped
    took_effect: bool  # whether Slack did what was asked, whatever the app was then told
    path: str = ""  # for a response_url: which one

    @property
    def error(self) -> str | None:
        """The error code the app was given, if any."""
        return self.response.get("error")

    def __str__(self) -> str:
        outcome = "dropped" if self.status == DROPPED else f"{self.status} {self.error or 'ok'}"
        return f"{self.method} -> {outcome} {self.args!r:.300}"


@dataclass(frozen=True)
class ServedFile:
    """What a download gets: the file, a page to sign in, or a redirect to `location`."""

    data: bytes = b""
    content_type: str = "application/octet-stream"
    status: int = 200
    location: str = ""


@dataclass
class Failure:
    """A failure ordered by `SlackServer.fail_next`."""

    status: int
    error: str | None
    retry_after: int | None
    times: int
    drop_connection: bool
    delay: float
    after_effect: bool

    @property
    def only_delays(self) -> bool:
        """True when the call is to be served normally, but late."""
        return self.status == 200 and self.error is None and not self.drop_connection

    def body(self) -> dict[str, Any]:
        """The error body; a plain status gets the code Slack sends along with it."""
        error = self.error or ("ratelimited" if self.status == 429 else "internal_error")
        return {"ok": False, "error": error}

    def headers(self) -> dict[str, str]:
        """Rate limiting: https://docs.slack.dev/apis/web-api/rate-limits"""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
