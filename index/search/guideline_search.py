"""Finds the sections of the Official Guidelines that answer a question about a rule.

A section has several passages: its title, with the titles of the sections above it; and its text,
in pieces short enough for the sentence model, each with these titles before it. A section's score
is the best cosine of its passages plus a share of the best BM25 score of its passages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from codesets.model import Guideline
from index.embedding.encoder import Encoder
from index.text.lexicon import Lexicon

#: Characters of text in a passage: with its title, about as much as MiniLM reads (256 tokens).
_PASSAGE = 800
#: The number of titles above a section's own in a passage.
_TITLES_ABOVE = 2
#: The score of the best BM25 match, in units of cosine.
_LEXICAL_WEIGHT = 0.3

#: The least cosine of the nearest passage for an answer. "How do you spell necessary" is worded
#: like a question about a rule, and is none. Of 94 questions about rules the lowest has 0.45; of 72
#: off-topic ones worded like them, two have more.
_NEAR_ENOUGH = 0.445

#: Between sentences, and between items of a list.
_SENTENCE_END = re.compile(r"(?<=[.;:!?])\s+(?=[A-Z“\"(•])|\n+")
_CHAPTER = re.compile(r"^Chapter \d+: ")


def passages(guidelines: Sequence[Guideline]) -> list[tuple[int, str]]:
    """The texts that are embedded, in the order of their sections: (number of the section, text).

    A section without text of its own has no passages. The sections under it have theirs.
    """
    titles = {guideline.section: guideline.title for guideline in guidelines}
    texts: list[tuple[int, str]] = []
    for number, guideline in enumerate(guidelines):
        if guideline.text:
            head = ": ".join([*_titles_above(guideline.section, titles), guideline.title])
            texts.append((number, head))
            texts += [(number, f"{head}. {piece}") for piece in _pieces(guideline.text)]
    return texts


def _titles_above(section: str, titles: dict[str, str]) -> list[str]:
    """The nearest titles above a section, without those of the main divisions ("Section I",
    "General Coding Guidelines"), which do not name a subject."""
    parts = section.split(".")
    own = 3 if section.startswith("I.C.") else 2
    above = (".".join(parts[:length]) for length in range(own, len(parts)))
    named = [_CHAPTER.sub("", titles[each]) for each in above if each in titles]
    return named[-_TITLES_ABOVE:]


def _pieces(text: str) -> Iterator[str]:
    piece = ""
    for sentence in _SENTENCE_END.split(text):
        if piece and len(piece) + len(sentence) > _PASSAGE:
            yield piece
            piece = sentence
        else:
            piece = f"{piece} {sentence}".strip()
    if piece:
        yield piece


class Guidance:
    """The guidelines of one edition, to be searched."""

    def __init__(
        self,
        guidelines: Sequence[Guideline],
        encoder: Encoder,
        vectors: np.ndarray,
        scores: Callable[[str], np.ndarray],
    ) -> None:
        """`vectors`: unit vectors (float32), one row for each of `passages(guidelines)`; `scores`:
        from a question to the BM25 score of each passage (float32).

        Raises ValueError when the number of vectors is not the number of passages.
        """
        self._guidelines = guidelines
        self._encoder = encoder
        owners = [number for number, _ in passages(guidelines)]
        #: The number of each passage's section.
        self._owners = np.array(owners, dtype=np.int64)
        self._vectors, self._scores = vectors, scores
        if len(vectors) != len(owners):
            raise ValueError(f"{len(vectors)} vectors for {len(owners)} passages")
        self._lexicon = Lexicon.shipped()

    def find(
        self, question: str, limit: int = 3, vector: np.ndarray | None = None
    ) -> list[tuple[Guideline, float]]:
        """The `limit` sections that answer a question best, the best first, each with its score;
        none where no passage is near. Scores of different questions do not compare. `vector` is
        the question's, where it is known already."""
        if not len(self._owners):
            return []
        spelled_out = " ".join(self._lexicon.spell_out(self._lexicon.typed(question)))
        if vector is None:
            # As typed, too: a wrong meaning of a shorthand must not hide the rest.
            vector = self._encoder.encode([question, spelled_out or question]).mean(axis=0)
        cosines = self._vectors @ vector
        if cosines.max() < _NEAR_ENOUGH:
            return []
        score = self._best(cosines) + _LEXICAL_WEIGHT * self._best(self._lexical(spelled_out))
        best = np.argsort(-score, kind="stable")[:limit]
        return [
            (self._guidelines[number], float(score[number]))
            for number in best
            if np.isfinite(score[number])
        ]

    def _best(self, of_passages: np.ndarray) -> np.ndarray:
        """The largest of the passages' values in each section; minus infinity for a section
        without passages."""
        best = np.full(len(self._guidelines), -np.inf)
        np.maximum.at(best, self._owners, of_passages)
        return best

    def _lexical(self, text: str) -> np.ndarray:
        """The BM25 score of each passage, as a share of the best or of 1.0, the larger (0 to 1)."""
        scores = self._scores(text)
        return scores / max(float(scores.max()), 1.0)
