"""What others said of checkpoints: cosignatures of witnesses and time stamps. Kept beside the file
of checkpoints, in lines of JSON that are only ever added; each names its note by SHA-256."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from bot.querylog.checkpoints import Checkpoint, CheckpointError, keep_line
from bot.querylog.hash_chain import NOT_OF_THE_FORM, canonical
from bot.querylog.receipt_check import COSIGNATURE, NoteKey, parse_note, parse_note_key, signed_at
from bot.querylog.timestamps import NotStamped, stamped_at, stamping_roots
from bot.querylog.verify import Verification


def witness_key(path: Path) -> NoteKey:
    """The public key of a witness. Raises CheckpointError."""
    try:
        key = parse_note_key(path.read_text(encoding="utf-8"))
        if key.kind != COSIGNATURE:
            raise ValueError
        return key
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"There is no public key of a witness in {path}. It is one line, `NAME+ID+KEY`, as "
            "`codedesk log witness-keys` makes it."
        ) from error


@dataclass(frozen=True, slots=True)
class Confirmations:
    """The file of a log's confirmations, beside that of its checkpoints."""

    path: Path

    @classmethod
    def beside(cls, checkpoints: Path) -> Confirmations:
        return cls(checkpoints.with_name(checkpoints.name + ".confirmed"))

    def keep_cosignature(self, note: str, line: str) -> None:
        """Raises CheckpointError."""
        keep_line(canonical({"note": _name(note), "cosignature": line}), self.path)

    def keep_timestamp(self, note: str, response: bytes) -> None:
        """Raises CheckpointError."""
        encoded = base64.b64encode(response).decode()
        keep_line(canonical({"note": _name(note), "timestamp": encoded}), self.path)

    def cosignatures(self, note: str) -> list[str]:
        """Lines of signatures on a note, the last one of each key. Others may be left out, since
        some verifiers refuse a note that a key signed twice."""
        of_key: dict[tuple[str, bytes], str] = {}
        for one in self._of(note):
            line = one.get("cosignature", "")
            if (key := _signed_by(note, line)) is not None:
                of_key[key] = line
        return list(of_key.values())

    def timestamp(self, note: str) -> bytes | None:
        """The first time stamp of a note; None without one."""
        stamps = (one["timestamp"] for one in self._of(note) if "timestamp" in one)
        return next(map(base64.b64decode, stamps), None)

    def _of(self, note: str) -> Iterator[dict[str, str]]:
        name = _name(note)
        return (one for one in self.each(name) if one["note"] == name)

    def each(self, containing: str = "") -> Iterator[dict[str, str]]:
        """Every line that is whole and contains this text, one by one: stamps have some kilobytes
        each, and there may be years of them."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if containing in line and (kept := _parsed(line)) is not None:
                        yield kept
        except OSError:
            return


def _parsed(line: str) -> dict[str, str] | None:
    try:
        kept = json.loads(line)
        base64.b64decode(kept.get("timestamp", ""), validate=True)
        whole = all(isinstance(value, str) for value in [kept["note"], *kept.values()])
    except NOT_OF_THE_FORM:
        return None
    return kept if whole else None


def _signed_by(note: str, line: str) -> tuple[str, bytes] | None:
    """The name and the id of the key of a line of a signature; None for what is no such line."""
    try:
        *own, (name, signature) = parse_note(note + line).signatures
        return (name, signature[:4]) if len(own) == len(parse_note(note).signatures) else None
    except ValueError:
        return None


def _name(note: str) -> str:
    return hashlib.sha256(note.encode()).hexdigest()


def check(
    verification: Verification,
    checkpoints: Sequence[Checkpoint],
    kept: Confirmations,
    witnesses: Sequence[NoteKey] = (),
    roots: Path | None = None,
) -> None:
    """Check what confirms the checkpoints of a log that was verified: by each witness, and by time
    stamps of an authority whose roots are in a file. Adds sentences to its notes; a wrong
    signature, or none, makes it tampered, or not vouched for. Raises CheckpointError."""
    if verification.bad is not None:
        return
    of_log = {
        _name(one.note): one for one in checkpoints if one.log == verification.log and one.note
    }
    authorities = stamping_roots(roots) if roots is not None else None
    cosigned: dict[str, tuple[Checkpoint, dt.datetime]] = {}
    stamped: dict[str, dt.datetime] = {}
    for line in kept.each():
        one = of_log.get(line["note"])
        if one is None:
            continue
        try:
            if "cosignature" in line:
                cosigned |= _cosigned(one, line["cosignature"], witnesses)
            if "timestamp" in line and authorities is not None:
                response = base64.b64decode(line["timestamp"])
                stamped[line["note"]] = stamped_at(response, one.note, authorities)
        except _Wrong as error:
            verification.bad, verification.why = 0, str(error)
            return
        except NotStamped as error:
            verification.bad = 0
            verification.why = (
                f"The time stamp of the checkpoint of {one.at} is wrong ({error}): it was forged "
                f"or changed, or is not of an authority in {roots.name if roots else ''}."
            )
            return
    for witness in witnesses:
        _tell_witness(verification, witness.name, cosigned.get(witness.name))
    if authorities is not None:
        _tell_stamps(verification, of_log, stamped)


class _Wrong(Exception):
    """A cosignature is wrong; the message is a sentence."""


def _cosigned(
    checkpoint: Checkpoint, line: str, witnesses: Sequence[NoteKey]
) -> dict[str, tuple[Checkpoint, dt.datetime]]:
    """Which of these witnesses signed a checkpoint by a line, and when. Raises _Wrong."""
    signed: dict[str, tuple[Checkpoint, dt.datetime]] = {}
    for witness in witnesses:
        try:
            times = signed_at(parse_note(checkpoint.note + line), witness)
        except (InvalidSignature, ValueError) as error:
            raise _Wrong(
                f"The cosignature of {witness.name} on the checkpoint of {checkpoint.at} is wrong: "
                "it was forged or changed, or is of another checkpoint."
            ) from error
        for at in filter(None, times):
            signed[witness.name] = (checkpoint, at)
    return signed


def _tell_witness(
    verification: Verification, name: str, newest: tuple[Checkpoint, dt.datetime] | None
) -> None:
    if newest is None:
        verification.unconfirmed.append(f"The witness {name} cosigned no checkpoint of it.")
        return
    checkpoint, at = newest
    verification.notes.append(
        f"The witness {name} cosigned the checkpoint of record {checkpoint.sequence:,} at "
        f"{at:%Y-%m-%dT%H:%M:%SZ}: it saw no other history of this log."
    )


def _tell_stamps(
    verification: Verification, of_log: dict[str, Checkpoint], stamped: dict[str, dt.datetime]
) -> None:
    if not stamped:
        verification.unconfirmed.append("No checkpoint of it has a time stamp.")
        return
    newest = max(stamped, key=lambda name: of_log[name].sequence)
    verification.notes.append(
        f"{len(stamped):,} of {len(of_log):,} checkpoints with a tree are time-stamped. The "
        f"records up to {of_log[newest].sequence:,} were there by "
        f"{stamped[newest]:%Y-%m-%dT%H:%M:%SZ}."
    )
