"""All that governs an answer, in the pages of a modal: every reason, the notes of each code with
those that it inherits, the sections of the guidelines in their own words, and the rivals. Each rule
stands with its edition.

A modal holds 100 blocks (https://docs.slack.dev/surfaces/modals) of at most 3,000 characters. All
blocks of a view together have a limit that is nowhere published, so a page holds far less.

The words of the question are left out: the modal opens for whoever presses the button, also under
an answer that was shared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.desk.answer import Answer, ReportLine
from bot.desk.governing import Governing
from bot.messages import message
from bot.slack.views.beside import coverage_lines, policy_lines
from bot.slack.views.block_kit import (
    MOST_SECTION,
    MOST_SENTENCE,
    actions,
    button,
    context,
    cut,
    escape,
    plain_text,
    section,
    short,
    size,
)
from bot.slack.views.buttons import RULES
from bot.slack.views.denials import denial_detail
from bot.slack.views.results import (
    candidate_detail,
    candidate_lines,
    note_lines,
    verdict_lines,
)
from bot.slack.views.rules import (
    change_lines,
    governing_lines,
    gravest_first,
    pair_lines,
    quote_lines,
)
from bot.views.claim_words import claim_lines
from bot.views.flag_words import clause
from bot.views.report_words import (
    candidate_of_first,
    is_of_codes_together,
    mark,
    parts,
    rivals,
    shown_lines,
    whys,
)
from bot.views.shared import quoted_sections

NEXT, BACK = "rules_next", "rules_back"

#: Characters and blocks of a page.
_PAGE, _MOST_BLOCKS = 6000, 40


def detail_pages(answer: Answer, governing: Governing | None = None) -> list[list[Block]]:
    """The pages, of which there is at least one."""
    pages: list[list[Block]] = [[]]
    for block in _blocks(_topics(answer, governing or Governing())):
        page = pages[-1]
        if page and (size([*page, block]) > _PAGE or len(page) == _MOST_BLOCKS):
            pages.append(page := [])
        page.append(block)
    return pages if pages != [[]] else [[section(message("slack_rules.nothing"))]]


def details_modal(question_id: str, pages: Sequence[Sequence[Block]], page: int) -> dict[str, Any]:
    """The modal at a page, counted from 0; at the last one for a page that is not there. The
    buttons have the number of the page that they lead to."""
    page = min(max(page, 0), len(pages) - 1)
    blocks = [*pages[page]]
    if len(pages) > 1:
        turns: list[ButtonElement] = []
        if page:
            turns.append(button(BACK, message("slack_rules.back"), str(page - 1)))
        if page + 1 < len(pages):
            turns.append(button(NEXT, message("slack_rules.next"), str(page + 1)))
        where = message("slack_rules.page", page=page + 1, pages=len(pages))
        blocks += [context(where), actions(turns)]
    return View(
        type="modal",
        callback_id=RULES,
        private_metadata=json.dumps({"question": question_id, "page": page}),
        title=plain_text(message("slack_rules.title")),
        close=plain_text(message("slack_rules.close")),
        blocks=blocks,
    ).to_dict()


def question_of(view: Mapping[str, Any]) -> str:
    """The id of the question that a modal is about."""
    return str(json.loads(view["private_metadata"])["question"])


def _blocks(topics: Iterable[Iterable[str]]) -> Iterator[Block]:
    """Sections: each topic begins a new one."""
    for topic in topics:
        text = ""
        for line in topic:
            line = cut(line, MOST_SECTION)
            if text and len(text) + 1 + len(line) > MOST_SECTION:
                yield section(text)
                text = ""
            text = f"{text}\n{line}" if text else line
        if text.strip():
            yield section(text)


def _topics(answer: Answer, governing: Governing) -> Iterator[Iterable[str]]:
    yield _notices(answer)
    yield denial_detail(answer)
    if answer.outcome == "guideline":
        for guideline in answer.guidelines:
            yield quote_lines(guideline)
    pairs = answer.pairs if is_of_codes_together(answer) else gravest_first(answer.pairs)
    yield coverage_lines(answer)
    yield policy_lines(answer)
    yield pair_lines(pairs, answer.not_checked if answer.verdicts else ())
    if answer.claim:
        yield map(escape, claim_lines(answer.claim))
    for verdict in answer.verdicts:
        yield verdict_lines(verdict)
    for number, part in enumerate(parts(answer), 1):
        several = bool(answer.statements)
        yield [message("slack.statement_number", number=number)] if several else []
        for line in part.lines:
            yield _line(line)
    first = candidate_of_first(answer) or next(iter(answer.candidates), None)
    if first is not None and not answer.statements and not answer.verdicts:
        yield candidate_detail(first)
    if others := rivals(answer):
        yield [message("slack.rivals"), *candidate_lines(others)]
    yield from _governed(answer, governing)
    if answer.outcome != "guideline":
        for guideline in quoted_sections(answer):
            yield quote_lines(guideline)
    if answer.changes:
        yield change_lines(answer.changes)


def _notices(answer: Answer) -> Iterator[str]:
    for notice in answer.notices:
        yield message("slack.notice", notice=escape(cut(notice, MOST_SENTENCE)))


def _line(line: ReportLine) -> Iterator[str]:
    """A line of the report with its whole title, and each of its reasons."""
    key = "slack.line_billable" if line.billable else "slack.line_header"
    yield message(
        "slack.line",
        line=line.line,
        code=escape(line.code),
        title=escape(short(line.title)),
        mark=message(key, mark=escape(mark(line))),
    )
    if flags := clause(line.flags):
        yield message("slack.line_why", why=escape(flags))
    for why in whys(line):
        yield message("slack.line_why", why=escape(cut(why, MOST_SENTENCE)))


def _governed(answer: Answer, governing: Governing) -> Iterator[Iterable[str]]:
    """The notes and sections of each code that is shown. Codes that inherit the same do not repeat
    it."""
    candidates = {(c.system, c.code): c for c in answer.candidates}
    shown: dict[str, Any] = {verdict.code: verdict for verdict in answer.verdicts}
    for line in shown_lines(answer):
        known = governing.verdicts.get(line.code) or candidates.get((line.system, line.code))
        shown.setdefault(line.code, known)
    if not shown and answer.candidates:
        shown[answer.candidates[0].code] = answer.candidates[0]
    notes_seen: set[tuple[str, str, str]] = set()
    sections_seen: set[str] = set()
    for code, known in shown.items():
        if known is None:
            continue
        notes = [n for n in known.notes if (n.kind, n.inherited_from, n.text) not in notes_seen]
        notes_seen |= {(n.kind, n.inherited_from, n.text) for n in notes}
        sections = [g for g in known.guidelines if g.section not in sections_seen]
        sections_seen |= {g.section for g in sections}
        yield note_lines(code, notes)
        yield governing_lines(code, sections, governing.sections)
