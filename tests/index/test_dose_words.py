"""What a question says of doses: amounts, rates, strengths, containers, waste."""

from __future__ import annotations

from decimal import Decimal

import pytest

from index.text.doses import Doses, Said, is_a_count, read_doses


def told(one: Said | None) -> str:
    if one is None:
        return ""
    return str(one.amount) if one.amount else f"~{one.bare}"


def opened(said: Doses) -> list[str]:
    return [f"{one.count} x {told(one.each)}".strip() for one in said.opened]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("gave 40 mg im", ["40 mg"]),
        ("70 given", ["~70"]),
        ("2 mg/kg, 50 kg = 100mg", ["100 mg"]),
        ("dose came out 612.5 mg", ["612.5 mg"]),
        ("1.2 million units given", ["1,200,000 units"]),
    ],
)
def test_what_was_given(text: str, given: list[str]) -> None:
    assert [told(one) for one in read_doses(text).given] == given


@pytest.mark.parametrize(
    ("text", "containers"),
    [
        ("3 x 100mg vials", ["3 x 100 mg"]),
        ("1x500 + 3x100", ["1 x ~500", "3 x ~100"]),
        ("4 vials x100 mixed", ["4 x ~100"]),
        ("opened 400 + 400", ["1 x ~400", "1 x ~400"]),
        ("(150 + 75 pfs)", ["1 x ~150", "1 x ~75"]),
        ("two 150 mg syringes", ["2 x 150 mg"]),
        ("2 syringes 250mg each", ["2 x 250 mg"]),
        ("out of a 3.5mg vial", ["1 x 3.5 mg"]),
        ("200 unit vial", ["1 x 200 units"]),
        ("one vial", ["1 x"]),
        ("500 u vial, 300 u given", ["1 x 500 units"]),
    ],
)
def test_what_was_opened(text: str, containers: list[str]) -> None:
    assert opened(read_doses(text)) == containers


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("9000 u given 1000 wasted", "~1000"),
        ("gave 70 units wasted 30", "~30"),
        ("discarded 5 mg", "5 mg"),
        ("waste 12", "~12"),
        ("48 mg left knee", ""),
    ],
)
def test_what_was_thrown_away(text: str, lost: str) -> None:
    assert told(read_doses(text).lost) == lost


@pytest.mark.parametrize(
    "text",
    ["no waste", "none wasted", "all used", "whole syringe", "entire vial", "0 mg discarded"],
)
def test_nothing_was_thrown_away(text: str) -> None:
    assert read_doses(text).none_lost


def test_the_rest_was_thrown_away() -> None:
    assert read_doses("200 unit vial, rest tossed").rest_lost


def test_rates_weights_and_surfaces() -> None:
    said = read_doses("5 mg/kg, wt 176 lb")
    assert (told(said.rate), said.per) == ("5 mg", "kg")
    assert said.weight is not None
    assert abs(said.weight - Decimal("79.83")) < Decimal("0.01")
    said = read_doses("75 mg/m2 BSA 1.9")
    assert (told(said.rate), said.per, said.surface) == ("75 mg", "m2", Decimal("1.9"))


def test_strengths() -> None:
    assert told(read_doses("4mg/ml, gave 2 ml").strength) == "4 mg"
    assert told(read_doses("250 mg/5 ml").strength) == "50 mg"
    assert read_doses("10% 300 ml").percent == 10
    assert [told(one) for one in read_doses("10% 300 ml").volumes] == ["300 mL"]


@pytest.mark.parametrize(
    "text", ["q6w", "ckd 4", "week 6 at 0910", "14 yo", "J1885", "AUC 5", "over 30 min", "C2D1"]
)
def test_other_numbers_are_no_doses(text: str) -> None:
    said = read_doses(text)
    assert not said.says_an_amount
    assert said.bare == []


def test_the_unit_that_a_question_names() -> None:
    said = read_doses("100mg vial, gave 70, code is per 100 mg")
    assert str(said.stated_unit) == "100 mg"


def test_a_number_in_a_name_is_no_dose() -> None:
    said = read_doses("kenalog-40, 2 ml")
    assert (said.bare, [told(one) for one in said.in_name]) == ([], ["~40"])


def test_counts_are_no_codes() -> None:
    assert is_a_count("3x100", "opened 3x100")
    assert is_a_count("x100", "4 vials x100")
    assert not is_a_count("X100", "X100 burn")
