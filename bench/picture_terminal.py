"""Commands as pictures of a terminal of 80 columns and 24 lines.

Each runs in such a terminal (tmux) at a time that stands still (faketime), and what the terminal
then shows, in its colours, is drawn by Chromium. What is beyond 24 lines is drawn below a line that
says so.
"""

from __future__ import annotations

import html
import io
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from picture_browser import save_element
from picture_log import NOW, ZONE
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from selenium import webdriver

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 80, 24
#: Lines of a picture. What is beyond them is counted.
_MOST_DRAWN = 40
#: Seconds for a command to end, or for the desk to answer.
_PATIENCE = 180.0
#: With what a terminal ends that waits for what is typed.
_PROMPTS = (">", ":")
_CONFIGURATION = """set -g status off
set -g history-limit 20000
set -g default-terminal tmux-256color
"""
_PAPER, _INK = "#16191f", "#f2f4f8"
_THEME = TerminalTheme(
    (22, 25, 31), (242, 244, 248),
    [(22, 25, 31), (255, 123, 114), (126, 211, 133), (240, 198, 94), (121, 175, 255),
     (214, 160, 255), (99, 210, 220), (217, 222, 231)],
    [(125, 133, 148), (255, 160, 153), (160, 230, 165), (250, 216, 130), (160, 200, 255),
     (230, 190, 255), (140, 228, 236), (255, 255, 255)],
)  # fmt: skip
_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #fff }}
#window {{ display: inline-block; padding: 0 14px 10px; background: {paper}; color: {ink};
  border-radius: 8px; font: 14px/18px "DejaVu Sans Mono", monospace }}
pre {{ margin: 0; font: inherit; min-width: {width}ch; min-height: {height}px }}
#typed {{ padding: 8px 0; color: #9aa4b5; border-bottom: 1px solid #3a4150; margin-bottom: 8px;
  white-space: pre-wrap; max-width: {width}ch }}
#typed b {{ color: #fff }}
.end {{ margin: 8px 0; border-top: 1px dashed #f0c65e; color: #f0c65e; font-size: 11px }}
pre.rest {{ min-height: 0 }}
</style><div id="window"><div id="typed">$ <b>{typed}</b></div><pre>{screen}</pre>{rest}</div>"""


@dataclass(frozen=True, slots=True)
class View:
    """`name`: of its picture. `words`: of the command, after `codedesk`. `typed`: lines for its
    standard input, or with `keys` what is typed into it. `over_log`: in the home with the made-up
    log; else in one whose log is empty."""

    name: str
    words: tuple[str, ...]
    typed: tuple[str, ...] = ()
    keys: bool = False
    over_log: bool = False

    @property
    def picture(self) -> str:
        return f"terminal/{self.name}.png"

    def line(self) -> str:
        """The command as one types it."""
        return shlex.join(("codedesk", *self.words))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a terminal showed: its lines with escapes for colours, and how many of them it had to
    break since they are longer than it is wide."""

    lines: list[str]
    broken: int


def frozen(*command: str) -> list[str]:
    """A command at the time NOW, which stands still; what waits goes on."""
    at = NOW.strftime("%Y-%m-%d %H:%M:%S")
    return ["env", "TZ=UTC", "faketime", "-m", "--exclude-monotonic", "-f", at,
            "env", f"TZ={ZONE}", *command]  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    """Without settings and proxies of this machine; `home` has code sets, index and log. `lead`
    uses it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
    }
    return kept | {
        "CODEDESK_HOME": str(home), "CODEDESK_FETCH": "no", "PYTHONPATH": str(ROOT),
        "HOME": str(home.parent), "LOGNAME": "lead", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color",
    }  # fmt: skip


def shown(view: View, home: Path) -> Shown:
    """What a terminal shows of a command, once it has ended."""
    program = "import sys; sys.argv[0] = 'codedesk'; from bot.__main__ import main; main()"
    command = shlex.join(frozen(sys.executable, "-c", program, *view.words))
    with tempfile.TemporaryDirectory(prefix="codedesk-terminal-") as folder:
        configuration, typed = Path(folder) / "tmux.conf", Path(folder) / "typed"
        configuration.write_text(_CONFIGURATION)
        typed.write_text("".join(f"{line}\n" for line in view.typed))
        if view.typed and not view.keys:
            command += f" < {shlex.quote(str(typed))}"
        terminal = _Terminal(Path(folder) / "socket", configuration, environment(home))
        try:
            terminal.start(f"{command}; tmux wait-for -S ended; exec sleep 1000")
            if view.keys:
                terminal.converse(view.typed)
            else:
                terminal.call("wait-for", "ended")
            lines, whole = terminal.lines(), terminal.lines("-J")
        finally:
            terminal.call("kill-server")
    return Shown(lines, len(lines) - len(whole))


class _Terminal:
    def __init__(self, socket: Path, configuration: Path, variables: dict[str, str]) -> None:
        self._tmux = ["tmux", "-u", "-S", str(socket), "-f", str(configuration)]
        self._variables = variables

    def call(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words], env=self._variables, check=True, text=True,
            capture_output=True, timeout=_PATIENCE,
        )  # fmt: skip
        return done.stdout

    def start(self, command: str) -> None:
        size = ("-x", str(WIDTH), "-y", str(HEIGHT))
        self.call("new-session", "-d", *size, "-c", str(ROOT), "sh", "-c", command)

    def converse(self, typed: Sequence[str]) -> None:
        """Type each line once the command asks for it, and wait until it asks again or ends."""
        self._until_it_asks()
        for line in typed:
            self.call("send-keys", "-l", line)
            self.call("send-keys", "Enter")
            self._until_it_asks()

    def _until_it_asks(self) -> None:
        until, before = time.monotonic() + _PATIENCE, ""
        while time.monotonic() < until:
            now = self.call("capture-pane", "-p").rstrip()
            ended = self.call("display-message", "-p", "#{pane_current_command}") == "sleep\n"
            if now == before and (ended or now.endswith(_PROMPTS)):
                return
            before = now
            time.sleep(0.5)

    def lines(self, *how: str) -> list[str]:
        out = self.call("capture-pane", "-p", "-e", *how, "-S", "-")
        return out.rstrip().split("\n")


def draw(chrome: webdriver.Chrome, view: View, found: Shown, out: Path) -> None:
    """A picture of what a terminal showed, into a folder."""
    # Read as a whole, since a colour may go on from line to line.
    lines = list(Text.from_ansi("\n".join(found.lines)).split("\n", allow_blank=True))
    first, rest = lines[:HEIGHT], lines[HEIGHT:_MOST_DRAWN]
    more = len(lines) - len(first) - len(rest)
    below = ""
    if rest:
        counted = len(lines) - HEIGHT
        below = f'<div class="end">after {HEIGHT} lines: {counted} more</div>'
        below += f'<pre class="rest">{_as_html(rest)}</pre>'
    if more:
        below += f'<div class="end">{more} more are not drawn</div>'
    page = _PAGE.format(
        paper=_PAPER, ink=_INK, width=WIDTH, height=18 * min(HEIGHT, max(len(first), 6)),
        typed=html.escape(view.line()), screen=_as_html(first), rest=below,
    )  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(page)
        file.flush()
        chrome.set_window_size(1000, 1400)
        chrome.get(Path(file.name).as_uri())
        save_element(chrome, "window", out / view.picture)


def _as_html(lines: Sequence[Text]) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor")
    console.print(Text("\n").join(lines), soft_wrap=True, end="")
    return console.export_html(theme=_THEME, code_format="{code}", inline_styles=True)
