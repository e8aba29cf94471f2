"""The report as one page of HTML: it loads nothing, runs nothing and opens offline.

Charts are bars in tables, so that their labels are as large as the words around them on any screen
and on paper.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from bot.audit import csv_safe
from codesets.model import SYSTEM_NAMES

#: How many rows of a table of counts are shown; one more is for all others.
_MOST = 15


def page(figures: Mapping[str, Any], verification: Sequence[str], result: str) -> str:
    """The figures as a page. `verification` are the sentences of verifying the log, `result` its
    result. What people typed is escaped."""
    named = [one["id"] for one in (*figures["no_codes"], *figures["disagreements"])]
    shown: str = _template().render(
        **figures,
        verification=verification,
        result=result,
        named=dict.fromkeys(named),
        bar=bar,
        percent=percent,
        system_names=SYSTEM_NAMES,
        shortened=shortened,
        most=most,
    )
    return shown


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = (resources.files("prompts") / "templates" / "log_report.html").read_text(
        encoding="utf-8"
    )
    return environment.from_string(text)


def bar(share: float) -> Markup:
    """A bar for a cell of a table; `share` is its length, 0 to 1."""
    return Markup('<span class="bar" style="width:{:.1f}%"></span>').format(
        100 * min(max(share, 0), 1)
    )


def percent(share: float | None) -> str:
    # A dash: a cell with a minus may be taken for a formula.
    return "\u2013" if share is None else f"{share:.0%}"


#: Control characters, and those that change the direction of the text after them.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shortened(text: str | None, longest: int = 200) -> str:
    """The text on one line, cut after `longest` characters, and safe in a spreadsheet: those open
    HTML pages, too."""
    one_line: str = csv_safe.safe(" ".join(_UNSEEN.sub("\ufffd", text or "").split()))
    return one_line if len(one_line) <= longest else one_line[: longest - 1] + "…"


def most(counts: Mapping[str, int], limit: int = _MOST) -> list[tuple[str, int]]:
    """The `limit` most frequent, and one row for all others."""
    rows = list(counts.items())
    others = rows[limit:]
    if others:
        rows = [*rows[:limit], (f"{len(others)} others", sum(count for _, count in others))]
    return rows
