"""What the README shows is what happens."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT, TEST_DATA
from slack_support import diabetes

from bot.cli.main import main
from bot.querylog import QueryLog, QuestionRecord
from bot.settings import Settings
from bot.views.checklist import screen
from codesets.loading.checklist import checklist
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "docs/LOG.md", "docs/SLACK.md", "docs/COMMANDS.md")]
EVERY_PAGE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
(TRANSCRIPT,) = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)


_COMMANDS = re.findall(r"^\$ codedesk (.*?)\n(.*?)(?=^\$ |\Z)", TRANSCRIPT, re.M | re.S)


@pytest.mark.parametrize(("command", "shown"), _COMMANDS)
def test_the_transcript_is_real(home: Path, command: str, shown: str) -> None:
    result = CliRunner().invoke(main, shlex.split(command))
    assert result.output.strip() == shown.strip()


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_every_command_named_exists(page: Path) -> None:
    names = set(re.findall(r"codedesk ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?", page.read_text("utf-8")))
    for group, sub in names:
        command = main.commands[group]
        if sub and hasattr(command, "commands"):
            assert sub in command.commands, f"codedesk {group} {sub}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_named_exists(page: Path) -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in re.findall(r"`(?:CODEDESK_)?([A-Z_]{4,})(?:=\w+)?`", page.read_text("utf-8")):
        assert name in known, name


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_links_to_headings_lead_there(page: Path) -> None:
    for target, heading in re.findall(
        r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text("utf-8")
    ):
        there = (page.parent / target if target else page).read_text("utf-8")
        slugs = [
            re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", there, re.M)
        ]
        assert heading in slugs, f"{target}#{heading}"


def test_the_command_is_found_as_the_readme_says() -> None:
    activate = ". .venv/bin/activate"
    assert TRANSCRIPT.startswith(f"$ {activate}\n")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"^VENV +\?= \.venv$", makefile, re.M)


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_every_path_named_exists(page: Path) -> None:
    folders = "codesets|index|bot|prompts|tests|bench|docs|docker"
    paths = set(re.findall(rf"`((?:{folders})/[^`\s]*)`", page.read_text("utf-8")))
    missing = sorted(path for path in paths if not any(ROOT.glob(path.rstrip("/"))))
    assert not missing


def test_every_command_about_the_log_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of all pages run one after the other, as shown. All end with exit code 0, except
    `log verify` before the first checkpoint: nothing vouches for the log's end then, which is 1."""
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    log = QueryLog(tmp_path / "log.db")
    questions = iter([log.ask(QuestionRecord("htn", "cli")) for _ in range(14)])
    to_review = log.ask(QuestionRecord("knee", "cli"))
    assert to_review is not None
    log.answered(to_review, diabetes(), index_build=None, latency_ms=1.0)
    first = log.correction(log.recent()[0].id, "sweet kidney", "E11.9", "icd10cm", "U9")
    log.close()
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [TEST_DATA / "imports" / "icd10cm_order_2027.txt"])
    store.close()
    shown = "".join(
        re.findall(r"```sh\n(.*?)```", "".join(p.read_text("utf-8") for p in PAGES), re.S)
    )
    commands = re.findall(r"^codedesk (log .*?)(?: +#.*)?$", shown, re.M)
    assert len(commands) > 12
    known = {
        "COPY.db": "log.db", "FILE.jsonl": "checkpoints/checkpoints.jsonl",
        "checkpoint.pub": "keys/checkpoint.pub", "OTHER.db": "log.db", "HOLD": "1",
        "CODE": "E11.9", "NUMBER": str(first),
    }  # fmt: skip
    for command in commands:
        words = [known.get(word, word) for word in shlex.split(command)]
        words = [next(questions) if word == "ID" else word for word in words]
        vouched = (tmp_path / "checkpoints" / "checkpoints.jsonl").exists()
        expected = 1 if words[:2] == ["log", "verify"] and not vouched else 0
        # A command that asks for a password asks twice; each line to be reviewed is agreed with.
        typed = "a\n" if words[:2] == ["log", "review"] else "correct horse battery\n"
        result = CliRunner().invoke(main, words, input=typed * 2)
        if found := re.match(r"Hold (\d+)", result.stdout):
            known["HOLD"] = found[1]
        if found := re.match(r"Sample (\d+)", result.stdout):
            known["SAMPLE"] = found[1]
        assert result.exit_code == expected, f"{command}: {result.output}"


def test_the_checklist_in_the_readme_is_what_setup_shows(store: CodeStore) -> None:
    """After the packages are loaded, on the day that the README names."""
    (shown,) = re.findall(r"```text\n(Code sets .*?)```", README, re.S)
    day = re.search(r"for (\d{4}-\d\d-\d\d)", shown)
    assert day is not None
    inbox = Path("~/.local/share/codedesk/inbox")
    lines = screen(checklist(store, dt.date.fromisoformat(day[1])), inbox)
    assert shown.splitlines() == lines
