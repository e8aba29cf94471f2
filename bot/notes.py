"""Of many changes between editions, a fair choice of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar


class _OfAKind(Protocol):
    @property
    def kind(self) -> str: ...


C = TypeVar("C", bound=_OfAKind)


def some_of_each(changes: Sequence[C], most: int | None) -> list[C]:
    """At most so many changes, in their order, with a fair share of each kind: the few deletions
    of an edition are not to be hidden by its many additions. All when `most` is None."""
    if most is None or len(changes) <= most:
        return list(changes)
    sizes = Counter(change.kind for change in changes)
    shares: dict[str, int] = {}
    for number, (kind, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        left = most - sum(shares.values())
        shares[kind] = min(size, left // (len(sizes) - number))
    chosen = []
    for change in changes:
        if shares[change.kind]:
            shares[change.kind] -= 1
            chosen.append(change)
    return chosen
