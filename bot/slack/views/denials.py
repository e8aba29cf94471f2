"""Codes of denials: short for a message, whole for the pages of Rules."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Answer
from bot.desk.answer_denials import adjustments, named
from bot.messages import message
from bot.slack.views.block_kit import MOST_SENTENCE, cut, escape, left_out
from bot.slack.views.phone_lines import SECTION_LINE, cut_to_lines
from bot.views import denial_words

#: Adjustments that are shown, and what follows for one.
_MOST, _STEPS = 7, 2
_MOST_HEADLINE = {2: 5, 1: 4}


def denial_lines(answer: Answer, most: int) -> list[str]:
    """One adjustment: what it means, what the desk's checks say, and what to do next. Of several, a
    line each."""
    lines = adjustments(answer.denials)
    if len(lines) > 1:
        shown = []
        for line in lines[:_MOST]:
            about = next((name for one in line for name in one.categories), "?")
            text = message("denials.line", codes=named(line), about=about)
            shown.append(escape(cut_to_lines(text, 1, SECTION_LINE * 0.96)))
        return shown + left_out(len(lines) - _MOST)
    (line,) = lines
    told = cut_to_lines(answer.headline.text, _MOST_HEADLINE[most], SECTION_LINE * 0.93)
    found = [message("slack_answer.headline", headline=escape(told))]
    more = denial_words.checks(line)[:1]
    steps = [
        message("denials.next", step=step)
        for step in denial_words.next_steps(line)[: _STEPS - len(more)]
    ]
    return found + [escape(cut_to_lines(text, 2, SECTION_LINE * 0.96)) for text in [*more, *steps]]


def denial_detail(answer: Answer) -> Iterator[str]:
    """Each code with its meaning, what the checks say, and all that follows."""
    for line in adjustments(answer.denials):
        for one in line:
            yield escape(cut(denial_words.meaning(one), MOST_SENTENCE))
        for check in denial_words.checks(line):
            yield escape(cut(check, MOST_SENTENCE))
        for step in denial_words.next_steps(line):
            yield escape(cut(message("denials.next", step=step), MOST_SENTENCE))
