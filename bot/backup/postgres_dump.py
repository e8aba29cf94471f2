"""Dumps both schemas of a PostgreSQL database by its own programs, and restores them.

https://www.postgresql.org/docs/current/app-pgdump.html. The address, which may hold a password, is
given to them in environment variables (https://www.postgresql.org/docs/current/libpq-envars.html),
since everybody on the machine can read the arguments of a program.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bot.backup.errors import BackupError
from bot.database import name_of
from bot.messages import message
from bot.slack.state import SCHEMA as STATE

#: Of the log, and of what Slack's surfaces keep.
SCHEMAS = ("codedesk", STATE)


def dump(url: str, target: Path, snapshot: str) -> str:
    """Dump what a transaction sees that exported `snapshot`. Gives the version of the program.
    Raises BackupError."""
    program = _found("pg_dump")
    given = [
        program,
        "--format=custom",
        f"--snapshot={snapshot}",
        "--no-password",
        f"--file={target}",
        *(f"--schema={schema}" for schema in SCHEMAS),
    ]
    _run(given, url, "backup.not_dumped")
    target.chmod(0o600)
    return _run([program, "--version"], url, "backup.not_dumped").strip()


def restore(source: Path, url: str) -> None:
    """Put a dump into a database without these schemas, all or nothing. Raises BackupError."""
    given = [
        _found("pg_restore"),
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--dbname={_environment(url).get('PGDATABASE', 'postgres')}",
        str(source),
    ]
    _run(given, url, "backup.not_restored")


def drop(url: str) -> None:
    """Remove what `restore` put there. Raises BackupError."""
    import psycopg

    try:
        with psycopg.connect(url) as db:
            for schema in SCHEMAS:
                db.execute(f'drop schema if exists "{schema}" cascade')
    except psycopg.Error as error:
        raise BackupError(
            message(
                "backup.not_dropped", name=name_of(url), schemas=", ".join(SCHEMAS), error=error
            )
        ) from error


def _found(program: str) -> str:
    if path := shutil.which(program):
        return path
    raise BackupError(message("backup.no_program", program=program))


def _run(command: list[str], url: str, failed: str) -> str:
    try:
        done = subprocess.run(
            command,
            env=_environment(url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise BackupError(message(failed, name=name_of(url), error=error)) from error
    if done.returncode:
        said = " ".join(done.stderr.split())[:500] or f"exit code {done.returncode}"
        raise BackupError(message(failed, name=name_of(url), error=said))
    return done.stdout


def _environment(url: str) -> dict[str, str]:
    """That of this process, without what is secret in it, and the parts of the address."""
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.pq import Conninfo

    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CODEDESK_", "SLACK_"))
    }
    for option in Conninfo.get_defaults():
        value = parts.get(option.keyword.decode())
        if option.envvar and value is not None:
            kept[option.envvar.decode()] = str(value)
    return kept
