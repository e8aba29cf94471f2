"""`codedesk ask --after`: a question that goes on from another one, on record and again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from log_support import check

from bot.cli import conversation, log_review
from bot.cli.main import main
from bot.desk.desk import Desk
from bot.querylog import QueryLog


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(autouse=True)
def one_desk(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk of all tests, in place of one that each command opens."""
    monkeypatch.setattr(Desk, "close", lambda _: None)
    for module in (conversation, log_review):
        monkeypatch.setattr(module, "Desk", lambda *_, **__: desk)


def asked(text: str, *options: str) -> dict[str, Any]:
    result = run("ask", "--json", text, *options)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def first(answer: dict[str, Any]) -> str:
    return str(answer["report"][0]["code"])


MAY = ("--date", "2026-05-01")


def test_three_turns_are_one_statement(home: Path) -> None:
    one = asked("ankle sprain", *MAY)
    assert (one["refines"], one["read_as"]) == ("", "")
    two = asked("left", *MAY, "--after", one["id"])
    assert (two["question"], two["refines"]) == ("left", one["id"])
    assert two["read_as"] == "left ankle sprain"
    three = asked("seen again, follow up", *MAY, "--after", two["id"][:8])
    assert three["refines"] == two["id"]
    assert [first(one), first(two), first(three)] == ["S93.409A", "S93.402A", "S93.402D"]
    log = QueryLog(home / "log.db")
    record = log.get(three["id"])
    log.close()
    assert record is not None
    assert (record.text, record.after) == ("seen again, follow up", two["id"])
    assert record.answer is not None
    assert record.answer["read_as"] == three["read_as"]


def test_a_new_topic_refines_nothing(home: Path) -> None:
    one = asked("gout", *MAY)
    other = asked("diff pt: copd exacerbation", *MAY, "--after", one["id"])
    assert (other["refines"], first(other)) == ("", "J44.1")


def test_codes_just_answered_get_a_verdict_on_another_date(home: Path) -> None:
    one = asked("type 2 diabetes in remission", *MAY)
    assert first(one) == "E11.A"
    two = asked("was that valid on 3/5/2024?", "--after", one["id"])
    assert two["outcome"] == "verdict"
    assert [(v["code"], v["status"]) for v in two["verdicts"]] == [("E11.A", "not_yet_valid")]


def test_a_date_that_was_said_stays(home: Path) -> None:
    one = asked("type 2 diabetes in remission, seen 3/5/2024")
    two = asked("no complications", "--after", one["id"], *MAY)
    assert two["as_of"] == ""
    assert {line["release"] for line in two["report"]} == {"FY2024"}
    text = run("ask", "controlled", "--after", two["id"]).stdout
    assert "for the date of service said before" in text
    assert "2024-03-05" not in text


def test_a_person_sees_how_it_was_read(home: Path) -> None:
    one = asked("ankle sprain", *MAY)
    assert "Read as: left ankle sprain\n" in run("ask", "left", "--after", one["id"]).stdout


# What cannot be


def test_an_id_that_the_log_does_not_have(home: Path) -> None:
    result = run("ask", "left", "--after", "abc123")
    assert result.exit_code == 2
    assert "The log has no single question with the id abc123." in result.stderr


def test_a_batch_goes_on_from_nothing(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "batch.txt"
    file.write_text("left\n")
    result = run("ask", "--json", "--batch", str(file), "--after", "abc123")
    assert result.exit_code == 2
    assert "--after takes one question, not a batch." in result.stderr


def test_after_a_redacted_question_it_is_asked_alone(home: Path) -> None:
    one = asked("ankle sprain", *MAY)
    assert run("log", "redact", one["id"], "--reason", "a name").exit_code == 0
    two = asked("left knee pain", *MAY, "--after", one["id"])
    assert (two["refines"], two["read_as"]) == ("", "")


# On record


def test_it_is_asked_again_as_it_was(home: Path) -> None:
    one = asked("wrist fracture, dos 5/1/2026")
    two = asked("left", "--after", one["id"])
    three = asked("xray clean, just a sprain, first visit", "--after", two["id"])
    for answer in (two, three):
        result = run("log", "replay", answer["id"], "--json")
        assert (result.exit_code, json.loads(result.stdout)["verdict"]) == (0, "same"), (
            result.output
        )


def test_a_redaction_takes_the_words_that_later_answers_repeat(home: Path) -> None:
    one = asked("xylophone players ankle sprain", *MAY)
    two = asked("left", *MAY, "--after", one["id"])
    three = asked("first visit", *MAY, "--after", two["id"])
    new = asked("diff pt: gout", *MAY, "--after", three["id"])
    assert "xylophone" in three["read_as"]
    assert run("log", "redact", one["id"], "--reason", "a name").exit_code == 0
    files = b"".join(path.read_bytes() for path in home.glob("log.db*"))
    assert b"xylophone" not in files
    log = QueryLog(home / "log.db")
    kept = {one["id"]: log.get(one["id"]) for one in (two, three, new)}
    log.close()
    for record in kept.values():
        assert record is not None
        assert record.text
        assert record.codes
    of_new = kept[new["id"]]
    assert of_new is not None
    assert of_new.answer is not None
    assert of_new.answer["read_as"] == "gout"
    assert check(home / "log.db").bad is None
    result = run("log", "replay", two["id"])
    assert result.exit_code == 2
    assert "has no words any more" in result.stderr


def test_a_hold_on_a_later_question_keeps_the_words(home: Path) -> None:
    one = asked("ankle sprain", *MAY)
    two = asked("left", *MAY, "--after", one["id"])
    assert run("log", "hold", two["id"], "--reason", "a claim").exit_code == 0
    assert run("log", "redact", one["id"], "--reason", "a name").exit_code == 2
    log = QueryLog(home / "log.db")
    record = log.get(one["id"])
    log.close()
    assert record is not None
    assert record.text == "ankle sprain"


def test_what_is_loaded_is_said_once_in_a_conversation() -> None:
    """The question that follows, and the next line that is typed, say only the edition. The date of
    today is in the log, so that this holds for each later one."""
    ended = ("! No ICD-10-CM for", "not in force on")
    whole = "No loaded edition of ICD-10-CM"
    one = asked("ankle sprain")
    assert whole in str(one["notices"])
    alone = run("ask", "ankle sprain").stdout
    after = run("ask", "left", "--after", one["id"]).stdout
    assert [words in alone for words in ended] == [True, True]
    assert [words in after for words in ended] == [False, True]
    assert whole in str(asked("right", "--after", one["id"])["notices"])
    typed = CliRunner().invoke(main, ["run"], input="hello\ngout\nknee oa\nhow are you\n").stdout
    assert typed.count(ended[0]) == 1
    assert typed.count(ended[1]) == 2
