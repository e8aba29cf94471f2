"""Receipts: the records of a question and its answer, with proofs that a checkpoint covers them.

`receipt_check` has the form of a receipt, and checks it. A receipt names who asked and where, as
the records do. What was typed and answered is in it only as salted hashes, unless the texts are
asked for. A salt that is given away lets anyone who has it check a guess at that text, also after
the text was redacted in the log.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from bot.querylog import trees
from bot.querylog.checkpoints import Checkpoint, CheckpointError
from bot.querylog.log import QueryLog
from bot.querylog.merkle import CannotProve
from bot.querylog.receipt_check import PROOF_HEADER
from bot.querylog.signed_notes import with_lines

#: What a receipt has of a question. A redaction says why a text cannot be told any more.
_KINDS = ("question", "answer", "redaction")


class NotCovered(CheckpointError):
    """No checkpoint covers the answer yet; the message says what to do."""


class Receipts:
    """Makes receipts under one checkpoint. The tree is read once, and is in memory: 64 bytes a
    record."""

    def __init__(
        self,
        log: QueryLog,
        checkpoint: Checkpoint,
        *,
        cosignatures: Sequence[str] = (),
        timestamp: bytes | None = None,
    ) -> None:
        """`cosignatures` are lines of witnesses, `timestamp` is a response of RFC 3161. Raises
        CheckpointError and LogUnavailable."""
        self._log, self._checkpoint, self._timestamp = log, checkpoint, timestamp
        self._note = with_lines(checkpoint.note, list(cosignatures))
        self._tree = trees.whole(log, checkpoint.sequence)
        head = checkpoint.tree
        assert head is not None
        if (self._tree.base, self._tree.size) != (head.base, head.size) or (
            self._tree.root() != head.root
        ):
            raise CheckpointError(
                f"The log does not have the tree of the checkpoint of {checkpoint.at}, so nothing "
                "is proven from it. `codedesk log verify` says which record was altered."
            )

    def of(self, question_id: str, *, texts: bool = False) -> dict[str, Any]:
        """The receipt of a question, as JSON has it. Raises NotCovered and LogUnavailable."""
        rows = self._records(question_id)
        last = next((row["seq"] for row in reversed(rows) if row["kind"] != "redaction"), 0)
        if last > self._checkpoint.sequence or not rows:
            raise NotCovered(
                f"The newest checkpoint, of {self._checkpoint.at}, covers the records up to "
                f"{self._checkpoint.sequence:,}, and this answer is record {last:,}. Sign one that "
                "covers it with --vouch, or with `codedesk log checkpoint`, where its key is; or "
                "wait until the desk does so."
            )
        receipt: dict[str, Any] = {
            "codedesk_receipt": 1,
            "question": question_id,
            "checkpoint": self._checkpoint.as_dict(),
            "records": [
                row
                | {"proof": self._proof(row["seq"])}
                | (self._texts(row["seq"]) if texts else {})
                for row in rows
                if row["seq"] <= self._checkpoint.sequence
            ],
        }
        if self._timestamp is not None:
            receipt["timestamp"] = base64.b64encode(self._timestamp).decode()
        return receipt

    def each(self, question_ids: Sequence[str], *, texts: bool = False) -> Iterator[dict[str, Any]]:
        """The receipts of those questions that the checkpoint covers."""
        for question_id in question_ids:
            try:
                yield self.of(question_id, texts=texts)
            except NotCovered:
                continue

    def _records(self, question_id: str) -> list[dict[str, Any]]:
        with self._log.reading() as db:
            return list(
                db.query(
                    "select seq, at, kind, subject, body, previous from records "
                    "where subject = ? and kind in (?, ?, ?) order by seq",
                    [question_id, *_KINDS],
                )
            )

    def _proof(self, seq: int) -> str:
        index = seq - 1 - self._tree.base
        try:
            hashes = self._tree.inclusion(index, self._tree.size)
        except CannotProve as error:
            raise NotCovered(
                f"Record {seq:,} cannot be proven: {error}, by a Code Desk that kept no tree then."
            ) from error
        lines = [PROOF_HEADER, f"index {index}", *(base64.b64encode(h).decode() for h in hashes)]
        return "\n".join(lines) + f"\n\n{self._note}"

    def _texts(self, seq: int) -> dict[str, Any]:
        with self._log.reading() as db:
            rows = list(
                db.query("select name, salt, text from texts where record = ? order by name", [seq])
            )
        told = {
            row["name"]: {"salt": bytes(row["salt"]).hex(), "text": row["text"]} for row in rows
        }
        return {"texts": told} if told else {}
