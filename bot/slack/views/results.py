"""Candidates and verdicts, each with the notes and guidelines that govern it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block

from bot.desk.answer import (
    Axis,
    Candidate,
    CodeTitle,
    Equivalent,
    ReportWith,
    ShownNote,
    Verdict,
)
from bot.messages import message
from bot.slack.views.block_kit import (
    MOST_SECTION,
    MOST_SENTENCE,
    code_lines,
    context,
    cut,
    escape,
    fitting,
    left_out,
    section,
    sections,
    short,
    size,
)
from bot.slack.views.rules import cited
from bot.views.report_words import untold
from bot.views.shared import (
    axis_in_words,
    by_system,
    explains_a_chapter,
    grounds,
    grouped,
    heading,
    other_sides,
    run_together,
    source,
)

#: Results shown at first, and when asked for more.
FEW, MANY = 3, 10


@dataclass(frozen=True, slots=True)
class _Room:
    """How much is shown with one result."""

    notes: int
    note_characters: int
    #: Completions, replacements and equivalents.
    codes: int
    report_with: int = 0
    guidelines: int = 0
    #: Whether the characters of an ICD-10-PCS code are explained.
    axes: bool = False
    #: Whether notes that only explain a chapter are shown.
    explanations: bool = False


#: Key: whether the answer is expanded.
_BEST = {
    False: _Room(6, 220, 6, report_with=3, guidelines=3),
    True: _Room(16, 1200, 20, report_with=10, guidelines=8, explanations=True),
}
_LATER = {False: _Room(0, 0, 3), True: _Room(3, 220, 4)}
_VERDICT = {
    False: _Room(6, 220, 6, axes=True),
    True: _Room(16, 1200, 20, guidelines=8, axes=True, explanations=True),
}
_VERDICT_AMONG_OTHERS = {
    False: _Room(2, 220, 3),
    True: _Room(4, 280, 4, guidelines=3, axes=True),
}
_BRIEF = _Room(0, 0, 3)


# Verdicts


def verdict_blocks(
    verdicts: Sequence[Verdict],
    expanded: bool,
    most: int,
    told: str = "",
    *,
    brief: bool = False,
) -> list[Block]:
    """Verdicts in at most `most` characters, and how many are left out. What the headline `told` is
    not said again. `brief`: without notes until it is expanded."""
    rooms = _VERDICT if len(verdicts) == 1 else _VERDICT_AMONG_OTHERS
    room = _BRIEF if brief and not expanded else rooms[expanded]
    heads = fitting([_verdict_text(verdict, room, told) for verdict in verdicts[:MANY]], most)
    details = [
        [
            *_notes(verdict.code, verdict.release, verdict.notes, room),
            *cited(verdict.code, verdict.guidelines, room.guidelines),
        ]
        for verdict in verdicts[: len(heads)]
    ]
    blocks = _with_details(heads, details, most)
    if left := len(verdicts) - len(heads):
        blocks.append(context(message("slack.verdicts_left_out", count=left)))
    return blocks


def _with_details(
    heads: Sequence[str], details: Sequence[Sequence[Block]], most: int
) -> list[Block]:
    """Each head, followed by its details as far as there is room after all heads."""
    left = most - sum(map(len, heads))
    blocks: list[Block] = []
    for head, more in zip(heads, details, strict=True):
        blocks.append(section(head))
        for block in more:
            if size([block]) <= left:
                blocks.append(block)
                left -= size([block])
    return blocks


def _verdict_text(verdict: Verdict, room: _Room, told: str) -> str:
    code, title = escape(verdict.code), escape(short(verdict.title))
    lines = [message(f"slack.verdict_{verdict.status}", code=code, title=title).rstrip()]
    if why := untold(verdict.why, told):
        lines.append(cut(escape(why), MOST_SENTENCE))
    if room.axes:
        lines += map(_axis_line, verdict.axes)
    spans = verdict.kind == "range"
    lines += _others("covers" if spans else "completed_by", verdict.completions, room.codes)
    if verdict.system == "icd9cm" and verdict.equivalents:
        # The equivalents are all its replacements, and say how well each fits.
        lines += _equivalent_lines(verdict.equivalents, room.codes)
    else:
        lines += _others("replaced_by", verdict.replaced_by, room.codes)
    lines += _others("did_you_mean", verdict.did_you_mean, room.codes)
    return cut("\n".join(lines), MOST_SECTION)


def _others(name: str, codes: Sequence[CodeTitle], most: int) -> list[str]:
    return [message(f"slack.{name}"), *code_lines(codes, most)] if codes else []


def _axis_line(axis: Axis) -> str:
    return message("slack.axis", value=escape(axis.value), told=escape(short(axis_in_words(axis))))


def _equivalent_lines(equivalents: Sequence[Equivalent], most: int) -> list[str]:
    lines = [message("slack.equivalents")]
    for equivalent in equivalents[:most]:
        lines.append(
            message(
                "slack.equivalent" if equivalent.code else "slack.no_equivalent",
                code=escape(equivalent.code),
                title=escape(short(equivalent.title)),
                says=cut(escape(equivalent.says), MOST_SENTENCE),
            )
        )
    return lines + left_out(len(equivalents) - most)


# Candidates


def candidate_blocks(candidates: Sequence[Candidate], expanded: bool, most: int) -> list[Block]:
    """Candidates in at most `most` characters."""
    heads: list[str] = []
    details: list[list[Block]] = []
    notes_shown: set[tuple[str, str]] = set()
    questions_shown: set[str | None] = {None}
    shown = by_system(candidates, MANY if expanded else FEW)
    headings = {group[0].code: heading for heading, group in shown if heading}
    for candidate in (candidate for _, group in shown for candidate in group):
        room = (_LATER if heads else _BEST)[expanded]
        ask_back = None if candidate.ask_back in questions_shown else candidate.ask_back
        questions_shown.add(ask_back)
        heads.append(_candidate_text(candidate, ask_back, room, headings.get(candidate.code)))
        # Neighbouring codes inherit the same notes, which are shown once.
        notes = [n for n in candidate.notes if (n.kind, n.inherited_from) not in notes_shown]
        notes_shown |= {(note.kind, note.inherited_from) for note in notes}
        details.append(_governing(candidate, notes, room))
    heads = heads[: len(fitting(heads, most))]
    details = details[: len(heads)]
    if not expanded:
        # Only the best candidate has details here. Reversed, they come after the last head, so that
        # all codes are seen at a glance.
        details.reverse()
    return _with_details(heads, details, most)


def _governing(candidate: Candidate, notes: Sequence[ShownNote], room: _Room) -> list[Block]:
    return [
        *_notes(candidate.code, candidate.release, notes, room),
        *cited(candidate.code, candidate.guidelines, room.guidelines),
    ]


def rival_blocks(
    rivals: Sequence[Candidate],
    first: Candidate | None,
    reported: Collection[str],
    expanded: bool,
    most: int,
) -> list[Block]:
    """What stands behind a report, in at most `most` characters: the candidates that are none of
    its lines, a line each, and what governs its first line, whose candidate is `first`. The codes
    that its notes ask for, but for those that are `reported`, are seen when it is expanded."""
    room = _BEST[expanded]
    lines: list[str] = []
    if first and (sides := other_sides(first, "`{code}`")):
        lines.append(escape(sides))
    others = [one for _, group in by_system(rivals, MANY if expanded else FEW) for one in group]
    if others:
        lines.append(message("slack.rivals"))
        lines += [
            message(
                "slack.rival",
                code=escape(one.code),
                title=escape(short(one.title)),
                confidence=one.confidence,
            )
            for one in others
        ]
    blocks = sections(fitting(lines, most))
    if first is None:
        return blocks
    left = most - size(blocks)
    more: list[Block] = []
    asked = [one for one in first.report_with if one.code not in reported]
    if expanded and asked:
        more += sections(_report_with_lines(asked, room.report_with))
    more += _governing(first, first.notes, room)
    for block in more:
        if size([block]) <= left:
            blocks.append(block)
            left -= size([block])
    return blocks


def _candidate_text(
    candidate: Candidate, ask_back: str | None, room: _Room, group: str | None
) -> str:
    """`group`: the heading of the group that begins with this candidate; None for none."""
    code, title = escape(candidate.code), escape(short(candidate.title))
    lines = [message("slack.group", heading=escape(group))] if group else []
    lines += [
        message("slack.title", code=code, title=title),
        message(
            "slack.billable" if candidate.billable else "slack.header",
            confidence=candidate.confidence,
        ),
    ]
    if candidate.billable and candidate.completions:
        lines.append(_family(candidate.completions))
    elif candidate.completions:
        lines += code_lines(candidate.completions, room.codes)
    if ask_back:
        lines.append(message("slack.ask_back", question=escape(short(ask_back))))
    if sides := other_sides(candidate, "`{code}`"):
        lines.append(escape(sides))
    if candidate.rank == 1:
        lines += [escape(short(ground)) for ground in grounds(candidate)]
    if room.report_with and candidate.report_with:
        lines += _report_with_lines(candidate.report_with, room.report_with)
    return cut("\n".join(lines), MOST_SECTION)


def _family(codes: Sequence[CodeTitle]) -> str:
    """The last characters of the codes of a candidate's family."""
    return message("slack.family", characters=" ".join(code.code[-1:] for code in codes))


def _report_with_lines(codes: Sequence[ReportWith], most: int) -> list[str]:
    lines = [message("slack.report_with_heading")]
    for code in codes[:most]:
        lines.append(
            message(
                "slack.report_with",
                code=escape(code.code),
                title=escape(short(code.title)),
                because=escape(code.because),
            )
        )
    return lines + left_out(len(codes) - most)


# Notes


def _notes(code: str, release: str | None, notes: Sequence[ShownNote], room: _Room) -> list[Block]:
    """One block with the notes that govern a code; [] when none is to be shown."""
    groups = grouped(notes)
    if not groups or not room.notes:
        return []
    relevant = groups if room.explanations else [g for g in groups if not explains_a_chapter(g[0])]
    lines = [message("slack.notes_heading", code=escape(code))]
    for group in relevant[: room.notes]:
        line = _note_line(group, release, room.note_characters)
        if sum(map(len, lines)) + len(line) > MOST_SECTION - 100:
            break
        lines.append(line)
    if len(lines) == 1:
        return []
    if left := len(groups) - (len(lines) - 1):
        lines.append(message("slack.notes_left_out", count=left))
    return [context("\n".join(lines))]


def _note_line(group: Sequence[ShownNote], release: str | None, most: int) -> str:
    first = group[0]
    return message(
        "slack.note",
        heading=heading(first),
        source=escape(source(first, release)),
        text=escape(run_together(group, most)),
    )
