"""Adds what coverage policies list to an answer about codes."""

from __future__ import annotations

from dataclasses import replace

from bot.desk.answer import Answer, Headline
from bot.desk.coverage import MOST_PAIRS, CoverageChecks, of_question, where_asked
from bot.desk.coverage_asked import CoverageAsked, read_coverage
from bot.desk.notices import noticed
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from codesets.store.code_store import CodeStore

#: Policies that the first line names.
_FEW = 5


def with_coverage(store: CodeStore, question: Question, answer: Answer) -> Answer:
    """The answer with what loaded policies list for its services and diagnoses. Where the question
    asks about coverage, that is its first line; else it stands beside, if a policy is about a
    service."""
    services, diagnoses = _services(question), _diagnoses(question, answer)
    if not services:
        return answer
    asked = read_coverage(question.text)
    if not (asked.asks or diagnoses):
        return answer
    checks = CoverageChecks(store, question.day)
    if not checks.is_loaded:
        if not asked.asks:
            return answer
        answer = noticed(answer, reason("coverage.how_to_load"))
    if not diagnoses:
        told = [_about(checks, service, asked) for service in services]
        return replace(answer, headline=Headline("coverage", services, reasons=told))
    coverage = checks.check(services, diagnoses, asked)
    if not asked.asks:
        coverage = [one for one in coverage if one.status != "no_policy"]
        return replace(answer, coverage=coverage)
    if len(services) * len(diagnoses) > MOST_PAIRS:
        answer = noticed(answer, reason("coverage.left_out", most=MOST_PAIRS))
    codes = list(dict.fromkeys(c for one in coverage for c in (one.diagnosis, one.service)))
    told = list(of_question(coverage, asked))
    return replace(answer, coverage=coverage, headline=Headline("coverage", codes, reasons=told))


def _services(question: Question) -> list[str]:
    return _named(question, ("hcpcs", "cpt"))


def _diagnoses(question: Question, answer: Answer) -> list[str]:
    """The diagnoses that the question names; else those of the case that it states."""
    named = _named(question, ("icd10cm",))
    return named or [line.code for line in answer.report if line.system == "icd10cm"]


def _named(question: Question, systems: tuple[str, ...]) -> list[str]:
    mentions = [m for m in question.mentions if m.kind == "code" and not m.also and not m.damage]
    return list(dict.fromkeys(m.code for m in mentions if m.system in systems))


def _about(checks: CoverageChecks, service: str, asked: CoverageAsked) -> Reason:
    """For a service alone: the policies that are about it."""
    numbers = checks.about(service, asked)
    where = where_asked(asked)
    if not numbers:
        return reason("coverage.no_service", service=service, where=where)
    policies = ", ".join(numbers[:_FEW]) + (" …" if len(numbers) > _FEW else "")
    return reason("coverage.name_diagnosis", service=service, where=where, policies=policies)
