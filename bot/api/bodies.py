"""What programs send, as OpenAPI describes it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.phi.long_texts import MOST_CHARACTERS
from codesets.model import Setting, System

#: The most characters of a text, far above what a question may have: the desk says so itself then.
MOST_TEXT = 100_000
#: The most codes of a check.
MOST_CODES = 200

_Date = Annotated[
    dt.date | None,
    Field(description="The date of service, YYYY-MM-DD; by default today."),
]
_Systems = Annotated[
    list[System] | None,
    Field(description="Only these code systems; by default those of US claims.", min_length=1),
]
_Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MOST_TEXT,
        description="A question or a statement in plain words, or lines of several. One question "
        f"has at most {MOST_CHARACTERS} characters. Identifiers of patients are removed before it "
        "is stored; better, leave them out.",
    ),
]
_Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")]


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
