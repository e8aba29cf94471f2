"""What changed between two editions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.desk.answer import Change, Changes, CodeTitle
from bot.desk.edition_changes import some_of_each
from bot.messages import message
from bot.views.screen import Screen
from bot.views.shared import news_counts, news_heading
from bot.views.terminal.page import Line, drawn


def as_text(compared: Changes, screen: Screen) -> str:
    """All changes that are listed."""
    return drawn(change_lines(compared), screen)


def change_lines(compared: Changes) -> Iterator[Line]:
    yield Line(news_heading(compared), style="headline")
    if not compared.listed:
        yield Line(message("news.nothing"))
        return
    yield Line(news_counts(compared))
    for change in compared.listed:
        yield from one_change(change)
    yield from left_out(compared, len(compared.listed))


def first_changes(compared: Changes, most: int) -> list[Line]:
    """A line for each of the first `most`, with a fair share of each kind."""
    return [one_change(change)[0] for change in some_of_each(compared.listed, most)]


def left_out(compared: Changes, shown: int) -> list[Line]:
    left = sum(compared.counts.values()) - shown
    return [Line(message("news.left_out", count=left))] if left > 0 else []


def one_change(change: Change) -> list[Line]:
    kind = message(f"news.{change.kind}")
    lines = [Line(change.title, code=f"[{kind}] {change.code}")]
    if change.before:
        lines.append(Line(message("news.before", title=change.before), "  "))
    if change.kind == "deleted":
        lines += _codes("news.replaced_by", change.replaced_by)
        if not change.replaced_by:
            lines.append(Line(message("news.no_replacement"), "  "))
            lines += _codes("news.similar", change.similar)
    return lines


def _codes(heading: str, codes: Sequence[CodeTitle]) -> list[Line]:
    if not codes:
        return []
    return [Line(message(heading), "  "), *(Line(one.title, "    ", one.code) for one in codes)]
