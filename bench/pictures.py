"""Makes the pictures of the docs: `make pictures`.

docs/pictures/ has every page of the auditors' and every view of the terminal, with an index;
docs/slack-answer.png is an answer in Slack. All show real output: of `codedesk log audit` and of
commands over a made-up log (`picture_log`), and of `codedesk run`, which answers in a loopback
Slack (tests/slack_server).

Needs CODEDESK_HOME with code sets and index, which the index of the pictures names; its log is
neither read nor written. Needs Chromium with its driver, faketime, tmux, and the fonts Lato, DejaVu
and Noto Color Emoji (on Debian: chromium, chromium-driver, faketime, tmux, fonts-lato,
fonts-dejavu, fonts-noto-color-emoji). Words after the command are names of pictures: only these are
made, and nothing else is changed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import picture_log
import picture_pages
import picture_slack
import picture_terminal
import picture_views
from picture_browser import WIDTHS, browser
from picture_pages import REPORT, Page
from picture_terminal import View

from bot.settings import Settings
from codesets.model import SYSTEM_NAMES
from codesets.store.code_store import CodeStore

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "pictures"
_NEEDED = {"faketime": "faketime", "tmux": "tmux"}


@contextmanager
def homes(settings: Settings) -> Iterator[tuple[Path, Path, dict[str, str]]]:
    """A home with an empty log, one with the made-up log, and the names in it. Their place is the
    same at each run, since some pictures show it."""
    for name, package in _NEEDED.items():
        if not shutil.which(name):
            raise SystemExit(f"Pictures need {name}: apt-get install {package}")
    folder = Path(tempfile.gettempdir()) / "codedesk-pictures"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise SystemExit(f"Remove {folder}, unless pictures are being made there.") from None
    try:
        empty, filled = folder / "desk", folder / "codedesk"
        for home in (empty, filled):
            picture_log.link_home(home, settings)
        yield empty, filled, _filled(filled)
    finally:
        shutil.rmtree(folder)


def _filled(home: Path) -> dict[str, str]:
    """Make the log in a process in which it is the day of the pictures."""
    command = picture_terminal.frozen(sys.executable, str(Path(picture_log.__file__)))
    environment = picture_terminal.environment(home)
    done = subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE)
    return dict(line.split(" ") for line in done.stdout.splitlines())


def make(settings: Settings, out: Path, names: Sequence[str] = ()) -> None:
    """Make the pictures into a folder: all, or those with these names. Raises SystemExit when
    something that it needs is missing."""
    pages = [page for page in picture_pages.pages() if not names or page.name in names]
    views = [view for view in picture_views.views() if not names or view.name in names]
    with homes(settings) as (empty, filled, named), browser(picture_log.ZONE) as chrome:
        if pages:
            with picture_pages.served(filled) as url:
                for name in picture_pages.draw(chrome, url, named, out, pages):
                    print(f"wider than its device: {name}")
        if not names or REPORT.name in names:
            for name in picture_pages.draw_report(chrome, filled, out):
                print(f"wider than its device: {name}")
        for view in views:
            words = tuple(word.format_map(named) for word in view.words)
            view = replace(view, words=words)
            found = picture_terminal.shown(view, filled if view.over_log else empty)
            picture_terminal.draw(chrome, view, found, out)
            if found.broken:
                print(f"{found.broken} lines beyond 80 columns: {view.name}")
            print(f"{view.name}: {len(found.lines)} lines", flush=True)
        if not names:
            picture_slack.draw(chrome, empty, out.parent / "slack-answer.png")


def read_me(settings: Settings) -> str:
    """The index of the pictures, docs/pictures/README.md."""
    lines = [
        "# Every page and every view of the terminal",
        "",
        "`make pictures` draws these: pages in a browser, 1280 and 390 pixels wide, and commands "
        "in a terminal of 80 columns and 24 lines. All people, questions and feedback are made up. "
        f"What was loaded: {_loaded(settings)}.",
        "",
        "## Pages of the auditors",
        "",
    ]
    for page in [*picture_pages.pages(), REPORT]:
        lines += [f"### {page.what}", "", *_table(page), ""]
    for heading, views in picture_views.VIEWS.items():
        lines += [f"## {heading}", ""]
        for view in views:
            lines += [f"### {_title(view)}", "", f"![{_title(view)}]({view.picture})", ""]
    return "\n".join(lines)


def _table(page: Page) -> list[str]:
    shown = (f"![{page.what}, {device}](audit/{page.name}-{device}.png)" for device in WIDTHS)
    return [f"| {' | '.join(WIDTHS)} |", "| --- " * len(WIDTHS) + "|", f"| {' | '.join(shown)} |"]


def _title(view: View) -> str:
    return view.name.replace("-", " ").capitalize()


def _loaded(settings: Settings) -> str:
    """The editions by which the pictures were made."""
    labels: dict[str, list[str]] = {}
    store = CodeStore(settings.codes_db)
    try:
        for release in store.releases():
            labels.setdefault(SYSTEM_NAMES[release.system], []).append(release.label)
    finally:
        store.close()
    return "; ".join(f"{system} {', '.join(some)}" for system, some in labels.items())


def main() -> None:
    settings, names = Settings.load(), sys.argv[1:]
    if not names:
        for old in OUT.rglob("*.png"):
            old.unlink()
    make(settings, OUT, names)
    (OUT / "README.md").write_text(read_me(settings), encoding="utf-8")
    pictures = [*OUT.rglob("*.png")]
    size = sum(path.stat().st_size for path in pictures) / 1e6
    print(f"{len(pictures)} pictures, {size:.1f} MB, in {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
