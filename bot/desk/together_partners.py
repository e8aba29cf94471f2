"""What is missing beside a code: the partner that its notes or the guidelines ask for, where the
words of the question say which."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.desk import together_rows as table
from bot.desk.answer import reason
from bot.desk.together_conflicts import Ground
from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code, CodeRange, Note, Term
from index.statement.books import Books
from index.statement.facts import among, read_statement
from index.text.attributes import HOLLOW, OTHER, SIDE
from index.text.lexicon import Lexicon
from index.text.sides import spell_sides
from index.text.tokens import fold, plain_words, read, stem

#: Finds billable codes for words, best first.
Search = Callable[[str], Sequence[Code]]
#: Notes that ask for another code -> whether it comes before.
_ASKING = {"code_first": True, "use_additional_code": False, "code_also": False}
#: The most codes of the ranges of a code that are compared with the words.
_MOST = 4000
#: Words that ask or chat, and name nothing.
_CHATTER = frozenset(
    map(
        stem,
        """anything something ok okay fine do does did i we it that all also yes no right correct
        report bill claim need add only just alone enough done today seen visit doc provider note
        says documented dx charted per chart pt mon wed fri mwf w or and which what if goes go both
        poa there he she they who had got still now new here for this see record clinic office
        time day week month year old yo ago get can use used put have has please
        dr md nurse coder code line""".split(),
    )
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule asks for beside a code.

    - `ranges`: the codes that it names; () where it names none, and any code may be meant.
    - `before`: whether these come first.
    - `note`, `section`: the note, or the section of the guidelines, that asks for it.
    - `adverse`: whether it asks for the adverse effect of a drug.
    - `conditional`: whether it says "if known".
    - `said_only`: whether only words of clinics tell which code is meant.
    """

    ranges: tuple[CodeRange, ...]
    before: bool
    note: Note | None
    section: str = ""
    adverse: bool = False
    conditional: bool = False
    said_only: bool = False


@dataclass(frozen=True, slots=True)
class Partner:
    """A code that is missing beside another, and the rule that asks for it."""

    code: Code
    of: Code
    before: bool
    ground: Ground


def wanted(books: Books, code: Code) -> list[Wanted]:
    """What the notes that govern a code ask for, nearest first, and then the guidelines."""
    groups: dict[tuple[str, str, int], list[Note]] = {}
    for note in notes_of(books.store, books.release, code):
        if note.kind in _ASKING:
            groups.setdefault((note.kind, note.owner, note.group), []).append(note)
    found: list[Wanted] = []
    for (kind, _, _), notes in groups.items():
        named = [(note, range_) for note in notes for range_ in note.codes]
        for note, range_ in named:
            adverse = "character 5" in note.text or "adverse effect" in note.text
            found.append(Wanted((range_,), _ASKING[kind], note, adverse=adverse))
        if not named or any("such as" in note.text for note in notes):
            conditional = bool(re.search(r"\bif (?:known|applicable)\b", notes[0].text))
            ranges = _included(books, code)
            found.append(Wanted(ranges, _ASKING[kind], notes[0], conditional=conditional))
    for row in table.rows("partner"):
        if row.codes("of").has(code.code):
            found += [
                Wanted(
                    (range_,), False, None, row.section, said_only=bool(row.fields.get("said_only"))
                )
                for range_ in row.codes("codes").ranges
            ]
    return found


def _included(books: Books, code: Code) -> tuple[CodeRange, ...]:
    """The conditions that a code of pregnancy says it includes: those are meant by "the specific
    condition"."""
    if code.code[0] != "O":
        return ()
    tabular = next((r for r in books.store.releases("icd10cm")[::-1] if r.has_notes), None)
    chain = [code.code, *(c.code for c in books.store.ancestors(books.release, code))]
    terms = books.store.rows(Term, tabular, code=chain) if tabular else ()
    found = [match for term in terms for match in _CONDITIONS_IN.findall(term.text)]
    return tuple(
        CodeRange(first, last or first, f"{first}-{last or first}") for first, last in found
    )


#: "Conditions in D50-D64", a term under a code of pregnancy.
_CONDITIONS_IN = re.compile(r"\b([A-Z]\d\d(?:\.\d+)?)(?:-([A-Z]\d\d(?:\.\d+)?))?")


def partners(
    books: Books, given: Sequence[Code], words: str, search: Search | None
) -> list[Partner]:
    """The codes that are missing beside the given ones, by the words that are said; at most
    three."""
    said = _affirmed(words)
    if not said.strip():
        return []
    wants = [(code, want) for code in given for want in wanted(books, code)]
    open_ = [(code, want) for code, want in wants if not _met(want, given)]
    found: dict[str, Partner] = {}
    spans: list[str] = []
    for words_said, code in _named(books, said, given):
        for of, want in open_:
            if _asks_for(want, code) and code.code not in {one.code for one in given}:
                if not any(words_said in span for span in spans):
                    found.setdefault(code.code, _partner(code, of, want))
                    spans.append(words_said)
                break
    if found:
        return _apart(found.values())
    facts = [fact for fact in said.split(", ") if fact]
    for fact in dict.fromkeys([said] if len(facts) < 2 else [*facts, said]):
        if fact == said and found:
            break
        one = _matched(books, given, fact, open_)
        if one is not None:
            found.setdefault(one.code.code, one)
    general = any(not want.ranges and not want.conditional for _, want in open_)
    if not found or general:
        searched = _searched(books, given, said, open_, search)
        if searched and _fits_better(searched, found.values(), said, given):
            found = {searched.code.code: searched}
    return _apart(found.values())


def _apart(found: Iterable[Partner]) -> list[Partner]:
    """One partner of each category, the first that was found."""
    by_category: dict[str, Partner] = {}
    for one in found:
        by_category.setdefault(one.code.code[:3] if one.code.code[0] != "R" else one.code.code, one)
    return list(by_category.values())[:3]


def _fits_better(
    searched: Partner, found: Iterable[Partner], said: str, given: Sequence[Code]
) -> bool:
    """Whether the title of a code that was searched says more than those that were found."""
    stems = _telling(_spelled(said), given)
    own = len(read(searched.code.title).affirmed & stems)
    return own > 0 and own > max(
        (len(read(o.code.title).affirmed & stems) for o in found), default=0
    )


def _matched(
    books: Books, given: Sequence[Code], fact: str, open_: Sequence[tuple[Code, Wanted]]
) -> Partner | None:
    """The code of the ranges that are asked for that fits a fact best; None where none does."""
    spelled = _spelled(fact)
    stems = _telling(spelled, given)
    names = {code.code for code in given}
    best: tuple[float, Code, Code, Wanted] | None = None
    for of, want in open_ if stems else ():
        if want.adverse and (drug := _drug(books, fact)):
            return _partner(drug, of, want)
        if want.said_only:
            continue
        for code, points in _matching(books, want.ranges, spelled, stems):
            if code.code in names or not _asks_for(want, code):
                continue
            if best is None or points > best[0]:
                best = points, code, of, want
    return _partner(best[1], best[2], best[3]) if best else None


def _drug(books: Books, fact: str) -> Code | None:
    """The adverse effect of the drug that a fact names, by the Table of Drugs."""
    reference = books.store.references.for_date("drugs", "icd10cm", books.day)
    if reference is None:
        return None
    words = [word.capitalize() for word in plain_words(_spelled(fact)) if len(word) > 4]
    rows = books.store.references.rows(Term, reference, text=words, column="Adverse effect")
    term = next(iter(rows), None) if words else None
    return books.complete(term.code, fact) if term else None


def _named(books: Books, said: str, given: Sequence[Code]) -> Iterator[tuple[str, Code]]:
    """The codes that words of clinics and numbers mean, each with its words, longest first."""
    found = [(match[0], code) for match, code in table.said_in(fold(said).replace(", ", " "))]
    for words, name in sorted(found, key=lambda one: -len(one[0])):
        if code := books.code(name) or books.complete(name, said):
            yield words, code
    for code in _numbered(books, said, given):
        yield code.code, code


def _asks_for(want: Wanted, code: Code) -> bool:
    """Whether a code is asked for. A note that asks for an adverse effect asks for no poisoning."""
    if want.adverse and "T36" <= code.code[:3] <= "T50" and code.stem[-1] != "5":
        return False
    return any(named.contains(code.code) for named in want.ranges)


def _met(want: Wanted, given: Sequence[Code]) -> bool:
    return any(named.contains(code.code) for named in want.ranges for code in given)


def _partner(code: Code, of: Code, want: Wanted) -> Partner:
    key = "missing_before" if want.before else "missing"
    why = reason(f"together.{key}", code=code.code, title=code.title, of=of.code)
    if want.note is None:
        return Partner(code, of, want.before, Ground("guideline", want.section, why))
    note = want.note
    ground = Ground(note.kind, note.owner, why, note.text, note.release)
    return Partner(code, of, want.before, ground)


def _affirmed(words: str) -> str:
    """The words of what is so, or was so."""
    facts = among(read_statement(words).facts, "affirmed", "past", "uncertain")
    return ", ".join(fact.said for fact in facts)


def _spelled(words: str) -> str:
    lexicon = Lexicon.shipped()
    return " ".join(lexicon.spell_out(lexicon.typed(spell_sides(words))))


def _telling(spelled: str, given: Sequence[Code]) -> frozenset[str]:
    """The stems that say more than the titles of the given codes."""
    own = frozenset().union(*(read(code.title).stems for code in given))
    said = read(spelled).affirmed - HOLLOW - OTHER - _CHATTER
    said = frozenset(word for word in said if len(word) > 1 or word.isdigit())
    # "CKD 5" beside hypertensive kidney disease with stage 5 says the stage.
    return said - own or (said if len(said) > 2 else frozenset())


_WEEKS = re.compile(r"\b(\d\d?)\s*(?:\+\s*\d\s*)?(?:w|wk|wks|week|weeks|wga)(?:\s*\d\s*d)?\b")
_BMI = re.compile(r"\bbmi\s*(?:of|is|=|:)?\s*(\d\d)(?:\.(\d))?")
_ALCOHOL = re.compile(
    r"\b(?:bac|etoh level|blood alcohol|bal|alcohol level)\D{0,12}?(\d?\.\d+|\d{2,3})"
)
_BURNED = re.compile(r"\b(\d\d?)\s*%\s*(?:tbsa|bsa|body|of body)?")
_NIHSS = re.compile(r"\b(?:nihss|nih stroke scale|nih)\D{0,8}?(\d\d?)\b")


def _numbered(books: Books, said: str, given: Sequence[Code]) -> Iterator[Code]:
    """The codes that a number means: weeks of a pregnancy, a body mass index, an alcohol level, a
    burned surface, a stroke scale."""
    text = fold(said)
    names: list[str] = []
    if found := _WEEKS.search(text):
        week = int(found[1])
        names.append("Z3A.01" if week < 8 else "Z3A.49" if week > 42 else f"Z3A.{week:02d}")
    if found := _BMI.search(text):
        names.append(_bmi(int(found[1])))
    if found := _ALCOHOL.search(text):
        level = float(found[1]) * (1000 if "." in found[1] else 1)
        limits = (20, 40, 60, 80, 100, 120, 200, 240)
        names.append(f"Y90.{sum(level >= limit for limit in limits)}")
    if found := _NIHSS.search(text):
        names.append(f"R29.7{int(found[1]):02d}")
    if found := _BURNED.search(text):
        tens = int(found[1]) // 10
        corrosion = any(code.code[4:5] in "4567" for code in given if code.code[:2] == "T2")
        head = f"{'T32' if corrosion else 'T31'}.{tens}"
        names.append(head if tens == 0 else f"{head}0")
    for name in names:
        if code := books.code(name):
            yield code


def _bmi(value: int) -> str:
    if value < 20:
        return "Z68.1"
    if value < 40:
        return f"Z68.{value}"
    return f"Z68.4{sum(value >= limit for limit in (45, 50, 60, 70)) + 1}"


@lru_cache(maxsize=64)
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
        for at in range(0, len(names), 500) if reference else ():
            for term in books.store.references.rows(Term, reference, code=names[at : at + 500]):
                texts[term.code].append(term.text)
    return tuple((code, (code.title, *texts[code.code][:40])) for code in codes)


def _matching(
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


def _searched(
    books: Books,
    given: Sequence[Code],
    said: str,
    open_: Sequence[tuple[Code, Wanted]],
    search: Search | None,
) -> Partner | None:
    """The best code for the words, where a note asks for a code and names none, or names so many
    that only a search finds it."""
    if search is None:
        return None
    anything = [(of, want) for of, want in open_ if not want.ranges]
    for code in search(said):
        if any(code.code == one.code for one in given):
            continue
        for of, want in open_:
            if want.ranges and not want.said_only and _asks_for(want, code):
                return _partner(code, of, want)
        for of, want in anything:
            if code.code[:3] != of.code[:3] and code.code[0] not in "VWXY":
                return _partner(code, of, want)
    return None
