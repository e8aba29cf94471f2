"""Tells whether words are the name of a condition: a title, an entry of the Alphabetic Index, a
term of people.

Names of drugs, causes and encounters are left out: the words of a statement about them are read by
their own rules. The names of a system index are kept as one number each, a sum over their stems, so
that those of 220,000 texts take 2 MB and are looked up in a microsecond.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from index.search.features import TitleFeatures
from index.text.attributes import ASIDE
from index.text.tokens import read

#: The first letters of codes of conditions; the drugs and chemicals among them are left out.
_CONDITIONS = frozenset("ABCDEFGHIJKLMNOPQRST")
_SUBSTANCES = range(36, 66)


def is_substance(code: str) -> bool:
    """Whether a code of ICD-10-CM is of a drug or chemical (T36-T65)."""
    return code[0] == "T" and int(code[1:3]) in _SUBSTANCES


def is_condition(code: str) -> bool:
    """Whether a code of ICD-10-CM is for a condition or an injury."""
    return code[0] in _CONDITIONS and not is_substance(code)


#: Stems that make a name of a site.
_OF_A_SITE = read("disease condition disorder site part organism cause encounter").affirmed


def _number(stem: str) -> int:
    if stem in ASIDE:
        return 0
    return int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=8).digest(), "little")


class KnownNames:
    """The names of a system index. Two different sets of stems have the same number once in many
    billions."""

    def __init__(self, title_features: TitleFeatures, texts: np.ndarray) -> None:
        """`texts`: the numbers of the texts that count."""
        numbers = np.array([_number(stem) for stem in title_features.stems], dtype=np.uint64)
        core = title_features.core
        sums = np.concatenate([[np.uint64(0)], np.cumsum(numbers[core.values], dtype=np.uint64)])
        # "Disorder of prostate" does not make "prostate" a name.
        is_hollow = np.array([stem in _OF_A_SITE for stem in title_features.stems])
        hollow = np.concatenate([[0], np.cumsum(is_hollow[core.values])])
        texts = texts[(hollow[core.starts[1:]] == hollow[core.starts[:-1]])[texts]]
        self._sums = np.unique((sums[core.starts[1:]] - sums[core.starts[:-1]])[texts])

    def has(self, stems: Iterable[str]) -> bool:
        """Whether some text has these stems and no others. Stems that do not tell texts apart
        ("unspecified") do not count; without any other stem it is no name."""
        total = sum(map(_number, stems)) % 2**64
        if total == 0:
            return False
        at = np.searchsorted(self._sums, np.uint64(total))
        return bool(at < len(self._sums) and self._sums[at] == np.uint64(total))
