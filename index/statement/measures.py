"""Body mass index beside a diagnosis of weight (I.B.14), and the receptors of a tumor (Z17)."""

from __future__ import annotations

import re
from functools import lru_cache

from index.statement.books import Books
from index.statement.model import Ground, Proposal, Span, Statement

_BMI = re.compile(
    r"\bbmi\s*(?:of|is|=|:|@|at|now|>|>=|\u2265|today)?\s*(\d{2,3}(?:\.\d+)?)(?!\s*(?:%|th|st|rd|nd|\d))"
)
_BMI_AFTER = re.compile(r"\b(\d{2}(?:\.\d+)?)\s*bmi\b")
_PERCENTILE = re.compile(
    r"\bbmi\s*(?:of|is|=|:|@|at|>|>=|\u2265|now)?\s*(?:the\s*)?(\d{1,3})(?:st|nd|rd|th|%)?\s*(?:%ile|percentile|%|th)"
)
_WEIGHT = re.compile(
    r"\b(?:obes\w*|overweight|over weight|underweight|malnutrition|malnourished|cachexia|cachectic|"
    r"anorexia|bariatric|weight (?:loss|gain)|wt (?:loss|gain)|abnormal weight|bulimia|adiposity|"
    r"failure to thrive|ftt|lipodystrophy|ohs|pickwickian|excess(?:ive)? weight|starvation|wasting)"
)
_PREGNANT = re.compile(r"\bpregnan\w*|\bgestation|\bprenatal|\bantepartum|\biup\b|\btrimester")
_ADULT = re.compile(r"(\d+(?:\.\d+)?) ?- ?(\d+(?:\.\d+)?), adult")
_BELOW = re.compile(r"(\d+(?:\.\d+)?) or less, adult")
_ABOVE = re.compile(r"(\d+(?:\.\d+)?) or greater, adult|(\d+) or greater")
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
    """The body mass index and the receptor status that a statement gives."""
    return _body_mass(statement, books) + _receptors(statement, books)


@lru_cache(maxsize=8)
def _adult_codes(titles: tuple[tuple[str, str], ...]) -> list[tuple[float, float, str]]:
    """The codes of Z68 for adults, each with its range, read from their titles."""
    ranges = []
    for code, title in titles:
        if found := _ADULT.search(title):
            ranges.append((float(found[1]), float(found[2]), code))
        elif found := _BELOW.search(title):
            ranges.append((0.0, float(found[1]), code))
        elif found := _ABOVE.search(title):
            ranges.append((float(found[1] or found[2]), 999.0, code))
    return ranges


def _body_mass(statement: Statement, books: Books) -> list[Proposal]:
    folded = statement.folded
    if "bmi" not in folded or not _WEIGHT.search(folded) or _PREGNANT.search(folded):
        return []
    if found := _PERCENTILE.search(folded):
        code = _pediatric(int(found[1]), folded)
    elif found := _BMI.search(folded) or _BMI_AFTER.search(folded):
        titles = tuple((each.code, each.title) for each in books.below("Z68"))
        value = round(float(found[1]), 1)
        code = next((c for low, high, c in _adult_codes(titles) if low <= value < high + 0.1), "")
    else:
        return []
    if not code or not books.code(code):
        return []
    ground = Ground("guideline", "report.chapter21_body_mass", section="I.B.14")
    span = Span(*found.span())
    return [Proposal(code, (span,), "status", "finding", (ground,), True, (), 0.95)]


def _pediatric(percentile: int, folded: str) -> str:
    if percentile > 100:
        return "Z68.56" if percentile >= 140 else "Z68.55"
    if re.search(r"1[2-3]\d ?% of", folded):
        return "Z68.55"
    for limit, code in ((5, "Z68.51"), (85, "Z68.52"), (95, "Z68.53")):
        if percentile < limit:
            return code
    return "Z68.54"


def _receptors(statement: Statement, books: Books) -> list[Proposal]:
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
