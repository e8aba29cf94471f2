"""Finds the sections of the Official Guidelines that answer a question about a rule.

A section has several passages: its title, with the titles of the sections above it; and its text,
in pieces short enough for the sentence model, each with these titles before it. Most have topics,
too: what people ask about them (index/text/guideline_topics.py). A section's score is the mean of
the best cosines of its passages and of its topics, plus shares of their BM25 scores, plus a little
where it names a code that the question names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codesets.code_format import ICD10CM_EITHER, undot
from codesets.lookups.governing_guidelines import nearness
from codesets.model import Guideline
from index.text.guideline_topics import Topics, sections_of

#: Characters of text in a passage: with its title, about as much as MiniLM reads (256 tokens).
_PASSAGE = 800
#: The number of titles above a section's own in a passage.
_TITLES_ABOVE = 2
#: The score of the best BM25 match among passages, and among topics, in units of cosine.
_WORDS_OF_PASSAGES, _WORDS_OF_TOPICS = 0.15, 0.3
#: The score of a section that names a code of the question, and of one with a range that has it.
_NAMES_THE_CODE, _HAS_IT_IN_A_RANGE = 0.05, 0.025
#: From this nearness on (codesets/lookups/governing_guidelines.py) a reference is to the category
#: of a code, or to part of it.
_A_CATEGORY = 3

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


_CODE = re.compile(rf"\b{ICD10CM_EITHER}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What people ask about the sections of one edition.

    - `sections`: the number of the section of each topic (int64).
    - `vectors`: a row for each topic (float32): the mean of its unit vectors as written and as
      spelled out, so that it is at most one long.
    - `scores`: from a question to the BM25 score of each section's topics together (float32).
    """

    sections: np.ndarray
    vectors: np.ndarray
    scores: Callable[[str], np.ndarray]


def asked_about(
    guidelines: Sequence[Guideline],
    topics: Sequence[Topics],
    vectors: np.ndarray,
    scores: Callable[[str], np.ndarray],
) -> Asked:
    """What of `topics` is asked about these sections. `vectors`: a row for each question in
    `topics`, in order; `scores`: from a question to the BM25 score of each of `topics`."""
    sections = sections_of(topics, guidelines)
    each = [section for section, row in zip(sections, topics, strict=True) for _ in row.asked]
    here = np.array([section is not None for section in each], dtype=bool)
    owners = np.array([section for section in each if section is not None], dtype=np.int64)
    rows = [row for row, section in enumerate(sections) if section is not None]
    places = np.array([sections[row] for row in rows], dtype=np.int64)

    def of_sections(question: str) -> np.ndarray:
        of_rows = np.zeros(len(guidelines), dtype=np.float32)
        of_rows[places] = scores(question)[rows]
        return of_rows

    return Asked(owners, vectors[here], of_sections)


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections found for a question: the best first, each with its score, which compares within
    one search only. `near`: the largest cosine of a passage or topic; 0.0 where there is none."""

    best: list[tuple[Guideline, float]]
    near: float = 0.0


class Guidance:
    """Guidelines to be searched: those of one edition, or of one edition of each system."""

    def __init__(
        self,
        guidelines: Sequence[Guideline],
        vectors: np.ndarray,
        scores: Callable[[str], np.ndarray],
        asked: Asked | None = None,
    ) -> None:
        """`vectors`: unit vectors (float32), one row for each of `passages(guidelines)`; `scores`:
        from a question to the BM25 score of each passage (float32); `asked`: None where the index
        has no topics.

        Raises ValueError when the number of vectors is not the number of passages.
        """
        self._guidelines = guidelines
        owners = [number for number, _ in passages(guidelines)]
        #: The number of each passage's section.
        self._owners = np.array(owners, dtype=np.int64)
        self._vectors, self._scores, self._asked = vectors, scores, asked
        if len(vectors) != len(owners):
            raise ValueError(f"{len(vectors)} vectors for {len(owners)} passages")

    def find(self, question: str, spelled_out: str, vector: np.ndarray, limit: int = 3) -> Sections:
        """The `limit` sections that are nearest to a question, however near that is. `spelled_out`:
        its words with shorthand spelled out; `vector`: the mean of its unit vectors as typed and as
        spelled out."""
        if not len(self._owners):
            return Sections([])
        near = self._best(self._owners, self._vectors @ vector)
        words = _WORDS_OF_PASSAGES * self._best(self._owners, _shares(self._scores(spelled_out)))
        if self._asked is not None:
            topics = self._best(self._asked.sections, self._asked.vectors @ vector)
            # A section that nobody wrote topics for is as near as its passages.
            score = (near + np.where(np.isfinite(topics), topics, near)) / 2
            score += _WORDS_OF_TOPICS * _shares(self._asked.scores(spelled_out))
            near = np.maximum(near, topics)
        else:
            score = near
        score = score + words + self._naming(question)
        best = np.argsort(-score, kind="stable")[:limit]
        return Sections(
            [
                (self._guidelines[number], float(score[number]))
                for number in best
                if np.isfinite(score[number])
            ],
            float(near.max()),
        )

    def _best(self, owners: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The largest of the values in each section; minus infinity for a section without any."""
        best = np.full(len(self._guidelines), -np.inf)
        np.maximum.at(best, owners, values)
        return best

    def _naming(self, question: str) -> np.ndarray:
        """What each section gets for the codes of a question that it names."""
        codes = {undot(code.upper()) for code in _CODE.findall(question)}
        gains = np.zeros(len(self._guidelines))
        for number, guideline in enumerate(self._guidelines) if codes else ():
            gains[number] = max((_gain(guideline, code) for code in codes), default=0.0)
        return gains


def _gain(guideline: Guideline, code: str) -> float:
    near = max((nearness(reference, code) for reference in guideline.codes), default=0)
    if near >= _A_CATEGORY:
        return _NAMES_THE_CODE
    return _HAS_IT_IN_A_RANGE if near else 0.0


def _shares(scores: np.ndarray) -> np.ndarray:
    """BM25 scores as shares of the best or of 1.0, the larger (0 to 1)."""
    return scores / max(float(scores.max(initial=0.0)), 1.0)
