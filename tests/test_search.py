"""Questions find codes, and a bundle is whole or it is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from codesets.model import Release
from codesets.store import CodeStore
from index import build, bundle
from index.confidence import fits
from index.encoder import Encoder, EncoderUnavailable
from index.runtime import load_faiss
from index.search import Searcher

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def searcher(built: Path, store: CodeStore, encoder: Encoder) -> Searcher:
    return Searcher(built / "index", store, encoder)


FINDS = [
    # question, the family that must come first
    ("type 2 diabetes with diabetic ckd", "E11.22"),
    ("essential hypertension", "I10"),
    ("htn", "I10"),
    ("afib", "I48.91"),
    ("uti", "N39.0"),
    ("right knee primary osteoarthritis", "M17.11"),
    ("left knee primary osteoarthritis", "M17.12"),
    ("sprain of right ankle", "S93.401"),
    ("closed intertrochanteric fracture of left femur", "S72.142"),
    ("vitamin d defishency", "E55.9"),
    ("acute appendicitis", "K35.80"),
    ("hepatitis a", "B15.9"),
    ("anaemia", "D64.9"),
    ("kidney stone", "N20.0"),
    ("lou gehrig's disease", "G12.21"),
]


@pytest.mark.parametrize(("question", "family"), FINDS)
def test_finds(searcher: Searcher, april: Release, question: str, family: str) -> None:
    hits = searcher.search(question, [april]).hits
    assert hits[0].code == family, [(hit.code, hit.score) for hit in hits[:5]]


def test_siblings_of_a_seventh_character_never_compete(
    searcher: Searcher, store: CodeStore, april: Release
) -> None:
    hits = searcher.search("torus fracture of lower end of right radius", [april], 10).hits
    families = [hit.code for hit in hits]
    assert families[0] == "S52.521"
    assert len(set(families)) == len(families)


def test_only_codes_of_the_release_are_found(
    searcher: Searcher, fy2024: Release, april: Release
) -> None:
    question = "contusion of abdominal wall"
    assert searcher.search(question, [fy2024]).hits[0].code == "S30.1"
    assert searcher.search(question, [april]).hits[0].code != "S30.1"


def test_one_vector_for_each_distinct_text(built: Path, searcher: Searcher) -> None:
    folder, manifest = bundle.opened(built / "index")
    texts = json.loads((folder / build.TEXTS).read_text())
    vectors = load_faiss().read_index(str(folder / build.VECTORS))
    assert len(texts) == len(set(texts)) == vectors.ntotal == manifest.texts
    assert "Sprain of ligaments of cervical spine" in texts
    assert "Sprain of ligaments of cervical spine, initial encounter" not in texts


def test_stored_vectors_are_the_encoders(built: Path, encoder: Encoder) -> None:
    folder, _ = bundle.opened(built / "index")
    texts = json.loads((folder / build.TEXTS).read_text())
    at = next(n for n, text in enumerate(texts) if text == "Cholera, unspecified")
    stored = load_faiss().read_index(str(folder / build.VECTORS)).reconstruct(at)
    assert np.allclose(stored, encoder.encode(["Cholera, unspecified"])[0], atol=2e-3)


def lines(name: str) -> list[str]:
    return [line for line in (DATA / name).read_text().splitlines() if line.strip()]


def test_small_talk_and_nonsense_are_declined(searcher: Searcher, april: Release) -> None:
    asked = lines("off_topic.txt")
    found = searcher.search_many(asked, [april])
    answered = [question for question, f in zip(asked, found, strict=True) if fits(f)]
    assert len(answered) <= 0.1 * len(asked), answered


def test_real_questions_are_not_declined(searcher: Searcher, april: Release) -> None:
    asked = lines("on_topic.txt")
    found = searcher.search_many(asked, [april])
    assert [question for question, f in zip(asked, found, strict=True) if not fits(f)] == []


# The bundle


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    """A copy of the index that a test may spoil."""
    root = tmp_path / "index"
    shutil.copytree(built / "index", root)
    return root


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: (f / "texts.json").write_text("[]"), "does not match its manifest"),
        (lambda f: (f / "vectors.faiss").unlink(), "does not match its manifest"),
        (lambda f: (f / "stray.txt").write_text("?"), "does not match its manifest"),
        (lambda f: (f / "manifest.json").unlink(), "no readable manifest"),
        (lambda f: (f / "manifest.json").write_text("{}"), "no readable manifest"),
    ],
    ids=["altered", "missing", "added", "no manifest", "empty manifest"],
)
def test_a_spoilt_bundle_is_refused(
    copied: Path, store: CodeStore, encoder: Encoder, spoil, says: str
) -> None:
    folder = bundle.current(copied)
    assert folder is not None
    spoil(folder)
    with pytest.raises(bundle.BundleUnusable, match=says) as refused:
        Searcher(copied, store, encoder)
    assert "codedesk index build" in str(refused.value)


def test_a_bundle_of_other_editions_is_refused(copied: Path, tmp_path: Path) -> None:
    other = CodeStore(tmp_path / "other.db")
    with pytest.raises(bundle.BundleUnusable, match="other editions"):
        bundle.opened(copied, other)
    other.close()


def test_no_bundle_says_what_to_run(tmp_path: Path, store: CodeStore, encoder: Encoder) -> None:
    with pytest.raises(bundle.BundleUnusable, match="codedesk setup"):
        Searcher(tmp_path, store, encoder)


class Interrupted(Encoder):
    """An encoder whose power goes: what a build looks like when it is cut off."""

    def encode(self, texts, *, progress=None):
        raise KeyboardInterrupt

    def fingerprint(self) -> str:
        return "sha256:another model, so that everything is embedded again"


def test_an_interrupted_build_leaves_the_old_one_working(
    copied: Path, store: CodeStore, encoder: Encoder
) -> None:
    before = bundle.current(copied)
    with pytest.raises(KeyboardInterrupt):
        build.build(store, copied, Interrupted(), progress=False)
    assert bundle.current(copied) == before
    Searcher(copied, store, encoder)


def test_a_second_build_embeds_nothing_again(
    copied: Path, store: CodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, embedded = Encoder(), []
    encode = encoder.encode

    def counting(texts, *, progress=None):
        embedded.extend(texts)
        return encode(texts, progress=progress)

    monkeypatch.setattr(encoder, "encode", counting)
    build.build(store, copied, encoder, progress=False)
    assert set(embedded) == set(build.off_topic_examples())
    assert [p.name for p in copied.iterdir() if p.is_dir() and p != bundle.current(copied)]


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(EncoderUnavailable, match="CODEDESK_MODEL"):
        Encoder("/no/such/model")
