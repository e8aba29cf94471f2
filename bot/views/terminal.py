"""Answers as plain text, for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from bot.desk.answer import (
    Answer,
    Candidate,
    Changes,
    CodeTitle,
    Pair,
    QuotedGuideline,
    ShownGuideline,
    ShownNote,
    Verdict,
)
from bot.desk.answer_denials import DenialCode, adjustments
from bot.desk.edition_changes import some_of_each
from bot.desk.icd9_mentions import asks_for_icd9
from bot.desk.many_codes import is_many
from bot.messages import message
from bot.views import denial_words
from bot.views.beside import (
    coverage_shown,
    coverage_source,
    cut_paragraph,
    policies_shown,
)
from bot.views.claim_words import claim_lines, not_checked, shown_pairs, shown_verdicts
from bot.views.flag_words import clause
from bot.views.notices import notices_to_say, shortened, told_by
from bot.views.report_words import (
    Part,
    candidate_of_first,
    counted,
    is_of_codes_together,
    mark,
    parts,
    reasons_shown,
    rivals,
    unreported,
    untold,
)
from bot.views.shared import (
    axis_in_words,
    by_system,
    conflicts_shown,
    editions,
    explanation,
    grounds,
    grouped,
    guideline_source,
    heading,
    news_counts,
    news_heading,
    other_sides,
    place,
    quoted_sections,
    run_together,
    source,
    status_word,
)

_WIDTH = 98
_SHOWN = 5
#: Sections quoted, and changes listed, in one answer.
_SECTIONS = 3
_CHANGES = 40
_NOTES = 6
_NOTE_WIDTH = 240
_COMPLETIONS = 8


class Session:
    """Answers that one person reads one after another: what is loaded is said once. `told`: the
    keys of what was said before (`bot.views.notices`)."""

    def __init__(self, told: Iterable[str] = ()) -> None:
        self._told = set(told)

    def as_text(self, answer: Answer, **how: Any) -> str:
        text = as_text(answer, told=self._told, **how)
        self._told.update(told_by(answer))
        return text


def as_text(answer: Answer, *, shown: int = _SHOWN, told: Collection[str] = ()) -> str:
    """The whole answer, wrapped to a terminal's width; its headline comes first. `told`: the keys
    of what was said before of what is loaded."""
    answer = shortened(answer, told)
    blocks = [_wrapped(answer.headline.text, "")] if answer.headline.text else []
    if answer.read_as:
        read_as = message("terminal.read_as", statement=" ".join(answer.read_as.split()))
        blocks.append(textwrap.shorten(read_as, _WIDTH, placeholder=" …"))
    notices = notices_to_say(answer, told)
    blocks.append("\n".join(_wrapped(notice, "! ") for notice in notices))
    blocks += [_denial(line) for line in adjustments(answer.denials)]
    sections = [_quoted(guideline) for guideline in quoted_sections(answer)[:_SECTIONS]]
    if answer.outcome == "guideline":
        blocks += sections
    reports = [_report(number, part) for number, part in enumerate(parts(answer), 1)]
    doses = answer.headline.kind == "units"
    beside = answer.outcome == "verdict" and not answer.statements and not doses
    if answer.ask_options and reports:
        reports[0] += "\n" + _options(answer)
    blocks += [] if beside else reports
    blocks += _candidates(answer, shown)
    crosswalk = asks_for_icd9(answer.question)
    together = is_of_codes_together(answer) or answer.headline.kind == "claim"
    many = is_many(answer)
    pairs = [_pair(one) for one in (conflicts_shown(answer) if many else shown_pairs(answer))]
    verdicts = [
        _verdict(
            verdict,
            crosswalk,
            answer.headline.text,
            governed=not (together or many or answer.denials),
        )
        for verdict in shown_verdicts(answer)
        if not many or verdict.status != "billable"
    ]
    policies = [_coverage(answer), _policies(answer)]
    asked = answer.headline.kind == "coverage"
    blocks += policies if asked else []
    blocks += [*pairs, *verdicts] if together and not asked else [*verdicts, *pairs]
    if beside and reports:
        blocks += [message("report.beside"), *reports]
    if answer.outcome != "guideline":
        blocks += sections
    if answer.claim:
        if not answer.statements:
            blocks.append("\n".join(_wrapped(line, "   ") for line in claim_lines(answer.claim)))
        blocks.append(_wrapped(not_checked(answer), "   "))
    elif answer.not_checked and answer.verdicts:
        rules = ", ".join(message(f"checks.{rule}") for rule in answer.not_checked)
        blocks.append(_wrapped(message("terminal.not_checked", rules=rules), "   "))
    blocks += [] if asked else policies
    if answer.explanation:
        blocks.append(_wrapped(explanation(answer.explanation), ""))
    if answer.changes:
        blocks.append(changes(answer.changes))
    if answer.candidates or answer.verdicts or answer.guidelines or answer.report:
        releases = editions(answer)
        footer = "terminal.footer" if releases else "terminal.footer_bare"
        if not answer.as_of:
            footer = "terminal.footer_of_before"
        blocks.append(message(footer, releases=releases, day=answer.as_of))
    return "\n\n".join(block for block in blocks if block)


def _report(number: int, part: Part) -> str:
    """The lines of a report, each with its reason; under its statement where there are several."""
    lines = []
    if part.said or not part.lines:
        said = part.said or message("report.number", number=number)
        lines.append(_wrapped(message("report.said", number=number, said=said), ""))
    lead = "   " if lines else ""
    if not part.lines:
        lines.append(_wrapped(part.headline.text, lead))
    for line in part.lines:
        own = f"{lead}{line.line}. "
        indent = " " * len(own)
        text = message("report.line", code=counted(line), title=line.title).rstrip()
        lines.append(_wrapped(f"{text} · {mark(line)}", own))
        lines += [_wrapped(reason, f"{indent}· ") for reason in reasons_shown(line) if reason]
        if flags := clause(line.flags):
            lines.append(_wrapped(flags, f"{indent}· "))
    lines += [_wrapped(ask, f"{lead}? ") for ask in part.asks]
    if left_out := unreported(part):
        lines.append(_wrapped(left_out, f"{lead}  "))
    return "\n".join(lines)


def _options(answer: Answer) -> str:
    """The answers to what is asked back: the words to type, and the code of each."""
    told = [
        message("terminal.option", words=one.words, code=one.code) for one in answer.ask_options
    ]
    return _wrapped(", ".join(told), "     ")


def _denial(line: Sequence[DenialCode]) -> str:
    """The codes of an adjustment, what the desk's checks say, and what to do next."""
    lines = [_wrapped(denial_words.meaning(one), "- ") for one in line]
    lines += [_wrapped(check, "  ! ") for check in denial_words.checks(line)]
    steps = denial_words.next_steps(line)
    lines += [_wrapped(message("denials.next", step=step), "  > ") for step in steps]
    return "\n".join(lines)


def _candidates(answer: Answer, shown: int) -> list[str]:
    """The candidates. Behind a report: those that are none of its lines, a line each, and what
    governs its first line."""
    if not answer.report:
        blocks = []
        for group, candidates in by_system(rivals(answer), shown):
            blocks += [group, *map(_candidate, candidates)]
        best = next(iter(rivals(answer)), None)
    else:
        lines = [
            line
            for group, candidates in by_system(rivals(answer), max(shown - 1, 1))
            for line in [*([f" {group}"] if group else []), *map(_rival, candidates)]
        ]
        best = None if answer.statements else candidate_of_first(answer)
        blocks = ["\n".join([message("report.rivals"), *lines])] if lines else []
        if best:
            blocks.append("\n".join([*_sides(best), *_report_with(best, answer)]))
    if best:
        blocks += [_notes(best.code, best.release, best.notes), _cited(best.guidelines)]
    return blocks


def _rival(candidate: Candidate) -> str:
    sure = message("terminal.confidence", level=candidate.confidence)
    return _wrapped(f"{candidate.code}  {candidate.title} · {sure}", " - ")


def _candidate(candidate: Candidate) -> str:
    billable = message("terminal.billable" if candidate.billable else "terminal.header")
    if candidate.system == "icd11":
        billable = message("icd11.line")
    lines = [
        _wrapped(f"{candidate.code}  {candidate.title}", f"{candidate.rank}. "),
        f"   {billable} · {message('terminal.confidence', level=candidate.confidence)}",
    ]
    if candidate.ask_back:
        lines.append(_wrapped(candidate.ask_back, "   ? "))
    lines += _sides(candidate)
    if candidate.rank == 1:
        lines += [_wrapped(ground, "   · ") for ground in grounds(candidate)]
        lines += _report_with(candidate)
    return "\n".join(lines)


def _sides(candidate: Candidate) -> list[str]:
    sides = other_sides(candidate)
    return [_wrapped(sides, "   ")] if sides else []


def _report_with(candidate: Candidate, answer: Answer | None = None) -> list[str]:
    """The codes that its notes ask for, but for the lines of a report."""
    reported = {line.code for line in answer.report} if answer else set()
    asked = [one for one in candidate.report_with if one.code not in reported]
    if not asked:
        return []
    lines = [f"   {message('terminal.report_with')}"]
    return lines + [
        _wrapped(f"{r.code}  {r.title} ({r.because})", "     ") for r in asked[:_COMPLETIONS]
    ]


def _verdict(verdict: Verdict, crosswalk: bool, told: str, *, governed: bool) -> str:
    """`governed`: whether the notes and sections that govern it are shown."""
    heading = f"{verdict.code}  {verdict.title}".rstrip()
    lines = [
        _wrapped(heading, f"{message(f'terminal.status_{status_word(verdict)}')} "),
    ]
    if more := untold(verdict.why, told):
        lines.append(_wrapped(more, "   "))
    if flags := clause(verdict.flags):
        lines.append(_wrapped(flags, "   "))
    spans = verdict.kind == "range"
    lines += _code_list("terminal.covers" if spans else "terminal.completions", verdict.completions)
    if verdict.system != "icd9cm":
        lines += _code_list("terminal.replaced_by", verdict.replaced_by)
    lines += _code_list("terminal.did_you_mean", verdict.did_you_mean)
    lines += [_wrapped(f"{axis.value}  {axis_in_words(axis)}", "     ") for axis in verdict.axes]
    if crosswalk or verdict.system == "icd9cm":
        lines += [
            _wrapped(f"{e.code}  {e.title} ({e.says})".strip(), "     ")
            for e in verdict.equivalents
        ]
    if verdict.who_equivalents:
        lines.append(f"   {message(f'icd11.equivalents_{verdict.who_equivalents[0].system}')}")
        lines += [
            _wrapped(f"{e.code}  {e.title} ({e.says})".strip(), "     ")
            for e in verdict.who_equivalents
        ]
    if not governed:
        return "\n".join(lines)
    notes = _notes(verdict.code, verdict.release, verdict.notes)
    return "\n\n".join(filter(None, ["\n".join(lines), notes, _cited(verdict.guidelines)]))


def _pair(pair: Pair) -> str:
    severity = message(f"terminal.severity_{pair.severity}")
    where = message("terminal.pair_source", where=place(pair.inherited_from), release=pair.release)
    told = [_wrapped(f"{' + '.join(pair.codes)}  {pair.says}", f"{severity} ")]
    if pair.quote or pair.inherited_from:
        quoted = f"“{pair.quote}” " if pair.quote else ""
        told.append(_wrapped(f"{quoted}{where}", "   "))
    return "\n".join(told)


def _coverage(answer: Answer) -> str:
    """What coverage policies list, each with its source, and the conditions of its group."""
    if not answer.coverage:
        return ""
    shown, more = coverage_shown(answer)
    lines: list[str] = []
    for one in shown:
        if one.says != answer.headline.text:
            lines.append(_wrapped(one.says, "     - "))
        if source := coverage_source(one):
            lines.append(_wrapped(source, "       "))
        if one.conditions:
            quoted = message("coverage.quoted", text=cut_paragraph(one.conditions))
            lines.append(_wrapped(quoted, "       "))
    if not lines:
        return ""  # the headline has said it
    return "\n".join(
        [f"   {message('coverage.heading')}", *lines, *([f"     {more}"] if more else [])]
    )


def _policies(answer: Answer) -> str:
    """The rules of the house."""
    if not answer.policies:
        return ""
    shown, more = policies_shown(answer)
    lines = [_wrapped(one.says, "   » ") for one in shown]
    return "\n".join([*lines, *([f"     {more}"] if more else [])])


def _quoted(guideline: QuotedGuideline) -> str:
    heading = f"{guideline.section}  {guideline.title}"
    source = guideline_source(guideline)
    lines = [_wrapped(f"{heading} ({source})", "§ ")]
    lines += [_wrapped(paragraph, "   ") for paragraph in guideline.text.split("\n") if paragraph]
    return "\n".join(lines)


def _cited(guidelines: Sequence[ShownGuideline]) -> str:
    """The sections that govern a code, by number, title and page."""
    if not guidelines:
        return ""
    lines = [f"   {message('terminal.guidelines')}"]
    lines += [
        _wrapped(f"{g.section}  {g.title} ({guideline_source(g)})", "     ") for g in guidelines
    ]
    return "\n".join(lines)


def changes(compared: Changes, most: int | None = _CHANGES) -> str:
    """What changed between two editions; the first `most` changes, all when it is None."""
    heading = news_heading(compared)
    if not compared.listed:
        return f"{heading}\n{message('news.nothing')}"
    blocks = [heading + "\n" + news_counts(compared)]
    shown = some_of_each(compared.listed, most)
    for change in shown:
        lines = [_wrapped(f"{change.code}  {change.title}", f"[{message(f'news.{change.kind}')}] ")]
        if change.before:
            lines.append(_wrapped(message("news.before", title=change.before), "   "))
        if change.kind == "deleted":
            lines += _code_list("news.replaced_by", change.replaced_by)
            if not change.replaced_by:
                lines.append(f"   {message('news.no_replacement')}")
                lines += _code_list("news.similar", change.similar)
        blocks.append("\n".join(lines))
    left = sum(compared.counts.values()) - len(shown)
    if left:
        blocks.append(message("news.left_out", count=left))
    return "\n".join(blocks)


def _code_list(heading: str, codes: Sequence[CodeTitle]) -> list[str]:
    if not codes:
        return []
    lines = [f"   {message(heading)}"]
    lines += [_wrapped(f"{c.code}  {c.title}", "     ") for c in codes[:_COMPLETIONS]]
    if len(codes) > _COMPLETIONS:
        lines.append(f"     {message('terminal.and_more', count=len(codes) - _COMPLETIONS)}")
    return lines


def _notes(code: str, release: str | None, notes: Sequence[ShownNote]) -> str:
    groups = grouped(notes)
    if not groups:
        return ""
    lines = [f"   {message('terminal.notes', code=code)}"]
    for group in groups[:_NOTES]:
        first = group[0]
        text = f"{heading(first)} ({source(first, release)}): {run_together(group, _NOTE_WIDTH)}"
        lines.append(_wrapped(text, "     "))
    if len(groups) > _NOTES:
        lines.append(f"     {message('terminal.more_notes', count=len(groups) - _NOTES)}")
    return "\n".join(lines)


def _wrapped(text: str, lead: str) -> str:
    indent = " " * len(lead)
    return textwrap.fill(
        text, _WIDTH, initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False
    )
