"""The tools: what each takes and gives, which scope it needs, and how the desk is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.api.clients import Client, Scope
from bot.api.errors import Malformed
from bot.api.service import Service
from bot.desk.answer import Answer
from bot.mcp import inputs, outputs, shaping
from bot.mcp.resources import Library
from bot.messages import message

_NAMES: Mapping[inputs.Revision, str] = {
    "icd9": "ICD-9-CM",
    "icd10": "ICD-10",
    "icd11": "ICD-11",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what answers. `noted`: what the log keeps of the program that asks."""

    service: Service
    library: Library
    client: Client
    noted: Mapping[str, str]

    def ask(self, text: str, **how: Any) -> Answer:
        calls = self.service.calls_of("mcp")
        return calls.ask(self.client, text, noted=self.noted, **how)

    def check(self, codes: list[str], **how: Any) -> Answer:
        calls = self.service.calls_of("mcp")
        return calls.check(self.client, codes, noted=self.noted, **how)


#: What is asked, and the result made of the answer.
Run = Callable[[Asking, Any], tuple[Answer, outputs.Answered]]


@dataclass(frozen=True, slots=True)
class Tool:
    """`takes` and `gives`: models, whose JSON schemas are the tool's. `scope`: see Client."""

    name: str
    scope: Scope
    takes: type[BaseModel]
    gives: type[outputs.Answered]
    run: Run

    @property
    def title(self) -> str:
        return message(f"mcp_tools.{self.name}_title")

    @property
    def description(self) -> str:
        return message(f"mcp_tools.{self.name}")

    def arguments(self, given: Mapping[str, Any] | None) -> BaseModel:
        """The arguments as they are used. Raises Malformed, without the values: they may identify
        somebody, and errors are printed."""
        try:
            return self.takes.model_validate({**(given or {})})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = ".".join(map(str, first["loc"])) or "arguments"
            problem = first["msg"][:1].lower() + first["msg"][1:]
            if first["type"] == "extra_forbidden":
                problem = message("mcp.no_argument", names=", ".join(self.takes.model_fields))
            raise Malformed(message("mcp.bad_argument", name=name, problem=problem)) from None


def _systems(system: str | None) -> list[str] | None:
    return [system] if system else None


def _find_codes(asking: Asking, given: inputs.Statement) -> tuple[Answer, outputs.Answered]:
    answer = asking.ask(
        given.statement, day=given.date, systems=_systems(given.system), after=given.after
    )
    return answer, shaping.found_codes(answer)


def _drug_units(asking: Asking, given: inputs.Dose) -> tuple[Answer, outputs.Answered]:
    answer = asking.ask(given.dose, day=given.date)
    return answer, shaping.found_codes(answer)


def _check_codes(asking: Asking, given: inputs.Codes) -> tuple[Answer, outputs.Answered]:
    answer = asking.check(
        given.codes, day=given.date, systems=_systems(given.system), setting=given.setting
    )
    return answer, shaping.checked_codes(answer)


def _lookup_code(asking: Asking, given: inputs.OneCode) -> tuple[Answer, outputs.Answered]:
    answer = asking.check([given.code], day=given.date, systems=_systems(given.system))
    return answer, shaping.looked_up(answer, asking.library.loaded_in)


def _find_rule(asking: Asking, given: inputs.Rule) -> tuple[Answer, outputs.Answered]:
    answer = asking.ask(given.question, day=given.date, systems=_systems(given.system))
    result = shaping.found_rules(answer)
    if not result.sections:
        known = asking.library.has_guidelines()
        result.answer = message("mcp.no_rule" if known else "mcp.no_guidelines")
    return answer, result


def _translate_code(asking: Asking, given: inputs.Translation) -> tuple[Answer, outputs.Answered]:
    text = f"{_NAMES[given.of]} {given.code} in {_NAMES[given.to]}"
    answer = asking.ask(text, day=given.date)
    return answer, shaping.translated(answer, given.to)


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("find_codes", "ask", inputs.Statement, outputs.FoundCodes, _find_codes),
        Tool("check_codes", "check", inputs.Codes, outputs.CheckedCodes, _check_codes),
        Tool("lookup_code", "check", inputs.OneCode, outputs.LookedUp, _lookup_code),
        Tool("find_rule", "ask", inputs.Rule, outputs.FoundRules, _find_rule),
        Tool("drug_units", "ask", inputs.Dose, outputs.FoundCodes, _drug_units),
        Tool("translate_code", "ask", inputs.Translation, outputs.Translated, _translate_code),
    )
}
