"""Modifiers that are described and not named, and where an ambulance went."""

from __future__ import annotations

import pytest
from paths import SHARED

from bot.desk.ambulance_trips import trip
from bot.desk.modifier_search import asks_for_modifier, find_modifiers, is_of_billing
from bot.desk.modifier_words import sections
from codesets.ambulance_places import places_of
from codesets.formats import hcpcs

#: Titles as published, with others so that words differ in how much they tell.
MODIFIERS = [
    ("KH", "Dmepos item, initial claim, purchase or first month rental"),
    ("KI", "Dmepos item, second or third month rental"),
    (
        "KJ",
        "Dmepos item, parenteral enteral nutrition (pen) pump or capped rental, months four to"
        " fifteen",
    ),
    ("RR", "Rental (use the 'rr' modifier when dme is to be rented)"),
    ("NU", "New equipment"),
    ("T1", "Left foot, second digit"),
    ("T5", "Right foot, great toe"),
    ("T6", "Right foot, second digit"),
    ("F4", "Left hand, fifth digit"),
    ("F5", "Right hand, thumb"),
    ("FA", "Left hand, thumb"),
    ("E1", "Upper left, eyelid"),
    ("E2", "Lower left, eyelid"),
    ("E3", "Upper right, eyelid"),
    ("JW", "Drug amount discarded/not administered to any patient"),
    ("JZ", "Zero drug amount discarded/not administered to any patient"),
    ("GA", "Waiver of liability statement issued as required by payer policy, individual case"),
    ("GZ", "Item or service expected to be denied as not reasonable and necessary"),
    ("GP", "Services delivered under an outpatient physical therapy plan of care"),
    ("GO", "Services delivered under an outpatient occupational therapy plan of care"),
    ("G3", "Most recent urr reading of 65 to 69.9"),
    ("G5", "Most recent urr reading of 75 or greater"),
    (
        "QE",
        "Prescribed amount of stationary oxygen while at rest is less than 1 liter per minute"
        " (lpm)",
    ),
    (
        "QF",
        "Prescribed amount of stationary oxygen while at rest exceeds 4 liters per minute (lpm)"
        " and portable oxygen is prescribed",
    ),
    (
        "QG",
        "Prescribed amount of stationary oxygen while at rest is greater than 4 liters per minute"
        " (lpm)",
    ),
    (
        "K1",
        "Lower extremity prosthesis functional level 1 - has the ability or potential to use a"
        " prosthesis for transfers or ambulation on level surfaces at fixed cadence",
    ),
    (
        "K3",
        "Lower extremity prosthesis functional level 3 - has the ability or potential for"
        " ambulation with variable cadence. typical of the community ambulator",
    ),
    *((f"{n}", f"Service number {n} of another kind") for n in range(100, 400)),
]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("capped rental month 9 which modifier", "KJ"),
        ("capped rental 3rd month, what modifier", "KI"),
        ("first month of the rental, modifier?", "KH"),
        ("modifier for right foot second toe", "T6"),
        ("what modifier for left thumb", "FA"),
        ("left pinky modifier", "F4"),
        ("chalazion of the left lower lid, mod?", "E2"),
        ("discarded drug modifier", "JW"),
        ("vial used up, no waste, modifier", "JZ"),
        ("which modifier for physical therapy", "GP"),
        ("PT plan of care modifier", "GP"),
        ("OT plan of care modifier", "GO"),
        ("URR 67 modifier", "G3"),
        ("URR 81 modifier", "G5"),
        ("oxygen 6 lpm and portable ordered, modifier", "QF"),
        ("oxygen 7 lpm, no portable, modifier", "QG"),
        ("oxygen at half a liter modifier", "QE"),
        ("prosthesis, unlimited community walker, modifier", "K3"),
        ("prosthesis for transfers in the house only, modifier", "K1"),
        ("physician ordered, ABN on file, modifier", "GA"),
        ("no ABN was signed, we expect a denial, modifier", "GZ"),
        ("bought new walker modifier", "NU"),
        ("visit and minor procedure same day modifier", "25"),
        ("same procedure repeated by the same physician modifier", "76"),
        ("decision for surgery at the visit, modifier", "57"),
        ("ambulance from a nursing home to the dialysis center, modifier", "NJ"),
        ("which modifier for a unicorn", None),
        ("which modifier", None),
    ],
)
def test_modifiers_by_what_they_say(text: str, best: str | None) -> None:
    assert next(iter(find_modifiers(text, MODIFIERS)), None) == best


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("patient rents a wheelchair by the month", ["RR"]),
        ("removal of the right big toenail", ["T5"]),
        ("right big toe pain", []),
        ("left knee pain for 3 months", []),
        ("type 2 diabetes with ckd stage 3", []),
        ("new onset headache, no waste", []),
        ("transferred from hospital to nursing home", []),
        ("ambulance from home to the hospital", ["RH"]),
    ],
)
def test_words_that_tell_without_the_word_modifier(text: str, found: list[str]) -> None:
    known = [one for one in MODIFIERS if one[0] != "JZ"]
    assert find_modifiers(text, known, asked=False) == found


#: Words of billing, which tell a modifier by themselves.
OF_BILLING = [
    ("crna alone in the room, no anesthesiologist", "QZ"),
    ("anesthesiologist directing 3 crnas", "QK"),
    ("resident saw her, attending present for key portion", "GC"),
    ("resident alone in primary care clinic, preceptor not there", "GE"),
    ("second hand walker from the supplier", "UE"),
    ("walker was stolen, replacing the whole walker", "RA"),
    ("ekg repeated same day by same doctor", "76"),
    ("ekg repeated same day by a different cardiologist", "77"),
    ("returned, back to OR for postop bleed", "78"),
    ("visit where surgeon decided to operate tomorrow", "57"),
    ("PTA did the whole session", "CQ"),
    ("COTA did the whole session", "CO"),
    ("hospice patient, cut finger, unrelated to hospice", "GW"),
    ("SDV, wasted the rest", "JW"),
    ("CAH method II video visit", "GT"),
]


@pytest.mark.parametrize(("text", "code"), OF_BILLING)
def test_words_of_billing_tell_a_modifier_by_themselves(text: str, code: str) -> None:
    assert is_of_billing(text, code)


@pytest.mark.parametrize(
    "text",
    [
        "second degree burn of the hand in a house fire", "pain radiates to the knee",
        "sprained ankle", "attending physician notes chf", "wasting of the hand muscles",
        "repeat c-section", "mac infection of the lung", "walker dependent gait",
        "patient moved to a residential home", "uses oxygen at night", "hospice care",
        "surgery tomorrow, preop clearance", "stolen medication", "lost weight",
    ],
)  # fmt: skip
def test_clinical_words_are_none_of_billing(text: str) -> None:
    assert not any(is_of_billing(text, code) for code in sections()["billing"])
    assert find_modifiers(text, MODIFIERS, asked=False) == []


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("which modifier for the left foot", True),
        ("left foot modifier?", True),
        ("modifier for left foot", True),
        ("left thumb mod", True),
        ("what goes after RR", True),
        ("left foot pain", False),
        ("modifier was denied on left foot", False),
        ("mod persistent asthma", False),
        ("severe mod to severe stenosis", False),
    ],
)
def test_what_asks_for_a_modifier(text: str, asks: bool) -> None:
    assert asks_for_modifier(text) is asks


@pytest.mark.parametrize(
    ("text", "modifier"),
    [
        ("ambulance house to ER", "RH"),
        ("from SNF to dialysis center", "NJ"),
        ("picked up at the scene, taken to the hospital", "SH"),
        ("hospital to assisted living", "HE"),
        ("to the hospital from a doctor's office", "PH"),
        ("helipad to trauma center", "IH"),
        ("ambulance at home", None),
        ("house", None),
    ],
)
def test_where_an_ambulance_went(text: str, modifier: str | None) -> None:
    assert trip(text) == modifier


def test_the_letters_of_ambulances() -> None:
    assert places_of("SH") == ("scene of accident or acute event", "hospital")
    assert places_of("XH") is None  # an intermediate stop is no origin
    assert places_of("LT") is None


@pytest.mark.skipif(not SHARED.exists(), reason="needs a published file")
def test_every_modifier_of_the_vocabulary_is_published() -> None:
    """A modifier that CMS has ended should be taken out of the vocabulary."""
    (file,) = list((SHARED / "codesets" / "hcpcs").glob("HCPC2026_JAN_ANWEB*.txt"))[:1]
    published = {row.code for row in hcpcs.read_quarter(file) if row.is_modifier}
    assert set(sections()["phrases"]) <= published
    assert set(sections()["billing"]) <= published | set(sections()["cpt"])
