"""The codes that the notes of another code ask for beside it, where a statement has words for them.

A note that names codes asks for these. What a note without a code asks for ("code also to identify
the infection") is in prompts/statements/noted.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from codesets.model import Code, Note
from index.statement.model import Ground, RuleKind
from index.statement.rules.named_codes import names
from index.text.resources import read_text

#: The kinds of notes that ask for another code, as the rule of a ground.
ASKING: dict[str, RuleKind] = {
    "code_first": "code first",
    "use_additional_code": "use additional code",
    "code_also": "code also",
}
#: The chapters of conditions: "any condition" is one of these.
_CONDITIONS = frozenset("ABCDEFGHIJKLMNOPQRST")


@dataclass(frozen=True, slots=True)
class _Noted:
    words: re.Pattern[str]
    codes: tuple[str, ...]


@cache
def _rows() -> tuple[_Noted, ...]:
    rows = tomllib.loads(read_text("statements", "noted.toml"))["noted"]
    return tuple(
        _Noted(
            # Beginnings of words: "mental" is not in "environmental".
            re.compile(rf"\b(?:{'|'.join(re.escape(w.strip()) for w in row['words'].split(','))})"),
            tuple(_CONDITIONS) if row.get("any") else tuple(row["codes"]),
        )
        for row in rows
    )


@lru_cache(maxsize=4096)
def _meant(text: str) -> tuple[str, ...]:
    """Beginnings of the codes that a note without a code asks for."""
    folded = text.lower()
    return next((row.codes for row in _rows() if row.words.search(folded)), ())


def asking(notes: Sequence[Note], code: Code, *, told_together: bool = False) -> Note | None:
    """The note that asks for a code beside the one that it governs; None where none does.

    `told_together`: whether the statement tells both as one ("copd with acute bronchitis"). Only
    then does a note that names no code count, because what it asks for is less certain.
    """
    groups: dict[int, list[Note]] = {}
    for note in notes:
        if note.kind in ASKING:
            groups.setdefault(note.group, []).append(note)
    for lines in groups.values():
        for note in lines:
            if names(note, code):
                return note
        of_a_code = lines[0].owner_kind == "code"
        if told_together and of_a_code and not any(note.codes for note in lines):
            for note in lines:
                if code.code.startswith(_meant(note.text) or ("~",)):
                    return note
    return None


def ground(note: Note, owner: str) -> Ground:
    """Why a code stands in the report: the note that asks for it."""
    return Ground(
        ASKING[note.kind],
        f"report.{note.kind}",
        {"owner": owner},
        quote=note.text,
        release=note.release,
    )
