"""`codedesk log move`: from the file to PostgreSQL, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_support import MISSED, attacked, check, converse, in_postgres, own_home, rows

from bot.cli.main import main
from bot.querylog import QueryLog, hash_chain, move
from bot.querylog.retention import redact
from bot.querylog.snapshot import is_there
from bot.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log that has texts destroyed, is sealed, and vouched for by a checkpoint."""
    home = own_home(tmp_path, monkeypatch)
    log = QueryLog(home / "log.db")
    converse(log, 3, MISSED)
    redact(log, log.recent()[0].id, "a name", "auditor")
    log.close()
    assert run("keys").exit_code == 0
    assert run("list").exit_code == 0
    assert run("checkpoint").exit_code == 2  # a redaction that no seal vouches for
    assert run("checkpoint", "--accept", "10").exit_code == 0
    return home


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["log", *words])


def everything(log: QueryLog, records: int) -> list[object]:
    return [
        rows(log, "select * from log"),
        rows(log, f"select * from records where seq <= {records} order by seq"),
        rows(log, f"select * from texts where record <= {records} order by id"),
    ]


def test_all_is_carried_over_and_verifies(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = run("move", postgres_url, "--by", "Ann")
    assert moved.exit_code == 0, moved.output
    assert "Set CODEDESK_DATABASE_URL" in moved.output
    assert "log.db is the same up to record" in moved.output

    old = QueryLog(home / "log.db", key=hash_chain.LogKey.load(home / "keys" / "log.key"))
    end = old.last_sequence()
    new = QueryLog(postgres_url, key=old.key)
    assert everything(new, end) == everything(old, end)
    last = list(new.records())[-1]
    assert (last.kind, last.body["records"], last.body["by"]) == ("move", end, "Ann")
    monkeypatch.setenv("CODEDESK_DATABASE_URL", postgres_url)
    assert run("verify").exit_code == 0
    assert run("checkpoint").exit_code == 0
    converse(new, 1)  # ids of texts go on after the last
    assert check(postgres_url, key=old.key).bad is None
    old.close()
    new.close()


def test_a_log_after_retention_is_carried_over(tmp_path: Path, postgres_url: str) -> None:
    from log_support import Clock

    from bot.querylog.retention import retain

    clock = Clock(2018, 1)
    log = QueryLog(tmp_path / "log.db", clock=clock)
    converse(log, 2)
    clock.set(2026, 3)
    converse(log, 1)
    assert retain(log, 6, "cron") is not None
    log.close()
    moved = move.move(tmp_path / "log.db", postgres_url, "Ann", now="2026-12-01T00:00:00.000+00:00")
    assert (moved.verification.bad, moved.verification.first) == (None, 7)


def test_nothing_is_moved_from_a_log_that_was_altered(home: Path, postgres_url: str) -> None:
    with attacked(home / "log.db") as db:
        db.execute("update records set at = '2020' where seq = 2")
    refused = run("move", postgres_url)
    assert (refused.exit_code, "TAMPERED" in refused.output) == (2, True)
    assert not is_there(postgres_url)


def test_nothing_is_moved_to_where_a_log_is(home: Path, postgres_url: str) -> None:
    there = QueryLog(postgres_url)
    refused = run("move", postgres_url)
    assert (refused.exit_code, there.id in refused.output) == (2, True)
    assert there.last_sequence() == 0
    there.close()


@pytest.mark.parametrize("url", ["log2.db", "postgresql://x:secret@127.0.0.1:9/none"])
def test_an_address_that_cannot_be_used(home: Path, url: str) -> None:
    refused = run("move", url)
    assert refused.exit_code == 2
    assert "secret" not in refused.output
    assert "Something went wrong" not in refused.output


def test_when_it_is_interrupted_nothing_is_there(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(move, "_expect_no_nul_in_text", stop)
        assert run("move", postgres_url).exit_code != 0
    assert not is_there(postgres_url)
    assert run("move", postgres_url).exit_code == 0


def test_a_record_with_nul_is_named(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an earlier Code Desk wrote it."""
    own_home(tmp_path, monkeypatch)
    log = QueryLog(Settings.load().log_db)
    with monkeypatch.context() as earlier:
        earlier.setattr(hash_chain, "plain", lambda text: text)
        converse(log, 1, "a\0b")
    log.close()
    refused = run("move", postgres_url)
    assert refused.exit_code == 2
    assert "record 1 has a NUL character" in refused.output
    assert not is_there(postgres_url)
    with pytest.raises(Exception, match="does not exist"), in_postgres(postgres_url) as db:
        db.execute("select 1 from records")
