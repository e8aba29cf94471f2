"""The results of tools: what an assistant needs of an answer, and no more. Every code is one of the
desk, or was given."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from bot.messages import message


def _field(key: str, **how: Any) -> Any:
    return Field(description=message(f"mcp_fields.{key}"), **how)


class Code(BaseModel):
    code: str
    title: str


class Line(BaseModel):
    line: int
    code: str
    system: str
    title: str
    billable: bool = _field("billable")
    role: str
    units: int | None
    modifiers: list[str]
    said: str = _field("said")
    reason: str = _field("reason")
    authority: str = _field("authority")
    edition: str
    confidence: str = _field("confidence")
    alternatives: list[Code]


class Option(BaseModel):
    words: str
    code: str


class Statement(BaseModel):
    said: str
    answer: str = _field("answer")
    lines: list[Line] = _field("lines")
    ask_back: list[str] = _field("ask_back")


class Considered(Code):
    confidence: str = _field("confidence")


class Verdict(BaseModel):
    typed: str = _field("typed")
    code: str
    system: str
    title: str
    status: str = _field("status")
    why: str
    edition: str
    completed_by: list[Code] = _field("completed_by")
    replaced_by: list[Code]
    similar: list[Code]


class Rule(BaseModel):
    codes: list[str]
    severity: str = _field("severity")
    rule: str
    says: str
    quote: str
    where: str = _field("where")
    edition: str


class Section(BaseModel):
    section: str
    title: str
    text: str
    page: int | None
    edition: str


class Note(BaseModel):
    kind: str
    printed_under: str
    text: str
    edition: str


class Edition(BaseModel):
    edition: str
    effective_from: str
    effective_through: str


class CodeFacts(Verdict):
    notes: list[Note]
    guidelines: list[str]
    characters: list[str]
    loaded_in: list[Edition] = _field("loaded_in")


class Equivalent(BaseModel):
    code: str
    title: str
    system: str
    says: str


class Answered(BaseModel):
    """What every tool gives."""

    answer: str = _field("answer")
    cite: str = _field("cite")
    editions: list[str] = _field("editions")
    not_in_force: list[str] = _field("not_in_force")
    date_of_service: str = _field("date_of_service")
    notices: list[str] = _field("notices")
    removed: list[str] = _field("removed")
    question: str = _field("question")
    question_id: str = _field("question_id")
    outcome: str = _field("outcome")


class FoundCodes(Answered):
    lines: list[Line] = _field("lines")
    statements: list[Statement] = _field("statements")
    ask_back: list[str] = _field("ask_back")
    options: list[Option] = _field("options")
    considered: list[Considered] = _field("considered")
    codes: list[Verdict] = _field("verdicts")
    rules: list[Rule] = _field("rules")
    sections: list[Section] = _field("sections")


class CheckedCodes(Answered):
    codes: list[Verdict] = _field("verdicts")
    rules: list[Rule] = _field("rules")
    not_checked: list[str] = _field("not_checked")


class LookedUp(Answered):
    codes: list[CodeFacts] = _field("facts")


class FoundRules(Answered):
    answers: bool = _field("answers")
    sections: list[Section] = _field("sections")


class Translated(Answered):
    equivalents: list[Equivalent] = _field("equivalents")
