"""What programs send, as OpenAPI describes it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.phi.long_texts import MOST_CHARACTERS
from codesets.model import Setting, System

#: The most characters of a text, far above what a question may have: the desk says so itself then.
MOST_TEXT = 100_000
#: The most codes of a check.
MOST_CODES = 200
#: No blank and no control character. They are named one by one, as \s is not the same in each
#: language that reads the description.
_NO_BLANK = r"^[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _as_published(value: object) -> object:
    """A date as text. Pydantic would take a number, too, for the seconds since 1970."""
    if value is None or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a date as YYYY-MM-DD")


_Date = Annotated[
    dt.date | None,
    BeforeValidator(_as_published),
    Field(description="The date of service, YYYY-MM-DD; by default today."),
]
_Systems = Annotated[
    list[System] | None,
    Field(description="Only these code systems; by default those of US claims.", min_length=1),
]


def _storable(text: str) -> str:
    """A text without the character NUL, which PostgreSQL cannot store."""
    return text.replace("\0", " ")


_Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_TEXT,
        description="A question or a statement in plain words, or lines of several. One question "
        f"has at most {MOST_CHARACTERS} characters. Identifiers of patients are removed before it "
        "is stored; better, leave them out.",
    ),
    # Last: the limits above refuse a text that is not Unicode (a lone surrogate).
    AfterValidator(_storable),
]
_Code = Annotated[str, Field(min_length=1, max_length=40, pattern=_NO_BLANK)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskBody(_Body):
    """A question."""

    text: _Text
    date: _Date = None
    systems: _Systems = None
    limit: Annotated[int, Field(ge=1, le=50, description="The most candidates.")] = 10
    after: Annotated[
        str | None,
        Field(
            pattern="^[0-9a-f]{12}$",
            description="The id of an earlier answer of this client, which the question refines.",
        ),
    ] = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "copd w acute bronchitis", "date": "2026-03-05"}]},
    )


class CheckBody(_Body):
    """Codes to check together."""

    codes: Annotated[
        list[_Code],
        Field(
            min_length=1, max_length=MOST_CODES, description="The codes, with or without their dot."
        ),
    ]
    date: _Date = None
    systems: _Systems = None
    setting: Annotated[
        Setting | None,
        Field(description="Where the service was given: decides which NCCI edits apply."),
    ] = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"codes": ["E11.9", "I10"], "date": "2026-03-05"}]},
    )


class ReportBody(_Body):
    """A statement to report."""

    text: _Text
    date: _Date = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "ckd 3b with htn", "date": "2026-03-05"}]},
    )
