"""Answers as plain text, for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bot.answer import Answer, Candidate, CodeTitle, ShownNote, Verdict
from bot.notes import editions, grouped, heading, run_together, source
from bot.words import say

_WIDTH = 98
_SHOWN = 5
_NOTES = 6
_NOTE_WIDTH = 240
_COMPLETIONS = 8


def as_text(answer: Answer, *, shown: int = _SHOWN) -> str:
    """The whole answer, wrapped to a terminal's width."""
    blocks = ["\n".join(_wrapped(notice, "! ") for notice in answer.notices)]
    blocks += [_candidate(candidate) for candidate in answer.candidates[:shown]]
    if answer.candidates:
        best = answer.candidates[0]
        blocks.append(_notes(best.code, best.release, best.notes))
    blocks += [_verdict(verdict) for verdict in answer.verdicts]
    if answer.candidates or answer.verdicts:
        releases = editions(answer)
        blocks.append(say("terminal.footer", releases=releases or "-", day=answer.as_of))
    return "\n\n".join(block for block in blocks if block)


def _candidate(candidate: Candidate) -> str:
    mark = say("terminal.billable" if candidate.billable else "terminal.header")
    lines = [
        _wrapped(f"{candidate.code}  {candidate.title}", f"{candidate.rank}. "),
        f"   {mark} · {say('terminal.confidence', level=candidate.confidence)}",
    ]
    if candidate.ask_back:
        lines.append(_wrapped(candidate.ask_back, "   ? "))
    return "\n".join(lines)


def _verdict(verdict: Verdict) -> str:
    heading = f"{verdict.code}  {verdict.title}".rstrip()
    lines = [
        _wrapped(heading, f"{say(f'terminal.status_{verdict.status}')} "),
        _wrapped(verdict.why, "   "),
    ]
    lines += _code_list("terminal.completions", verdict.completions)
    lines += _code_list("terminal.replaced_by", verdict.replaced_by)
    lines += _code_list("terminal.did_you_mean", verdict.did_you_mean)
    notes = _notes(verdict.code, verdict.release, verdict.notes)
    return "\n".join(lines) + (f"\n\n{notes}" if notes else "")


def _code_list(heading: str, codes: Sequence[CodeTitle]) -> list[str]:
    if not codes:
        return []
    lines = [f"   {say(heading)}"]
    lines += [_wrapped(f"{c.code}  {c.title}", "     ") for c in codes[:_COMPLETIONS]]
    if len(codes) > _COMPLETIONS:
        lines.append(f"     {say('terminal.and_more', count=len(codes) - _COMPLETIONS)}")
    return lines


def _notes(code: str, release: str | None, notes: Sequence[ShownNote]) -> str:
    groups = grouped(notes)
    if not groups:
        return ""
    lines = [f"   {say('terminal.notes', code=code)}"]
    for group in groups[:_NOTES]:
        first = group[0]
        told = f"{heading(first)} ({source(first, release)}): {run_together(group, _NOTE_WIDTH)}"
        lines.append(_wrapped(told, "     "))
    if len(groups) > _NOTES:
        lines.append(f"     {say('terminal.more_notes', count=len(groups) - _NOTES)}")
    return "\n".join(lines)


def _wrapped(text: str, lead: str) -> str:
    indent = " " * len(lead)
    return textwrap.fill(
        text, _WIDTH, initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False
    )
