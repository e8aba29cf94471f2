"""Questions find codes, and a bundle that does not match its manifest is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from paths import TEST_DATA as DATA

from bot.desk.desk import Desk
from codesets.model import Release
from codesets.store.code_store import CodeStore
from index import build, bundle
from index.embedding.encoder import TOLERANCE, Encoder, EncoderDiffers
from index.embedding.models import Model, ModelUnavailable, Shipped
from index.embedding.onnx_export import export
from index.runtime import load_faiss
from index.search.searcher import Searcher
from index.search.system_index import TEXTS, Texts, vectors_of
from index.search.text_vectors import VECTORS


@pytest.fixture(scope="module")
def searcher(built: Path, store: CodeStore) -> Searcher:
    return Searcher(built / "index", store)


FINDS = [
    # (question, the family that must be first)
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
    # The texts have these words as typed, though a part of them is also shorthand.
    ("senile dementia", "F03.90"),
    ("obesity w/o comorbidity", "E66.9"),
    ("epileptic", "G40.909"),
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


def test_one_vector_for_each_distinct_text(built: Path) -> None:
    folder, manifest = bundle.opened(built / "index")
    count = 0
    for folder_of_system in (folder / bundle.SYSTEM_INDEXES).iterdir():
        texts = Texts(folder_of_system / TEXTS)
        vectors = load_faiss().read_index(str(folder_of_system / VECTORS))
        assert len(texts) == len(set(texts)) == vectors.ntotal
        count += len(texts)
        if folder_of_system.name == "icd10cm":
            assert "Sprain of ligaments of cervical spine" in texts
            assert "Sprain of ligaments of cervical spine, initial encounter" not in texts
    assert count == manifest.texts


def test_stored_vectors_are_those_of_the_encoder(built: Path) -> None:
    folder, _ = bundle.opened(built / "index")
    encoder = Encoder(folder / bundle.ENCODER)
    stored = vectors_of(folder / bundle.SYSTEM_INDEXES / "icd10cm")["Cholera, unspecified"]
    assert stored @ encoder.encode(["Cholera, unspecified"])[0] > TOLERANCE


def test_a_vector_does_not_depend_on_the_other_texts(encoder: Encoder) -> None:
    alone = encoder.encode(["left knee pain"])[0]
    together = encoder.encode(["left knee pain", "Type 2 diabetes mellitus with ketoacidosis"])[0]
    assert (alone == together).all()


def lines(*names: str) -> list[str]:
    text = [line for name in names for line in (DATA / name).read_text().splitlines()]
    return [line for line in text if line.strip() and not line.startswith("#")]


def test_small_talk_and_nonsense_are_declined(desk: Desk) -> None:
    questions = lines("off_topic.txt", "off_topic_more.txt")
    answers = [desk.ask(question) for question in questions]
    answered = [answer.question for answer in answers if answer.outcome != "abstained"]
    assert len(answered) <= 0.05 * len(questions), answered


def test_real_questions_are_not_declined(desk: Desk) -> None:
    answers = [desk.ask(question) for question in lines("on_topic.txt")]
    assert [answer.question for answer in answers if answer.outcome == "abstained"] == []


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
        (lambda f: (f / "words.json").write_text("{}"), "does not match its manifest"),
        (lambda f: (f / "talk.npz").unlink(), "does not match its manifest"),
        (lambda f: (f / "stray.txt").write_text("?"), "does not match its manifest"),
        (lambda f: (f / "manifest.json").unlink(), "no readable manifest"),
        (lambda f: (f / "manifest.json").write_text("{}"), "no readable manifest"),
    ],
    ids=["altered", "missing", "added", "no manifest", "empty manifest"],
)
def test_an_altered_bundle_is_refused(copied: Path, store: CodeStore, spoil, says: str) -> None:
    folder = bundle.current(copied)
    assert folder is not None
    spoil(folder)
    with pytest.raises(bundle.BundleUnusable, match=says) as refused:
        Searcher(copied, store)
    assert "codedesk index build" in str(refused.value)


def test_a_bundle_of_other_editions_is_refused(copied: Path, tmp_path: Path) -> None:
    other = CodeStore(tmp_path / "other.db")
    with pytest.raises(bundle.BundleUnusable, match="other editions"):
        bundle.opened(copied, other)
    other.close()


def test_a_bundle_of_another_model_is_refused(built: Path, store: CodeStore) -> None:
    with pytest.raises(
        bundle.BundleUnusable, match="codedesk-minilm-1, and the desk is set to bio"
    ):
        Searcher(built / "index", store, "bio")


def test_no_bundle_says_what_to_run(tmp_path: Path, store: CodeStore) -> None:
    with pytest.raises(bundle.BundleUnusable, match="codedesk setup"):
        Searcher(tmp_path, store)


class Interrupted(Model):
    """A model whose loading is interrupted, as when a build is stopped."""

    def load(self):
        raise KeyboardInterrupt

    def fingerprint(self) -> str:
        return "sha256:another model, so that everything is embedded again"


def test_an_interrupted_build_leaves_the_old_one_working(copied: Path, store: CodeStore) -> None:
    before = bundle.current(copied)
    with pytest.raises(KeyboardInterrupt):
        build.build(store, copied, Interrupted(), progress=False)
    assert bundle.current(copied) == before
    Searcher(copied, store)


def test_a_second_build_embeds_nothing_again(
    copied: Path, store: CodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[str] = []
    encode = Encoder.encode_together

    def counting(self, texts, *, progress=None):
        embedded.extend(texts)
        return encode(self, texts, progress=progress)

    monkeypatch.setattr(Encoder, "encode_together", counting)
    built = build.build(store, copied, Shipped(), progress=False)
    assert embedded == []
    assert built.new_texts == 0


def test_one_build_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    under_way: list[str] = []
    most: list[int] = []

    def slow(_store, _root, model, _progress, _anew):
        under_way.append(model)
        most.append(len(under_way))
        time.sleep(0.2)
        under_way.remove(model)

    class Loaded:
        def releases(self) -> list[str]:
            return ["one"]

    monkeypatch.setattr(build, "_build", slow)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: build.build(Loaded(), tmp_path, name), "abc"))
    assert most == [1, 1, 1]
    assert "Waiting for another build" in capsys.readouterr().err


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(ModelUnavailable, match="CODEDESK_MODEL"):
        Model("/no/such/model")


# The encoder that a bundle carries


@pytest.mark.index
def test_the_exported_encoder_is_the_model(
    tmp_path: Path, store: CodeStore, april: Release
) -> None:
    """Also for a model that sentence-transformers loads, not only for the shipped one."""
    encoder = export(Model(), tmp_path)
    texts = list(store.titles(april).values())[::500]
    nearness = (Model().encode(texts) * encoder.encode(texts)).sum(axis=1)
    assert nearness.min() >= TOLERANCE


class Another(Model):
    """A model whose `encode` gives other vectors than its export."""

    def encode(self, texts):
        return np.roll(super().encode(texts), 1, axis=1)


@pytest.mark.slow
def test_an_export_that_is_not_the_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderDiffers, match="does not compute what its model does"):
        export(Another(), tmp_path)


def test_a_desk_serves_without_pytorch(home: Path) -> None:
    """Questions in words, about a rule and about a code are answered without it."""
    asks = "; ".join(
        f"desk.ask({question!r})" for question in ("left knee OA", "E11.9", "which code goes first")
    )
    program = (
        "import sys; from bot.desk.desk import Desk; from bot.settings import Settings; "
        f"desk = Desk(Settings.load()); {asks}; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
