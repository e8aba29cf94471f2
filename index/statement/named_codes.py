"""Whether a note names a code, with what it says of the characters of the code."""

from __future__ import annotations

import re

from codesets.model import Code, Note

#: "(T36-T50 with fifth or sixth character 5)", "character 1-4".
_CHARACTER = re.compile(r"fifth or sixth character (\d)(?:\s?-\s?(\d))?")


def names(note: Note, code: Code) -> bool:
    """Whether one of the codes that a note names is or contains a code."""
    if not any(named.contains(code.code) for named in note.codes):
        return False
    found = _CHARACTER.search(note.text)
    if found is None or code.code[0] != "T":
        return True
    # The intent of a drug is its sixth character, or the fifth before a placeholder.
    fifth_sixth = code.code.replace(".", "")[4:6]
    intent = fifth_sixth.rstrip("X")[-1:]
    return found[1] <= intent <= (found[2] or found[1])
