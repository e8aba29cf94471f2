"""Settings that contradict or lack each other. Each value alone is checked in bot/settings.py.

Told when serving begins, all at once and before anything is loaded, and by `codedesk doctor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bot.messages import message
from bot.settings import Settings


def faults(settings: Settings, *, slack: bool = True) -> Iterator[str]:
    """A sentence for each fault. None has a secret. `slack`: also of what Slack needs."""
    given = (
        settings.slack_bot_token,
        settings.slack_app_token,
        settings.slack_signing_secret,
        settings.slack_client_id,
        settings.slack_client_secret,
    )
    if slack and any(given):
        yield from _of_slack(settings)
    yield from _pairs(settings)
    yield from _packages(settings)
    yield from _files(settings)
    both = settings.slack_mode == "http" and settings.metrics_port == settings.http_port
    if both and settings.http_port:
        yield message("settings.one_port", port=settings.http_port)


def _of_slack(settings: Settings) -> Iterator[str]:
    id_, secret = settings.slack_client_id, settings.slack_client_secret
    if settings.slack_bot_token and (id_ or secret):
        yield message("workspaces.both")
    elif bool(id_) != bool(secret):
        names = ("SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID")
        missing, there = names if id_ else names[::-1]
        yield message("workspaces.half", missing=missing, given=there)
    elif not settings.many_workspaces:
        yield from _token("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-")
    if settings.slack_mode == "http":
        yield from _token("SLACK_SIGNING_SECRET", settings.slack_signing_secret, "")
    else:
        yield from _token("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-")


def _token(name: str, value: str | None, prefix: str) -> Iterator[str]:
    if not value or not value.startswith(prefix):
        problem = "slack.malformed" if value else "slack.missing"
        yield message(problem, setting=name, where=message(f"slack.{name}"))


def _pairs(settings: Settings) -> Iterator[str]:
    """Settings of which one is of no use without the other."""
    for one, other in (("witness_url", "witness_key_file"), ("llm_url", "llm_model")):
        if bool(getattr(settings, one)) != bool(getattr(settings, other)):
            there, missing = (one, other) if getattr(settings, one) else (other, one)
            yield message("settings.half", given=_variable(there), missing=_variable(missing))
    if settings.llm_key and not settings.llm_url:
        yield message("settings.half", given="CODEDESK_LLM_KEY", missing="CODEDESK_LLM_URL")


def _packages(settings: Settings) -> Iterator[str]:
    """Settings that need a package that is not installed."""
    for name, module, extra in (
        ("database_url", "psycopg", "postgres"),
        ("timestamp_url", "rfc3161_client", "timestamps"),
    ):
        if getattr(settings, name) and find_spec(module) is None:
            yield message("settings.needs_extra", given=_variable(name), extra=extra)


def _files(settings: Settings) -> Iterator[str]:
    """Files that are named and are not there."""
    for name in ("log_key_file", "checkpoint_key_file", "witness_key_file", "auditors_file"):
        path = getattr(settings, name)
        if path and not Path(path).expanduser().is_file():
            yield message("settings.no_file", given=_variable(name), path=path)


def _variable(name: str) -> str:
    return f"CODEDESK_{name.upper()}"
