"""What the pages of questions read from the log, for one auditor: all of it, or what is of some
workspaces. It reads by `QueryLog`, which knows a text that was altered and reads PostgreSQL too."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.audit.agreement import Agreement, agreement
from bot.messages import message
from bot.querylog import LogUnavailable, QueryLog, reviews, sampling, search, sign_offs
from bot.querylog.records import Entry, Record
from bot.querylog.sampling import Sample
from bot.querylog.search import Filters
from bot.querylog.sign_offs import Progress, Schedule
from bot.querylog.workspaces import asked_in, is_of
from codesets.errors import CodeDeskError

#: The longest time that a page may read the log, in seconds. SQLite looks at the clock once in so
#: many steps.
_LONGEST, _STEPS = 10.0, 100_000

#: Kinds of records that change what the log has, what an answer leads to, or what may be destroyed.
CHANGING = (
    "redaction", "retention", "hold", "release", "correction", "withdrawal", "restore", "unlogged",
    "clock",
)  # fmt: skip
#: Feedback that does not agree with the answer: a kind of its own among changes.
DISAGREED = "feedback"


def opened_to_read(where: Path | str) -> QueryLog:
    """The log opened once more, so that who records a look does not wait for a long search. Nothing
    can be written to a file through it. Raises LogUnavailable."""
    log = QueryLog(where)
    if log.database.kind == "sqlite":
        with log.reading() as db:
            db.raw.execute("pragma query_only = on")
    return log


class TooSlow(CodeDeskError):
    """Reading took too long; the message says so, and how to narrow it down."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The ids of the questions before and after one: of the same person, and in the same thread;
    None where there is none."""

    person: tuple[str | None, str | None] = (None, None)
    thread: tuple[str | None, str | None] = (None, None)


class Reader:
    """`log` is read here and never written. `teams`: ids of the workspaces and organisations that
    may be seen; None for everything. Every method raises LogUnavailable, and TooSlow."""

    def __init__(self, log: QueryLog, teams: tuple[str, ...] | None = None) -> None:
        self._log, self._teams = log, teams

    @property
    def is_limited(self) -> bool:
        return self._teams is not None

    def page(self, filters: Filters, first: int, most: int) -> tuple[int, list[Record]]:
        """See `bot.querylog.search.page`."""
        with self._in_time():
            return search.page(self._log, replace(filters, teams=self._teams), first, most)

    def each(self, filters: Filters) -> Iterator[Record]:
        """All questions that fit, oldest first."""
        return search.each(self._log, replace(filters, teams=self._teams))

    def question(self, question_id: str) -> tuple[Record, list[Entry]] | None:
        """A question and all its records, in order; None when there is none with exactly this id
        that the auditor may see."""
        with self._in_time():
            record = self._log.get(question_id)
            if record is None or record.id != question_id or not is_of(record, self._teams):
                return None
            return record, self._log.entries("subject = ? order by seq", [record.id])

    def neighbours(self, record: Record) -> Neighbours:
        with self._in_time():
            return Neighbours(
                self._beside(record, {"user": record.user}),
                self._beside(record, {"channel": record.channel, "thread": record.thread}),
            )

    def follow_ups(self, record: Record) -> list[str]:
        """The ids of the questions that go on from one, oldest first."""
        with self._in_time():
            return self._ids("json_extract(body, '$.after') = ? order by seq", [record.id])

    def months(self) -> list[str]:
        """The months from the first question to the last, newest first, as `2026-03`."""
        with self._in_time():
            first, last = (self._at(f"order by seq {way} limit 1") for way in ("", "desc"))
        if first is None or last is None:
            return []
        year, month = int(last[:4]), int(last[5:7])
        found = []
        while (at := f"{year:04}-{month:02}") >= first[:7]:
            found.append(at)
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        return found or [last[:7]]

    def changes(
        self, kinds: Collection[str], days: tuple[str, str], first: int, most: int
    ) -> tuple[int, list[Entry]]:
        """How many records of `kinds` (of CHANGING, and DISAGREED) there are from the first of
        `days` to the second ("" for no bound), and at most `most` of them, newest first, from
        number `first` on."""
        plain = [kind for kind in kinds if kind != DISAGREED]
        conditions = [f"kind in ({_marks(plain)})"] if plain else []
        if DISAGREED in kinds:
            conditions.append("kind = 'feedback' and json_extract(body, '$.verdict') <> 'right'")
        where = "(" + (" or ".join(conditions) or "false") + ")"
        params: list[Any] = list(plain)
        for condition, day in (("at >= ?", days[0]), ("at < ?", days[1] and days[1] + "~")):
            if day:
                where += f" and {condition}"
                params.append(day)
        if self._teams is not None:
            theirs, ids = asked_in(self._teams)
            where += f" and subject in ({theirs})"
            params += ids
        with self._in_time(), self._log.reading() as db:
            (count,) = db.execute(f"select count(*) from records where {where}", params).fetchone()
            page = f"{where} order by seq desc limit ? offset ?"
            return count, self._log.entries(page, [*params, most, first])

    def questions_of(self, entries: Sequence[Entry]) -> dict[str, Record]:
        """The questions that records are about, by id."""
        ids = sorted({entry.subject for entry in entries if entry.subject})
        with self._in_time():
            found = self._log.select(f"id in ({_marks(ids)})", ids) if ids else []
        return {record.id: record for record in found if is_of(record, self._teams)}

    def samples(self) -> list[Progress]:
        """The samples for review that the auditor may see, newest first, each with how far it
        is."""
        with self._in_time():
            found = sampling.samples(self._log, self._teams)
            return [sign_offs.progress(self._log, one) for one in reversed(found)]

    def sample(self, number: int) -> Progress:
        """Raises ReviewRefused where there is none for them with this number."""
        found = self.sample_drawn(number)
        with self._in_time():
            return sign_offs.progress(self._log, found)

    def sample_drawn(self, number: int) -> Sample:
        """A sample, without how far it is. Raises ReviewRefused."""
        with self._in_time():
            return sampling.of_number(self._log, number, self._teams)

    def next_due(self, sample: Sample) -> str | None:
        """The id of the first question of a sample that is due; None where none is."""
        with self._in_time():
            waiting = (one.id for one in sign_offs.each(self._log, sample) if one.state == "due")
            return next(waiting, None)

    def agreement(self) -> Agreement:
        """How far reviewers agree with the answers that the auditor may see."""
        with self._in_time():
            return agreement(reviews.every(self._log, self._teams))

    def schedule(self, every: int | None) -> Schedule | None:
        """How the reviews stand to their schedule; None for auditors with a limit, since it is one
        for all workspaces."""
        if self._teams is not None:
            return None
        with self._in_time(), self._log.reading() as db:
            return sign_offs.schedule(db, every, self._log.now())

    def numbered(self, numbers: Sequence[int]) -> list[Entry]:
        """The records with these numbers, newest first; those of all workspaces."""
        with self._in_time():
            where = f"seq in ({_marks(numbers)}) order by seq desc"
            return self._log.entries(where, list(numbers)) if numbers else []

    def _beside(self, record: Record, same: dict[str, str | None]) -> Any:
        if not all(same.values()):
            return None, None
        alike = " and ".join(f"json_extract(body, '$.{name}') = ?" for name in same)
        found = (
            self._ids(f"{alike} and seq {side} limit 1", [*same.values(), record.seq])
            for side in ("< ? order by seq desc", "> ? order by seq")
        )
        return tuple(next(iter(ids), None) for ids in found)

    def _ids(self, where: str, params: Sequence[Any]) -> list[str]:
        theirs, ids = asked_in(self._teams) if self._teams is not None else ("", [])
        limit = f"subject in ({theirs}) and " if theirs else ""
        with self._log.reading() as db:
            sql = f"select subject from records where kind = 'question' and {limit}{where}"
            return [subject for (subject,) in db.execute(sql, [*ids, *params])]

    def _at(self, which: str) -> str | None:
        theirs, ids = asked_in(self._teams) if self._teams is not None else ("", [])
        limit = f"and subject in ({theirs})" if theirs else ""
        with self._log.reading() as db:
            sql = f"select at from records where kind = 'question' {limit} {which}"
            row = db.execute(sql, ids).fetchone()
        return row[0] if row else None

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """End what is read from SQLite when it takes too long."""
        if self._log.database.kind != "sqlite":
            yield
            return
        end = time.monotonic() + _LONGEST
        with self._log.reading() as db:
            db.raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            try:
                yield
            except LogUnavailable as error:
                if time.monotonic() > end:
                    raise TooSlow(message("audit.too_slow")) from error
                raise
            finally:
                db.raw.set_progress_handler(None, 0)


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))
