"""Finds the modifiers that a question describes: "capped rental month 5, which modifier".

Modifiers of HCPCS Level II are found by their published titles and by the words of
prompts/intents/modifiers.toml; CPT's by our own words alone, for its text belongs to the AMA.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.desk.ambulance_trips import is_about_ambulances, trip
from bot.desk.modifier_numbers import agrees
from bot.desk.modifier_sites import at_sites, read_sites
from bot.desk.modifier_words import Phrase, heads, listed, number_of, phrases_of, sections
from index.text.tokens import STOPWORDS, fold

#: How near, from -1 to 1, the title of each modifier is to a text. {} where nothing compares them.
Similar = Callable[[str], Mapping[str, float]]

#: Words that ask for a modifier, unless they tell what became of one: "the modifier was denied".
#: "Mod" is moderate, too, so it stands at the end of a clause or behind a word that asks.
_ASKS = re.compile(
    r"\bmodif\w*\b(?!\s+(?:was|were|is|are|got|gets|denied|rejected)\b)"
    r"|\bmods?\b(?=\W*$|\s*[?;,]|\s+(?:for|to|on|do)\b)|\b(?:which|what|need|right|correct)\s+mods?\b"
)
_HOLLOW = frozenset(
    heads(
        "which what need correct use used using claim append bill billed billing line with"
        " without on for in at as by to and or is was be this that it right one go goes going out"
        " after before no not item service services provided furnished when"
        " modifier modifiers mod demonstration"
    )
)
#: The least that is shown: where a modifier is asked for, and where it is not.
_LEAST, _LEAST_UNASKED = 5.0, 7.0
#: What a phrase that no clinical note has is worth besides, where no modifier is asked for.
_SURE = 1.5
#: From here on a phrase says which one is meant.
_TOLD = 9.0
#: How near to the best one others must come to be shown, too.
_NEAR, _SHOWN = 0.8, 3
#: What a number that agrees is worth, a word that is denied, and the nearness of a title.
_NUMBER, _DENIED, _NEARNESS = 5.0, 8.0, 5.0
#: How far a word that denies reaches in a title: "Zero drug amount discarded".
_REACH = 3
#: In a phrase: a number that is in the range of the modifier's title.
_ANY_NUMBER = "#"
_NEGATIONS = frozenset(heads("no not without zero never nobody none nothing isnt"))


def asks_for_modifier(text: str) -> bool:
    """Whether a text asks which modifier is right."""
    folded = _moderate().sub(" ", fold(text))
    # "T what": a letter of those by which modifiers of toes begin.
    begun = re.search(r",\s*[a-z] what\W*$", folded)
    return bool(_ASKS.search(folded) or _other_words().search(folded) or begun)


@cache
def _moderate() -> re.Pattern[str]:
    phrases = "|".join(map(re.escape, listed("modifiers", "moderate")))
    return re.compile(rf"\b(?:{phrases})\b")


@cache
def _other_words() -> re.Pattern[str]:
    phrases = [one for one in listed("modifiers", "asks") if " " in one]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")


@dataclass(frozen=True, slots=True)
class _Known:
    """The modifiers that are looked for, with their words and how much each word tells. Of each
    phrase, the words that a text must have for it to be whole, and what it is worth then."""

    titles: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]
    phrases: tuple[tuple[Phrase, frozenset[str], float], ...]
    weight: Mapping[str, float]
    #: The places of phrases by the rarest word that they need; "" for those that need none.
    by_word: Mapping[str, Sequence[int]]

    def whole(self, there: frozenset[str]) -> Iterator[tuple[Phrase, frozenset[str], float]]:
        """The phrases all of whose words are there, in their order."""
        places = [at for word in {*there, ""} for at in self.by_word.get(word, ())]
        for at in sorted(places):
            if self.phrases[at][1] <= there:
                yield self.phrases[at]


@lru_cache(maxsize=4)
def _known(modifiers: tuple[tuple[str, str], ...]) -> _Known:
    titles = {code: tuple(heads(title)) for code, title in modifiers}
    loaded = [phrase for phrase in phrases_of("phrases") if phrase.code in titles]
    of_billing = (
        phrase
        for phrase in phrases_of("billing")
        if phrase.code in titles or phrase.code in sections()["cpt"]
    )
    phrases = (*loaded, *phrases_of("cpt"), *of_billing)
    words: dict[str, set[str]] = {code: set(title) for code, title in titles.items()}
    for phrase in phrases:
        words.setdefault(phrase.code, set()).update(w for run in phrase.words for w in run)
    count = Counter(word for each in words.values() for word in each)
    weight = {word: math.log(len(words) / number) for word, number in count.items()}
    weight[_ANY_NUMBER] = _NUMBER
    needed = [
        frozenset(word for run in phrase.words for word in run) - {_ANY_NUMBER}
        for phrase in phrases
    ]
    often = Counter(word for each in needed for word in each)
    by_word: dict[str, list[int]] = {}
    for at, each in enumerate(needed):
        rarest = min(each, key=lambda word: (often[word], word), default="")
        by_word.setdefault(rarest, []).append(at)
    worths = (_worth(phrase.words, weight) for phrase in phrases)
    each_phrase = tuple(zip(phrases, needed, worths, strict=True))
    return _Known(titles, dict(modifiers), each_phrase, weight, by_word)


def find_modifiers(
    text: str,
    modifiers: Sequence[tuple[str, str]],
    similar: Similar | None = None,
    *,
    asked: bool = True,
) -> list[str]:
    """The modifiers, at most three, that fit a question best, best first; [] if none fits well.
    Those of two digits are CPT's. `modifiers`: code and title of each loaded one. `asked`: whether
    the question asks for a modifier; if not, only words that no clinical note has are enough."""
    about_ambulances = is_about_ambulances(text)
    if (asked or about_ambulances) and (pair := trip(text)):
        return [pair]
    sites = at_sites(text, modifiers)
    if sites and (asked or read_sites(text).done):
        return sites[:_SHOWN]
    known = _known(tuple(modifiers))
    words = heads(text)

    @cache
    def in_range(code: str) -> int:
        return agrees(words, known.texts[code]) if code in known.texts else 0

    scores = _by_phrases(words, known, in_range, asked=asked)
    if asked:
        # What a phrase says outright needs no comparison, which takes a moment.
        told = max(scores.values(), default=0.0) >= _TOLD
        near = similar(text) if similar and not told else {}
        for code, score in _by_titles(words, known).items():
            score += _NEARNESS * max(near.get(code, 0.0), 0.0)
            scores[code] = max(scores.get(code, 0.0), score) + 0.1 * score
    for code in scores:
        scores[code] += _NUMBER * in_range(code)
    least = _LEAST if asked else _LEAST_UNASKED
    best = max(scores.values(), default=0.0)
    if best < least:
        return []
    ranked = sorted(scores, key=lambda code: -scores[code])
    return [code for code in ranked if scores[code] >= _NEAR * best][:_SHOWN]


def is_of_billing(text: str, code: str) -> bool:
    """Whether a text describes a modifier in words that no clinical note has: those of the section
    [billing] of prompts/intents/modifiers.toml."""
    words = heads(text)
    run, there = f" {' '.join(words)} ", set(words)
    return any(
        phrase.code == code
        and not phrase.absent & there
        and all(f" {' '.join(one)} " in run for one in phrase.words)
        for phrase in _of_billing()
    )


@cache
def _of_billing() -> tuple[Phrase, ...]:
    return tuple(phrases_of("billing"))


def _denied(words: Sequence[str], reach: int = 1) -> frozenset[str]:
    """The words up to `reach` places behind one that denies."""
    return frozenset(
        word
        for at, before in enumerate(words)
        if before in _NEGATIONS
        for word in words[at + 1 : at + 1 + reach]
    )


@cache
def _only_asked() -> frozenset[str]:
    """Modifiers whose words a clinical note may have, too."""
    return frozenset(sections()["modifiers"]["only_asked"].split())


def _against(denied: frozenset[str], words: Sequence[str]) -> float:
    """What it takes away that a text denies what `words` affirm."""
    return _DENIED * bool(denied.intersection(words) - _denied(words, _REACH))


def _by_phrases(
    words: Sequence[str], known: _Known, in_range: Callable[[str], int], *, asked: bool
) -> dict[str, float]:
    """What the best phrase of each modifier is worth that a text has."""
    text = f" {' '.join(words)} "
    there, denied = frozenset(words), _denied(words)
    scores: dict[str, float] = {}
    # Where no modifier is asked for, only whole phrases count.
    for phrase, needed, total in known.phrases if asked else known.whole(there):
        if phrase.absent & there or not (asked or phrase.alone or phrase.code not in _only_asked()):
            continue
        if total and needed.isdisjoint(there) and (_ANY_NUMBER,) not in phrase.words:
            scores.setdefault(phrase.code, 0.0)  # nothing of it is there
            continue
        found = [
            run
            for run in phrase.words
            if (
                in_range(phrase.code) > 0 if run == (_ANY_NUMBER,) else f" {' '.join(run)} " in text
            )
        ]
        worth = _worth(found, known.weight)
        if not total or (len(found) < len(phrase.words) and not asked):
            continue
        score = worth * (worth / total) ** 2 - _against(
            denied, [word for run in phrase.words for word in run]
        )
        score += _SURE if phrase.alone and not asked else 0.0
        if phrase.leads and len(found) == len(phrase.words) and score > 0:
            score = max(score, _LEAST_UNASKED if not asked else _LEAST)
        scores[phrase.code] = max(scores.get(phrase.code, 0.0), score)
    return scores


def _worth(runs: Iterable[Sequence[str]], weight: Mapping[str, float]) -> float:
    return sum(sum(weight.get(word, 0.0) for word in run) + (len(run) - 1) for run in runs)


def _by_titles(words: Sequence[str], known: _Known) -> dict[str, float]:
    """What the words are worth that a text shares with the title of each modifier."""
    # A number tells only together with what it counts.
    said = {word for word in words if number_of(word) is None} - _HOLLOW - STOPWORDS
    denied = _denied(words)
    scores = {}
    for code, title in known.titles.items():
        own = {word for word in title if word not in _HOLLOW}
        shared = sum(known.weight[word] for word in said & own)
        total = sum(known.weight[word] for word in own) or 1.0
        scores[code] = shared * (0.55 + 0.45 * shared / total) - _against(denied, title)
    return scores
