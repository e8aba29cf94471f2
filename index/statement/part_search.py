"""Finds the codes for the parts of a statement by search: part by part, and joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.search.left_open import axis_left_open
from index.search.searcher import Found
from index.statement.books import Books
from index.statement.evidence import Group, Weighed, weigh
from index.statement.joined_by_notes import asked_for, kept_beside
from index.statement.laterality import are_apart, on_sides
from index.statement.listing import IsName
from index.statement.model import Statement, Wording
from index.statement.parts import Part, wordings
from index.statement.pool import Searched, options_of
from index.statement.rules import grounds
from index.statement.rules.partners import asking
from index.statement.rules.revision import Chosen
from index.statement.selection import Choice, best_of, choose
from index.statement.with_without import as_denied, without_contradicted
from index.text.attributes import SIDE, telling
from index.text.encounter import Encounter, read_encounter
from index.text.tokens import read

#: The letters of external causes.
_CAUSES = "VWXY"
#: Codes that beside others only a finder proposes: what is held, planned or ordered is no
#: treatment nor screening, "unknown" no illness, and a transfusion no reaction.
_FOUND_ELSEWHERE = (
    "Z51.0", "Z51.1", "Z12.31", "Z38", "Z36", "Z48.02", "T80.92", "Z71.9",
    "Z39.2",
)  # fmt: skip
#: The least chance of a code that is found by other words than those of the statement.
_LEAST_INSTEAD = 0.2


@dataclass(frozen=True, slots=True)
class Texts:
    """What the texts of ICD-10-CM are asked.

    - `search`: finds the codes for several wordings at once.
    - `is_name`: whether words are the name of a condition.
    - `say_together`: whether some text has words of each of several wordings.
    - `whole`: what the words of the whole statement find; None where they were not searched.
    """

    search: Callable[[Sequence[str]], Sequence[Found]]
    is_name: IsName
    say_together: Callable[[Sequence[str]], bool]
    whole: Found | None = None


@dataclass(frozen=True, slots=True)
class PartSearch:
    """The search for the parts of one statement."""

    books: Books
    texts: Texts

    def chosen(
        self,
        statement: Statement,
        parts: Sequence[Part],
        others: Sequence[Wording],
        proposed: Sequence[Chosen],
    ) -> list[Chosen]:
        """The codes for the parts. `others`: other words for some of them, which are searched
        instead of their own where they find something. `proposed`: what is reported already."""
        if not parts:
            return []
        encounter = read_encounter(statement.text)
        searched, plain = self.searched(parts, others, encounter)
        weighed = self.weighed(statement, parts, searched, proposed)
        sides = SIDE.said(searched[max(searched, key=len)].query.reading)
        choices = choose(weighed) or ([] if proposed else best_of(weighed))
        choices = as_denied(choices, statement, searched)
        choices = self._unsaid(choices, searched, proposed)
        chosen = []
        for choice in choices:
            own = searched[choice.parts]
            spans = tuple(parts[n].span for n in choice.parts)
            ask = self._left_open(choice, own, sides)
            for code in on_sides(choice.option, own, sides, encounter, self.books):
                why = (grounds.found(choice.option, own.query.spelled_out, self.books),)
                chosen.append(Chosen(code, spans, choice.chance, why, ask=ask))
            chosen += kept_beside(choice, parts, plain, self.books)
        return [*chosen, *asked_for(choices, weighed, parts, searched, self.books)]

    def searched(
        self, parts: Sequence[Part], others: Sequence[Wording], encounter: Encounter
    ) -> tuple[dict[Group, Searched], dict[int, Searched]]:
        """What is found for each group of parts, and for each part by its own words."""
        whole, everything = self.texts.whole, tuple(range(len(parts)))
        searched = {}
        groups = []
        for group, wording in wordings(parts):
            if len(group) == 1 or self._may_be_one(group, parts):
                groups.append((group, wording))
            elif group == everything and whole is not None:
                searched[group] = options_of(wording, whole, encounter, self.books)
        asked = [*(wording.text for _, wording in groups), *(other.text for other in others)]
        found = iter(self.texts.search(asked))
        for group, wording in groups:
            searched[group] = options_of(wording, next(found), encounter, self.books)
        plain = {n: searched[(n,)] for n in range(len(parts))}
        for other, each in zip(others, found, strict=True):
            instead = options_of(other, each, encounter, self.books)
            if instead.best is None or instead.best.right < _LEAST_INSTEAD:
                continue
            for n, part in enumerate(parts):
                if any(span.overlaps(part.span) for span in other.spans):
                    searched[(n,)] = instead
        return searched, plain

    def _may_be_one(self, group: Group, parts: Sequence[Part]) -> bool:
        """Whether one code may say these parts. All of more than two are searched as the whole
        statement was, where it was."""
        if len(group) > 2 and len(group) == len(parts) and self.texts.whole is not None:
            return False
        return self.texts.say_together([parts[n].text for n in group])

    def weighed(
        self,
        statement: Statement,
        parts: Sequence[Part],
        searched: dict[Group, Searched],
        proposed: Sequence[Chosen],
    ) -> list[Weighed]:
        """The codes that were found, with their chances, without those for parts of different
        sides that no code says. Where a finder has read a cause, causes are left to it."""
        readings = [searched[(n,)].query.reading for n in range(len(parts))]
        weighed = [
            each
            for each in weigh(statement, parts, searched, self.books, self.texts.is_name)
            if len(each.group) == 1 or not are_apart(readings[n] for n in each.group)
        ]
        weighed = without_contradicted(weighed, searched)
        if any(each.code.code.startswith("Z38") for each in proposed):
            # The record of a newborn has no code of the mother (I.C.15.a.2).
            weighed = [w for w in weighed if not w.option.code.code.startswith("O")]
        if len(parts) > 1 or proposed:
            weighed = [w for w in weighed if not w.option.code.code.startswith(_FOUND_ELSEWHERE)]
        if not any(each.code.code[0] in _CAUSES for each in proposed):
            return weighed
        return [each for each in weighed if each.option.code.code[0] not in _CAUSES]

    def _unsaid(
        self,
        choices: Sequence[Choice],
        searched: dict[Group, Searched],
        proposed: Sequence[Chosen],
    ) -> list[Choice]:
        """The choices without those whose words the title of a likelier code has, unless its notes
        ask for them: "pressure" beside a pressure ulcer."""
        kept: list[Choice] = []
        said = [each.code for each in proposed]
        for choice in choices:  # the likeliest first
            code = choice.option.code
            words = telling(searched[choice.parts].query.spelled_out)
            if all(
                code.code[:3] == other.code[:3]
                or not words <= read(other.title).stems
                or asking(self.books.notes(other), code, told_together=True)
                for other in said
            ):
                kept.append(choice)
                said.append(code)
        return kept

    def _left_open(self, choice: Choice, own: Searched, sides: frozenset[str]) -> str:
        """The name of what the words leave open that would change a code; "" for nothing."""
        hits = [option.hit for option in own.options]
        stems = choice.option.hit.siblings
        siblings = [code for stem in stems for code in self.books.below(stem)[:1]]
        axis = axis_left_open(own.query, hits, own.options.index(choice.option), siblings) or ""
        return "" if axis == "ask.side" and sides else axis
