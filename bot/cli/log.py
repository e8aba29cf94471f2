"""`codedesk log …`: reading the query log, proving that it is whole, destroying what must go."""

from __future__ import annotations

import getpass
import json
import sys
from functools import partial
from pathlib import Path

import click

from bot.audit.web import accounts
from bot.querylog import LogUnavailable, NoSuchQuestion, QueryLog, Record, checkpoints, retention
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.opening import key_of, open_log, opened, verified
from bot.querylog.records import summary
from bot.querylog.vouching import vouch
from bot.settings import Settings, SettingsError

_FILE = click.Path(dir_okay=False, path_type=Path)
BY = click.option("--by", default=None, metavar="NAME", help="On whose behalf. Default: you.")
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why. It stays on record.")


@click.group()
def log() -> None:
    """The query log: who asked what, what was answered, and that nothing was altered."""


def who(by: str | None) -> str:
    return by or getpass.getuser()


# Reading


@log.command("list")
@click.option("-n", "limit", type=click.IntRange(1), default=20, help="The last N questions.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def log_list(settings: Settings, limit: int, as_json: bool) -> None:
    """The last questions, newest first. That you looked goes on record."""
    with opened(settings) as found:
        found.access("view", who(None), f"the last {limit}")
        for record in found.recent(limit):
            click.echo(json.dumps(summary(record), ensure_ascii=False) if as_json else line(record))


def line(record: Record) -> str:
    codes = " ".join(str(code["code"]) for code in record.codes[:3])
    text = record.text if len(record.text) <= 60 else record.text[:59] + "…"
    shown = "(redacted)" if record.redactions and not text else repr(text)
    return (
        f"{record.id}  {record.asked_at}  {record.surface:<8} {record.user or '-':<12} "
        f"{record.outcome or '-':<9} {record.delivery:<11} {shown}  {codes}"
    )


@log.command("show")
@click.argument("identity", metavar="ID")
@click.pass_obj
def log_show(settings: Settings, identity: str) -> None:
    """Everything stored of one question, as JSON. ID may be cut short while it is unambiguous.
    That you looked goes on record."""
    with opened(settings) as found:
        record = one_question(found, identity)
        found.access("view", who(None), question_id=record.id)
        told = summary(record) | {"answer": record.answer}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def one_question(found: QueryLog, identity: str) -> Record:
    record = found.get(identity)
    if record is None:
        raise NoSuchQuestion(f"No single question in the log has the id {identity}.")
    return record


# Proving


@log.command("verify")
@click.option("--log", "path", type=_FILE, metavar="FILE", help="Another log, or a copy of one.")
@click.option(
    "--checkpoints", "kept", type=_FILE, metavar="FILE", help="Checkpoints to hold it to."
)
@click.option("--public-key", "public", type=_FILE, metavar="FILE", help="What they are signed by.")
@click.option("--against", type=_FILE, metavar="OTHER.db", help="A copy that must not differ.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def log_verify(
    settings: Settings,
    path: Path | None,
    kept: Path | None,
    public: Path | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Re-derive every hash of the log, and name the first record that is not as it was written.

    The log is read, never written, and may be in use. With no options it is the log, the
    checkpoints and the keys of the settings.

    Exit code: 0 nothing altered, and a checkpoint vouches for it; 1 chain consistent, tail not
    vouched for; 2 the request was wrong, as when there is no log; 3 altered or damaged.
    """
    found = verified(settings, path, kept, public, against)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        click.echo("\n".join(found.sentences()))
    sys.exit(found.exit_code)


@log.command("keys")
@click.pass_obj
def log_keys(settings: Settings) -> None:
    """Make the keys that are not there yet: one that seals records, and a pair for checkpoints.

    From here on every record is sealed, and only processes that have the key can write. Move the
    keys away from the log (see docs/LOG.md), and start a desk that is running again.
    """
    private, public = settings.checkpoint_key, settings.checkpoint_public_key
    made = False
    if not private.exists():
        checkpoints.make_keys(private, public)
        click.echo(f"Checkpoints are signed with {private}; auditors verify with {public}.")
        made = True
    if key_of(settings) is None:
        found = open_log(settings)
        try:
            key = found.start_sealing(settings.log_key)
        except OSError as error:
            raise CheckpointError(
                f"The key cannot be written to {settings.log_key} ({error.strerror})."
            ) from error
        finally:
            found.close()
        click.echo(
            f"Records are sealed with {settings.log_key} from number {key.sealed_from} on. Start a "
            "desk that is running again: without the key it cannot write."
        )
        made = True
    if not made:
        click.echo("The keys are there already; none is ever written over.")


@log.command("checkpoint")
@click.option(
    "--accept",
    "accepting",
    type=int,
    multiple=True,
    metavar="NUMBER",
    help="You know of this record, by which something was destroyed. That goes on record.",
)
@BY
@click.pass_obj
def log_checkpoint(settings: Settings, accepting: tuple[int, ...], by: str | None) -> None:
    """Sign what the log's end is now, and add it to the checkpoints.

    What came since the last one is verified first, and said by kind. A redaction or a retention
    that does not bear the seal of the log's key, and that you do not accept, is not vouched for:
    then nothing is signed, and the exit code is 2.
    """
    key = checkpoints.private_key(settings.checkpoint_key)
    with opened(settings) as found:
        if accepting:
            found.access("vouch", who(by), ", ".join(map(str, accepting)))
        done = vouch(found, key, settings.checkpoints, accepting=accepting)
    click.echo(done.told(), err=True)
    click.echo(done.checkpoint.line())


# Auditors' pages


@log.command("audit")
@click.pass_obj
def log_audit(settings: Settings) -> None:
    """Serve the log to auditors in their browser, read-only, with prepared questions.

    They sign in with a password (see `audit-password`), and every page they open goes on record.
    It listens on CODEDESK_AUDIT_HOST and CODEDESK_AUDIT_PORT, by default for this machine alone.
    """
    try:
        from bot.audit.web.app import serve
    except ModuleNotFoundError as error:
        raise SettingsError(
            "The auditors' pages need Datasette: install it with `pip install 'codedesk[audit]'`, "
            "or run `make audit`."
        ) from error
    if not settings.log_db.exists():
        raise LogUnavailable(f"There is no query log at {settings.log_db} yet: nothing was asked.")
    serve(settings, partial(verified, settings))


@log.command("audit-password")
@click.argument("name", required=False)
@click.option("--remove", is_flag=True, help="Let NAME sign in no more.")
@click.pass_obj
def log_audit_password(settings: Settings, name: str | None, remove: bool) -> None:
    """Let NAME sign in to the auditors' pages, with a password that is asked for.

    Only a hash of it is kept, in auditors.toml or the file that CODEDESK_AUDITORS_FILE names.
    Without NAME the hash is printed, for CODEDESK_AUDIT_PASSWORD_HASH. What serves already has to
    be started again.
    """
    if name is not None and not name.isprintable():
        raise click.UsageError("A name has no line breaks or control characters.")
    if remove:
        if name is None:
            raise click.UsageError("Give the NAME to remove.")
        accounts.remove(settings.sign_ins, name)
        click.echo(f"{name} is no auditor any more, once the pages are started again.")
        return
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(password) < accounts.FEWEST_CHARACTERS:
        raise SettingsError(f"A password needs {accounts.FEWEST_CHARACTERS} characters or more.")
    password_hash = accounts.hashed(password)
    if name is None:
        click.echo(password_hash)
        return
    accounts.add(settings.sign_ins, name, password_hash)
    click.echo(f"{name} may sign in, once the pages are started again ({settings.sign_ins}).")


# Destroying, and forbidding it


#: Fewer characters of a question's ID destroy nothing: 13 may be meant as the number of a record.
_FEWEST_OF_AN_ID = 8


@log.command("redact")
@click.argument("identity", metavar="[ID]", required=False)
@_REASON
@BY
@click.option("--record", type=int, metavar="NUMBER", help="One record, in place of a question.")
@click.option("--answer", is_flag=True, help="Destroy the answer, too.")
@click.pass_obj
def log_redact(
    settings: Settings,
    identity: str | None,
    reason: str,
    by: str | None,
    record: int | None,
    answer: bool,
) -> None:
    """Destroy what was typed of a question, and its salt; the record of it stays.

    Its notes and the details of its deliveries go with it. The answer is kept (it holds official
    words, and the codes asked about) unless --answer says otherwise. With --record it is the texts
    of one record, such as a search for a name. Do not repeat in the reason what should be gone.
    Where there is a key for it, a checkpoint is signed after.
    """
    if (identity is None) == (record is None):
        raise click.UsageError("Name one question by its ID, or one record by --record NUMBER.")
    if identity is not None and len(identity) < _FEWEST_OF_AN_ID:
        raise click.UsageError(
            f"Give {_FEWEST_OF_AN_ID} characters of the ID or more: what is destroyed is gone. One "
            "record is named by --record NUMBER."
        )
    with opened(settings) as found:
        what = one_question(found, identity).id if identity else record
        assert what is not None
        gone = retention.redact(found, what, reason, who(by), answer=answer)
        _vouch(settings, found, gone.record)
    click.echo(f"Destroyed of {what}: {', '.join(sorted(set(gone.texts)))}.")


@log.command("clean")
@click.pass_obj
def log_clean(settings: Settings) -> None:
    """Write the database anew, so that nothing deleted lingers in it; `redact` says when to."""
    with opened(settings) as found:
        retention.clean(found)


@log.command("hold")
@click.argument("identity", metavar="[ID]", required=False)
@_REASON
@BY
@click.pass_obj
def log_hold(settings: Settings, identity: str | None, reason: str, by: str | None) -> None:
    """Forbid, until it is released, that a question, or with no ID anything, is destroyed."""
    with opened(settings) as found:
        question_id = one_question(found, identity).id if identity else None
        number = retention.hold(found, reason, who(by), question_id)
    click.echo(f"Hold {number} is in force. To end it: codedesk log release {number} --reason TEXT")


@log.command("release")
@click.argument("number", type=int, metavar="HOLD")
@_REASON
@BY
@click.pass_obj
def log_release(settings: Settings, number: int, reason: str, by: str | None) -> None:
    """End a hold, by its number."""
    with opened(settings) as found:
        retention.release(found, number, reason, who(by))
    click.echo(f"Hold {number} is released.")


@log.command("holds")
@click.pass_obj
def log_holds(settings: Settings) -> None:
    """The holds in force."""
    with opened(settings) as found:
        for one in retention.holds(found):
            what = f"question {one.question_id}" if one.question_id else "the whole log"
            click.echo(f"{one.number}  {one.at}  {one.by or '-'}  {what}: {one.reason}")


@log.command("retain")
@BY
@click.pass_obj
def log_retain(settings: Settings, by: str | None) -> None:
    """Remove the months that are older than CODEDESK_LOG_RETENTION_YEARS, as holds allow.

    The log is verified first, and a checkpoint signed after. Exit code: 0, or 3 when the log was
    altered, and nothing is removed.
    """
    before = verified(settings)
    if before.result == "tampered":
        click.echo("\n".join(before.sentences()))
        sys.exit(before.exit_code)
    with opened(settings) as found:
        removed = retention.retain(found, settings.log_retention_years, who(by))
        if removed is None:
            click.echo("There is nothing to remove.")
            return
        click.echo(
            f"Removed records {removed.first} to {removed.last}; record {removed.tombstone} says "
            "so."
        )
        _vouch(settings, found, removed.tombstone)


def _vouch(settings: Settings, found: QueryLog, done: int) -> None:
    """Sign a checkpoint, where there is a key: what was destroyed is not vouched for until then.
    `done` is the record that says so. It is done, whether or not it can be vouched for."""
    if not settings.checkpoint_key.exists():
        return
    try:
        key = checkpoints.private_key(settings.checkpoint_key)
        vouch(found, key, settings.checkpoints, accepting=[done])
    except CheckpointError as error:
        click.echo(str(error), err=True)
