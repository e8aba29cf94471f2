"""What others said of checkpoints: cosignatures of witnesses and time stamps. Kept beside the file
of checkpoints, in lines of JSON that are only ever added; each names its note by SHA-256."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from bot.querylog.checkpoints import Checkpoint, CheckpointError, keep_line
from bot.querylog.hash_chain import NOT_OF_THE_FORM, canonical
from bot.querylog.receipt_check import NoteKey, parse_note, parse_note_key, signed_at
from bot.querylog.timestamps import NotStamped, stamped_at, stamping_roots
from bot.querylog.verify import Verification


def witness_key(path: Path) -> NoteKey:
    """The public key of a witness. Raises CheckpointError."""
    try:
        return parse_note_key(path.read_text(encoding="utf-8"))
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
        return self.read().cosignatures(note)

    def timestamp(self, note: str) -> bytes | None:
        """The first time stamp of a note; None without one."""
        return self.read().timestamp(note)

    def read(self) -> Confirmed:
        """What is there now."""
        lines: dict[str, list[dict[str, str]]] = {}
        for one in self._whole_lines():
            lines.setdefault(one["note"], []).append(one)
        return Confirmed(lines)

    def _whole_lines(self) -> Iterator[dict[str, str]]:
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                kept = json.loads(line)
                if not all(isinstance(value, str) for value in [kept["note"], *kept.values()]):
                    continue
                base64.b64decode(kept.get("timestamp", ""), validate=True)
            except NOT_OF_THE_FORM:
                continue
            yield kept


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The lines of such a file, by the name of their note."""

    lines: dict[str, list[dict[str, str]]]

    def cosignatures(self, note: str) -> list[str]:
        """Lines that have the form of a signature, of whomever."""
        lines = [one["cosignature"] for one in self._of(note) if "cosignature" in one]
        return [line for line in lines if _is_line(note, line)]

    def timestamp(self, note: str) -> bytes | None:
        return next(
            (base64.b64decode(one["timestamp"]) for one in self._of(note) if "timestamp" in one),
            None,
        )

    def _of(self, note: str) -> list[dict[str, str]]:
        return self.lines.get(_name(note), [])


def _is_line(note: str, line: str) -> bool:
    try:
        return len(parse_note(note + line).signatures) == len(parse_note(note).signatures) + 1
    except ValueError:
        return False


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
    of_log = [one for one in checkpoints if one.log == verification.log and one.note]
    confirmed = kept.read()
    for witness in witnesses:
        _check_witness(verification, of_log, confirmed, witness)
    if roots is not None:
        _check_stamps(verification, of_log, confirmed, roots)


def _check_witness(
    verification: Verification, of_log: list[Checkpoint], kept: Confirmed, witness: NoteKey
) -> None:
    newest = None
    for one in of_log:
        for line in kept.cosignatures(one.note):
            try:
                times = signed_at(parse_note(one.note + line), witness)
            except (InvalidSignature, ValueError):
                verification.bad = 0
                verification.why = (
                    f"The cosignature of {witness.name} on the checkpoint of {one.at} is wrong: it "
                    "was forged or changed, or is of another checkpoint."
                )
                return
            newest = (one, times[0]) if times else newest
    if newest is None:
        verification.unconfirmed.append(f"The witness {witness.name} cosigned no checkpoint of it.")
        return
    checkpoint, at = newest
    verification.notes.append(
        f"The witness {witness.name} cosigned the checkpoint of record {checkpoint.sequence:,} at "
        f"{at:%Y-%m-%dT%H:%M:%SZ}: it saw no other history of this log."
    )


def _check_stamps(
    verification: Verification, of_log: list[Checkpoint], kept: Confirmed, roots: Path
) -> None:
    authorities = stamping_roots(roots)
    stamped = []
    for one in of_log:
        response = kept.timestamp(one.note)
        if response is None:
            continue
        try:
            stamped.append((one, stamped_at(response, one.note, authorities)))
        except NotStamped as error:
            verification.bad = 0
            verification.why = (
                f"The time stamp of the checkpoint of {one.at} is wrong ({error}): it was forged "
                f"or changed, or is not of an authority in {roots.name}."
            )
            return
    if not stamped:
        verification.unconfirmed.append("No checkpoint of it has a time stamp.")
        return
    checkpoint, at = stamped[-1]
    verification.notes.append(
        f"{len(stamped):,} of {len(of_log):,} checkpoints with a tree are time-stamped. The "
        f"records up to {checkpoint.sequence:,} were there by {at:%Y-%m-%dT%H:%M:%SZ}."
    )
