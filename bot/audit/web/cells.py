"""How values, and the names of columns, are shown in a table. What has no rule here is shown as
Datasette does."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from bot.messages import message
from codesets.model import SYSTEM_NAMES

_TIMES = ("at", "asked_at", "answered_at")
_OBJECTS = ("what", "typed", "body")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")


def shown(value: Any, column: str) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    if column == "question_id":
        return Markup('<a href="/questions/{}">{}</a>').format(quote(value, safe=""), value)
    if column in _TIMES:
        return time_of(value)
    if column == "system":
        return SYSTEM_NAMES.get(value)
    if column in _OBJECTS and value.startswith("{"):
        return Markup("<br>").join(_part(*item) for item in json.loads(value).items())
    return None


def time_of(at: str) -> str:
    """A time of the log to the second, in UTC; a script shows it in the browser's zone. Anything
    else, such as a time that somebody altered, as it is. The CSV has milliseconds."""
    if not _TIME.fullmatch(at):
        return Markup.escape(at)
    short = at[:19].replace("T", " ")
    return Markup('<time datetime="{}">{} UTC</time>').format(at, short)


def heading(column: str) -> str:
    """The name of a column for people."""
    try:
        return message(f"audit_heads.{column}")
    except KeyError:  # a column of somebody's own SQL
        return column


def _part(name: str, value: Any) -> Markup:
    """One member of a JSON object; a long one is folded."""
    if isinstance(value, str) and value[:1] in tuple("{["):
        with contextlib.suppress(ValueError):  # a typed text may begin so, too
            value = json.loads(value)
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, indent=1 if len(str(value)) > 80 else None)
        if "\n" in value:
            return Markup("<details><summary>{}</summary><pre>{}</pre></details>").format(
                name, value
            )
    return Markup('<span class="part">{}:</span> {}').format(name, value)
