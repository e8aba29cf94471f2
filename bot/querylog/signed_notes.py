"""Signs notes: checkpoints of the tree for the log, and cosignatures for a witness.

Formats: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint and
https://c2sp.org/tlog-cosignature (Ed25519). `receipt_check` reads and verifies them.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.querylog.merkle import Frontier
from bot.querylog.receipt_check import COSIGNATURE, ED25519, Note, NoteKey


def origin(log: str, base: int = 0) -> str:
    """The name of a log's tree. A tree that starts anew after record `base` has another name, since
    no proof leads from the one before to it."""
    return f"codedesk-log/{log}" + (f"/after-{base}" if base else "")


def checkpoint_note(log: str, tree: Frontier, key: Ed25519PrivateKey) -> str:
    """The signed note on a tree."""
    name = origin(log, tree.base)
    text = f"{name}\n{tree.size}\n{base64.b64encode(tree.root()).decode()}\n"
    return f"{text}\n{_line(NoteKey(name, key.public_key(), ED25519), key.sign(text.encode()))}"


def cosignature(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> str:
    """The line by which a witness signs the text of a checkpoint at a time (POSIX, seconds)."""
    signed = key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return _line(NoteKey(name, key.public_key(), COSIGNATURE), seconds.to_bytes(8) + signed)


def _line(key: NoteKey, signature: bytes) -> str:
    return f"\N{EM DASH} {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def vkey(key: NoteKey) -> str:
    """A public key as verifiers of notes have it: `NAME+ID+KEY`."""
    encoded = base64.b64encode(bytes([key.kind]) + key.key.public_bytes_raw()).decode()
    return f"{key.name}+{key.id.hex()}+{encoded}"


def with_lines(note: str, lines: list[str]) -> str:
    """A note with more signatures."""
    return note + "".join(line for line in lines if line not in note)


def signature_lines(note: Note) -> list[str]:
    return [
        f"\N{EM DASH} {name} {base64.b64encode(signature).decode()}\n"
        for name, signature in note.signatures
    ]
