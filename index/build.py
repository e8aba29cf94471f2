"""Building the index bundle out of codes.db.

What is searched is a *family*: a code with all that a seventh character (and placeholder X) would
make of it, which is one thing to find and one thing to complete. Its texts are its title, its
inclusion terms and its Includes notes; each distinct text has one vector, whatever number of
families share it.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np

from codesets.store import CodeStore
from index import bundle
from index.encoder import Encoder
from index.errors import SearchError
from index.runtime import load_faiss
from index.words import essential, lexical_tokens, plain_words

VECTORS, TEXTS, FAMILIES, VOCABULARY = "vectors.faiss", "texts.json", "families.json", "words.json"
LEXICAL = "lexical"
OFF_TOPIC = "off_topic.npy"


@dataclass(slots=True)
class Family:
    """A code with its seventh-character expansions, across all releases that have it.

    `releases` maps a release's key to True where the family has no families under it there
    (it is what one reports), False where it is a header to be completed by them.
    """

    system: str
    code: str
    title: str
    parent: str | None
    releases: dict[str, bool] = field(default_factory=dict)
    texts: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """All that goes into a bundle before it is embedded."""

    texts: list[str]
    families: list[Family]


def gather(store: CodeStore) -> Gathered:
    """Families and their distinct texts out of every loaded release, newest title first."""
    families: dict[tuple[str, str], Family] = {}
    numbers: dict[str, int] = {}

    def add_text(family: Family, text: str) -> None:
        number = numbers.setdefault(text, len(numbers))
        if number not in family.texts:
            family.texts.append(number)

    for release in reversed(store.releases()):
        codes = {code.code: code for code in store.codes(release)}
        for code in codes.values():
            stem = codes.get(code.stem, code)
            family = families.get((release.system, stem.code))
            if family is None:
                family = Family(release.system, stem.code, stem.title, stem.parent)
                families[release.system, stem.code] = family
            if release.key not in family.releases:
                family.releases[release.key] = True
                add_text(family, stem.title)
        for code in codes.values():
            if code.parent and codes.get(code.stem, code) is code:
                families[release.system, code.parent].releases[release.key] = False
        for term in store.terms(release):
            add_text(families[release.system, term.code], term.text)
        for owner, text in store.includes(release):
            add_text(families[release.system, owner], text)
    return Gathered(list(numbers), list(families.values()))


def build(
    store: CodeStore, root: Path, encoder: Encoder, *, progress: bool = True
) -> bundle.Manifest:
    """Build a bundle from everything loaded and swap it in. Texts whose vectors the bundle in
    use already has, from the same encoder, are not embedded again.

    Raises SearchError when no code set is loaded.
    """
    import bm25s

    releases = store.releases()
    if not releases:
        raise SearchError(
            "No code set is loaded, so there is nothing to index. Run `codedesk setup`."
        )
    gathered = gather(store)
    fingerprint = encoder.fingerprint()
    root.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    folder = root / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder.mkdir()

    vectors = _embed(gathered.texts, root, encoder, fingerprint, progress)
    faiss = load_faiss()
    # Half precision halves memory and scan time; unit vectors lose nothing that ranking can see.
    index = faiss.IndexScalarQuantizer(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, str(folder / VECTORS))

    lexical = bm25s.BM25()
    lexical.index([lexical_tokens(text) or [""] for text in gathered.texts], show_progress=False)
    lexical.save(folder / LEXICAL, show_progress=False)
    vocabulary = Counter(word for text in gathered.texts for word in set(plain_words(text)))

    np.save(folder / OFF_TOPIC, encoder.encode(off_topic_examples()))

    _write_json(folder / TEXTS, gathered.texts)
    _write_json(
        folder / FAMILIES,
        [[f.system, f.code, f.title, f.parent, f.releases, f.texts] for f in gathered.families],
    )
    _write_json(folder / VOCABULARY, vocabulary)
    manifest = bundle.Manifest(
        build=folder.name,
        format=bundle.FORMAT,
        built_at=now.isoformat(timespec="seconds"),
        releases=bundle.fingerprints(releases),
        encoder=encoder.name,
        encoder_fingerprint=fingerprint,
        dimensions=int(vectors.shape[1]),
        texts=len(gathered.texts),
        families=len(gathered.families),
        files=bundle.files_of(folder),
    )
    manifest.write(folder)
    bundle.swap_in(root, folder)
    return manifest


def off_topic_examples() -> list[str]:
    """Questions that have nothing to do with coding, from prompts/off_topic.txt."""
    lines = (resources.files("prompts") / "off_topic.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_current(store: CodeStore, root: Path, encoder: Encoder) -> bool:
    """Whether the bundle in use is whole and made of the loaded releases by this encoder."""
    try:
        _, manifest = bundle.opened(root, store.releases())
    except bundle.BundleUnusable:
        return False
    return manifest.encoder_fingerprint == encoder.fingerprint()


def _embed(
    texts: list[str], root: Path, encoder: Encoder, fingerprint: str, progress: bool
) -> np.ndarray:
    known = _vectors_in_use(root, fingerprint)
    new = [text for text in texts if text not in known]
    rows: dict[str, np.ndarray] = {}
    if new:
        plain = [essential(text) for text in new]
        label = "Embedding" if progress else None
        rows = dict(zip(new, encoder.encode(plain, progress=label), strict=True))
    return np.stack([rows[text] if text in rows else known[text] for text in texts])


def _vectors_in_use(root: Path, fingerprint: str) -> dict[str, np.ndarray]:
    try:
        folder, manifest = bundle.opened(root)
    except bundle.BundleUnusable:
        return {}
    if manifest.encoder_fingerprint != fingerprint:
        return {}
    faiss = load_faiss()
    texts = json.loads((folder / TEXTS).read_text(encoding="utf-8"))
    vectors = faiss.read_index(str(folder / VECTORS)).reconstruct_n(0, len(texts))
    return dict(zip(texts, vectors, strict=True))


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
