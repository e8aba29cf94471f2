"""Our own names of diseases, from prompts/vocabulary/synonyms.tsv: what people say and no
official text does.

Columns: code (the highest for which the name is true, a header or not) and name. They are searched
like Terms; a name whose code no loaded edition has leads nowhere.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from index.text.resources import read_bytes, read_text

_FILE = "synonyms.tsv"
#: How the file is named in a bundle, by its first name, so that older bundles stay current.
KEY = "names.tsv"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in use, and the code that it leads to."""

    code: str
    text: str


def house_names() -> Iterator[Name]:
    lines = read_text("vocabulary", _FILE).splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        yield Name(row["code"], row["name"])


def sha256() -> str:
    """Of the file: an index says which names it was made with."""
    return hashlib.sha256(read_bytes("vocabulary", _FILE)).hexdigest()
