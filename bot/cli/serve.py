"""`codedesk setup`, `run` and `serve`: setting up, and answering in Slack, in this terminal, or
over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import cast

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import JSON, echo_json, lines_of, progress, screen
from bot.desk.current import CurrentDesk
from bot.loading.beside import kept_current
from bot.loading.renewing import Renewing
from bot.logged_desk import Answers
from bot.messages import message
from bot.querylog.opening import open_log
from bot.settings import Settings, SettingsError
from bot.setup import loaded_for_today, set_up
from bot.views import checklist as views
from bot.views import terminal
from bot.workers.pool import default_workers


@click.command()
@click.option("--check", is_flag=True, help="Change nothing. Exit code 1: something is missing.")
@click.option(
    "--pages", is_flag=True, help="Change nothing; show the page and the name of every file."
)
@JSON
@click.pass_obj
def setup(settings: Settings, check: bool, pages: bool, as_json: bool) -> None:
    """Load code sets, build the index, say what is missing for today.

    What is loaded already is left as it is. The last lines say what is there, what does not work
    without the rest, and how to get it. CPT is not needed by everybody, so nothing counts as
    missing without it.
    """
    if check or pages:
        found = loaded_for_today(settings, reachable=not pages)
    else:
        found = set_up(settings, progress)
    inbox = settings.inbox_folder
    if as_json:
        echo_json(views.as_json(found, inbox))
    else:
        for line in views.screen(found, inbox, most=None if pages else views.LINES):
            click.echo(line)
    if check and not found.is_complete:
        sys.exit(1)


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="In Slack: how many processes search; 0: none, this one searches. By default as many as "
    "there are cores that it may use.",
)
@click.pass_obj
def run(settings: Settings, workers: int | None) -> None:
    """Set up if needed, then serve Slack, or else this terminal.

    Slack is served when its tokens are set. With no terminal it answers the questions on standard
    input, one a line, and ends.
    """
    if short := views.short_line(set_up(settings, progress)):
        progress(short)
    given = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    if any(given) or settings.slack_client_id:
        _serve_slack(settings, _workers(settings, workers))
    elif sys.stdin.isatty() and sys.stdout.isatty():
        _interactive(settings)
    else:
        _answer_lines(settings, lines_of(sys.stdin.buffer))


@click.command()
@click.option("--host", help="Where to listen, in place of CODEDESK_API_HOST.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port, in place of CODEDESK_API_PORT."
)
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    help="How many processes search; 0: none, this one searches. By default as many as there are "
    "cores that it may use.",
)
@click.pass_obj
def serve(settings: Settings, host: str | None, port: int | None, workers: int | None) -> None:
    """Set up if needed, then answer programs over HTTP.

    It ends with Ctrl-C or SIGTERM. Each program needs a token: see `codedesk clients`. docs/API.md
    says how to call.
    """
    from bot.operations import logs

    try:
        from bot.api import serving
    except ModuleNotFoundError as error:
        raise SettingsError(message("api.no_extra")) from error
    chosen = {"api_host": host, "api_port": port}
    settings = settings.model_copy(update={n: v for n, v in chosen.items() if v is not None})
    logs.set_up(settings)
    set_up(settings, progress)
    serving.serve(settings, _workers(settings, workers), progress)


def _workers(settings: Settings, given: int | None) -> int:
    chosen = settings.workers if given is None else given
    return default_workers() if chosen is None else chosen


def _serve_slack(settings: Settings, workers: int) -> None:
    from bot.operations import logs
    from bot.slack.app import serve

    logs.set_up(settings)
    desk = CurrentDesk(settings, workers=workers)
    log = open_log(settings, desk.scrubber)
    try:
        serve(settings, cast(Answers, desk), log, progress)
    finally:
        log.close()
        desk.close()


def _interactive(settings: Settings) -> None:
    from bot.cli.interactive import InteractiveDesk

    click.echo(message("terminal_desk.welcome").strip())
    progress("Loading the model…")
    desk = cast(Answers, CurrentDesk(settings))
    with Conversation(settings, "terminal", desk) as conversation:
        desk.ready()
        renewing = Renewing(settings, desk, conversation.logged.between_answers)
        with kept_current(settings, renewing, progress):
            InteractiveDesk(conversation).serve()


def _answer_lines(settings: Settings, questions: Iterable[str]) -> None:
    session = terminal.Session()
    with Conversation(settings, "terminal") as conversation:
        for question in questions:
            if question.strip():
                conversation.ask(
                    [question],
                    show=lambda a: click.echo(
                        f"> {a.question}\n\n{session.as_text(a, screen=screen())}\n"
                    ),
                )
