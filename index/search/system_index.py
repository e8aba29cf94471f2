"""The system index of one code system in a bundle: its families, their texts, and both retrievers.

What is searched is a *family*: a code with all that a seventh character (and placeholder X) would
make of it, or all ICD-10-PCS codes that do one thing to one body part: one thing to find and one
thing to complete. Its texts are its title, its Includes notes and its Terms (inclusion terms,
entries of the indexes and tables, drug names); each distinct text has one vector, whatever number
of families share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from codesets.model import Release, System
from index.bundle import read_json, write_json
from index.families import Gathered
from index.runtime import THREADS, load_faiss
from index.search import features
from index.search.bm25 import Lexical, write_lexical
from index.search.features import Ragged
from index.search.ranking import Evidence, Judged, Ranker, Rarity
from index.text.tokens import Reading

VECTORS, LEXICAL = "vectors.faiss", "lexical"
#: Texts; codes and releases; and how they belong together, by their numbers.
TEXTS, NAMES, LINKS = "texts.txt", "names.json", "links.npz"

#: A header with more families under it than this is completed only by those found themselves.
_MOST_BELOW = 60
#: Links of a text to its neighbours, and how widely they are looked for when building and when
#: searching: on 204,391 texts, 98.9% of the 100 nearest and 99.1% of the 10 nearest are found.
_LINKS, _WIDTH_BUILDING, _WIDTH_SEARCHING = 16, 200, 200


def write(folder: Path, gathered: Gathered, vectors: np.ndarray) -> None:
    """Make a system index: `vectors` are unit vectors, one a text."""
    folder.mkdir()
    faiss = load_faiss()
    # Eight bits a dimension: a quarter of the memory, and the ranking cannot see the difference.
    index = faiss.IndexHNSWSQ(
        vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, _LINKS, faiss.METRIC_INNER_PRODUCT
    )
    index.hnsw.efConstruction = _WIDTH_BUILDING
    faiss.omp_set_num_threads(THREADS)
    index.train(vectors)
    index.add(vectors)
    faiss.omp_set_num_threads(1)
    faiss.write_index(index, str(folder / VECTORS))
    write_lexical(folder / LEXICAL, gathered.texts)
    (folder / TEXTS).write_text("".join(f"{text}\n" for text in gathered.texts), encoding="utf-8")
    titles = [family.texts[0] for family in gathered.families]
    parents = [family.parent for family in gathered.families]
    features.save(folder / features.FILE, features.read_facts(gathered.texts, titles, parents))
    families = gathered.families
    numbers = {family.code: number for number, family in enumerate(families)}
    releases = sorted({key for family in families for key in family.releases})
    write_json(folder / NAMES, {"codes": list(numbers), "releases": releases})
    owners, starts = _owners([family.texts for family in families], len(gathered.texts))
    np.savez(
        folder / LINKS,
        # A family's first text is its title.
        titles=np.array(titles, dtype=np.int32),
        parents=np.array([numbers.get(f.parent or "", -1) for f in families], dtype=np.int32),
        owners=owners,
        starts=starts,
        # By release: 1 where a family is reported, 0 where it is a header, -1 where it is not.
        states=np.array(
            [[family.releases.get(key, -1) for family in families] for key in releases],
            dtype=np.int8,
        ),
    )


def vectors_of(folder: Path) -> dict[str, np.ndarray]:
    """The vector of each text of a system index."""
    texts = list(Texts(folder / TEXTS))
    index = _read_vectors(folder)
    return dict(zip(texts, index.reconstruct_n(0, len(texts)), strict=True))


def _read_vectors(folder: Path) -> Any:
    """The index of a system index's vectors, left in its file, of which each process reads what it
    needs: a bundle's files never change, and stay until the last process that has them open has
    ended."""
    faiss = load_faiss()
    return faiss.read_index(str(folder / VECTORS), faiss.IO_FLAG_MMAP_IFC)


class Texts(Sequence[str]):
    """The texts of a system index, one a line, kept as they stand in the file: as strings they
    would take twice the memory."""

    def __init__(self, path: Path) -> None:
        self._bytes = path.read_bytes()
        ends = np.flatnonzero(np.frombuffer(self._bytes, dtype=np.uint8) == ord("\n"))
        self._starts = np.concatenate([[0], ends + 1]).astype(np.int32)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._bytes[self._starts[number] : self._starts[number + 1] - 1].decode()


class SystemIndex:
    """An opened system index. Families and texts are told by their numbers."""

    def __init__(self, system: System, folder: Path, rarity: Rarity) -> None:
        self.system = system
        self.texts = Texts(folder / TEXTS)
        names = read_json(folder / NAMES)
        self.codes: list[str] = names["codes"]
        with np.load(folder / LINKS) as links:
            self._titles: np.ndarray = links["titles"]
            self._parents: np.ndarray = links["parents"]
            #: Of each text the families whose text it is.
            self._owners = Ragged(links["owners"], links["starts"])
            self._states = dict(zip(names["releases"], links["states"], strict=True))
        # Families in the order of their parents, so that those under one stand together.
        self._by_parent = np.argsort(self._parents, kind="stable").astype(np.int32)
        self._ordered_parents = self._parents[self._by_parent]
        self._completing: dict[tuple[int, str], list[tuple[int, int]]] = {}
        self._vectors = _read_vectors(folder)
        self._vectors.hnsw.efSearch = _WIDTH_SEARCHING
        self._lexical = Lexical(folder / LEXICAL, len(self.texts))
        self._ranker = Ranker(
            system,
            self.codes,
            features.load(folder / features.FILE),
            self._titles,
            self._parents,
            rarity,
        )

    def has(self, release: Release) -> bool:
        """Whether a release was loaded when the system index was made."""
        return release.key in self._states

    def evidence(
        self, asked: np.ndarray, less: np.ndarray, text: str, most: int, release: str
    ) -> Evidence:
        """What speaks for families of a release: the texts that `retrieve` finds, each for its
        own families or, where it is a header's, for those that complete it."""
        texts, cosines, lexical = self.retrieve(asked, less, text, most)
        owners, of_text = self._owners.take(texts)
        states = self._states[release][owners]
        reported, headers = np.flatnonzero(states > 0), np.flatnonzero(states == 0)
        below = [
            (family, place, distance)
            for header, place in zip(
                owners[headers].tolist(), of_text[headers].tolist(), strict=True
            )
            for family, distance in self._completed_by(header, release)
        ]
        families, places, distances = np.array(below, dtype=np.int32).reshape(-1, 3).T
        families = np.concatenate([owners[reported], families])
        places = np.concatenate([of_text[reported], places])
        distances = np.concatenate([np.zeros(len(reported), dtype=np.int32), distances])
        return Evidence(families, texts[places], cosines[places], lexical[places], distances)

    def retrieve(
        self, asked: np.ndarray, less: np.ndarray, text: str, most: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The texts that either retriever finds, `most` by each; the cosine of each with the
        nearest of the question's wordings (`asked`, one a row), each lessened by its entry in
        `less`; and each one's share of the best BM25 score for `text`."""
        _, nearest = self._vectors.search(asked, most)
        found = [nearest.ravel()[nearest.ravel() >= 0]]
        scores = self._lexical.scores(text)
        scored = np.flatnonzero(scores)
        if len(scored) > most:
            scored = scored[np.argpartition(scores[scored], -most)[-most:]]
        found.append(scored)
        texts = np.unique(np.concatenate(found))
        lexical = (scores[texts] / (scores.max() or 1.0)).astype(np.float32)
        return texts, self._cosines(texts, asked, less), lexical

    def judge(
        self,
        readings: Sequence[Reading],
        evidence: Evidence,
        families: np.ndarray,
        asked: np.ndarray,
        less: np.ndarray,
        release: str,
    ) -> Judged:
        """Families of a release, with those that differ from them in side or trimester alone,
        their features and scores; see `evidence` and Ranker.judge."""
        groups = self._ranker.groups
        alike = np.zeros(len(groups), dtype=bool)
        alike[groups[families]] = True
        wanted = alike[groups] & (self._states[release] > 0)
        wanted[families] = True
        families = np.flatnonzero(wanted).astype(np.int32)
        by_title = self._cosines(self._titles[families], asked, less)
        return self._ranker.judge(readings, evidence.of(families), families, by_title)

    def _cosines(self, texts: np.ndarray, asked: np.ndarray, less: np.ndarray) -> np.ndarray:
        vectors = self._vectors.reconstruct_batch(texts.astype(np.int64))
        return (vectors @ asked.T - less).max(axis=1)

    def _completed_by(self, header: int, release: str) -> list[tuple[int, int]]:
        """The families that complete a header of a release, with their distance from it."""
        if (header, release) not in self._completing:
            self._completing[header, release] = self._below(header, self._states[release])
        return self._completing[header, release]

    def _below(self, family: int, states: np.ndarray) -> list[tuple[int, int]]:
        level, distance = [family], 0
        below: list[tuple[int, int]] = []
        while level and len(below) <= _MOST_BELOW:
            distance += 1
            level = [child for parent in level for child in self._under(parent)]
            below += [(child, distance) for child in level if states[child] > 0]
        return below[:_MOST_BELOW]

    def _under(self, parent: int) -> list[int]:
        first, last = np.searchsorted(self._ordered_parents, (parent, parent + 1))
        return self._by_parent[first:last].tolist()

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each family's code."""
        return {code: number for number, code in enumerate(self.codes)}

    def title(self, family: int) -> str:
        return self.texts[self._titles[family]]


def _owners(texts_of: Sequence[Sequence[int]], count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each text its families, one after another, and where those of each text begin."""
    texts = np.concatenate([np.asarray(texts, dtype=np.int32) for texts in texts_of])
    families = np.repeat(
        np.arange(len(texts_of), dtype=np.int32), [len(texts) for texts in texts_of]
    )
    order = np.argsort(texts, kind="stable")
    starts = np.searchsorted(texts[order], np.arange(count + 1)).astype(np.int32)
    return families[order], starts
