"""Word lists of the scrubber. make.py makes the packed ones (*.txt.gz) and names their sources."""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources


@cache
def words(name: str) -> frozenset[str]:
    """The words of NAME.txt in this folder. Lines that begin with "#" are comments."""
    text = (resources.files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def packed(name: str) -> bytes:
    """NAME.txt.gz in this folder, unpacked: sorted words in UTF-8, one a line. Not kept in memory
    here, since some have a megabyte."""
    return gzip.decompress((resources.files(__name__) / f"{name}.txt.gz").read_bytes())
