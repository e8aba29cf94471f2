"""Restores from a backup, as the log has them.

A record of the kind `restore` is the first after the copy. It says up to which record the log goes
that was lost, as far as a checkpoint that was kept elsewhere tells: `lost_to`, and `lost_at`, the
time of that checkpoint. The numbers from the restore to `lost_to` are given a second time. So a
checkpoint of the lost records does not agree with the log any more; that it need not is said by
this record, which anyone who can write the log can write. Hence it counts as a redaction does: a
checkpoint over it is signed only if it is sealed, or a person has accepted it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.database import Connection
from bot.querylog.checkpoints import Checkpoint

KIND = "restore"


@dataclass(frozen=True, slots=True)
class Restore:
    """The number of the record, its time, and the last record that was lost; None when no
    checkpoint shows that one was."""

    record: int
    at: str
    lost_to: int | None

    def excuses(self, checkpoint: Checkpoint, head: str | None) -> bool:
        """Whether a checkpoint is of records that were lost. `head`: the hash that the log has for
        its last record now; None without that record."""
        return (
            self.lost_to is not None
            and self.record <= checkpoint.sequence <= self.lost_to
            and checkpoint.head != head
            and checkpoint.at <= self.at
        )


def restores(db: Connection) -> list[Restore]:
    """In the order of the log. A record of another form is none."""
    found = []
    for seq, at, body in db.execute(
        f"select seq, at, body from records where kind = '{KIND}' order by seq"
    ):
        try:
            lost_to = json.loads(body)["lost_to"]
        except (ValueError, TypeError, LookupError, RecursionError):
            continue
        if lost_to is None or isinstance(lost_to, int):
            found.append(Restore(seq, at, lost_to))
    return found


def excused_by(db: Connection, found: list[Restore], checkpoint: Checkpoint) -> Restore | None:
    """The restore that excuses a checkpoint which does not agree; None when none does."""
    row = db.execute("select hash from records where seq = ?", [checkpoint.sequence]).fetchone()
    head = row[0] if row else None
    return next((one for one in found if one.excuses(checkpoint, head)), None)
