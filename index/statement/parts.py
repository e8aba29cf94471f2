"""The parts of a statement that are searched: its facts without the words that need no other code,
and the parts joined, because one code may say two facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from index.statement.facts import choosing, is_detail
from index.statement.model import Fact, Span, Statement, Wording
from index.text.sides import by_side
from index.text.tokens import STOPWORDS

#: The number of parts that are searched, and from which on only neighbours are joined.
_MOST_PARTS, _ALL_PAIRS = 20, 3
#: How long something lasts, which no title tells.
_LASTING = re.compile(
    r"\s+x\s?\d+(?:-\d+)?\s?(?:d|days?|wks?|weeks?|hrs?|hours?|mos?|months?)\b", re.I
)
_WORD = re.compile(r"[\w/'%.+-]+")


@dataclass(frozen=True, slots=True)
class Part:
    """One fact that may need a code: the text that is searched, and where it stands."""

    fact: Fact
    text: str

    @property
    def span(self) -> Span:
        return self.fact.span


def parts_of(statement: Statement, claimed: Iterable[Span]) -> list[Part]:
    """The facts that need a code of their own, without the words that are claimed by one already.
    A detail ("healing well", "left") belongs to the fact before it, else to the one after."""
    claimed = list(claimed)
    if not claimed and (each := by_side(statement.text)):
        # Two sides of one disease, each as far as it has gone (I.C.7.a.3).
        meant = [fact for fact in statement.facts if fact.status == "affirmed"]
        return [Part(meant[min(n, len(meant) - 1)], text) for n, text in enumerate(each) if meant]
    parts: list[Part] = []
    waiting = ""
    for fact in statement.facts:
        is_meant = fact.status == "affirmed" or (fact.status == "uncertain" and statement.inpatient)
        if not is_meant:
            continue
        text = _LASTING.sub("", _unclaimed(statement, fact, claimed))  # "sore throat x2d"
        if fact.kind == "detail" or is_detail(text):
            text = choosing(text) if fact.kind == "detail" else ""
            if text and parts:
                parts[-1] = Part(parts[-1].fact, f"{parts[-1].text} {text}")
            elif text:
                waiting = f"{waiting} {text}".strip()
            continue
        parts.append(Part(fact, f"{waiting} {text}".strip()))
        waiting = ""
    return parts[:_MOST_PARTS]


def _unclaimed(statement: Statement, fact: Fact, claimed: Sequence[Span]) -> str:
    """What is left of a fact's text without the words that are claimed."""
    if not any(span.overlaps(fact.span) for span in claimed):
        return fact.text
    kept = [
        match[0]
        for match in _WORD.finditer(statement.text, *fact.words)
        if not any(span.overlaps(Span(*match.span())) for span in claimed)
    ]
    # The words around what is claimed say nothing without it.
    while kept and kept[-1].lower() in STOPWORDS:
        kept.pop()
    while kept and kept[0].lower() in STOPWORDS:
        kept.pop(0)
    return " ".join(kept)


def wordings(parts: Sequence[Part]) -> list[tuple[tuple[int, ...], Wording]]:
    """The wordings to search, each with the numbers of the parts that it joins: each part; the
    pairs, of more than three parts those of neighbours; the runs that were listed without a sign;
    and all of them together."""
    groups: list[tuple[int, ...]] = [(n,) for n in range(len(parts))]
    if len(parts) <= _ALL_PAIRS:
        groups += combinations(range(len(parts)), 2)
    else:
        groups += [(n, n + 1) for n in range(len(parts) - 1)]
    if len(parts) > 2:
        groups.append(tuple(range(len(parts))))
        # Facts that were listed without a sign may be one after all.
        groups += [group for group in _listed(parts) if len(group) > 2]
    return [(group, _joined([parts[n] for n in group])) for group in dict.fromkeys(groups)]


def _listed(parts: Sequence[Part]) -> list[tuple[int, ...]]:
    """The runs of parts that stand in the statement with nothing but a blank between them."""
    runs: list[list[int]] = [[0]]
    for n, (before, part) in enumerate(pairwise(parts), 1):
        if part.span.start - before.span.end <= 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return [tuple(run) for run in runs]


_JOINED = {"and": ", ", "with": " with ", "due to": " due to ", "after": " after "}


def _joined(parts: Sequence[Part]) -> Wording:
    text = parts[0].text
    for before, part in pairwise(parts):
        between = part.span.start - before.span.end
        join = " " if between <= 1 else _JOINED[part.fact.join] if between < 12 else ", "
        text += join + part.text
    return Wording(text, tuple(part.span for part in parts))
