"""The rules of this house and of payers for the codes of an answer, out of the loaded tables.

They stand beside what is official, and change nothing of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from bot.desk.answer import Answer
from bot.desk.answer_policies import HousePolicy
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from codesets.code_format import undot
from codesets.model import CodeRange, Reference
from codesets.rows_policies import HouseRule
from codesets.store.code_store import CodeStore

#: Rules that an answer has, and those that it shows before "and N more".
_MOST, MOST_SHOWN = 50, 5
#: Words of a payer's name that many payers share, so that they name none.
_COMMON = frozenset(
    """advantage and blue choice commercial community first general group health healthcare hmo
    inc insurance medical medicare medicaid national of part plan plans ppo state the""".split()
)


class HousePolicies:
    """Safe to share between threads."""

    def __init__(self, store: CodeStore, scrub: Callable[[str], str]) -> None:
        """`scrub`: a text without identifiers of patients."""
        self._references = store.references
        self._scrub = lru_cache(maxsize=4096)(scrub)
        self._read = lru_cache(maxsize=64)(self._rules)

    def beside(self, question: Question, answer: Answer) -> Answer:
        """The answer with the rules for its codes that are in force on the date of service: those
        of the payer that the question names, and those for all payers; of every payer where it
        names none."""
        tables = self._references.all("policies")
        codes = _codes_of(answer) if tables else []
        if not codes:
            return answer
        found = [
            (table, rule, matches)
            for table in tables
            for rule in self._read(table)
            if _in_force(rule, question.day)
            and (matches := [code for code in codes if _is_for(rule, code)])
        ]
        named = _named({rule.payer for _, rule, _ in found}, question.text or question.scrubbed)
        if named:
            found = [one for one in found if one[1].payer in ("", *named)]
        # The rules of the payer that is named, then the narrowest.
        found.sort(key=lambda one: (one[1].payer not in named, _breadth(one[1])))
        return replace(answer, policies=[self._shown(*one) for one in found[:_MOST]])

    def _rules(self, table: Reference) -> tuple[HouseRule, ...]:
        return tuple(self._references.rows(HouseRule, table))

    def _shown(self, table: Reference, rule: HouseRule, matches: Sequence[str]) -> HousePolicy:
        text, origin = self._scrub(rule.text), self._scrub(rule.origin)
        told = reason(
            "policies.rule",
            who=_who(rule),
            code=rule.codes,
            text=text,
            source=reason("policies.source", source=origin) if origin else "",
        )
        return HousePolicy(
            payer=rule.payer,
            code=rule.codes,
            matches=list(matches),
            text=text,
            effective_from=rule.effective_from.isoformat() if rule.effective_from else "",
            effective_through=rule.effective_through.isoformat() if rule.effective_through else "",
            source=origin,
            table=table.label,
            digest=next((file.sha256 for file in table.files), ""),
            row=rule.row,
            reasons=[told],
        )


def tables_of(answers: Iterable[Answer]) -> set[str]:
    """The keys of the tables whose rules these answers show, as provenance names them."""
    return {f"hcpcs/policies/{rule.table}" for answer in answers for rule in answer.policies}


def _codes_of(answer: Answer) -> list[str]:
    """The codes that an answer names or reports."""
    lines = [line for one in answer.statements for line in one.report]
    named = [verdict.code for verdict in answer.verdicts if verdict.kind == "code" and verdict.code]
    return list(dict.fromkeys([*named, *(line.code for line in (*answer.report, *lines))]))


def _is_for(rule: HouseRule, code: str) -> bool:
    return CodeRange(rule.first, rule.last, rule.codes).contains(undot(code))


def _in_force(rule: HouseRule, day: dt.date) -> bool:
    return (rule.effective_from or day) <= day <= (rule.effective_through or day)


def _named(payers: Iterable[str], text: str) -> set[str]:
    """The payers that a text names: by the whole name, or by a word of it that is its own."""
    words = set(re.findall(r"[a-z0-9]+", text.lower()))
    spoken = f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "
    named = set()
    for payer in payers:
        own = re.findall(r"[a-z0-9]+", payer.lower())
        telling = {word for word in own if len(word) >= 4} - _COMMON
        if own and (f" {' '.join(own)} " in spoken or telling & words):
            named.add(payer)
    return named


def _breadth(rule: HouseRule) -> int:
    """How much a rule is for: less for a longer code, most for a range."""
    return -len(rule.first) if rule.first == rule.last else 0


def _who(rule: HouseRule) -> Reason | str:
    """Whose rule it is, and from when to when, in parentheses; "" for neither."""
    first, last = rule.effective_from, rule.effective_through
    dates: Reason | str = ""
    if first and last:
        dates = reason("policies.from_through", first=first, last=last)
    elif first:
        dates = reason("policies.from", first=first)
    elif last:
        dates = reason("policies.through", last=last)
    if rule.payer and dates:
        return reason("policies.payer_dates", payer=rule.payer, dates=dates)
    known = rule.payer or dates
    return reason("policies.who", who=known) if known else ""
