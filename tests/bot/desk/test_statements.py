"""Several statements in one message are told apart; one statement is not torn."""

from __future__ import annotations

import pytest

from bot.desk.statements import MOST_STATEMENTS, most_characters, split

LISTS = [
    ("1. htn\n2. dm2 w/ ckd 3\n3. gout left foot", ["htn", "dm2 w/ ckd 3", "gout left foot"]),
    ("1) htn\n2) copd", ["htn", "copd"]),
    ("(1) htn\n(2) copd", ["htn", "copd"]),
    ("- htn\n- dm2", ["htn", "dm2"]),
    ("* htn\n* dm2", ["htn", "dm2"]),
    ("• htn\n• dm2\n• gout", ["htn", "dm2", "gout"]),
    ("a. htn\nb. gout", ["htn", "gout"]),
    ("Problem list:\n1. htn\n2. gout", ["htn", "gout"]),
    ("pls code these:\n- htn\n- gout", ["htn", "gout"]),
    ("Assessment\n1. htn\n2. gout", ["htn", "gout"]),
    # An assessment with its plan: the dashes belong to the number above them.
    ("1. dm2\n- on metformin\n- a1c 9\n2. htn", ["dm2, on metformin, a1c 9", "htn"]),
    ("1. dm2 uncontrolled,\n   on insulin\n2. htn", ["dm2 uncontrolled, on insulin", "htn"]),
    ("1. htn\n2. gout\nwhich codes?", ["htn", "gout"]),
    # In one line.
    ("1. htn 2. dm2 3. gout", ["htn", "dm2", "gout"]),
    ("1) htn, 2) gout", ["htn", "gout"]),
    ("pls code: 1. htn 2. gout", ["htn", "gout"]),
    ("• htn • dm2 • gout", ["htn", "dm2", "gout"]),
    # A line each.
    ("htn\ndm2 with neuropathy\ngout left foot", ["htn", "dm2 with neuropathy", "gout left foot"]),
    ("htn\n\ngout", ["htn", "gout"]),
    ("Problem list:\nhtn\ngout\ncopd", ["htn", "gout", "copd"]),
    ("fall from ladder, wrist fx\nhtn\nwhich codes?", ["fall from ladder, wrist fx", "htn"]),
]  # fmt: skip

ONE = [
    "htn with ckd 3b",
    "htn, dm2, ckd 3",
    "dog bite rt lower leg; at the park; first visit",
    "copd exacerbation\nwith pneumonia",
    "copd exacerbation,\npneumonia",
    "dog bite rt lower leg\nat the park",
    "fell off ladder and\nbroke left wrist",
    "pneumonia due to\nmrsa",
    "left wrist fracture\ninitial encounter",
    "rt knee pain\nno injury",
    "cough\ndenies fever",
    "htn\nckd 3\nwhich goes first?",
    "htn\nckd 3\ndx order?",
    "mi 3 weeks ago\nstill in hospital",
    "pt here for f/u of htn\npt also has ckd stage 3",
    "1. htn",
    "stage 3. ckd 4. visit",
    "ulcer 2. stage",
    "r. knee pain",
    "r. knee pain\nl. knee pain is not new",
    "pt seen after a long drive with swelling of the left leg that began two days ago in the\n"
    "evening",
    "E11.9\nE10.9 together?",
    "",
    "   \n  ",
]


@pytest.mark.parametrize(("text", "parts"), LISTS)
def test_a_list_is_taken_apart(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize("text", ONE)
def test_one_statement_is_not_torn(text: str) -> None:
    assert split(text) == [" ".join(text.split())]


def test_every_item_of_a_long_list_is_told_apart() -> None:
    text = "\n".join(f"{n}. problem {chr(96 + n % 26 + 1)}" for n in range(1, 31))
    assert len(split(text)) == 30
    assert MOST_STATEMENTS == 20


def test_a_list_may_be_longer_than_a_question() -> None:
    items = "\n".join(
        f"{n}. type 2 diabetes with polyneuropathy, on insulin, a1c 9.{n}" for n in range(20)
    )
    assert 1000 < len(items) < 3000
    assert most_characters(items) == 3000
    assert most_characters("knee pain " * 150) == 1000
    assert most_characters(items * 3) == 1000
    assert most_characters("htn") == 1000
