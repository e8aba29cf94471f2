"""Vouching for the log: what is new is looked at, and only then signed.

A checkpoint turns what anyone with the file could have written into what is vouched for. So what
came after the last one is derived anew first. And a record by which something was destroyed is
vouched for only when the desk wrote it: it bears the seal of the log's key, or whoever vouches
says that they know of it (`accepting`: what the desk itself has just done, or what a person looked
at). An automatic checkpoint knows of none, and waits until someone has looked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.messages import message
from bot.querylog.checkpoints import Checkpoint, CheckpointError, keep, read, signed
from bot.querylog.log import QueryLog
from bot.querylog.verify import verify_end


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint; how many records of each kind came since the one before it (None: the first),
    and those of them by which something was destroyed."""

    checkpoint: Checkpoint
    before: Checkpoint | None
    new: Counter[str]
    destroying: list[int]

    def told(self) -> str:
        """What is new, in a line."""
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.new.items()))
        since = self.before.sequence if self.before else 0
        return message(
            "log.new_since", since=f"{since:,}", kinds=kinds or message("log.nothing_new")
        )


class NotVouchedFor(CheckpointError):
    """What is new cannot be vouched for; the message says why, and what to do."""


def vouch(
    log: QueryLog, key: Ed25519PrivateKey, file: Path, *, accepting: Collection[int] = ()
) -> Vouched:
    """Sign what the log's end is now, and keep the checkpoint in the file. Raises NotVouchedFor,
    CheckpointError and LogUnavailable."""
    done = take(log, key, newest(log, key, file), accepting=accepting)
    keep(done.checkpoint, file)
    return done


def newest(log: QueryLog, key: Ed25519PrivateKey, file: Path) -> Checkpoint | None:
    """The last checkpoint of this log in a file that this key signed. Raises CheckpointError."""
    if not file.exists():
        return None
    good = [one for one in read(file, key.public_key()).good if one.log == log.id]
    return good[-1] if good else None


def take(
    log: QueryLog,
    key: Ed25519PrivateKey,
    since: Checkpoint | None = None,
    *,
    accepting: Collection[int] = (),
) -> Vouched:
    """A checkpoint of the log as it is now, of what holds. Raises NotVouchedFor, LogUnavailable."""
    found = verify_end(log.path, log.key, since)
    if found.bad is not None:
        raise NotVouchedFor(message("log.not_vouched_altered", found=found.sentences()[0]))
    unknown = [
        number
        for number in found.destroying
        if number not in accepting and not _is_sealed(log, number)
    ]
    if unknown:
        raise NotVouchedFor(
            message(
                "log.not_vouched_destroyed",
                records=", ".join(map(str, unknown)),
                accept=" ".join(f"--accept {number}" for number in unknown),
            )
        )
    bare = Checkpoint(
        found.log, found.last, found.count, found.head, log.now().isoformat(timespec="seconds")
    )
    return Vouched(signed(bare, key), since, found.kinds, found.destroying)


def _is_sealed(log: QueryLog, number: int) -> bool:
    """Whether a record that was found right bears a seal: then the desk wrote it."""
    return log.key is not None and number >= log.key.sealed_from


class Keeper:
    """Vouches when `every` records or `minutes` have passed since the last time, for a process that
    serves. Whatever goes wrong is told, and stops nothing."""

    def __init__(
        self, log: QueryLog, key: Ed25519PrivateKey, file: Path, *, every: int = 500,
        minutes: float = 15,
    ) -> None:  # fmt: skip
        self._log, self._key, self._file = log, key, file
        self._every, self._minutes = every, minutes
        self._last: tuple[int, float] | None = None

    def write(self, now: float, *, closing: bool = False) -> Vouched | None:
        """What was vouched for, if it was due (or, when closing, there is anything new). `now` is
        time.monotonic(). Raises CheckpointError and LogUnavailable; what was refused is tried again
        when it would be due again."""
        sequence = self._log.last_sequence()
        if self._last is not None:
            records, seconds = sequence - self._last[0], now - self._last[1]
            due = records >= self._every or seconds >= 60 * self._minutes or closing
            if not records or not due:
                return None
        try:
            done = vouch(self._log, self._key, self._file)
        except NotVouchedFor:
            self._last = (sequence, now)
            raise
        self._last = (done.checkpoint.sequence, now)
        return done
