"""One hierarchy of errors, shown in the docstring of its base class."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT

from bot.cli import main as command
from bot.cli import serve
from codesets.errors import CodeDeskError

#: No user sees the messages of these: they are caught where they are raised, or by the caller.
INTERNAL = {"LeaseEnded", "NoAnswer", "NoReply", "NotProven", "NotTaken", "NotWanted", "TakenOver"}
INTERNAL |= {"Stopped"}
INTERNAL |= {
    "DatabaseError",
    "DuplicateError",
    "NoWorkers",
    "SearchLost",
    "WorkerFailed",
    "WorkerLost",
}
_LINE = re.compile(r"^( *)\* (\w+) +(\S+)$", re.M)


def shown() -> dict[str, tuple[str, str]]:
    """Class -> its base class and its module, as the docstring has them."""
    found: dict[str, tuple[str, str]] = {}
    above: list[tuple[int, str]] = [(-1, "CodeDeskError")]
    for indent, name, module in _LINE.findall(CodeDeskError.__doc__ or ""):
        while above[-1][0] >= len(indent):
            above.pop()
        found[name] = (above[-1][1], module)
        above.append((len(indent), name))
    return found


def defined() -> dict[str, tuple[str, str]]:
    """The same for every public exception class of the packages, as the code has them."""
    classes: dict[str, tuple[str, str]] = {}
    for room in ("codesets", "index", "bot"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.bases:
                    base = ast.unparse(node.bases[0]).split(".")[-1]
                    classes[node.name] = (base, path.relative_to(ROOT).as_posix())

    def is_exception(name: str) -> bool:
        return name == "Exception" or (name in classes and is_exception(classes[name][0]))

    return {n: c for n, c in classes.items() if is_exception(n) and not n.startswith("_")}


def test_the_docstring_shows_every_class_where_it_is() -> None:
    found = defined()
    assert found.pop("CodeDeskError") == ("Exception", "codesets/errors.py")
    assert {found.pop(name)[0] for name in INTERNAL} <= {"Exception"} | INTERNAL
    assert found == shown()


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command that raises an error."""
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.delenv("CODEDESK_DEBUG", raising=False)

    def run(error: Exception):
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(serve, "set_up", fail)
        return CliRunner().invoke(command.main, ["setup"])

    return run


def test_the_command_line_prints_the_message(failing) -> None:
    result = failing(CodeDeskError("The moon is full. Wait a night."))
    assert result.exit_code == 2
    assert result.stderr == "codedesk: The moon is full. Wait a night.\n"


def test_of_any_other_error_it_prints_only_the_kind(failing) -> None:
    result = failing(ValueError("John Doe"))
    assert result.exit_code == 2
    assert "ValueError" in result.stderr
    assert "Doe" not in result.stderr
