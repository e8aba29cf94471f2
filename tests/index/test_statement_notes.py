"""Codes that notes ask for beside others, or keep from standing beside them; and sides."""

from __future__ import annotations

import datetime as dt

import pytest

from codesets.model import Code, Note, Release
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.laterality import are_apart
from index.statement.model import Ground, Span, Statement
from index.statement.rules.conflicts import excluded, loser
from index.statement.rules.named_codes import names
from index.statement.rules.partners import asking, ground
from index.statement.rules.revision import Chosen, once, revised
from index.text.sides import spell_sides
from index.text.tokens import read

DAY = dt.date(2026, 8, 1)


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, DAY)


def _code(books: Books, code: str) -> Code:
    found = books.code(code)
    assert found is not None, code
    return found


def _asking(books: Books, owner: str, code: str, *, together: bool) -> Note | None:
    notes = books.notes(_code(books, owner))
    return asking(notes, _code(books, code), told_together=together)


@pytest.mark.parametrize(
    ("owner", "code", "kind"),
    [
        ("N39.0", "B96.20", "use_additional_code"), ("I12.9", "N18.4", "use_additional_code"),
        ("N18.4", "I12.9", "code_first"), ("F02.80", "G30.9", "code_first"),
        ("D63.1", "N18.4", "code_first"), ("E11.621", "L97.412", "use_additional_code"),
        ("J45.901", "F17.210", "use_additional_code"), ("R65.20", "N17.9", "use_additional_code"),
        ("G92.8", "T42.4X1A", "code_first"), ("G92.8", "T42.4X5A", "use_additional_code"),
    ],
)  # fmt: skip
def test_a_note_that_names_a_code_asks_for_it(
    books: Books, owner: str, code: str, kind: str
) -> None:
    note = _asking(books, owner, code, together=False)
    assert note is not None
    assert note.kind == kind
    why = ground(note, owner)
    assert isinstance(why, Ground)
    assert why.quote == note.text
    assert why.params == {"owner": owner}


@pytest.mark.parametrize(
    ("owner", "code"), [("N39.0", "I10"), ("I10", "E78.5"), ("J44.9", "S62.91XA"), ("E11.9", "I10")]
)
def test_no_note_asks_for_what_it_does_not_name(books: Books, owner: str, code: str) -> None:
    assert _asking(books, owner, code, together=False) is None


@pytest.mark.parametrize(
    ("owner", "code", "together"),
    [("J44.0", "J20.9", True), ("J44.0", "J18.9", True), ("J44.0", "I10", False),
     ("J44.0", "S62.91XA", False)],
)  # fmt: skip
def test_a_note_without_a_code_counts_only_for_what_is_told_together(
    books: Books, owner: str, code: str, together: bool
) -> None:
    assert _asking(books, owner, code, together=False) is None
    assert (_asking(books, owner, code, together=True) is not None) is together


def test_the_characters_that_a_note_names_count(books: Books) -> None:
    notes = [n for n in books.notes(_code(books, "G92.8")) if "character" in n.text]
    poisoning = next(n for n in notes if n.kind == "code_first")
    effect = next(n for n in notes if n.kind == "use_additional_code")
    for code, is_effect in (
        ("T42.4X1A", False), ("T42.4X4A", False), ("T42.4X5A", True), ("T36.91XA", False),
        ("T36.95XA", True), ("T39.015A", True), ("T39.011A", False),
    ):  # fmt: skip
        assert names(effect, _code(books, code)) is is_effect, code
        assert names(poisoning, _code(books, code)) is not is_effect, code


# codes | those that stay
CONFLICTS = """
E11.9 E10.9 | E10.9
N39.0 N30.00 | N30.00
M54.50 M51.26 | M51.26
F32.A F31.9 | F31.9
R50.9 I10 | R50.9 I10
I10 E78.5 | I10 E78.5
"""


@pytest.mark.parametrize("row", [row for row in CONFLICTS.splitlines() if row])
def test_codes_that_exclude_each_other_are_not_both_reported(books: Books, row: str) -> None:
    codes, kept = (part.split() for part in row.split(" | "))
    chosen = [
        Chosen(_code(books, code), (Span(n, n + 1),), 0.9 - n / 10, ())
        for n, code in enumerate(codes)
    ]
    left = revised(chosen, Statement("x" * 9, "x" * 9, ()), books)
    assert sorted(each.code.code for each in left) == sorted(kept)
    read = [each.code for each in left]
    assert not excluded(read, {code.code: books.notes(code) for code in read})


@pytest.mark.parametrize(
    ("one", "other", "chances", "goes"),
    [
        ("R07.9", "I10", (0.9, 0.1), 0), ("I10", "R07.9", (0.1, 0.9), 1),
        ("J18.9", "J69.0", (0.9, 0.1), 0), ("E10.10", "E11.10", (0.9, 0.1), 1),
        ("E10.10", "E11.10", (0.1, 0.9), 0), ("E10.10", "E11.10", (0.5, 0.5), 1),
    ],
)  # fmt: skip
def test_which_of_two_codes_goes(
    books: Books, one: str, other: str, chances: tuple[float, float], goes: int
) -> None:
    assert loser(_code(books, one), _code(books, other), chances) == goes


def test_each_code_stands_once_with_all_its_words(books: Books) -> None:
    why = Ground("index", "report.index_entry", quote="x")
    htn, ckd = _code(books, "I10"), _code(books, "N18.4")
    chosen = [
        Chosen(htn, (Span(9, 12),), 0.4, (why,)),
        Chosen(ckd, (Span(4, 7),), 0.5, ()),
        Chosen(htn, (Span(0, 3), Span(9, 12)), 0.8, (why,)),
    ]
    first, second = once(chosen)
    assert (first.code, second.code) == (htn, ckd)
    assert set(first.spans) == {Span(0, 3), Span(9, 12)}
    assert (first.right, first.grounds) == (0.8, (why,))


@pytest.mark.parametrize(
    ("texts", "apart"),
    [
        (["R-knee oa", "L-hip pain"], True), (["right wrist fx", "left ankle sprain"], True),
        (["oa right knee", "left knee"], False), (["right knee pain", "left knee pain"], False),
        (["carpal tunnel right", "left"], False), (["knee oa", "left hip pain"], False),
        (["right knee oa", "right hip pain"], False), (["both knees oa", "left hip pain"], True),
        ([], False), (["left knee oa"], False),
    ],
)  # fmt: skip
def test_things_on_different_sides_are_not_one_code(texts: list[str], apart: bool) -> None:
    assert are_apart(read(spell_sides(text)) for text in texts) is apart
