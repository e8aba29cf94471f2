"""What a word may be: medicine, plain English, a person's name or a town's.

Medicine is every word of the loaded code sets (the vocabulary of the index bundle), of the lexicon
of shorthand and of `prompts/vocabulary/eponyms.txt`; the rest comes from `bot.phi.lists`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from rapidfuzz.distance import DamerauLevenshtein

from bot.phi import lists
from index.bundle import VOCABULARY, current
from index.text.lexicon import Lexicon
from index.text.resources import read_text
from index.text.tokens import fold

#: US states and territories: they may be stored, smaller places may not (45 CFR 164.514(b)(2)).
STATES = {
    "al": "alabama", "ak": "alaska", "az": "arizona", "ar": "arkansas", "ca": "california",
    "co": "colorado", "ct": "connecticut", "de": "delaware", "dc": "district of columbia",
    "fl": "florida", "ga": "georgia", "hi": "hawaii", "id": "idaho", "il": "illinois",
    "in": "indiana", "ia": "iowa", "ks": "kansas", "ky": "kentucky", "la": "louisiana",
    "me": "maine", "md": "maryland", "ma": "massachusetts", "mi": "michigan", "mn": "minnesota",
    "ms": "mississippi", "mo": "missouri", "mt": "montana", "ne": "nebraska", "nv": "nevada",
    "nh": "new hampshire", "nj": "new jersey", "nm": "new mexico", "ny": "new york",
    "nc": "north carolina", "nd": "north dakota", "oh": "ohio", "ok": "oklahoma", "or": "oregon",
    "pa": "pennsylvania", "pr": "puerto rico", "ri": "rhode island", "sc": "south carolina",
    "sd": "south dakota", "tn": "tennessee", "tx": "texas", "ut": "utah", "vt": "vermont",
    "va": "virginia", "wa": "washington", "wv": "west virginia", "wi": "wisconsin",
    "wy": "wyoming",
}  # fmt: skip


class WordList:
    """Sorted words in one block of bytes. It takes a byte a letter, a tenth of what a set takes; a
    look-up takes some microseconds."""

    def __init__(self, words: bytes) -> None:
        """`words` are sorted, one a line, each once."""
        self._block = b"\n" + words.strip(b"\n") + b"\n"

    @classmethod
    def of(cls, words: Iterable[str]) -> WordList:
        return cls("\n".join(sorted(set(words))).encode())

    def beginning(self, letter: str) -> list[str]:
        words = re.findall(rb"(?<=\n)" + re.escape(letter.encode()) + rb"[^\n]*", self._block)
        return [word.decode() for word in words]

    def __contains__(self, word: str) -> bool:
        sought = word.encode()
        block, low, high = self._block, 0, len(self._block) - 1
        while low < high:
            start = block.rfind(b"\n", low, (low + high) // 2 + 1)
            if start < 0:
                start = low
            end = block.find(b"\n", start + 1)
            line = block[start + 1 : end]
            if line == sought:
                return True
            if line < sought:
                low = end
            else:
                high = start
        return False


def _eponyms() -> list[str]:
    lines = read_text("vocabulary", "eponyms.txt").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class Words:
    """What each word may be. `index` is the folder of index bundles; without one, words of medicine
    are only those of the lexicon and the eponyms."""

    def __init__(self, index: Path | None = None) -> None:
        self._given = WordList(lists.packed("given"))
        self._given_words = frozenset(lists.packed("given_words").decode().split())
        self._surnames = WordList(lists.packed("surnames"))
        self._english = WordList(lists.packed("english"))
        self._towns = WordList(lists.packed("towns"))
        self.counties = frozenset(lists.packed("counties").decode().splitlines())
        eponyms = _eponyms()
        self._eponyms = frozenset(eponyms)
        self._vocabulary = WordList.of(_vocabulary(index))
        self._lexicon = Lexicon.shipped()

    def given(self, word: str) -> bool:
        """A given name that is not mainly a word."""
        return word in self._given

    def given_word(self, word: str) -> bool:
        """A given name that is also a word: Mark, Rose."""
        return word in self._given_words

    def surname(self, word: str) -> bool:
        return word in self._surnames

    def town(self, name: str) -> bool:
        return name in self._towns

    def english(self, word: str) -> bool:
        return word in self._english

    def eponym(self, word: str) -> bool:
        return word in self._eponyms

    def is_phrase(self, words: tuple[str, ...]) -> bool:
        """Several words that are one eponym: lou gehrig, ann arbor."""
        return len(words) > 1 and " ".join(words) in self._eponyms

    def medicine(self, word: str) -> bool:
        return (
            word in self._eponyms
            or word in self._vocabulary
            or self._lexicon.knows(word)
            or word in self._lexicon.words_of_drugs
        )

    def drug(self, word: str) -> bool:
        return word in self._lexicon.words_of_drugs or _DRUG.search(word) is not None

    def shorthand(self, word: str) -> bool:
        return self._lexicon.knows(word)

    @lru_cache(maxsize=2_000)  # noqa: B019  one Words a process
    def misspelled(self, word: str, most: int = 2) -> bool:
        """Whether a word is a word of medicine with one or two typing errors: "dibetes"."""
        slips = 1 if len(word) < 7 else most
        return len(word) > 4 and any(
            DamerauLevenshtein.distance(word, other, score_cutoff=slips) <= slips
            for other in self._vocabulary.beginning(word[0])
            if abs(len(other) - len(word)) <= slips
        )

    @lru_cache(maxsize=10_000)  # noqa: B019  one Words a process
    def known(self, word: str) -> bool:
        """Medicine or English, in this form or another: plural, past, possessive."""
        if _COINED.search(word):
            return True
        return any(self.medicine(form) or self.english(form) for form in _forms(word))


#: Endings of generic names of drugs: WHO's stems, and a few others.
_DRUG = re.compile(
    r".{2}(?:mab|nib|cept|cillin|mycin|micin|azole|sartan|statin|olol|setron|platin|taxel|rubicin"
    r"|caine|parin|tide|penem|floxacin|cycline|prazole|triptan|vir|grel|xaban|gliptin|dronate"
    r"|lukast|gliflozin|pril|azepam|zolam|barbital|oxetine|afil|tinib|ciclib|parib|stim|leucel)$"
)
#: Endings that only words of medicine have.
_COINED = re.compile(
    r".{3}(?:itis|osis|oses|ectomy|ectomies|otomy|ostomy|plasty|scopy|scopic|graphy|gram|pathy|pathic"
    r"|algia|emia|emic|uria|uric|lysis|lytic|centesis|pexy|rrhaphy|rrhea|rrhagia|rrhagic|philia|penia"
    r"|plegia|plegic|paresis|trophy|trophic|esthesia|ology|ologist|iasis|megaly|sclerosis|stenosis"
    r"|ptosis|edema|oma|omas|omata|coccus|cocci|bacter|bacillus|virus|mycosis|genic|genesis|ectasis"
    r"|malacia|cele|desis|tripsy|itic|ational|ization|isation|opathy)$"
)
_ENDINGS = (
    ("'s", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("ly", ""),
)  # fmt: skip


def _forms(word: str) -> Iterable[str]:
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + 3:
            yield word.removesuffix(ending) + instead


def _vocabulary(index: Path | None) -> list[str]:
    folder = current(index) if index else None
    if folder is None or not (folder / VOCABULARY).exists():
        return []
    return [word for word in json.loads((folder / VOCABULARY).read_bytes()) if word.isalpha()]


#: Letters that Unicode does not treat as accented, though people type them without the accent.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"})  # noqa: RUF001


def key(word: str) -> str:
    """The form for look-ups: lower case, no accents, no possessive."""
    return fold(word).translate(_LETTERS).removesuffix("'s").removesuffix("'")
