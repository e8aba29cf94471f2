"""The notes of a code in the order and the company in which a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.answer import Answer, Candidate, ShownNote, Verdict
from bot.words import say
from codesets.model import NOTE_HEADINGS, SYSTEM_NAMES

#: Rules that change what is reported come first, then what only explains.
_RULES = ("excludes1", "code_first", "use_additional_code", "code_also", "seventh_character")
_IN_ORDER = (*_RULES, "excludes2", "includes", "note")


def grouped(notes: Iterable[ShownNote]) -> list[list[ShownNote]]:
    """Notes of one kind from one place together, the kinds that matter most first, and within a
    kind as they came: the nearest first."""
    groups: dict[tuple[str, str], list[ShownNote]] = {}
    for note in notes:
        groups.setdefault((note.kind, note.inherited_from), []).append(note)
    return sorted(
        groups.values(),
        key=lambda group: (explains_a_chapter(group[0]), _IN_ORDER.index(group[0].kind)),
    )


def explains_a_chapter(note: ShownNote) -> bool:
    """True of what stands over every code of a chapter and asks nothing of the coder."""
    return note.inherited_from.isdigit() and note.kind not in _RULES


def heading(note: ShownNote) -> str:
    return NOTE_HEADINGS[note.kind]


def source(note: ShownNote, release: str | None) -> str:
    """Where a note is printed, and in which edition when it is not the answer's own."""
    where = note.inherited_from
    if where.isdigit():
        where = say("notes.chapter", number=where)
    return where if note.release == release else f"{where}, {note.release}"


def run_together(group: Sequence[ShownNote], most: int) -> str:
    """The lines of one note in one line, as many as `most` characters hold, one in any case."""
    text = group[0].text if len(group[0].text) <= most else group[0].text[: most - 1] + "…"
    shown = 1
    for note in group[1:]:
        # A line that ends in a colon heads the ones after it.
        longer = f"{text}{' ' if text.endswith(':') else '; '}{note.text}"
        if len(longer) > most:
            break
        text, shown = longer, shown + 1
    if shown < len(group):
        text += "; " + say("notes.left_out", count=len(group) - shown)
    return text


def editions(answer: Answer) -> str:
    """The editions that an answer's codes are of: "ICD-10-CM FY2026-April"."""
    found: list[Verdict | Candidate] = [*answer.verdicts, *answer.candidates]
    return ", ".join(
        dict.fromkeys(f"{SYSTEM_NAMES[f.system]} {f.release}" for f in found if f.release)
    )
