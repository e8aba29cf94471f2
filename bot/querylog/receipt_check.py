"""Checks receipts of a Code Desk log, with the public key of its checkpoints and nothing else.

    python receipt_check.py FILE checkpoint.pub [--witness WITNESS.pub]

This file stands alone: it needs Python 3.11 and the package `cryptography`, and it reads no log. So
an auditor has these lines to trust and no others. `codedesk log check-receipt` runs them, too.

A receipt is a JSON object:
  codedesk_receipt  1
  question          the id of the question
  checkpoint        a signed line on where the log ended at a time: `log` (its id), `sequence` (the
                    number of its last record), `count`, `head`, `at`, `note`, `signature`
  records           each with `seq`, `at`, `kind`, `subject`, `body`, `previous`, and `proof`; and
                    in `texts`, by name, `salt` (hex) and `text`, where the texts are told
  timestamp         a response of RFC 3161 for the note, in base64, where there is one
A file of receipts has one on each line.

What is checked
1. The key signed the checkpoint (Ed25519 over the canonical JSON of its other fields) and the
   `note`, which is a checkpoint as https://c2sp.org/tlog-checkpoint has it: origin, size and root
   of a Merkle tree.
2. The hash of each record is derived from its fields again, and its proof
   (https://c2sp.org/tlog-proof) leads from this hash to the root: RFC 9162, section 2.1.3.2. A leaf
   of the tree is the hash of a record as text ("sha256:…", in ASCII).
3. All records are of the question, and each text that is told is the one that its record committed
   to: SHA-256 of the salt and the text.
4. Each witness that is named cosigned the note (https://c2sp.org/tlog-cosignature).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import datetime as dt
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
#: Types of signatures of https://c2sp.org/signed-note: of the log itself, and of a witness.
ED25519, COSIGNATURE = 1, 4
_SALT_BYTES = 16
_ORIGIN = re.compile(r"codedesk-log/([^/\s+]+)(?:/after-([1-9][0-9]*))?")
_WRONG = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


class NotProven(Exception):
    """The receipt does not prove what it says; the message is a sentence on why."""


# Hashes


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162, section 2.1.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def canonical(value: Any) -> str:
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def record_hash(record: dict[str, Any]) -> str:
    hashed = [record[name] for name in ("seq", "at", "kind", "subject", "body", "previous")]
    return "sha256:" + hashlib.sha256(canonical(hashed).encode()).hexdigest()


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root to which a proof of inclusion leads: RFC 9162, section 2.1.3.2. Raises ValueError
    when the proof has too many or too few hashes for this place."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    node, last, root = index, size - 1, leaf
    for hashed in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if node & 1 or node == last:
            root = node_hash(hashed, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, hashed)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ValueError("the proof is too short")
    return root


# Signed notes


def decoded(text: str) -> bytes:
    """Bytes of base64. Raises ValueError for what is not the only way to write them."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data


@dataclass(frozen=True, slots=True)
class Note:
    """A note: its text with the line end, and its signatures by name of the key."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under a name, for one type of signature."""

    name: str
    key: Ed25519PublicKey
    kind: int

    @property
    def id(self) -> bytes:
        told = self.name.encode() + b"\n" + bytes([self.kind]) + self.key.public_bytes_raw()
        return hashlib.sha256(told).digest()[:4]


def parse_note(note: str) -> Note:
    """Raises ValueError."""
    text, blank, signed = note.rpartition("\n\n")
    if not blank or not signed.endswith("\n"):
        raise ValueError("a note is a text, an empty line and lines of signatures")
    if any(ord(char) < 0x20 and char != "\n" for char in note):
        raise ValueError("a note has no control characters")
    signatures = []
    for line in signed[:-1].split("\n"):
        dash, name, signature = line.split(" ")
        if dash != "\N{EM DASH}" or not name or "+" in name:
            raise ValueError("a line of a signature is of another form")
        signatures.append((name, decoded(signature)))
    return Note(text + "\n", tuple(signatures))


def parse_note_key(vkey: str) -> NoteKey:
    """A public key as `NAME+ID+KEY`, the form for verifiers of notes. Raises ValueError."""
    name, identity, encoded = vkey.strip().split("+", 2)
    data = decoded(encoded)
    key = NoteKey(name, Ed25519PublicKey.from_public_bytes(data[1:]), data[0])
    if key.id.hex() != identity or not name or re.search(r"\s", name):
        raise ValueError("the id is not that of the name and the key")
    return key


def signed_at(note: Note, key: NoteKey) -> list[dt.datetime | None]:
    """The times of a key's signatures on a note; [] when it did not sign. A log's signature has no
    time (None). Raises InvalidSignature when one is wrong."""
    times: list[dt.datetime | None] = []
    for name, signature in note.signatures:
        if name != key.name or signature[:4] != key.id:
            continue
        if key.kind == ED25519:
            key.key.verify(signature[4:], note.text.encode())
            times.append(None)
            continue
        seconds = int.from_bytes(signature[4:12])
        key.key.verify(signature[12:], f"cosignature/v1\ntime {seconds}\n{note.text}".encode())
        try:
            times.append(dt.datetime.fromtimestamp(seconds, dt.UTC))
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidSignature from error
    return times


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What the note of a checkpoint says: the log, how many of its first records are not in the
    tree (`base`; 0 unless they were removed before there was a tree), size and root."""

    origin: str
    log: str
    base: int
    size: int
    root: bytes


def tree_head(text: str) -> TreeHead:
    """Raises ValueError."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1]:
        raise ValueError("a checkpoint has an origin, a size and a root")
    named = _ORIGIN.fullmatch(lines[0])
    if named is None or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]):
        raise ValueError("the origin or the size is of another form")
    root = decoded(lines[2])
    if len(root) != 32:
        raise ValueError("a root has 32 bytes")
    return TreeHead(lines[0], named[1], int(named[2] or 0), int(lines[1]), root)


# The receipt


@dataclass(slots=True)
class Checked:
    """A receipt that proves what it says. `texts` are those that were told, by record and name;
    `absent` the names of those that records committed to and that were not told. `witnesses` are
    the times of cosignatures, by name."""

    question: str
    head: TreeHead
    note: str
    at: str
    records: list[dict[str, Any]]
    bodies: dict[int, dict[str, Any]]
    texts: dict[tuple[int, str], str] = field(default_factory=dict)
    absent: dict[int, list[str]] = field(default_factory=dict)
    witnesses: dict[str, dt.datetime] = field(default_factory=dict)
    timestamp: bytes | None = None

    def lines(self) -> list[str]:
        """What is proven, for people to read. What could play with a terminal is escaped."""
        return [escaped(line) for line in self._lines()]

    def _lines(self) -> list[str]:
        lines = [f"YES: the log has these {len(self.records)} records as they are here."]
        for record in self.records:
            lines += self._of_record(record)
        lines.append(
            f"Covered by the checkpoint of {self.at} of log {self.head.log}: size "
            f"{self.head.size:,}, root {base64.b64encode(self.head.root).decode()}, signed by the "
            "key of the log."
        )
        lines += [f"Witnessed by {name} at {at:%Y-%m-%dT%H:%M:%SZ}." for name, at in
                  sorted(self.witnesses.items())]  # fmt: skip
        return lines

    def _of_record(self, record: dict[str, Any]) -> list[str]:
        seq, body = record["seq"], self.bodies[record["seq"]]
        start = f"Record {seq:,}, {record['at']}: "
        if record["kind"] == "question":
            where = ", ".join(
                f"{name} {body[name]}"
                for name in ("surface", "team", "channel")
                if body.get(name) is not None
            )
            lines = [f"{start}question {self.question}, asked by {body.get('user')} ({where})."]
        elif record["kind"] == "answer":
            releases = sorted((body.get("releases") or {}).items())
            editions = ", ".join(f"{key} {label}" for key, label in releases) or "none"
            day = body.get("as_of") or "the date of service"
            build = body.get("index_build")
            lines = [
                f"{start}answer ({body.get('outcome')}) for {day}, from the editions: {editions}"
                + (f"; index {build}." if build else ".")
            ]
        else:
            lines = [f"{start}{record['kind']}."]
        lines += [
            f"  {name}: {text}" for (of, name), text in sorted(self.texts.items()) if of == seq
        ]
        if self.absent.get(seq):
            lines.append(f"  Not in this receipt: the texts {', '.join(self.absent[seq])}.")
        return lines


def escaped(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def check(
    text: str, key: Ed25519PublicKey, witnesses: list[NoteKey] | tuple[NoteKey, ...] = ()
) -> Checked:
    """Check one receipt. Raises NotProven."""
    try:
        receipt = json.loads(text, object_pairs_hook=_once)
        if receipt["codedesk_receipt"] != 1:
            raise ValueError
        checkpoint, records = dict(receipt["checkpoint"]), list(receipt["records"])
        question = receipt["question"]
        stamp = receipt.get("timestamp")
        timestamp = None if stamp is None else decoded(stamp)
    except _WRONG as error:
        raise NotProven("It is not a receipt of a form that this program knows.") from error
    head, note = _checkpoint(checkpoint, key)
    checked = Checked(question, head, note, checkpoint["at"], records, {}, timestamp=timestamp)
    if not records:
        raise NotProven("It has no record.")
    for record in records:
        try:
            number = record["seq"]
            _record(checked, record, witnesses)
        except _WRONG as error:
            raise NotProven("One of its records is not of the form that records have.") from error
        if number in checked.bodies:
            raise NotProven(f"It has record {number} twice.")
        checked.bodies[number] = json.loads(record["body"])
    if missing := [one.name for one in witnesses if one.name not in checked.witnesses]:
        raise NotProven(f"The witness {missing[0]} did not cosign the checkpoint.")
    return checked


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name is there twice: else a reader may see another value than the one
    that is checked."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _checkpoint(checkpoint: dict[str, Any], key: Ed25519PublicKey) -> tuple[TreeHead, str]:
    try:
        signed = canonical({n: v for n, v in checkpoint.items() if n != "signature"})
        key.verify(base64.b64decode(checkpoint["signature"]), signed.encode())
        note = parse_note(checkpoint["note"])
        head = tree_head(note.text)
        by_log = bool(signed_at(note, NoteKey(head.origin, key, ED25519)))
    except InvalidSignature as error:
        raise NotProven(
            "Its checkpoint was not signed by this key: it was forged or changed, or the key is "
            "another's."
        ) from error
    except _WRONG as error:
        raise NotProven("Its checkpoint is not of the form that checkpoints have.") from error
    if not by_log:
        raise NotProven("The note of its checkpoint was not signed by this key.")
    if (head.log, head.base + head.size) != (checkpoint["log"], checkpoint["sequence"]):
        raise NotProven("Its checkpoint and the note in it are of different logs or sizes.")
    return head, checkpoint["note"]


def parse_proof(text: str) -> tuple[int, list[bytes], str]:
    """The index, the hashes and the checkpoint of a tlog-proof. Raises ValueError."""
    proof, blank, note = text.partition("\n\n")
    lines = proof.split("\n")
    if not blank or lines.pop(0) != PROOF_HEADER:
        raise ValueError("not a proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,17})", lines.pop(0) if lines else "")
    hashes = [decoded(line) for line in lines]
    if index is None or any(len(one) != 32 for one in hashes):
        raise ValueError("not a proof")
    return int(index[1]), hashes, note


def _record(checked: Checked, record: dict[str, Any], witnesses: Any) -> None:
    number, head = record["seq"], checked.head
    index, hashes, cosigned = parse_proof(record["proof"])
    note = parse_note(cosigned)
    if note.text != parse_note(checked.note).text:
        raise NotProven(f"The proof of record {number} is for another checkpoint.")
    if type(number) is not int or index != number - 1 - head.base:
        raise NotProven(f"The proof of record {number} is for another record.")
    if record["subject"] != checked.question or not isinstance(record["body"], str):
        raise NotProven(f"Record {number} is of another question.")
    leaf = leaf_hash(record_hash(record).encode("ascii"))
    try:
        root = root_by_inclusion(leaf, index, head.size, hashes)
    except ValueError as error:
        raise NotProven(f"The proof of record {number} is no proof: {error}.") from error
    if root != head.root:
        raise NotProven(
            f"Record {number} is not in the tree of the checkpoint: it was changed, or the proof "
            "is another record's."
        )
    _texts(checked, record)
    for one in witnesses:
        try:
            times = signed_at(note, one)
        except InvalidSignature as error:
            raise NotProven(f"The cosignature of {one.name} is wrong.") from error
        for at in filter(None, times):
            checked.witnesses[one.name] = at


def _texts(checked: Checked, record: dict[str, Any]) -> None:
    number = record["seq"]
    promised = dict(json.loads(record["body"]).get("texts", {}))
    for name, told in (record.get("texts") or {}).items():
        salt, text = bytes.fromhex(told["salt"]), told["text"]
        given = "sha256:" + hashlib.sha256(salt + text.encode()).hexdigest()
        if len(salt) != _SALT_BYTES or promised.pop(name, None) != given:
            raise NotProven(f"The text `{name}` of record {number} is not the one in the log.")
        checked.texts[number, name] = text
    checked.absent[number] = sorted(promised)


def check_file(
    content: str, key: Ed25519PublicKey, witnesses: list[NoteKey] | tuple[NoteKey, ...] = ()
) -> list[Checked]:
    """Check a file with one receipt, or with one on each line. Raises NotProven."""
    lines = [line for line in content.split("\n") if line.strip()]
    if not lines or not lines[0].rstrip().endswith("}"):
        return [check(content, key, witnesses)]
    checked = []
    for number, line in enumerate(lines, 1):
        try:
            checked.append(check(line, key, witnesses))
        except NotProven as error:
            raise NotProven(f"Line {number}: {error}" if len(lines) > 1 else str(error)) from error
    return checked


def told(checked: list[Checked]) -> list[str]:
    """What a file of receipts proves, for people to read."""
    if len(checked) == 1:
        return checked[0].lines()
    sizes = sorted({one.head.size for one in checked})
    return [
        f"YES: the log has all records of these {len(checked):,} receipts as they are here.",
        f"Covered by checkpoints of size {', '.join(f'{size:,}' for size in sizes[-3:])}.",
    ]


def main(arguments: list[str] | None = None) -> int:
    """0: yes. 3: no. 2: a file cannot be read."""
    parser = argparse.ArgumentParser(description="Check receipts of a Code Desk log.")
    parser.add_argument("file", type=Path)
    parser.add_argument("public_key", type=Path)
    parser.add_argument("--witness", type=Path, action="append", default=[])
    given = parser.parse_args(arguments)
    try:
        key = load_pem_public_key(given.public_key.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError(f"{given.public_key} has no Ed25519 key")
        witnesses = [parse_note_key(path.read_text(encoding="utf-8")) for path in given.witness]
        content = given.file.read_bytes().decode()
    except (OSError, ValueError, binascii.Error) as error:
        print(f"It cannot be checked: {error}.", file=sys.stderr)
        return 2
    try:
        print("\n".join(told(check_file(content, key, witnesses))))
    except NotProven as error:
        print(f"NO: {escaped(str(error))}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
