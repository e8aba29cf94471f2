"""Candidates of several code systems are shown in a group each, under a heading."""

from __future__ import annotations

import json

import pytest

from bot.desk.answer import Answer, Candidate
from bot.slack.views.answer import answer_blocks
from bot.slack.views.details import detail_pages
from bot.views.shared import by_system
from bot.views.terminal import as_text

SYSTEMS = {"m": "icd10cm", "p": "icd10pcs", "h": "hcpcs"}
DIAGNOSIS, PROCEDURE = "As a diagnosis (ICD-10-CM):", "As an inpatient procedure (ICD-10-PCS):"


def candidates(kinds: str) -> list[Candidate]:
    """One candidate a letter, of the system that the letter stands for."""
    return [
        Candidate(n, SYSTEMS[kind], f"{kind}{n}", f"title {n}", True, "FY2026", 1.0, "low", [])
        for n, kind in enumerate(kinds, 1)
    ]


@pytest.mark.parametrize(
    ("kinds", "most", "shown"),
    [
        ("", 5, []),
        ("mmmm", 3, ["mmm"]),
        ("mmmppp", 5, ["mmm", "pp"]),
        ("mmmppp", 3, ["mm", "p"]),
        ("mmmmmmmppp", 10, ["mmmmmmm", "ppp"]),
        ("mppp", 3, ["m", "pp"]),
        ("mmppph", 4, ["mm", "p", "h"]),
    ],
)
def test_each_group_is_shown_with_its_first_candidates(
    kinds: str, most: int, shown: list[str]
) -> None:
    groups = by_system(candidates(kinds), most)
    assert ["".join(one.code[0] for one in group) for _, group in groups] == shown
    assert all(bool(heading) == (len(groups) > 1) for heading, _ in groups)


def test_groups_have_headings_in_the_terminal_and_in_slack() -> None:
    answer = Answer("port flush", "2026-05-01", "answered", candidates=candidates("mmmppp"))
    (page,) = detail_pages(answer)
    drawn = json.dumps([block.to_dict() for block in page], ensure_ascii=False)
    for shown in (as_text(answer), drawn):
        assert shown.index(DIAGNOSIS) < shown.index("m1") < shown.index(PROCEDURE)
        assert shown.index(PROCEDURE) < shown.index("p4")


def test_one_system_has_no_heading() -> None:
    answer = Answer("gout", "2026-05-01", "answered", candidates=candidates("mm"))
    assert DIAGNOSIS not in as_text(answer) + json.dumps(answer_blocks(answer, "abc"))
