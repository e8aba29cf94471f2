"""Texts and questions as words and stems, affirmed or denied."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from codesets import laterality

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth"}
_ROMAN = {"ii": "2", "iii": "3", "iv": "4"}
_LETTERED = frozenset("factor group hemophilia hepatitis influenza type vitamin".split())

#: Words that join others and say nothing of which code is meant.
STOPWORDS = frozenset(
    """an and are as at be but by due for from has have having he her here his i in into is it its
    me my of on or our pt patient patients she so that the their them then there they this to under
    was we were what which while who will with you your code codes coded coding icd icd10 icd10cm dx
    diagnosis please pls plz thx thanks need find
    hes shes im ive youre theyre thats whats isnt arent wasnt dont doesnt didnt cant couldnt wont
    wouldnt hasnt havent""".split()
)
_NEGATIONS = frozenset("no not without negative denies non except excluding".split())
#: Words at which the scope of a "without" ends.
_NEGATION_ENDS = frozenset(
    ["with", "but", "due", "from", "initial", "subsequent", "intractable", *laterality.TITLE_WORDS]
)
#: How many words a "without" denies at most.
_SCOPE = 4

_snowball = Stemmer.Stemmer("english").stemWord
#: Endings by which Snowball's stems of a medical noun and of its adjective differ. Both mean the
#: same to a coder: dystonia and dystonic, sclerosis and sclerotic, dysplasia and dysplastic.
_NOUN_OR_ADJECTIVE = re.compile(
    r"(?<=\w{4})(?:(?<=o)(?:si|t)|(?<=plas)(?:ia|t|m)|ia|(?<=it)i|(?<=ep)(?:si|t)|(?<=st)(?:asi|at))$"
)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem that a word shares with its other forms."""
    return _NOUN_OR_ADJECTIVE.sub("", _snowball(word))


def fold(text: str) -> str:
    """Lower case, without accents, with plain quotes and dashes: Sjögren's -> sjogren's."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.casefold()).replace("\u2019", "'")
    return "".join(char for char in text if not unicodedata.combining(char))


_MODIFIER = re.compile(r"\s*\([^()]*\)")


def essential(text: str) -> str:
    """A text without its nonessential modifiers, or the whole text if nothing else is in it.

    Parentheses in official texts enclose words "that may be present or absent" (Official
    Guidelines, I.A.7): "Essential (primary) hypertension" is essential hypertension.
    """
    return _MODIFIER.sub("", text).strip() or text


def plain_words(text: str) -> list[str]:
    """The words of a text, folded, without possessive s. Ordinals are words ("first"), Roman
    numerals are digits.

    The article "a" is left out, the letter is kept: hepatitis A.
    """
    folded = fold(text).replace("w/o", "without")
    words = [
        _ROMAN.get(word, _ORDINALS.get(word, word))
        for word in (match.removesuffix("'s") for match in _WORD.findall(folded))
    ]
    if "a" not in words:
        return words
    return [
        word
        for before, word in zip(["", *words], words, strict=False)
        if word != "a" or before in _LETTERED
    ]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as words to compare: the stems that it affirms, those that it denies ("without
    coma"), and all its words, folded."""

    affirmed: frozenset[str]
    denied: frozenset[str]
    words: frozenset[str]

    @property
    def stems(self) -> frozenset[str]:
        return self.affirmed | self.denied


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """Read a text. Stop words and negations have no stem in the reading."""
    affirmed: set[str] = set()
    denied: set[str] = set()
    scope = 0
    words = plain_words(text)
    for word in words:
        if word in _NEGATIONS:
            scope = _SCOPE
            continue
        if word in _NEGATION_ENDS and scope < _SCOPE:
            scope = 0
        if word in STOPWORDS:
            continue
        (denied if scope else affirmed).add(stem(word))
        scope = max(0, scope - 1)
    return Reading(frozenset(affirmed), frozenset(denied - affirmed), frozenset(words))


def lexical_tokens(text: str) -> list[str]:
    """The tokens of a text for BM25: its stems in order, without stop words."""
    return [stem(word) for word in plain_words(text) if word not in STOPWORDS]
