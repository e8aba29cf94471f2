"""For the tests of receipts: a log with keys, and its checkpoints."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.querylog import QueryLog
from bot.querylog.checkpoints import (
    Checkpoint,
    Checkpoints,
    keep,
    make_keys,
    newest_with_tree,
    private_key,
    public_key,
    read,
    signed,
)
from bot.querylog.receipt_check import Checked, check
from bot.querylog.receipts import Receipts
from bot.querylog.vouching import vouch


@dataclass
class Kept:
    """A log whose checkpoints are kept elsewhere."""

    log: QueryLog
    folder: Path

    @classmethod
    def made(cls, folder: Path, where: Path | str | None = None, **how: Any) -> Kept:
        make_keys(folder / "keys" / "checkpoint.key", folder / "keys" / "checkpoint.pub")
        return cls(QueryLog(where or folder / "log.db", **how), folder)

    @property
    def file(self) -> Path:
        return self.folder / "checkpoints" / "checkpoints.jsonl"

    @property
    def key(self) -> Ed25519PrivateKey:
        return private_key(self.folder / "keys" / "checkpoint.key")

    @property
    def public(self) -> Any:
        return public_key(self.folder / "keys" / "checkpoint.pub")

    @property
    def checkpoints(self) -> Checkpoints:
        return read(self.file, self.public)

    def vouch(self, **how: Any) -> Checkpoint:
        return vouch(self.log, self.key, self.file, **how).checkpoint

    def receipt(self, question: str, **how: Any) -> dict[str, Any]:
        newest = newest_with_tree(self.file, self.public, self.log.id)
        return Receipts(self.log, newest).of(question, **how)

    def check(self, receipt: dict[str, Any]) -> Checked:
        return check(json.dumps(receipt), self.public)

    def keep_without_tree(self, one: Checkpoint) -> None:
        """Keep a checkpoint as an earlier Code Desk made it."""
        keep(signed(replace(one, note="", signature=""), self.key), self.file)


def changed(receipt: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    copy = json.loads(json.dumps(receipt))
    change(copy)
    return copy


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
