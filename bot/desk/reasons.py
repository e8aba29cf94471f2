"""Why something is so, before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so, before it is put into words.

    - `key`: names a message of prompts/messages/.
    - `params`: what fills the places of the message; {} when it has none. A param may be a Reason,
      which is worded in its place. The date of service is never a param: a message with `{day}`
      gets that of the answer.
    """

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)


def reason(key: str, /, **params: Any) -> Reason:
    return Reason(key, params)
