"""The vectors of a system index's texts: a FAISS graph (HNSW), its rows of eight bits a dimension.

A graph that is written anew has its rows in the order of the texts. One that was added to keeps the
rows that it had, and the new ones follow; the file ROWS has the number of each row's text. So a
build that brings few texts adds few rows, the rows before stay as they are to the bit, and all
other files of the system index are those of a build from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import SearchError
from index.runtime import THREADS, load_faiss

#: The graph; int32, one a row of it: the number of its text. Without ROWS, row n is of text n.
VECTORS, ROWS = "vectors.faiss", "rows.npy"

#: Parameters of the HNSW graph: links of a text (M), and width of the search when building and when
#: searching (efConstruction, efSearch). On 204,391 texts, 98.9% of the 100 nearest and 99.1% of the
#: 10 nearest are found.
_LINKS, _WIDTH_BUILDING, _WIDTH_SEARCHING = 16, 200, 200
#: The ranges that eight bits divide, one a dimension, are those of the texts of the first build. A
#: new vector beyond them is cut off. They are kept while all new vectors keep this cosine with what
#: is left of them, and nearly all (all but a share) keep the second one. So it is with 40,000 texts
#: of ICD-10-CM by the ranges of the others, and with those of ICD-10-PCS by those of ICD-10-CM.
_ALL_KEEP, _NEARLY_ALL_KEEP, _ALL_BUT = 0.99, 0.999, 0.01


class RowsDiffer(SearchError):
    """The vectors of a system index are not one for each of its texts."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"The vectors at {folder} are not those of its texts ({why}). Run `codedesk index "
            "build --anew`."
        )


class TextVectors:
    """The opened vectors of a system index. The file of a bundle never changes, and stays readable
    while a process has it open: it is mapped into memory."""

    def __init__(self, folder: Path, texts: int) -> None:
        """`texts`: how many texts the system index has. Raises RowsDiffer when there is not one
        row for each."""
        faiss = load_faiss()
        self._graph = faiss.read_index(str(folder / VECTORS), faiss.IO_FLAG_MMAP_IFC)
        self._graph.hnsw.efSearch = _WIDTH_SEARCHING
        self._text_of, self._row_of = _read_rows(folder, self._graph.ntotal, texts)

    def nearest(self, vectors: np.ndarray, most: int) -> np.ndarray:
        """The numbers of the texts that are nearest to each of `vectors`, `most` for each, in one
        array."""
        _, rows = self._graph.search(vectors, most)
        rows = rows.ravel()[rows.ravel() >= 0]
        return rows if self._text_of is None else self._text_of[rows]

    def of(self, texts: np.ndarray) -> np.ndarray:
        """The vectors of texts by their numbers, as unpacked from eight bits (float32)."""
        rows = texts if self._row_of is None else self._row_of[texts]
        return self._graph.reconstruct_batch(rows.astype(np.int64))


def _read_rows(folder: Path, rows: int, texts: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The text of each row and the row of each text; None where they are the same."""
    if rows != texts:
        raise RowsDiffer(folder, f"{rows} vectors, {texts} texts")
    if not (folder / ROWS).exists():
        return None, None
    text_of = np.load(folder / ROWS).astype(np.int64)
    if not np.array_equal(np.sort(text_of), np.arange(texts)):
        raise RowsDiffer(folder, "their order does not name each text once")
    row_of = np.empty_like(text_of)
    row_of[text_of] = np.arange(texts)
    return text_of, row_of


def write(
    folder: Path,
    texts: Sequence[str],
    new: Mapping[str, np.ndarray],
    before: Path | None = None,
    texts_before: Sequence[str] = (),
) -> None:
    """Write the vectors of `texts` into `folder`.

    `new`: the unit vectors (float32) of the texts that are not in `texts_before`, which are the
    texts of the system index in the folder `before`. Where all of these are still there, and the
    new ones are like them, the graph is added to. Else it is written anew, with the vectors of
    texts that are still there.

    Raises RowsDiffer when what was written does not have the vectors of the new texts, or when
    `before` does not have one for each of its own.
    """
    faiss = load_faiss()
    faiss.omp_set_num_threads(THREADS)
    try:
        if before is None or not texts_before:
            graph, order = _made(np.stack([new[text] for text in texts])), list(texts)
        else:
            graph, order = _taken_over(texts, new, before, texts_before)
    finally:
        faiss.omp_set_num_threads(1)
    faiss.write_index(graph, str(folder / VECTORS))
    if order != list(texts):
        number = {text: at for at, text in enumerate(texts)}
        np.save(folder / ROWS, np.array([number[text] for text in order], dtype=np.int32))
    _check(folder, texts, new)


def _taken_over(
    texts: Sequence[str], new: Mapping[str, np.ndarray], before: Path, texts_before: Sequence[str]
) -> tuple[Any, list[str]]:
    """A graph that has vectors of the one in the folder `before`, and the texts of its rows."""
    faiss = load_faiss()
    graph = faiss.read_index(str(before / VECTORS))
    text_of, _ = _read_rows(before, graph.ntotal, len(texts_before))
    order = list(texts_before)
    if text_of is not None:
        order = [texts_before[number] for number in text_of]
    row_of = {text: row for row, text in enumerate(order)}
    added = [text for text in texts if text not in row_of]
    ranges = faiss.vector_to_array(_storage(graph).sq.trained)
    in_range = not added or _are_within(ranges, np.stack([new[text] for text in added]))
    if in_range and len(texts) == len(order) + len(added):
        graph.hnsw.efConstruction = _WIDTH_BUILDING
        if added:
            graph.add(np.stack([new[text] for text in added]))
        return graph, [*order, *added]
    known = graph.reconstruct_n(0, graph.ntotal)
    vectors = np.stack([known[row_of[t]] if t in row_of else new[t] for t in texts])
    return _made(vectors, ranges if in_range else None), list(texts)


def _are_within(ranges: np.ndarray, vectors: np.ndarray) -> bool:
    """Whether ranges (the least value of each dimension, then the width of each) hold unit
    vectors."""
    least, width = np.split(ranges, 2)
    cut = np.clip(vectors, least, least + width)
    nearness = (cut * vectors).sum(axis=1) / np.linalg.norm(cut, axis=1)
    beyond = (nearness < _NEARLY_ALL_KEEP).mean()
    return bool(nearness.min() >= _ALL_KEEP and beyond <= _ALL_BUT)


def _made(vectors: np.ndarray, ranges: np.ndarray | None = None) -> Any:
    """A new graph of unit vectors (float32). `ranges`: those of another graph, by which vectors
    that were unpacked from it get the same eight bits again."""
    faiss = load_faiss()
    # Eight bits a dimension take a quarter of the memory, with no difference in the ranking.
    graph = faiss.IndexHNSWSQ(
        vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, _LINKS, faiss.METRIC_INNER_PRODUCT
    )
    graph.hnsw.efConstruction = _WIDTH_BUILDING
    if ranges is None:
        graph.train(vectors)
    else:
        storage = _storage(graph)
        faiss.copy_array_to_vector(ranges, storage.sq.trained)
        storage.is_trained = graph.is_trained = True
    graph.add(vectors)
    return graph


def _storage(graph: Any) -> Any:
    return load_faiss().downcast_index(graph.storage)


def _check(folder: Path, texts: Sequence[str], new: Mapping[str, np.ndarray]) -> None:
    """Whether the written vectors are one for each text, and those of the new texts are theirs."""
    written = TextVectors(folder, len(texts))
    numbers = np.array([n for n, text in enumerate(texts) if text in new], dtype=np.int64)
    if not len(numbers):
        return
    vectors = np.stack([new[texts[number]] for number in numbers])
    stored = written.of(numbers)
    lengths = np.linalg.norm(stored, axis=1) * np.linalg.norm(vectors, axis=1)
    nearness = (stored * vectors).sum(axis=1) / lengths
    if nearness.min() < _ALL_KEEP:
        text = texts[numbers[nearness.argmin()]]
        raise RowsDiffer(folder, f"that of {text!r} has a cosine of {nearness.min():.3f}")
