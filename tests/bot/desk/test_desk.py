"""The desk: what coders and billers type, and the answers that they must get."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.desk.desk import Desk
from bot.phi.long_texts import MOST_CHARACTERS
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.model import Release
from codesets.store.code_store import CodeStore

MAY = dt.date(2026, 5, 1)

CANDIDATES = [
    ("b/l knee OA, failed PT, here for steroid shots", "M17.0"),
    ("hip fx intertroch right closed initial", "S72.141A"),
    ("ankle sprain left subsequent", "S93.402D"),
    ("dog bite right hand", "S61.451A"),
    ("t2dm w ckd", "E11.22"),
    ("fall from wheelchair", "V00.811A"),
    ("knee replacement status", "Z96.659"),
    ("lumbar disc disorder with radiculopathy", "M51.16"),
]


@pytest.mark.parametrize(("question", "first"), CANDIDATES)
def test_plain_words_give_candidates(desk: Desk, question: str, first: str) -> None:
    answer = desk.ask(question, day=MAY)
    assert answer.outcome == "answered"
    codes = [candidate.code for candidate in answer.candidates]
    assert first in codes[:2], codes
    assert [c.rank for c in answer.candidates] == list(range(1, len(codes) + 1))


def test_every_candidate_is_a_billable_code_of_the_release(
    desk: Desk, store: CodeStore, april: Release
) -> None:
    for question in ("diabetes", "fracture of wrist", "pregnancy with twins", "cough", "glaucoma"):
        for candidate in desk.ask(question, day=MAY).candidates:
            stored = store.get(april, candidate.code)
            assert stored is not None
            assert stored.billable
            assert candidate.title == stored.title
            assert candidate.release == "FY2026-April"


def test_candidates_carry_inherited_notes(desk: Desk) -> None:
    (first, *_) = desk.ask("type 2 diabetes without complications", day=MAY).candidates
    assert first.code == "E11.9"
    assert ("excludes1", "E11", ["E10.-"]) in [
        (note.kind, note.inherited_from, note.codes) for note in first.notes
    ]


def test_a_missing_seventh_character_is_asked_back(desk: Desk) -> None:
    (first, *_) = desk.ask("sprain of right ankle", day=MAY).candidates
    assert first.code == "S93.401A"
    assert first.ask_back == "Initial encounter, subsequent encounter or sequela?"
    assert [c.code for c in first.completions] == ["S93.401A", "S93.401D", "S93.401S"]
    (said, *_) = desk.ask("sprain of right ankle, sequela", day=MAY).candidates
    assert (said.code, said.ask_back) == ("S93.401S", None)


VERDICTS = [
    # question, (code, status) for each verdict, in order
    ("is E11.9 billable on 5/1/2026", [("E11.9", "billable")]),
    ("e119 5/1/2026", [("E11.9", "billable")]),
    ("E11.9 and N18.31 on 2024-03-05?", [("E11.9", "billable"), ("N18.31", "billable")]),
    ("what is I10 5/1/2026", [("I10", "billable")]),
    ("is N95 valid? 5/1/2026", [("N95", "header")]),
    ("M17.1 5/1/2026", [("M17.1", "header")]),
    ("S52.521 5/1/2026", [("S52.521", "header")]),
    ("E11.- 5/1/2026", [("E11", "header")]),
    ("S30.1XXA 5/1/2026", [("S30.1XXA", "deleted")]),
    ("S30.1XXA seen 1/5/2024", [("S30.1XXA", "billable")]),
    ("is E11.A valid on 3/5/24", [("E11.A", "not_yet_valid")]),
    ("E11.99", [("E11.99", "unknown")]),
    ("S13.4A valid?", [("S13.4A", "unknown")]),
    ("99213", [("99213", "not_loaded")]),
    ("J0897", [("J0897", "not_loaded")]),
    ("0SRC0J9 on 2024-03-05", [("0SRC0J9", "billable")]),
    ("0SRC on 2024-03-05", [("0SRC", "header")]),
    ("can I bill E0840 for 2026-05-01", [("E08.40", "billable")]),
]


@pytest.mark.parametrize(("question", "expected"), VERDICTS)
def test_codes_give_verdicts(desk: Desk, question: str, expected: list[tuple[str, str]]) -> None:
    answer = desk.ask(question)
    assert answer.outcome == "verdict"
    assert [(v.code, v.status) for v in answer.verdicts] == expected


@pytest.mark.parametrize(
    "question", ["N95 mask fitting", "T12 compression fracture", "L4-L5 stenosis", "H1N1 flu",
                 "G6PD deficiency", "vitamin B12 deficiency", "seen 3/5/2026 for cough"],
)  # fmt: skip
def test_look_alikes_in_prose_are_words(desk: Desk, question: str) -> None:
    assert desk.ask(question, day=MAY).outcome != "verdict"


def test_headers_come_with_what_completes_them(desk: Desk) -> None:
    (verdict,) = desk.ask("is M17 billable?", day=MAY).verdicts
    assert verdict.status == "header"
    assert "11 billable codes complete it" in verdict.why
    assert {"M17.0", "M17.11", "M17.9"} <= {c.code for c in verdict.completions}


def test_verdicts_carry_inherited_notes(desk: Desk) -> None:
    (verdict,) = desk.ask("E11.9", day=MAY).verdicts
    assert {note.inherited_from for note in verdict.notes} == {"E11.9", "E11", "4"}


@pytest.mark.parametrize(
    ("typed", "meant"), [("S13.4A", "S13.4XXA"), ("E11.99", "E11.9"), ("I10X", "I10")]
)
def test_unknown_codes_come_with_what_may_be_meant(desk: Desk, typed: str, meant: str) -> None:
    (verdict,) = desk.check([typed], day=MAY).verdicts
    assert verdict.status == "unknown"
    assert meant in [c.code for c in verdict.did_you_mean]


def test_what_may_be_a_code_of_a_system_not_loaded_is_said(desk: Desk) -> None:
    assert "could also be a code of HCPCS Level II" in desk.ask("E0840", day=MAY).notices[-1]
    assert desk.ask("E08.40", day=MAY).notices == []


def test_check_gives_one_verdict_for_each_input(desk: Desk) -> None:
    answer = desk.check(["E11.9", "foo", "99213", "E11", "E11.9"], day=MAY)
    assert [v.code for v in answer.verdicts] == ["E11.9", "FOO", "99213", "E11", "E11.9"]


# Dates


@pytest.mark.parametrize(
    ("question", "as_of"),
    [
        ("E11.9 on 2024-03-05", "2024-03-05"),
        ("E11.9 DOS 3/3/26", "2026-03-03"),
        ("E11.9 seen 12/1/2025", "2025-12-01"),
        ("was E11.9 valid March 5, 2024?", "2024-03-05"),
        ("E11.9 for 5 Mar 2024", "2024-03-05"),
        ("cough on 2024-03-05", "2024-03-05"),
    ],
)
def test_dates_are_read_out_of_a_sentence(desk: Desk, question: str, as_of: str) -> None:
    assert desk.ask(question).as_of == as_of


NOT_COVERED = [
    # code, date of service, what the nearest edition says: it is listed, is not listed, is not a
    # code
    ("M54.50", "2021-09-30", "M54.50 is valid and billable in FY2024."),
    ("E11.9", "2026-11-30", "E11.9 is valid and billable in FY2026-April."),
    ("E11", "2022-01-01", "E11 is a header in FY2024"),
    ("E66.811", "2022-01-01", "The first loaded edition that has it is FY2025"),
    ("S30.1XXA", "2026-11-30", "The last loaded edition that has it is FY2025"),
    ("0SRC0J9", "2026-05-01", "0SRC0J9 is valid and billable in FY2024."),
    ("0SRC", "2026-05-01", "0SRC is a header in FY2024"),
]


@pytest.mark.parametrize(("code", "day", "says"), NOT_COVERED)
def test_what_no_edition_covers_is_not_known(desk: Desk, code: str, day: str, says: str) -> None:
    answer = desk.check([code, code], day=dt.date.fromisoformat(day))
    for verdict in answer.verdicts:
        assert (verdict.code, verdict.status) == (code, "not_covered")
        assert verdict.why.startswith(f"Not known for {day}; the nearest edition says: ")
        assert says in verdict.why
    assert sum("codedesk codesets import FILE" in notice for notice in answer.notices) == 1


def test_what_is_in_no_edition_is_unknown_on_any_date(desk: Desk) -> None:
    (verdict,) = desk.check(["E11.99"], day=dt.date(2026, 11, 30)).verdicts
    assert verdict.status == "unknown"
    assert "E11.9" in [code.code for code in verdict.did_you_mean]


def test_a_day_that_does_not_exist_is_said(desk: Desk) -> None:
    answer = desk.ask("E11.9 on 2024-02-30")
    assert "no such day" in " ".join(answer.notices)


def test_the_first_notice_says_that_no_edition_covers_the_date(desk: Desk) -> None:
    day = dt.date(2026, 11, 22)
    for question in ("is E11.9 billable", "chest pain"):
        answer = desk.ask(question, day=day)
        assert answer.notices[0] == (
            "No loaded edition of ICD-10-CM covers 2026-11-22; the nearest is FY2026-April "
            "(through 2026-09-30)."
        )
        assert answer.verdicts or answer.candidates


def test_before_april_the_notes_are_said_to_be_aprils(desk: Desk) -> None:
    (notice,) = desk.ask("E11.9", day=dt.date(2026, 1, 15)).notices
    assert "FY2026-April" in notice
    assert desk.ask("E11.9", day=MAY).notices == []


# Codes that no loaded Tabular List has

#: As the order file of FY2027 has them: a category of its own, with a letter in the second place,
#: one added to a category that the Tabular List has, and one under a header that is new.
ADDED = """\
00001 QA1     0 Genetic disorders associated with neoplasms                  Genetic disorders associated with neoplasms, not elsewhere classified
00002 QA17    0 Inherited neoplasm predisposition syndromes                  Inherited neoplasm predisposition syndromes involving multiple systems
00003 QA171   1 Lynch syndrome                                               Lynch syndrome
00004 C78     0 Secondary malignant neoplasm of respiratory and digestive or Secondary malignant neoplasm of respiratory and digestive organs
00005 C783    0 Secondary malignant neoplasm of other and unspecified respir Secondary malignant neoplasm of other and unspecified respiratory organs
00006 C7831   1 Secondary malignant neoplasm of larynx                       Secondary malignant neoplasm of larynx
"""  # noqa: E501


@pytest.fixture(scope="module")
def october(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The packaged code sets, and an edition with codes that their Tabular List does not have."""
    home = tmp_path_factory.mktemp("october")
    shutil.copy(loaded / "codes.db", home / "codes.db")
    order = home / "icd10cm_order_2027.txt"
    order.write_text(ADDED)
    store = CodeStore(home / "codes.db")
    import_files(store, [order], partial=True)
    store.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ("QA1.71", "QA1.71", "billable"),
        ("is qa171 billable?", "QA1.71", "billable"),
        ("is QA1 valid?", "QA1", "header"),
        ("QA1.7", "QA1.7", "header"),
        ("C78.31", "C78.31", "billable"),
        ("QA1.99", "QA1.99", "unknown"),
    ],
)
def test_a_code_that_no_tabular_list_has_gets_a_verdict(
    october: Desk, asked: str, code: str, status: str
) -> None:
    answer = october.ask(asked, day=dt.date(2026, 11, 29))
    assert [(v.code, v.status) for v in answer.verdicts] == [(code, status)]
    assert {note.inherited_from for note in answer.verdicts[0].notes} <= {"C78", "2", "C76-C80"}


def test_letters_and_digits_that_are_like_such_a_code_are_words(october: Desk) -> None:
    assert october.take("what is CA125").mentions == ()


# Many codes


def test_the_work_for_many_codes_grows_with_their_number(desk: Desk, april: Release) -> None:
    """Time grows with the codes and not with their pairs: the notes of a code are read once."""
    codes = [code.code for code in desk._store.codes(april) if code.billable][::800][:80]
    read: list[str] = []
    desk._store._db.conn.set_trace_callback(read.append)
    try:
        answer = desk.check(codes, day=MAY)
    finally:
        desk._store._db.conn.set_trace_callback(None)
    assert len(answer.verdicts) == len(codes) == 80
    assert len(read) < 40 * len(codes)


# Systems that are not loaded


@pytest.mark.parametrize(
    ("question", "system"),
    [
        ("a wheelchair", "HCPCS Level II"),
        ("rolling walker with seat", "HCPCS Level II"),
        ("solumedrol 40 mg", "HCPCS Level II"),
        ("office visit level 4 established patient visit", "CPT"),
        ("99213", "CPT"),
        ("J0897", "HCPCS Level II"),
    ],
)
def test_a_system_that_is_not_loaded_is_named_never_substituted(
    desk: Desk, question: str, system: str
) -> None:
    answer = desk.ask(question)
    assert answer.candidates == []
    said = " ".join(answer.notices + [v.why for v in answer.verdicts])
    assert f"{system} is not loaded" in said
    assert "codedesk codesets import" in said
    assert "unknown" not in said


@pytest.mark.parametrize(
    "question",
    ["dependence on wheelchair", "history of cholecystectomy", "fall from hospital bed",
     "infection of knee replacement", "cabg status", "encounter for mammogram screening",
     "complication of hysterectomy"],
)  # fmt: skip
def test_a_diagnosis_that_mentions_a_procedure_stays_one(desk: Desk, question: str) -> None:
    assert desk.ask(question, day=MAY).outcome == "answered"


# What is not a question


@pytest.mark.parametrize(
    "question",
    ["", "   ", "???", "🙂🙂🙂", "what's the weather", "asdf qwer zxcv", "tell me a joke",
     "膝の痛み", "dolor de rodilla derecha", "\u0431\u043e\u043b\u044c",
     "wer hat gewonnen, ich nicht", "x" * 10_000, "knee pain " * 1_000, "\x00\x01",
     "'; drop table codes; --"],
)  # fmt: skip
def test_no_random_code(desk: Desk, question: str) -> None:
    answer = desk.ask(question)
    assert answer.outcome == "abstained"
    assert answer.candidates == answer.verdicts == []
    assert answer.notices
    assert all(len(notice) < 250 for notice in answer.notices)


def test_the_longest_question_is_still_answered(desk: Desk) -> None:
    question = ("knee pain right " * 100)[:MOST_CHARACTERS]
    assert desk.ask(question, day=MAY).outcome == "answered"


def test_many_questions_at_once_are_answered_as_one_by_one(desk: Desk) -> None:
    questions = ["htn", "", "E11.9", "what's the weather", "cough on 2024-03-05", "a wheelchair"]
    together = desk.ask_many(questions)
    alone = [desk.ask(question) for question in questions]
    for one, other in zip(together, alone, strict=True):
        assert (one.question, one.outcome, one.as_of) == (
            other.question,
            other.outcome,
            other.as_of,
        )
        assert [c.code for c in one.candidates] == [c.code for c in other.candidates]
