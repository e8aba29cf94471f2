"""An answer as a message that is read at a glance on a phone: the lines to report, one line of why,
at most one question back, the one note most likely to cause a denial, and the edition. All else is
behind the button Rules: `bot/slack/views/details.py`. Pure functions: nothing is looked up, and
nothing is sent.

The question is left out: an answer may be shared with people who should not read the question.
Only over the reports of several statements stand their words, and over the answer to a follow-up
the statement as it was read; neither where an answer is shared.

A message holds at most 50 blocks (https://docs.slack.dev/reference/block-kit/blocks). All blocks
together have a limit too, which is nowhere published: chat.postMessage answers
msg_blocks_too_long somewhere beyond 11,000 characters
(https://github.com/slackapi/bolt-js/issues/2509 and 2867), so messages stay below 10,000.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.models.blocks import Block

from bot.desk.answer import Answer
from bot.messages import message
from bot.slack.views.answer_text import answer_text
from bot.slack.views.beside import beside_texts
from bot.slack.views.block_kit import (
    MOST_SENTENCE,
    Message,
    as_posted,
    below,
    context,
    cut,
    escape,
    fitting,
    plain_message,
    section,
    sections,
    words_of_others,
)
from bot.slack.views.buttons import answer_buttons
from bot.slack.views.claim import claim_findings, claim_small
from bot.slack.views.denials import denial_lines
from bot.slack.views.feedback import feedback_blocks, thanks_blocks
from bot.slack.views.findings import (
    beside_text,
    candidate_lines,
    change_lines,
    guideline_lines,
    guideline_text,
    many_lines,
    pair_text,
    together_lines,
    verdict_lines,
)
from bot.slack.views.notices import notice_texts
from bot.slack.views.phone_lines import cut_to_lines, phone_lines
from bot.slack.views.report import (
    asked_text,
    read_as_text,
    report_lines,
    statements,
    unsure_text,
    warning_text,
    why_text,
)
from bot.views.flag_words import shows_flags
from bot.views.notices import conflict_in, not_in_force, shortened
from bot.views.report_words import is_of_codes_together, parts, shown_lines
from bot.views.risk_words import asked_back, risk_of
from bot.views.shape import shape
from bot.views.shared import editions_shown, quoted_sections, removed_in_words

#: Lines of a phone that an answer takes before its buttons, where it has up to three codes.
BUDGET = 12

#: Lines of a quotation from the guidelines: whether there is a report beside, and how many lines
#: other texts have.
_QUOTE = {(False, 2): 6, (False, 1): 5, (True, 2): 4, (True, 1): 2}
_MOST_STATEMENTS = 7000


def answer_message(
    answer: Answer,
    question_id: str,
    *,
    shareable: bool = False,
    private: bool = False,
    told: Collection[str] = (),
) -> Message:
    """`private`: only one person sees the answer; so it is when it is `shareable`, too. `told`: the
    keys of notices that were told before in the same conversation (`bot/slack/told.py`)."""
    private = private or shareable
    answer = shortened(answer, told)
    drawn = _within_budget(answer, question_id, told)
    below = answer_buttons(answer, question_id, private=private, shareable=shareable)
    blocks = _placed(drawn, below)

    def rated(*, plain: bool) -> list[dict[str, Any]]:
        rating = feedback_blocks(answer, question_id, plain=plain, used=not below)
        return as_posted([*blocks, *rating])

    plainer = None if private else rated(plain=True)
    return Message(answer_text(answer, told), rated(plain=private), plainer)


def shared_message(answer: Answer, question_id: str, user: str) -> Message:
    """An answer that a user shows to a channel, without the words of its statements. Nor can others
    go on from a question that was asked in private."""
    each = [replace(one, said="") for one in answer.statements]
    unsaid = replace(answer, statements=each, read_as="", ask_options=[])
    drawn = answer_message(unsaid, question_id)
    by = context(message("slack.shared_by", user=f"<@{user}>"))
    above = as_posted([by])
    plainer = drawn.plainer and [*above, *drawn.plainer]
    return Message(drawn.text, [*above, *drawn.blocks], plainer)


def removed_message(removed: Sequence[str]) -> Message:
    """For the asker only: which identifiers were removed."""
    return plain_message(message("slack.removed", kinds=removed_in_words(removed)))


def with_removed(drawn: Message, removed: Sequence[str]) -> Message:
    """An answer that only the asker sees; it begins with which identifiers were removed."""
    notice = plain_message(message("slack.removed_command", kinds=removed_in_words(removed)))
    return below(notice, drawn)


def thanks_message(rating: str, question_id: str) -> Message:
    """For the person who rated an answer."""
    return Message(message(f"slack.thanks_{rating}"), as_posted(thanks_blocks(rating, question_id)))


# The blocks


def answer_blocks(answer: Answer, question_id: str, **how: Any) -> list[dict[str, Any]]:
    """The blocks of `answer_message`."""
    return answer_message(answer, question_id, **how).blocks


@dataclass(frozen=True, slots=True)
class _Drawn:
    """`question`: what is asked back, under which its options stand."""

    findings: list[Block]
    question: list[Block]
    below: list[Block]

    def blocks(self) -> list[Block]:
        return [*self.findings, *self.question, *self.below]


def _within_budget(answer: Answer, question_id: str, told: Collection[str]) -> _Drawn:
    """What may be shortened has two lines each, or one where the answer is longer than its
    budget."""
    drawn = _drawn(answer, question_id, told, 2)
    if phone_lines(as_posted(drawn.blocks())) <= BUDGET:
        return drawn
    return _drawn(answer, question_id, told, 1)


def _placed(drawn: _Drawn, buttons: Sequence[Block]) -> list[Block]:
    """The answer with its buttons: the last row at its end, and the options of what is asked back
    under the question."""
    return [*drawn.findings, *drawn.question, *buttons[:-1], *drawn.below, *buttons[-1:]]


def _drawn(answer: Answer, question_id: str, told: Collection[str], most: int) -> _Drawn:
    findings = [*_findings(answer, most)]
    notices = notice_texts(answer, told, most)
    if not findings:
        return _Drawn(_without_results(answer, notices), [], [])
    below = [*_risk(answer, most), context("\n".join([*notices, _footer(answer, question_id)]))]
    if answer.read_as:
        findings.insert(0, words_of_others(read_as_text(answer)))
    return _Drawn(findings, _section(asked_text(asked_back(answer), most)), below)


def _without_results(answer: Answer, notices: Sequence[str]) -> list[Block]:
    """An answer that found nothing: why, and what to do next."""
    headline = answer.headline.text
    lines = [cut(escape(headline), MOST_SENTENCE)] if headline else []
    told = lines or [*notices] or [message("slack.no_answer")]
    small = [context("\n".join(notices))] if lines and notices else []
    return [*map(section, told), *small]


def _findings(answer: Answer, most: int) -> Iterator[Block]:
    """What was found, in the order in which it is read."""
    small: list[str] = []
    lines: list[str] = []
    kind = shape(answer)
    if kind == "statements":
        yield from _statements(answer)
        return
    if kind == "denials":
        lines = denial_lines(answer, most)
    elif kind == "changes" and answer.changes:
        lines = change_lines(answer.changes)
    elif kind == "guideline":
        best, *others = answer.guidelines
        lines = guideline_lines(best, answer.question, _QUOTE[bool(answer.report), most])
        # The footer has the edition, and the button Rules the page.
        small = [] if answer.report and most == 1 else [guideline_text(best, others, 1)]
    elif kind == "claim":
        lines, small = claim_findings(answer, most), claim_small(answer, most)
    elif kind == "units":
        # How many, first; the lines of the report have the modifiers.
        if answer.report:
            yield section(escape(cut_to_lines(answer.headline.text, most)))
    elif kind == "together":
        lines = together_lines(answer, most)
        asked = answer.headline.kind == "coverage"
        pairs = [] if asked else answer.pairs[:1]
        small = [
            *(pair_text(pair, most) for pair in pairs),
            beside_text(answer.verdicts, most),
            *_sections(answer),
        ]
    elif kind == "many":
        lines = many_lines(answer, most)
    elif kind == "verdicts":
        lines = verdict_lines(answer, most)
        small = _sections(answer)
    elif kind == "candidates":
        lines = candidate_lines(answer.candidates)
    yield from sections(lines)
    yield from _context(small)
    for part in parts(answer):
        beside = [message("slack_answer.case")] if lines else []
        yield from sections([*beside, *report_lines(part, flagged=shows_flags(answer))])
        yield from _context([why_text(part, most), unsure_text(answer, part, most)])
    yield from _context(beside_texts(answer, most))


def _sections(answer: Answer) -> list[str]:
    """The section of the guidelines that stands beside verdicts."""
    return [guideline_text(one, [], 1, named=True) for one in quoted_sections(answer)[:1]]


def _risk(answer: Answer, most: int) -> list[Block]:
    """The note most likely to cause a denial; a conflict within the report has a line more."""
    risk = risk_of(answer)
    return _section(warning_text(risk, most + bool(conflict_in(answer)))) if risk else []


def _statements(answer: Answer) -> Iterator[Block]:
    """The reports of several statements."""
    each = [*statements(answer)]
    shown = fitting([lines for _, lines in each], _MOST_STATEMENTS)
    for said, lines in each[: len(shown)]:
        yield words_of_others(said)
        yield section(lines)
    if left := len(each) - len(shown):
        yield context(message("slack_answer.lines_left_out", count=left))


def _section(text: str) -> list[Block]:
    return [section(text)] if text else []


def _context(texts: Iterable[str]) -> list[Block]:
    shown = [text for text in texts if text]
    return [context("\n".join(shown))] if shown else []


def _footer(answer: Answer, question_id: str) -> str:
    """What the check mark means, the editions, and the id in the log."""
    marked = any(line.billable for line in shown_lines(answer)) or (
        is_of_codes_together(answer) and all(v.status == "billable" for v in answer.verdicts)
    )
    editions = editions_shown(answer)
    told = [editions]
    if not_in_force(answer) and editions:
        # It says which edition is not in force on the day, so the mark is not for that day.
        told = [message("slack_answer.footer_nearest", releases=editions)] if marked else told
    elif answer.as_of:
        key = "slack_answer.footer_billable" if marked else "slack_answer.footer_day"
        told = [message(key, day=answer.as_of), editions]
    log = message("slack_answer.footer_log", question=question_id)
    return escape(" · ".join(filter(None, [*told, log])))
