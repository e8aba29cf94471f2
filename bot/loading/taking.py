"""Takes what lies in the drop folder: imports it, moves it away, reports it, has the index built
and the desk renewed.

All that may be taken is imported together, as files of one edition belong together: a Tabular List
needs its order file, and of two lists of one edition the fuller one is loaded. Where nothing of it
could be loaded, each is tried by itself, so that no file stops the others, whatever it does to the
process that reads it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.loading import record
from bot.loading.child import Result
from bot.loading.entries import NOT_LOADED, Entry, Folder, shown
from bot.loading.loader import Loader, Stopped
from bot.messages import message
from bot.settings import Settings
from codesets.limits import MB

logger = logging.getLogger("codedesk")

#: Seconds between looks. The folder is asked, and no events of the file system are waited for:
#: network volumes and containers deliver none.
LOOK_EVERY = 3.0
#: Seconds until files are tried again that could not be taken for want of room.
_AGAIN = 300.0
#: Room on the disk that an import needs: as many times its files, and some for the index.
_TIMES, _MORE = 3, 200 * MB
#: Sentences of the importer that are told of one import.
_MOST_TOLD = 15

Say = Callable[[str], None]


class Taking:
    """Not safe to use from several threads; several processes may have one each."""

    def __init__(
        self, settings: Settings, loader: Loader, say: Say, folder: Folder | None = None
    ) -> None:
        """`say` gets a line for the operator on each thing that happens. The settings must have a
        drop folder."""
        assert settings.inbox_folder is not None
        self._settings = settings
        self._loader = loader
        self._say_line = say
        self._folder = folder or Folder(settings.inbox_folder)
        self._not_before = 0.0
        #: The files that were not loaded, whether anything was said, and whether another process
        #: was at work the last time.
        self.left_out: list[str] = []
        self.did_anything = False
        self.was_busy = False
        #: What was said of a state that lasts, so that it is said once.
        self._told = ""

    def once(self) -> list[str]:
        """Take what may be taken, unless another process is at it. Returns the names of what is
        still being copied. Raises Stopped; all else that goes wrong is said."""
        try:
            self._folder.make()
            ready, copying = self._folder.look()
        except OSError as error:
            why = f"{error.strerror or error}."
            self._say_once(message("inbox.unusable", folder=self._folder.path, why=why))
            return []
        due = record.is_index_due(self._settings)
        if (ready or due) and time.monotonic() >= self._not_before:
            with self._loader.alone(wait=False) as is_mine:
                self.was_busy = not is_mine
                if is_mine:
                    copying = self._take_all()
        return copying

    def _take_all(self) -> list[str]:
        """Take what is there, and what comes meanwhile: one index is built of it all."""
        ready, copying = self._folder.look()
        while ready and self._take(ready):
            ready, copying = self._folder.look()
        if record.is_index_due(self._settings):
            self._index()
        return copying

    # Importing

    def _take(self, entries: Sequence[Entry]) -> bool:
        """Whether all of them were taken, and not left for later."""
        for entry in entries:
            if entry.fault:
                self._not_loaded(entry, [entry.fault])
        sound = sorted((entry for entry in entries if not entry.fault), key=lambda e: e.label)
        if sound and not self._has_room(sound):
            return False
        for label, group in itertools.groupby(sound, key=lambda entry: entry.label):
            if not self._take_together([*group], label):
                return False
        self._told = ""
        return True

    def _has_room(self, entries: Sequence[Entry]) -> bool:
        needed = _TIMES * sum(entry.size for entry in entries) + _MORE
        free = shutil.disk_usage(self._settings.home).free
        if free < needed:
            self._later(entries, message("inbox.no_room", free=free // MB, needed=needed // MB))
        return free >= needed

    def _take_together(self, entries: list[Entry], label: str) -> bool:
        """Whether they were taken, and not left for later."""
        files = [file for entry in entries for file in entry.files]
        result = self._loader.load(files, label)
        if result.later:
            self._later(entries, message("inbox.full", why=result.later))
            return False
        if len(entries) == 1 or result.used:
            for entry in entries:
                self._taken(entry, result, alone=len(entries) == 1)
            return True
        return all(self._take_together([entry], label) for entry in entries)

    def _taken(self, entry: Entry, result: Result, *, alone: bool) -> None:
        """Move away what was imported, and tell of it."""
        names = {file.name for file in entry.files}
        why = [sentence for name in sorted(names) for sentence in result.why.get(name, ())]
        if names & result.used.keys():
            told = [line for line in result.said if alone or any(n in line for n in names)]
            loaded = [name for file in sorted(names) for name in result.used.get(file, ())]
            self._done(entry, list(dict.fromkeys(loaded)), told, why)
        else:
            self._not_loaded(entry, why or result.said)

    def _done(self, entry: Entry, loaded: list[str], told: list[str], why: list[str]) -> None:
        today = dt.date.today()
        heading = message("inbox.partly_heading", name=entry.name, day=today)
        self._moved(entry, lambda: self._folder.move_done(entry, today, _text(heading, why)))
        if loaded:
            self._say(message("inbox.loaded", loaded=", ".join(loaded), names=entry.name))
        else:
            self._say(message("inbox.nothing_new", names=entry.name, why=" ".join(told)))
        if why:
            self._say(message("inbox.partly", names=entry.name, why=" ".join(why)))
        self._record(entry, told, loaded)

    def _not_loaded(self, entry: Entry, why: list[str]) -> None:
        # The importer names an option of its command.
        if label := re.search(r"--release (\S+)", " ".join(why)):
            why = [*why, message("inbox.which_edition", label=label[1])]
        heading = message("inbox.why_heading", name=entry.name, day=dt.date.today())
        text = _text(heading, [*why, message("inbox.again")])
        self._moved(entry, lambda: self._folder.move_not_loaded(entry, text))
        folder = self._folder.path / NOT_LOADED
        said = " ".join(shown_line(line) for line in why[:_MOST_TOLD])
        self._say(message("inbox.left_out", names=entry.name, why=said, folder=folder))
        self._record(entry, why, left_out=[entry.name])

    def _moved(self, entry: Entry, move: Callable[[], None]) -> None:
        try:
            move()
        except OSError as error:
            why = error.strerror or str(error)
            self._say(message("inbox.not_moved", name=entry.name, why=why))

    def _later(self, entries: Sequence[Entry], why: str) -> None:
        self._not_before = time.monotonic() + _AGAIN
        names = ", ".join(entry.name for entry in entries)
        self._say_once(message("inbox.later", names=names, why=why))

    def _record(
        self,
        entry: Entry,
        told: Sequence[str],
        loaded: Sequence[str] = (),
        left_out: Sequence[str] = (),
    ) -> None:
        self.left_out += left_out
        lines = [shown_line(line) for line in told[:_MOST_TOLD]]
        names = [entry.name]
        load = record.Load("import", "inbox", bool(loaded), lines, names, [*loaded], [*left_out])
        record.add(self._settings, load)

    # The index

    def _index(self) -> None:
        self._say(message("inbox.indexing"))
        if why := self._loader.index() or self._loader.renew():
            told = message("inbox.index_failed", why=why)
        else:
            told = message("inbox.in_use" if self._loader.renews else "inbox.indexed")
        self._say(told)
        record.add(self._settings, record.Load("index", "inbox", not why, [told]))

    def _say(self, line: str) -> None:
        self.did_anything = True
        self._say_line(line)

    def _say_once(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._say(line)


def shown_line(line: str) -> str:
    """A sentence in one line that can be printed, with its full stop."""
    line = " ".join(shown(part) for part in line.split())
    return line if line.endswith((".", "!", "?", ":")) else f"{line}."


def _text(heading: str, lines: Sequence[str]) -> str:
    return "\n\n".join([heading, *map(shown_line, lines)]) + "\n" if lines else ""


@contextmanager
def taking(
    settings: Settings,
    renew: Callable[[], None] | None,
    say: Say,
    every: float = LOOK_EVERY,
) -> Iterator[None]:
    """Take what is put into the drop folder, in a thread of its own, unless the settings turn it
    off. `renew`: as of a `Loader`. At the end what is going on is given up: what was not moved away
    yet is taken at the next start."""
    if settings.inbox_folder is None:
        yield
        return
    stop = threading.Event()
    loader = Loader(settings, renew)

    def work() -> None:
        inbox = Taking(settings, loader, say)
        while not stop.wait(every):
            try:
                inbox.once()
            except Stopped:
                return
            except Exception as error:
                # Nothing that lies there may end this thread.
                logger.exception("the inbox: %s", type(error).__name__)
                stop.wait(_AGAIN)

    thread = threading.Thread(target=work, name="inbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        loader.stop()
        thread.join()
