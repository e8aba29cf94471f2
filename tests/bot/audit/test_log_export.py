"""Exports are verified, on record, private, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from log_support import attacked, converse
from slack_support import diabetes

from bot.audit.export import COLUMNS
from bot.cli.main import main
from bot.querylog import LogUnavailable, QueryLog, QuestionRecord, retention, reviews
from bot.settings import Settings

NASTY = [
    '=HYPERLINK("http://evil.example","click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "line one\n=line two",
    'a";=1+1;"',
    "<script>alert(1)</script>",
    "病気 Ménière 🦵 \u202e",
    "x" * 1000,
    "",
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a log of one question that is answered, and one for each nasty text."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CODEDESK_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    log = QueryLog(home / "log.db")
    (question,) = converse(log, 1, "t2dm with ckd")
    log.feedback(question, "used", "N18.31", note="=the stage", by="U2")
    record = log.get(question)
    assert record is not None
    reviews.review(log, record, 1, "disagree", "ann", note="the stage is missing")
    for text in NASTY:
        log.ask(QuestionRecord(text, "cli", "me"))
    log.close()
    return home


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff"), "or Excel does not read UTF-8"
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def accesses(home: Path) -> list[dict[str, Any]]:
    log = QueryLog(home / "log.db")
    found = [entry.as_dict() for entry in log.records(kinds=["access"])]
    log.close()
    return found


# CSV


def test_a_table_has_a_row_for_each_question(home: Path) -> None:
    result = run("export", "--output", "out.csv")
    assert result.exit_code == 0, result.output
    first, *others = rows(Path("out.csv").read_bytes().decode())
    assert tuple(first) == COLUMNS
    assert len(others) == len(NASTY)
    assert (first["question"], first["user"], first["surface"]) == (
        "t2dm with ckd",
        "U1",
        "mention",
    )
    assert (first["outcome"], first["confidence"], first["delivery"]) == (
        "answered", "high", "delivered",
    )  # fmt: skip
    assert first["codes"].split()[:2] == ["E11.22", "E11.21"]
    assert first["feedback"] == "used N18.31 U2 =the stage"
    assert first["reviews"] == "line 1 disagree ann the stage is missing"
    assert others[0]["delivery"] == "unanswered"


def test_no_cell_is_a_formula(home: Path) -> None:
    run("export", "--output", "out.csv")
    text = Path("out.csv").read_bytes().decode()
    for row in rows(text):
        for cell in row.values():
            assert not cell.lstrip(" ").startswith(tuple("=+-@\t\r")), cell
    # Spreadsheets in some countries split at semicolons.
    for line in text.splitlines():
        for cell in line.split(";"):
            assert not cell.startswith(tuple("=+-@")), line


def test_texts_are_otherwise_as_they_were(home: Path) -> None:
    run("export", "--output", "out.csv")
    found = [row["question"] for row in rows(Path("out.csv").read_bytes().decode())][1:]
    assert [text.replace("'", "") for text in found] == [text.replace("'", "") for text in NASTY]


# JSON Lines


def test_json_lines_have_everything_as_it_is(home: Path) -> None:
    run("export", "--format", "jsonl", "--output", "out.jsonl")
    first, *others = map(json.loads, Path("out.jsonl").read_text("utf-8").splitlines())
    assert [one["question"] for one in others] == NASTY
    assert first["answer"]["candidates"][0]["code"] == diabetes().candidates[0].code
    assert first["feedback"][0]["note"] == "=the stage"
    assert first["reviews"][0]["note"] == "the stage is missing"


def test_filters_choose(home: Path) -> None:
    result = run("export", "--format", "jsonl", "--code", "E11.2", "--feedback", "used")
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["question"] == "t2dm with ckd"
    assert accesses(home)[-1]["detail"].count("code=E11.2, feedback=used") == 1


def test_nothing_found_is_an_empty_table(home: Path) -> None:
    result = run("export", "--person", "nobody")
    assert rows(result.stdout_bytes.decode()) == []
    assert result.exit_code == 0


def test_a_redacted_question_has_no_words(home: Path) -> None:
    log = QueryLog(home / "log.db")
    retention.redact(log, log.questions().__next__().id, "a name", "R. Auditor", answer=True)
    log.close()
    (row, *_) = rows(run("export").stdout_bytes.decode())
    assert (row["question"], row["codes"], row["redacted"]) == ("", "", "yes")
    assert "stage" not in row["feedback"]


# Verification and record of an export


def test_the_verification_goes_with_the_file(home: Path) -> None:
    run("keys")
    run("checkpoint")
    result = run("export", "--output", "out.csv")
    assert result.exit_code == 0
    assert "nothing altered" in result.stderr
    beside = json.loads(Path("out.csv.verification.json").read_text())
    digest = hashlib.sha256(Path("out.csv").read_bytes()).hexdigest()
    assert beside["export"]["sha256"] == digest
    assert beside["export"]["questions"] == len(NASTY) + 1
    assert beside["verification"]["verdict"] == "vouched"
    assert beside["verification"]["head"].startswith("sha256:")


def test_the_export_and_its_hash_are_on_record(home: Path) -> None:
    run("export", "--output", "out.csv", "--text", "ckd")
    (entry,) = accesses(home)
    assert entry["what"] == "export"
    told = json.loads(entry["detail"])
    assert told["sha256"] == hashlib.sha256(Path("out.csv").read_bytes()).hexdigest()
    assert told["filters"] == "text=ckd"


def test_an_altered_log_is_exported_and_the_exit_code_says_so(home: Path) -> None:
    with attacked(home / "log.db") as db:
        db.execute("update texts set text = 'changed' where record = 1 and name = 'text'")
    result = run("export", "--output", "out.csv")
    assert result.exit_code == 3
    assert "TAMPERED" in result.stderr
    beside = json.loads(Path("out.csv.verification.json").read_text())
    assert beside["verification"]["first_bad_record"] == 1


def test_files_are_readable_by_their_owner_only(home: Path) -> None:
    run("export", "--output", "out.csv")
    for name in ("out.csv", "out.csv.verification.json"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == [
        "out.csv", "out.csv.verification.json",
    ]  # fmt: skip


@pytest.mark.parametrize("there", ["out.csv", "out.csv.verification.json"])
def test_no_file_is_written_over_unless_that_is_asked_for(home: Path, there: str) -> None:
    Path(there).write_text("mine")
    result = run("export", "--output", "out.csv")
    assert result.exit_code == 2
    assert f"{there} is there already. Name another file, or add --force." in result.stderr
    assert Path(there).read_text() == "mine"
    assert accesses(home) == []
    assert run("export", "--output", "out.csv", "--force").exit_code == 0
    assert stat.S_IMODE(Path(there).stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_said(home: Path) -> None:
    result = run("export", "--output", "nowhere/out.csv")
    assert result.exit_code == 2
    assert "nowhere/out.csv cannot be written" in result.stderr


@pytest.mark.parametrize(
    "command", [["export"], ["export", "--output", "o"], ["search"], ["report"]]
)
def test_nothing_is_shown_that_cannot_be_put_on_record(
    home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise LogUnavailable("The query log cannot be written.")

    monkeypatch.setattr(QueryLog, "access", refuse)
    result = run(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [path for path in Path().iterdir() if path.is_file()] == []


# Searching from the command line


def test_search_prints_lines_and_is_on_record_with_its_words_beside_the_chain(home: Path) -> None:
    result = run("search", "ckd", "T2DM", "--feedback", "any")
    assert result.exit_code == 0
    _, _, asked, *_ = result.stdout.splitlines()
    assert "t2dm with ckd" in asked
    (entry,) = accesses(home)
    assert (entry["what"], entry["detail"]) == ("search", "text=ckd T2DM, feedback=any")
    log = QueryLog(home / "log.db")
    (record,) = log.records(kinds=["access"])
    assert "ckd" not in json.dumps(record.body)
    retention.redact(log, record.seq, "a name was searched for", "R. Auditor")
    assert "ckd T2DM" not in json.dumps([e.as_dict() for e in log.records(kinds=["access"])])
    log.close()


def test_no_text_moves_the_terminal(home: Path) -> None:
    result = run("search", "-n", "100")
    headings, count = 1, 2
    assert len(result.stdout.splitlines()) == headings + 2 * (len(NASTY) + 1) + count
    assert not {"\r", "\t", "\x1b", "\u202e"} & set(result.stdout)


def test_search_prints_json(home: Path) -> None:
    result = run("search", "--json", "--person", "u1")
    assert json.loads(result.stdout)["question"] == "t2dm with ckd"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (["search", "--from", "2026-02-01", "--to", "2026-01-01"], "no day is in between"),
        (["search", "--outcome", "nice"], "'nice' is not one of"),
        (["report", "--from", "someday"], "'someday' is no date"),
        (["export", "--format", "xlsx"], "'xlsx' is not one of"),
    ],
)
def test_a_wrong_request_is_told(home: Path, wrong: list[str], why: str) -> None:
    result = run(*wrong)
    assert result.exit_code == 2
    assert why in result.stderr
    assert accesses(home) == []


def test_with_no_log_there_is_nothing_to_search(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    result = run("search", "x")
    assert result.exit_code == 2
    assert "There is no query log" in result.stderr
    assert not Settings.load().log_db.exists()
