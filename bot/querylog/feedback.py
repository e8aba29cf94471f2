"""Feedback on answers, and the corrections that auditors approved because of it.

A proposal is the last feedback of a person on an answer, unless it says that the answer was right.
A correction is a record which says that an auditor approved words for a code. A withdrawal is a
later record that names the correction by its number and ends it. Both stay on record. A correction
whose words were redacted is no longer in force.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.querylog.append import IN_FORCE
from bot.querylog.log import QueryLog
from bot.querylog.records import Record


@dataclass(frozen=True, slots=True)
class Correction:
    """Words that are approved for a code. `number` and `hash` are those of the record."""

    number: int
    at: str
    question_id: str
    phrase: str
    code: str
    system: str
    by: str
    hash: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Feedback that an answer was wrong. `number` is that of its record, `code` the code that the
    person used, if they named one; `corrections` are those in force for the question."""

    number: int
    at: str
    record: Record
    rating: str
    code: str | None
    note: str
    by: str | None
    corrections: tuple[Correction, ...]


def in_force(log: QueryLog) -> list[Correction]:
    """Every correction that was not withdrawn, oldest first."""
    with log.reading() as db:
        rows = db.execute(
            f"select r.seq, r.at, r.subject, t.text, r.body, r.hash from {IN_FORCE} order by r.seq"
        ).fetchall()
    corrections = []
    for seq, at, question_id, phrase, body, hashed in rows:
        stored = json.loads(body)
        code, system, by = stored["code"], stored["system"], stored["by"]
        corrections.append(Correction(seq, at, question_id, phrase, code, system, by, hashed))
    return corrections


def proposals(log: QueryLog) -> list[Proposal]:
    """All proposals, those on the oldest question first."""
    records = log.select(
        "id in (select question from feedback where verdict <> 'right') order by seq"
    )
    return proposals_of(records, in_force(log))


def proposals_of(records: Sequence[Record], corrections: Sequence[Correction]) -> list[Proposal]:
    """The proposals on some questions."""
    proposals = []
    for record in records:
        last_by_person = {entry.get("by") or entry["seq"]: entry for entry in record.feedback}
        approved = tuple(c for c in corrections if c.question_id == record.id)
        for entry in last_by_person.values():
            rating = entry["verdict"]
            if rating == "right":
                continue
            proposals.append(
                Proposal(
                    entry["seq"],
                    entry["at"],
                    record,
                    rating,
                    entry.get("code"),
                    entry.get("note") or "",
                    entry.get("by"),
                    approved,
                )
            )
    return proposals


def question_of(log: QueryLog, identity: str) -> tuple[Record | None, int | None]:
    """The question with an id, or the one that the feedback with a record number is on; in the
    second case with that number."""
    if identity.isdigit():
        rows = log.select("id in (select question from feedback where id = ?)", [int(identity)])
        if rows:
            return rows[0], int(identity)
    return log.get(identity), None
