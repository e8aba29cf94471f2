"""`codedesk ask` and `codedesk check`."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import BATCH, DATE, DATE_FORMS, JSON, SYSTEM, chunks, lines_of
from bot.cli.showing import asked_for, printing, shown_options
from bot.cli.words import WordsCommand, codes_typed, words_typed
from bot.desk.answer import Verdict
from bot.messages import message
from bot.settings import Settings
from bot.views import terminal
from bot.views.terminal import Showing
from codesets.code_format import undot
from codesets.model import Setting


@click.command(cls=WordsCommand)
@click.argument("words", nargs=-1)
@JSON
@click.option(
    "--batch",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Answer each line of a file, blank ones too: one JSON object a line (with --json). -: "
    "standard input.",
)
@click.option("--date", type=DATE, help=f"Date of service: {DATE_FORMS}")
@click.option("--system", "systems", type=SYSTEM, multiple=True, help="Only this code system.")
@click.option("-n", "limit", type=click.IntRange(1, 50), help="N candidates. Default: a few.")
@shown_options
@click.option(
    "--after",
    metavar="ID",
    help="The question goes on from this one of the log: its words may refine it.",
)
@click.option(
    "--explain", is_flag=True, help="With a sentence of the language model, if one is set."
)
@click.pass_obj
def ask(
    settings: Settings,
    words: tuple[str, ...],
    as_json: bool,
    batch: Path | None,
    date: dt.date | None,
    systems: tuple[str, ...],
    limit: int | None,
    showing: Showing,
    after: str | None,
    explain: bool,
) -> None:
    """Find a code in plain words, or ask about a code.

    \b
    codedesk ask b/l knee OA, failed PT --date 3/5/2026
    codedesk ask < note.txt                             all lines as one statement

    Quotes are needed around what your shell reads itself: 's, (…), ;, &, <.

    After `codedesk ask ankle sprain`, `codedesk ask --after ID left` is about the left one.

    Exit code: 0 answered, 1 nothing to show, 2 the request was wrong. A batch ends with 0.
    """
    if words and batch is not None:
        raise click.UsageError(message("command_line.question_and_batch"))
    if batch is not None and not as_json:
        raise click.UsageError("--batch prints JSON lines: add --json.")
    if batch is not None and after is not None:
        raise click.UsageError("--after takes one question, not a batch.")
    if explain and not (settings.llm_url and settings.llm_model):
        raise click.UsageError(message("language_model.not_set"))
    question = "" if batch is not None else words_typed(words, "command_line.no_question")
    options: dict[str, Any] = {
        "explain": explain,
        "day": date,
        "systems": list(systems) or None,
        "limit": asked_for(limit, as_json=as_json),
    }
    with Conversation(settings) as conversation:
        if batch is not None:
            with click.open_file(str(batch), "rb") as file:
                for lines in chunks(lines_of(file), BATCH):
                    conversation.ask(lines, show=lambda a: click.echo(a.as_json()), **options)
            return
        session = terminal.Session(conversation.told_before(after) if after else ())
        shown = replace(showing, limit=limit)
        (answer,) = conversation.ask(
            [question],
            show=printing(conversation.desk, shown, session, as_json=as_json),
            after=after,
            **options,
        )
    if answer.outcome == "abstained":
        sys.exit(1)


@click.command(cls=WordsCommand)
@click.argument("codes", nargs=-1)
@JSON
@click.option("--date", type=DATE, help=f"Date of service: {DATE_FORMS}")
@click.option(
    "--system",
    "systems",
    type=SYSTEM,
    multiple=True,
    help="Only this code system: G0439 is a HCPCS code, and G04.39 of ICD-10-CM without its dot.",
)
@click.option(
    "--setting",
    type=click.Choice(get_args(Setting)),
    help="Where the service was given: decides which NCCI edits apply. Without it all are shown.",
)
@shown_options
@click.pass_obj
def check(
    settings: Settings,
    codes: tuple[str, ...],
    as_json: bool,
    date: dt.date | None,
    systems: tuple[str, ...],
    setting: str | None,
    showing: Showing,
) -> None:
    """Check each code: is it valid and billable, and what replaces it?

    Codes stand apart by blanks, commas, semicolons or lines; "codedesk check - < codes.txt" reads
    them from standard input. A code that several systems have gets a verdict for each, the form as
    typed first.

    Exit code: 0 when every code is billable as typed, with or without its dot, else 1; 2 when the
    request was wrong. Where several systems have a code, the form as typed decides, or the system
    chosen with --system. On a date that no loaded edition covers, no code is known to be billable:
    the exit code is 1.
    """
    with Conversation(settings) as conversation:
        answer = conversation.check(
            codes_typed(codes, "command_line.no_codes"),
            day=date,
            systems=list(systems) or None,
            setting=setting,
            show=printing(conversation.desk, showing, as_json=as_json),
        )
    firsts: dict[str, Verdict] = {}
    for verdict in answer.verdicts:
        firsts.setdefault(verdict.typed, verdict)
    if not all(map(_is_billable_as_typed, firsts.values())):
        sys.exit(1)


def _is_billable_as_typed(verdict: Verdict) -> bool:
    """I1O is read as I10, which is billable; on a claim, I1O is not."""
    return verdict.status == "billable" and undot(verdict.typed) == undot(verdict.code)
