"""The `state` of each installing that is under way, against forged answers. Each is good for ten
minutes and one use, in any process; only its hash is kept.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from logging import Logger

from slack_sdk.oauth.state_store import OAuthStateStore

from bot.slack.state import State

#: Seconds for which one is good, as the cookie beside it.
KEPT = 600
#: The most that are kept.
_MOST = 10_000

_TABLE = """
create table if not exists oauth_states (
    hash text primary key,
    until double precision not null
)
"""


class OAuthStates(OAuthStateStore):
    """Safe to use from many threads, and by many processes."""

    def __init__(self, state: State) -> None:
        self._state = state
        with state.writing() as db:
            db.execute(_TABLE)

    @property
    def logger(self) -> Logger:
        return logging.getLogger("codedesk.slack")

    def issue(self, *args: object, **kwargs: object) -> str:
        issued, now = secrets.token_urlsafe(32), time.time()
        with self._state.writing() as db:
            db.execute("delete from oauth_states where until < ?", [now])
            (count,) = db.execute("select count(*) from oauth_states").fetchone()
            if count >= _MOST:
                # Whoever opens the page so often installs nothing; the oldest give way.
                db.execute(
                    "delete from oauth_states where until <= "
                    "(select min(until) + 60 from oauth_states)"
                )
            db.execute("insert into oauth_states values (?, ?)", [_hash(issued), now + KEPT])
        return issued

    def consume(self, state: str) -> bool:
        with self._state.writing() as db:
            gone = db.execute(
                "delete from oauth_states where hash = ? and until >= ?",
                [_hash(state), time.time()],
            )
            return gone.rowcount == 1


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
