"""What the words beside a code say: words of clinics, numbers and drugs that mean a code, and the
words that tell which of some codes is meant."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.desk import together_rows as table
from codesets.model import Code, CodeRange, Term
from index.statement.books import Books
from index.statement.facts import among, read_statement
from index.text.attributes import HOLLOW, OTHER, SIDE
from index.text.lexicon import Lexicon
from index.text.sides import spell_sides
from index.text.tokens import fold, plain_words, read, stem

#: The most codes of the ranges of a code that are compared with the words.
_MOST = 2000


#: Words that ask or chat, and name nothing.
_CHATTER = frozenset(
    map(
        stem,
        """anything something ok okay fine do does did i we it that all also yes no right correct
        report bill claim need add only just alone enough done today seen visit doc provider note
        says documented dx charted per chart pt mon wed fri mwf w or and which what if goes go both
        poa there he she they who had got still now new here for this see record clinic office
        time day week month year old yo ago get can use used put have has please
        dr md nurse coder code line newborn infant baby child adult male female boy girl man woman
        patient claim auditor provider listed other too also diet controlled resolved noted
        found""".split(),
    )
)


def affirmed(words: str) -> str:
    """The words of what is so, or was so."""
    facts = among(read_statement(words).facts, "affirmed", "past", "uncertain")
    return ", ".join(fact.said for fact in facts)


def spelled_out(words: str) -> str:
    lexicon = Lexicon.shipped()
    return " ".join(lexicon.spell_out(lexicon.typed(spell_sides(words))))


def telling(spelled: str, given: Sequence[Code]) -> frozenset[str]:
    """The stems that say more than the titles of the given codes."""
    # A code of a drug says nothing of what the drug did.
    others = [code for code in given if not "T36" <= code.code[:3] <= "T50"]
    own = frozenset().union(*(read(code.title).stems for code in others))
    said = read(spelled).affirmed - HOLLOW - OTHER - _CHATTER
    said = frozenset(word for word in said if len(word) > 1 or word.isdigit())
    # "CKD 5" beside hypertensive kidney disease with stage 5 says the stage.
    return said - own or (said if len(said) > 2 else frozenset())


def named_partners(books: Books, said: str, given: Sequence[Code]) -> Iterator[tuple[str, Code]]:
    """The codes that words of clinics and numbers mean, each with its words, longest first."""
    found = [(match[0], code) for match, code in table.said_in(fold(said).replace(", ", " "))]
    for words, name in sorted(found, key=lambda one: -len(one[0])):
        if code := books.code(name) or books.complete(name, said):
            yield words, code
    yield from _numbered(books, said, given)


def drug_of(books: Books, fact: str) -> Code | None:
    """The adverse effect of the drug that a fact names, by the Table of Drugs."""
    reference = books.store.references.for_date("drugs", "icd10cm", books.day)
    if reference is None:
        return None
    said = [*plain_words(fact), *plain_words(spelled_out(fact))]
    # "Methicillin resistant" names an organism.
    words = [word.capitalize() for word in said if len(word) > 4 and word != "methicillin"]
    rows = books.store.references.rows(Term, reference, text=words, column="Adverse effect")
    term = next(iter(rows), None) if words else None
    return books.complete(term.code, fact) if term else None


_WEEKS = re.compile(r"\b(\d\d?)\s*(?:\+\s*\d\s*)?(?:w|wk|wks|week|weeks|wga)(?:\s*\d\s*d)?\b")


_BMI = re.compile(r"\bbmi\s*(?:of|is|=|:)?\s*(\d\d)(?:\.(\d))?")


_ALCOHOL = re.compile(
    r"\b(?:bac|etoh level|blood alcohol|bal|alcohol level)\D{0,12}?(\d?\.\d+|\d{2,3})"
)


_BURNED = re.compile(r"\b(\d\d?)\s*%\s*(?:tbsa|bsa|body|of body)?")


_COMA = re.compile(r"\b(?:gcs|glasgow(?: coma)?(?: scale| score)?)\D{0,8}?(\d\d?)\b")
_NIHSS = re.compile(r"\b(?:nihss|nih stroke scale|nih)\D{0,8}?(\d\d?)\b")


def _numbered(books: Books, said: str, given: Sequence[Code]) -> Iterator[tuple[str, Code]]:
    """The codes that a number means: weeks of a pregnancy, a body mass index, an alcohol level, a
    burned surface, a stroke scale, a coma scale; each with its words."""
    text = fold(said)
    names: list[tuple[str, str]] = []
    if found := _WEEKS.search(text):
        week = int(found[1])
        name = "Z3A.01" if week < 8 else "Z3A.49" if week > 42 else f"Z3A.{week:02d}"
        names.append((found[0], name))
    if found := _BMI.search(text):
        names.append((found[0], _bmi(int(found[1]))))
    if found := _ALCOHOL.search(text):
        level = float(found[1]) * (1000 if "." in found[1] else 1)
        limits = (20, 40, 60, 80, 100, 120, 200, 240)
        names.append((found[0], f"Y90.{sum(level >= limit for limit in limits)}"))
    if found := _NIHSS.search(text):
        names.append((found[0], f"R29.7{int(found[1]):02d}"))
    if found := _COMA.search(text):
        score = int(found[1])
        names.append((found[0], f"R40.24{3 if score < 9 else 2 if score < 13 else 1}"))
    if found := _BURNED.search(text):
        tens = int(found[1]) // 10
        corrosion = any(code.code[4:5] in "4567" for code in given if code.code[:2] == "T2")
        head = f"{'T32' if corrosion else 'T31'}.{tens}"
        names.append((found[0], head if tens == 0 else f"{head}0"))
    for words, name in names:
        if code := books.code(name) or books.complete(name, said):
            yield words, code


def _bmi(value: int) -> str:
    if value < 20:
        return "Z68.1"
    if value < 40:
        return f"Z68.{value}"
    return f"Z68.4{sum(value >= limit for limit in (45, 50, 60, 70)) + 1}"


@lru_cache(maxsize=16)
def _texts(books: Books, ranges: tuple[CodeRange, ...]) -> tuple[tuple[Code, tuple[str, ...]], ...]:
    """The billable codes of some ranges, each with its official texts."""
    codes: list[Code] = []
    for named in ranges:
        span = books.store.span(books.release, named.first, named.last)
        if span[1] > _MOST:
            return ()
        if named.first == named.last:
            codes += books.below(named.first)
        else:
            headers = books.store.at_level(books.release, named.first, named.last)
            codes += [code for header in headers for code in books.below(header.code)]
    names = list(dict.fromkeys(code.code for code in codes))
    texts: dict[str, list[str]] = {name: [] for name in names}
    for kind in ("index", "external_causes"):
        reference = books.store.references.for_date(kind, "icd10cm", books.day)
        if reference is None:
            continue
        for at in range(0, len(names), 500):
            for term in books.store.references.rows(Term, reference, code=names[at : at + 500]):
                texts[term.code].append(term.text)
    return tuple((code, (code.title, *texts[code.code][:40])) for code in codes)


def matching(
    books: Books, ranges: tuple[CodeRange, ...], spelled: str, stems: frozenset[str]
) -> Iterator[tuple[Code, float]]:
    """The codes of some ranges whose texts have telling words, with their points."""
    texts = _texts(books, ranges)
    if not texts:
        return
    all_said = read(spelled).affirmed - _CHATTER
    sides = SIDE.said(read(spelled))
    counts = Counter(word for code, _ in texts for word in read(code.title).affirmed)
    for code, each in texts:
        best = 0.0
        own_sides = SIDE.said(read(code.title))
        for at, text in enumerate(each):
            reading = read(text)
            telling = reading.affirmed & stems
            if len(telling) < 0.4 * len(stems):
                continue
            shared = reading.affirmed & all_said
            weight = sum(math.log(2 + len(texts) / (1 + counts[word])) for word in shared)
            unsaid = len(reading.affirmed - all_said - HOLLOW)
            denied = len(reading.denied & all_said)
            best = max(best, weight - 0.35 * unsaid - 1.5 * denied - 0.3 * bool(at))
        if best <= 0:
            continue
        if own_sides:
            best += 1.0 if own_sides <= sides else -1.5
        yield code, best


#: Words of titles that say nothing of which code is meant.
_SAYS_NOTHING = HOLLOW | OTHER | read("part").stems


def unsaid(code: Code, words: str) -> int:
    """How many words of a title a text does not say."""
    return len(read(code.title).affirmed - read(spelled_out(words)).affirmed - _SAYS_NOTHING)
