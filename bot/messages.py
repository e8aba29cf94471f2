"""The words people read, out of prompts/*.toml, filled in by name."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def _all() -> dict[str, dict[str, str]]:
    """The sections of every file; two files may add to the same section."""
    sections: dict[str, dict[str, str]] = {}
    for file in resources.files("prompts").iterdir():
        if file.name.endswith(".toml"):
            for section, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                sections.setdefault(section, {}).update(texts)
    return sections


def message(name: str, /, **values: object) -> str:
    """The text called `section.key`, with its `{placeholders}` filled in.

    >>> say("notes.chapter", number=4)
    'chapter 4'
    """
    section, key = name.split(".")
    return _all()[section][key].format(**values)


def in_other_words(section: str, text: str) -> str:
    """The text with each word for which a section has others put in those."""
    others = _all()[section]
    return " ".join(others.get(word.lower(), word) for word in text.split())


def word_set(name: str) -> frozenset[str]:
    """The words of a text that is a list of words."""
    return frozenset(message(name).split())
