"""Which questions are of which workspace: each workspace sees its own.

A question is of the workspace in which it was asked: `workspace` of its record, else `team`, which
is the workspace of whoever asked. Only where somebody of another organisation asks do they differ.
`enterprise` is the organisation of the workspace, where that installed the app as a whole. One that
names the organisation means all its workspaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.querylog.records import Record

_OF = (
    "(coalesce(json_extract({body}, '$.workspace'), json_extract({body}, '$.team')) in ({marks}) "
    "or json_extract({body}, '$.enterprise') in ({marks}))"
)


def of_workspace(record: Record) -> str:
    """The id of the workspace that a question is of; "" for one that was not asked in Slack."""
    return record.workspace or record.team or ""


def is_of(record: Record, ids: Sequence[str] | None) -> bool:
    """Whether a question is of one of these workspaces or organisations; None stands for all."""
    if ids is None:
        return True
    return of_workspace(record) in ids or bool(record.enterprise and record.enterprise in ids)


def of_any(ids: Sequence[str], body: str = "body") -> tuple[str, list[Any]]:
    """The same as an SQL condition on the `body` of a question's record, with its parameters."""
    return _OF.format(body=body, marks=", ".join("?" * len(ids)) or "null"), [*ids, *ids]


def asked_in(ids: Sequence[str]) -> tuple[str, list[Any]]:
    """An SQL query for the ids of the questions of these workspaces, with its parameters."""
    condition, params = of_any(ids)
    return f"select subject from records where kind = 'question' and {condition}", params
