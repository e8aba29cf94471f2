"""ValueSet/$expand: https://hl7.org/fhir/R4/valueset-operation-expand.html."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.answer import Answer
from bot.desk.edition_asked import EditionAsked
from bot.fhir.lookup import other_names
from bot.fhir.systems import uri_of, version_of
from bot.fhir.value_sets import ValueSet
from codesets.code_format import undot
from codesets.model import Code, Release, System
from codesets.store.code_store import CodeStore

#: Codes on a page where the request does not say, and the most on one.
COUNT, MOST = 100, 1000
#: The most that a search is asked for.
MOST_FOUND = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request wants to see of a value set."""

    count: int = COUNT
    offset: int = 0
    filter: str = ""
    active_only: bool = False
    designations: bool = False


def found_codes(
    store: CodeStore, release: Release, answer: Answer, value_set: ValueSet
) -> list[Code]:
    """The codes that a search found, best first: the lines of its report, its candidates, or the
    codes that the words name, with those that complete them. Each is in the edition."""
    named = [v for v in answer.verdicts if v.system == value_set.system and v.kind == "code"]
    codes = [
        *(line.code for line in answer.report if line.system == value_set.system),
        *(one.code for one in answer.candidates if one.system == value_set.system),
        *(
            code
            for verdict in named
            for code in (
                verdict.code,
                *(one.code for one in verdict.completions),
                *(one.code for one in verdict.did_you_mean),
            )
        ),
    ]
    known = (store.get(release, code) for code in dict.fromkeys(codes))
    under = undot(value_set.under)
    return [code for code in known if code and undot(code.code).startswith(under)]


def expansion(
    store: CodeStore,
    value_set: ValueSet,
    asked: EditionAsked,
    wanted: Wanted,
    codes: Sequence[Code],
    total: int | None,
) -> dict[str, Any]:
    """The ValueSet with these codes. `total` is how many there are on all pages; None where a
    search does not tell."""
    release = asked.release
    uri, version = uri_of(value_set.system), version_of(release)
    given: dict[str, Any] = {
        "version": f"{uri}|{version}",
        "filter": wanted.filter,
        "activeOnly": wanted.active_only or None,
        "includeDesignations": wanted.designations or None,
        "count": wanted.count,
        "offset": wanted.offset,
    }
    return {
        "resourceType": "ValueSet",
        "url": value_set.url,
        "version": version,
        "name": value_set.name,
        "status": "active",
        "compose": {"include": [{"system": uri, "version": version}]},
        "expansion": {
            "identifier": f"urn:uuid:{uuid.uuid4()}",
            "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            **({} if total is None else {"total": total}),
            "offset": wanted.offset,
            "parameter": [
                _parameter(name, value) for name, value in given.items() if value not in ("", None)
            ],
            "contains": [_contained(store, code, asked, wanted) for code in codes],
        },
    }


def in_force(codes: Iterable[Code], asked: EditionAsked, wanted: Wanted) -> list[Code]:
    """Without those that ended or have not begun, where only active ones are wanted."""
    return [c for c in codes if not wanted.active_only or c.in_force(asked.day)]


def _contained(store: CodeStore, code: Code, asked: EditionAsked, wanted: Wanted) -> dict[str, Any]:
    contained: dict[str, Any] = {"system": uri_of(code.system)}
    if not code.billable and code.system != "icd11":
        contained["abstract"] = True  # A header is shown, and is not billed by itself.
    if not code.in_force(asked.day):
        contained["inactive"] = True
    contained |= {"code": code.code, "display": code.title}
    if wanted.designations and (names := other_names(store, code, asked)):
        contained["designation"] = [{"language": "en", "value": name} for name in names]
    return contained


def _parameter(name: str, value: Any) -> Mapping[str, Any]:
    if name == "version":
        kind = "valueUri"
    elif isinstance(value, bool):
        kind = "valueBoolean"
    else:
        kind = "valueInteger" if isinstance(value, int) else "valueString"
    return {"name": name, kind: value}


def systems_searched(value_set: ValueSet) -> list[System]:
    return [value_set.system]  # type: ignore[list-item]  # it is loaded
