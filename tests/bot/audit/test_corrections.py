"""Words that an auditor approved lead to their code after the next index build, with the name."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from log_support import attacked, body, set_body
from paths import TEST_DATA

from bot.audit.corrections import Refused, code_in, fit_words, shelve
from bot.cli.main import main
from bot.desk.desk import Desk
from bot.querylog import NoSuchCorrection, QueryLog, QuestionRecord
from bot.querylog.feedback import in_force, proposals
from bot.querylog.verify import verify
from bot.settings import Settings
from bot.setup import model_of
from codesets.loading.importer import import_files
from codesets.model import Term
from codesets.store.code_store import CodeStore
from index import build, bundle

#: They share a small index of their own.
pytestmark = pytest.mark.index

DATA = TEST_DATA / "imports"
#: Of wheelchairs the codes have a fall and a dependence, and no word of this.
NICKNAME = "chariot tumble"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a handful of codes of two systems, and their index; tests copy it."""
    home = tmp_path_factory.mktemp("small")
    store = CodeStore(home / "codes.db")
    files = [DATA / "icd10cm_order_2027.txt", DATA / "HCPC2026_JAN_ANWEB.txt"]
    import_files(store, files)
    store.close()
    built = CliRunner().invoke(main, ["index", "build"], env={"CODEDESK_HOME": str(home)})
    assert built.exit_code == 0, built.output
    return home


@pytest.fixture
def home(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    shutil.copytree(small, home)
    monkeypatch.setenv("CODEDESK_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture
def log(home: Path) -> Iterator[QueryLog]:
    opened = QueryLog(home / "log.db")
    yield opened
    opened.close()


@pytest.fixture
def store(home: Path) -> Iterator[CodeStore]:
    opened = CodeStore(home / "codes.db")
    yield opened
    opened.close()


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result.output


def found(nickname: str = NICKNAME) -> dict:
    """The first candidate for a nickname; {} without one."""
    result = CliRunner().invoke(main, ["ask", "--json", nickname, "--date", "2026-11-25"])
    return next(iter(json.loads(result.stdout)["candidates"]), {})


def last_question(log: QueryLog) -> str:
    return log.recent(1)[0].id


def test_from_a_nickname_that_is_not_found_to_one_that_is(home: Path, log: QueryLog) -> None:
    assert NICKNAME not in found().get("matched", [])
    question = last_question(log)

    told = run("log", "feedback", question, "V00.811A", "--note", "our name for it", "--by", "ann")
    assert "the code used is V00.811A" in told
    listed = run("log", "corrections")
    number = re.search(r"^(\d+) ", listed, re.M)[1]
    assert "ann: the code used is V00.811A Fall from moving wheelchair" in listed
    assert f"question {question}, 20" in listed
    assert "note: our name for it" in listed
    assert f"asked: {NICKNAME} → " in listed

    told = run("log", "approve", number, NICKNAME, "V00811A", "--by", "R. Auditor")
    assert f"“{NICKNAME}” leads to V00.811A Fall from moving wheelchair" in told
    assert "by R. Auditor, record" in run("log", "corrections")
    assert NICKNAME not in found().get("matched", []), "not before the index is built"

    assert "Approved corrections among the words: 1" in run("index", "build")
    first = found()
    assert (first["code"], first["matched"][0]) == ("V00.811A", NICKNAME)
    assert "ICD-10-CM approved corrections 20" in run("codesets", "list")

    (correction,) = in_force(log)
    told = run("log", "withdraw", str(correction.number), "--reason", "it is a game", "--by", "bo")
    assert f"Correction {correction.number} is withdrawn" in told
    run("index", "build")
    assert NICKNAME not in found().get("matched", [])
    record = log.get(question)
    assert [(c["phrase"], c["by"]) for c in record.corrections] == [(NICKNAME, "R. Auditor")]
    assert [(w["correction"], w["by"], w["reason"]) for w in record.withdrawals] == [
        (correction.number, "bo", "it is a game")
    ]
    assert verify(log.path).bad is None


# What becomes a Term


def asked(log: QueryLog, text: str = NICKNAME) -> str:
    question = log.ask(QuestionRecord(text, "dm", "U1"))
    assert question is not None
    return question


def terms(store: CodeStore) -> list[tuple[str, str, str | None]]:
    return [
        (term.code, term.text, term.via)
        for reference in store.references.all("corrections")
        for term in store.references.rows(Term, reference)
    ]


def test_a_term_says_by_whom_and_when(log: QueryLog, store: CodeStore) -> None:
    number = log.correction(asked(log), NICKNAME, "Z99.3", "icd10cm", "U9")
    assert shelve(log, store) == 1
    (correction,) = in_force(log)
    day = correction.at[:10]
    assert terms(store) == [
        ("Z99.3", NICKNAME, f"approved by U9 on {day}, record {number} of the query log")
    ]
    (reference,) = store.references.all("corrections")
    assert (reference.label, reference.name) == (day, f"ICD-10-CM approved corrections {day}")


def test_the_index_is_out_of_date_only_after_another_correction(
    home: Path, log: QueryLog, store: CodeStore
) -> None:
    model = model_of(Settings.load())

    def is_current() -> bool:
        return build.is_current(store, home / "index", model)

    question = asked(log)
    assert shelve(log, store) == 0
    assert is_current()
    number = log.correction(question, NICKNAME, "Z99.3", "icd10cm", "U9")
    assert is_current(), "a desk may be started on the index that there is"
    shelve(log, store)
    assert not is_current()
    bundle.opened(home / "index", store)  # still answers, while another is being built
    build.build(store, home / "index", model, progress=False)
    shelve(log, store)
    assert is_current(), "nothing is written anew when nothing was approved"
    log.withdrawal(number, "U9", "a mistake")
    assert shelve(log, store) == 0
    assert (terms(store), store.references.all("corrections")) == ([], [])
    assert not is_current()


def test_each_system_has_its_own(log: QueryLog, store: CodeStore) -> None:
    question = asked(log)
    log.correction(question, "pulling frame", "E0840", "hcpcs", "U9")
    log.correction(question, "sugar nerves", "E08.40", "icd10cm", "U9")
    assert shelve(log, store) == 2
    assert {reference.system for reference in store.references.all("corrections")} == {
        "hcpcs",
        "icd10cm",
    }


def test_redacted_words_are_no_words_any_more(log: QueryLog, store: CodeStore) -> None:
    question = asked(log)
    log.correction(question, NICKNAME, "Z99.3", "icd10cm", "U9")
    shelve(log, store)
    run("log", "redact", question, "--reason", "a surname")
    assert in_force(log) == []
    shelve(log, store)
    assert terms(store) == []


def test_nothing_is_taken_from_a_log_that_was_altered(log: QueryLog, store: CodeStore) -> None:
    log.correction(asked(log), NICKNAME, "Z99.3", "icd10cm", "U9")
    with attacked(log.path) as db:
        set_body(db, 2, body(db, 2) | {"code": "E11.9"})
    assert "it was altered or damaged" in run("index", "build")
    assert terms(store) == []


def test_the_same_is_approved_once_until_it_is_withdrawn(log: QueryLog) -> None:
    question = asked(log)
    number = log.correction(question, NICKNAME, "Z99.3", "icd10cm", "U9")
    assert log.correction(question, NICKNAME.title(), "Z99.3", "icd10cm", "U8") is None
    assert log.correction(question, NICKNAME, "V00.811A", "icd10cm", "U9")
    log.withdrawal(number, "U9", "no")
    with pytest.raises(NoSuchCorrection, match=f"Record {number} is not a correction in force"):
        log.withdrawal(number, "U9", "no")
    with pytest.raises(NoSuchCorrection):
        log.withdrawal(1, "U9", "that is a question")
    assert log.correction(question, NICKNAME, "Z99.3", "icd10cm", "U9")
    assert len(in_force(log)) == 2


# What is refused


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("E11.99", "E11.99 is in none of the loaded editions of ICD-10-CM"),
        ("zebra", "ZEBRA"),
        ("99213", "CPT is not loaded"),
        ("0DTJ0ZZ", "ICD-10-PCS is not loaded"),
        ("", "Choose the code you used, or type it"),
        ("E11.9 M17.11", "Name one code"),
        ("E11.9, M17.11", "Name one code"),
    ],
)
def test_a_code_that_no_loaded_edition_has(
    log: QueryLog, desk: Desk, typed: str, says: str
) -> None:
    record = log.get(asked(log))
    with pytest.raises(Refused, match=re.escape(says)):
        code_in(desk, typed, record)


@pytest.mark.parametrize(
    ("typed", "code", "system"),
    [
        (" e11.9 ", "E11.9", "icd10cm"),
        ("m1711", "M17.11", "icd10cm"),
        ("V00811A", "V00.811A", "icd10cm"),
        # Two systems have it: what nobody asked about is taken as it is typed.
        ("E08.40", "E08.40", "icd10cm"),
        ("E0840", "E0840", "hcpcs"),
    ],
)
def test_a_code_is_kept_as_its_system_publishes_it(
    log: QueryLog, desk: Desk, typed: str, code: str, system: str
) -> None:
    verdict = code_in(desk, typed, log.get(asked(log)))
    assert (verdict.code, verdict.system) == (code, system)


def test_of_two_systems_it_is_the_one_that_is_chosen_else_the_form_as_typed(
    log: QueryLog, desk: Desk
) -> None:
    question = asked(log, "diabetic neuropathy")
    log.answered(question, desk.ask("E11.9"), index_build=None, latency_ms=1)
    record = log.get(question)
    assert code_in(desk, "E0840", record).code == "E0840"
    assert code_in(desk, "E0840", record, "icd10cm").code == "E08.40"
    with pytest.raises(Refused, match="E0840 is no code of any loaded edition of CPT"):
        code_in(desk, "E0840", record, "cpt")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("  ", "Give the words"),
        ("123 45", "Give the words"),
        ("long " * 30, "These are 149 characters"),
        ("[NAME] fell from her wheelchair", "could identify a patient"),
        ("Jane Roe fell", "could identify a patient"),
    ],
)
def test_words_that_must_not_be_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, words: str, says: str
) -> None:
    monkeypatch.setattr(Desk, "scrub", lambda self, text: text.replace("Jane Roe", "[NAME]"))
    with pytest.raises(Refused, match=says):
        fit_words(desk, words)


REFUSED = [
    (["log", "feedback", "ID", "E11.99"], "none of the loaded editions"),
    (["log", "feedback", "zzz", "right"], "No single question"),
    (["log", "approve", "ID", "words", "E11.99"], "none of the loaded editions"),
    (["log", "approve", "ID", "1", "E11.9"], "Give the words"),
    (["log", "withdraw", "1", "--reason", "x"], "not a correction in force"),
]


@pytest.mark.parametrize(("words", "says"), REFUSED)
def test_what_is_refused_is_one_sentence_and_no_record(
    log: QueryLog, words: list[str], says: str
) -> None:
    question = asked(log)
    shown = run(*[question if word == "ID" else word for word in words], code=2)
    assert says in shown
    assert shown.startswith("codedesk: ")
    assert not list(log.records(kinds=["feedback", "correction", "withdrawal"]))


# What is proposed


def test_the_last_word_of_each_person_counts(log: QueryLog) -> None:
    question, other = asked(log), asked(log)
    log.feedback(question, "wrong", by="U1")
    log.feedback(question, "used", "Z99.3", by="U2")
    log.feedback(question, "right", by="U1")
    log.feedback(other, "right", by="U1")
    assert [(p.record.id, p.rating, p.code, p.by) for p in proposals(log)] == [
        (question, "used", "Z99.3", "U2")
    ]


def test_feedback_in_the_terminal(log: QueryLog) -> None:
    question = asked(log)
    assert run("log", "feedback", question[:6], "right") == "On record: right.\n"
    assert run("log", "feedback", question, "RIGHT") == "That is on record already.\n"
    run("log", "feedback", question, "wrong")
    assert [told["verdict"] for told in log.get(question).feedback] == ["right", "wrong"]
