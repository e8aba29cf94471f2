"""What was loaded lately, in CODEDESK_HOME/loads.jsonl: a line for each import of the drop folder
and of Slack, and for each index that was built after it. Whoever reports reads it from there: Home
in Slack, messages to administrators, `codedesk setup`.

It has names of files and sentences on them, and nothing that anybody asked. Lines are only added.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from bot.messages import message
from bot.settings import Settings

logger = logging.getLogger("codedesk")

#: Bytes of the end of the file that are read.
_TAIL = 128 * 1024
_NAMES = 5


@dataclass(frozen=True, slots=True)
class Load:
    """One import, or one index (`kind`).

    - `by`: where it came from: "inbox" or "slack".
    - `names`: the files that were taken; of those, `left_out` were not loaded.
    - `loaded`: the editions and references that were loaded.
    - `told`: whole sentences on it, for people.
    - `ok`: whether something was loaded; of an index, whether it can be used.
    """

    kind: Literal["import", "index"]
    by: str
    ok: bool
    told: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    at: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))


def path_of(settings: Settings) -> Path:
    return settings.home / "loads.jsonl"


def add(settings: Settings, load: Load) -> None:
    """Add a line. One that cannot be written is no reason not to load: it is logged."""
    line = json.dumps(asdict(load)) + "\n"
    try:
        descriptor = os.open(path_of(settings), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        logger.error("what was loaded could not be put on record: %s", error)


def latest(settings: Settings, most: int = 20, by: str = "") -> list[Load]:
    """The last lines, oldest first; those of one origin, with `by`. Lines that cannot be read are
    left out."""
    try:
        with path_of(settings).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return []
    found = [load for line in lines if (load := _read(line)) and by in ("", load.by)]
    return found[-most:]


def _read(line: bytes) -> Load | None:
    try:
        return Load(**json.loads(line))
    except (ValueError, TypeError):
        return None


def is_index_due(settings: Settings) -> bool:
    """Whether something was loaded after which no index was built: the process that loaded it ended
    before."""
    kinds = [load.kind for load in latest(settings, 200) if load.ok or load.kind == "index"]
    return kinds[-1:] == ["import"]


def said(settings: Settings, most: int = 3, by: str = "") -> list[str]:
    """The last imports, a line each, newest first: for Home and for `codedesk setup`. `by`: only
    those of one origin."""
    imports = [load for load in latest(settings, 200, by) if load.kind == "import"]
    return [_line(load) for load in reversed(imports[-most:])]


def _line(load: Load) -> str:
    names = load.names[:_NAMES] + (["…"] if len(load.names) > _NAMES else [])
    key = "inbox.last_loaded" if load.ok else "inbox.last_left_out"
    return message(key, day=load.at[:10], names=", ".join(names))
