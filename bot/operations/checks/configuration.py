"""The settings: those that are wrong, that contradict or lack each other, that nobody reads."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping

from bot.operations.findings import Asked, Finding, look, ok, told
from bot.operations.together import faults
from bot.settings import Settings


def values(asked: Asked) -> Iterator[Finding]:
    for sentence in asked.faults:
        yield told("broken", "setting", sentence)
    if not asked.faults:
        yield ok("settings")


def together(asked: Asked) -> Iterator[Finding]:
    for sentence in faults(asked.settings):
        yield told("broken", "setting", sentence)


def misspelt(asked: Asked, environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Variables that look like a setting and are none."""
    known = {f"CODEDESK_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(environment):
        if name.startswith("CODEDESK_") and name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.85)
            if near:
                yield look("misspelt", name=name, near=near[0])


def without_log(asked: Asked) -> Iterator[Finding]:
    if asked.settings.answer_without_log:
        yield look("without_log")


def slack(asked: Asked) -> Iterator[Finding]:
    if not asked.uses_slack:
        yield ok("no_slack")
    if asked.settings.many_workspaces and asked.settings.checkpoint_channel:
        yield look("no_channel", channel=asked.settings.checkpoint_channel)


def port(asked: Asked) -> Iterator[Finding]:
    settings = asked.settings
    if settings.metrics_port and settings.metrics_host not in ("127.0.0.1", "localhost", "::1"):
        yield look("metrics_open", host=settings.metrics_host, port=settings.metrics_port)


def people(asked: Asked) -> Iterator[Finding]:
    if asked.uses_slack and not asked.settings.many_workspaces:
        if not asked.settings.auditor_ids:
            yield look("no_auditors")
        if not asked.settings.admin_ids:
            yield look("no_admins")


CHECKS = (values, together, misspelt, without_log, slack, port, people)
