"""The stored queries. prompts/messages/audit.toml has their titles and descriptions, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import urlencode

from bot.messages import message
from bot.querylog.records import Access

_IN_TIME = "(:since = '' or day >= :since) and (:until = '' or day <= :until)"
_LAST_FIRST = "order by number desc"
_TIME = {"day__gte": ":since", "day__lte": ":until"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stored query. `params` have a field each, which may be left blank. `narrow` is the view
    with the same rows and its filters, so that one can go on with facets there; a filter's value
    that begins with ":" is the value of that parameter."""

    group: str
    sql: str
    params: tuple[str, ...] = ()
    narrow: tuple[str, Mapping[str, str]] | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def narrower(self, given: Mapping[str, str]) -> str:
        """The address of the view with the same rows; "" when there is none."""
        if self.narrow is None:
            return ""
        view, filters = self.narrow
        values = {
            name: given.get(value[1:], "") if value.startswith(":") else value
            for name, value in filters.items()
        }
        chosen = {name: value for name, value in values.items() if value}
        return f"/log/{view}?{urlencode(chosen)}"


PREPARED = {
    "of_a_code": Prepared(
        "figures",
        "select answered_at, code, title, system, given_as, said_of_it, place, question, person, "
        "channel, question_id from codes_given where (:code = '' or code like :code || '%') "
        f"and {_IN_TIME} {_LAST_FIRST}, place",
        ("code", "since", "until"),
        ("codes_given", {"code__startswith": ":code"} | _TIME),
    ),
    "slow": Prepared(
        "figures",
        "select asked_at, latency_ms, person, question, outcome, codes, question_id "
        "from questions_and_answers where latency_ms >= "
        f"iif(:milliseconds = '', 1000, cast(:milliseconds as real)) and {_IN_TIME} "
        "order by latency_ms desc",
        ("milliseconds", "since", "until"),
        ("questions_and_answers", {"_sort_desc": "latency_ms"} | _TIME),
    ),
    "by_day": Prepared(
        "figures",
        "select day, count(*) as questions, count(distinct person) as people, "
        "count(*) filter (where outcome = 'abstained') as abstained, "
        "count(*) filter (where confidence = 'low') as low_confidence, "
        "count(*) filter (where delivery <> 'delivered') as not_delivered, "
        "count(*) filter (where feedback like '%wrong%' or feedback like '%used%') as disagreed, "
        f"round(avg(latency_ms), 1) as mean_ms from questions_and_answers where {_IN_TIME} "
        "group by day order by day desc",
        ("since", "until"),
    ),
    "by_edition": Prepared(
        "figures",
        "select editions, count(*) as questions, min(day) as first_day, max(day) as last_day, "
        "count(*) filter (where outcome = 'abstained') as abstained, "
        "count(*) filter (where feedback like '%wrong%' or feedback like '%used%') as disagreed "
        f"from questions_and_answers where (:edition = '' or editions like '%' || :edition || '%') "
        f"and {_IN_TIME} group by editions order by questions desc",
        ("edition", "since", "until"),
        ("questions_and_answers", {"editions__contains": ":edition"} | _TIME),
    ),
    "looked": Prepared(
        "kept",
        "select at, by, what, detail, question_id from who_looked "
        "where (:by = '' or by = :by) and (:what = '' or what = :what) "
        f"and {_IN_TIME} {_LAST_FIRST}",
        ("by", "what", "since", "until"),
        ("who_looked", {"by": ":by", "what": ":what"} | _TIME),
        {"what": get_args(Access)},
    ),
    "identifiers_removed": Prepared(
        "kept",
        "select day, removed, count(*) as questions from questions_and_answers "
        f"where removed is not null and {_IN_TIME} group by day, removed order by day desc",
        ("since", "until"),
    ),
    "ran": Prepared(
        "kept",
        f"select at, kind, what from how_it_ran where {_IN_TIME} {_LAST_FIRST}",
        ("since", "until"),
        ("how_it_ran", _TIME),
    ),
}  # fmt: skip

GROUPS = ("kept", "figures")
#: The input type of a parameter's field, if it is not text.
_KINDS = {"since": "date", "until": "date", "milliseconds": "number"}


def of_group(group: str) -> list[str]:
    """The names of the queries of a group, in the order of the home page."""
    return [name for name, one in PREPARED.items() if one.group == group]


def as_metadata() -> dict[str, dict[str, Any]]:
    """The queries as Datasette's metadata. Keys that Datasette does not know are for our
    templates."""
    return {
        name: {
            "sql": one.sql,
            "title": message(f"audit_titles.{name}"),
            "description": message(f"audit_about.{name}"),
            "params": list(one.params),
            "hide_sql": True,
            "fields": [
                {
                    "name": param,
                    "label": message(f"audit_fields.{param}"),
                    "kind": _KINDS.get(param, "text"),
                    "choices": one.choices.get(param, ()),
                }
                for param in one.params
            ],
        }
        for name, one in PREPARED.items()
    }
