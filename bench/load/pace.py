"""How often Slack takes a message in a channel."""

from __future__ import annotations

#: Messages that a channel takes at once before it takes one a second. Slack documents "short
#: bursts" without a number: https://docs.slack.dev/apis/web-api/rate-limits
BURST = 5


class Pace:
    """A bucket of `burst` tokens for each channel, filled at one a second."""

    def __init__(self, burst: int = BURST) -> None:
        self._burst = float(burst)
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, channel: str, now: float) -> int:
        """The seconds to wait, as Slack's Retry-After says them; 0: the message is taken."""
        left, since = self._left.get(channel, (self._burst, now))
        left = min(self._burst, left + now - since)
        takes = left >= 1.0
        self._left[channel] = (left - takes, now)
        return 0 if takes else 1
