"""A loopback Slack for tests: real HTTP and WebSocket on 127.0.0.1, standard library only.

Example::

    with SlackServer() as slack:
        app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
        SocketModeHandler(app, slack.app_token).connect()
        slack.wait_connected()
        slack.send_event(slack.app_mention("what is E11.9?")).wait_ack()
        (answer,) = slack.wait_for("chat.postMessage")
"""

from .envelopes import (
    agent_session_stopped,
    app_home_opened,
    app_mention,
    app_uninstalled,
    direct_message,
    member_joined_channel,
    message,
    message_changed,
    message_deleted,
    tokens_revoked,
)
from .installs import CLIENT_ID, CLIENT_SECRET
from .records import Call
from .server import SlackServer
from .signed import sign, signed_request
from .socket_mode import Ack, Delivery

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "Ack",
    "Call",
    "Delivery",
    "SlackServer",
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "direct_message",
    "member_joined_channel",
    "message",
    "message_changed",
    "message_deleted",
    "sign",
    "signed_request",
    "tokens_revoked",
]
