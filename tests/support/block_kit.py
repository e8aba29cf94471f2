"""Checks payloads against Slack's own types, where node and the checker are there.

The checker is bkcheck.mjs in a folder with its packages (`npm install --no-package-lock` there);
CODEDESK_BLOCKKIT names the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from paths import SHARED

#: Where the checker is, if it is there.
_FOLDER = Path(os.environ.get("CODEDESK_BLOCKKIT") or SHARED / "slack" / "blockkit")
AVAILABLE = (
    shutil.which("node") is not None
    and (_FOLDER / "bkcheck.mjs").is_file()
    and (_FOLDER / "node_modules" / "@slack" / "types").is_dir()
)


def breaches(payload: dict[str, Any], surface: str, folder: Path) -> list[str]:
    """What is wrong with a payload: a message, or a view. `folder` takes a file of it."""
    file = folder / "payload.json"
    file.write_text(json.dumps(payload), encoding="utf-8")
    command = ["node", str(_FOLDER / "bkcheck.mjs"), str(file), "--surface", surface]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()
