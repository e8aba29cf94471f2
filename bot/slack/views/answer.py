"""An answer as Block Kit blocks. Pure functions: nothing is looked up, and nothing is sent.

The question is left out: an answer may be shared with people who should not read the question.
Only over the reports of several statements stand their words, and not where an answer is shared.

A message holds at most 50 blocks (https://docs.slack.dev/reference/block-kit/blocks). All blocks
together have a limit too, which is nowhere published: chat.postMessage answers
msg_blocks_too_long somewhere beyond 11,000 characters
(https://github.com/slackapi/bolt-js/issues/2509 and 2867), so messages stay below 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement

from bot.desk.answer import Answer, Pair
from bot.messages import message
from bot.slack.views.block_kit import (
    MOST_SENTENCE,
    Message,
    as_posted,
    below,
    button,
    context,
    cut,
    escape,
    plain_message,
    section,
    size,
    texts,
    whole_sentences,
)
from bot.slack.views.feedback import feedback_blocks, thanks_blocks
from bot.slack.views.report import headline_blocks, report_blocks, report_text, rival_blocks
from bot.slack.views.results import FEW, MANY, candidate_blocks, verdict_blocks
from bot.slack.views.rules import (
    change_blocks,
    changes_heading,
    gravest_first,
    guideline_name,
    not_checked_blocks,
    pair_blocks,
    quoted,
)
from bot.views.report_words import is_of_codes_together, untold, untold_notices
from bot.views.shared import (
    by_system,
    editions,
    news_counts,
    quoted_sections,
    removed_in_words,
)

SEE_MORE = "more"
SHARE = "share"

#: Room for all results in one message; notices, footer and buttons come on top.
_MOST_RESULTS = 8000
_MOST_REPORT = 4500
_MOST_NOTICES = 3
_MOST_BLOCKS = 42
_MOST_FALLBACK = 3000


def answer_message(
    answer: Answer,
    question_id: str,
    *,
    expanded: bool = False,
    shareable: bool = False,
    private: bool = False,
) -> Message:
    return Message(
        answer_text(answer),
        answer_blocks(answer, question_id, expanded=expanded, shareable=shareable, private=private),
    )


def shared_message(answer: Answer, question_id: str, user: str) -> Message:
    """An answer that a user shows to a channel. The words of its statements are left out; all else
    is there, because See more would show the words, too."""
    statements = [replace(one, said="") for one in answer.statements]
    unsaid = replace(answer, statements=statements)
    drawn = answer_message(unsaid, question_id, expanded=bool(statements))
    by = context(message("slack.shared_by", user=f"<@{user}>"))
    return Message(drawn.text, [*as_posted([by]), *drawn.blocks])


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


def answer_blocks(
    answer: Answer,
    question_id: str,
    *,
    expanded: bool = False,
    shareable: bool = False,
    private: bool = False,
) -> list[dict[str, Any]]:
    """The headline, notices, results with the rules that govern them, the editions they are from,
    and buttons.

    The buttons carry `question_id`. `private`: only one person sees the answer; so it is when it is
    `shareable`, too.
    """
    return as_posted(_blocks(answer, question_id, expanded, shareable, private))


def _blocks(
    answer: Answer, question_id: str, expanded: bool, shareable: bool, private: bool
) -> list[Block]:
    private = private or shareable
    results = _results(answer, expanded)
    first = headline_blocks(answer) if results else _plain_headline(answer)
    untold = [*untold_notices(answer)][:_MOST_NOTICES]
    notices = [cut(escape(notice), MOST_SENTENCE) for notice in untold]
    if not results:
        sections = [section(notice) for notice in notices]
        told = [*first, *sections] or [section(message("slack.no_answer"))]
        return [*told, *feedback_blocks(answer, question_id, [], private)]
    blocks: list[Block] = [*first]
    blocks += [section(message("slack.notice", notice=notice)) for notice in notices]
    blocks += [*results, context(_footer(answer, question_id))]
    buttons: list[ButtonElement] = []
    # The button is there if the expanded answer has other texts.
    if not expanded and [*texts(results)] != [*texts(_results(answer, expanded=True))]:
        buttons.append(button(SEE_MORE, message("slack.see_more"), question_id))
    if shareable:
        buttons.append(button(SHARE, message("slack.share"), question_id))
    return blocks + feedback_blocks(answer, question_id, buttons, private)


def _results(answer: Answer, expanded: bool) -> list[Block]:
    """The results that fit in one message. Quoted guidelines, pairs and changes get their room
    first; verdicts and candidates share the rest."""
    sections = quoted(quoted_sections(answer), expanded)
    first = sections if answer.outcome == "guideline" else []
    together = is_of_codes_together(answer)
    rules = pair_blocks(_pairs(answer), expanded)
    first += rules if together else []
    last = [] if together else rules
    if answer.outcome != "guideline":
        last += sections
    if answer.verdicts:
        last += not_checked_blocks(answer.not_checked)
    last += change_blocks(answer.changes, expanded)
    reports = report_blocks(answer, expanded, _MOST_REPORT)
    if answer.outcome == "verdict" and not answer.statements:
        last += [section(message("report.beside")), *reports] if reports else []
    else:
        first += reports
    left = _MOST_RESULTS - size([*first, *last])
    verdicts = verdict_blocks(answer.verdicts, expanded, left, answer.headline.text, brief=together)
    left -= size(verdicts)
    if answer.report or answer.statements:
        candidates = rival_blocks(answer, expanded, left)
    else:
        candidates = candidate_blocks(answer.candidates, expanded, left)
    first += [*verdicts, *candidates]
    return first[: _MOST_BLOCKS - len(last)] + last


def _pairs(answer: Answer) -> list[Pair]:
    """The gravest first; but first of all the rule that a headline about codes together rests
    on."""
    return answer.pairs if is_of_codes_together(answer) else gravest_first(answer.pairs)


def _footer(answer: Answer, question_id: str) -> str:
    releases = editions(answer)
    key = "footer" if answer.as_of else "footer_undated"
    key += "" if releases else "_bare"
    return message(
        f"slack.{key}", releases=escape(releases), day=answer.as_of, question=question_id
    )


def _plain_headline(answer: Answer) -> list[Block]:
    """The headline of an answer without results: a sentence, which is not set in bold."""
    text = answer.headline.text
    return [section(cut(escape(text), MOST_SENTENCE))] if text else []


def answer_text(answer: Answer) -> str:
    """The answer in a few lines; its headline comes first."""
    lines = [escape(answer.headline.text)] if answer.headline.text else []
    lines += [escape(notice) for notice in untold_notices(answer)]
    if answer.outcome == "guideline":
        lines += _guideline_text(answer)
    whys = [untold(verdict.why, answer.headline.text) for verdict in answer.verdicts[:MANY]]
    lines += [escape(why) for why in whys if why]
    lines += [escape(pair.says) for pair in _pairs(answer)[:FEW]]
    if answer.verdicts:
        lines += _guideline_text(answer)
    lines += report_text(answer)
    found = [] if answer.report or answer.statements else answer.candidates
    for group, candidates in by_system(found, FEW):
        lines += [escape(group)] if group else []
        lines += [escape(f"{candidate.code} {candidate.title}") for candidate in candidates]
    if answer.changes:
        counts = news_counts(answer.changes) or message("news.nothing")
        lines.append(escape(f"{changes_heading(answer.changes)}: {counts}"))
    return cut("\n".join(lines) or message("slack.no_answer"), _MOST_FALLBACK)


def _guideline_text(answer: Answer) -> list[str]:
    """The name of the best section and its first sentences."""
    return [
        f"{guideline_name(guideline)}: {escape(whole_sentences(guideline.text, MOST_SENTENCE))}"
        for guideline in answer.guidelines[:1]
    ]
