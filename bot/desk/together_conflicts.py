"""Whether two diagnoses may be reported together, and what is reported where they may not."""

from __future__ import annotations

from collections.abc import Iterator

from bot.desk import together_rows as table
from bot.desk.reasons import reason
from bot.desk.together_model import Conflict, Ground, by_guideline
from bot.desk.together_titles import (
    HOLLOW_IN_TITLES,
    conditions_in,
    denied_by,
    index_with,
    left_open,
    organism_of,
    said_by,
    saying_both,
)
from codesets.model import Code, CodeRange, Note, Term
from index.statement.books import Books
from index.text.tokens import read


def conflict(books: Books, one: Code, other: Code) -> Conflict | None:
    """Why two codes are not reported together; None where nothing says so. Rows of the guidelines
    come first, then the titles and Excludes1 notes; a note that asks for one beside the other
    outweighs what only titles say."""
    paired = _paired(books, one, other) or _paired(books, other, one)
    for found in _conflicts(books, one, other, paired=paired):
        if found is not None:
            return found
    return None


def _conflicts(books: Books, one: Code, other: Code, *, paired: bool) -> Iterator[Conflict | None]:
    both_ways = ((one, other), (other, one))
    for a, b in both_ways:
        yield _better(books, a, b)
    for a, b in both_ways:
        yield _one_code(books, a, b)
    for by_rows in (_alone, _integral):
        for a, b in both_ways:
            yield by_rows(a, b)
    if not paired:
        for a, b in both_ways:
            yield denied_by(books, a, b)
        yield _shared(books, one, other)
    for a, b in both_ways:
        yield from _excluded(books, a, b)
    if paired:
        return
    for a, b in both_ways:
        yield left_open(a, b)
    yield _only_one(one, other)
    for a, b in both_ways:
        yield organism_of(a, b)
    for a, b in both_ways:
        yield index_with(books, a, b)
    for a, b in both_ways:
        yield said_by(a, b)


def _paired(books: Books, one: Code, other: Code) -> bool:
    """Whether a note of one code asks for the other beside it."""
    return any(
        note.kind in ("code_first", "use_additional_code", "code_also")
        and note.owner_kind == "code"
        and any(named.contains(other.code) for named in note.codes)
        for note in books.notes(one)
    )


def _one_code(books: Books, one: Code, other: Code) -> Conflict | None:
    """A combination that the guidelines presume."""
    for row in table.rows("one_code"):
        if not row.holds(one.code, other.code, ("one", "other")):
            continue
        said = f"{one.title} {other.title}"
        name = row.text("say").replace("~", one.code[:3])
        says = books.code(name) or books.complete(name, said)
        if says is None or says.code in (one.code, other.code):
            continue
        kept = row.text("keep").split()
        instead = [says.code]
        if "one" in kept:
            instead.append(one.code)
        if "other" in kept and ("N18" not in kept or other.code.startswith(("N18", "I50"))):
            instead.append(other.code)
        if "first" in kept:
            instead.reverse()
        ground = by_guideline("one_code", row.section, code=says.code, title=says.title)
        return Conflict(one, other, tuple(instead), ground)
    return None


def _better(books: Books, one: Code, other: Code) -> Conflict | None:
    for row in table.rows("better"):
        if not row.holds(one.code, other.code, ("codes", "than")):
            continue
        same = row.fields.get("same", 0)
        if same and one.code[:same] != other.code[:same]:
            continue
        if row.fields.get("same_site") and not _same_site(books, one, other):
            continue
        ground = by_guideline("better", row.section, code=one.code, other=other.code)
        return Conflict(one, other, (one.code,), ground)
    return None


def _same_site(books: Books, one: Code, other: Code) -> bool:
    """Whether a history is of the site of a neoplasm, by its terms ("Conditions classifiable to
    C18") or by the words of the titles."""
    if any(named.contains(one.code) for named in conditions_in(books, other)):
        return True
    hollow = read("malignant neoplasm of personal history right left female male").stems
    return bool((read(one.title).stems & read(other.title).stems) - HOLLOW_IN_TITLES - hollow)


def _alone(one: Code, other: Code) -> Conflict | None:
    row = table.first("alone", lambda row: row.holds(one.code, other.code, ("codes", "among")))
    if row is None or one.code == other.code:
        return None
    ground = by_guideline("alone", row.section, code=one.code, other=other.code)
    return Conflict(one, other, (other.code,), ground)


def _integral(one: Code, other: Code) -> Conflict | None:
    for row in table.rows("integral"):
        if row.holds(one.code, other.code, ("symptoms", "of")):
            unless = row.text("unless")
            if unless and table.code_set(unless).has(one.code):
                continue
            ground = by_guideline("integral", row.section, code=one.code, other=other.code)
            return Conflict(one, other, (other.code,), ground)
    return None


def _only_one(one: Code, other: Code) -> Conflict | None:
    if one.code == other.code:
        return None
    for row in table.rows("only_one"):
        if row.holds(one.code, other.code, ("codes", "codes")):
            ground = by_guideline(
                "only_one", row.section, family=row.text("codes"), code=one.code, other=other.code
            )
            return Conflict(one, other, (), ground)
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
            if best := saying_both(books, [name], one, other, names_both):
                why = reason("together.one_code", code=best.code, title=best.title)
                ground = Ground("excludes1", note.owner, why, note.text, note.release)
                return Conflict(one, other, (best.code,), ground)
    return None


def _wordings(books: Books, code: Code, named: frozenset[str]) -> bool:
    """Whether some words name a code, by its title or by a term under it."""
    tabular = next((r for r in books.store.releases("icd10cm")[::-1] if r.has_notes), books.release)
    terms = books.store.rows(Term, tabular, code=code.code)
    texts = (code.title, *(term.text for term in terms))
    hollow = HOLLOW_IN_TITLES | read("right left bilateral side pain").stems
    return any((own := read(text).affirmed - hollow) and own <= named for text in texts)


def _excluded(books: Books, one: Code, other: Code) -> Iterator[Conflict]:
    """What the Excludes1 notes of `one` say of `other`."""
    for note, named in excluding(books, one, other):
        ground = _excludes1(note, one, other)
        joins = any(f" {word} " in f" {note.text} " for word in ("with", "due to", "in"))
        best = saying_both(books, [named], one, other, kept=other) if joins else None
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
