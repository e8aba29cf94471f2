"""A browser for tests that look at pages; they are skipped where there is none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium without a window, 1280 pixels wide, with a profile of its own."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("needs Chromium: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    profile = tempfile.mkdtemp(prefix="codedesk-chromium-")
    for option in (
        "headless", "disable-gpu", "disable-quic", "no-first-run", "window-size=1280,900",
        "disable-background-networking", "disable-component-update", "disable-sync",
        f"user-data-dir={profile}", *(["no-sandbox"] if os.geteuid() == 0 else []),
    ):  # fmt: skip
        options.add_argument("--" + option)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    found.implicitly_wait(10)
    yield found
    found.quit()
    shutil.rmtree(profile, ignore_errors=True)
