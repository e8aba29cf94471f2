"""The form that finds questions: its fields, what was typed, and the filters that it means."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bot.messages import message
from bot.querylog.search import ANSWERS, CONFIDENCES, FEEDBACK, OUTCOMES, Filters
from codesets.errors import CodeDeskError

#: Each field -> the filter that it fills. A month fills both days.
_PLAIN = {
    "words": "text", "code": "code", "person": "person", "channel": "channel", "edition": "edition",
}  # fmt: skip
_DAYS = {"since": "first_day", "until": "last_day"}
#: The fields with a list of values; what is shown for each is in [audit_choices].
_CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": OUTCOMES,
    "confidence": CONFIDENCES,
    "feedback": FEEDBACK,
}
#: In the order of the form.
FIELDS = (
    "words", "code", "person", "channel", "month", "since", "until", "outcome", "confidence",
    "feedback", "edition",
)  # fmt: skip
#: Questions that are asked again and again: the name of each, and the fields that it fills.
PRESETS: dict[str, dict[str, str]] = {
    "wrong": {"feedback": "wrong"},
    "used": {"feedback": "used"},
    "unsure": {"confidence": "low"},
    "abstained": {"outcome": "abstained"},
    "unanswered": {"outcome": "unanswered"},
    "failed": {"outcome": "failed"},
}


class BadField(CodeDeskError):
    """A field cannot be read; the message says which, and what it may be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, by field, and the filters that it means."""

    typed: dict[str, str]
    filters: Filters

    @property
    def query(self) -> str:
        """The same as the query of an address, without empty fields."""
        return encoded(self.typed)


def encoded(typed: Mapping[str, str]) -> str:
    """Fields as the query of an address, without empty ones."""
    return urlencode({name: value for name, value in typed.items() if value})


def typed_into(args: Mapping[str, str]) -> dict[str, str]:
    """What each field has; "" for a blank one."""
    return {name: " ".join((args.get(name) or "").split()) for name in FIELDS}


def read(args: Mapping[str, str]) -> Asked:
    """Raises BadField."""
    typed = typed_into(args)
    filters: dict[str, Any] = {f: typed[name] or None for name, f in _PLAIN.items()}
    for name, values in _CHOICES.items():
        if typed[name] and typed[name] not in values:
            known = ", ".join(values)
            raise BadField(message("audit_form.bad_choice", value=typed[name], known=known))
        filters[name] = typed[name] or None
    first, last = month(typed["month"])
    filters["first_day"] = _day(typed["since"]) or first
    filters["last_day"] = _day(typed["until"]) or last
    if filters["first_day"] and filters["last_day"] and filters["first_day"] > filters["last_day"]:
        raise BadField(message("audit_form.no_days"))
    return Asked(typed, Filters(**filters))


def month(typed: str) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day of a month such as `2026-03`; None for "". Raises BadField."""
    if not typed:
        return None, None
    try:
        first = dt.date.fromisoformat(f"{typed}-01")
    except ValueError as error:
        raise BadField(message("audit_form.bad_month", value=typed)) from error
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise BadField(message("audit_form.bad_day", value=typed)) from error


def fields(typed: Mapping[str, str], months: Sequence[str]) -> list[dict[str, Any]]:
    """The fields as a template draws them: `name`, `label`, `kind`, `value`, `hint`, and `groups`
    of choices, each with a heading ("" for none) and pairs of a value and what is shown."""
    return [_field(name, typed.get(name, ""), months) for name in FIELDS]


def _field(name: str, value: str, months: Sequence[str]) -> dict[str, Any]:
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    if name == "month":
        groups = [("", [(one, month_name(one)) for one in months])]
    elif name == "outcome":
        later = [one for one in OUTCOMES if one not in ANSWERS]
        groups = [
            (message("audit_form.of_the_answer"), [(one, one) for one in ANSWERS]),
            (message("audit_form.of_the_delivery"), [(one, one) for one in later]),
        ]
    elif name == "feedback":
        groups = [("", [(one, message(f"audit_form.feedback_{one}")) for one in FEEDBACK])]
    elif name in _CHOICES:
        groups = [("", [(one, one) for one in _CHOICES[name]])]
    return {
        "name": name,
        "label": message(f"audit_fields.{name}"),
        "kind": "choice" if groups else "date" if name in _DAYS else "text",
        "value": value,
        "hint": message(f"audit_form.hint_{name}") if name in _PLAIN else "",
        "groups": groups,
    }


def in_words(typed: Mapping[str, str]) -> str:
    """What was looked for, field by field; "" for everything."""
    shown = {**typed, "month": month_name(typed["month"]) if typed["month"] else ""}
    return " · ".join(
        message("audit_form.looked_for", label=message(f"audit_fields.{name}"), value=value)
        for name, value in shown.items()
        if value
    )


def month_name(of: str) -> str:
    """`March 2026` for `2026-03`."""
    year, number = of.split("-")
    return f"{message('audit_form.months').split()[int(number) - 1]} {year}"


def presets() -> list[tuple[str, str]]:
    """The words and the address of each."""
    return [
        (message(f"audit_form.preset_{name}"), f"/questions?{urlencode(of)}")
        for name, of in PRESETS.items()
    ]
