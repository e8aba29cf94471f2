"""Training uses official texts and our own synonyms only, and its result can be exported."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from paths import TEST_DATA

from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from index import families
from index.embedding import training
from index.embedding.models import Model
from index.embedding.onnx_export import export

IMPORTS = TEST_DATA / "imports"
CPT, HCPCS = IMPORTS / "LONGULT.txt", IMPORTS / "HCPC2026_JAN_ANWEB.txt"


@pytest.fixture(scope="module")
def drawn(store: CodeStore) -> list[training.Pair]:
    return training.pairs(store, random.Random(0))


@pytest.mark.slow
def test_pairs_are_texts_of_one_code(store: CodeStore, drawn: list[training.Pair]) -> None:
    """Every family of ICD-10-CM with several texts has pairs, all of them of its own texts."""
    gathered = families.gather(store, "icd10cm")
    own = {f.code: {f.title, *(gathered.texts[n] for n in f.texts)} for f in gathered.families}
    pairs = [pair for pair in drawn if pair.system == "icd10cm"]
    assert [pair for pair in pairs if not {pair.asked, pair.text} <= own[pair.code]] == []
    several = {code for code, texts in own.items() if len(texts) > 1}
    assert several <= {pair.code for pair in pairs}
    # Of a code with few texts, each is asked.
    few = next(code for code, texts in sorted(own.items()) if len(texts) == 3 and code[0] != "T")
    title = next(f.title for f in gathered.families if f.code == few)
    assert {pair.asked for pair in pairs if pair.code == few} >= own[few] - {title}


@pytest.mark.slow
def test_shorthand_is_learned_with_what_it_means(drawn: list[training.Pair]) -> None:
    shorthand = {pair.asked: pair.text for pair in drawn if pair.system == "lexicon"}
    assert shorthand["fnf"] == "fracture of neck of femur"


def test_the_words_of_the_ama_are_not_learned_from(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [HCPCS])
    import_files(store, [CPT], "2026")
    assert store.systems == ["hcpcs", "cpt"]
    assert {pair.system for pair in training.pairs(store, random.Random(0))} == {"hcpcs", "lexicon"}
    store.close()


def test_wordings_keep_what_is_meant() -> None:
    wording = training.Wording(random.Random(1))
    wordings = {wording("Meningitis, bacterial, streptococcal (acute)").lower() for _ in range(200)}
    assert any("streptococcal bacterial meningitis" in text for text in wordings)
    assert len(wordings) > 10


def test_related_texts_do_not_count_as_wrong_answers() -> None:
    def pair(code: str, text: str, system: str = "icd10cm") -> training.Pair:
        return training.Pair(system, code, f"asked {text}", text)

    batch = [pair("I20", "a"), pair("I20.0", "b"), pair("I21", "c"), pair("I20", "d", "hcpcs"),
             pair("J45", "c")]  # fmt: skip
    excused = training.related(batch)
    assert excused[0, 1]  # the header above
    assert not excused[0, 2]
    assert not excused[0, 3]  # of another system
    assert excused[2, 4]  # the same words
    assert np.diag(excused).all()


@pytest.mark.slow
def test_batches_hold_neighbours(drawn: list[training.Pair]) -> None:
    batch = next(training.batches(drawn, random.Random(0)))
    assert len({(pair.system, pair.code[:3]) for pair in batch}) < len(batch) / 2


@pytest.mark.index
def test_what_is_trained_can_be_exported(store: CodeStore, tmp_path: Path) -> None:
    """Two steps are enough to write, read and export a model; docs/MODEL.md has a full training."""
    lines: list[str] = []
    training.train(store, Model(), tmp_path / "model", most=128, tell=lines.append)
    assert lines[-1].startswith("step 2 of 2")
    model = Model(str(tmp_path / "model"))
    encoder = export(model, tmp_path / "encoder")
    asked, infarction, cow = encoder.encode(
        ["heart attack", "Acute myocardial infarction, unspecified", "Bitten by cow"]
    )
    assert asked @ infarction > asked @ cow
