"""The end of the chain: the one place where a record is added."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from bot.database import Connection, Cursor, DatabaseError
from bot.querylog import hash_chain
from bot.querylog.hash_chain import LogKey, LogUnavailable
from bot.querylog.records import QuestionRecord
from codesets.errors import CodeDeskError


class NoSuchQuestion(CodeDeskError):
    """The log has no question with that id, or nothing of it is left; the message says which."""


class AlreadyAnswered(CodeDeskError):
    """The log has an answer to that question: another process was faster. The message says so."""


class NoSuchCorrection(CodeDeskError):
    """The log has no correction in force with that number; the message says so."""


#: Records of corrections that were not withdrawn (`r`), with their words (`t`).
IN_FORCE = """
    records r join texts t on t.record = r.seq and t.name = 'phrase'
    where r.kind = 'correction' and r.seq not in (
        select cast(json_extract(body, '$.correction') as bigint) from records
        where kind = 'withdrawal'
    )
"""


_RECORD = "seq, at, kind, subject, body, previous, hash, seal"
_TEXT = "record, name, salt, text"


#: The log, the end of its chain, and, without a key, whether a record says that sealing began:
#: seals alone can be removed.
_END = """
    select l.id, l.created, r.seq, r.at, r.hash, r.seal, exists (
        select 1 from records where kind in (?, 'retention')
        and json_extract(body, '$.sealed_from') is not null
    ) from log l
    left join (select seq, at, hash, seal from records order by seq desc limit 1) r on true
"""
_QUESTION = "select 1 from records where kind = 'question' and subject = ?"
_KNOWN = "select 1 from records where kind = 'question' and json_extract(body, '$.{}') = ?"
#: In PostgreSQL a row that is not there as it was written is an error, of this class and kind. So
#: the transaction ends together with the check, and nobody waits for the answer in between.
_KEPT = """
    select 1 / case when exists (
        select 1 from records where seq = ? and at = ? and kind = ?
        and subject is not distinct from cast(? as text) and body = ? and previous = ? and hash = ?
        and seal is not distinct from cast(? as text)
    ) and (select count(*) from texts where record = ?) = ? {} then 1 else 0 end
"""
_TEXT_KEPT = (
    "and exists (select 1 from texts where record = ? and name = ? and salt = ? and text = ?)"
)


#: The kind of the record that says that the clock went back: `last` and `last_at` are the number
#: and the time of the record before it.
CLOCK = "clock"
#: Seconds by which a record may be earlier than the one before it: clocks are corrected in small
#: steps, and those of several hosts differ a little.
CLOCKS_DIFFER = 2.0


def seconds_back(before: str, now: str) -> float:
    """By how many seconds a time of the log is earlier than one before it; 0 for one that is not,
    and for times that cannot be read."""
    if now >= before:
        return 0.0
    try:
        earlier, later = dt.datetime.fromisoformat(now), dt.datetime.fromisoformat(before)
        return max((later - earlier).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


#: A record to be added: its kind, its subject, its body, and its texts.
New = tuple[str, str | None, Mapping[str, Any], Mapping[str, str] | None]


def _marks_of(question: QuestionRecord) -> list[tuple[str, str]]:
    """The ids of the event and of the message, by their names in the body."""
    named = {"event_id": question.event_id, "message_key": question.message_key}
    return [(name, value) for name, value in named.items() if value is not None]


def is_not_kept(error: DatabaseError) -> bool:
    """Whether it says that a row is not there as it was written."""
    return getattr(error.__cause__, "sqlstate", None) == "22012"  # division by zero


class ChainAppender:
    """The end of the chain, inside a transaction that is the only one that may write."""

    def __init__(
        self,
        db: Connection,
        now: str,
        key: LogKey | None,
        system_user: Mapping[str, Any] | None = None,
    ) -> None:
        """`system_user`: see QueryLog."""
        self.db, self.now, self._key = db, now, key
        self._system_user = system_user
        #: Rows that were added and not read back yet.
        self._records: list[tuple[Any, ...]] = []
        self._texts: list[tuple[Any, ...]] = []
        self._checked: list[tuple[Any, ...]] = []
        self._end = db.execute(_END, ["key" if key is None else ""])
        self.seq, self.hash = 0, ""
        #: Answers that were asked for ahead, by what was asked.
        self._ahead: dict[Any, Cursor] = {}
        #: What would be asked of the questions that were added.
        self._added: set[Any] = set()

    def read_end(self, clock: Callable[[], str] | None = None) -> None:
        """Read where the chain ends. Before it, other statements may be sent, which travel with
        it. `clock`: gives the time anew, now that no other process writes; waiting for that may
        have taken seconds. If the clock went back since the last record, a record says so. Raises
        LogUnavailable when nothing may be added with this key."""
        log, created, seq, last_at, self.hash, seal, says_sealed = self._end.fetchone()
        self.now = clock() if clock else self.now
        self.seq = seq or 0
        if seq is None:
            self.hash = hash_chain.genesis_hash(log, created)
        self._check_seal(log, seal, bool(says_sealed))
        if seq is not None and (back := seconds_back(last_at, self.now)) > CLOCKS_DIFFER:
            body = {"last": seq, "last_at": last_at, "seconds_back": round(back, 3)}
            self.append(CLOCK, None, body)

    def _check_seal(self, log: str, seal: str | None, says_sealed: bool) -> None:
        """Raises LogUnavailable when the log is sealed and the key is missing or another one, or
        when the last record does not bear its seal."""
        if self._key is None:
            if seal is not None or says_sealed:
                raise LogUnavailable(
                    "The query log is sealed with a key, and none is set. Set "
                    "CODEDESK_LOG_KEY_FILE to the file that `codedesk log keys` made."
                )
            return
        if self._key.log != log:
            raise LogUnavailable(
                "The log's key is that of another log. Set CODEDESK_LOG_KEY_FILE to this log's key."
            )
        first = self._key.sealed_from
        sealed = self.seq < first or seal == self._key.seal(self.hash)
        if self.seq < first - 1 or not sealed:
            raise LogUnavailable(
                f"The last record of the query log ({self.seq}) is not one that its key sealed: "
                "it was changed, or is an older copy. Nothing is added to it. Run `codedesk log "
                "verify`, and put back the right file."
            )

    def append(
        self,
        kind: str,
        subject: str | None,
        body: Mapping[str, Any],
        texts: Mapping[str, str] | None = None,
        at: str | None = None,
    ) -> int:
        """Add a record to the chain, and return its number. None values of the body are left
        out."""
        return self.append_all([(kind, subject, body, texts)], at)

    def append_all(self, new: Iterable[New], at: str | None = None) -> int:
        """Add several records, and return the number of the last. Many take half as long together:
        the database is called once."""
        records: list[tuple[Any, ...]] = []
        texts_of_all: list[tuple[Any, ...]] = []
        at = at or self.now
        for kind, subject, body, texts in new:
            seq = self.seq + 1
            plain = hash_chain.plain
            salted = [(n, hash_chain.new_salt(), plain(t)) for n, t in (texts or {}).items()]
            stored = {name: value for name, value in body.items() if value is not None}
            if self._system_user and (kind == "question" or stored.get("by")):
                stored["system_user"] = dict(self._system_user)
            if salted:
                stored["texts"] = {
                    name: hash_chain.commitment(salt, text) for name, salt, text in salted
                }
            written = hash_chain.canonical_body(stored)
            hashed = hash_chain.record_hash(seq, at, kind, subject, written, self.hash)
            seal = self._key.seal(hashed) if self._key else None
            records.append((seq, at, kind, subject, written, self.hash, hashed, seal))
            texts_of_all += [(seq, name, salt, text) for name, salt, text in salted]
            if kind == "question":
                marks = ((name, body.get(name)) for name in ("event_id", "message_key"))
                self._added |= {subject, *marks}
            self.seq, self.hash = seq, hashed
        self.db.executemany(
            f"insert into records ({_RECORD}) values (?, ?, ?, ?, ?, ?, ?, ?)", records
        )
        self.db.executemany(f"insert into texts ({_TEXT}) values (?, ?, ?, ?)", texts_of_all)
        self._records += records
        self._texts += texts_of_all
        return self.seq

    def expect_all_there(self) -> None:
        """Raises LogUnavailable when a row that was added cannot be read back as it was written.
        Then nobody may be told that it is on record."""
        if not self._records:
            return
        if self.db.kind == "postgres":
            self._let_the_server_check()
            return
        first = [self._records[0][0]]
        records = self.db.execute(
            f"select {_RECORD} from records where seq >= ? order by seq", first
        ).fetchall()
        # SQLite would read the texts of the whole log without it.
        by_record = self.db.indexed_by("texts_by_record")
        texts = self.db.execute(
            f"select {_TEXT} from texts {by_record} where record >= ? order by id", first
        ).fetchall()
        if records != self._records or texts != self._texts:
            raise self.not_kept()
        self._records, self._texts = [], []

    def _let_the_server_check(self) -> None:
        """Raises an error for which `is_not_kept` holds, at the end of the transaction at last."""
        texts: dict[int, list[tuple[Any, ...]]] = {}
        for text in self._texts:
            texts.setdefault(text[0], []).append(text)
        for record in self._records:
            of_it = texts.get(record[0], [])
            params = [*record, record[0], len(of_it), *chain.from_iterable(of_it)]
            self.db.execute(_KEPT.format(" ".join([_TEXT_KEPT] * len(of_it))), params)
        self._checked, self._records, self._texts = self._records, [], []

    def not_kept(self) -> LogUnavailable:
        first = (self._records or self._checked)[0][0]
        return LogUnavailable(
            f"Record {first} of the query log was not kept as it was written, and nothing was "
            "stored: the database was altered. Run `codedesk log verify`, and put back the right "
            "one."
        )

    def seal_from_here(self, key: LogKey) -> None:
        self._key = key

    def ask_for_questions(self, question_ids: Iterable[str]) -> None:
        """Ask ahead whether there are these questions."""
        for question_id in question_ids:
            self._ahead[question_id] = self.db.execute(_QUESTION, [question_id])

    def ask_whether_known(self, question: QuestionRecord, question_id: str) -> None:
        """Ask ahead what `knows` and `has_question` need."""
        self.ask_for_questions([question_id])
        for name, value in _marks_of(question):
            self._ahead[name, value] = self.db.execute(_KNOWN.format(name), [value])

    def _is_there(self, what: Any, sql: str, value: str) -> bool:
        if what in self._added:
            return True
        # Read once. Nobody else writes meanwhile, so it holds but for what is added here.
        rows = self._ahead.pop(what, None)
        return (rows or self.db.execute(sql, [value])).fetchone() is not None

    def has_question(self, question_id: str) -> bool:
        return self._is_there(question_id, _QUESTION, question_id)

    def expect_question(self, question_id: str) -> None:
        """Raises NoSuchQuestion."""
        if not self.has_question(question_id):
            raise NoSuchQuestion(f"No question in the log has the id {question_id}.")

    def expect_unanswered(self, question_id: str) -> None:
        """Raises AlreadyAnswered."""
        rows = self.db.execute(
            "select 1 from records where kind = 'answer' and subject = ?", [question_id]
        )
        if rows.fetchone() is not None:
            raise AlreadyAnswered(f"The log has an answer to question {question_id} already.")

    def knows(self, question: QuestionRecord) -> bool:
        """Whether this event or this message is in the log already."""
        return any(
            self._is_there((name, value), _KNOWN.format(name), value)
            for name, value in _marks_of(question)
        )

    def knows_feedback(self, question_id: str, body: Mapping[str, Any], note: str) -> bool:
        """Whether this event is in the log already, or the last feedback of the same person on the
        question was the same."""
        rows = self.db.execute(
            "select r.body, coalesce(t.text, '') from records r "
            "left join texts t on t.record = r.seq and t.name = 'note' "
            "where r.kind = 'feedback' and r.subject = ? order by r.seq",
            [question_id],
        )
        earlier = [(json.loads(stored), text) for stored, text in rows]
        event = body["event_id"]
        if event is not None and any(b.get("event_id") == event for b, _ in earlier):
            return True
        of_theirs = [(b, text) for b, text in earlier if body["by"] and b.get("by") == body["by"]]
        if not of_theirs:
            return False
        last, last_note = of_theirs[-1]
        same = all(last.get(name) == body[name] for name in ("verdict", "code"))
        return same and note in ("", last_note)

    def redactions_of(self, question_id: str) -> int:
        """How often something of a question was destroyed."""
        rows = self.db.execute(
            "select count(*) from records where subject = ? and kind = 'redaction'", [question_id]
        )
        return int(rows.fetchone()[0])

    def repeats_review(self, question_id: str, body: Mapping[str, Any], note: str) -> bool:
        """Whether the last review of the same person on the same line, in the same sample, said the
        same."""
        rows = self.db.execute(
            "select r.body, coalesce(t.text, '') from records r "
            "left join texts t on t.record = r.seq and t.name = 'note' "
            "where r.kind = 'review' and r.subject = ? order by r.seq desc",
            [question_id],
        )
        for stored, last_note in rows:
            last = json.loads(stored)
            if all(last.get(name) == body[name] for name in ("by", "line", "sample")):
                same = all(
                    last.get(name) == body[name]
                    for name in ("mark", "should_be", "should_be_system")
                )
                return same and note in ("", last_note)
        return False

    def approves(self, phrase: str, code: str, system: str) -> bool:
        """Whether a correction in force has this phrase for this code."""
        rows = self.db.execute(
            f"select 1 from {IN_FORCE} and lower(t.text) = lower(?) "
            "and json_extract(r.body, '$.code') = ? and json_extract(r.body, '$.system') = ?",
            [phrase, code, system],
        )
        return rows.fetchone() is not None

    def expect_correction(self, number: int) -> str:
        """The question id of a correction in force. Raises NoSuchCorrection."""
        rows = self.db.execute(f"select r.subject from {IN_FORCE} and r.seq = ?", [number])
        row = rows.fetchone()
        if row is None:
            raise NoSuchCorrection(
                f"Record {number} is not a correction in force. `codedesk log corrections` lists "
                "those that are."
            )
        return row[0]
