"""The clients and their tokens: clients.toml has the name of each, what it may do, and the SHA-256
of its token. The token itself is shown once and kept nowhere. It is random (256 bits), so a plain
hash is enough: nobody can try them all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot import private_toml
from bot.api.clients import SCOPES, Client, Scope
from bot.messages import message
from bot.settings import SettingsError

#: What tokens begin with, so that people and scanners of source code know one.
PREFIX = "cdk_"
_WHO = "clients"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_HASH = re.compile("[0-9a-f]{64}")

#: What the file is told by, to see that it changed: times in ns, inode, size.
_Seen = tuple[int, int, int, int]
#: Called with the name before the file is written, to put the change on record.
OnRecord = Callable[[Client], object]


class Tokens:
    """The clients in a file, which is read again whenever it changes. Safe to use from many
    threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # guards what follows
        self._seen: _Seen | None = None
        self._clients: list[tuple[bytes, Client]] = []

    def client(self, token: str) -> Client | None:
        """Whose token this is; None when it is nobody's. Raises SettingsError when the file cannot
        be read: then nobody is known."""
        wanted = _hashed(token).encode()
        found = None
        # All are compared, so that the time tells nothing.
        for its_hash, client in self._known():
            if hmac.compare_digest(its_hash, wanted):
                found = client
        return found

    def all(self) -> list[Client]:
        """Every client, by name. Raises SettingsError."""
        return [client for _, client in self._known()]

    def _known(self) -> list[tuple[bytes, Client]]:
        with self._lock:
            seen = self._looks()
            if seen is None or seen != self._seen:
                self._seen = None
                self._clients = [] if seen is None else self._read()
                self._seen = seen
            return self._clients

    def _looks(self) -> _Seen | None:
        """What the file looks like from outside; None where there is none."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(
                f"The {_WHO} cannot be read from {self._path}: {error.strerror}."
            ) from error
        return there.st_mtime_ns, there.st_ctime_ns, there.st_ino, there.st_size

    def _read(self) -> list[tuple[bytes, Client]]:
        known = private_toml.read(self._path, _WHO)
        return [_client(self._path, name, value) for name, value in sorted(known.items())]

    # Changes

    def add(
        self,
        name: str,
        scopes: Sequence[Scope],
        per_minute: int = 0,
        on_record: OnRecord = lambda _: None,
    ) -> str:
        """Add a client, and return its token. Raises SettingsError, also for a name that is taken
        or is no name, and what `on_record` raises; then nothing is changed."""
        if not _NAME.fullmatch(name):
            raise SettingsError(message("clients.no_name", name=name))
        with private_toml.changing(self._path, _WHO) as known:
            if name in known:
                raise SettingsError(message("clients.taken", name=name))
            token = _new_token()
            known[name] = {
                "token_sha256": _hashed(token),
                "scopes": [scope for scope in SCOPES if scope in scopes],
                "per_minute": per_minute,
            }
            on_record(_client(self._path, name, known[name])[1])
        return token

    def remove(self, name: str, on_record: OnRecord = lambda _: None) -> None:
        """Remove a client: its token is refused from now on. Raises as `add`."""
        with private_toml.changing(self._path, _WHO) as known:
            on_record(self._of(name, known))
            del known[name]

    def rotate(self, name: str, on_record: OnRecord = lambda _: None) -> str:
        """Give a client a new token, and return it; the old one is refused from now on. Raises as
        `add`."""
        with private_toml.changing(self._path, _WHO) as known:
            client = self._of(name, known)
            token = _new_token()
            known[name] = known[name] | {"token_sha256": _hashed(token)}
            on_record(client)
        return token

    def _of(self, name: str, known: dict[str, Any]) -> Client:
        if name not in known:
            raise SettingsError(message("clients.unknown", name=name, path=self._path))
        return _client(self._path, name, known[name])[1]


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _client(path: Path, name: str, value: object) -> tuple[bytes, Client]:
    """The hash of a client's token, and the client. Raises SettingsError: a scope or a limit that
    cannot be read is never taken for none."""
    if isinstance(value, dict) and value.keys() == {"token_sha256", "scopes", "per_minute"}:
        its_hash, scopes, most = value["token_sha256"], value["scopes"], value["per_minute"]
        if (
            isinstance(its_hash, str)
            and _HASH.fullmatch(its_hash)
            and isinstance(scopes, list)
            and all(scope in SCOPES for scope in scopes)
            and isinstance(most, int)
            and most >= 0
        ):
            return its_hash.encode(), Client(name, frozenset(scopes), most)
    raise SettingsError(message("clients.misread", name=name, path=path))
