"""`codedesk log receipt`, `check-receipt`, and what witnesses do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.audit import export
from bot.cli.log import log, one_question, who
from bot.cli.shared import JSON, echo_json
from bot.querylog import QueryLog, checkpoints, receipt_check, trees
from bot.querylog.checkpoints import CheckpointError, NoTree
from bot.querylog.confirmations import Confirmations, witness_key
from bot.querylog.hash_chain import write_private
from bot.querylog.merkle import CannotProve
from bot.querylog.opening import opened
from bot.querylog.receipt_check import COSIGNATURE, NoteKey, NotProven
from bot.querylog.receipts import NotCovered, Receipts
from bot.querylog.signed_notes import vkey
from bot.querylog.timestamps import NotStamped, stamped_at, stamping_roots
from bot.querylog.vouching import vouch
from bot.querylog.witnesses import Witness, request, valid_line
from bot.settings import Settings

_FILE = click.Path(dir_okay=False, path_type=Path)
_THERE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUTPUT: Any = click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Default: standard output."
)
_FORCE: Any = click.option("--force", is_flag=True, help="Overwrite an existing file.")
_PUBLIC: Any = click.option(
    "--public-key", "public", type=_FILE, metavar="KEY", help="The key of the checkpoints (.pub)."
)


def _write(text: str, output: Path | None, force: bool = False) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    with export.private_file(output, force=force) as file:
        file.write(text.encode())
    click.echo(f"It is in {output}.", err=True)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file} cannot be read as text in UTF-8.") from error


def receipts_of(settings: Settings, query_log: QueryLog) -> Receipts:
    """Under the newest checkpoint. Raises CheckpointError and LogUnavailable."""
    public = checkpoints.public_key(settings.checkpoint_public_key)
    newest = checkpoints.newest_with_tree(settings.checkpoints, public, query_log.id)
    kept = Confirmations.beside(settings.checkpoints)
    return Receipts(
        query_log,
        newest,
        cosignatures=kept.cosignatures(newest.note),
        timestamp=kept.timestamp(newest.note),
    )


@log.command("receipt")
@click.argument("question_id", metavar="ID")
@_OUTPUT
@click.option("--texts", is_flag=True, help="With the question and the answer, and their salts.")
@click.option("--vouch", "sign", is_flag=True, help="Sign a checkpoint first, if none covers it.")
@_FORCE
@click.pass_obj
def log_receipt(
    settings: Settings,
    question_id: str,
    output: Path | None,
    texts: bool,
    sign: bool,
    force: bool,
) -> None:
    """Write a receipt of a question and its answer: a proof that the log has them as they are.

    Who has the receipt and the public key checks it without the log: `codedesk log check-receipt`.
    It says who asked, where and when. The words are in it only with --texts. Then whoever has the
    receipt has the salts, too, and can show what the words were, even after a redaction. That it
    was made goes on record.
    """
    with opened(settings) as query_log:
        question = one_question(query_log, question_id).id
        try:
            receipt = receipts_of(settings, query_log).of(question, texts=texts)
        except (NotCovered, NoTree):
            if not sign:
                raise
            vouch(query_log, checkpoints.private_key(settings.checkpoint_key), settings.checkpoints)
            receipt = receipts_of(settings, query_log).of(question, texts=texts)
        detail = "a receipt with texts" if texts else "a receipt"
        query_log.access("export", who(None), detail, question)
    _write(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n", output, force)


@log.command("check-receipt")
@click.argument("file", type=_THERE)
@_PUBLIC
@click.option("--witness", "witnesses", type=_FILE, multiple=True, metavar="KEY",
              help="The public key of a witness that must have cosigned.")  # fmt: skip
@click.option("--tsa-roots", type=_FILE, metavar="FILE", help="Roots (PEM) for the time stamp.")
@JSON
@click.pass_obj
def log_check_receipt(
    settings: Settings,
    file: Path,
    public: Path | None,
    witnesses: tuple[Path, ...],
    tsa_roots: Path | None,
    as_json: bool,
) -> None:
    """Check a receipt, or a file with one on each line, with the public key and nothing else.

    The program that checks is one file that also runs alone: bot/querylog/receipt_check.py.

    Exit code: 0 yes, 2 the request was wrong, 3 no.
    """
    key = checkpoints.public_key(public or settings.checkpoint_public_key)
    named = [witness_key(path) for path in witnesses]
    roots = stamping_roots(tsa_roots) if tsa_roots else None
    try:
        checked = receipt_check.check_file(file.read_text(encoding="utf-8"), key, named)
        lines = receipt_check.told(checked)
        if roots is not None:
            lines += _stamped(checked, roots)
    except UnicodeDecodeError:
        lines = ["NO: It is not a receipt: it is no text in UTF-8."]
    except NotProven as error:
        lines = ["NO: " + receipt_check.escaped(str(error))]
    proven = not lines[0].startswith("NO")
    if as_json:
        echo_json({"proven": proven, "says": lines})
    else:
        click.echo("\n".join(lines))
    sys.exit(0 if proven else 3)


def _stamped(checked: list[receipt_check.Checked], roots: Any) -> list[str]:
    """Raises NotProven."""
    newest = None
    for one in checked:
        if one.timestamp is None:
            raise NotProven("It has no time stamp.")
        try:
            at = stamped_at(one.timestamp, one.note, roots)
        except NotStamped as error:
            raise NotProven(f"Its time stamp is wrong ({error}).") from error
        newest = max(newest or at, at)
    return [f"Time-stamped at {newest:%Y-%m-%dT%H:%M:%SZ}: it was all there by then."]


# Witnesses


@log.command("consistency")
@click.argument("old", type=click.IntRange(0))
@click.argument("new", type=click.IntRange(1), required=False)
@_OUTPUT
@_FORCE
@click.pass_obj
def log_consistency(
    settings: Settings, old: int, new: int | None, output: Path | None, force: bool
) -> None:
    """Make a request to a witness: the newest checkpoint (or that of size NEW), with the proof that
    it goes on from size OLD, the size of the last one which the witness signed (0: none)."""
    public = checkpoints.public_key(settings.checkpoint_public_key)
    with opened(settings) as query_log:
        checkpoint = checkpoints.newest_with_tree(settings.checkpoints, public, query_log.id)
        if new is not None:
            sizes = {
                one.tree.size: one
                for one in checkpoints.read(settings.checkpoints, public).good
                if one.log == query_log.id and one.tree is not None
            }
            if new not in sizes:
                raise CheckpointError(f"There is no checkpoint of size {new:,} with a tree.")
            checkpoint = sizes[new]
        try:
            proof = trees.whole(query_log, checkpoint.sequence).consistency(old)
        except CannotProve as error:
            raise CheckpointError(
                f"There is no proof that the checkpoint goes on from size {old:,}: {error}."
            ) from error
    _write(request(old, proof, checkpoint.note), output, force)


@log.command("witness-keys")
@click.argument("name")
@click.option("--key", type=_FILE, required=True, metavar="FILE", help="Where the key goes.")
def log_witness_keys(name: str, key: Path) -> None:
    """Make a key for a witness: FILE, and FILE.pub for those who verify. NAME is how it signs, such
    as audit.example.org/codedesk: without blanks and plus signs."""
    if not name.isprintable() or any(char.isspace() or char == "+" for char in name) or not name:
        raise click.UsageError("A name has no blanks, plus signs or control characters.")
    made = Ed25519PrivateKey.generate()
    public = vkey(NoteKey(name, made.public_key(), COSIGNATURE))
    try:
        write_private(
            key,
            made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        write_private(_public_of(key), (public + "\n").encode(), 0o644)
    except OSError as error:
        raise CheckpointError(
            f"The keys cannot be written to {key} and {_public_of(key)} ({error.strerror}). A key "
            "is never written over."
        ) from error
    click.echo(f"The witness signs with {key}; others verify with {_public_of(key)}.")


def _public_of(key: Path) -> Path:
    return key.with_name(key.name + ".pub")


@log.command("witness")
@click.argument("file", type=_THERE)
@click.option("--key", type=_FILE, required=True, metavar="KEY", help="The key of the witness.")
@_PUBLIC
@click.option("--state", type=_FILE, metavar="FILE", help="What it saw last. Default: KEY.seen.")
@_OUTPUT
@_FORCE
@click.pass_obj
def log_witness(
    settings: Settings,
    file: Path,
    key: Path,
    public: Path | None,
    state: Path | None,
    output: Path | None,
    force: bool,
) -> None:
    """As a witness, cosign the checkpoint of FILE, which `codedesk log consistency` made.

    It is for another person on another host, and needs no log. A checkpoint is signed only if the
    log's key signed it and it goes on from the last one that this witness signed; otherwise the
    exit code is 2, and a sentence says why. Give the line that it prints to whoever runs the desk.
    """
    private = checkpoints.private_key(key)
    named = witness_key(_public_of(key))
    log_key = checkpoints.public_key(public or settings.checkpoint_public_key)
    seen = state or key.with_name(key.name + ".seen")
    witness = Witness(named.name, private, log_key, seen)
    _write(witness.add_checkpoint(_text(file)), output, force)


@log.command("cosigned")
@click.argument("file", type=_THERE)
@click.option("--witness", type=_FILE, required=True, metavar="KEY", help="Its public key.")
@click.pass_obj
def log_cosigned(settings: Settings, file: Path, witness: Path) -> None:
    """Keep the line by which a witness cosigned a checkpoint, beside the checkpoints."""
    named = witness_key(witness)
    public = checkpoints.public_key(settings.checkpoint_public_key)
    text = _text(file)
    for one in reversed(checkpoints.read(settings.checkpoints, public).good):
        if one.note and (line := valid_line(text, one.note, named)):
            Confirmations.beside(settings.checkpoints).keep_cosignature(one.note, line)
            click.echo(f"{named.name} cosigned the checkpoint of record {one.sequence:,}.")
            return
    raise CheckpointError(
        f"{file} has no signature of {named.name} on any of the checkpoints; nothing was kept."
    )
