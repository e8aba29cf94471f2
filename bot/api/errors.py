"""Why a call is refused. Each has a status of HTTP, and headers that tell a program what to do."""

from __future__ import annotations

from codesets.errors import CodeDeskError

REALM = 'Bearer realm="codedesk"'


class CallRefused(CodeDeskError):
    """A call that is not answered. `status`: of HTTP; the message is for who wrote the client."""

    status = 400

    def headers(self) -> dict[str, str]:
        """Headers of HTTP that go with the refusal."""
        return {}


class Unauthorized(CallRefused):
    """The call has no token, or one that is of no client."""

    status = 401

    def __init__(self, sentence: str, *, wrong: bool = False) -> None:
        """`wrong`: it has one."""
        super().__init__(sentence)
        self._wrong = wrong

    def headers(self) -> dict[str, str]:
        # https://www.rfc-editor.org/rfc/rfc6750#section-3
        return {"www-authenticate": REALM + (', error="invalid_token"' if self._wrong else "")}


class Forbidden(CallRefused):
    """The client may not do that."""

    status = 403

    def __init__(self, sentence: str, scope: str) -> None:
        super().__init__(sentence)
        self._scope = scope

    def headers(self) -> dict[str, str]:
        needed = f', error="insufficient_scope", scope="{self._scope}"'
        return {"www-authenticate": REALM + needed}


class TooMany(CallRefused):
    """The client asks more than it may, or more than the desk can take now (`status` 503). Another
    call is taken in `seconds`."""

    status = 429

    def __init__(self, sentence: str, seconds: int, *, status: int = 429) -> None:
        super().__init__(sentence)
        self.seconds = seconds
        self.status = status

    def headers(self) -> dict[str, str]:
        return {"retry-after": str(self.seconds)}


class StillAnswering(CallRefused):
    """The question has no answer yet, or none any more: the message says which."""

    status = 409


class Oversized(CallRefused):
    """The body of the call is too large."""

    status = 413


class TooSlow(CallRefused):
    """The body of the call did not arrive in time."""

    status = 408


class Malformed(CallRefused):
    """A header or a value that cannot be used; the message names it."""

    status = 422
