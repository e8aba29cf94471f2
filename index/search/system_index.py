"""The system index of one code system in a bundle: its families, their texts, and two retrievers.

The unit of search is a *family* (index/families.py). Its texts are its title, its Includes notes
and its Terms (inclusion terms, entries of the indexes and tables, drug names). Each distinct text
has one vector, however many families share it. One retriever finds the texts with the nearest
vectors, the other those with the best BM25 scores. A text of a header counts for the families below
the header that are reported. Families and texts are numbers here, counted from 0.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from codesets.model import Release, System
from index import precedence
from index.bundle import read_json, write_json
from index.families import Gathered
from index.search import features, text_vectors
from index.search.bm25 import Lexical, write_lexical
from index.search.features import Ragged, among
from index.search.known_names import KnownNames, is_condition
from index.search.ranking import Evidence, Judged, Ranker, Rarity
from index.search.text_vectors import TextVectors
from index.text.lexicon import Lexicon
from index.text.tokens import Reading

LEXICAL = "lexical"
#: The texts; the codes and releases; the numbers that link them.
TEXTS, NAMES, LINKS = "texts.txt", "names.json", "links.npz"

#: A text of a header counts for this many families below the header at most.
_MOST_BELOW = 60
#: The number of texts in which the words of several questions are looked for.
_LIKEST = 20


def write(
    folder: Path,
    gathered: Gathered,
    new: Mapping[str, np.ndarray],
    before: Path | None = None,
    texts_before: Sequence[str] = (),
) -> None:
    """Write a system index into a new folder.

    `new`: the unit vectors (float32) of the texts that are not in `texts_before`, the texts of the
    system index in the folder `before`, which has the vectors of the others. Raises RowsDiffer.
    """
    folder.mkdir()
    text_vectors.write(folder, gathered.texts, new, before, texts_before)
    write_lexical(folder / LEXICAL, gathered.texts)
    (folder / TEXTS).write_text("".join(f"{text}\n" for text in gathered.texts), encoding="utf-8")
    titles = [family.texts[0] for family in gathered.families]
    parents = [family.parent for family in gathered.families]
    features.save(folder / features.FILE, features.extract(gathered.texts, titles, parents))
    families = gathered.families
    numbers = {family.code: number for number, family in enumerate(families)}
    releases = sorted({key for family in families for key in family.releases})
    by_title = precedence.titled(families, gathered.texts)
    shorthand = precedence.shorthand_titled(Lexicon.shipped().keys, by_title)
    entries = precedence.shorthand_of_entries(
        Lexicon.shipped().keys, gathered.texts, gathered.entries
    )
    write_json(
        folder / NAMES,
        {
            "codes": list(numbers),
            "releases": releases,
            "shorthand": shorthand,
            "entries": entries,
        },
    )
    owners, starts = _owners([family.texts for family in families], len(gathered.texts))
    np.savez(
        folder / LINKS,
        # A family's first text is its title.
        titles=np.array(titles, dtype=np.int32),
        parents=np.array([numbers.get(f.parent or "", -1) for f in families], dtype=np.int32),
        owners=owners,
        starts=starts,
        # One a text: whether it is an entry of the Alphabetic Index.
        entries=np.isin(np.arange(len(gathered.texts)), sorted(gathered.entries)),
        # Text, family, and the family that has the text as its title.
        giving_way=np.array(
            precedence.giving_way(families, gathered.texts, by_title), dtype=np.int32
        ).reshape(-1, 3),
        # Releases x families: 1 for a family that is reported, 0 for a header, -1 for one that the
        # release does not have.
        states=np.array(
            [[family.releases.get(key, -1) for family in families] for key in releases],
            dtype=np.int8,
        ),
    )


def vectors_of(folder: Path) -> dict[str, np.ndarray]:
    """The vector of each text of a system index, as unpacked from eight bits (float32)."""
    texts = list(Texts(folder / TEXTS))
    vectors = TextVectors(folder, len(texts)).of(np.arange(len(texts)))
    return dict(zip(texts, vectors, strict=True))


class Texts(Sequence[str]):
    """The texts of a system index, one text a line of their file, which is mapped into memory. As
    strings they would take twice the memory, and processes could not share them."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes: bytes | mmap.mmap = b""
            if path.stat().st_size:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        ends = np.flatnonzero(np.frombuffer(self._bytes, dtype=np.uint8) == ord("\n"))
        self._starts = np.concatenate([[0], ends + 1]).astype(np.int32)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, end = self._starts[number : number + 2].tolist()
        return self._bytes[start : end - 1].decode()


@dataclass(frozen=True, slots=True)
class Wordings:
    """The wordings of a question, for both retrievers.

    spelled_out     the text for BM25
    vectors         float32, one row for each wording that was embedded: unit vectors
    penalties       float32, one a wording: taken off its cosines
    """

    spelled_out: str
    vectors: np.ndarray
    penalties: np.ndarray


class SystemIndex:
    """An opened system index."""

    def __init__(self, system: System, folder: Path, rarity: Rarity) -> None:
        """`rarity`: the weights of words in the whole bundle."""
        self.system = system
        self.texts = Texts(folder / TEXTS)
        names = read_json(folder / NAMES)
        self.codes: list[str] = names["codes"]
        with np.load(folder / LINKS) as links:
            self._titles: np.ndarray = links["titles"]
            self._parents: np.ndarray = links["parents"]
            #: A row a text: the families that have it.
            self._owners = Ragged(links["owners"], links["starts"])
            self._states = dict(zip(names["releases"], links["states"], strict=True))
            giving_way, entries = links["giving_way"], links["entries"]
        self._shorthand: dict[str, list[int]] = names["shorthand"]
        #: The shorthand that is an entry of the Alphabetic Index.
        self.shorthand_entries: list[str] = names["entries"]
        #: Release -> the texts that give way there, each as one number with its family.
        self._outranked = {
            release: np.unique(self._pair(*giving_way[states[giving_way[:, 2]] >= 0].T[:2]))
            for release, states in self._states.items()
        }
        # Sorted by parent, so that the families under one parent follow one another.
        self._by_parent = np.argsort(self._parents, kind="stable").astype(np.int32)
        # Where those under each parent begin.
        self._under_starts = np.searchsorted(
            self._parents[self._by_parent], np.arange(len(self.codes) + 1)
        )
        self._below_header: dict[tuple[int, str], np.ndarray] = {}
        self._vectors = TextVectors(folder, len(self.texts))
        self.lexical = Lexical(folder / LEXICAL, len(self.texts))
        title_features = features.load(folder / features.FILE)
        self.names = KnownNames(title_features, self._names_of_conditions(entries))
        self._ranker = Ranker(
            system,
            self.codes,
            title_features,
            self._titles,
            self._parents,
            entries,
            rarity,
        )
        #: A row a group: the families in it.
        groups = title_features.groups
        self._members = Ragged(
            np.argsort(groups, kind="stable").astype(np.int32),
            np.searchsorted(np.sort(groups), np.arange(groups.max(initial=-1) + 2)).astype(
                np.int32
            ),
        )

    def _names_of_conditions(self, entries: np.ndarray) -> np.ndarray:
        """The texts of families of conditions. A text of a neoplasm that is no entry of the
        Alphabetic Index may be a site of the Table of Neoplasms."""
        if self.system != "icd10cm":
            return np.array([], dtype=np.int32)
        counts = np.array([is_condition(code) for code in self.codes])
        is_tumor = np.array([code < "D50" and code[0] in "CD" for code in self.codes])
        values, starts = self._owners.values, self._owners.starts
        text = np.repeat(np.arange(len(self.texts)), np.diff(starts))
        kept = counts[values] & (~is_tumor[values] | entries[text])
        return np.unique(np.concatenate([text[kept], self._titles[counts]]))

    def _pair(self, texts: np.ndarray, families: np.ndarray) -> np.ndarray:
        """A text and a family as one number (int64)."""
        return texts.astype(np.int64) * len(self.codes) + families

    def titled(self, release: str) -> frozenset[str]:
        """The shorthand of several words that is the title of a code of a release, by its key."""
        states = self._states[release]
        return frozenset(
            words for words, families in self._shorthand.items() if (states[families] >= 0).any()
        )

    def has(self, release: Release) -> bool:
        """Whether a release was loaded when the system index was built."""
        return release.key in self._states

    def evidence(self, wordings: Wordings, most: int, release: str) -> Evidence:
        """The texts that `retrieve` finds, with the families of a release (by its key) that they
        count for: those that have the text and are reported, and those below a header that has
        it."""
        texts, cosines, lexical = self.retrieve(wordings, most)
        owners, of_text = self._owners.take(texts)
        outranked = among(self._pair(texts[of_text], owners), self._outranked[release])
        kept = (~outranked).nonzero()[0]
        owners, of_text = owners[kept], of_text[kept]
        states = self._states[release][owners]
        reported, headers = (states > 0).nonzero()[0], (states == 0).nonzero()[0]
        below = [self._families_below(header, release) for header in owners[headers].tolist()]
        lengths = [each.shape[1] for each in below]
        none = np.zeros(len(reported), dtype=np.int32)
        families, distances = np.concatenate([(owners[reported], none), *below], axis=1)
        places = np.concatenate([of_text[reported], of_text[headers].repeat(lengths)])
        return Evidence(families, texts[places], cosines[places], lexical[places], distances)

    def says_together(self, texts: Sequence[str], telling: Sequence[frozenset[str]]) -> bool:
        """Whether one of the texts that are likest to several questions together, by BM25, has
        words of each. `texts`: the questions, spelled out; `telling`: the stems of each that tell
        what it is about."""
        scores = self.lexical.scores(" ".join(texts))
        likest = np.flatnonzero(scores)
        if len(likest) > _LIKEST:
            likest = likest[np.argpartition(scores[likest], -_LIKEST)[-_LIKEST:]]
        return self._ranker.has_words_of_each(likest, telling)

    def retrieve(self, wordings: Wordings, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The texts that the retrievers find: `most` for each wording by vector, `most` by BM25.

        Returns three arrays with one entry a text: its number (sorted); its largest cosine with a
        wording, less the penalty (float32); its BM25 score as a share of the best (float32).
        """
        by_vector = self._vectors.nearest(wordings.vectors, most)
        scores = self.lexical.scores(wordings.spelled_out)
        by_words = (scores != 0).nonzero()[0]
        if len(by_words) > most:
            by_words = by_words[np.argpartition(scores[by_words], -most)[-most:]]
        texts = np.unique(np.concatenate([by_vector, by_words]))
        lexical = (scores[texts] / (scores.max() or 1.0)).astype(np.float32)
        return texts, self._cosines(texts, wordings), lexical

    def judge(
        self,
        readings: Sequence[Reading],
        evidence: Evidence,
        families: np.ndarray,
        wordings: Wordings,
        release: str,
        amounts: Sequence[frozenset[str]] = (),
    ) -> Judged:
        """Score families of a release (by its key), together with those that differ from them in
        side or trimester only. See Ranker.judge."""
        members, _ = self._members.take(np.unique(self._ranker.groups[families]))
        reported = members[self._states[release][members] > 0]
        families = np.unique(np.concatenate([families, reported]))
        by_title = self._cosines(self._titles[families], wordings)
        return self._ranker.judge(readings, evidence.of(families), families, by_title, amounts)

    def _cosines(self, texts: np.ndarray, wordings: Wordings) -> np.ndarray:
        vectors = self._vectors.of(texts)
        return (vectors @ wordings.vectors.T - wordings.penalties).max(axis=1)

    def _families_below(self, header: int, release: str) -> np.ndarray:
        """The families below a header that a release reports, and the levels of each from the
        header, in two rows (int32); _MOST_BELOW at most."""
        below = self._below_header.get((header, release))
        if below is None:
            found = self._below(header, self._states[release])
            below = np.array(found, dtype=np.int32).reshape(-1, 2).T
            self._below_header[header, release] = below
        return below

    def _below(self, family: int, states: np.ndarray) -> list[tuple[int, int]]:
        level, distance = [family], 0
        below: list[tuple[int, int]] = []
        while level and len(below) <= _MOST_BELOW:
            distance += 1
            level = [child for parent in level for child in self._under(parent)]
            below += [(child, distance) for child in level if states[child] > 0]
        return below[:_MOST_BELOW]

    def _under(self, parent: int) -> list[int]:
        first, last = self._under_starts[parent : parent + 2]
        return self._by_parent[first:last].tolist()

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Code -> number of its family."""
        return {code: number for number, code in enumerate(self.codes)}

    def title(self, family: int) -> str:
        return self.texts[self._titles[family]]


def _owners(texts_of: Sequence[Sequence[int]], count: int) -> tuple[np.ndarray, np.ndarray]:
    """The families of each text as the arrays of a Ragged: values and starts."""
    texts = np.concatenate([np.asarray(texts, dtype=np.int32) for texts in texts_of])
    families = np.repeat(
        np.arange(len(texts_of), dtype=np.int32), [len(texts) for texts in texts_of]
    )
    order = np.argsort(texts, kind="stable")
    starts = np.searchsorted(texts[order], np.arange(count + 1)).astype(np.int32)
    return families[order], starts
