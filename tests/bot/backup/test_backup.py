"""Backups are rehearsed: made while others write, checked, restored into an empty place, on both
databases. What came after the backup is told, and nothing is sent a second time."""

from __future__ import annotations

import json
import os
import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.backup import create, manifest
from bot.backup.errors import BackupError
from bot.backup.restore import Restored, restore
from bot.cli.main import main
from bot.desk.answer import Answer
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.checkpoints import make_keys, private_key
from bot.querylog.hash_chain import LogUnavailable
from bot.querylog.opening import key_of, verified
from bot.querylog.vouching import NotVouchedFor, vouch
from bot.settings import Settings
from bot.slack.state import State

#: `kind` and the fixtures that use it run on SQLite and PostgreSQL.
ON_BOTH = True
pytestmark = pytest.mark.slow
NOW = "2026-12-01T10:00:00+00:00"
ANSWER = Answer(question="knee oa", as_of="2026-05-01", outcome="abstained")


@pytest.fixture
def settings(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> Settings:
    """A desk whose checkpoints are kept elsewhere."""
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    if url:
        _programs(request.getfixturevalue("monkeypatch"))
    return Settings(
        home=tmp_path / "home",
        database_url=url,
        checkpoint_file=str(tmp_path / "elsewhere" / "checkpoints.jsonl"),
        checkpoint_key_file=str(tmp_path / "keys" / "checkpoint.key"),
        log_key_file=str(tmp_path / "keys" / "log.key"),
        slack_bot_token="xoxb-secret",
    )


def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find pg_dump where the server of the tests comes from: it must not be of an earlier
    version."""
    if not os.environ.get("CODEDESK_TEST_POSTGRES"):
        pgserver = pytest.importorskip("pgserver")
        programs = Path(pgserver.__file__).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)


@pytest.fixture
def empty(settings: Settings, tmp_path: Path, kind: str, request: pytest.FixtureRequest):
    """The same desk on another machine: nothing but its keys and the checkpoints."""
    home = tmp_path / "other"
    if kind == "sqlite":
        yield settings.model_copy(update={"home": home})
        return
    import postgres

    with postgres.database(request.getfixturevalue("postgres_server")) as url:
        yield settings.model_copy(update={"home": home, "database_url": url})


def opened(settings: Settings) -> QueryLog:
    return QueryLog(settings.log_database, key=key_of(settings))


def asked(log: QueryLog, text: str, *, answered: bool = True, delivered: bool = True) -> str:
    question = log.ask(QuestionRecord(text, "mention", user="U1", channel="C1", team="T1"))
    assert question
    if answered:
        log.answered(question, ANSWER, index_build=None, latency_ms=1)
    if delivered:
        log.delivered(question, "delivered")
    return question


def sealed(settings: Settings) -> None:
    make_keys(settings.checkpoint_key, settings.checkpoint_public_key)
    with closing(QueryLog(settings.log_database)) as log:
        log.start_sealing(settings.log_key)


def vouched(settings: Settings) -> None:
    with closing(opened(settings)) as log:
        vouch(log, private_key(settings.checkpoint_key), settings.checkpoints)


def backup(settings: Settings, folder: Path, **which: bool) -> create.Made:
    chosen = {"codes": False, "keys": False} | which
    return create.create(settings, folder, "ann", NOW, **chosen)


@pytest.fixture
def made(settings: Settings, tmp_path: Path) -> Path:
    """A backup of a desk with one question that is finished and three that are not."""
    sealed(settings)
    with closing(opened(settings)) as log:
        asked(log, "knee oa")
        asked(log, "not answered", answered=False, delivered=False)
        asked(log, "not sent", delivered=False)
        log.delivered(asked(log, "waits", delivered=False), "waiting")
    with closing(State(settings.slack_database)) as state, state.writing() as db:
        db.execute("create table outbox (id integer)")
        db.execute("insert into outbox values (1)")
        db.execute("create table defaults (person text)")
        db.execute("insert into defaults values ('U1')")
    vouched(settings)
    backup(settings, tmp_path / "backup")
    return tmp_path / "backup"


def rows(settings: Settings, table: str) -> int:
    with closing(State(settings.slack_database)) as state, state.reading() as db:
        return db.execute(f"select count(*) from {table}").fetchone()[0]


def test_a_backup_is_restored_and_the_log_goes_on(made: Path, empty: Settings) -> None:
    done = restore(empty, made, "bo")
    assert done.lost is None
    assert done.unknown == 3
    assert done.vouched
    assert verified(empty).exit_code == 0
    with closing(opened(empty)) as log:
        assert [record.text for record in log.recent()] == [
            "waits", "not sent", "not answered", "knee oa",
        ]  # fmt: skip
        (entry,) = log.records(kinds=["restore"])
        assert (entry.seq, entry.body["by"]) == (done.record, "bo")
        assert entry.body["last"] == entry.seq - 1
        asked(log, "after the restore")
    vouched(empty)
    assert verified(empty).exit_code == 0


def test_nothing_that_was_on_its_way_is_sent_again(made: Path, empty: Settings) -> None:
    restore(empty, made, "bo")
    assert rows(empty, "outbox") == 0
    assert rows(empty, "defaults") == 1
    with closing(opened(empty)) as log:
        assert log.unanswered(["mention"]) == []
        assert log.waiting(["mention"]) == []
        assert log.undelivered(["mention"]) == []
        outcomes = [record.delivery for record in log.recent()]
        assert outcomes == ["unknown", "unknown", "unknown", "delivered"]


def test_what_came_after_the_backup_is_told(
    settings: Settings, made: Path, empty: Settings
) -> None:
    with closing(opened(settings)) as log:
        last = log.last_sequence()
        asked(log, "lost")
    vouched(settings)
    with closing(opened(settings)) as log:
        lost_to = log.last_sequence()

    done = restore(empty, made, "bo")

    assert done.lost == (last + 1, lost_to)
    found = verified(empty)
    assert found.exit_code == 0
    assert f"{last + 1:,} to {lost_to:,} that were written before that are missing" in " ".join(
        found.notes
    )
    # The numbers are given a second time, beyond those that were lost, and stay vouched for.
    with closing(opened(empty)) as log:
        for number in range(4):
            asked(log, f"new {number}")
    vouched(empty)
    assert verified(empty).exit_code == 0


@pytest.mark.sqlite_only
def test_without_the_key_a_person_accepts_the_restore(
    settings: Settings, made: Path, empty: Settings, tmp_path: Path
) -> None:
    """A record of a restore excuses what is missing, and anyone who can write the log can write
    one. So it is not vouched for by itself."""
    with closing(opened(settings)) as log:
        asked(log, "lost")
    vouched(settings)
    key = settings.checkpoint_key.rename(tmp_path / "away.key")
    done = restore(empty, made, "bo")
    assert not done.vouched
    assert done.verification is not None
    assert done.verification.exit_code == 1
    with closing(QueryLog(empty.log_database, key=key_of(empty))) as log:
        log._key = None  # as where records are not sealed
        with pytest.raises(NotVouchedFor, match=f"record {done.record}"):
            vouch(log, private_key(key), settings.checkpoints)
        assert done.record is not None
        vouch(log, private_key(key), settings.checkpoints, accepting=(done.record,))
    assert verified(empty).exit_code == 0


@pytest.mark.sqlite_only
def test_a_log_that_was_cut_off_and_not_restored_is_still_found(
    settings: Settings, made: Path, empty: Settings
) -> None:
    restore(empty, made, "bo")
    with closing(opened(empty)) as log:
        asked(log, "one more")
    vouched(empty)
    second = made.with_name("second")
    backup(empty, second)
    with closing(opened(empty)) as log:
        asked(log, "cut off later")
    vouched(empty)
    if empty.database_url is None:
        shutil.copyfile(second / "log.db", empty.log_db)
        empty.log_db.with_name("log.db-wal").unlink(missing_ok=True)
        assert verified(empty).exit_code == 3


def test_it_is_made_while_others_write(settings: Settings, tmp_path: Path, empty: Settings) -> None:
    sealed(settings)
    with closing(opened(settings)) as log:
        asked(log, "first")
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                asked(log, "meanwhile")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            found = backup(settings, tmp_path / "backup")
        finally:
            stop.set()
            writer.join()
        written = log.last_sequence()
    end = found.manifest.log
    assert end is not None
    assert end.last <= written
    assert restore(empty, tmp_path / "backup", "bo").verification is not None
    assert verified(empty).bad is None


@pytest.mark.sqlite_only
def test_a_backup_is_on_record_in_itself(made: Path, empty: Settings) -> None:
    restore(empty, made, "bo")
    with closing(opened(empty)) as log:
        (entry,) = log.records(kinds=["access"])
    assert (entry.body["what"], entry.body["by"]) == ("backup", "ann")


def test_no_secret_is_in_it_unless_asked_for(
    settings: Settings, made: Path, tmp_path: Path
) -> None:
    whole = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    assert b"xoxb-secret" not in whole
    assert not (made / "keys").exists()
    assert all(path.stat().st_mode & 0o077 == 0 for path in made.rglob("*.db"))
    backup(settings, tmp_path / "with", keys=True)
    names = sorted(path.name for path in (tmp_path / "with" / "keys").iterdir())
    assert names == ["checkpoint.key", "log.key"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["missing", "altered", "foreign", "manifest", "newer"])
def test_a_backup_that_is_not_whole_is_refused(made: Path, empty: Settings, how: str) -> None:
    name = next(name for name in ("log.db", "database.dump") if (made / name).exists())
    if how == "missing":
        (made / name).unlink()
    elif how == "altered":
        with (made / name).open("r+b") as file:
            file.seek(200)
            file.write(b"x")
    elif how == "foreign":
        (made / "more.txt").write_text("x")
    elif how == "manifest":
        (made / manifest.MANIFEST).write_text("{")
    else:
        found = json.loads((made / manifest.MANIFEST).read_text())
        (made / manifest.MANIFEST).write_text(json.dumps(found | {"format": 99}))
    with pytest.raises(BackupError) as refused:
        restore(empty, made, "bo")
    assert str(refused.value).startswith(("The backup in", f"{made} is no backup"))
    assert not empty.log_db.exists()


@pytest.mark.sqlite_only
def test_nothing_is_written_over(settings: Settings, made: Path) -> None:
    with closing(opened(settings)) as log:
        before = log.last_sequence()
    with pytest.raises(BackupError, match="nothing is written over"):
        restore(settings, made, "bo")
    with pytest.raises(BackupError, match="not empty"):
        backup(settings, made)
    with closing(opened(settings)) as log:
        assert log.last_sequence() == before


@pytest.mark.sqlite_only
def test_a_sealed_log_is_not_restored_without_its_key(
    settings: Settings, made: Path, empty: Settings, tmp_path: Path
) -> None:
    settings.log_key.rename(tmp_path / "away.key")
    with pytest.raises(LogUnavailable, match="key cannot be read"):
        restore(empty, made, "bo")
    with pytest.raises(BackupError, match="its key is not at"):
        restore(empty.model_copy(update={"log_key_file": None}), made, "bo")
    (tmp_path / "away.key").rename(settings.log_key)
    assert isinstance(restore(empty, made, "bo"), Restored)


@pytest.mark.sqlite_only
def test_an_interrupted_backup_or_restore_is_tried_again(
    settings: Settings, made: Path, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(create.sqlite_copy, "copy", broken)
        with pytest.raises(BackupError, match="Free the disk"):
            backup(settings, made.with_name("second"))
    assert sorted(path.name for path in made.parent.glob("second*")) == []
    with monkeypatch.context() as patched:
        patched.setattr("bot.backup.restore._put", broken)
        with pytest.raises(BackupError, match="Free the disk"):
            restore(empty, made, "bo")
    assert not empty.log_db.exists()
    assert not (empty.home / "restoring").exists()
    assert restore(empty, made, "bo").record


@pytest.mark.sqlite_only
def test_a_backup_of_the_other_database_says_what_to_do(
    made: Path, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = empty.model_copy(update={"database_url": "postgresql://desk@db.example.org/desk"})
    with pytest.raises(BackupError, match="codedesk log move"):
        restore(elsewhere, made, "bo")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackupError, match="pg_dump is not installed"):
        create.postgres_dump.dump("postgresql://desk@db.example.org/desk", made / "x", "1")


@pytest.mark.sqlite_only
def test_the_address_is_not_among_the_arguments(
    made: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Everybody on the machine can read these."""
    seen: list[list[str]] = []
    run = create.postgres_dump.subprocess.run
    url = "postgresql://desk:hush@db.example.org:5433/desk?sslmode=verify-full"

    def watched(command: list[str], env: dict[str, str], **how: object) -> object:
        seen.append(command)
        assert (env["PGPASSWORD"], env["PGPORT"], env["PGSSLMODE"]) == (
            "hush", "5433", "verify-full",
        )  # fmt: skip
        return run(["true"], env=env, **how)

    program = tmp_path / "pg_restore"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(create.postgres_dump.subprocess, "run", watched)
    create.postgres_dump.restore(made / "x", url)
    assert "hush" not in " ".join(seen[0])


# As a person does it


def codedesk(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setenv("CODEDESK_HOME", str(settings.home))
    monkeypatch.setenv("CODEDESK_CHECKPOINT_FILE", str(settings.checkpoint_file))
    monkeypatch.setenv("CODEDESK_CHECKPOINT_KEY_FILE", str(settings.checkpoint_key_file))
    monkeypatch.setenv("CODEDESK_LOG_KEY_FILE", str(settings.log_key_file))
    monkeypatch.setenv("CODEDESK_DATABASE_URL", settings.database_url or "")
    return CliRunner().invoke(main, ["backup", *arguments])


def test_the_commands_say_what_is_done(
    settings: Settings, made: Path, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(made.with_name("by hand"))
    done = codedesk(settings, monkeypatch, "create", folder, "--by", "ann")
    assert done.exit_code == 0, done.output
    assert "verified: nothing altered, and a checkpoint vouches for it" in done.output
    assert "treat it as PHI" in done.output
    assert "is whole" in codedesk(settings, monkeypatch, "check", folder).output
    with closing(opened(settings)) as log:
        asked(log, "lost")
    vouched(settings)
    done = codedesk(empty, monkeypatch, "restore", folder)
    assert done.exit_code == 0, done.output
    assert "MISSING: records" in done.output
    assert "3 questions were open" in done.output
    done = codedesk(empty, monkeypatch, "restore", folder)
    assert done.exit_code == 2
    assert "nothing is written over" in done.stderr


@pytest.mark.sqlite_only
def test_recovery_finds_nothing_to_send(made: Path, empty: Settings) -> None:
    """The part of a serving desk that goes on with what an earlier run left."""
    restore(empty, made, "bo")
    with closing(opened(empty)) as log:
        from bot.slack.open_questions import OpenQuestions

        assert OpenQuestions(log).read() == []
