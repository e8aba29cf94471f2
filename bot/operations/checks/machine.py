"""The machine and what is installed on it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata

from bot.operations.findings import Asked, Finding, look, mb, ok
from bot.workers.pool import default_workers

#: Memory of the process that serves and of each worker, in bytes: docs/CAPACITY.md.
_FRONT, _WORKER = 700 * 2**20, 100 * 2**20
#: What decides answers, and what speaks to others.
_PACKAGES = ("onnxruntime", "faiss-cpu", "spacy", "slack-bolt", "slack-sdk", "pydantic")


def size(asked: Asked) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    chosen = asked.settings.workers
    workers = default_workers() if chosen is None else chosen
    needed = _FRONT + workers * _WORKER
    memory = _memory()
    if workers > (cores or 1):
        yield look("many_workers", workers=workers, cores=cores)
    if memory and memory < needed:
        yield look("little_memory", workers=workers, needed=mb(needed), memory=mb(memory))
    else:
        yield ok("size", workers=workers, cores=cores, memory=mb(memory) if memory else "?")


def _memory() -> int:
    """The memory that this process may use, in bytes; 0 where it is not known."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            return min(there, int(file.read()))
    except (OSError, ValueError):
        return there


def versions(asked: Asked) -> Iterator[Finding]:
    there = []
    for name in _PACKAGES:
        try:
            there.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield look("package_missing", name=name)
    try:
        own = metadata.version("codedesk")
    except metadata.PackageNotFoundError:
        own = "?"
    yield ok("versions", own=own, python=platform.python_version(), packages=", ".join(there))


CHECKS = (size, versions)
