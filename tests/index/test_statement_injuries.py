"""Injuries by type, site, side and what else is said of them."""

from __future__ import annotations

import datetime as dt

import pytest

from codesets.model import Release
from codesets.store.code_store import CodeStore
from index.statement import injuries
from index.statement.books import Books
from index.statement.facts import read_statement

#: A statement, "=>", and the codes of chapter 19 (and M97) that it calls for; none: it calls for
#: none here. One a line.
_STATEMENTS = """
