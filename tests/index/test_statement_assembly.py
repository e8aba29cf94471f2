"""Whole statements: the lines of their reports, and what holds for every report."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable

import pytest

from bot.desk.desk import Desk
from codesets.model import Code
from index.search.confidence import level
from index.statement.assembly import assemble
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Assembled
from index.statement.part_search import Texts
from index.statement.rules.conflicts import excluded
from index.statement.rules.sequencing import is_never_first

DAY = dt.date(2026, 8, 1)
Report = Callable[[str], Assembled]

# statement | its lines in order
CASES = """
copd w/ acute bronchitis | J44.0 J20.9
htn + ckd stage 4 | I12.9 N18.4
no fever, uti | N39.0
r/o PE, chest pain | R07.9
probable pneumonia, inpt | J18.9
likely uti |
hx of breast ca, NED | Z85.3
no fever, no cough |
denies chest pain and sob |
no fever, chills or cough |
patient denies cp, sob, has cough | R05.9
no prior mi, chest pain | R07.9
no hx of dm, cough | R05.9
no nausea/vomiting, has diarrhea | R19.7
unlikely pe, chest pain | R07.9
chest pain, no sob | R07.9
headache and dizziness | R51.9 R42
uti e coli | N39.0 B96.20
cellulitis left leg, mrsa | L03.116 B95.62
non-hodgkin lymphoma | C85.90
non st elevation mi | I21.4
sore throat rapid strep neg | J02.9
dm2 htn hld | E11.9 I10 E78.5
dm2, no retinopathy, w/ ckd 2 | E11.22 N18.2
osa on cpap | G47.33
"""


def _cases() -> list[tuple[str, list[str]]]:
    rows = (line.partition("|") for line in CASES.splitlines() if line)
    return [(statement.strip(), codes.split()) for statement, _, codes in rows]


@pytest.fixture(scope="module")
def books(desk: Desk) -> Books:
    store = desk._store
    release = next(r for r in store.releases("icd10cm") if r.label == "FY2026-April")
    return Books(store, release, DAY)


@pytest.fixture(scope="module")
def report(desk: Desk, books: Books) -> Report:
    searcher, release = desk._search(), books.release

    def of(text: str) -> Assembled:
        statement = read_statement(text)
        texts = Texts(
            lambda texts: searcher.search_many(texts, [release], 15),
            lambda words: searcher.is_name(words, release),
            lambda texts: searcher.says_together(texts, release),
            searcher.search(statement.text, [release], 15) if statement.text else None,
        )
        return assemble(statement, books, texts)

    return of


def _codes(assembled: Assembled) -> list[str]:
    return [line.code for line in assembled.lines]


@pytest.mark.parametrize(("text", "codes"), _cases())
def test_a_statement_has_its_lines(report: Report, text: str, codes: list[str]) -> None:
    assert _codes(report(text)) == codes


def test_a_long_statement_has_a_line_for_each_fact(report: Report) -> None:
    text = "htn, copd, cad, afib, gerd, hypothyroid, depression, anxiety, osa, hld, psoriasis"
    assert len(report(text).lines) >= 10


def _holds(assembled: Assembled, books: Books, text: str) -> None:
    """What holds for every report."""
    codes: list[Code] = []
    for number, line in enumerate(assembled.lines):
        code = books.code(line.code)  # billable and in force
        assert code is not None, line.code
        assert line.title == code.title
        assert (line.role == "first-listed") is (number == 0)
        assert line.grounds, line.code
        assert all(0 <= span.start < span.end <= len(text) for span in line.spans)
        assert line.confidence in {level(n / 10) for n in range(11)}
        codes.append(code)
    assert len({code.code for code in codes}) == len(codes)
    if codes and is_never_first(codes[0]):
        assert all(map(is_never_first, codes))
    assert not excluded(codes, {code.code: books.notes(code) for code in codes})
    assert set(assembled.either_first) <= {code.code for code in codes}
    at = 0
    for fact in assembled.facts:
        assert at <= fact.span.start < fact.span.end <= len(text)
        assert fact.said == text[fact.span.start : fact.span.end]
        at = fact.span.end
    affirmed = [f for f in assembled.facts if f.status not in ("denied", "chatter")]
    assert affirmed or not codes, text


_WORDS = [word for statement, _ in _cases() for word in statement.split()]
_SIGNS = [
    " ",
    " ",
    " ",
    ", ",
    "; ",
    " / ",
    " - ",
    " (",
    ") ",
    "? ",
    " no ",
    " r/o ",
    " d/t ",
    " & ",
]


@pytest.mark.parametrize("seed", range(12))
def test_any_words_have_a_sound_report(report: Report, books: Books, seed: int) -> None:
    chosen = random.Random(seed)
    text = "".join(
        chosen.choice(_WORDS) + chosen.choice(_SIGNS) for _ in range(chosen.randrange(1, 20))
    )
    statement = read_statement(text)
    _holds(report(text), books, statement.text)


@pytest.mark.parametrize(
    "text",
    ["", "?", "," * 100, "," * 3000, "htn " * 750, "fever, " * 400, "1 " * 1500, "a" * 3000,
     "🙂" * 100, "\u202eعربي " * 100, "(" * 500, "12345", "no " * 500,
     ", ".join(f"pain{n}" for n in range(40)), "\x00 htn \x01", "ß ﬁ İ ½"],
)  # fmt: skip
def test_any_text_has_a_report_in_a_short_time(report: Report, books: Books, text: str) -> None:
    started = time.perf_counter()
    _holds(report(text), books, read_statement(text).text)
    assert time.perf_counter() - started < 20
