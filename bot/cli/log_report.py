"""`codedesk log report`: figures on the questions of a period."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from bot.audit import export
from bot.audit.code_titles import CodeTitles
from bot.cli.log import log
from bot.cli.log_review import DAYS, FORCE, TEAM, exit_code, tell, with_options
from bot.cli.shared import JSON, echo_json, screen
from bot.messages import message
from bot.querylog.opening import opened, verified
from bot.settings import Settings
from bot.system_user import name_said
from bot.views import log_report as log_report_view

_FILE = click.Path(dir_okay=False, path_type=Path)


@log.command("report")
@with_options(DAYS)
@TEAM
@click.option("--output", type=_FILE, metavar="FILE.html", help="A page with charts.")
@JSON
@FORCE
@click.pass_obj
def log_report(
    settings: Settings,
    first_day: dt.date | None,
    last_day: dt.date | None,
    teams: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    force: bool,
) -> None:
    """Report how much was asked, by whom, and which answers fell short, and verify the log.

    FILE.html is complete in itself and opens offline. Without --output and --json the figures are
    printed in short. Days are UTC.

    Exit code: 0, 2 the request was wrong, 3 the log was altered or damaged.
    """
    from bot.audit import report, report_page  # only this command needs templates

    auditor = name_said()
    titles = CodeTitles(settings.codes_db)
    with opened(settings) as query_log:
        detail = f"from {first_day or 'the start'} to {last_day or 'now'}"
        detail += f", workspaces {', '.join(teams)}" if teams else ""
        query_log.access("report", auditor, detail)
        figures = report.figures(query_log, first_day, last_day, teams or None, titles.of)
    verification = verified(settings)
    if output:
        with export.private_file(output, force=force) as file:
            page = report_page.page(figures, verification.sentences(), verification.result)
            file.write(page.encode())
    if as_json:
        echo_json(figures | {"verification": verification.as_dict()})
    else:
        if output:
            count = f"{figures['totals']['questions']:,}"
            click.echo(message("log_report.written", count=count, file=output))
        else:
            shown = screen()
            click.echo(shown.drawn(*log_report_view.parts(figures, shown)))
        tell(verification)
    sys.exit(exit_code(verification))
