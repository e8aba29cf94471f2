"""Checks each line of a claim with its diagnoses against the loaded coverage policies.

A claim as it is kept has no state, so the policies of every state are looked up. What none of them
lists is to be looked at, and never said to be uncovered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bot.desk.answer import Pair
from bot.desk.answer_coverage import Coverage
from bot.desk.claims.case import Case, found
from bot.desk.coverage import CoverageChecks
from bot.desk.coverage_asked import CoverageAsked
from bot.desk.reasons import reason
from codesets.store.code_store import CodeStore

_NAMED, _MOST_RESULTS = 5, 60
_NEAR = 366


def is_loaded(store: CodeStore, day: dt.date) -> bool:
    """Whether an export is loaded that is near enough to the day to have its policies."""
    return any(one.days_away(day) <= _NEAR for one in store.references.all("coverage"))


def coverage_of(store: CodeStore, case: Case) -> tuple[list[Coverage], list[Pair]]:
    """What policies list for each line with the diagnoses that it points to, and the lines none of
    whose diagnoses a policy lists."""
    if not is_loaded(store, case.day):
        return [], []
    results: dict[tuple[str, str, str], Coverage] = {}
    pairs: dict[tuple[str, ...], Pair] = {}
    checks: dict[dt.date, CoverageChecks] = {}
    for line in case.lines:
        diagnoses = [one.code.code for one in case.pointed(line) if one.code.billable]
        if line.day not in checks:
            checks[line.day] = CoverageChecks(store, line.day)
        service = line.service.code
        asked = CoverageAsked(asks=False)
        told = [
            one
            for one in checks[line.day].check([service], diagnoses, asked)
            if one.status != "no_policy"
        ]
        for one in told:
            results.setdefault((one.service, one.diagnosis, one.policy), one)
        if told and not any(one.status == "listed" for one in told):
            policies = list(dict.fromkeys(one.policy for one in told))
            why = reason(
                "claims.coverage",
                line=line.number,
                code=line.name,
                dx=", ".join(diagnoses[:_NAMED]),
                policies=", ".join(policies[:_NAMED]),
            )
            codes = [service, *diagnoses[:1]]
            pair = found(codes, "coverage", "caution", why, release=told[0].release)
            pairs.setdefault((service, *diagnoses), pair)
    return list(_shown(results))[:_MOST_RESULTS], list(pairs.values())


def _shown(results: dict[tuple[str, str, str], Coverage]) -> Iterator[Coverage]:
    """What is listed, before what is not."""
    yield from (one for one in results.values() if one.status == "listed")
    yield from (one for one in results.values() if one.status != "listed")
