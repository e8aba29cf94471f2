"""For the tests of many workspaces: Code Desk without a bot token, installed by real HTTP."""

from __future__ import annotations

import html
import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from slack_front import Front
from slack_server import CLIENT_ID, CLIENT_SECRET, SlackServer
from slack_support import Served, served

from bot.querylog import QueryLog


@contextmanager
def many_served(
    slack: SlackServer, home: Path, desk: Any, log: QueryLog, **changes: Any
) -> Iterator[Served]:
    """Serve many workspaces over HTTP."""
    given: dict[str, Any] = {
        "slack_bot_token": None,
        "slack_client_id": CLIENT_ID,
        "slack_client_secret": CLIENT_SECRET,
        "slack_mode": "http",
    }
    with served(slack, home, desk, log, **given | changes) as running:
        yield running


def get(url: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    """The status, the page and the headers (in lower case) at an address."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return response.status, response.read().decode(), named
    finally:
        connection.close()


def begun(running: Served) -> tuple[str, str]:
    """Open the install page: the address that its link leads to, and the cookie."""
    status, page, headers = get(base(running) + "/slack/install")
    assert status == 200
    (link,) = re.findall(r'href="(https://slack\.com/oauth[^"]+)"', page)
    return html.unescape(link), headers["set-cookie"].split(";")[0]


def base(running: Served) -> str:
    return running.url.removesuffix("/slack/events")


def returned(running: Served, back: str, cookie: str) -> tuple[int, str]:
    """Follow Slack back to the desk: the status and the page."""
    query = urlsplit(back).query
    address = f"{base(running)}/slack/oauth_redirect?{query}"
    status, page, _ = get(address, **({"Cookie": cookie} if cookie else {}))
    return status, page


def install(slack: SlackServer, running: Served, by: str = "U1") -> str:
    """Install the app in a workspace; gives the page that is shown then."""
    link, cookie = begun(running)
    status, page = returned(running, slack.approve(link, by), cookie)
    assert status == 200, page
    return page


def front(slack: SlackServer, running: Served) -> Front:
    """The requests of a workspace."""
    return Front("http", slack, running)
