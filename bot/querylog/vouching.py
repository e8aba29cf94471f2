"""Vouching for the log: new records are verified, and only then a checkpoint is signed.

Anyone who can write the file can write records, and a checkpoint makes them trusted. So every hash
after the last checkpoint is derived again first. A record that destroyed something (a redaction, a
tombstone) is vouched for only if the desk wrote it: if it bears the seal of the log's key, or its
number is in `accepting`, as one that the desk has just written or that a person has looked at. An
automatic checkpoint accepts none, and is refused until a person has looked.

A checkpoint has the root of the tree over all records. The serving process keeps the tree's
frontier from one checkpoint to the next. A process that has none reads the hashes of all records
once, and compares the root with that of the checkpoint before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.messages import message
from bot.querylog import trees
from bot.querylog.checkpoints import Checkpoint, CheckpointError, keep, newest_first, signed
from bot.querylog.log import QueryLog
from bot.querylog.merkle import Frontier
from bot.querylog.receipt_check import TreeHead
from bot.querylog.restored import excused_by, restores
from bot.querylog.signed_notes import checkpoint_note
from bot.querylog.verify import verify_end


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint, and the one before it (None: it is the first); the numbers of new records by
    kind, and the numbers of those that destroyed something; the tree up to the checkpoint."""

    checkpoint: Checkpoint
    before: Checkpoint | None
    new: Counter[str]
    destroying: list[int]
    tree: Frontier

    def summary(self) -> str:
        """The new records by kind, in a line."""
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.new.items()))
        since = self.before.sequence if self.before else 0
        return message(
            "log.new_since", since=f"{since:,}", kinds=kinds or message("log.nothing_new")
        )


class NotVouchedFor(CheckpointError):
    """The new records cannot be vouched for; the message says why, and what to do."""


def vouch(
    log: QueryLog,
    key: Ed25519PrivateKey,
    file: Path,
    *,
    accepting: Collection[int] = (),
    tree: Frontier | None = None,
) -> Vouched:
    """Verify what is new, sign a checkpoint, and add it to the file. `tree` may be that of the last
    one, so that it need not be read. Raises NotVouchedFor, CheckpointError and LogUnavailable."""
    vouched = take(log, key, newest(log, key, file), accepting=accepting, tree=tree)
    keep(vouched.checkpoint, file)
    return vouched


def newest(log: QueryLog, key: Ed25519PrivateKey, file: Path) -> Checkpoint | None:
    """The last checkpoint of this log, signed by this key, in a file, but for those of records that
    a restore from a backup lost. Raises CheckpointError."""
    if not file.exists():
        return None
    identity = log.id
    with log.reading() as db:
        found = restores(db)
        return next(
            (
                one
                for one in newest_first(file, key.public_key())
                if one.log == identity and excused_by(db, found, one) is None
            ),
            None,
        )


def take(
    log: QueryLog,
    key: Ed25519PrivateKey,
    since: Checkpoint | None = None,
    *,
    accepting: Collection[int] = (),
    tree: Frontier | None = None,
) -> Vouched:
    """Verify what is new since a checkpoint, and sign a new one, without keeping it in a file.
    Raises NotVouchedFor and LogUnavailable."""
    before, agrees = (None, True) if since is None else _tree_of(log, since, tree)
    verification = verify_end(log.where, log.key, since, before)
    if verification.bad is not None:
        raise NotVouchedFor(message("log.not_vouched_altered", found=verification.sentences()[0]))
    if since is not None and not agrees:
        raise NotVouchedFor(message("log.not_vouched_tree", at=since.at))
    unknown = [
        number
        for number in verification.destroying
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
        verification.log,
        verification.last,
        verification.count,
        verification.head,
        log.now().isoformat(timespec="seconds"),
        note=checkpoint_note(verification.log, verification.tree, key),
    )
    return Vouched(
        signed(bare, key), since, verification.kinds, verification.destroying, verification.tree
    )


def _tree_of(
    log: QueryLog, since: Checkpoint, known: Frontier | None
) -> tuple[Frontier | None, bool]:
    """The tree up to a checkpoint, and whether it is the one that was signed. None when all records
    that it vouches for were removed since. Raises LogUnavailable."""
    head = since.tree
    if known is not None and head is not None and _is_of(known, head):
        return known.copy(), True
    try:
        if trees.removed(log).last > since.sequence:
            return None, True
        if head is None:
            derived = trees.frontier_derived(log, since.sequence, since.head)
            return derived, derived is not None
        tree = trees.frontier(log, since.sequence)
    except trees.Gap:
        return None, False
    # Under another origin there is no root to compare with: it began anew since.
    return tree, tree.base != head.base or _is_of(tree, head)


def _is_of(tree: Frontier, head: TreeHead) -> bool:
    return (tree.base, tree.size, tree.root()) == (head.base, head.size, head.root)


def _is_sealed(log: QueryLog, number: int) -> bool:
    """Whether a verified record bears a seal, so that the desk wrote it."""
    return log.key is not None and number >= log.key.sealed_from


class Keeper:
    """Vouches for the log of a serving process, `every` records or `minutes` after the last
    time."""

    def __init__(
        self, log: QueryLog, key: Ed25519PrivateKey, file: Path, *, every: int = 500,
        minutes: float = 15,
    ) -> None:  # fmt: skip
        self._log, self._key, self._file = log, key, file
        self._every, self._minutes = every, minutes
        self._last: tuple[int, float] | None = None
        self._tree: Frontier | None = None

    def write(self, now: float, *, closing: bool = False) -> Vouched | None:
        """Vouch, if it is due (when `closing`, if there is anything new); None when it is not.
        `now` is time.monotonic(). Raises CheckpointError and LogUnavailable. After a refusal it is
        tried again when the next one is due."""
        sequence = self._log.last_sequence()
        if self._last is not None:
            records, seconds = sequence - self._last[0], now - self._last[1]
            due = records >= self._every or seconds >= 60 * self._minutes or closing
            if not records or not due:
                return None
        try:
            vouched = vouch(self._log, self._key, self._file, tree=self._tree)
        except NotVouchedFor:
            self._last = (sequence, now)
            raise
        self._last, self._tree = (vouched.checkpoint.sequence, now), vouched.tree
        return vouched
