"""The chain of the query log: how a record is hashed, sealed, and bound to the one before it.

Invariants
1. Records are numbered 1, 2, 3 … without a gap. A record's `previous` is the hash of the record
   before it; that of the first is the hash of the genesis, which names this log (a random id) and
   says when it was made.
2. `hash` is "sha256:" and the hex SHA-256 of the record's canonical JSON: the array
   [seq, at, kind, subject, body, previous], where `body` is the stored text itself, byte for byte.
   So the hash covers all of a record but itself and the seal.
3. `seal`, once there is a key, is "hmac-sha256:" and the hex HMAC of `hash` under the key. The key
   file names the log and the first sealed record. From there on every record is sealed.
4. A text that people typed is not in the body. `body.texts` holds, by name, its commitment:
   "sha256:" and the hex SHA-256 of 16 random bytes (the salt) followed by the text in UTF-8. Text
   and salt are in the table `texts`. Either they are there and match, or a later record says that
   they were destroyed (a redaction), or they were removed with their record (retention). The salt
   is a blob of exactly 16 bytes: with another length it would be open where the text begins.
5. Records may be missing only from the start, and only those that a retention tombstone names with
   the hash of the last one.

Canonical JSON is what Python's `json.dumps` writes with sorted keys, no spaces, only the escapes
that JSON requires, and no NaN, in UTF-8. Bodies are written so, too. A verifier hashes the stored
text of a body, so it need not write JSON the same way.

The adversary can read and write the database file with any tool, and knows this program. They have
neither the key nor the checkpoints, which are signed and kept elsewhere.
- To change, insert, move or remove a record they must hash all later records anew. Anyone with the
  key, or with a checkpoint that covers the changed record, detects that.
- They can cut off the end, or put back an older copy of the file, and every hash is still right.
  Only a checkpoint shows that; nothing in the database can.
- Nothing vouches for records after the newest checkpoint. If the log is sealed, these can have been
  cut off, but not changed.
- They can destroy texts by a redaction of their own, or the beginning by a tombstone of their own.
  Those are records, too, and visible; only a checkpoint vouches for them.
Hash and seal are separate, so that an auditor without the key can re-derive the whole chain and,
with the public key of the checkpoints, know that it is the original, but can forge neither.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesets.errors import CodeDeskError

SALT_BYTES = 16
#: The errors that a value raises which does not have the form that Code Desk writes.
NOT_OF_THE_FORM = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RecursionError,
    OverflowError,
)


#: One encoder for all: to make one takes as long as to write a record.
_CANONICAL = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
)


class LogUnavailable(CodeDeskError):
    """The log cannot be written or read, so nothing may be answered; the message says why."""


def canonical(value: Any) -> str:
    """Canonical JSON; see the top of this module. Raises ValueError for NaN and infinity."""
    return _CANONICAL.encode(value)


def canonical_body(body: Mapping[str, Any]) -> str:
    """The body of a record as it is written: canonical JSON of `plain` texts. PostgreSQL reads no
    JSON that has NUL."""
    written = plain(canonical(body))
    if "\\u0000" in written:
        written = plain(canonical(_without_nul(body)))
    return written


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(name)): _without_nul(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(one) for one in value]
    return value


def genesis_hash(log: str, created: str) -> str:
    """The `previous` of the first record."""
    return _sha256(canonical({"codedesk-log": log, "created": created}).encode())


def record_hash(seq: int, at: str, kind: str, subject: str | None, body: str, previous: str) -> str:
    # As a JSON array, so that no two different records give the same bytes.
    return _sha256(canonical([seq, at, kind, subject, body, previous]).encode())


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, text: str) -> str:
    """A hash that binds to a text and does not reveal it: without the salt no guess can be
    checked."""
    return _sha256(salt + text.encode())


def is_committed(salt: Any, text: Any, promised: str) -> bool:
    """Whether a commitment is that of this text with this salt."""
    return (
        isinstance(salt, bytes)
        and len(salt) == SALT_BYTES
        and isinstance(text, str)
        and hmac.compare_digest(commitment(salt, text), promised)
    )


def plain(text: str) -> str:
    """The text as both databases can hold it: bytes of a terminal that are no UTF-8 become question
    marks, and NUL, which PostgreSQL cannot store, the replacement character."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class LogKey:
    """The key that seals the records of one log, from record `sealed_from` on."""

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
            stored = json.loads(path.read_text(encoding="utf-8"))
            secret = bytes.fromhex(stored["key"])
            return cls(secret, str(stored["log"]), int(stored["sealed_from"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LogUnavailable(
                f"The log's key cannot be read from {path} ({type(error).__name__}). Put back the "
                "file that `codedesk log keys` made, or set CODEDESK_LOG_KEY_FILE to where it is."
            ) from error

    def save(self, path: Path) -> None:
        """Raises OSError, also FileExistsError: a key is never overwritten."""
        fields = {"key": self.secret.hex(), "log": self.log, "sealed_from": self.sealed_from}
        write_private(path, (canonical(fields) + "\n").encode())


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file; it is on the disk when this returns. Raises OSError, also
    FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
