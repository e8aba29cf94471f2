"""Reads the filters typed after /code-audit.

The manifest has Slack escape the command, so that a person or a channel arrives as an id:
<@U012AB3CD|ann>.
https://docs.slack.dev/interactivity/implementing-slash-commands#creating_commands
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from bot.messages import message
from bot.querylog.search import CONFIDENCES, FEEDBACK, OUTCOMES, Filters
from bot.slack.message_text import clean
from codesets.errors import CodeDeskError
from codesets.model import SYSTEM_NAMES

#: The text goes into the value of a button, which holds 2,000 characters.
MOST_CHARACTERS = 1000
_PIECE = re.compile(r'[a-z]+:<[^>]*>|[a-z]+:"[^"]*"|"[^"]*"|\S+')
_FILTER = re.compile(r"([a-z]+):(.+)", re.S)
_NAMED = re.compile(r"<[@#]([A-Z0-9]+)(?:\|[^>]*)?>")
#: Each filter -> the field it fills, and the values it may have; () for any.
_FILTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "person": ("person", ()),
    "channel": ("channel", ()),
    "code": ("code", ()),
    "system": ("system", tuple(SYSTEM_NAMES)),
    "from": ("first_day", ()),
    "to": ("last_day", ()),
    "outcome": ("outcome", OUTCOMES),
    "confidence": ("confidence", CONFIDENCES),
    "feedback": ("feedback", FEEDBACK),
}


class Misread(CodeDeskError):
    """The text cannot be searched for; the message says why, in a sentence."""


def read(typed: str) -> Filters:
    """Raises Misread.

    >>> read("htn person:<@U1|ann> code:I10").description(str)
    'text=htn, person=U1, code=I10'
    """
    if len(typed) > MOST_CHARACTERS:
        raise Misread(message("slack.audit_too_long", most=MOST_CHARACTERS))
    words: list[str] = []
    filters: dict[str, Any] = {}
    for piece in _PIECE.findall(typed):
        match = _FILTER.fullmatch(piece)
        if match is None:
            words.append(piece)
            continue
        name, value = match[1], match[2].strip('"')
        if name not in _FILTERS:
            known = ", ".join(f"{known}:" for known in _FILTERS)
            raise Misread(message("slack.audit_unknown_filter", filter=f"{name}:", known=known))
        field, values = _FILTERS[name]
        filters[field] = _value(name, value, values)
    return Filters(text=clean(" ".join(words)) or None, **filters)


def _value(name: str, value: str, values: tuple[str, ...]) -> str | dt.date:
    if values and value not in values:
        known = ", ".join(values)
        raise Misread(message("slack.audit_bad_value", filter=name, value=value, known=known))
    if name in ("from", "to"):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise Misread(message("slack.audit_bad_day", filter=name, value=value)) from error
    if name in ("person", "channel"):
        if named := _NAMED.fullmatch(value):
            return named[1]
        if value[0] in "@#<":
            raise Misread(message("slack.audit_bad_person", value=value))
    return value
