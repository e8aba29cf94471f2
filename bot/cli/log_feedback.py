"""`codedesk log feedback`, `corrections`, `approve` and `withdraw`: what people say of answers, and
what auditors make of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from bot.audit import corrections
from bot.cli.log import BY, log, one_question, who
from bot.desk.answer import Verdict
from bot.desk.desk import Desk
from bot.messages import message
from bot.querylog import feedback as logged
from bot.querylog.opening import opened
from bot.querylog.records import Rating
from bot.settings import Settings
from codesets.model import SYSTEM_NAMES

_SYSTEM = click.option(
    "--system",
    type=click.Choice(sorted(SYSTEM_NAMES)),
    help="The system of CODE, when several have it. Default: the one that publishes it so.",
)
_RATINGS: dict[str, Rating] = {"right": "right", "wrong": "wrong"}


@contextmanager
def _desk(settings: Settings) -> Iterator[Desk]:
    """A desk to look codes up in; its index is not opened."""
    desk = Desk(settings)
    try:
        yield desk
    finally:
        desk.close()


@log.command("feedback")
@click.argument("identity", metavar="ID")
@click.argument("verdict", metavar="right|wrong|CODE")
@click.option("--note", default="", metavar="TEXT", help="Why. Leave out what identifies patients.")
@_SYSTEM
@BY
@click.pass_obj
def log_feedback(
    settings: Settings,
    identity: str,
    verdict: str,
    note: str,
    system: str | None,
    by: str | None,
) -> None:
    """Say of an answer that it was right or wrong, or which code was used instead."""
    said = _RATINGS.get(verdict.lower(), "used")
    code = None
    others: list[Verdict] = []
    with opened(settings) as found:
        record = one_question(found, identity)
        if said == "used":
            with _desk(settings) as desk:
                used, *others = corrections.named_by(desk, verdict, record, system)
                code = used.code
        written = found.feedback(record.id, said, code, note, who(by))
    told = message(f"feedback.{said}", code=code)
    click.echo(
        message("feedback.taken", verdict=told) if written else message("feedback.taken_before")
    )
    for other in others:
        click.echo(message("feedback.also", typed=code, code=other.code, title=other.title))


@log.command("corrections")
@click.pass_obj
def log_corrections(settings: Settings) -> None:
    """What feedback proposes, and the corrections in force. That you looked goes on record."""
    with opened(settings) as found:
        found.access("view", who(None), "corrections")
        proposed, approved = logged.proposals(found), logged.in_force(found)
    if not proposed:
        click.echo(message("feedback.none"))
    for proposal in proposed:
        click.echo("\n   ".join(_told(proposal)))
    if approved:
        click.echo(message("feedback.in_force"))
    for one in approved:
        click.echo(
            message(
                "feedback.correction",
                number=one.number,
                at=one.at,
                phrase=one.phrase,
                code=one.code,
                by=one.by,
                question=one.question_id,
            )
        )


def _told(proposal: logged.Proposal) -> Iterator[str]:
    record = proposal.record
    codes = " ".join(str(code["code"]) for code in record.codes[:3])
    yield message(
        "feedback.proposal",
        number=proposal.number,
        at=proposal.at,
        question=record.id,
        by=proposal.by or "-",
        said=message(f"feedback.{proposal.rating}", code=proposal.code),
    )
    yield message(
        "feedback.proposal_asked",
        text=repr(record.text) if record.text else message("feedback.redacted"),
        codes=codes or message("feedback.nothing"),
    )
    if proposal.note:
        yield message("feedback.proposal_note", note=proposal.note)
    for one in proposal.corrections:
        yield message(
            "feedback.proposal_approved",
            phrase=one.phrase,
            code=one.code,
            by=one.by,
            number=one.number,
        )


@log.command("approve")
@click.argument("identity", metavar="ID")
@click.argument("words", metavar='"WORDS"')
@click.argument("code", metavar="CODE")
@_SYSTEM
@click.option("--yes", is_flag=True, help="Approve a code of another system without being asked.")
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
    """Let words lead to a code, from the next index build on.

    ID is that of the question which they are about, or the number of the feedback. Everybody who
    asks may see the words, so they must not identify anybody. A code of another system than those
    that the question was answered from is asked about first.
    """
    with opened(settings) as found, _desk(settings) as desk:
        record, feedback = logged.question_of(found, identity)

        def approve(sure: bool) -> tuple[Verdict, int | None]:
            return corrections.approve(
                desk,
                found,
                record or one_question(found, identity),
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
    """Take a correction back, by the number of its record, from the next index build on."""
    with opened(settings) as found:
        written = found.withdrawal(number, who(by), reason)
    click.echo(message("feedback.withdrawn", correction=number, number=written))
