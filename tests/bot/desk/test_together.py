"""What is asked of codes together is answered in one line: kind, codes, and the rule quoted.

The questions are of our own, written by someone who codes, and not out of any set that measures us.
`codes` are those that the line must name, for `order` all of them in their order.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.together_asked import Ask, read_asked
from bot.settings import Settings

DAY = dt.date(2026, 5, 1)
QUESTIONS = TEST_DATA / "together" / "questions.tsv"
#: Shares of the questions without an index, with the Tabular List that is packaged, and without the
#: Alphabetic Index, the guidelines and the edits of NCCI.
_KIND, _CODES = 0.94, 0.92


@pytest.fixture(scope="module")
def bare(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with the packaged code sets and no index."""
    home = tmp_path_factory.mktemp("together")
    (home / "codes.db").symlink_to(loaded / "codes.db")
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def ask(desk: Desk, question: str) -> Answer:
    return desk.ask(question, day=DAY)


@pytest.mark.parametrize(
    ("question", "codes", "asks"),
    [
        ("which goes first E11.22 or N18.31", "E11.22 N18.31", "order"),
        ("E11.22/N18.31 seq?", "E11.22 N18.31", "order"),
        ("N18.31 then E11.22 ok?", "N18.31 E11.22", "place"),
        ("B95.62 as principal?", "B95.62", "place"),
        ("can Z38.00 be secondary", "Z38.00", "place"),
        ("T24.201A first degree and T24.302A together", "T24.201A T24.302A", "together"),
        ("I10 with N18.31 ok?", "I10 N18.31", "together"),
        ("both codes needed? E11.22 N18.31", "E11.22 N18.31", "needed"),
        ("do i need Z79.4 w E10.65", "Z79.4 E10.65", "needed"),
        ("Z08 alone, breast ca tx done", "Z08", "enough"),
        ("T2DM w ckd 4 is E11.22 all i need", "E11.22", "enough"),
        ("J1885 x 15 ok?", "J1885", "units"),
        ("is E11.22 billable", "E11.22", "verdict"),
        ("difference between I50.22 and I50.23", "I50.22 I50.23", "verdict"),
        ("E11.22 N18.31", "E11.22 N18.31", "none"),
    ],
)
def test_what_is_asked(question: str, codes: str, asks: Ask) -> None:
    assert read_asked(question, codes.split()).ask == asks


@pytest.mark.slow
def test_questions_of_our_own(bare: Desk) -> None:
    """Those of verdicts have the headline of a verdict."""
    rows = list(csv.DictReader(QUESTIONS.open(), delimiter="\t"))
    kinds = codes = named = 0
    for row in rows:
        headline = ask(bare, row["question"]).headline
        expected = (row["codes"] or "").split()
        kinds += headline.kind == row["kind"]
        if not expected or row["kind"] == "verdict":
            continue
        named += 1
        codes += (
            headline.codes == expected
            if row["kind"] == "order"
            else set(expected) <= set(headline.codes)
        )
    assert len(rows) > 300
    assert kinds / len(rows) >= _KIND
    assert codes / named >= _CODES


def test_the_rule_is_quoted_first(bare: Desk) -> None:
    answer = ask(bare, "M54.50 and M54.31 together")
    assert answer.headline.text == "No: instead of M54.50 and M54.31 report M54.41."
    assert answer.pairs[0].rule == "excludes1"
    assert answer.pairs[0].quote == "sciatica with lumbago (M54.4-)"


@pytest.mark.slow
def test_every_code_is_billable_and_loaded(bare: Desk) -> None:
    for row in csv.DictReader(QUESTIONS.open(), delimiter="\t"):
        answer = ask(bare, row["question"])
        asked = {verdict.code for verdict in answer.verdicts}
        added = [code for code in answer.headline.codes if code not in asked]
        found = bare.check(added, day=DAY).verdicts if added else []
        assert [v.code for v in found if v.status != "billable"] == [], row["question"]


def test_order_that_no_rule_decides(bare: Desk) -> None:
    answer = ask(bare, "which first N17.9 or I50.23")
    assert answer.headline.kind == "order"
    assert answer.headline.text.startswith("No rule orders these")


def test_a_code_alone_gets_a_verdict(bare: Desk) -> None:
    assert ask(bare, "E11.22").headline.kind == "verdict"
    assert ask(bare, "is E11.22 billable").headline.kind == "verdict"


def test_codes_of_one_sort_are_named_in_prose(bare: Desk) -> None:
    """A category that is a code is one beside words that ask; N95 is a mask."""
    assert ask(bare, "O80 all i need?").headline.codes == ["O80", "Z37.0"]
    assert not ask(bare, "N95 mask with nebulizer tubing").verdicts


def test_what_a_code_asks_for_alone_is_left_out(bare: Desk) -> None:
    """Where codes together are asked about, only rules that involve them are shown."""
    answer = ask(bare, "which goes first E11.22 or N18.31")
    assert answer.pairs
    assert all(len(pair.codes) > 1 for pair in answer.pairs)
    assert any(len(pair.codes) == 1 for pair in ask(bare, "L97.411 by itself ok?").pairs)
