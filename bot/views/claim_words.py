"""Words of a claim that the terminal and Slack share."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk.answer import Answer, Pair, Verdict
from bot.desk.answer_claims import ClaimCheck, ClaimLine
from bot.messages import message

#: Verdicts of codes that are no matter on a claim: the others are shown.
_FINE = ("billable", "not_loaded")


def claim_lines(claim: ClaimCheck) -> Iterator[str]:
    """The claim as it was read: its diagnoses, its procedures, and each line."""
    if claim.diagnoses:
        yield message("claims.diagnoses", codes=", ".join(claim.diagnoses))
    if claim.procedures:
        yield message("claims.procedures", codes=", ".join(claim.procedures))
    yield from map(line_words, claim.lines)


def line_words(line: ClaimLine) -> str:
    """A line: with its number, units and diagnoses."""
    code = "-".join([line.code or line.revenue, *line.modifiers])
    units = message("claims.line_units", units=f"{line.units:g}") if line.units is not None else ""
    diagnoses = ", ".join(line.diagnoses)
    return message(
        "claims.line",
        number=line.line,
        code=code,
        units=units,
        diagnoses=message("claims.line_diagnoses", codes=diagnoses) if diagnoses else "",
        place=message("claims.line_place", place=line.place) if line.place else "",
        day=message("claims.line_day", day=line.date) if line.date else "",
    )


def shown_verdicts(answer: Answer) -> list[Verdict]:
    """The verdicts that are shown: of a claim those on codes that are not fine."""
    if answer.claim is None and not any(s.headline.kind == "claim" for s in answer.statements):
        return answer.verdicts
    return [
        verdict
        for verdict in answer.verdicts
        if verdict.status not in _FINE
        and not (verdict.system == "icd9cm" and "icd9" in answer.not_checked)
    ]


def shown_pairs(answer: Answer) -> list[Pair]:
    """What was found, each once: two codes that exclude each other have a note each."""
    if answer.claim is None:
        return answer.pairs
    kept: dict[tuple[frozenset[str], str], Pair] = {}
    for pair in answer.pairs:
        kept.setdefault((frozenset(pair.codes), pair.rule), pair)
    return list(kept.values())


def not_checked(answer: Answer) -> str:
    """What was not checked, in a sentence; "" where all was."""
    if not answer.not_checked:
        return ""
    rules = ", ".join(message(f"checks.{rule}") for rule in answer.not_checked)
    return message("claims.not_checked", rules=rules)
