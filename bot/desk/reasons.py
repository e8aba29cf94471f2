"""Why something is so, before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def joined(key: str, parts: Sequence[Reason | str]) -> Reason | str:
    """Several parts as one, by a message with the places `first` and `second`: at least one."""
    whole = parts[-1]
    for part in reversed(parts[:-1]):
        whole = reason(key, first=part, second=whole)
    return whole
