"""Files of secrets in CODEDESK_HOME, such as those of auditors and of clients: TOML with a name and
a value in each line, which only its owner can write."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from bot.settings import SettingsError


def read(path: Path, who: str) -> dict[str, Any]:
    """The values of the file, by name. `who` the file lists, for messages ("auditors"). Raises
    SettingsError when it cannot be read, and when others can write it."""
    try:
        open_to_others = path.stat().st_mode & 0o022
        known = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The {who} cannot be read from {path}: {error}.") from error
    if open_to_others:
        raise SettingsError(
            f"Others can write {path}, and so make themselves {who}: run `chmod 600 {path}`."
        )
    return known


@contextmanager
def changing(path: Path, who: str) -> Iterator[dict[str, Any]]:
    """The values of the file, to be changed: they are written on exit, unless an error is raised.
    One process at a time. Values are texts, whole numbers, lists of texts, or tables of these.
    Raises SettingsError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path.with_name(path.name + ".lock"), mode=0o600)
        lock.acquire()
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        known = read(path, who) if path.exists() else {}
        yield known
        _write(path, known)
    finally:
        lock.release()


def _write(path: Path, known: Mapping[str, Any]) -> None:
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.writelines(
                f"{_text(name)} = {_as_toml(value)}\n" for name, value in sorted(known.items())
            )
        new.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{path} cannot be written ({error.strerror}).")


def _text(text: str) -> str:
    # A JSON string of printable characters is a TOML string.
    return json.dumps(text, ensure_ascii=False)


def _as_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_as_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_as_toml, value)) + "]"
    return _text(value) if isinstance(value, str) else str(int(value))
