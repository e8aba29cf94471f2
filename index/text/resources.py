"""The one loader of the files of prompts/ that are read as data: vocabulary and intents."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Literal

from index.errors import VocabularyError

Kind = Literal["vocabulary", "intents", "statements"]
Row = Mapping[str, str]


def read_bytes(kind: Kind, name: str) -> bytes:
    """A file of prompts/vocabulary, prompts/intents or prompts/statements as it is on disk."""
    return (resources.files("prompts") / kind / name).read_bytes()


def read_text(kind: Kind, name: str) -> str:
    """The text of a file of prompts/vocabulary or prompts/intents."""
    return read_bytes(kind, name).decode("utf-8")


def read_lines(kind: Kind, name: str) -> list[str]:
    """The lines of a file, without blank lines and lines that begin with "#"."""
    lines = read_text(kind, name).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def read_words(name: str) -> Mapping[str, str]:
    """The words of prompts/intents/NAME.toml, a file that has one section of its own name."""
    texts: dict[str, str] = tomllib.loads(read_text("intents", f"{name}.toml"))[name]
    return texts


def read_table(name: str, defines: Callable[[Row], Iterable[tuple[str, ...]]]) -> list[Row]:
    """The rows of prompts/vocabulary/NAME, by the column names of its header line.

    The file is tab-separated. Blank lines, and lines that begin with "#" and have no tab, are
    comments ("#nof" is shorthand). `defines` names what a row defines; the first string of each
    key is shown to the user. Raises VocabularyError when two rows define the same.
    """
    return parse_table(f"prompts/vocabulary/{name}", read_text("vocabulary", name), defines)


def parse_table(
    path: str, text: str, defines: Callable[[Row], Iterable[tuple[str, ...]]]
) -> list[Row]:
    """`read_table` of a text; `path` names its file in an error message."""
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line and (not line.startswith("#") or "\t" in line)
    ]
    rows: list[Row] = list(
        csv.DictReader((line for _, line in lines), delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    defined_in: dict[tuple[str, ...], int] = {}
    for (number, _), row in zip(lines[1:], rows, strict=True):
        for key in defines(row):
            if defined_in.setdefault(key, number) != number:
                raise VocabularyError(path, key[0], number, defined_in[key])
    return rows
