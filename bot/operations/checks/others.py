"""Whom Code Desk talks to: Slack, a witness, a time-stamping authority, a language model. Nobody is
asked with `--offline`, and nobody gets any text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException

from bot.operations.findings import Asked, Finding, broken, look, ok

#: Seconds by which this clock may differ from Slack's. Slack's signatures are refused after 300.
_DIFFERENCE, _MUCH = 30.0, 240.0
#: Seconds until one that does not answer is given up.
_PATIENCE = 5.0


def slack(asked: Asked) -> Iterator[Finding]:
    settings = asked.settings
    if not (asked.online and asked.uses_slack):
        return
    from slack_sdk.errors import SlackApiError

    from bot.slack.web_api import web_client
    from bot.slack.workspaces.oauth import SCOPES

    client = web_client(settings.slack_bot_token or "", settings.slack_api_url)
    client.timeout = int(_PATIENCE)
    try:
        if settings.slack_bot_token:
            response = client.auth_test()
            headers = {name.lower(): value for name, value in response.headers.items()}
            yield ok("slack", team=response.get("team") or response.get("team_id"))
            yield from _scopes(headers, SCOPES)
            yield from _clock(headers)
    except SlackApiError as error:
        yield broken("slack_refused", name="SLACK_BOT_TOKEN", error=error.response.get("error"))
    except (OSError, HTTPException) as error:
        yield broken("slack_away", url=settings.slack_api_url, error=type(error).__name__)
        return
    if settings.slack_app_token and settings.slack_mode == "socket":
        try:
            client.apps_connections_open(app_token=settings.slack_app_token)
            yield ok("slack_app")
        except SlackApiError as error:
            code = error.response.get("error")
            yield broken("slack_refused", name="SLACK_APP_TOKEN", error=code)
        except (OSError, HTTPException) as error:
            yield broken("slack_away", url=settings.slack_api_url, error=type(error).__name__)


def _scopes(headers: Mapping[str, str], wanted: tuple[str, ...]) -> Iterator[Finding]:
    """https://docs.slack.dev/authentication/installing-with-oauth#inspecting"""
    if "x-oauth-scopes" not in headers:
        return
    given = {one.strip() for one in headers["x-oauth-scopes"].split(",")} - {""}
    if missing := sorted(set(wanted) - given):
        yield broken("scopes_missing", names=", ".join(missing))
    if more := sorted(given - set(wanted) - {"usergroups:read"}):
        yield look("scopes_more", names=", ".join(more))


def _clock(headers: Mapping[str, str]) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return
    difference = time.time() - there  # the header has whole seconds, and took time to come
    if abs(difference) > _MUCH:
        yield broken("slack_clock", seconds=f"{difference:+.0f}")
    elif abs(difference) > _DIFFERENCE:
        yield look("slack_clock", seconds=f"{difference:+.0f}")


def confirmers(asked: Asked) -> Iterator[Finding]:
    named = {
        "CODEDESK_WITNESS_URL": asked.settings.witness_url,
        "CODEDESK_TIMESTAMP_URL": asked.settings.timestamp_url,
    }
    for name, url in named.items():
        if url and asked.online:
            yield from _reached(name, url)


def language_model(asked: Asked) -> Iterator[Finding]:
    settings = asked.settings
    if not (settings.llm_url and settings.llm_model and asked.online):
        return
    key = {"Authorization": f"Bearer {settings.llm_key}"} if settings.llm_key else {}
    yield from _reached("CODEDESK_LLM_URL", f"{settings.llm_url.rstrip('/')}/models", key)


def _reached(name: str, url: str, headers: Mapping[str, str] = {}) -> Iterator[Finding]:
    """Whether something answers there; what it says of a GET does not matter, but a refusal of the
    key."""
    import httpx

    host = f"{httpx.URL(url).host}"
    try:
        status = httpx.get(url, headers=dict(headers), timeout=_PATIENCE).status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        yield look("not_reached", name=name, host=host, error=type(error).__name__)
        return
    if status in (401, 403):
        yield look("key_refused", name=name, host=host, status=status)
    elif status >= 500:
        yield look("not_well", name=name, host=host, status=status)
    else:
        yield ok("reached", name=name, host=host)


CHECKS = (slack, confirmers, language_model)
