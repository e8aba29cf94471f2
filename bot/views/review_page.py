"""Reviews in words and tables for the terminal: a sample, what is due of it, and the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bot.audit.agreement import Agreement, Rate
from bot.desk.answer import Verdict
from bot.messages import message
from bot.querylog import Record
from bot.querylog.answer_lines import Line, line_of
from bot.querylog.reviews import Mark, Review
from bot.querylog.sampling import Again, Sample
from bot.querylog.sign_offs import Drawn, Progress, Schedule, SignOff
from bot.views.screen import printable
from bot.views.times import Times
from codesets.model import SYSTEM_NAMES

#: Ids that are named one by one.
_MOST_IDS = 10


# A sample


def sample(of: Sample) -> Iterator[str]:
    """How a sample was drawn, in sentences."""
    yield message(
        "reviews.sampled",
        number=of.number,
        count=len(of.ids),
        eligible=of.eligible,
        by=printable(of.by),
        at=Times().full(of.at),
    )
    yield message(
        "reviews.sampled_how",
        seed=of.draw.seed,
        last=of.last,
        method=of.method,
        filters=printable(of.draw.description()),
    )
    if of.strata:
        told = [
            message("reviews.stratum", name=printable(name), gave=gave, have=have)
            for name, (have, gave) in of.strata.items()
        ]
        yield message("reviews.strata", by=of.draw.by, strata=", ".join(told))
    if of.purpose is None:
        yield message("reviews.purpose_gone")
    elif of.purpose:
        yield message("reviews.purpose", purpose=printable(of.purpose))
    if len(of.ids) < of.draw.size and not of.draw.each:
        yield message("reviews.fewer", asked=of.draw.size)


def drawn_again(of: Again) -> str:
    number, count = of.sample.number, len(of.sample.ids)
    if not of.same:
        return message("reviews.again_differs", number=number)
    if of.gone:
        ids = ", ".join(of.gone[:_MOST_IDS]) + (" …" if len(of.gone) > _MOST_IDS else "")
        gone = len(of.gone)
        return message("reviews.again_gone", number=number, count=count, gone=gone, ids=ids)
    return message("reviews.again_same", number=number, last=of.sample.last, count=count)


def questions(drawn: Sequence[Drawn]) -> Table:
    """The questions of a sample, each with how far it is."""
    table = _table(message("reviews.list_heads"))
    for one in drawn:
        record = one.record
        table.add_row(
            Text(one.id, "code"),
            Times(utc=True).short(record.asked_at) if record else "",
            Text(printable((record.user if record else None) or "-")),
            str(len(one.lines)),
            state(one),
            Text(_words(one), no_wrap=True, overflow="ellipsis"),
        )
    return table


def _words(drawn: Drawn) -> str:
    if drawn.record is None:
        return ""
    if drawn.record.redactions and not drawn.record.text:
        return message("reviews.no_words")
    return printable(" ".join(drawn.record.text.split()))


def state(drawn: Drawn) -> Text:
    styles = {"due": "doubt", "done": "good", "redacted": "small", "removed": "small"}
    told = message(f"reviews.state_{drawn.state}", due=len(drawn.due), lines=len(drawn.lines))
    return Text(told, styles[drawn.state])


def line(one: Line) -> str:
    """A line of an answer: its number, code and title."""
    title = one.title or ("" if one.code else message("reviews.whole"))
    told = message("reviews.line", number=one.number, code=one.code or "-", title=title)
    return printable(told)


def taken(
    record: Record,
    number: int,
    mark: Mark,
    should_be: tuple[str, str] | None,
    by: str,
    written: int | None,
) -> str:
    """That a review is on record; `written` is the number of its record, None for one that was."""
    if written is None:
        return message("reviews.taken_before")
    reviewed = line_of(record, number)
    told = message(
        f"reviews.taken_{mark}",
        number=written,
        line=number,
        code=reviewed.code or message("reviews.whole"),
        should_be=should_be[0] if should_be else "",
        by=by,
    )
    return printable(told)


def of_code(typed: str, named: Verdict, others: Sequence[Verdict]) -> Iterator[str]:
    """What a reviewer should know of the code that they named."""
    yield message("reviews.named", code=named.code, title=named.title)
    if named.status != "billable":
        yield named.why
    for other in others:
        system = SYSTEM_NAMES[other.system]
        yield message(
            "reviews.also", typed=typed, code=other.code, title=other.title, system=system
        )


def signed(of: SignOff) -> Iterator[str]:
    """What was signed off, in sentences."""
    totals = of.totals
    yield message(
        "reviews.signed",
        number=of.sample,
        by=printable(of.by),
        record=of.number,
        agreed=totals["agreed"],
        judged=totals["judged"],
        share=rate(Rate(totals["agreed"], totals["judged"])),
    )
    if totals["due"]:
        reason = printable(of.reason or message("reviews.no_words"))
        due, lines = totals["due"], totals["lines"]
        yield message("reviews.signed_open", due=due, lines=lines, reason=reason)
    if totals["own"]:
        yield message("reviews.signed_own", own=totals["own"])


# The figures


def report(
    standing: Schedule, progress: Sequence[Progress], figures: Agreement
) -> Iterator[RenderableType]:
    """Reviews due and done, and how far reviewers agree with the answers and each other."""
    if told := schedule(standing):
        yield told
    if not progress:
        yield message("reviews.report_none")
    else:
        yield ""
        yield _samples(progress)
    yield ""
    yield from agreed(figures)


def agreed(figures: Agreement) -> Iterator[RenderableType]:
    """How far reviewers agree with the answers and each other."""
    if not figures.lines.judged:
        yield message("reviews.nothing_judged")
    else:
        yield from _rates(figures)
    if figures.own:
        yield message("reviews.own_apart", own=figures.own)


def schedule(of: Schedule) -> Text | None:
    """How the reviews stand to their schedule; None where there is nothing to say."""
    if of.days is None or (of.every is None and of.last is None):
        return None
    name = "unscheduled" if of.every is None else "overdue" if of.overdue else "on_time"
    name += "" if of.last else "_first"
    told = message(f"reviews.{name}", days=of.days, every=of.every)
    return Text(told, "bad" if of.overdue else "")


def _samples(progress: Sequence[Progress]) -> Table:
    table = _table(message("reviews.samples_heads"))
    for one in progress:
        totals, of = one.totals(), one.sample
        due = str(totals["due"])
        table.add_row(
            Text(str(of.number), "code"),
            of.at[:10],
            Text(printable(of.by)),
            str(len(of.ids)),
            str(totals["lines"]),
            Text(due, "doubt" if totals["due"] else ""),
            Text(_signed_by(one.signed_off)),
            Text(printable(message("reviews.no_words") if of.purpose is None else of.purpose)),
        )
    return table


def _signed_by(of: SignOff | None) -> str:
    if of is None:
        return message("reviews.not_signed")
    due = of.totals["due"]
    name = "signed_by_open" if due else "signed_by"
    return message(f"reviews.{name}", at=of.at[:10], by=printable(of.by), due=due)


def _rates(figures: Agreement) -> Iterator[RenderableType]:
    yield Text(message("reviews.rates"), "heading")
    table = _table(message("reviews.rates_heads"), right=(1, 2, 3))
    _add(table, message("reviews.all_lines"), figures.lines)
    _add(table, message("reviews.all_answers"), figures.answers)
    for group, rates in figures.groups.items():
        table.add_row(Text(message(f"reviews.group_{group}"), "small"))
        for name, of in rates.items():
            shown = SYSTEM_NAMES.get(name, name) if group == "system" else name
            _add(table, f"  {printable(shown)}", of)
    yield table
    yield message("reviews.marks", **figures.marks)
    if figures.pairs:
        yield ""
        yield Text(message("reviews.pairs"), "heading")
        pairs = _table(message("reviews.pairs_heads"), right=(1, 2, 3, 4))
        for pair in figures.pairs:
            kappa = "-" if pair.kappa is None else f"{pair.kappa:.2f}"
            share = f"{pair.same / pair.lines:.0%}"
            names = Text(printable(", ".join(pair.reviewers)))
            pairs.add_row(names, str(pair.lines), str(pair.same), share, kappa)
        yield pairs
    yield Text(message("reviews.narrow"), "small")


def _add(table: Table, name: str, of: Rate) -> None:
    share = "-" if of.share is None else f"{of.share:.0%}"
    table.add_row(Text(name), str(of.agreed), str(of.judged), share, interval(of))


def interval(of: Rate) -> str:
    """The 95% interval of a rate: `70% to 97%`; "-" where nothing was judged."""
    return "-" if of.interval is None else "{:.0%} to {:.0%}".format(*of.interval)


def rate(of: Rate) -> str:
    """A rate with its interval: `90% (70% to 97%)`."""
    return "-" if of.share is None else f"{of.share:.0%} ({interval(of)})"


def told(of: Review, times: Times | None = None) -> str:
    """What a review says, in a line: who, when, which mark, and the note."""
    return message(
        f"reviews.told_{of.mark}",
        by=of.by,
        at=(times or Times()).full(of.at),
        line=of.line,
        code=of.code or "-",
        should_be=of.should_be,
        note=message("reviews.no_words") if of.note is None else of.note,
    )


def _table(heads: str, right: Sequence[int] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="small")
    for place, head in enumerate(heads.split("|")):
        table.add_column(Text(head), justify="right" if place in right else "left")
    return table
