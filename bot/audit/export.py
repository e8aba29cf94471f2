"""Exports questions of the log: as a table for a spreadsheet (CSV), or in full (JSON Lines).

No cell of the table is a formula: see bot.audit.csv_safe. JSON Lines have every text unchanged.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from bot.audit import csv_safe
from bot.querylog.records import Record
from codesets.errors import CodeDeskError

Format = Literal["csv", "jsonl"]


class NotWritten(CodeDeskError):
    """A file cannot be written, or is there already; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many questions were written, and the SHA-256 of the bytes."""

    count: int
    sha256: str


def write(
    records: Iterable[Record], kind: Format, as_dict: Callable[[Record], Any], to: BinaryIO
) -> Written:
    """Write questions to an open file. `as_dict` gives all of a question, for JSON Lines."""
    digest, count = hashlib.sha256(), 0

    def put(text: str) -> None:
        data = text.encode()
        digest.update(data)
        to.write(data)

    if kind == "csv":
        # Without a byte order mark, Excel does not read UTF-8.
        put("\ufeff" + csv_safe.row(COLUMNS))
    for record in records:
        count += 1
        if kind == "csv":
            put(csv_safe.row(_cells(record)))
        else:
            put(json.dumps(as_dict(record), ensure_ascii=False) + "\n")
    return Written(count, digest.hexdigest())


# CSV

COLUMNS = (
    "id", "record", "asked_at", "surface", "team", "user", "channel", "question", "removed",
    "outcome", "headline", "report", "confidence", "codes", "releases", "as_of", "answered_at",
    "latency_ms", "delivery", "feedback", "reviews", "index_build", "redacted",
)  # fmt: skip


def _cells(record: Record) -> Iterator[Any]:
    candidates = [code for code in record.codes if "confidence" in code]
    yield from (record.id, record.seq, record.asked_at, record.surface)
    yield from (record.team, record.user, record.channel, record.text, ", ".join(record.removed))
    answer = record.answer or {}
    yield from (record.ended, answer.get("headline", {}).get("text"), _report(answer))
    yield candidates[0]["confidence"] if candidates else None
    yield " ".join(str(code["code"]) for code in record.codes)
    yield ", ".join(sorted(record.releases))
    yield from (record.as_of, record.answered_at, record.latency_ms, record.delivery)
    yield "; ".join(_feedback(entry) for entry in record.feedback)
    yield "; ".join(_review(entry) for entry in record.reviews)
    yield from (record.index_build, "yes" if record.redactions else "")


def _report(answer: dict[str, Any]) -> str:
    """The codes of the report in their order; those of several statements with a bar between."""
    reports = [one["report"] for one in answer.get("statements", [])]
    reports = reports or [answer.get("report", [])]
    return " | ".join(" ".join(str(line["code"]) for line in report) for report in reports)


def _feedback(entry: dict[str, Any]) -> str:
    parts = (entry.get("verdict"), entry.get("code"), entry.get("by"), entry.get("note"))
    return " ".join(str(part) for part in parts if part)


def _review(entry: dict[str, Any]) -> str:
    parts = (entry["mark"], entry.get("should_be"), entry["by"], entry.get("note"))
    return f"line {entry['line']} " + " ".join(str(part) for part in parts if part)


# Files


@contextmanager
def private_file(path: Path | None, *, force: bool = False) -> Iterator[BinaryIO]:
    """A new file that only its owner can read. It appears under its name only when it is complete.
    Without a path it is a temporary file. Raises NotWritten."""
    if path is None:
        with tempfile.TemporaryFile() as file:
            yield file
        return
    if path.exists() and not force:
        raise NotWritten(f"{path} is there already. Name another file, or add --force.")
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    except OSError as error:
        raise NotWritten(f"{path} cannot be written ({error.strerror}).") from error
    try:
        with open(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if force:
            os.replace(name, path)
        else:
            os.link(name, path)  # unlike a replacement, it fails when another made it meanwhile
            os.unlink(name)
    except FileExistsError as error:
        os.unlink(name)
        raise NotWritten(f"{path} is there already. Name another file, or add --force.") from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
