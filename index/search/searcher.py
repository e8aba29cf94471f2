"""Searches a bundle: from a question in plain words to ranked families of codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import get_args

import numpy as np

from codesets.model import Guideline, Release, System
from codesets.store.code_store import CodeStore
from index import bundle
from index.embedding.encoder import Encoder
from index.pcs.phrases import without_reason
from index.pcs.scoring import Procedures
from index.pcs.titles import Titles
from index.runtime import THREADS, loading
from index.search.bare_names import bare_name, misses, tells_more
from index.search.bm25 import Lexical
from index.search.guideline_search import Asked, Guidance, asked_about, passages
from index.search.off_topic import OffTopicModel, everyday_examples, off_topic_examples
from index.search.ranking import FEATURES, Evidence, Judged, Rarity
from index.search.system_index import TEXTS, SystemIndex, Texts, Wordings
from index.search.word_choice import choose
from index.text.attribute_words import in_title_words
from index.text.attributes import telling
from index.text.cut_words import CutWords
from index.text.lexicon import Lexicon, Official, Part
from index.text.spelling import Spelling
from index.text.tokens import STOPWORDS, Reading, plain_words, read
from index.text.uncertain import read_uncertain

#: The number of texts from each retriever, and of families that are scored. 200 texts, and 80 to
#: 200 families, gave the same results (docs/EVALUATION.md).
_TEXTS_PER_RETRIEVER = 100
_MOST_FAMILIES = 150
#: The number of families that are scored for each hit that is asked for, up to the most.
_FAMILIES_OF_A_HIT = 4
#: The number of texts that are shown with a hit.
_MATCHED = 3
#: The number of hits of a system, at least, where several are searched.
_LEAST_OF_A_SYSTEM = 15
#: The number of ICD-10-PCS codes that are taken by their fit, and of codes in one family. The
#: second limit leaves room for other families where a question fits many codes of one alike.
_PROCEDURES, _OF_A_FAMILY = 40, 3
#: From these points on, a code has the operation, the body part and a detail that are named.
_FITS = 3.5
#: Taken off the points of a code that fits the question without the reason for the operation.
_WITHOUT_REASON = 0.2
#: The points (Procedures.fit) that neither raise nor lower the score of an ICD-10-PCS code.
_FAIR_FIT = 2.5
#: Kinds of the lexicon's rows whose words name something that codes are for.
_CODED_KINDS = frozenset(
    "abbreviation drug drug_class eponym lay route series service supply".split()
)
#: An amount of a drug, a supply or a time, as titles of HCPCS Level II have it: "per 20mg".
_AMOUNT = re.compile(
    r"(?<![\w.])(?P<number>\d[\d.,]*)\s*"
    r"(?P<unit>mg|mcg|gm?|ml|cc|units?|iu|meq|mci|sq cm|inch(?:es)?|min(?:ute)?s?|h(?:ou)?rs?)\b"
)
#: Taken off the cosine of a text with the first clause: nearness to the whole question counts more.
_CLAUSE_PENALTY = 0.04
#: Taken off the cosine with the other reading of an abbreviation: the likelier one counts more.
_OTHER_READING_PENALTY = 0.03


@dataclass(frozen=True, slots=True)
class Query:
    """A question to be searched.

    `asked`: the question itself; `worded`: the same with its attributes as titles have them
    (index/text/attribute_words.py); `spelled_out`: with shorthand spelled out and typing repaired;
    `first_clause`: the same of the words before the first comma or semicolon; `reading`: the words
    of `spelled_out`; `shorthand`: the share (0 to 1) of its words that are in rows of the lexicon
    of _CODED_KINDS; `other_reading`: `spelled_out` with the other sense of each abbreviation whose
    sense the words do not decide, "" if there is none; `kept`: what is left of a question with
    words that are not searched, "" for one without; `name`: the bare name of the condition, where
    it is searched, too (index/search/bare_names.py).
    """

    asked: str
    spelled_out: str
    first_clause: str
    reading: Reading
    shorthand: float = 0.0
    worded: str = ""
    other_reading: str = ""
    kept: str = ""
    read_as: tuple[tuple[str, str], ...] = ()
    name: str = ""

    @property
    def typed(self) -> str:
        """The question in lower case, with its attributes as titles have them and without what is
        not searched. `spelled_out` is in lower case, too, so that a question without shorthand is
        embedded only once."""
        return (self.kept or self.worded or self.asked).lower()

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The words as spelled out and, where they differ, in the other reading and as typed."""
        others = (read(text) for text in (self.other_reading, self.typed) if text)
        return tuple(dict.fromkeys((self.reading, *others)))

    @property
    def amounts(self) -> list[frozenset[str]]:
        """The amounts that the question names, each as its words."""
        return [
            read(f"{match['number']} {match['unit']}").affirmed
            for match in _AMOUNT.finditer(self.typed)
        ]

    @property
    def wordings(self) -> dict[str, float]:
        """The texts that are embedded, each with the penalty on its cosines.

        They are the question as spelled out, and in its other reading; as typed, because a wrong
        meaning of a shorthand must not hide the rest; and its first clause, which names the
        condition ("knee OA, failed PT, here for a steroid shot").
        """
        penalties = {
            self.first_clause: _CLAUSE_PENALTY,
            self.name: _CLAUSE_PENALTY,
            self.other_reading: _OTHER_READING_PENALTY,
            self.typed: 0.0,
            self.spelled_out: 0.0,
        }
        return {text: penalty for text, penalty in penalties.items() if text}


@dataclass(frozen=True, slots=True)
class Hit:
    """A family that was found for a question.

    `score` compares within one search only. `similarity` is the cosine of the best text, and
    `features` are those of ranking.FEATURES. `matched` are the nearest texts. `siblings` are the
    families that differ from it in side or trimester only. ICD-10-PCS only: `member` is the code of
    the family, and `fit` its points (Procedures.fit).
    """

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
    """A scored family of a system index. The rest of a Hit is looked up for the best ones only."""

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
    """The result of a search.

    query           the question
    hits            the best first
    off_topic       cosine with the nearest off-topic example (OffTopicModel.nearness)
    ours            above 0 for a question about codes (OffTopicModel.ours)
    known           share of the question's stems that some text has, 0 to 1
    typed_vector    unit vector of the question as typed (float32)
    vector          mean of its vectors as typed and as spelled out (float32)
    """

    query: Query
    hits: list[Hit]
    off_topic: float
    ours: float
    known: float
    typed_vector: np.ndarray
    vector: np.ndarray


def _texts_apart(folder: Path) -> int:
    """How many texts of a bundle are of systems that answers do not rest on: of ICD-11."""
    path = folder / bundle.SYSTEM_INDEXES / "icd11" / TEXTS
    return len(Texts(path)) if path.exists() else 0


def _open_encoder(folder: Path, threads: int) -> Encoder:
    encoder = Encoder(folder, threads)
    encoder.check()
    return encoder


class Searcher:
    """An opened bundle. Several threads may search it at the same time."""

    def __init__(
        self,
        root: Path,
        store: CodeStore,
        model: str | None = None,
        earlier: str | None = None,
        threads: int = THREADS,
    ) -> None:
        """`model`: the name of the model in the settings, None for any; `earlier`: the name of a
        build other than the one in use; `threads`: how many texts are embedded at once, see
        Encoder.

        Raises bundle.BundleUnusable when the bundle does not match the loaded editions or the
        model, EncoderDiffers when its encoder does not compute here what it should.
        """
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
        self._official = lru_cache(maxsize=32)(self._official_of)
        # The parts of a statement are understood for each of the codes that may say several.
        self._understood = lru_cache(maxsize=128)(self._understand)
        # The encoder is opened in a thread: most of that runs outside of Python's lock.
        with loading(), ThreadPoolExecutor(1) as pool:
            encoder = pool.submit(_open_encoder, folder / bundle.ENCODER, threads)
            self.off_topic = OffTopicModel.load(folder / bundle.OFF_TOPIC)
            self._lexicon = Lexicon.shipped()
            examples = "\n".join([*off_topic_examples(), *everyday_examples()])
            everyday = frozenset(plain_words(examples))
            vocabulary = bundle.read_json(folder / bundle.VOCABULARY)
            self._cut = CutWords(vocabulary)
            self._frequency: dict[str, int] = bundle.read_json(folder / bundle.STEMS)
            rarity = Rarity(self._frequency, self.manifest.texts - _texts_apart(folder))
            self._system_indexes = {
                system: SystemIndex(system, folder / bundle.SYSTEM_INDEXES / system, rarity)
                for system in get_args(System)
                if (folder / bundle.SYSTEM_INDEXES / system).is_dir()
            }
            self.encoder = encoder.result()
            self._spelling = Spelling(vocabulary, everyday | self.encoder.words())

    def guidance(self, *keys: str) -> Guidance:
        """The search over the guidelines of the references with these keys, one a system."""
        return self._guidance(keys)

    def _open_guidance(self, keys: tuple[str, ...]) -> Guidance:
        references = self._store.references
        guidelines = [
            guideline
            for key in keys
            for guideline in references.rows(Guideline, references.get(key))
        ]
        vectors = bundle.passage_vectors(self._folder)
        places = {text: place for place, text in enumerate(vectors)}
        texts = [text for _, text in passages(guidelines)]
        own = np.array([places[text] for text in texts])
        lexical = Lexical(self._folder / bundle.PASSAGE_WORDS, len(vectors))
        own_vectors = np.stack([vectors[text] for text in texts])
        return Guidance(
            guidelines,
            own_vectors,
            lambda question: lexical.scores(question)[own],
            self._topics_of(guidelines),
        )

    def _topics_of(self, guidelines: Sequence[Guideline]) -> Asked | None:
        """What people ask about these sections; None in a bundle that has no topics."""
        topics = bundle.topic_rows(self._folder)
        if topics is None:
            return None
        lexical = Lexical(self._folder / bundle.TOPIC_WORDS, len(topics.rows))
        return asked_about(guidelines, topics.rows, topics.vectors, lexical.scores)

    def _open_procedures(self, release: Release) -> Procedures:
        folder = (
            self._folder
            / bundle.SYSTEM_INDEXES
            / release.system
            / bundle.PROCEDURES
            / release.label
        )
        return Procedures.of(self._store, Titles.load(folder))

    def understand(self, question: str, releases: Sequence[Release] = ()) -> Query:
        """Spell out shorthand, repair typing and read cut words; codes, numbers and doses stay as
        they are. The texts of `releases` decide what a cut word stands for, and their titles keep
        their words."""
        return self._understood(question, tuple(releases))

    def _understand(self, question: str, releases: tuple[Release, ...]) -> Query:
        worded = in_title_words(question)
        uncertain = read_uncertain(question)
        official = self._official(releases)
        words = self._lexicon.typed(worded)
        meant = self._cut_words(words, releases)
        parts = all_parts = self._parts(words, meant, official)
        if uncertain and uncertain.has_sign and not uncertain.inpatient:
            # The signs are meant (Guidelines IV.H); what is uncertain is searched as typed only.
            rest = self._lexicon.typed(in_title_words(uncertain.rest))
            parts = self._parts(rest, meant, official)
        spelled = " ".join(part.means for part in parts if part.means)
        clause = re.split(r"[,;]", worded, maxsplit=1)[0]
        first = " ".join(_first(all_parts, len(self._lexicon.typed(clause))))
        count = sum(len(part.typed) for part in parts)
        short = sum(len(part.typed) for part in parts if part.kind in _CODED_KINDS)
        other = [part.means if part.also is None else part.also for part in parts]
        is_doubtful = any(part.also is not None for part in parts)
        return Query(
            asked=question,
            spelled_out=spelled,
            first_clause=first,
            reading=read(spelled),
            shorthand=short / (count or 1),
            worded=worded,
            other_reading=" ".join(filter(None, other)) if is_doubtful else "",
            kept=self._lexicon.kept(worded, all_parts),
            read_as=tuple((typed, word) for typed, word in meant.items() if typed != word),
        )

    def _official_of(self, releases: tuple[Release, ...]) -> Official:
        """The shorthand that texts of these releases have, too."""
        opened = [
            (self._system_indexes[release.system], release.key)
            for release in releases
            if self._has(release)
        ]
        return Official(
            frozenset().union(*(system_index.titled(key) for system_index, key in opened)),
            frozenset().union(*(system_index.shorthand_entries for system_index, _ in opened)),
        )

    def _has(self, release: Release) -> bool:
        system_index = self._system_indexes.get(release.system)
        return system_index is not None and system_index.has(release)

    def is_name(self, words: str, release: Release) -> bool:
        """Whether words, spelled out, are the name of something in the texts of a release's
        system: all words of a title, an entry or another term, and no others."""
        return self._has(release) and self._system_indexes[release.system].names.has(
            read(words).affirmed
        )

    def says_together(self, texts: Sequence[str], release: Release) -> bool:
        """Whether some text of a release's system has words of each of these: only then may one
        code say them all."""
        if not self._has(release):
            return False
        spelled = [self.understand(text, [release]).spelled_out for text in texts]
        system_index = self._system_indexes[release.system]
        return system_index.says_together(spelled, [telling(text) for text in spelled])

    def _parts(
        self, words: Sequence[str], meant: Mapping[str, str], official: Official
    ) -> list[Part]:
        mended = [
            meant.get(word) or (word if self._lexicon.knows(word) else self._spelling.repair(word))
            for word in words
        ]
        return self._lexicon.parts(mended, official)

    def _cut_words(self, words: Sequence[str], releases: Sequence[Release]) -> dict[str, str]:
        """The cut words of a question, each with the word that it stands for."""
        beside: list[str] = []
        readings: dict[str, Sequence[tuple[str, float]]] = {}
        for part in self._lexicon.parts(list(words)):
            word = part.typed[0]
            is_known = word in STOPWORDS or self._spelling.is_whole(word)
            if part.kind is None and not is_known:
                if found := self._cut.readings(word):
                    repaired = self._spelling.repair(word)
                    readings[word] = found if repaired == word else [*found, (repaired, 1.0)]
            else:
                beside += [each for each in part.means.split() if each not in STOPWORDS]
        release = next(filter(self._has, releases), None)
        if not readings or release is None:
            return {}
        return choose(self._system_indexes[release.system].lexical, beside, readings)

    def search(self, question: str, releases: Sequence[Release], limit: int = 10) -> Found:
        """The `limit` best families for a question, of `releases`, one release a system; of several
        systems, those of each that are its share of `limit`."""
        return self.search_many([question], releases, limit)[0]

    def search_many(
        self,
        questions: Sequence[str],
        releases: Sequence[Release],
        limit: int = 10,
        settled: Callable[[str, Hit], bool] | None = None,
    ) -> list[Found]:
        """`search` for several questions. A wording of several of them is embedded once. The
        releases are searched in their order, up to the one whose best hit has `settled` the
        question."""
        queries = [self.understand(question, releases) for question in questions]
        texts = list(dict.fromkeys(wording for query in queries for wording in query.wordings))
        vectors = dict(zip(texts, self.encoder.encode(texts), strict=True))
        typed = np.stack([vectors[query.typed] for query in queries])
        ranked = [self._ranked(query, vectors, releases, limit, settled) for query in queries]
        for n, name in self._bare(queries, ranked, releases).items():
            query = replace(queries[n], name=name)
            vectors[name] = self.encoder.encode([name])[0]
            hits = self._ranked(query, vectors, releases, limit, settled)
            if tells_more(hits):
                queries[n], ranked[n] = query, hits
        return [
            Found(
                query,
                hits,
                float(nearness),
                self.off_topic.ours(vectors[query.typed]),
                self._known(query),
                vectors[query.typed],
                (vectors[query.typed] + vectors[query.spelled_out or query.typed]) / 2,
            )
            for query, hits, nearness in zip(
                queries, ranked, self.off_topic.nearness(typed), strict=True
            )
        ]

    def _bare(
        self, queries: Sequence[Query], ranked: Sequence[Sequence[Hit]], releases: Sequence[Release]
    ) -> dict[int, str]:
        """The bare names that are searched too, by the numbers of their questions."""
        release = next((one for one in releases if one.system == "icd10cm"), None)
        if release is None:
            return {}
        names = {}
        for n, (query, hits) in enumerate(zip(queries, ranked, strict=True)):
            own = [hit for hit in hits if hit.system == "icd10cm"]
            name = bare_name(query.spelled_out, lambda words: self.is_name(words, release))
            if name and misses(name, own):
                names[n] = name
        return names

    def _known(self, query: Query) -> float:
        """The share of a question's stems that some text has."""
        stems = query.reading.stems
        return sum(stem in self._frequency for stem in stems) / (len(stems) or 1)

    def _ranked(
        self,
        query: Query,
        vectors: Mapping[str, np.ndarray],
        releases: Sequence[Release],
        limit: int,
        settled: Callable[[str, Hit], bool] | None,
    ) -> list[Hit]:
        wordings = _wordings(query, vectors)
        places: list[_Place] = []
        share = max(limit // max(len(releases), 1), min(limit, _LEAST_OF_A_SYSTEM))
        for release in filter(self._has, releases):
            system_index = self._system_indexes[release.system]
            own = list(self._in_system(system_index, query, wordings, release, limit))
            own.sort(key=_best_first)
            places += own[:share]
            if settled and own and settled(query.asked, own[0].hit()):
                places += own[share:limit]
                break
        places.sort(key=_best_first)
        return [place.hit() for place in places]

    def _in_system(
        self,
        system_index: SystemIndex,
        query: Query,
        wordings: Wordings,
        release: Release,
        limit: int,
    ) -> Iterator[_Place]:
        """The best families of one system, scored. ICD-10-PCS has no limit: its codes of a group
        may differ in their fit."""
        evidence = system_index.evidence(wordings, _TEXTS_PER_RETRIEVER, release.key)
        fitting = self._fitting(system_index, query, release)
        some_code_fits = any(fit >= _FAIR_FIT for codes in fitting.values() for _, fit in codes)
        families = np.array(sorted(fitting), dtype=np.int32)
        if not some_code_fits:
            most = min(_MOST_FAMILIES, _FAMILIES_OF_A_HIT * max(limit, _LEAST_OF_A_SYSTEM))
            families = np.union1d(families, evidence.nearest_families(most))
        if not len(families):
            return
        judged = system_index.judge(
            query.readings, evidence, families, wordings, release.key, query.amounts
        )
        for at in judged.chosen[:limit].tolist() if not fitting else range(len(judged.families)):
            number, score = int(judged.families[at]), float(judged.scores[at])
            if number not in fitting:
                yield _Place(system_index, evidence, judged, at, score)
            for code, fit in fitting.get(number, ()):
                yield _Place(system_index, evidence, judged, at, score + fit - _FAIR_FIT, code, fit)

    def judged(self, question: str, release: Release) -> tuple[list[str], np.ndarray]:
        """The families found for a question, one of each group: their codes, and their features
        (float32, families x FEATURES). `bench/fit.py` fits the weights to these."""
        query = self.understand(question, [release])
        texts = list(query.wordings)
        vectors = dict(zip(texts, self.encoder.encode(texts), strict=True))
        wordings = _wordings(query, vectors)
        system_index = self._system_indexes[release.system]
        evidence = system_index.evidence(wordings, _TEXTS_PER_RETRIEVER, release.key)
        families = evidence.nearest_families(_MOST_FAMILIES)
        judged = system_index.judge(
            query.readings, evidence, families, wordings, release.key, query.amounts
        )
        chosen = judged.families[judged.chosen].tolist()
        return [system_index.codes[number] for number in chosen], judged.features[judged.chosen]

    def _fitting(
        self, system_index: SystemIndex, query: Query, release: Release
    ) -> dict[int, list[tuple[str, float]]]:
        """Families of ICD-10-PCS by their numbers, with their codes that fit the question best and
        the points of these (Procedures.fit); {} for any other system."""
        fitting: dict[int, list[tuple[str, float]]] = {}
        if system_index.system != "icd10pcs":
            return fitting
        procedures = self.procedures(release)
        fit = procedures.fit(query.asked)
        if fit.max() < _FITS and (head := without_reason(query.asked)):
            fit = np.maximum(fit, procedures.fit(head) - _WITHOUT_REASON)
        for code, points in procedures.best(fit, _PROCEDURES) if fit.any() else ():
            codes = fitting.setdefault(system_index.numbers[code[:4]], [])
            if len(codes) < _OF_A_FAMILY:
                codes.append((code, points))
        return fitting


def _best_first(place: _Place) -> tuple[float, str]:
    return -place.score, place.code


def _first(parts: Sequence[Part], most: int) -> Iterator[str]:
    """The meanings of the first parts of a question, which have `most` words. They are read in the
    company of the whole question."""
    for part in parts:
        most -= len(part.typed)
        if most < 0:
            return
        if part.means:
            yield part.means


def _wordings(query: Query, vectors: Mapping[str, np.ndarray]) -> Wordings:
    words = [*query.spelled_out.split(), *query.other_reading.split()]
    return Wordings(
        " ".join(dict.fromkeys(words)) if query.other_reading else query.spelled_out,
        np.stack([vectors[text] for text in query.wordings]),
        np.array(list(query.wordings.values()), dtype=np.float32),
    )
