"""Names that people use and no official text has, written for Code Desk.

prompts/vocabulary/synonyms.tsv has names of diseases; prompts/vocabulary/everyday.tsv has what
patients, nurses and front desks say of conditions, injuries, visits and supplies. Their columns are
the code (the highest for which the name is true, a header or not) and the name. Both are searched
like Terms; a name whose code is in no loaded edition is left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from index.text.resources import read_bytes, read_table

_FILES = ("synonyms.tsv", "everyday.tsv")
#: The key of these files in a bundle's manifest. It is a former name of the first one, so that
#: bundles built before the file was renamed stay current.
KEY = "names.tsv"


@dataclass(frozen=True, slots=True)
class Synonym:
    """A name in use, and the code that it leads to."""

    code: str
    text: str


def read_synonyms() -> list[Synonym]:
    """All rows of the files. Raises VocabularyError when a row is twice in a file."""
    return [
        Synonym(row["code"], row["name"])
        for file in _FILES
        for row in read_table(file, lambda row: [(row["name"], row["code"])])
    ]


def sha256() -> str:
    """SHA-256 of the files, in hexadecimal. A bundle's manifest has it under KEY."""
    return hashlib.sha256(b"".join(read_bytes("vocabulary", file) for file in _FILES)).hexdigest()
