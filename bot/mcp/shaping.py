"""Makes the result of a tool of an answer. Nothing is added to what the desk says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.desk import answer as desk
from bot.desk.answer import Answer
from bot.mcp import outputs
from bot.messages import message
from bot.phi.spans import PLACEHOLDER
from bot.views.notices import not_in_force
from bot.views.report_words import rivals
from bot.views.shared import (
    axis_in_words,
    editions_of,
    guideline_source,
    place,
    quoted_sections,
    removals_to_tell,
)
from codesets.model import NOTE_HEADINGS

#: Rivals, codes of a list, notes, and sections of one result.
_RIVALS, _CODES, _NOTES, _SECTIONS = 4, 100, 40, 3

#: The editions that have a code: (system, code) -> editions.
LoadedIn = Callable[[str, str], list[outputs.Edition]]


def found_codes(answer: Answer) -> outputs.FoundCodes:
    statements = [
        outputs.Statement(
            said=one.said,
            answer=one.headline.text,
            lines=[*map(_line, one.report)],
            ask_back=one.asks,
        )
        for one in answer.statements
    ]
    considered = [
        outputs.Considered(code=one.code, title=one.title, confidence=one.confidence)
        for one in rivals(answer)[:_RIVALS]
    ]
    return outputs.FoundCodes(
        **_common(answer),
        lines=[] if statements else [*map(_line, answer.report)],
        statements=statements,
        ask_back=answer.asks,
        options=[outputs.Option(words=one.words, code=one.code) for one in answer.ask_options],
        considered=considered,
        codes=[*map(_verdict, answer.verdicts)],
        rules=[*map(_rule, answer.pairs)],
        sections=[*map(_section, quoted_sections(answer)[:_SECTIONS])],
    )


def checked_codes(answer: Answer) -> outputs.CheckedCodes:
    return outputs.CheckedCodes(
        **_common(answer),
        codes=[*map(_verdict, answer.verdicts)],
        rules=[*map(_rule, answer.pairs)],
        not_checked=[message(f"checks.{rule}") for rule in answer.not_checked],
    )


def looked_up(answer: Answer, loaded_in: LoadedIn) -> outputs.LookedUp:
    return outputs.LookedUp(
        **_common(answer), codes=[_facts(verdict, loaded_in) for verdict in answer.verdicts]
    )


def found_rules(answer: Answer) -> outputs.FoundRules:
    return outputs.FoundRules(
        **_common(answer),
        answers=answer.outcome == "guideline",
        sections=[*map(_section, answer.guidelines[:_SECTIONS])],
    )


def translated(answer: Answer, to: str) -> outputs.Translated:
    """`to`: icd9, icd10 or icd11. Of a code of ICD-11, WHO's ICD-10 is another than ICD-10-CM; what
    the map says tells which code ICD-10-CM has."""
    found = []
    for verdict in answer.verdicts:
        of_who = [one for one in verdict.who_equivalents if one.system == to]
        found += [
            outputs.Equivalent(code=one.code, title=one.title, system=one.system, says=one.says)
            for one in of_who
        ]
        to_icd9 = verdict.system != "icd9cm"
        if to == ("icd9" if to_icd9 else "icd10"):
            system = "icd9cm" if to_icd9 else "icd10"
            found += [
                outputs.Equivalent(code=one.code, title=one.title, system=system, says=one.says)
                for one in verdict.equivalents
            ]
    return outputs.Translated(**_common(answer), equivalents=found)


def _common(answer: Answer) -> dict[str, Any]:
    removed = removals_to_tell(answer.question, _removed(answer.question))
    expired = sorted(not_in_force(answer))
    return {
        "answer": answer.headline.text,
        "cite": _cite(answer),
        "editions": editions_of(answer),
        "not_in_force": [
            message("notes.edition", system=system, label=label) for system, label in expired
        ],
        "date_of_service": answer.as_of,
        "notices": [one for one in answer.notices if one != answer.headline.text],
        "removed": list(removed),
        "question": answer.question,
        "question_id": answer.id,
        "outcome": answer.outcome,
    }


def _cite(answer: Answer) -> str:
    named = ", ".join(editions_of(answer))
    if not named:
        return message("mcp.cite_bare", day=answer.as_of) if answer.as_of else ""
    if not answer.as_of:
        return message("mcp.cite_before", editions=named)
    return message("mcp.cite", editions=named, day=answer.as_of)


def _removed(scrubbed: str) -> list[str]:
    """The kinds of identifiers in whose place a question has a placeholder."""
    return list(dict.fromkeys(found.group(1) for found in PLACEHOLDER.finditer(scrubbed)))


def _line(line: desk.ReportLine) -> outputs.Line:
    why = line.because[0] if line.because else None
    authority = ""
    if why:
        authority = " ".join(filter(None, [why.rule, why.section, why.release or ""]))
    return outputs.Line(
        line=line.line,
        code=line.code,
        system=line.system,
        title=line.title,
        billable=line.billable,
        role=line.role,
        units=line.units,
        modifiers=line.modifiers,
        said=line.said,
        reason=" ".join(one.text for one in line.because),
        authority=authority,
        edition=line.release,
        confidence=line.confidence,
        alternatives=_codes(line.alternatives),
    )


def _codes(codes: Sequence[desk.CodeTitle]) -> list[outputs.Code]:
    return [outputs.Code(code=one.code, title=one.title) for one in codes[:_CODES]]


def _verdict(verdict: desk.Verdict) -> outputs.Verdict:
    return outputs.Verdict(**_of_verdict(verdict))


def _of_verdict(verdict: desk.Verdict) -> dict[str, Any]:
    return {
        "typed": verdict.typed,
        "code": verdict.code,
        "system": verdict.system,
        "title": verdict.title,
        "status": verdict.status_shown,
        "why": verdict.why,
        "edition": verdict.release or "",
        "completed_by": _codes(verdict.completions),
        "replaced_by": _codes(verdict.replaced_by),
        "similar": _codes(verdict.did_you_mean),
    }


def _facts(verdict: desk.Verdict, loaded_in: LoadedIn) -> outputs.CodeFacts:
    return outputs.CodeFacts(
        **_of_verdict(verdict),
        notes=[
            outputs.Note(
                kind=NOTE_HEADINGS[note.kind],
                printed_under=place(note.inherited_from),
                text=note.text,
                edition=note.release,
            )
            for note in verdict.notes[:_NOTES]
        ],
        guidelines=[
            f"{one.section} {one.title} ({guideline_source(one)})" for one in verdict.guidelines
        ],
        characters=[f"{axis.value}: {axis_in_words(axis)}" for axis in verdict.axes],
        loaded_in=loaded_in(verdict.system, verdict.code),
    )


def _rule(pair: desk.Pair) -> outputs.Rule:
    return outputs.Rule(
        codes=pair.codes,
        severity=pair.severity,
        rule=pair.rule,
        says=pair.says,
        quote=pair.quote,
        where=place(pair.inherited_from),
        edition=pair.release,
    )


def _section(section: desk.QuotedGuideline) -> outputs.Section:
    return outputs.Section(
        section=section.section,
        title=section.title,
        text=section.text,
        page=section.page,
        edition=section.release,
    )
