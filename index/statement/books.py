"""The official books of one date of service, as the parts of index/statement look them up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code, Note, Release
from codesets.store.code_store import CodeStore
from index.search.seventh_character import complete
from index.text.attributes import SIDE
from index.text.encounter import read_encounter
from index.text.sides import spell_sides
from index.text.tokens import read


@dataclass(frozen=True, slots=True)
class Books:
    """ICD-10-CM on one date of service: its release, and the references beside it. Everything is
    read from codes.db, so a code that is not loaded is never reported."""

    store: CodeStore
    release: Release
    day: dt.date

    @property
    def undated(self) -> Books:
        """The books of the release, whatever the day: no code of ICD-10-CM has dates of its own.
        What is made of these is kept for all days of the release."""
        return Books(self.store, self.release, self.release.effective_from)

    def code(self, code: str) -> Code | None:
        """The billable code with this form that is in force; None when there is none."""
        found = self.store.get(self.release, code)
        return found if found and found.billable and found.in_force(self.day) else None

    def below(self, stem: str) -> list[Code]:
        """The billable codes of a header, or with the stem of a seventh character; a billable code
        itself; [] when there is none."""
        if found := self.code(stem):
            return [found]
        codes = self.store.completions(self.release, stem)
        return [code for code in codes if code.in_force(self.day)]

    def complete(self, stem: str, said: str) -> Code | None:
        """The code below a stem (S83.2, T46.4X5) that a text calls for: its side, its encounter
        and the other words of the titles; the unspecified one where the text says nothing. None
        when no code is below it."""
        codes = self.below(stem)
        if not codes:
            return None
        reading, encounter = read(spell_sides(said)), read_encounter(said)
        families: dict[str, list[Code]] = {}
        for code in codes:
            families.setdefault(code.stem, []).append(code)
        sides = SIDE.said(reading)

        def fit(family: list[Code]) -> float:
            title = read(family[0].title)
            own = SIDE.said(title)
            agrees = 0.0 if not own else 3.0 if own <= sides else -3.0
            unspecified = "unspecified" in title.words
            return agrees + len(title.affirmed & reading.affirmed) + 0.5 * unspecified

        best = max(families.values(), key=fit)
        return complete(reading, encounter, best).code

    def notes(self, code: Code) -> list[Note]:
        """The notes that govern a code, its own first."""
        return notes_of(self.store, self.release, code)
