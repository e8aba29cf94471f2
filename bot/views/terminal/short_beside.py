"""Coverage policies and rules of the house, in a few lines under an answer."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Answer
from bot.messages import message
from bot.views.beside import coverage_short, coverage_source
from bot.views.terminal.page import Line

#: Results that are shown where they are asked for, and rules of the house.
_RESULTS, _RULES = 4, 2


def beside_lines(answer: Answer) -> Iterator[Line]:
    coverage = answer.coverage
    named = [one for one in coverage if one.policy]
    asked = answer.headline.kind == "coverage"
    if asked and len(coverage) == 1:
        # The headline has the result.
        if source := coverage_source(coverage[0]):
            yield Line(source, "  ", most=2)
    else:
        shown = named[: _RESULTS if asked else 1]
        yield from (Line(coverage_short(one), "- ", most=2) for one in shown)
        yield from _more(len(named) - len(shown))
    rules = answer.policies[:_RULES]
    yield from (Line(rule.says, "» ", most=2) for rule in rules)
    yield from _more(len(answer.policies) - len(rules))


def _more(count: int) -> Iterator[Line]:
    if count > 0:
        yield Line(message("terminal.and_more", count=count), "  ", style="small")
