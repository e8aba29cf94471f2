"""The chain of the query log: how a record is hashed, sealed, and bound to the one before it.

Invariants
1. Records are numbered 1, 2, 3 … without a gap. A record's `previous` is the hash of the record
   before it; that of the first is the hash of the genesis, which names this log (a random id) and
   says when it was made.
2. `hash` is "sha256:" and the hex SHA-256 of the record's canonical JSON: the array
   [seq, at, kind, subject, body, previous], where `body` is the stored text itself, byte for byte.
   Nothing of a record is outside of its hash but the hash and the seal.
3. `seal`, once there is a key, is "hmac-sha256:" and the hex HMAC of `hash` under the key. The key
   file names the log and the first record that is sealed; from there on every record is.
4. A text that people typed is not in the body. `body.texts` holds, by name, its commitment:
   "sha256:" and the hex SHA-256 of 16 random bytes (the salt) followed by the text in UTF-8. Text
   and salt are in the table `texts`, and are either there and match, or were destroyed by a later
   record that says so (a redaction), or went with their record (retention). The salt is a blob of
   16 bytes and the text is text: of another length, it would leave open where the text begins.
5. Records may be missing from the start only, and only those that a retention tombstone names,
   with the hash of the last one.

Canonical JSON is what Python's `json.dumps` writes with sorted keys, no spaces, no escapes but
those that JSON requires, and no NaN; encoded in UTF-8. Bodies are written so, too, and read back as
they are: whoever verifies hashes the stored text and need not write JSON the same way.

The adversary can read and write the database file, with any tool, and knows this program. They
have neither the key nor the checkpoints (which are signed, and kept elsewhere).
- Whoever changes, inserts, moves or removes records must hash all that follow anew. Anyone who
  holds a checkpoint from after the change sees that; so does whoever holds the key.
- The end may be cut off, or an older copy of the file put in its place, without any hash being
  wrong. A checkpoint shows that; nothing in the database can.
- What came after the newest checkpoint is vouched for by nobody, unless the log is sealed with a
  key: then it may have been cut off, and not changed.
- They may destroy texts by a redaction of their own, or the beginning by a tombstone of their own:
  those are records, too, in plain sight, and not vouched for until a checkpoint is.
Hash and seal are apart so that an auditor without the key re-derives the whole chain and, with the
public key of the checkpoints, knows that it is the one that was there; and can forge neither.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesets.errors import CodeDeskError

SALT_BYTES = 16
#: What is raised by a value that is not of the form in which Code Desk writes it.
NOT_OF_THE_FORM = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RecursionError,
    OverflowError,
)


class LogUnavailable(CodeDeskError):
    """The log cannot be written, or not read, so nothing may be answered; the message says why."""


def canonical(value: Any) -> str:
    """Canonical JSON; see the top of this module. Raises ValueError for NaN and infinity."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def genesis_hash(log: str, created: str) -> str:
    """What the first record links to."""
    return _sha256(canonical({"codedesk-log": log, "created": created}).encode())


def record_hash(seq: int, at: str, kind: str, subject: str | None, body: str, previous: str) -> str:
    # Each part as JSON has it, so that no two records can be written alike.
    return _sha256(canonical([seq, at, kind, subject, body, previous]).encode())


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, text: str) -> str:
    """Binds to a text without telling it: without the salt, guessing the text shows nothing."""
    return _sha256(salt + text.encode())


def is_committed(salt: Any, text: Any, promised: str) -> bool:
    """Whether this is the text, with the salt, that a commitment binds to."""
    return (
        isinstance(salt, bytes)
        and len(salt) == SALT_BYTES
        and isinstance(text, str)
        and hmac.compare_digest(commitment(salt, text), promised)
    )


def plain(text: str) -> str:
    """The text as UTF-8 can hold it: bytes that a terminal could not read become question marks."""
    return text.encode("utf-8", "replace").decode()


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class LogKey:
    """The key that seals the records of one log from one of them on."""

    secret: bytes
    log: str
    sealed_from: int

    def seal(self, record_hash: str) -> str:
        digest = hmac.new(self.secret, record_hash.encode(), hashlib.sha256).hexdigest()
        return "hmac-sha256:" + digest

    @classmethod
    def load(cls, path: Path) -> LogKey:
        """Raises LogUnavailable."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(bytes.fromhex(told["key"]), str(told["log"]), int(told["sealed_from"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LogUnavailable(
                f"The log's key cannot be read from {path} ({type(error).__name__}). Put back the "
                "file that `codedesk log keys` made, or set CODEDESK_LOG_KEY_FILE to where it is."
            ) from error

    def save(self, path: Path) -> None:
        """Raises OSError, FileExistsError among them: a key is never written over."""
        told = {"key": self.secret.hex(), "log": self.log, "sealed_from": self.sealed_from}
        write_private(path, (canonical(told) + "\n").encode())


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file, on the disk when this returns. Raises FileExistsError and other OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
