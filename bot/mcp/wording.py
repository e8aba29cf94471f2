"""The result of a tool as short text, for assistants that read no structured results. All of it is
out of the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.mcp import outputs
from bot.messages import message
from bot.views.shared import removed_in_words

#: Codes of a list, characters of a quotation, notes and rules that are shown. The structured result
#: has more.
_CODES, _QUOTE, _NOTES, _RULES = 10, 1200, 12, 12


def as_text(result: outputs.Answered, notices: Sequence[str]) -> str:
    """`notices`: those that are to be said now."""
    lines = [result.answer, *(f"! {notice}" for notice in notices), *_body(result)]
    if result.removed:
        kinds = removed_in_words(result.removed)
        lines.append(message("mcp.removed", kinds=kinds))
    lines.append(result.cite)
    if result.question_id:
        lines.append(message("mcp.question", question=result.question_id))
    return "\n".join(filter(None, lines))


def _body(result: outputs.Answered) -> Iterator[str]:
    if isinstance(result, outputs.FoundCodes):
        yield from _found(result)
    elif isinstance(result, outputs.CheckedCodes):
        yield from _verdicts(result.codes, result.answer)
        yield from _rules(result.rules)
        if result.not_checked:
            yield message("mcp.not_checked", rules=", ".join(result.not_checked))
    elif isinstance(result, outputs.LookedUp):
        for facts in result.codes:
            yield from _facts(facts, result.answer)
    elif isinstance(result, outputs.FoundRules):
        yield from map(_section, result.sections)
    elif isinstance(result, outputs.Translated):
        for one in result.equivalents:
            yield message("mcp.equivalent", code=one.code, title=one.title, says=one.says)


def _found(result: outputs.FoundCodes) -> Iterator[str]:
    yield from _report(result.lines)
    for number, one in enumerate(result.statements, 1):
        yield message("mcp.statement", number=number, said=one.said)
        yield from _report(one.lines)
        yield from (message("mcp.ask", question=ask) for ask in one.ask_back)
    if not result.statements:
        yield from (message("mcp.ask", question=ask) for ask in result.ask_back)
    for option in result.options[:_CODES]:
        yield message("mcp.option", words=option.words, code=option.code)
    yield from _verdicts(result.codes, result.answer)
    yield from _rules(result.rules)
    yield from map(_section, result.sections)
    if result.considered:
        yield message("mcp.considered", codes=_codes(result.considered))


def _report(lines: Sequence[outputs.Line]) -> Iterator[str]:
    for line in lines:
        code = " ".join([line.code, *line.modifiers])
        code += f" x {line.units}" if line.units is not None else ""
        billable = message("mcp.billable" if line.billable else "mcp.not_billable")
        sure = message("mcp.confidence", level=line.confidence)
        marks = f"{billable} · {line.role} · {sure}"
        yield message("mcp.line", number=line.line, code=code, title=line.title, marks=marks)
        if line.reason:
            yield message("mcp.line_why", why=f"{line.reason} [{line.authority}]")
        if line.alternatives:
            yield message("mcp.line_open", codes=_codes(line.alternatives))


def _verdicts(verdicts: Sequence[outputs.Verdict], said: str) -> Iterator[str]:
    for verdict in verdicts:
        yield from _verdict(verdict, said)


def _verdict(verdict: outputs.Verdict, said: str) -> Iterator[str]:
    why = verdict.status if verdict.why == said else verdict.why
    yield message("mcp.verdict", code=verdict.code or verdict.typed, title=verdict.title, why=why)
    for key in ("completed_by", "replaced_by", "similar"):
        if codes := getattr(verdict, key):
            yield message(f"mcp.{key}", codes=_codes(codes))


def _facts(facts: outputs.CodeFacts, said: str) -> Iterator[str]:
    yield from _verdict(facts, said)
    yield from (f"   {character}" for character in facts.characters)
    for note in facts.notes[:_NOTES]:
        yield message("mcp.note", kind=note.kind, under=note.printed_under, text=note.text)
    if (left := len(facts.notes) - _NOTES) > 0:
        yield message("mcp.more", count=left)
    yield from (f"   {section}" for section in facts.guidelines)
    if facts.loaded_in:
        editions = ", ".join(one.edition for one in facts.loaded_in)
        yield message("mcp.loaded_in", editions=editions)


def _rules(rules: Sequence[outputs.Rule]) -> Iterator[str]:
    for rule in rules[:_RULES]:
        yield message("mcp.rule", severity=rule.severity, says=rule.says)
        if rule.quote:
            yield message(
                "mcp.quoted", quote=_cut(rule.quote), where=rule.where, edition=rule.edition
            )
    if (left := len(rules) - _RULES) > 0:
        yield message("mcp.more", count=left)


def _section(section: outputs.Section) -> str:
    source = section.edition
    if section.page is not None:
        source = message("notes.page", release=section.edition, page=section.page)
    return message(
        "mcp.section",
        section=section.section,
        title=section.title,
        source=source,
        text=_cut(section.text),
    )


def _codes(codes: Sequence[outputs.Code]) -> str:
    shown = ", ".join(f"{one.code} {one.title}" for one in codes[:_CODES])
    left = len(codes) - _CODES
    return shown + (", " + message("mcp.more", count=left) if left > 0 else "")


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1] + "…"
