"""`codedesk log feedback`, `corrections`, `approve` and `withdraw`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from bot.audit import corrections
from bot.audit.code_titles import CodeTitles
from bot.cli.log import BY, UTC, log, one_question, who
from bot.cli.shared import JSON_LINES, SYSTEM, echo_json, progress, screen
from bot.desk.answer import Verdict
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import feedback as logged
from bot.querylog.opening import opened
from bot.querylog.records import Rating
from bot.settings import Settings
from bot.views import log_tables
from bot.views.times import Times

_SYSTEM = click.option(
    "--system",
    type=SYSTEM,
    help="The system of CODE, if several have it. Default: the one that writes it so.",
)
_RATINGS: dict[str, Rating] = {"right": "right", "wrong": "wrong"}


@log.command("feedback")
@click.argument("question_id", metavar="ID")
@click.argument("rating_or_code", metavar="right|wrong|CODE")
@click.option("--note", default="", metavar="TEXT", help="Why. Leave out what identifies patients.")
@_SYSTEM
@BY
@click.pass_obj
def log_feedback(
    settings: Settings,
    question_id: str,
    rating_or_code: str,
    note: str,
    system: str | None,
    by: str | None,
) -> None:
    """Rate an answer: right, wrong, or the CODE that was used instead."""
    rating = _RATINGS.get(rating_or_code.lower(), "used")
    code = None
    others: list[Verdict] = []
    with opened(settings) as query_log:
        record = one_question(query_log, question_id)
        if rating == "used":
            with closing(Desk(settings)) as desk:
                used, *others = corrections.named_by(desk, rating_or_code, record, system)
                code = used.code
        written = query_log.feedback(record.id, rating, code, note, who(by))
    click.echo(taken(written, rating, code))
    for other in others:
        click.echo(message("feedback.also", typed=code, code=other.code, title=other.title))


def taken(written: int | None, rating: Rating, code: str | None) -> str:
    """What became of feedback. `written`: the number of its record; None where it repeats."""
    if written is None:
        return message("feedback.taken_before")
    return message("feedback.taken", rating=message(f"feedback.{rating}", code=code))


@log.command("corrections")
@JSON_LINES
@UTC
@click.pass_obj
def log_corrections(settings: Settings, as_json: bool, utc: bool) -> None:
    """List what feedback proposes, and the corrections in force. That you looked goes on record."""
    with opened(settings) as query_log:
        query_log.access("view", who(None), "corrections")
        proposed, approved = logged.proposals(query_log), logged.in_force(query_log)
    if as_json:
        echo_json(*map(_as_dict, proposed))
        echo_json(*({"status": "in_force", **asdict(one)} for one in approved))
        return
    if not proposed:
        progress(message("feedback.none"))
    if proposed or approved:
        click.echo(_drawn(proposed, approved, CodeTitles(settings.codes_db), Times(utc)))


def _drawn(
    proposed: Sequence[logged.Proposal],
    approved: Sequence[logged.Correction],
    titles: CodeTitles,
    times: Times,
) -> str:
    shown = screen()
    parts: list[Text] = []
    for heading, lines in (
        ("proposed", log_tables.proposals(proposed, shown, times, titles.of)),
        ("in_force", log_tables.corrections(approved, shown, times, titles.of)),
    ):
        if drawn := list(lines):
            parts += [Text(message(f"log_tables.{heading}"), "heading"), *drawn, Text()]
    parts.append(shown.hanging(Text(message("log_tables.next_steps"), "small")))
    titles.close()
    return shown.drawn(*parts)


def _as_dict(proposal: logged.Proposal) -> dict[str, Any]:
    return {
        "status": "proposed",
        "number": proposal.number,
        "at": proposal.at,
        "question_id": proposal.record.id,
        "question": proposal.record.text,
        "codes": proposal.record.codes,
        "rating": proposal.rating,
        "code": proposal.code,
        "note": proposal.note,
        "by": proposal.by,
        "corrections": [one.number for one in proposal.corrections],
    }


@log.command("approve")
@click.argument("identity", metavar="ID")
@click.argument("words", metavar='"WORDS"')
@click.argument("code", metavar="CODE")
@_SYSTEM
@click.option("--yes", is_flag=True, help="Approve a code of another system without confirming.")
@BY
@click.pass_obj
def log_approve(
    settings: Settings,
    identity: str,
    words: str,
    code: str,
    system: str | None,
    yes: bool,
    by: str | None,
) -> None:
    """Let WORDS lead to CODE, from the next index build on.

    ID is the ID of the question that was asked, or the number of the feedback on it. Everybody who
    asks may see the words, so they must not identify anybody. If CODE is of another system than the
    codes of the answer, you are asked to confirm.
    """
    with opened(settings) as query_log, closing(Desk(settings)) as desk:
        record, feedback = logged.question_of(query_log, identity)

        def approve(sure: bool) -> tuple[Verdict, int | None]:
            return corrections.approve(
                desk,
                query_log,
                record or one_question(query_log, identity),
                words,
                code,
                who(by),
                system=system,
                sure=sure,
                feedback=feedback,
            )

        try:
            verdict, number = approve(yes)
        except corrections.OtherSystem as error:
            click.confirm(message("feedback.approve_other", told=error), abort=True)
            verdict, number = approve(True)
    click.echo(
        message(
            "feedback.approved" if number else "feedback.approved_before",
            number=number,
            phrase=" ".join(words.split()),
            code=verdict.code,
            title=verdict.title,
        )
    )


@log.command("withdraw")
@click.argument("number", type=int, metavar="NUMBER")
@click.option("--reason", required=True, metavar="TEXT", help="Why. It stays on record.")
@BY
@click.pass_obj
def log_withdraw(settings: Settings, number: int, reason: str, by: str | None) -> None:
    """Withdraw a correction, by the number of its record, from the next index build on."""
    with opened(settings) as query_log:
        written = query_log.withdrawal(number, who(by), reason)
    click.echo(message("feedback.withdrawn", correction=number, number=written))
