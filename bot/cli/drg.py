"""`codedesk drg`."""

from __future__ import annotations

import datetime as dt
import sys

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import DATE, as_day
from bot.cli.showing import printing, shown_options
from bot.settings import Settings
from bot.views.terminal import Showing


@click.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--sex", type=click.Choice(["F", "M"]), help="Sex of the patient.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.option("--date", "date", type=DATE, help="Date of discharge, YYYY-MM-DD. Default: today.")
@shown_options
@click.pass_obj
def drg(
    settings: Settings,
    codes: tuple[str, ...],
    sex: str | None,
    as_json: bool,
    date: dt.datetime | None,
    showing: Showing,
) -> None:
    """The MS-DRG of a list of codes: ICD-10-CM, the principal diagnosis first, and ICD-10-PCS.

    It needs an optional part: pip install "codedesk[drg]". Age, birth weight, POA and discharge
    status are not considered.

    Exit code: 0 when there is an MS-DRG, 1 when there is none, 2 when the request was wrong.
    """
    said = {"F": ", female", "M": ", male", None: ""}[sex]
    with Conversation(settings) as conversation:
        (answer,) = conversation.ask(
            [f"drg {' '.join(codes)}{said}"],
            show=printing(conversation.desk, showing, as_json=as_json),
            day=as_day(date),
        )
    if answer.drg is None:
        sys.exit(1)
