"""Supplies, drugs and services: the words for them in HCPCS Level II.

tests/data/supplies/questions.tsv holds hurried questions with the codes that answer them, in the
layout of `codedesk eval`. The column `half` says how they were used: the misses of `tune` were
worked on, those of `held` were not; `blind` was written last, and measured once before its misses
were worked on. Who wrote them also wrote the rows of the lexicon, so they flatter it.
"""

from __future__ import annotations

import datetime as dt

import pytest
from paths import SHARED, TEST_DATA

from bot.desk.systems import likeliest, said
from codesets.formats import hcpcs
from index.evaluate import Case, read_cases
from index.text.lexicon import DRUG, GOODS, Lexicon

QUESTIONS = TEST_DATA / "supplies" / "questions.tsv"
REAL = SHARED / "codesets" / "hcpcs"
FEBRUARY = dt.date(2026, 2, 1)


def cases() -> list[Case]:
    return read_cases(QUESTIONS)[0]


def test_nearly_all_questions_are_known_to_be_about_hcpcs() -> None:
    known = [likeliest(said(case.query)) == ["hcpcs"] for case in cases()]
    assert sum(known) / len(known) > 0.9


@pytest.mark.parametrize(
    ("typed", "kind", "means"),
    [
        ("rollator", "supply", "walker"),
        ("bipap st", "supply", "bi-level"),
        ("als1 emergency", "service", "advanced life support"),
        ("humira", DRUG, "adalimumab"),
        ("kenalog-40", DRUG, "triamcinolone"),
    ],
)
def test_kinds_of_shorthand(typed: str, kind: str, means: str) -> None:
    lexicon = Lexicon.shipped()
    (part,) = lexicon.parts(lexicon.typed(typed))
    assert part.kind == kind
    assert means in part.means
    assert (kind in GOODS) == (kind != DRUG)


@pytest.mark.parametrize("brand", ["humira", "rocephin", "ozempic", "solumedrol", "5-fu"])
def test_the_name_of_a_drug_is_known_and_not_repaired(brand: str) -> None:
    assert Lexicon.shipped().knows(brand)


def test_questions_are_in_shape() -> None:
    assert len(cases()) >= 120
    assert len({case.query for case in cases()}) == len(cases())
    assert {case.system for case in cases()} == {"hcpcs"}


@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")
def test_codes_of_the_questions_are_in_force() -> None:
    (path,) = REAL.glob("**/HCPC2026_JAN*.txt")
    in_force = {
        row.code
        for row in hcpcs.read_quarter(path)
        if row.terminated is None or row.terminated >= FEBRUARY
    }
    assert {code for case in cases() for code in case.right} <= in_force
