"""The confidence of hits, and which questions are declined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from index.search.confidence import confidence, fits, question_evidence
from index.search.ranking import FEATURES, WEIGHTS
from index.search.searcher import Found, Hit, Query
from index.text.tokens import read

#: Features of a text with the words of the question, of one with about half, and of one far away.
SAME = {
    "dense": 0.97, "title": 0.97, "lexical": 1.0, "category": 0.97, "exact": 1.0,
    "question_coverage": 1.0, "text_coverage": 1.0, "title_coverage": 1.0,
}  # fmt: skip
HALF = {
    "dense": 0.7, "title": 0.65, "lexical": 0.7, "category": 0.7,
    "question_coverage": 0.5, "text_coverage": 0.5, "title_coverage": 0.4,
}  # fmt: skip
FAR = {"dense": 0.3, "title": 0.25, "lexical": 0.2, "category": 0.3}


def hit(*, fit: float = 0.0, **features: float) -> Hit:
    """A hit with these features, those not named being 0, and the score that ranking gives it."""
    full = dict.fromkeys(FEATURES, 0.0) | features
    score = sum(WEIGHTS[name] * value for name, value in full.items())
    return Hit("icd10cm", "I10", "title", score, full["dense"], full, ("title",), fit=fit)


def found(
    *hits: Hit,
    off_topic: float = 0.2,
    ours: float = 0.0,
    known: float = 1.0,
    shorthand: float = 0.0,
) -> Found:
    query = Query("question", "question", "question", read("question"), shorthand)
    return Found(query, list(hits), off_topic, ours, known, np.zeros(1), np.zeros(1))


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        pytest.param(
            [SAME, FAR], ["high", "low"], id="the words of the question, the other far away"
        ),
        pytest.param([SAME, HALF], ["high", "low"], id="the words of the question, the other half"),
        pytest.param([SAME, SAME], ["medium", "medium"], id="two with the words of the question"),
        pytest.param([HALF, HALF], ["low", "low"], id="two with half of the words"),
        pytest.param([FAR, FAR], ["low", "low"], id="two that are far away"),
        pytest.param([FAR, SAME], ["low", "medium"], id="high is for the first place alone"),
    ],
)
def test_how_sure(hits: Sequence[dict[str, float]], expected: list[str]) -> None:
    shown = [hit(**features) for features in hits]
    assert [confidence(shown, at) for at in range(len(shown))] == expected


@pytest.mark.parametrize(
    ("worse", "because"),
    [
        ({"unasked_axes": 3.0}, "the title decides what the question leaves open"),
        ({"unspecified": 1.0, "other": 1.0}, "the title is for what has no code of its own"),
    ],
)
def test_what_makes_an_answer_less_sure(worse: dict[str, float], because: str) -> None:
    """Compared with the same rival. It never makes an answer more sure."""
    order = ["low", "medium", "high"]
    rivals = [hit(**(SAME | {"dense": dense})) for dense in np.linspace(0.0, 1.0, 21)]
    plain = [order.index(confidence([hit(**SAME), rival], 0)) for rival in rivals]
    less = [order.index(confidence([hit(**(SAME | worse)), rival], 0)) for rival in rivals]
    assert all(one <= other for one, other in zip(less, plain, strict=True)), because
    assert less != plain, because


def test_the_nearer_the_rival_the_less_sure() -> None:
    order = ["low", "medium", "high"]
    rivals = [hit(**(SAME | {"dense": dense})) for dense in np.linspace(-1.0, 1.0, 41)]
    levels = [order.index(confidence([hit(**SAME), rival], 0)) for rival in rivals]
    assert levels == sorted(levels, reverse=True)
    assert (levels[0], levels[-1]) == (2, 1)


@pytest.mark.parametrize(
    ("given", "of_a_system", "shown"),
    [
        pytest.param(found(), False, False, id="no hit, no answer"),
        pytest.param(found(), True, False, id="no hit in the system that is named either"),
        pytest.param(found(hit(**SAME)), False, True, id="the words of a title"),
        pytest.param(found(hit(**SAME), off_topic=0.95), False, False, id="small talk"),
        pytest.param(
            found(hit(**SAME), off_topic=0.95), True, False, id="small talk that names a system"
        ),
        pytest.param(
            found(hit(**FAR, fit=3.0), off_topic=0.95, known=0.2), False, True,
            id="an operation and a body part of ICD-10-PCS",
        ),
        pytest.param(found(hit(**FAR), known=0.2), False, False, id="far, in words no text has"),
        pytest.param(found(hit(**FAR), known=0.2), True, False, id="far, though a system is named"),
        pytest.param(
            found(hit(**FAR), known=1.0, shorthand=1.0, ours=1.0), False, True,
            id="all of it is shorthand, though near nothing",
        ),
        pytest.param(found(hit(**HALF), known=0.5), False, True, id="half of the words of a title"),
    ],
)  # fmt: skip
def test_when_an_answer_is_given(given: Found, of_a_system: bool, shown: bool) -> None:
    assert fits(given, of_a_system=of_a_system) is shown


def test_more_questions_are_answered_where_a_code_system_is_named() -> None:
    questions = [
        found(hit(dense=near, question_coverage=coverage), known=0.5)
        for near in np.linspace(0.0, 1.0, 21)
        for coverage in (0.0, 0.5, 1.0)
    ]
    plain = [fits(question) for question in questions]
    named = [fits(question, of_a_system=True) for question in questions]
    assert all(one <= other for one, other in zip(plain, named, strict=True))
    assert plain != named


def test_words_of_the_first_three_hits_count_and_the_nearness_of_all() -> None:
    hits = [hit(**FAR), hit(**FAR), hit(**FAR), hit(**SAME)]
    evidence = question_evidence(found(*hits, known=0.4, shorthand=0.3))
    assert (evidence["question_coverage"], evidence["text_coverage"], evidence["exact"]) == (
        0.0,
        0.0,
        0.0,
    )
    assert evidence["near"] == 0.97
    assert (evidence["known"], evidence["shorthand"]) == (0.4, 0.3)
    assert question_evidence(found(*hits[1:]))["question_coverage"] == 1.0
