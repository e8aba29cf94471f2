"""`make pictures`: every page and every command is drawn, and the index lists what is there."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from paths import ROOT

from bot.cli.main import main
from bot.settings import Settings

pytest.importorskip("datasette", reason="needs the extra `audit`")
pytest.importorskip("selenium")
sys.path.insert(0, str(ROOT / "bench"))

import picture_pages
import picture_views
import pictures

from bot.audit.web.question_pages import QuestionPages
from bot.audit.web.review_pages import ReviewPages

#: A route that is downloaded, and not looked at.
_DOWNLOADED = {r"^/questions\.csv$"}


def _commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*before, name))
        else:
            yield (*before, name)


def test_every_page_of_the_auditors_is_drawn() -> None:
    of_both = (QuestionPages.routes, ReviewPages.routes)
    routes = {route for routes in of_both for route, _ in routes(_Unused())}
    assert routes - _DOWNLOADED == set(picture_pages.ROUTES)


class _Unused:
    """Routes name the methods of their pages, and call none."""

    def __getattr__(self, name: str) -> None:
        return None


def test_every_command_is_drawn_or_named_as_one_that_is_not() -> None:
    words = {view.words for view in picture_views.views()}
    drawn = {" ".join(one) for one in _commands(main) if any(w[: len(one)] == one for w in words)}
    every = {" ".join(one) for one in _commands(main)}
    assert every - drawn == picture_views.NOT_DRAWN


def test_the_index_lists_the_pictures_that_are_there() -> None:
    folder = ROOT / "docs" / "pictures"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    listed = re.findall(r"\]\((\S+\.png)\)", (folder / "README.md").read_text(encoding="utf-8"))
    named = [
        f"audit/{page.name}-{device}.png"
        for page in [*picture_pages.pages(), picture_pages.REPORT]
        for device in ("desktop", "phone")
    ]
    named += [view.picture for view in picture_views.views()]
    assert sorted(listed) == sorted(there) == sorted(named)


def test_a_page_and_a_command_are_drawn(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("chromium", "chromedriver", "faketime", "tmux"):
        if not shutil.which(program):
            pytest.skip(f"needs {program}")
    pytest.importorskip("PIL")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pictures.make(settings, tmp_path / "out", ["questions", "log-list"])
    widths = {
        path.name: int.from_bytes(path.read_bytes()[16:20], "big")
        for path in (tmp_path / "out").rglob("*.png")
    }
    assert widths.pop("log-list.png") > 800
    assert widths == {"questions-desktop.png": 1280, "questions-phone.png": 390}
