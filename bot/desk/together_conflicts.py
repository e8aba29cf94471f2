"""Whether two diagnoses may be reported together, and what is reported where they may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.desk import together_rows as table
from bot.desk.answer import Reason, reason
from codesets.model import Code, CodeRange, Note, Term
from index.statement.books import Books
from index.text.attributes import SIDE
from index.text.encounter import read_encounter
from index.text.tokens import plain_words, read, stem

#: Words of titles by which two titles are not told apart.
_HOLLOW = read(
    "other specified unspecified type disease disorder condition elsewhere classified initial "
    "encounter nec nos cause native"
).stems
_UNSPECIFIED = read("unspecified").stems


@dataclass(frozen=True, slots=True)
class Ground:
    """Why codes do or do not go together.

    - `rule`, `quote`, `place`, `release`: as in `bot.desk.answer.Pair`; a rule of the guidelines
      has its section as place, and no quote yet.
    - `why`: what follows, to be worded.
    """

    rule: str
    place: str
    why: Reason
    quote: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """That two codes are not reported together.

    - `one`, `other`: the codes.
    - `instead`: what is reported in their place, in order; () where neither is better.
    - `ground`: the rule.
    """

    one: Code
    other: Code
    instead: tuple[str, ...]
    ground: Ground


def _by_guideline(key: str, section: str, **params: str) -> Ground:
    return Ground("guideline", section, reason(f"together.{key}", **params))


def conflict(books: Books, one: Code, other: Code) -> Conflict | None:
    """Why two codes are not reported together; None where nothing says so."""
    for found in (
        _one_code(books, one, other),
        _one_code(books, other, one),
        _better(one, other),
        _better(other, one),
        _alone(one, other),
        _alone(other, one),
        _integral(one, other),
        _integral(other, one),
    ):
        if found is not None:
            return found
    paired = _paired(books, one, other) or _paired(books, other, one)
    for found in (
        ()
        if paired
        else (
            _denied(books, one, other),
            _denied(books, other, one),
            _shared(books, one, other),
        )
    ):
        if found is not None:
            return found
    for found in (*_excluded(books, one, other), *_excluded(books, other, one)):
        return found
    for found in (
        ()
        if paired
        else (
            _same_family(one, other),
            _same_family(other, one),
            _only_one(one, other),
            _organism(one, other),
            _organism(other, one),
            _index_with(books, one, other),
            _index_with(books, other, one),
            _says(one, other),
            _says(other, one),
        )
    ):
        if found is not None:
            return found
    return None


def _paired(books: Books, one: Code, other: Code) -> bool:
    """Whether a note of one code asks for the other beside it."""
    return any(
        note.kind in ("code_first", "use_additional_code", "code_also")
        and note.owner_kind == "code"
        and any(named.contains(other.code) for named in note.codes)
        for note in books.notes(one)
    )


def _denied(books: Books, one: Code, other: Code) -> Conflict | None:
    """A code whose title denies what another says: "reflux disease without esophagitis" beside
    esophagitis. Where its category has a code for both, that is reported."""
    if one.code[0] in "STVWXYZO" or other.code[0] in "STVWXYZO":
        return None
    denied = _without(one.title)
    said = {word for word in plain_words(other.title) if stem(word) in _meant(other)}
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
    ground = _by_guideline(
        key, "I.B.9", code=best.code if best else one.code, title=title, other=other.code
    )
    return Conflict(one, other, instead, ground)


def _without(title: str) -> set[str]:
    """The words that a title denies."""
    clauses = re.findall(r"without ([^,;]*)", title.lower())
    hollow = {"complication", "complications", "mention", "of", "or", "and", "other"}
    return {word for clause in clauses for word in plain_words(clause)} - hollow


def _says(one: Code, other: Code) -> Conflict | None:
    """A code whose title says what another says without detail: diabetic polyneuropathy beside
    "polyneuropathy, unspecified"."""
    if one.code[0] in "STVWXYZ" or other.code[0] in "STVWXYZO":
        return None
    if "unspecified" not in other.title.lower() or "unspecified" in one.title.lower():
        return None
    said = _meant(other)
    if not said or not said < read(one.title).affirmed or one.code[:3] == other.code[:3]:
        return None
    if re.search(r"\b(?:following|history|status|after|screening|sequela)", one.title.lower()):
        return None
    ground = _by_guideline("says", "I.B.9", code=one.code, other=other.code)
    return Conflict(one, other, (one.code,), ground)


def _one_code(books: Books, one: Code, other: Code) -> Conflict | None:
    """A combination that the guidelines presume."""
    for row in table.rows("one_code"):
        if not row.holds(one.code, other.code, ("one", "other")):
            continue
        said = f"{one.title} {other.title}"
        says = books.code(row.text("say")) or books.complete(row.text("say"), said)
        if says is None or says.code in (one.code, other.code):
            continue
        kept = row.text("keep").split()
        instead = [says.code]
        if "one" in kept:
            instead.append(one.code)
        if "other" in kept and ("N18" not in kept or other.code.startswith(("N18", "I50"))):
            instead.append(other.code)
        ground = _by_guideline("one_code", row.section, code=says.code, title=says.title)
        return Conflict(one, other, tuple(instead), ground)
    return None


def _better(one: Code, other: Code) -> Conflict | None:
    for row in table.rows("better"):
        if not row.holds(one.code, other.code, ("codes", "than")):
            continue
        same = row.fields.get("same", 0)
        if same and one.code[:same] != other.code[:same]:
            continue
        if row.fields.get("same_site") and not _same_site(one, other):
            continue
        ground = _by_guideline("better", row.section, code=one.code, other=other.code)
        return Conflict(one, other, (one.code,), ground)
    return None


def _same_site(one: Code, other: Code) -> bool:
    hollow = read("malignant neoplasm of personal history right left female male").stems
    return bool((read(one.title).stems & read(other.title).stems) - _HOLLOW - hollow)


def _alone(one: Code, other: Code) -> Conflict | None:
    row = table.first("alone", lambda row: row.holds(one.code, other.code, ("codes", "among")))
    if row is None or one.code == other.code:
        return None
    ground = _by_guideline("alone", row.section, code=one.code, other=other.code)
    return Conflict(one, other, (other.code,), ground)


def _integral(one: Code, other: Code) -> Conflict | None:
    for row in table.rows("integral"):
        if row.holds(one.code, other.code, ("symptoms", "of")):
            unless = row.text("unless")
            if unless and table.code_set(unless).has(one.code):
                continue
            ground = _by_guideline("integral", row.section, code=one.code, other=other.code)
            return Conflict(one, other, (other.code,), ground)
    return None


def excluding(books: Books, one: Code, other: Code) -> Iterator[tuple[Note, CodeRange]]:
    """The Excludes1 notes that govern `one` and name `other`, each with what it names."""
    for note in books.notes(one):
        if note.kind != "excludes1":
            continue
        for named in note.codes:
            if named.contains(other.code) and not named.contains(one.code):
                yield note, named


def _excludes1(note: Note, one: Code, other: Code) -> Ground:
    why = reason("pairs.excludes1", owner=note.owner, one=one.code, other=other.code)
    return Ground("excludes1", note.owner, why, note.text, note.release)


def _shared(books: Books, one: Code, other: Code) -> Conflict | None:
    """One code for what two codes say, which the Excludes1 notes of both name: low back pain and
    sciatica both exclude "lumbago with sciatica"."""
    named = {
        name.as_published: (note, name)
        for note in books.notes(one)
        if note.kind == "excludes1" and note.owner_kind == "code"
        for name in note.codes
    }
    for note in books.notes(other):
        if note.kind != "excludes1" or note.owner_kind != "code":
            continue
        for name in note.codes:
            if name.as_published not in named or name.contains(one.code):
                continue
            if name.contains(other.code) or " with " not in f" {note.text} ":
                continue
            names_both = read(note.text).stems
            if not all(_wordings(books, code, names_both) for code in (one, other)):
                continue
            if best := _saying_both(books, [name], one, other, names_both):
                why = reason("together.one_code", code=best.code, title=best.title)
                ground = Ground("excludes1", note.owner, why, note.text, note.release)
                return Conflict(one, other, (best.code,), ground)
    return None


def _wordings(books: Books, code: Code, named: frozenset[str]) -> bool:
    """Whether some words name a code, by its title or by a term under it."""
    tabular = next((r for r in books.store.releases("icd10cm")[::-1] if r.has_notes), books.release)
    terms = books.store.rows(Term, tabular, code=code.code)
    texts = (code.title, *(term.text for term in terms))
    hollow = _HOLLOW | read("right left bilateral side pain").stems
    return any((own := read(text).affirmed - hollow) and own <= named for text in texts)


def _excluded(books: Books, one: Code, other: Code) -> Iterator[Conflict]:
    """What the Excludes1 notes of `one` say of `other`."""
    for note, named in excluding(books, one, other):
        ground = _excludes1(note, one, other)
        joins = any(f" {word} " in f" {note.text} " for word in ("with", "due to", "in"))
        best = _saying_both(books, [named], one, other, kept=other) if joins else None
        if best is not None:
            yield Conflict(one, other, (best.code,), ground)
        else:
            yield Conflict(one, other, _preferred(one, other, note), ground)


def _preferred(one: Code, other: Code, note: Note) -> tuple[str, ...]:
    """The code that is reported of two that exclude each other: the disease and not its sign or the
    encounter without it, the named and not the unspecified; () where neither is better."""
    ranks = (_weight(one), _weight(other))
    if ranks[0] != ranks[1]:
        return (one.code,) if ranks[0] > ranks[1] else (other.code,)
    # "bacteremia NOS", "unspecified": the note is printed at the better code.
    if " NOS" in note.text or "unspecified" in note.text:
        return (one.code,)
    words = note.text.split("(")[0]
    # "cystitis (N30.-)" at a site that is not specified.
    if "not specified" in one.title or "unspecified" in one.title.lower().split(",")[0]:
        return (other.code,)
    if " with " in words or " due to " in words or " in " in words:
        return (other.code,)
    return ()


def _weight(code: Code) -> int:
    """3: a disease or an injury. 2: another encounter or status. 1: history, and a normal state. 0:
    a sign or symptom."""
    if code.code[0] == "R":
        return 0
    if code.code[0] != "Z":
        return 3
    return 1 if code.code[:2] in ("Z8", "Z9") or "without" in code.title else 2


def _saying_both(
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
    first, second = _meant(one), _meant(other)
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
        unsaid = len(has - first - second - _HOLLOW - both)
        unspecified = 0.2 if _UNSPECIFIED & has else 0.0
        points = 3 * sum(shares) + agrees - 2 * denied - 0.4 * unsaid + unspecified
        points += 0.3 * len(title.denied) if not denied else 0.0
        points += 1.5 * (code == kept)
        points += read_encounter(code.title).phase == read_encounter(other.title).phase
        if best is None or points > most:
            best, most = code, points
    return best


def _meant(code: Code) -> frozenset[str]:
    return read(code.title).affirmed - _HOLLOW - read("right left bilateral side").stems


def _below(books: Books, ranges: Sequence[CodeRange]) -> Iterator[Code]:
    for named in ranges:
        if named.first == named.last:
            yield from books.below(named.first)
            continue
        for header in books.store.at_level(books.release, named.first, named.last):
            yield from books.below(header.code)


def _same_family(one: Code, other: Code) -> Conflict | None:
    """Codes of one category of which one denies, or leaves open, what the other says."""
    if one.code[:3] != other.code[:3] or one.code == other.code:
        return None
    if one.code[0] in "STVWXYZ" and one.code[:3] not in ("Z00", "Z01"):
        return None
    title, said = one.title.lower(), other.title.lower()
    denies = _without_all(title) and not _without_all(said)
    open_ = "unspecified" in title and (
        read(one.title).affirmed - _HOLLOW - read("stage").stems
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
    ground = _by_guideline(key, section, code=one.code, other=other.code)
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


def _only_one(one: Code, other: Code) -> Conflict | None:
    if one.code == other.code:
        return None
    for row in table.rows("only_one"):
        if row.holds(one.code, other.code, ("codes", "codes")):
            ground = _by_guideline(
                "only_one", row.section, family=row.text("codes"), code=one.code, other=other.code
            )
            return Conflict(one, other, (), ground)
    return None


def _organism(one: Code, other: Code) -> Conflict | None:
    """A code of an organism beside a code that names it."""
    if not table.code_set("B95-B97").has(one.code) or other.code[:3] in ("B95", "B96", "B97"):
        return None
    named = read(one.title.split(" as the cause")[0]).stems - _HOLLOW
    named -= read("infection methicillin susceptible resistant group as").stems
    if not named or not named <= read(other.title).stems:
        return None
    ground = _by_guideline("says_organism", "I.C.1.b", code=other.code, other=one.code)
    return Conflict(one, other, (other.code,), ground)


def _index_with(books: Books, one: Code, other: Code) -> Conflict | None:
    """An entry "with", "in" or "due to" of the Index under the condition of one code that names the
    condition of the other: the Index presumes that they belong together."""
    reference = books.store.references.for_date("index", "icd10cm", books.day)
    if reference is None or one.code[0] in "STVWXYZO" or other.code[0] in "STVWXYZO":
        return None
    if not _without_all(one.title.lower()) or one.code[:3] == other.code[:3]:
        return None
    terms = books.store.references.rows(Term, reference, code=other.code)
    said = [_meant(other), *(read(term.text).stems for term in terms)]
    family = [code.code for code in books.store.completions(books.release, one.code[:3])]
    for entry in books.store.references.rows(Term, reference, code=family):
        path = [part.strip() for part in entry.text.split(",")]
        link = next((at for at, part in enumerate(path) if part in ("with", "in", "due to")), 0)
        if not link or link != len(path) - 2 or entry.needs_more:
            continue
        words = read(path[-1]).stems - _HOLLOW
        if not words or entry.code == other.code or not any(words <= each for each in said):
            continue
        found = books.code(entry.code)
        if found is None or found.code == one.code or found.code[:3] != one.code[:3]:
            continue
        why = reason("together.one_code", code=found.code, title=found.title)
        ground = Ground("index with", "I.A.15", why, entry.text, entry.release)
        return Conflict(one, other, (found.code, other.code), ground)
    return None
