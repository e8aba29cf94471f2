"""Codes that Excludes1 notes keep from being reported together: which of the two stays.

Excludes1 means "not coded here": the two are never reported together, unless they are unrelated
(Official Guidelines I.A.12.a).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codesets.model import Code, Note
from index.statement.rules.named_codes import names

#: In a note that lets both stand: "unless the conditions are unrelated".
_LETS = re.compile(
    r"\b(?:unless|except|if (?:the )?(?:conditions|diagnoses) are unrelated)\b", re.I
)


#: A note that names codes with one seventh character only: "open skull fracture (S02.- with 7th
#: character B)".
_CHARACTER = re.compile(r"\bwith (?:7th|seventh) character ([A-Z](?:(?:, | or )[A-Z])*)", re.I)


def _names(note: Note, other: Code) -> bool:
    """Whether a note names a code, with the seventh character that it asks for."""
    asked = _CHARACTER.search(note.text)
    if asked and other.code[-1] not in asked[1]:
        return False
    return any(named.contains(other.code) for named in note.codes)


def excluded(
    codes: Sequence[Code], notes: Mapping[str, Sequence[Note]], *, may_stand: bool = False
) -> list[tuple[int, int, Note]]:
    """The pairs of codes, by number, one of which has an Excludes1 note that names the other.
    `may_stand`: those of notes that let both stand ("unless …"), and not the others."""
    pairs = []
    for at, code in enumerate(codes):
        for note in notes[code.code]:
            if note.kind != "excludes1" or bool(_LETS.search(note.text)) != may_stand:
                continue
            # A range that has both codes says nothing of the two.
            if names(note, code):
                continue
            pairs += [
                (at, n, note) for n, other in enumerate(codes) if n != at and _names(note, other)
            ]
    return pairs


def loser(one: Code, other: Code, chances: tuple[float, float]) -> int:
    """Which of two codes that exclude each other goes: 0 or 1. A symptom goes before a disease, an
    unspecified code before one that says more, else the less likely one."""
    for is_weaker in (_is_symptom, _is_unspecified):
        weaker = is_weaker(one), is_weaker(other)
        if weaker[0] != weaker[1]:
            return 0 if weaker[0] else 1
    return 0 if chances[0] < chances[1] else 1


def _is_symptom(code: Code) -> bool:
    return code.code[0] == "R"


def _is_unspecified(code: Code) -> bool:
    return "unspecified" in code.title.lower() or code.code.endswith(".9")
