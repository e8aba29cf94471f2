"""Codes that several systems have: 676 codes of HCPCS Level II are ICD-10-CM codes without their
dot. The form as typed comes first, each system that has it gets a verdict, and `--system`
chooses."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import TEST_DATA

from bot.audit.corrections import named_by
from bot.cli.main import main
from bot.desk.desk import Desk
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.feedback import in_force
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

DATA = TEST_DATA / "imports"
#: A day of the October edition of ICD-10-CM and the January quarter of HCPCS.
OCTOBER, JANUARY = "2026-10-05", "2026-02-05"
FRAME, NERVES = ("hcpcs", "E0840"), ("icd10cm", "E08.40")


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("same")
    store = CodeStore(home / "codes.db")
    import_files(store, [DATA / "icd10cm_order_2027.txt", DATA / "HCPC2026_JAN_ANWEB.txt"])
    store.close()
    return home / "codes.db"


@pytest.fixture
def home(codes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "codes.db").symlink_to(codes)
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


@pytest.fixture
def log(home: Path) -> Iterator[QueryLog]:
    opened = QueryLog(home / "log.db")
    yield opened
    opened.close()


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=stdin)


def answered(log: QueryLog, desk: Desk, asked: str) -> str:
    """The id of a question that was answered with verdicts."""
    question = log.ask(QuestionRecord(asked, "dm", "U1"))
    assert question is not None
    log.answered(question, desk.ask(asked), index_build=None, latency_ms=1)
    return question


# Verdicts


@pytest.mark.parametrize(
    ("typed", "systems", "expected"),
    [
        ("E0840", None, [FRAME, NERVES]),
        ("e0840", None, [FRAME, NERVES]),
        ("E08.40", None, [NERVES]),
        ("E119", None, [("icd10cm", "E11.9")]),
        ("E0840", ["icd10cm"], [NERVES]),
        ("E0840", ["hcpcs"], [FRAME]),
        ("E0840", ["icd10cm", "hcpcs"], [FRAME, NERVES]),
    ],
)
def test_the_form_as_typed_first_and_every_system_that_has_it(
    desk: Desk, typed: str, systems: list[str] | None, expected: list[tuple[str, str]]
) -> None:
    for answer in (desk.check([typed], systems=systems), desk.ask(typed, systems=systems)):
        assert [(v.system, v.code) for v in answer.verdicts] == expected
        assert {v.typed for v in answer.verdicts} == {typed.upper()}


def test_a_question_in_words_reads_it_by_the_same_rule(desk: Desk) -> None:
    answer = desk.ask("is E0840 billable?")
    assert [(v.system, v.code) for v in answer.verdicts] == [FRAME, NERVES]


@pytest.mark.parametrize(
    ("arguments", "statuses", "exit_code"),
    [
        # The form as typed decides. If its system does not cover the date, the exit code is 1.
        (["E0840", "--date", JANUARY], ["billable", "not_covered"], 0),
        (["E0840", "--date", OCTOBER], ["not_covered", "billable"], 1),
        (["E0840", "--date", OCTOBER, "--system", "icd10cm"], ["billable"], 0),
        (["E0840", "E11.9", "--date", JANUARY], ["billable", "not_covered", "not_covered"], 1),
        (["E0840", "--system", "hcpcs", "--date", JANUARY], ["billable"], 0),
        (["E11.9", "--system", "hcpcs", "--date", JANUARY], ["unknown"], 1),
        (["E11.9", "--system", "icd10pcs"], ["not_loaded"], 1),
        (["QA1.99", "--date", OCTOBER], ["unknown"], 1),
        # Read as E11.9, which is billable; on a claim, this is not.
        (["EI1.9", "--date", OCTOBER], ["billable"], 1),
        (["E11-9", "--date", OCTOBER], ["billable"], 1),
        (["QA199", "--date", OCTOBER], ["unknown"], 1),
    ],
)
def test_check_by_system_and_its_exit_code(
    home: Path, arguments: list[str], statuses: list[str], exit_code: int
) -> None:
    result = run("check", "--json", *arguments)
    assert [v["status"] for v in json.loads(result.stdout)["verdicts"]] == statuses
    assert result.exit_code == exit_code


def test_a_check_of_one_system_is_replayed_so(home: Path, log: QueryLog) -> None:
    run("check", "E0840", "--system", "icd10cm")
    (record,) = log.recent(1)
    found = json.loads(run("log", "replay", record.id, "--json").stdout)
    assert found["verdict"] == "same", found


def test_only_the_form_as_typed_is_held_to_the_rules(desk: Desk) -> None:
    assert desk.check(["E0840"], day=dt.date(2026, 10, 5)).not_checked == ["mue"]
    only = desk.check(["E0840"], systems=["icd10cm"], day=dt.date(2026, 10, 5))
    assert "excludes1" in only.not_checked
    assert "mue" not in only.not_checked


# Feedback and corrections


@pytest.mark.parametrize("asked", ["E11.9", "J0897", "is E0840 billable?"])
def test_the_code_that_was_used_is_the_form_as_typed(log: QueryLog, desk: Desk, asked: str) -> None:
    record = log.get(answered(log, desk, asked))
    assert [(v.system, v.code) for v in named_by(desk, "e0840", record)] == [FRAME, NERVES]


def test_feedback_says_what_else_is_typed_so(log: QueryLog, desk: Desk) -> None:
    question = answered(log, desk, "E11.9")
    told = run("log", "feedback", question, "E0840").output
    assert "the code used is E0840" in told
    assert "E08.40" in told
    told = run("log", "feedback", question, "E0840", "--system", "icd10cm").output
    assert told == "On record: the code used is E08.40.\n"
    refused = run("log", "feedback", question, "J0897", "--system", "icd10cm")
    assert (refused.exit_code, "J0897 is no code of any loaded" in refused.output) == (2, True)
    assert [said["code"] for said in log.get(question).feedback] == ["E0840", "E08.40"]


@pytest.mark.parametrize(
    ("asked", "how", "stdin", "approved"),
    [
        ("E11.9", ["E0840"], "n\n", None),
        ("E11.9", ["E0840"], "", None),
        ("E11.9", ["E0840"], "y\n", FRAME),
        ("E11.9", ["E0840", "--yes"], "", FRAME),
        ("E11.9", ["E0840", "--system", "hcpcs"], "", FRAME),
        # Nothing is asked: it is the question's system, or the question has none.
        ("E11.9", ["E0840", "--system", "icd10cm"], "", NERVES),
        ("E11.9", ["E08.40"], "", NERVES),
        ("E0840", ["E0840"], "", FRAME),
        ("what's the weather", ["E0840"], "", FRAME),
    ],
)
def test_approving_into_another_system_asks_first(
    log: QueryLog,
    desk: Desk,
    asked: str,
    how: list[str],
    stdin: str,
    approved: tuple[str, str] | None,
) -> None:
    question = (
        log.ask(QuestionRecord(asked, "dm", "U1")) if " " in asked else answered(log, desk, asked)
    )
    result = run("log", "approve", str(question), "pulling frame", *how, stdin=stdin)
    assert [(c.system, c.code) for c in in_force(log)] == ([approved] if approved else [])
    assert result.exit_code == (0 if approved else 1), result.output
    if stdin or not approved:
        assert "is a code of HCPCS Level II, and the question was answered from ICD-10-CM" in (
            result.output
        )
