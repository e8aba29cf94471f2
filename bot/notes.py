"""The notes of a code in the order and the company in which a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from bot.desk.answer import (
    Answer,
    Axis,
    Candidate,
    Changes,
    QuotedGuideline,
    ShownGuideline,
    ShownNote,
    Verdict,
)
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
    where = place(note.inherited_from)
    return where if note.release == release else f"{where}, {note.release}"


def place(printed_under: str) -> str:
    """Where a note is printed: a code, a section, or "chapter 4"."""
    if printed_under.isdigit():
        return say("notes.chapter", number=printed_under)
    return printed_under


def run_together(group: Sequence[ShownNote], most: int) -> str:
    """The lines of one note in one line, as many as `most` characters hold, one in any case."""
    text = group[0].text if len(group[0].text) <= most else group[0].text[: most - 1] + "…"
    shown = 1
    for note in group[1:]:
        longer = run_on([text, note.text])
        if len(longer) > most:
            break
        text, shown = longer, shown + 1
    if shown < len(group):
        text += "; " + say("notes.left_out", count=len(group) - shown)
    return text


def run_on(lines: Sequence[str]) -> str:
    """Lines of one note in one line. A line that ends in a colon heads the ones after it."""
    return "; ".join(lines).replace(":; ", ": ")


def editions(answer: Answer) -> str:
    """The editions that an answer's codes are of: "ICD-10-CM FY2026-April"."""
    found: list[Verdict | Candidate] = [*answer.verdicts, *answer.candidates]
    named = [f"{SYSTEM_NAMES[f.system]} {f.release}" for f in found if f.release]
    if answer.outcome == "guideline":
        named += [say("notes.guidelines", release=g.release) for g in answer.guidelines]
    return ", ".join(dict.fromkeys(named))


def status_word(verdict: Verdict) -> str:
    """A verdict's status as it is shown: modifiers and places of service, which have two
    characters, are valid and never billed by themselves."""
    return "valid" if verdict.status == "billable" and verdict.kind != "code" else verdict.status


def told_axis(axis: Axis) -> str:
    """What a character of an ICD-10-PCS code means: "Approach: Open (Cutting …)"."""
    defined = f" ({axis.definition})" if axis.definition else ""
    return f"{axis.axis}: {axis.meaning}{defined}"


def guideline_source(guideline: ShownGuideline | QuotedGuideline) -> str:
    """Where a section stands: "FY2025, page 37"."""
    if guideline.page is None:
        return guideline.release
    return say("notes.page", release=guideline.release, page=guideline.page)


class _OfAKind(Protocol):
    @property
    def kind(self) -> str: ...


C = TypeVar("C", bound=_OfAKind)


def some_of_each(changes: Sequence[C], most: int | None) -> list[C]:
    """At most so many changes, in their order, with a fair share of each kind: the few deletions
    of an edition are not to be hidden by its many additions. All when `most` is None."""
    if most is None or len(changes) <= most:
        return list(changes)
    sizes = Counter(change.kind for change in changes)
    shares: dict[str, int] = {}
    for number, (kind, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        left = most - sum(shares.values())
        shares[kind] = min(size, left // (len(sizes) - number))
    chosen = []
    for change in changes:
        if shares[change.kind]:
            shares[change.kind] -= 1
            chosen.append(change)
    return chosen


def news_heading(changes: Changes) -> str:
    """ICD-10-CM FY2026-April to FY2027, about "diabetes"."""
    told = say(
        "news.heading",
        system=SYSTEM_NAMES[changes.system],
        before=changes.before,
        after=changes.after,
    )
    return told + (say("news.about", about=changes.about) if changes.about else "")


def news_counts(changes: Changes) -> str:
    """How many changes there are of each kind: "3 added, 1 deleted"."""
    told = [
        say(f"news.count_{kind}", count=count) for kind, count in changes.counts.items() if count
    ]
    return ", ".join(told)
