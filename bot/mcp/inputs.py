"""The arguments of tools. Unknown arguments are refused: one that is misspelt must not be lost."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.messages import message
from codesets.model import Setting, System

#: A code as people type it.
CodeText = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9.&/-]{0,29}$")
]
Revision = Literal["icd9", "icd10", "icd11"]
#: The most characters of a text: the desk says of a longer one that it is too long.
_MOST_TEXT = 100_000


def _field(key: str, **how: Any) -> Any:
    return Field(description=message(f"mcp_fields.{key}"), **how)


def _listed(given: Any) -> Any:
    """Codes in one text, as some assistants send them."""
    return given.replace(",", " ").split() if isinstance(given, str) else given


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")

    date: dt.date | None = _field("date_asked", default=None)


class Statement(_Input):
    statement: str = _field("statement", max_length=_MOST_TEXT)
    system: System | None = _field("system_asked", default=None)
    after: str | None = _field("after", default=None, max_length=100)


class Dose(_Input):
    dose: str = _field("dose", max_length=_MOST_TEXT)


class Codes(_Input):
    codes: Annotated[list[CodeText], BeforeValidator(_listed)] = _field(
        "codes_asked", min_length=1, max_length=50
    )
    system: System | None = _field("system_asked", default=None)
    setting: Setting | None = _field("setting", default=None)


class OneCode(_Input):
    code: CodeText = _field("code_asked")
    system: System | None = _field("system_asked", default=None)


class Rule(_Input):
    question: str = _field("question_asked", max_length=_MOST_TEXT)
    system: Literal["icd10cm", "icd10pcs"] | None = _field("system_asked", default=None)


class Translation(_Input):
    code: CodeText = _field("code_asked")
    of: Revision = _field("of_asked")
    to: Revision = _field("to_asked")
