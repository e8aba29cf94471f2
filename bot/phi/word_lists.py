"""What a word may be: medicine, plain English, a person's name or a town's.

Medicine is every word of the loaded code sets (the vocabulary of the index bundle), of the lexicon
of shorthand and of `prompts/vocabulary/eponyms.txt`; the rest comes from `bot.phi.lists`.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path

from rapidfuzz.distance import DamerauLevenshtein

from index.bundle import VOCABULARY, current
from index.text.lexicon import Lexicon
from index.text.resources import read_text
from index.text.tokens import fold

#: US states and territories, which may be told; what is smaller may not (45 CFR 164.514(b)(2)).
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
    """Sorted words in one block of bytes: as much memory as the words have letters, which is a
    tenth of what a set takes, and a look-up of some microseconds."""

    def __init__(self, words: bytes) -> None:
        """`words` are sorted, one a line, each once."""
        self._block = b"\n" + words.strip(b"\n") + b"\n"

    @classmethod
    def of(cls, words: Iterable[str]) -> WordList:
        return cls("\n".join(sorted(set(words))).encode())

    def beginning(self, letter: str) -> list[str]:
        found = re.findall(rb"(?<=\n)" + re.escape(letter.encode()) + rb"[^\n]*", self._block)
        return [word.decode() for word in found]

    def __contains__(self, word: str) -> bool:
        wanted = word.encode()
        block, low, high = self._block, 0, len(self._block) - 1
        while low < high:
            start = block.rfind(b"\n", low, (low + high) // 2 + 1)
            if start < 0:
                start = low
            end = block.find(b"\n", start + 1)
            found = block[start + 1 : end]
            if found == wanted:
                return True
            if found < wanted:
                low = end
            else:
                high = start
        return False


def _shipped(name: str) -> bytes:
    return gzip.decompress((resources.files("bot.phi") / "lists" / f"{name}.txt.gz").read_bytes())


def _eponyms() -> list[str]:
    lines = read_text("vocabulary", "eponyms.txt").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class Words:
    """All that is known of words. `index` is the folder of index bundles; without one, medicine
    is what the lexicon and the eponyms say."""

    def __init__(self, index: Path | None = None) -> None:
        self._given = WordList(_shipped("given"))
        self._given_words = frozenset(_shipped("given_words").decode().split())
        self._surnames = WordList(_shipped("surnames"))
        self._english = WordList(_shipped("english"))
        self._towns = WordList(_shipped("towns"))
        self.counties = frozenset(_shipped("counties").decode().splitlines())
        eponyms = _eponyms()
        self._eponyms = frozenset(eponyms)
        self._vocabulary = WordList.of(_vocabulary(index))
        self._lexicon = Lexicon.shipped()

    def given(self, word: str) -> bool:
        """A given name that is not first of all a word."""
        return word in self._given

    def given_word(self, word: str) -> bool:
        """A given name that is a word too: Mark, Rose."""
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
        """Several words that name one thing of medicine: lou gehrig, ann arbor."""
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
        """Whether a word is medicine with a slip or two: "dibetes", "neuropthy"."""
        slips = 1 if len(word) < 7 else most
        return len(word) > 4 and any(
            DamerauLevenshtein.distance(word, other, score_cutoff=slips) <= slips
            for other in self._vocabulary.beginning(word[0])
            if abs(len(other) - len(word)) <= slips
        )

    @lru_cache(maxsize=10_000)  # noqa: B019  one Words a process
    def known(self, word: str) -> bool:
        """Medicine or English, as it stands or in another form of the word."""
        if _COINED.search(word):
            return True
        return any(self.medicine(form) or self.english(form) for form in _forms(word))


#: The endings of generic names of drugs (WHO's stems) and of what else medicine coins.
_DRUG = re.compile(
    r".{2}(?:mab|nib|cept|cillin|mycin|micin|azole|sartan|statin|olol|setron|platin|taxel|rubicin"
    r"|caine|parin|tide|penem|floxacin|cycline|prazole|triptan|vir|grel|xaban|gliptin|dronate"
    r"|lukast|gliflozin|pril|azepam|zolam|barbital|oxetine|afil|tinib|ciclib|parib|stim|leucel)$"
)
#: The endings by which medicine makes words of its own.
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


#: Letters that are no letter with an accent to Unicode, and are to those who type names.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"})  # noqa: RUF001


def key(word: str) -> str:
    """The form in which words are looked up: lower case, no accents, no possessive."""
    return fold(word).translate(_LETTERS).removesuffix("'s").removesuffix("'")
