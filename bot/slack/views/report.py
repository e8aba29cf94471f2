"""The lines to report, each on one line of a phone, and what stands under them: why they are so,
what is not sure, what is asked back, and the one note that most likely gets a claim denied."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Answer, Candidate, ReportLine
from bot.messages import message
from bot.slack.views.block_kit import escape, isolated
from bot.slack.views.phone_lines import (
    CONTEXT_LINE,
    SECTION_LINE,
    cut_to_lines,
    cut_to_width,
    width,
)
from bot.slack.views.titles import fit_title
from bot.views.flag_words import on_line
from bot.views.report_words import Part, coded, counted, parts, rivals
from bot.views.verdict_words import missing
from bot.views.why_line import why_line

#: Lines that the title of a single code may take.
_ALONE = 2
_MOST_UNSURE = 3
#: Codes that may be meant instead of one that is not sure.
_INSTEAD = 2


def line_text(line: ReportLine, most: int = 1, *, flagged: bool = False) -> str:
    """A line to report: whether it is billable, code, title and units, on `most` lines of a
    phone. `flagged`: with whether it is a CC or MCC."""
    units = "" if line.units is None else message("slack_answer.units", units=line.units)
    flag = on_line(line.flags) if flagged else ""
    flag = message("flags.on_line", flag=escape(flag)) if flag else ""
    return code_line(coded(line), line.title, units + lacks(line) + flag, line.billable, most)


def lacks(one: ReportLine | Candidate) -> str:
    """What a code that is not billable lacks, after its title; "" for nothing."""
    lacking = missing(one)
    return message("slack_answer.lacks", lacks=lacking) if lacking else ""


def code_line(code: str, title: str, after: str, billable: bool, most: int = 1) -> str:
    """A code with its mark, as much of its title as there is room for, and what stands after."""
    mark = message("slack_answer.billable" if billable else "slack_answer.incomplete")
    room = most * SECTION_LINE - width(f"{mark} {code}  {after}") * 1.05
    return message(
        "slack_answer.line",
        mark=mark,
        code=escape(code),
        title=escape(fit_title(title, max(room, 3.0))),
        after=after,
    ).rstrip()


def report_lines(part: Part, *, flagged: bool = False) -> list[str]:
    """The lines of one report. The title of one that is alone may take two."""
    alone = len(part.lines) == 1
    return [line_text(line, _ALONE if alone else 1, flagged=flagged) for line in part.lines]


def statements(answer: Answer) -> Iterator[tuple[str, str]]:
    """The reports of several statements: its number and words, which are not escaped, on one line
    of a context; and its lines."""
    for number, part in enumerate(parts(answer), 1):
        key = "slack_answer.statement" if part.said else "slack_answer.statement_untold"
        room = CONTEXT_LINE - width(f"{number}.  ")
        said = isolated(cut_to_width(" ".join(part.said.split()), room))
        lines = [line_text(line) for line in part.lines]
        if not lines:
            lines = [escape(cut_to_lines(part.headline.text, 2))]
        yield message(key, number=number, said=said), "\n".join(lines)


def read_as_text(answer: Answer) -> str:
    """The statement as it was read with what was said before, on one line of a context; not
    escaped."""
    room = CONTEXT_LINE - width(message("slack_answer.read_as", statement=""))
    said = cut_to_width(" ".join(answer.read_as.split()), room)
    return message("slack_answer.read_as", statement=isolated(said))


def why_text(part: Part, most: int) -> str:
    """The line under a report, for a context of `most` lines; "" for none."""
    why = why_line(part)
    return message("slack_answer.why", why=_small(why, most)) if why else ""


def unsure_text(answer: Answer, part: Part, most: int) -> str:
    """The codes that are not sure, and what may be meant instead of the first; "" for none."""
    unsure = [line.code for line in part.lines if line.confidence == "low"]
    if not unsure:
        return ""
    others = [
        one.code
        for one in rivals(answer)
        if one.system == part.lines[0].system and part.lines[0].confidence == "low"
    ]
    key = "slack_answer.unsure_or" if others else "slack_answer.unsure"
    named = ", ".join(unsure[:_MOST_UNSURE])
    return _small(message(key, codes=named, others=", ".join(others[:_INSTEAD])), most)


def _small(text: str, most: int) -> str:
    return escape(cut_to_lines(text, most, CONTEXT_LINE))


def asked_text(question: str, most: int) -> str:
    """The one question that is asked back; "" for none."""
    if not question:
        return ""
    cut = cut_to_lines(question, most, SECTION_LINE * 0.95)
    return message("slack_answer.asked", question=escape(cut))


def warning_text(told: str, most: int) -> str:
    """The note most likely to cause a denial, in `most` lines."""
    room = SECTION_LINE * 0.93  # the sign before it
    return message("slack_answer.risk", risk=escape(cut_to_lines(told, most, room)))


def report_text(answer: Answer) -> Iterator[str]:
    """The report for notifications and screen readers. The headline has told a report of one line,
    and the codes of others."""
    for number, part in enumerate(parts(answer), 1):
        if answer.statements:
            yield message("report.number", number=number)
        if answer.statements or len(part.lines) > 1:
            for line in part.lines:
                yield escape(message("report.line", code=counted(line), title=line.title).rstrip())
        yield from (escape(ask) for ask in part.asks[:1])
