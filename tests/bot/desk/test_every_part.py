"""Every part of a question has an answer: a verdict, or a clause that says what is out of reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

DAY = dt.date(2026, 2, 3)


@pytest.fixture(scope="module")
def desk(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk, without an index, with the packaged code sets and a HCPCS quarter."""
    home: Path = tmp_path_factory.mktemp("parts")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [TEST_DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"], partial=True)
    copy.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


def named(answer: Answer) -> set[str]:
    """The codes with a verdict. A claim has one for a modifier only where it is wrong: the others
    stand with their lines."""
    lines = answer.claim.lines if answer.claim else []
    on_lines = {modifier for line in lines for modifier in line.modifiers}
    return {verdict.code for verdict in answer.verdicts} | on_lines


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("modifier A1 A2 50", {"A1", "A2", "50"}),
        ("E0155-A1 with 20610", {"E0155", "A1", "20610"}),
        ("99213-25 with 20610", {"99213", "25", "20610"}),
        ("E0143 A1 or AW?", {"E0143", "A1", "AW"}),
        ("E0155 x2 A1, dx M17.11, 97110", {"E0155", "A1", "M17.11", "97110"}),
        ("70450-26 dx R51.9", {"70450", "26", "R51.9"}),
        ("E0143 same day as E0155, 33 on it?", {"E0143", "E0155", "33"}),
        ("J3301 40 mg, 12345 steps", {"J3301"}),
        ("RH modifier", {"RH"}),
    ],
)
def test_each_code_and_modifier_has_a_verdict(desk: Desk, text: str, codes: set[str]) -> None:
    assert codes <= named(desk.ask(text, day=DAY))


def test_numbers_that_count_something_are_no_codes(desk: Desk) -> None:
    assert "12345" not in named(desk.ask("E0155, 12345 steps", day=DAY))
    assert "40" not in named(desk.ask("J3301 40 mg", day=DAY))


def test_everyday_abbreviations_beside_a_code_are_no_modifiers(desk: Desk) -> None:
    assert "ER" not in named(desk.ask("99283 ER visit", day=DAY))


def test_what_is_said_of_a_pair_that_no_file_has(desk: Desk) -> None:
    answer = desk.ask("99213-25 with 20610", day=DAY)
    told = " ".join([*answer.notices, *answer.not_checked])
    assert "NCCI" in told or "ncci_ptp" in told


def test_a_modifier_of_cpt_is_named_by_its_number_alone(desk: Desk) -> None:
    answer = desk.ask("visit and minor procedure same day, which modifier", day=DAY)
    (verdict,) = answer.verdicts[:1]
    assert (verdict.code, verdict.system, verdict.title) == ("25", "cpt", "")
    assert "AMA" in verdict.why


def test_where_an_ambulance_went_explains_both_letters(desk: Desk) -> None:
    answer = desk.ask("ambulance from home to hospital, modifier?", day=DAY)
    (verdict,) = answer.verdicts
    assert (verdict.code, verdict.kind, verdict.status) == ("RH", "modifier", "billable")
    assert "R residence, H hospital" in verdict.why
    assert answer.headline.text == "RH: Ambulance from residence to hospital"


def test_a_modifier_that_is_not_found_is_said_to_be_missing(desk: Desk) -> None:
    answer = desk.ask("E0155 for a unicorn, which modifier", day=DAY)
    assert any("No modifier of HCPCS Level II fits" in notice for notice in answer.notices)


def test_the_first_line_says_what_modifiers_mean(desk: Desk) -> None:
    assert "A1: " in desk.ask("modifier A1 or A2", day=DAY).headline.text


def test_a_header_is_not_preferred_to_the_code_that_completes_it(desk: Desk) -> None:
    answer = desk.ask("M54.5 or M54.50?", day=dt.date(2026, 3, 3))
    assert answer.headline.text == "M54.5 is a header, M54.50 is billable"
