"""The log in PostgreSQL: what only an owner of that database can do, and what a server may do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import postgres
import psycopg
import pytest
from log_support import check, converse, in_postgres, own_home
from paths import ROOT
from slack_support import diabetes

from bot.database.postgres import PostgresDatabase
from bot.querylog import FallbackLog, LogUnavailable, QueryLog, QuestionRecord, schema_check
from bot.querylog.retention import clean, redact, retain
from bot.querylog.search import Filters, search

ASKED = QuestionRecord("htn", "cli")


@pytest.fixture
def log(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryLog]:
    """Twelve records. Each use is checked, so that a test need not wait after an attack."""
    monkeypatch.setattr(schema_check, "HOLDS", 0.0)
    log = QueryLog(postgres_url)
    converse(log, 4)
    yield log
    log.close()


FOREIGN = """
    create function evil() returns trigger language plpgsql as
    $$ begin new.body := '{}'; return new; end $$;
"""


@pytest.mark.parametrize(
    ("attack", "why"),
    [
        (
            "alter table records disable trigger records_stay",
            "trigger `records_stay` of the log is not",
        ),
        ("drop trigger records_stay on records", "trigger `records_stay` of the log is missing"),
        (
            "create or replace function records_stay() returns trigger language plpgsql as "
            "$$ begin return new; end $$",
            "function `records_stay` of the log is not",
        ),
        (
            FOREIGN + "create trigger a before insert on records for each row "
            "execute function evil()",
            "is not one of the log's",
        ),
        (
            "create or replace function json_extract(body text, path text) returns text "
            "immutable language sql as $$ select null::text $$",
            "function `json_extract` of the log is not",
        ),
        ("drop index one_question_an_event", "index `one_question_an_event` of the log is missing"),
        ("create index mine on records (at)", "`mine` is not one"),
        (
            "alter table records rename to kept; "
            "create view records as select * from kept where seq < 3",
            "`records` of the log is not",
        ),
        ("alter table records enable row level security", "table `records` of the log is not"),
        (
            "create policy p on records using (false)",
            "table `records` of the log is not",
        ),
        (
            "create rule r as on insert to records do instead nothing",
            "table `records` of the log is not",
        ),
        ("create table child () inherits (records)", "of the log"),
        ("alter table records set unlogged", "table `records` of the log is not"),
        ("alter table records add column more text", "table `records` of the log is not"),
        ("alter table records alter column seal set default 'x'", "table `records` of the log is"),
        ("alter table records add constraint c check (seq < 99)", "constraint `c` is not one"),
        ("drop view questions", "view `questions` of the log is missing"),
    ],
)
def test_what_is_not_the_logs_own_stops_everything(log: QueryLog, attack: str, why: str) -> None:
    """A log that is open notices it, too."""
    with in_postgres(str(log.where)) as db:
        db.raw.execute(attack)
    with pytest.raises(LogUnavailable) as refused:
        log.ask(ASKED)
    assert why in str(refused.value)
    with pytest.raises(LogUnavailable):
        log.recent()
    with pytest.raises(LogUnavailable):
        QueryLog(log.where)
    found = check(log.where)
    assert (found.bad, why in found.why) == (0, True)


def test_the_tail_cut_off_shows_by_a_copy(log: QueryLog) -> None:
    with in_postgres(str(log.where)) as db:
        db.execute("insert into lifted values ('retention')")
        db.execute("delete from records where seq > 9")
        db.execute("delete from texts where record > 9")
        db.execute("delete from lifted")
    assert check(log.where).last == 9  # nothing in the database shows it: see the checkpoints


@pytest.mark.parametrize(
    "accident",
    ["truncate records", "truncate texts", "delete from texts", "update records set kind = 'x'"],
)
def test_accidents_are_stopped(log: QueryLog, accident: str) -> None:
    with in_postgres(str(log.where)) as db, pytest.raises(Exception, match="append-only"):
        db.execute(accident)
    assert check(log.where).bad is None


def test_a_second_name_of_the_log(log: QueryLog) -> None:
    with in_postgres(str(log.where)) as db:
        db.execute("insert into log values ('another', '2026')")
    assert "which log it is" in check(log.where).why


def test_a_view_that_is_altered_changes_nothing_that_is_read(log: QueryLog) -> None:
    with in_postgres(str(log.where)) as db:
        (made,) = db.execute("select pg_get_viewdef('questions'::regclass)").fetchone()
        db.execute("create or replace view questions as " + made.rstrip(";") + " and false")
    assert len(search(log, Filters(text="ckd"))) == 4


def test_an_index_that_leaves_a_row_out(log: QueryLog) -> None:
    """As an owner of the server can bring about."""
    with in_postgres(str(log.where)) as db:
        for table in ("records", "texts"):
            db.execute(f"alter table {table} disable trigger all")
        oid = "'codedesk.records_by_kind'::regclass"
        ready = f"update pg_index set indisready = {{}} where indexrelid = {oid}"
        db.execute(ready.format("false"))
        db.execute("insert into records select 13, at, 'x', subject, body, previous, hash, null "
                   "from records where seq = 12")  # fmt: skip
        db.execute(ready.format("true"))
        for table in ("records", "texts"):
            db.execute(f"alter table {table} enable trigger all")
    assert check(log.where).exit_code == 3


def test_redaction_and_cleaning(log: QueryLog) -> None:
    (question,) = converse(log, 1, "zebra")
    redact(log, question, "a name", "auditor")
    clean(log)
    with in_postgres(str(log.where)) as db:
        (path,) = db.execute(
            "select current_setting('data_directory') || '/' || pg_relation_filepath('texts')"
        ).fetchone()
        db.execute("checkpoint")
    if Path(path).exists():
        assert b"zebra" not in Path(path).read_bytes()
    assert check(log.where).bad is None


def test_a_reader_in_the_way_of_a_redaction_is_told_of(log: QueryLog) -> None:
    question = log.recent()[0].id
    with psycopg.connect(str(log.where)) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select 1 from codedesk.texts").fetchone()
        time.sleep(1.1)
        with pytest.raises(LogUnavailable, match="copies may linger"):
            redact(log, question, "a name", "auditor")
    clean(log)
    assert check(log.where).redacted


def test_retention(log: QueryLog) -> None:
    later = QueryLog(log.where, clock=lambda: log.now().replace(year=log.now().year + 7))
    removed = retain(later, 6, "cron")
    assert removed is not None
    assert (removed.first, removed.last) == (1, 12)
    later.close()
    assert check(log.where).bad is None


def test_a_role_that_only_adds_and_reads(log: QueryLog) -> None:
    """With the rights that docs/LOG.md names."""
    page = (ROOT / "docs" / "LOG.md").read_text("utf-8")
    role = f"desk_{uuid.uuid4().hex[:8]}"
    (grants,) = re.findall(r"```sql\n(.*?)```", page, re.S)
    with in_postgres(str(log.where)) as owner:
        owner.raw.execute(f"create role {role} login")
        owner.raw.execute(grants.replace("to desk", f"to {role}"))
        try:
            desk = QueryLog(str(log.where).replace("://postgres:", f"://{role}:"))
            converse(desk, 1)
            assert desk.recent(1)[0].text
            with pytest.raises(LogUnavailable, match="permission denied"):
                redact(desk, desk.recent()[0].id, "a name", "auditor")
            desk.close()
        finally:
            owner.raw.execute(f"drop owned by {role}; drop role {role}")
    assert check(log.where).last == 15


# A database that cannot be used


def test_no_server_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable) as refused:
        QueryLog("postgresql://desk:secret@127.0.0.1:9/none")
    assert "CODEDESK_DATABASE_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_database_in_another_encoding_is_refused(postgres_server: str) -> None:
    with postgres.database(postgres_server) as url, psycopg.connect(url, autocommit=True) as db:
        db.execute("create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' "
                   "template template0")  # fmt: skip
        try:
            name = url.split("/test_")[0] + "/latin" + url[url.index("?") :]
            with pytest.raises(LogUnavailable, match="UTF8"):
                QueryLog(name)
        finally:
            db.execute("drop database latin")


def test_the_command_line_reads_the_log_there(
    log: QueryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from bot.cli.main import main

    own_home(tmp_path, monkeypatch)
    monkeypatch.setenv("CODEDESK_DATABASE_URL", str(log.where))
    for words, code in (
        ("verify", 1), ("list", 0), ("keys", 0), ("checkpoint", 0), ("verify", 0),
        ("search ckd", 0), ("export --output x.csv", 0), ("report --output x.html", 0),
        ("clean", 0), ("retain", 0), ("holds", 0),
    ):  # fmt: skip
        result = CliRunner().invoke(main, ["log", *words.split()])
        assert result.exit_code == code, f"{words}: {result.output} {result.exception!r}"


# A server that stops, and many who write

_WRITER = """
import sys
from bot.querylog import QueryLog, QuestionRecord
log = QueryLog(sys.argv[1])
for number in range(int(sys.argv[2])):
    identity = log.ask(QuestionRecord("htn", "cli", event_id=f"{sys.argv[3]}.{number}"))
    print(identity, flush=True)
"""


def writer(url: str, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, str(count), name],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ),
    )  # fmt: skip


@pytest.mark.slow
def test_many_processes_leave_one_chain(postgres_url: str) -> None:
    """Two of three are given the same events: each event is one question."""
    writers = [writer(postgres_url, 60, name) for name in ("a", "a", "b")]
    told = [line for one in writers for line in one.communicate()[0].split()]
    assert all(one.returncode == 0 for one in writers)
    assert (len(told), told.count("None")) == (180, 60)
    found = check(postgres_url)
    assert (found.bad, found.last) == (None, 120)


@pytest.mark.slow
def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged() -> None:
    pgserver = pytest.importorskip("pgserver")
    if os.environ.get("CODEDESK_TEST_POSTGRES"):
        pytest.skip("the server that is named is not ours to kill")
    # Not below the folder of pytest: the server runs as a user of its own.
    with tempfile.TemporaryDirectory(prefix="codedesk-pg-") as name:
        server = pgserver.get_server(name, cleanup_mode="stop")
        url = server.get_uri()
        QueryLog(url).close()
        writers = [writer(url, 100_000, str(number)) for number in range(3)]
        first = {str(one.stdout.readline()).strip() for one in writers if one.stdout}
        time.sleep(1)
        os.kill(int((Path(name) / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        rest = {line for one in writers for line in one.communicate()[0].split()}
        acknowledged = (first | rest) - {""}
        assert len(acknowledged) > 3
        again = start_again(pgserver, Path(name))
        try:
            found = check(again.get_uri())
            assert found.bad is None, found
            log = QueryLog(again.get_uri())
            there = {record.id for record in log.questions()}
            log.close()
            assert acknowledged <= there
        finally:
            again.cleanup()


def start_again(pgserver: Any, folder: Path) -> Any:
    """The server of a folder whose first process was killed."""
    (folder / "postmaster.pid").unlink(missing_ok=True)
    for left in range(50, 0, -1):
        time.sleep(0.2)  # until its other processes have noticed
        try:
            return pgserver.postgres_server.PostgresServer(folder, cleanup_mode="stop")
        except Exception:
            if left == 1:
                raise
    raise AssertionError


def test_a_database_that_goes_away_and_comes_back(log: QueryLog) -> None:
    """As when a server is started again: every connection is cut."""
    for _ in range(3):
        with psycopg.connect(str(log.where), autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        time.sleep(0.1)
        converse(log, 1)
    assert check(log.where).last == 21


def test_answers_without_a_log_while_the_database_does_not_answer(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = FallbackLog(postgres_url)
    with monkeypatch.context() as gone:
        gone.setattr(PostgresDatabase, "writing", unreachable)
        question = log.ask(ASKED)
        log.answered(question, diabetes("htn"), index_build=None, latency_ms=1)
        assert log.is_unlogged(question)
    assert log.ask(ASKED) is not None
    assert [entry.kind for entry in log.records()] == ["unlogged", "question"]
    assert "secret" not in capsys.readouterr().err
    log.close()


def unreachable(*_: object, **__: object) -> object:
    from bot.database import DatabaseError

    raise DatabaseError("no connection to the database in time", passing=True)


def test_threads_of_one_process_wait_for_each_other(log: QueryLog) -> None:
    threads = [threading.Thread(target=lambda: converse(log, 5)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check(log.where).last == 12 + 12 * 15
