"""Answers as plain text, for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from bot.answer import Answer, Candidate, CodeTitle, ShownNote, Verdict
from bot.words import say
from codesets.model import NOTE_HEADINGS, SYSTEM_NAMES

_WIDTH = 98
_SHOWN = 5
_NOTES = 6
_COMPLETIONS = 8
#: The kinds that change what is reported come first.
_NOTE_ORDER = [
    "excludes1",
    "code_first",
    "use_additional_code",
    "code_also",
    "seventh_character",
    "excludes2",
    "includes",
    "note",
]


def as_text(answer: Answer, *, shown: int = _SHOWN) -> str:
    """The whole answer, wrapped to a terminal's width."""
    blocks = ["\n".join(_wrapped(notice, "! ") for notice in answer.notices)]
    blocks += [_candidate(candidate) for candidate in answer.candidates[:shown]]
    if answer.candidates:
        blocks.append(_notes(answer.candidates[0].code, answer.candidates[0].notes))
    blocks += [_verdict(verdict) for verdict in answer.verdicts]
    if answer.candidates or answer.verdicts:
        blocks.append(_footer(answer))
    return "\n\n".join(block for block in blocks if block)


def important(notes: Iterable[ShownNote]) -> list[ShownNote]:
    """Notes in the order in which they matter to somebody reporting the code."""
    return sorted(notes, key=lambda note: _NOTE_ORDER.index(note.kind))


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
    notes = _notes(verdict.code, verdict.notes)
    return "\n".join(lines) + (f"\n\n{notes}" if notes else "")


def _code_list(heading: str, codes: Sequence[CodeTitle]) -> list[str]:
    if not codes:
        return []
    lines = [f"   {say(heading)}"]
    lines += [_wrapped(f"{c.code}  {c.title}", "     ") for c in codes[:_COMPLETIONS]]
    if len(codes) > _COMPLETIONS:
        lines.append(f"     {say('terminal.and_more', count=len(codes) - _COMPLETIONS)}")
    return lines


def _notes(code: str, notes: Sequence[ShownNote]) -> str:
    if not notes:
        return ""
    lines = [f"   {say('terminal.notes', code=code)}"]
    for note in important(notes)[:_NOTES]:
        heading = f"{NOTE_HEADINGS[note.kind]} ({note.inherited_from}): "
        lines.append(_wrapped(heading + note.text, "     "))
    if len(notes) > _NOTES:
        lines.append(f"     {say('terminal.more_notes', count=len(notes) - _NOTES)}")
    return "\n".join(lines)


def _footer(answer: Answer) -> str:
    releases = ", ".join(
        f"{SYSTEM_NAMES[key.partition('/')[0]]} {label}" for key, label in answer.releases.items()
    )
    return say("terminal.footer", releases=releases or "-", day=answer.as_of)


def _wrapped(text: str, lead: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))
