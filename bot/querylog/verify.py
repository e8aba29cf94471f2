"""Re-derive every hash of a log and compare it with its checkpoints; `chain` says what must hold.

The log is opened read-only, as it is at one moment, while others write to it. Records are read as a
stream, so a million of them need no more memory than ten.
"""

from __future__ import annotations

import hmac
import itertools
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bot.querylog import chain, schema
from bot.querylog.chain import LogKey, LogUnavailable
from bot.querylog.checkpoints import Checkpoint, Checkpoints

Verdict = Literal["vouched", "consistent", "tampered"]
EXIT_CODES: dict[Verdict, int] = {"vouched": 0, "consistent": 1, "tampered": 3}


@dataclass(slots=True)
class Verification:
    """What was found. `first` and `last` are the numbers of the records that are there, `bad` is
    the first that is not as it must be (0: the file as a whole) and `why` says so in a sentence."""

    log: str = ""
    first: int = 1
    last: int = 0
    head: str = ""
    bad: int | None = None
    why: str = ""
    #: The newest checkpoint that agrees: the log is what it was then, up to its record.
    checkpoint: Checkpoint | None = None
    #: From which record on records are sealed, and whether the key was there to check them.
    sealed_from: int | None = None
    sealed_checked: bool = False
    redacted: int = 0
    #: The record (a tombstone) that says that what was before `first` was removed by retention.
    tombstone: int | None = None
    #: The last record by which something is excused that is not there: a redaction, a tombstone.
    #: Anyone who can write the log can write one, so it needs to be vouched for, too.
    excuse: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def after(self) -> int:
        """How many records came after the newest checkpoint."""
        return self.last - (self.checkpoint.sequence if self.checkpoint else 0)

    @property
    def verdict(self) -> Verdict:
        if self.bad is not None:
            return "tampered"
        if self.checkpoint is None or self.excuse > self.checkpoint.sequence:
            return "consistent"
        return "vouched"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def sentences(self) -> list[str]:
        """What a person reads: the verdict first."""
        if self.bad is not None:
            where = f"record {self.bad}" if self.bad else "the log"
            return [
                f"TAMPERED, or damaged: {where} is the first that is not as written. {self.why}"
            ]
        told = f"{self.count:,} records ({self.first:,} to {self.last:,}) of log {self.log}: "
        if self.checkpoint is None:
            lines = [told + "chain consistent, tail not vouched for. There is no checkpoint of it."]
        elif self.verdict == "consistent":
            lines = [
                told + "chain consistent, and not all vouched for: something was destroyed, and no "
                f"checkpoint vouches yet for record {self.excuse:,}, which says so."
            ]
        else:
            vouched = f"record {self.checkpoint.sequence:,} by the checkpoint of "
            lines = [told + f"nothing altered. Vouched for up to {vouched}{self.checkpoint.at}."]
        if self.checkpoint is not None and self.after:
            lines.append(
                f"{self.after:,} records came after that checkpoint; the chain holds, and their "
                "end is not vouched for."
            )
        if self.sealed_from is not None:
            how = "every seal checked" if self.sealed_checked else "not checked, without the key"
            lines.append(f"Sealed with a key from record {self.sealed_from:,} on: {how}.")
        if self.tombstone is not None:
            lines.append(
                f"Records 1 to {self.first - 1:,} were removed by retention (record "
                f"{self.tombstone:,} says so)."
            )
        if self.redacted:
            lines.append(f"Texts that a redaction destroyed: {self.redacted:,}.")
        return lines + self.notes

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "log": self.log,
            "first": self.first,
            "last": self.last,
            "count": self.count,
            "head": self.head,
            "first_bad_record": self.bad,
            "why": self.why or None,
            "checkpoint": asdict(self.checkpoint) if self.checkpoint else None,
            "vouched_up_to": self.checkpoint.sequence if self.checkpoint else None,
            "records_after_checkpoint": self.after,
            "sealed_from": self.sealed_from,
            "seals_checked": self.sealed_checked,
            "redacted_texts": self.redacted,
            "excused_by": self.excuse or None,
            "tombstone": self.tombstone,
            "notes": self.notes,
        }


class _Fault(Exception):
    """The first thing that is wrong: at which record, and what."""

    def __init__(self, record: int, why: str) -> None:
        super().__init__(why)
        self.record, self.why = record, why


def verify(
    path: Path,
    *,
    key: LogKey | None = None,
    checkpoints: Checkpoints | None = None,
    against: Path | None = None,
) -> Verification:
    """Raises LogUnavailable when there is no log of this version to verify."""
    found = Verification()
    db = open_read_only(path)
    try:
        # What is no UTF-8 is met at its record, and not while reading ahead.
        db.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        db.execute("begin")  # one moment, whatever is written meanwhile
        if db.execute("select 1 from sqlite_master where name = 'records'").fetchone():
            _check_number(db)
        _check_version(db, path)
        _check_all(db, found, key, checkpoints)
        if against is not None:
            _check_against(db, found, against)
    except _Fault as fault:
        found.bad, found.why = fault.record, fault.why
    except sqlite3.OperationalError as error:
        if not found.head:
            raise LogUnavailable(f"The query log at {path} cannot be read ({error}).") from error
        found.bad, found.why = found.last + 1, f"The database cannot be read there ({error})."
    except sqlite3.DatabaseError as error:
        found.bad, found.why = found.last + 1, f"The database file is damaged ({error})."
    finally:
        db.close()
    return found


def open_read_only(path: Path) -> sqlite3.Connection:
    """Raises LogUnavailable when there is nothing that can be read."""
    if not path.is_file():
        raise LogUnavailable(f"There is no query log at {path}.")
    address = path.absolute().as_uri() + "?mode=ro"
    try:
        db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)
        try:
            db.execute("select 1 from sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # On a medium that cannot be written, a copy put away has no -wal, and can have none.
            db.close()
            if Path(f"{path}-wal").exists():
                raise
            db = sqlite3.connect(address + "&immutable=1", uri=True, isolation_level=None)
            db.execute("select 1 from sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise LogUnavailable(f"The query log at {path} cannot be read ({error}).") from error
    return db


def log_id(path: Path) -> str:
    """The id of the log in a file. Raises LogUnavailable."""
    db = open_read_only(path)
    try:
        _check_version(db, path)
        return db.execute("select id from log").fetchone()[0]
    except (sqlite3.Error, TypeError) as error:
        raise LogUnavailable(f"The query log at {path} cannot be read ({error}).") from error
    finally:
        db.close()


def _check_number(db: sqlite3.Connection) -> None:
    """A log that has a chain was never of a version before the chain."""
    version = db.execute("pragma user_version").fetchone()[0]
    if version < schema.VERSION:
        raise _Fault(0, f"It says that it is of version {version}, which had no chain.")


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    version = db.execute("pragma user_version").fetchone()[0]
    if version == 1:
        raise LogUnavailable(
            f"The query log at {path} is of an earlier Code Desk and has no chain yet. `codedesk "
            "log list` brings it up to date; then verify."
        )
    if version != schema.VERSION:
        raise LogUnavailable(
            f"The file at {path} is not a query log of this Code Desk (version {version})."
        )


def _check_all(
    db: sqlite3.Connection,
    found: Verification,
    key: LogKey | None,
    checkpoints: Checkpoints | None,
) -> None:
    if why := schema.faults(db):
        raise _Fault(0, why)
    if db.execute("select 1 from lifted").fetchone():
        raise _Fault(0, "Its append-only triggers are lifted, as no redaction leaves them.")
    ids = db.execute("select id, created from log").fetchall()
    if len(ids) != 1:
        raise _Fault(0, "The log does not say which log it is.")
    found.log, created = ids[0]
    if key is not None and key.log != found.log:
        raise _Fault(0, f"Its id is {found.log}, and the key is that of log {key.log}.")
    heads = _expected_heads(found, checkpoints)
    found.head = chain.genesis_hash(found.log, created)
    _check_start(db, found)
    # Of the genesis, or of the last record that retention removed.
    for checkpoint in heads.pop(found.last, ()):
        _check_checkpoint(found, checkpoint)
    for row, texts in _records(db):
        try:
            _check_record(db, found, row, texts, key)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
            raise _Fault(row[0], "It is not of the form that records have.") from error
        for checkpoint in heads.pop(found.last, ()):
            _check_checkpoint(found, checkpoint)
    _check_end(db, found, key)
    _check_rest(found, heads)
    # An index that leaves rows out would hide them from every search.
    (state,) = db.execute("pragma integrity_check(1)").fetchone()
    if state != "ok":
        raise _Fault(0, f"Every record is there, and the file is not sound: {state}.")


def _expected_heads(
    found: Verification, checkpoints: Checkpoints | None
) -> dict[int, list[Checkpoint]]:
    """The checkpoints of this log by the record they vouch for."""
    heads: dict[int, list[Checkpoint]] = {}
    if checkpoints is None:
        return heads
    if checkpoints.forged:
        raise _Fault(
            0,
            f"Line {checkpoints.forged[0]} of the checkpoints was not signed by this key: it was "
            "forged or changed, or the public key is another's.",
        )
    if checkpoints.torn:
        lines = ", ".join(map(str, checkpoints.torn))
        found.notes.append(f"Not whole, and left out: line {lines} of the checkpoints.")
    if checkpoints.good and checkpoints.good[-1].log != found.log:
        raise _Fault(
            0,
            f"The newest checkpoint is of log {checkpoints.good[-1].log}, and this is log "
            f"{found.log}: another log was put in its place.",
        )
    for checkpoint in checkpoints.good:
        if checkpoint.log == found.log:
            heads.setdefault(checkpoint.sequence, []).append(checkpoint)
    return heads


def _check_start(db: sqlite3.Connection, found: Verification) -> None:
    """Records may be missing from the start only as a tombstone says."""
    start = db.execute("select seq, previous from records order by seq limit 1").fetchone()
    if start is None or start[0] == 1:
        return
    first, previous = start
    missing = f"Records 1 to {first - 1} are missing"
    row = db.execute(
        "select seq, body from records where kind = 'retention' order by seq desc limit 1"
    ).fetchone()
    if row is None:
        raise _Fault(1, f"{missing}, and no retention tombstone accounts for them.")
    body = json.loads(row[1])
    if (body.get("last"), body.get("last_hash"), body.get("log")) != (
        first - 1, previous, found.log,
    ):  # fmt: skip
        raise _Fault(
            1, f"{missing}, and the last tombstone (record {row[0]}) does not account for them."
        )
    found.first, found.last, found.head = first, first - 1, previous
    found.tombstone = found.excuse = row[0]


def _records(
    db: sqlite3.Connection,
) -> Iterator[tuple[tuple[Any, ...], list[tuple[str, bytes, str]]]]:
    """Each record with its texts, in order."""
    rows = db.execute(
        """
        select r.seq, at, kind, subject, body, previous, hash, seal, t.name, t.salt, t.text
        from records r left join texts t on t.record = r.seq order by r.seq
        """
    )
    for _, group in itertools.groupby(rows, key=lambda row: row[0]):
        lines = list(group)
        yield lines[0][:8], [line[8:] for line in lines if line[8] is not None]


def _check_record(
    db: sqlite3.Connection,
    found: Verification,
    row: tuple[Any, ...],
    texts: list[tuple[str, bytes, str]],
    key: LogKey | None,
) -> None:
    seq, _at, kind, subject, body, previous, stored, seal = row
    if seq != found.last + 1:
        raise _Fault(found.last + 1, f"It is missing: the next record there is {seq}.")
    if previous != found.head:
        raise _Fault(seq, "It does not follow from the record before it.")
    if stored != chain.record_hash(*row[:6]):
        raise _Fault(seq, "What it holds does not give its hash: it was changed.")
    if seal is not None and found.sealed_from is None:
        found.sealed_from = seq
    if key is not None and seq >= key.sealed_from:
        if seal is None or not hmac.compare_digest(seal, key.seal(stored)):
            raise _Fault(seq, "Its seal is not that of the key: it was written by someone else.")
        found.sealed_checked = True
    elif found.sealed_from is not None and seal is None:
        raise _Fault(seq, "It has no seal, though records before it have one.")
    # The body is parsed only where it must be.
    if texts or '"texts":' in body:
        _check_texts(db, found, seq, subject, json.loads(body), texts)
    if kind == "redaction":
        _check_destroyed(db, seq, json.loads(body))
    found.last, found.head = seq, stored


def _check_texts(
    db: sqlite3.Connection,
    found: Verification,
    seq: int,
    subject: str | None,
    body: dict[str, Any],
    texts: list[tuple[str, bytes, str]],
) -> None:
    promised = dict(body.get("texts", {}))
    for name, salt, text in texts:
        if name not in promised:
            raise _Fault(seq, f"It has a text `{name}` that it did not have when it was written.")
        if promised.pop(name) != chain.commitment(salt, text):
            raise _Fault(seq, f"Its text `{name}`, or the salt of it, was changed.")
    for name in promised:
        redaction = _redaction(db, seq, subject, name)
        if redaction is None:
            raise _Fault(seq, f"Its text `{name}` is gone, and no redaction accounts for that.")
        found.redacted += 1
        found.excuse = max(found.excuse, redaction)


def _redaction(db: sqlite3.Connection, seq: int, subject: str | None, name: str) -> int | None:
    """The record that says that a text of a record was destroyed."""
    rows = db.execute(
        "select seq, body from records where kind = 'redaction' and subject is ? and seq > ?",
        [subject, seq],
    )
    return next((n for n, body in rows if [seq, name] in json.loads(body)["destroyed"]), None)


def _check_destroyed(db: sqlite3.Connection, redaction: int, body: dict[str, Any]) -> None:
    for seq, name in body["destroyed"]:
        there = db.execute("select 1 from texts where record = ? and name = ?", [seq, name])
        if there.fetchone():
            raise _Fault(
                redaction, f"The text `{name}` of record {seq}, which it destroyed, is there again."
            )


def _check_checkpoint(found: Verification, checkpoint: Checkpoint) -> None:
    if checkpoint.head != found.head:
        raise _Fault(
            found.last,
            f"Its hash is not that of the checkpoint of {checkpoint.at}: this record or one before "
            "it was rewritten, or this is a fork of the log.",
        )
    if checkpoint.sequence - checkpoint.count + 1 > found.first:
        raise _Fault(
            found.first,
            f"The checkpoint of {checkpoint.at} says that it had been removed by then.",
        )
    if checkpoint.sequence:
        found.checkpoint = checkpoint


def _check_end(db: sqlite3.Connection, found: Verification, key: LogKey | None) -> None:
    stray = db.execute(
        "select record, name from texts where record not in (select seq from records) limit 1"
    ).fetchone()
    if stray is not None:
        raise _Fault(stray[0], f"It is not there, and its text `{stray[1]}` is.")
    if key is not None and found.last < key.sealed_from:
        raise _Fault(
            found.last + 1,
            f"It is missing: the key was made when the log had {key.sealed_from} records.",
        )


def _check_rest(found: Verification, heads: dict[int, list[Checkpoint]]) -> None:
    """Checkpoints of records that were not met; those of what retention removed are no matter."""
    beyond = sorted(number for number in heads if number > found.last)
    if beyond:
        newest = heads[beyond[-1]][-1]
        raise _Fault(
            found.last + 1,
            f"It is missing: the checkpoint of {newest.at} vouches for {newest.sequence:,} "
            "records. The end was cut off, or an older copy was put in place of the log.",
        )


def _check_against(db: sqlite3.Connection, found: Verification, other: Path) -> None:
    """Two copies of one log must be the same as far as the shorter one goes."""
    theirs = open_read_only(other)
    try:
        theirs.execute("begin")
        _check_version(theirs, other)
        (log,) = theirs.execute("select id from log").fetchone()
        if log != found.log:
            raise _Fault(0, f"{other.name} is another log ({log}), not a copy of {found.log}.")
        start = max(
            copy.execute("select coalesce(min(seq), 1) from records").fetchone()[0]
            for copy in (db, theirs)
        )
        hashes = "select seq, hash from records where seq >= ? order by seq"
        shared = 0
        for ours, other_one in zip(
            db.execute(hashes, [start]), theirs.execute(hashes, [start]), strict=False
        ):
            if ours != other_one:
                raise _Fault(
                    ours[0],
                    f"It is another in {other.name}: the two are forks with a common beginning, "
                    f"up to record {ours[0] - 1}.",
                )
            shared = ours[0]
        found.notes.append(f"{other.name} is the same up to record {shared:,}, where one ends.")
    finally:
        theirs.close()
