"""The connection of Socket Mode. One that is dead is noticed by its silence, and replaced.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import logging
import time

from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.web_api import web_client

logger = logging.getLogger("codedesk.slack")

#: Seconds between pings. The SDK gives a connection up when four intervals and a part of a second
#: have passed without an answer, and looks once an interval: so after 11 seconds at most. To close
#: it may take 3 more.
PING_INTERVAL = 2.0


class _Client(SocketModeClient):
    def connect(self) -> None:
        super().connect()
        # The SDK counts from the first answer to a ping, so a connection that never gave one would
        # count as alive for ever.
        if self.current_session is not None and self.current_session.last_ping_pong_time is None:
            self.current_session.last_ping_pong_time = time.time()

    def _monitor_current_session(self) -> None:
        # The SDK gives a connection up after five pings that could not be sent; one will do.
        session = self.current_session
        if session is not None and session.consecutive_check_state_error_count:
            session.disconnect()
        super()._monitor_current_session()


def client(app: App, token: str, api_url: str) -> SocketModeClient:
    """A client, not yet connected, that hands what Slack sends to the app. While Slack cannot be
    reached, it tries again every PING_INTERVAL."""
    made = _Client(
        app_token=token,
        logger=app.logger,
        web_client=web_client(app.client.token or "", api_url),
        proxy=app.client.proxy,
        ping_interval=PING_INTERVAL,
    )

    def handle(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            send_response(client, request, run_bolt_app(app, request), time.time())
        except Exception as error:
            # A payload that Bolt could not read, or a connection that ended meanwhile. The error's
            # message may hold a part of the payload. Slack sends it again.
            logger.warning("a request from Slack was not acknowledged: %s", type(error).__name__)

    made.socket_mode_request_listeners.append(handle)
    return made
