"""Guidelines, pairs of codes and changes, each with its rule in the publisher's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slack_sdk.models.blocks import Block

from bot.desk.answer import Change, Changes, CodeTitle, Pair, QuotedGuideline, ShownGuideline
from bot.desk.edition_changes import some_of_each
from bot.messages import message
from bot.slack.views.block_kit import (
    MOST_SENTENCE,
    context,
    cut,
    escape,
    fitting,
    left_out,
    section,
    sections,
    short,
    whole_sentences,
)
from bot.views.shared import guideline_source, news_counts, news_heading

#: The order in which pairs are shown: change this, add this, look at this.
_SEVERITIES = ("conflict", "obligation", "caution")
#: Key of each: whether the answer is expanded.
_PAIRS = {False: 4, True: 20}
_PAIR_QUOTE = {False: 220, True: 600}
_CHANGES = {False: 10, True: 40}
#: Characters of the best section that are quoted, and of each after it.
_QUOTE = {False: 700, True: 3500}
_LATER_QUOTE = 1500
_SECTIONS = 3
#: Characters of all pairs, and of all changes.
_MOST_PAIRS = 3000
_MOST_CHANGES = 7000
#: Codes named in the line of a deleted code.
_REPLACEMENTS = 3


# Guidelines


def quoted(guidelines: Sequence[QuotedGuideline], expanded: bool) -> list[Block]:
    """The sections that answer a question about a rule: the best one is quoted and the next ones
    are named; expanded, all are quoted."""
    if not guidelines:
        return []
    best, others = guidelines[0], guidelines[1:_SECTIONS]
    blocks = _quote(best, _QUOTE[expanded], expanded)
    if expanded:
        for other in others:
            blocks += _quote(other, _LATER_QUOTE, expanded)
    elif others:
        named = "; ".join(map(guideline_name, others))
        blocks.append(context(message("slack.guidelines_also", sections=named)))
    return blocks


def _quote(guideline: QuotedGuideline, most: int, expanded: bool) -> list[Block]:
    whole = escape(guideline.text)
    text = whole_sentences(whole, most)
    lines = [message("slack.guideline", named=guideline_name(guideline, bold=True))]
    lines += [message("slack.quoted", line=line) for line in text.split("\n")]
    if text != whole:
        lines.append(message("slack.quote_cut" if expanded else "slack.quote_shortened"))
    return sections(lines)


def cited(code: str, guidelines: Sequence[ShownGuideline], most: int) -> list[Block]:
    """One block that names the sections that govern a code; [] when there are none."""
    if not guidelines or not most:
        return []
    lines = [message("slack.guidelines_heading", code=escape(code))]
    lines += [message("slack.guideline_line", named=guideline_name(g)) for g in guidelines[:most]]
    return [context("\n".join(lines + left_out(len(guidelines) - most)))]


def guideline_name(guideline: QuotedGuideline | ShownGuideline, *, bold: bool = False) -> str:
    """I.C.4.a.3 Diabetes mellitus and the use of insulin (FY2025, page 39), escaped."""
    return message(
        "slack.guideline_name_bold" if bold else "slack.guideline_name",
        section=escape(guideline.section),
        title=escape(short(guideline.title)),
        source=escape(guideline_source(guideline)),
    )


# Codes together


def pair_blocks(pairs: Sequence[Pair], expanded: bool) -> list[Block]:
    """What the rules say of the codes, in their order."""
    if not pairs:
        return []
    texts = [_pair_text(pair, _PAIR_QUOTE[expanded]) for pair in pairs]
    shown = fitting(texts[: _PAIRS[expanded]], _MOST_PAIRS)
    lines = [message("slack.pairs_heading"), *shown, *left_out(len(pairs) - len(shown))]
    return sections(lines)


def gravest_first(pairs: Sequence[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: _SEVERITIES.index(pair.severity))


def _pair_text(pair: Pair, most: int) -> str:
    lines = [
        message(
            f"slack.pair_{pair.severity}",
            codes=escape(" + ".join(pair.codes)),
            says=cut(escape(pair.says), MOST_SENTENCE),
        )
    ]
    if pair.quote:
        # Line breaks would end the quotation.
        quote = cut(escape(" ".join(pair.quote.split())), most)
        lines.append(message("slack.pair_quote", quote=quote, source=escape(_pair_source(pair))))
    return "\n".join(lines)


def _pair_source(pair: Pair) -> str:
    """Where a rule is printed, and in which edition. The name of a reference has the edition."""
    where = pair.inherited_from
    if where.isdigit():
        where = message("notes.chapter", number=where)
    return where if where.endswith(pair.release) else f"{where}, {pair.release}"


def not_checked_blocks(rules: Sequence[str]) -> list[Block]:
    if not rules:
        return []
    named = ", ".join(message(f"checks.{rule}") for rule in rules)
    return [context(message("slack.not_checked", rules=named))]


# What changed


def change_blocks(changes: Changes | None, expanded: bool) -> list[Block]:
    """What changed between two editions: counts by kind, and the first changes."""
    if changes is None:
        return []
    heading = message("slack.changes_heading", heading=escape(changes_heading(changes)))
    if not changes.listed:
        return [section(f"{heading}\n{message('news.nothing')}")]
    texts = [_change_text(change) for change in some_of_each(changes.listed, _CHANGES[expanded])]
    shown = fitting(texts, _MOST_CHANGES)
    left = sum(changes.counts.values()) - len(shown)
    return sections([heading, news_counts(changes), *shown, *left_out(left)])


def changes_heading(changes: Changes) -> str:
    """Which editions are compared. `about` has words of the question, so it is not shown, but that
    only a part was asked about is."""
    heading = news_heading(replace(changes, about=""))
    return message("slack.changes_in_part", heading=heading) if changes.about else heading


def _change_text(change: Change) -> str:
    lines = [
        message(
            "slack.change",
            kind=message(f"news.{change.kind}"),
            code=escape(change.code),
            title=escape(short(change.title)),
        )
    ]
    lines += [message("slack.change_detail", detail=detail) for detail in _details(change)]
    return "\n".join(lines)


def _details(change: Change) -> list[str]:
    """The earlier title, or what replaces a deleted code."""
    if change.before:
        return [message("news.before", title=escape(short(change.before)))]
    if change.kind != "deleted":
        return []
    if change.replaced_by:
        return [f"{message('news.replaced_by')} {_named(change.replaced_by)}"]
    none = message("news.no_replacement")
    similar = [f"{message('news.similar')} {_named(change.similar)}"] if change.similar else []
    return [none, *similar]


def _named(codes: Sequence[CodeTitle]) -> str:
    named = [
        message("slack.code_title", code=escape(c.code), title=escape(short(c.title)))
        for c in codes[:_REPLACEMENTS]
    ]
    return "; ".join(named + left_out(len(codes) - _REPLACEMENTS))
