"""`codedesk log sample`, `review`, `sign-off` and `reviews`: the regular review of answers.

Each look at a question goes on record before it is shown; so does each draw, which is a record
itself.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, get_args

import click
from rich.console import RenderableType

from bot.audit import corrections
from bot.audit.agreement import agreement
from bot.cli.log import BY, log, one_question, vouch_for, who
from bot.cli.log_review import with_options
from bot.cli.review_walk import Walk
from bot.cli.shared import DATE, JSON, SYSTEM, echo_json, progress, screen
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import QueryLog, Record, reviews, sampling, sign_offs
from bot.querylog.answer_lines import lines_of
from bot.querylog.opening import opened
from bot.querylog.records import Surface
from bot.querylog.reviews import Mark
from bot.querylog.sampling import STRATA, Draw
from bot.querylog.search import ANSWERS, CONFIDENCES
from bot.settings import Settings
from bot.views import review_page

_DAYS: tuple[Callable[..., Any], ...] = (
    click.option("--from", "first_day", type=DATE, metavar="DATE", help="From this day on."),
    click.option("--to", "last_day", type=DATE, metavar="DATE", help="Up to this day."),
)
_TEAM = click.option(
    "--team", "teams", multiple=True, metavar="ID", help="Of this workspace. May be repeated."
)
_NOTE = click.option("--note", default="", metavar="TEXT", help="It is scrubbed, and on record.")


# Drawing


@log.command("sample")
@click.option("-n", "size", type=click.IntRange(1), default=20, help="How many. Default: 20.")
@with_options(_DAYS)
@click.option("--person", metavar="ID", help="Asked by.")
@click.option("--surface", type=click.Choice(get_args(Surface)), help="Asked on.")
@click.option("--confidence", type=click.Choice(CONFIDENCES), help="Of the first code.")
@click.option("--system", type=SYSTEM, help="System of the first code.")
@click.option("--outcome", type=click.Choice(ANSWERS), help="Of the answer.")
@_TEAM
@click.option("--strata", type=click.Choice(STRATA), help="Draw from each, by its share.")
@click.option("--each", is_flag=True, help="With --strata: N of each, and not by its share.")
@click.option("--seed", default="", metavar="WORD", help="Default: one is drawn, and kept.")
@click.option("--purpose", default="", metavar="TEXT", help="What the sample is for.")
@click.option("--again", type=int, metavar="SAMPLE", help="Draw this sample again, and compare.")
@BY
@JSON
@click.pass_obj
def log_sample(
    settings: Settings,
    size: int,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: tuple[str, ...],
    strata: sampling.Stratum | None,
    each: bool,
    purpose: str,
    again: int | None,
    by: str | None,
    as_json: bool,
    **filters: Any,
) -> None:
    """Draw a random sample of answered questions for review, and put it on record.

    Anyone can draw it again: the questions with the lowest SHA-256 of seed, colon and question ID,
    among those that fit, up to the last record of that time. --again does it, also when the log has
    grown since, and compares.

    Exit code: 0, 1 a sample drawn again is not the same, 2 the request was wrong.
    """
    if each and not strata:
        raise click.UsageError("--each is for --strata: name what the strata are.")
    with opened(settings) as query_log:
        if again is not None:
            _draw_again(query_log, again, as_json)
            return
        draw = Draw(size, strata, each, first_day=first_day, last_day=last_day, teams=teams or None,
                    **filters)  # fmt: skip
        query_log.access("search", who(by), "sample: " + query_log.scrubbed(draw.description()))
        drawn = sampling.sample(query_log, draw, who(by), purpose)
        there = sign_offs.progress(query_log, drawn)
    if as_json:
        states = {one.id: one.state for one in there.questions}
        echo_json(drawn.as_dict() | {"states": states})
        return
    _show(
        *review_page.sample(drawn),
        "",
        review_page.questions(there.questions),
        "",
        message("reviews.next", number=drawn.number),
    )


def _draw_again(query_log: QueryLog, number: int, as_json: bool) -> None:
    query_log.access("view", who(None), f"sample {number}, drawn again")
    found = sampling.again(query_log, sampling.of_number(query_log, number))
    if as_json:
        told = {"sample": number, "same": found.same, "gone": found.gone, "drawn": found.drawn}
        echo_json(told)
    else:
        _show(*review_page.sample(found.sample), review_page.drawn_again(found))
    sys.exit(0 if found.same else 1)


# Reviewing


@log.command("review")
@click.argument("question_id", metavar="[ID]", required=False)
@click.argument("mark_or_code", metavar="[agree|disagree|CODE]", required=False)
@click.option("--line", "numbers", type=int, multiple=True, metavar="N", help="May be repeated.")
@_NOTE
@click.option("--sample", "number", type=int, metavar="SAMPLE", help="The sample it is for.")
@click.option("--second", is_flag=True, help="Also what others have reviewed: a second opinion.")
@click.option("--system", type=SYSTEM, help="The system of CODE, if several have it.")
@BY
@click.pass_obj
def log_review(
    settings: Settings,
    question_id: str | None,
    mark_or_code: str | None,
    numbers: tuple[int, ...],
    note: str,
    number: int | None,
    second: bool,
    system: str | None,
    by: str | None,
) -> None:
    """Say of a line of an answer that it is right (agree), wrong (disagree), or which CODE should
    be there. The last word of a reviewer on a line counts; all remain.

    With --sample alone, go through what is due of that sample, question by question.
    """
    with opened(settings) as query_log, closing(Desk(settings)) as desk:
        sample = None if number is None else sampling.of_number(query_log, number)
        if question_id is None and sample is not None:
            Walk(query_log, desk, sample, who(by), second=second).go()
            return
        if question_id is None or mark_or_code is None:
            raise click.UsageError("Give the ID of a question and your mark, or only --sample N.")
        record = one_question(query_log, question_id)
        mark, should_be = _mark(desk, record, mark_or_code, system)
        for line in numbers or [_only_line(record)]:
            taken = reviews.review(
                query_log, record, line, mark, who(by), should_be=should_be, note=note,
                sample=sample,
            )  # fmt: skip
            click.echo(review_page.taken(record, line, mark, should_be, who(by), taken))
    if reviews.is_own(record, who(by)):
        progress(message("reviews.own"))


def _mark(
    desk: Desk, record: Record, typed: str, system: str | None
) -> tuple[Mark, tuple[str, str] | None]:
    """The mark, and the code that should be there; what stands beside the code is printed."""
    if typed.lower() in ("agree", "disagree"):
        return typed.lower(), None  # type: ignore[return-value]
    named, *others = corrections.named_by(desk, typed, record, system)
    for told in review_page.of_code(typed, named, others):
        progress(told)
    return "code", (named.code, named.system)


def _only_line(record: Record) -> int:
    """Raises click.UsageError when there are several."""
    lines = lines_of(record)
    if len(lines) > 1:
        told = [message("reviews.which_line", count=len(lines)), *map(review_page.line, lines)]
        raise click.UsageError("\n  ".join(told))
    return 1


# Signing off, and the figures


@log.command("sign-off")
@click.argument("number", type=int, metavar="SAMPLE")
@_NOTE
@click.option("--incomplete", default="", metavar="REASON", help="Why lines stay due.")
@BY
@click.pass_obj
def log_sign_off(
    settings: Settings, number: int, note: str, incomplete: str, by: str | None
) -> None:
    """Sign off the review of a sample, with its date and totals.

    Refused while lines are due, unless --incomplete says why they stay so. If there is a key for
    checkpoints, one is signed afterwards.
    """
    with opened(settings) as query_log:
        sample = sampling.of_number(query_log, number)
        signed = sign_offs.sign_off(query_log, sample, who(by), note=note, incomplete=incomplete)
        vouch_for(settings, query_log, signed.number)
    _show(*review_page.signed(signed))


@log.command("reviews")
@click.option("--sample", "number", type=int, metavar="SAMPLE", help="One sample, in full.")
@with_options(_DAYS)
@_TEAM
@JSON
@click.pass_obj
def log_reviews(
    settings: Settings,
    number: int | None,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: tuple[str, ...],
    as_json: bool,
) -> None:
    """Report the reviews that are due and done, and how far reviewers agree with the answers.

    Days are those of the reviews. That you looked goes on record.
    """
    with opened(settings) as query_log:
        of = [f"of sample {number}"] if number is not None else []
        period = f"from {first_day or 'the start'} to {last_day or 'now'}"
        where = [f"workspaces {', '.join(teams)}"] if teams else []
        query_log.access("report", who(None), ", ".join(["reviews", *of, period, *where]))
        seen = teams or None
        drawn = (
            [sampling.of_number(query_log, number, seen)]
            if number is not None
            else sampling.samples(query_log, seen)
        )
        there = [sign_offs.progress(query_log, sample) for sample in drawn]
        given = [
            one
            for one in reviews.every(query_log, seen)
            if (first_day is None or one.at[:10] >= first_day.isoformat())
            and (last_day is None or one.at[:10] <= last_day.isoformat())
            and number in (None, one.sample)
        ]
        with query_log.reading() as db:
            standing = sign_offs.schedule(db, settings.review_every_days, query_log.now())
    figures = agreement(given)
    if as_json:
        whole = {
            "schedule": standing.as_dict(),
            "samples": [one.as_dict() for one in there],
            "agreement": figures.as_dict(),
        }
        echo_json(whole)
        return
    if number is None:
        _show(*review_page.report(standing, there, figures))
        return
    signed = [told for one in there[0].sign_offs for told in review_page.signed(one)]
    _show(
        *review_page.sample(drawn[0]),
        *signed,
        "",
        review_page.questions(there[0].questions),
        "",
        *review_page.agreed(figures),
    )


def _show(*parts: RenderableType) -> None:
    click.echo(screen().drawn(*parts))
