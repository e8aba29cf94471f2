"""Decides what loaded coverage policies list for services and diagnoses: billing articles of the
Medicare Coverage Database, by state, contractor and date of service.

It says listed or not listed, and never covered: coverage is decided by the contractor, on the whole
claim and the record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from bot.desk.answer_coverage import Coverage
from bot.desk.coverage_asked import CoverageAsked, has_conditions, is_against, short_name
from bot.desk.coverage_policies import Loaded, PolicyInForce
from bot.desk.reasons import Reason, reason
from codesets.code_format import dot, undot
from codesets.lookups.coverage_groups import fit, scope_of
from codesets.rows_coverage import CoverageGroup, CoveragePolicy, CoverageService
from codesets.store.code_store import CodeStore

#: Pairs of a service and a diagnosis that are looked up in one answer, and results that it has.
MOST_PAIRS, _MOST_RESULTS = 30, 60
#: The order of results: what is listed first.
_ORDER = ("listed", "listed_as_not_supporting", "not_listed", "no_policy")


class CoverageChecks:
    """Looks up policies for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date) -> None:
        self._day = day
        self._loaded = Loaded(store, day)

    @property
    def is_loaded(self) -> bool:
        """Whether any billing article is loaded."""
        return self._loaded.any

    def check(
        self, services: Sequence[str], diagnoses: Sequence[str], asked: CoverageAsked
    ) -> list[Coverage]:
        """What the policies list for each diagnosis with each service, the first MOST_PAIRS pairs.
        `services`: codes of HCPCS Level II and CPT. `diagnoses`: codes of ICD-10-CM."""
        if not services or not diagnoses:
            return []
        found = {code: self._policies(code, asked) for code in dict.fromkeys(services)}
        pairs = islice(product(dict.fromkeys(services), dict.fromkeys(diagnoses)), MOST_PAIRS)
        results: list[Coverage] = []
        for service, diagnosis in pairs:
            of_pair = [
                self._of_policy(policy, service, diagnosis, asked) for policy in found[service]
            ]
            results += sorted(of_pair, key=lambda one: _ORDER.index(one.status)) or [
                self._none(service, diagnosis, asked)
            ]
        return results[:_MOST_RESULTS]

    def about(self, service: str, asked: CoverageAsked) -> list[str]:
        """The numbers of the policies that are about a service, there and on the day."""
        return [policy.row.policy for policy in self._policies(service, asked)]

    def _policies(self, service: str, asked: CoverageAsked) -> list[PolicyInForce]:
        """The policies about a service that are in force, in the state and of the contractor that
        the question names. An LCD counts only where no article is about the service: its diagnoses
        are in its article."""
        found = [policy for policy in self._loaded.about(service) if _is_there(policy, asked)]
        return [one for one in found if one.row.kind == "article"] or found

    def _none(self, service: str, diagnosis: str, asked: CoverageAsked) -> Coverage:
        """That no policy is about the service; with the one that is at another time, if any."""
        where = where_asked(asked)
        key = "coverage.no_policy" if self.is_loaded else "coverage.nothing_loaded"
        told = [reason(key, service=service, diagnosis=diagnosis, where=where)]
        others = [p for p in self._loaded.at_another_time(service) if _is_there(p, asked)]
        for other in others[:1]:
            told.append(
                reason("coverage.other_dates", policy=other.row.policy, dates=_dates_of(other.row))
            )
        return Coverage(service, diagnosis, asked.state, "no_policy", reasons=told)

    def _of_policy(
        self, policy: PolicyInForce, service: str, diagnosis: str, asked: CoverageAsked
    ) -> Coverage:
        row = policy.row
        decided = _decide(policy, service, diagnosis)
        shown = dict(
            service=service,
            diagnosis=diagnosis,
            policy=row.policy,
            contractor=_bound(policy, asked),
            group=decided.group,
        )
        told = [reason(f"coverage.{decided.key}", **shown)]
        told += [reason(f"coverage.{key}", **shown) for key in decided.also]
        return Coverage(
            service,
            diagnosis,
            asked.state,
            decided.status,  # type: ignore[arg-type]
            policy=row.policy,
            title=row.title,
            contractor="; ".join(policy.contractors),
            states=list(policy.states),
            group=decided.group,
            effective_from=row.effective_from.isoformat() if row.effective_from else "",
            effective_through=row.effective_through.isoformat() if row.effective_through else "",
            conditions=decided.conditions,
            related=list(policy.related),
            release=policy.release,
            reasons=told,
        )


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a policy lists for a pair: the status, the message that says it, messages that add to
    it, the group, and its paragraph."""

    status: str
    key: str
    also: tuple[str, ...] = ()
    group: int | None = None
    conditions: str = ""


def _decide(policy: PolicyInForce, service: str, diagnosis: str) -> _Decided:
    own = policy.services
    if any(one.kind == "excluded" for one in own):
        return _Decided("listed_as_not_supporting", "excluded")
    groups = policy.groups
    covered = [one for one in groups if one.kind == "covered" and one.codes]
    noncovered = [one for one in groups if one.kind == "noncovered" and one.codes]
    if not covered and not noncovered:
        return _Decided("not_listed", "no_diagnoses")
    over_service = [
        one.paragraph
        for one in groups
        if one.kind == "service" and one.paragraph and one.group in {s.group for s in own}
    ]
    supporting, of_others = _of_the_service(covered, own, diagnosis)
    against, _ = _of_the_service(noncovered, own, diagnosis)
    if supporting:
        group, how = supporting[0]
        also = []
        if any(map(is_against, over_service)):
            also.append("service_against")
        if against:
            also.append("against_too")
        if _is_conditional(group, diagnosis):
            also.append("conditions")
        told = " ".join(filter(None, [group.paragraph, group.mark_means, *over_service]))
        key = "listed" if how == "named" else "listed_open"
        return _Decided("listed", key, tuple(also), group.group, told)
    if against:
        group, _ = against[0]
        return _Decided(
            "listed_as_not_supporting", "not_supporting", (), group.group, group.paragraph
        )
    if of_others:
        group, _ = of_others[0]
        return _Decided("not_listed", "of_other_services", (), group.group, group.paragraph)
    return _Decided("not_listed", "not_listed" if covered else "only_against")


def _of_the_service(
    groups: Sequence[CoverageGroup], services: Sequence[CoverageService], diagnosis: str
) -> tuple[list[tuple[CoverageGroup, str]], list[tuple[CoverageGroup, str]]]:
    """The groups that have the diagnosis: those whose paragraph names the service, then those whose
    paragraph names none; and apart from these, those that are for other services."""
    found: list[tuple[CoverageGroup, str]] = []
    for group in groups:
        if _is_among(diagnosis, group.codes):
            numbers = {service.group for service in services if service.group}
            found.append((group, fit(scope_of(group.paragraph), services[0].code, numbers)))
    ours = [one for how in ("named", "open") for one in found if one[1] == how]
    return ours, [one for one in found if one[1] == "other"]


def _is_conditional(group: CoverageGroup, diagnosis: str) -> bool:
    """Whether the group, or the asterisk of the diagnosis in it, names conditions."""
    return _is_among(diagnosis, group.marked) or has_conditions(group.paragraph)


def _is_among(diagnosis: str, codes: Sequence[str]) -> bool:
    """Whether published codes, with their dots or without, have a diagnosis."""
    plain = undot(diagnosis)
    return dot(plain) in codes or plain in codes


# For people


def of_question(coverage: Sequence[Coverage], asked: CoverageAsked) -> Iterator[Reason]:
    """The answer to a question about coverage in one line, or in one for each of a few pairs."""
    pairs: dict[tuple[str, str], list[Coverage]] = {}
    for one in coverage:
        pairs.setdefault((one.service, one.diagnosis), []).append(one)
    if len(pairs) > 1:
        yield from _of_many(pairs, asked)
        return
    for (service, diagnosis), results in pairs.items():
        best = results[0]
        if best.status == "no_policy":
            yield from best.reasons
        elif len(results) == 1:
            yield reason(
                f"coverage.headline_{_shade(best)}",
                service=service,
                diagnosis=diagnosis,
                policy=best.policy,
                group=best.group,
                bound=_named(best, asked),
            )
        else:
            yield _of_several(service, diagnosis, results, asked)
            if not asked.state:
                yield reason("coverage.which_state")


def _shade(one: Coverage) -> str:
    """The status, more exactly: a group that names no service, or only others."""
    key = one.reasons[0].key.partition(".")[2]
    return {"listed_open": "listed_open", "of_other_services": "of_others"}.get(key, one.status)


def _of_several(
    service: str, diagnosis: str, results: Sequence[Coverage], asked: CoverageAsked
) -> Reason:
    """Of one pair and several policies: in how many it is listed, and which the first are."""
    listed = [one for one in results if one.status == "listed"]
    first = ", ".join(f"{one.policy} ({_named(one, asked)})" for one in (listed or results)[:3])
    key = "all" if len(listed) == len(results) else "some" if listed else "in_none"
    return reason(
        f"coverage.headline_{key}",
        service=service,
        diagnosis=diagnosis,
        count=len(listed),
        all=len(results),
        first=first,
    )


def _of_many(
    pairs: dict[tuple[str, str], list[Coverage]], asked: CoverageAsked
) -> Iterator[Reason]:
    """Of several pairs: which of them each result has."""
    by_status: dict[str, list[str]] = {}
    for (service, diagnosis), results in pairs.items():
        statuses = {one.status for one in results}
        status = results[0].status if len(statuses) == 1 else "by_policy"
        by_status.setdefault(status, []).append(f"{diagnosis} + {service}")
    for each in (*_ORDER, "by_policy"):
        if named := by_status.get(each):
            more = len(named) - 4
            yield reason(
                f"coverage.pairs_{each}",
                pairs=", ".join(named[:4]) + (f" (+{more})" if more > 0 else ""),
            )
    if not asked.state and any(one.policy for each in pairs.values() for one in each):
        yield reason("coverage.which_state")


def _named(one: Coverage, asked: CoverageAsked) -> str:
    """Whose policy it is, and where: "First Coast, FL"."""
    names = dict.fromkeys(short_name(name) for name in one.contractor.split("; ") if name)
    states = [asked.state] if asked.state else one.states if len(one.states) <= 3 else []
    return ", ".join([*names, *states]) or one.release


def _bound(policy: PolicyInForce, asked: CoverageAsked) -> str:
    names = dict.fromkeys(map(short_name, policy.contractors))
    return ", ".join([*names, *([asked.state] if asked.state else [])])


def where_asked(asked: CoverageAsked) -> str | Reason:
    """The contractor and the state that a question names, in parentheses; "" for none."""
    named = ", ".join(filter(None, [asked.contractor, asked.state]))
    return reason("coverage.where", where=named) if named else ""


def _dates_of(row: CoveragePolicy) -> Reason:
    first, last = row.effective_from, row.effective_through
    if last is None:
        return reason("coverage.from", first=first)
    return reason("coverage.from_through", first=first, last=last)


def _is_there(policy: PolicyInForce, asked: CoverageAsked) -> bool:
    """Whether a policy is in force in the state, and of the contractor, that the question names."""
    if asked.contractor and asked.contractor not in map(short_name, policy.contractors):
        return False
    return not asked.state or asked.state in policy.states
