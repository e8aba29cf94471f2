"""A real PostgreSQL for tests, started as any user in a second (pgserver, from PyPI)."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.database.postgres import PostgresDatabase


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a server that ends with the block; CODEDESK_TEST_POSTGRES names another."""
    if named := os.environ.get("CODEDESK_TEST_POSTGRES"):
        yield named
        return
    pgserver = pytest.importorskip("pgserver")
    with tempfile.TemporaryDirectory(prefix="codedesk-pg-") as folder:
        running = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            url = running.get_uri()
            with psycopg.connect(url, autocommit=True) as db:
                # Nothing here outlives the server; the tests that kill one start their own.
                db.execute("alter system set fsync = off")
                db.execute("select pg_reload_conf()")
            yield url
        finally:
            running.cleanup()


@contextlib.contextmanager
def database(url: str) -> Iterator[str]:
    """The address of an empty database of its own on that server."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"create database {name} template template0 encoding 'UTF8'")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(f"drop database {name} with (force)")


def fresh(url: str) -> PostgresDatabase:
    """A database of its own on that server: a schema that nothing else uses."""
    return PostgresDatabase(url, schema=f"test_{uuid.uuid4().hex[:12]}")
