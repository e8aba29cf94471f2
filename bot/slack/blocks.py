"""An answer as Block Kit blocks: pure functions, nothing is looked up and nothing is sent.

The question is not repeated: an answer may be shared with people who should not read it.

Limits kept: 50 blocks, 3,000 characters a section, 75 a button label, 2,000 a button value
(https://docs.slack.dev/reference/block-kit/blocks). All blocks together have a limit too, which is
nowhere published: chat.postMessage answers msg_blocks_too_long somewhere beyond 11,000 characters
(https://github.com/slackapi/bolt-js/issues/2509 and 2867), so messages stay below 10,000.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.answer import Answer, Candidate, CodeTitle, ShownNote, Verdict
from bot.notes import editions, explains_a_chapter, grouped, heading, run_together, source
from bot.words import say

Block = dict[str, Any]

SEE_MORE = "more"
SHARE = "share"

_MOST_SECTION = 2900
#: Results shown at first, and when asked for more.
_FEW, _MANY = 3, 10
#: Once the blocks hold this much text, later results go without their notes.
_ENOUGH = 5000
#: Room for all results in one message; notices, footer and buttons come on top.
_MOST_RESULTS = 8000
_MOST_SENTENCE = 500
_MOST_FALLBACK = 3000


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted. `text` is for notifications and screen readers:
    https://docs.slack.dev/reference/methods/chat.postMessage"""

    text: str
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class _Room:
    """How much may be shown with one result."""

    notes: int
    note_characters: int
    completions: int
    #: Also what a chapter says to explain itself.
    explanations: bool = False


#: By whether more was asked for.
_FIRST = {False: _Room(6, 220, 6), True: _Room(16, 1200, 20, explanations=True)}
_LATER = {False: _Room(0, 0, 3), True: _Room(3, 220, 4)}
_VERDICT_AMONG_OTHERS = {False: _Room(2, 220, 3), True: _Room(4, 280, 4)}


def answer_message(
    answer: Answer, question: str, *, expanded: bool = False, shareable: bool = False
) -> Message:
    return Message(
        answer_text(answer),
        answer_blocks(answer, question, expanded=expanded, shareable=shareable),
    )


def shared_message(answer: Answer, question: str, user: str) -> Message:
    """An answer that a user shows to a channel."""
    message = answer_message(answer, question)
    by = _context(say("slack.shared_by", user=f"<@{user}>"))
    return Message(message.text, [by, *message.blocks])


def plain_message(text: str) -> Message:
    """One sentence."""
    return Message(escape(text), [_section(escape(text))])


def answer_blocks(
    answer: Answer, question: str, *, expanded: bool = False, shareable: bool = False
) -> list[Block]:
    """Notices, results with the notes that govern them, which editions say so, and buttons.

    `question` is the id in the log; the buttons carry it.
    """
    results = _results(answer, expanded)
    notices = [_cut(escape(notice), _MOST_SENTENCE) for notice in answer.notices[:3]]
    if not results:
        return [_section(notice) for notice in notices or [say("slack.no_answer")]]
    blocks = [_section(say("slack.notice", notice=notice)) for notice in notices]
    blocks += [*results, _context(_footer(answer, question))]
    buttons = []
    # There is more to see when asking for more would show something else.
    if not expanded and results != _results(answer, expanded=True):
        buttons.append(_button(SEE_MORE, say("slack.see_more"), question))
    if shareable:
        buttons.append(_button(SHARE, say("slack.share"), question))
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def answer_text(answer: Answer) -> str:
    """The answer in a few lines."""
    lines = list(answer.notices)
    lines += [verdict.why for verdict in answer.verdicts[:_MANY]]
    lines += [f"{candidate.code} {candidate.title}" for candidate in answer.candidates[:_FEW]]
    return _cut(escape("\n".join(lines) or say("slack.no_answer")), _MOST_FALLBACK)


def escape(text: str) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text (escaping text)"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# Results


def _results(answer: Answer, expanded: bool) -> list[Block]:
    """Verdicts and candidates, as far as one message holds them."""
    blocks = [*_verdicts(answer.verdicts, expanded), *_candidates(answer.candidates, expanded)]
    while _size(blocks) > _MOST_RESULTS:
        blocks.pop()
    return blocks


def _verdicts(verdicts: Sequence[Verdict], expanded: bool) -> list[Block]:
    alone = len(verdicts) == 1
    room = (_FIRST if alone else _VERDICT_AMONG_OTHERS)[expanded]
    blocks: list[Block] = []
    for verdict in verdicts[:_MANY]:
        blocks.append(_section(_verdict_lines(verdict, room)))
        if _size(blocks) < _ENOUGH:
            blocks += _notes(verdict.code, verdict.release, verdict.notes, room)
    if len(verdicts) > _MANY:
        blocks.append(_context(say("slack.verdicts_left_out", count=len(verdicts) - _MANY)))
    return blocks


def _verdict_lines(verdict: Verdict, room: _Room) -> str:
    code, title = escape(verdict.code), escape(_short(verdict.title))
    lines = [
        say(f"slack.verdict_{verdict.status}", code=code, title=title).rstrip(),
        _cut(escape(verdict.why), _MOST_SENTENCE),
    ]
    for name, codes in (
        ("completed_by", verdict.completions),
        ("replaced_by", verdict.replaced_by),
        ("did_you_mean", verdict.did_you_mean),
    ):
        if codes:
            lines += [say(f"slack.{name}"), *_code_lines(codes, room.completions)]
    return "\n".join(lines)


def _candidates(candidates: Sequence[Candidate], expanded: bool) -> list[Block]:
    blocks: list[Block] = []
    told: set[tuple[str, str]] = set()
    asked: set[str | None] = {None}
    for candidate in candidates[: _MANY if expanded else _FEW]:
        room = (_LATER if blocks else _FIRST)[expanded]
        ask_back = None if candidate.ask_back in asked else candidate.ask_back
        asked.add(ask_back)
        blocks.append(_section(_candidate_lines(candidate, ask_back, room)))
        # Near codes inherit the same notes; they are told once.
        notes = [note for note in candidate.notes if (note.kind, note.inherited_from) not in told]
        told |= {(note.kind, note.inherited_from) for note in notes}
        if expanded and _size(blocks) < _ENOUGH:
            blocks += _notes(candidate.code, candidate.release, notes, room)
    if candidates and not expanded:
        # The codes at one glance, then the rules for the best of them.
        best = candidates[0]
        blocks += _notes(best.code, best.release, best.notes, _FIRST[False])
    return blocks


def _candidate_lines(candidate: Candidate, ask_back: str | None, room: _Room) -> str:
    code, title = escape(candidate.code), escape(_short(candidate.title))
    lines = [
        say("slack.title", code=code, title=title),
        say(
            "slack.billable" if candidate.billable else "slack.header",
            confidence=candidate.confidence,
        ),
    ]
    if candidate.billable and candidate.completions:
        lines.append(_family(candidate.completions))
    elif candidate.completions:
        lines += _code_lines(candidate.completions, room.completions)
    if ask_back:
        lines.append(say("slack.ask_back", question=escape(_short(ask_back))))
    return "\n".join(lines)


def _family(codes: Sequence[CodeTitle]) -> str:
    """The billable codes that a candidate stands for: they differ in the last character."""
    return say("slack.family", characters=" ".join(code.code[-1:] for code in codes))


def _code_lines(codes: Sequence[CodeTitle], most: int) -> list[str]:
    lines = [
        say("slack.completion", code=escape(c.code), title=escape(_short(c.title)))
        for c in codes[:most]
    ]
    if len(codes) > most:
        lines.append(say("slack.completions_left", count=len(codes) - most))
    return lines


# Notes


def _notes(code: str, release: str | None, notes: Sequence[ShownNote], room: _Room) -> list[Block]:
    """One block with the notes that govern a code; none when there is nothing to tell."""
    groups = grouped(notes)
    if not groups or not room.notes:
        return []
    worth = groups if room.explanations else [g for g in groups if not explains_a_chapter(g[0])]
    lines = [say("slack.notes_heading", code=escape(code))]
    for group in worth[: room.notes]:
        line = _note_line(group, release, room.note_characters)
        if sum(map(len, lines)) + len(line) > _MOST_SECTION - 100:
            break
        lines.append(line)
    if len(lines) == 1:
        return []
    if left := len(groups) - (len(lines) - 1):
        lines.append(say("slack.notes_left_out", count=left))
    return [_context("\n".join(lines))]


def _note_line(group: Sequence[ShownNote], release: str | None, most: int) -> str:
    first = group[0]
    return say(
        "slack.note",
        heading=heading(first),
        source=escape(source(first, release)),
        text=escape(run_together(group, most)),
    )


# Pieces


def _footer(answer: Answer, question: str) -> str:
    releases = editions(answer)
    if not releases:
        return say("slack.footer_bare", day=answer.as_of, question=question)
    return say("slack.footer", releases=escape(releases), day=answer.as_of, question=question)


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": _cut(text, _MOST_SECTION)}


def _button(action: str, label: str, value: str) -> Block:
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label[:75]},
        "value": value,
    }


def _size(blocks: Iterable[Block]) -> int:
    """Characters of text so far."""
    texts = [t for block in blocks for t in (block.get("text"), *block.get("elements", [])) if t]
    return sum(len(text["text"]) for text in texts)


def _short(title: str) -> str:
    return _cut(title, 250)


def _cut(text: str, most: int) -> str:
    """At most so many characters, and no escape cut in two."""
    if len(text) <= most:
        return text
    return re.sub(r"&[a-z]*$", "", text[: most - 1]).rstrip() + "…"
