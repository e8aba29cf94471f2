"""Shorthand is spelled out by the words around it, and typing is repaired."""

from __future__ import annotations

import csv

import pytest

from index.text.lexicon import Lexicon
from index.text.resources import read_text
from index.text.spelling import Spelling
from index.text.tokens import essential, read, stem


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("htn", "hypertension"),
        ("HTN w/ CKD 3a", "hypertension with chronic kidney disease, stage 3a"),
        ("t1dm w dka", "type 1 diabetes mellitus with ketoacidosis"),
        ("afib", "atrial fibrillation"),
        ("a-fib w/rvr", "atrial fibrillation with rapid ventricular response"),
        ("hpv+", "high risk human papillomavirus (hpv) dna test positive"),
        ("L4-L5 pain", "l4-l5 lumbar pain"),
        ("L5-S1 hnp", "l5-s1 lumbosacral disc displacement"),
        ("multiple acyl-CoA dehydrogenase deficiency", None),
        # one capital letter alone is a side
        ("cubital tunnel L", "cubital tunnel left"),
        ("ruptured globe (R)", "ruptured globe right"),
        ("vitamin L", None),
        # places on a chromosome
        ("4p- syndrome", "4p- short arm of chromosome 4 deletion syndrome"),
        ("1q21.1 duplication", "1q21.1 long arm of chromosome 1 duplication"),
        # series of hereditary diseases
        ("DFNB1A", "autosomal recessive nonsyndromic sensorineural hearing loss"),
        ("SCA-3", "spinocerebellar ataxia"),
        ("XQZ12", None),
        # weeks of gestation
        ("preeclampsia 34 weeks", "preeclampsia 34 weeks third trimester"),
        ("bleeding in pregnancy 13 wks", "bleeding in pregnancy 13 weeks first trimester"),
        # weeks and days are told of pregnancies only
        ("cramps 27w6d", "cramps 27w6d second trimester"),
        ("cramps 27w", None),
        ("preterm newborn 32 weeks", None),
        ("pregnant, burn 2 weeks ago", "pregnancy burn 2 weeks ago"),
        ("", ""),
    ],
)
def test_spelling_out(typed: str, spelled: str | None) -> None:
    lexicon = Lexicon.shipped()
    words = " ".join(lexicon.spell_out(lexicon.typed(typed)))
    assert words == (typed.lower() if spelled is None else spelled)


SENSES = [
    {"shorthand": "ms", "means": "multiple sclerosis", "when": "", "kind": ""},
    {"shorthand": "ms", "means": "mitral stenosis", "when": "valve murmur echo", "kind": ""},
    {"shorthand": "ca", "means": "calcium", "when": "low level", "kind": ""},
]


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("ms relapse", "multiple sclerosis relapse"),
        ("ms with murmur", "mitral stenosis with murmur"),
        ("low ca", "low calcium"),
        ("ca of breast", "ca of breast"),  # no usual sense is given: left as typed
    ],
)
def test_senses_by_the_words_around(typed: str, spelled: str) -> None:
    lexicon = Lexicon(SENSES)
    assert " ".join(lexicon.spell_out(lexicon.typed(typed))) == spelled


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        # A brand is one name, joined, with a hyphen or with a blank.
        ("solumedrol", "methylprednisolone sodium succinate solu-medrol"),
        ("solu-medrol", "methylprednisolone sodium succinate solu-medrol"),
        ("solu medrol", "methylprednisolone sodium succinate solu-medrol"),
        ("depoprovera 150", "medroxyprogesterone acetate"),
        # The amount of a drug is left out; its route is not.
        ("ancef 1 gm", "cefazolin sodium"),
        ("toradol 60 im", "ketorolac tromethamine injection intramuscular"),
        ("lovenox 40mg sq", "enoxaparin sodium lovenox injection subcutaneous"),
        ("procrit for stage 3 ckd", "epoetin alfa procrit for stage 3 chronic kidney disease"),
        # The same words without a drug.
        ("knee inj", "knee injury"),
        ("stage 3", "stage 3"),
        # A supply that something happened to is a diagnosis, and keeps its name as typed.
        ("insulin pump", "external ambulatory infusion pump, insulin"),
        ("insulin pump malfunction", "insulin pump malfunction"),
    ],
)
def test_supplies_and_drugs(typed: str, spelled: str) -> None:
    lexicon = Lexicon.shipped()
    assert " ".join(lexicon.spell_out(lexicon.typed(typed))) == spelled


VOCABULARY = {
    "deficiency": 300,
    "anemia": 90,
    "diabetes": 400,
    "counseling": 9,
    "lymphogenic": 1,
    "infliximab": 9,
    "ketosis": 9,
    "ceftazidime": 4,
    "clonazepam": 3,
    "abatacept": 1,
}


@pytest.mark.parametrize(
    ("typed", "repaired"),
    [
        ("deficency", "deficiency"),
        ("defishency", "deficiency"),
        ("diabtes", "diabetes"),
        ("counselling", "counseling"),
        ("lymphopenia", "lymphopenia"),
        ("inflixmab", "infliximab"),
        ("deficienvir", "deficienvir"),  # named like a drug, and no such drug is known
        ("e11.9", "e11.9"),
        ("3a", "3a"),
        ("hello", "hello"),
    ],
)
def test_repair(typed: str, repaired: str) -> None:
    assert Spelling(VOCABULARY, frozenset({"hello"})).repair(typed) == repaired


@pytest.mark.parametrize(
    ("text", "affirmed", "denied"),
    [
        ("Type 1 diabetes mellitus with ketoacidosis without coma", "ketoacidosis", "coma"),
        ("ketoacidosis w/o coma", "ketoacidosis", "coma"),
        ("Malignant neoplasm of kidney, except renal pelvis", "kidney", "pelvis"),
    ],
)
def test_denied_words(text: str, affirmed: str, denied: str) -> None:
    reading = read(text)
    assert read(denied).affirmed <= reading.denied
    assert read(affirmed).affirmed <= reading.affirmed


@pytest.mark.parametrize(
    ("noun", "adjective"),
    [
        ("dystonia", "dystonic"),
        ("sclerosis", "sclerotic"),
        ("dysplasia", "dysplastic"),
        ("epilepsy", "epileptic"),
        ("arthritis", "arthritic"),
        ("metastasis", "metastatic"),
    ],
)
def test_a_noun_and_its_adjective_are_one_word(noun: str, adjective: str) -> None:
    assert stem(noun) == stem(adjective)


def test_words_that_only_end_alike_stay_apart() -> None:
    assert len({stem(word) for word in ("foot", "food", "root", "spot")}) == 4


def test_parentheses_are_nonessential() -> None:
    assert essential("Essential (primary) hypertension") == "Essential hypertension"
    assert essential("(Osteo)arthritis") == "arthritis"
    assert essential("(all in parentheses)") == "(all in parentheses)"


def test_lexicon_file_is_in_shape() -> None:
    text = read_text("vocabulary", "abbreviations.tsv")
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["shorthand", "means", "when", "kind"]
    assert {len(row) for row in rows} == {4}
    assert len({(row[0], row[2], row[3] == "series") for row in rows}) == len(rows)
    assert all(row[0] == row[0].lower() and row[1] for row in rows[1:])
