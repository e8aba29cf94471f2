"""Accounts of auditors: names and hashes of their passwords (Argon2id, in the PHC string
format)."""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot.settings import Settings, SettingsError

#: The name that CODEDESK_AUDIT_PASSWORD_HASH is for.
AUDITOR = "auditor"
FEWEST_CHARACTERS = 12
_HASH = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/]+\$[\w+/]+")


def hashed(password: str) -> str:
    """The hash of a password, with 64 MiB, three passes and four lanes: the second recommendation
    of RFC 9106."""
    kdf = Argon2id(
        salt=secrets.token_bytes(16), length=32, iterations=3, lanes=4, memory_cost=64 * 1024
    )
    return kdf.derive_phc_encoded(password.encode())


def is_right(password: str, password_hash: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), password_hash)
    except InvalidKey:
        return False
    return True


def load(settings: Settings) -> dict[str, str]:
    """The password hash of each auditor, by name. Raises SettingsError, also when there is none."""
    known: dict[str, str] = {}
    if settings.audit_password_hash:
        known[AUDITOR] = settings.audit_password_hash
    if settings.auditors_file or settings.sign_ins.exists():
        known |= _read(settings.sign_ins)
    if not known:
        raise SettingsError(
            "Nobody may sign in yet. Make an auditor with `codedesk log audit-password NAME`, then "
            "start again."
        )
    for name, password_hash in known.items():
        if not isinstance(password_hash, str) or not _HASH.fullmatch(password_hash):
            raise SettingsError(
                f"What is set for {name} is not a hash of a password: make one with `codedesk log "
                "audit-password`. In a shell or .env file it belongs in single quotes."
            )
    return known


def add(path: Path, name: str, password_hash: str) -> None:
    """Add an auditor to the file, which only its owner can read. Raises SettingsError."""
    known = _read(path) if path.exists() else {}
    _write(path, known | {name: password_hash})


def remove(path: Path, name: str) -> None:
    """Remove an auditor from the file. Raises SettingsError, also when there is no such auditor."""
    known = _read(path) if path.exists() else {}
    if name not in known:
        raise SettingsError(f"{path} has no auditor {name}.")
    _write(path, {other: known[other] for other in known if other != name})


def _write(path: Path, known: Mapping[str, str]) -> None:
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            # A JSON string of printable characters is a TOML string.
            file.writelines(
                f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(password_hash)}\n"
                for name, password_hash in sorted(known.items())
            )
        new.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error


def _read(path: Path) -> dict[str, str]:
    try:
        open_to_others = path.stat().st_mode & 0o022
        known = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The auditors cannot be read from {path}: {error}.") from error
    if open_to_others:
        raise SettingsError(
            f"Others can write {path}, and so make themselves auditors: run `chmod 600 {path}`."
        )
    return known
