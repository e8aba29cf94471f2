"""A statement taken apart: its facts, whether they are so, and how they are joined."""

from __future__ import annotations

import random
import time

import pytest

from index.statement.facts import among, choosing, is_detail, read_statement
from index.statement.model import Fact, Span, Statement

#: The mark of each status in the table: "-" is denied, "?" uncertain, "<" past.
_MARKS = {"affirmed": "", "denied": "-", "uncertain": "?", "past": "<"}

# statement | its facts, without those that say nothing of the case
CASES = """
# signs and words that join
htn, dm2; hld | htn ; dm2 ; hld
htn + ckd stage 4 | htn ; ckd stage 4
cough+fever | cough ; fever
htn - uncontrolled | htn ; uncontrolled
chest pain (worse at night) | chest pain ; worse at night
knee pain. fell | knee pain ; fell
chest pain.sob | chest pain ; sob
diarrhea/vomiting | diarrhea ; vomiting
n/v | n/v
copd w/ acute bronchitis | copd ; acute bronchitis
copd w/exacerbation | copd ; exacerbation
ckd d/t dm | ckd ; dm
wrist pain s/p fall | wrist pain ; <fall
# numbers and codes stay whole
temp 101.5, cough | temp 101.5 ; cough
5,000 units | 5,000 units
htn,250 lb | htn ; 250 lb
E11. 65 and htn | E11. 65 ; htn
htn. 65 yo | htn ; 65 yo
seen for ckd. 3 stones | ckd ; 3 stones
post-op infection | post-op infection
# what is said around the case
pt here for cough | cough
pt c/o cough, per md | cough
here w/ fever | fever
sequence: htn | htn
mild malnutrition, add ensure | mild malnutrition
poison ivy rash, steroids | poison ivy rash
dysphagia, speech eval | dysphagia
iron def anemia, po iron | iron def anemia
rash d/t amoxicillin | rash ; amoxicillin
ra flare here today just for knee pain | ra flare ; knee pain
aml not in remission here for chemo only | aml ; -in remission
post herpetic neuralgia | post herpetic neuralgia
dysuria, prob uti | dysuria ; ?uti
# denied
no fever, uti | -fever ; uti
uti no fever | uti ; -fever
uti and no sepsis | uti ; -sepsis
uti but no sepsis | uti ; -sepsis
cough w/o fever but with chills | cough ; -fever ; chills
no no fever | -fever
pt denies chest pain | -chest pain
does not have fever | -fever
neg covid, cough | -covid ; cough
flu negative, cough | -flu ; cough
flu negative but covid positive | -flu ; covid positive
sepsis ruled out, uti | -sepsis ; uti
pe was ruled out | -pe
unlikely pe, chest pain | -pe ; chest pain
non-smoker, copd | -smoker ; copd
(no fever) | -fever
sore throat rapid strep neg | sore throat ; -rapid strep
cough covid neg flu neg | cough ; -covid ; -flu
# lists that are denied
no fever or chills, cough | -fever or chills ; cough
no fever, chills, or cough | -fever ; -chills ; -cough
no fever, chills or cough; uti | -fever ; -chills or cough ; uti
neither fever nor chills | -fever nor chills
no nausea/vomiting, diarrhea | -nausea ; -vomiting ; diarrhea
denies fever, chills, sob. c/o cough | -fever ; -chills ; -sob ; cough
denies cp, sob, has cough | -cp ; -sob ; has cough
denies cp, htn | -cp ; htn
denies fever and chills | -fever ; -chills
neg for flu and covid; cough | -flu ; -covid ; cough
neg for strep, sore throat | -strep ; sore throat
no injury, pain in hand or wrist | -injury ; pain in hand or wrist
# words that deny elsewhere, and are part of a name here
non-hodgkin lymphoma | non-hodgkin lymphoma
non st elevation mi | non st elevation mi
non healing wound | non healing wound
breast ca er pos her2 neg | breast ca er pos her2 neg
triple negative breast ca | triple negative breast ca
sepsis gram neg | sepsis gram neg
baby not gaining weight | baby not gaining weight
wound not healing | wound not healing
dm not controlled | dm not controlled
absent left foot | absent left foot
# past
hx of mi | <mi
s/p cabg, cad | <cabg ; cad
status post fall, wrist pain | <fall ; wrist pain
past history of ca | <ca
family hx of breast ca | <breast ca
fhx colon ca, screening | <colon ca ; screening
no hx of dm, cough | -dm ; cough
no prior mi | -mi
# uncertain
r/o PE, chest pain | ?PE ; chest pain
chest pain r/o mi | chest pain ; ?mi
?uti | ?uti
uti ? | ?uti
uti likely | ?uti
uti, likely | ?uti
consistent with pneumonia | ?pneumonia
cannot rule out pe | ?pe
lyme not ruled out | ?lyme
pe cannot be ruled out | ?pe
hx of possible tia | ?tia
likely flu/covid | ?flu/covid
"""


def _cases() -> list[tuple[str, str]]:
    lines = [line for line in CASES.splitlines() if line and not line.startswith("#")]
    return [(statement, facts) for statement, facts in (line.split(" | ") for line in lines)]


@pytest.mark.parametrize(("text", "facts"), _cases())
def test_facts_have_their_words_and_status(text: str, facts: str) -> None:
    read = [f for f in read_statement(text).facts if f.status != "chatter"]
    assert " ; ".join(_MARKS[f.status] + f.text for f in read) == facts


@pytest.mark.parametrize(
    ("text", "joins"),
    [
        ("htn, dm", ["and", "and"]),
        ("htn and dm", ["and", "and"]),
        ("copd w/ pneumonia", ["and", "with"]),
        ("copd w/pneumonia", ["and", "with"]),
        ("htn complicated by ckd", ["and", "with"]),
        ("anemia d/t ckd", ["and", "due to"]),
        ("anemia 2/2 ckd, htn", ["and", "due to", "and"]),
        ("fever after surgery", ["and", "after"]),
        ("pain, with fever", ["and", "with"]),
        ("dm with no ketoacidosis", ["and", "with"]),
        ("anemia due to hx of gi bleed", ["and", "due to"]),
        ("consistent with flu", ["and"]),
    ],
)
def test_facts_are_joined_as_the_words_say(text: str, joins: list[str]) -> None:
    assert [fact.join for fact in read_statement(text).facts] == joins


@pytest.mark.parametrize(
    "text", ["probable pneumonia, inpt", "admitted w/ chf", "d/c summary: flu"]
)
def test_an_inpatient_stay_is_told(text: str) -> None:
    assert read_statement(text).inpatient


@pytest.mark.parametrize("text", ["outpatient, htn", "htn", "zip style"])
def test_no_inpatient_stay_is_told(text: str) -> None:
    assert not read_statement(text).inpatient


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("left side", True), ("acute on chronic", True), ("3 yo male", True), ("", True),
     ("recheck", True), ("cough", False), ("left foot", False), ("chronic cough", False)],
)  # fmt: skip
def test_details_name_nothing_of_their_own(text: str, is_one: bool) -> None:
    assert is_detail(text) is is_one


def test_details_that_choose_among_codes() -> None:
    assert choosing("left, ED visit") == "left,"
    assert choosing("3 yo") == ""


def test_facts_by_status() -> None:
    facts = read_statement("no fever, uti, hx of ca").facts
    assert [fact.text for fact in among(facts, "affirmed")] == ["uti"]
    assert [fact.text for fact in among(facts, "past", "denied")] == ["fever", "ca"]


@pytest.mark.parametrize(
    "text", ["NAÏVE Sjögren's, no fever", "ﬁbrosis with ½ cough", "Straße, İ pain"]
)
def test_spans_fit_the_text(text: str) -> None:
    statement = read_statement(text)
    _is_whole(statement)


# Properties of any text.

_SIGNS = list(" ,;.+-/()?!:&%#'\"\n\t\u2013\u2014\u00a0")
_WORDS = """no fever denies cough or and w/ w/o d/t hx of r/o likely neg htn dm2 ckd 3 101.5 left
    but pt here for s/p not ruled out ? / + non-smoker E11.65 lisinopril 🙂 العربية שלום é ﬁ ²
    ß İ""".split()


def _is_whole(statement: Statement) -> None:
    """Facts stand in order, apart, in the text; all words of the text are in one of them."""
    assert len(statement.text) == len(statement.folded)
    at = 0
    for fact in statement.facts:
        assert at <= fact.span.start < fact.span.end <= len(statement.text)
        assert fact.said == statement.text[fact.span.start : fact.span.end]
        at = fact.span.end
    assert not among(statement.facts, "affirmed") or statement.text


@pytest.mark.parametrize("seed", range(40))
def test_any_text_is_read(seed: int) -> None:
    chosen = random.Random(seed)
    text = "".join(
        chosen.choice(_WORDS) + chosen.choice([" ", " ", *_SIGNS])
        for _ in range(chosen.randrange(80))
    )
    _is_whole(read_statement(text))


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "?", "," * 3000, "," * 100 + "htn", "no " * 1000, "pt " * 1000, "w/ " * 1000,
     "hx of " * 500, "a" * 3000, "1 " * 1500, "(" * 3000, "?" * 3000, "r/o " * 700, "- " * 1500,
     "fever or " * 300, "denies " + "fever, " * 400, "no fever" + ", cough" * 400 + " or sob",
     "🙂" * 1000, "\u202eabc", "here with " * 300, "\x00\x01 fever", "." * 3000],
)  # fmt: skip
def test_any_text_is_read_in_a_short_time(text: str) -> None:
    read_statement("warm up")
    started = time.perf_counter()
    _is_whole(read_statement(text))
    assert time.perf_counter() - started < 1.0


def test_a_statement_of_forty_facts() -> None:
    assert len(read_statement(", ".join(f"fact{n}" for n in range(40))).facts) == 40


# The status of words.


def test_words_that_cross_into_what_is_denied_are_denied() -> None:
    statement = read_statement("dm without complication")
    assert statement.status_of(Span(0, 2)) == "affirmed"
    assert statement.status_of(Span(0, len(statement.text))) == "denied"
    assert not statement.is_affirmed(Span(0, len(statement.text)))


def test_words_that_cross_into_what_is_uncertain_are_uncertain() -> None:
    statement = read_statement("cough likely flu")
    assert statement.status_of(Span(0, len(statement.text))) == "uncertain"


def test_words_of_no_fact_are_affirmed() -> None:
    assert Statement("x", "x", ()).status_of(Span(0, 1)) == "affirmed"
    fact = Fact("no x", "x", Span(0, 4), status="denied")
    assert Statement("no x", "no x", (fact,)).status_of(Span(4, 4)) == "affirmed"
