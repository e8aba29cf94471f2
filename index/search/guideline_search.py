"""Finding the sections of the Official Guidelines that answer a question about a rule.

Each section is found by passages: its title under those of the sections it belongs to, and its
text in pieces that a sentence model reads whole, each under that title. Nearness in meaning and
words in common are judged apart, each by the section's best passage, and added.
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
#: How many titles above a section's own its passages carry.
_TITLES_ABOVE = 2
#: What the section with most words in common gains over one with none, in cosine.
_WORDS_COUNT = 0.3

#: Cosine of the nearest passage below which a question is about something else: "how do you spell
#: necessary" is asked like one about a rule. Of 94 questions about rules the least has 0.45; of 72
#: off-topic ones that are asked so, two have more.
_NEAR_ENOUGH = 0.445

#: Between sentences, and between items of a list.
_SENTENCE_END = re.compile(r"(?<=[.;:!?])\s+(?=[A-Z“\"(•])|\n+")
_CHAPTER = re.compile(r"^Chapter \d+: ")


def passages(guidelines: Sequence[Guideline]) -> list[tuple[int, str]]:
    """What is embedded: (number of the section, text), the sections in order.

    A section without text of its own has none: those under it answer.
    """
    titles = {guideline.section: guideline.title for guideline in guidelines}
    found: list[tuple[int, str]] = []
    for number, guideline in enumerate(guidelines):
        if guideline.text:
            head = ": ".join([*_titles_above(guideline.section, titles), guideline.title])
            found.append((number, head))
            found += [(number, f"{head}. {piece}") for piece in _pieces(guideline.text)]
    return found


def _titles_above(section: str, titles: dict[str, str]) -> list[str]:
    """The nearest titles above a section, without those of the document's own division ("Section
    I", "General Coding Guidelines"), which say nothing of what it is on."""
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
    """The guidelines of one edition, ready to be asked."""

    def __init__(
        self,
        guidelines: Sequence[Guideline],
        encoder: Encoder,
        vectors: np.ndarray,
        scores: Callable[[str], np.ndarray],
    ) -> None:
        """`vectors` are those of `passages(guidelines)`, row by row; `scores` gives what each has
        in common with the words of a question (BM25)."""
        self._guidelines = guidelines
        self._encoder = encoder
        made = passages(guidelines)
        texts = [text for _, text in made]
        self._owners = np.array([number for number, _ in made], dtype=np.int64)
        self._vectors, self._scores = vectors, scores
        if len(self._vectors) != len(texts):
            raise ValueError(f"{len(self._vectors)} vectors for {len(texts)} passages")
        self._lexicon = Lexicon.shipped()

    def find(
        self, question: str, limit: int = 3, vector: np.ndarray | None = None
    ) -> list[tuple[Guideline, float]]:
        """The sections that answer a question best, each with its score, which compares within
        one question only; none where nothing is near. `vector` is that of the question, where it
        is known already."""
        if not len(self._owners):
            return []
        spelled_out = " ".join(self._lexicon.spell_out(self._lexicon.typed(question)))
        # As typed, too: a wrong guess at a shorthand must not hide the rest.
        asked = vector
        if asked is None:
            asked = self._encoder.encode([question, spelled_out or question]).mean(axis=0)
        near = self._vectors @ asked
        if near.max() < _NEAR_ENOUGH:
            return []
        score = self._best(near) + _WORDS_COUNT * self._best(self._in_common(spelled_out))
        best = np.argsort(-score, kind="stable")[:limit]
        return [
            (self._guidelines[number], float(score[number]))
            for number in best
            if np.isfinite(score[number])
        ]

    def _best(self, of_passages: np.ndarray) -> np.ndarray:
        """The best passage of each section; minus infinity for a section that has none."""
        best = np.full(len(self._guidelines), -np.inf)
        np.maximum.at(best, self._owners, of_passages)
        return best

    def _in_common(self, text: str) -> np.ndarray:
        """How much each passage has in common with the words of a text, 1.0 being the most."""
        scores = self._scores(text)
        return scores / max(float(scores.max()), 1.0)
