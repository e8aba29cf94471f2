"""Reads files of evaluation: tab-separated, with a header line, and without quoting."""

from __future__ import annotations

import csv
from pathlib import Path

from index.errors import SearchError


def has_columns(path: Path, columns: frozenset[str]) -> bool:
    """Whether a file has these columns. False for one that cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            return columns.issubset(file.readline().rstrip("\n").split("\t"))
    except (OSError, UnicodeDecodeError):
        return False


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a file, by column. Raises SearchError for a file that cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except UnicodeDecodeError as error:
        raise SearchError(f"{path} is not in UTF-8. Save it as UTF-8, then try again.") from error
    except (OSError, csv.Error) as error:
        raise SearchError(f"{path} cannot be read: {error}.") from error
