"""A limit on how much may be asked in a minute. The window slides: of the minute before, the part
that is within the last 60 seconds counts, as if its questions had come evenly
(https://blog.cloudflare.com/counting-things-a-lot-of-different-things/)."""

from __future__ import annotations

MINUTE = 60.0


def wait(before: int, count: int, into: float, most: int) -> float | None:
    """The seconds until one more is within the limit of `most` a minute, if nothing else is asked;
    None when it is within it now. `before`: what was asked in the minute before; `count`: in this
    minute, which is `into` seconds old."""
    if before * (1 - into / MINUTE) + count + 1 <= most:
        return None
    left = MINUTE - into
    if count + 1 <= most:
        # Enough of the minute before has to slide out.
        return min(left, MINUTE * (1 - (most - count - 1) / before) - into) if before else 0.0
    # This minute has to become the one before, and slide out in part.
    return left + MINUTE * (1 - (most - 1) / count) if count else left
