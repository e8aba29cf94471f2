"""Accounts of auditors: names and hashes of their passwords (Argon2id, in the PHC string
format). An account may be limited to workspaces: in auditors.toml it is then a table with `hash`
and `teams`."""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot.settings import Settings, SettingsError

#: The name that CODEDESK_AUDIT_PASSWORD_HASH is for.
AUDITOR = "auditor"
FEWEST_CHARACTERS = 12
_TEAM = re.compile("[TE][A-Z0-9]+")
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


@dataclass(frozen=True, slots=True)
class Account:
    """`teams`: the ids of the workspaces (T…) and organisations (E…) that the auditor may see; None
    for everything."""

    password_hash: str
    teams: tuple[str, ...] | None = None


def load(settings: Settings) -> dict[str, Account]:
    """The account of each auditor, by name. Raises SettingsError, also when there is none."""
    known: dict[str, Account] = {}
    if settings.audit_password_hash:
        known[AUDITOR] = Account(settings.audit_password_hash)
    if settings.auditors_file or settings.sign_ins.exists():
        known |= _read(settings.sign_ins)
    if not known:
        raise SettingsError(
            "Nobody may sign in yet. Make an auditor with `codedesk log audit-password NAME`, then "
            "start again."
        )
    for name, account in known.items():
        if not _HASH.fullmatch(account.password_hash):
            raise SettingsError(
                f"What is set for {name} is not a hash of a password: make one with `codedesk log "
                "audit-password`. In a shell or .env file it belongs in single quotes."
            )
    return known


def add(path: Path, name: str, password_hash: str, teams: Sequence[str] | None = None) -> None:
    """Add an auditor to the file, which only its owner can read; limited to `teams`, if there are
    any. Raises SettingsError."""
    known = _read(path) if path.exists() else {}
    limited = tuple(teams) if teams else None
    _write(path, known | {name: Account(password_hash, limited)})


def remove(path: Path, name: str) -> None:
    """Remove an auditor from the file. Raises SettingsError, also when there is no such auditor."""
    known = _read(path) if path.exists() else {}
    if name not in known:
        raise SettingsError(f"{path} has no auditor {name}.")
    _write(path, {other: known[other] for other in known if other != name})


def _write(path: Path, known: Mapping[str, Account]) -> None:
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            # A JSON string of printable characters is a TOML string.
            file.writelines(
                f"{json.dumps(name, ensure_ascii=False)} = {_as_toml(account)}\n"
                for name, account in sorted(known.items())
            )
        new.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error


def _as_toml(account: Account) -> str:
    password_hash = json.dumps(account.password_hash)
    if account.teams is None:
        return password_hash
    return f"{{ hash = {password_hash}, teams = {json.dumps(account.teams)} }}"


def _account(path: Path, name: str, value: object) -> Account:
    """Raises SettingsError. A limit that cannot be read is never taken for none."""
    if isinstance(value, str):
        return Account(value)
    if isinstance(value, dict) and value.keys() == {"hash", "teams"}:
        teams = value["teams"]
        fits = isinstance(teams, list) and teams and all(isinstance(t, str) for t in teams)
        if fits and all(_TEAM.fullmatch(team) for team in teams):
            return Account(str(value["hash"]), tuple(teams))
    raise SettingsError(
        f"{name} in {path} must be the hash of a password, or a table such as "
        '{ hash = "$argon2id…", teams = ["T012ABCDE"] } with the ids of workspaces.'
    )


def _read(path: Path) -> dict[str, Account]:
    try:
        open_to_others = path.stat().st_mode & 0o022
        known = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The auditors cannot be read from {path}: {error}.") from error
    if open_to_others:
        raise SettingsError(
            f"Others can write {path}, and so make themselves auditors: run `chmod 600 {path}`."
        )
    return {name: _account(path, name, value) for name, value in known.items()}
