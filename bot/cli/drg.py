"""`codedesk drg`."""

from __future__ import annotations

import datetime as dt
import sys

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import DATE, DATE_FORMS, JSON
from bot.cli.showing import printing, shown_options
from bot.cli.words import WordsCommand, codes_typed
from bot.settings import Settings
from bot.views.terminal import Showing


@click.command(cls=WordsCommand)
@click.argument("codes", nargs=-1)
@click.option("--sex", type=click.Choice(["F", "M"]), help="Sex of the patient.")
@JSON
@click.option("--date", type=DATE, help=f"Date of discharge: {DATE_FORMS}")
@shown_options
@click.pass_obj
def drg(
    settings: Settings,
    codes: tuple[str, ...],
    sex: str | None,
    as_json: bool,
    date: dt.date | None,
    showing: Showing,
) -> None:
    """Group codes to an MS-DRG.

    CODES are of ICD-10-CM, the principal diagnosis first, and of ICD-10-PCS. They stand apart by
    blanks, commas, semicolons or lines, or come on standard input.

    It needs an optional part: pip install "codedesk[drg]". Age, birth weight, POA and discharge
    status are not considered.

    Exit code: 0 when there is an MS-DRG, 1 when there is none, 2 when the request was wrong.
    """
    named = " ".join(codes_typed(codes, "command_line.no_codes_to_group"))
    said = {"F": ", female", "M": ", male", None: ""}[sex]
    with Conversation(settings) as conversation:
        (answer,) = conversation.ask(
            [f"drg {named}{said}"],
            show=printing(conversation.desk, showing, as_json=as_json),
            day=date,
        )
    if answer.drg is None:
        sys.exit(1)
