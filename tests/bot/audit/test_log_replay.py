"""A question of the log is asked again: the answer is the same, or each difference is listed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.audit.replay import compare
from bot.cli import conversation, log_review
from bot.cli.main import main
from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.edition_dates import day_for
from bot.desk.question import without_places
from bot.querylog import QueryLog, QuestionRecord, retention
from bot.settings import Settings
from codesets.model import ReleaseUnavailable
from codesets.store.code_store import CodeStore

SPRAIN = "left ankle sprain, first visit"
MAY = dt.date(2026, 5, 1)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def replayed(question: str, *options: str) -> tuple[int, dict[str, Any]]:
    result = run("log", "replay", question, "--json", *options)
    assert result.exit_code in (0, 1), result.output
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture(autouse=True)
def one_desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk of all tests, in place of one that each command opens, where any will do. A test
    that asks for no index gets none."""
    if "own_index" in request.fixturenames or "built" not in request.fixturenames:
        return
    desk = request.getfixturevalue("desk")
    monkeypatch.setattr(Desk, "close", lambda _: None)
    for module in (conversation, log_review):
        monkeypatch.setattr(module, "Desk", lambda *_, **__: desk)


@pytest.fixture
def log(home: Path) -> Iterator[QueryLog]:
    log = QueryLog(home / "log.db")
    yield log
    log.close()


def recorded(
    log: QueryLog,
    desk: Desk,
    answer: Answer,
    text: str = SPRAIN,
    made_with: Any = None,
    **asked: Any,
) -> str:
    question = log.ask(QuestionRecord(text, "dm", **asked))
    assert question is not None
    made_with = desk.made_with(answer) if made_with is None else made_with
    log.answered(question, answer, index_build=desk.index_build, latency_ms=1, made_with=made_with)
    return question


def last_id(home: Path) -> str:
    log = QueryLog(home / "log.db")
    (record,) = log.recent(1)
    log.close()
    return record.id


# What is kept


def test_an_answer_says_what_it_was_made_with(home: Path) -> None:
    run("ask", SPRAIN, "--date", "2026-05-01", "--system", "icd10cm", "-n", "3", "--json")
    shown = json.loads(run("log", "show", last_id(home), "--json").stdout)
    made = shown["made_with"]
    files = made["editions"]["icd10cm/FY2026-April"]
    assert all(value.startswith("sha256:") and len(value) == 71 for value in files.values())
    manifest = home / "index" / made["index"]["build"] / "manifest.json"
    assert (
        made["index"]["manifest"] == "sha256:" + hashlib.sha256(manifest.read_bytes()).hexdigest()
    )
    assert made["index"]["build"] == shown["index_build"]
    assert made["encoder"].keys() == {"model", "fingerprint"}
    assert made["desk"]["version"]
    assert made["desk"]["sources"].startswith("sha256:")
    assert made["settings"] == {"model": made["encoder"]["model"]}
    assert {"numpy", "onnxruntime"} <= made["libraries"].keys()
    assert shown["options"] == {"systems": ["icd10cm"], "limit": 3}
    assert shown["answer"]["candidates"][0]["matched"]


# The same answer


@pytest.mark.parametrize(
    "asked",
    [
        ["ask", SPRAIN],
        ["ask", SPRAIN, "--date", "2026-05-01", "-n", "3", "--system", "icd10cm"],
        ["ask", f"{SPRAIN}, seen 3/5/2024"],
        ["ask", "E11.9 with E10.9?", "--date", "2026-05-01"],
        ["ask", "what's the weather"],
        ["check", "E11.9", "S13.4A"],
        ["check", "E11.A", "--date", "2024-03-05", "--setting", "outpatient"],
    ],
    ids=" ".join,
)
def test_the_same_answer(home: Path, asked: list[str]) -> None:
    run(*asked)
    code, found = replayed(last_id(home))
    assert (code, found["verdict"]) == (0, "same"), found
    assert found["conditions"] == []
    code, found = replayed(last_id(home), "--today")
    assert (code, found["verdict"]) == (0, "same")


def test_says_so_to_a_person_and_is_on_record_before(home: Path) -> None:
    run("ask", SPRAIN)
    result = run("log", "replay", last_id(home)[:6])
    assert result.exit_code == 0
    assert "SAME ANSWER." in result.stdout
    assert "Nothing that the answer was made with has changed." in result.stdout
    log = QueryLog(home / "log.db")
    (entry,) = [entry.as_dict() for entry in log.records(kinds=["access"])]
    log.close()
    assert (entry["what"], entry["detail"]) == ("replay", "on the same bundle")


def test_a_question_is_replayed_without_its_date(desk: Desk, log: QueryLog) -> None:
    """The placeholder of a date is not read as words."""
    answer = desk.ask(f"{SPRAIN}, seen on 2024-03-05")
    question = recorded(log, desk, answer, f"{SPRAIN}, seen on [DATE]", removed=("DATE",))
    code, found = replayed(question)
    assert (code, found["differences"]) == (0, [])
    assert "The date of service is not stored" in found["notes"][0]
    assert "2024-03-05" not in json.dumps(found)


def test_says_that_identifiers_are_missing(desk: Desk, log: QueryLog) -> None:
    question = recorded(
        log, desk, desk.ask(SPRAIN), f"[NAME] has {SPRAIN}", removed=("NAME", "DATE")
    )
    assert "(NAME)" in replayed(question)[1]["notes"][0]


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("htn, seen on [DATE]", "htn,"),
        ("DOS: [DATE] left knee OA", "left knee OA"),
        ("[NAME] has htn", "htn"),
        ("for pt [NAME] w/ htn, dob [DATE]", "htn,"),
    ],
)
def test_a_stored_question_is_read_as_the_typed_one_was(stored: str, read: str) -> None:
    assert without_places(stored) == read


def test_a_question_with_identifiers_is_answered_as_it_was(desk: Desk, log: QueryLog) -> None:
    typed = f"pt John Smith mrn 8812345, {SPRAIN}"
    question = recorded(
        log, desk, desk.ask(typed), desk.take(typed).scrubbed, removed=("NAME", "MRN")
    )
    exit_code, found = replayed(question)
    assert (exit_code, found["verdict"]) == (0, "same")


# Another answer


def test_shows_what_moved_what_is_new_and_what_is_gone(desk: Desk, log: QueryLog) -> None:
    now = desk.ask(SPRAIN)
    first, second, third, *rest = now.candidates
    then = replace(
        now,
        candidates=[
            replace(second, rank=1, score=first.score + 1),
            replace(first, rank=2),
            replace(third, code="Z99.9"),
            *rest,
        ],
    )
    question = recorded(log, desk, then)
    code, found = replayed(question)
    assert (code, found["verdict"]) == (1, "differs")
    told = {(one["name"], one["change"]): one["how"] for one in found["differences"]}
    assert told == {
        (f"{first.code} icd10cm", "moved"): "from place 2 to 1",
        (f"{second.code} icd10cm", "moved"): (
            f"from place 1 to 2; score {second.score}, was {first.score + 1}"
        ),
        (f"{third.code} icd10cm", "new"): "in place 3",
        ("Z99.9 icd10cm", "gone"): "it was in place 3",
    }
    result = run("log", "replay", question)
    assert result.exit_code == 1
    assert "THE ANSWER DIFFERS:" in result.stdout
    assert f"moved    {first.code}" in result.stdout


@pytest.mark.parametrize(
    ("change", "kind", "how"),
    [
        ({"outcome": "abstained"}, "outcome", "answered, was abstained"),
        ({"notices": ["Something."]}, "notice", "it was in place 1"),
        ({"not_checked": ["mue"]}, "other", "differ: 0 new, 1 gone"),
    ],
)
def test_everything_of_an_answer_is_compared(change: dict, kind: str, how: str) -> None:
    now = Answer("htn", "2026-05-01", "answered")
    (found,) = compare(replace(now, **change), now, dated=True)
    assert (found.kind, found.how) == (kind, how)
    assert compare(now, now, dated=True) == []


def test_dates_are_not_held_against_an_answer_of_which_none_is_known() -> None:
    then = Answer("htn", "", "answered", notices=["For the date of service, FY2026 is nearest."])
    now = Answer("htn", "2026-05-01", "answered", notices=["No edition covers 2026-05-01."])
    assert compare(then, now, dated=False) == []
    assert len(compare(then, now, dated=True)) == 3


# What changed


def test_says_that_code_desk_and_the_files_are_others(desk: Desk, log: QueryLog) -> None:
    answer = desk.ask(SPRAIN, day=MAY)
    made = json.loads(json.dumps(desk.made_with(answer)))
    made["desk"]["version"] = "0.0.9"
    made["editions"]["icd10cm/FY2026-April"]["code-list-April-2026.txt"] = "sha256:0"
    code, found = replayed(recorded(log, desk, answer, made_with=made))
    assert (code, found["verdict"]) == (0, "same"), "the answer is the same for all that"
    names = {one["name"]: one["then"] for one in found["conditions"]}
    assert names == {
        "desk version": "0.0.9",
        "editions icd10cm/FY2026-April code-list-April-2026.txt": "sha256:0",
    }
    told = run("log", "replay", found["id"]).stdout
    assert "Some of what the answer was made with has changed:\n  desk version: " in told


def test_an_older_record_says_that_it_does_not_know(desk: Desk, log: QueryLog) -> None:
    question = recorded(log, desk, desk.ask(SPRAIN), made_with={})
    code, found = replayed(question)
    assert (code, found["conditions"]) == (0, [])
    assert "before Code Desk kept" in found["notes"][-1]


def test_an_edition_that_is_gone(desk: Desk, log: QueryLog) -> None:
    answer = replace(desk.ask(SPRAIN, day=MAY), releases={"icd10cm/FY1999": "FY1999"})
    question = recorded(log, desk, answer)
    code, found = replayed(question)
    assert (code, found["verdict"]) == (1, "impossible")
    assert found["impossible"] == "These editions are not loaded any more: icd10cm/FY1999."
    code, found = replayed(question, "--today")
    assert "icd10cm/FY1999. It was asked again for today." in " ".join(found["notes"])


@pytest.fixture
def own_index(home: Path, built: Path) -> Path:
    """An index of two builds for this test: the one in use, and the one before it."""
    (home / "index").unlink()
    (home / "index").mkdir()
    in_use = (built / "index" / "current").read_text().strip()
    shutil.copytree(built / "index" / in_use, home / "index" / in_use, copy_function=_link)
    earlier = home / "index" / "earlier"
    shutil.copytree(built / "index" / in_use, earlier, copy_function=_link)
    manifest = json.loads((earlier / "manifest.json").read_text())
    (earlier / "manifest.json").unlink()
    (earlier / "manifest.json").write_text(json.dumps(manifest | {"build": "earlier"}))
    (home / "index" / "current").write_text(in_use)
    return home / "index"


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def asked_of_the_earlier_build(home: Path) -> str:
    desk = Desk(Settings(home=home), build="earlier")
    log = QueryLog(home / "log.db")
    question = recorded(log, desk, desk.ask(SPRAIN))
    log.close()
    desk.close()
    return question


def test_answers_from_the_bundle_before_while_it_is_there(home: Path, own_index: Path) -> None:
    question = asked_of_the_earlier_build(home)
    code, found = replayed(question)
    assert (code, found["bundle"], found["conditions"]) == (0, "earlier", [])
    code, found = replayed(question, "--today")
    assert (code, found["bundle"]) == (0, (own_index / "current").read_text())
    assert [one["name"] for one in found["conditions"]] == ["index build", "index manifest"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("gone", "The index bundle earlier is no longer there"),
        ("altered", "does not match its manifest"),
        ("format", "was built by another version of Code Desk"),
        ("sources", "was made of icd10cm/FY2024, which is read from other files since"),
        ("unloaded", "was made of icd10cm/FY1999, which is no longer loaded"),
    ],
)
def test_says_why_the_bundle_cannot_answer(
    home: Path, own_index: Path, what: str, why: str
) -> None:
    question = asked_of_the_earlier_build(home)
    path = own_index / "earlier" / "manifest.json"
    manifest = json.loads(path.read_text())
    if what == "gone":
        shutil.rmtree(own_index / "earlier")
    elif what == "altered":
        (own_index / "earlier" / "more").write_text("x")
    else:
        if what == "format":
            manifest["format"] = 0
        else:
            key = "icd10cm/FY2024" if what == "sources" else "icd10cm/FY1999"
            manifest["sources"][key] = ["0"]
        path.write_text(json.dumps(manifest))
    result = run("log", "replay", question)
    assert result.exit_code == 1
    assert why in result.stdout
    assert f"`codedesk log replay {question} --today`" in result.stdout


def test_a_build_is_not_looked_for_elsewhere(home: Path, own_index: Path, log: QueryLog) -> None:
    """The name is read from the log, which others may have written."""
    (own_index / "earlier").rename(home / "elsewhere")
    question = log.ask(QuestionRecord(SPRAIN, "dm"))
    assert question is not None
    log.answered(
        question, Answer(SPRAIN, "2026-05-01", "answered"), index_build="../elsewhere", latency_ms=1
    )
    assert "no longer there" in replayed(question)[1]["impossible"]


# A request that is wrong


def test_what_cannot_be_asked_again_is_said_in_a_sentence(desk: Desk, log: QueryLog) -> None:
    redacted = recorded(log, desk, desk.ask(SPRAIN))
    retention.redact(log, redacted, "a name", "R. Auditor", answer=True)
    blank = recorded(log, desk, desk.check(["E11 9", "I10"]), "E11 9 I10", options={"checked": 2})
    for question, why in [
        ("nonsense", "No single question in the log has the id nonsense."),
        (log.ask(QuestionRecord("htn", "cli")) or "", "was never answered"),
        (redacted, "was destroyed by a redaction"),
        (blank, "had a blank in it"),
    ]:
        result = run("log", "replay", question)
        assert result.exit_code == 2
        assert why in result.stderr
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""


# Editions in place of a date


@pytest.mark.parametrize(
    ("editions", "day"),
    [
        (["icd10cm/FY2024"], "2023-10-01"),
        (["icd10cm/FY2026-April"], "2026-04-01"),
        (["icd10cm/FY2026-April", "icd10pcs/FY2024"], "2026-04-01"),
        (["icd10cm/FY2024", "icd10pcs/FY2024"], "2023-10-01"),
        ([], dt.date.today().isoformat()),
    ],
)
def test_a_day_leads_to_the_editions(store: CodeStore, editions: list[str], day: str) -> None:
    wanted = {key: key.split("/")[1] for key in editions}
    assert day_for(store, wanted).isoformat() == day


def test_no_day_leads_to_two_editions_of_a_system(store: CodeStore) -> None:
    with pytest.raises(ReleaseUnavailable, match="not loaded any more: icd10cm/FY1999"):
        day_for(store, {"icd10cm/FY1999": "FY1999"})


def test_a_check_can_be_made_for_editions(desk: Desk) -> None:
    (verdict,) = desk.check(["E11.A"], editions={"icd10cm/FY2024": "FY2024"}).verdicts
    assert verdict.status == "not_yet_valid"
