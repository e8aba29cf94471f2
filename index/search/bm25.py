"""Words in common: BM25 over texts, computed by bm25s when an index is built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.bundle import read_json
from index.text.tokens import lexical_tokens


def write_lexical(folder: Path, texts: Sequence[str]) -> None:
    import bm25s

    # By numpy everywhere: with SciPy, which not every machine has, it comes out the same.
    lexical = bm25s.BM25(csc_backend="numpy")
    lexical.index([lexical_tokens(text) or [""] for text in texts], show_progress=False)
    lexical.save(folder, show_progress=False)


class Lexical:
    """The BM25 scores of texts, a column a word, as bm25s computed and wrote them (CSC).

    They are read without it, since what is needed is one sum.
    """

    def __init__(self, folder: Path, texts: int) -> None:
        """`texts`: how many there are."""
        self._count = texts
        self._columns: dict[str, int] = read_json(folder / "vocab.index.json")
        self._starts: np.ndarray = np.load(folder / "indptr.csc.index.npy")
        self._texts: np.ndarray = np.load(folder / "indices.csc.index.npy")
        self._scores: np.ndarray = np.load(folder / "data.csc.index.npy")

    def scores(self, asked: str) -> np.ndarray:
        """The score of each text; words that no text has score nothing."""
        total = np.zeros(self._count, dtype=np.float32)
        for token in lexical_tokens(asked):
            column = self._columns.get(token)
            if column is not None:
                at = slice(self._starts[column], self._starts[column + 1])
                total[self._texts[at]] += self._scores[at]
        return total
