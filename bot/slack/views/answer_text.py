"""An answer as text, for notifications and screen readers. Pure functions."""

from __future__ import annotations

from collections.abc import Collection

from bot.desk.answer import Answer
from bot.messages import message
from bot.slack.views.beside import beside_texts
from bot.slack.views.block_kit import MOST_SENTENCE, cut, escape, whole_sentences
from bot.slack.views.notices import notice_texts
from bot.slack.views.report import report_text
from bot.slack.views.rules import changes_heading, gravest_first, guideline_name
from bot.views.report_words import is_of_codes_together, untold
from bot.views.shared import news_counts

_MOST_FALLBACK = 3000


def answer_text(answer: Answer, told: Collection[str] = ()) -> str:
    """The answer in a few lines without markup; its headline comes first."""
    lines = [escape(answer.headline.text)] if answer.headline.text else []
    if answer.outcome == "guideline":
        lines += _guideline_text(answer)
    whys = [untold(verdict.why, answer.headline.text) for verdict in answer.verdicts[:10]]
    lines += [escape(why) for why in whys if why]
    pairs = answer.pairs if is_of_codes_together(answer) else gravest_first(answer.pairs)
    lines += [escape(pair.says) for pair in pairs[:3]]
    if answer.verdicts:
        lines += _guideline_text(answer)
    lines += report_text(answer)
    found = [] if answer.report or answer.statements else answer.candidates[:3]
    lines += [escape(f"{candidate.code} {candidate.title}") for candidate in found]
    if answer.changes and not answer.headline.text:
        counts = news_counts(answer.changes) or message("news.nothing")
        lines.append(escape(f"{changes_heading(answer.changes)}: {counts}"))
    lines += beside_texts(answer, 2)
    lines += notice_texts(answer, told, 3)
    return cut("\n".join(lines) or message("slack.no_answer"), _MOST_FALLBACK)


def _guideline_text(answer: Answer) -> list[str]:
    """The name of the best section and its first sentences."""
    return [
        f"{guideline_name(guideline)}: {escape(whole_sentences(guideline.text, MOST_SENTENCE))}"
        for guideline in answer.guidelines[:1]
    ]
