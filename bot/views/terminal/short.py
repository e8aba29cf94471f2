"""A screenful of an answer, in the shape that it has in Slack: the headline, the lines to report
with a line of why each, one question back, the one note most likely to cause a denial, the edition;
and how to see the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.desk.answer import Answer
from bot.desk.governing import Governing
from bot.messages import message
from bot.views.notices import notices_in_short
from bot.views.report_words import rivals
from bot.views.risk_words import asked_back, risk_of
from bot.views.screen import Screen
from bot.views.shared import by_system, editions_shown, explanation
from bot.views.terminal.notes import note_blocks
from bot.views.terminal.options import option_words
from bot.views.terminal.page import BLANK, Line, Showing, apart, height
from bot.views.terminal.rules import rule_blocks
from bot.views.terminal.short_beside import beside_lines
from bot.views.terminal.short_findings import Findings, findings
from bot.views.terminal.whole import footer_line

#: Lines of a screenful where the screen has no end; and on one that has, what the command and the
#: next prompt take of it, and the fewest that an answer is cut to.
SCREENFUL, _PROMPT, _LEAST = 24, 2, 16
#: Rivals of the first line of a report (of one that is alone), candidates of an answer without a
#: report, and notices.
_RIVALS, _RIVALS_ALONE, _CANDIDATES, NOTICES = 1, 2, 5, 2


def short_lines(
    answer: Answer,
    showing: Showing,
    told: Collection[str],
    governing: Governing,
    screen: Screen,
) -> Iterator[Line]:
    found = findings(answer, showing.limit or _CANDIDATES)
    notices = [
        Line(one.words, "! ", style="doubt", most=1)
        for one in notices_in_short(answer, told, NOTICES)
    ]
    if found is None:
        if answer.headline.text:
            yield Line(answer.headline.text, style="headline")
        yield from notices or ([] if answer.headline.text else [Line(message("headline.none"))])
        return
    if answer.read_as:
        read_as = message("terminal.read_as", statement=answer.read_as)
        found.head.insert(1, Line(read_as, style="small", most=1))
    tail = [*_tail(answer, showing), *notices]
    notes = list(apart(note_blocks(answer, governing)))
    rules = list(apart(rule_blocks(answer, governing)))
    end = _footer(answer)
    if notes or rules or found.items or notices:
        end += _offer(showing, bool(notes), bool(rules))
    yield from found.head
    if showing.limit:
        yield from (line for item in found.items for line in item)
    else:
        yield from _fitting(found, [*found.head, *tail, *end], screen)
    yield from tail
    wanted = [notes if showing.notes else [], rules if showing.rules else []]
    for block in wanted:
        yield from [BLANK, *block] if block else []
    yield from [BLANK] if any(wanted) else []
    yield from end


def _fitting(found: Findings, others: list[Line], screen: Screen) -> Iterator[Line]:
    """The first items, as many as a screenful has room for beside the `others`, at least one; and
    how many more there are."""
    whole = SCREENFUL if screen.height is None else max(screen.height - _PROMPT, _LEAST)
    room = whole - height(others, screen)
    heights = [height(item, screen) for item in found.items]
    shown = len(found.items)
    if sum(heights) > room:
        while shown > 1 and sum(heights[:shown]) > room - 1:
            shown -= 1
    for item in found.items[:shown]:
        yield from item
    if left := len(found.items) - shown:
        yield Line(message("terminal.and_more", count=left), style="small")


def _tail(answer: Answer, showing: Showing) -> Iterator[Line]:
    """What stands under the findings."""
    if asked := asked_back(answer):
        yield Line(asked, "? ", style="ask", most=2)
        if options := option_words(answer, by_number=showing.by_number):
            yield Line(", ".join(options), "  ", style="ask", most=2)
    if risk := risk_of(answer):
        yield Line(risk, "! ", style="bad", most=2)
    yield from beside_lines(answer)
    if answer.explanation:
        yield Line(explanation(answer.explanation))
    if answer.not_checked and answer.verdicts and not answer.claim:
        rules = ", ".join(message(f"checks.{rule}") for rule in answer.not_checked)
        yield Line(message("terminal.not_checked", rules=rules), style="small", most=1)
    if answer.report and answer.headline.kind != "units":
        lead = message("terminal.also")
        most = showing.limit or (_RIVALS if len(answer.report) > 1 else _RIVALS_ALONE)
        groups = by_system(rivals(answer), most)
        for one in [one for _, group in groups for one in group][:most]:
            yield Line(one.title, lead, one.code, most=1)
            lead = " " * len(lead)


def _footer(answer: Answer) -> list[Line]:
    footer = footer_line(answer, editions_shown(answer))
    return [footer] if footer else []


def _offer(showing: Showing, has_notes: bool, has_rules: bool) -> list[Line]:
    """How the rest is asked for."""
    if showing.offer is None:
        return []
    there = {
        "notes": has_notes and not showing.notes,
        "rules": has_rules and not showing.rules,
        "all": True,
    }
    named = " ".join(f"{showing.offer}{way}" for way, is_there in there.items() if is_there)
    return [Line(message("terminal.offer", ways=named), style="small")]
