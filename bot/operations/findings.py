"""What a check finds: well, something to look at, or broken; one sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.messages import message
from bot.settings import Settings

State = Literal["ok", "look", "broken"]
#: The exit code of `codedesk doctor` for the worst that was found.
EXIT: dict[State, int] = {"ok": 0, "look": 1, "broken": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` names its sentence in prompts/messages/doctor.toml: it stays the same, whatever the
    words are. `todo` is "" where there is nothing to do."""

    state: State
    key: str
    text: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is checked: the settings, those that are wrong at their defaults; the sentences on the
    wrong ones; and whether others may be asked over the network."""

    settings: Settings
    faults: tuple[str, ...] = ()
    online: bool = True

    @property
    def uses_slack(self) -> bool:
        given = self.settings
        tokens = (given.slack_bot_token, given.slack_app_token, given.slack_signing_secret)
        return any(tokens) or bool(given.slack_client_id)


def ok(key: str, **values: Any) -> Finding:
    return Finding("ok", key, message(f"doctor.{key}", **values))


def look(key: str, **values: Any) -> Finding:
    return Finding("look", key, *_words(key, values))


def broken(key: str, **values: Any) -> Finding:
    return Finding("broken", key, *_words(key, values))


def told(state: State, key: str, text: str, todo: str = "") -> Finding:
    """A finding whose sentence another part of Code Desk made."""
    return Finding(state, key, text, todo)


def _words(key: str, values: dict[str, Any]) -> tuple[str, str]:
    return message(f"doctor.{key}", **values), message(f"doctor.{key}_do", **values)


def mb(size: float) -> str:
    return f"{size / 2**30:,.1f} GB" if size >= 2**30 else f"{size / 2**20:,.0f} MB"


def mode_of(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"
