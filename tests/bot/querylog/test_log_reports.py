"""The report of an answer in the log: its codes, its words, replay, export, the auditors' view."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from report_support import line, reported, several
from slack_support import diabetes, verdict, verdicts

from bot.audit.export import write
from bot.audit.replay import compare
from bot.desk.answer import Answer
from bot.logged_desk import LoggedDesk
from bot.querylog import QueryLog, QuestionRecord, Record
from bot.querylog.records import codes_of, summary
from bot.querylog.retention import redact
from bot.querylog.verify import verify
from bot.slack.views.audit import question_message

ASKED = QuestionRecord("htn with ckd 3b, no zebra", "cli", user="me")


#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def log(where: Path | str) -> Iterator[QueryLog]:
    opened = QueryLog(where)
    yield opened
    opened.close()


def logged(log: QueryLog, answer: Answer) -> Record:
    identity = log.ask(ASKED)
    assert identity is not None
    log.answered(identity, answer, index_build=None, latency_ms=1.0)
    return found(log, identity)


def found(log: QueryLog, identity: str) -> Record:
    record = log.get(identity)
    assert record is not None
    return record


@pytest.mark.parametrize("answer", [reported(), several(), replace(diabetes(), reasons=[])])
def test_an_answer_comes_back_as_it_was(log: QueryLog, answer: Answer) -> None:
    record = logged(log, answer)
    read = Answer.from_dict(record.answer or {})
    assert read.as_dict() == answer.as_dict() | {
        "id": record.id, "question": ASKED.text, "as_of": "",
    }  # fmt: skip


@pytest.mark.sqlite_only
def test_a_redaction_destroys_the_words_and_keeps_the_codes(log: QueryLog) -> None:
    for answer in (reported(), several()):
        record = logged(log, answer)
        assert "zebra" in json.dumps(record.answer)
        redact(log, record.id, "a name", "auditor")
        left = found(log, record.id)
        assert "zebra" not in json.dumps(left.answer)
        read = Answer.from_dict(left.answer or {})
        assert [one.code for one in read.report] == ["I12.9", "N18.32"]
        assert read.headline == answer.headline or read.headline.text == answer.headline.text
        assert {one.said for one in read.report} == {""}
        assert read.facts == []
    assert b"zebra" not in b"".join(p.read_bytes() for p in log.path.parent.glob("log.db*"))
    assert verify(log.where).bad is None


def test_an_answer_that_repeats_no_words_has_no_text_for_them(log: QueryLog) -> None:
    logged(log, diabetes())
    (answer,) = [entry for entry in log.records() if entry.kind == "answer"]
    assert sorted(answer.texts) == ["answer", "codes"]


def test_descriptors_of_cpt_are_not_kept() -> None:
    secret = "Office visit, established"
    answer = reported(line(1, "99213", secret, system="cpt"), candidates=[])
    answer = replace(answer, statements=several().statements[:1])
    answer.statements[0].report[:] = answer.report
    stored = json.dumps(answer.as_logged())
    assert "99213" in stored
    assert secret not in stored


# Codes


def test_the_lines_come_before_the_other_candidates() -> None:
    codes = codes_of(reported())
    assert [(code["code"], code.get("line"), code.get("role")) for code in codes] == [
        ("I12.9", 1, "first-listed"), ("N18.32", 2, "additional"), ("I12.0", None, None),
    ]  # fmt: skip
    assert all(code["confidence"] for code in codes)


def test_the_codes_of_all_statements_are_there_once() -> None:
    assert [code["code"] for code in codes_of(several())] == ["I12.9", "N18.32", "I12.0"]


def test_the_confidence_is_that_of_the_first_line(log: QueryLog) -> None:
    answer = reported(line(1, "I10", "Hypertension", confidence="low"))
    logged(log, answer)
    (body,) = [entry.body for entry in log.records() if entry.kind == "answer"]
    assert body["confidence"] == "low"


# Surfaces of the log


def test_the_table_has_the_headline_and_the_report(log: QueryLog) -> None:
    records = [logged(log, reported()), logged(log, several()), logged(log, diabetes())]
    file = io.BytesIO()
    write(records, "csv", summary, file)
    rows = file.getvalue().decode("utf-8-sig").splitlines()
    assert '"I12.9, then N18.32","I12.9 N18.32"' in rows[1]
    assert '"I12.9 N18.32 | I12.9 N18.32 | "' in rows[2]


def test_an_auditor_sees_headline_and_lines(log: QueryLog) -> None:
    drawn = json.dumps(question_message(logged(log, reported()), []).blocks)
    assert "*I12.9, then N18.32*" in drawn
    assert "`I12.9` icd10cm 1 first-listed high 1.00" in drawn


def test_the_id_is_that_of_the_question(log: QueryLog) -> None:
    shown: list[Answer] = []
    desk = LoggedDesk(None, log)  # type: ignore[arg-type]
    identity = log.ask(ASKED)
    assert identity is not None
    desk.deliver([identity], [reported()], lambda answers, _: shown.extend(answers))
    assert [answer.id for answer in shown] == [identity]


# Replay


def test_a_replay_tells_what_moved_in_the_report() -> None:
    then = reported()
    now = reported(*reversed(then.report))
    assert [(one.kind, one.name, one.change) for one in compare(then, now, dated=True)] == [
        ("line", "N18.32 icd10cm", "moved"), ("line", "I12.9 icd10cm", "moved"),
        ("other", "headline", "differs"),
    ]  # fmt: skip
    assert compare(then, then, dated=True) == []


def test_an_answer_of_before_reports_is_compared_by_its_codes() -> None:
    then = diabetes()
    now = replace(reported(), candidates=then.candidates, notices=then.notices)
    assert compare(then, now, dated=True) == []


@pytest.mark.sqlite_only
def test_the_views_of_auditors_have_the_report(log: QueryLog) -> None:
    from bot.audit.web.sql_views import VIEWS

    logged(log, reported())
    db = sqlite3.connect(log.path)
    db.execute(f"create temp view one as {VIEWS['questions_and_answers']}")
    assert db.execute("select headline, report, codes from one").fetchall() == [
        (
            "I12.9, then N18.32",
            "I12.9 Hypertensive chronic kidney disease with stage 1 through stage 4; "
            "N18.32 Chronic kidney disease, stage 3b",
            "I12.9 N18.32 I12.0",
        )
    ]
    db.execute(f"create temp view two as {VIEWS['codes_given']}")
    assert db.execute("select code, given_as, role from two order by place").fetchall() == [
        ("I12.9", "reported", "first-listed"),
        ("N18.32", "reported", "additional"),
        ("I12.0", "found", None),
    ]
    db.close()


def test_the_verdicts_come_before_a_report_beside_them(log: QueryLog) -> None:
    answer = replace(verdicts(verdict("J44.9", "billable")), report=reported().report)
    assert [code["code"] for code in codes_of(answer)] == ["J44.9", "I12.9", "N18.32"]
    logged(log, answer)
    (body,) = [entry.body for entry in log.records() if entry.kind == "answer"]
    assert body.get("confidence") is None
