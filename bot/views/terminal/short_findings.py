"""What was found, in short: by the kind of answer that it is (`bot.views.shape`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.desk.answer import Answer, Pair, Verdict
from bot.desk.answer_denials import adjustments, named
from bot.desk.beside_headlines import short
from bot.desk.claims.claim_answers import is_to_mend
from bot.desk.many_codes import firsts
from bot.messages import message
from bot.views import denial_words
from bot.views.claim_words import not_checked, shown_pairs, shown_verdicts
from bot.views.flag_words import clause
from bot.views.guideline_words import decisive, where
from bot.views.report_words import rivals, untold
from bot.views.risk_words import rule_name
from bot.views.shape import shape
from bot.views.shared import by_system, conflicts_shown, guideline_source, quoted_sections
from bot.views.terminal.changes import first_changes, left_out
from bot.views.terminal.page import Line
from bot.views.terminal.short_report import report_items, statement_items
from bot.views.terminal.whole import candidate_mark
from bot.views.verdict_words import beside, code_of, following, instead, rate, rule_of

#: Screen lines of a headline, and of the sentences of a section that decide.
_HEADLINE, _QUOTE = 5, 6
#: Codes that follow a verdict, rules on codes together, and changes.
_FOLLOWING, _RULES, _CHANGES = 5, 3, 14
_STYLES = {
    **dict.fromkeys(("header", "not_covered", "not_loaded", "not_billed"), "doubt"),
    **dict.fromkeys(("not_yet_valid", "deleted", "unknown"), "bad"),
}


@dataclass(slots=True)
class Findings:
    """- `head`: stands first, whatever room there is; its first line is the headline.
    - `items`: shown as far as there is room."""

    head: list[Line] = field(default_factory=list)
    items: list[list[Line]] = field(default_factory=list)


def findings(answer: Answer, candidates: int) -> Findings | None:
    """None for an answer that found nothing. `candidates`: how many are shown where there is no
    report."""
    kind = shape(answer)
    found = Findings([Line(answer.headline.text, style="headline", most=_HEADLINE)])
    if kind == "statements":
        found.items = statement_items(answer)
        return found
    if kind in _OF_KIND:
        _OF_KIND[kind](answer, found)
    elif kind == "candidates":
        _candidates(answer, found, candidates)
    elif not answer.report:
        return None
    if answer.report:
        items = report_items(answer)
        if kind not in ("report", "units"):
            items[0].insert(0, Line(message("report.beside"), style="heading"))
        found.items += items
    return found


def _denials(answer: Answer, found: Findings) -> None:
    """One adjustment: what the desk's checks say, and what to do next. Of several, a line each."""
    lines = adjustments(answer.denials)
    if len(lines) > 1:
        for line in lines:
            about = next((name for one in line for name in one.categories), "?")
            text = message("denials.line", codes=named(line), about=about)
            found.items.append([Line(text, "- ", most=1)])
        return
    (line,) = lines
    for check in denial_words.checks(line):
        found.items.append([Line(check, "! ", style="doubt", most=2)])
    for step in denial_words.next_steps(line):
        found.items.append([Line(message("denials.next", step=step), "> ", most=2)])


def _changes(answer: Answer, found: Findings) -> None:
    if answer.changes:
        shown = first_changes(answer.changes, _CHANGES)
        found.items = [[replace(one, most=1)] for one in shown]
        found.items += [[one] for one in left_out(answer.changes, len(shown))]


def _guideline(answer: Answer, found: Findings) -> None:
    """The name of a section, the sentences of it that decide, and where it stands."""
    best, *others = answer.guidelines
    quote = decisive(best.text, answer.question)
    found.head = [
        Line(f"{best.section} {best.title}", style="headline", most=2),
        Line(quote, "  ", most=_QUOTE),
        Line(where(best, others), "  ", style="small", most=1),
    ]


def _claim(answer: Answer, found: Findings) -> None:
    """What is to be mended, then what is to be looked at; what was not checked."""
    mend = [verdict.why for verdict in shown_verdicts(answer)]
    mend += [pair.says for pair in shown_pairs(answer) if is_to_mend(pair)]
    look = [pair.says for pair in shown_pairs(answer) if not is_to_mend(pair)]
    found.items = [[Line(text, "! ", style="bad", most=2)] for text in mend]
    found.items += [[Line(text, "- ", style="doubt", most=2)] for text in look]
    if text := not_checked(answer):
        found.head.append(Line(text, style="small", most=2))


def _together(answer: Answer, found: Findings) -> None:
    """The rules that answer it, and each code."""
    rules = {(frozenset(pair.codes), pair.rule): pair for pair in reversed(answer.pairs)}
    pairs = [pair for pair in answer.pairs if pair in rules.values()]
    if answer.headline.kind != "coverage":
        found.head += [Line(rule_of(pair), "  ", most=2) for pair in pairs[:_RULES]]
    found.items += [
        _verdict_line(verdict) for verdict in answer.verdicts if not _is_beside(verdict)
    ]
    if told := beside(answer.verdicts):
        found.items.append([Line(told, "  ", most=2)])
    found.items += _sections(answer)


def _rules(pairs: Sequence[Pair]) -> list[Pair]:
    """The rule that is the answer, which comes first, and others that are in conflict: each once,
    where two codes name each other."""
    found: dict[tuple[frozenset[str], str], Pair] = {}
    for number, pair in enumerate(pairs):
        if not number or pair.severity == "conflict":
            found.setdefault((frozenset(pair.codes), pair.rule), pair)
    return list(found.values())[:_RULES]


def _is_beside(verdict: Verdict) -> bool:
    return verdict.kind in ("modifier", "place_of_service") and verdict.status == "billable"


def _many(answer: Answer, found: Findings) -> None:
    """The codes that may not be billed, and what conflicts."""
    invalid = [verdict for verdict in firsts(answer.verdicts) if verdict.status != "billable"]
    found.items = [*map(_verdict_line, invalid), *_conflicts(conflicts_shown(answer))]


def _conflicts(pairs: Sequence[Pair]) -> Iterator[list[Line]]:
    for pair in pairs:
        style = "bad" if pair.severity == "conflict" else "doubt"
        text = f"{' + '.join(pair.codes)}: {rule_name(pair.rule)}"
        yield [Line(text, "! ", style=style, most=1)]


def _verdict_line(verdict: Verdict) -> list[Line]:
    """A code and its title; of one that is not billable, which code to use is under it."""
    title = verdict.title
    if verdict.kind in ("modifier", "place_of_service"):
        title = short(title)
    lines = [Line(title + rate(verdict), "  ", code_of(verdict), most=2)]
    if verdict.status != "billable":
        lines.append(Line(instead(verdict), "    ", style=_STYLES[verdict.status], most=1))
    return lines


def _verdicts(answer: Answer, found: Findings) -> None:
    """Each code, what its verdict says beyond the headline, and the first codes that complete or
    replace it."""
    told = answer.headline.text
    if len(answer.verdicts) == 1:
        (verdict,) = answer.verdicts
        style = _STYLES.get(verdict.status, "")
        found.head = [Line(told or verdict.why, style=f"headline {style}", most=_HEADLINE)]
        if verdict.title and verdict.title not in told:
            found.head.append(Line(verdict.title, "  ", most=2))
        found.items = [*_details(verdict, told)]
    else:
        found.items = [
            [line for block in _among_others(verdict, told) for line in block]
            for verdict in answer.verdicts
        ]
        found.items += _conflicts(conflicts_shown(answer))
    found.items += _sections(answer)


def _among_others(verdict: Verdict, told: str) -> Iterator[list[Line]]:
    style = _STYLES.get(verdict.status, "")
    yield [Line(verdict.title, "  ", code_of(verdict), most=2)]
    more = untold(verdict.why, told)
    if verdict.status != "billable" and more:
        yield [Line(more, "    ", style=style, most=3)]
    for heading, codes in following(verdict):
        row = ", ".join(one.code for one in codes)
        yield [Line(f"{message(heading)} {row}", "    ", most=1)]


def _details(verdict: Verdict, told: str) -> Iterator[list[Line]]:
    """What is to be known of a single verdict."""
    if verdict.axes:
        yield [Line(" · ".join(axis.meaning for axis in verdict.axes), "  ", most=3)]
    elif more := untold(verdict.why, told):
        yield [Line(more, "  ", most=3)]
    if flags := clause(verdict.flags):
        yield [Line(flags, "  ", style="small", most=1)]
    for heading, codes in following(verdict):
        lines = [Line(message(heading), "  ")]
        lines += [Line(one.title, "    ", one.code, most=2) for one in codes[:_FOLLOWING]]
        if (left := len(codes) - _FOLLOWING) > 0:
            lines.append(Line(message("terminal.and_more", count=left), "    ", style="small"))
        yield lines


def _sections(answer: Answer) -> Iterator[list[Line]]:
    """The section of the guidelines that stands beside verdicts."""
    for one in quoted_sections(answer)[:1]:
        yield [Line(f"{one.title} ({guideline_source(one)})", "§ ", one.section, most=1)]


def _candidates(answer: Answer, found: Findings, most: int) -> None:
    """Candidates of an answer without a report."""
    for group, candidates in by_system(rivals(answer), most):
        heading = [Line(group, style="heading")] if group else []
        for one in candidates:
            lead = f"{one.rank}. "
            mark = Line(candidate_mark(one), " " * len(lead), style="small", most=1)
            found.items.append([*heading, Line(one.title, lead, one.code, most=2), mark])
            heading = []
    if not answer.headline.text:
        found.head = []


_OF_KIND: dict[str, Callable[[Answer, Findings], None]] = {
    "denials": _denials,
    "changes": _changes,
    "guideline": _guideline,
    "claim": _claim,
    "together": _together,
    "many": _many,
    "verdicts": _verdicts,
}
