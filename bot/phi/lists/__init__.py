"""Word lists of the scrubber; see make.py for where the packed ones come from."""

from functools import cache
from importlib import resources


@cache
def words(name: str) -> frozenset[str]:
    """The words of NAME.txt beside this file; lines that begin with "#" are comments."""
    text = (resources.files("bot.phi.lists") / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())
