"""Reading files as their publishers send them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from codesets.model import CodesetError

#: Ends of file of an older day, which some published files still carry.
_END_OF_FILE = "\x1a"


def decoded(data: bytes) -> str:
    """UTF-8 where it is that, else Windows' Latin alphabet: CMS publishes both."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def lines_of(path: Path) -> list[str]:
    """The lines of a text file, without their ends."""
    # Not splitlines(), which also splits at characters that may stand in a title.
    text = decoded(path.read_bytes()).replace(_END_OF_FILE, "")
    return [line.rstrip("\r") for line in text.split("\n")]


def matched_lines(path: Path, line: re.Pattern[str], layout: str) -> list[re.Match[str]]:
    """Every line of a file, blank ones aside, as its layout's pattern matches it.

    Raises CodesetError, naming the line, for one that does not match, and for an empty file.
    """
    matches = []
    for number, text in enumerate(lines_of(path), 1):
        if not text.strip():
            continue
        match = line.match(text)
        if match is None:
            raise CodesetError(f"{path.name}, line {number}: not in the layout of {layout}.")
        matches.append(match)
    if not matches:
        raise CodesetError(f"{path.name} is empty.")
    return matches


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def xml_version(head: str) -> int | None:
    """The year that an XML file of ICD-10 gives as its version; None when it gives none."""
    match = re.search(r"<version>\s*(20\d\d)\s*</version>", head)
    return int(match[1]) if match else None
