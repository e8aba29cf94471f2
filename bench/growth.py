"""Measures a search by the number of codes: a flat fp32 index, and the product's system index.

There are fewer real codes than that, so codes are synthetic: the words and the vector of each are a
mixture of two real titles, with a little noise.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from naive import FOLDER

from index.families import Family, Gathered
from index.runtime import load_faiss
from index.search.ranking import Rarity
from index.search.system_index import SystemIndex, Wordings, write

#: The number of timed searches for each size, and of texts that a search takes.
_SEARCHES, _TEXTS = 50, 150
_NOISE = 0.01


def measured(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """For each size: milliseconds a search (one vector, one thread), bytes a vector, seconds to
    index, and the share of the ten nearest that the product finds."""
    texts, vectors = _synthetic(max(sizes) + _SEARCHES)
    questions, texts, vectors = vectors[:_SEARCHES], texts[_SEARCHES:], vectors[_SEARCHES:]
    return [_at(size, texts[:size], vectors[:size], questions) for size in sizes]


def _synthetic(count: int) -> tuple[list[str], np.ndarray]:
    faiss = load_faiss()
    index = faiss.read_index(str(FOLDER / "titles.faiss"))
    real = index.reconstruct_n(0, index.ntotal)
    titles = json.loads((FOLDER / "titles.json").read_text(encoding="utf-8"))
    random = np.random.default_rng(0)
    first, second = random.integers(len(real), size=(2, count))
    vectors = real[first] + random.uniform(0.1, 0.6, (count, 1)) * real[second]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors += random.normal(0, _NOISE, vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # The number makes texts distinct, as they must be in a system index.
    texts = [
        f"{titles[a][2]} {titles[b][2].split()[0]} {number}"
        for number, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    return texts, vectors.astype(np.float32)


def _at(size: int, texts: list[str], vectors: np.ndarray, questions: np.ndarray) -> dict[str, Any]:
    faiss = load_faiss()
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    flat_ms, exact = _timed(lambda vector: flat.search(vector, _TEXTS)[1][0][:10], questions)
    families = [Family(str(n), text, None, {"r": True}, [n]) for n, text in enumerate(texts)]
    with tempfile.TemporaryDirectory(prefix="codedesk-bench-") as work:
        started = time.perf_counter()
        folder = Path(work) / "synthetic"
        write(folder, Gathered(texts, families), dict(zip(texts, vectors, strict=True)))
        seconds = time.perf_counter() - started
        on_disk = (folder / "vectors.faiss").stat().st_size
        system_index = SystemIndex("synthetic", folder, Rarity({}, size))
        product_ms, nearest = _timed(lambda vector: _nearest(system_index, vector), questions)
    shared = [len(set(a.tolist()) & set(b)) / 10 for a, b in zip(exact, nearest, strict=True)]
    return {
        "vectors": size,
        "flat_ms": flat_ms,
        "product_ms": product_ms,
        "flat_bytes": vectors.shape[1] * 4,
        "product_bytes": on_disk / size,
        "indexing_s": seconds,
        "top_ten_found": sum(shared) / len(shared),
    }


def _nearest(system_index: SystemIndex, vector: np.ndarray) -> list[int]:
    # Without words, so that only vectors are searched.
    wordings = Wordings("", vector, np.zeros(1, dtype=np.float32))
    texts, cosines, _ = system_index.retrieve(wordings, _TEXTS)
    return texts[np.argsort(-cosines)][:10].tolist()


def _timed(search: Callable[[np.ndarray], Any], questions: np.ndarray) -> tuple[float, list[Any]]:
    """The median milliseconds of a search, and the result of each."""
    milliseconds, results = [], []
    for vector in questions:
        started = time.perf_counter()
        results.append(search(vector[None]))
        milliseconds.append(1000 * (time.perf_counter() - started))
    return float(np.median(milliseconds)), results
