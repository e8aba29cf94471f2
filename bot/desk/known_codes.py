"""What codes.db is asked while a question is read: whether a text is a code, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from codesets.model import System
from index.text.lexicon import Lexicon
from index.text.resources import read_words
from index.text.tokens import STOPWORDS, fold, plain_words, stem

#: From a code, typed with or without its dot, to (system, published form) for each loaded system
#: that has it.
Lookup = Callable[[str], list[tuple[System, str]]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is loaded besides the codes themselves.

    - `title`: gives the title of a code of ICD-10-CM, in the newest release that has it; "" if none
      has it.
    - `icd9`: gives the titles of the codes of ICD-10-CM that a code of ICD-9-CM leads to, None if
      no mapping has it. [] means that it leads to none.
    - `modifiers`: gives (code, title) of each modifier of HCPCS Level II.
    - `near`: gives how near the title of each of these is to a text, from -1 to 1; {} where nothing
      compares them.
    - `product`: tells whether a crosswalk has an NDC, which is given as 5-4-2.
    - `icd11`: gives the codes of ICD-11 that a text names, and whether each is loaded; the second
      argument says whether ICD-11 was chosen (`icd11_mentions.read_icd11`).
    """

    title: Callable[[str], str] = lambda code: ""
    icd9: Callable[[str], Sequence[str] | None] = lambda code: None
    product: Callable[[str], bool] = lambda ndc: False
    modifiers: Callable[[], Sequence[tuple[str, str]]] = tuple
    icd11: Callable[[str, bool], Sequence[tuple[str, bool]]] = lambda text, chosen: ()
    near: Callable[[str], Mapping[str, float]] = lambda text: {}


#: Words of titles that say nothing of which code is meant.
_HOLLOW = frozenset(
    map(stem, "other unspecified specified elsewhere classified nec nos type history".split())
)


def said(words: Iterable[str]) -> frozenset[str]:
    """The stems of what words mean, shorthand spelled out: those by which a title can agree."""
    lexicon = Lexicon.shipped()
    text = " ".join(words)
    meant = [*plain_words(text), *plain_words(" ".join(lexicon.spell_out(lexicon.typed(text))))]
    return frozenset(stem(w) for w in meant if len(w) > 2 and w not in STOPWORDS) - _HOLLOW


def agreement(stems: frozenset[str], title: str) -> int:
    """How many of these stems a title has."""
    return len(stems & {stem(word) for word in plain_words(title)})


@cache
def words_of(name: str) -> frozenset[str]:
    """A list of prompts/intents/codes.toml."""
    return frozenset(fold(read_words("codes")[name]).split())
