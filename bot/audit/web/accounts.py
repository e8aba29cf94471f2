"""Accounts of auditors: names and hashes of their passwords (Argon2id, in the PHC string
format). An account may be limited to workspaces: in auditors.toml it is then a table with `hash`
and `teams`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bot import private_toml
from bot.settings import Settings, SettingsError

#: The name that CODEDESK_AUDIT_PASSWORD_HASH is for.
AUDITOR = "auditor"
FEWEST_CHARACTERS = 12
_WHO = "auditors"
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
        known |= _accounts(settings.sign_ins, private_toml.read(settings.sign_ins, _WHO))
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
    with private_toml.changing(path, _WHO) as known:
        _accounts(path, known)
        known[name] = {"hash": password_hash, "teams": list(teams)} if teams else password_hash


def remove(path: Path, name: str) -> None:
    """Remove an auditor from the file. Raises SettingsError, also when there is no such auditor."""
    with private_toml.changing(path, _WHO) as known:
        if name not in known:
            raise SettingsError(f"{path} has no auditor {name}.")
        del known[name]


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


def _accounts(path: Path, known: Mapping[str, object]) -> dict[str, Account]:
    return {name: _account(path, name, value) for name, value in known.items()}
