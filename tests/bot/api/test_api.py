"""The plain JSON API, over HTTP, as a program next door calls it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_support import Api, served
from click.testing import CliRunner

from bot.api.guard import MOST_BODY
from bot.cli.main import main

DAY = "2026-03-05"


@pytest.fixture(scope="module")
def api(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with served(built, tmp_path_factory.mktemp("api") / "home", "--workers", "0") as api:
        yield api


@pytest.fixture(scope="module")
def lims(api: Api) -> Iterator[httpx.Client]:
    with api.client("lims") as client:
        yield client


def _without(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("id", "elapsed_ms")}


# What it answers


@pytest.mark.parametrize(
    ("path", "body", "command"),
    [
        ("ask", {"text": "htn with ckd 3b", "limit": 3}, ["ask", "-n", "3", "htn with ckd 3b"]),
        (
            "ask",
            {"text": "left ankle sprain", "systems": ["icd10cm"]},
            ["ask", "--system", "icd10cm", "left ankle sprain"],
        ),
        ("ask", {"text": "is E11.9 billable"}, ["ask", "is E11.9 billable"]),
        ("check", {"codes": ["E11.9", "N18.31"]}, ["check", "E11.9", "N18.31"]),
        (
            "check",
            {"codes": ["G04.39"], "systems": ["icd10cm"], "setting": "outpatient"},
            ["check", "G04.39", "--system", "icd10cm", "--setting", "outpatient"],
        ),
    ],
)
def test_it_says_what_the_command_line_says(
    home: Path, lims: httpx.Client, path: str, body: dict[str, Any], command: list[str]
) -> None:
    answered = lims.post(f"/v1/{path}", json=body | {"date": DAY})
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "application/json"
    assert answered.headers["cache-control"] == "no-store"
    said = CliRunner().invoke(main, [*command, "--json", "--date", DAY]).stdout
    assert _without(answered.json()) == _without(json.loads(said))


def test_a_report_is_the_report_of_the_answer_alone(lims: httpx.Client) -> None:
    body = {"text": "htn with ckd 3b", "date": DAY}
    report, answer = lims.post("/v1/report", json=body).json(), lims.post("/v1/ask", json=body)
    assert [line["code"] for line in report["report"]] == ["I12.9", "N18.32"]
    assert all(line["because"] for line in report["report"])
    whole = answer.json()
    assert {n: v for n, v in report.items() if n != "id"} == {
        name: whole[name]
        for name in ("as_of", "outcome", "headline", "report", "asks", "statements", "notices")
    }


def test_a_question_goes_on_from_one_before(lims: httpx.Client) -> None:
    first = lims.post("/v1/ask", json={"text": "ankle sprain", "date": DAY}).json()
    then = lims.post("/v1/ask", json={"text": "left", "date": DAY, "after": first["id"]}).json()
    assert then["refines"] == first["id"]
    assert then["report"][0]["code"] == "S93.402A"


def test_the_description_has_every_key_of_an_answer(api: Api, lims: httpx.Client) -> None:
    described = api.with_token("").get("/openapi.json").json()
    schemas = described["components"]["schemas"]

    def expect(value: Any, schema: dict[str, Any], at: str) -> None:
        for one in schema.get("anyOf", ()):
            if value is not None and one.get("type") != "null":
                expect(value, one, at)
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
        if isinstance(value, list):
            for one in value:
                expect(one, schema.get("items", {}), at)
        elif isinstance(value, dict) and "properties" in schema:
            assert set(schema["required"]) <= set(value) <= set(schema["properties"]), at
            for name, one in value.items():
                expect(one, schema["properties"][name], f"{at}.{name}")
                assert schema["properties"][name].get("description") or at, name

    for path, body in (
        ("ask", {"text": "copd w acute bronchitis\nleft knee OA", "date": DAY}),
        ("ask", {"text": "what is new in icd-10-cm", "date": DAY}),
        ("check", {"codes": ["E11.9", "E10.9", "G0439", "A41"], "date": DAY}),
        ("report", {"text": "htn with ckd 3b", "date": DAY}),
    ):
        answered = described["paths"][f"/v1/{path}"]["post"]["responses"]["200"]
        expect(
            lims.post(f"/v1/{path}", json=body).json(),
            answered["content"]["application/json"]["schema"],
            path,
        )
    text = json.dumps(described)
    for name in {part.split('"')[0] for part in text.split('"$ref": "#/components/')[1:]}:
        kind, key = name.split("/")
        assert key in described["components"][kind], name


def test_the_examples_of_the_description_are_answered(api: Api, lims: httpx.Client) -> None:
    schemas = api.with_token("").get("/openapi.json").json()["components"]["schemas"]
    for path, name in (("ask", "AskBody"), ("check", "CheckBody"), ("report", "ReportBody")):
        (example,) = schemas[name]["examples"]
        assert lims.post(f"/v1/{path}", json=example).status_code == 200


# What it refuses


@pytest.mark.parametrize(
    ("status", "says", "call"),
    [
        (401, "has no token", {"headers": {"Authorization": ""}}),
        (401, "has no token", {"headers": {"Authorization": "Basic bGltczp4"}}),
        (401, "of no client", {"headers": {"Authorization": "Bearer cdk_x"}}),
        (401, "has no token", {"headers": {"Authorization": ""}, "content": b"{"}),
        (404, "nothing at this address", {"url": "/v1/nothing"}),
        (405, "takes another method", {"method": "PUT"}),
        (413, "larger than 256 KiB", {"content": b"x" * (MOST_BODY + 1)}),
        (413, "larger than 256 KiB", {"content": iter([b"x" * MOST_BODY, b"x"])}),
        (422, "JSON", {"content": b"{"}),
        (422, "body.text", {"json": {}}),
        (422, "body.text", {"json": {"text": ""}}),
        (422, "body.text", {"content": b'{"text": "a \\ud800 b"}'}),
        (422, "YYYY-MM-DD", {"json": {"text": "htn", "date": 5}}),
        (422, "body.date", {"json": {"text": "htn", "date": "2026-02-30"}}),
        (422, "body.systems", {"json": {"text": "htn", "systems": ["icd9"]}}),
        (422, "body.limit", {"json": {"text": "htn", "limit": 51}}),
        (422, "body.when", {"json": {"text": "htn", "when": "now"}}),
        (422, "body.codes", {"url": "/v1/check", "json": {"codes": []}}),
        (422, "body.codes", {"url": "/v1/check", "json": {"codes": ["E11 .9"]}}),
        (422, "body.codes", {"url": "/v1/check", "json": {"codes": ["I10"] * 201}}),
        (422, "On-Behalf-Of", {"json": {"text": "htn"}, "headers": {"On-Behalf-Of": "Ann B"}}),
        (422, "Idempotency-Key", {"json": {"text": "htn"}, "headers": {"Idempotency-Key": ""}}),
        (404, "no question with that id", {"json": {"text": "left", "after": "0" * 12}}),
    ],
)
def test_a_fault_is_said_in_a_sentence(
    api: Api, lims: httpx.Client, status: int, says: str, call: dict[str, Any]
) -> None:
    before = len(api.asked("lims"))
    call = {"method": "POST", "url": "/v1/ask"} | call
    if "content" in call:
        call["headers"] = {"Content-Type": "application/json"} | call.get("headers", {})
    refused = lims.request(**call)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert says in problem["detail"]
    assert len(api.asked("lims")) == before
    if status == 401:
        assert refused.headers["www-authenticate"].startswith('Bearer realm="codedesk"')


def test_a_client_does_only_what_its_scopes_allow(api: Api) -> None:
    with api.client("checker", ("check",)) as checker:
        assert checker.post("/v1/check", json={"codes": ["I10"]}).status_code == 200
        refused = checker.post("/v1/ask", json={"text": "htn"})
        assert refused.status_code == 403
        assert 'scope="ask"' in refused.headers["www-authenticate"]
        assert "checker" in refused.json()["detail"]


def test_a_client_learns_nothing_of_others(api: Api, lims: httpx.Client) -> None:
    asked = lims.post("/v1/ask", json={"text": "htn", "date": DAY}).json()["id"]
    assert lims.get(f"/v1/questions/{asked}").json()["id"] == asked
    with api.client("stranger") as stranger:
        assert stranger.get(f"/v1/questions/{asked}").status_code == 404
        then = stranger.post("/v1/ask", json={"text": "left", "after": asked})
        assert then.status_code == 404


def test_a_removed_client_is_refused_at_once(api: Api) -> None:
    call = {"codes": ["I10"]}
    with api.client("leaver") as leaver:
        assert leaver.post("/v1/check", json=call).status_code == 200
        token = api.tokens.rotate("leaver")
        assert leaver.post("/v1/check", json=call).status_code == 401
        with api.with_token(token) as renewed:
            assert renewed.post("/v1/check", json=call).status_code == 200
            api.tokens.remove("leaver")
            refused = renewed.post("/v1/check", json=call)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


def test_a_client_makes_no_more_calls_than_it_may(api: Api) -> None:
    with api.client("eager", per_minute=2) as eager:
        calls = [eager.post("/v1/check", json={"codes": ["I10"]}) for _ in range(3)]
    assert [call.status_code for call in calls] == [200, 200, 429]
    assert 1 <= int(calls[-1].headers["retry-after"]) <= 120
    assert len(api.asked("eager")) == 2


# What is on record


def test_every_call_is_a_question_of_its_client(api: Api) -> None:
    with api.client("scribe") as scribe:
        for who, text in (("u-77", "John Smith, DOB 3/4/1961: copd"), (None, "htn")):
            headers = {"On-Behalf-Of": who} if who else {}
            answer = scribe.post("/v1/ask", json={"text": text, "date": DAY}, headers=headers)
            assert answer.status_code == 200
            assert "Smith" not in answer.text
        scribe.post("/v1/check", json={"codes": ["I10", "E11.9"]}, headers={"On-Behalf-Of": "u-78"})
    # A delivery is on record once the answer was sent.
    asked = _sure(lambda: api.asked("scribe"), lambda asked: asked[-1].delivery == "delivered")
    assert [one.surface for one in asked] == ["api"] * 3
    assert [one.options.get("on_behalf_of") for one in asked] == ["u-77", None, "u-78"]
    assert [one.delivery for one in asked] == ["delivered"] * 3
    assert "Smith" not in asked[0].text
    assert "NAME" in asked[0].removed
    assert asked[2].options["checked"] == 2
    assert DAY not in json.dumps([one.options for one in asked])


def test_the_server_prints_nothing_of_what_is_asked(api: Api, lims: httpx.Client) -> None:
    lims.post("/v1/ask", json={"text": "zebrafish bite of the left ear"})
    lims.post("/v1/ask", json={"text": "zebrafish", "date": "zebrafish"})
    lims.get("/v1/questions/zebrafish")
    assert "zebrafish" not in api.told
    assert "cdk_" not in api.told


def test_a_call_that_is_repeated_is_one_question(api: Api) -> None:
    with api.client("sure") as sure:

        def ask(key: str) -> httpx.Response:
            headers = {"Idempotency-Key": key}
            return sure.post("/v1/ask", json={"text": "htn", "date": DAY}, headers=headers)

        first, again, other = ask("a"), ask("a"), ask("b")
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    assert again.json()["report"] == first.json()["report"]
    assert len(api.asked("sure")) == 2
    with api.client("sure-too") as too:
        body, headers = {"text": "htn", "date": DAY}, {"Idempotency-Key": "a"}
        assert too.post("/v1/ask", json=body, headers=headers).json()["id"] != first.json()["id"]


def test_calls_of_one_key_at_the_same_time_are_one_question(api: Api) -> None:
    body = {"text": "copd w acute bronchitis\nleft knee OA\nhtn with ckd 3b", "date": DAY}
    found: list[httpx.Response] = []
    with api.client("twice") as twice:

        def ask() -> None:
            found.append(twice.post("/v1/ask", json=body, headers={"Idempotency-Key": "k"}))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {one.status_code for one in found} <= {200, 409}
    assert len({one.json()["id"] for one in found if one.status_code == 200}) == 1
    assert len(api.asked("twice")) == 1


def test_nothing_is_answered_when_the_log_cannot_be_written(api: Api, lims: httpx.Client) -> None:
    def call() -> httpx.Response:
        return lims.post("/v1/check", json={"codes": ["I10"]})

    db = sqlite3.connect(api.home / "log.db")
    try:
        db.execute("create table foreign_to_the_log (x)")
        db.commit()
        refused = _until(call, 503)
        assert refused.headers["retry-after"] == "10"
        assert "unlogged" in refused.json()["detail"]
        assert "foreign_to_the_log" in api.told
        _until(lambda: lims.get("/ready"), 503)
        assert lims.get("/live").status_code == 200
    finally:
        db.execute("drop table foreign_to_the_log")
        db.commit()
        db.close()
    _until(call, 200)
    assert _until(lambda: lims.get("/ready"), 200).text == "ok"


def _sure(look: Any, is_so: Any) -> Any:
    for _ in range(100):
        if is_so(found := look()):
            break
        time.sleep(0.1)
    return found


def _until(call: Any, status: int) -> httpx.Response:
    """The schema of the log is looked at every few seconds."""
    for _ in range(300):
        answered: httpx.Response = call()
        if answered.status_code == status:
            return answered
        time.sleep(0.1)
    raise AssertionError(answered.text)
