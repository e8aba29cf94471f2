"""Settings: from the environment, else from `codedesk.toml`, else the defaults below.

A setting `slack_bot_token` is CODEDESK_SLACK_BOT_TOKEN or SLACK_BOT_TOKEN in the environment and
`slack_bot_token` in the file. The file is looked for in the working directory, then in
CODEDESK_HOME. A secret may be in a file of its own, as containers have them:
CODEDESK_SLACK_BOT_TOKEN_FILE or SLACK_BOT_TOKEN_FILE is its path.

The values are checked by pydantic. They are read here and not by the sources of pydantic-settings:
tried, these passed the same tests in as many lines, as every message names where its value stands,
and their import added 55 ms to every command.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
)

from codesets.errors import CodeDeskError

FILE = "codedesk.toml"
#: Never printed: neither with the settings nor in an error.
Secret = Annotated[str | None, Field(repr=False)]
#: How a person says yes and no where a path could stand, too.
_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
#: 0 leaves the choice to the system.
Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsError(CodeDeskError):
    """Settings that cannot be used. The message has a line for each, with its name, its value and
    what it must be."""


class Settings(BaseModel):
    """The settings. A text that is not set is None. The constructor reads neither the environment
    nor a file: `load` does."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True
    )

    home: Path
    #: Processes that search while `run` serves Slack; 0: none, `run` searches itself. Unset: one
    #: for each core that it may use.
    workers: Annotated[int, Field(ge=0, le=256)] | None = None
    #: A folder that sentence-transformers can load (or a hub name, with model_download).
    model: str | None = None
    #: Let the model be fetched from its hub by name.
    model_download: bool = False
    #: Whether `run` and `setup` look for newer files at CDC and CMS first.
    fetch: bool = True
    #: The drop folder, whose files are loaded by themselves: a path, or "no" for none; by default
    #: the folder inbox in `home`.
    inbox: str | None = None
    #: The address of a PostgreSQL database (postgresql://user:password@host/database) for the log
    #: and for what Slack's surfaces keep. Without it, both are SQLite files in `home`.
    database_url: Secret = None
    slack_bot_token: Secret = None
    slack_app_token: Secret = None
    slack_signing_secret: Secret = None
    #: "socket" (default; needs the app token) or "http" (needs the signing secret).
    slack_mode: Literal["socket", "http"] = "socket"
    #: How many connections to Slack this process has in Socket Mode. Slack takes ten for an app.
    socket_connections: Annotated[int, Field(ge=1, le=10)] = 1
    #: With these two in place of a bot token, any workspace can install the app: see
    #: bot/slack/workspaces.
    slack_client_id: str | None = None
    slack_client_secret: Secret = None
    #: Where people reach this desk's pages for installing, such as https://desk.example.org. In
    #: Socket Mode they are served only if it is set.
    slack_install_url: str | None = None
    #: The keys that encrypt the tokens of workspaces; by default keys/tokens.key.
    token_key_file: str | None = None
    #: The most questions a minute of one person, and of one workspace; 0 for no limit. By default
    #: 30 and 600 where there are many workspaces, and no limit where there is a bot token.
    limit_user_per_minute: NonNegativeInt | None = None
    limit_workspace_per_minute: NonNegativeInt | None = None
    #: What people of other organisations get, who are in a channel by Slack Connect. By default
    #: they are answered where there is a bot token, and refused where there are many workspaces.
    slack_connect: Literal["answer", "refuse"] | None = None
    #: Where the Web API is; only tests have reason to change it.
    slack_api_url: str = "https://slack.com/api/"
    #: Where HTTP mode listens.
    http_host: str = "0.0.0.0"
    http_port: Port = 3000
    #: The program's own log, on standard error: for people, or as JSON, one object a line.
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: Where `run` serves metrics, and whether it is live and ready; without a port it does not.
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None
    #: Seconds that work under way has to end when the process is told to stop.
    stop_seconds: PositiveInt = 25
    #: Answer even when the log cannot be written. Every such answer says so.
    answer_without_log: bool = False
    #: How long the log is kept before `log retain` may remove it.
    log_retention_years: PositiveInt = 6
    #: After how many days the next review of answers shall be signed off; unset: no schedule.
    review_every_days: PositiveInt | None = None
    #: The key that seals the log's records; by default keys/log.key, if it is there.
    log_key_file: str | None = None
    #: The private key that signs checkpoints; by default keys/checkpoint.key, if it is there. The
    #: public one is beside it, with the ending .pub.
    checkpoint_key_file: str | None = None
    #: Where checkpoints are kept: best on another disk or host than the log.
    checkpoint_file: str | None = None
    #: A Slack channel to post checkpoints to, by its id.
    checkpoint_channel: str | None = None
    #: The address of a time-stamping authority (RFC 3161) that stamps each checkpoint.
    timestamp_url: str | None = None
    #: The address of a witness (C2SP tlog-witness) that cosigns each checkpoint, and the file of
    #: its public key.
    witness_url: str | None = None
    witness_key_file: str | None = None
    #: Slack user ids of those who may look into the log in Slack, separated by commas.
    auditors: str | None = None
    #: Slack user ids of those who look after Code Desk, separated by commas. The Home tab shows
    #: them what is missing, and takes files of codes from them.
    admins: str | None = None
    #: Whom people can ask for help, as Slack shows it: a channel, a person, a telephone number.
    contact: str | None = None
    #: The base address of an OpenAI-compatible server (https://llm.example.org/v1), and the name of
    #: its model. With both set, the model may help: see bot/language_model.
    llm_url: Secret = None
    llm_model: str | None = None
    #: Sent as a bearer token, where the server asks for one.
    llm_key: Secret = None
    #: The most seconds that a call of it may take.
    llm_seconds: PositiveInt = 4
    #: Where the auditors' pages are served (`codedesk log audit`). 127.0.0.1: for this machine
    #: only.
    audit_host: str = "127.0.0.1"
    audit_port: Port = 8001
    #: The hash of the password of "auditor", made by `codedesk log audit-password`.
    audit_password_hash: Secret = None
    #: A file of names and hashes of more auditors; by default auditors.toml, if it is there.
    auditors_file: str | None = None
    #: Where `codedesk serve` listens. 127.0.0.1: for this machine only.
    api_host: str = "127.0.0.1"
    api_port: Port = 8002
    #: The programs that may ask there, each with the hash of its token; by default clients.toml.
    clients_file: str | None = None
    #: After how long without a page auditors have to sign in again.
    audit_session_minutes: PositiveInt = 30

    def without_secrets(self) -> Settings:
        """The same without tokens, passwords and keys, for a process that needs none."""
        secret = [name for name, field in type(self).model_fields.items() if not field.repr]
        return self.model_copy(update=dict.fromkeys(secret))

    @property
    def codes_db(self) -> Path:
        return self.home / "codes.db"

    @property
    def downloads(self) -> Path:
        return self.home / "downloads"

    @property
    def inbox_folder(self) -> Path | None:
        """The drop folder; None where it is turned off."""
        chosen = (self.inbox or "yes").strip()
        if chosen.lower() in _NO:
            return None
        return self.home / "inbox" if chosen.lower() in _YES else Path(chosen).expanduser()

    @property
    def log_db(self) -> Path:
        return self.home / "log.db"

    @property
    def log_database(self) -> Path | str:
        """Where the log is, for `open_database`: log.db, or the address of a database."""
        return self.database_url or self.log_db

    @property
    def slack_database(self) -> Path | str:
        """Where Slack's surfaces keep what is no log, for `open_database`: slack.db, or the address
        of a database."""
        return self.database_url or self.slack_db

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
    def witness_key(self) -> Path | None:
        return Path(self.witness_key_file).expanduser() if self.witness_key_file else None

    @property
    def auditor_ids(self) -> frozenset[str]:
        return frozenset(_parted(self.auditors))

    @property
    def admin_ids(self) -> frozenset[str]:
        return frozenset(_parted(self.admins))

    @property
    def slack_db(self) -> Path:
        """What Slack's surfaces keep besides the log: posts on their way, what people chose."""
        return self.home / "slack.db"

    @property
    def token_keys(self) -> Path:
        return Path(self.token_key_file or self.home / "keys" / "tokens.key").expanduser()

    @property
    def many_workspaces(self) -> bool:
        """Whether workspaces install the app themselves, each with a token of its own."""
        return bool(self.slack_client_id and self.slack_client_secret and not self.slack_bot_token)

    @property
    def limits_per_minute(self) -> tuple[int, int]:
        """The most questions a minute of one person, and of one workspace; 0 for no limit."""
        user, workspace = self.limit_user_per_minute, self.limit_workspace_per_minute
        usual = (30, 600) if self.many_workspaces else (0, 0)
        return usual[0] if user is None else user, usual[1] if workspace is None else workspace

    @property
    def answers_strangers(self) -> bool:
        """Whether people of other organisations are answered."""
        return (self.slack_connect or ("refuse" if self.many_workspaces else "answer")) == "answer"

    @property
    def sign_ins(self) -> Path:
        return Path(self.auditors_file or self.home / "auditors.toml").expanduser()

    @property
    def clients(self) -> Path:
        return Path(self.clients_file or self.home / "clients.toml").expanduser()

    @property
    def index(self) -> Path:
        return self.home / "index"

    @field_validator("auditors", "admins")
    @classmethod
    def _are_ids(cls, people: str | None) -> str | None:
        for person in _parted(people):
            if not re.fullmatch("[UW][A-Z0-9]+", person):
                raise ValueError(
                    "the ids of Slack users, such as U012ABCDE, separated by commas (in Slack: "
                    f'profile, More, Copy member ID), and "{person}" is none'
                )
        return people

    @field_validator("inbox")
    @classmethod
    def _is_a_folder(cls, chosen: str | None) -> str | None:
        known = chosen is None or chosen.strip().lower() in (*_YES, *_NO)
        if not known and not Path(str(chosen).strip()).expanduser().is_absolute():
            raise ValueError("yes, no, or the whole path of a folder, such as /srv/codedesk/inbox")
        return chosen

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, url: str | None) -> str | None:
        # What else is in it is for libpq to read, which names the part that is wrong.
        if url is not None and not re.fullmatch(r"postgres(?:ql)?://\S+", url):
            raise ValueError(
                "the address of a PostgreSQL database, such as "
                "postgresql://codedesk@db.example.org/codedesk; without it the log is a file"
            )
        return url

    @field_validator("slack_install_url")
    @classmethod
    def _is_a_base(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[\w.:\[\]-]+(?:/[\w./~-]*)?", url):
            raise ValueError("an address such as https://desk.example.org")
        return url.rstrip("/") if url else url

    @field_validator("llm_url", "timestamp_url", "witness_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        # A name and a password in it would be logged.
        if url is not None and not re.fullmatch(r"https?://[\w.:\[\]-]+(?:/[\w./~-]*)?", url):
            raise ValueError("an address such as https://host.example.org/v1, without a password")
        return url

    @classmethod
    def load(
        cls, environment: Mapping[str, str] = os.environ, folder: Path | None = None
    ) -> Settings:
        """The settings of this machine. The file is looked for in `folder` first, by default the
        working directory.

        Raises SettingsError for everything that is wrong: a file that cannot be read, unknown
        settings, and values of the wrong kind.
        """
        settings, faults = cls.read(environment, folder)
        if faults:
            raise SettingsError("\n".join(faults))
        return settings

    @classmethod
    def read(
        cls, environment: Mapping[str, str] = os.environ, folder: Path | None = None
    ) -> tuple[Settings, list[str]]:
        """The settings as `load` gives them, with those that are wrong at their defaults, and a
        sentence for each of these."""
        chosen = environment.get("CODEDESK_HOME")
        home = Path(chosen or user_data_path("codedesk", appauthor=False)).expanduser()
        faults: list[str] = []
        stored: dict[str, _Given] = {}
        try:
            stored = _from_file([folder or Path.cwd(), home])
        except SettingsError as error:
            faults.append(str(error))
        inputs = stored | _from_environment(environment) | _from_secret_files(environment, faults)
        inputs.setdefault("home", _Given(str(home), "CODEDESK_HOME"))
        values = {name: input_.value for name, input_ in inputs.items()}
        if isinstance(values["home"], str):
            values["home"] = Path(values["home"]).expanduser().absolute()
        try:
            return cls(**values), faults
        except ValidationError as error:
            faults += _sentences(error, inputs)
            wrong = {fault["loc"][0] for fault in error.errors(include_url=False)}
            right = {name: value for name, value in values.items() if name not in wrong}
            return cls(**{"home": home.absolute()} | right), faults


# Where settings come from


@dataclass(frozen=True, slots=True)
class _Given:
    """A value, and where a person finds it: a variable of the environment, or a name in a file."""

    value: Any
    where: str


def _variables(field: str) -> Iterator[str]:
    """The variables that can have a setting, the first of which counts."""
    yield f"CODEDESK_{field.upper()}"
    if field.startswith("slack_"):
        yield field.upper()


def _from_environment(environment: Mapping[str, str]) -> dict[str, _Given]:
    values: dict[str, _Given] = {}
    for field in Settings.model_fields:
        for variable in _variables(field):
            # An empty variable counts as unset: compose files unset one this way.
            if value := environment.get(variable):
                values[field] = _Given(value, variable)
                break
    return values


def _from_secret_files(environment: Mapping[str, str], faults: list[str]) -> dict[str, _Given]:
    """The secrets that are in files of their own. A file that cannot be used is added to
    `faults`."""
    values: dict[str, _Given] = {}
    for field in (name for name, field in Settings.model_fields.items() if not field.repr):
        for variable in (f"{name}_FILE" for name in _variables(field)):
            if path := environment.get(variable):
                try:
                    secret = Path(path).expanduser().read_text(encoding="utf-8").strip()
                except (OSError, ValueError) as error:
                    faults.append(f"The file of {variable} cannot be read: {error}.")
                    break
                if secret:
                    values[field] = _Given(secret, f"The file of {variable}")
                break
    return values


def _from_file(folders: list[Path]) -> dict[str, _Given]:
    """The settings of the first file that exists; {} when none does."""
    for path in (folder / FILE for folder in folders):
        if path.is_file():
            try:
                stored = tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise SettingsError(f"{path} cannot be read as TOML: {error}.") from error
            return {
                name: _Given(_as_text(value), f"{name} in {path}")
                for name, value in stored.items()
                if value != ""
            }
    return {}


def _as_text(value: Any) -> Any:
    """A value as text, as the environment would have it; an array or a table stays as it is."""
    return str(value) if isinstance(value, str | int | float | date | time) else value


def _parted(names: str | None) -> list[str]:
    return (names or "").replace(",", " ").split()


# What is wrong with them


def _sentences(error: ValidationError, inputs: Mapping[str, _Given]) -> Iterator[str]:
    """A sentence for each setting that is wrong."""
    for fault in error.errors(include_url=False):
        name = str(fault["loc"][0])
        given = inputs[name]
        if fault["type"] == "extra_forbidden":
            yield _unknown(name, given.where.removeprefix(f"{name} in "))
        elif Settings.model_fields[name].repr:
            yield f'{given.where} is "{given.value}"; it must be {_must_be(fault)}.'
        else:
            yield f"{given.where} must be {_must_be(fault)}."


def _unknown(name: str, file: str) -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, 1)
    todo = f"Did you mean {near[0]}?" if near else "Take it out; README.md lists the settings."
    return f"{file} has a setting that Code Desk does not know: {name}. {todo}"


def _must_be(fault: Any) -> str:
    limits = fault.get("ctx", {})
    match fault["type"]:
        case "bool_parsing" | "bool_type":
            return "yes or no"
        case "literal_error":
            return limits["expected"].replace("'", '"')
        case "greater_than_equal":
            return f"{limits['ge']} or more"
        case "greater_than":
            return f"{limits['gt'] + 1} or more"
        case "less_than_equal":
            return f"{limits['le']} or less"
        case "value_error":
            return str(limits["error"])
        case "path_type":
            return "the path of a folder"
        case kind if kind.startswith("int"):
            return "a whole number"
        case _:
            return "text"
