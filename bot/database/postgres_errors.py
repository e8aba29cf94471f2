"""Errors of psycopg as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg_pool import PoolTimeout

from bot.database.base import DatabaseError, DuplicateError

#: Errors that may go by themselves: not reachable, stopping, full, locked.
_PASSING = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


@contextmanager
def own_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.IntegrityError as error:
        raise DuplicateError(_text(error)) from error
    except PoolTimeout as error:
        raise DatabaseError("no connection to the database in time", passing=True) from error
    except psycopg.Error as error:
        raise DatabaseError(_text(error), passing=isinstance(error, _PASSING)) from error


def _text(error: psycopg.Error) -> str:
    """The first line says what is wrong; the others repeat the statement, or guess."""
    return (error.diag.message_primary or str(error).strip().split("\n")[0]).strip()
