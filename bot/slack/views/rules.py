"""Guidelines, pairs of codes and changes, whole, each with its rule in the publisher's words: for
the pages of Rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.desk.answer import Change, Changes, CodeTitle, Pair, QuotedGuideline, ShownGuideline
from bot.desk.edition_changes import some_of_each
from bot.messages import message
from bot.slack.views.block_kit import MOST_SENTENCE, cut, escape, left_out, short, whole_sentences
from bot.views.shared import guideline_source, news_counts, news_heading, place

#: The order in which pairs are shown: change this, add this, look at this.
_SEVERITIES = ("conflict", "obligation", "caution")
#: Characters of a section that are quoted, and of the rule of a pair.
_MOST_QUOTE = 8000
_MOST_PAIR_QUOTE = 2000
#: Characters of one line of a quotation.
_MOST_LINE = 2000
_MOST_CHANGES = 200
#: Codes named in the line of a deleted code.
_REPLACEMENTS = 3


# Guidelines


def quote_lines(guideline: QuotedGuideline) -> Iterator[str]:
    """A section with its words; it says so where they are cut."""
    whole = escape(guideline.text)
    text = whole_sentences(whole, _MOST_QUOTE)
    yield message("slack.guideline", named=guideline_name(guideline, bold=True))
    for line in text.split("\n"):
        yield from _pieces(line)
    if text != whole:
        yield message("slack.quote_cut")


def _pieces(line: str) -> Iterator[str]:
    """A line of a quotation in pieces that a section can hold."""
    while len(line) > _MOST_LINE:
        piece = whole_sentences(line, _MOST_LINE).rstrip("…")
        yield message("slack.quoted", line=piece)
        line = line[len(piece) :].lstrip()
    yield message("slack.quoted", line=line)


def governing_lines(
    code: str, guidelines: Sequence[ShownGuideline], quotes: Mapping[str, QuotedGuideline]
) -> Iterator[str]:
    """The sections that govern a code; with their words where `quotes` has them, by number."""
    if guidelines:
        yield message("slack.guidelines_heading", code=escape(code))
    for guideline in guidelines:
        if quote := quotes.get(guideline.section):
            yield from quote_lines(quote)
        else:
            yield message("slack.guideline_line", named=guideline_name(guideline))


def guideline_name(guideline: QuotedGuideline | ShownGuideline, *, bold: bool = False) -> str:
    """I.C.4.a.3 Diabetes mellitus and the use of insulin (FY2025, page 39), escaped."""
    return message(
        "slack.guideline_name_bold" if bold else "slack.guideline_name",
        section=escape(guideline.section),
        title=escape(short(guideline.title)),
        source=escape(guideline_source(guideline)),
    )


# Codes together


def pair_lines(pairs: Iterable[Pair], not_checked: Sequence[str]) -> Iterator[str]:
    """What the rules say of the codes, and which rules were not checked."""
    texts = [_pair_text(pair) for pair in pairs]
    if texts:
        yield message("slack.pairs_heading")
    yield from texts
    if not_checked:
        named = ", ".join(message(f"checks.{rule}") for rule in not_checked)
        yield message("slack.not_checked", rules=named)


def gravest_first(pairs: Sequence[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: _SEVERITIES.index(pair.severity))


def _pair_text(pair: Pair) -> str:
    lines = [
        message(
            f"slack.pair_{pair.severity}",
            codes=escape(" + ".join(pair.codes)),
            says=cut(escape(pair.says), MOST_SENTENCE),
        )
    ]
    if pair.quote:
        # Line breaks would end the quotation.
        quote = cut(escape(" ".join(pair.quote.split())), _MOST_PAIR_QUOTE)
        lines.append(message("slack.pair_quote", quote=quote, source=escape(_pair_source(pair))))
    return "\n".join(lines)


def _pair_source(pair: Pair) -> str:
    """Where a rule is printed, and in which edition. The name of a reference has the edition."""
    where = place(pair.inherited_from)
    return where if where.endswith(pair.release) else f"{where}, {pair.release}"


# What changed


def change_lines(changes: Changes) -> Iterator[str]:
    """What changed between two editions: counts by kind, and the changes."""
    yield message("slack.changes_heading", heading=escape(changes_heading(changes)))
    if not changes.listed:
        yield message("news.nothing")
        return
    yield news_counts(changes)
    shown = some_of_each(changes.listed, _MOST_CHANGES)
    yield from map(_change_text, shown)
    yield from left_out(sum(changes.counts.values()) - len(shown))


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
