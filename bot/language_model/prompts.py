"""The prompts, from prompts/language_model/*.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is told. `version` names these words in the log. `words`: lists of words that
    the check of the reply needs, by their names."""

    version: str
    system: str
    most_tokens: int
    words: dict[str, frozenset[str]]


@cache
def prompt(name: str) -> Prompt:
    """The prompt of prompts/language_model/NAME.toml."""
    file = resources.files("prompts") / "language_model" / f"{name}.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    version, system, most = (table.pop(key) for key in ("version", "system", "most_tokens"))
    words = {key: frozenset(text.split()) for key, text in table.items()}
    return Prompt(version, " ".join(system.split()), most, words)
