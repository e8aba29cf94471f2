"""The Merkle tree over the records of the log: RFC 6962, section 2.1 (also RFC 9162, section 2.1).

The leaves are the hashes of the records as text ("sha256:…", in ASCII), in the order of the chain:
record `seq` is leaf `seq - 1`. A record's hash covers all of it and the record before it, and who
holds a record can derive its hash again. So the hash is enough for a leaf, and a tree can be made
of one column.

`Frontier` is a tree that only grows and has a root: its complete subtrees, a hash for each, are all
it keeps (a "compact range"). `Tree` keeps the hashes of all nodes from a frontier on, and makes
proofs. A tombstone of retention has the frontier of what it removed, so the tree goes on unbroken,
and what remains can be proven.

`base` is the number of records before the first leaf: 0, unless records were removed by a Code Desk
that kept no tree. Then the tree starts anew after them, and its origin says so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.querylog.receipt_check import decoded, leaf_hash, node_hash

EMPTY_ROOT = hashlib.sha256(b"").digest()


class CannotProve(ValueError):
    """A proof needs hashes of records that retention removed, or is for no part of the tree."""


def leaf_of(record_hash: str) -> bytes:
    """The leaf's hash for a record, by the hash of the record."""
    return leaf_hash(record_hash.encode("ascii", "backslashreplace"))


@dataclass(slots=True)
class Frontier:
    """The complete subtrees of the first `size` leaves, the largest first."""

    base: int = 0
    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        self.size += 1
        left = self.size
        while not left & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            left >>= 1
        self.hashes.append(leaf)

    @property
    def last(self) -> int:
        """The number of the last record."""
        return self.base + self.size

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in self.hashes[-2::-1]:
            root = node_hash(left, root)
        return root

    def copy(self) -> Frontier:
        return Frontier(self.base, self.size, list(self.hashes))

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it, in a tombstone."""
        return {"after": self.base, "hashes": [base64.b64encode(h).decode() for h in self.hashes]}

    @classmethod
    def of_removed(cls, stored: dict[str, Any] | None, last: int) -> Frontier:
        """The tree of what a removal up to record `last` removed, as its tombstone has it. Where it
        has none, the tree starts anew after it. Raises as `from_dict`."""
        return cls(base=last) if stored is None else cls.from_dict(stored, last)

    @classmethod
    def from_dict(cls, stored: dict[str, Any], last: int) -> Frontier:
        """Raises ValueError, TypeError and KeyError for what `as_dict` did not make."""
        base, hashes = stored["after"], [decoded(one) for one in stored["hashes"]]
        size = last - base
        if type(base) is not int or not 0 <= base <= last or len(hashes) != size.bit_count():
            raise ValueError("not the subtrees of a tree of this size")
        if any(len(one) != 32 for one in hashes):
            raise ValueError("a hash has 32 bytes")
        return cls(base, size, hashes)


class Tree:
    """The hashes of all complete subtrees, from a frontier on; 64 bytes a leaf."""

    def __init__(self, start: Frontier | None = None) -> None:
        start = start or Frontier()
        self.base, self.start, self.size = start.base, start.size, start.size
        #: Subtrees of the frontier by their height and place among those of this height.
        self._kept: dict[tuple[int, int], bytes] = {}
        at = 0
        for hashed in start.hashes:
            height = (start.size - at).bit_length() - 1
            self._kept[height, at >> height] = hashed
            at += 1 << height
        self._levels: list[bytearray] = [bytearray()]

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        place, height = self.size, 0
        self._levels[0] += leaf
        self.size += 1
        while place & 1:
            leaf = node_hash(self._node(height, place - 1), leaf)
            place, height = place >> 1, height + 1
            if height == len(self._levels):
                self._levels.append(bytearray())
            self._levels[height] += leaf

    def _node(self, height: int, place: int) -> bytes:
        first = self.start >> height
        if place < first or height >= len(self._levels):
            try:
                return self._kept[height, place]
            except KeyError:
                raise CannotProve("records that it needs were removed by retention") from None
        at = 32 * (place - first)
        return bytes(self._levels[height][at : at + 32])

    def _hash(self, start: int, end: int) -> bytes:
        """The hash of the leaves from `start` to before `end`: one side of a node of the tree."""
        width = end - start
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            return self._node(height, start >> height)
        split = start + _largest_power_below(width)
        return node_hash(self._hash(start, split), self._hash(split, end))

    def root(self, size: int | None = None) -> bytes:
        """Raises CannotProve."""
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise CannotProve(f"the tree has {self.size} leaves")
        return self._hash(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that a leaf is in the tree of the first `size` leaves: RFC 9162, 2.1.3.1.
        Raises CannotProve."""
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise CannotProve(f"the tree has {self.size} leaves")
        if index < self.start:
            raise CannotProve("retention removed the record")
        proof, start, end = [], 0, size
        while end - start > 1:
            split = start + _largest_power_below(end - start)
            if index < split:
                proof.append(self._hash(split, end))
                end = split
            else:
                proof.append(self._hash(start, split))
                start = split
        return proof[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the tree of `size` leaves goes on from that of `old`: RFC 9162, 2.1.4.1.
        Raises CannotProve."""
        size = self.size if size is None else size
        if not 0 <= old <= size <= self.size:
            raise CannotProve(f"the tree has {self.size} leaves")
        if old in (0, size):
            return []
        proof, start, end, whole = [], 0, size, True
        while old != end:
            split = start + _largest_power_below(end - start)
            if old <= split:
                proof.append(self._hash(split, end))
                end = split
            else:
                proof.append(self._hash(start, split))
                start, whole = split, False
        if not whole:
            proof.append(self._hash(start, end))
        return proof[::-1]


def _largest_power_below(number: int) -> int:
    """The largest power of two that is less than a number of two or more."""
    return 1 << (number - 1).bit_length() - 1


def is_consistent(
    old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> bool:
    """Whether a proof shows that a tree goes on from an older one: RFC 9162, section 2.1.4.2."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and (old_root == root if old else old_root == EMPTY_ROOT)
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    of_old = of_new = hashes[0]
    for hashed in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            of_old, of_new = node_hash(hashed, of_old), node_hash(hashed, of_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            of_new = node_hash(of_new, hashed)
        node, last = node >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == root
