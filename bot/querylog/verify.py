"""Re-derive every hash of a log and compare it with its checkpoints; `chain` says what must hold.

The log is opened read-only, as it is at one moment, while others write to it. Records are read as a
stream, so a million of them need no more memory than ten.
"""

from __future__ import annotations

import hmac
import itertools
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bot.querylog import hash_chain, schema
from bot.querylog.checkpoints import Checkpoint, Checkpoints
from bot.querylog.hash_chain import NOT_OF_THE_FORM, LogKey, LogUnavailable, plain

Result = Literal["vouched", "consistent", "tampered"]
EXIT_CODES: dict[Result, int] = {"vouched": 0, "consistent": 1, "tampered": 3}


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
    #: How many of the records that were read are of each kind, and which of them say that
    #: something was destroyed.
    kinds: Counter[str] = field(default_factory=Counter)
    destroying: list[int] = field(default_factory=list)
    #: Records whose time is before that of the record before them.
    clock_back: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def after(self) -> int:
        """How many records came after the newest checkpoint."""
        return self.last - (self.checkpoint.sequence if self.checkpoint else 0)

    @property
    def result(self) -> Result:
        if self.bad is not None:
            return "tampered"
        if self.checkpoint is None or self.excuse > self.checkpoint.sequence:
            return "consistent"
        return "vouched"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.result]

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
        elif self.result == "consistent":
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
        if self.clock_back:
            some = ", ".join(f"{number:,}" for number in self.clock_back[:5])
            more = f" and {len(self.clock_back) - 5:,} more" if len(self.clock_back) > 5 else ""
            lines.append(
                f"The clock went back at record {some}{more}: times there are not to be relied on."
            )
        return lines + self.notes

    def as_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.result,
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
            "clock_went_back_at": self.clock_back,
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
    """The whole log. Whatever the file holds, damage is a finding and not an error. Raises
    LogUnavailable when there is no log of this version, or none that may be read now."""

    def check(db: sqlite3.Connection, found: Verification) -> None:
        heads = _expected_heads(found, checkpoints)
        _check_records(db, found, key, heads)
        _check_rest(found, heads)
        # An index that leaves rows out would hide them from every search.
        (state,) = db.execute("pragma integrity_check(1)").fetchone()
        if state != "ok":
            raise _Fault(0, f"Every record is there, and the file is not sound: {state}.")
        if against is not None:
            _check_against(db, found, against)

    return _found(path, key, check)


def verify_end(path: Path, key: LogKey | None, since: Checkpoint | None) -> Verification:
    """What came after a checkpoint, for the next one to vouch for: `kinds` and `destroying` are of
    these records alone. Raises LogUnavailable as `verify` does."""

    def check(db: sqlite3.Connection, found: Verification) -> None:
        _check_records(db, found, key, {}, since)

    return _found(path, key, check)


def _found(
    path: Path, key: LogKey | None, check: Callable[[sqlite3.Connection, Verification], None]
) -> Verification:
    found = Verification()
    try:
        db = open_read_only(path)
    except DamagedFile as error:
        found.bad, found.why = 0, str(error)
        return found
    try:
        # What is no UTF-8 is met at its record, and not while reading ahead.
        db.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        db.execute("begin")  # one moment, whatever is written meanwhile
        _check_file(db, found, path, key)
        check(db, found)
    except _Fault as fault:
        found.bad, found.why = fault.record, fault.why
    except sqlite3.Error as error:
        if cannot_be_read_now(error):
            raise LogUnavailable(f"The query log at {path} cannot be read ({error}).") from error
        found.bad = found.last + 1 if found.head else 0
        found.why = f"The database file is damaged there ({error})."
    except NOT_OF_THE_FORM as error:
        # What is outside of the records: the tombstone that is looked at first, the log's name.
        found.bad = found.last + 1 if found.head else 0
        found.why = f"It is not of the form that a log has ({type(error).__name__})."
    finally:
        db.close()
    found.why = plain(found.why)
    return found


class DamagedFile(LogUnavailable):
    """The file is there, and is no database, or one that cannot be read."""


def cannot_be_read_now(error: sqlite3.Error) -> bool:
    """Whether the file may be whole, and only could not be read: locked, forbidden, no memory."""
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    return primary in (
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
    )  # fmt: skip


def open_read_only(path: Path) -> sqlite3.Connection:
    """Raises LogUnavailable when there is nothing that can be read, and DamagedFile when that is
    because of what the file holds."""
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
        if cannot_be_read_now(error):
            raise LogUnavailable(f"The query log at {path} cannot be read ({error}).") from error
        raise DamagedFile(
            f"It cannot be read as a database ({error}): the file is damaged, or is another."
        ) from error
    return db


def log_id(path: Path) -> str | None:
    """The id of the log in a file; None when the file does not tell. Raises LogUnavailable when it
    cannot be read at all."""
    try:
        db = open_read_only(path)
    except DamagedFile:
        return None
    try:
        (found,) = db.execute("select id from log").fetchone()
        return str(found)
    except (sqlite3.Error, *NOT_OF_THE_FORM):
        return None
    finally:
        db.close()


def _check_file(
    db: sqlite3.Connection, found: Verification, path: Path, key: LogKey | None
) -> None:
    """That the file is a log of this version, and holds nothing that is not ours."""
    _check_version(db, path)
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
    found.head = hash_chain.genesis_hash(found.log, created)


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    """Raises LogUnavailable for a log of an earlier or a later Code Desk: it may be whole."""
    version = db.execute("pragma user_version").fetchone()[0]
    tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
    if version == schema.VERSION:
        return
    if "records" in tables and version < schema.VERSION:
        # A log that has a chain was never of a version before the chain.
        raise _Fault(0, f"It says that it is of version {version}, which had no chain.")
    if version == 1 and tables >= set(schema.VERSION_1_TABLES):
        raise LogUnavailable(
            f"The query log at {path} is of an earlier Code Desk and has no chain yet. `codedesk "
            "log list` brings it up to date; then verify."
        )
    if version > schema.VERSION and "records" in tables and schema.faults(db):
        raise LogUnavailable(
            f"The query log at {path} was written by a newer Code Desk (version {version}). Update "
            "this one; then verify."
        )
    raise _Fault(0, "The file is not a query log: it was emptied, or is another file.")


def _check_records(
    db: sqlite3.Connection,
    found: Verification,
    key: LogKey | None,
    heads: dict[int, list[Checkpoint]],
    since: Checkpoint | None = None,
) -> None:
    """Every record in order, from the first that is there, or the one after a checkpoint."""
    _check_start(db, found)
    found.sealed_from = _says_sealed(db)
    # Of the genesis, or of the last record that retention removed.
    for checkpoint in heads.pop(found.last, ()):
        _check_checkpoint(found, checkpoint)
    if since is not None and since.sequence > found.last:
        found.last, found.head, found.checkpoint = since.sequence, since.head, since
        if _head(db, since.sequence) != since.head:
            raise _Fault(
                since.sequence,
                f"It is missing, or its hash is not that of the checkpoint of {since.at}.",
            )
    at = ""
    for row, texts in _records(db, found.last):
        try:
            _check_record(db, found, row, texts, key)
        except NOT_OF_THE_FORM as error:
            raise _Fault(row[0], "It is not of the form that records have.") from error
        found.kinds[row[2]] += 1
        if row[2] in ("redaction", "retention"):
            found.destroying.append(row[0])
        if row[1] < at:
            found.clock_back.append(row[0])
        at = row[1]
        for checkpoint in heads.pop(found.last, ()):
            _check_checkpoint(found, checkpoint)
    _check_end(db, found, key, since.sequence if since else 0)


def _head(db: sqlite3.Connection, seq: int) -> str | None:
    row = db.execute("select hash from records where seq = ?", [seq]).fetchone()
    return row[0] if row else None


def _says_sealed(db: sqlite3.Connection) -> int | None:
    """From which record on records are sealed, as the log itself says."""
    rows = db.execute("select seq, body from records where kind in ('key', 'retention')")
    said = [_body(seq, body).get("sealed_from") for seq, body in rows]
    return min((number for number in said if isinstance(number, int)), default=None)


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
    body = _body(row[0], row[1])
    if (body.get("last"), body.get("last_hash"), body.get("log")) != (
        first - 1, previous, found.log,
    ):  # fmt: skip
        raise _Fault(
            1, f"{missing}, and the last tombstone (record {row[0]}) does not account for them."
        )
    # The first record was bound to when the log was made, by its genesis; now the tombstone is.
    if "created" in body and hash_chain.genesis_hash(found.log, body["created"]) != found.head:
        raise _Fault(0, f"It says that it was made at another time than record {row[0]} says.")
    found.first, found.last, found.head = first, first - 1, previous
    found.tombstone = found.excuse = row[0]


def _body(seq: int, body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except NOT_OF_THE_FORM:
        found = None
    if not isinstance(found, dict):
        raise _Fault(seq, "It is not of the form that records have.")
    return found


def _records(
    db: sqlite3.Connection, after: int
) -> Iterator[tuple[tuple[Any, ...], list[tuple[str, bytes, str]]]]:
    """Each record with its texts, in order, from the one after a number."""
    rows = db.execute(
        """
        select r.seq, at, kind, subject, body, previous, hash, seal, t.name, t.salt, t.text
        from records r left join texts t on t.record = r.seq where r.seq > ? order by r.seq
        """,
        [after],
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
    if stored != hash_chain.record_hash(*row[:6]):
        raise _Fault(seq, "What it holds does not give its hash: it was changed.")
    if seal is not None and found.sealed_from is None:
        found.sealed_from = seq
    if key is not None and seq >= key.sealed_from:
        if seal is None or not hmac.compare_digest(seal, key.seal(stored)):
            raise _Fault(seq, "Its seal is not that of the key: it was written by someone else.")
        found.sealed_checked = True
    elif found.sealed_from is not None and seq >= found.sealed_from and seal is None:
        raise _Fault(seq, "It has no seal, though the log is sealed from before it on.")
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
        if not hash_chain.is_committed(salt, text, promised.pop(name)):
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


def _check_end(db: sqlite3.Connection, found: Verification, key: LogKey | None, after: int) -> None:
    stray = db.execute(
        "select record, name from texts where record > ? "
        "and record not in (select seq from records) limit 1",
        [after],
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
    try:
        theirs = open_read_only(other)
    except DamagedFile as error:
        raise _Fault(0, f"{other.name} cannot be compared with it. {error}") from error
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
    except (sqlite3.Error, *NOT_OF_THE_FORM) as error:
        raise _Fault(0, f"{other.name} is damaged, and cannot be compared with it.") from error
    finally:
        theirs.close()
