"""Verification: re-derives every hash of a log and compares it with the checkpoints.

`hash_chain` says what must hold. The log is read as it is at one moment (see `snapshot`), while
others write to it. Records are read one by one, so a million need no more memory than ten.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.database import Connection, DatabaseError, name_of
from bot.querylog import hash_chain, schema
from bot.querylog.append import CLOCKS_DIFFER, seconds_back
from bot.querylog.checkpoints import Checkpoint, Checkpoints
from bot.querylog.hash_chain import NOT_OF_THE_FORM, LogKey, LogUnavailable, plain
from bot.querylog.merkle import Frontier, leaf_of
from bot.querylog.restored import KIND as RESTORE
from bot.querylog.restored import excused_by, restores
from bot.querylog.snapshot import DamagedFile, Where, short_name, snapshot

Result = Literal["vouched", "consistent", "tampered"]
EXIT_CODES: dict[Result, int] = {"vouched": 0, "consistent": 1, "tampered": 3}


#: Steps of the clock that are named in a sentence each.
_MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A step of the clock back, at a record: its time, the latest time before it and the record
    that has it, and how many seconds lie between."""

    record: int
    at: str
    latest: int
    latest_at: str
    seconds: float

    def sentence(self) -> str:
        far = dt.timedelta(seconds=round(self.seconds))
        return (
            f"The clock went back at record {self.record:,}, by {far}: it is dated {self.at}, and "
            f"record {self.latest:,} before it {self.latest_at}. Times around there are not to be "
            "relied on."
        )


@dataclass(slots=True)
class Verification:
    """The result of a verification. `first` and `last` are the numbers of the first and the last
    record there. `bad` is the number of the first record that is wrong (0: the file as a whole),
    and `why` a sentence on what is wrong."""

    log: str = ""
    first: int = 1
    last: int = 0
    head: str = ""
    bad: int | None = None
    why: str = ""
    #: The newest checkpoint that agrees: up to its record, the log is as it was then.
    checkpoint: Checkpoint | None = None
    #: The first sealed record, and whether the seals were checked with the key.
    sealed_from: int | None = None
    sealed_checked: bool = False
    redacted: int = 0
    #: The record (a tombstone) which says that retention removed the records before `first`.
    tombstone: int | None = None
    #: The last record that excuses something missing: a redaction or a tombstone. Anyone who can
    #: write the log can write one, so a checkpoint must vouch for it, too.
    excuse: int = 0
    #: How many records of each kind were read, and the numbers of those that say that something
    #: was destroyed.
    kinds: Counter[str] = field(default_factory=Counter)
    destroying: list[int] = field(default_factory=list)
    #: The tree up to the last record that was read.
    tree: Frontier = field(default_factory=Frontier)
    #: The records that say that the log was restored from a backup.
    restored: list[int] = field(default_factory=list)
    #: Where the clock went back, by more than `append.CLOCKS_DIFFER`.
    clock_back: list[ClockStep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: Sentences on who was to confirm a checkpoint and did not.
    unconfirmed: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    @property
    def after(self) -> int:
        """How many records come after the newest checkpoint."""
        return self.last - (self.checkpoint.sequence if self.checkpoint else 0)

    @property
    def result(self) -> Result:
        if self.bad is not None:
            return "tampered"
        if self.checkpoint is None or self.excuse > self.checkpoint.sequence or self.unconfirmed:
            return "consistent"
        return "vouched"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.result]

    def sentences(self) -> list[str]:
        """The result for people to read, in sentences, the most important first. What may play with
        a terminal, such as a control character in a name out of the file, is escaped."""
        if self.bad is None:
            return [escaped(line) for line in self._lines()]
        where = f"record {self.bad}" if self.bad else "the log"
        line = f"TAMPERED, or damaged: {where} is the first that is not as written. {self.why}"
        return [escaped(line)]

    def _lines(self) -> list[str]:
        start = f"{self.count:,} records ({self.first:,} to {self.last:,}) of log {self.log}: "
        if self.checkpoint is None:
            lines = [
                start + "chain consistent, tail not vouched for. There is no checkpoint of it."
            ]
        elif self.excuse > self.checkpoint.sequence:
            lines = [
                start
                + "chain consistent, and not all vouched for: something was destroyed, and no "
                f"checkpoint vouches yet for record {self.excuse:,}, which says so."
            ]
        else:
            vouched = f"record {self.checkpoint.sequence:,} by the checkpoint of "
            lines = [start + f"nothing altered. Vouched for up to {vouched}{self.checkpoint.at}."]
        if self.checkpoint is not None and self.after:
            lines.append(
                f"{self.after:,} records came after that checkpoint; the chain holds, and their "
                "end is not vouched for."
            )
        if self.checkpoint is not None and (head := self.checkpoint.tree) is not None:
            root = base64.b64encode(head.root).decode()
            lines.append(f"The tree of the checkpoint: {head.size:,} leaves, root {root}.")
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
            lines += [step.sentence() for step in self.clock_back[:_MOST_STEPS]]
            if (more := len(self.clock_back) - _MOST_STEPS) > 0:
                lines.append(f"It went back at {more:,} more records; --json names them.")
        return lines + self.unconfirmed + self.notes

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
            "checkpoint": self.checkpoint.as_dict() if self.checkpoint else None,
            "vouched_up_to": self.checkpoint.sequence if self.checkpoint else None,
            "records_after_checkpoint": self.after,
            "sealed_from": self.sealed_from,
            "seals_checked": self.sealed_checked,
            "redacted_texts": self.redacted,
            "excused_by": self.excuse or None,
            "tombstone": self.tombstone,
            "restored_at": self.restored,
            "clock_went_back_at": [asdict(step) for step in self.clock_back],
            "unconfirmed": self.unconfirmed,
            "notes": self.notes,
        }


def escaped(text: str) -> str:
    """The text with a backslash escape for each character that is not printable: a control
    character, a line break, a change of direction."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class _Fault(Exception):
    """The first thing that is wrong: the number of the record (0: the file), and what it is."""

    def __init__(self, record: int, why: str) -> None:
        super().__init__(why)
        self.record, self.why = record, why


def verify(
    where: Where,
    *,
    key: LogKey | None = None,
    checkpoints: Checkpoints | None = None,
    against: Where | None = None,
) -> Verification:
    """Verify the whole log. Damage of any kind is a result, not an error. `against` is a copy of
    the log that must be the same as far as the shorter of the two goes. Raises LogUnavailable when
    there is no log of this version, or it cannot be read now."""

    def check(db: Connection, verification: Verification) -> None:
        heads = _expected_heads(verification, checkpoints)
        _leave_out_lost(db, verification, heads)
        _check_records(db, verification, key, heads)
        _check_rest(verification, heads)
        # An index that leaves rows out would hide them from every search.
        if why := schema.unsound(db):
            raise _Fault(0, f"Every record is there, and {why}.")
        if against is not None:
            _check_against(db, verification, against)

    return _verified(where, key, check)


def verify_end(
    where: Where, key: LogKey | None, since: Checkpoint | None, tree: Frontier | None = None
) -> Verification:
    """Verify what came after a checkpoint, before the next one vouches for it. `kinds` and
    `destroying` count these records only. `tree` is that up to the checkpoint, and grows. Raises
    LogUnavailable as `verify` does."""

    def check(db: Connection, verification: Verification) -> None:
        _check_records(db, verification, key, {}, since, tree)

    return _verified(where, key, check)


def _verified(
    where: Where, key: LogKey | None, check: Callable[[Connection, Verification], None]
) -> Verification:
    verification = Verification()
    try:
        with snapshot(where) as db:
            _check_file(db, verification, where, key)
            check(db, verification)
    except DamagedFile as error:
        verification.bad, verification.why = 0, str(error)
    except _Fault as fault:
        verification.bad, verification.why = fault.record, fault.why
    except DatabaseError as error:
        if error.passing:
            raise LogUnavailable(
                f"The query log at {name_of(where)} cannot be read ({error})."
            ) from error
        verification.bad = verification.last + 1 if verification.head else 0
        verification.why = f"The database is damaged there ({error})."
    except NOT_OF_THE_FORM as error:
        # Outside of the records: the tombstone, which is read first, or the id of the log.
        verification.bad = verification.last + 1 if verification.head else 0
        verification.why = f"It is not of the form that a log has ({type(error).__name__})."
    verification.why = plain(verification.why)
    return verification


def log_id(where: Where) -> str | None:
    """The id of the log there; None when it is damaged or has none. Raises LogUnavailable when it
    cannot be read at all."""
    try:
        with snapshot(where) as db:
            (identity,) = db.execute("select id from log").fetchone()
            return str(identity)
    except DamagedFile:
        return None
    except (DatabaseError, *NOT_OF_THE_FORM):
        return None


def _check_file(
    db: Connection, verification: Verification, where: Where, key: LogKey | None
) -> None:
    """Check that it is a log of this version, and has no table, view or trigger of others."""
    _check_version(db, where)
    if why := schema.faults(db):
        raise _Fault(0, why)
    if db.execute("select 1 from lifted").fetchone():
        raise _Fault(0, "Its append-only triggers are lifted, as no redaction leaves them.")
    ids = db.execute("select id, created from log").fetchall()
    if len(ids) != 1:
        raise _Fault(0, "The log does not say which log it is.")
    verification.log, created = ids[0]
    if key is not None and key.log != verification.log:
        raise _Fault(0, f"Its id is {verification.log}, and the key is that of log {key.log}.")
    verification.head = hash_chain.genesis_hash(verification.log, created)


def _check_version(db: Connection, where: Where) -> None:
    """Raises LogUnavailable for a log of an earlier or a later Code Desk, which may be whole."""
    version = schema.version(db)
    if version == schema.VERSION:
        return
    tables = schema.tables(db)
    if "records" in tables and version < schema.VERSION:
        # A log with a chain cannot be of a version without one.
        raise _Fault(0, f"It says that it is of version {version}, which had no chain.")
    if version == 1 and tables >= set(schema.VERSION_1_TABLES):
        raise LogUnavailable(
            f"The query log at {name_of(where)} is of an earlier Code Desk and has no chain yet. "
            "`codedesk log list` brings it up to date; then verify."
        )
    if version > schema.VERSION and "records" in tables and schema.faults(db):
        raise LogUnavailable(
            f"The query log at {name_of(where)} was written by a newer Code Desk (version "
            f"{version}). Update this one; then verify."
        )
    raise _Fault(0, "The file is not a query log: it was emptied, or is another file.")


def _check_records(
    db: Connection,
    verification: Verification,
    key: LogKey | None,
    heads: dict[int, list[Checkpoint]],
    since: Checkpoint | None = None,
    tree: Frontier | None = None,
) -> None:
    """Check every record in order, from the first one there, or from the one after `since`, whose
    tree is `tree`."""
    _check_start(db, verification)
    verification.sealed_from = _says_sealed(db)
    # Checkpoints of the genesis, or of the last record that retention removed.
    for checkpoint in heads.pop(verification.last, ()):
        _check_checkpoint(verification, checkpoint)
    if since is not None and since.sequence > verification.last:
        verification.last, verification.head = since.sequence, since.head
        verification.checkpoint = since
        verification.tree = tree or Frontier(base=since.sequence)
        if _head(db, since.sequence) != since.head:
            raise _Fault(
                since.sequence,
                f"It is missing, or its hash is not that of the checkpoint of {since.at}.",
            )
    latest, latest_at = 0, ""
    for row, texts in _records(db, verification.last):
        try:
            _check_record(db, verification, row, texts, key)
        except NOT_OF_THE_FORM as error:
            raise _Fault(row[0], "It is not of the form that records have.") from error
        verification.kinds[row[2]] += 1
        if row[2] in ("redaction", "retention", RESTORE):
            verification.destroying.append(row[0])
        # Against the latest time since the last step, so that many small steps show, too.
        back = seconds_back(latest_at, row[1])
        if back > CLOCKS_DIFFER:
            step = ClockStep(row[0], row[1], latest, latest_at, round(back, 3))
            verification.clock_back.append(step)
        if back > CLOCKS_DIFFER or row[1] >= latest_at:
            latest, latest_at = row[0], row[1]
        for checkpoint in heads.pop(verification.last, ()):
            _check_checkpoint(verification, checkpoint)
    _check_end(db, verification, key, since.sequence if since else 0)


def _head(db: Connection, seq: int) -> str | None:
    row = db.execute("select hash from records where seq = ?", [seq]).fetchone()
    return row[0] if row else None


def _says_sealed(db: Connection) -> int | None:
    """The number of the first sealed record, as the log itself says."""
    rows = db.execute("select seq, body from records where kind in ('key', 'retention')")
    numbers = [_body(seq, body).get("sealed_from") for seq, body in rows]
    return min((number for number in numbers if isinstance(number, int)), default=None)


def _expected_heads(
    verification: Verification, checkpoints: Checkpoints | None
) -> dict[int, list[Checkpoint]]:
    """The checkpoints of this log, by the number of the record that they vouch for."""
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
        verification.notes.append(f"Not whole, and left out: line {lines} of the checkpoints.")
    if checkpoints.good and checkpoints.good[-1].log != verification.log:
        raise _Fault(
            0,
            f"The newest checkpoint is of log {checkpoints.good[-1].log}, and this is log "
            f"{verification.log}: another log was put in its place.",
        )
    for checkpoint in checkpoints.good:
        if checkpoint.log == verification.log:
            heads.setdefault(checkpoint.sequence, []).append(checkpoint)
    return heads


def _leave_out_lost(
    db: Connection, verification: Verification, heads: dict[int, list[Checkpoint]]
) -> None:
    """Leave out the checkpoints of records that were lost, as a record of a restore says. That
    record is then to be vouched for itself."""
    found = restores(db)
    verification.restored = [one.record for one in found]
    lost: Counter[int] = Counter()
    for number, checkpoints in list(heads.items()):
        kept = []
        for checkpoint in checkpoints:
            restore = excused_by(db, found, checkpoint)
            if restore is None:
                kept.append(checkpoint)
            else:
                lost[restore.record] += 1
        heads[number] = kept
    for record, count in sorted(lost.items()):
        last = next(one.lost_to for one in found if one.record == record)
        verification.excuse = max(verification.excuse, record)
        verification.notes.append(
            f"The log was restored from a backup (record {record:,} says so). The records "
            f"{record:,} to {last:,} that were written before that are missing; their numbers were "
            f"given a second time. Checkpoints that vouch for them: {count:,}."
        )


def _check_start(db: Connection, verification: Verification) -> None:
    """Check that only records that a tombstone names are missing from the start."""
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
        first - 1, previous, verification.log,
    ):  # fmt: skip
        raise _Fault(
            1, f"{missing}, and the last tombstone (record {row[0]}) does not account for them."
        )
    # The genesis binds the first record to the time when the log was made; now the tombstone does.
    if (
        "created" in body
        and hash_chain.genesis_hash(verification.log, body["created"]) != verification.head
    ):
        raise _Fault(0, f"It says that it was made at another time than record {row[0]} says.")
    verification.first, verification.last, verification.head = first, first - 1, previous
    verification.tombstone = verification.excuse = row[0]
    try:
        verification.tree = Frontier.of_removed(body.get("tree"), body["last"])
    except NOT_OF_THE_FORM:
        raise _Fault(row[0], "Its tree of what was removed is not of that form.") from None


def _body(seq: int, body: str) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except NOT_OF_THE_FORM:
        parsed = None
    if not isinstance(parsed, dict):
        raise _Fault(seq, "It is not of the form that records have.")
    return parsed


def _records(
    db: Connection, after: int
) -> Iterator[tuple[tuple[Any, ...], list[tuple[str, bytes, str]]]]:
    """Each record with its texts, in order, from the one after the number `after`."""
    rows = db.stream(
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
    db: Connection,
    verification: Verification,
    row: tuple[Any, ...],
    texts: list[tuple[str, bytes, str]],
    key: LogKey | None,
) -> None:
    seq, _at, kind, subject, body, previous, stored, seal = row
    if seq != verification.last + 1:
        raise _Fault(verification.last + 1, f"It is missing: the next record there is {seq}.")
    if previous != verification.head:
        raise _Fault(seq, "It does not follow from the record before it.")
    if stored != hash_chain.record_hash(*row[:6]):
        raise _Fault(seq, "What it holds does not give its hash: it was changed.")
    if seal is not None and verification.sealed_from is None:
        verification.sealed_from = seq
    if key is not None and seq >= key.sealed_from:
        if seal is None or not hmac.compare_digest(seal, key.seal(stored)):
            raise _Fault(seq, "Its seal is not that of the key: it was written by someone else.")
        verification.sealed_checked = True
    elif verification.sealed_from is not None and seq >= verification.sealed_from and seal is None:
        raise _Fault(seq, "It has no seal, though the log is sealed from before it on.")
    # Parsing takes time, so a body is parsed only when it has to be.
    if texts or '"texts":' in body:
        _check_texts(db, verification, seq, subject, json.loads(body), texts)
    if kind == "redaction":
        _check_destroyed(db, seq, json.loads(body))
    verification.last, verification.head = seq, stored
    verification.tree.append(leaf_of(stored))


def _check_texts(
    db: Connection,
    verification: Verification,
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
        verification.redacted += 1
        verification.excuse = max(verification.excuse, redaction)


def _redaction(db: Connection, seq: int, subject: str | None, name: str) -> int | None:
    """The number of the redaction that destroyed a text of a record; None without one."""
    of_it = "subject is null" if subject is None else "subject = ?"
    rows = db.execute(
        f"select seq, body from records where kind = 'redaction' and {of_it} and seq > ?",
        [seq] if subject is None else [subject, seq],
    )
    return next((n for n, body in rows if [seq, name] in json.loads(body)["destroyed"]), None)


def _check_destroyed(db: Connection, redaction: int, body: dict[str, Any]) -> None:
    for seq, name in body["destroyed"]:
        there = db.execute("select 1 from texts where record = ? and name = ?", [seq, name])
        if there.fetchone():
            raise _Fault(
                redaction, f"The text `{name}` of record {seq}, which it destroyed, is there again."
            )


def _check_checkpoint(verification: Verification, checkpoint: Checkpoint) -> None:
    if checkpoint.head != verification.head:
        raise _Fault(
            verification.last,
            f"Its hash is not that of the checkpoint of {checkpoint.at}: this record or one before "
            "it was rewritten, or this is a fork of the log.",
        )
    if checkpoint.sequence - checkpoint.count + 1 > verification.first:
        raise _Fault(
            verification.first,
            f"The checkpoint of {checkpoint.at} says that it had been removed by then.",
        )
    tree, head = verification.tree, checkpoint.tree
    # A tree that started anew, after a removal that kept none, has another origin.
    if head is not None and head.base == tree.base and head.root != tree.root():
        raise _Fault(
            verification.last,
            f"The tree up to it does not have the root of the checkpoint of {checkpoint.at}.",
        )
    if checkpoint.sequence:
        verification.checkpoint = checkpoint


def _check_end(db: Connection, verification: Verification, key: LogKey | None, after: int) -> None:
    stray = db.execute(
        "select record, name from texts where record > ? "
        "and record not in (select seq from records) limit 1",
        [after],
    ).fetchone()
    if stray is not None:
        raise _Fault(stray[0], f"It is not there, and its text `{stray[1]}` is.")
    if key is not None and verification.last < key.sealed_from:
        raise _Fault(
            verification.last + 1,
            f"It is missing: the key was made when the log had {key.sealed_from} records.",
        )


def _check_rest(verification: Verification, heads: dict[int, list[Checkpoint]]) -> None:
    """Check that no checkpoint vouches for a record beyond the end. Checkpoints of records that
    retention removed are left unchecked."""
    beyond = sorted(number for number, some in heads.items() if some and number > verification.last)
    if beyond:
        newest = heads[beyond[-1]][-1]
        raise _Fault(
            verification.last + 1,
            f"It is missing: the checkpoint of {newest.at} vouches for {newest.sequence:,} "
            "records. The end was cut off, or an older copy was put in place of the log.",
        )


def _check_against(db: Connection, verification: Verification, other: Where) -> None:
    """Check that two copies of one log are the same as far as the shorter one goes."""
    name = short_name(other)
    try:
        with snapshot(other) as theirs:
            _compare(db, verification, theirs, other, name)
    except DamagedFile as error:
        raise _Fault(0, f"{name} cannot be compared with it. {error}") from error
    except (DatabaseError, *NOT_OF_THE_FORM) as error:
        raise _Fault(0, f"{name} is damaged, and cannot be compared with it.") from error


def _compare(
    db: Connection, verification: Verification, theirs: Connection, other: Where, name: str
) -> None:
    _check_version(theirs, other)
    (log,) = theirs.execute("select id from log").fetchone()
    if log != verification.log:
        raise _Fault(0, f"{name} is another log ({log}), not a copy of {verification.log}.")
    start = max(
        copy.execute("select coalesce(min(seq), 1) from records").fetchone()[0]
        for copy in (db, theirs)
    )
    hashes = "select seq, hash from records where seq >= ? order by seq"
    shared = 0
    for record, other_record in zip(
        db.stream(hashes, [start]), theirs.stream(hashes, [start]), strict=False
    ):
        if record != other_record:
            raise _Fault(
                record[0],
                f"It is another in {name}: the two are forks with a common beginning, up to "
                f"record {record[0] - 1}.",
            )
        shared = record[0]
    verification.notes.append(f"{name} is the same up to record {shared:,}, where one ends.")
