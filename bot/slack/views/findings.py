"""Answers that are no report, as short: verdicts, codes together, a rule, what changed, candidates
of an older log."""

from __future__ import annotations

import re
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
from bot.slack.views.report import code_line, missing, rule_name
from bot.slack.views.rules import changes_heading
from bot.slack.views.titles import fit_title
from bot.views.report_words import untold
from bot.views.shared import conflicts_shown, guideline_source, news_counts, place
from codesets.model import NOTE_HEADINGS

#: Verdicts that are shown, codes that follow one, and changes.
_MOST_VERDICTS, _FEW, _CHANGES = 8, 3, 5
_MOST_HEADLINE = {2: 6, 1: 3}
_NOTHING_LEFT = re.compile(r"[\s.]*")


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
    code = _code(verdict)
    after = _rate(verdict)
    room = SECTION_LINE - width(f"{mark} {code}  {after}") * 1.05
    title = fit_title(verdict.title, max(room, 3.0)) + after if verdict.title else _status(verdict)
    if verdict.title and verdict.kind in ("modifier", "place_of_service"):
        # Few words, of which each may tell one from another.
        title = cut_to_lines(short(verdict.title) + after, 2, SECTION_LINE)
    lines = [
        message("slack_answer.verdict_line", mark=mark, code=escape(code), title=escape(title))
    ]
    if verdict.status != "billable" and verdict.title:
        others = verdict.replaced_by or verdict.completions or verdict.did_you_mean
        named = ", ".join(other.code for other in others[:_FEW])
        told = message("slack_answer.instead" if named else "slack_answer.status",
                       status=_status(verdict), codes=named)  # fmt: skip
        lines.append(escape(cut_to_lines(told, 1)))
    return "\n".join(lines)


def _code(verdict: Verdict) -> str:
    if verdict.kind == "place_of_service":
        return message("slack_answer.place", code=verdict.code)
    return verdict.code or verdict.typed


def _rate(verdict: Verdict) -> str:
    """At which rate a service in a place is paid, as a stored answer has it."""
    if verdict.kind == "place_of_service":
        for rate in ("non_facility", "facility"):
            if message(f"verdict.{rate}").strip() in verdict.why:
                return message(f"headline.place_{rate}")
    return ""


def beside_text(verdicts: Sequence[Verdict], most: int) -> str:
    """What the modifiers and places of service mean that are named beside codes, in few lines."""
    named = [
        message("slack_answer.beside", code=_code(one), title=short(one.title) + _rate(one))
        for one in verdicts
        if one.kind in ("modifier", "place_of_service") and one.status == "billable"
    ]
    return escape(cut_to_lines("; ".join(named), most, CONTEXT_LINE)) if named else ""


def _status(verdict: Verdict) -> str:
    if verdict.kind == "modifier" and verdict.system == "cpt":
        return message("slack_answer.modifier_of_cpt")
    return message(f"headline.status_{verdict.status_shown}")


def _following(verdict: Verdict, few: int) -> list[str]:
    """The first `few` codes that complete, replace or resemble it."""
    if verdict.system == "icd9cm" and verdict.equivalents:
        codes = [CodeTitle(one.code, one.title) for one in verdict.equivalents if one.code]
        return _listed("slack.equivalents", codes, few)
    if verdict.who_equivalents:
        mapped = verdict.who_equivalents
        codes = [CodeTitle(one.code or "–", one.title) for one in mapped]  # noqa: RUF001
        return _listed(f"icd11.equivalents_{mapped[0].system}", codes, few)
    completed = "slack.covers" if verdict.kind == "range" else "slack.completed_by"
    return [
        *_listed(completed, verdict.completions, few),
        *_listed("slack.replaced_by", verdict.replaced_by, few),
        *_listed("slack.did_you_mean", verdict.did_you_mean, few),
    ]


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
    name = rule_name(pair.rule)
    where = place(pair.inherited_from)
    at_place = pair.rule in NOTE_HEADINGS
    key = "slack_answer.rule_at" if at_place else "slack_answer.rule_is"
    release = "" if pair.release in where else pair.release
    named = message(key, rule=name, place=where, release=release).strip(" ·")
    words = f"“{' '.join(pair.quote.split())}”" if pair.quote else pair.says
    return escape(cut_to_lines(f"{named}: {words}" if words else named, most, CONTEXT_LINE))


# A rule


def guideline_lines(guideline: QuotedGuideline, asked: str, most: int) -> list[str]:
    """The name of a section, and `most` lines of the sentences of it that decide, quoted."""
    room = SECTION_LINE - width(f"{guideline.section}  ") * 1.05
    name = message(
        "slack_answer.rule",
        section=escape(guideline.section),
        title=escape(cut_to_width(guideline.title, 2 * room)),
    )
    quote = cut_to_lines(decisive(guideline.text, asked), most, SECTION_LINE * 0.95)
    return [name, message("slack_answer.quoted", line=escape(quote))]


_SENTENCE = re.compile(r"(?<=[.!?”])\s+(?=[A-Z“(])|\n\s*\n")
_WORDS = re.compile(r"[a-z0-9]{4,}")


def decisive(text: str, asked: str) -> str:
    """The sentence of a section that has most of the words that were asked, and what follows it;
    the first where several have as many.

    >>> decisive("Some text here. Do not code probable diagnoses. More.", "is probable coded")
    'Do not code probable diagnoses. More.'
    """
    sentences = [" ".join(one.split()) for one in _SENTENCE.split(text) if one and one.strip()]
    words = {word[:6] for word in _WORDS.findall(asked.lower())}
    shared = [len(words & {w[:6] for w in _WORDS.findall(s.lower())}) for s in sentences]
    start = shared.index(max(shared)) if shared else 0
    return whole_sentences(" ".join(sentences[start:]), 700)


def guideline_text(
    guideline: QuotedGuideline,
    others: Sequence[QuotedGuideline],
    most: int,
    *,
    named: bool = False,
) -> str:
    """Where a section stands, and which others are near. `named`: with its number."""
    source = message("slack_answer.source", source=guideline_source(guideline))
    near = ", ".join(other.section for other in others[:2])
    also = message("slack_answer.also", codes=near) if near else ""
    told = [guideline.section if named else "", source, also]
    return escape(cut_to_lines(" · ".join(filter(None, told)), most, CONTEXT_LINE))


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
    return [code_line(one.code, one.title, missing(one), one.billable) for one in candidates[:_FEW]]
