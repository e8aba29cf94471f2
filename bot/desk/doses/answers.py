"""The answer to a question about doses: its lines before those of what else is stated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Candidate, Headline, Outcome, ShownFact
from bot.desk.doses.deciding import Decision
from bot.desk.doses.lines import Dosed, headline_alone, headline_of, lines_of
from bot.desk.doses.reading import DoseQuestion
from bot.desk.notices import noticed


def answered(asked: DoseQuestion, answer: Answer) -> Answer:
    """The answer with the lines of the doses, before those of what else is stated, and with their
    codes first among the candidates."""
    if asked.alone is not None:
        return _alone(asked.alone, answer)
    lines = [line for one in asked.dosed for line in lines_of(one)]
    codes = {line.code for line in lines}
    if answer.verdicts:
        lines += [line for line in answer.report if line.code not in codes]
    told = headline_of(asked.dosed)
    named = list(dict.fromkeys(one.code.code for one in asked.dosed))
    drugs = [ShownFact(one.said, "drug", "affirmed") for one in asked.dosed]
    outcome: Outcome = "verdict" if answer.verdicts else "answered"
    return replace(
        answer,
        outcome=outcome,
        headline=Headline("units", named, reasons=told),
        report=[replace(line, line=number) for number, line in enumerate(lines, 1)],
        facts=[*drugs, *(answer.facts if answer.verdicts else [])],
        candidates=_first(asked.dosed, answer.candidates)
        if not answer.verdicts
        else answer.candidates,
    )


def _alone(decision: Decision, answer: Answer) -> Answer:
    """The answer on a dose of a billing unit that the question names, without a code."""
    told = headline_alone(decision)
    why = [*decision.why, *decision.of_waste]
    return noticed(
        replace(answer, outcome="answered", headline=Headline("units", reasons=[told])), *why
    )


def beside(answer: Answer, report: Callable[[Answer], Answer]) -> Answer:
    """The answer with the lines of what else is stated behind its own. `report` gives an answer
    with these lines alone."""
    stated = report(replace(answer, report=[], facts=[]))
    lines = [*answer.report, *stated.report]
    return replace(
        answer,
        report=[replace(line, line=number) for number, line in enumerate(lines, 1)],
        facts=[*answer.facts, *stated.facts],
    )


def _first(dosed: Sequence[Dosed], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with the codes of the doses first."""
    known = {candidate.code: candidate for candidate in candidates}
    top = max((candidate.score for candidate in candidates), default=0.0)
    first = [
        known.get(one.code.code)
        or Candidate(
            1, "hcpcs", one.code.code, one.code.title, one.code.billable, one.code.release, top,
            one.confidence, [one.said],
        )
        for one in dosed
    ]  # fmt: skip
    codes = {candidate.code for candidate in first}
    rest = [c for c in candidates if c.code not in codes and c.system == "hcpcs"]
    return [replace(one, rank=rank) for rank, one in enumerate([*first, *rest], 1)]
