"""The words that people read, from prompts/messages/*.toml, filled in by name."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


@cache
def _sections() -> dict[str, dict[str, str]]:
    """The sections of every file of messages. Two files may share a section, and no key.

    Raises ValueError when a key is defined twice.
    """
    sections: dict[str, dict[str, str]] = {}
    for file in (resources.files("prompts") / "messages").iterdir():
        if file.name.endswith(".toml"):
            for section, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                known = sections.setdefault(section, {})
                if twice := known.keys() & texts.keys():
                    raise ValueError(f"{file.name}: {section}.{min(twice)} is defined twice")
                known.update(texts)
    return sections


def message(key: str, /, **values: object) -> str:
    """The text called `section.key`, with its `{placeholders}` filled in.

    >>> message("notes.chapter", number=4)
    'chapter 4'
    """
    section, name = key.split(".")
    return _sections()[section][name].format(**values)
