"""All that is known of an answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from bot.desk.answer import Answer, Candidate, CodeTitle, Equivalent, Verdict
from bot.desk.answer_denials import DenialCode, adjustments
from bot.desk.governing import Governing
from bot.desk.who_equivalent import WhoEquivalent
from bot.messages import message
from bot.views import denial_words
from bot.views.claim_words import claim_lines, not_checked
from bot.views.flag_words import clause
from bot.views.notices import notices_to_say
from bot.views.report_words import (
    Part,
    counted,
    is_of_codes_together,
    mark,
    parts,
    rivals,
    unreported,
    untold,
    whys,
)
from bot.views.shared import (
    axis_in_words,
    by_system,
    editions,
    explanation,
    grounds,
    quoted_sections,
    status_word,
)
from bot.views.terminal.changes import change_lines
from bot.views.terminal.notes import notes_of, notes_of_first, report_with, sides
from bot.views.terminal.options import option_words
from bot.views.terminal.page import Line, Showing, apart
from bot.views.terminal.rules import (
    coverage_lines,
    governing_blocks,
    pair_lines,
    policy_lines,
    section_lines,
)

_LOW = {"low": "doubt"}


def whole_lines(
    answer: Answer,
    told: Collection[str],
    governing: Governing,
    showing: Showing,
) -> Iterator[Line]:
    yield from apart(_blocks(answer, told, governing, showing))


def _blocks(
    answer: Answer,
    told: Collection[str],
    governing: Governing,
    showing: Showing,
) -> Iterator[list[Line]]:
    """The blocks of an answer, in the order in which they are read."""
    if answer.headline.text:
        yield [Line(answer.headline.text, style="headline")]
    if answer.read_as:
        yield [Line(message("terminal.read_as", statement=answer.read_as))]
    yield [Line(notice, "! ", style="doubt") for notice in notices_to_say(answer, told)]
    yield from (denial_lines(line) for line in adjustments(answer.denials))
    quoted = [section_lines(one) for one in quoted_sections(answer)]
    if answer.outcome == "guideline":
        yield from quoted
    reports = [
        _report(number, part, answer, showing) for number, part in enumerate(parts(answer), 1)
    ]
    beside = answer.outcome == "verdict" and not answer.statements
    beside = beside and answer.headline.kind != "units"
    if not beside:
        yield from reports
    yield from _candidates(answer, governing, showing.limit)
    pairs = [pair_lines(pair) for pair in answer.pairs]
    verdicts = [_verdict(verdict, answer.headline.text) for verdict in answer.verdicts]
    policies = [coverage_lines(answer), policy_lines(answer)]
    asked = answer.headline.kind == "coverage"
    together = is_of_codes_together(answer) or answer.headline.kind == "claim"
    yield from policies if asked else []
    yield from [*pairs, *verdicts] if together and not asked else [*verdicts, *pairs]
    if beside and reports:
        yield [Line(message("report.beside"), style="heading")]
        yield from reports
    if answer.outcome != "guideline":
        yield from quoted
    yield from governing_blocks(answer, governing)
    yield from _unchecked(answer)
    yield from [] if asked else policies
    if answer.explanation:
        yield [Line(explanation(answer.explanation))]
    if answer.changes:
        yield list(change_lines(answer.changes))
    if footer := footer_line(answer, editions(answer)):
        yield [footer]


def footer_line(answer: Answer, releases: str) -> Line | None:
    """The editions and the date of service; None for an answer that is from none."""
    if not (answer.candidates or answer.verdicts or answer.guidelines or answer.report):
        return None
    footer = "terminal.footer" if releases else "terminal.footer_bare"
    if not answer.as_of:
        footer = "terminal.footer_of_before"
    return Line(message(footer, releases=releases, day=answer.as_of), style="small")


def _unchecked(answer: Answer) -> Iterator[list[Line]]:
    """A claim as it was read, and what was not checked."""
    if answer.claim:
        if not answer.statements:
            yield [Line(line, "  ") for line in claim_lines(answer.claim)]
        if unchecked := not_checked(answer):
            yield [Line(unchecked)]
    elif answer.not_checked and answer.verdicts:
        rules = ", ".join(message(f"checks.{rule}") for rule in answer.not_checked)
        yield [Line(message("terminal.not_checked", rules=rules))]


def _report(number: int, part: Part, answer: Answer, showing: Showing) -> list[Line]:
    """The lines of a report, each with its reasons; under its statement where there are
    several."""
    lines: list[Line] = []
    if part.said or not part.lines:
        said = part.said or message("report.number", number=number)
        lines.append(Line(said, f"{number}. ", style="heading"))
    lead = "  " if lines else ""
    if not part.lines:
        lines.append(Line(part.headline.text, lead))
    for line in part.lines:
        own = f"{lead}{line.line}. "
        indent = " " * len(own)
        lines.append(Line(line.title, own, counted(line)))
        lines.append(Line(mark(line), indent, style=_LOW.get(line.confidence, "")))
        lines += [Line(reason, f"{indent}· ") for reason in whys(line) if reason]
        if flags := clause(line.flags):
            lines.append(Line(flags, f"{indent}· "))
    lines += [Line(ask, f"{lead}? ", style="ask") for ask in part.asks]
    if number == 1 and (options := option_words(answer, by_number=showing.by_number)):
        lines.append(Line(", ".join(options), f"{lead}  ", style="ask"))
    if left_out := unreported(part):
        lines.append(Line(left_out, lead))
    return lines


def denial_lines(line: Sequence[DenialCode]) -> list[Line]:
    """The codes of an adjustment, what the desk's checks say, and what to do next."""
    return [
        *(Line(denial_words.meaning(one), "- ") for one in line),
        *(Line(check, "  ! ", style="doubt") for check in denial_words.checks(line)),
        *(
            Line(message("denials.next", step=step), "  > ")
            for step in denial_words.next_steps(line)
        ),
    ]


def _candidates(answer: Answer, governing: Governing, limit: int | None) -> Iterator[list[Line]]:
    """The candidates. Behind a report: those that are none of its lines, a line each, and what
    governs its lines."""
    groups = by_system(rivals(answer), limit or len(answer.candidates))
    if answer.report:
        lines = [
            line
            for group, candidates in groups
            for line in [
                *([Line(group, "  ")] if group else []),
                *(
                    Line(f"{one.title} · {_sure(one)}", "  - ", one.code)
                    for one in candidates
                ),
            ]
        ]  # fmt: skip
        if lines:
            yield [Line(message("report.rivals"), style="heading"), *lines]
    else:
        for group, candidates in groups:
            yield [Line(group, style="heading")] if group else []
            yield from map(_candidate, candidates)
    yield from notes_of_first(answer, governing)


def _candidate(candidate: Candidate) -> list[Line]:
    lead = f"{candidate.rank}. "
    indent = " " * len(lead)
    lines = [
        Line(candidate.title, lead, candidate.code),
        Line(candidate_mark(candidate), indent, style=_LOW.get(candidate.confidence, "")),
    ]
    if candidate.ask_back:
        lines.append(Line(candidate.ask_back, f"{indent}? ", style="ask"))
    lines += [Line(one.text, indent) for one in sides(candidate)]
    if candidate.rank == 1:
        lines += [Line(ground, f"{indent}· ") for ground in grounds(candidate)]
        lines += [Line(one.text, indent + one.lead, one.code) for one in report_with(candidate, [])]
    return lines


def candidate_mark(candidate: Candidate) -> str:
    billable = message("terminal.billable" if candidate.billable else "terminal.header")
    if candidate.system == "icd11":
        billable = message("icd11.line")
    return f"{billable} · {_sure(candidate)}"


def _sure(candidate: Candidate) -> str:
    return message("terminal.confidence", level=candidate.confidence)


def _verdict(verdict: Verdict, told: str) -> list[Line]:
    """A verdict with all that follows from it, and the notes that govern it."""
    status = message(f"terminal.status_{status_word(verdict)}")
    lines = [Line(verdict.title, code=f"{status} {verdict.code or verdict.typed}")]
    if more := untold(verdict.why, told):
        lines.append(Line(more, "  "))
    if flags := clause(verdict.flags):
        lines.append(Line(flags, "  "))
    spans = verdict.kind == "range"
    lines += _listed("terminal.covers" if spans else "terminal.completions", verdict.completions)
    if verdict.system != "icd9cm":
        lines += _listed("terminal.replaced_by", verdict.replaced_by)
    lines += _listed("terminal.did_you_mean", verdict.did_you_mean)
    lines += [Line(axis_in_words(axis), "    ", axis.value) for axis in verdict.axes]
    lines += _mapped(verdict.equivalents)
    if verdict.who_equivalents:
        heading = f"icd11.equivalents_{verdict.who_equivalents[0].system}"
        lines += [Line(message(heading), "  "), *_mapped(verdict.who_equivalents)]
    return [*lines, *notes_of(verdict.code, verdict.release, verdict.notes)]


def _mapped(equivalents: Sequence[Equivalent | WhoEquivalent]) -> list[Line]:
    return [Line(f"{one.title} ({one.says})".strip(), "    ", one.code) for one in equivalents]


def _listed(heading: str, codes: Sequence[CodeTitle]) -> list[Line]:
    if not codes:
        return []
    return [Line(message(heading), "  "), *(Line(one.title, "    ", one.code) for one in codes)]
