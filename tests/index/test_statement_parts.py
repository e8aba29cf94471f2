"""The parts of a statement that are searched, and the choice of the codes that cover them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from index.statement.evidence import Group, Weighed
from index.statement.facts import read_statement
from index.statement.listing import apart
from index.statement.model import Span
from index.statement.parts import parts_of, wordings
from index.statement.pool import Option
from index.statement.selection import best_of, choose


def _parts(text: str, *claimed: str) -> list[str]:
    statement = read_statement(text)
    spans = [Span(at := statement.folded.index(c), at + len(c)) for c in claimed]
    return [part.text for part in parts_of(statement, spans)]


@pytest.mark.parametrize(
    ("text", "claimed", "parts"),
    [
        ("htn, dm2", (), ["htn", "dm2"]),
        ("no fever, uti", (), ["uti"]),
        ("hx of ca, uti", (), ["uti"]),
        ("r/o PE, chest pain", (), ["chest pain"]),
        ("probable pneumonia, inpt", (), ["pneumonia"]),
        ("knee pain, left", (), ["knee pain left"]),
        ("left, knee pain", (), ["left knee pain"]),
        ("cough, 3 yo", (), ["cough"]),
        ("afib on eliquis", ("on eliquis",), ["afib"]),
        ("pt here for chf on lasix", ("lasix",), ["chf"]),
        ("htn", ("htn",), []),
        ("left", (), []),
        ("", (), []),
        ("POAG mild OD, severe OS", (), ["POAG mild right eye", "POAG severe left eye"]),
    ],
)
def test_parts_are_what_needs_a_code(text: str, claimed: tuple[str, ...], parts: list[str]) -> None:
    found = [" ".join(part.split()) for part in _parts(text, *claimed)]
    assert [part.lower() for part in found] == [part.lower() for part in parts]


def test_the_parts_that_are_searched_are_limited() -> None:
    assert len(_parts(", ".join(f"pain{n} here" for n in range(40)))) == 20


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("htn", ["htn"]),
        ("copd w/ bronchitis", ["copd", "bronchitis", "copd with bronchitis"]),
        ("ckd d/t dm", ["ckd", "dm", "ckd due to dm"]),
    ],
)
def test_parts_are_searched_alone_and_joined(text: str, searched: list[str]) -> None:
    assert [w.text for _, w in wordings(parts_of(read_statement(text), []))] == searched


_NAMES = {"hypertension", "type 2 diabetes mellitus", "hyperlipidemia", "cough", "fever"}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("htn dm2 hld", ["htn", "dm2", "hld"]),
        ("pt here for cough fever", ["cough", "fever"]),
        ("htn dm2 32 weeks", ["htn", "dm2", "32 weeks"]),
        ("htn", ["htn"]),
        ("htn something dm2", ["htn something dm2"]),
    ],
)
def test_names_that_are_listed_are_facts(text: str, facts: list[str]) -> None:
    statement = apart(read_statement(text), _NAMES.__contains__)
    assert [fact.text for fact in statement.facts] == facts
    assert statement.facts[0].span.start == 0
    assert statement.facts[-1].span.end == len(text)


def _weighed(code: str, group: Group, chance: float) -> Weighed:
    option = cast(Option, SimpleNamespace(code=SimpleNamespace(code=code)))
    return Weighed(group, option, np.zeros(0), chance)


@pytest.mark.parametrize(
    ("weighed", "chosen"),
    [
        ([("A", (0,), 0.9), ("B", (1,), 0.8)], ["A", "B"]),
        ([("AB", (0, 1), 0.9), ("A", (0,), 0.8), ("B", (1,), 0.7)], ["AB"]),
        ([("A", (0, 1), 0.9), ("A", (0,), 0.8), ("B", (1,), 0.7)], ["A", "B"]),
        ([("A", (0,), 0.9), ("AB", (0, 1), 0.8), ("B", (1,), 0.7)], ["A", "B"]),
        ([("A", (0,), 0.1)], []),
        ([], []),
    ],
)
def test_codes_cover_each_part_once(
    weighed: list[tuple[str, Group, float]], chosen: list[str]
) -> None:
    found = choose([_weighed(*each) for each in weighed])
    assert [choice.option.code.code for choice in found] == chosen


def test_the_likeliest_code_alone() -> None:
    (best,) = best_of([_weighed("A", (0,), 0.1), _weighed("B", (0,), 0.2)])
    assert best.option.code.code == "B"
    assert best_of([]) == []
