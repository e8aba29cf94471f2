"""The arithmetic of the load: percentiles, slopes, tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` per cent of the values do not exceed, linear between two neighbours
    (the usual definition, type 7 of Hyndman and Fan); NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = (len(ordered) - 1) * part / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Slope:
    """A straight line through points, by least squares. `error` is the standard error of `rate`;
    NaN of fewer than three points."""

    rate: float
    error: float
    points: int

    @property
    def flat(self) -> bool:
        """Whether no growth shows: the rate is below twice its standard error."""
        return self.rate <= 2 * self.error


def slope(points: Iterable[tuple[float, float]], after: float = 0.0) -> Slope:
    """The slope through the points (time, value) whose time is at least `after`."""
    kept = [(time, value) for time, value in points if time >= after]
    count = len(kept)
    if count < 2:
        return Slope(math.nan, math.nan, count)
    mean_time = sum(time for time, _ in kept) / count
    mean_value = sum(value for _, value in kept) / count
    spread = sum((time - mean_time) ** 2 for time, _ in kept)
    if not spread:
        return Slope(math.nan, math.nan, count)
    rate = sum((t - mean_time) * (v - mean_value) for t, v in kept) / spread
    if count < 3:
        return Slope(rate, math.nan, count)
    rest = sum((v - mean_value - rate * (t - mean_time)) ** 2 for t, v in kept)
    return Slope(rate, math.sqrt(rest / (count - 2) / spread), count)


def milliseconds(seconds: Sequence[float], *parts: float) -> list[float | None]:
    """Percentiles in milliseconds, rounded to a tenth; None where there are no values."""
    found = (percentile(seconds, part) for part in parts)
    return [None if math.isnan(one) else round(1000 * one, 1) for one in found]


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown. None is shown as a dash, and numbers with as many digits as matter."""
    lines = [header, ["---"] * len(header), *([shown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(value: object) -> str:
    """A cell of a table."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
