"""How the desk says that it has much to do. Its words are in prompts/messages/slack.toml, which a
coding supervisor may change, so they are read from there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_WORDS = Path(__file__).parents[2] / "prompts" / "messages" / "slack.toml"
#: Messages that say how long the answer takes, and that say there will be none.
_WAIT, _REFUSED = ("busy", "busy_one"), ("too_busy",)


def pattern(names: tuple[str, ...], otherwise: str, path: Path = _WORDS) -> re.Pattern[str]:
    """What a text looks like that was made of one of these messages; `otherwise` if there is none
    of them."""
    words = tomllib.loads(path.read_text(encoding="utf-8")).get("slack", {})
    parts = [
        re.sub(r"\\\{\w+\\\}", ".+", re.escape(words[name])) for name in names if name in words
    ]
    return re.compile("|".join(parts) or otherwise, re.DOTALL)


WAIT = pattern(_WAIT, r"questions? (?:is|are) before yours")
REFUSED = pattern(_REFUSED, r"\btoo busy\b")
