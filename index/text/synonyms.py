"""The house's own names of diseases, from prompts/names.tsv: what people say and no official text
does.

Columns: code (the highest for which the name is true, a header or not) and name. They are searched
like Terms; a name whose code no loaded edition has leads nowhere.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

FILE = "names.tsv"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in use, and the code that it leads to."""

    code: str
    text: str


def house_names() -> Iterator[Name]:
    lines = _file().decode().splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        yield Name(row["code"], row["name"])


def sha256() -> str:
    """Of the file: an index says which names it was made with."""
    return hashlib.sha256(_file()).hexdigest()


def _file() -> bytes:
    return (resources.files("prompts") / FILE).read_bytes()
