"""What the terminal and Slack word alike: the notes of a code, where things are printed, the other
sides of a code, what changed between editions, and what was removed from a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
from bot.desk.note_checks import run_on
from bot.desk.service_dates import is_of_birth
from bot.messages import message
from bot.phi.spans import PLACEHOLDER
from codesets.model import NOTE_HEADINGS, SYSTEM_NAMES
from index.text.attributes import SIDE, TRIMESTER
from index.text.tokens import read

#: Rules that change what is reported come first, then what only explains.
_RULES = ("excludes1", "code_first", "use_additional_code", "code_also", "seventh_character")
_IN_ORDER = (*_RULES, "excludes2", "includes", "note")
#: Each axis, and how the codes that differ on it are headed.
_HEADINGS = ((SIDE, "sides.sides"), (TRIMESTER, "sides.trimesters"))
_MOST_SIDES = 4

# The notes of a code, in the order and the company in which a person reads them


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
        return message("notes.chapter", number=printed_under)
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
        text += "; " + message("notes.left_out", count=len(group) - shown)
    return text


# Where things are from


def editions(answer: Answer) -> str:
    """The editions that an answer's codes are of: "ICD-10-CM FY2026-April"."""
    found: list[Verdict | Candidate] = [*answer.verdicts, *answer.candidates]
    named = [f"{SYSTEM_NAMES[f.system]} {f.release}" for f in found if f.release]
    if answer.outcome == "guideline":
        named += [message("notes.guidelines", release=g.release) for g in answer.guidelines]
    return ", ".join(dict.fromkeys(named))


def guideline_source(guideline: ShownGuideline | QuotedGuideline) -> str:
    """Where a section stands: "FY2025, page 37"."""
    if guideline.page is None:
        return guideline.release
    return message("notes.page", release=guideline.release, page=guideline.page)


# Codes


def status_word(verdict: Verdict) -> str:
    """A verdict's status as it is shown: modifiers and places of service are valid, and never
    billed by themselves."""
    return "valid" if verdict.status == "billable" and verdict.kind != "code" else verdict.status


def told_axis(axis: Axis) -> str:
    """What a character of an ICD-10-PCS code means: "Approach: Open (Cutting …)"."""
    defined = f" ({axis.definition})" if axis.definition else ""
    return f"{axis.axis}: {axis.meaning}{defined}"


def other_sides(candidate: Candidate, code: str = "{code}") -> str:
    """Other sides: M17.12 left · M17.10 unspecified; "" where there are none, or it was said.

    `code` is how a code is written. What is asked back is what was not said.
    """
    for axis, heading in _HEADINGS:
        if candidate.ask_back != message(f"ask.{axis.name}"):
            continue
        own = axis.said(read(candidate.title))
        differing = [(c.code, axis.said(read(c.title))) for c in candidate.alternatives]
        told = [
            f"{code.format(code=name)} {' '.join(sorted(said)) or message('sides.unspecified')}"
            for name, said in differing
            if said != own
        ]
        if told:
            return message(heading, codes=" · ".join(told[:_MOST_SIDES]))
    return ""


# What changed between editions


def news_heading(changes: Changes) -> str:
    """ICD-10-CM FY2026-April to FY2027, about "diabetes"."""
    told = message(
        "news.heading",
        system=SYSTEM_NAMES[changes.system],
        before=changes.before,
        after=changes.after,
    )
    return told + (message("news.about", about=changes.about) if changes.about else "")


def news_counts(changes: Changes) -> str:
    """How many changes there are of each kind: "3 added, 1 deleted"."""
    told = [
        message(f"news.count_{kind}", count=count)
        for kind, count in changes.counts.items()
        if count
    ]
    return ", ".join(told)


# What was removed from a question


def removed_in_words(removed: Iterable[str]) -> str:
    """
    >>> removed_in_words(("NAME", "MEMBER ID"))
    'a name, a health plan number'
    """
    return ", ".join(message(f"identifiers.{kind.replace(' ', '_')}") for kind in removed)


def to_tell(stored: str, removed: Iterable[str]) -> tuple[str, ...]:
    """The kinds to tell the asker of, who gave `stored` without them. The date of service is asked
    for, so whoever gave it alone did nothing wrong.

    >>> to_tell("gout seen [DATE]", ["DATE"]), to_tell("gout dob [DATE]", ["DATE"])
    ((), ('DATE',))
    """
    kinds = tuple(removed)
    places = list(PLACEHOLDER.finditer(stored))
    if kinds == ("DATE",) and len(places) == 1 and not is_of_birth(stored, places[0].start()):
        return ()
    return kinds
