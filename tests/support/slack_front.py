"""For the Slack tests: Slack's requests, over Socket Mode or over signed HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from slack_server import SlackServer, signed_request
from slack_support import Served


@dataclass
class Front:
    """How Slack's requests come in."""

    mode: str
    slack: SlackServer
    running: Served

    def event(self, event: dict[str, Any], event_id: str | None = None, retry: int = 0) -> None:
        """An event that is acknowledged."""
        if self.mode == "socket":
            sent = self.slack.send_event(event, event_id, retry, "timeout" if retry else None)
            assert sent.wait_ack(10).payload is None
        else:
            body = self.slack.event_callback(event, event_id)
            again = {"retry_num": retry, "retry_reason": "http_timeout"} if retry else {}
            status, text, _ = signed_request(
                self.running.url, body, self.slack.signing_secret, **again
            )
            assert (status, text) == (200, "")

    def command(self, payload: dict[str, Any]) -> None:
        if self.mode == "socket":
            self.slack.send_command(payload).wait_ack(10)
        else:
            self._post(payload, "slash")

    def interactive(self, payload: dict[str, Any]) -> Any:
        """What it is acknowledged with; Slack does what that says."""
        if self.mode == "socket":
            sent = self.slack.send_interactive(payload, accepts_response_payload=True)
            return sent.wait_ack(10).payload
        text = self._post(payload, "action")
        response = json.loads(text) if text else None
        self.slack.acknowledged(payload, response or {})
        return response

    def _post(self, payload: dict[str, Any], kind: Any) -> str:
        secret = self.slack.signing_secret
        status, text, _ = signed_request(self.running.url, payload, secret, kind=kind)
        assert status == 200
        return text
