"""Answers that are no report, as short: verdicts, codes together, a rule, what changed, candidates
of an older log."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.answer import Answer, Candidate, Changes, CodeTitle, Pair, QuotedGuideline, Verdict
from bot.desk.beside_headlines import short
from bot.desk.edition_changes import some_of_each
from bot.desk.many_codes import firsts
from bot.messages import message
from bot.slack.views.block_kit import escape, left_out, whole_sentences
from bot.slack.views.phone_lines import (
    CONTEXT_LINE,
    SECTION_LINE,
    cut_to_lines,
    cut_to_width,
    width,
)
from bot.slack.views.report import code_line, lacks
from bot.slack.views.rules import changes_heading
from bot.slack.views.titles import fit_title
from bot.views.guideline_words import decisive, where
from bot.views.report_words import untold
from bot.views.risk_words import rule_name
from bot.views.shared import conflicts_shown, news_counts
from bot.views.verdict_words import beside, code_of, following, instead, rate, rule_of, status

#: Verdicts that are shown, codes that follow one, and changes.
_MOST_VERDICTS, _FEW, _CHANGES = 8, 3, 5
_MOST_HEADLINE = {2: 6, 1: 3}
#: Characters of a section of which its lines are cut.
_MOST_QUOTE = 700


# Verdicts


def verdict_lines(answer: Answer, most: int) -> list[str]:
    """One verdict: whether it may be billed, its title, what else is to be known, and the first
    codes that complete or replace it. Of several, a line each."""
    verdicts = answer.verdicts
    if len(verdicts) > 1:
        lines = [_verdict_line(verdict) for verdict in verdicts[:_MOST_VERDICTS]]
        return lines + left_out(len(verdicts) - _MOST_VERDICTS)
    (verdict,) = verdicts
    told = answer.headline.text or verdict.why
    lines = [
        message(
            "slack_answer.verdict",
            mark=_mark(verdict),
            headline=escape(cut_to_lines(told, _MOST_HEADLINE[most], SECTION_LINE * 0.93)),
        )
    ]
    if verdict.title and verdict.title not in told:
        lines.append(escape(fit_title(verdict.title, 2 * SECTION_LINE - 2)))
    if verdict.axes:
        values = " · ".join(axis.meaning for axis in verdict.axes)
        lines.append(escape(cut_to_lines(values, 3)))
    elif more := untold(verdict.why, told):
        lines.append(escape(cut_to_lines(more, most)))
    return lines + _following(verdict, most + 1)


def _mark(verdict: Verdict) -> str:
    return message(f"slack_answer.mark_{verdict.status}")


def _verdict_line(verdict: Verdict) -> str:
    """A verdict among others; of one that is not billable, which code to use is said by the next
    line of it."""
    mark = _mark(verdict)
    code = code_of(verdict)
    after = rate(verdict)
    room = SECTION_LINE - width(f"{mark} {code}  {after}") * 1.05
    title = fit_title(verdict.title, max(room, 3.0)) + after if verdict.title else status(verdict)
    if verdict.title and verdict.kind in ("modifier", "place_of_service"):
        # Few words, of which each may tell one from another.
        title = cut_to_lines(short(verdict.title) + after, 2, SECTION_LINE)
    lines = [
        message("slack_answer.verdict_line", mark=mark, code=escape(code), title=escape(title))
    ]
    if verdict.status != "billable" and verdict.title:
        lines.append(escape(cut_to_lines(instead(verdict), 1)))
    return "\n".join(lines)


def beside_text(answered: Sequence[Verdict], most: int) -> str:
    """What the modifiers and places of service mean that are named beside codes, in few lines."""
    return escape(cut_to_lines(beside(answered), most, CONTEXT_LINE))


def _following(verdict: Verdict, few: int) -> list[str]:
    """The first `few` codes that complete, replace or resemble it."""
    return [line for heading, codes in following(verdict) for line in _listed(heading, codes, few)]


def _listed(heading: str, codes: Sequence[CodeTitle], few: int) -> list[str]:
    if not codes:
        return []
    lines = [_named(one.code, one.title) for one in codes[:few]]
    return [message(heading), *lines, *left_out(len(codes) - few)]


def _named(code: str, title: str, after: str = "") -> str:
    """A code with as much of its title as a line has room for."""
    room = SECTION_LINE - width(f"{code}  {after}") * 1.05 - 0.6
    return message(
        "slack_answer.code_line",
        code=escape(code),
        title=escape(fit_title(title, max(room, 3.0))),
        after=escape(after),
    )


# Codes together


def together_lines(answer: Answer, most: int) -> list[str]:
    """The answer, and the codes that may not be billed whatever the rule says."""
    told = escape(cut_to_lines(answer.headline.text, _MOST_HEADLINE[most], SECTION_LINE * 0.96))
    lines = [message("slack_answer.headline", headline=told)]
    invalid = [verdict for verdict in answer.verdicts if verdict.status != "billable"]
    lines += [_verdict_line(verdict) for verdict in invalid[:_FEW]]
    return lines


def many_lines(answer: Answer, most: int) -> list[str]:
    """A list of codes: the summary, the codes that may not be billed, and what conflicts."""
    told = escape(cut_to_lines(answer.headline.text, most + 2, SECTION_LINE * 0.96))
    lines = [message("slack_answer.headline", headline=told)]
    invalid = [verdict for verdict in firsts(answer.verdicts) if verdict.status != "billable"]
    lines += [_verdict_line(verdict) for verdict in invalid[: _FEW - 1]]
    found = conflicts_shown(answer)
    room = 2 if invalid else 3
    for pair in found[:room]:
        text = f"{' + '.join(pair.codes)}: {rule_name(pair.rule)}"
        lines.append(escape(cut_to_lines(text, 1, SECTION_LINE * 0.96)))
    left = max(len(invalid) - _FEW + 1, 0) + max(len(found) - room, 0)
    return lines + left_out(left)


def pair_text(pair: Pair, most: int) -> str:
    """The rule under an answer about codes together: its name, where it is printed, and as much of
    its words as `most` lines of a context have room for."""
    return escape(cut_to_lines(rule_of(pair), most, CONTEXT_LINE))


# A rule


def guideline_lines(guideline: QuotedGuideline, asked: str, most: int) -> list[str]:
    """The name of a section, and `most` lines of the sentences of it that decide, quoted."""
    room = SECTION_LINE - width(f"{guideline.section}  ") * 1.05
    name = message(
        "slack_answer.rule",
        section=escape(guideline.section),
        title=escape(cut_to_width(guideline.title, 2 * room)),
    )
    told = decisive(guideline.text, asked)
    quote = cut_to_lines(whole_sentences(told, _MOST_QUOTE), most, SECTION_LINE * 0.95)
    return [name, message("slack_answer.quoted", line=escape(quote))]


def guideline_text(
    guideline: QuotedGuideline,
    others: Sequence[QuotedGuideline],
    most: int,
    *,
    named: bool = False,
) -> str:
    """Where a section stands, and which others are near. `named`: with its number."""
    return escape(cut_to_lines(where(guideline, others, named=named), most, CONTEXT_LINE))


# What changed


def change_lines(changes: Changes) -> list[str]:
    """What is compared, how much changed, and the first changes."""
    heading = escape(cut_to_lines(changes_heading(changes), 3, SECTION_LINE * 0.96))
    lines = [message("slack_answer.headline", headline=heading)]
    if not changes.listed:
        return [*lines, message("news.nothing")]
    lines.append(news_counts(changes))
    shown = some_of_each(changes.listed, _CHANGES)
    lines += [
        _named(one.code, one.title, f" · {message(f'slack_answer.{one.kind}')}") for one in shown
    ]
    return lines + left_out(sum(changes.counts.values()) - len(shown))


# Candidates of an answer that has no report


def candidate_lines(candidates: Sequence[Candidate]) -> list[str]:
    return [code_line(one.code, one.title, lacks(one), one.billable) for one in candidates[:_FEW]]
