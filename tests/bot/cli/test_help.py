"""Finding one's way: help, version, unknown commands, and what a shell completes."""

from __future__ import annotations

import json
from pathlib import Path

import click
import commands
import pytest
from click.testing import CliRunner, Result
from paths import ROOT

from bot.cli.main import main


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="codedesk", env=environment)


def test_the_many_commands_of_the_log_do_too() -> None:
    group = main.commands["log"]
    assert isinstance(group, click.Group)
    shown = run("help", "log").stdout
    assert shown.index("\nRead:") < shown.index("  list ") < shown.index("\nProve:")
    assert [name for name in group.commands if f"\n  {name} " not in shown] == []


def test_all_commands_stand_under_headings() -> None:
    bare, asked = run(), run("help")
    assert bare.output == asked.stdout == run("--help").stdout
    shown = asked.stdout[asked.stdout.index("\nAsk:") :].splitlines()
    headings = [line for line in shown if line and not line.startswith(" ")]
    assert headings == ["Ask:", "Code sets:", "The log:", "Serve:", "Look after it:"]
    listed = [line.split()[0] for line in shown if line.startswith("  ")]
    assert sorted(listed) == sorted(main.commands)
    assert not [line for line in shown if line.endswith("...")], "a sentence is cut off"


@pytest.mark.parametrize("name", [name for name, _ in commands.every()])
def test_help_of_a_command_is_what_the_command_says(home: Path, name: str) -> None:
    assert run("help", *name.split()).stdout == run(*name.split(), "--help").stdout


UNKNOWN = [
    (["chekc", "E11.9"], "No such command 'chekc'. Did you mean 'check'?"),
    (["codests", "list"], "'codesets'"),
    (["log", "serch"], "No such command 'serch'. Did you mean 'search'?"),
    (["help", "aks"], "No such command 'aks'. Did you mean 'ask'?"),
    (["help", "log", "verfy"], "Did you mean 'verify'?"),
    (["knee", "OA"], "No such command 'knee'. To ask a question: codedesk ask knee OA."),
    (["help", "ask", "me"], "codedesk ask has no commands of its own."),
]


@pytest.mark.parametrize(("typed", "says"), UNKNOWN)
def test_an_unknown_command_says_what_there_is(home: Path, typed: list[str], says: str) -> None:
    result = run(*typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_version_says_what_is_in_use(home: Path) -> None:
    lines = run("version").stdout.splitlines()
    assert lines[0].startswith("Code Desk ")
    assert "ICD-10-CM: FY2024, FY2025, FY2026-April" in lines
    assert len(lines) <= 10
    told = json.loads(run("version", "--json").stdout)
    assert told["editions"]["icd10cm"] == ["FY2024", "FY2025", "FY2026-April"]
    assert (home / "index" / told["index"]).is_dir()
    assert lines[-1] == f"Index: {told['index']}"


def test_version_before_setup_and_with_faulty_settings(tmp_path: Path) -> None:
    (tmp_path / "codedesk.toml").write_text('slak_mode = "http"')
    result = run("version", CODEDESK_HOME=str(tmp_path))
    assert result.exit_code == 0
    assert "codedesk setup" in result.stdout
    assert "codedesk index build" in result.stdout
    assert run("help", "ask", CODEDESK_HOME=str(tmp_path)).exit_code == 0
    assert not (tmp_path / "codes.db").exists()


COMPLETIONS = [
    # what is typed, some of what a shell offers, what it does not
    ("codedesk ", {"ask", "check", "codesets", "log"}, {"list"}),
    ("codedesk log re", {"receipt", "redact", "replay", "report"}, {"list", "run"}),
    ("codedesk codesets ", {"list", "diff", "import"}, {"ask"}),
    ("codedesk ask knee --system icd", {"icd10cm", "icd10pcs"}, {"hcpcs"}),
    ("codedesk check --se", {"--setting"}, {"--system"}),
    ("codedesk check --setting ", {"practitioner", "outpatient", "dme"}, set()),
    ("codedesk ask --date ", {"today", "yesterday"}, set()),
    ("codedesk help l", {"log"}, {"ask"}),
    ("codedesk help log ver", {"verify"}, {"version"}),
    ("codedesk log show ", set(), {"list"}),
]


@pytest.mark.parametrize(("typed", "offered", "not_offered"), COMPLETIONS)
def test_a_shell_completes(
    tmp_path: Path, typed: str, offered: set[str], not_offered: set[str]
) -> None:
    words = typed.split(" ")
    result = run(
        _CODEDESK_COMPLETE="bash_complete",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(words) - 1),
        CODEDESK_HOME=str(tmp_path / "home"),
    )
    lines = [line.split(",") for line in result.output.split()]
    assert {kind for kind, _ in lines} <= {"plain"}, "nothing else is printed"
    names = {name for _, name in lines}
    assert names >= offered
    assert not names & not_offered
    assert not (tmp_path / "home").exists(), "nothing is opened"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script_as_documented(shell: str) -> None:
    page = (ROOT / "docs/COMMANDS.md").read_text("utf-8")
    assert f"_CODEDESK_COMPLETE={shell}_source codedesk" in page
    script = run(_CODEDESK_COMPLETE=f"{shell}_source").stdout
    assert f"_CODEDESK_COMPLETE={shell}_complete" in script
