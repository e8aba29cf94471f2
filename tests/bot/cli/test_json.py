"""What a program gets with --json: every command that prints a list or facts has it, and a list is
one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import commands
import pytest
from click.testing import CliRunner

from bot.cli.main import main
from bot.cli.shared import JSON, JSON_LINES

#: Commands without --json, by the reason why.
WITHOUT = {
    "changes or makes something, and says so in a sentence": {
        *("clients add", "clients remove", "clients rotate", "slack keys"),
        *("log keys", "log witness-keys", "log cosigned", "log audit-password", "log move"),
        *("log redact", "log clean", "log hold", "log release", "log retain"),
        *("log feedback", "log approve", "log withdraw", "log review", "log sign-off"),
    },
    "loads or builds, and tells on standard error how far it is": {
        *("codesets import", "codesets sync", "codesets inbox", "inbox"),
        *("index build", "index train"),
    },
    "serves": {"run", "serve", "mcp", "log audit"},
    "prints JSON, or a form of its own, whatever is asked": {
        *("code", "log checkpoint", "log receipt", "log consistency", "log witness"),
        "log export",
    },
    "is for people": {"help"},
}


def _help_of_json(command: Any) -> list[str]:
    return [option.help for option in command.params if "--json" in option.opts]


def test_every_command_that_prints_a_list_or_facts_has_json() -> None:
    without = {name for name, command in commands.every() if not _help_of_json(command)}
    assert without == set().union(*WITHOUT.values())


def test_it_is_one_option_in_all_commands() -> None:
    def helps(option: Any) -> list[str]:
        return _help_of_json(option(click.Command("probe")))

    told = {text for _, command in commands.every() for text in _help_of_json(command)}
    assert told == {*helps(JSON), *helps(JSON_LINES)}


def lines(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code in (0, 1), result.output
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_code_sets(home: Path) -> None:
    listed = lines("codesets", "list")
    newest = next(one for one in listed if one["edition"] == "FY2026-April")
    assert (newest["kind"], newest["system"], newest["codes"]) == ("codes", "icd10cm", 98_186)
    assert (newest["from"], newest["through"]) == ("2026-04-01", "2026-09-30")
    assert all(len(file["sha256"]) == 64 for one in listed for file in one["files"])
    assert any(one["kind"] != "codes" and one["entries"] for one in listed)
    (changes,) = lines("codesets", "diff", "FY2024", "FY2026-April", "--about", "lymphoma")
    assert changes["counts"]["added"] > 0


def test_holds_and_corrections(home: Path) -> None:
    run("ask", "sweet kidney", "--date", "5/1/2026")
    (asked,) = lines("log", "list")
    run("log", "feedback", asked["id"], "E11.22", "--note", "diabetes", "--by", "ann")
    run("log", "approve", asked["id"], "sweet kidney", "E11.22", "--by", "eve", "--yes")
    run("log", "hold", asked["id"], "--reason", "claim 7", "--by", "eve")
    (hold,) = lines("log", "holds")
    assert (hold["question_id"], hold["reason"], hold["by"]) == (asked["id"], "claim 7", "eve")
    proposed, approved = lines("log", "corrections")
    assert (proposed["status"], proposed["question"]) == ("proposed", "sweet kidney")
    assert (proposed["code"], proposed["note"], proposed["by"]) == ("E11.22", "diabetes", "ann")
    assert (approved["status"], approved["phrase"]) == ("in_force", "sweet kidney")
    assert proposed["corrections"] == [approved["number"]]


def test_workspaces_and_their_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    run("slack", "keys")
    assert lines("slack", "workspaces") == []
    run("slack", "people", "--team", "T1", "add", "U5", "auditor")
    run("slack", "allow", "--team", "T1", "U7")
    assert lines("slack", "people", "--team", "T1") == [{"user": "U5", "role": "auditor"}]
    assert lines("slack", "allow", "--team", "T1") == [{"id": "U7"}]
    assert lines("slack", "allow", "--team", "T2") == []
    refused = CliRunner().invoke(main, ["slack", "allow", "--team", "T1", "U8", "--json"])
    assert (refused.exit_code, lines("slack", "allow", "--team", "T1")) == (2, [{"id": "U7"}])


def test_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    run("ask", "htn")
    (made,) = lines("backup", "create", str(tmp_path / "copy"))
    assert made["files"]["log.db"]["bytes"] > 0
    assert made["verification"]["verdict"] != "tampered"
    (checked,) = lines("backup", "check", str(tmp_path / "copy"))
    assert (checked["log"], checked["files"]) == (made["log"], made["files"])
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path / "other"))
    (restored,) = lines("backup", "restore", str(tmp_path / "copy"))
    assert restored["lost"] is None
    assert restored["record"] == made["log"]["last"] + 1


def test_health_and_a_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("CODEDESK_API_PORT", "1")
    (told,) = lines("health", "api")
    assert (told["part"], told["ready"]) == ("api", False)
    run("ask", "htn")
    run("log", "keys")
    (asked,) = lines("log", "list")
    run("log", "receipt", asked["id"], "--vouch", "-o", str(tmp_path / "receipt.json"))
    (checked,) = lines("log", "check-receipt", str(tmp_path / "receipt.json"))
    assert checked["proven"]
    assert checked["says"][0].startswith("YES")
