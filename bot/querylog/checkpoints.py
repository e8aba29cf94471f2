"""Checkpoints: signed lines on where the log ended at a time, kept apart from the log.

A checkpoint is one line of JSON: the log's id, the number of its last record (`sequence`), how many
records are there (`count`; fewer, after retention), the hash of the last (`head`), and the time
(`at`), signed with Ed25519 over the canonical JSON of those five and the `note`. The note is a
checkpoint of the Merkle tree over the records, signed with the same key (see `signed_notes`); lines
of an earlier Code Desk have none. The serving process signs with the private key. The public key
only verifies, so anyone may have it. Lines are only ever added to the file.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from bot.querylog.hash_chain import canonical, write_private
from bot.querylog.receipt_check import (
    ED25519,
    NoteKey,
    TreeHead,
    parse_note,
    signed_at,
    tree_head,
)
from codesets.errors import CodeDeskError


class CheckpointError(CodeDeskError):
    """A key or a file of checkpoints that cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    log: str
    sequence: int
    count: int
    head: str
    at: str
    signature: str = ""
    #: The signed note on the tree; "" in a line of before there was one.
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        fields = asdict(self)
        if not self.note:
            del fields["note"]
        return fields

    def signed_part(self) -> bytes:
        fields = self.as_dict()
        del fields["signature"]
        return canonical(fields).encode()

    def line(self) -> str:
        return canonical(self.as_dict())

    @property
    def tree(self) -> TreeHead | None:
        """What the note says; None without one. Raises ValueError."""
        return tree_head(parse_note(self.note).text) if self.note else None


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """A file of checkpoints, as read. `forged` are the numbers of lines that this key did not sign,
    `torn` those of lines that are no checkpoint, as a crash while writing leaves them."""

    good: list[Checkpoint]
    forged: list[int]
    torn: list[int]


# Keys


def make_keys(private: Path, public: Path) -> None:
    """Raises CheckpointError when there are keys already."""
    key = Ed25519PrivateKey.generate()
    try:
        write_private(
            private,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        write_private(
            public,
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
            0o644,
        )
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint keys cannot be written to {private} and {public} ({error.strerror}). "
            "A key is never written over: move the old one away first."
        ) from error


def private_key(path: Path) -> Ed25519PrivateKey:
    """Raises CheckpointError."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CheckpointError(
            f"There is no key at {path} to sign checkpoints with: make one with `codedesk log "
            "keys`, or set CODEDESK_CHECKPOINT_KEY_FILE to where it is."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CheckpointError(f"The key in {path} is not an Ed25519 key.")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Raises CheckpointError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise CheckpointError(
            f"There is no public key at {path} to verify checkpoints with: name the one that "
            "`codedesk log keys` made with --public-key FILE."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise CheckpointError(f"The public key in {path} is not an Ed25519 key.")
    return key


# Making and keeping


def signed(bare: Checkpoint, key: Ed25519PrivateKey) -> Checkpoint:
    signature = base64.b64encode(key.sign(bare.signed_part())).decode()
    return replace(bare, signature=signature)


def keep(checkpoint: Checkpoint, path: Path) -> None:
    """Add a line to the file, on the disk when this returns. Raises CheckpointError."""
    keep_line(checkpoint.line(), path)


def keep_line(line: str, path: Path) -> None:
    """Add a line to a file of checkpoints, or of what confirms them. Raises CheckpointError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        try:
            size = os.fstat(file).st_size
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            line = ("\n" if torn else "") + line + "\n"
            # On a full disk a part may be written, and the error come only with the next write.
            left = line.encode()
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint cannot be written to {path} ({error.strerror}). Mend that, or set "
            "CODEDESK_CHECKPOINT_FILE to another place outside of the log's folder."
        ) from error


def newest_first(path: Path, key: Ed25519PublicKey) -> Iterator[Checkpoint]:
    """The checkpoints of a file that this key signed, the last one first. Each is verified only
    when it is asked for. Raises CheckpointError when the file cannot be read."""
    for line in reversed(_lines(path)):
        yield from read_lines([line], key).good


def read(path: Path, key: Ed25519PublicKey) -> Checkpoints:
    """Raises CheckpointError when the file cannot be read."""
    return read_lines(_lines(path), key)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise CheckpointError(
            f"The checkpoints cannot be read from {path} ({error.strerror}). Name the file with "
            "--checkpoints FILE."
        ) from error


def read_lines(lines: Iterable[str], key: Ed25519PublicKey) -> Checkpoints:
    checkpoints = Checkpoints([], [], [])
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            checkpoint = Checkpoint(**fields)
            kinds = (str, int, int, str, str, str, str)
            if not all(map(isinstance, asdict(checkpoint).values(), kinds)):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            checkpoints.torn.append(number)
            continue
        try:
            key.verify(base64.b64decode(checkpoint.signature), checkpoint.signed_part())
            _check_note(checkpoint, key)
        except (InvalidSignature, ValueError):
            checkpoints.forged.append(number)
        else:
            checkpoints.good.append(checkpoint)
    return checkpoints


class NoTree(CheckpointError):
    """No checkpoint of the log has a tree yet."""


def newest_with_tree(path: Path, key: Ed25519PublicKey, log: str) -> Checkpoint:
    """The last checkpoint of a log that has a tree. Raises NoTree and CheckpointError."""
    if path.exists():
        for one in newest_first(path, key):
            if one.log == log and one.note:
                return one
    raise NoTree(
        f"There is no checkpoint of this log with a tree in {path} that the public key verifies: "
        "sign one with `codedesk log checkpoint`."
    )


def _check_note(checkpoint: Checkpoint, key: Ed25519PublicKey) -> None:
    """Raises InvalidSignature and ValueError when there is a note that is not signed, or is not of
    this checkpoint."""
    head = checkpoint.tree
    if head is None:
        return
    by_key = signed_at(parse_note(checkpoint.note), NoteKey(head.origin, key, ED25519))
    of_it = (head.log, head.base + head.size) == (checkpoint.log, checkpoint.sequence)
    if not by_key or not of_it:
        raise InvalidSignature
