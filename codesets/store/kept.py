"""What was read of codes.db, kept by release and code, so that it is read once and not for every
answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from codesets.model import Release

V = TypeVar("V")


class Kept(Generic[V]):
    """At most `most` values in all. Where more come, all that are there are dropped, as they are
    read again in one statement. Safe to share between threads: each change is one step of a
    dictionary, and a caller uses what it has read, not what may have been dropped since."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_release: dict[Release, dict[str, V]] = {}

    def of(self, release: Release) -> Mapping[str, V]:
        return self._by_release.get(release) or {}

    def lacking(self, release: Release, codes: Collection[str]) -> list[str]:
        """Those of `codes` of which nothing is kept, each once."""
        kept = self.of(release)
        return [code for code in dict.fromkeys(codes) if code not in kept]

    def keep(self, release: Release, values: Mapping[str, V]) -> None:
        if sum(map(len, list(self._by_release.values()))) + len(values) > self._most:
            self._by_release = {}
        if len(values) <= self._most:
            self._by_release.setdefault(release, {}).update(values)

    def clear(self) -> None:
        self._by_release = {}
