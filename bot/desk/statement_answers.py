"""Several statements in one message, as questions of their own and as one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Headline, StatementReport
from bot.desk.headlines import headlined, of_claims
from bot.desk.intent import is_about_a_rule
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from bot.desk.statements import MOST_STATEMENTS, split
from bot.x12.plain import claim_text, without_days
from bot.x12.records import Claim


def parts_of(question: Question, read: Callable[[str], Question]) -> list[Question]:
    """The statements of a question, each as a question of its own: at most twenty. The question
    itself where it is one statement, asks about a rule, or is about the codes that it names. `read`
    reads a scrubbed text, for the date of the question."""
    if question.intent == "claim":
        return [_claim(question, claim) for claim in question.claims[:MOST_STATEMENTS]]
    if question.intent not in ("search", "codes") or question.picked is not None:
        return [question]
    texts = split(question.statement)
    if len(texts) == 1 or is_about_a_rule(question.text) == 1.0:
        return [question]
    parts = [_as_part(question, read(text)) for text in texts[:MOST_STATEMENTS]]
    with_codes = sum(part.intent == "codes" for part in parts)
    return [question] if with_codes * 2 >= len(parts) else parts


def _as_part(question: Question, part: Question) -> Question:
    return replace(
        part,
        releases=question.releases,
        dated=question.dated,
        service_date=question.service_date,
        day=question.day,
        read_ms=0.0,
    )


def _claim(question: Question, claim: Claim) -> Question:
    """One of several claims of a question, for its own date."""
    if len(question.claims) == 1:
        return question
    day = (claim.through if claim.inpatient else None) or claim.day
    return replace(
        question,
        claims=(claim,),
        scrubbed=claim_text(without_days(claim)),
        service_date=day or question.service_date,
        day=day or question.day,
        read_ms=0.0,
    )


def together(question: Question, begun: Answer, answers: Sequence[Answer]) -> Answer:
    """One answer of those to the statements of a question. `begun`: what was noticed of the
    question as a whole."""
    each = [headlined(answer) for answer in answers]
    first = next((one for one in each if one.outcome != "abstained"), each[0])
    headline = Headline("none")
    if question.claims:
        first = next((one for one in each if one.claim and one.claim.to_mend), first)
        headline = of_claims([one.claim for one in each if one.claim])
    given = len(question.claims) or len(split(question.statement))
    left = given - len(each)
    more = [reason("report.too_many", most=len(each), count=left)] if left else []
    if left and question.claims:
        more = [reason("claims.other_claims", most=len(each))]
    told = {(one.key, repr(one.params)): one for one in (*begun.reasons, *_reasons(each), *more)}
    return replace(
        first,
        question=question.scrubbed,
        headline=headline,
        statements=[
            StatementReport(one.question, one.headline, one.report, one.asks, one.facts)
            for one in each
        ],
        verdicts=[verdict for one in each for verdict in one.verdicts],
        pairs=[pair for one in each for pair in one.pairs],
        not_checked=list(dict.fromkeys(rule for one in each for rule in one.not_checked)),
        reasons=list(told.values()),
        releases={key: label for one in each for key, label in one.releases.items()},
        elapsed_ms=round(question.read_ms + sum(one.elapsed_ms for one in each), 2),
    )


def _reasons(answers: Sequence[Answer]) -> Iterator[Reason]:
    """What was noticed of statements that have an answer; of the others, their headline tells."""
    for answer in answers:
        if answer.outcome != "abstained":
            yield from answer.reasons
