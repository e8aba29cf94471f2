"""Builds the index bundle from codes.db: a system index for each code system, the passages of the
guidelines and what people ask about them, the encoder that computed the vectors, and the
manifest.

What the bundle in use has already is taken over. Where all is the same, nothing is built, and where
the inputs are the same (index/parts.py), nothing is even gathered. A part that would be made of the
same is taken over as it is; of any other part, only the vectors of new texts are computed.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from codesets.model import SYSTEM_NAMES, US_SYSTEMS, Guideline, System
from codesets.store.code_store import CodeStore
from index import bundle, parts
from index.build_lock import exclusive
from index.embedding.encoder import Encoder
from index.embedding.models import Model, Shipped
from index.embedding.onnx_export import export
from index.errors import SearchError
from index.families import Gathered, gather
from index.pcs.titles import Titles
from index.search import system_index
from index.search.bm25 import write_lexical
from index.search.guideline_search import passages
from index.search.off_topic import OffTopicModel, learn
from index.search.system_index import TEXTS, Texts
from index.text.guideline_topics import Topics, read_topics, sections_of
from index.text.lexicon import Lexicon
from index.text.tokens import essential, plain_words, read


def _guidelines(store: CodeStore) -> list[list[Guideline]]:
    """The sections of each loaded edition of the guidelines."""
    return [
        list(store.references.rows(Guideline, reference))
        for reference in store.references.all("guidelines")
    ]


def topics_of(editions: Sequence[Sequence[Guideline]]) -> list[Topics]:
    """What people ask about the sections of these editions. A section that none of them has keeps
    its row, which may be a heading of others, without questions."""
    rows = read_topics()
    places = [sections_of(rows, edition) for edition in editions]
    return [
        row if any(sections[number] is not None for sections in places) else replace(row, asked=())
        for number, row in enumerate(rows)
    ]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did.

    `manifest`: that of the bundle that is now in use.
    `outcome`: "as_it_was", if the bundle in use is of all that is loaded; "same_texts", if other
    files are loaded, and what is searched is the same, so that only the manifest is new; "built".
    `new_texts`: the texts whose vectors were computed.
    """

    manifest: bundle.Manifest
    outcome: Literal["as_it_was", "same_texts", "built"]
    new_texts: int = 0


def build(
    store: CodeStore,
    root: Path,
    model: Model | Shipped,
    *,
    progress: bool = True,
    anew: bool = False,
) -> Built:
    """Build a bundle from everything loaded and make it the one in use.

    If the bundle in use has the same model, what it has already is taken over, unless `anew`. Only
    one build runs at a time in `root`; another one waits, and then takes over from the first.

    Raises SearchError when no code set is loaded, VocabularyError when a file of prompts/vocabulary
    has a row twice, ExportFailed or EncoderDiffers when the model cannot be exported, RowsDiffer
    when vectors are not those of their texts.
    """
    if not store.releases():
        raise SearchError(
            "No code set is loaded, so there is nothing to index. Run `codedesk setup`."
        )
    root.mkdir(parents=True, exist_ok=True)
    with exclusive(root, progress):
        return _build(store, root, model, progress, anew)


@dataclass(frozen=True, slots=True)
class _Contents:
    """All that a bundle is made of."""

    systems: Mapping[System, Gathered]
    #: For each release of ICD-10-PCS, by label: code -> title.
    procedures: Mapping[str, Mapping[str, str]]
    passages: list[str]
    topics: list[Topics]
    parts: Mapping[str, str]

    @classmethod
    def of(cls, store: CodeStore) -> _Contents:
        systems = {system: gather(store, system) for system in store.all_systems}
        procedures = {
            release.label: store.titles(release) for release in store.releases("icd10pcs")
        }
        editions = _guidelines(store)
        passage_texts = list(dict.fromkeys(text for each in editions for _, text in passages(each)))
        topics = topics_of(editions) if passage_texts else []
        made: dict[str, str] = {
            system: parts.of_system(gathered, procedures if system == "icd10pcs" else {})
            for system, gathered in systems.items()
        }
        made[parts.GUIDELINES] = parts.of_guidelines(passage_texts, topics)
        made[parts.OFF_TOPIC] = parts.of_off_topic()
        return cls(systems, procedures, passage_texts, topics, made)


def _build(
    store: CodeStore, root: Path, model: Model | Shipped, progress: bool, anew: bool
) -> Built:
    fingerprint = model.fingerprint()
    made_of = bundle.sources(store)
    in_use = None if anew else _in_use(root, fingerprint)
    inputs = parts.inputs(store.searched_sha256(), fingerprint, bundle.FORMAT)
    if (
        in_use
        and in_use.manifest.sources == made_of
        and bundle.was_compared(root, in_use.manifest, inputs)
    ):
        return Built(in_use.manifest, "as_it_was")
    built = _gathered_and_built(store, root, model, made_of, in_use, progress)
    bundle.note_compared(root, built.manifest, inputs)
    return built


def _gathered_and_built(
    store: CodeStore,
    root: Path,
    model: Model | Shipped,
    made_of: dict[str, list[str]],
    in_use: _InUse | None,
    progress: bool,
) -> Built:
    fingerprint = model.fingerprint()
    contents = _Contents.of(store)
    now = dt.datetime.now(dt.UTC)
    folder = root / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    built_at = now.isoformat(timespec="seconds")
    if in_use and in_use.manifest.parts == contents.parts:
        if in_use.manifest.sources == made_of:
            return Built(in_use.manifest, "as_it_was")
        folder.mkdir()
        for path in in_use.folder.iterdir():
            if path.name != bundle.MANIFEST:
                bundle.take_over(path, folder)
        manifest = replace(
            in_use.manifest,
            build=folder.name,
            built_at=built_at,
            sources=made_of,
            files=bundle.files_of(folder),
        )
        if manifest.files != in_use.manifest.files:
            raise SearchError(f"The index at {in_use.folder} changed while it was read. Try again.")
        manifest.write(folder)
        bundle.swap_in(root, folder)
        return Built(manifest, "same_texts")

    (folder / bundle.SYSTEM_INDEXES).mkdir(parents=True)
    made = _Parts(contents, folder, in_use, model, progress)
    made.write()
    manifest = bundle.Manifest(
        build=folder.name,
        format=bundle.FORMAT,
        built_at=built_at,
        sources=made_of,
        model=model.name,
        model_fingerprint=fingerprint,
        dimensions=made.encoder.dimensions,
        texts=sum(len(gathered.texts) for gathered in contents.systems.values()),
        families=sum(len(gathered.families) for gathered in contents.systems.values()),
        files=bundle.files_of(folder),
        parts=dict(contents.parts),
    )
    manifest.write(folder)
    bundle.swap_in(root, folder)
    return Built(manifest, "built", made.new_texts)


class _Parts:
    """Writes the parts of a bundle into `folder`, and takes over what the bundle in use has."""

    def __init__(
        self,
        contents: _Contents,
        folder: Path,
        in_use: _InUse | None,
        model: Model | Shipped,
        progress: bool,
    ) -> None:
        self._contents = contents
        self._folder = folder
        self._in_use = in_use
        self._progress = progress
        self.encoder = _encoder(model, in_use, folder)
        self.new_texts = 0

    def write(self) -> None:
        for system in self._contents.systems:
            self._write_system(system)
        self._write_vocabulary()
        if not self._taken_over(parts.GUIDELINES, *bundle.OF_GUIDELINES):
            self._write_guidelines()
        before = None
        if self._in_use:
            before = OffTopicModel.load(self._in_use.folder / bundle.OFF_TOPIC)
        # What belongs to the AMA or to WHO is left out of what is learned from.
        texts = [g.texts for system, g in self._of_us_claims() if system != "cpt"]
        learn(texts, self.encoder, before).save(self._folder / bundle.OFF_TOPIC)

    def _of_us_claims(self) -> Iterator[tuple[System, Gathered]]:
        """The systems whose texts answers rest on: what ICD-11 says must change none of them."""
        for system, gathered in self._contents.systems.items():
            if system in US_SYSTEMS:
                yield system, gathered

    def _taken_over(self, part: str, *names: str) -> bool:
        """Take over the files and folders of a part, if it would be made of the same."""
        if self._in_use is None or not self._in_use.has(part, self._contents.parts[part]):
            return False
        for name in names:
            path = self._in_use.folder / name
            if path.exists():
                bundle.take_over(path, (self._folder / name).parent)
        return True

    def _write_system(self, system: System) -> None:
        name = f"{bundle.SYSTEM_INDEXES}/{system}"
        if self._taken_over(system, name):
            return
        gathered = self._contents.systems[system]
        before = self._in_use.folder / name if self._in_use else None
        texts_before: list[str] = []
        if before and before.exists():
            texts_before = list(Texts(before / TEXTS))
        known = set(texts_before)
        new = [text for text in gathered.texts if text not in known]
        label = SYSTEM_NAMES[system] if self._progress and new else None
        worded = [essential(text) for text in new]
        vectors = self.encoder.encode_together(worded, progress=label)
        self.new_texts += len(new)
        system_index.write(
            self._folder / name,
            gathered,
            dict(zip(new, vectors, strict=True)),
            before if texts_before else None,
            texts_before,
        )
        for release, titles in self._contents.procedures.items() if system == "icd10pcs" else ():
            kept = Titles.read(titles)
            kept.save(self._folder / name / bundle.PROCEDURES / release)

    def _write_vocabulary(self) -> None:
        vocabulary: Counter[str] = Counter()
        for _, gathered in self._of_us_claims():
            vocabulary.update(word for text in gathered.texts for word in set(plain_words(text)))
        bundle.write_json(self._folder / bundle.VOCABULARY, vocabulary)
        stems: Counter[str] = Counter()
        for word, count in vocabulary.items():
            stems.update(dict.fromkeys(read(word).stems, count))
        bundle.write_json(self._folder / bundle.STEMS, stems)

    def _write_guidelines(self) -> None:
        texts = self._contents.passages
        known = bundle.passage_vectors(self._in_use.folder) if self._in_use else {}
        new = [text for text in texts if text not in known]
        label = "guidelines" if self._progress and new else None
        encoded = self.encoder.encode_together(new, progress=label)
        self.new_texts += len(new)
        known |= dict(zip(new, encoded, strict=True))
        vectors = [known[text] for text in texts]
        np.save(
            self._folder / bundle.PASSAGE_VECTORS,
            np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32),
        )
        bundle.write_json(self._folder / bundle.PASSAGES, texts)
        if texts:
            write_lexical(self._folder / bundle.PASSAGE_WORDS, texts)
            before = self._in_use.folder if self._in_use else None
            write_topics(self._folder, self._contents.topics, before, self.encoder)


def write_topics(
    folder: Path, rows: Sequence[Topics], in_use: Path | None, encoder: Encoder
) -> None:
    """Write what people ask about the guidelines: the rows, their vectors and their words."""
    lexicon = Lexicon.shipped()

    def spelled_out(text: str) -> str:
        return " ".join(lexicon.spell_out(lexicon.typed(text))) or text

    before = bundle.topic_rows(in_use) if in_use else None
    known = before.known() if before else {}
    questions = [question for row in rows for question in row.asked]
    new = [question for question in questions if question not in known]
    if new:
        # As written, too: a wrong meaning of a shorthand must not hide the rest.
        written = encoder.encode_together(new)
        means = encoder.encode_together([spelled_out(question) for question in new])
        known |= dict(zip(new, (written + means) / 2, strict=True))
    bundle.write_json(folder / bundle.TOPICS, [(row.section, row.title, row.asked) for row in rows])
    vectors = [known[question] for question in questions]
    np.save(
        folder / bundle.TOPIC_VECTORS,
        np.stack(vectors) if vectors else np.zeros((0, encoder.dimensions), dtype=np.float32),
    )
    words = [" ".join([*row.asked, *map(spelled_out, row.asked)]) for row in rows]
    write_lexical(folder / bundle.TOPIC_WORDS, words)


def is_current(store: CodeStore, root: Path, model: Model | Shipped) -> bool:
    """Whether the bundle in use matches its manifest, all that is loaded and this model."""
    try:
        _, manifest = bundle.opened(root, store)
    except bundle.BundleUnusable:
        return False
    made_of_these = manifest.sources == bundle.sources(store)
    return made_of_these and manifest.model_fingerprint == model.fingerprint()


@dataclass(frozen=True, slots=True)
class _InUse:
    """The bundle in use."""

    folder: Path
    manifest: bundle.Manifest

    def has(self, part: str, made_of: str) -> bool:
        return self.manifest.parts.get(part) == made_of


def _in_use(root: Path, fingerprint: str) -> _InUse | None:
    """The bundle in use, if its vectors are of the model with this fingerprint."""
    try:
        folder, manifest = bundle.opened(root)
    except bundle.BundleUnusable:
        return None
    return _InUse(folder, manifest) if manifest.model_fingerprint == fingerprint else None


def _encoder(model: Model | Shipped, in_use: _InUse | None, folder: Path) -> Encoder:
    """The encoder of a bundle in `folder`: that of the bundle in use, else the model's."""
    if in_use is not None:
        bundle.take_over(in_use.folder / bundle.ENCODER, folder)
        return Encoder(folder / bundle.ENCODER)
    of_the_model = folder / bundle.ENCODER
    return model.put(of_the_model) if isinstance(model, Shipped) else export(model, of_the_model)
