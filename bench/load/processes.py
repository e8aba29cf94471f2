"""What processes take, from /proc (Linux): CPU seconds and memory.

https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html and
https://docs.kernel.org/filesystems/proc.html (smaps_rollup).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.figures import slope

_TICKS = os.sysconf("SC_CLK_TCK")

#: The part that a process plays -> its ids.
Roles = Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes (10^6 bytes): `rss` as the system shows it; `pss`, in which a page that n processes
    share counts as an nth for each; `uss`, what would be free if the process ended."""

    rss: float
    pss: float
    uss: float

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.rss + other.rss, self.pss + other.pss, self.uss + other.uss)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that ended; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def memory(pid: int) -> Memory:
    """The memory of a process; zeros when it is gone."""
    sizes = dict.fromkeys(("Rss", "Pss", "Private_Clean", "Private_Dirty"), 0)
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, rest = line.partition(":")
        if name in sizes:
            sizes[name] = int(rest.split()[0])
    kilo = 1024 / 1e6
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return Memory(sizes["Rss"] * kilo, sizes["Pss"] * kilo, private * kilo)


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found


@dataclass
class Usage:
    """CPU seconds by role since it was made."""

    roles: Callable[[], Roles]
    _before: dict[str, float] = field(default_factory=dict)
    _since: float = 0.0

    def __post_init__(self) -> None:
        self._before, self._since = self._now(), time.monotonic()

    def _now(self) -> dict[str, float]:
        return {role: sum(map(cpu_seconds, pids)) for role, pids in self.roles().items()}

    def so_far(self) -> tuple[dict[str, float], float]:
        """CPU seconds by role, and the seconds that have passed."""
        now = self._now()
        used = {role: max(0.0, now[role] - self._before.get(role, 0.0)) for role in now}
        return used, time.monotonic() - self._since


class Sampler:
    """The memory by role over time. `points[role]` has (seconds, Memory summed over its processes,
    how many they are)."""

    def __init__(self, roles: Callable[[], Roles], every: float) -> None:
        self.points: dict[str, list[tuple[float, Memory, int]]] = {}
        self._roles, self._every = roles, every
        self.started = time.monotonic()

    def look(self) -> None:
        now = time.monotonic() - self.started
        for role, pids in self._roles().items():
            total = sum(map(memory, pids), Memory(0.0, 0.0, 0.0))
            self.points.setdefault(role, []).append((now, total, len(pids)))

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(self._every)

    def slopes(self, since: float, until: float) -> dict[str, dict[str, float]]:
        """Of each role, between two moments: megabytes at the first and the last look, the most,
        and the slope in megabytes an hour with its standard error, the first quarter left out."""
        found = {}
        for role, points in self.points.items():
            kept = [(at, size.uss) for at, size, _ in points if since <= at <= until]
            if len(kept) < 2:
                continue
            line = slope(kept, since + (until - since) / 4)
            found[role] = {
                "first_mb": round(kept[0][1], 1),
                "last_mb": round(kept[-1][1], 1),
                "most_mb": round(max(size for _, size in kept), 1),
                "mb_an_hour": round(3600 * line.rate, 2),
                "error_mb_an_hour": round(3600 * line.error, 2),
            }
        return found
