"""Migrates a log of version 1, which had no chain: tables of questions, answers and deliveries."""

from __future__ import annotations

import json
import secrets
from typing import Any

from bot.database import Connection
from bot.desk.answer import Answer
from bot.messages import message
from bot.phi import Scrubber
from bot.querylog import schema_sqlite
from bot.querylog.append import ChainAppender
from bot.querylog.hash_chain import LogKey
from bot.querylog.records import (
    VERSION_1_QUESTION_FIELDS,
    QuestionRecord,
    answer_body,
    delivery_body,
    question_body,
)


def migrate(db: Connection, now: str, key: LogKey | None, scrubber: Scrubber) -> None:
    """Append all to a new chain, in the current transaction."""
    raw = db.raw
    schema_sqlite.set_version_1_aside(raw)
    schema_sqlite.create(raw, secrets.token_hex(8), now)
    appender = ChainAppender(db, now, key)
    appender.read_end()
    mark: dict[str, Any] = {"imported": 1}
    for number, (kind, row) in enumerate(schema_sqlite.version_1_rows(raw)):
        if number % 1000 == 0:
            appender.expect_all_there()
        if kind == "question":
            # Version 1 had no scrubber.
            scrubbed = scrubber.scrub(row["text"])
            fields = {name: row[name] for name in VERSION_1_QUESTION_FIELDS}
            fields["text"] = scrubbed.text
            question = QuestionRecord(**fields, removed=scrubbed.removed)
            body, texts = question_body(question)
            appender.append(kind, row["id"], body | mark, texts, row["asked_at"])
        elif kind == "answer":
            today = row["answered_at"][:10]
            answer = Answer.from_dict(_version_1_answer(row["answer"], today))
            body, texts = answer_body(answer, row["codes"], row["releases"], today)
            body |= {"index_build": row["index_build"], "latency_ms": row["latency_ms"]}
            appender.append(kind, row["question"], body | mark, texts, row["answered_at"])
        else:
            body, texts = delivery_body(row["kind"], row["outcome"], row["detail"] or "")
            appender.append(kind, row["question"], body | mark, texts, row["at"])
    appender.expect_all_there()
    schema_sqlite.drop_version_1(raw)


def _version_1_answer(stored: dict[str, Any], today: str) -> dict[str, Any]:
    """An answer as version 1 stored it. Unless its date of service is the day on which it was
    given, words stand in place of the date."""
    if stored["as_of"] in ("", today):
        return stored
    words = json.dumps(message("desk.date_of_service"))[1:-1]
    return json.loads(json.dumps(stored).replace(stored["as_of"], words)) | {"as_of": ""}
