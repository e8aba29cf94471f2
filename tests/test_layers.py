"""Imports run one way, and what a desk reads at run time is in the wheel."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Container
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

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


def modules() -> dict[str, Path]:
    """Name -> file of every module of the rooms."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for room in MAY_IMPORT
        for path in (ROOT / room).rglob("*.py")
    }


def imported_by(path: Path, known: Container[str]) -> set[str]:
    """The modules among `known` that a file imports, also inside functions. Imports only for type
    checkers are left out."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else str(node.module))
        else:
            waiting += ast.iter_child_nodes(node)
    return {name for name in found if name in known}


def test_no_modules_import_each_other() -> None:
    """No circle of imports, however long."""
    known = modules()
    graph = {name: imported_by(path, known) for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These modules import each other: {' -> '.join(error.args[1])}")
