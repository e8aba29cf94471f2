"""The tree of the log is that of RFC 6962: its roots, its proofs, and what is no proof."""

from __future__ import annotations

import hashlib

import pytest

from bot.querylog.merkle import CannotProve, Frontier, Tree, is_consistent, leaf_of
from bot.querylog.receipt_check import leaf_hash, node_hash, root_by_inclusion

#: The reference vectors of Certificate Transparency (transparency-dev/merkle, testonly).
LEAVES = [
    bytes.fromhex(data)
    for data in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def tree_of(leaves: list[bytes], start: int = 0) -> Tree:
    """A tree that begins with a frontier of the first `start` leaves."""
    frontier = Frontier()
    for leaf in leaves[:start]:
        frontier.append(leaf)
    tree = Tree(frontier)
    for leaf in leaves[start:]:
        tree.append(leaf)
    return tree


def leaves(count: int) -> list[bytes]:
    return [leaf_of(f"sha256:{number:064x}") for number in range(count)]


def by_definition(some: list[bytes]) -> bytes:
    """The root as RFC 6962 defines it, in its own words."""
    if not some:
        return hashlib.sha256(b"").digest()
    if len(some) == 1:
        return some[0]
    split = 1
    while split * 2 < len(some):
        split *= 2
    return node_hash(by_definition(some[:split]), by_definition(some[split:]))


def test_roots_of_the_reference_tree() -> None:
    hashed = [leaf_hash(data) for data in LEAVES]
    frontier, tree = Frontier(), tree_of(hashed)
    for size, root in enumerate(ROOTS):
        assert frontier.root().hex() == tree.root(size).hex() == root
        if size < len(hashed):
            frontier.append(hashed[size])


@pytest.mark.parametrize(
    ("old", "size", "proof"),
    [
        (1, 1, []),
        (
            6, 8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2, 5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)  # fmt: skip
def test_consistency_of_the_reference_tree(old: int, size: int, proof: list[str]) -> None:
    made = tree_of([leaf_hash(data) for data in LEAVES]).consistency(old, size)
    assert [one.hex() for one in made] == proof
    roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[size])
    assert is_consistent(old, size, made, *roots)


def test_inclusion_in_the_reference_tree() -> None:
    tree = tree_of([leaf_hash(data) for data in LEAVES])
    assert [one.hex() for one in tree.inclusion(2, 3)] == [ROOTS[2]]
    assert [one.hex() for one in tree.inclusion(0, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@pytest.mark.parametrize("size", range(1, 71))
def test_every_leaf_of_every_size_is_proven_and_no_other(size: int) -> None:
    some = leaves(size)
    tree = tree_of(some)
    root = by_definition(some)
    assert tree.root() == root
    for index, leaf in enumerate(some):
        proof = tree.inclusion(index)
        assert root_by_inclusion(leaf, index, size, proof) == root
        if size > 1:
            other = some[(index + 1) % size]
            assert root_by_inclusion(other, index, size, proof) != root
            with pytest.raises(ValueError, match="too short"):
                root_by_inclusion(leaf, index, size, proof[:-1])
        with pytest.raises(ValueError, match="too long"):
            root_by_inclusion(leaf, index, size, [*proof, root])
    for old in range(size + 1):
        proof, old_root = tree.consistency(old), tree.root(old)
        assert is_consistent(old, size, proof, old_root, root)
        assert not is_consistent(old, size, [*proof, root], old_root, root)
        if old > 0:
            assert not is_consistent(old, size, proof, leaf_hash(b"another"), root)
            assert not is_consistent(old, size, proof, old_root, leaf_hash(b"another"))
        if proof:
            assert not is_consistent(old, size, proof[:-1], old_root, root)


@pytest.mark.parametrize("removed", [1, 2, 3, 5, 8, 13, 31, 32, 33, 64, 69, 70])
def test_what_remains_after_a_removal_has_the_same_proofs(removed: int) -> None:
    some = leaves(70)
    whole, left = tree_of(some), tree_of(some, removed)
    for size in range(removed, 71):
        assert left.root(size) == whole.root(size)
        for index in range(removed, size):
            assert left.inclusion(index, size) == whole.inclusion(index, size)
        for old in range(removed, size + 1):
            assert left.consistency(old, size) == whole.consistency(old, size)
    with pytest.raises(CannotProve, match="removed"):
        left.inclusion(removed - 1)


@pytest.mark.parametrize("size", [0, 1, 6, 7, 64])
def test_a_frontier_is_kept_and_goes_on(size: int) -> None:
    frontier = Frontier()
    for leaf in leaves(size):
        frontier.append(leaf)
    again = Frontier.from_dict(frontier.as_dict(), size)
    assert again == frontier
    with pytest.raises(ValueError, match="of this size"):
        Frontier.from_dict(frontier.as_dict() | {"hashes": ["AAAA"] * 9}, size)
    again.append(leaf_of("sha256:new"))
    assert again.root() != frontier.root()
    assert frontier.size == size, "a copy is another tree"
