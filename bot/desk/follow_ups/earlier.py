"""The statement before as its facts, of which some may be taken away."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.desk.follow_ups import phrases
from index.statement.facts import is_detail, read_statement
from index.statement.model import Fact
from index.text.lexicon import Lexicon
from index.text.resources import read_text
from index.text.tokens import STOPWORDS, fold, plain_words, stem


@dataclass(frozen=True, slots=True)
class Terms:
    """What the index says of words, each in a millisecond.

    - `is_name`: whether words, spelled out, are the name of a condition.
    - `say_together`: whether some text of ICD-10-CM has words of each of several texts.
    """

    is_name: Callable[[str], bool]
    say_together: Callable[[Sequence[str]], bool]


_WORD = re.compile(r"[\w/'-]+")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A statement, and its facts in their order."""

    text: str
    facts: tuple[Fact, ...]

    @classmethod
    def of(cls, text: str) -> Earlier:
        statement = read_statement(text)
        return cls(statement.text, statement.facts)

    @property
    def conditions(self) -> list[Fact]:
        return [f for f in self.facts if f.kind == "condition" and f.status != "chatter"]

    def without(self, gone: Iterable[Fact]) -> Earlier:
        """The statement without these facts."""
        spans = {fact.span for fact in gone}
        kept, end = "", 0
        for fact in self.facts:
            if fact.span not in spans:
                kept += self.text[end : fact.span.start] if kept else ""
                kept += self.text[fact.span.start : fact.span.end]
            end = fact.span.end
        return Earlier.of(kept)

    def denied_by(self, denied: str) -> tuple[list[Fact], list[str]]:
        """What a denial of these words takes away: whole facts, and words of others. Words that
        stand there count before those that only mean the same: "gerd" means esophagitis, too."""
        stems = meant(denied)
        for is_hit in (_is_word, is_of):
            facts, words = self._hit(stems, is_hit)
            if facts or words:
                break
        return facts, words

    def _hit(
        self, stems: frozenset[str], is_hit: Callable[[str, frozenset[str]], bool]
    ) -> tuple[list[Fact], list[str]]:
        facts: list[Fact] = []
        words: list[str] = []
        for fact in self.conditions:
            own = [word for word in _WORD.findall(fact.text) if not is_detail(word)]
            hit = [word for word in own if is_hit(word, stems)] if stems else []
            if not hit and stems and is_hit is is_of and stems <= meant(fact.text):
                hit = own  # MI is what NSTEMI is, word by word or not
            if hit and len(hit) == len(own):
                facts.append(fact)
            else:
                words += hit
        return facts, words


def spelled(text: str) -> str:
    """A text with its shorthand spelled out."""
    lexicon = Lexicon.shipped()
    return " ".join(part.means for part in lexicon.parts(lexicon.typed(text)) if part.typed)


def meant(text: str) -> frozenset[str]:
    """The stems of what a text means, shorthand spelled out, without details."""
    words = plain_words(spelled(text))
    return frozenset(stem(w) for w in words if w not in STOPWORDS and not is_detail(w))


def _is_word(word: str, stems: frozenset[str]) -> bool:
    """Whether a word has one of these stems."""
    return any(_alike(stem(fold(word)), other) for other in stems)


def is_of(word: str, stems: frozenset[str]) -> bool:
    """Whether a word means something that has one of these stems."""
    own = meant(word)
    return bool(own) and all(any(_alike(one, other) for other in stems) for one in own)


def _alike(one: str, other: str) -> bool:
    """Whether two stems are of one meaning: those of "pregnant" and "pregnancy" are."""
    return one == other or (len(one) == len(other) > 5 and one[:-1] == other[:-1])


def is_sign(text: str) -> bool:
    """Whether a text names a sign or symptom and no more."""
    return bool(_signs().search(fold(text)))


def place_of(text: str) -> list[str]:
    """The words of a text that say where: sides and parts of the body, and other details."""
    sites = phrases.words("sites")
    return [w for w in _WORD.findall(text) if fold(w) in sites or (is_detail(w) and w.isalpha())]


@cache
def _signs() -> re.Pattern[str]:
    signs = tomllib.loads(read_text("vocabulary", "uncertain.toml"))["signs"]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, filter(None, signs.splitlines())))})")
