"""Coverage policies and rules of the house: a few lines under an answer, and all of them behind the
button Rules."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Answer
from bot.messages import message
from bot.slack.views.block_kit import MOST_SENTENCE, cut, escape
from bot.slack.views.phone_lines import CONTEXT_LINE, cut_to_lines
from bot.views.beside import (
    coverage_short,
    coverage_shown,
    coverage_source,
    cut_paragraph,
    policies_shown,
)


def beside_texts(answer: Answer, most: int) -> list[str]:
    """What stands beside the official rules, `most` lines of a context for the first result and
    the first rule, and how many more there are."""
    texts = []
    coverage = answer.coverage
    named = [one for one in coverage if one.policy]
    if answer.headline.kind == "coverage" and len(coverage) == 1:
        # The headline has the result.
        source = coverage_source(coverage[0])
        texts += [_fitted(source, most)] if source else []
    elif named:
        texts.append(_fitted(coverage_short(named[0]), most) + _more(len(named) - 1))
    rules = answer.policies[:most]
    texts += [_fitted(rule.says, most) for rule in rules]
    if rules:
        texts[-1] += _more(len(answer.policies) - len(rules))
    return texts


def coverage_lines(answer: Answer) -> Iterator[str]:
    """Each result with its source and the conditions of its group."""
    shown, more = coverage_shown(answer)
    if shown:
        yield message("slack_rules.coverage")
    for one in shown:
        yield message("slack.notice", notice=escape(cut(one.says, MOST_SENTENCE)))
        if source := coverage_source(one):
            yield escape(cut(source, MOST_SENTENCE))
        if one.conditions:
            yield message("slack.quoted", line=escape(cut_paragraph(one.conditions)))
    if more:
        yield more


def policy_lines(answer: Answer) -> Iterator[str]:
    """Each rule of the house, with the table that it stands in."""
    shown, more = policies_shown(answer)
    if shown:
        yield message("slack_rules.policies")
    for one in shown:
        table = message("policies.table", table=one.table, row=one.row)
        yield message("slack.notice", notice=escape(f"{cut(one.says, 1400)} · {table}"))
    if more:
        yield more


def _fitted(text: str, most: int) -> str:
    return escape(cut_to_lines(text, most, CONTEXT_LINE))


def _more(count: int) -> str:
    return message("slack_rules.and_more", count=count) if count > 0 else ""
