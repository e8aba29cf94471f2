"""Chooses what a cut word stands for, by the words beside it.

"Lacrtn" may be laceration or lacrimation. Of the words that a cut word may stand for
(index/text/cut_words.py), the one is meant that occurs together with the other words of the
question in a text of the code set. Several cut words of a question choose each other in this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from index.search.bm25 import Lexical

#: A cut word of up to this many letters, and one that has as many vowels as a whole word, is only
#: read as another word if a text has that together with some other word of the question.
_SHORT = 3
#: The least share of vowels of a whole word.
_WHOLE = 0.3


def choose(
    lexical: Lexical, beside: Iterable[str], readings: Mapping[str, Sequence[tuple[str, float]]]
) -> dict[str, str]:
    """What each cut word stands for: cut word -> word; one that nothing supports is left out.

    `lexical`: the texts of a code set; `beside`: the other words of the question; `readings`: cut
    word -> the words that it may stand for, each with its likelihood from 0 to 1.
    """
    if not readings:
        return {}
    total = np.zeros(lexical.count, dtype=np.float32)
    for word in dict.fromkeys(beside):
        texts, scores = lexical.column(word)
        total[texts] += scores
    columns = {
        cut: [(word, likelihood, *lexical.column(word)) for word, likelihood in words]
        for cut, words in readings.items()
    }
    own: dict[str, np.ndarray] = {}
    for cut, words in columns.items():
        best = np.zeros(lexical.count, dtype=np.float32)
        for _, likelihood, texts, scores in words:
            best[texts] = np.maximum(best[texts], likelihood * scores)
        own[cut] = best
        total += best
    chosen: dict[str, str] = {}
    for cut, words in columns.items():
        others = total - own[cut]
        most, meant = 0.0, None
        for word, likelihood, texts, scores in words:
            if not len(texts):
                continue
            together = others[texts]
            value = float((together + likelihood * scores).max())
            if value > most and (together.max() > 0 or not _needs_support(cut)):
                most, meant = value, word
        if meant is not None:
            chosen[cut] = meant
    return chosen


def _needs_support(cut: str) -> bool:
    vowels = sum(letter in "aeiouy" for letter in cut)
    return len(cut) <= _SHORT or vowels >= _WHOLE * len(cut)
