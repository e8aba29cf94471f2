"""The words that people read, from prompts/messages/*.toml, filled in by name."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from string import Formatter


@cache
def sections() -> dict[str, dict[str, str]]:
    """The sections of every file of messages, each with its texts by name. Two files may share
    a section, and no key.

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
    return sections()[section][name].format(**values)


def shorthand(section: str) -> tuple[tuple[str, str], ...]:
    """The rows of a section that has words and their shorthand, in their order."""
    return tuple(sections()[section].items())


@cache
def _read_back(key: str) -> re.Pattern[str]:
    section, name = key.split(".")
    text, seen = "", set()
    for literal, place, _, _ in Formatter().parse(sections()[section][name]):
        text += re.escape(literal)
        if place:
            text += f"(?P={place})" if place in seen else f"(?P<{place}>.+?)"
            seen.add(place)
    return re.compile(text, re.S)


def values_of(key: str, text: str) -> dict[str, str] | None:
    """What fills the places of a message in `text`; None where `text` is not that message. An
    answer out of the log has the words alone.

    >>> values_of("notes.chapter", "chapter 4")
    {'number': '4'}
    """
    match = _read_back(key).fullmatch(text)
    return match.groupdict() if match else None
