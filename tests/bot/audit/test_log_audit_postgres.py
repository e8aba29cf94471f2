"""The auditors' pages over a log in PostgreSQL: a private copy that follows it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from audit_support import served
from log_support import Clock, converse

from bot.audit.web.log_copy import LogCopy
from bot.database import Connection, DatabaseError
from bot.querylog import LogUnavailable, QueryLog, schema_sqlite
from bot.querylog.retention import redact, retain


def copied(copy: LogCopy, table: str) -> list[tuple[object, ...]]:
    return copy._db.execute(f"select * from {table} order by 1").fetchall()


def there(log: QueryLog, table: str) -> list[tuple[object, ...]]:
    with log.reading() as db:
        return db.execute(f"select * from {table} order by 1").fetchall()


def test_the_copy_follows_what_is_added_and_destroyed(postgres_url: str) -> None:
    clock = Clock(2018, 1)
    log = QueryLog(postgres_url, clock=clock)
    converse(log, 2, "zebra")
    with LogCopy(log) as copy:
        assert stat.S_IMODE(copy.path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600

        def same() -> bool:
            copy.refresh()
            assert schema_sqlite.faults(copy._db) is None
            return all(copied(copy, t) == there(log, t) for t in ("log", "records", "texts"))

        assert same()
        (gone,) = converse(log, 1, "okapi")
        assert same()
        redact(log, gone, "a name", "auditor")
        assert same()
        assert b"okapi" not in copy.path.read_bytes()
        clock.set(2026)
        converse(log, 1)
        assert retain(log, 6, "cron") is not None
        assert same()
    assert not copy.path.parent.exists()
    log.close()


def test_a_copy_of_a_log_whose_beginning_was_removed(postgres_url: str) -> None:
    clock = Clock(2018, 1)
    log = QueryLog(postgres_url, clock=clock)
    converse(log, 2)
    clock.set(2026)
    converse(log, 1)
    assert retain(log, 6, "cron") is not None
    with LogCopy(log) as copy:
        assert copied(copy, "records") == there(log, "records")
        assert schema_sqlite.faults(copy._db) is None
    log.close()


def test_without_the_database_the_copy_is_not_shown(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def gone() -> Iterator[Connection]:
        yield from ()
        raise DatabaseError("no connection to the database in time", passing=True)

    log = QueryLog(postgres_url)
    with LogCopy(log) as copy:
        monkeypatch.setattr(log.database, "reading", gone)
        with pytest.raises(LogUnavailable):
            copy.refresh()
    log.close()


@pytest.mark.slow
def test_the_pages_show_the_log(postgres_url: str, tmp_path: Path) -> None:
    with served(tmp_path / "home", CODEDESK_DATABASE_URL=postgres_url) as pages:
        client = pages.signed_in()
        assert "nothing altered" in client.get("/").text
        found = client.get("/log/questions_and_answers.json?_shape=array").json()
        assert len(found) == 6
        converse(pages.log, 1, "hiccups for 3 days")
        assert "hiccups for 3 days" in client.get("/log/questions_and_answers").text
        hiccups = pages.log.recent()[0].id
        assert "1 question" in client.get("/questions?words=HICCUPS&edition=FY2026").text
        assert "0 questions" in client.get("/questions?edition=%25").text
        assert "hiccups for 3 days" in client.get(f"/questions/{hiccups}").text
        assert "Roe v. Clinic" in client.get("/changes").text
        assert client.get("/samples").status_code == 200
        redact(pages.log, pages.log.recent()[0].id, "a name", "auditor")
        assert "hiccups" not in client.get(f"/questions/{hiccups}").text
        assert "hiccups for 3 days" not in client.get("/log/questions_and_answers").text
        assert client.get("/log?sql=select+salt+from+texts").status_code == 400
        assert ("view", "R. Auditor") in [one[:2] for one in pages.accesses()]
