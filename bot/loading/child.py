"""A process that reads official files into codes.db: `python -m bot.loading.child`.

The files are from outside. What they can do to the process that reads them, they do to this one: it
has limits of memory and time, gets no tokens, and when it ends the desk goes on. Its standard input
is a `Request` as JSON, the last line of its standard output an `Imported`.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sqlite3
import sys
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from codesets.errors import CodeDeskError
from codesets.limits import MB

#: What an import may use, in bytes and seconds of computing. All editions that CMS and CDC publish,
#: imported together, take a tenth of both.
MEMORY, SECONDS = 4096 * MB, 3600
#: SQLite's errors that pass: no room, or another process writes.
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Request:
    """`paths`: the files to import. `label`: their edition, "" where the files tell it."""

    codes_db: str
    paths: list[str]
    label: str = ""


@dataclass(slots=True)
class Result:
    """What became of an import.

    - `said`: the sentences of the importer, in their order; the error among them.
    - `used`: the names of the files and zips of which something was loaded, checked or not needed,
      each with the names of the editions and references that were loaded of it.
    - `why`: for each file or zip, the sentences on what was left out of it.
    - `later`: why it may succeed when it is tried again (no room, the database is busy); else "".
    """

    said: list[str] = field(default_factory=list)
    used: dict[str, list[str]] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)
    later: str = ""

    @property
    def loaded(self) -> list[str]:
        return list(dict.fromkeys(name for names in self.used.values() for name in names))


def run(request: Request) -> Result:
    """Import. Raises what is no fault of a file and passes by no other try."""
    from codesets.loading import importer
    from codesets.store.code_store import CodeStore

    result = Result()
    paths = [Path(path) for path in request.paths]
    try:
        with closing(CodeStore(Path(request.codes_db))) as store:
            done = importer.import_files(store, paths, request.label or None, result.said.append)
    except CodeDeskError as error:
        result.said.append(str(error))
        return result
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in _PASSING:
            raise
        result.later = str(error)
        return result
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        result.later = str(error)
        return result
    result.used = done.used
    result.why = done.why
    return result


def main() -> None:
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
        with suppress(ValueError, OSError):  # macOS refuses a limit of memory
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
    with suppress(OSError):
        os.nice(5)  # answers come first
    result = run(Request(**json.load(sys.stdin)))
    # The importer may have printed something: what counts is the last line.
    print("\n" + json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    main()
