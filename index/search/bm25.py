"""BM25 over texts: computed by bm25s when an index is built, summed here for a question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.bundle import read_json
from index.text.tokens import lexical_tokens, stem


def write_lexical(folder: Path, texts: Sequence[str]) -> None:
    """Compute the scores of texts and write them into `folder`."""
    import bm25s

    # Not every machine has SciPy, which gives the same scores.
    lexical = bm25s.BM25(csc_backend="numpy")
    lexical.index([lexical_tokens(text) or [""] for text in texts], show_progress=False)
    lexical.save(folder, show_progress=False)


def _mapped(path: Path) -> np.ndarray:
    """A file's array, mapped into memory, which processes share."""
    return np.load(path, mmap_mode="r").view(np.ndarray)


class Lexical:
    """The BM25 scores that bm25s computed: a sparse matrix (CSC), a row a text, a column a stem.

    The score of a question is a sum of columns, for which bm25s itself is not loaded.
    """

    def __init__(self, folder: Path, texts: int) -> None:
        """`texts`: the number of texts in `folder`."""
        self.count = texts
        self._columns: dict[str, int] = read_json(folder / "vocab.index.json")
        self._starts: np.ndarray = np.load(folder / "indptr.csc.index.npy")
        self._texts = _mapped(folder / "indices.csc.index.npy")
        self._scores = _mapped(folder / "data.csc.index.npy")

    def column(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        """The texts that have a word (int32), and its score in each (float32)."""
        column = self._columns.get(stem(word))
        at = slice(0, 0) if column is None else slice(*self._starts[column : column + 2])
        return self._texts[at], self._scores[at]

    def scores(self, question: str) -> np.ndarray:
        """The score of each text (float32); words that no text has add nothing."""
        total = np.zeros(self.count, dtype=np.float32)
        for token in lexical_tokens(question):
            column = self._columns.get(token)
            if column is not None:
                at = slice(self._starts[column], self._starts[column + 1])
                total[self._texts[at]] += self._scores[at]
        return total
