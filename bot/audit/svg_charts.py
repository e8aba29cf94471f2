"""Charts as SVG inside a page, without scripts or other files. The page sets the colours."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from markupsafe import Markup

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 200, 44, 22, 8
_MOST_LABELS, _HALF_LABEL = 7, 32


def columns(bars: Sequence[tuple[str, int]]) -> Markup:
    """One column for each (label, count), left to right."""
    top = _round_up(max((count for _, count in bars), default=0))
    high, wide = _HEIGHT - _TOP - _BOTTOM, (_WIDTH - _LEFT) / max(len(bars), 1)
    every = ceil(len(bars) / _MOST_LABELS) or 1
    parts = [_grid(value, top, high) for value in dict.fromkeys((0, top // 2, top))]
    for at, (label, count) in enumerate(bars):
        left, tall = _LEFT + at * wide, high * count / top
        gap = min(wide * 0.2, 4)
        parts.append(
            Markup(
                '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
                "<title>{}: {:,}</title></rect>"
            ).format(left + gap / 2, _TOP + high - tall, min(wide - gap, 40), tall, label, count)
        )
        middle = left + gap / 2 + min(wide - gap, 40) / 2
        # Between the axis and the edge, so that no label is cut off.
        x = max(middle, _LEFT + _HALF_LABEL)
        if at % every == 0 and x <= _WIDTH - _HALF_LABEL:
            parts.append(
                Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    x, _HEIGHT - 6, label
                )
            )
    total = sum(count for _, count in bars)
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, f"{total:,} in {len(bars)} columns", Markup("").join(parts)
    )


def bar(share: float) -> Markup:
    """A bar for a cell of a table; `share` is its length, 0 to 1."""
    return Markup(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bar" width="{:.2f}" height="8"/></svg>'
    ).format(100 * share)


def _grid(value: int, top: int, high: int) -> Markup:
    y = _TOP + high - high * value / top
    return Markup(
        '<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>'
        '<text x="{3}" y="{4:.1f}" text-anchor="end">{5:,}</text>'
    ).format(_LEFT, _WIDTH, y, _LEFT - 6, y + 4, value)


def _round_up(value: int) -> int:
    """The next number that reads well at the top of an axis and has a half: 2, 4, 10, 20, 40 …"""
    power = 10 ** (len(str(value)) - 1)
    steps = (step * power for step in (1, 2, 3, 4, 5, 6, 8, 10))
    return next(step for step in steps if step >= value and step % 2 == 0)
