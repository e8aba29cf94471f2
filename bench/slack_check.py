"""Checks all that the tests send to Slack by Slack's own types: `make slack-check`.

Runs the tests of Slack, or those that are named, and keeps every message and view that they make
(tests/support/slack_payloads.py). Then the block checker goes over them in one process, and what it
finds is printed by the test that made it first. Web API calls are judged in each test, by the
published list of methods, where CODEDESK_SLACK_METHODS or the folder `shared` has it.

Needs node and npm, and the block checker: a folder with a package.json and bkcheck.mjs.
CODEDESK_SLACK_BLOCKKIT names it; by default it is shared/slack/blockkit beside the repository. Its
packages are installed by npm into a copy.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("CODEDESK_SHARED", ROOT.parent / "shared"))


def checker() -> Path:
    """The block checker in a copy, which is kept. Raises SystemExit with what is missing."""
    source = Path(os.environ.get("CODEDESK_SLACK_BLOCKKIT") or SHARED / "slack" / "blockkit")
    if not (source / "bkcheck.mjs").is_file():
        raise SystemExit(f"No block checker at {source}: name it with CODEDESK_SLACK_BLOCKKIT.")
    if not shutil.which("npm"):
        raise SystemExit("The block checker needs node and npm: apt-get install npm")
    copy = ROOT / ".cache" / "slack-blockkit"
    copy.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    if not (copy / "node_modules").is_dir():
        install = ["npm", "install", "--no-package-lock", "--silent"]
        subprocess.run(install, cwd=copy, check=True)
    return copy / "bkcheck.mjs"


def checked(script: Path, payloads: Path) -> list[dict[str, Any]]:
    """What the checker finds, of each payload: `test`, `surface`, `errors`."""
    driver = ROOT / "bench" / "slack_check.mjs"
    done = subprocess.run(
        ["node", str(driver), str(script), str(payloads)],
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def main() -> None:
    tests = sys.argv[1:] or ["tests/bot/slack"]
    script = checker()
    with tempfile.TemporaryDirectory(prefix="codedesk-payloads-") as folder:
        environment = os.environ | {"CODEDESK_SLACK_PAYLOADS": folder}
        pytest = [sys.executable, "-m", "pytest", "-q", *tests]
        failed = subprocess.run(pytest, cwd=ROOT, env=environment).returncode
        found = checked(script, Path(folder))
    by_test: dict[str, set[str]] = defaultdict(set)
    for one in found:
        by_test[one["test"]].update(f"{one['surface']}: {error}" for error in one["errors"])
    wrong = {test: errors for test, errors in sorted(by_test.items()) if errors}
    for test, errors in wrong.items():
        print(test, *sorted(errors), sep="\n  ")
    bad = sum(bool(one["errors"]) for one in found)
    print(f"{len(found)} payloads, {bad} with errors, of {len(wrong)} tests")
    sys.exit(1 if bad or failed else 0)


if __name__ == "__main__":
    main()
