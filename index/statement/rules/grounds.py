"""Why a code is in a report, and why it stands where it stands."""

from __future__ import annotations

from collections.abc import Sequence

from codesets.model import Code
from index.statement.books import Books
from index.statement.model import Ground
from index.statement.pool import Option
from index.statement.rules.partners import ASKING
from index.statement.rules.sequencing import CONDITION, NoteEdge, rule_for
from index.statement.rules.with_entries import entry_of


def found(option: Option, words: str, books: Books) -> Ground:
    """The official words that lead to a code: the entry of the Alphabetic Index that is nearest to
    `words`, by which it was found, else its title."""
    entry = entry_of(books, option.hit.code, words)
    if entry is not None:
        return Ground("index", "report.index_entry", quote=entry.text, release=entry.release)
    release = books.release.label
    return Ground("tabular", "report.by_title", quote=option.code.title, release=release)


def of_place(code: Code, number: int, count: int) -> list[Ground]:
    """The rule that puts a code first, or after others; [] where none does. `number`: its line,
    counted from 0; `count`: how many lines there are."""
    rule = rule_for(code.code)
    if rule is None or count < 2:
        return []
    is_first = number == 0 and rule.place < CONDITION
    is_after = number > 0 and rule.place > CONDITION
    if not (is_first or is_after):
        return []
    return [Ground("guideline", f"sequencing.{rule.name}", section=rule.section)]


def of_notes(at: int, codes: Sequence[Code], followed: Sequence[NoteEdge]) -> list[Ground]:
    """The notes that put the code at `at` before or after another of the report. Each is told once,
    with the later of the two."""
    grounds = []
    for edge in followed:
        if edge.second == at:
            first = codes[edge.first].code
            kind = ASKING[edge.note.kind]
            grounds.append(
                Ground(
                    kind,
                    f"report.{edge.note.kind}",
                    {"owner": edge.note.owner, "first": first},
                    quote=edge.note.text,
                    release=edge.note.release,
                )
            )
    return grounds
