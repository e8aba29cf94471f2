"""Names of diseases that people use and no official text has, written for Code Desk.

They are in prompts/vocabulary/synonyms.tsv. Its columns are the code (the highest for which the
name is true, a header or not) and the name. Synonyms are searched like Terms; a synonym whose code
is in no loaded edition is left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from index.text.resources import read_bytes, read_table

_FILE = "synonyms.tsv"
#: The key of this file in a bundle's manifest. It is the file's former name, so that bundles
#: built before the file was renamed stay current.
KEY = "names.tsv"


@dataclass(frozen=True, slots=True)
class Synonym:
    """A name in use, and the code that it leads to."""

    code: str
    text: str


def read_synonyms() -> list[Synonym]:
    """All rows of the file. Raises VocabularyError when a row is in it twice."""
    rows = read_table(_FILE, lambda row: [(row["name"], row["code"])])
    return [Synonym(row["code"], row["name"]) for row in rows]


def sha256() -> str:
    """SHA-256 of the file, in hexadecimal. A bundle's manifest has it under KEY."""
    return hashlib.sha256(read_bytes("vocabulary", _FILE)).hexdigest()
