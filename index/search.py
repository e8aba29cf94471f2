"""Searching a bundle: a question in plain words to ranked families, for one release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from codesets.model import Guideline, Release
from codesets.store import CodeStore
from index import build, bundle
from index.encoder import Encoder
from index.guidance import Guidance, passages
from index.procedures import Procedures
from index.rank import Evidence, Ranker, score
from index.shelf import Shelf, read_json
from index.words import Lexicon, Reading, Spelling, plain_words, read

#: Texts taken from each retriever, and families taken on to ranking.
_TEXTS_PER_RETRIEVER = 150
_MOST_FAMILIES = 80
#: ICD-10-PCS codes taken on to ranking by what is said on each axis, and of these, codes of one
#: family: what is left open is shown, and does not crowd out the rest.
_PROCEDURES, _OF_A_FAMILY = 40, 3
#: A fit that speaks neither for a code nor against it.
_FAIR_FIT = 2.5
#: What nearness to a part of the question is worth less than nearness to the whole.
_PART = 0.04


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
    """A family that fits a question. `score` compares within one search only. `member` is its code
    that fits best, where the search decides that (ICD-10-PCS), and `fit` how well its title agrees
    with what the question says on the axes."""

    system: str
    code: str
    title: str
    score: float
    similarity: float
    features: dict[str, float]
    matched: tuple[str, ...]
    member: str | None = None
    fit: float = 0.0


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

    def __init__(self, root: Path, store: CodeStore, model: str | None = None) -> None:
        """`model` is the one that is set, by name, or None for any. Raises bundle.BundleUnusable
        when there is no bundle that fits what is loaded and set."""
        folder, self.manifest = bundle.opened(root, store)
        if model not in (None, self.manifest.model):
            raise bundle.BundleUnusable(
                f"The index was built with the model {self.manifest.model}, and the desk is set "
                f"to {model}, which is another. Run `codedesk index build`."
            )
        self.encoder = Encoder(folder / build.ENCODER)
        self._store = store
        self._folder = folder
        self._guidance = lru_cache(maxsize=4)(self._open_guidance)
        self.procedures = lru_cache(maxsize=2)(self._open_procedures)
        self._shelves = {
            path.name: Shelf(path.name, path) for path in (folder / build.SHELVES).iterdir()
        }
        self._off_topic = np.load(folder / build.OFF_TOPIC)
        vocabulary: dict[str, int] = read_json(folder / build.VOCABULARY)
        self._lexicon = Lexicon.shipped()
        everyday = frozenset(w for line in build.off_topic_examples() for w in plain_words(line))
        self._spelling = Spelling(vocabulary, everyday)
        frequency: dict[str, int] = {}
        for word, count in vocabulary.items():
            for stem in read(word).stems:
                frequency[stem] = frequency.get(stem, 0) + count
        self._ranker = Ranker(frequency, self.manifest.texts)

    def guidance(self, key: str) -> Guidance:
        """The guidelines of the book with this key, ready to be asked."""
        return self._guidance(key)

    def _open_guidance(self, key: str) -> Guidance:
        guidelines = list(self._store.books.rows(Guideline, self._store.books.get(key)))
        vectors = build.passage_vectors(self._folder)
        made = [vectors[text] for _, text in passages(guidelines)]
        return Guidance(guidelines, self.encoder, np.stack(made))

    def _open_procedures(self, release: Release) -> Procedures:
        return Procedures.of(self._store, self._store.titles(release))

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
        """`search` for several questions; a wording that several have is encoded once."""
        queries = [self.understand(question) for question in questions]
        texts = list(dict.fromkeys(wording for query in queries for wording in query.wordings))
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
        asked = np.stack([vectors[wording] for wording in query.wordings])
        less = np.array(list(query.wordings.values()), dtype=np.float32)
        hits = [
            hit
            for release in releases
            if release.system in self._shelves
            for hit in self._on_shelf(self._shelves[release.system], query, asked, less, release)
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.member or hit.code))
        return hits[:limit]

    def _on_shelf(
        self, shelf: Shelf, query: Query, asked: np.ndarray, less: np.ndarray, release: Release
    ) -> Iterator[Hit]:
        """The families of one system that a question may mean, scored."""
        similarity = shelf.retrieve(asked, less, query.spelled_out, _TEXTS_PER_RETRIEVER)
        found: dict[int, list[Evidence]] = {}
        for text, cosine in similarity.items():
            for owner in shelf.owners(text):
                for number, distance in shelf.reportable(owner, release.key):
                    evidence = Evidence(shelf.texts[text], cosine, distance)
                    found.setdefault(number, []).append(evidence)
        fitting = self._fitting(shelf, query, release)
        understood = any(fit >= _FAIR_FIT for codes in fitting.values() for _, fit in codes)
        numbers = [*fitting] if understood else [*fitting.keys() | _nearest(found)]
        if not numbers:
            return
        titled = shelf.title_cosines(numbers, asked, less)
        for number, by_title in zip(numbers, titled, strict=True):
            title = shelf.titles[number]
            above = list(shelf.titles_above(number))
            speaking = found.get(number) or [Evidence(title, by_title, 0)]
            features = self._ranker.features(query.reading, title, by_title, above, speaking)
            nearest = sorted(speaking, key=lambda e: -e.similarity)[:3]
            hit = Hit(
                shelf.system,
                shelf.codes[number],
                title,
                score(features),
                features["dense"],
                features,
                tuple(dict.fromkeys(e.text for e in nearest)),
            )
            if number not in fitting:
                yield hit
            for code, fit in fitting.get(number, ()):
                yield replace(hit, score=hit.score + fit - _FAIR_FIT, member=code, fit=fit)

    def _fitting(
        self, shelf: Shelf, query: Query, release: Release
    ) -> dict[int, list[tuple[str, float]]]:
        """Families of ICD-10-PCS that fit what a question says on the axes, each with its codes
        that fit best and how well they do; none of any other system."""
        found: dict[int, list[tuple[str, float]]] = {}
        if shelf.system != "icd10pcs":
            return found
        procedures = self.procedures(release)
        fit = procedures.fit(query.asked)
        for code in procedures.best(fit, _PROCEDURES) if fit.any() else ():
            codes = found.setdefault(shelf.numbers[code[:4]], [])
            if len(codes) < _OF_A_FAMILY:
                codes.append((code, procedures.of_code(fit, code)))
        return found


def _nearest(found: Mapping[int, list[Evidence]]) -> list[int]:
    """The families whose texts are nearest: the rest costs time and is never first."""
    by_nearness = sorted(found, key=lambda number: -max(e.nearness for e in found[number]))
    return by_nearness[:_MOST_FAMILIES]
