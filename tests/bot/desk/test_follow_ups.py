"""How a message is read after the question before it: as a part of it, or as something new."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.desk.desk import Desk
from bot.desk.follow_ups import Turn
from bot.desk.follow_ups.message import read_message

DAY = dt.date(2026, 5, 1)


def after(desk: Desk, before: str, said: str, **turn: object) -> tuple[bool, str]:
    """Whether a message refines the question before, and the statement that is read."""
    question = desk.take(said, day=DAY, after=Turn("before", before, **turn))  # type: ignore[arg-type]
    return bool(question.refines), question.read_as


# What is read

REFINED = [
    # details
    ("ankle sprain", "left", "left ankle sprain"),
    ("ankle sprain", "R", "right ankle sprain"),
    ("cataract", "OS", "left eye cataract"),
    ("copd", "what if it's recurrent?", "copd recurrent"),
    ("wrist fracture", "first visit", "wrist fracture, first visit"),
    ("pneumonia", "due to klebsiella", "pneumonia due to klebsiella"),
    ("left ear wax?", "right too", "bilateral ear wax"),
    # what takes the place of something
    ("left ankle sprain", "no, right", "right ankle sprain"),
    ("left hip pain", "sorry, RIGHT hip", "right hip pain"),
    ("OA right hip", "not hip. knee", "OA right knee"),
    ("ckd stage 3", "oops stage 4", "ckd stage 4"),
    ("hyperkalemia", "i meant hypo", "hypokalemia"),
    ("pressure ulcer of heel, stage 2", "now stage 3", "pressure ulcer of heel, stage 3"),
    ("otitis externa left", "media, not externa", "otitis media left"),
    ("open appendectomy", "lap, not open", "lap appendectomy"),
    # what is ruled out
    ("wrist fracture left", "xray clean, just a sprain", "sprain wrist left"),
    ("chest pain r/o mi", "mi ruled out, doc says reflux", "reflux, no mi"),
    ("type 2 diabetes with neuropathy", "no neuropathy", "type 2 diabetes, no neuropathy"),
    ("r/o pneumonia", "its confirmed", "pneumonia"),
    ("sob, r/o PE", "CT neg, final dx pleurisy", "pleurisy"),
    ("r/o DVT left leg", "doppler neg, just cellulitis", "cellulitis left leg"),
    ("r/o meningitis, headache", "lp negative", "headache"),
    ("lung nodule, suspected cancer", "biopsy neg for malignancy", "lung nodule, no malignancy"),
    ("gout", "it wasn't gout after all, pseudogout", "pseudogout, no gout"),
    ("scabies", "it's not scabies it's eczema", "eczema, not scabies"),
    ("stroke", "CT and MRI clean, neuro calls it bell's palsy right", "bell's palsy right"),
    ("ra both hands", "rf and ccp neg, rheum says osteoarthritis", "osteoarthritis both hands"),
    ("chest pain, r/o pe", "pe ruled out by cta", "chest pain, no pe"),
    ("sepsis due to uti", "sepsis not supported per cdi, just uti", "uti, no sepsis"),
    # a cause in its own words
    ("cirrhosis", "hep c", "cirrhosis due to hep c"),
    # a thing is asked for by itself
    ("ankle fracture", "and the walking boot?", "walking boot"),
    # the words that ask are left out
    ("which code for asthma, thanks!", "mild persistent", "asthma mild persistent"),
]


@pytest.mark.parametrize(("before", "said", "read"), REFINED, ids=[row[1] for row in REFINED])
def test_a_refinement_is_one_statement_with_what_it_refines(
    desk: Desk, before: str, said: str, read: str
) -> None:
    assert after(desk, before, said) == (True, read)


NEW = [
    ("gdm, 30 weeks", "unrelated, 70 yo man, bph", "70 yo man, bph"),
    ("depression", "other pt: dog bite left hand", "dog bite left hand"),
    ("pneumonia", "thx. what about bph with nocturia?", "bph with nocturia"),
    ("gout", "diff patient - copd", "copd"),
    ("asthma", "67yo w/ urinary retention", "67yo w/ urinary retention"),
    (
        "asthma",
        "closed fracture of left clavicle, initial",
        "closed fracture of left clavicle, initial",
    ),
    ("gout", "copd exacerbation", "copd exacerbation"),
    # the same again
    ("left ankle sprain", "Left ankle  sprain", ""),
]


@pytest.mark.parametrize(("before", "said", "read"), NEW, ids=[row[1] for row in NEW])
def test_a_new_topic_is_not_mixed_with_the_old_one(
    desk: Desk, before: str, said: str, read: str
) -> None:
    refines, statement = after(desk, before, said)
    assert not refines
    assert statement in (read, "")


@pytest.mark.parametrize("said", ["thanks!", "hi", "help", "?!", "what changed this October?"])
def test_what_is_no_statement_refines_nothing(desk: Desk, said: str) -> None:
    assert after(desk, "gout", said) == (False, "")


@pytest.mark.parametrize("before", ["hi", "thanks", "???"])
def test_nothing_goes_on_from_what_is_no_statement(desk: Desk, before: str) -> None:
    assert after(desk, before, "left") == (False, "")


# Codes

CODES = [
    ("is that billable in 2025?", "is I10 billable"),
    ("still valid?", "is I10 billable"),
    ("does it need more digits", "is I10 billable"),
    ("can that be primary", "can I10 be primary"),
    ("do i add Z79.4?", "I10 do i add Z79.4?"),
]


@pytest.mark.parametrize(("said", "read"), CODES, ids=[row[0] for row in CODES])
def test_a_question_about_the_codes_that_were_answered(desk: Desk, said: str, read: str) -> None:
    codes = {"codes": ("I10", "N18.9"), "titles": ("Essential (primary) hypertension", "CKD")}
    assert after(desk, "htn", said, **codes) == (True, read)


def test_another_date_after_a_verdict_is_one_on_the_same_codes(desk: Desk) -> None:
    of_codes = {"codes": ("E11.9",), "titles": ("Type 2 diabetes mellitus",), "is_verdict": True}
    assert after(desk, "E11.9 valid?", "and on 3/1/2024", **of_codes) == (True, "E11.9")


def test_a_detail_after_a_verdict_is_one_of_the_condition(desk: Desk) -> None:
    of_codes = {"codes": ("M25.56",), "titles": ("Pain in knee",), "is_verdict": True}
    said = "so which one for the left?"
    assert after(desk, "M25.56 denied", said, **of_codes)[1] == "left Pain in knee"


# Dates


def test_a_date_counts_for_the_whole_and_stays(desk: Desk) -> None:
    first = desk.take("gout, seen 3/5/2024")
    assert first.date_said
    second = desk.take(
        "left foot", day=DAY, after=Turn("q", "gout", editions=first.releases or {}, date_said=True)
    )
    assert (second.releases, second.dated) == (first.releases, False)
    third = desk.take("no, it was 3/5/2026", after=Turn("q", "gout, left foot", date_said=True))
    assert third.service_date == dt.date(2026, 3, 5)
    assert third.read_as == "gout, left foot"


def test_a_date_given_with_the_question_counts_where_none_was_said(desk: Desk) -> None:
    question = desk.take("left foot", day=DAY, after=Turn("q", "gout", day=dt.date.today()))
    assert (question.service_date, question.date_said) == (DAY, False)


# Patients


def test_the_statement_has_no_identifiers(desk: Desk) -> None:
    question = desk.take("for John Smith, dob 1/2/1960, left", after=Turn("q", "ankle sprain"))
    assert "Smith" not in question.read_as
    assert "left" in question.read_as
    assert question.removed


# How a message is taken apart

APART = [
    ("oh wait dos was", (), {"corrects"}),
    ("also has heart failure", ("has heart failure",), {"adds"}),
    ("ok thanks. what about gout", ("gout",), {"thanks"}),
    ("ruled out, just RLQ pain", ("RLQ pain",), {"denies", "instead"}),
    ("what do i use then? relapsing remitting", ("relapsing remitting",), {"asks"}),
    ("type not stated", ("type not stated",), set()),
]


@pytest.mark.parametrize(("text", "clauses", "flags"), APART, ids=[row[0] for row in APART])
def test_a_message_without_the_words_that_tie_it(
    text: str, clauses: tuple[str, ...], flags: set[str]
) -> None:
    message = read_message(text, dated=True)
    names = ("is_new", "thanks", "asks", "corrects", "adds", "instead", "denies", "over")
    assert message.clauses == clauses
    assert {name for name in names if getattr(message, name)} == flags
