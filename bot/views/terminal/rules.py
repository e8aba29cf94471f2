"""Sections of the guidelines and rules on codes, in whole and with their sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.desk.answer import Answer, Pair, QuotedGuideline, ShownGuideline
from bot.desk.governing import Governing
from bot.messages import message
from bot.views.beside import coverage_shown, coverage_source, policies_shown
from bot.views.claim_words import shown_pairs
from bot.views.report_words import parts, whys
from bot.views.shared import guideline_source, place, quoted_sections
from bot.views.terminal.notes import first_candidate
from bot.views.terminal.page import Line

_SEVERITY_STYLES = {"conflict": "bad", "caution": "doubt", "obligation": "doubt"}


def rule_blocks(answer: Answer, governing: Governing) -> Iterator[list[Line]]:
    """All rules behind an answer."""
    yield reasons(answer)
    yield from map(pair_lines, shown_pairs(answer))
    yield coverage_lines(answer)
    yield policy_lines(answer)
    yield from map(section_lines, quoted_sections(answer))
    yield from governing_blocks(answer, governing)


def governing_blocks(answer: Answer, governing: Governing) -> Iterator[list[Line]]:
    """The sections that govern its codes and are not part of the answer: quoted, as far as their
    words are known, else named."""
    best = first_candidate(answer)
    found = [*(best.guidelines if best else [])]
    verdicts = [*governing.verdicts.values(), *answer.verdicts]
    found += [one for verdict in verdicts for one in verdict.guidelines]
    told = {one.section for one in quoted_sections(answer)}
    left = {one.section: one for one in found if one.section not in told}
    words = governing.sections
    yield from (section_lines(words[number]) for number in left if number in words)
    yield cited([one for number, one in left.items() if number not in words])


def reasons(answer: Answer) -> list[Line]:
    """Why each line of a report is there."""
    return [
        Line(why, "  ", line.code)
        for part in parts(answer)
        for line in part.lines
        for why in whys(line)
    ]


def section_lines(guideline: QuotedGuideline) -> list[Line]:
    """A section in whole."""
    heading = f"{guideline.title} ({guideline_source(guideline)})"
    paragraphs = [line for line in guideline.text.split("\n") if line.strip()]
    return [Line(heading, "§ ", guideline.section), *(Line(text, "  ") for text in paragraphs)]


def cited(guidelines: Sequence[ShownGuideline]) -> list[Line]:
    """Sections by number, title and page."""
    if not guidelines:
        return []
    return [
        Line(message("terminal.guidelines"), style="heading"),
        *(Line(f"{g.title} ({guideline_source(g)})", "  ", g.section) for g in guidelines),
    ]


def pair_lines(pair: Pair) -> list[Line]:
    """What a rule says of codes, and the rule itself."""
    severity = message(f"terminal.severity_{pair.severity}")
    named = f"{severity} {' + '.join(pair.codes)}"
    lines = [Line(pair.says, code=named, style=_SEVERITY_STYLES[pair.severity])]
    if pair.quote or pair.inherited_from:
        where = place(pair.inherited_from)
        source = message("terminal.pair_source", where=where, release=pair.release)
        lines.append(Line(f"“{pair.quote}” {source}" if pair.quote else source, "  "))
    return lines


def coverage_lines(answer: Answer) -> list[Line]:
    """What coverage policies list, each with its source, and the conditions of its group."""
    shown, more = coverage_shown(answer)
    lines: list[Line] = []
    for one in shown:
        if one.says != answer.headline.text:
            lines.append(Line(one.says, "  - "))
        if source := coverage_source(one):
            lines.append(Line(source, "    "))
        if one.conditions:
            lines.append(Line(message("coverage.quoted", text=one.conditions), "    "))
    if not lines:
        return []  # the headline has said it
    heading = Line(message("coverage.heading"), style="heading")
    return [heading, *lines, *([Line(more, "    ")] if more else [])]


def policy_lines(answer: Answer) -> list[Line]:
    """The rules of the house."""
    shown, more = policies_shown(answer)
    lines = [Line(one.says, "» ") for one in shown]
    return [*lines, *([Line(more, "  ")] if more else [])]
