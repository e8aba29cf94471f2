"""How many identifiers are removed, and how many other words are lost: figures by kind.

A file of cases is tab-separated with the columns `text`, `remove` and `keep`; the last two list
what must be removed and what must be kept, as KIND=words, with " | " between.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codesets.errors import CodeDeskError

#: The one kind without a form of its own; all others are found by patterns.
NAMES = "NAME"


class CasesUnreadable(CodeDeskError):
    """A file of cases that cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Case:
    text: str
    remove: list[tuple[str, str]]
    keep: list[tuple[str, str]]


@dataclass(slots=True)
class Figures:
    """Counts by kind: identifiers in the texts and those removed; words to be kept and those lost.
    `misses` has a sentence for each identifier left and each word lost."""

    texts: int = 0
    identifiers: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def recall(self, *kinds: str) -> float:
        kinds = kinds or tuple(self.identifiers)
        there = sum(self.identifiers[kind] for kind in kinds)
        return sum(self.removed[kind] for kind in kinds) / there if there else 1.0

    @property
    def patterned(self) -> float:
        """Recall of everything but names."""
        return self.recall(*(kind for kind in self.identifiers if kind != NAMES))


def read_cases(path: Path) -> list[Case]:
    """Raises CasesUnreadable."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CasesUnreadable(
            f"{path} is not in UTF-8. Save it as UTF-8, then try again."
        ) from error
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        if not {"text", "remove", "keep"} <= set(rows.fieldnames or ()):
            raise CasesUnreadable(
                f"{path} has no columns text, remove and keep in its first line, with tabs between."
            )
        return [
            Case(row["text"], list(_pairs(row["remove"])), list(_pairs(row["keep"])))
            for row in rows
        ]
    except csv.Error as error:
        raise CasesUnreadable(f"{path} cannot be read: {error}.") from error


def _pairs(cell: str | None) -> Iterator[tuple[str, str]]:
    for pair in (cell or "").split(" | "):
        kind, _, value = pair.partition("=")
        if value:
            yield kind.strip(), value.strip()


def evaluate(cases: Iterable[Case], scrub: Callable[[str], str]) -> Figures:
    """An identifier counts as removed when nothing of it is left; a name, when no part of it is."""
    figures = Figures()
    for case in cases:
        figures.texts += 1
        left = scrub(case.text)
        plain = re.sub(r"\[[A-Z ]+\]", "[]", left)
        for kind, value in case.remove:
            figures.identifiers[kind] += 1
            gone = not _there(value, plain, kind, case.keep)
            figures.removed[kind] += gone
            if not gone:
                figures.misses.append(f"{kind} {value!r} left in: {left}")
        for kind, value in case.keep:
            figures.others[kind] += 1
            lost = value not in plain
            figures.lost[kind] += lost
            if lost:
                figures.misses.append(f"{kind} {value!r} lost from {case.text!r}: {left}")
    return figures


def _there(value: str, left: str, kind: str, keep: list[tuple[str, str]]) -> bool:
    """Whether an identifier is still in what is left. Words to be kept are taken out first, since
    they may hold the same word: Wilson disease beside Dr. Wilson."""
    for _, other in sorted(keep, key=lambda pair: -len(pair[1])):
        left = left.replace(other, " ", 1)
    parts = re.split(r"[\s-]+", value) if kind == NAMES else [value]
    return any(
        re.search(rf"(?<!\w){re.escape(part)}(?!\w)", left) for part in parts if len(part) > 1
    )


def table(figures: Figures) -> list[str]:
    """The figures as lines of a Markdown table."""
    lines = ["| identifier | in the texts | recall |", "| --- | ---: | ---: |"]
    for kind, count in sorted(figures.identifiers.items()):
        lines.append(f"| {kind} | {count} | {figures.recall(kind):.3f} |")
    lines.append(
        f"| all but names | {sum(figures.identifiers.values()) - figures.identifiers[NAMES]} "
        f"| {figures.patterned:.3f} |"
    )
    lines += ["", "| to be kept | in the texts | lost |", "| --- | ---: | ---: |"]
    for kind, count in sorted(figures.others.items()):
        lines.append(f"| {kind} | {count} | {figures.lost[kind]} |")
    return lines
