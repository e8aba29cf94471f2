"""`codedesk log move URL`: from the SQLite file to PostgreSQL."""

from __future__ import annotations

import datetime as dt

import click

from bot.cli.log import BY, log, who
from bot.database import name_of
from bot.querylog import LogUnavailable
from bot.querylog.move import move
from bot.querylog.opening import checkpoints_of, key_of
from bot.settings import Settings, SettingsError


@log.command("move")
@click.argument("url", metavar="URL")
@BY
@click.pass_obj
def log_move(settings: Settings, url: str, by: str | None) -> None:
    """Carry the log over from its file to the PostgreSQL database at URL.

    Stop the desk first. The file is verified, and every record, text and id is copied in one
    transaction: when that is interrupted, nothing is there. Then the copy is verified, compared
    with the file, and a record says that the log was moved. The file is left as it is.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError(
            "Give the address of a PostgreSQL database, such as "
            "postgresql://codedesk@db.example.org/codedesk."
        )
    if not settings.log_db.exists():
        raise LogUnavailable(f"There is no query log at {settings.log_db} to move.")
    moved = move(
        settings.log_db,
        url,
        who(by),
        now=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        key=key_of(settings),
        checkpoints=checkpoints_of(settings),
    )
    click.echo(
        f"Moved {moved.records:,} records and {moved.texts:,} texts to {name_of(url)}; record "
        f"{moved.record:,} says so. The copy was verified:"
    )
    click.echo("\n".join(moved.verification.sentences()))
    click.echo(
        "Set CODEDESK_DATABASE_URL to that address, and start the desk again. From then on nothing "
        f"reads {settings.log_db}. It holds all that was typed: destroy it when the new log is in "
        "your backups."
    )
