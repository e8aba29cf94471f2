"""Conditions that an operation left. Many categories send them away with a note: "Excludes1:
postprocedural hypoparathyroidism (E89.2)". Where a statement says that the condition came of an
operation, the code that the note names takes its place.
"""

from __future__ import annotations

import re

from codesets.model import Code, Note
from index.statement.books import Books
from index.statement.model import Ground, Statement
from index.text.attributes import ATTRIBUTES
from index.text.tokens import read

#: Categories of conditions after operations, by body system.
_AFTER = ("E89", "G97", "H59", "H95", "I97", "J95", "K91", "L76", "M96", "N99")
_OPERATION = (
    r"(?:\w+(?:ectomy|plasty|otomy|ostomy|desis)|(?:\w+ )?(?:surgery|operation|resection|bypass"
    r"|ablation|fusion|turp))"
)
_BEFORE = r"(?:(?:his|her|a|an|the|prior|previous|total|partial|bilateral|radical|left|right) )*"
_DUE = r"(?:due to|d/t|2/2|from|secondary to|caused by|because of)"
_MADE = re.compile(
    r"\bpost-? ?(?:op|operative|procedural|surgical|surgery)\b"
    rf"|\b{_DUE} {_BEFORE}{_OPERATION}\b|\bpost-?\w+(?:ectomy|plasty|otomy)\b"
)
#: That something came after an operation says where the operation takes away what is missing now.
_CAME = re.compile(rf"\b(?:after|following|since|post) {_BEFORE}(?P<what>{_OPERATION})\b")
#: Acute conditions that come after an operation need not be of it (I.B.16).
_ACUTE = ("J", "K56", "K72", "K76", "K8", "N17", "R")
_IN_NOTE = re.compile(r"\b(?:post\w*|following|after|surgery)\b", re.I)
_ASIDE = re.compile(
    r"\b(?:post-?\s?(?:procedural|operative|surgical)|following|after|due to|artificial|associated"
    r"|surgery|\w+ectomy)\b",
    re.I,
)
#: More than this share of the words of a note must be of a code or the statement.
_SAID = 0.5


def instead(code: Code, statement: Statement, books: Books) -> tuple[Code, Ground] | None:
    """The code for a condition that an operation left, and the note that says so; None where the
    statement tells of no operation, or no note does."""
    text = statement.folded
    came = _CAME.search(text)
    if code.code.startswith(_AFTER) or not (_MADE.search(text) or came):
        return None
    if not _MADE.search(text) and code.code.startswith(_ACUTE):
        return None
    said = read(code.title).stems | read(text).stems
    for note in books.notes(code):
        if not note.kind.startswith("excludes") or not _IN_NOTE.search(note.text):
            continue
        stems = [named.first for named in note.codes if named.first.startswith(_AFTER)]
        if len(stems) != 1 or not _is_of(note, said):
            continue
        what = f" post{came['what']}" if came else ""
        if found := books.complete(stems[0].rstrip(".-"), f"{text}{what} postprocedural"):
            ground = Ground(
                "note",
                "report.after_operation",
                {"owner": note.owner, "code": found.code},
                quote=note.text,
                release=note.release,
            )
            return found, ground
    return None


def _is_of(note: Note, said: frozenset[str]) -> bool:
    """Whether a note tells of what is said."""
    text = _ASIDE.sub(" ", re.sub(r"\(.*", "", note.text))
    # "And" means "and/or" (I.A.14).
    sides = text.split(" and ") if len(note.codes) == 1 else [text]
    each = [read(side).affirmed - ATTRIBUTES for side in sides]
    return any(len(words & said) > _SAID * len(words) for words in each)
