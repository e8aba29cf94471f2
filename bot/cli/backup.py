"""`codedesk backup …`: a copy of what the desk keeps, its check, and its restore."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.log import BY, who
from bot.cli.shared import JSON, echo_json
from bot.database import name_of
from bot.messages import message
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.backup.manifest import Manifest
    from bot.backup.restore import Restored
    from bot.querylog.verify import Verification

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def backup() -> None:
    """Backups: a consistent copy while the desk runs, and its restore. See docs/BACKUP.md."""


@backup.command("create")
@_FOLDER
@click.option("--codes", is_flag=True, help="With codes.db, which can be imported again instead.")
@click.option("--keys", is_flag=True, help="With the private keys. Think before you do.")
@BY
@JSON
@click.pass_obj
def backup_create(
    settings: Settings, folder: Path, codes: bool, keys: bool, by: str | None, as_json: bool
) -> None:
    """Copy the log, what Slack's surfaces keep, checkpoints, auditors, clients and settings
    (without secrets) into a new FOLDER.

    The desk may run meanwhile. The copy of the log is verified. Exit code 3: it was altered before.
    """
    from bot.backup.create import create

    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    made = create(settings, folder, who(by), now, codes=codes, keys=keys)
    manifest = made.manifest
    if as_json:
        echo_json(_as_dict(folder, manifest, made.verification))
    else:
        _tell_made(settings, folder, manifest, keys)
    if made.verification is not None and made.verification.bad is not None:
        found = made.verification.sentences()[0]
        click.echo(message("backup.altered_now", found=found), err=True)
        sys.exit(made.verification.exit_code)


def _as_dict(folder: Path, manifest: Manifest, verification: Verification | None) -> dict[str, Any]:
    verified = {"verification": verification.as_dict()} if verification else {}
    return {"folder": folder, **asdict(manifest), **verified}


def _tell_made(settings: Settings, folder: Path, manifest: Manifest, keys: bool) -> None:
    size = sum(file["bytes"] for file in manifest.files.values()) / 1e6
    told = {
        "name": name_of(settings.database_url or settings.home),
        "folder": folder,
        "files": len(manifest.files),
        "size": f"{size:,.1f}",
    }
    if (end := manifest.log) is None:
        click.echo(message("backup.made_without_log", **told))
    else:
        result = message(f"backup.result_{end.result}")
        click.echo(message("backup.made", **told, log=end.log, last=f"{end.last:,}", result=result))
    if manifest.database == "postgres":
        click.echo(message("backup.dump_not_verified"))
    click.echo(message("backup.phi"))
    click.echo(message("backup.with_keys" if keys else "backup.without_keys"), err=keys)


@backup.command("check")
@_FOLDER
@JSON
def backup_check(folder: Path, as_json: bool) -> None:
    """Whether the files of a backup are as they were written, by their SHA-256."""
    from bot.backup.manifest import checked

    found = checked(folder)
    if as_json:
        echo_json(_as_dict(folder, found, None))
        return
    told = {"at": found.made_at, "files": len(found.files)}
    if (end := found.log) is None:
        click.echo(message("backup.checked_without_log", **told))
    else:
        click.echo(message("backup.checked", **told, log=end.log, last=f"{end.last:,}"))


@backup.command("restore")
@_FOLDER
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Checkpoints that were kept elsewhere. Default: those where the settings say.",
)
@BY
@JSON
@click.pass_obj
def backup_restore(
    settings: Settings, folder: Path, checkpoints: Path | None, by: str | None, as_json: bool
) -> None:
    """Put a backup into an empty CODEDESK_HOME or database, and say what is missing.

    Nothing is written over. What was on its way when the backup was made is not sent again. The
    restore is put on record, and the log is verified. Exit codes are those of `codedesk log
    verify`.
    """
    from bot.backup.restore import restore

    done = restore(settings, folder, who(by), checkpoints)
    if as_json:
        told = _as_dict(folder, done.manifest, done.verification)
        names = ("lost", "unknown", "record", "left", "only_own", "vouched")
        echo_json(told | {name: getattr(done, name) for name in names})
    else:
        _tell_restored(done)
    if done.verification is not None:
        sys.exit(done.verification.exit_code)


def _tell_restored(done: Restored) -> None:
    made = done.manifest
    for path in done.left:
        click.echo(message("backup.left", path=path))
    if (end := made.log) is None or done.record is None:
        click.echo(message("backup.restored_without_log", at=made.made_at))
        return
    click.echo(
        message(
            "backup.restored",
            at=made.made_at,
            log=end.log,
            last=f"{end.last:,}",
            record=f"{done.record:,}",
        )
    )
    if done.lost:
        click.echo(message("backup.lost", first=f"{done.lost[0]:,}", last=f"{done.lost[1]:,}"))
    else:
        click.echo(message("backup.lost_unknown" if done.only_own else "backup.lost_none"))
    if done.unknown:
        click.echo(message("backup.unknown", count=done.unknown))
    click.echo(message("backup.again", at=made.made_at))
    if done.vouched:
        click.echo(message("backup.vouched"))
    else:
        click.echo(message("backup.not_vouched", record=done.record))
    assert done.verification is not None
    click.echo("\n".join(done.verification.sentences()))
