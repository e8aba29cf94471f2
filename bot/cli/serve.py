"""`codedesk setup` and `codedesk run`: setting up, and answering in Slack or in this terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import cast

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import lines_of, progress
from bot.desk.current import CurrentDesk
from bot.loading.beside import kept_current
from bot.loading.renewing import Renewing
from bot.logged_desk import Answers
from bot.messages import message
from bot.querylog.opening import open_log
from bot.settings import Settings
from bot.setup import set_up
from bot.views import terminal
from bot.workers.pool import default_workers


@click.command()
@click.pass_obj
def setup(settings: Settings) -> None:
    """Load the code sets and build the index, unless that is done already."""
    set_up(settings, progress)


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="In Slack: how many processes search; 0: none, this one searches. By default as many as "
    "there are cores that it may use.",
)
@click.pass_obj
def run(settings: Settings, workers: int | None) -> None:
    """Set up if needed, then serve: Slack when its tokens are set, else this terminal.

    With no terminal it answers the questions on standard input, one a line, and ends.
    """
    set_up(settings, progress)
    given = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    if any(given) or settings.slack_client_id:
        chosen = settings.workers if workers is None else workers
        _serve_slack(settings, default_workers() if chosen is None else chosen)
    elif sys.stdin.isatty():
        _interactive(settings)
    else:
        _answer_lines(settings, lines_of(sys.stdin.buffer))


def _serve_slack(settings: Settings, workers: int) -> None:
    from bot.slack.app import serve

    desk = CurrentDesk(settings, workers=workers)
    log = open_log(settings, desk.scrubber)
    try:
        serve(settings, cast(Answers, desk), log, progress)
    finally:
        log.close()
        desk.close()


def _interactive(settings: Settings) -> None:
    click.echo(message("terminal.welcome").strip())
    progress("Loading the model…")
    desk = cast(Answers, CurrentDesk(settings))
    with Conversation(settings, "terminal", desk) as conversation:
        desk.ready()
        renewing = Renewing(settings, desk, conversation.logged.between_answers)
        with kept_current(settings, renewing, progress):
            _converse(conversation)


def _converse(conversation: Conversation) -> None:
    before: str | None = None
    while True:
        try:
            question = input("\n" + message("terminal.prompt"))
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return
        if not question.strip():
            return
        (answer,) = conversation.ask(
            [question],
            show=lambda a: click.echo("\n" + terminal.as_text(a)),
            after=before,
        )
        before = answer.id or None


def _answer_lines(settings: Settings, questions: Iterable[str]) -> None:
    with Conversation(settings, "terminal") as conversation:
        for question in questions:
            if question.strip():
                conversation.ask(
                    [question],
                    show=lambda a: click.echo(f"> {a.question}\n\n{terminal.as_text(a)}\n"),
                )
