"""Searching a bundle: a question in plain words to ranked families, for one release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from codesets.model import Guideline, Release
from codesets.store import CodeStore
from index import build, bundle
from index.encoder import Encoder
from index.guidance import Guidance, passages
from index.rank import Evidence, Ranker, score
from index.runtime import load_faiss
from index.words import Lexicon, Reading, Spelling, lexical_tokens, plain_words, read

#: Texts taken from each retriever, and families taken on to ranking.
_TEXTS_PER_RETRIEVER = 150
#: What nearness to a part of the question is worth less than nearness to the whole.
_PART = 0.04
#: A header with more families under it than this is completed only by those found themselves.
_MOST_BELOW = 60


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for searching."""

    asked: str
    spelled_out: str
    first_clause: str
    reading: Reading

    @property
    def wordings(self) -> dict[str, float]:
        """What is embedded, each with what its nearness is lessened by: the question as spelled
        out; as typed, because a wrong guess at a shorthand must not hide the rest; and its first
        clause, which names the condition ("knee OA, failed PT, here for a steroid shot")."""
        worded = {self.first_clause: _PART, self.asked: 0.0, self.spelled_out: 0.0}
        return {text: less for text, less in worded.items() if text}


@dataclass(frozen=True, slots=True)
class Hit:
    """A family that fits a question. `score` compares within one search only."""

    system: str
    code: str
    title: str
    score: float
    similarity: float
    features: dict[str, float]
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: the question as it was understood, its hits, best first, how near it is
    to the nearest example of a question that has nothing to do with coding (cosine), and the
    vector of the question, as typed and as spelled out."""

    query: Query
    hits: list[Hit]
    off_topic: float
    vector: np.ndarray


class Searcher:
    """An opened bundle. Reading it is safe from many threads at once."""

    def __init__(self, root: Path, store: CodeStore, encoder: Encoder) -> None:
        """Raises bundle.BundleUnusable when there is no bundle that fits what is loaded."""
        import bm25s

        folder, self.manifest = bundle.opened(root, store)
        fingerprint = encoder.fingerprint()
        if fingerprint != self.manifest.encoder_fingerprint:
            raise bundle.BundleUnusable(
                f"The index was built with the model {self.manifest.encoder}, and the desk is set "
                f"to {encoder.name}, which is another. Run `codedesk index build`."
            )
        self.encoder = encoder
        self._store = store
        self._folder = folder
        self._guidance = lru_cache(maxsize=4)(self._open_guidance)
        self._texts: list[str] = build.read_json(folder / build.TEXTS)
        self._families = [build.Family(*row) for row in build.read_json(folder / build.FAMILIES)]
        self._number = {(f.system, f.code): n for n, f in enumerate(self._families)}
        self._owners: list[list[int]] = [[] for _ in self._texts]
        self._below: list[list[int]] = [[] for _ in self._families]
        for number, family in enumerate(self._families):
            for text in family.texts:
                self._owners[text].append(number)
            if family.parent is not None:
                self._below[self._number[family.system, family.parent]].append(number)
        # Texts that belong to a code of each system.
        self._texts_of: dict[str, np.ndarray] = {}
        for family in self._families:
            texts = self._texts_of.setdefault(family.system, np.zeros(len(self._texts), dtype=bool))
            texts[family.texts] = True
        self._vectors = load_faiss().read_index(str(folder / build.VECTORS))
        self._off_topic = np.load(folder / build.OFF_TOPIC)
        self._lexical = bm25s.BM25.load(folder / build.LEXICAL, show_progress=False)
        vocabulary: dict[str, int] = build.read_json(folder / build.VOCABULARY)
        self._lexicon = Lexicon.shipped()
        everyday = frozenset(w for line in build.off_topic_examples() for w in plain_words(line))
        self._spelling = Spelling(vocabulary, everyday)
        frequency: dict[str, int] = {}
        for word, count in vocabulary.items():
            for stem in read(word).stems:
                frequency[stem] = frequency.get(stem, 0) + count
        self._ranker = Ranker(frequency, len(self._texts))

    def guidance(self, key: str) -> Guidance:
        """The guidelines of the book with this key, ready to be asked."""
        return self._guidance(key)

    def _open_guidance(self, key: str) -> Guidance:
        (book,) = (book for book in self._store.books.all("guidelines") if book.key == key)
        guidelines = list(self._store.books.rows(Guideline, book))
        vectors = build.passage_vectors(self._folder)
        made = [vectors[text] for _, text in passages(guidelines)]
        return Guidance(guidelines, self.encoder, np.stack(made))

    def understand(self, question: str) -> Query:
        """Spell out shorthand and repair typing; codes, numbers and doses stay as they are."""
        spelled = self._spell_out(question)
        clause = re.split(r"[,;]", question, maxsplit=1)[0]
        first = spelled if clause == question else self._spell_out(clause)
        return Query(question, spelled, first, read(spelled))

    def _spell_out(self, text: str) -> str:
        words = [
            word if self._lexicon.knows(word) else self._spelling.repair(word)
            for word in self._lexicon.typed(text)
        ]
        return " ".join(self._lexicon.spell_out(words))

    def search(self, question: str, releases: Sequence[Release], limit: int = 10) -> Found:
        """Best families of the given releases (one a system) for a question."""
        return self.search_many([question], releases, limit)[0]

    def search_many(
        self, questions: Sequence[str], releases: Sequence[Release], limit: int = 10
    ) -> list[Found]:
        """`search` for several questions, which are embedded together."""
        queries = [self.understand(question) for question in questions]
        texts = list({wording for query in queries for wording in query.wordings})
        vectors = dict(zip(texts, self.encoder.encode(texts), strict=True))
        return [
            Found(
                query,
                self._ranked(query, vectors, releases, limit),
                float((self._off_topic @ vectors[query.asked]).max()),
                (vectors[query.asked] + vectors[query.spelled_out or query.asked]) / 2,
            )
            for query in queries
        ]

    def _ranked(
        self,
        query: Query,
        vectors: Mapping[str, np.ndarray],
        releases: Sequence[Release],
        limit: int,
    ) -> list[Hit]:
        keys: dict[str, str] = {release.system: release.key for release in releases}
        similarity = self._retrieve(query, vectors, keys)
        found: dict[int, list[Evidence]] = {}
        for text, cosine in similarity.items():
            for owner in self._owners[text]:
                for number, distance in self._reportable(owner, keys):
                    evidence = Evidence(self._texts[text], cosine, distance)
                    found.setdefault(number, []).append(evidence)
        hits = []
        for number, speaking in found.items():
            family = self._families[number]
            above = list(self._titles_above(family))
            features = self._ranker.features(query.reading, family.title, above, speaking)
            nearest = sorted(speaking, key=lambda e: -e.similarity)[:3]
            hits.append(
                Hit(
                    family.system,
                    family.code,
                    family.title,
                    score(features),
                    features["dense"],
                    features,
                    tuple(dict.fromkeys(e.text for e in nearest)),
                )
            )
        hits.sort(key=lambda hit: (-hit.score, hit.code))
        return hits[:limit]

    def _retrieve(
        self, query: Query, vectors: Mapping[str, np.ndarray], systems: Iterable[str]
    ) -> dict[int, float]:
        """Texts of these systems that either retriever finds, with the cosine of the nearest
        wording."""
        allowed = np.logical_or.reduce([self._texts_of[system] for system in systems])
        most = min(_TEXTS_PER_RETRIEVER, int(allowed.sum()))
        only = None
        if not allowed.all():
            faiss = load_faiss()
            bits = np.packbits(allowed, bitorder="little")
            only = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        asked = np.stack([vectors[wording] for wording in query.wordings])
        less = np.array(list(query.wordings.values()), dtype=np.float32)
        _, nearest = self._vectors.search(asked, most, params=only)
        found = set(nearest.ravel().tolist())
        tokens = [
            token
            for token in lexical_tokens(query.spelled_out)
            if token in self._lexical.vocab_dict
        ]
        if tokens:
            scores = np.where(allowed, self._lexical.get_scores(tokens), 0)
            top = np.argpartition(-scores, min(most, len(scores) - 1))[:most]
            found.update(top[scores[top] > 0].tolist())
        texts = np.array(sorted(found))
        cosines = (self._vectors.reconstruct_batch(texts) @ asked.T - less).max(axis=1)
        return dict(zip(texts.tolist(), cosines.tolist(), strict=True))

    def _reportable(self, number: int, keys: dict[str, str]) -> Iterable[tuple[int, int]]:
        """The families to report for a text of family `number`: itself, or, for a header, the
        families that complete it, with their distance from it."""
        family = self._families[number]
        state = family.releases.get(keys.get(family.system, ""))
        if state is None:
            return
        if state:
            yield number, 0
            return
        level, distance = [number], 0
        below: list[tuple[int, int]] = []
        while level and len(below) <= _MOST_BELOW:
            distance += 1
            level = [child for parent in level for child in self._below[parent]]
            for child in level:
                releases = self._families[child].releases
                if releases.get(keys[family.system]):
                    below.append((child, distance))
        yield from below[:_MOST_BELOW]

    def _titles_above(self, family: build.Family) -> Iterable[str]:
        parent = family.parent
        while parent is not None:
            above = self._families[self._number[family.system, parent]]
            yield above.title
            parent = above.parent
