"""Chromium for the pictures of the docs, and what makes its pictures small."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver

#: The widths of the pages, in pixels.
WIDTHS = {"desktop": 1280, "phone": 390}
#: Pixels of height at which the picture of a page is cut off.
_TALLEST = {"desktop": 1250, "phone": 1700}
#: A picture has 16 colours, so that a pixel takes four bits: the most frequent few, which are
#: backgrounds and may be alike, and others that differ by this much, of 255.
_COLOURS, _BACKGROUNDS, _APART, _ALIKE = 16, 5, 40, 6


@contextmanager
def browser(zone: str = "") -> Iterator[webdriver.Chrome]:
    """Chromium with a temporary profile, in a time zone. Raises SystemExit when it is not
    installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        raise SystemExit("Pictures need Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    environment = os.environ | ({"TZ": zone} if zone else {})
    with tempfile.TemporaryDirectory(prefix="codedesk-chromium-") as profile:
        for option in (
            "headless", "no-sandbox", "disable-gpu", "no-first-run", "hide-scrollbars",
            "disable-background-networking", "disable-component-update", "disable-sync",
            "lang=en-US", "window-size=1000,1400", "force-device-scale-factor=1.5",
            f"user-data-dir={profile}",
        ):  # fmt: skip
            options.add_argument("--" + option)
        service = webdriver.ChromeService(driver, env=environment)
        chrome = webdriver.Chrome(options=options, service=service)
        chrome.implicitly_wait(10)
        try:
            yield chrome
        finally:
            chrome.quit()


def save_page(chrome: webdriver.Chrome, to: Path, device: str) -> bool:
    """A picture of the open page as it is on a device of WIDTHS, from its top. Whether it is wider
    than the device: there one would have to scroll to the side."""
    width = WIDTHS[device]
    _resize(chrome, width, 800, device)
    script = "const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]"
    wide, tall = chrome.execute_script(script)
    _resize(chrome, width, min(tall, _TALLEST[device]), device)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(_small(chrome.get_screenshot_as_png()))
    chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return wide > width


def _resize(chrome: webdriver.Chrome, width: int, height: int, device: str) -> None:
    how = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": device == "phone"}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", how)


def save_element(chrome: webdriver.Chrome, name: str, to: Path) -> None:
    """A picture of the element with an id."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(_small(chrome.find_element("id", name).screenshot_as_png))


def _small(picture: bytes) -> bytes:
    """The same picture in few colours, among which are those of a few words, too."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    found = sorted(image.getcolors(image.width * image.height), reverse=True)
    kept: list[tuple[int, int, int]] = []
    for _, colour in found:
        least = _ALIKE if len(kept) < _BACKGROUNDS else _APART
        if len(kept) < _COLOURS and all(_apart(colour, other) >= least for other in kept):
            kept.append(colour)
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in kept for value in colour])
    out = io.BytesIO()
    few = image.quantize(palette=palette, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True, bits=4)
    return out.getvalue()


def _apart(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """How much two colours differ in the channel in which they differ most."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
