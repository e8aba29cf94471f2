"""The receptors of a tumor: estrogen, progesterone and HER2 (Z17), beside a neoplasm."""

from __future__ import annotations

import re

from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span, Statement

_CANCER = re.compile(
    r"\b(?:ca|cancer|carcinoma|idc|ilc|malignan\w*|neoplasm|tumor|dcis|adenoca\w*|breast)\b"
)
_TESTED = {
    "er": r"(?:er|estrogen receptor)",
    "pr": r"(?:pr|pgr|progesterone receptor)",
    "her2": r"(?:her-?2(?:[/-]?neu)?|her 2)",
    "hr": r"(?:hr|hormone receptor)",
}
_SIGN = r"\s*[- ]?\s*(?P<sign>\+|positive|pos|-(?!\w)|negative|neg)(?![a-z])"
_PAIR = re.compile(r"\ber\s*/\s*pr\s*(?P<sign>\+|positive|pos|-(?!\w)|negative|neg)(?![a-z])")


def find(statement: Statement, books: Books) -> list[Proposal]:
    """The receptor status of a tumor that a statement gives; both together where it gives both."""
    folded = statement.folded
    if not _CANCER.search(folded):
        return []
    signs: dict[str, tuple[bool, Span]] = {}
    if triple := re.search(r"\btriple[- ]neg(?:ative)?\b|\btnbc\b", folded):
        for name in ("er", "pr", "her2"):
            signs[name] = (False, Span(*triple.span()))
    if pair := _PAIR.search(folded):
        for name in ("er", "pr"):
            signs[name] = (pair["sign"][0] in "+p", Span(*pair.span()))
    for name, words in _TESTED.items():
        if found := re.search(rf"\b{words}{_SIGN}", folded):
            signs.setdefault(name, (found["sign"][0] in "+p", Span(*found.span())))
    if not signs.keys() & {"her2", "er", "pr", "hr"}:
        return []
    hormone = [signs[name] for name in ("er", "pr", "hr") if name in signs]
    spans = tuple(dict.fromkeys(span for _, span in signs.values()))
    if hormone and "her2" in signs:
        positive, her2 = any(sign for sign, _ in hormone), signs["her2"][0]
        stem = "Z17.41" if positive else "Z17.42"
        codes = [f"{stem}{'0' if her2 else '1'}"]
    else:
        known = {"er": ("Z17.0", "Z17.1"), "pr": ("Z17.21", "Z17.22"), "her2": ("Z17.31", "Z17.32")}
        codes = [two[not signs[name][0]] for name, two in known.items() if name in signs]
    ground = Ground("guideline", "report.chapter21_receptors", section="I.C.21.c.3")
    return [
        Proposal(code, spans, "status", "status", (ground,), True, (), 0.9)
        for code in codes
        if books.code(code)
    ]
