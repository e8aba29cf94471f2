"""The desk's own words on denial codes, from prompts/denials/*.toml, which a coding supervisor may
edit. They are not the descriptions of X12 and CMS, which are licensed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from bot.desk.answer_denials import DenialKind

GROUPS = ("CO", "PR", "OA", "PI", "CR")
#: The highest numbers that the lists have reached, with some room, by the letters before them. A
#: higher one is of no list; one below that the desk lacks may have been retired, or be new.
_HIGHEST = {
    "carc": {"": 349, "A": 8, "B": 23, "P": 39, "D": 23, "W": 9, "Y": 3},
    "rarc": {"M": 144, "MA": 134, "N": 949},
}


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of reason. `means` and `next`, what to do, are sentences."""

    name: str
    means: str
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What the desk says of a code: its categories, the weightiest first, and what it is about."""

    categories: tuple[str, ...]
    about: str


def _read(name: str) -> dict[str, Any]:
    file = resources.files("prompts") / "denials" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def categories() -> dict[str, Category]:
    return {
        name: Category(name, one["means"], tuple(one["next"]))
        for name, one in _read("categories").items()
    }


@cache
def groups() -> dict[str, str]:
    """Group code -> who bears the amount."""
    return dict(_read("groups")["groups"])


@cache
def own_words(kind: DenialKind) -> dict[str, OwnWords]:
    """Code -> the desk's own words; of `carc` or `rarc`.

    Raises ValueError where the file names a category that categories.toml does not have.
    """
    found = {}
    for code, text in _read(kind)[kind].items():
        named, _, about = text.partition("|")
        names = tuple(name.strip() for name in named.split(","))
        if lacking := [name for name in names if name not in categories()]:
            raise ValueError(f"prompts/denials/{kind}.toml, {code}: no category {lacking[0]}")
        found[code] = OwnWords(names, about.strip())
    return found


def may_exist(kind: DenialKind, code: str) -> bool:
    """Whether a code that the desk lacks lies within the numbers that its list has reached."""
    letters = code.rstrip("0123456789")
    highest = _HIGHEST[kind].get(letters)
    return highest is not None and 1 <= int(code[len(letters) :] or 0) <= highest


def similar(kind: DenialKind, code: str) -> list[str]:
    """Codes of the desk's list that a slip of the keyboard away: a digit too many, two changed
    places."""
    tried = [code[:at] + code[at + 1 :] for at in range(len(code))]
    tried += [code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)]
    known = own_words(kind)
    return [one for one in dict.fromkeys(tried) if one in known and one != code][:3]
