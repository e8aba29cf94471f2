"""Every request about codes is a question of its client in the log: what was asked, what was
answered, and that it was delivered. An auditor can replay it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

import pytest
from fhir_support import CM, HCPCS, ICD9, Fhir, client_of, parameters, values
from slack_support import wait_until

from bot.api.service import Service
from bot.audit.replay import NotReplayable, replay
from bot.desk.desk import Desk
from bot.logged_desk import Answers
from bot.operations import events
from bot.querylog import QueryLog
from bot.querylog.fallback import FallbackLog
from bot.querylog.verify import verify

LOOKUP, VALIDATE = "CodeSystem/$lookup", "CodeSystem/$validate-code"
MAY = "2026-05-04"


@pytest.mark.parametrize(
    ("path", "given", "text", "options", "codes", "says"),
    [
        (LOOKUP, {"system": CM, "code": "E11.9", "date": MAY}, "E11.9",
         {"operation": "lookup", "systems": ["icd10cm"]}, [("E11.9", "billable")],
         "E11.9 is valid and billable in FY2026-April."),
        (LOOKUP, {"system": CM, "code": "E11.9", "property": "excludes1", "date": MAY}, "E11.9",
         {"operation": "lookup", "systems": ["icd10cm"], "notes": True}, [("E11.9", "billable")],
         "E11.9 is valid and billable in FY2026-April."),
        (LOOKUP, {"system": CM, "code": "E11.99", "date": MAY}, "E11.99",
         {"operation": "lookup", "systems": ["icd10cm"]}, [("E11.99", "unknown")], "E11.99 is in "),
        (VALIDATE, {"url": CM, "code": "E11.9", "display": "gout", "date": MAY}, "E11.9 gout",
         {"operation": "validate", "systems": ["icd10cm"], "display": True},
         [("E11.9", "billable")], "E11.9 is valid and billable in FY2026-April."),
        (VALIDATE, {"url": CM, "code": "I10", "version": "2024"}, "I10",
         {"operation": "validate", "systems": ["icd10cm"]}, [("I10", "billable")],
         "I10 is valid and billable in FY2024."),
        ("ValueSet/$validate-code", {"url": f"{HCPCS}?fhir_vs", "code": "A4311", "date": MAY},
         "A4311", {"operation": "validate", "systems": ["hcpcs"]}, [("A4311", "billable")],
         "A4311 is valid and billable in 2026-April."),
        ("CodeSystem/$subsumes", {"system": CM, "codeA": "E11", "codeB": "E11.9", "date": MAY},
         "E11 E11.9", {"operation": "subsumes", "systems": ["icd10cm"]},
         [("E11", "header"), ("E11.9", "billable")], "E11 is a header"),
        ("ValueSet/$expand", {"url": f"{CM}?fhir_vs=isa/E11.2", "count": 2, "date": MAY},
         "E11.2 0 2", {"operation": "list", "systems": ["icd10cm"], "under": True}, [],
         "2 of 4 codes of ICD-10-CM FY2026-April, after the first 0."),
        ("ConceptMap/$translate", {"system": ICD9, "code": "250.00", "targetsystem": CM}, "250.00",
         {"operation": "translate", "map": "9to10"}, [("250.00", "deleted")],
         "250.00 is mapped to E11.9"),
    ],
)  # fmt: skip
def test_what_an_auditor_reads_and_replays(
    vendor: Fhir,
    path: str,
    given: dict[str, Any],
    text: str,
    options: dict[str, Any],
    codes: list[tuple[str, str]],
    says: str,
) -> None:
    answered = vendor.http.get(f"/fhir/{path}", params=given)
    (record,) = vendor.asked()
    assert answered.headers["x-question-id"] == record.id
    assert (record.surface, record.user, record.text) == ("fhir", vendor.name, text)
    assert record.options == options
    assert [(one["code"], one["status"]) for one in record.codes] == codes
    assert record.answer is not None
    assert record.answer["headline"]["text"].startswith(says)
    assert record.releases
    assert record.latency_ms is not None
    assert MAY not in str(record)  # the date of service is not kept
    replayed = replay(record, cast(Desk, vendor.service.desk))
    assert (replayed.status, replayed.differences) == ("same", [])


def test_each_time_is_a_question_of_its_own(service: Service, vendor: Fhir) -> None:
    asked = {"system": CM, "code": "E11.9"}
    bodies = {vendor.http.get(f"/fhir/{LOOKUP}", params=asked).text for _ in range(3)}
    with client_of(service, "another") as another:
        bodies.add(another.http.get(f"/fhir/{LOOKUP}", params=asked).text)
        assert [one.text for one in another.asked()] == ["E11.9"]
    assert len(bodies) == 1
    records = vendor.asked()
    assert [one.text for one in records] == ["E11.9"] * 3
    assert len({one.id for one in records}) == 3


def test_what_counts_questions_is_told_of_them(vendor: Fhir) -> None:
    told: list[events.Event] = []
    events.listen(told.append)
    try:
        vendor.get(LOOKUP, system=CM, code="E11.9", date=MAY)
        wait_until(lambda: told and told[-1].name == "question.delivered", lambda: told)
    finally:
        events.unlisten(told.append)
    taken, answered, delivered = told
    assert (taken.name, taken.surface, taken.lane) == ("question.taken", "fhir", "verdict")
    assert (answered.outcome, answered.edition) == ("verdict", {"icd10cm": "FY2026-April"})
    assert taken.question == answered.question == delivered.question


def test_deliveries_are_on_record(vendor: Fhir) -> None:
    asked = {"system": CM, "code": "E11.9"}
    for _ in range(2):
        vendor.get(LOOKUP, **asked)
    # The first is committed with the second question, at the latest.
    assert vendor.asked()[0].delivery == "delivered"


def test_what_a_batch_asks(vendor: Fhir) -> None:
    entry = [
        {"request": {"method": "GET", "url": f"{LOOKUP}?system={CM}&code={code}"}}
        for code in ("E11.9", "I10", "E11.99")
    ]
    vendor.post("", {"resourceType": "Bundle", "type": "batch", "entry": entry})
    assert sorted(one.text for one in vendor.asked()) == ["E11.9", "E11.99", "I10"]


def test_a_refusal_is_on_record_with_its_reason(vendor: Fhir) -> None:
    vendor.get(LOOKUP, 404, system="http://example.org/x", code="E11.9")
    (record,) = vendor.asked()
    assert (record.text, record.outcome) == ("E11.9", "abstained")
    assert record.options == {"operation": "lookup", "refused": "not-found"}
    assert record.answer is not None
    assert "is no code system that Code Desk knows" in record.answer["notices"][0]
    with pytest.raises(NotReplayable):
        replay(record, cast(Desk, vendor.service.desk))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"code": "John Smith 123-45-6789"}, "[NAME] [SSN]"),
        ({"code": "E11.9", "display": "John Smith, SSN 123-45-6789"}, "E11.9 [NAME], SSN [SSN]"),
    ],
)
def test_patients_are_kept_out(vendor: Fhir, given: dict[str, str], kept: str) -> None:
    vendor.get(VALIDATE, url=CM, **given)
    (record,) = vendor.asked()
    assert record.text == kept
    assert set(record.removed) == {"NAME", "SSN"}
    path = vendor.service.log.path
    for name in (path, path.with_name(path.name + "-wal")):
        assert b"123-45-6789" not in name.read_bytes()
        assert b"Smith" not in name.read_bytes()


def test_what_reads_no_code_is_no_question(vendor: Fhir) -> None:
    vendor.get("metadata")
    vendor.get("CodeSystem", url=CM)
    vendor.get(LOOKUP, 400)
    assert vendor.asked() == []


def test_the_chain_holds(service: Service, fhir: Fhir) -> None:
    given = parameters(url_Uri=CM, code_Code="I10")
    assert values(fhir.post(VALIDATE, given))["result"] is True
    assert verify(service.log.where).bad is None


def _over(service: Service, log: QueryLog) -> Service:
    return Service(service.settings, cast(Answers, service.desk), log)


def test_without_a_log_nothing_is_answered(service: Service, tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "log.db")
    with client_of(_over(service, log), "unlucky") as client:
        asked = {"system": CM, "code": "E11.9"}
        client.get(LOOKUP, **asked)
        _spoil(tmp_path / "log.db")
        refused = client.http.get(f"/fhir/{LOOKUP}", params=asked)
        assert refused.status_code == 503
        assert refused.json()["issue"][0]["code"] == "transient"
        assert "retry-after" in refused.headers
    log.close()


def test_an_operator_may_let_answers_go_out_unlogged(service: Service, tmp_path: Path) -> None:
    log = FallbackLog(tmp_path / "log.db")
    with client_of(_over(service, log), "fallback") as client:
        asked = {"system": CM, "code": "E11.9"}
        client.get(LOOKUP, **asked)
        _spoil(tmp_path / "log.db")
        answered = client.http.get(f"/fhir/{LOOKUP}", params=asked)
        assert answered.status_code == 200
        assert "not in the query log" in answered.headers["warning"]
        assert "x-question-id" not in answered.headers
    log.close()


def _spoil(path: Path) -> None:
    """A table of somebody else: Code Desk writes nothing then."""
    with sqlite3.connect(path) as db:
        db.execute("create table theirs (x)")
