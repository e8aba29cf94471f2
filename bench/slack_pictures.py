"""Draws every surface in Slack: `make slack-pictures` writes docs/slack/.

`codedesk run` serves the code sets and the index of CODEDESK_HOME to a loopback Slack; a person
does what bench/slack_surfaces.py lists; and what Slack is sent is drawn at the width of a phone and
of a desktop, light and dark. One picture has the four side by side.

Needs CODEDESK_HOME with code sets and index, Chromium with its driver, the fonts Lato and Noto
Color Emoji, Pillow, and the render kit: a folder with a package.json, build.sh and entry.jsx, which
builds a script that draws window.__PAYLOAD__. CODEDESK_SLACK_RENDER names it; by default it is
shared/slack/render beside the repository. Its packages are installed by npm into a copy.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from picture_browser import browser
from selenium import webdriver
from slack_serving import ROOT, TimedSlack, home_of_its_own, serving
from slack_surfaces import SURFACES, Missing, Payload, Scene

OUT = ROOT / "docs" / "slack"
#: (width in pixels, theme), from left to right.
VARIANTS = ((390, "light"), (390, "dark"), (720, "light"), (720, "dark"))
_PAPER = {"light": ("#ffffff", "#1d1c1d"), "dark": ("#1a1d21", "#d1d2d3")}
_GAP, _COLOURS = 16, 64
#: Pixels of height at which a picture is cut off.
_TALLEST = 2200

_PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="%(kit)s/%(sheet)s">
<style>
* { box-sizing: border-box }
body { margin: 0; padding: 12px; background: %(paper)s; color: %(ink)s }
body, #slack_blocks_to_jsx, #slack_blocks_to_jsx *:not(pre, code, pre *, code *) {
  font-family: Lato, "Noto Color Emoji", sans-serif !important }
body { font-size: 15px; line-height: 1.46 }
.modal { max-width: 520px; border: 1px solid #8886; border-radius: 8px }
.mh, .mf { display: flex; justify-content: space-between; padding: 14px 20px; font-size: 18px }
.mf { justify-content: flex-end; gap: 10px; font-size: 15px }
.mf i { padding: 6px 14px; border: 1px solid #8888; border-radius: 4px; font-style: normal;
        font-weight: 700 }
.mf .ok { background: #007a5a; color: #fff }
.mb { padding: 0 20px }
</style><body><div id="root"></div><script>window.__PAYLOAD__ = %(payload)s</script>
<script src="%(kit)s/bundle.js"></script></body>"""


def built_kit() -> Path:
    """The render kit, built in a copy, which is kept. Raises SystemExit with what is missing."""
    source = Path(
        os.environ.get("CODEDESK_SLACK_RENDER") or ROOT.parent / "shared" / "slack" / "render"
    )
    if not (source / "build.sh").is_file():
        raise SystemExit(f"No render kit at {source}: name it with CODEDESK_SLACK_RENDER.")
    if not shutil.which("npm"):
        raise SystemExit("The render kit needs npm: apt-get install npm")
    kit = ROOT / ".cache" / "slack-render"
    if not (kit / "bundle.js").is_file():
        kit.mkdir(parents=True, exist_ok=True)
        for path in source.iterdir():
            if path.is_file():
                (kit / path.name).write_bytes(path.read_bytes())
        subprocess.run(["bash", "build.sh"], cwd=kit, check=True, stdout=subprocess.DEVNULL)
    return kit


def shown() -> dict[str, Payload | Missing]:
    """What each surface shows."""
    found: dict[str, Payload | Missing] = {}
    with (
        home_of_its_own() as home,
        TimedSlack() as slack,
        serving(slack, home, CODEDESK_AUDITORS="U7", CODEDESK_ADMINS="U7"),
    ):
        scene = Scene(slack)
        for surface in SURFACES:
            try:
                scene.shown[surface.name] = found[surface.name] = surface.act(scene)
            except Missing as error:
                found[surface.name] = error
            print(surface.name, "missing" if isinstance(found[surface.name], Missing) else "shown")
    return found


def drawn(chrome: webdriver.Chrome, kit: Path, payload: Payload, width: int, theme: str) -> bytes:
    """A payload as a PNG."""
    paper, ink = _PAPER[theme]
    named = payload | {"__theme": theme, "__name": "Code Desk"}
    page = _PAGE % {
        "kit": kit.as_uri(),
        "sheet": "node_modules/slack-blocks-to-jsx/dist/style.css",
        "paper": paper,
        "ink": ink,
        "payload": json.dumps(named).replace("</", "<\\/"),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(page)
        file.flush()
        _resize(chrome, width, 600)
        chrome.get(Path(file.name).as_uri())
        height = _height(chrome)
        _resize(chrome, width, min(height + 4, _TALLEST))
        return chrome.get_screenshot_as_png()


def _resize(chrome: webdriver.Chrome, width: int, height: int) -> None:
    how = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", how)


def _height(chrome: webdriver.Chrome) -> int:
    """The height of the page, once it no longer grows."""
    before = -1
    for _ in range(50):
        time.sleep(0.1)
        script = "return Math.ceil(document.body.getBoundingClientRect().height)"
        height = int(chrome.execute_script(script))
        if height == before and height > 24:  # 24: nothing is drawn yet
            break
        before = height
    return before


def sheet(pictures: list[bytes]) -> bytes:
    """The pictures side by side, in few colours, as a PNG."""
    from PIL import Image

    opened = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    width = sum(one.width for one in opened) + _GAP * (len(opened) - 1)
    whole = Image.new("RGB", (width, max(one.height for one in opened)), "#888888")
    left = 0
    for one in opened:
        whole.paste(one, (left, 0))
        left += one.width + _GAP
    out = io.BytesIO()
    whole.quantize(_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def read_me(found: dict[str, Payload | Missing]) -> str:
    """docs/slack/README.md."""
    lines = [
        "# Every surface in Slack",
        "",
        "`make slack-pictures` draws these of what `codedesk run` sends to a loopback Slack. Each "
        "is at the width of a phone and of a desktop, light and dark. They are drawn by "
        "slack-blocks-to-jsx, so details differ from Slack's own apps.",
        "",
    ]
    for surface in SURFACES:
        if not isinstance(found[surface.name], Missing):
            title = surface.name.replace("-", " ").capitalize()
            picture = f"![{title}]({surface.name}.png)"
            lines += [f"## {title}", "", surface.what, "", picture, ""]
    return "\n".join(lines)


def main() -> None:
    kit = built_kit()
    found = shown()
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.png"):
        old.unlink()
    with browser() as chrome:
        for name, payload in found.items():
            if isinstance(payload, Missing):
                continue
            pictures = [drawn(chrome, kit, payload, *variant) for variant in VARIANTS]
            (OUT / f"{name}.png").write_bytes(sheet(pictures))
    (OUT / "README.md").write_text(read_me(found), encoding="utf-8")
    total = sum(path.stat().st_size for path in OUT.glob("*.png"))
    print(f"{total / 1e6:.1f} MB in {OUT.relative_to(ROOT)}")
    for name, payload in found.items():
        if isinstance(payload, Missing):
            print(f"not drawn: {name}: {payload}")


if __name__ == "__main__":
    main()
