"""Verdicts, candidates and the notes of codes, whole: for the pages of Rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.desk.answer import Axis, Candidate, CodeTitle, Equivalent, ReportWith, ShownNote, Verdict
from bot.desk.who_equivalent import WhoEquivalent
from bot.messages import message
from bot.slack.views.block_kit import MOST_SENTENCE, code_lines, cut, escape, left_out, short
from bot.views.flag_words import clause
from bot.views.shared import (
    axis_in_words,
    by_system,
    grounds,
    grouped,
    heading,
    other_sides,
    run_together,
    source,
)

#: Codes that are listed under one heading.
_MOST_CODES = 20
_MOST_CANDIDATES = 10
#: Characters of one note.
_MOST_NOTE = 2500


# Verdicts


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    code, title = escape(verdict.code), escape(short(verdict.title))
    yield message(f"slack.verdict_{verdict.status}", code=code, title=title).rstrip()
    yield cut(escape(verdict.why), MOST_SENTENCE)
    if flags := clause(verdict.flags):
        yield escape(flags)
    yield from map(_axis_line, verdict.axes)
    spans = verdict.kind == "range"
    yield from _others("covers" if spans else "completed_by", verdict.completions)
    if verdict.system == "icd9cm" and verdict.equivalents:
        # The equivalents are all its replacements, and say how well each fits.
        yield from _equivalent_lines(verdict.equivalents)
    else:
        yield from _others("replaced_by", verdict.replaced_by)
    yield from _others("did_you_mean", verdict.did_you_mean)
    if verdict.who_equivalents:
        yield message(f"icd11.equivalents_{verdict.who_equivalents[0].system}")
        yield from map(_equivalent_line, verdict.who_equivalents[:_MOST_CODES])


def _others(name: str, codes: Sequence[CodeTitle]) -> list[str]:
    return [message(f"short.{name}"), *code_lines(codes, _MOST_CODES)] if codes else []


def _axis_line(axis: Axis) -> str:
    return message("slack.axis", value=escape(axis.value), told=escape(short(axis_in_words(axis))))


def _equivalent_lines(equivalents: Sequence[Equivalent]) -> list[str]:
    lines = [message("short.equivalents")]
    lines += map(_equivalent_line, equivalents[:_MOST_CODES])
    return lines + left_out(len(equivalents) - _MOST_CODES)


def _equivalent_line(equivalent: Equivalent | WhoEquivalent) -> str:
    return message(
        "slack.equivalent" if equivalent.code else "slack.no_equivalent",
        code=escape(equivalent.code),
        title=escape(short(equivalent.title)),
        says=cut(escape(equivalent.says), MOST_SENTENCE),
    )


# Candidates


def candidate_lines(candidates: Sequence[Candidate]) -> Iterator[str]:
    """Candidates, a line each, in groups of one system."""
    for group, found in by_system(candidates, _MOST_CANDIDATES):
        if group:
            yield message("slack.group", heading=escape(group))
        for one in found:
            yield message(
                "slack.rival",
                code=escape(one.code),
                title=escape(short(one.title)),
                confidence=one.confidence,
            )


def candidate_detail(candidate: Candidate) -> Iterator[str]:
    """What else is known of a candidate: its other sides, its family, why it is meant, and the
    codes that its notes ask for."""
    if sides := other_sides(candidate, "`{code}`"):
        yield escape(sides)
    if candidate.billable and candidate.completions:
        characters = " ".join(code.code[-1:] for code in candidate.completions)
        yield message("slack.family", characters=escape(characters))
    else:
        yield from code_lines(candidate.completions, _MOST_CODES)
    for ground in grounds(candidate):
        yield escape(cut(ground, MOST_SENTENCE))
    if candidate.report_with:
        yield from _report_with_lines(candidate.report_with)


def _report_with_lines(codes: Sequence[ReportWith]) -> list[str]:
    lines = [message("slack.report_with_heading")]
    for code in codes[:_MOST_CODES]:
        lines.append(
            message(
                "slack.report_with",
                code=escape(code.code),
                title=escape(short(code.title)),
                because=escape(code.because),
            )
        )
    return lines + left_out(len(codes) - _MOST_CODES)


# Notes


def note_lines(code: str, notes: Sequence[ShownNote]) -> Iterator[str]:
    """The notes that govern a code, all that it inherits among them, each with the place and the
    edition that it is printed in."""
    groups = grouped(notes)
    if groups:
        yield message("slack.notes_heading", code=escape(code))
    for group in groups:
        first = group[0]
        yield message(
            "slack.note",
            heading=heading(first),
            source=escape(source(first, None)),
            text=escape(run_together(group, _MOST_NOTE)),
        )
