"""The keys that encrypt tokens: Fernet keys in a file, one a line. The first encrypts, all decrypt.

Fernet is AES-128 in CBC mode with an HMAC-SHA256 over it: https://cryptography.io/en/latest/fernet/
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from codesets.errors import CodeDeskError


class TokenKeysError(CodeDeskError):
    """The keys of the tokens cannot be used. The message says why, and what to do."""


class TokenKeys:
    """Encrypts and decrypts. Safe to use from many threads. A text that none of the known keys
    opens makes it read the file again: another host may have added a key."""

    def __init__(self, path: Path) -> None:
        """Raises TokenKeysError."""
        self.path = path
        self._lock = threading.Lock()
        self._keys = _read(path)

    def encrypted(self, text: str) -> str:
        return self._keys.encrypt(text.encode()).decode("ascii")

    def decrypted(self, token: str) -> str:
        """Raises TokenKeysError when no key opens it."""
        try:
            return self._keys.decrypt(token).decode()
        except InvalidToken:
            with self._lock:
                self._keys = _read(self.path)
        try:
            return self._keys.decrypt(token).decode()
        except InvalidToken as error:
            raise TokenKeysError(
                f"No key in {self.path} opens the tokens that are kept. Put the file back that "
                "was there when the workspaces installed the app, or let them install it again."
            ) from error


def make(path: Path) -> None:
    """Make a file with one key, which only its owner can read. Raises TokenKeysError, also when
    there is one."""
    if path.exists():
        raise TokenKeysError(f"{path} is there already; no key is ever written over.")
    _write(path, [Fernet.generate_key()])


def add(path: Path) -> None:
    """Put a new key before those of the file. Raises TokenKeysError."""
    keys = _lines(path)
    _write(path, [Fernet.generate_key(), *keys])


def _read(path: Path) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in _lines(path)])
    except ValueError as error:
        raise TokenKeysError(
            f"{path} is no file of token keys: each line must be one that `codedesk slack keys` "
            "made."
        ) from error


def _lines(path: Path) -> list[bytes]:
    try:
        open_to_others = path.stat().st_mode & 0o077
        lines = [line.strip() for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise TokenKeysError(
            f"The keys of the tokens cannot be read from {path} ({error.strerror}). Make them "
            "with `codedesk slack keys`, or copy the file from where the desk ran before."
        ) from error
    if open_to_others:
        raise TokenKeysError(f"Others can read {path}: run `chmod 600 {path}`.")
    return lines


def _write(path: Path, keys: list[bytes]) -> None:
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(b"\n".join(keys) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise TokenKeysError(f"{path} cannot be written ({error.strerror}).") from error
