"""Finds the drugs that a text names: by the names of the ASP crosswalk, the long descriptors of
HCPCS Level II, and the names in use of prompts/vocabulary."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from rapidfuzz.distance import DamerauLevenshtein

from bot.desk.doses.words import hollow, shorthand
from codesets.lookups.billing_unit import BillingUnit, unit_of_descriptor
from codesets.model import Code, Product
from index.text.lexicon import DRUG, Lexicon
from index.text.resources import read_table
from index.text.tokens import fold

#: The codes of drugs and of other things that are billed by an amount: no casts (Q4001-Q4051).
#: Blood and its products (P9010-P9099) are billed by the unit, or by a volume.
_OF_DRUGS = re.compile(r"J|Q(?!40)|P90|C9|S0[01]|S5[05]|A9[5-7]|G0")
_OF_BLOOD = re.compile(r"P90")
_WORD = re.compile(r"[a-z0-9]+")
#: Letters that belong together: L-A, C-R, S/D.
_INITIALS = re.compile(r"\b([a-z])[-/.]([a-z])\b\.?")
_SHORTEST_SLIP, _SHORTEST_CUT = 5, 5
#: What a word of a name counts that the text does not have.
_LACKING = 0.55
#: What a word counts that another name of the same code has.
_ALSO = 0.5


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, folded, and where it stands; two words that stand together are one more."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug that a text names.

    - `start`, `end`: where its name stands.
    - `codes`: each code that the name may mean -> how well its names fit.
    - `whole`: whether some name of it is there as a whole.
    """

    start: int
    end: int
    codes: Mapping[str, float]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of a code. `whole_only`: whether it counts only where all its words are there. `less`:
    what it counts less than the code's own names."""

    code: str
    words: tuple[str, ...]
    whole_only: bool = False
    less: float = 0.0


class DrugNames:
    """The names of the drugs of one release and crosswalk. `units`: the billing unit of each code
    that has one. `products`: those of the crosswalk, by code."""

    def __init__(self, codes: Iterable[Code], products: Sequence[Product]) -> None:
        self.units: dict[str, BillingUnit] = {}
        self.titles: dict[str, str] = {}
        self.products: dict[str, list[Product]] = defaultdict(list)
        for product in products:
            self.products[product.code].append(product)
        names: dict[tuple[str, tuple[str, ...]], None] = {}
        for code in codes:
            if not (_OF_DRUGS.match(code.code) or code.code in self.products):
                continue
            unit = unit_of_descriptor(code.title)
            if unit is None:
                continue
            self.units[code.code] = unit
            self.titles[code.code] = code.title
            texts = list(_names_in(code.title))
            # What is done to a blood product is told apart as forms are.
            for text in texts[:1] if _OF_BLOOD.match(code.code) else texts:
                names[code.code, name_words(text)] = None
        for product in products:
            if product.code in self.units:
                names[product.code, name_words(product.name)] = None
                # A name with a hyphen is written together, too: Solu-Cortef, solucortef.
                if re.match(r"[a-z]{3,}-[a-z]{3,}", product.name, re.I):
                    names[product.code, name_words(product.name.replace("-", "", 1))] = None
        self._names = [_Name(code, words) for code, words in names if words]
        # A drug that has words of salts alone ("potassium chloride") is known by all of them.
        self._names += [
            _Name(code, ("".join(words[:2]),), True)
            for code, words in names
            if len(words) in (2, 3) and hollow().issuperset(words)
        ]
        self._names += [
            _Name(code, (short, *words[len(begun) :]), True)
            for code, words in names
            for short, begun in _shorthand()
            if words[: len(begun)] == begun
        ]
        self._index()
        self._add_names_in_use()
        self._index()

    def _index(self) -> None:
        """The names by their words, and how telling each word is."""
        codes_of: dict[str, set[str]] = defaultdict(set)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self._names):
            for word in set(name.words):
                codes_of[word].add(name.code)
                self._by_word[word].append(place)
        count = len(self.units) + 1
        self._weight = {
            word: 0.6 if word in hollow() or word.isdigit() else math.log(count / len(codes))
            for word, codes in codes_of.items()
        }
        self._telling = frozenset(
            word
            for word, codes in codes_of.items()
            if word not in hollow() and not word.isdigit() and len(word) > 2 and len(codes) < 40
        )
        self._by_initial: dict[str, list[str]] = defaultdict(list)
        for word in self._telling:
            if len(word) >= _SHORTEST_SLIP:
                self._by_initial[word[0]].append(word)

    def _add_names_in_use(self) -> None:
        """The names of everyday.tsv, and the drugs of abbreviations.tsv by what they mean."""
        known = {(name.code, name.words) for name in self._names}
        rows = [
            (row["code"], row["name"], 0.0)
            for row in read_table("everyday.tsv", lambda row: [(row["name"], row["code"])])
            if row["code"] in self.units
        ]
        for row in read_table("abbreviations.tsv", lambda row: []):
            if row["kind"] == DRUG and not row["when"]:
                rows += [
                    (code, row["shorthand"], less) for code, less in self._called(row["means"])
                ]
        for code, text, less in rows:
            words = tuple(word for word in name_words(text) if word not in hollow())
            if not 0 < len(words) <= 3 or (code, words) in known:
                continue
            if all(map(_is_everyday, words)):
                continue
            known.add((code, words))
            self._names.append(_Name(code, words, True, less))

    def _called(self, name: str) -> list[tuple[str, float]]:
        """The codes of which a name has all these words, and what the name counts less because it
        has others."""
        words = set(name_words(name)) - hollow()
        if not words or not words <= self._by_word.keys():
            return []
        least: dict[str, float] = {}
        for place in set.intersection(*(set(self._by_word[word]) for word in words)):
            found = self._names[place]
            more = len(set(found.words) - hollow() - words)
            least[found.code] = min(least.get(found.code, 9.0), 0.5 + min(more, 2))
        return sorted(least.items())

    def drugs_in(self, text: str) -> list[Drug]:
        """The drugs that a text names, in order."""
        found: list[Drug] = []
        words = text_words(text)
        matched = self._matched(words) | self._slips(words)
        telling = [word for word, known in matched.items() if known in self._telling]
        if not all(map(_is_everyday, (word.text for word in telling))):
            telling = [word for word in telling if not _is_everyday(word.text)]
        for cluster in _clusters(sorted(telling, key=lambda word: word.start), text):
            first, last = cluster[0].start, max(word.end for word in cluster)
            if found and first < found[-1].end:
                continue
            # The words of a name stand together; form words may stand a little apart.
            near = {
                matched[word]
                for word in matched
                if first - 24 <= word.start and word.end <= last + 30
            }
            core = {matched[word] for word in cluster}
            codes, whole = self._scored(core, near)
            if codes:
                found.append(Drug(first, last, codes, whole))
        return found

    def _matched(self, words: Sequence[Word]) -> dict[Word, str]:
        return {word: word.text for word in words if word.text in self._by_word}

    def _slips(self, words: Sequence[Word]) -> dict[Word, str]:
        """Words with a slip of typing, or cut short, that are near a telling word."""
        found: dict[Word, str] = {}
        for word in words:
            text = word.text
            if len(text) < _SHORTEST_SLIP or not text.isalpha() or text in self._by_word:
                continue
            if text in hollow() or _is_everyday(text):
                continue
            known = self._by_initial[text[0]]
            most = 1 if len(text) < 8 else 2
            near = [
                (distance, one)
                for one in known
                if abs(len(one) - len(text)) <= most
                and (distance := DamerauLevenshtein.distance(text, one, score_cutoff=most)) <= most
            ]
            if near:
                found[word] = min(near)[1]
                continue
            begun = [one for one in known if one.startswith(text)]
            if len(text) >= _SHORTEST_CUT and len(begun) == 1:
                found[word] = begun[0]
        return found

    def _scored(self, core: set[str], near: set[str]) -> tuple[dict[str, float], bool]:
        """Each code that the words may name -> how well its best name fits; and whether a whole
        name is there."""
        best: dict[str, tuple[float, str]] = {}
        told: dict[str, set[str]] = defaultdict(set)
        whole = False
        places = {place for word in core for place in self._by_word[word]}
        for place in places:
            name = self._names[place]
            have = [word for word in name.words if word in near]
            lack = [word for word in name.words if word not in near]
            if name.whole_only and lack:
                continue
            got = sum(self._weight[word] for word in have)
            lost = sum(self._weight[word] for word in lack if not word.isdigit())
            telling_lost = [w for w in lack if w in self._telling]
            if got < lost:
                continue
            score = got - _LACKING * lost - name.less
            whole |= not telling_lost
            told[name.code].update(have)
            if score > best.get(name.code, (0.0, ""))[0]:
                best[name.code] = score, " ".join(have)
        if not best:
            return {}, False
        # A code of which several names are there is surer: "immune globulin (asceniv)".
        fits = {
            code: score
            + _ALSO * sum(self._weight[w] for w in told[code] & core if w not in have.split())
            for code, (score, have) in best.items()
        }
        top = max(fits.values())
        return {code: score for code, score in fits.items() if score >= top - 6}, whole


def text_words(text: str) -> list[Word]:
    """The words of a text, and each two that stand side by side as one."""
    folded = fold(text)
    if len(folded) != len(text):
        folded = text.lower()
    single = [Word(m[0], m.start(), m.end()) for m in _WORD.finditer(folded)]
    joined = [
        Word(one.text + other.text, one.start, other.end)
        for one, other in pairwise(single)
        if other.start - one.end <= 1
    ]
    return single + joined


def name_words(text: str) -> tuple[str, ...]:
    """The words of a name, in order, each once: "Bicillin L-A" is bicillin and la. Strengths are
    left out."""
    text = _INITIALS.sub(r"\1\2", fold(text).replace("(kit)", " "))
    text = re.sub(r"\b\d[\d.,]*\s*(?:mg|mcg|ml|%|units?|iu|gm?|meq)\b", " ", text)
    return tuple(dict.fromkeys(_WORD.findall(text)))


@cache
def _shorthand() -> list[tuple[str, tuple[str, ...]]]:
    """Short words, written together -> the words of names that they stand for."""
    return [("".join(name_words(short)), name_words(name)) for short, name in shorthand().items()]


def _names_in(title: str) -> Iterable[str]:
    """The names in a long descriptor: what stands before its first comma, and in brackets."""
    body = re.sub(
        r"^(?:injection|inj|infusion|intravesical instillation|injectable)\b[\s,]*",
        "",
        title,
        flags=re.I,
    )
    outside = re.sub(r"\([^()]*\)", " ", body)
    yield outside.split(",")[0]
    first_two = outside.split(",")[:2]
    if len(first_two) == 2 and not re.search(r"\d", first_two[1]):
        yield " ".join(first_two)
    for inside in re.findall(r"\(([^()]*)\)", body):
        if not re.search(r"\d|\be\.g|esrd|code|use\b|list ", inside, re.I) and len(inside) < 40:
            yield from re.split(r"/|,| or ", inside)


def _clusters(words: Sequence[Word], text: str) -> Iterable[list[Word]]:
    """Words that stand together, or with little between them that separates nothing."""
    cluster: list[Word] = []
    for word in words:
        if cluster and (
            word.start - max(one.end for one in cluster) > 14
            or re.search(
                r"[,;.]\s|\band\b|\+|\bplus\b|&|\n|\d\s*(?:mg|mcg|ml|u\b|units?)",
                text[max(one.end for one in cluster) : word.start],
            )
        ):
            yield cluster
            cluster = []
        cluster.append(word)
    if cluster:
        yield cluster


def _is_everyday(word: str) -> bool:
    """Whether it is an ordinary word of a question, and no word of the name of a drug."""
    return word in _everyday_words()


@cache
def _everyday_words() -> frozenset[str]:
    """The words that names of diagnoses and services have, without those of drugs."""
    counts: Counter[str] = Counter()
    for row in read_table("everyday.tsv", lambda row: [(row["name"], row["code"])]):
        if row["code"][0] not in "JQ":
            counts.update(set(_WORD.findall(row["name"].lower())))
    lexicon = Lexicon.shipped()
    drugs = lexicon.words_of_drugs | {
        word
        for row in read_table("abbreviations.tsv", lambda row: [])
        if row["kind"] == DRUG
        for word in name_words(row["shorthand"])
    }
    return frozenset(word for word, count in counts.items() if count > 1) - drugs
