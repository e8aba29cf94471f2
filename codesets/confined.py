"""Reads zips, workbooks and PDFs in a separate process with limits.

A file in these formats can be made to take any amount of time and memory, and their readers are
large libraries that may crash. The process may use what its `Allowance` says (codesets/limits.py).
It gets only the environment variables that it needs, so no tokens. It writes what it reads to a
temporary file, one JSON list a line. The last line says how it ended, so a process that was killed
is never taken for one that reached the end of the file.

It is a new process, not a fork, because the parent may have threads and a model in memory. macOS
does not enforce the limit of memory; the limits of time hold everywhere.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from codesets.limits import MB, ROW, WHOLE, Allowance, TooMuch
from codesets.model import CodesetError

#: The readers by name. Each is a function of a path and further arguments that yields lists.
_READERS = {
    "zip": "codesets.zips:unpack",
    "zip test": "codesets.zips:test",
    "workbook": "codesets.formats.spreadsheets:read_workbook",
    "pdf": "codesets.formats.guidelines:read_pdf",
}
#: The environment variables that a process needs.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG")

#: Exit codes of a process that could not write a last line.
_OUT_OF_MEMORY, _TOO_LONG, _NO_ROOM = 3, 4, 5


def read(
    reader: str, path: Path, *arguments: Any, damaged: str, within: Allowance = WHOLE
) -> Iterator[list[Any]]:
    """The lists that a reader yields for a file. The first comes after the reader has ended.

    `reader` is a name in `_READERS`, `arguments` follow the path and must be JSON. `damaged` is the
    message for a file that the reader cannot read.

    Raises CodesetError with that message, or with the reader's own; TooMuch when the file exceeds a
    limit, which the message names.
    """
    command = [sys.executable, "-P", "-m", __name__, reader, json.dumps([str(path), *arguments])]
    with tempfile.TemporaryFile() as output:
        try:
            exit_code = subprocess.run(
                [*command, json.dumps([within.memory, within.cpu, within.wall, within.output])],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=within.wall,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise _too_much(path, f"{within.wall} seconds") from error
        output.seek(0)
        for line in output:
            if not line.endswith(b"\n"):
                break  # the process was ended while it wrote this line
            row = json.loads(line)
            if isinstance(row, dict):
                _raise_for_end(row, damaged)
                return
            yield row
    raise _killed(path, exit_code, within, damaged)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # The parent's path, so that the same modules are found however the parent was started.
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _raise_for_end(last: dict[str, str], damaged: str) -> None:
    """Raises the error that the last line of the output names, if it names one."""
    if "beyond" in last:
        raise TooMuch(last["beyond"])
    if "refused" in last:
        raise CodesetError(last["refused"])
    if "damaged" in last:
        raise CodesetError(damaged)


def _killed(path: Path, exit_code: int, within: Allowance, damaged: str) -> CodesetError:
    if exit_code == _OUT_OF_MEMORY:
        return _too_much(path, f"{within.memory // MB:,} MB of memory")
    if exit_code == -signal.SIGALRM:
        return _too_much(path, f"{within.wall} seconds")
    if exit_code in (-signal.SIGXCPU, -signal.SIGKILL):
        return _too_much(path, f"{within.cpu} seconds of computing")
    if exit_code == _TOO_LONG:
        return _too_much(path, f"{within.output // MB:,} MB of disk")
    if exit_code == _NO_ROOM:
        return CodesetError(
            f"{path.name} cannot be read: there is no room left in {tempfile.gettempdir()}. "
            "Make room, or set TMPDIR to a folder that has some."
        )
    return CodesetError(damaged)


def _too_much(path: Path, limit: str) -> TooMuch:
    return TooMuch(
        f"{path.name} takes more than {limit} to read, which no official file does: it was left "
        "unread. Download it again from its publisher."
    )


# In the separate process


def main(reader: str, arguments: str, limits: str) -> int:
    """Read one file and write its lists to standard output.

    Returns the exit code: 0, or the reason why it ended early."""
    _confine(Allowance(*json.loads(limits)))
    # openpyxl imports numpy if it is installed. That takes longer than reading most workbooks, and
    # starts threads.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    path, *more = json.loads(arguments)
    try:
        _write(reader, Path(path), more, sys.stdout)
        sys.stdout.flush()
    except MemoryError:
        return _OUT_OF_MEMORY
    except OSError as error:
        return {errno.EFBIG: _TOO_LONG, errno.ENOSPC: _NO_ROOM}.get(error.errno or 0, 1)
    return 0


def _confine(within: Allowance) -> None:
    _limit(resource.RLIMIT_AS, within.memory)
    _limit(resource.RLIMIT_CPU, within.cpu)
    _limit(resource.RLIMIT_FSIZE, within.output)
    _limit(resource.RLIMIT_CORE, 0)
    # Ends the process in time even if its parent was killed.
    signal.alarm(within.wall)


def _limit(what: int, most: int) -> None:
    _, allowed = resource.getrlimit(what)
    if allowed != resource.RLIM_INFINITY:
        most = min(most, allowed)
    with suppress(ValueError, OSError):  # macOS refuses a limit of memory
        resource.setrlimit(what, (most, most))


def _write(reader: str, path: Path, arguments: list[Any], to: IO[str]) -> None:
    module, _, function = _READERS[reader].partition(":")
    try:
        for row in getattr(importlib.import_module(module), function)(path, *arguments):
            line = json.dumps(row)
            if len(line) > ROW:
                raise TooMuch(f"{path.name} has a row of more than {ROW // MB} MB.")
            to.write(line + "\n")
        last = {"end": ""}
    except TooMuch as error:
        last = {"beyond": str(error)}
    except CodesetError as error:
        last = {"refused": str(error)}
    except MemoryError:
        raise
    except OSError as error:
        if error.errno in (errno.EFBIG, errno.ENOSPC):
            raise
        last = {"damaged": str(error)}
    except Exception as error:  # a library may raise anything on a malformed file
        last = {"damaged": str(error)}
    to.write(json.dumps(last) + "\n")


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    # Without cleaning up, because writing the buffered rest may fail a second time.
    os._exit(code)
