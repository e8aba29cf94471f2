"""What the titles of two diagnoses say of each other: that one says both, that one denies or leaves
open what the other says, and what the Index joins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.desk import together_rows as table
from bot.desk.reasons import reason
from bot.desk.together_model import Conflict, Ground, by_guideline
from codesets.model import Code, CodeRange, Term
from index.statement.books import Books
from index.text.attributes import SIDE
from index.text.encounter import read_encounter
from index.text.tokens import plain_words, read, stem

#: Words of titles by which two titles are not told apart.
HOLLOW_IN_TITLES = read(
    "other specified unspecified type disease disorder condition elsewhere classified initial "
    "encounter nec nos cause native organism"
).stems

_UNSPECIFIED = read("unspecified").stems
_WITHOUT = re.compile(r"without ([^,;]*)")
_OF_BEFORE = re.compile(r"\b(?:following|history|status|after|screening|sequela)")


def meant(code: Code) -> frozenset[str]:
    return read(code.title).affirmed - HOLLOW_IN_TITLES - read("right left bilateral side").stems


def denied_by(books: Books, one: Code, other: Code) -> Conflict | None:
    """A code whose title denies what another says: "reflux disease without esophagitis" beside
    esophagitis. Where its category has a code for both, that is reported."""
    if one.code[0] in "STVWXYZO" or other.code[0] in "STVWXYZO":
        return None
    denied = _without(one.title)
    said = {word for word in plain_words(other.title) if stem(word) in meant(other)}
    if not denied or not said or not said & denied or not said <= denied:
        return None
    family = [
        code
        for code in books.below(one.code[:3])
        if not said & _without(code.title) and said <= set(plain_words(code.title))
    ]
    own = read(one.title).stems

    def fit(code: Code) -> float:
        stems = read(code.title).stems
        return len(own & stems) - 0.5 * len(stems - own) + ("unspecified" in code.title)

    best = max(family, key=fit, default=None)
    instead = (best.code,) if best else (other.code,)
    key = "one_code" if best else "denies"
    title = best.title if best else ""
    ground = by_guideline(
        key, "I.B.9", code=best.code if best else one.code, title=title, other=other.code
    )
    return Conflict(one, other, instead, ground)


def _without(title: str) -> set[str]:
    """The words that a title denies."""
    clauses = _WITHOUT.findall(title.lower())
    hollow = {"complication", "complications", "mention", "of", "or", "and", "other"}
    return {word for clause in clauses for word in plain_words(clause)} - hollow


def said_by(one: Code, other: Code) -> Conflict | None:
    """A code whose title says what another says without detail: diabetic polyneuropathy beside
    "polyneuropathy, unspecified"."""
    if one.code[0] in "STVWXYZ" or other.code[0] in "STVWXYZO":
        return None
    if "unspecified" not in other.title.lower() or "unspecified" in one.title.lower():
        return None
    said = meant(other)
    if not said or not said < read(one.title).affirmed or one.code[:3] == other.code[:3]:
        return None
    if _OF_BEFORE.search(one.title.lower()):
        return None
    ground = by_guideline("says", "I.B.9", code=one.code, other=other.code)
    return Conflict(one, other, (one.code,), ground)


def left_open(one: Code, other: Code) -> Conflict | None:
    """Codes of one category of which one denies, or leaves open, what the other says."""
    if one.code[:3] != other.code[:3] or one.code == other.code:
        return None
    if one.code[0] in "STVWXY" or one.code[:2] in ("Z6", "Z7", "Z8", "Z9"):
        return None
    title, said = one.title.lower(), other.title.lower()
    # "without bleeding" and "with bleeding".
    denied = _without(one.title) - _without(other.title)
    opposite = bool(denied) and denied <= set(plain_words(_WITHOUT.sub("", said)))
    denies = opposite or (_without_all(title) and not _without_all(said))
    open_ = "unspecified" in title and (
        read(one.title).affirmed - HOLLOW_IN_TITLES - read("stage").stems
        <= read(other.title).affirmed | read(other.title).denied
    )
    whole = "unspecified" in title and len(one.code) <= 5
    whole = whole and (len(other.code) > len(one.code) or "unspecified" not in said)
    open_ = open_ or (whole and one.code[0] not in "CDO") or (whole and len(other.code) > 5)
    if "unspecified" in said and not denies and not whole:
        open_ = open_ and len(read(said).stems) > len(read(title).stems)
    if not denies and not open_:
        return None
    sides = SIDE.said(read(one.title)), SIDE.said(read(other.title))
    if sides[0] and sides[1] and sides[0] != sides[1]:
        return None
    key, section = ("denies", "I.A.15") if denies else ("open", "I.A.9.b")
    ground = by_guideline(key, section, code=one.code, other=other.code)
    return Conflict(one, other, (other.code,), ground)


def _without_all(title: str) -> bool:
    return any(
        words in title
        for words in (
            "without complication",
            "uncomplicated",
            "without abnormal",
            "without psychotic",
        )
    )


def organism_of(one: Code, other: Code) -> Conflict | None:
    """A code of an organism beside a code that names it."""
    if not table.code_set("B95-B97").has(one.code) or other.code[:3] in ("B95", "B96", "B97"):
        return None
    named = read(one.title.split(" as the cause")[0]).stems - HOLLOW_IN_TITLES
    named -= read("infection methicillin susceptible resistant group as").stems
    if not named or not named <= read(other.title).stems:
        return None
    ground = by_guideline("says_organism", "I.C.1.b", code=other.code, other=one.code)
    return Conflict(one, other, (other.code,), ground)


def index_with(books: Books, one: Code, other: Code) -> Conflict | None:
    """An entry "with", "in" or "due to" of the Index under the condition of one code that names the
    condition of the other: the Index presumes that they belong together."""
    reference = books.store.references.for_date("index", "icd10cm", books.day)
    if reference is None or one.code[0] in "STVWXYZO" or other.code[0] in "STVWXYZO":
        return None
    if not _without_all(one.title.lower()) or one.code[:3] == other.code[:3]:
        return None
    said = meant(other)
    terms = books.store.references.rows(Term, reference, code=other.code)
    named = {read(term.text).stems - HOLLOW_IN_TITLES for term in terms}
    best: tuple[int, Term] | None = None
    family = [code.code for code in books.store.completions(books.release, one.code[:3])]
    for entry in books.store.references.rows(Term, reference, code=family):
        path = [part.strip() for part in entry.text.split(",")]
        link = next((at for at, part in enumerate(path) if part in ("with", "in", "due to")), 0)
        if not link or link != len(path) - 2 or entry.needs_more:
            continue
        words = read(path[-1]).stems - HOLLOW_IN_TITLES
        # An entry NEC is no link that is presumed (I.A.15).
        if not words or path[-1].endswith(" NEC") or entry.code == one.code:
            continue
        fits = 2 * len(words) if words <= said else len(words) if words in named else 0
        if fits > (best[0] if best else 0):
            best = fits, entry
    found = books.code(best[1].code) if best else None
    if best is None or found is None or found.code[:3] != one.code[:3]:
        return None
    why = reason("together.one_code", code=found.code, title=found.title)
    ground = Ground("index with", "I.A.15", why, best[1].text, best[1].release)
    instead = (found.code,) if "unspecified" in other.title.lower() else (found.code, other.code)
    return Conflict(one, other, instead, ground)


def saying_both(
    books: Books,
    ranges: Sequence[CodeRange],
    one: Code,
    other: Code,
    both: frozenset[str] = frozenset(),
    kept: Code | None = None,
) -> Code | None:
    """The billable code of some ranges whose title has the words of two titles. `both`: words by
    which a note names the two together, which stand for them. `kept`: one of the two that may say
    both itself."""
    first, second = meant(one), meant(other)
    best, most = None, 0.0
    for code in dict.fromkeys(_below(books, ranges)):
        if code.code in (one.code, other.code) and code != kept:
            continue
        title = read(code.title)
        has = title.affirmed
        own = first - second if first - second else first
        others = second - first if second - first else second
        shares = (len(own & has) / (len(own) or 1), len(others & has) / (len(others) or 1))
        if min(shares) < 0.5 and not (both and both & has and max(shares) >= 0.5):
            continue
        sides = (SIDE.said(read(one.title)) | SIDE.said(read(other.title))) - {"unspecified"}
        said = SIDE.said(title)
        agrees = 2.0 if sides and said == sides else -2.0 if said and sides and said != sides else 0
        denied = len(title.denied & (read(one.title).affirmed | read(other.title).affirmed))
        unsaid = len(has - first - second - HOLLOW_IN_TITLES - both)
        unspecified = 0.2 if _UNSPECIFIED & has else 0.0
        points = 3 * sum(shares) + agrees - 2 * denied - 0.4 * unsaid + unspecified
        points += 0.3 * len(title.denied) if not denied else 0.0
        points += 1.5 * (code == kept)
        points += read_encounter(code.title).phase == read_encounter(other.title).phase
        if best is None or points > most:
            best, most = code, points
    return best


def _below(books: Books, ranges: Sequence[CodeRange]) -> Iterator[Code]:
    for named in ranges:
        if named.first == named.last:
            yield from books.below(named.first)
            continue
        for header in books.store.at_level(books.release, named.first, named.last):
            yield from books.below(header.code)


#: "Conditions in D50-D64", "Conditions classifiable to C18": terms under a code.
_CONDITIONS_IN = re.compile(r"\b([A-Z]\d\d(?:\.\d+)?)(?:-([A-Z]\d\d(?:\.\d+)?))?")


def conditions_in(books: Books, code: Code) -> tuple[CodeRange, ...]:
    """The codes that the terms under a code, or under those above it, name."""
    tabular = next((r for r in books.store.releases("icd10cm")[::-1] if r.has_notes), None)
    chain = [code.code, *(c.code for c in books.store.ancestors(books.release, code))]
    terms = books.store.rows(Term, tabular, code=chain) if tabular else ()
    found = [match for term in terms for match in _CONDITIONS_IN.findall(term.text)]
    return tuple(
        CodeRange(first, last or first, f"{first}-{last or first}") for first, last in found
    )
