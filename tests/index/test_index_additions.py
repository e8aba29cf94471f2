"""A build takes over what the index in use has, and answers like one that was made from nothing."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from importlib import resources
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from codesets.model import (
    PtpEdit,
    Reference,
    ReferenceData,
    Release,
    ReleaseData,
    SourceFile,
    Term,
)
from codesets.store.code_store import CodeStore
from index import build, bundle, parts
from index.embedding.encoder import Encoder
from index.embedding.models import Shipped
from index.families import gather
from index.search import text_vectors
from index.search.searcher import Searcher
from index.search.system_index import TEXTS, Texts, vectors_of
from index.search.text_vectors import ROWS, VECTORS, RowsDiffer, TextVectors

pytestmark = pytest.mark.index

#: What the texts are made of. None of these is a real code or title.
THINGS = "walker cane brace pump pillow mattress lamp chair frame glove".split()
QUALITIES = "folding heated padded rigid wheeled portable bedside foam".split()
FILE = SourceFile("first.txt", "1" * 64)


def quarter(label: str, month: int, titles: list[str], file: SourceFile = FILE) -> ReleaseData:
    days = dt.date(2026, month, 1), dt.date(2026, month + 2, 28)
    rows = [(f"E{9000 + number}", title) for number, title in enumerate(titles)]
    return ReleaseData.flat(Release("hcpcs", label, *days, "test", (file,)), rows)


ALL = [f"{a} {b} {thing}" for thing in THINGS for a, b in combinations(QUALITIES, 2)]
#: Texts that are like the others, so that their vectors fit beside those.
ADDED = ["padded foam lamp", "folding heated glove"]
TITLES = [title for title in ALL if title not in ADDED]
MORE = [*TITLES[:100], ADDED[0], *TITLES[100:], ADDED[1]]
BASE = quarter("2026-January", 1, TITLES)
NEXT = quarter("2026-April", 4, MORE, SourceFile("second.txt", "2" * 64))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release and its index. Tests only copy it."""
    home = tmp_path_factory.mktemp("first")
    store = CodeStore(home / "codes.db")
    store.load(BASE)
    assert made(store, home).outcome == "built"
    store.close()
    return home


@pytest.fixture
def home(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "home"))


@pytest.fixture
def store(home: Path) -> Iterator[CodeStore]:
    store = CodeStore(home / "codes.db")
    yield store
    store.close()


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are encoded from now on."""
    texts: list[str] = []
    encode = Encoder.encode_together

    def counting(self, given, *, progress=None):
        texts.extend(given)
        return encode(self, given, progress=progress)

    monkeypatch.setattr(Encoder, "encode_together", counting)
    return texts


def made(store: CodeStore, home: Path, name: str = "index", **options: bool) -> build.Built:
    return build.build(store, home / name, Shipped(), progress=False, **options)


def hcpcs(home: Path, name: str = "index") -> Path:
    folder, _ = bundle.opened(home / name)
    return folder / bundle.SYSTEM_INDEXES / "hcpcs"


def test_nothing_new_builds_nothing(store: CodeStore, home: Path, encoded: list[str]) -> None:
    before = bundle.current(home / "index")
    assert made(store, home).outcome == "as_it_was"
    assert (bundle.current(home / "index"), encoded) == (before, [])


def test_a_build_with_nothing_new_reads_no_texts(
    store: CodeStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("texts are read, though nothing is new")

    monkeypatch.setattr(build, "gather", read)
    monkeypatch.setattr(build, "Encoder", read)
    monkeypatch.setattr(CodeStore, "titles", read)
    assert made(store, home).outcome == "as_it_was"


def test_what_was_compared_once_is_not_gathered_again(store: CodeStore, home: Path) -> None:
    (home / "index" / bundle.COMPARED).unlink()
    gathered = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "gather", lambda *of: gathered.append(of) or gather(*of))
        assert [made(store, home).outcome for _ in range(2)] == ["as_it_was", "as_it_was"]
    assert len(gathered) == 1


#: Changes of rows that enter an index, and of some that do not.
CHANGES = {
    "a title": "update codes set title = 'Another chair' where code = 'E9000'",
    "a code": "update codes set code = 'E8999' where code = 'E9000'",
    "a parent": "update codes set parent = 'E9001' where code = 'E9000'",
    "a family": "update codes set stem = 'E9001' where code = 'E9000'",
    "the order": "update codes set position = 9999 where code = 'E9000'",
    "a code less": "delete from codes where code = 'E9000'",
    "a term": "insert into terms (source, code, text, kind) "
    "values ('hcpcs/2026-January', 'E9000', 'stick', 'inclusion')",
    "a note": "insert into notes values "
    "(1, 'hcpcs/2026-January', 'includes', 'code', 'E9000', 0, null, 'stick')",
    "a file": "update files set sha256 = 'f'",
    "a date": "update releases set effective_from = '2025-12-01'",
    "a reference": "insert into books values ('index/x', 'index', 'hcpcs', 'x', null, null, "
    "'2026-01-01', '2026-12-31', 'test', 'now'); "
    "insert into terms (source, code, text, kind) values ('index/x', 'E9000', 'stick', 'index')",
    "guidelines": "insert into books values ('guidelines/x', 'guidelines', 'icd10cm', 'x', null, "
    "null, '2026-01-01', '2026-12-31', 'test', 'now'); insert into guidelines "
    "(source, section, title, text) values ('guidelines/x', 'I.A', 'Title', 'Text')",
}
NO_CHANGES = {
    "loaded again": "update releases set loaded_at = 'later'",
    "an edit": "insert into pair_edits (source, column1) values ('ptp/x', 'E9000')",
}


@pytest.mark.parametrize("what", [*CHANGES, *NO_CHANGES])
def test_each_row_that_enters_an_index_is_noticed(store: CodeStore, home: Path, what: str) -> None:
    before = store.searched_sha256()
    connection = sqlite3.connect(home / "codes.db")
    connection.executescript({**CHANGES, **NO_CHANGES}[what])
    connection.close()
    assert (store.searched_sha256() != before) == (what in CHANGES)


def test_each_other_input_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("rows", "sha256:model", bundle.FORMAT)
    known = {parts.inputs(*given)}
    known.add(parts.inputs("other rows", *given[1:]))
    known.add(parts.inputs("rows", "sha256:other", bundle.FORMAT))
    known.add(parts.inputs(*given[:2], bundle.FORMAT + 1))
    for name, other in (
        ("_source", lambda: "another source of this package"),
        ("_words", lambda folder: "other words of prompts/vocabulary"),
        ("_files", lambda folder, ending: [("other.py", resources.files("index") / "parts.py")]),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(parts, name, other)
            known.add(parts.inputs(*given))
    with monkeypatch.context() as patch:
        patch.setattr(parts.off_topic, "words_sha256", lambda: "other words of prompts/intents")
        known.add(parts.inputs(*given))
    assert len(known) == 8


def edits() -> ReferenceData:
    days = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
    reference = Reference("ptp", "hcpcs", "2026", *days, "test", (FILE,), "practitioner")
    return ReferenceData(reference, (PtpEdit("E9000", "E9001", None, None, "1", "invented"),))


def test_edits_bring_no_texts(store: CodeStore, home: Path) -> None:
    store.references.load(edits())
    assert build.is_current(store, home / "index", Shipped())
    assert made(store, home).outcome == "as_it_was"


def test_another_file_of_the_same_texts_builds_nothing(
    store: CodeStore, home: Path, encoded: list[str]
) -> None:
    before, old = bundle.opened(home / "index")
    store.load(quarter("2026-January", 1, TITLES, SourceFile("again.txt", "3" * 64)))
    assert not build.is_current(store, home / "index", Shipped())
    built = made(store, home)
    assert (built.outcome, encoded) == ("same_texts", [])
    folder, manifest = bundle.opened(home / "index", store)
    assert build.is_current(store, home / "index", Shipped())
    assert (manifest.files, manifest.parts) == (old.files, old.parts)
    assert folder != before
    bundle.opened(home / "index", build=before.name)  # the one before still answers a replay
    Searcher(home / "index", store)


def test_few_new_texts_are_added(store: CodeStore, home: Path, encoded: list[str]) -> None:
    before = vectors_of(hcpcs(home))
    store.load(NEXT)
    built = made(store, home)
    assert (built.outcome, built.new_texts) == ("built", 2)
    assert sorted(encoded) == sorted(ADDED)
    after = vectors_of(hcpcs(home))
    assert after.keys() == before.keys() | set(MORE)
    assert all((after[text] == before[text]).all() for text in before)


def test_an_index_by_addition_is_as_one_from_nothing(store: CodeStore, home: Path) -> None:
    store.load(NEXT)
    added = made(store, home)
    nothing = made(store, home, "from_nothing")
    assert (added.new_texts, nothing.new_texts) == (2, len(set(MORE)))
    assert added.manifest.parts == nothing.manifest.parts
    assert (added.manifest.texts, added.manifest.families) == (
        nothing.manifest.texts,
        nothing.manifest.families,
    )
    # All that is not the vectors is the same to the byte, off-topic questions apart.
    apart = {f"shelves/hcpcs/{VECTORS}", f"shelves/hcpcs/{ROWS}", bundle.OFF_TOPIC}
    files = [
        {name: file for name, file in manifest.files.items() if name not in apart}
        for manifest in (added.manifest, nothing.manifest)
    ]
    assert files[0] == files[1]
    one, other = vectors_of(hcpcs(home)), vectors_of(hcpcs(home, "from_nothing"))
    assert list(one) == list(other)
    # What is encoded in other batches differs a little (Encoder.encode_together).
    assert min(one[text] @ other[text] for text in one) > 0.99
    release = store.releases("hcpcs")[-1]
    searchers = [Searcher(home / name, store) for name in ("index", "from_nothing")]
    for question in ("lamp of padded foam", "folding glove, heated", "rigid bedside chair"):
        found = [
            [hit.code for hit in searcher.search(question, [release]).hits[:3]]
            for searcher in searchers
        ]
        assert found[0] == found[1], question


def test_several_additions(store: CodeStore, home: Path) -> None:
    """Rows keep their texts, whichever way the order of the texts changes."""
    encoder = Shipped().put(home / "encoder")
    store.load(NEXT)
    made(store, home)
    days = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
    names = tuple(Term(f"E900{n}", f"{thing} kit", "brand", "x") for n, thing in enumerate(THINGS))
    store.references.load(
        ReferenceData(Reference("asp", "hcpcs", "2026-January", *days, "test", (FILE,)), names)
    )
    assert made(store, home).new_texts == len(names)
    vectors = vectors_of(hcpcs(home))
    texts = list(vectors)
    own = encoder.encode_together(texts)
    nearest = [texts[(own @ vectors[text]).argmax()] for text in texts]
    assert nearest == texts


def test_texts_that_are_gone_are_taken_out(
    store: CodeStore, home: Path, encoded: list[str]
) -> None:
    before = vectors_of(hcpcs(home))
    store.load(quarter("2026-January", 1, TITLES[10:], SourceFile("cut.txt", "4" * 64)))
    assert made(store, home).new_texts == 0
    assert encoded == []
    after = vectors_of(hcpcs(home))
    assert list(after) == list(Texts(hcpcs(home) / TEXTS)) == TITLES[10:]
    assert all((after[text] == before[text]).all() for text in after), "the same eight bits"


def test_texts_unlike_all_others(store: CodeStore, home: Path, encoded: list[str]) -> None:
    """Eight bits divide the range of all texts, so one beyond it gives others; nothing more is
    encoded."""
    before = vectors_of(hcpcs(home))
    odd = "Supraventricular arrhythmia of an imagined marsupial in the third trimester"
    store.load(quarter("2026-April", 4, [*TITLES, odd], SourceFile("odd.txt", "5" * 64)))
    assert made(store, home).new_texts == 1
    assert encoded == [odd]
    after = vectors_of(hcpcs(home))
    assert after.keys() == {*TITLES, odd}
    assert max(np.abs(after[text] - before[text]).max() for text in before) < 0.002


def test_anew_takes_over_nothing(store: CodeStore, home: Path, encoded: list[str]) -> None:
    assert made(store, home, anew=True).new_texts == len(TITLES)
    assert set(TITLES) <= set(encoded)


def test_a_bundle_of_an_earlier_version_is_taken_over(
    store: CodeStore, home: Path, encoded: list[str]
) -> None:
    """It does not say what its parts were made of."""
    folder, manifest = bundle.opened(home / "index")
    del manifest.parts["hcpcs"], manifest.parts["guidelines"], manifest.parts["off_topic"]
    manifest.write(folder)
    assert '"parts"' not in (folder / bundle.MANIFEST).read_text(), "so its SHA-256 is what it was"
    assert build.is_current(store, home / "index", Shipped())
    built = made(store, home)
    assert (built.outcome, built.new_texts, encoded) == ("built", 0, [])
    assert built.manifest.parts.keys() == {"hcpcs", "guidelines", "off_topic"}


# Rows and vectors


def written(folder: Path, texts: list[str]) -> Path:
    """A graph of random vectors, one for each text."""
    folder.mkdir()
    random = np.random.default_rng(0).normal(size=(len(texts), 16)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    text_vectors.write(folder, texts, dict(zip(texts, random, strict=True)))
    return folder


def test_rows_are_counted(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", TITLES)
    assert TextVectors(folder, len(TITLES)).of(np.arange(3)).shape == (3, 16)
    with pytest.raises(RowsDiffer, match=r"278 vectors, 277 texts.*--anew"):
        TextVectors(folder, len(TITLES) - 1)
    with pytest.raises(RowsDiffer, match="278 vectors, 277 texts"):
        text_vectors.write(tmp_path, TITLES, {}, folder, TITLES[1:])


@pytest.mark.parametrize("order", [[0, 0, 2], [0, 1, 3], [1, 2, -1]])
def test_an_order_that_is_none(tmp_path: Path, order: list[int]) -> None:
    folder = written(tmp_path / "one", TITLES[:3])
    np.save(folder / ROWS, np.array(order, dtype=np.int32))
    with pytest.raises(RowsDiffer, match="order"):
        TextVectors(folder, 3)


def test_vectors_of_other_texts_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_of = text_vectors._made
    monkeypatch.setattr(text_vectors, "_made", lambda vectors, *rest: made_of(vectors[::-1], *rest))
    with pytest.raises(RowsDiffer, match="cosine"):
        written(tmp_path / "one", TITLES)
