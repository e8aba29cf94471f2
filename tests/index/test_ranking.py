"""Which of a few titles fits a question best. There is no index and no model: the cosines of the
texts are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from index.search.features import extract
from index.search.ranking import FEATURES, Evidence, Judged, Ranker, Rarity
from index.text.tokens import read


class SmallIndex:
    """A few codes with their titles, and the code above each. `entries`: the rows whose title is an
    entry of the Alphabetic Index, too."""

    def __init__(self, *rows: tuple[str, str, str | None], entries: Sequence[int] = ()) -> None:
        self.codes = [code for code, _, _ in rows]
        self.texts = [title for _, title, _ in rows]
        above = [parent for _, _, parent in rows]
        numbers = np.arange(len(rows), dtype=np.int32)
        known = {code: number for number, code in enumerate(self.codes)}
        frequency = Counter(stem for title in self.texts for stem in read(title).affirmed)
        self.ranker = Ranker(
            "icd10cm",
            self.codes,
            extract(self.texts, numbers.tolist(), above),
            numbers,
            np.array([known.get(parent or "", -1) for parent in above], dtype=np.int32),
            np.isin(np.arange(len(rows)), entries),
            Rarity(frequency, len(rows)),
        )

    def judged(
        self,
        question: str,
        cosines: Mapping[str, float] | None = None,
        inherited: Mapping[str, str] | None = None,
    ) -> Judged:
        """Score all codes. The cosine of a text is 0.6, unless `cosines` has another for its code.
        `inherited`: code -> code one level above by whose title it is found, not by its own."""
        near = np.array([(cosines or {}).get(code, 0.6) for code in self.codes], dtype=np.float32)
        by_text = [self.codes.index((inherited or {}).get(code, code)) for code in self.codes]
        families = np.arange(len(self.codes), dtype=np.int32)
        texts = np.array(by_text, dtype=np.int32)
        distances = (texts != families).astype(np.int32)
        evidence = Evidence(families, texts, near, np.zeros_like(near), distances)
        return self.ranker.judge([read(question)], evidence, families, near)

    def first(self, question: str, **given: Mapping[str, float]) -> str:
        judged = self.judged(question, **given)
        return self.codes[judged.families[judged.chosen[0]]]


def feature(judged: Judged, name: str) -> list[float]:
    return judged.features[:, FEATURES.index(name)].astype(float).round(3).tolist()


# Of two titles that are equally near, the one whose words fit

FITS_BEST = [
    # question, the title that fits, the other, why
    ("gout", "Gout", "Gout due to renal impairment", "no more and no less than is asked"),
    ("type 2 diabetes", "Type 2 diabetes mellitus", "Type 1 diabetes mellitus", "its number"),
    ("ckd stage 3", "Kidney disease, stage 3", "Kidney disease, stage 4", "its number"),
    ("coma", "Hepatic failure with coma", "Hepatic failure without coma", "what it affirms"),
    ("failure without coma", "Failure without coma", "Failure with coma", "what it denies"),
    ("asthma", "Asthma, uncomplicated", "Other specified asthma", "nothing other was asked for"),
    ("acute sinusitis", "Acute sinusitis", "Chronic sinusitis", "an axis that is said"),
    ("hip pain", "Pain in hip", "Personal history of hip pain", "no other circumstance"),
    ("history of hip pain", "History of hip pain", "Pain in hip", "the circumstance that is said"),
    ("collapse", "Syncope and collapse", "Syncope with collapse of lung", "and means and/or"),
]


@pytest.mark.parametrize(("question", "fits", "other", "why"), FITS_BEST)
def test_the_title_that_fits_is_first(question: str, fits: str, other: str, why: str) -> None:
    for rows in ([("A00", fits, None), ("B00", other, None)], [("A00", other, None),
                 ("B00", fits, None)]):  # fmt: skip
        index = SmallIndex(*rows)
        assert index.texts[index.codes.index(index.first(question))] == fits, why


def test_of_titles_whose_words_fit_alike_the_nearer_is_first() -> None:
    index = SmallIndex(("A00", "Heart attack", None), ("B00", "Cow bite", None))
    assert index.first("infarction", cosines={"A00": 0.8, "B00": 0.2}) == "A00"
    assert index.first("infarction", cosines={"A00": 0.2, "B00": 0.8}) == "B00"


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    diseases = [(f"C{n:02}", f"Disease of organ {word}", None) for n, word in enumerate("abcdefgh")]
    index = SmallIndex(("A00", "Disease", None), ("B00", "Gout", None), *diseases)
    assert index.first("gout disease") == "B00"
    rarity = Rarity({"common": 99, "rare": 1}, 100)
    common, rare, unknown = rarity.of(["common", "rare", "unknown"]).tolist()
    assert common < rare < unknown


def test_words_of_the_title_above_count_less_than_those_of_the_own_title() -> None:
    index = SmallIndex(
        ("A00", "Degeneration of macula", None), ("A00.1", "Dry", "A00"), ("B00.1", "Dry", None),
        ("C00", "Dry macula degeneration", None),
    )  # fmt: skip
    above, below, alone, own = feature(index.judged("dry macula degeneration"), "question_coverage")
    assert alone < below < own
    assert above < own


def test_a_text_of_a_header_counts_less_for_a_family_below_than_its_own() -> None:
    index = SmallIndex(("A00", "Gout", None), ("A00.1", "Gout of knee", "A00"))
    judged = index.judged("gout", inherited={"A00.1": "A00"})
    assert feature(judged, "inherited") == [0, 1]
    assert feature(judged, "exact") == [1, 0], "an exact text must be its own"
    assert index.first("gout", inherited={"A00.1": "A00"}) == "A00"


def test_a_code_without_evidence_is_scored_by_its_title() -> None:
    index = SmallIndex(("A00", "Cow bite", None), ("B00", "Gout", None))
    one = np.array([0], dtype=np.int32)
    near = np.array([0.4], dtype=np.float32)
    evidence = Evidence(one, one, near, near, one)
    both = np.array([0, 1], dtype=np.int32)
    judged = index.ranker.judge([read("gout")], evidence, both, np.array([0.4, 0.7]))
    assert index.codes[judged.families[judged.chosen[0]]] == "B00"
    assert feature(judged, "dense") == [0.4, 0.7]
    assert feature(judged, "lexical") == [0.4, 0.0]


def test_the_wording_that_agrees_better_counts() -> None:
    index = SmallIndex(("A00", "Chronic kidney disease", None), ("B00", "CKD", None))
    near = np.full(2, 0.5, dtype=np.float32)
    both = np.array([0, 1], dtype=np.int32)
    evidence = Evidence(both, both, near, near, np.zeros(2, dtype=np.int32))
    readings = [read("chronic kidney disease"), read("ckd")]
    assert feature(index.ranker.judge(readings, evidence, both, near), "question_coverage") == [
        1.0,
        1.0,
    ]


# Groups: codes that differ in side or trimester only

HANDS = [
    ("M19.041", "Primary osteoarthritis, right hand", "M19.04"),
    ("M19.042", "Primary osteoarthritis, left hand", "M19.04"),
    ("M19.049", "Primary osteoarthritis, unspecified hand", "M19.04"),
]
EYES = [
    ("H43.391", "Vitreous opacities, right eye", "H43.39"),
    ("H43.393", "Vitreous opacities, bilateral", "H43.39"),
]
TRIMESTERS = [
    ("O13.1", "Gestational hypertension, first trimester", "O13"),
    ("O13.2", "Gestational hypertension, second trimester", "O13"),
    ("O13.9", "Gestational hypertension, unspecified trimester", "O13"),
]


@pytest.mark.parametrize(
    ("rows", "question", "member"),
    [
        (HANDS, "osteoarthritis of the left hand", "M19.042"),
        (HANDS, "right hand oa", "M19.041"),
        (HANDS, "hand osteoarthritis", "M19.049"),
        (EYES, "floaters in both eyes", "H43.393"),
        (EYES, "right eye floaters", "H43.391"),
        (TRIMESTERS, "gestational hypertension, second trimester", "O13.2"),
        (TRIMESTERS, "gestational hypertension", "O13.9"),
    ],
)
def test_the_member_of_a_group_that_the_question_asks_for_is_chosen(
    rows: Sequence[tuple[str, str, str | None]], question: str, member: str
) -> None:
    """The choice does not depend on which of them is nearest."""
    for nearest, _, _ in rows:
        index = SmallIndex(*rows, ("A00", "Cow bite", None))
        assert index.first(question, cosines={nearest: 0.9}) == member


def test_a_group_is_found_once() -> None:
    index = SmallIndex(*HANDS, ("A00", "Cow bite", None))
    judged = index.judged("hand osteoarthritis", cosines={"M19.041": 0.9})
    assert len(set(judged.scores[:3].tolist())) == 1, "all have the score of the best"
    assert len(judged.chosen) == 2, "one of each group"
    assert judged.siblings(0) == [1, 2]
    assert judged.siblings(3) == []


# Evidence


@pytest.fixture
def evidence() -> Evidence:
    """Family 0 is found by its own text 5 and by text 6 of a header, family 1 by text 7, and family
    2 by text 8, which is far away."""
    return Evidence(
        families=np.array([0, 0, 1, 2]),
        texts=np.array([6, 5, 7, 8]),
        cosines=np.array([0.7, 0.9, 0.8, 0.1], dtype=np.float32),
        lexical=np.zeros(4, dtype=np.float32),
        distances=np.array([1, 0, 0, 0]),
    )


def test_the_nearest_texts_of_a_family(evidence: Evidence) -> None:
    assert evidence.nearest(0, 5) == [5, 6]
    assert evidence.nearest(0, 1) == [5]
    assert evidence.nearest(9, 5) == []


def test_the_nearest_families_in_the_order_of_their_numbers(evidence: Evidence) -> None:
    assert evidence.nearest_families(2).tolist() == [0, 1]
    assert evidence.nearest_families(9).tolist() == [0, 1, 2]
    assert evidence.of(np.array([1, 2])).nearest_families(1).tolist() == [1]
    assert evidence.of(np.array([1, 2])).texts.tolist() == [7, 8]


def test_a_text_of_a_header_counts_as_farther_away(evidence: Evidence) -> None:
    above, own, *_ = evidence.nearness().tolist()
    assert above < own
    as_near = Evidence(
        np.array([0, 1]), np.array([5, 6]), np.full(2, 0.7), np.zeros(2), np.array([2, 1])
    )
    assert as_near.nearest_families(1).tolist() == [1]


def test_an_entry_of_the_index_is_obeyed() -> None:
    rows = (
        ("M84.359", "Stress fracture, hip", None),
        ("S72.009", "Fracture, traumatic, hip", None),
    )
    plain = SmallIndex(*rows).judged("hip fracture")
    entry = SmallIndex(*rows, entries=[1]).judged("hip fracture")
    of_entry = [judged.scores[1] - judged.scores[0] for judged in (plain, entry)]
    assert of_entry[1] > of_entry[0]
