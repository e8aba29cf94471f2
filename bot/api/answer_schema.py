"""The JSON schema of an answer, for OpenAPI: from the dataclasses that make the answer, and what
their docstrings say of each field. docs/ANSWER.md is the same contract for people."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.desk.answer import Answer

#: Fields that are not in the JSON, and the one that is left out where it has nothing to say.
_UNSEEN, _OPTIONAL = {"Answer": {"releases", "reasons"}}, {"Answer": {"changes"}}
_FIELD = re.compile(r"^- ((?:`\w+`(?:, )?)+): (.+)$", re.S)
#: What an answer has of its report alone.
REPORT = ("id", "as_of", "outcome", "headline", "report", "asks", "statements", "notices")


@cache
def schemas() -> dict[str, Any]:
    """Name -> schema of an answer, of the report of one, and of all that they are made of."""
    whole = TypeAdapter(Answer).json_schema(ref_template="#/components/schemas/{model}")
    named = whole.pop("$defs")
    named.pop("Reason")
    described = {
        name: _described(name, schema) for name, schema in {"Answer": whole, **named}.items()
    }
    fields = described["Answer"]["properties"]
    described["Report"] = {
        "type": "object",
        "title": "Report",
        "description": "The report of an answer alone.",
        "properties": {name: fields[name] for name in REPORT},
        "required": [*REPORT],
    }
    return described


def _described(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    about, *bullets = re.split(r"\n(?=- `)", schema.get("description", ""))
    says: dict[str, str] = {}
    for bullet in bullets:
        if found := _FIELD.match(bullet):
            told = " ".join(found[2].split()).replace("None", "null")
            says |= dict.fromkeys(re.findall(r"`(\w+)`", found[1]), told)
    unseen = _UNSEEN.get(name, {"reasons"})
    properties = {}
    for field, its in schema.get("properties", {}).items():
        if field in unseen:
            continue
        its = {key: value for key, value in its.items() if key not in ("title", "default")}
        if field in says:
            its["description"] = says[field]
        properties[field] = its
    return {
        "type": "object",
        "title": name,
        "description": " ".join(about.split()),
        "properties": properties,
        # Every key is always there.
        "required": [field for field in properties if field not in _OPTIONAL.get(name, ())],
    }
