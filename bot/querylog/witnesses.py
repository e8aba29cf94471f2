"""Witnesses: someone else, with a key of their own, who signs a checkpoint only if it goes on from
the last one that they saw. So a log that shows two histories cannot get both signed.

Requests, answers and refusals are those of https://c2sp.org/tlog-witness (`add-checkpoint`). A
request is a text: `old SIZE`, the hashes of a consistency proof, an empty line, and the checkpoint.
It goes in a file from hand to hand, or over HTTP.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from filelock import FileLock

from bot.querylog.checkpoints import CheckpointError
from bot.querylog.hash_chain import NOT_OF_THE_FORM
from bot.querylog.merkle import is_consistent
from bot.querylog.receipt_check import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteKey,
    TreeHead,
    decoded,
    parse_note,
    signed_at,
    tree_head,
)
from bot.querylog.signed_notes import cosignature

_MOST_HASHES = 63


class NotCosigned(CheckpointError):
    """A witness does not sign. `status` is that of HTTP; with 409, `size` is that of the last
    checkpoint which it signed, if it is another one than the request says."""

    def __init__(self, status: int, why: str, size: int | None = None) -> None:
        super().__init__(why)
        self.status, self.size = status, size


def request(old: int, proof: list[bytes], note: str) -> str:
    """A request to cosign a checkpoint, with the proof that it goes on from size `old`."""
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof)]
    return "\n".join(lines) + f"\n\n{note}"


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness of one log's key. What it saw last is kept in `state`, by origin."""

    name: str
    key: Ed25519PrivateKey
    log_key: Ed25519PublicKey
    state: Path
    clock: Callable[[], float] = time.time

    def add_checkpoint(self, body: str) -> str:
        """Check a request, remember its checkpoint, and return the line of the cosignature. Raises
        NotCosigned, and CheckpointError when what it saw cannot be read or kept."""
        old, proof, note, head = _parsed(body)
        try:
            signed = signed_at(note, NoteKey(head.origin, self.log_key, ED25519))
        except InvalidSignature:
            signed = []
        if not signed:
            raise NotCosigned(403, "The checkpoint is not signed by the key of the log.")
        if old > head.size:
            raise NotCosigned(400, "The old size is larger than that of the checkpoint.")
        try:
            self.state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self.state}.lock"):
                seen = self._seen()
                self._expect_to_go_on(seen.get(head.origin), old, proof, head)
                self._remember(seen | {head.origin: _kept(head)})
        except (OSError, *NOT_OF_THE_FORM) as error:
            raise CheckpointError(
                f"What the witness saw last cannot be read from or written to {self.state} "
                f"({type(error).__name__}), so nothing was signed. Put the file back; do not begin "
                "anew, or a second history of the log may be signed."
            ) from error
        return cosignature(note.text, self.name, self.key, int(self.clock()))

    def _expect_to_go_on(
        self, last: dict[str, object] | None, old: int, proof: list[bytes], head: TreeHead
    ) -> None:
        size, root = (0, b"") if last is None else (int(str(last["size"])), _root(last))
        if old != size:
            raise NotCosigned(
                409,
                f"The last checkpoint that this witness signed has size {size}, and the request is "
                f"from {old}: make it with `codedesk log consistency {size}`.",
                size,
            )
        if old == head.size and last is not None and root != head.root:
            raise NotCosigned(
                409,
                f"This witness signed another tree of the same size ({size}): the log shows two "
                "histories. Keep both checkpoints, and tell whoever relies on the log.",
            )
        if old == 0 and proof:
            raise NotCosigned(422, "There is a proof, and nothing that it could be from.")
        if old and not is_consistent(old, head.size, proof, root, head.root):
            raise NotCosigned(
                422,
                f"The checkpoint does not go on from the one of size {old} that this witness "
                "signed: the proof is wrong, or the log shows two histories.",
            )

    def _seen(self) -> dict[str, dict[str, object]]:
        if not self.state.exists():
            return {}
        seen = json.loads(self.state.read_text(encoding="utf-8"))
        return {str(origin): dict(one) for origin, one in seen.items()}

    def _remember(self, seen: dict[str, dict[str, object]]) -> None:
        """On the disk before anything is signed."""
        new = self.state.with_name(self.state.name + ".new")
        with open(new, "w", encoding="utf-8") as file:
            json.dump(seen, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.state)


def _kept(head: TreeHead) -> dict[str, object]:
    return {"size": head.size, "root": base64.b64encode(head.root).decode()}


def _root(last: dict[str, object]) -> bytes:
    return decoded(str(last["root"]))


def _parsed(body: str) -> tuple[int, list[bytes], Note, TreeHead]:
    try:
        start, blank, signed = body.partition("\n\n")
        first, *lines = start.split("\n")
        old = re.fullmatch(r"old (0|[1-9][0-9]{0,17})", first)
        proof = [decoded(line) for line in lines]
        note = parse_note(signed)
        head = tree_head(note.text)
        if not blank or old is None or len(proof) > _MOST_HASHES:
            raise ValueError
    except ValueError as error:
        raise NotCosigned(
            400,
            "It is not a request to cosign a checkpoint: `codedesk log consistency` makes one.",
        ) from error
    return int(old[1]), proof, note, head


# The desk's side


class WitnessSilent(CheckpointError):
    """A witness could not be reached, or answered nothing that can be used."""


def ask(url: str, body: str, note: str, witness: NoteKey, *, seconds: float = 10) -> str:
    """Ask a witness over HTTP to cosign a checkpoint, and return the line of its signature. Raises
    NotCosigned and WitnessSilent."""
    import httpx  # a verification needs none

    try:
        reply = httpx.post(
            url.rstrip("/") + "/add-checkpoint", content=body.encode(), timeout=seconds
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WitnessSilent(f"no answer: {type(error).__name__}") from error
    if reply.status_code == 409 and re.fullmatch(r"(0|[1-9][0-9]{0,17})\n?", reply.text):
        raise NotCosigned(409, "it saw another size last", int(reply.text))
    if reply.status_code != 200:
        raise NotCosigned(reply.status_code, f"it refused ({reply.status_code})")
    line = valid_line(reply.text, note, witness)
    if line is None:
        raise WitnessSilent("its answer has no signature of its key")
    return line


def valid_line(text: str, note: str, witness: NoteKey) -> str | None:
    """The first line of some that is a right cosignature of a note by a witness."""
    assert witness.kind == COSIGNATURE
    for line in text.splitlines(keepends=True):
        try:
            if signed_at(parse_note(note + line), NoteKey(witness.name, witness.key, COSIGNATURE)):
                return line
        except (InvalidSignature, ValueError):
            continue
    return None
