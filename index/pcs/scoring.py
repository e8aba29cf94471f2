"""Scores ICD-10-PCS codes for a question in a surgeon's words.

"Lap appy" names an operation (Resection), a body part (Appendix) and an approach (Percutaneous
Endoscopic), none of them in official words. The phrases that people use are in
prompts/vocabulary/procedures.tsv. The body part and device keys of the official Index, and the
examples of the Definitions, are added when it is loaded. Titles name the axes in fixed words, so a
code is scored by its title: the operation at its beginning, the words that all codes of its family
share (the body part), the approach, and the remaining words (device and qualifier).

For an axis that the question does not name, the conventions apply: a definitive operation rather
than an inspection (Official Guidelines for ICD-10-PCS, B3.11a), no device, no qualifier, the
operation's usual approach.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np

from codesets.laterality import TYPED_WORDS, Side
from codesets.store.code_store import CodeStore
from index.pcs.phrases import (
    INSPECTION,
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

#: Points of a code for its approach; "" is for titles without one, as in imaging. Where neither the
#: question nor the operation suggests an approach, this alone decides.
_DEFAULT_APPROACH = {"Open": 0.15, "": 0.15, "External": 0.12, "Percutaneous": 0.1}

_LEFT_AND_RIGHT: frozenset[Side] = frozenset({"right", "left"})

# Points of a code for each axis; its fit is their sum. Chosen on the tuning half of
# tests/data/procedures/questions.tsv.
#: An operation other than those named; any operation where none is named.
_OTHER_OPERATION, _NO_OPERATION = -2.5, -1.0
#: Deducted for each step down the alternatives of a phrase, and the operations of a question.
_ALTERNATIVE, _LATER_OPERATION = 0.03, 0.3
#: All words of the body part, where it is named; where the operation implies it beside a named one.
_NAMED_PART = 2.0
_IMPLIED_PART = 0.8
#: All words that are named of device and qualifier.
_DETAILS = 1.2
#: A family all of whose words the question names.
_ONLY_THE_PART = 0.8
#: Each word of device and qualifier that is not named; each word of them, named or not.
_UNASKED_DETAIL, _DETAIL = -0.1, -0.01
#: All words that the question denies.
_DENIED = -1.0
#: The approach that is named; any other; where none is named, the operation's usual one.
_NAMED_APPROACH, _OTHER_APPROACH, _USUAL_APPROACH = 1.0, -0.5, 0.5
#: The opposite side; both sides where one or none is named, one where both are; the side named.
_WRONG_SIDE, _OTHER_NUMBER_OF_SIDES, _RIGHT_SIDE = -2.0, -0.4, 0.3


class Procedures:
    """All codes of one release, to be scored by the values of axes that a question names."""

    def __init__(self, titles: Titles, phrases: Mapping[tuple[str, ...], Phrase]) -> None:
        """`phrases`: by the stems of their words; the key of an ending is like ("-ectomy",)."""
        self._titles = titles
        # NumPy would turn smaller numbers into these each time that it looks something up by them.
        self._family, self._tail = titles.families.astype(np.intp), titles.tails.astype(np.intp)
        self._approach = titles.approaches.astype(np.intp)
        self._in_core, self._in_tail = titles.in_core, titles.in_tail
        self._phrases = phrases
        self._longest = max(map(len, phrases), default=1)
        self._endings = sorted((key[0][1:] for key in phrases if key[0][0] == "-"), key=len)[::-1]
        self._vocabulary = frozenset(titles.frequency)
        self._phrase_stems = frozenset(word for key in phrases for word in key)
        self._spelling = Spelling(titles.frequency, frozenset())

    @classmethod
    def of(cls, store: CodeStore, titles: Titles) -> Procedures:
        """With the phrases of prompts/ and those of the Index that is loaded."""
        return cls(titles, {**official(store), **shipped()})

    def __len__(self) -> int:
        return len(self._titles.codes)

    # Reading a question

    def understand(self, question: str) -> ProcedureQuery:
        """A question as values of axes."""
        plain = plain_words(question.lower().replace("b/l", "bilateral"))
        words = [self._repaired(word) for word in plain]
        query = ProcedureQuery()
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
                query.sides.add(TYPED_WORDS[word])
                continue
            phrase = phrase or self._plain(word)
            if phrase is not None:
                phrases.append((phrase, denied))
                if phrase.part or phrase.operations:
                    typed = words[at - length : at]
                    query.sides |= {TYPED_WORDS[word] for word in typed if word in TYPED_WORDS}
            denied = False
        query.details += hours_in(question)
        definitive = any(p.operations and not p.gives_way for p, is_denied in phrases)
        placed = any(p.part and not p.gives_way for p, is_denied in phrases)
        for phrase, is_denied in phrases:
            _add(query, phrase, is_denied)
            if phrase.operations and not is_denied and not (phrase.gives_way and definitive):
                query.operations.append(phrase.operations)
            if phrase.part and not is_denied and not (phrase.gives_way and definitive and placed):
                (query.implied_parts if phrase.operations else query.parts).append(phrase.part)
        origins = [phrase.details for phrase, _ in phrases if phrase.is_origin]
        query.details += [tuple(chain.from_iterable(origins))] if origins else []
        if query.sides >= _LEFT_AND_RIGHT:
            query.sides = {"both"}
        return query

    def _repaired(self, word: str) -> str:
        known = word in self._vocabulary or stem(word) in self._phrase_stems
        return word if known or Lexicon.shipped().knows(word) else self._spelling.repair(word)

    def _phrase_at(self, words: Sequence[str], at: int) -> tuple[int, Phrase | None]:
        """The longest phrase that begins at a word, with its number of words; (1, None) where none
        does."""
        for length in range(min(self._longest, len(words) - at), 0, -1):
            phrase = self._phrases.get(tuple(map(stem, words[at : at + length])))
            if phrase is not None:
                return length, phrase
        return 1, None

    def _plain(self, word: str) -> Phrase | None:
        """The meaning of a word that is in no phrase: as a word of titles, by its ending, or as
        shorthand; None where it has none."""
        if word.isdigit():
            return None
        if stems := self._known(word):
            return Phrase(part=(stems,))
        for ending in self._endings:
            if word.endswith(ending) and len(word) > len(ending) + 2:
                phrase = self._phrases[(f"-{ending}",)]
                part = self._parts_named_like(word.removesuffix(ending))
                return Phrase(phrase.operations, part, phrase.approaches)
        spelled = " ".join(Lexicon.shipped().spell_out([word]))
        stems = self._known(spelled)
        return Phrase(part=(stems,)) if stems else None

    def _known(self, text: str) -> frozenset[str]:
        """The stems of a text that some title has."""
        stems = lexical_tokens(text)
        return frozenset(s for s in stems if s in self._in_core or s in self._in_tail)

    def _parts_named_like(self, root: str) -> Words:
        """Words of titles that begin like the root of a word: "parotid", "thym", "pancreat"."""
        for length in range(len(root), max(3, len(root) - 3), -1):
            stems = {stem(w) for w in self._vocabulary if w.startswith(root[:length])}
            if stems:
                return tuple(frozenset({stem}) for stem in sorted(stems))
        return ()

    # Scoring

    def fit(self, question: str) -> np.ndarray:
        """How well each code fits a question: points (float32), one a code, in the order of
        Titles.codes; 0 for all when the question names no operation, body part or detail."""
        query = self.understand(question)
        if query.is_empty:
            return np.zeros(len(self), dtype=np.float32)
        total = self._of_operations(query.operations)
        total += self._of_approach(query)
        total += self._of_side(query.sides).take(self._family)
        implied = _IMPLIED_PART if query.parts else _NAMED_PART
        total += _NAMED_PART * self._share(query.parts)
        total += implied * self._share(query.implied_parts)
        if not query.parts and not query.implied_parts:
            total += _NAMED_PART  # only the operation is named: "group psychotherapy"
        total += _DETAILS * self._share(query.details)
        total += _DENIED * self._share(query.denied)
        stems = frozenset[str]().union(
            *(w for words in (query.parts + query.implied_parts + query.details) for w in words)
        )
        total += (_ONLY_THE_PART * self._in_core.share_in(stems)).take(self._family)
        unasked = _UNASKED_DETAIL * self._in_tail.count_outside(stems)
        total += (unasked + _DETAIL * self._in_tail.lengths).take(self._tail)
        return total

    def _of_operations(self, operations: Sequence[tuple[str, ...]]) -> np.ndarray:
        """The points of each code for its operation."""
        start = _OTHER_OPERATION if operations else _NO_OPERATION
        total = np.full(len(self), start, dtype=np.float32)
        for rank, alternatives in enumerate(dict.fromkeys(operations)):
            for choice, operation in enumerate(alternatives):
                beginning = operation.encode()
                first, last = np.searchsorted(
                    self._titles.beginnings, [beginning, beginning + b"~"]
                )
                deduction = min(rank, 2) * _LATER_OPERATION + choice * _ALTERNATIVE
                total[first:last] = np.maximum(total[first:last], -deduction)
        return total

    def _of_approach(self, query: ProcedureQuery) -> np.ndarray:
        """The points of each code for its approach."""
        points = np.zeros(len(self._titles.approach_names), dtype=np.float32)
        for number, name in enumerate(self._titles.approach_names):
            points[number] = _DEFAULT_APPROACH.get(name, 0.0)
            if query.approaches:
                points[number] += _NAMED_APPROACH if name in query.approaches else _OTHER_APPROACH
            elif name in query.usual_approaches:
                points[number] += _USUAL_APPROACH
        return points.take(self._approach)

    def _of_side(self, sides: Iterable[Side]) -> np.ndarray:
        """The points of each family for its side."""
        own = self._titles.sides
        total = np.zeros(len(own), dtype=np.float32)
        for side in sides:
            total += _RIGHT_SIDE * (own == SIDE_NUMBERS[side])
            for other in _LEFT_AND_RIGHT - {side}:
                wrong = _OTHER_NUMBER_OF_SIDES if side == "both" else _WRONG_SIDE
                total += wrong * (own == SIDE_NUMBERS[other])
        if "both" not in sides:
            total += _OTHER_NUMBER_OF_SIDES * (own == SIDE_NUMBERS["both"])
        return total

    def _share(self, groups: Sequence[Words]) -> np.ndarray:
        """For each code, the share of `groups` that its title has, from 0 to 1. A group counts by
        its weight, and by the alternative that the title has most of."""
        total = np.zeros(len(self), dtype=np.float32)
        weights = 0.0
        for words in groups:
            alternatives = [self._covered(stems) for stems in words if stems]
            if alternatives:
                weight = max(weight for weight, _ in alternatives)
                shares = [share - _ALTERNATIVE * n for n, (_, share) in enumerate(alternatives)]
                total += weight * np.maximum.reduce(shares)
                weights += weight
        return total / weights if weights else total

    def _covered(self, stems: frozenset[str]) -> tuple[float, np.ndarray]:
        """The weight of a set of stems, and the share of it that each code's title has."""
        weights = {stem: self._weight(stem) for stem in stems}
        core, tail = self._in_core.sums(weights), self._in_tail.sums(weights)
        whole = sum(weights.values())
        share = core.take(self._family)
        share += tail.take(self._tail)
        np.minimum(share, whole, out=share)
        share /= whole
        return whole, share

    def _weight(self, stem: str) -> float:
        """The weight of a stem: the rarer in titles, the more."""
        return math.sqrt(max(self._in_core.rarity(stem), self._in_tail.rarity(stem)))

    def best(self, fit: np.ndarray, limit: int) -> list[tuple[str, float]]:
        """The `limit` codes with the highest `fit`, the best first, each with its points."""
        limit = min(limit, len(fit))
        top = np.argpartition(-fit, limit - 1)[:limit]
        codes = [(self._titles.codes[at].decode(), float(fit[at])) for at in top]
        return sorted(codes, key=lambda item: (-item[1], item[0]))


def _add(query: ProcedureQuery, phrase: Phrase, is_denied: bool) -> None:
    """Add all of a phrase but its operations and body part."""
    if is_denied:
        query.denied += [words for words in (phrase.part, phrase.details) if words]
        return
    if phrase.details and not phrase.is_origin:
        query.details.append(phrase.details)
    query.sides |= phrase.sides
    # Whatever is done through the scope of an inspection has the approach of the inspection.
    is_named = phrase.names_approach or INSPECTION in phrase.operations
    (query.approaches if is_named else query.usual_approaches).update(phrase.approaches)
