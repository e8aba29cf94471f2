"""Words that the terminal and Slack share: the notes of a code, where things are printed, the other
sides of a code, what changed between editions, and what was removed from a question."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from bot.desk.answer import (
    Answer,
    Axis,
    Candidate,
    Changes,
    Explanation,
    Pair,
    QuotedGuideline,
    ReportLine,
    ShownGuideline,
    ShownNote,
    Verdict,
)
from bot.desk.many_codes import conflicting
from bot.desk.note_checks import run_on
from bot.desk.service_dates import is_of_birth
from bot.messages import message, values_of
from bot.phi.spans import PLACEHOLDER
from bot.views.notices import edition
from bot.views.report_words import shown_lines
from codesets.model import NOTE_HEADINGS, SYSTEM_NAMES
from index.text.attributes import SIDE, TRIMESTER
from index.text.tokens import read

#: Notes that change what is reported come before those that only explain.
_RULES = ("excludes1", "code_first", "use_additional_code", "code_also", "seventh_character")
_IN_ORDER = (*_RULES, "excludes2", "includes", "note")
#: Each axis, and the message that heads the codes that differ on it.
_HEADINGS = ((SIDE, "sides.sides"), (TRIMESTER, "sides.trimesters"))
_MOST_SIDES = 4

# Notes


def grouped(notes: Iterable[ShownNote]) -> list[list[ShownNote]]:
    """Notes of one kind and one place in a group. The kinds that matter most come first; within a
    kind, the order stays: nearest first."""
    groups: dict[tuple[str, str], list[ShownNote]] = {}
    for note in notes:
        groups.setdefault((note.kind, note.inherited_from), []).append(note)
    return sorted(
        groups.values(),
        key=lambda group: (explains_a_chapter(group[0]), _IN_ORDER.index(group[0].kind)),
    )


def explains_a_chapter(note: ShownNote) -> bool:
    """Whether a note is printed for a whole chapter and does not change what is reported."""
    return note.inherited_from.isdigit() and note.kind not in _RULES


def heading(note: ShownNote) -> str:
    return NOTE_HEADINGS[note.kind]


def source(note: ShownNote, release: str | None) -> str:
    """Where a note is printed, and in which edition if that is not `release`."""
    where = place(note.inherited_from)
    return where if note.release == release else f"{where}, {note.release}"


def place(printed_under: str) -> str:
    """Where a note is printed: a code, a section, or "chapter 4"."""
    if printed_under.isdigit():
        return message("notes.chapter", number=printed_under)
    return printed_under


def run_together(group: Sequence[ShownNote], most: int) -> str:
    """The lines of one note in one line of at most `most` characters. The first is cut to fit;
    later ones that do not fit are counted."""
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


def explanation(one: Explanation) -> str:
    """What a language model makes of an answer, as such."""
    return message("language_model.worded", model=one.model, text=one.text)


def editions(answer: Answer) -> str:
    """`editions_of` in words: "ICD-10-CM FY2026-April"."""
    return ", ".join(editions_of(answer))


def editions_of(answer: Answer) -> list[str]:
    """The editions that an answer's codes are of, each with whether it is not in force on the date
    of service."""
    lines = [line for one in answer.statements for line in one.report]
    results: list[Verdict | Candidate | ReportLine] = [
        *answer.verdicts, *answer.report, *lines, *answer.candidates
    ]  # fmt: skip
    named = [edition(SYSTEM_NAMES[r.system], r.release, answer) for r in results if r.release]
    named += [message("notes.guidelines", release=g.release) for g in quoted_sections(answer)]
    return list(dict.fromkeys(named))


def editions_shown(answer: Answer) -> str:
    """The editions of the codes that an answer shows in short, and of the guidelines where they
    are the answer."""
    shown: list[Verdict | Candidate | ReportLine] = [*answer.verdicts, *shown_lines(answer)]
    if answer.outcome == "guideline":
        # Without a report, the source of the quotation has its edition.
        sections = answer.guidelines[:1] if shown else []
        named = [message("notes.guidelines", release=one.release) for one in sections]
    else:
        shown += [] if shown else answer.candidates
        named = []
    named += [edition(SYSTEM_NAMES[r.system], r.release, answer) for r in shown if r.release]
    return ", ".join(dict.fromkeys(named))


def quoted_sections(answer: Answer) -> list[QuotedGuideline]:
    """The sections that are part of the answer: those that it is, and those beside verdicts. Beside
    codes that were found they are only near to the question."""
    asked = answer.outcome == "guideline" or answer.verdicts
    return answer.guidelines if asked else []


def guideline_source(guideline: ShownGuideline | QuotedGuideline) -> str:
    """Where a section stands: "FY2025, page 37"."""
    if guideline.page is None:
        return guideline.release
    return message("notes.page", release=guideline.release, page=guideline.page)


# Codes


def conflicts_shown(answer: Answer) -> list[Pair]:
    """What conflicts in a list of codes. An answer out of the log has its words and no reasons."""
    return conflicting(
        pair
        for pair in answer.pairs
        if pair.reasons or values_of("pairs.ptp_not_in_force", pair.says) is None
    )


def status_word(verdict: Verdict) -> str:
    """A verdict's status as it is shown."""
    return verdict.status_shown


def axis_in_words(axis: Axis) -> str:
    """What a character of an ICD-10-PCS code means: "Approach: Open (Cutting …)"."""
    definition = f" ({axis.definition})" if axis.definition else ""
    return f"{axis.axis}: {axis.meaning}{definition}"


def other_sides(candidate: Candidate, code: str = "{code}") -> str:
    """Other sides: M17.12 left · M17.10 unspecified; "" when there are none, or when the candidate
    does not ask for the side, as the question then names it. `code` formats each code."""
    for axis, heading in _HEADINGS:
        if candidate.ask_back != message(f"ask.{axis.name}"):
            continue
        own = axis.said(read(candidate.title))
        differing = [(c.code, axis.said(read(c.title))) for c in candidate.alternatives]
        others = [
            f"{code.format(code=name)} {' '.join(sorted(said)) or message('sides.unspecified')}"
            for name, said in differing
            if said != own
        ]
        if others:
            return message(heading, codes=" · ".join(others[:_MOST_SIDES]))
    return ""


def grounds(candidate: Candidate) -> list[str]:
    """Why a candidate is meant, each with the section of the guidelines that says so."""
    return [
        message("defaults.cited", sentence=one.text, section=one.section, release=one.release)
        if one.section
        else one.text
        for one in candidate.because
    ]


def by_system(candidates: Sequence[Candidate], most: int) -> list[tuple[str, list[Candidate]]]:
    """At most `most` candidates in groups of one system each, in their order, with a heading over
    each group; "" where there is only one system. Each group is shown with its first candidates."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.system, []).append(candidate)
    if len(groups) < 2:
        return [("", list(candidates[:most]))] if candidates else []
    room, later = max(most, len(groups)), len(candidates)
    shown = []
    for left, (system, group) in zip(range(len(groups), 0, -1), groups.items(), strict=True):
        later -= len(group)
        # What later groups leave is for the earlier ones.
        count = min(len(group), max(math.ceil(room / left), room - later))
        room -= count
        shown.append((message(f"groups.{system}"), group[:count]))
    return shown


# What changed between editions


def news_heading(changes: Changes) -> str:
    """ICD-10-CM FY2026-April to FY2027, about "diabetes"."""
    text = message(
        "news.heading",
        system=SYSTEM_NAMES[changes.system],
        before=changes.before,
        after=changes.after,
    )
    return text + (message("news.about", about=changes.about) if changes.about else "")


def news_counts(changes: Changes) -> str:
    """How many changes there are of each kind: "3 added, 1 deleted"."""
    counts = [
        message(f"news.count_{kind}", count=count)
        for kind, count in changes.counts.items()
        if count
    ]
    return ", ".join(counts)


# What was removed from a question


def removed_in_words(removed: Iterable[str]) -> str:
    """The kinds of removed identifiers, in words.

    >>> removed_in_words(("NAME", "MEMBER ID"))
    'a name, a health plan number'
    """
    return ", ".join(message(f"identifiers.{kind.replace(' ', '_')}") for kind in removed)


def removals_to_tell(stored: str, removed: Iterable[str]) -> tuple[str, ...]:
    """The kinds of `removed` identifiers that the asker is told about. A date of service alone is
    none of them: a question may have one. `stored` is the question without its identifiers.

    >>> removals_to_tell("gout seen [DATE]", ["DATE"])
    ()
    >>> removals_to_tell("gout dob [DATE]", ["DATE"])
    ('DATE',)
    """
    kinds = tuple(removed)
    places = list(PLACEHOLDER.finditer(stored))
    if kinds == ("DATE",) and len(places) == 1 and not is_of_birth(stored, places[0].start()):
        return ()
    return kinds
