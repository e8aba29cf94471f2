"""Imports run one way, and what a desk reads at run time is in the wheel."""

from __future__ import annotations

import ast
import tomllib

import pytest
from paths import ROOT

MAY_IMPORT = {
    "codesets": {"codesets"},
    "prompts": set(),
    "index": {"index", "codesets", "prompts"},
    "bot": {"bot", "index", "codesets", "prompts"},
}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: name the package"
                names = [node.module or ""]
            else:
                continue
            used = {name.split(".")[0] for name in names} & MAY_IMPORT.keys()
            assert used <= MAY_IMPORT[room], f"{path} imports {used - MAY_IMPORT[room]}"


def test_prompts_hold_no_logic() -> None:
    tree = ast.parse((ROOT / "prompts" / "__init__.py").read_text())
    assert all(isinstance(node, ast.Expr) for node in tree.body)


def test_every_data_file_is_packaged() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]
    for room in ("prompts", "bot"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(path.match(pattern) for pattern in patterns[room]), path


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(name for extra in extras.values() for name in extra)]
    pinned = {
        line.split("==")[0].strip().lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    names = {name.split("=")[0].split(">")[0].split("<")[0].strip().lower() for name in wanted}
    assert names <= pinned, names - pinned
