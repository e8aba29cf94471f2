"""Attacks on the log by an adversary who can write the file. docs/LOG.md lists them."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_support import Clock, attacked, body, check, converse, own_home, raw, rehash, set_body

from bot.cli.main import main
from bot.database.sqlite import SqliteConnection
from bot.querylog import LogUnavailable, QueryLog, QuestionRecord
from bot.querylog import schema_sqlite as schema
from bot.querylog.append import ChainAppender
from bot.querylog.checkpoints import private_key
from bot.querylog.retention import redact, retain
from bot.querylog.search import Filters, search
from bot.querylog.verify import Verification, verify_end
from bot.querylog.vouching import Keeper, NotVouchedFor, take, vouch

Attack = Callable[[sqlite3.Connection], object]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed log of four questions that a checkpoint vouches for."""
    home = own_home(tmp_path, monkeypatch)
    log = QueryLog(home / "log.db")
    converse(log, 2, "do not bill E11.9")
    log.close()
    assert run("keys").exit_code == 0
    assert run("search", "nothing of the kind").exit_code == 0
    assert run("checkpoint").exit_code == 0
    return home


@pytest.fixture
def path(home: Path) -> Path:
    return home / "log.db"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    """A log without a key: twelve records."""
    log = QueryLog(tmp_path / "unsealed.db")
    converse(log, 4)
    yield log
    log.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


def alter(path: Path, *statements: str) -> None:
    """Alter the file as any tool can that writes SQLite files, also the text of the schema."""
    db = sqlite3.connect(path)
    db.execute("pragma writable_schema = on")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


# Texts


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param("cast('do not ' as blob)", id="a beginning"),
        pytest.param("cast(text as blob)", id="all of it"),
    ],
)
def test_text_moved_into_its_salt(path: Path, moved: str) -> None:
    """'do not bill' became 'bill', though salt and text together have the same bytes as before."""
    with attacked(path) as db:
        db.execute(
            f"update texts set salt = cast(salt || {moved} as blob), "
            f"text = substr(text, length({moved}) + 1) where name = 'text'"
        )
    told = run("verify", "--json")
    assert (told.exit_code, json.loads(told.stdout)["first_bad_record"]) == (3, 1)
    shown = run("list").stdout
    assert "bill E11.9" not in shown
    assert "altered" in shown


@pytest.mark.parametrize(
    ("column", "value"),
    [("text", "cast(text || '' as blob)"), ("salt", "cast(hex(salt) as text)"), ("salt", "x''")],
)
def test_salt_and_text_of_another_type_or_length(path: Path, column: str, value: str) -> None:
    strict = next(s for n, s in schema.STATEMENTS.items() if n == "texts")
    made = strict.replace("create table", "CREATE TABLE")
    rewrite = "update sqlite_master set sql = '{}' where name = 'texts'"
    alter(path, rewrite.format(made.replace(" strict", "")))
    with attacked(path) as db:
        db.execute(f"update texts set {column} = {value} where record = 1")
    alter(path, rewrite.format(made))
    assert json.loads(run("verify", "--json").stdout)["first_bad_record"] == 1


def test_one_altered_text_does_not_hide_the_others(path: Path) -> None:
    with attacked(path) as db:
        for name in ("answer", "codes"):
            db.execute("update texts set text = '[]' where record = 2 and name = ?", [name])
        db.execute("update texts set text = 'something else' where record = 1")
    told = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert told[0]["question"] == "do not bill E11.9"
    assert "altered" in told[1]["question"]
    assert [one["altered"] for one in told] == [[], [1, 2]]


# The schema


SWALLOW = """create trigger {} before insert on records when new.kind = '{}'
begin select raise(ignore); end"""


#: Two triggers cannot have one name; a trigger and anything else can.
NAMES = ["quiet", *(n for n, s in schema.STATEMENTS.items() if "create trigger" not in s)]


@pytest.mark.parametrize("name", NAMES)
def test_a_trigger_that_swallows_records_whatever_its_name(path: Path, name: str) -> None:
    alter(path, SWALLOW.format(name, "access"))
    told = run("verify")
    assert told.exit_code == 3
    assert f"The trigger `{name}` is not one of the log's" in told.stdout
    refused = run("list")
    assert refused.exit_code == 2
    assert "codedesk log verify" in refused.stderr


def test_a_trigger_that_comes_while_the_desk_is_running(log: QueryLog) -> None:
    question = log.recent()[0].id
    alter(log.path, SWALLOW.format("questions_seen", "feedback"))
    for what in (lambda: log.feedback(question, "wrong", by="U1"), log.recent):
        with pytest.raises(LogUnavailable, match="questions_seen"):
            what()


@pytest.mark.parametrize(
    "trigger",
    [
        SWALLOW.format("a", "feedback"),
        "create trigger a after insert on records begin update records set at = '2020' "
        "where seq = new.seq; end",
        "create trigger a after insert on records begin delete from records "
        "where seq = new.seq; end",
        "create trigger a after insert on texts begin delete from texts where id = new.id; end",
        "create trigger a after insert on texts begin update texts set text = 'right' "
        "where id = new.id; end",
    ],
)
def test_what_cannot_be_read_back_is_not_on_record(log: QueryLog, trigger: str) -> None:
    """Whatever drops a record, this check works without the comparison of the schema."""
    with attacked(log.path) as db:
        db.execute(trigger)
        db.execute("begin immediate")
        appender = ChainAppender(SqliteConnection(db), "2026-11-15T12:00:00.000+00:00", None)
        appender.read_end()
        appender.append("feedback", "q", {"verdict": "wrong"}, {"note": "wrong"})
        with pytest.raises(LogUnavailable, match="was not kept"):
            appender.expect_all_there()
        db.execute("rollback")
        db.execute("drop trigger a")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "update sqlite_master set sql = replace(sql, '''question''', '''QUESTION''') "
            "where name = 'questions'",
            id="a letter in another case",
        ),
        pytest.param(
            "update sqlite_master set sql = replace(sql, 'r.at,', '0 as at,') "
            "where name = 'accesses'",
            id="another column",
        ),
        pytest.param("create table aside (what text)", id="a table more"),
        pytest.param("create view shown as select 1", id="a view more"),
        pytest.param("create index more on records (at)", id="an index more"),
        pytest.param(
            "insert into sqlite_master values ('trigger', 'sqlite_stat1', 'records', 0, "
            "'create trigger sqlite_stat1 after insert on records begin select 1; end')",
            id="a trigger by a name of SQLite's own",
        ),
        pytest.param(
            "insert into sqlite_master select * from sqlite_master where name = 'questions'",
            id="one of ours twice",
        ),
    ],
)
def test_a_schema_that_is_not_ours_to_the_letter(path: Path, statement: str) -> None:
    alter(path, statement)
    told = run("verify")
    assert told.exit_code == 3, told.output
    assert any(
        why in told.stdout
        for why in ("not the one that Code Desk made", "not one of the log's", "already exists")
    )
    for command in (["list"], ["search", "bill"], ["report"], ["export"]):
        refused = run(*command)
        assert refused.exit_code in (2, 3), command
        assert "do not bill" not in refused.stdout


#: Clears a terminal; turns the direction of what follows; begins another line.
NAME = "\x1b[2J\x9b2J\u202e\nnothing altered"


@pytest.mark.parametrize(
    "statement",
    [
        f'create table "{NAME}" (what text)',
        f"insert into texts (record, name, salt, text) values (1, '{NAME}', x'00', '')",
        f"update log set id = '{NAME}'",
    ],
)
def test_a_name_in_a_damaged_log_does_not_play_with_a_terminal(path: Path, statement: str) -> None:
    alter(path, statement)
    told = run("verify")
    assert told.exit_code == 3, told.output
    assert told.stdout.rstrip("\n").isprintable()


def test_what_is_not_printable_is_escaped_in_a_verification() -> None:
    (line,) = Verification(bad=7, why=f"Its text `{NAME}\udcff` is gone, “é”.").sentences()
    assert line.isprintable()
    assert line.endswith("`\\x1b[2J\\x9b2J\\u202e\\nnothing altered\\udcff` is gone, “é”.")


def test_reading_does_not_go_by_the_views_in_the_file(log: QueryLog) -> None:
    """A view that is altered between two checks of the schema changes nothing that is read."""
    alter(log.path, "drop view questions", "create view questions as select 1 as id where 0")
    log._check._number = raw(log).execute("pragma schema_version").fetchone()[0]
    assert len(search(log, Filters())) == 4


def test_what_analyze_leaves_is_no_fault(log: QueryLog) -> None:
    alter(log.path, "analyze")
    assert check(log.path).bad is None
    converse(log)


# Seals


def strip_seals(path: Path) -> None:
    with attacked(path) as db:
        db.execute("update records set seal = null")


def test_stripped_seals_are_named_without_the_key(home: Path, path: Path) -> None:
    """A record says from where on records are sealed."""
    first = json.loads(run("verify", "--json").stdout)["sealed_from"]
    strip_seals(path)
    (home / "keys" / "log.key").unlink()
    told = json.loads(run("verify", "--json").stdout)
    assert (told["verdict"], told["first_bad_record"]) == ("tampered", first)
    refused = run("list")
    assert (refused.exit_code, "CODEDESK_LOG_KEY_FILE" in refused.stderr) == (2, True)


def test_stripped_seals_are_named_when_retention_took_the_record_of_the_key(tmp_path: Path) -> None:
    clock = Clock(2015)
    log = QueryLog(tmp_path / "old.db", clock=clock)
    log.start_sealing(tmp_path / "log.key")
    converse(log)
    clock.set(2024)
    converse(log)
    assert retain(log, 6, "cron") is not None
    log.close()
    assert check(log.path).sealed_from == 1
    strip_seals(log.path)
    assert "no seal" in check(log.path).why
    with pytest.raises(LogUnavailable, match="sealed"):
        QueryLog(log.path, clock=clock).ask(QuestionRecord("htn", "cli"))


# Times


def test_a_changed_time_of_making_is_named_when_the_first_record_is_gone(tmp_path: Path) -> None:
    clock = Clock(2015)
    log = QueryLog(tmp_path / "old.db", clock=clock)
    converse(log)
    clock.set(2024)
    converse(log)
    retain(log, 6, "cron")
    log.close()
    with attacked(log.path) as db:
        db.execute("update log set created = '2024-01-01T00:00:00.000+00:00'")
    assert "made at another time" in check(log.path).why


def test_a_clock_that_went_back_is_named(tmp_path: Path) -> None:
    clock = Clock(2026)
    log = QueryLog(tmp_path / "log.db", clock=clock)
    converse(log)
    clock.set(2025)
    converse(log)
    log.close()
    found = check(log.path)
    (step,) = found.clock_back
    assert (found.bad, step.record, step.latest) == (None, 4, 3)
    said = " ".join(found.sentences())
    assert f"The clock went back at record 4, by {dt.timedelta(seconds=step.seconds)}:" in said
    assert step.at in said
    assert step.latest_at in said
    # It is on record, too, as the first thing that was written after it.
    log = QueryLog(log.path, clock=clock)
    (entry,) = log.records(kinds=["clock"])
    log.close()
    assert entry.seq == 4
    assert entry.body == {
        "last": 3, "last_at": step.latest_at, "seconds_back": step.seconds
    }  # fmt: skip


STEPS = {
    "a day back between two processes": ([0, -86400], [86400]),
    "years forward, and back": ([0, 10 * 365 * 86400, 60], [10 * 365 * 86400 - 60]),
    "a correction by NTP": ([0, -1.5, 0, -1.9, 5], []),
    "creeping back, a little at a time": ([0, -1.5, -3, -4.5, -6], [3, 3]),
}


@pytest.mark.parametrize(("offsets", "back"), STEPS.values(), ids=STEPS)
def test_steps_of_the_clock(tmp_path: Path, offsets: list[float], back: list[float]) -> None:
    start = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    for offset in offsets:
        now = start + dt.timedelta(seconds=offset)
        log = QueryLog(tmp_path / "log.db", clock=lambda now=now: now)
        log.access("view", "ann", "x")
        log.close()
    found = check(tmp_path / "log.db")
    assert [step.seconds for step in found.clock_back] == back
    assert found.bad is None


# What is vouched for


def forge_redaction(log: QueryLog) -> int:
    """Write a record as anyone can who has this program, but not our key."""
    with attacked(log.path) as db:
        db.execute("delete from texts where record = 4")
        db.execute("begin immediate")
        appender = ChainAppender(SqliteConnection(db), "2026-11-15T12:00:00.000+00:00", None)
        appender.read_end()
        told = {"reason": "nothing to see", "by": "nobody", "destroyed": [[4, "text"]]}
        (question,) = db.execute("select subject from records where seq = 4").fetchone()
        number = appender.append("redaction", question, told)
        db.execute("commit")
    return number


def test_an_automatic_checkpoint_does_not_vouch_for_a_forged_redaction(
    log: QueryLog, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    key, file = private_key(keys[0]), keys[0].parent / "checkpoints.jsonl"
    keeper = Keeper(log, key, file, every=3)
    assert keeper.write(0.0) is not None
    number = forge_redaction(log)
    converse(log)
    with pytest.raises(NotVouchedFor, match=f"--accept {number}"):
        keeper.write(1.0)
    assert len(file.read_text().splitlines()) == 1
    assert keeper.write(2.0) is None, "said once, until it would be due again"
    done = vouch(log, key, file, accepting=[number])
    assert (done.new["question"], done.destroying) == (1, [number])
    converse(log)
    assert keeper.write(3.0) is not None


def test_a_redaction_by_the_desk_is_vouched_for_and_told(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    log = QueryLog(tmp_path / "sealed.db")
    converse(log)
    log.start_sealing(tmp_path / "log.key")
    keeper = Keeper(log, private_key(keys[0]), keys[0].parent / "checkpoints.jsonl", every=1)
    keeper.write(0.0)
    redact(log, log.recent()[0].id, "a name", "auditor")
    done = keeper.write(1.0)
    assert done is not None
    assert "1 redaction" in done.summary()
    forge_unsealed = log.recent()[0].id
    with attacked(log.path) as db:
        db.execute("begin immediate")
        appender = ChainAppender(SqliteConnection(db), "2026-11-15T12:00:00.000+00:00", log.key)
        appender.read_end()
        appender.append("redaction", forge_unsealed, {"destroyed": []})
        db.execute("update records set seal = 'hmac-sha256:00' where seq = ?", [appender.seq])
        db.execute("commit")
    with pytest.raises(NotVouchedFor, match="written by someone else"):
        keeper.write(2.0)
    log.close()


def test_what_is_new_is_derived_anew_before_it_is_signed(
    log: QueryLog, keys: tuple[Path, Path]
) -> None:
    key = private_key(keys[0])
    first = take(log, key).checkpoint
    converse(log)
    assert verify_end(log.path, None, first).kinds == {"question": 1, "answer": 1, "delivery": 1}
    with attacked(log.path) as db:
        set_body(db, 14, body(db, 14) | {"outcome": "abstained"})
    with pytest.raises(NotVouchedFor, match="record 14"):
        take(log, key, first)
    with attacked(log.path) as db:
        rehash(db, 1)
        db.execute("update records set at = '2020' where seq = 2")
        rehash(db, 1)
    with pytest.raises(NotVouchedFor, match="record 12"):
        take(log, key, first)


def test_what_a_person_vouches_for_is_on_record(home: Path, path: Path) -> None:
    """A redaction by the desk is vouched for at once, one from elsewhere only when accepted."""
    (home / "keys" / "log.key").unlink()
    path.unlink()
    log = QueryLog(path)
    (home / "checkpoints" / "checkpoints.jsonl").unlink()
    converse(log, 3)
    number = forge_redaction(log)
    refused = run("checkpoint")
    assert (refused.exit_code, f"--accept {number}" in refused.stderr) == (2, True)
    accepted = run("checkpoint", "--accept", str(number), "--by", "R. Auditor")
    assert accepted.exit_code == 0, accepted.output
    assert "1 redaction" in accepted.stderr
    told = [e.as_dict() for e in log.records(kinds=["access"])][-1]
    assert (told["what"], told["by"], told["detail"]) == ("vouch", "R. Auditor", str(number))
    assert run("verify").exit_code == 0
    question = log.recent()[0].id
    assert run("redact", question, "--reason", "a name").exit_code == 0
    assert run("verify").exit_code == 0
    log.close()


def test_a_checkpoint_that_is_cut_short_is_not_counted_as_kept(
    log: QueryLog, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    """On a full disk a write may store only a part and report no error."""
    program = """if True:
        import resource, sys
        from pathlib import Path
        from bot.querylog.checkpoints import Checkpoint, CheckpointError, keep
        resource.setrlimit(resource.RLIMIT_FSIZE, (250, 250))
        for number in range(3):
            try:
                keep(Checkpoint("log", number, number, "h", "at", "s" * 20), Path(sys.argv[1]))
            except CheckpointError as error:
                print("refused", error)
            else:
                print("kept")
    """
    file = keys[0].parent / "full.jsonl"
    told = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    kept = [line for line in file.read_text().splitlines() if line.endswith("}")]
    assert told.count("kept") == len(kept) < 3
    assert "cannot be written" in told[-1]


# Damaged files


def text(path: Path) -> None:
    path.write_text("not a database, and long enough to be looked at as one" * 40)


def cut(share: float) -> Callable[[Path], object]:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def overwrite(at: int, data: bytes) -> Callable[[Path], object]:
    def do(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at : at + len(data)] = data
        path.write_bytes(content)

    return do


def another(path: Path) -> None:
    path.unlink()
    alter(path, "create table questions (id text)")


def of_a_version_that_never_was(path: Path) -> None:
    alter(path, "pragma user_version = 99")


def no_utf8_in(statement: str) -> Callable[[Path], object]:
    def do(path: Path) -> None:
        with attacked(path) as db:
            db.execute(statement)

    return do


def tombstone(holds: str) -> Callable[[Path], object]:
    def do(path: Path) -> None:
        with attacked(path) as db:
            db.execute("delete from records where seq < 3")
            db.execute("drop index one_question_an_event")
            db.execute("drop index one_question_a_message")
            db.execute("update records set kind = 'retention', body = ? where seq = 5", [holds])
            for name in ("one_question_an_event", "one_question_a_message"):
                db.execute(schema.STATEMENTS[name])

    return do


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(text, id="text"),
        pytest.param(cut(0), id="emptied"),
        pytest.param(cut(0.5), id="cut in half"),
        pytest.param(cut(0.01), id="cut within the header's page"),
        pytest.param(overwrite(0, b"\0" * 100), id="header"),
        pytest.param(overwrite(4096, b"\xff" * 4096), id="a page"),
        pytest.param(another, id="another database"),
        pytest.param(of_a_version_that_never_was, id="a version that never was"),
        pytest.param(tombstone("no JSON"), id="tombstone that is no JSON"),
        pytest.param(tombstone("[1]"), id="tombstone that is a list"),
        pytest.param(tombstone('{"last": {}, "log": 7}'), id="tombstone of other types"),
        pytest.param(
            no_utf8_in("update records set body = cast(x'ff' as text) where seq = 2 and 0"),
            id="control",
        ),
        pytest.param(
            no_utf8_in("update texts set text = cast(x'ff' as text) where record = 1"),
            id="a text that is no UTF-8",
        ),
        pytest.param(
            no_utf8_in("update records set subject = cast(x'ff' as text) where seq = 2"),
            id="a subject that is no UTF-8",
        ),
        pytest.param(
            no_utf8_in("update log set created = cast(x'ff' as text)"), id="a name that is no UTF-8"
        ),
        pytest.param(
            no_utf8_in("create table \"\x1b[31mx\" (a)"), id="a name for a terminal to obey"
        ),
    ],
)  # fmt: skip
def test_damage_is_told_in_a_sentence(
    path: Path, damage: Callable[[Path], object], request: pytest.FixtureRequest
) -> None:
    alter(path, "pragma wal_checkpoint(truncate)")
    damage(path)
    for more in ([], ["--json"], ["--log", str(path)]):
        told = run("verify", *more)
        expected = 0 if request.node.callspec.id == "control" else 3
        assert told.exit_code == expected, told.output
        assert told.stderr == ""
        assert "\x1b" not in told.stdout
    # Other commands, too, answer with a sentence, and do not claim that nothing was lost.
    listed = run("list")
    assert listed.exit_code in (0, 2)
    assert "Something went wrong" not in listed.stderr


def test_a_damaged_copy_to_compare_with(path: Path, tmp_path: Path) -> None:
    text(tmp_path / "other.db")
    told = run("verify", "--against", str(tmp_path / "other.db"))
    assert told.exit_code == 3
    assert "other.db cannot be compared" in told.stdout


@pytest.mark.parametrize("value", ["'no JSON'", "'[1]'", "'{}'", "'null'", "''"])
@pytest.mark.parametrize("what", ["texts set text", "records set body"])
def test_whatever_the_file_holds_every_command_says_it_in_a_sentence(
    path: Path, what: str, value: str
) -> None:
    if what.startswith("records"):
        with attacked(path) as db:
            for name in ("one_question_an_event", "one_question_a_message"):
                db.execute(f"drop index {name}")
            db.execute(f"update {what} = {value} where kind in ('question', 'answer', 'delivery')")
            if "JSON" not in value and value != "''":
                for name in ("one_question_an_event", "one_question_a_message"):
                    db.execute(schema.STATEMENTS[name])
    else:
        with attacked(path) as db:
            db.execute(f"update {what} = {value}")
    identity = "0"
    for command in (
        ["verify"], ["list"], ["search", "bill"], ["search", "--code", "E11"], ["show", identity],
        ["report"], ["report", "--json"], ["export"], ["export", "--format", "jsonl"], ["holds"],
        ["corrections"], ["feedback", identity, "right"], ["replay", identity], ["retain"],
    ):  # fmt: skip
        told = run(*command)
        assert told.exit_code in (0, 2, 3), (command, told.output)
        assert "Something went wrong" not in told.output, (command, told.exception)
