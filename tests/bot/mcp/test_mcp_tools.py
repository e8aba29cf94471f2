"""The tools of the MCP server: what an assistant reads, and what the log keeps of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
from mcp import MCPError
from mcp_support import EVERYTHING, in_process, talk

from bot.api.clients import Client
from bot.api.service import Service
from bot.desk.desk import Desk
from bot.logged_desk import Answers
from bot.mcp import inputs
from bot.mcp.said_once import SaidOnce
from bot.mcp.tools import TOOLS
from bot.querylog import QueryLog
from bot.settings import Settings
from codesets.store.code_store import CodeStore

_CODE = re.compile(r"\b[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")
_ENDED = "2026-12-01"
NOT_COVERED = f"No loaded edition of ICD-10-CM covers {_ENDED}"


@pytest.fixture
def settings(built: Path, tmp_path: Path) -> Settings:
    for name in ("codes.db", "index"):
        (tmp_path / name).symlink_to(built / name)
    return Settings(home=tmp_path)


@pytest.fixture
def service(settings: Settings, desk: Desk, tmp_path: Path) -> Iterator[Service]:
    log = QueryLog(tmp_path / "log.db", scrubber=desk.scrubber)
    yield Service(settings, cast(Answers, desk), log)
    log.close()


@pytest.fixture
def server(service: Service, settings: Settings) -> Any:
    return in_process(service, settings)


def call(server: Any, name: str, **arguments: Any) -> Any:
    return talk(server, lambda client: client.call_tool(name, arguments))


def test_tools_say_what_they_are_for(server: Any) -> None:
    listed = talk(server, lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == [*TOOLS]
    for tool in listed:
        assert tool.title
        assert len(tool.description or "") > 80
        hints = tool.annotations
        assert hints is not None
        assert (hints.read_only_hint, hints.idempotent_hint) == (True, True)
        assert (hints.destructive_hint, hints.open_world_hint) == (False, False)
        for named, schema in tool.input_schema["properties"].items():
            assert schema["description"], f"{tool.name}.{named}"
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        (
            "find_codes",
            {"statement": "t2dm with ckd 3b, on insulin", "date": "2026-05-04"},
            ["E11.22, then N18.32, Z79.4", "use an additional code", "FY2026-April", "2026-05-04"],
        ),
        (
            "find_codes",
            {"statement": "ankle sprain", "date": "2026-05-04"},
            ["Ask back: Left, right or both?", "right: S93.401A"],
        ),
        (
            "find_codes",
            {"statement": "1. gout\n2. essential hypertension"},
            ["Statement 1: gout", "Statement 2: essential hypertension", "1. M10.9", "1. I10"],
        ),
        (
            "check_codes",
            {"codes": ["E11.9", "E10.9"], "date": "2026-05-04"},
            ["No: E11.9 and E10.9 are not reported together", "conflict: ", "“type 1 diabetes"],
        ),
        ("check_codes", {"codes": "E11.9, E10.9"}, ["E11.9", "E10.9"]),
        (
            "lookup_code",
            {"code": "E11", "date": "2026-05-04"},
            [
                "header",
                "Completed by: E11.00",
                "Excludes1 (E11)",
                "loaded editions: FY2024, FY2025, FY2026",
            ],
        ),
        ("lookup_code", {"code": "0FT44ZZ", "date": "2024-05-04"}, ["Resection of Gallbladder"]),
        ("lookup_code", {"code": "E11.Q"}, ["E11.Q is in none of the loaded editions"]),
        (
            "translate_code",
            {"code": "250.00", "of": "icd9", "to": "icd10"},
            ["E11.9 Type 2 diabetes mellitus without complications", "approximate"],
        ),
        (
            "translate_code",
            {"code": "E11.9", "of": "icd10", "to": "icd9"},
            ["250.00", "approximate"],
        ),
        ("translate_code", {"code": "E11.9", "of": "icd10", "to": "icd11"}, ["is not loaded"]),
        ("find_rule", {"question": "can I code probable diagnoses"}, ["Guidelines are not loaded"]),
        ("drug_units", {"dose": "kenalog 40 mg"}, ["HCPCS Level II is not loaded"]),
    ],
)
def test_an_answer_is_of_the_desk(
    server: Any, store: CodeStore, name: str, arguments: dict[str, Any], told: list[str]
) -> None:
    result = call(server, name, **arguments)
    assert not result.is_error
    text = result.content[0].text
    for part in told:
        assert part in text
    jsonschema.validate(result.structured_content, TOOLS[name].gives.model_json_schema())
    assert result.structured_content["cite"] in text
    # No code but those of the loaded files, and those that were given.
    given = set(_CODE.findall(str(arguments)))
    for code in set(_CODE.findall(text)) - given:
        assert any(store.releases_with(system, code) for system in store.systems), code


def test_the_log_has_each_call_as_a_question(server: Any, service: Service) -> None:
    result = call(server, "find_codes", statement="gout, patient John Smith, dob 3/4/1950")
    told = result.structured_content
    assert told["removed"] == ["NAME", "DATE"]
    assert "Identifiers were removed" in result.content[0].text
    assert "Smith" not in str(result)
    record = service.log.get(told["question_id"])
    assert record is not None
    assert (record.surface, record.user, record.text) == ("mcp", "ehr", told["question"])
    assert record.options["tool"] == "find_codes"
    assert record.options["mcp_client"].startswith("mcp ")
    assert record.delivery == "delivered"
    assert "Smith" not in str(record)


def test_a_statement_is_refined(server: Any, service: Service, settings: Settings) -> None:
    first = call(server, "find_codes", statement="ankle sprain").structured_content["question_id"]
    again = call(server, "find_codes", statement="left", after=first)
    assert again.structured_content["lines"][0]["code"] == "S93.402A"
    other = in_process(service, settings, Client("other", EVERYTHING.scopes))
    refused = call(other, "find_codes", statement="left", after=first)
    assert refused.is_error
    assert "asked no question with that id" in refused.content[0].text


def test_what_is_loaded_is_said_once_in_a_session(server: Any) -> None:
    async def twice(client: Any) -> list[Any]:
        ask = {"statement": "left knee oa", "date": _ENDED}
        return [await client.call_tool("find_codes", ask) for _ in range(2)]

    first, second = talk(server, twice)
    assert NOT_COVERED in first.content[0].text
    assert NOT_COVERED not in second.content[0].text
    # Every answer says which edition it is from, and the data have all notices.
    for one in (first, second):
        assert f"FY2026-April (not in force on {_ENDED})" in one.content[0].text
        assert NOT_COVERED in str(one.structured_content["notices"])
        assert one.structured_content["not_in_force"] == ["ICD-10-CM FY2026-April"]


def test_a_session_ends_after_half_an_hour(desk: Desk) -> None:
    now = [0.0]
    said = SaidOnce(lambda: now[0])
    answer = desk.ask("left knee oa", day=inputs.dt.date(2026, 12, 1))
    first = said.notices("a", answer)
    assert first
    assert said.notices("a", answer) == []
    assert said.notices("b", answer) == first
    now[0] += 31 * 60
    assert said.notices("a", answer) == first


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("find_codes", {}, "The argument statement cannot be used: field required."),
        ("find_codes", {"statement": "gout", "day": "x"}, "no argument of that name"),
        ("find_codes", {"statement": "gout", "date": "31/12/2026"}, "The argument date"),
        ("find_codes", {"statement": "gout", "system": "icd12"}, "The argument system"),
        ("find_codes", {"statement": "gout", "after": "nothing"}, "no question with that id"),
        ("check_codes", {"codes": []}, "The argument codes"),
        ("check_codes", {"codes": ["E11.9 John Smith"]}, "The argument codes.0"),
        ("check_codes", {"codes": ["E11.9"] * 51}, "The argument codes"),
        ("translate_code", {"code": "E11.9", "of": "icd8", "to": "icd9"}, "The argument of"),
    ],
)
def test_a_wrong_call_gets_one_sentence(
    server: Any, service: Service, name: str, arguments: dict[str, Any], sentence: str
) -> None:
    result = call(server, name, **arguments)
    assert result.is_error
    (content,) = result.content
    assert sentence in content.text
    assert "Smith" not in content.text
    assert "Traceback" not in content.text
    assert "\n" not in content.text
    assert service.log.select("surface = ?", ["mcp"]) == []


def test_a_fault_inside_is_told_without_what_was_asked(
    server: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise ValueError("gout of John Smith")

    monkeypatch.setattr(service.desk, "ask", fails)
    result = call(server, "find_codes", statement="gout")
    assert result.is_error
    assert result.content[0].text.startswith("This call failed inside Code Desk (ValueError).")


def test_scopes_and_limits(service: Service, settings: Settings) -> None:
    checker = in_process(service, settings, Client("checker", frozenset({"check"}), 2))
    listed = talk(checker, lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == ["check_codes", "lookup_code"]
    assert "needs the scope ask" in call(checker, "find_codes", statement="gout").content[0].text
    said = [call(checker, "check_codes", codes=["E11.9"]).content[0].text for _ in range(3)]
    assert "may make 2 calls a minute" in said[2]


def test_resources(server: Any, service: Service) -> None:
    async def read(client: Any) -> tuple[Any, ...]:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        texts = [
            (await client.read_resource(uri)).contents[0].text
            for uri in ("codedesk://icd10cm", "codedesk://icd10cm/E11.9")
        ]
        with pytest.raises(MCPError, match="There is nothing at codedesk://loinc/1"):
            await client.read_resource("codedesk://loinc/1")
        with pytest.raises(MCPError, match="There is no tool guess_code"):
            await client.call_tool("guess_code", {})
        return listed, templates, texts

    listed, templates, (code_set, code) = talk(server, read)
    assert {resource.uri for resource in listed} == {"codedesk://icd10cm", "codedesk://icd10pcs"}
    assert templates[0].uri_template == "codedesk://{system}/{code}"
    assert '"edition":"FY2026-April","effective_from":"2026-04-01"' in code_set
    assert "Type 2 diabetes mellitus without complications" in code
    # A code is asked for; the list of editions is not.
    assert [record.text for record in service.log.select("surface = ?", ["mcp"])] == ["E11.9"]
