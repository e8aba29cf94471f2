"""How near the titles of modifiers are to a text, by the encoder of the index."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from index.embedding.encoder import Encoder
from index.errors import SearchError

#: Characters of a title that are read: the longest go on with examples.
_READ = 200


class ModifierTitles:
    """Compares texts with the titles of one list of modifiers, which are encoded when they are
    first needed, in about half a second. Safe to use from many threads."""

    def __init__(
        self,
        modifiers: Callable[[], Sequence[tuple[str, str]]],
        encoder: Callable[[], Encoder],
    ) -> None:
        """`encoder` may raise SearchError where there is no index: nothing is near then."""
        self._modifiers = modifiers
        self._encoder = encoder
        self._encoded: tuple[list[str], np.ndarray] | None = None
        self._encoding = threading.Lock()

    def near(self, text: str) -> Mapping[str, float]:
        """Code -> cosine of its title with a text, -1 to 1; {} where there is no index."""
        try:
            encoder = self._encoder()
        except SearchError:
            return {}
        with self._encoding:
            if self._encoded is None:
                rows = list(self._modifiers())
                titles = [title[:_READ] for _, title in rows]
                self._encoded = [code for code, _ in rows], encoder.encode(titles)
        codes, vectors = self._encoded
        if not codes:
            return {}
        cosines = vectors @ encoder.encode([text])[0]
        return dict(zip(codes, cosines.tolist(), strict=True))
