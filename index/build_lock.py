"""One build of the index at a time, over all processes; what an interrupted one left is removed."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index import bundle
from index.embedding import progress as progress_of

LOCK, RUNNING = "build.lock", "running.json"
#: Seconds after which somebody who waits is told again how far the other build is.
_PATIENCE = 30.0
_BUILD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


@contextmanager
def exclusive(root: Path, progress: bool) -> Iterator[None]:
    """Lock the folder of the index. Another build there is waited for; with `progress` it is said
    since when it runs and how far it is, every half minute. The operating system releases the lock
    when the process ends in any way. What interrupted builds left is removed, before and, where
    this one is interrupted, after."""
    from filelock import FileLock, Timeout  # not imported when a question is answered

    lock = FileLock(root / LOCK)
    wait = 0.0
    while True:
        try:
            lock.acquire(timeout=wait)
            break
        except Timeout:
            wait = _PATIENCE
            if progress:
                print(f"Waiting for another build of the index to end{told(root)}", file=sys.stderr)
    try:
        remove_left_over(root)
        with progress_of.noted(_Note(root / RUNNING)):
            yield
    finally:
        remove_left_over(root)
        (root / RUNNING).unlink(missing_ok=True)
        lock.release()


class _Note:
    """Keeps in a file how far the build of this process is, for others who wait for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        self("", 0, 0)

    def __call__(self, label: str, done: int, total: int) -> None:
        far = {"pid": os.getpid(), "since": self._since}
        far |= {"label": label, "done": done, "total": total}
        self._path.write_text(json.dumps(far), encoding="utf-8")


def told(root: Path) -> str:
    """Since when the build of another process runs, and how far it is, to end a sentence with."""
    try:
        far = json.loads((root / RUNNING).read_text(encoding="utf-8"))
        since = dt.datetime.fromisoformat(far["since"])
        words = f": process {far['pid']}, since {since:%H:%M:%S}"
        if far["total"]:
            share = far["done"] * 100 // far["total"]
            words += f", {far['label']} {share}% of {far['total']:,}"
        return words + "."
    except (OSError, ValueError, TypeError, KeyError):
        return "."


def is_running(root: Path) -> bool:
    """Whether a process builds there now."""
    from filelock import FileLock, Timeout

    if not (root / LOCK).exists():
        return False
    try:
        with FileLock(root / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # not ours to lock, so nobody of this user builds there
        return False


def left_over(root: Path) -> list[Path]:
    """The folders of builds that did not end, or run now. Never the one in use."""
    if not root.is_dir():
        return []
    in_use = bundle.current(root)
    return [
        one
        for one in sorted(root.iterdir())
        if _BUILD_ID.fullmatch(one.name)
        and one.is_dir()
        and one != in_use
        and not (one / bundle.MANIFEST).exists()
    ]


def remove_left_over(root: Path) -> None:
    """Remove what interrupted builds left. The lock must be held: then no other process builds."""
    for folder in left_over(root):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("current.new", f"{bundle.COMPARED}.new"):
        (root / name).unlink(missing_ok=True)
