"""The notes that govern codes, and the codes that they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.desk.answer import Answer, Candidate, ReportLine, ShownNote
from bot.desk.governing import Governing
from bot.desk.note_checks import run_on
from bot.messages import message
from bot.views.report_words import candidate_of_first, rivals, shown_lines
from bot.views.shared import grouped, heading, other_sides, source
from bot.views.terminal.page import Line


def note_blocks(answer: Answer, governing: Governing) -> Iterator[list[Line]]:
    """What governs the lines of a report, or the first candidate; and each verdict."""
    yield from notes_of_first(answer, governing)
    for verdict in answer.verdicts:
        yield notes_of(verdict.code, verdict.release, verdict.notes)


def notes_of_first(answer: Answer, governing: Governing) -> Iterator[list[Line]]:
    """What the first candidate asks for, and the notes of the lines of a report; without one, of
    the first candidate. An answer itself has those of the candidate alone."""
    best = first_candidate(answer)
    if best:
        yield report_with(best, answer.report)
        yield sides(best)
        yield notes_of(best.code, best.release, best.notes)
    for line in shown_lines(answer):
        verdict = governing.verdicts.get(line.code)
        if verdict and not (best and best.code == line.code):
            yield notes_of(verdict.code, verdict.release, verdict.notes)


def first_candidate(answer: Answer) -> Candidate | None:
    """The candidate whose notes are shown. Several statements have none: its notes would stand
    under all."""
    if answer.statements:
        return None
    return candidate_of_first(answer) if answer.report else next(iter(rivals(answer)), None)


def notes_of(code: str, release: str | None, notes: Sequence[ShownNote]) -> list[Line]:
    groups = grouped(notes)
    if not groups:
        return []
    lines = [Line(message("terminal.notes", code=code), style="heading")]
    for group in groups:
        text = run_on([note.text for note in group])
        lines.append(Line(f"{heading(group[0])} ({source(group[0], release)}): {text}", "  "))
    return lines


def sides(candidate: Candidate) -> list[Line]:
    """Its other sides, or trimesters."""
    others = other_sides(candidate)
    return [Line(others)] if others else []


def report_with(candidate: Candidate, report: Sequence[ReportLine]) -> list[Line]:
    """The codes that its notes ask for, but for the lines of a report."""
    reported = {line.code for line in report}
    asked = [one for one in candidate.report_with if one.code not in reported]
    if not asked:
        return []
    lines = [Line(message("terminal.report_with"), style="heading")]
    return lines + [Line(f"{one.title} ({one.because})", "  ", one.code) for one in asked]
