"""The report on the log in a terminal: the totals, and the largest rows of each table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bot.messages import message
from bot.views.log_page import STYLES
from bot.views.screen import Screen, printable
from bot.views.times import Times
from codesets.model import SYSTEM_NAMES

#: Rows of a table; the page has more.
_MOST = 10
#: The width of the longest bar.
_BAR = 24
#: The totals in their order; the last two are milliseconds.
_TOTALS = (
    "questions", "people", "with_answer", "abstained", "unanswered", "not_delivered", "rated",
    "disagreements", "with_identifiers", "median_ms", "p95_ms",
)  # fmt: skip

Figures = Mapping[str, Any]


def parts(figures: Figures, screen: Screen) -> Iterator[RenderableType]:
    """What is drawn, one under another."""
    yield Text(message("log_report.title"), "headline")
    if not figures["totals"]["questions"]:
        yield Text(message("log_report.no_period"))
        return
    first, last = figures["first_day"], figures["last_day"]
    yield screen.hanging(message("log_report.period", first=first, last=last))
    yield Text()
    yield _totals(figures["totals"])
    volume = figures["volume"]
    yield from _section(message("log_report.volume", unit=volume["unit"]))
    yield _bars(volume["bars"])
    yield from _section(message("log_report.by_outcome"))
    yield _bars(list(figures["by_outcome"].items()))
    if because := figures["because"]:
        yield from _section(message("log_report.because"), because)
        yield _counts((one["count"], one["reason"]) for one in because[:_MOST])
    if figures["feedback"]["rated"]:
        yield from _feedback(figures["feedback"])
    if figures["reviews"]["lines"]["judged"]:
        yield from _section(message("log_report.reviews"))
        yield _reviews(figures["reviews"])
    if corrected := figures["corrected"]:
        yield from _section(message("log_report.corrected"), corrected)
        yield _counts((one["count"], _instead(one)) for one in corrected[:_MOST])
    if asked := figures["most_asked"]:
        yield from _section(message("log_report.most_asked"), asked)
        yield _counts((one["count"], _titled(one["code"], one["title"])) for one in asked[:_MOST])
    if changes := figures["changes"]:
        yield from _section(message("log_report.changes"), changes)
        for one in changes[::-1][:_MOST]:
            at, by = Times(utc=True).short(one["at"]), one["by"] or "-"
            what = message("log_report.change", at=at, by=by, what=one["what"])
            yield screen.hanging(printable(what), "  ")
    if accesses := figures["accesses"]:
        yield from _section(message("log_report.accesses"), accesses)
        yield _counts((one["count"], f"{one['what']}: {one['by']}") for one in accesses[:_MOST])
    yield Text()
    yield screen.hanging(Text(message("log_report.page"), "small"))


def _section(heading: str, rows: Sequence[Any] = ()) -> Iterator[Text]:
    """A heading; where not all rows are shown, how many are."""
    yield Text()
    shown = Text(heading, "heading")
    if len(rows) > _MOST:
        shown.append("  " + message("log_report.most_of", shown=_MOST, of=len(rows)), "small")
    yield shown


def _grid(*columns: str) -> Table:
    """A table without lines. Of each column, how it is set: `left`, `right`, or `fold` for the one
    that takes what is left of the width."""
    table = Table.grid(padding=(0, 2))
    for column in columns:
        if column == "fold":
            table.add_column(overflow="fold")
        else:
            table.add_column(justify=column, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    return table


def _totals(totals: Figures) -> Table:
    table = _grid("left", "right")
    for name in _TOTALS:
        value = totals[name]
        shown = "-" if value is None else f"{round(value):,}"
        if name.endswith("_ms") and value is not None:
            shown = message("log_report.milliseconds", count=shown)
        style = STYLES.get(name, "") if value else ""
        table.add_row(message(f"log_report.{name}"), Text(shown, style))
    return table


def _bars(rows: Sequence[tuple[str, int]]) -> Table:
    highest = max((count for _, count in rows), default=1)
    table = _grid("left", "right", "left")
    for name, count in rows:
        length = round(_BAR * count / highest) or (1 if count else 0)
        table.add_row(f"  {printable(name)}", f"{count:,}", "█" * length)
    return table


def _counts(rows: Iterator[tuple[int, str]]) -> Table:
    table = _grid("right", "fold")
    for count, text in rows:
        table.add_row(f"  {count:,}", Text(printable(text)))
    return table


def _feedback(feedback: Figures) -> Iterator[RenderableType]:
    yield from _section(message("log_report.feedback"))
    heads = message("log_report.feedback_heads").split("|")
    overall = _grid("left", "right", "right", "right")
    for name in ("right", "wrong", "used"):
        rate = feedback[name]
        label = Text(message(f"log_report.said_{name}"), STYLES[name])
        overall.add_row(Text("  ") + label, f"{rate['count']:,}", *_rate(rate))
    yield overall
    for group, by in feedback["by"].items():
        named = message(f"log_report_groups.{group}")
        yield from _section(message("log_report.feedback_by", group=named), list(by))
        table = _grid("left", "right", "right", "right", "right")
        table.add_row(*(Text(head, "small") for head in heads))
        for name, one in list(by.items())[:_MOST]:
            shown = printable(SYSTEM_NAMES.get(name, name))
            counts = f"{one['rated']:,}", f"{one['right']['count']:,}"
            table.add_row(f"  {shown}", *counts, *_rate(one["right"]))
        yield table


def _reviews(reviews: Figures) -> Table:
    table = _grid("left", "right", "right", "right", "right")
    table.add_row(*(Text(head, "small") for head in message("log_report.review_heads").split("|")))
    for name in ("lines", "answers"):
        one = reviews[name]
        counts = f"{one['judged']:,}", f"{one['agreed']:,}"
        table.add_row("  " + message(f"log_report.review_{name}"), *counts, *_rate(one))
    return table


def _rate(rate: Figures) -> tuple[str, str]:
    if rate["share"] is None:
        return "-", "-"
    interval = message("log_report.interval", low=f"{rate['low']:.0%}", high=f"{rate['high']:.0%}")
    return f"{rate['share']:.0%}", interval


def _instead(one: Figures) -> str:
    used, shown = (_titled(one[name], one[f"{name}_title"]) for name in ("used", "shown"))
    return message("log_report.instead_of", used=used, shown=shown)


def _titled(code: str | None, title: str) -> str:
    return f"{code or '-'} {title}".strip()
