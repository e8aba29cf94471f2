"""Abbreviations and lay words, and the sense that each has among the words around it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from codesets import laterality
from index.text.resources import Row, read_table
from index.text.senses import UNSEARCHED, Groups, Neighbour, Sense, choose, is_pressure, neighbours
from index.text.tokens import fold

#: One word as coders type it: "s/p", "w/", "c.diff", "a-fib", "hpv+", "#nof".
_TYPED = re.compile(r"[+#]?[a-z0-9\u00b0]+(?:[/&'.+-][a-z0-9\u00b0]+)*(?:[/+-](?!\w))?")
_VERTEBRAE = re.compile(r"(?P<first>[ctls])\d{1,2}(?:-|(?=[ctls]))(?P<last>[ctls])?\d{1,2}")
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
#: Weeks of gestation: "34 weeks", "20wks", "39w2d"; no weeks of age, and no time since an event.
_WEEKS = re.compile(
    r"(?<![\d.])(?P<weeks>\d{1,2})(?:\s*(?:wk|week)s?|w(?:ga|\d?d?))\b"
    r"(?!\s*(?:ago|old|post|pp|later|of age|after|status|s/p))"
)
#: Only pregnancies are told in weeks and days.
_WEEKS_AND_DAYS = re.compile(r"\d{1,2}w(?:ga|\dd)")
_PREGNANT = frozenset(
    """pregnant pregnancy preg gest gestation gestational ga iup ob prenatal antepartum labor labour
    fetus fetal fetuses twins twin triplets breech previa abruption preeclampsia pre-eclampsia
    eclampsia hyperemesis trimester gravid gravida g1 g2 g3 g4 g5 g1p0 g2p1 g3p2 prom pprom gdm
    cervix oligohydramnios polyhydramnios oligo poly iugr fgr delivery placenta placental
    cholestasis""".split()
)
_BORN = frozenset("newborn nb neonate neonatal infant baby premie preemie nicu born".split())


def _trimester(text: str, words: Iterable[str]) -> str:
    """The trimester that the weeks of a pregnancy fall in, "" where no pregnancy is named: the
    second begins at 14 weeks 0 days, the third at 28 weeks 0 days (ICD-10-CM, chapter 15)."""
    match = _WEEKS.search(text)
    all_words = set(words)
    if not match or all_words & _BORN or "trimester" in all_words:
        return ""
    if not all_words & _PREGNANT and not _WEEKS_AND_DAYS.fullmatch(match[0]):
        return ""
    weeks = int(match["weeks"])
    return f"{'first' if weeks < 14 else 'second' if weeks < 28 else 'third'} trimester"


#: A place on a chromosome, by the nomenclature of cytogenetics (ISCN): 22q11.2, 1p36, 4p-.
_LOCUS = re.compile(
    r"(?P<chromosome>[1-9]|1\d|2[0-2]|x|y)(?P<arm>[pq])(?:ter)?[\d.]*(?:-?[pq]?(?:ter)?[\d.]+)?"
    r"(?P<lost>-?)"
)
_ARMS = {"p": "short", "q": "long"}
#: One of a series of hereditary diseases, by its symbol and number: DFNB1A, CMT4B1, SCA-3.
_OF_A_SERIES = re.compile(r"(?P<symbol>[a-z]{2,})-?\d{1,3}[a-z]{0,2}\d?")
#: The kind of the lexicon's rows whose shorthand is the symbol of a series of hereditary diseases.
#: The symbol has this meaning only where a number follows it.
SERIES = "series"
#: Kinds of the lexicon's rows that name a drug, and the route by which one is given.
DRUG, ROUTE = "drug", "route"
#: The kind of the rows that name a drug by its class, in the words of the Table of Drugs.
DRUG_CLASS = "drug_class"
#: Kinds of rows that name other things that HCPCS has codes for.
GOODS = frozenset({"supply", "service"})
#: The kind of rows that name a part of a note ("CC:", "PMH:"). With a colon, at the start of a
#: statement, their shorthand is left out of what is searched.
HEADING = "heading"
#: Words that turn a supply or service into a diagnosis: something happened to it, or to the
#: patient who has it ("insulin pump malfunction"). Its name is then not replaced.
_DIAGNOSIS_WORDS = frozenset(
    """status s/p presence dependence dependent bound history hx h/o complication complications
    malfunction malfunctioning failure failed leak leakage leaking displaced displacement
    dislodged breakdown broken mechanical obstruction obstructed clogged blocked infection infected
    infxn loosening rejection accident collision crash fall fell injury injured struck overdose
    adverse allergy allergic reaction poisoning toxicity underdosing underdose fitting adjustment
    aftercare attention encounter syndrome disorder disease contusion dermatitis""".split()
)
#: How much of a drug is given, as typed: "40mg", "1,000", "80 mg". It does not help to find the
#: code, whose title has units of its own.
_AMOUNT = re.compile(r"[\d.,/]+(?:mg|mcg|gm?|grams?|units?|iu|meq|k)?|mg|mcg|gm?|grams?|meq|iu")
#: Words of drugs' names from this many letters on may name a salt; shorter ones join others.
_SHORTEST_SALT = 6
#: A brand name is recognized joined ("solumedrol") from this many letters on: a shorter one may
#: be another word.
_SHORTEST_JOINED = 6
#: So short an abbreviation before a hyphen is part of one name: CKD-MBD.
_LONGEST_IN_A_NAME = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Words of a question that are read together. `typed`: the words as typed; `means`: their
    meaning, "" if it is not searched; `kind`: the kind of the lexicon's row, None for a word that
    is in no row; `also`: another meaning that they may have, None if the words decide."""

    typed: tuple[str, ...]
    means: str
    kind: str | None = None
    also: str | None = None


@dataclass(frozen=True, slots=True)
class Official:
    """Shorthand that official texts have, too. In `titles` of codes in force it means just what it
    says; as one of `entries` of the Alphabetic Index it does so first, and the meaning in the
    lexicon is the other reading. Of single words only lay ones do: an abbreviation may be the same
    as a word by chance."""

    titles: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()

    def reading(self, part: Part) -> Part:
        """How a part of a question is read."""
        as_typed = " ".join(part.typed)
        if as_typed in self.titles:
            return replace(part, means=as_typed, also=None)
        if as_typed in self.entries and (len(part.typed) > 1 or part.kind == "lay"):
            return replace(part, means=as_typed, also=part.means)
        return part


UNOFFICIAL = Official()


class Lexicon:
    """Coder's shorthand and lay words, from prompts/vocabulary/abbreviations.tsv.

    Columns: shorthand; means; when; kind.

    `when` has the words one of which makes it this sense: elsewhere in the question; directly
    before it ("in_") or after it ("_visit"). <eye> is any word of a group of word_groups.tsv,
    <drug> the name of any drug, <number> a number, <pressure> a blood pressure. The sense for which
    most words speak is chosen; nearer ones count more. An empty `when`, or <usual> in it, is the
    usual sense, which is chosen if nothing decides; a second <usual> is then the other reading.
    <alone> is the sense if nothing else is said.

    `kind`: a row of the kind "series" applies to a symbol with a number. One of the kinds "supply"
    and "service" applies where the question names no diagnosis. One of the kind "drug" applies to
    the name written as one word, with hyphens or with blanks ("solumedrol"). What is meant by one
    of the kinds "place" and "aside" is not searched, nor is a "heading" with its colon.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._senses: dict[tuple[str, ...], list[Sense]] = {}
        self._joined: dict[str, tuple[str, ...]] = {}
        self._series: dict[str, Sense] = {}
        self._headings: dict[str, Sense] = {}
        for row in rows:
            key = tuple(typed_words(row["shorthand"]))
            sense = Sense.of(row)
            if sense.kind == SERIES:
                self._series[row["shorthand"]] = sense
                continue
            if sense.kind == HEADING:
                self._headings[row["shorthand"]] = sense
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
        self._heading = _heading(self._headings)

    @classmethod
    @lru_cache(maxsize=1)
    def shipped(cls) -> Lexicon:
        """The lexicon of prompts/. Raises VocabularyError when two rows give the same shorthand,
        however it is written, for the same `when`, or define the same group of words."""
        Groups.shipped()
        return cls(read_table("abbreviations.tsv", _defined))

    @property
    def keys(self) -> Collection[tuple[str, ...]]:
        """The shorthand of all rows, as typed words."""
        return self._senses.keys()

    def shorthand(self) -> dict[tuple[str, ...], list[str]]:
        """Words of a meaning -> its shorthand and lay words, to word texts as people type them."""
        short: dict[tuple[str, ...], list[str]] = {}
        for typed, senses in self._senses.items():
            for sense in senses:
                if sense.kind in ("abbreviation", "lay", "eponym", "british"):
                    short.setdefault(tuple(sense.means.split()), []).append(" ".join(typed))
        return short

    @property
    def words_of_drugs(self) -> frozenset[str]:
        """The words that official names of drugs are made of."""
        return self._words_of_drugs

    def knows(self, word: str) -> bool:
        """Whether a word is in the shorthand of some row."""
        return word in self._words

    def typed(self, question: str) -> list[str]:
        """The words of a question, in lower case.

        Words joined by a slash are taken apart ("htn/dm") unless the whole is shorthand. Words
        joined by a hyphen stay one word ("acyl-CoA") unless the first is shorthand ("afib-new").
        Words that titles use are added: the region
        after a range of vertebrae ("L4-L5" is lumbar), the arm and number of a chromosome after a
        place on it ("4p-"), and the trimester, at the end, for weeks of gestation.
        """
        words: list[str] = []
        question = self.without_headings(question)
        question = _ONE_LETTER_SIDE.sub(lambda m: laterality.TYPED_WORDS[m[0].lower()], question)
        for word in typed_words(question):
            locus = _LOCUS.fullmatch(word)
            whole = word in self._words or locus or is_pressure(word)
            parts = [word] if whole else re.split(r"[/&.+]", word)
            words += [each for part in parts if part for each in self._at_hyphens(part)]
            levels = _VERTEBRAE.fullmatch(word)
            if levels:
                ends = levels["first"] + (levels["last"] or levels["first"])
                words.append(_REGIONS.get(ends, ""))
            if locus:
                words += [_ARMS[locus["arm"]], "arm", "of", "chromosome", locus["chromosome"]]
                words += ["deletion"] if locus["lost"] else []
        return words + _trimester(question.lower(), words).split()

    def _at_hyphens(self, word: str) -> list[str]:
        """A word taken apart at its hyphens if its first part is an abbreviation."""
        first, *more = word.split("-")
        if not more or word in self._words or not all(map(str.isalpha, more)):
            return [word]
        senses = self._senses.get((first,), ()) if len(first) > _LONGEST_IN_A_NAME else ()
        apart = any(sense.usual and sense.kind == "abbreviation" for sense in senses)
        return [first, *more] if apart else [word]

    def without_headings(self, text: str) -> str:
        """A text without the headings of a note: "CC: cough" -> "cough"."""
        for match in reversed(list(self._heading.finditer(text))):
            heading = self._headings[" ".join(match["heading"].lower().split()) + ":"]
            rest = text[: match.start("heading")] + text[match.end() :]
            if not rest.strip():
                continue
            company = neighbours(typed_words(rest), self._senses, self._longest)
            if choose([heading], 0, 0, company, a_drug=False):
                text = rest
        return text

    def kept(self, question: str, parts: Sequence[Part]) -> str:
        """A question without its headings and the words that are not searched, "" if it has none of
        these. `parts`: those of the question."""
        kept = self.without_headings(question)
        for words in {part.typed for part in parts if part.kind in UNSEARCHED}:
            kept = _said(words).sub(" ", kept)
        return "" if kept == question else " ".join(kept.split())

    def spell_out(self, words: list[str]) -> list[str]:
        """Replace each shorthand, the longest first, by what it means among these words."""
        return [word for part in self.parts(words) for word in part.means.split()]

    def parts(self, words: list[str], official: Official = UNOFFICIAL) -> list[Part]:
        """The words of a question as they are read together. An amount right after a drug or a
        route ("40mg") gets an empty meaning. `official`: the shorthand that official texts have,
        too."""
        company = neighbours(words, self._senses, self._longest)
        parts = self._parts(words, company, official, a_drug=False)
        if any(part.kind == DRUG for part in parts):
            parts = self._parts(words, company, official, a_drug=True)
        read: list[Part] = []
        after_drug = False
        for part in map(self._without_a_salt, parts, [*parts[1:], None]):
            is_amount = after_drug and part.kind is None and bool(_AMOUNT.fullmatch(part.typed[0]))
            read.append(Part(part.typed, "", DRUG) if is_amount else part)
            after_drug = is_amount or part.kind in (DRUG, ROUTE)
        if any(part.means for part in read):
            return read
        # What would be said in passing is all that is said.
        return self._parts(words, company, official, a_drug=False, passing=False)

    def _without_a_salt(self, part: Part, following: Part | None) -> Part:
        """A part; a drug's name as typed where another word of drugs follows, which names its salt
        or form: the usual salt is not meant in "dexamethasone acetate"."""
        if part.kind != DRUG or following is None:
            return part
        word = following.typed[0]
        names_a_drug = len(word) >= _SHORTEST_SALT and word in self._words_of_drugs
        if not names_a_drug or word in part.means.split():
            return part
        as_typed = " ".join(part.typed)
        return replace(part, means=as_typed, also=part.means if part.means != as_typed else None)

    def _parts(
        self,
        words: list[str],
        company: Sequence[Neighbour],
        official: Official,
        *,
        a_drug: bool,
        passing: bool = True,
    ) -> list[Part]:
        """The words as they are read together. `a_drug`: whether a drug is named; `passing`:
        whether some may be said in passing, and not be searched."""
        all_words = set(words)
        parts: list[Part] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                typed = tuple(words[at : at + length])
                senses = self._senses_of(typed, all_words, passing)
                chosen = senses and choose(senses, at, at + length, company, a_drug)
                if chosen:
                    sense, other = chosen
                    also = None if other is None else other.meaning
                    part = Part(typed, sense.meaning, sense.kind, also)
                    parts.append(official.reading(part))
                    break
            else:
                typed = (words[at],)
                parts.append(Part(typed, words[at]))
            at += len(typed)
        return parts

    def _senses_of(self, typed: tuple[str, ...], all_words: set[str], passing: bool) -> list[Sense]:
        """The senses that words may have in a question with these words."""
        key = typed if typed in self._senses else self._joined.get(_join(typed), typed)
        if key not in self._senses and len(typed) == 1:
            disease = _OF_A_SERIES.fullmatch(typed[0])
            series = self._series.get(disease["symbol"]) if disease else None
            return [series] if series else []
        others = all_words - set(typed)
        return [
            sense
            for sense in self._senses.get(key, ())
            if (sense.kind not in GOODS or not others & _DIAGNOSIS_WORDS)
            and (passing or sense.kind not in UNSEARCHED)
        ]


@lru_cache(maxsize=1024)
def _said(words: tuple[str, ...]) -> re.Pattern[str]:
    """Words as they may be typed, whatever stands between them."""
    phrase = r"\W+".join(map(re.escape, words))
    return re.compile(rf"(?<![\w/&-])(?:{phrase})(?![\w/&-])", re.I)


def _heading(headings: Iterable[str]) -> re.Pattern[str]:
    """A heading at the start of a statement, with its colon."""
    names = "|".join(
        r"\s+".join(map(re.escape, heading.rstrip(":").split()))
        for heading in sorted(headings, key=len, reverse=True)
    )
    return re.compile(rf"(?:^|[\n;.])\s*(?P<heading>{names or '(?!)'})\s*:(?!\S*\d)", re.I)


def _defined(row: Row) -> list[tuple[str, ...]]:
    """What a row of the file defines: a shorthand in one sense, however it is written."""
    apart = row["kind"] if row["kind"] in (SERIES, HEADING) else ""
    return [(" ".join(typed_words(row["shorthand"])), row["when"], apart)]


def _join(words: tuple[str, ...]) -> str:
    return "".join(words).replace("-", "")


def typed_words(text: str) -> list[str]:
    """The words of a question in lower case, with slashes and signs ("s/p", "w/", "er+")."""
    return [match.removesuffix("'s") for match in _TYPED.findall(fold(text))]
