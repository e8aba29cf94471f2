"""Builds the index bundle from codes.db: a system index for each code system, the passages of the
guidelines and what people ask about them, the encoder that computed the vectors, and the
manifest."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from codesets.model import SYSTEM_NAMES, Guideline
from codesets.store.code_store import CodeStore
from index import bundle
from index.embedding.encoder import Encoder
from index.embedding.models import Model, Shipped
from index.embedding.onnx_export import export
from index.errors import SearchError
from index.families import gather
from index.pcs.titles import Titles
from index.search import off_topic, system_index
from index.search.bm25 import write_lexical
from index.search.guideline_search import passages
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


def build(
    store: CodeStore, root: Path, model: Model | Shipped, *, progress: bool = True
) -> bundle.Manifest:
    """Build a bundle from everything loaded and make it the one in use.

    If the bundle in use has the same model, its encoder and the vectors of known texts are copied
    from it. Only one build runs at a time in `root`; another one waits, and then copies from the
    first.

    Raises SearchError when no code set is loaded, VocabularyError when a file of prompts/vocabulary
    has a row twice, ExportFailed or EncoderDiffers when the model cannot be exported.
    """
    if not store.releases():
        raise SearchError(
            "No code set is loaded, so there is nothing to index. Run `codedesk setup`."
        )
    root.mkdir(parents=True, exist_ok=True)
    with _exclusive(root, progress):
        return _build(store, root, model, progress)


@contextmanager
def _exclusive(root: Path, progress: bool) -> Iterator[None]:
    """Lock the folder of the index, after other builds there have ended. The operating system
    releases the lock when the process ends in any way."""
    from filelock import FileLock, Timeout  # not imported when a question is answered

    lock = FileLock(root / "build.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if progress:
            print("Waiting for another build of the index to end.", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(store: CodeStore, root: Path, model: Model | Shipped, progress: bool) -> bundle.Manifest:
    fingerprint = model.fingerprint()
    now = dt.datetime.now(dt.UTC)
    folder = root / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    (folder / bundle.SYSTEM_INDEXES).mkdir(parents=True)

    in_use = _in_use(root, fingerprint)
    encoder = _encoder(model, in_use, folder / bundle.ENCODER)
    vocabulary: Counter[str] = Counter()
    texts = families = 0
    texts_of: list[list[str]] = []
    for system in store.systems:
        gathered = gather(store, system)
        known = _vectors_of(in_use, system)
        label = SYSTEM_NAMES[system] if progress else None
        vectors = _embed(gathered.texts, essential, known, encoder, label)
        system_index.write(folder / bundle.SYSTEM_INDEXES / system, gathered, vectors)
        for release in store.releases(system) if system == "icd10pcs" else ():
            titles = Titles.read(store.titles(release))
            titles.save(folder / bundle.SYSTEM_INDEXES / system / bundle.PROCEDURES / release.label)
        vocabulary.update(word for text in gathered.texts for word in set(plain_words(text)))
        texts += len(gathered.texts)
        if system != "cpt":
            texts_of.append(gathered.texts)
        families += len(gathered.families)
    bundle.write_json(folder / bundle.VOCABULARY, vocabulary)
    stems: Counter[str] = Counter()
    for word, count in vocabulary.items():
        stems.update(dict.fromkeys(read(word).stems, count))
    bundle.write_json(folder / bundle.STEMS, stems)

    editions = _guidelines(store)
    passage_texts = list(dict.fromkeys(text for each in editions for _, text in passages(each)))
    known = bundle.passage_vectors(in_use) if in_use else {}
    np.save(
        folder / bundle.PASSAGE_VECTORS,
        _embed(passage_texts, str, known, encoder, "guidelines" if progress else None),
    )
    bundle.write_json(folder / bundle.PASSAGES, passage_texts)
    if passage_texts:
        write_lexical(folder / bundle.PASSAGE_WORDS, passage_texts)
        write_topics(folder, topics_of(editions), in_use, encoder)
    before = off_topic.OffTopicModel.load(in_use / bundle.OFF_TOPIC) if in_use else None
    off_topic.learn(texts_of, encoder, before).save(folder / bundle.OFF_TOPIC)
    manifest = bundle.Manifest(
        build=folder.name,
        format=bundle.FORMAT,
        built_at=now.isoformat(timespec="seconds"),
        sources=bundle.sources(store),
        model=model.name,
        model_fingerprint=fingerprint,
        dimensions=encoder.dimensions,
        texts=texts,
        families=families,
        files=bundle.files_of(folder),
    )
    manifest.write(folder)
    bundle.swap_in(root, folder)
    return manifest


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


def _embed(
    texts: list[str],
    wording: Callable[[str], str],
    known: Mapping[str, np.ndarray],
    encoder: Encoder,
    progress: str | None,
) -> np.ndarray:
    """The vectors of texts (float32, one row each). A text is embedded as `wording(text)`; a text
    in `known` is not embedded again."""
    new = [text for text in texts if text not in known]
    rows: dict[str, np.ndarray] = {}
    if new:
        worded = [wording(text) for text in new]
        rows = dict(zip(new, encoder.encode_together(worded, progress=progress), strict=True))
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([rows[text] if text in rows else known[text] for text in texts])


def _encoder(model: Model | Shipped, in_use: Path | None, folder: Path) -> Encoder:
    if in_use is not None:
        shutil.copytree(in_use / bundle.ENCODER, folder)
        return Encoder(folder)
    return model.put(folder) if isinstance(model, Shipped) else export(model, folder)


def _in_use(root: Path, fingerprint: str) -> Path | None:
    """The folder of the bundle in use, if its vectors are of the model with this fingerprint."""
    try:
        folder, manifest = bundle.opened(root)
    except bundle.BundleUnusable:
        return None
    return folder if manifest.model_fingerprint == fingerprint else None


def _vectors_of(in_use: Path | None, system: str) -> dict[str, np.ndarray]:
    """The vector of each text of a system in the bundle in use; {} where there is none."""
    folder = in_use / bundle.SYSTEM_INDEXES / system if in_use else None
    return system_index.vectors_of(folder) if folder and folder.exists() else {}
