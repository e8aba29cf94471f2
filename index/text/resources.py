"""The files of prompts/ that are read as data: the vocabulary and the intents."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

Kind = Literal["vocabulary", "intents"]


def read_bytes(kind: Kind, name: str) -> bytes:
    """A file of prompts/vocabulary or prompts/intents as it is on disk."""
    return (resources.files("prompts") / kind / name).read_bytes()


def read_text(kind: Kind, name: str) -> str:
    """The text of a file of prompts/vocabulary or prompts/intents."""
    return read_bytes(kind, name).decode("utf-8")


@cache
def read_words(name: str) -> Mapping[str, str]:
    """The words of prompts/intents/NAME.toml, a file that has one section of its own name."""
    texts: dict[str, str] = tomllib.loads(read_text("intents", f"{name}.toml"))[name]
    return texts
