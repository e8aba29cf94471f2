"""ICD-10-PCS questions: from a surgeon's words to the axes of a code.

"Lap appy" names an operation (Resection), a body part (Appendix) and an approach (Percutaneous
Endoscopic), none of them in its own words. What people say stands in
prompts/vocabulary/procedures.tsv; the official Index's body part and device keys and the
Definitions' examples are read beside it when it is loaded. Every title of a release says the same
axes in fixed words, so each code is judged by its title: the operation it begins with, the words
that all codes of its family share (the body part), its approach, and the words that are left
(device and qualifier).

What is not said is what the conventions take for granted: a definitive operation rather than a
look (Official Guidelines for ICD-10-PCS, B3.11a), no device, no qualifier, the operation's usual
approach.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np

from codesets.laterality import TYPED_WORDS, Side
from codesets.store.code_store import CodeStore
from index.pcs.phrases import (
    LOOK,
    NEGATIONS,
    Phrase,
    ProcedureQuery,
    Words,
    hours_in,
    official,
    shipped,
)
from index.pcs.titles import SIDE_NUMBERS, Titles
from index.text.lexicon import Lexicon
from index.text.spelling import Spelling
from index.text.tokens import lexical_tokens, plain_words, stem

#: Approaches when none is said and the operation has no usual one; without any, as in imaging.
_DEFAULT_APPROACH = {"Open": 0.15, "": 0.15, "External": 0.12, "Percutaneous": 0.1}

_ONE_SIDE: frozenset[Side] = frozenset({"right", "left"})

#: What agreement with each thing said is worth. Chosen on the tuning half of
#: tests/data/procedures/questions.tsv.
_NOT_THE_OPERATION, _NO_OPERATION = -2.5, -1.0
_ALTERNATIVE, _LATER_OPERATION = 0.03, 0.3
_NAMED_PART = 2.0
_IMPLIED_PART = 0.8
_DETAILS = 1.2
_ONLY_THE_PART = 0.8
_UNASKED_DETAIL, _DETAIL = -0.1, -0.01
_DENIED = -1.0
_SAID_APPROACH, _OTHER_APPROACH, _USUAL_APPROACH = 1.0, -0.5, 0.5
_WRONG_SIDE, _TOO_MANY_SIDES, _RIGHT_SIDE = -2.0, -0.4, 0.3


class Procedures:
    """All codes of one release, to be judged by what a question says on each axis."""

    def __init__(self, titles: Titles, phrases: Mapping[tuple[str, ...], Phrase]) -> None:
        self._titles = titles
        self._family, self._tail = titles.families, titles.tails
        self._in_core, self._in_tail = titles.in_core, titles.in_tail
        self._phrases = phrases
        self._longest = max(map(len, phrases), default=1)
        self._endings = sorted((key[0][1:] for key in phrases if key[0][0] == "-"), key=len)[::-1]
        self._vocabulary = frozenset(titles.frequency)
        self._said = frozenset(word for key in phrases for word in key)
        self._spelling = Spelling(titles.frequency, frozenset())

    @classmethod
    def of(cls, store: CodeStore, titles: Titles) -> Procedures:
        return cls(titles, {**official(store), **shipped()})

    def __len__(self) -> int:
        return len(self._titles.codes)

    # Understanding

    def understand(self, question: str) -> ProcedureQuery:
        """A question as values of axes."""
        plain = plain_words(question.lower().replace("b/l", "bilateral"))
        words = [self._repaired(word) for word in plain]
        asked = ProcedureQuery()
        phrases: list[tuple[Phrase, bool]] = []
        at, denied = 0, False
        while at < len(words):
            length, phrase = self._phrase_at(words, at)
            word = words[at]
            at += length
            if phrase is None and word in NEGATIONS:
                denied = True
                continue
            if phrase is None and word in TYPED_WORDS:
                asked.sides.add(TYPED_WORDS[word])
                continue
            phrase = phrase or self._plain(word)
            if phrase is not None:
                phrases.append((phrase, denied))
                if phrase.part or phrase.operations:
                    typed = words[at - length : at]
                    asked.sides |= {TYPED_WORDS[word] for word in typed if word in TYPED_WORDS}
            denied = False
        asked.details += hours_in(question)
        definitive = any(p.operations and not p.gives_way for p, is_denied in phrases)
        placed = any(p.part and not p.gives_way for p, is_denied in phrases)
        for phrase, is_denied in phrases:
            _add(asked, phrase, is_denied)
            if phrase.operations and not is_denied and not (phrase.gives_way and definitive):
                asked.operations.append(phrase.operations)
            if phrase.part and not is_denied and not (phrase.gives_way and definitive and placed):
                (asked.implied_parts if phrase.operations else asked.parts).append(phrase.part)
        origins = [phrase.details for phrase, _ in phrases if phrase.is_origin]
        asked.details += [tuple(chain.from_iterable(origins))] if origins else []
        if asked.sides >= _ONE_SIDE:
            asked.sides = {"both"}
        return asked

    def _repaired(self, word: str) -> str:
        known = word in self._vocabulary or stem(word) in self._said
        return word if known or Lexicon.shipped().knows(word) else self._spelling.repair(word)

    def _phrase_at(self, words: Sequence[str], at: int) -> tuple[int, Phrase | None]:
        """The longest phrase that begins here, with its number of words."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            phrase = self._phrases.get(tuple(map(stem, words[at : at + length])))
            if phrase is not None:
                return length, phrase
        return 1, None

    def _plain(self, word: str) -> Phrase | None:
        """A word that no phrase has: as titles have it, as shorthand, or by its ending."""
        if word.isdigit():
            return None
        if stems := self._known(word):
            return Phrase(part=(stems,))
        for ending in self._endings:
            if word.endswith(ending) and len(word) > len(ending) + 2:
                named = self._phrases[(f"-{ending}",)]
                part = self._nearest(word.removesuffix(ending))
                return Phrase(named.operations, part, named.approaches)
        spelled = " ".join(Lexicon.shipped().spell_out([word]))
        stems = self._known(spelled)
        return Phrase(part=(stems,)) if stems else None

    def _known(self, text: str) -> frozenset[str]:
        stems = lexical_tokens(text)
        return frozenset(s for s in stems if s in self._in_core or s in self._in_tail)

    def _nearest(self, root: str) -> Words:
        """The body part that a word's root is of: "parotid", "thym", "pancreat"."""
        for length in range(len(root), max(3, len(root) - 3), -1):
            stems = {stem(w) for w in self._vocabulary if w.startswith(root[:length])}
            if stems:
                return tuple(frozenset({stem}) for stem in sorted(stems))
        return ()

    # Judging

    def fit(self, question: str) -> np.ndarray:
        """How well each code fits a question, in the order of `codes`; 0 for all when the question
        says nothing that a title could."""
        asked = self.understand(question)
        if asked.is_empty:
            return np.zeros(len(self), dtype=np.float32)
        total = self._of_operations(asked.operations)
        total += self._of_approach(asked)
        total += self._of_side(asked.sides)[self._family]
        implied = _IMPLIED_PART if asked.parts else _NAMED_PART
        total += _NAMED_PART * self._share(asked.parts)
        total += implied * self._share(asked.implied_parts)
        if not asked.parts and not asked.implied_parts:
            total += _NAMED_PART  # the operation is all there is: "group psychotherapy"
        total += _DETAILS * self._share(asked.details)
        total += _DENIED * self._share(asked.denied)
        said = frozenset[str]().union(
            *(w for words in (asked.parts + asked.implied_parts + asked.details) for w in words)
        )
        total += (_ONLY_THE_PART * self._in_core.explained(said))[self._family]
        unasked = _UNASKED_DETAIL * self._in_tail.unasked(said)
        total += (unasked + _DETAIL * self._in_tail.lengths)[self._tail]
        return total

    def _of_operations(self, operations: Sequence[tuple[str, ...]]) -> np.ndarray:
        start = _NOT_THE_OPERATION if operations else _NO_OPERATION
        total = np.full(len(self), start, dtype=np.float32)
        for rank, named in enumerate(dict.fromkeys(operations)):
            for choice, operation in enumerate(named):
                begins = operation.encode()
                first, last = np.searchsorted(self._titles.beginnings, [begins, begins + b"~"])
                less = min(rank, 2) * _LATER_OPERATION + choice * _ALTERNATIVE
                total[first:last] = np.maximum(total[first:last], -less)
        return total

    def _of_approach(self, asked: ProcedureQuery) -> np.ndarray:
        worth = np.zeros(len(self._titles.approach_names), dtype=np.float32)
        for number, name in enumerate(self._titles.approach_names):
            worth[number] = _DEFAULT_APPROACH.get(name, 0.0)
            if asked.approaches:
                worth[number] += _SAID_APPROACH if name in asked.approaches else _OTHER_APPROACH
            elif name in asked.usual_approaches:
                worth[number] += _USUAL_APPROACH
        return worth[self._titles.approaches]

    def _of_side(self, sides: Iterable[Side]) -> np.ndarray:
        """For each family."""
        own = self._titles.sides
        total = np.zeros(len(own), dtype=np.float32)
        for side in sides:
            total += _RIGHT_SIDE * (own == SIDE_NUMBERS[side])
            for other in _ONE_SIDE - {side}:
                wrong = _TOO_MANY_SIDES if side == "both" else _WRONG_SIDE
                total += wrong * (own == SIDE_NUMBERS[other])
        if "both" not in sides:
            total += _TOO_MANY_SIDES * (own == SIDE_NUMBERS["both"])
        return total

    def _share(self, groups: Sequence[Words]) -> np.ndarray:
        """For each code, the share of the things said that its title says."""
        total = np.zeros(len(self), dtype=np.float32)
        weights = 0.0
        for words in groups:
            found = [self._covered(stems) for stems in words if stems]
            if found:
                weight = max(weight for weight, _ in found)
                shares = [share - _ALTERNATIVE * n for n, (_, share) in enumerate(found)]
                total += weight * np.maximum.reduce(shares)
                weights += weight
        return total / weights if weights else total

    def _covered(self, stems: frozenset[str]) -> tuple[float, np.ndarray]:
        """How much a set of words tells, and the share of it in each code's title."""
        weights = {stem: self._weight(stem) for stem in stems}
        core, tail = self._in_core.sums(weights), self._in_tail.sums(weights)
        told = sum(weights.values())
        return told, np.minimum(core[self._family] + tail[self._tail], told) / told

    def _weight(self, stem: str) -> float:
        return math.sqrt(max(self._in_core.rarity(stem), self._in_tail.rarity(stem)))

    def best(self, fit: np.ndarray, limit: int) -> list[tuple[str, float]]:
        """The codes that fit best, best first, each with how well it does."""
        limit = min(limit, len(fit))
        top = np.argpartition(-fit, limit - 1)[:limit]
        found = [(self._titles.codes[at].decode(), float(fit[at])) for at in top]
        return sorted(found, key=lambda item: (-item[1], item[0]))


def _add(asked: ProcedureQuery, phrase: Phrase, is_denied: bool) -> None:
    if is_denied:
        asked.denied += [words for words in (phrase.part, phrase.details) if words]
        return
    if phrase.details and not phrase.is_origin:
        asked.details.append(phrase.details)
    asked.sides |= phrase.sides
    # The way of a look is that of whatever is done through the scope.
    said = phrase.says_approach or LOOK in phrase.operations
    (asked.approaches if said else asked.usual_approaches).update(phrase.approaches)
