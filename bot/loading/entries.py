"""What lies in the drop folder: which of it may be taken now, and where it goes then.

    inbox/                      official files, as they are, zipped, or in folders
    inbox/FY2027/               a folder named after an edition: for files that do not tell theirs
    inbox/done/2026-12-01/      what was loaded that day
    inbox/not-loaded/           what was not, each with a NAME.why.txt beside it

Nothing is ever deleted, and nothing is overwritten: a second file of a name gets a number. Links
are not followed. Only names and sizes are read here.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.messages import message
from codesets.limits import MB, ZIP_BYTES
from codesets.loading.edition_names import is_label

DONE, NOT_LOADED = "done", "not-loaded"
#: Seconds for which a file must not have changed.
QUIET = 10.0
#: Names of what browsers and programs are still writing, and of what desktops put beside files.
_PARTIAL = (
    ".crdownload .part .partial .download .opdownload .filepart .tmp .temp .!ut .aria2 .swp"
).split()
_OF_DESKTOPS = {"thumbs.db", "desktop.ini"}
#: The most files of one folder: as many as a zip may hold.
_MOST_FILES = 1_000

#: What changes when a file is written: for each file its name, size, and times of change.
_Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder that lies in the drop folder.

    - `files`: the regular files of it, to be imported. `size`: their bytes.
    - `label`: the edition that the folder's name says; "" for none.
    - `fault`: why it is not to be read at all, as a sentence; "" for none.
    """

    path: Path
    signature: _Signature
    files: tuple[Path, ...] = ()
    size: int = 0
    label: str = ""
    fault: str = ""

    @property
    def name(self) -> str:
        return shown(self.path.name)


def shown(name: str) -> str:
    """A name as it can be printed: without control characters, line ends and what is no text."""
    name = name.encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", "?", name)[:120]


class Folder:
    """The drop folder. Not safe to use from several threads."""

    def __init__(self, path: Path, quiet: float = QUIET) -> None:
        self.path = path
        self._quiet = quiet
        #: Of each entry, its signature when it was seen first, and since when.
        self._seen: dict[str, tuple[_Signature, float]] = {}
        #: Entries that could not be moved away: they are taken again when they change.
        self._stuck: dict[str, _Signature] = {}

    def make(self) -> None:
        """Make the folder, for its owner alone. One that is there keeps its permissions. Raises
        OSError."""
        for folder in (self.path, self.path / DONE, self.path / NOT_LOADED):
            folder.mkdir(mode=0o700, parents=folder == self.path, exist_ok=True)
            if folder != self.path and folder.is_symlink():
                raise NotADirectoryError(20, "it is a link", str(folder))

    def look(self) -> tuple[list[Entry], list[str]]:
        """What may be taken now, and the names of what is still being copied. Raises OSError."""
        ready: list[Entry] = []
        copying: list[str] = []
        found: dict[str, tuple[_Signature, float]] = {}
        now = time.monotonic()
        for item in sorted(os.scandir(self.path), key=lambda item: item.name):
            if _is_ignored(item.name):
                continue
            entry = _entry(Path(item.path))
            if entry is None or self._stuck.get(item.name) == entry.signature:
                continue
            before = self._seen.get(item.name)
            since = before[1] if before and before[0] == entry.signature else now
            found[item.name] = entry.signature, since
            if now - since >= self._quiet or _age(entry.signature) >= self._quiet:
                ready.append(entry)
            else:
                copying.append(entry.name)
        self._seen = found
        return ready, copying

    def move_done(self, entry: Entry, day: dt.date, why: str = "") -> None:
        """Move what was loaded away; `why`: what was left out of it. Raises OSError."""
        self._move(entry, self.path / DONE / day.isoformat(), why)

    def move_not_loaded(self, entry: Entry, why: str) -> None:
        """Move what was not loaded away, with a text that says why. Raises OSError."""
        self._move(entry, self.path / NOT_LOADED, why)

    def _move(self, entry: Entry, folder: Path, why: str) -> None:
        """Raises OSError; then the entry stays, and is not taken again until it changes."""
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            to = _free(folder, entry.path.name)
            entry.path.rename(to)
        except OSError:
            self._stuck[entry.path.name] = entry.signature
            raise
        self._stuck.pop(entry.path.name, None)
        self._seen.pop(entry.path.name, None)
        if why:
            with suppress(OSError):  # there may be no room; the operator is told why, too
                beside = _free(folder, f"{to.name}.why.txt")
                beside.write_text(why, encoding="utf-8", errors="replace")


def _is_ignored(name: str) -> bool:
    lower = name.lower()
    return (
        lower in (DONE, NOT_LOADED)
        or lower.startswith((".", "~$"))
        or lower in _OF_DESKTOPS
        or lower.endswith(tuple(_PARTIAL))
    )


def _entry(path: Path) -> Entry | None:
    """What lies there; None where it is gone, or a folder in which something is being written."""
    name = shown(path.name)
    try:
        status = path.lstat()
        signature = (_signed("", status),)
        if stat.S_ISLNK(status.st_mode):
            return Entry(path, signature, fault=message("inbox.link", name=name))
        if stat.S_ISDIR(status.st_mode):
            return _folder(path)
        if not stat.S_ISREG(status.st_mode):
            return Entry(path, signature, fault=message("inbox.no_file", name=name))
        fault = _unreadable(path) or _too_large(path, status.st_size)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Entry(path, (), fault=_denied(path, error))
    return Entry(path, signature, (path,), status.st_size, fault=fault)


def _folder(path: Path) -> Entry | None:
    files: list[Path] = []
    signed = []
    size, fault = 0, ""

    def failed(error: OSError) -> None:
        nonlocal fault
        fault = _denied(path, error)

    for folder, inner, names in os.walk(path, onerror=failed):
        inner[:] = sorted(one for one in inner if not one.startswith((".", "__MACOSX")))
        signed.append(_signed(folder, os.lstat(folder)))
        for name in sorted(names):
            file = Path(folder, name)
            status = file.lstat()
            signed.append(_signed(str(file), status))
            if len(signed) > 4 * _MOST_FILES or len(files) > _MOST_FILES:
                too_many = message("inbox.too_many", name=shown(path.name), most=_MOST_FILES)
                return Entry(path, tuple(signed), fault=too_many)
            if name.lower().endswith(tuple(_PARTIAL)):
                return None
            # Links and pipes in a folder are passed over: they are not followed.
            if stat.S_ISREG(status.st_mode) and not _is_ignored(name):
                fault = fault or _unreadable(file) or _too_large(file, status.st_size)
                files.append(file)
                size += status.st_size
    if not files:
        fault = fault or message("inbox.empty_folder", name=shown(path.name))
    label = path.name if is_label(path.name) else ""
    return Entry(path, tuple(signed), tuple(files), size, label, fault)


def _signed(name: str, status: os.stat_result) -> tuple[str, int, int, int]:
    return name, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _age(signature: _Signature) -> float:
    """Seconds since the last change; 0 where the clock of the file system is ahead."""
    last = max((max(modified, changed) for _, _, modified, changed in signature), default=0)
    return max(0.0, time.time() - last / 1e9)


def _too_large(path: Path, size: int) -> str:
    if size <= ZIP_BYTES:
        return ""
    name = shown(path.name)
    return message("inbox.too_large", name=name, size=size // MB, most=ZIP_BYTES // MB)


def _unreadable(path: Path) -> str:
    if os.access(path, os.R_OK):
        return ""
    return message("inbox.unreadable", name=shown(path.name), why="permission denied")


def _denied(path: Path, error: OSError) -> str:
    return message("inbox.unreadable", name=shown(path.name), why=error.strerror or error)


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that nothing has: the name, with a number where it is taken. A name that
    is too long with it is shortened."""
    stem, dot, ending = name.rpartition(".") if "." in name.lstrip(".") else (name, "", "")
    for number in range(1, 10_000):
        numbered = name if number == 1 else f"{stem} ({number}){dot}{ending}"
        while len(os.fsencode(numbered)) > 240:
            stem = stem[:-1]
            numbered = f"{stem} ({number}){dot}{ending}"
        path = folder / numbered
        if not os.path.lexists(path):
            return path
    raise FileExistsError(17, "too many files of this name", str(folder / name))
