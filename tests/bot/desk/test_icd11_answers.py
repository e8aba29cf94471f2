"""ICD-11 answers where it is asked for, and changes nothing where it is not. Its titles in these
tests are invented."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from icd11_files import all_files
from paths import TEST_DATA

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.icd11_mentions import asks_for_icd11, read_icd11
from bot.settings import Settings
from bot.slack.views.answer import answer_blocks
from bot.views.terminal import as_text
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from index import build, bundle
from index.embedding.models import Shipped

pytestmark = pytest.mark.index

ORDER = TEST_DATA / "imports" / "icd10cm_order_2027.txt"
DAY = dt.date(2026, 11, 2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a few codes of ICD-10-CM and their index; ICD-11 comes later."""
    home = tmp_path_factory.mktemp("icd11")
    store = CodeStore(home / "codes.db")
    import_files(store, [ORDER], partial=True)
    build.build(store, home / "index", Shipped(), progress=False)
    store.close()
    return home


WITHOUT = [
    "chest pain",
    "E11.9",
    "type 2 diabetes",
    "wheelchair fall",
    "M17.11 and E11.9",
    "E08.40",
]


@pytest.fixture(scope="module")
def before(home: Path) -> dict[str, Answer]:
    """Answers while ICD-11 is not loaded."""
    desk = Desk(Settings(home=home))
    questions = [*WITHOUT, "icd-11 for E11.9", "icd-11 code for chest pain", "9Z10 in icd-11"]
    answers = {question: desk.ask(question, day=DAY) for question in questions}
    desk.close()
    return answers


@pytest.fixture(scope="module")
def desk(home: Path, before: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    store = CodeStore(home / "codes.db")
    import_files(store, all_files(tmp_path_factory.mktemp("files")))
    built = build.build(store, home / "index", Shipped(), progress=False)
    assert built.new_texts == 5  # its categories: what is added to codes is not searched
    store.close()
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def same(answer: Answer) -> Answer:
    return replace(answer, elapsed_ms=0.0)


@pytest.mark.parametrize("question", WITHOUT)
def test_no_other_answer_changes(desk: Desk, before: dict[str, Answer], question: str) -> None:
    assert same(desk.ask(question, day=DAY)) == same(before[question])


def test_the_words_of_other_answers_are_the_same(desk: Desk, home: Path) -> None:
    """What the spelling is mended by, and how rare a word is, is told by US systems alone."""
    folder, manifest = bundle.opened(home / "index")
    vocabulary = bundle.read_json(folder / bundle.VOCABULARY)
    assert "wheelchair" in vocabulary
    assert "wombat" not in vocabulary
    assert "icd11" in manifest.parts


def test_what_is_said_before_it_is_loaded(before: dict[str, Answer]) -> None:
    named = before["icd-11 for E11.9"]
    assert any("ICD-11 MMS is not loaded" in notice for notice in named.notices)
    assert [verdict.status for verdict in named.verdicts] == ["billable"]
    assert [v.status for v in before["9Z10 in icd-11"].verdicts] == ["not_loaded"]
    searched = before["icd-11 code for chest pain"]
    assert searched.candidates == []
    assert any("icd.who.int" in notice for notice in searched.notices)


def test_a_code(desk: Desk) -> None:
    answer = desk.ask("9Z10.Z", day=DAY)
    (verdict,) = answer.verdicts
    assert (verdict.code, verdict.system, verdict.status) == ("9Z10.Z", "icd11", "not_billed")
    assert (verdict.title, verdict.release) == ("Purple sweetness, unsaid", "2024-01")
    assert "not used for US claims" in verdict.why
    (mapped,) = verdict.who_equivalents
    assert (mapped.system, mapped.code, mapped.release) == ("icd10", "E11.9", "2024-01")
    assert "WHO's ICD-10 is not ICD-10-CM" in mapped.says
    assert "In ICD-10-CM FY2027: E11.9 Type 2 diabetes mellitus without compl" in mapped.says
    assert answer.headline.text == "9Z10.Z is E11.9 in WHO's ICD-10: Sweetness of old, plain."
    assert any("© WHO" in notice for notice in answer.notices)


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        ("9Z11", ["9Z11"]),
        ("9z11 in icd 10", ["9Z11"]),
        ("pt with CZ40.0Y since may", ["CZ40.0Y"]),
        ("what is icd-11 9Z10", ["9Z10"]),
        ("9Z11&XZ8P1 icd-11", ["9Z11", "XZ8P1"]),
        # A word of the form of one, and a code of another system.
        ("unit 9Z11 of the ward has chest pain", []),
        ("E11.9", []),
    ],
)
def test_codes_in_questions(desk: Desk, question: str, codes: list[str]) -> None:
    verdicts = desk.ask(question, day=DAY).verdicts
    assert [verdict.code for verdict in verdicts if verdict.system == "icd11"] == codes


def test_the_subdivisions_of_a_category(desk: Desk) -> None:
    (verdict,) = desk.ask("9Z10", day=DAY).verdicts
    assert [code.code for code in verdict.completions] == ["9Z10.0", "9Z10.Z"]
    assert verdict.status == "not_billed"


def test_additions_are_out_of_reach(desk: Desk) -> None:
    answer = desk.ask("9Z11&XZ8P1 icd-11", day=DAY)
    assert any("out of reach" in notice for notice in answer.notices)
    assert "never stands alone" in answer.verdicts[1].why


def test_an_unknown_code(desk: Desk) -> None:
    (verdict,) = desk.ask("icd-11 9Z10.5", day=DAY).verdicts
    assert (verdict.system, verdict.status) == ("icd11", "unknown")
    assert [code.code for code in verdict.did_you_mean] == ["9Z10.0", "9Z10.Z"]


@pytest.mark.parametrize(
    ("question", "code", "mapped_from"),
    [
        ("icd-11 for E11.9", "9Z10.Z", "E11.9"),
        ("what is E11.9 in icd 11", "9Z10.Z", "E11.9"),
        # WHO's ICD-10 has E08 and S00 only.
        ("icd11 for E08.40", "9Z11&XZ8P1", "E08"),
    ],
)
def test_to_icd11(desk: Desk, question: str, code: str, mapped_from: str) -> None:
    answer = desk.ask(question, day=DAY)
    (verdict,) = answer.verdicts
    (mapped,) = verdict.who_equivalents
    assert (verdict.system, verdict.status) == ("icd10cm", "billable")
    assert (mapped.system, mapped.code, mapped.mapped_from) == ("icd11", code, mapped_from)
    assert ("does not divide it" in mapped.says) == (mapped_from != verdict.code)
    assert ("out of reach" in mapped.says) == ("&" in code)
    assert answer.headline.text.startswith(f"{verdict.code} is {code} in ICD-11:")


def test_a_code_that_no_map_has(desk: Desk) -> None:
    (verdict,) = desk.ask("icd-11 for M17.11", day=DAY).verdicts
    assert verdict.who_equivalents == []


def test_searched(desk: Desk) -> None:
    answer = desk.ask("icd-11 code for purple sweetness at night", day=DAY)
    assert answer.candidates[0].code == "9Z10.0"
    assert {candidate.system for candidate in answer.candidates} == {"icd11"}
    assert not any(candidate.billable for candidate in answer.candidates)
    assert any("Not used for US claims" in notice for notice in answer.notices)
    limited = desk.ask("wombat cough", systems=["icd11"], day=DAY)
    assert limited.report[0].code == "9Z11"


def test_not_searched_unless_asked(desk: Desk) -> None:
    answer = desk.ask("glittering wombat cough", day=DAY)
    assert not [one for one in answer.candidates if one.system == "icd11"]


def test_checked(desk: Desk) -> None:
    (verdict,) = desk.check(["9Z11"], systems=["icd11"], day=DAY).verdicts
    assert (verdict.system, verdict.status) == ("icd11", "not_billed")


@pytest.mark.parametrize(
    "question", ["9Z10.Z", "icd-11 for E08.40", "icd-11 code for purple sweetness at night"]
)
def test_shown(desk: Desk, question: str) -> None:
    answer = desk.ask(question, day=DAY)
    text = as_text(answer)
    drawn = json.dumps(answer_blocks(answer, "abc123"), ensure_ascii=False)
    for shown in (text, drawn):
        assert "9Z1" in shown
        assert "© WHO (CC BY-ND 3.0 IGO). Not used for US claims." in shown
    assert "[header]" not in text


def test_the_name_in_a_question() -> None:
    assert all(map(asks_for_icd11, ("ICD-11 gout", "icd11", "icd 11 mms code")))
    assert not any(map(asks_for_icd11, ("icd-10 gout", "icd 110", "11")))


@pytest.mark.parametrize("text", ["xray", "icd-11 for xray", "icd-11 for xanax overdose"])
def test_words_that_look_like_additions(text: str) -> None:
    assert not read_icd11(text, lambda _: False, lambda _: False, named=asks_for_icd11(text))
