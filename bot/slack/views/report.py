"""The headline and the report of an answer: each line with its reason, then what is asked back."""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk.models.blocks import Block

from bot.desk.answer import Answer, ReportLine
from bot.messages import message
from bot.slack.views import results
from bot.slack.views.block_kit import (
    MOST_SENTENCE,
    context,
    cut,
    escape,
    fitting,
    section,
    sections,
    short,
)
from bot.views.report_words import (
    Part,
    candidate_of_first,
    mark,
    parts,
    rivals,
    why,
    whys,
)

#: Characters of a reason, and of the words of a statement.
_MOST_WHY = 240
_MOST_SAID = 150


def headline_blocks(answer: Answer) -> list[Block]:
    """The first line; [] in an answer out of an older log, which has none."""
    if not answer.headline.text:
        return []
    text = cut(escape(answer.headline.text), MOST_SENTENCE)
    return [section(message("slack.headline", headline=text))]


def report_blocks(answer: Answer, expanded: bool, most: int) -> list[Block]:
    """The lines of the report in at most `most` characters, or those of each statement under its
    words, and how many are left out."""
    each = parts(answer)
    several = len(each) > 1 or bool(answer.statements)
    lines = [
        text
        for number, part in enumerate(each, 1)
        for text in _part(number, part, several, expanded)
    ]
    shown = fitting(lines, most)
    blocks = sections(shown)
    if left := len(lines) - len(shown):
        blocks.append(context(message("slack.lines_left_out", count=left)))
    return blocks


def _part(number: int, part: Part, several: bool, expanded: bool) -> Iterator[str]:
    if several:
        said = cut(escape(part.said), _MOST_SAID)
        key = "statement" if said else "statement_untold"
        yield message(f"slack.{key}", number=number, said=said)
        if not part.lines:
            yield cut(escape(part.headline.text), MOST_SENTENCE)
    for line in part.lines:
        yield _line(line, expanded)
    for ask in part.asks:
        yield message("slack.ask_back", question=escape(short(ask)))


def _line(line: ReportLine, expanded: bool) -> str:
    """A line of a report with its reason under it; with all of them when expanded."""
    key = "slack.line_billable" if line.billable else "slack.line_header"
    first = message(
        "slack.line",
        line=line.line,
        code=escape(line.code),
        title=escape(short(line.title)),
        mark=message(key, mark=escape(mark(line))),
    )
    told = whys(line) if expanded else [why(line)]
    reasons = [
        message("slack.line_why", why=cut(escape(reason), _MOST_WHY)) for reason in told if reason
    ]
    return "\n".join([first, *reasons])


def rival_blocks(answer: Answer, expanded: bool, most: int) -> list[Block]:
    """What stands behind a report: other candidates, and what governs its first line."""
    if answer.statements:
        return []
    reported = {line.code for line in answer.report}
    first = candidate_of_first(answer)
    return results.rival_blocks(rivals(answer), first, reported, expanded, most)


def report_text(answer: Answer) -> Iterator[str]:
    """The report for notifications and screen readers. The headline has told a report of one line,
    and the codes of others."""
    for number, part in enumerate(parts(answer), 1):
        if answer.statements:
            yield message("report.number", number=number)
        if answer.statements or len(part.lines) > 1:
            for line in part.lines:
                yield escape(message("report.line", code=line.code, title=line.title).rstrip())
        yield from (escape(ask) for ask in part.asks)
