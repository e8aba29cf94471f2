"""The words of prompts/intents/doses.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.text.resources import read_text


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a drug that its codes tell apart. `strong`: a code whose descriptor has it is not
    meant where the question does not say it."""

    name: str
    said: re.Pattern[str]
    titled: re.Pattern[str]
    strong: bool


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(read_text("intents", "doses.toml"))


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A list of words, with phrases in quotation marks, as one pattern."""
    listed: str = _read()["doses"][name]
    phrases = [quoted or word for quoted, word in re.findall(r'"([^"]+)"|(\S+)', listed)]
    longest = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])", re.I)


@cache
def hollow() -> frozenset[str]:
    """The words of names that do not tell a drug."""
    return frozenset(_read()["doses"]["hollow"].split())


@cache
def shorthand() -> dict[str, str]:
    """How names in descriptors are said in short: the short words -> the words of the name."""
    return dict(_read()["shorthand"])


@cache
def forms() -> tuple[Form, ...]:
    return tuple(
        Form(
            row["name"],
            re.compile(row["said"], re.I),
            re.compile(row["titled"], re.I),
            row["strong"],
        )
        for row in _read()["forms"]
    )
