"""The lines to report in short, with a line of why each."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Answer, ReportLine
from bot.messages import message
from bot.views.flag_words import on_line, shows_flags
from bot.views.report_words import counted, parts, reasons_shown
from bot.views.terminal.page import Line
from bot.views.verdict_words import missing
from bot.views.why_line import why_of

_STYLES = {"low": "doubt"}


def report_items(answer: Answer) -> list[list[Line]]:
    """The lines of one report. What the headline says already is not said again."""
    flagged = shows_flags(answer)
    (part,) = parts(answer)
    alone = len(part.lines) == 1
    return [
        [*_named(line, answer.headline.text if alone else ""), *_why(line, flagged=flagged)]
        for line in part.lines
    ]


def _named(line: ReportLine, told: str) -> Iterator[Line]:
    if line.units is not None or told != message("headline.one", code=line.code, title=line.title):
        yield Line(line.title, f"{line.line}. ", counted(line), most=2)


def _why(line: ReportLine, *, flagged: bool) -> Iterator[Line]:
    """Whether it is billable, how sure it is, and why it is there; where units are counted, how."""
    reasons = reasons_shown(line) if line.units is not None else [why_of(line)]
    sure = message("terminal.confidence", level=line.confidence)
    flag = on_line(line.flags) if flagged else ""
    told = [missing(line) or message("terminal.billable"), sure, flag, *reasons[:1]]
    style = f"small {_STYLES.get(line.confidence, '')}" if line.billable else "bad"
    yield Line(" · ".join(filter(None, told)), "   ", style=style, most=2)
    yield from (Line(reason, "   ", style="small", most=2) for reason in reasons[1:])


def statement_items(answer: Answer) -> list[list[Line]]:
    """The report of each statement, under its words."""
    items = []
    for number, part in enumerate(parts(answer), 1):
        said = part.said or message("report.number", number=number)
        lines = [Line(said, f"{number}. ", style="heading", most=1)]
        if not part.lines:
            lines.append(Line(part.headline.text, "   ", most=2))
        for line in part.lines:
            lacking = missing(line)
            text = f"{line.title} · {lacking}" if lacking else line.title
            lines.append(Line(text, "   ", counted(line), most=2))
        items.append(lines)
    return items
