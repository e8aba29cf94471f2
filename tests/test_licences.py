"""docs/LICENCES.md names every direct dependency, with the licence that its metadata names."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LICENCES = (ROOT / "docs" / "LICENCES.md").read_text("utf-8")
_TABLE = LICENCES.split("## Libraries", 1)[1].split("\n## ", 1)[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _direct() -> list[str]:
    """Names of all direct dependencies, with those of the extras, without versions."""
    extras = PROJECT["optional-dependencies"].values()
    requirements = [*PROJECT["dependencies"], *(name for extra in extras for name in extra)]
    names = [re.match(r"[\w.-]+", requirement) for requirement in requirements]
    return sorted({_normal(name[0]) for name in names if name})


def _rows() -> dict[str, str]:
    """Package -> licence, as docs/LICENCES.md says."""
    cells = [line.strip("| ").split(" | ") for line in _TABLE.splitlines() if "|" in line]
    return {_normal(row[0].strip()): row[-2].strip() for row in cells[2:]}


def _licence(name: str) -> str:
    """The licence in a package's metadata: its expression, else its short name, else its
    classifiers. Raises PackageNotFoundError when the package is not installed."""
    package = metadata.metadata(name)
    licence = package.get("License-Expression") or package.get("License") or ""
    if licence and "\n" not in licence and len(licence) < 150:
        return licence
    classifiers = package.get_all("Classifier") or []
    return ", ".join(c.split(" :: ")[-1] for c in classifiers if c.startswith("License"))


@pytest.mark.parametrize("name", _direct())
def test_every_direct_dependency_has_its_licence(name: str) -> None:
    assert name in _rows(), f"docs/LICENCES.md has no row for {name}"
    try:
        licence = _licence(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    assert _rows()[name] == licence


def test_the_licence_of_the_project_is_shipped() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    for name in PROJECT["license-files"]:
        assert "Apache License" in (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("package", ["codesets", "index", "bot"])
def test_types_are_for_others_too(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert "py.typed" in data["package-data"][package]
