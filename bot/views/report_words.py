"""Words of a report that the terminal and Slack share."""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk.answer import Answer, Because, Candidate, Headline, ReportLine, ShownFact
from bot.messages import message
from bot.views.flag_words import asks_of_lists


@dataclass(frozen=True, slots=True)
class Part:
    """One report of an answer. `said`: the statement, where there are several; else ""."""

    said: str
    headline: Headline
    lines: list[ReportLine]
    asks: list[str]
    facts: list[ShownFact]


def parts(answer: Answer) -> list[Part]:
    """The reports of an answer: one, or one for each of several statements; [] for none."""
    if answer.statements:
        return [
            Part(one.said, one.headline, one.report, one.asks, one.facts)
            for one in answer.statements
        ]
    if answer.report:
        return [Part("", answer.headline, answer.report, answer.asks, answer.facts)]
    return []


def shown_lines(answer: Answer) -> list[ReportLine]:
    """The lines of all reports of an answer."""
    return [line for part in parts(answer) for line in part.lines]


def is_of_codes_together(answer: Answer) -> bool:
    """Whether the headline answers what is asked of codes together: its rule is quoted under it,
    and the validity of each code comes after, without the notes, of which the rule is one."""
    told = answer.headline.kind in ("yes", "no", "order", "needs_more", "units", "coverage")
    return told or asks_of_lists(answer)


def unreported(part: Part) -> str:
    """The facts that are denied or uncertain, which a coder may have expected in the report;
    "" for none. It repeats words of the question."""
    facts = [
        message("report.left_out_fact", said=fact.said, status=fact.status)
        for fact in part.facts
        if fact.status in ("denied", "uncertain")
    ]
    return message("report.left_out", facts="; ".join(facts)) if facts else ""


def mark(line: ReportLine) -> str:
    """Whether a line is billable, its role, and how sure it is: "billable · first-listed · …"."""
    return message(
        "report.mark", billable=_billable(line), role=line.role, confidence=line.confidence
    )


def coded(line: ReportLine) -> str:
    """A code as it stands on a claim, with its modifiers: J0587-JW."""
    return "-".join([line.code, *line.modifiers])


def counted(line: ReportLine) -> str:
    """A code with its modifiers and, where they are counted, its units."""
    if line.units is None:
        return coded(line)
    return message("report.counted", code=coded(line), units=f"{line.units:,}")


def reasons_shown(line: ReportLine) -> list[str]:
    """The reasons of a line that are shown under it: all where units are counted, else the most
    telling one."""
    return whys(line) if line.units is not None else [why(line)] if line.because else []


def _billable(line: ReportLine) -> str:
    if line.system == "icd11":
        return message("icd11.line")
    return message("report.billable" if line.billable else "report.header")


def why(line: ReportLine) -> str:
    """The most telling reason of a line, with where it stands; "" where it has none."""
    return cited(line.because[0]) if line.because else ""


def whys(line: ReportLine) -> list[str]:
    return [cited(one) for one in line.because]


def cited(because: Because) -> str:
    if because.section:
        source = message("report.source", section=because.section, release=because.release)
        return message("report.why", text=because.text, source=source)
    if because.release:
        return message("report.why", text=because.text, source=because.release)
    return because.text


def candidate_of_first(answer: Answer) -> Candidate | None:
    """The candidate of the first line of a report, which has the notes that govern it."""
    if not answer.report:
        return None
    first = answer.report[0]
    return next(
        (c for c in answer.candidates if (c.code, c.system) == (first.code, first.system)), None
    )


def rivals(answer: Answer) -> list[Candidate]:
    """The candidates that are no lines of the report; all of them where there is none. Several
    statements have no rivals: those of one would stand under all."""
    if answer.statements:
        return []
    reported = {(line.code, line.system) for line in answer.report}
    return [c for c in answer.candidates if (c.code, c.system) not in reported]


def untold(sentence: str, told: str) -> str:
    """What a sentence says beyond what the headline `told`."""
    return sentence.removeprefix(told).strip() if told else sentence
