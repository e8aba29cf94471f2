"""What a search costs as codes grow: a flat fp32 index beside the system index that the product
uses.

There are not that many codes, so they are made: each is a mixture of two real titles, in its words
and in its vector, with a little noise.
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
from index.search.system_index import SystemIndex, write

#: Searches timed for each size, and texts that each takes, as the product does.
_SEARCHES, _TEXTS = 50, 150
_NOISE = 0.01


def measured(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """For each size: milliseconds a search (one vector, one thread), bytes a vector, seconds to
    index, and which share of the ten nearest the product finds."""
    texts, vectors = _synthetic(max(sizes) + _SEARCHES)
    asked, texts, vectors = vectors[:_SEARCHES], texts[_SEARCHES:], vectors[_SEARCHES:]
    return [_at(size, texts[:size], vectors[:size], asked) for size in sizes]


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
    # The number keeps them distinct, as the texts of a system index are.
    texts = [
        f"{titles[a][2]} {titles[b][2].split()[0]} {number}"
        for number, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    return texts, vectors.astype(np.float32)


def _at(size: int, texts: list[str], vectors: np.ndarray, asked: np.ndarray) -> dict[str, Any]:
    faiss = load_faiss()
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    flat_ms, exact = _timed(lambda vector: flat.search(vector, _TEXTS)[1][0][:10], asked)
    families = [Family(str(n), text, None, {"r": True}, [n]) for n, text in enumerate(texts)]
    with tempfile.TemporaryDirectory(prefix="codedesk-bench-") as work:
        started = time.perf_counter()
        write(Path(work) / "shelf", Gathered(texts, families), vectors)
        seconds = time.perf_counter() - started
        on_disk = (Path(work) / "shelf" / "vectors.faiss").stat().st_size
        system_index = SystemIndex("synthetic", Path(work) / "shelf", Rarity({}, size))
        # Without words it is the vectors alone that are searched.
        product_ms, found = _timed(lambda vector: _nearest(system_index, vector), asked)
    shared = [len(set(a.tolist()) & set(b)) / 10 for a, b in zip(exact, found, strict=True)]
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
    texts, cosines, _ = system_index.retrieve(vector, np.zeros(1, dtype=np.float32), "", _TEXTS)
    return texts[np.argsort(-cosines)][:10].tolist()


def _timed(search: Callable[[np.ndarray], Any], asked: np.ndarray) -> tuple[float, list[Any]]:
    """Median milliseconds of a search, and what each found."""
    took, found = [], []
    for vector in asked:
        started = time.perf_counter()
        found.append(search(vector[None]))
        took.append(1000 * (time.perf_counter() - started))
    return float(np.median(took)), found
