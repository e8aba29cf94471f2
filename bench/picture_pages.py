"""The auditors' pages and the report as pictures, each at the width of a desktop and of a phone.

What pages there are is read from the code: their routes, the stored queries and the views. A new
route needs a row in ROUTES, which the tests ask for.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from picture_browser import WIDTHS, save_page
from picture_log import AUDITOR, PASSWORD
from picture_terminal import environment, frozen
from selenium import webdriver

from bot.audit.web.access_gate import SIGN_IN
from bot.audit.web.sql_views import VIEWS
from bot.audit.web.stored_queries import PREPARED
from bot.messages import message

#: Seconds for the pages to come up.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Page:
    """`name`: of its pictures. `address`: `{…}` stands for what `picture_log.fill` names so."""

    name: str
    what: str
    address: str


#: The pages of each route of `bot.audit.web`, by the route.
ROUTES: Mapping[str, tuple[Page, ...]] = {
    r"^/$": (Page("home", "The first page after signing in", "/"),),
    r"^/questions$": (
        Page("questions", "All questions", "/questions"),
        Page("questions-found", "Who asked about knees in April?",
             "/questions?words=knee&since=2026-04-01&until=2026-04-30"),
        Page("questions-none", "Nothing found", "/questions?words=zebra"),
    ),
    r"^/questions/(?P<id>[^/]+)$": (
        Page("question", "One question: the lines to report", "/questions/{answered}"),
        Page("question-verdicts", "One question: verdicts", "/questions/{verdicts}"),
        Page("question-statements", "One question: several statements", "/questions/{statements}"),
        Page("question-declined", "One question: nothing was found", "/questions/{declined}"),
        Page("question-destroyed", "One question: its words are destroyed",
             "/questions/{destroyed}"),
    ),
    r"^/changes$": (Page("changes", "What was changed", "/changes"),),
    r"^/samples$": (Page("samples", "Samples, and how far reviewers agree", "/samples"),),
    r"^/samples/(?P<number>[0-9]+)$": (
        Page("sample", "A sample with lines that are due", "/samples/{sample}"),
        Page("sample-done", "A sample that is signed off", "/samples/{done}"),
    ),
}  # fmt: skip


def pages() -> list[Page]:
    """All pages, in the order in which they are shown. The first is seen without signing in."""
    first = Page("sign-in", "Signing in", SIGN_IN)
    stored = [
        Page(f"query-{name}".replace("_", "-"), message(f"audit_titles.{name}"), f"/log/{name}")
        for name in PREPARED
    ]
    views = [
        Page(f"view-{name}".replace("_", "-"), message(f"audit_views.{name}_title"), f"/log/{name}")
        for name in (*VIEWS, "records")
    ]
    sql = Page("sql", message("audit.own_sql"), "/log")
    return [first, *(page for some in ROUTES.values() for page in some), *stored, *views, sql]


def picture_names(page: Page) -> list[str]:
    return [f"audit/{page.name}-{device}.png" for device in WIDTHS]


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of the auditors' pages over the log of a home."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    settings = {"CODEDESK_AUDIT_PORT": port, "CODEDESK_REVIEW_EVERY_DAYS": "30"}
    with (home / "audit.err").open("w") as told:
        process = subprocess.Popen(
            frozen(sys.executable, "-m", "bot", "log", "audit"),
            env=environment(home) | settings, stderr=told,
        )  # fmt: skip
    try:
        _wait(url, process, home / "audit.err")
        yield url
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _wait(url: str, process: subprocess.Popen[bytes], told: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(url + SIGN_IN, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"The auditors' pages do not answer. {told.read_text()}")


def draw(
    chrome: webdriver.Chrome, url: str, named: Mapping[str, str], out: Path, some: list[Page]
) -> list[str]:
    """Pictures of some pages, into a folder. The names of those that are wider than their
    device."""
    wide = []
    for device in WIDTHS:
        chrome.delete_all_cookies()
        chrome.get(url + SIGN_IN)
        is_in = False
        for page in some:
            if page.address != SIGN_IN and not is_in:
                sign_in(chrome)
                is_in = True
            chrome.get(url + page.address.format_map(named))
            name = f"audit/{page.name}-{device}.png"
            if save_page(chrome, out / name, device):
                wide.append(name)
    return wide


def sign_in(chrome: webdriver.Chrome) -> None:
    for name, value in (("name", AUDITOR), ("password", PASSWORD)):
        chrome.find_element("name", name).send_keys(value)
    chrome.find_element("css selector", "form.sign-in input[type=submit]").click()
    chrome.find_element("id", "state")


def draw_report(chrome: webdriver.Chrome, home: Path, out: Path) -> list[str]:
    """Pictures of the report, as `draw` makes those of pages."""
    page = home / "report.html"
    command = frozen(sys.executable, "-m", "bot", "log", "report", "--output", str(page), "--force")
    subprocess.run(command, env=environment(home), check=True, capture_output=True)
    wide = []
    for device in WIDTHS:
        chrome.get(page.as_uri())
        name = f"audit/report-{device}.png"
        if save_page(chrome, out / name, device):
            wide.append(name)
    os.unlink(page)
    return wide


REPORT = Page("report", "`codedesk log report --output report.html`", "")
