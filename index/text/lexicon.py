"""Abbreviations and lay words, and which sense the words around them choose."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from codesets import laterality
from index.text.resources import read_text
from index.text.tokens import fold

#: What a coder types as one word: "s/p", "w/", "c.diff", "a-fib", "hpv+", "#nof".
_TYPED = re.compile(r"[+#]?[a-z0-9\u00b0]+(?:[/&'.+-][a-z0-9\u00b0]+)*(?:[/+-](?!\w))?")
_VERTEBRAE = re.compile(r"(?P<first>[ctls])\d{1,2}-(?P<last>[ctls])?\d{1,2}")
_REGIONS = {
    first + last: region
    for first, last, region in (
        ("c", "c", "cervical"),
        ("c", "t", "cervicothoracic"),
        ("t", "t", "thoracic"),
        ("t", "l", "thoracolumbar"),
        ("l", "l", "lumbar"),
        ("l", "s", "lumbosacral"),
        ("s", "s", "sacral"),
    )
}
#: A side as one capital letter, alone: "cubital tunnel L", "OA (R) hip".
_ONE_LETTER_SIDE = re.compile(
    r"(?<!factor )(?<!vitamin )(?<!type )(?<!group )(?<![\w.+/&'-])[RL](?![\w.+/&'-])"
)
#: Weeks of gestation: "34 weeks", "20wks", "39w2d"; not of age, nor of time since.
_WEEKS = re.compile(
    r"(?<![\d.])(?P<weeks>\d{1,2})(?:\s*(?:wk|week)s?|w(?:ga|\d?d?))\b"
    r"(?!\s*(?:ago|old|post|pp|later|of age|after|status|s/p))"
)
_PREGNANT = frozenset(
    """pregnant pregnancy preg gest gestation gestational ga iup ob prenatal antepartum labor labour
    fetus fetal fetuses twins twin triplets breech previa abruption preeclampsia pre-eclampsia
    eclampsia hyperemesis trimester gravid gravida g1 g2 g3 g4 g5 g1p0 g2p1 g3p2 prom pprom gdm
    cervix oligohydramnios polyhydramnios oligo poly iugr fgr delivery placenta placental
    cholestasis""".split()
)
_BORN = frozenset("newborn nb neonate neonatal infant baby premie preemie nicu born".split())


def _trimester(text: str, words: Iterable[str]) -> str:
    """The trimester that the weeks of a pregnancy fall in: the second begins at 14 weeks 0 days,
    the third at 28 weeks 0 days (ICD-10-CM, chapter 15)."""
    said = _WEEKS.search(text)
    company = set(words)
    if not said or not company & _PREGNANT or company & _BORN or "trimester" in company:
        return ""
    weeks = int(said["weeks"])
    return f"{'first' if weeks < 14 else 'second' if weeks < 28 else 'third'} trimester"


#: A place on a chromosome, by the nomenclature of cytogenetics (ISCN): 22q11.2, 1p36, 4p-.
_LOCUS = re.compile(
    r"(?P<chromosome>[1-9]|1\d|2[0-2]|x|y)(?P<arm>[pq])(?:ter)?[\d.]*(?:-?[pq]?(?:ter)?[\d.]+)?"
    r"(?P<lost>-?)"
)
_ARMS = {"p": "short", "q": "long"}
#: One of a series of hereditary diseases, by its symbol and number: DFNB1A, CMT4B1, SCA-3.
_OF_A_SERIES = re.compile(r"(?P<symbol>[a-z]{2,})-?\d{1,3}[a-z]{0,2}\d?")
#: The kind of the lexicon's rows that name a series of hereditary diseases by its symbol, which
#: means it only where a number follows.
SERIES = "series"
#: Kinds of the lexicon's rows that name what HCPCS codes, and how a drug is given.
DRUG, ROUTE = "drug", "route"
GOODS = frozenset({"supply", "service"})
#: The word of a `when` that stands for any drug.
_A_DRUG = "<drug>"
#: Words by which a question is about what became of a supply, or of who has it: a diagnosis,
#: which keeps the words it was asked in ("insulin pump malfunction").
_BEFALLEN = frozenset(
    """status s/p presence dependence dependent bound history hx h/o complication complications
    malfunction malfunctioning failure failed leak leakage leaking displaced displacement
    dislodged breakdown broken mechanical obstruction obstructed clogged blocked infection infected
    infxn loosening rejection accident collision crash fall fell injury injured struck overdose
    adverse allergy allergic reaction poisoning toxicity underdosing underdose fitting adjustment
    aftercare attention encounter syndrome disorder disease contusion dermatitis""".split()
)
#: How much of a drug is given, as typed: "40mg", "1,000", "80 mg". It says nothing of which code
#: is meant, which tells its own units.
_AMOUNT = re.compile(r"[\d.,/]+(?:mg|mcg|gm?|grams?|units?|iu|meq|k)?|mg|mcg|gm?|grams?|meq|iu")
#: A brand is one name however it is joined, if it is long enough not to be another word.
_SHORTEST_JOINED = 6


@dataclass(frozen=True, slots=True)
class _Sense:
    means: str
    when: frozenset[str]
    kind: str


@dataclass(frozen=True, slots=True)
class Part:
    """Words of a question that are read together: as typed, what they mean, and the kind of the
    lexicon's row that says so, None for a word that stands for itself."""

    typed: tuple[str, ...]
    means: str
    kind: str | None = None


class Lexicon:
    """Coder's shorthand and lay words, from prompts/vocabulary/abbreviations.tsv.

    Columns: shorthand, means, when (words one of which must stand elsewhere in the question for
    this sense to be chosen, <drug> for the name of any drug; empty for the usual sense), kind.
    Rows of the kind "series" hold for a symbol with a number; those of the kinds "supply" and
    "service" where the question names no diagnosis; those of the kind "drug" for the name joined,
    with hyphens or with blanks ("solumedrol").
    """

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self._senses: dict[tuple[str, ...], list[_Sense]] = {}
        self._joined: dict[str, tuple[str, ...]] = {}
        self._series: dict[str, _Sense] = {}
        for row in rows:
            key = tuple(typed_words(row["shorthand"]))
            sense = _Sense(row["means"], frozenset((row["when"] or "").split()), row["kind"])
            if sense.kind == SERIES:
                self._series[row["shorthand"]] = sense
                continue
            self._senses.setdefault(key, []).append(sense)
            if sense.kind == DRUG and len(_join(key)) >= _SHORTEST_JOINED:
                self._joined.setdefault(_join(key), key)
        self._words_of_drugs = frozenset(
            word
            for senses in self._senses.values()
            for sense in senses
            if sense.kind == DRUG
            for word in typed_words(sense.means)
        )
        self._longest = max(map(len, self._senses), default=1)
        self._words = frozenset(word for key in self._senses for word in key) | self._joined.keys()

    @classmethod
    @lru_cache(maxsize=1)
    def shipped(cls) -> Lexicon:
        text = read_text("vocabulary", "abbreviations.tsv")
        lines = text.splitlines()
        return cls(list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)))

    def shorthand(self) -> dict[tuple[str, ...], list[str]]:
        """What is shortened -> its shorthand and lay words, for wording texts as people type."""
        found: dict[tuple[str, ...], list[str]] = {}
        for typed, senses in self._senses.items():
            for sense in senses:
                if sense.kind in ("abbreviation", "lay", "eponym", "british"):
                    found.setdefault(tuple(sense.means.split()), []).append(" ".join(typed))
        return found

    @property
    def words_of_drugs(self) -> frozenset[str]:
        """The words that official names of drugs are made of."""
        return self._words_of_drugs

    def knows(self, word: str) -> bool:
        return word in self._words

    def typed(self, question: str) -> list[str]:
        """The words of a question. One joined by a slash that is no shorthand as it stands is
        taken apart ("htn/dm"); one joined by a hyphen is a word of its own ("acyl-CoA"). A range
        of vertebrae comes with its region ("L4-L5" is lumbar), a place on a chromosome with the
        words that titles have for it ("4p-"), weeks of gestation with the trimester."""
        words: list[str] = []
        question = _ONE_LETTER_SIDE.sub(lambda m: laterality.TYPED_WORDS[m[0].lower()], question)
        for word in typed_words(question):
            locus = _LOCUS.fullmatch(word)
            parts = [word] if word in self._words or locus else re.split(r"[/&.+]", word)
            words += [part for part in parts if part]
            levels = _VERTEBRAE.fullmatch(word)
            if levels:
                ends = levels["first"] + (levels["last"] or levels["first"])
                words.append(_REGIONS.get(ends, ""))
            if locus:
                words += [_ARMS[locus["arm"]], "arm", "of", "chromosome", locus["chromosome"]]
                words += ["deletion"] if locus["lost"] else []
        return words + _trimester(question.lower(), words).split()

    def spell_out(self, words: list[str]) -> list[str]:
        """Replace each shorthand, longest first, by what it means in this company."""
        return [word for part in self.parts(words) for word in part.means.split()]

    def parts(self, words: list[str]) -> list[Part]:
        """The words of a question as they are read together; how much of a drug is given, which
        stands beside its name, means nothing more."""
        company = set(words)
        parts = self._parts(words, company)
        if any(part.kind == DRUG for part in parts):
            parts = self._parts(words, company | {_A_DRUG})
        read: list[Part] = []
        given = False
        for part in parts:
            amount = given and part.kind is None and _AMOUNT.fullmatch(part.typed[0]) is not None
            read.append(Part(part.typed, "", DRUG) if amount else part)
            given = amount or part.kind in (DRUG, ROUTE)
        return read

    def _parts(self, words: list[str], company: set[str]) -> list[Part]:
        parts: list[Part] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                typed = tuple(words[at : at + length])
                sense = self._sense(typed, company)
                if sense is not None:
                    parts.append(Part(typed, sense.means, sense.kind))
                    break
            else:
                typed = (words[at],)
                parts.append(Part(typed, words[at]))
            at += len(typed)
        return parts

    def _sense(self, typed: tuple[str, ...], company: set[str]) -> _Sense | None:
        """The sense that most of the company speaks for, else the usual one, else None."""
        key = typed if typed in self._senses else self._joined.get(_join(typed), typed)
        if key not in self._senses and len(typed) == 1:
            of_series = _OF_A_SERIES.fullmatch(typed[0])
            return self._series.get(of_series["symbol"]) if of_series else None
        company = company - set(typed)
        senses = [
            sense
            for sense in self._senses.get(key, ())
            if sense.kind not in GOODS or not company & _BEFALLEN
        ]
        called_for = max(senses, key=lambda sense: len(sense.when & company), default=None)
        if called_for is not None and called_for.when & company:
            return called_for
        return next((sense for sense in senses if not sense.when), None)


def _join(words: tuple[str, ...]) -> str:
    return "".join(words).replace("-", "")


def typed_words(text: str) -> list[str]:
    """The words of a question as typed, coder's slashes and signs kept ("s/p", "w/", "er+")."""
    return [match.removesuffix("'s") for match in _TYPED.findall(fold(text))]
