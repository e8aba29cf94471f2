"""Telling a question that codes can answer from small talk.

An index keeps the vectors of the examples of small talk (prompts/intents/off_topic.txt) and a
direction: what separates these from texts of the code sets, asked for as people do
(prompts/intents/asking.txt), by Fisher's linear discriminant."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from index.embedding.encoder import Encoder
from index.text.lexicon import Lexicon
from index.text.resources import read_text

_OFF_TOPIC, _ASKING = "off_topic.txt", "asking.txt"
#: Texts of each code system, and of the lexicon, that stand for questions of ours.
_OF_A_SYSTEM, _OF_THE_LEXICON = 2000, 1200
_LOWER = 0.7
#: How much of the mean variance is added to each direction's: there are few examples.
_SMOOTHING = 0.3


@dataclass(frozen=True, slots=True)
class OffTopicModel:
    """`examples`: unit vectors of small talk, a row each. `direction` and `bias`: a question's
    vector times the direction and the bias is above 0 where it is nearer to ours. `words`: the
    SHA-256 of the files it was learned from."""

    examples: np.ndarray
    direction: np.ndarray
    bias: float
    words: str = ""

    @classmethod
    def of(cls, ours: np.ndarray, examples: np.ndarray, words: str = "") -> OffTopicModel:
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
            return cls(kept["examples"], kept["direction"], float(kept["bias"]), str(kept["words"]))

    def save(self, path: Path) -> None:
        np.savez(
            path,
            examples=self.examples,
            direction=self.direction,
            bias=self.bias,
            words=self.words,
        )

    def nearness(self, vector: np.ndarray) -> float:
        """The cosine of the nearest example of small talk."""
        return float((self.examples @ vector).max())

    def ours(self, vector: np.ndarray) -> float:
        return float(vector @ self.direction + self.bias)


def learn(
    texts: Sequence[Sequence[str]], encoder: Encoder, before: OffTopicModel | None
) -> OffTopicModel:
    """`texts`: those of each code system. What was learned `before`, by the same encoder, is kept
    while the examples are the same: of new texts a few thousand tell nothing new."""
    files = (resources.files("prompts") / "intents" / name for name in (_OFF_TOPIC, _ASKING))
    words = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    if before is not None and before.words == words:
        return before
    asked = encoder.encode_together(_questions(texts))
    return OffTopicModel.of(asked, encoder.encode(off_topic_examples()), words)


def off_topic_examples() -> list[str]:
    """Questions that have nothing to do with coding, from prompts/intents/off_topic.txt."""
    return _lines(_OFF_TOPIC)


def _questions(texts: Sequence[Sequence[str]]) -> list[str]:
    chance = random.Random(0)  # the same index out of the same code sets
    picked = [text for each in texts for text in chance.sample(each, min(_OF_A_SYSTEM, len(each)))]
    short = sorted({word for words in Lexicon.shipped().shorthand().values() for word in words})
    picked += chance.sample(short, _OF_THE_LEXICON)
    ways = _lines(_ASKING)
    return [
        chance.choice(ways).replace("{}", text.lower() if chance.random() < _LOWER else text)
        for text in picked
    ]


def _lines(name: str) -> list[str]:
    lines = read_text("intents", name).splitlines()
    return [line for line in lines if line and not line.startswith("#")]
