"""The order in which codes are reported, by notes and by the Official Guidelines."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

import pytest

from codesets.model import Code, Note, Release
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.rules.sequencing import is_never_first, ordered, place, rule_for, rules

DAY = dt.date(2026, 8, 1)

# codes in any order | as they are reported
CASES = """
# by notes
N39.0 B96.20 | N39.0 B96.20
I12.9 N18.4 | I12.9 N18.4
G30.9 F02.80 | G30.9 F02.80
E11.621 L97.412 | E11.621 L97.412
U07.1 J12.82 | U07.1 J12.82
A41.9 R65.20 | A41.9 R65.20
N18.4 D63.1 | N18.4 D63.1
Z08 Z85.3 | Z08 Z85.3
I10 T46.4X6A Z91.120 | I10 T46.4X6A Z91.120
L27.0 T36.0X5A | L27.0 T36.0X5A
K52.1 T36.95XA | K52.1 T36.95XA
T42.4X1A G92.8 | T42.4X1A G92.8
G92.8 T42.4X5A | G92.8 T42.4X5A
N39.0 B96.20 Z16.12 | N39.0 B96.20 Z16.12
F10.20 Y90.5 | F10.20 Y90.5
I63.9 R29.703 | I63.9 R29.703
# by the Guidelines
S62.91XA W11.XXXA | S62.91XA W11.XXXA
W11.XXXA Y92.9 | W11.XXXA Y92.9
S83.512A Y93.66 | S83.512A Y93.66
J18.9 Y95 | J18.9 Y95
I48.91 Z79.01 | I48.91 Z79.01
T22.212A T31.0 | T22.212A T31.0
T20.30XA T22.212A T23.101A | T20.30XA T22.212A T23.101A
O26.852 Z3A.20 | O26.852 Z3A.20
O80 Z3A.39 Z37.0 | O80 Z3A.39 Z37.0
Z12.11 K63.5 | Z12.11 K63.5
Z51.11 C18.9 | Z51.11 C18.9
B20 B59 | B20 B59
T74.12XA S00.83XA | T74.12XA S00.83XA
I50.9 J91.8 | I50.9 J91.8
# what is never first, before what may be
Z79.4 B96.20 | Z79.4 B96.20
Z79.4 Z3A.20 | Z79.4 Z3A.20
Z85.3 W11.XXXA | Z85.3 W11.XXXA
R50.9 T36.95XA | R50.9 T36.95XA
I48.91 T45.515A Z79.01 | I48.91 T45.515A Z79.01
"""


def _cases() -> list[tuple[str, str]]:
    lines = [line for line in CASES.splitlines() if line and not line.startswith("#")]
    return [(codes, order) for codes, order in (line.split(" | ") for line in lines)]


@pytest.fixture(scope="module")
def books(store: CodeStore, april: Release) -> Books:
    return Books(store, april, DAY)


def _read(books: Books, codes: str) -> tuple[list[Code], dict[str, list[Note]]]:
    found = [books.code(code) for code in codes.split()]
    assert None not in found, codes
    read = [code for code in found if code is not None]
    return read, {code.code: books.notes(code) for code in read}


@pytest.mark.parametrize(("codes", "order"), _cases())
def test_codes_are_put_in_order_however_they_are_said(books: Books, codes: str, order: str) -> None:
    read, notes = _read(books, codes)
    for given in permutations(read):
        places, _ = ordered(given, notes)
        assert " ".join(given[at].code for at in places) == order


def test_codes_that_no_rule_orders_keep_the_order_of_the_statement(books: Books) -> None:
    for codes in ("I10 E78.5 J44.9", "J44.9 E78.5 I10"):
        read, notes = _read(books, codes)
        assert ordered(read, notes) == ([0, 1, 2], [])


@pytest.mark.parametrize("count", [0, 1])
def test_there_may_be_nothing_to_order(books: Books, count: int) -> None:
    read, notes = _read(books, "I10")
    assert ordered(read[:count], notes) == (list(range(count)), [])


def test_many_codes_are_ordered_once_each(books: Books) -> None:
    codes = [
        c for stem in ("S62.9", "T46.4X", "N18", "W11", "B96", "Z79") for c in books.below(stem)
    ]
    places, _ = ordered(codes, {code.code: books.notes(code) for code in codes})
    assert sorted(places) == list(range(len(codes)))
    assert not is_never_first(codes[places[0]])


_INTENTS = {
    "poisoning": "poisoning", "adverse effect": "adverse_effect", "underdosing": "underdosing"
}  # fmt: skip


def test_every_drug_and_every_external_cause_has_its_place(books: Books) -> None:
    for category in (f"T{number}" for number in range(36, 51)):
        for code in books.below(category):
            intent = next((n for n in _INTENTS if code.title.lower().startswith(n)), None)
            rule = rule_for(code.code)
            assert intent is None or (rule and rule.name == _INTENTS[intent]), code.code
    for letter in "VWXY":
        for code in (c for n in range(100) for c in books.below(f"{letter}{n:02}")):
            assert is_never_first(code), code.code


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("T81.40XA", "complication_sepsis"), ("T81.49XA", "complication_sepsis"),
        ("T81.30XA", "complication"), ("Z33.2", "first_only"), ("Z33.1", "status"),
        ("Z31.83", "first_only"), ("Z31.5", "encounter"), ("R65.21", "severe_sepsis"),
        ("R65.10", None), ("Z3A.20", "weeks"), ("Z91.120", "underdosing_reason"),
        ("Z91.81", "status"), ("Y92.9", "external_cause_place"), ("I10", None),
    ],
)  # fmt: skip
def test_the_longest_beginning_decides(code: str, name: str | None) -> None:
    rule = rule_for(code)
    assert (rule.name if rule else None) == name
    assert place(code) == (rule.place if rule else 50)


def test_every_row_names_codes_that_are_loaded(books: Books) -> None:
    codes = [code.code for code in books.store.codes(books.release)]
    for rule in rules():
        assert any(rule.pattern.match(code) for code in codes), rule.name
        assert rule.section
