"""Tells questions about codes from off-topic ones, such as small talk.

An index has the vectors of the off-topic examples (prompts/intents/off_topic.txt) and a direction
in which they differ from questions about codes. The direction is Fisher's linear discriminant. The
questions about codes are conditions in everyday words (prompts/intents/everyday.txt), and texts of
the code sets in sentences as people ask them (prompts/intents/asking.txt).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.embedding.encoder import Encoder
from index.text.lexicon import Lexicon
from index.text.resources import read_bytes, read_lines

_OFF_TOPIC, _ASKING, _EVERYDAY = "off_topic.txt", "asking.txt", "everyday.txt"
#: The number of texts of each code system, and of the lexicon, that questions are made of.
_OF_A_SYSTEM, _OF_THE_LEXICON = 2000, 1200
#: The share of these texts in lower case.
_LOWER = 0.7
#: The share of the examples' mean variance that is added to the variance of each dimension, because
#: there are few examples.
_SMOOTHING = 0.3


@dataclass(frozen=True, slots=True)
class OffTopicModel:
    """A linear classifier, and the examples that it was learned from.

    examples    float32, one row an off-topic example: unit vectors
    direction   float32, one entry a dimension
    bias        a question's vector times `direction`, plus `bias`, is above 0 if it is about codes
    words       SHA-256 of the three files of prompts/intents, in hexadecimal
    """

    examples: np.ndarray
    direction: np.ndarray
    bias: float
    words: str = ""

    @classmethod
    def of(cls, ours: np.ndarray, examples: np.ndarray, words: str = "") -> OffTopicModel:
        """Learn from unit vectors, one row each: of questions about codes (`ours`), and of
        off-topic examples."""
        middle = (ours.mean(0), examples.mean(0))
        spread = (np.cov(ours.T) + np.cov(examples.T)) / 2
        smoothing = _SMOOTHING * np.trace(np.cov(examples.T)) / len(spread)
        spread += smoothing * np.eye(len(spread))
        direction = np.linalg.solve(spread, middle[0] - middle[1])
        bias = -float((middle[0] + middle[1]) @ direction) / 2
        return cls(examples, direction.astype(np.float32), bias, words)

    @classmethod
    def load(cls, path: Path) -> OffTopicModel:
        with np.load(path) as kept:
            return cls(
                kept["examples"],
                kept["direction"],
                float(kept["bias"]),
                str(kept["words"]),
            )

    def save(self, path: Path) -> None:
        np.savez(
            path,
            examples=self.examples,
            direction=self.direction,
            bias=self.bias,
            words=self.words,
        )

    def nearness(self, vectors: np.ndarray) -> np.ndarray:
        """The cosine of each question's vector, one row each, with the nearest off-topic
        example."""
        return (self.examples @ vectors.T).max(axis=0)

    def ours(self, vector: np.ndarray) -> float:
        """How much more a question is like questions about codes than like the examples, in units
        of the discriminant; 0 is halfway."""
        return float(vector @ self.direction + self.bias)


def learn(
    texts: Sequence[Sequence[str]], encoder: Encoder, before: OffTopicModel | None
) -> OffTopicModel:
    """Learn a model from `texts`, those of each code system.

    `before`, a model by the same encoder, is returned as it is while the files of prompts/intents
    are the same, even if the texts are others: another sample of them gives nearly the same model.
    """
    words = words_sha256()
    if before is not None and before.words == words:
        return before
    everyday = [line.lower() for line in everyday_examples()]
    questions = encoder.encode_together(_questions(texts) + everyday)
    examples = encoder.encode_together([line.lower() for line in off_topic_examples()])
    return OffTopicModel.of(questions, examples, words)


def words_sha256() -> str:
    """SHA-256 of the three files of prompts/intents, in hexadecimal."""
    files = b"".join(read_bytes("intents", name) for name in (_OFF_TOPIC, _ASKING, _EVERYDAY))
    return hashlib.sha256(files).hexdigest()


def off_topic_examples() -> list[str]:
    """Questions that have nothing to do with coding, from prompts/intents/off_topic.txt."""
    return read_lines("intents", _OFF_TOPIC)


def everyday_examples() -> list[str]:
    """Conditions, injuries, visits and supplies in everyday words, from
    prompts/intents/everyday.txt."""
    return read_lines("intents", _EVERYDAY)


def _questions(texts: Sequence[Sequence[str]]) -> list[str]:
    chance = random.Random(0)  # a fixed seed: the same code sets give the same index
    picked = [text for each in texts for text in chance.sample(each, min(_OF_A_SYSTEM, len(each)))]
    short = sorted({word for words in Lexicon.shipped().shorthand().values() for word in words})
    picked += chance.sample(short, _OF_THE_LEXICON)
    sentences = read_lines("intents", _ASKING)
    return [
        chance.choice(sentences).replace("{}", text.lower() if chance.random() < _LOWER else text)
        for text in picked
    ]
