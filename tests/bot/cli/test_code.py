"""`codedesk code` answers every line of a file, in order, and logs each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import main
from bot.querylog import QueryLog

LINES = b"\xef\xbb\xbfE11.9\n\n\xff\xfe E10.9\r\nthanks\nI10 pt Jane Roe dob 1/2/60"


@pytest.fixture
def no_index(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with code sets and without an index: questions about codes need none."""
    (tmp_path / "codes.db").symlink_to(loaded / "codes.db")
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    return tmp_path


def code(content: bytes, *options: str) -> Result:
    return CliRunner().invoke(main, ["code", "-", *options], input=content)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_line_has_an_answer(no_index: Path) -> None:
    result = code(LINES, "--date", "2026-05-01")
    assert result.exit_code == 0
    found = answers(result)
    assert [one["outcome"] for one in found] == [
        "verdict", "abstained", "verdict", "abstained", "verdict",
    ]  # fmt: skip
    assert [one["headline"]["kind"] for one in found] == [
        "verdict", "none", "verdict", "none", "verdict",
    ]  # fmt: skip
    assert all(one["headline"]["text"] and one["as_of"] == "2026-05-01" for one in found)
    assert "Roe" not in result.stdout
    assert result.stderr.splitlines()[-1] == "5 of 5 statements"


def test_each_line_is_logged_under_its_id(no_index: Path) -> None:
    found = answers(code(LINES))
    log = QueryLog(no_index / "log.db")
    records = [log.get(one["id"]) for one in found]
    log.close()
    assert [record and record.text for record in records] == [one["question"] for one in found]
    assert {record.surface for record in records if record} == {"cli"}
    assert all(record and record.delivery == "delivered" for record in records)


def test_progress_is_told_as_it_goes(no_index: Path) -> None:
    result = code(b"E11.9\n" * 130)
    assert len(answers(result)) == 130
    told = [line for line in result.stderr.splitlines() if line.endswith("statements")]
    assert told == ["64 of 130 statements", "128 of 130 statements", "130 of 130 statements"]


def test_an_empty_file_has_no_answers(no_index: Path) -> None:
    result = code(b"")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_file_that_is_not_there(no_index: Path) -> None:
    result = CliRunner().invoke(main, ["code", "nowhere.txt"])
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.index
def test_a_statement_has_its_report(home: Path) -> None:
    (home / "statements.txt").write_text("htn with ckd 3b\n1. gout 2. htn\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["code", str(home / "statements.txt")])
    one, two = answers(result)
    assert one["report"][0]["line"] == 1
    assert one["headline"]["codes"] == [line["code"] for line in one["report"]]
    assert [statement["said"] for statement in two["statements"]] == ["gout", "htn"]
