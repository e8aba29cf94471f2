"""Reaching Slack with the settings: its tokens, and the connection by which requests come.

Socket Mode is the default and needs no address of one's own
(https://docs.slack.dev/apis/events-api/using-socket-mode); HTTP is for those who have one
(https://docs.slack.dev/apis/events-api/using-http-request-urls).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient

from bot.messages import message
from bot.operations.waitress_server import running
from bot.settings import Settings
from bot.slack import http, sockets
from bot.slack.http import WELL, Health
from bot.slack.web_api import web_client, why_not_certain
from codesets.errors import CodeDeskError


class SlackSettingsError(CodeDeskError):
    """Slack cannot be served with these settings; the message says what to put right."""


def credentials(settings: Settings) -> None:
    """Raises SlackSettingsError where what is set for one workspace and for many does not fit."""
    pair = {
        "SLACK_CLIENT_ID": settings.slack_client_id,
        "SLACK_CLIENT_SECRET": settings.slack_client_secret,
    }
    if settings.slack_bot_token and any(pair.values()):
        raise SlackSettingsError(message("workspaces.both"))
    missing = [name for name, value in pair.items() if not value]
    if len(missing) == 1:
        (given,) = pair.keys() - missing
        raise SlackSettingsError(message("workspaces.half", missing=missing[0], given=given))


def connection_of(settings: Settings) -> None:
    """Raises SlackSettingsError where what the connection needs is not set."""
    if settings.slack_mode == "http":
        _token("SLACK_SIGNING_SECRET", settings.slack_signing_secret, "")
    else:
        _token("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-")


def client_of(settings: Settings) -> WebClient:
    token = _token("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-")
    connection_of(settings)
    return web_client(token, settings.slack_api_url)


def _token(setting: str, value: str | None, prefix: str) -> str:
    """https://docs.slack.dev/authentication/tokens"""
    if not value or not value.startswith(prefix):
        problem = "slack.malformed" if value else "slack.missing"
        where = message(f"slack.{setting}")
        raise SlackSettingsError(message(problem, setting=setting, where=where))
    return value


def call_at_start(
    client: WebClient, call: Callable[[WebClient], Any], setting: str, settings: Settings
) -> Any:
    """Slack's response to a call at start-up, which waits for rate limits to pass. Raises
    SlackSettingsError, which names `setting` when Slack refuses the call."""
    try:
        return call(web_client(client.token or "", settings.slack_api_url, patient=True))
    except SlackApiError as error:
        if doubt := why_not_certain(error):
            raise _unreachable(settings, doubt) from error
        code, where = error.response["error"], message(f"slack.{setting}")
        raise SlackSettingsError(
            message("slack.refused", setting=setting, error=code, where=where)
        ) from error
    except (OSError, HTTPException) as error:
        raise _unreachable(settings, error) from error


def _unreachable(settings: Settings, error: object) -> SlackSettingsError:
    return SlackSettingsError(message("slack.unreachable", url=settings.slack_api_url, error=error))


@contextmanager
def connected(
    settings: Settings,
    app: App,
    say: Callable[[str], None],
    health: Health = WELL,
) -> Iterator[None]:
    """Socket Mode, by as many connections as the settings say. Slack sends each envelope over one
    of all connections of the app, so those of other processes count, too."""
    token = settings.slack_app_token or ""
    made: list[SocketModeClient] = []
    try:
        for _ in range(settings.socket_connections):
            opened = call_at_start(
                app.client,
                lambda patient: patient.apps_connections_open(app_token=token),
                "SLACK_APP_TOKEN",
                settings,
            )
            socket = sockets.client(app, token, settings.slack_api_url)
            made.append(socket)
            socket.wss_uri = opened["url"]
            try:
                socket.connect()
            except (OSError, SlackClientError) as error:
                raise _unreachable(settings, error) from error
        with _install_pages(settings, app, say):
            say(message("slack.connected"))
            yield
    finally:
        for socket in made:
            socket.close()


@contextmanager
def _install_pages(settings: Settings, app: App, say: Callable[[str], None]) -> Iterator[None]:
    """In Socket Mode, the pages for installing alone, if there is an address for them."""
    if app.oauth_flow is None or not settings.slack_install_url:
        yield
        return
    with _serving(settings, app, None):
        say(message("workspaces.installing", url=settings.slack_install_url + http.INSTALL))
        yield


@contextmanager
def listening(
    settings: Settings,
    app: App,
    say: Callable[[str], None],
    health: Health = WELL,
) -> Iterator[None]:
    """HTTP. `health` is what a load balancer is told."""
    host = settings.http_host
    with _serving(settings, app, settings.slack_signing_secret or "", health) as port:
        if app.oauth_flow is not None:
            base = settings.slack_install_url or f"http://{host}:{port}"
            say(message("workspaces.installing", url=base + http.INSTALL))
        say(message("slack.listening", url=f"http://{host}:{port}{http.PATH}"))
        yield


@contextmanager
def _serving(
    settings: Settings,
    app: App,
    secret: str | None,
    health: Health = WELL,
) -> Iterator[int]:
    """Serve over HTTP; gives the port. Without a secret only the pages for installing."""
    host, port = settings.http_host, settings.http_port
    try:
        server = http.server(app, secret, host, port, health)
    except OSError as error:
        raise SlackSettingsError(
            message("slack.no_port", host=host, port=port, error=error)
        ) from error
    with running(server, "http", port) as taken:
        yield taken
