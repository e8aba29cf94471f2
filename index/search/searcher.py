"""Searching a bundle: a question in plain words to ranked families, for one release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

import numpy as np

from codesets.model import Guideline, Release, System
from codesets.store.code_store import CodeStore
from index import bundle
from index.embedding.encoder import Encoder
from index.pcs.scoring import Procedures
from index.pcs.titles import Titles
from index.runtime import loading
from index.search.bm25 import Lexical
from index.search.guideline_search import Guidance, passages
from index.search.off_topic import OffTopicModel, off_topic_examples
from index.search.ranking import FEATURES, Evidence, Judged, Rarity
from index.search.system_index import SystemIndex
from index.text.lexicon import Lexicon, Part
from index.text.spelling import Spelling
from index.text.tokens import Reading, plain_words, read

#: Texts taken from each retriever, and families taken on to ranking.
_TEXTS_PER_RETRIEVER = 100
_MOST_FAMILIES = 150
#: Texts shown with a hit.
_MATCHED = 3
#: ICD-10-PCS codes taken on to ranking by what is said on each axis, and of these, codes of one
#: family: what is left open is shown, and does not crowd out the rest.
_PROCEDURES, _OF_A_FAMILY = 40, 3
#: A fit that speaks neither for a code nor against it.
_FAIR_FIT = 2.5
#: Kinds of the lexicon's rows whose words speak of what is coded.
_TELLING = frozenset("abbreviation drug drug_class eponym lay route series service supply".split())
#: What nearness to a part of the question is worth less than nearness to the whole.
_PART = 0.04


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for searching. `shorthand` is the share of its words that the lexicon
    knows for shorthand, lay words or names of what is coded."""

    asked: str
    spelled_out: str
    first_clause: str
    reading: Reading
    shorthand: float = 0.0

    @property
    def typed(self) -> str:
        """The question as typed, in lower case, which is how it is spelled out, too: what is no
        shorthand is embedded once."""
        return self.asked.lower()

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Its words: as spelled out and, where that is another, as typed."""
        as_typed = read(self.typed)
        return (self.reading,) if as_typed == self.reading else (self.reading, as_typed)

    @property
    def wordings(self) -> dict[str, float]:
        """What is embedded, each with what its nearness is lessened by: the question as spelled
        out; as typed, because a wrong guess at a shorthand must not hide the rest; and its first
        clause, which names the condition ("knee OA, failed PT, here for a steroid shot")."""
        worded = {self.first_clause: _PART, self.typed: 0.0, self.spelled_out: 0.0}
        return {text: less for text, less in worded.items() if text}


@dataclass(frozen=True, slots=True)
class Hit:
    """A family that fits a question. `score` compares within one search only. `siblings` are the
    families that differ from it in side or trimester alone. `member` is its code that fits best,
    where the search decides that (ICD-10-PCS), and `fit` how well its title agrees with what the
    question says on the axes."""

    system: System
    code: str
    title: str
    score: float
    similarity: float
    features: dict[str, float]
    matched: tuple[str, ...]
    siblings: tuple[str, ...] = ()
    member: str | None = None
    fit: float = 0.0


@dataclass(frozen=True, slots=True)
class _Place:
    """A family of a system index with its score, before it is known to be among the best: only of
    these is the rest looked up."""

    system_index: SystemIndex
    evidence: Evidence
    judged: Judged
    at: int
    score: float
    member: str | None = None
    fit: float = 0.0

    @property
    def code(self) -> str:
        return self.member or self.system_index.codes[self.judged.families[self.at]]

    def hit(self) -> Hit:
        number = int(self.judged.families[self.at])
        features = dict(zip(FEATURES, self.judged.features[self.at].tolist(), strict=True))
        return Hit(
            self.system_index.system,
            self.system_index.codes[number],
            self.system_index.title(number),
            self.score,
            features["dense"],
            features,
            tuple(
                self.system_index.texts[text] for text in self.evidence.nearest(number, _MATCHED)
            ),
            tuple(self.system_index.codes[sibling] for sibling in self.judged.siblings(self.at)),
            self.member,
            self.fit,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: the question as it was understood, its hits, best first, how near it is
    to the nearest example of a question that has nothing to do with coding (cosine), how much more
    it is like questions of ours than like these (above 0: more), the share of its words that any
    text has, and the vector of the question, as typed, and as typed and as spelled out together."""

    query: Query
    hits: list[Hit]
    off_topic: float
    ours: float
    known: float
    asked: np.ndarray
    vector: np.ndarray


def _open_encoder(folder: Path) -> Encoder:
    encoder = Encoder(folder)
    encoder.check()
    return encoder


class Searcher:
    """An opened bundle. Reading it is safe from many threads at once."""

    def __init__(
        self, root: Path, store: CodeStore, model: str | None = None, earlier: str | None = None
    ) -> None:
        """`model` is the one that is set, by name, or None for any; `earlier` names a build other
        than the one in use. Raises bundle.BundleUnusable when none fits what is loaded and set."""
        folder, self.manifest = bundle.opened(root, store, earlier)
        if model not in (None, self.manifest.model):
            raise bundle.BundleUnusable(
                f"The index was built with the model {self.manifest.model}, and the desk is set "
                f"to {model}, which is another. Run `codedesk index build`."
            )
        self._store = store
        self._folder = folder
        self._guidance = lru_cache(maxsize=4)(self._open_guidance)
        self.procedures = lru_cache(maxsize=2)(self._open_procedures)
        # The encoder is opened meanwhile, outside of Python.
        with loading(), ThreadPoolExecutor(1) as pool:
            encoder = pool.submit(_open_encoder, folder / bundle.ENCODER)
            self.off_topic = OffTopicModel.load(folder / bundle.OFF_TOPIC)
            self._lexicon = Lexicon.shipped()
            everyday = frozenset(w for line in off_topic_examples() for w in plain_words(line))
            self._spelling = Spelling(bundle.read_json(folder / bundle.VOCABULARY), everyday)
            self._frequency: dict[str, int] = bundle.read_json(folder / bundle.STEMS)
            rarity = Rarity(self._frequency, self.manifest.texts)
            self._system_indexes = {
                system: SystemIndex(system, folder / bundle.SYSTEM_INDEXES / system, rarity)
                for system in get_args(System)
                if (folder / bundle.SYSTEM_INDEXES / system).is_dir()
            }
            self.encoder = encoder.result()

    def guidance(self, key: str) -> Guidance:
        """The guidelines of the reference with this key, ready to be asked."""
        return self._guidance(key)

    def _open_guidance(self, key: str) -> Guidance:
        guidelines = list(self._store.references.rows(Guideline, self._store.references.get(key)))
        vectors = bundle.passage_vectors(self._folder)
        places = {text: place for place, text in enumerate(vectors)}
        made = [text for _, text in passages(guidelines)]
        own = np.array([places[text] for text in made])
        lexical = Lexical(self._folder / bundle.PASSAGE_WORDS, len(vectors))
        of_own = np.stack([vectors[text] for text in made])
        return Guidance(guidelines, self.encoder, of_own, lambda asked: lexical.scores(asked)[own])

    def _open_procedures(self, release: Release) -> Procedures:
        folder = (
            self._folder
            / bundle.SYSTEM_INDEXES
            / release.system
            / bundle.PROCEDURES
            / release.label
        )
        return Procedures.of(self._store, Titles.load(folder))

    def understand(self, question: str) -> Query:
        """Spell out shorthand and repair typing; codes, numbers and doses stay as they are."""
        parts = self._parts(question)
        spelled = " ".join(part.means for part in parts if part.means)
        clause = re.split(r"[,;]", question, maxsplit=1)[0]
        first = " ".join(part.means for part in self._parts(clause) if part.means)
        short = sum(len(part.typed) for part in parts if part.kind in _TELLING)
        return Query(
            question, spelled, first, read(spelled), short / (sum(len(p.typed) for p in parts) or 1)
        )

    def _parts(self, text: str) -> list[Part]:
        words = [
            word if self._lexicon.knows(word) else self._spelling.repair(word)
            for word in self._lexicon.typed(text)
        ]
        return self._lexicon.parts(words)

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
                self.off_topic.nearness(vectors[query.typed]),
                self.off_topic.ours(vectors[query.typed]),
                self._known(query),
                vectors[query.typed],
                (vectors[query.typed] + vectors[query.spelled_out or query.typed]) / 2,
            )
            for query in queries
        ]

    def _known(self, query: Query) -> float:
        """The share of a question's words that any text has."""
        stems = query.reading.stems
        return sum(stem in self._frequency for stem in stems) / (len(stems) or 1)

    def _ranked(
        self,
        query: Query,
        vectors: Mapping[str, np.ndarray],
        releases: Sequence[Release],
        limit: int,
    ) -> list[Hit]:
        asked = np.stack([vectors[wording] for wording in query.wordings])
        less = np.array(list(query.wordings.values()), dtype=np.float32)
        places = [
            place
            for release in releases
            if (system_index := self._system_indexes.get(release.system))
            and system_index.has(release)
            for place in self._in_system(system_index, query, asked, less, release, limit)
        ]
        places.sort(key=lambda place: (-place.score, place.code))
        return [place.hit() for place in places[:limit]]

    def _in_system(
        self,
        system_index: SystemIndex,
        query: Query,
        asked: np.ndarray,
        less: np.ndarray,
        release: Release,
        limit: int,
    ) -> Iterator[_Place]:
        """The best families of one system that a question may mean, scored."""
        evidence = system_index.evidence(
            asked, less, query.spelled_out, _TEXTS_PER_RETRIEVER, release.key
        )
        fitting = self._fitting(system_index, query, release)
        understood = any(fit >= _FAIR_FIT for codes in fitting.values() for _, fit in codes)
        families = np.array(sorted(fitting), dtype=np.int32)
        if not understood:
            families = np.union1d(families, evidence.nearest_families(_MOST_FAMILIES))
        if not len(families):
            return
        judged = system_index.judge(query.readings, evidence, families, asked, less, release.key)
        for at in judged.chosen[:limit].tolist() if not fitting else range(len(judged.families)):
            number, score = int(judged.families[at]), float(judged.scores[at])
            if number not in fitting:
                yield _Place(system_index, evidence, judged, at, score)
            for code, fit in fitting.get(number, ()):
                yield _Place(system_index, evidence, judged, at, score + fit - _FAIR_FIT, code, fit)

    def judged(self, question: str, release: Release) -> tuple[list[str], np.ndarray]:
        """The families that a question may mean, one of each group, by their codes, and their
        features, a row each with columns as FEATURES: what `bench/fit.py` fits the weights to."""
        query = self.understand(question)
        asked = self.encoder.encode(list(query.wordings))
        less = np.array(list(query.wordings.values()), dtype=np.float32)
        system_index = self._system_indexes[release.system]
        evidence = system_index.evidence(
            asked, less, query.spelled_out, _TEXTS_PER_RETRIEVER, release.key
        )
        families = evidence.nearest_families(_MOST_FAMILIES)
        judged = system_index.judge(query.readings, evidence, families, asked, less, release.key)
        chosen = judged.families[judged.chosen].tolist()
        return [system_index.codes[number] for number in chosen], judged.features[judged.chosen]

    def _fitting(
        self, system_index: SystemIndex, query: Query, release: Release
    ) -> dict[int, list[tuple[str, float]]]:
        """Families of ICD-10-PCS that fit what a question says on the axes, each with its codes
        that fit best and how well they do; none of any other system."""
        found: dict[int, list[tuple[str, float]]] = {}
        if system_index.system != "icd10pcs":
            return found
        procedures = self.procedures(release)
        fit = procedures.fit(query.asked)
        for code, how_well in procedures.best(fit, _PROCEDURES) if fit.any() else ():
            codes = found.setdefault(system_index.numbers[code[:4]], [])
            if len(codes) < _OF_A_FAMILY:
                codes.append((code, how_well))
        return found
