"""Attributes are read as people write them: the encounter, the side, the stage, what is denied or
uncertain; and what is not said follows the defaults of the guidelines."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest
from paths import ROOT

from bot.messages import message
from codesets.model import Code
from index.search import defaults
from index.search.searcher import Hit, Query
from index.search.seventh_character import complete
from index.text.attribute_words import in_title_words
from index.text.encounter import Encounter, read_encounter, without_encounter
from index.text.sides import by_side, spell_sides
from index.text.tokens import read
from index.text.uncertain import read_uncertain

# The encounter

ENCOUNTERS = [
    ("sprain of wrist, init", "initial", None, None),
    ("Ini Enctr", "initial", None, None),
    ("laceration rt ear, subsq", "subsequent", None, None),
    ("hip fx, subsqnt encntr", "subsequent", None, None),
    ("rib fx recheck", "subsequent", None, None),
    ("f/u clavicle fx, rout healing", "subsequent", "routine", None),
    ("clavicle fx f/u del healing", "subsequent", "delayed", None),
    ("scaphoid nonunion", "subsequent", "nonunion", None),
    ("ulna fracture, subs w/ malunion", "subsequent", "malunion", None),
    ("cast check", "subsequent", None, None),
    ("suture removal scalp lac", "subsequent", None, None),
    ("burn of hand, sqla", "sequela", None, None),
    ("late effect of crush injury", "sequela", None, None),
    ("old tibia fracture", "sequela", None, None),
    ("open tibia fx gr IIIB, init", "initial", None, "open III"),
    ("open femur fx type 2", None, None, "open"),
    ("closed wrist fx", None, None, "closed"),
    ("infected pin, still active tx", "initial", None, None),
    # They say nothing of the encounter.
    ("abscess post op", None, None, None),
    ("72 yo old man with hip fx", None, None, None),
    ("3 week old infant", None, None, None),
    ("non-healing ulcer of the heel", None, None, None),
    ("adverse effect of drug/biol subs", None, None, None),
    ("needs sutures for scalp lac", None, None, None),
    ("open reduction of wrist fracture", None, None, None),
]


@pytest.mark.parametrize(("text", "phase", "healing", "openness"), ENCOUNTERS)
def test_the_encounter(
    text: str, phase: str | None, healing: str | None, openness: str | None
) -> None:
    said = read_encounter(text)
    assert (said.phase, said.healing, said.openness) == (phase, healing, openness)


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("Sprain of rt wrist, init encntr", "Sprain of rt wrist"),
        ("Fall from ladder,Subs Enc", "Fall from ladder"),
        ("open fx of ulna type II, subsq", "fx of ulna"),
        ("f/u rib fx healing well", "rib fx"),
        # A condition of its own, or no encounter.
        ("subsequent NSTEMI", "subsequent NSTEMI"),
        ("contraceptive ring,Initial", "contraceptive ring,Initial"),
        ("burn of hand, sequela", "burn of hand, sequela"),
        ("init", "init"),
    ],
)
def test_an_encounter_is_not_searched(text: str, searched: str) -> None:
    assert " ".join(without_encounter(text).split()) == searched


_FRACTURE = {
    "A": "initial encounter for closed fracture",
    "B": "initial encounter for open fracture type I or II",
    "C": "initial encounter for open fracture type IIIA, IIIB, or IIIC",
    "D": "subsequent encounter for closed fracture with routine healing",
    "E": "subsequent encounter for open fracture type I or II with routine healing",
    "G": "subsequent encounter for closed fracture with delayed healing",
    "K": "subsequent encounter for closed fracture with nonunion",
    "M": "subsequent encounter for open fracture type I or II with nonunion",
    "P": "subsequent encounter for closed fracture with malunion",
    "S": "sequela",
}
_GLAUCOMA = {"0": "stage unspecified", "1": "mild stage", "3": "severe stage"}
_FETUS = {"0": "not applicable or unspecified", "1": "fetus 1", "2": "fetus 2", "9": "other fetus"}


def _family(stem: str, title: str, endings: dict[str, str]) -> list[Code]:
    return [
        Code("icd10cm", "FY2026", f"{stem}{mark}", f"{title}, {ending}", True, None, None, stem, at)
        for at, (mark, ending) in enumerate(endings.items())
    ]


@pytest.mark.parametrize(
    ("question", "title", "endings", "mark"),
    [
        ("fracture of left ulna", "Fracture of left ulna", _FRACTURE, "A"),
        ("open fracture of left ulna", "Fracture of left ulna", _FRACTURE, "B"),
        ("open fx ulna grade IIIA", "Fracture of left ulna", _FRACTURE, "C"),
        ("ulna fx subsq", "Fracture of left ulna", _FRACTURE, "D"),
        ("open ulna fx, recheck", "Fracture of left ulna", _FRACTURE, "E"),
        ("ulna fx, delayed healing", "Fracture of left ulna", _FRACTURE, "G"),
        ("ulna fx nonunion", "Fracture of left ulna", _FRACTURE, "K"),
        ("open ulna fx, nonunion", "Fracture of left ulna", _FRACTURE, "M"),
        ("ulna fx malunion f/u", "Fracture of left ulna", _FRACTURE, "P"),
        ("ulna fx, sqla", "Fracture of left ulna", _FRACTURE, "S"),
        ("ulna fx post op", "Fracture of left ulna", _FRACTURE, "A"),
        ("glaucoma severe stage", "Glaucoma", _GLAUCOMA, "3"),
        ("glaucoma", "Glaucoma", _GLAUCOMA, "0"),
        ("poor growth fetus 2", "Maternal care", _FETUS, "2"),
        ("poor growth unspecified fetus", "Maternal care", _FETUS, "0"),
    ],
)
def test_the_seventh_character(
    question: str, title: str, endings: dict[str, str], mark: str
) -> None:
    codes = _family("S52.202", title, endings)
    chosen = complete(read(question), read_encounter(question), codes)
    assert chosen.code.code[-1] == mark


def test_where_a_family_lacks_the_kind_of_healing_routine_healing_stands() -> None:
    few = {mark: _FRACTURE[mark] for mark in "ADS"}
    chosen = complete(read(""), Encounter("subsequent", "nonunion"), _family("S1", "Fx", few))
    assert chosen.code.code[-1] == "D"


# Sides


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("Pterygium,OD", "Pterygium,right eye"),
        ("cataract os", "cataract left eye"),
        ("keratitis OU", "keratitis bilateral"),
        # Shorthand for a word of the eye is near, too.
        ("poag, OD", "poag, right eye"),
        ("heroin OD", "heroin OD"),
        ("intentional OD, pills", "intentional OD, pills"),
        ("cervical os closed", "cervical os closed"),
        ("chalazion RUL", "chalazion right upper eyelid"),
        ("pneumonia RLL", "pneumonia RLL"),
        ("venous stasis ulcer LLL", "venous stasis ulcer left lower leg"),
        ("R-knee OA", "right knee OA"),
        ("pain knee-L", "pain knee left"),
        ("B-L hip OA", "bilateral hip OA"),
        ("OA R>L knees", "OA bilateral knees"),
        ("rt and lt ear pain", "bilateral ear pain"),
        # These are no sides.
        ("L-S spine pain", "L-S spine pain"),
        ("R-CHOP", "R-CHOP"),
        ("elevated LFT", "elevated LFT"),
    ],
)
def test_sides(text: str, spelled: str) -> None:
    assert " ".join(spell_sides(text).split()) == spelled


@pytest.mark.parametrize(
    ("text", "each"),
    [
        (
            "glaucoma mild od, severe os",
            ["glaucoma mild right eye", "glaucoma severe left eye"],
        ),
        (
            "mod NPDR OD, severe NPDR OS, type 2 DM",
            ["mod NPDR right eye, type 2 DM", "severe NPDR left eye, type 2 DM"],
        ),
        (
            "pressure ulcer stage 2 left hip and stage 4 right hip",
            ["pressure ulcer stage 2 left hip", "pressure ulcer stage 4 right hip"],
        ),
        ("right hip pain, left knee pain", []),
        ("mild bilateral knee OA", []),
        ("severe COPD, right leg pain", []),
    ],
)
def test_two_sides_with_two_severities(text: str, each: list[str]) -> None:
    assert by_side(text) == each


# Stages, types, degrees, severity


@pytest.mark.parametrize(
    ("text", "worded"),
    [
        ("care for growth, fts2", "care for growth, fetus 2"),
        ("ckd stage3b", "ckd stage 3b"),
        ("burn sec degree", "burn second degree"),
        ("burn 2nd deg", "burn 2nd degree"),
        ("polyhydramnios 3rd tri", "polyhydramnios 3rd trimester"),
        ("mild cocaine use disorder", "cocaine abuse"),
        ("Sedative Use D/O,Mod/Sev", "Sedative dependence"),
        ("severe AUD", "alcohol dependence"),
        ("opioid use disorder, mild, in early remission", "opioid abuse, in early remission"),
        ("stimulant intox w/o use d/o", "stimulant intox use, unspecified"),
        ("mild tobacco use disorder", "mild tobacco use disorder"),
        ("keratoconus NEC", "keratoconus, other"),
        ("premature infant with NEC", "premature infant with NEC"),
        ("gastric ulcer w/ bleeding", "gastric ulcer w/ hemorrhage"),
        ("ulcerative colitis with bleeding", "ulcerative colitis with bleeding"),
        ("disp fx of ulna", "displaced fx of ulna"),
        ("HFrEF exacerbation", "HFrEF acute on chronic"),
        ("CHF exacerbation", "CHF exacerbation"),
        ("AC systolic CHF", "acute systolic CHF"),
        ("AC joint sprain", "AC joint sprain"),
    ],
)
def test_attributes_in_the_words_of_titles(text: str, worded: str) -> None:
    assert " ".join(in_title_words(text).split()) == worded


# Uncertain diagnoses


@pytest.mark.parametrize(
    ("text", "words", "rest", "has_sign", "inpatient"),
    [
        ("cough, r/o TB", "r/o TB", "cough", True, False),
        ("probable gout", "probable gout", "", False, False),
        ("left hip, possible labral tear", "possible labral tear", "left hip", False, False),
        ("inpt, likely sepsis", "likely sepsis", "inpt", False, True),
        ("?appendicitis with fever", "?appendicitis", "with fever", True, False),
    ],
)
def test_uncertain_diagnoses(
    text: str, words: str, rest: str, has_sign: bool, inpatient: bool
) -> None:
    found = read_uncertain(text)
    assert found is not None
    assert (found.words, found.rest, found.has_sign, found.inpatient) == (
        words,
        rest,
        has_sign,
        inpatient,
    )


@pytest.mark.parametrize(
    "text",
    ["pneumonia", "suspected elder abuse", "suspected exposure to lead", "sepsis ruled out"],
)
def test_what_is_not_uncertain(text: str) -> None:
    assert read_uncertain(text) is None


# Defaults


def _query(text: str) -> Query:
    return Query(text, text, text, read(text))


def _hit(code: str, title: str, score: float, coverage: float = 1.0) -> Hit:
    features = {"exact": 0.0, "question_coverage": coverage}
    return Hit("icd10cm", code, title, score, 0.5, features, ())


_DOMINANT = _hit("G81.91", "Hemiplegia, unspecified affecting right dominant side", 9.0)
_NOT_DOMINANT = _hit("G81.93", "Hemiplegia, unspecified affecting right nondominant side", 9.1)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("right hemiplegia", "G81.91"),
        ("right hemiplegia, non-dominant side", "G81.93"),
        ("right hemiplegia in a left-handed patient", "G81.93"),
    ],
)
def test_dominance(question: str, first: str) -> None:
    assert defaults.preferred(_query(question), [_NOT_DOMINANT, _DOMINANT])[0].code == first


def test_what_is_denied_calls_for_no_default() -> None:
    names = {default.name for default in defaults.open_to(_query("hypertension, no ckd"))}
    assert "hypertension_with" not in names
    names = {default.name for default in defaults.open_to(_query("hypertension and ckd"))}
    assert "hypertension_with" in names


def test_the_sibling_that_says_no_more_than_the_question_comes_first() -> None:
    deep = _hit("L97.111", "Ulcer of right thigh limited to breakdown of skin", 9.0)
    plain = _hit("L97.119", "Ulcer of right thigh with unspecified severity", 8.5)
    query = _query("ulcer right thigh")
    assert defaults.preferred(query, [deep, plain])[0].code == "L97.119"
    # Words that the sibling lacks may mean the other one by another name.
    poor = replace(plain, features={"exact": 0.0, "question_coverage": 0.7})
    assert defaults.preferred(query, [deep, poor])[0].code == "L97.111"
    named = _query("ulcer right thigh, breakdown of skin")
    assert defaults.preferred(named, [deep, plain])[0].code == "L97.111"


def test_defaults_of_icd10cm_leave_other_systems_alone() -> None:
    other = replace(_NOT_DOMINANT, system="icd10pcs")
    assert defaults.preferred(_query("right hemiplegia"), [other])[0].score == other.score


def test_each_default_has_its_section_and_its_sentence() -> None:
    for default in defaults.shipped():
        assert re.fullmatch(r"[IV]+\.[A-Z](?:\.\w+)*", default.section)
        if default.shown:
            assert message(f"defaults.{default.name}").endswith(".")
    sentences = tomllib.loads((ROOT / "prompts/messages/defaults.toml").read_text("utf-8"))
    names = {default.name for default in defaults.shipped() if default.shown}
    others = {"encounter", "side", "each_side", "unspecified", "cited"}
    others |= {"uncertain_outpatient", "uncertain_inpatient"}
    assert set(sentences["defaults"]) == names | others
