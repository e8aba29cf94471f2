"""What people said was wrong, and the words that auditors approved for codes because of it.

A proposal is the last word of someone on an answer, unless it is that it was right. A correction is
a record that an auditor approved words for a code; a withdrawal, a later record that names it by
its number, ends it. Both stay on record. Words that were redacted hold no longer.
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
    """Words in force for a code. `number` and `hash` are those of its record in the log."""

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
    """What someone said of an answer. `number` is that of the record of it, `code` the one that
    they used, where they named it; `corrections` are those in force for the question."""

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
    found = []
    for seq, at, question_id, phrase, body, hashed in rows:
        told = json.loads(body)
        found.append(
            Correction(
                seq, at, question_id, phrase, told["code"], told["system"], told["by"], hashed
            )
        )
    return found


def proposals(log: QueryLog) -> list[Proposal]:
    """What was proposed, oldest question first."""
    records = log.select(
        "id in (select question from feedback where verdict <> 'right') order by seq"
    )
    return proposals_of(records, in_force(log))


def proposals_of(records: Sequence[Record], corrections: Sequence[Correction]) -> list[Proposal]:
    """What is proposed of some questions."""
    found = []
    for record in records:
        last_words = {told.get("by") or told["seq"]: told for told in record.feedback}
        approved = tuple(c for c in corrections if c.question_id == record.id)
        for told in last_words.values():
            if told["verdict"] == "right":
                continue
            found.append(
                Proposal(
                    told["seq"],
                    told["at"],
                    record,
                    told["verdict"],
                    told.get("code"),
                    told.get("note") or "",
                    told.get("by"),
                    approved,
                )
            )
    return found


def question_of(log: QueryLog, named: str) -> tuple[Record | None, int | None]:
    """The question that an id names, or that the feedback with this record number is of (the number
    comes with it)."""
    if named.isdigit():
        rows = log.select("id in (select question from feedback where id = ?)", [int(named)])
        if rows:
            return rows[0], int(named)
    return log.get(named), None
