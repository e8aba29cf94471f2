"""What reading and writing State raises."""

from __future__ import annotations

import sqlite3

from bot.database import DatabaseError

STATE_ERRORS = (sqlite3.Error, DatabaseError)
