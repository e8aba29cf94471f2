"""How values are shown in a table. Columns without a rule here are shown as Datasette does."""

from __future__ import annotations

import contextlib
import json
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

_TIMES = ("at", "asked_at", "answered_at")
_OBJECTS = ("what", "typed", "body")


def shown(value: Any, column: str) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    if column == "question_id":
        where = "/log/one_question?" + urlencode({"question_id": value})
        return Markup('<a href="{}">{}</a>').format(where, value)
    if column in _TIMES:
        # To the second. The CSV has milliseconds and the time zone.
        return value[:19].replace("T", " ")
    if column in _OBJECTS and value.startswith("{"):
        return Markup("<br>").join(_part(*item) for item in json.loads(value).items())
    return None


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
