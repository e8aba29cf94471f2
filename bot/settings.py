"""Settings: from the environment, else from `codedesk.toml`, else as given here.

A setting `slack_bot_token` is CODEDESK_SLACK_BOT_TOKEN or SLACK_BOT_TOKEN in the environment and
`slack_bot_token` in the file. The file is looked for in the working directory, then in
CODEDESK_HOME.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from platformdirs import user_data_path

from codesets.errors import CodeDeskError


class SettingsError(CodeDeskError):
    """A setting that cannot be used; the message names it and says what it must be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may set. Unset texts are None."""

    home: Path
    #: A folder that sentence-transformers can load (or a hub name, with model_download).
    model: str | None = None
    #: Let the model be fetched from its hub by name.
    model_download: bool = False
    #: Whether `run` and `setup` look for newer files at CDC and CMS first.
    fetch: bool = True
    slack_bot_token: str | None = None
    slack_app_token: str | None = None
    slack_signing_secret: str | None = None
    #: "socket" (default; needs the app token) or "http" (needs the signing secret).
    slack_mode: str = "socket"
    #: Where the Web API is; only tests have reason to change it.
    slack_api_url: str = "https://slack.com/api/"
    #: Where HTTP mode listens.
    http_host: str = "0.0.0.0"
    http_port: int = 3000
    #: Answer even when the log cannot be written. Every such answer says so.
    answer_without_log: bool = False
    #: How long the log is kept before `log retain` may remove it.
    log_retention_years: int = 6
    #: The key that seals the log's records; by default keys/log.key, if it is there.
    log_key_file: str | None = None
    #: The private key that signs checkpoints; by default keys/checkpoint.key, if it is there. The
    #: public one is beside it, with the ending .pub.
    checkpoint_key_file: str | None = None
    #: Where checkpoints are kept: best on another disk or host than the log.
    checkpoint_file: str | None = None
    #: A Slack channel to post checkpoints to, by its id.
    checkpoint_channel: str | None = None
    #: Slack user ids of those who may look into the log in Slack, separated by commas.
    auditors: str | None = None
    #: Where auditors' pages are served (`codedesk log audit`); only this machine reaches 127.0.0.1.
    audit_host: str = "127.0.0.1"
    audit_port: int = 8001
    #: The password of the one named "auditor", as `codedesk log audit-password` hashes it.
    audit_password_hash: str | None = None
    #: Names and hashes of more of them; by default auditors.toml, if it is there.
    auditors_file: str | None = None
    #: After how long without a page auditors have to sign in again.
    audit_session_minutes: int = 30

    @property
    def codes_db(self) -> Path:
        return self.home / "codes.db"

    @property
    def downloads(self) -> Path:
        return self.home / "downloads"

    @property
    def log_db(self) -> Path:
        return self.home / "log.db"

    @property
    def log_key(self) -> Path:
        return Path(self.log_key_file or self.home / "keys" / "log.key").expanduser()

    @property
    def checkpoint_key(self) -> Path:
        return Path(self.checkpoint_key_file or self.home / "keys" / "checkpoint.key").expanduser()

    @property
    def checkpoint_public_key(self) -> Path:
        return self.checkpoint_key.with_suffix(".pub")

    @property
    def checkpoints(self) -> Path:
        chosen = self.checkpoint_file or self.home / "checkpoints" / "checkpoints.jsonl"
        return Path(chosen).expanduser()

    @property
    def auditor_ids(self) -> frozenset[str]:
        return frozenset((self.auditors or "").replace(",", " ").split())

    @property
    def sign_ins(self) -> Path:
        return Path(self.auditors_file or self.home / "auditors.toml").expanduser()

    @property
    def index(self) -> Path:
        return self.home / "index"

    @classmethod
    def load(
        cls, environment: Mapping[str, str] = os.environ, folder: Path | None = None
    ) -> Settings:
        """Raises SettingsError for a file that cannot be read or a value of the wrong kind."""
        home = Path(
            environment.get("CODEDESK_HOME") or user_data_path("codedesk", appauthor=False)
        ).expanduser()
        stored = _read_file([folder or Path.cwd(), home])
        if "home" in stored and not environment.get("CODEDESK_HOME"):
            home = Path(str(stored["home"])).expanduser()
        found: dict[str, object] = {"home": home.absolute()}
        for field in fields(cls):
            if field.name == "home":
                continue
            name = field.name.upper()
            # An empty variable is as good as none: that is how compose files unset one.
            raw = environment.get(f"CODEDESK_{name}") or (
                environment.get(name) if name.startswith("SLACK_") else None
            )
            value: object = raw or stored.get(field.name)
            if value is not None and value != "":
                found[field.name] = _as_kind(field.name, str(field.type), value)
        unknown = stored.keys() - {field.name for field in fields(cls)}
        if unknown:
            raise SettingsError(
                f"codedesk.toml has a setting that Code Desk does not know: {min(unknown)}."
            )
        settings = cls(**found)  # type: ignore[arg-type]
        if settings.slack_mode not in ("socket", "http"):
            raise SettingsError(
                f'SLACK_MODE is "{settings.slack_mode}"; it must be "socket" or "http".'
            )
        if settings.log_retention_years < 1:
            raise SettingsError("LOG_RETENTION_YEARS is 0; it must be 1 or more.")
        for auditor in sorted(settings.auditor_ids):
            if not re.fullmatch("[UW][A-Z0-9]+", auditor):
                raise SettingsError(
                    f'AUDITORS has "{auditor}"; it must be the ids of Slack users, such as '
                    "U012ABCDE, separated by commas (in Slack: profile, More, Copy member ID)."
                )
        if settings.audit_session_minutes < 1:
            raise SettingsError("AUDIT_SESSION_MINUTES is 0; it must be 1 or more.")
        return settings


def _read_file(folders: list[Path]) -> dict[str, object]:
    for folder in folders:
        path = folder / "codedesk.toml"
        if path.is_file():
            try:
                return tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise SettingsError(f"{path} cannot be read as TOML: {error}.") from error
    return {}


def _as_kind(name: str, kind: str, value: object) -> object:
    text = str(value)
    if kind == "bool":
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise SettingsError(f'{name.upper()} is "{text}"; it must be yes or no.')
    if kind == "int":
        if not text.isdigit():
            raise SettingsError(f'{name.upper()} is "{text}"; it must be a whole number.')
        return int(text)
    return text
