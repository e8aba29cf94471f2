"""What the search finds for the parts of a statement, as options to choose a report from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codesets.model import Code
from index.search.confidence import chance
from index.search.defaults import preferred
from index.search.searcher import Found, Hit, Query
from index.search.seventh_character import complete
from index.statement.books import Books
from index.statement.model import Wording
from index.text.encounter import Encounter

#: A disease is in remission where the provider says so: "diet controlled" does not.
_REMISSION = re.compile(
    r"remi|sober|clean|abstin|recover|\b(?:cr\d?|ned)\b|quit|former|hx|\bno\b", re.I
)
#: The options of one wording that are kept.
_KEPT = 12


@dataclass(frozen=True, slots=True)
class Option:
    """A code that one wording of a part of a statement leads to.

    - `code`: a billable code, completed with the encounter of the whole statement.
    - `hit`: what was found.
    - `right`: the chance that it is the code for this wording, 0 to 1.
    - `decided`: whether the words chose it among the codes of its family.
    """

    code: Code
    hit: Hit
    right: float
    decided: bool

    @property
    def covered(self) -> float:
        """The share of the wording's words that its texts have, 0 to 1."""
        return self.hit.features["question_coverage"]


@dataclass(frozen=True, slots=True)
class Searched:
    """A wording with its options, the best first. `known`, `ours`, `off_topic`: as in Found."""

    wording: Wording
    query: Query
    options: tuple[Option, ...]
    known: float = 1.0
    ours: float = 0.0
    off_topic: float = 0.0

    @property
    def best(self) -> Option | None:
        return self.options[0] if self.options else None


def options_of(wording: Wording, found: Found, encounter: Encounter, books: Books) -> Searched:
    """The options of a wording, of what was found for it."""
    hits = [hit for hit in preferred(found.query, found.hits) if hit.system == "icd10cm"]
    if wording.only:
        hits = [hit for hit in hits if hit.code.startswith(wording.only)]
    remission = bool(_REMISSION.search(wording.text))
    books.store.prepare_families(books.release, [hit.code for hit in hits[:_KEPT]])
    options = []
    for at, hit in enumerate(hits[:_KEPT]):
        codes = books.below(hit.code)
        if codes:
            said = _of_complication(encounter) if hit.code.startswith("T8") else encounter
            done = complete(found.query.reading, said, codes, hit.member)
            if not remission and "in remission" in done.code.title:
                continue
            options.append(Option(done.code, hit, chance(hits, at), done.decided))
    return Searched(wording, found.query, tuple(options), found.known, found.ours, found.off_topic)


def _of_complication(encounter: Encounter) -> Encounter:
    """The encounter of a complication of care: to take out what hurts is active treatment
    (I.C.19.a), and no care afterwards."""
    return Encounter() if encounter.phase == "subsequent" else encounter
