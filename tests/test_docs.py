"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
(TRANSCRIPT,) = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)


_COMMANDS = re.findall(r"^\$ codedesk (.*?)\n(.*?)(?=^\$ |\Z)", TRANSCRIPT, re.M | re.S)


@pytest.mark.parametrize(("command", "shown"), _COMMANDS)
def test_the_transcript_is_real(home: Path, command: str, shown: str) -> None:
    result = CliRunner().invoke(main, shlex.split(command))
    assert result.output.strip() == shown.strip()


def test_every_command_named_exists() -> None:
    names = set(re.findall(r"codedesk ([a-z]+)(?: ([a-z]+))?", README))
    for group, sub in names:
        command = main.commands[group]
        if sub and hasattr(command, "commands"):
            assert sub in command.commands, f"codedesk {group} {sub}"


def test_every_setting_named_exists() -> None:
    known = {name.upper() for name in Settings.__dataclass_fields__}
    for name in re.findall(r"`(?:CODEDESK_)?([A-Z_]{4,})`", README):
        assert name in known, name


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
