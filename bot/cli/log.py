"""`codedesk log …`: reading the query log, verifying it, redacting and removing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
from rich.text import Text

from bot.audit.code_titles import CodeTitles
from bot.audit.web import accounts
from bot.cli.headings import Headed
from bot.cli.shared import JSON, JSON_LINES, echo_json, echo_text, progress, screen
from bot.messages import message
from bot.querylog import NoSuchQuestion, QueryLog, Record, checkpoints, retention
from bot.querylog.append import CLOCK
from bot.querylog.checkpoints import CheckpointError
from bot.querylog.confirming import Confirmer
from bot.querylog.opening import expect_log, key_of, open_log, opened, verified
from bot.querylog.records import summary
from bot.querylog.search import Filters, page
from bot.querylog.vouching import vouch
from bot.settings import Settings, SettingsError
from bot.system_user import name_said
from bot.views import log_list as log_list_view
from bot.views import log_page, log_tables
from bot.views.times import Times

_FILE = click.Path(dir_okay=False, path_type=Path)
BY = click.option("--by", default=None, metavar="NAME", help="Who does it. Default: you.")
UTC = click.option("--utc", is_flag=True, help="Times in UTC, and not in the zone of this machine.")
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why. It stays on record.")


_HEADINGS = {
    "Read": ("list", "show", "search", "report", "export", "replay"),
    "Feedback and corrections": ("feedback", "corrections", "approve", "withdraw"),
    "Review": ("sample", "review", "reviews", "sign-off"),
    "Prove": ("verify", "keys", "checkpoint", "receipt", "check-receipt"),
    "Witnesses": ("consistency", "cosigned", "witness", "witness-keys"),
    "Auditors' pages": ("audit", "audit-password"),
    "Keep and destroy": ("hold", "holds", "release", "redact", "clean", "retain", "move"),
}


@click.group(cls=Headed, headings=_HEADINGS)
def log() -> None:
    """The query log: who asked what, and what was answered."""


def who(by: str | None) -> str:
    return by or name_said()


# Reading


@log.command("list")
@click.option("-n", "limit", type=click.IntRange(1), default=20, help="The last N questions.")
@click.option(
    "--team",
    "teams",
    multiple=True,
    metavar="ID",
    help="Of this workspace (T…) or organisation (E…). May be repeated.",
)
@JSON_LINES
@UTC
@click.pass_obj
def log_list(
    settings: Settings, limit: int, teams: tuple[str, ...], as_json: bool, utc: bool
) -> None:
    """List the last questions, newest first. That you looked goes on record."""
    with opened(settings) as query_log:
        of = f" of {', '.join(teams)}" if teams else ""
        query_log.access("view", who(None), f"the last {limit}{of}")
        count, found = page(query_log, Filters(teams=teams or None), 0, limit)
        steps = _clock_steps(query_log, found)
    if found or as_json:
        print_found(found, count, as_json, utc, "log_page.questions")
        if steps and not as_json:
            click.echo(message("log_page.clock", records=", ".join(f"{one:,}" for one in steps)))
    else:
        progress(message("log_page.empty"))


def _clock_steps(query_log: QueryLog, found: Sequence[Record]) -> list[int]:
    """Numbers of the first records since the oldest of these questions which say that the clock
    went back; one may stand just before it."""
    if not found:
        return []
    since = min(record.seq for record in found) - 1
    steps = query_log.entries("kind = ? and seq >= ? order by seq limit 5", [CLOCK, since])
    return [step.seq for step in steps]


def print_found(found: Sequence[Record], count: int, as_json: bool, utc: bool, all_of: str) -> None:
    """Print questions as a list that fits the terminal, or as one JSON object a line. `count`: how
    many there are; `all_of`: the message that says so."""
    if as_json:
        echo_json(*map(summary, found))
        return
    shown, times = screen(), Times(utc)
    lines = log_list_view.lines(found, shown, times)
    lines += log_list_view.counted(found, count, shown, times, all_of=all_of)
    click.echo(shown.drawn(*lines))


@log.command("show")
@click.argument("question_id", metavar="ID")
@JSON
@UTC
@click.pass_obj
def log_show(settings: Settings, question_id: str, as_json: bool, utc: bool) -> None:
    """Show one question as a page: who asked, when and where, as asked, the answer as it was shown,
    feedback, what was changed, and who looked at it.

    The beginning of an ID is enough if only one question has it. That you looked goes on record.
    """
    with opened(settings) as query_log:
        record = one_question(query_log, question_id)
        query_log.access("view", who(None), question_id=record.id)
    if as_json:
        echo_json(summary(record) | {"answer": record.answer})
    else:
        titles = CodeTitles(settings.codes_db)
        shown = screen()
        click.echo(shown.drawn(*log_page.page(record, shown, Times(utc), titles.of)))
        titles.close()


def one_question(query_log: QueryLog, question_id: str) -> Record:
    record = query_log.get(question_id)
    if record is None:
        raise NoSuchQuestion(f"No single question in the log has the id {question_id}.")
    return record


# Proving


@log.command("verify")
@click.option("--log", "path", type=_FILE, metavar="FILE", help="Another log, or a copy.")
@click.option(
    "--checkpoints", "kept", type=_FILE, metavar="FILE", help="Checkpoints to compare it with."
)
@click.option("--public-key", "public", type=_FILE, metavar="FILE", help="Their public key.")
@click.option("--against", type=_FILE, metavar="OTHER.db", help="A copy to compare it with.")
@click.option(
    "--witness",
    "witnesses",
    type=_FILE,
    multiple=True,
    metavar="KEY",
    help="The public key of a witness that must have cosigned.",
)
@click.option(
    "--tsa-roots",
    type=_FILE,
    metavar="FILE",
    help="Roots (PEM) of the authority that must have stamped.",
)
@JSON
@click.pass_obj
def log_verify(
    settings: Settings,
    path: Path | None,
    kept: Path | None,
    public: Path | None,
    against: Path | None,
    witnesses: tuple[Path, ...],
    tsa_roots: Path | None,
    as_json: bool,
) -> None:
    """Re-derive every hash of the log, and name the first record that is not as it was written.

    The log is only read, and may be in use. Without options, the log, the checkpoints and the keys
    of the settings are used.

    Exit code: 0 nothing altered, and a checkpoint vouches for it; 1 chain consistent, tail not
    vouched for, or not confirmed by a witness or a time stamp that you name; 2 the request was
    wrong, for instance there is no log; 3 altered or damaged.
    """
    verification = verified(settings, path, kept, public, against, witnesses, tsa_roots)
    if as_json:
        echo_json(verification.as_dict())
    else:
        echo_text("\n".join(verification.sentences()))
    sys.exit(verification.exit_code)


@log.command("keys")
@click.pass_obj
def log_keys(settings: Settings) -> None:
    """Make the keys that do not exist yet: one that seals records, and a pair for checkpoints.

    From now on every record is sealed, and only processes with the key can write. Move the keys
    away from the log (see docs/LOG.md), and restart a desk that is running.
    """
    private, public = settings.checkpoint_key, settings.checkpoint_public_key
    made = False
    if not private.exists():
        checkpoints.make_keys(private, public)
        click.echo(f"Checkpoints are signed with {private}; auditors verify with {public}.")
        made = True
    if key_of(settings) is None:
        query_log = open_log(settings)
        try:
            key = query_log.start_sealing(settings.log_key)
        except OSError as error:
            raise CheckpointError(
                f"The key cannot be written to {settings.log_key} ({error.strerror})."
            ) from error
        finally:
            query_log.close()
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
    help="Vouch for this record, which destroyed something. That goes on record.",
)
@BY
@click.pass_obj
def log_checkpoint(settings: Settings, accepting: tuple[int, ...], by: str | None) -> None:
    """Sign a checkpoint of the end of the log, and add it to the file of checkpoints.

    Records since the last checkpoint are verified first, and counted by kind. A redaction or a
    retention must bear the seal of the log's key, or be accepted with --accept. Otherwise nothing
    is signed, and the exit code is 2.
    """
    key = checkpoints.private_key(settings.checkpoint_key)
    with opened(settings) as query_log:
        if accepting:
            query_log.access("vouch", who(by), ", ".join(map(str, accepting)))
        vouched = vouch(query_log, key, settings.checkpoints, accepting=accepting)
        click.echo(vouched.summary(), err=True)
        click.echo(vouched.checkpoint.line())
        if confirmer := Confirmer.of(settings, query_log):
            for failure in confirmer.confirm(vouched.checkpoint).values():
                click.echo(failure, err=True)


# Auditors' pages


@log.command("audit")
@click.pass_obj
def log_audit(settings: Settings) -> None:
    """Serve the log to auditors in their browser: to be searched, and to review answers.

    They sign in with a password (see `audit-password`), and every page they open goes on record.
    The address is CODEDESK_AUDIT_HOST and CODEDESK_AUDIT_PORT, by default on this machine only.
    """
    try:
        from bot.audit.web.app import serve
    except ModuleNotFoundError as error:
        raise SettingsError(
            "The auditors' pages need Datasette: install it with `pip install 'codedesk[audit]'`, "
            "or run `make audit`."
        ) from error
    from bot.operations import logs

    logs.set_up(settings)
    expect_log(settings)
    serve(settings, partial(verified, settings))


@log.command("audit-password")
@click.argument("name", required=False)
@click.option("--remove", is_flag=True, help="Remove NAME from those who may sign in.")
@click.option(
    "--team",
    "teams",
    multiple=True,
    metavar="ID",
    help="NAME may see this workspace (T…) or organisation (E…) only. May be repeated.",
)
@click.pass_obj
def log_audit_password(
    settings: Settings, name: str | None, remove: bool, teams: tuple[str, ...]
) -> None:
    """Let NAME sign in to the auditors' pages; a prompt asks for the password.

    Only a hash of it is stored, in auditors.toml or the file that CODEDESK_AUDITORS_FILE names.
    Without NAME the hash is printed, for CODEDESK_AUDIT_PASSWORD_HASH. Restart the pages if they
    are being served.
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
        if teams:
            raise click.UsageError("Give the NAME that --team is for.")
        click.echo(password_hash)
        return
    accounts.add(settings.sign_ins, name, password_hash, teams)
    click.echo(f"{name} may sign in, once the pages are started again ({settings.sign_ins}).")


# Redaction, retention and holds


#: The fewest characters of a question's ID for a redaction: 13 may be meant as a record's number.
_FEWEST_OF_AN_ID = 8


@log.command("redact")
@click.argument("question_id", metavar="[ID]", required=False)
@_REASON
@BY
@click.option(
    "--record", type=int, metavar="NUMBER", help="Redact one record instead of a question."
)
@click.option("--answer", is_flag=True, help="Destroy the answer, too.")
@click.pass_obj
def log_redact(
    settings: Settings,
    question_id: str | None,
    reason: str,
    by: str | None,
    record: int | None,
    answer: bool,
) -> None:
    """Destroy the text of a question and its salt; its records stay.

    Notes on its answer and the details of its deliveries are destroyed, too. The answer is kept (it
    has official words, and the codes asked about) unless you add --answer. With --record, only the
    texts of one record are destroyed, such as a search for a name. Do not repeat in the reason what
    should be gone. If there is a key for checkpoints, one is signed afterwards.
    """
    if (question_id is None) == (record is None):
        raise click.UsageError("Name one question by its ID, or one record by --record NUMBER.")
    if question_id is not None and len(question_id) < _FEWEST_OF_AN_ID:
        raise click.UsageError(
            f"Give {_FEWEST_OF_AN_ID} characters of the ID or more: what is destroyed is gone. One "
            "record is named by --record NUMBER."
        )
    with opened(settings) as query_log:
        what = one_question(query_log, question_id).id if question_id else record
        assert what is not None
        gone = retention.redact(query_log, what, reason, who(by), answer=answer)
        vouch_for(settings, query_log, gone.record)
    click.echo(f"Destroyed of {what}: {', '.join(sorted(set(gone.texts)))}.")


@log.command("clean")
@click.pass_obj
def log_clean(settings: Settings) -> None:
    """Write the database anew, so that nothing deleted lingers in it. `redact` tells you when."""
    with opened(settings) as query_log:
        retention.clean(query_log)


@log.command("hold")
@click.argument("question_id", metavar="[ID]", required=False)
@_REASON
@BY
@click.pass_obj
def log_hold(settings: Settings, question_id: str | None, reason: str, by: str | None) -> None:
    """Lay a legal hold on a question, or without ID on the whole log: nothing of it is destroyed
    until the hold is released."""
    with opened(settings) as query_log:
        question_id = one_question(query_log, question_id).id if question_id else None
        number = retention.hold(query_log, reason, who(by), question_id)
    click.echo(f"Hold {number} is in force. To end it: codedesk log release {number} --reason TEXT")


@log.command("release")
@click.argument("number", type=int, metavar="HOLD")
@_REASON
@BY
@click.pass_obj
def log_release(settings: Settings, number: int, reason: str, by: str | None) -> None:
    """Release a hold, by its number."""
    with opened(settings) as query_log:
        retention.release(query_log, number, reason, who(by))
    click.echo(f"Hold {number} is released.")


@log.command("holds")
@JSON_LINES
@UTC
@click.pass_obj
def log_holds(settings: Settings, as_json: bool, utc: bool) -> None:
    """List the holds in force."""
    with opened(settings) as query_log:
        holds = retention.holds(query_log)
    if as_json:
        echo_json(*map(asdict, holds))
        return
    if not holds:
        progress(message("log_tables.no_holds"))
        return
    shown = screen()
    hint = Text(message("log_tables.release"), "small")
    click.echo(shown.drawn(*log_tables.holds(holds, shown, Times(utc)), "", hint))


@log.command("retain")
@BY
@click.pass_obj
def log_retain(settings: Settings, by: str | None) -> None:
    """Remove the months that are older than CODEDESK_LOG_RETENTION_YEARS, unless a hold forbids it.

    The log is verified first, and a checkpoint is signed afterwards. Exit code: 0, or 3 when the
    log was altered; then nothing is removed.
    """
    before = verified(settings)
    if before.result == "tampered":
        click.echo("\n".join(before.sentences()))
        sys.exit(before.exit_code)
    with opened(settings) as query_log:
        removed = retention.retain(query_log, settings.log_retention_years, who(by))
        if removed is None:
            click.echo("There is nothing to remove.")
            return
        click.echo(
            f"Removed records {removed.first} to {removed.last}; record {removed.tombstone} says "
            "so."
        )
        vouch_for(settings, query_log, removed.tombstone)


def vouch_for(settings: Settings, query_log: QueryLog, record: int) -> None:
    """Sign a checkpoint that vouches for a redaction, a retention or a sign-off (its record
    number), if there is a key. If it cannot be signed, that is printed; the record stays."""
    if not settings.checkpoint_key.exists():
        return
    try:
        key = checkpoints.private_key(settings.checkpoint_key)
        vouch(query_log, key, settings.checkpoints, accepting=[record])
    except CheckpointError as error:
        click.echo(str(error), err=True)
