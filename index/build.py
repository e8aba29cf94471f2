"""Building the index bundle out of codes.db.

What is searched is a *family*: a code with all that a seventh character (and placeholder X) would
make of it, or all ICD-10-PCS codes that do one thing to one body part: one thing to find and one
thing to complete. Its texts are its title, its Includes notes and its Terms (inclusion terms,
entries of the indexes and tables, drug names); each distinct text has one vector, whatever number
of families share it. The passages of the guidelines have theirs.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from codesets.model import Guideline, Term
from codesets.store import CodeStore
from index import bundle
from index.encoder import Encoder
from index.errors import SearchError
from index.guidance import passages
from index.runtime import load_faiss
from index.words import essential, lexical_tokens, plain_words

VECTORS, TEXTS, FAMILIES, VOCABULARY = "vectors.faiss", "texts.json", "families.json", "words.json"
LEXICAL = "lexical"
PASSAGES, PASSAGE_VECTORS = "passages.json", "passages.npy"
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
    passages: list[str]


def gather(store: CodeStore) -> Gathered:
    """Families and their distinct texts out of every loaded release and book, newest first."""
    families: dict[tuple[str, str], Family] = {}
    stems: dict[tuple[str, str], str] = {}
    numbers: dict[str, int] = {}

    def add_text(family: Family, text: str) -> None:
        number = numbers.setdefault(text, len(numbers))
        if number not in family.texts:
            family.texts.append(number)

    for release in reversed(store.releases()):
        codes = {code.code: code for code in store.codes(release)}
        titles: dict[str, list[str]] = {}
        for code in codes.values():
            titles.setdefault(code.stem, []).append(code.title)
            stems.setdefault((release.system, code.code), code.stem)
        for name, of_members in titles.items():
            stem = codes.get(name)
            title = stem.title if stem else shared_words(of_members)
            parent = stem.parent if stem else None
            family = families.setdefault(
                (release.system, name), Family(release.system, name, title, parent)
            )
            family.releases[release.key] = True
            add_text(family, title)
        for code in codes.values():
            if code.parent and code.stem == code.code:
                families[release.system, code.parent].releases[release.key] = False
        for term in store.rows(Term, release):
            add_text(families[release.system, term.code], term.text)
        for owner, text in store.includes(release):
            add_text(families[release.system, owner], text)
    for book in reversed(store.books.all()):
        for term in store.books.rows(Term, book):
            # What an index of another edition names, and no loaded edition has, leads nowhere.
            named = families.get((book.system, stems.get((book.system, term.code), term.code)))
            if named is not None:
                add_text(named, term.text)
    return Gathered(list(numbers), list(families.values()), _passages(store))


def _passages(store: CodeStore) -> list[str]:
    """The distinct passages of all loaded guidelines."""
    found: dict[str, None] = {}
    for book in store.books.all("guidelines"):
        made = passages(list(store.books.rows(Guideline, book)))
        found |= dict.fromkeys(text for _, text in made)
    return list(found)


def shared_words(titles: Sequence[str]) -> str:
    """The words that all titles have, in the order of the first: what names an ICD-10-PCS family,
    whose four characters have no title of their own.

    >>> shared_words(["Repair Left Pleura, Open Approach", "Repair Left Pleura, External Approach"])
    'Repair Left Pleura'
    """
    common = set.intersection(*(set(title.split()) for title in titles))
    words = " ".join(word for word in titles[0].split() if word in common)
    return words.removesuffix(" Approach").rstrip(",")


def build(
    store: CodeStore, root: Path, encoder: Encoder, *, progress: bool = True
) -> bundle.Manifest:
    """Build a bundle from everything loaded and swap it in. Texts whose vectors the bundle in
    use already has, from the same encoder, are not embedded again.

    Raises SearchError when no code set is loaded.
    """
    import bm25s

    if not store.releases():
        raise SearchError(
            "No code set is loaded, so there is nothing to index. Run `codedesk setup`."
        )
    gathered = gather(store)
    fingerprint = encoder.fingerprint()
    root.mkdir(parents=True, exist_ok=True)
    now = dt.datetime.now(dt.UTC)
    folder = root / f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    folder.mkdir()

    label = "Embedding" if progress else None
    in_use = _in_use(root, fingerprint)
    known = _vectors_of(in_use) if in_use else {}
    vectors = _embed(gathered.texts, essential, known, encoder, label)
    known_passages = passage_vectors(in_use) if in_use else {}
    of_passages = _embed(gathered.passages, str, known_passages, encoder, label)
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
    np.save(folder / PASSAGE_VECTORS, of_passages)

    _write_json(folder / PASSAGES, gathered.passages)
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
        sources=bundle.sources(store),
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
        _, manifest = bundle.opened(root, store)
    except bundle.BundleUnusable:
        return False
    return manifest.encoder_fingerprint == encoder.fingerprint()


def _embed(
    texts: list[str],
    wording: Callable[[str], str],
    known: Mapping[str, np.ndarray],
    encoder: Encoder,
    progress: str | None,
) -> np.ndarray:
    """A vector for each text, of its wording; those that are known are not embedded again."""
    new = [text for text in texts if text not in known]
    rows: dict[str, np.ndarray] = {}
    if new:
        worded = [wording(text) for text in new]
        rows = dict(zip(new, encoder.encode(worded, progress=progress), strict=True))
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([rows[text] if text in rows else known[text] for text in texts])


def _in_use(root: Path, fingerprint: str) -> Path | None:
    """The bundle in use, if its vectors are of the same encoder."""
    try:
        folder, manifest = bundle.opened(root)
    except bundle.BundleUnusable:
        return None
    return folder if manifest.encoder_fingerprint == fingerprint else None


def _vectors_of(folder: Path) -> dict[str, np.ndarray]:
    """The vector of each text that a bundle holds."""
    texts = read_json(folder / TEXTS)
    vectors = load_faiss().read_index(str(folder / VECTORS)).reconstruct_n(0, len(texts))
    return dict(zip(texts, vectors, strict=True))


def passage_vectors(folder: Path) -> dict[str, np.ndarray]:
    """The vector of each passage of the guidelines that a bundle holds."""
    return dict(zip(read_json(folder / PASSAGES), np.load(folder / PASSAGE_VECTORS), strict=True))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
