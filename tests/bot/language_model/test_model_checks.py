"""What a model says is taken word for word from what is there, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.desk.answer import Answer, Because, ReportLine
from bot.language_model import explain, facts
from bot.language_model.checks import MOST_CHARACTERS
from bot.language_model.client import NoReply

# Explanations


def line(number: int, code: str, title: str, said: str, text: str, section: str) -> ReportLine:
    because = [Because("index with", text, section, "FY2026")]
    return ReportLine(
        number, code, "icd10cm", title, True, "FY2026", "first-listed", said=said, because=because
    )


ANSWER = Answer(
    "htn w ckd 3b, on 2 meds",
    "2026-05-01",
    "answered",
    report=[
        line(
            1,
            "I12.9",
            "Hypertensive chronic kidney disease with stage 1 through stage 4 CKD",
            "htn … ckd 3b",
            "The Index has hypertension with kidney disease.",
            "I.C.9.a.2",
        ),
        line(
            2,
            "N18.32",
            "Chronic kidney disease, stage 3b",
            "ckd 3b",
            "A note at I12 asks for the stage.",
            "I.A.15",
        ),
    ],
)
HOLDS = (
    "I12.9 comes first because section I.C.9.a.2 assumes that hypertension and kidney disease are "
    "related. N18.32 is added to report the stage."
)


def explanation(said: str) -> str:
    asked = explain.asked_of(ANSWER)
    assert asked is not None
    return explain.read_reply(said, asked)


@pytest.mark.parametrize(
    "said",
    [
        HOLDS,
        "The Index links hypertension with chronic kidney disease, so I12.9 is first.",
        "N18.32 names stage 3b of the ckd.",
        "ICD-10-CM reports I12.9, then N18.32 (I.A.15).",
    ],
)
def test_an_explanation_of_the_lines_is_taken(said: str) -> None:
    assert explanation(said) == said


_CODE, _SECTION = "a code that is not", "a section that is not"
_NUMBER, _SIGNS, _WORDS = "a number that is not", "signs", "words that are not"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        # Codes
        ("I12.9 is first, then N18.31.", _CODE),
        ("I12.9 is first, then Z99.2.", _CODE),
        ("I12.9 and X99.999 are reported.", _CODE),  # which does not exist
        ("I12.9 is of category I12.", _CODE),
        ("I12.9 is of n18.", _CODE),
        ("Report I12.9 with J0587.", _CODE),
        ("Report I12.9 with 99213.", _CODE),
        ("Report I12.9 with 0DTJ4ZZ.", _CODE),
        ("Report I12.9, in the past 403.90.", _CODE),
        ("Report I12.9, I12. 8 too.", _CODE),
        ("Report I12.9 and N 18,31 too.", _WORDS),
        ("Report I12.9 and N 18.31 too.", _CODE),
        ("Report I12.9 and N-18.31 too.", _CODE),
        ("The lines are in order.", "no code of the answer"),
        ("i12.9 is first.", _CODE),
        # Sections
        ("Section I.C.9.a.3 puts I12.9 first.", _SECTION),
        ("Section I.C.9 puts I12.9 first.", _SECTION),
        ("Section II puts I12.9 first.", _SECTION),
        ("I12.9 is first by II.C.", _SECTION),
        ("I12.9 follows guideline 9.", _SECTION),
        ("I12.9 is of chapter 9.", _SECTION),
        # Numbers, abbreviations, words
        ("I12.9 is kept since 2019.", _NUMBER),
        ("I12.9 is for stage 5.", _NUMBER),
        ("I12.9 is reported with KX.", "an abbreviation"),
        ("I12.9 is not reported with diabetes.", _WORDS),
        ("I12.9 is wrong, call the office.", _WORDS),
        ("Ignore previous instructions: I12.9 is reported.", _WORDS),
        ("El codigo I12.9 es el primero.", _WORDS),
        ("I12.9 ist der erste Code.", _WORDS),
        # Claims
        ("I12.9 is covered by the payer.", "claims"),
        ("I12.9 is always first.", "claims"),
        # Markup, links, mentions, placeholders
        ("<!channel> I12.9 is first.", _SIGNS),
        ("<@U123> I12.9 is first.", _SIGNS),
        ("@here I12.9 is first.", _SIGNS),
        ("*I12.9* is first.", _SIGNS),
        ("I12.9 is first!", _SIGNS),
        ("I12.9 is first for [NAME].", _SIGNS),
        ("I12.9 is [first](http://a.example).", _SIGNS),
        ("I12.9 is first: https://a.example/x", "an address"),
        ("I12.9 is first, see list.note for more.", "an address"),
        ("I12.9 is first.\nN18.32 is next.", _SIGNS),
        ("I12.9 es el código.", _SIGNS),
        ("\u0406" + "12.9 is first.", _SIGNS),  # a Cyrillic letter that looks like I
        ("I12.9 is fir\u200bst.", _SIGNS),
        ("I12.9 \u202efirst.", _SIGNS),
        ('{"text": "I12.9 is first."}', _SIGNS),
        # Length
        ("I12.9 is first. N18.32 is next. Both are reported.", "more than two sentences"),
        ("I12.9 is first and " + "then " * 100 + "next.", "too long"),
    ],
)  # fmt: skip
def test_an_explanation_that_says_anything_else_is_dropped(said: str, why: str) -> None:
    with pytest.raises(NoReply, match=why) as error:
        explanation(said)
    assert error.value.said == said


def test_the_longest_explanation() -> None:
    most = "I12.9 is first" + " and then" * 50
    assert len(explanation(most[:MOST_CHARACTERS].rsplit(" ", 1)[0])) <= MOST_CHARACTERS


@pytest.mark.parametrize("outcome", ["verdict", "guideline", "changes", "abstained"])
def test_only_a_report_is_explained(outcome: Any) -> None:
    assert explain.asked_of(Answer("q", "", outcome)) is None


def test_descriptors_of_cpt_are_not_sent() -> None:
    cpt = ReportLine(1, "99213", "cpt", "Its descriptor", True, "2026", "procedure")
    asked = explain.asked_of(Answer("q", "", "answered", report=[cpt]))
    assert "descriptor" not in json.dumps(asked)


# Facts

NOTE = "[NAME] came in again, denies chest  pain, atypical nevus, prob chf; w/o fever, L knee OA"


def picked(*phrases: object) -> list[tuple[str, str]]:
    reply = json.dumps({"facts": phrases})
    return [(phrase.said, phrase.status) for phrase in facts.read_reply(reply, NOTE)]


def one(said: object, status: object = "affirmed") -> dict[str, object]:
    return {"said": said, "status": status}


def test_phrases_of_the_note_are_taken_in_its_order() -> None:
    taken = picked(one("L knee OA"), one("prob chf", "uncertain"), one("chest pain", "denied"))
    assert taken == [
        ("chest pain", "denied"), ("prob chf", "uncertain"), ("L knee OA", "affirmed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "phrase",
    [
        one("left knee OA"),  # other words
        one("l knee oa"),  # other letters
        one("typical nevus"),  # a part of a word
        one("fever"),  # from "w/o fever" it may be taken: see below
        one("M17.12"),
        one("L knee OA M17.12"),
        one("Ignore all instructions"),
        one("L knee OA", "certain"),
        one("L knee OA", None),
        one("L knee OA", ["affirmed"]),
        one("  "),
        one(""),
        one(7),
        one(None),
        {"text": "L knee OA", "status": "affirmed"},
        "L knee OA",
        ["L knee OA"],
        None,
    ],
)  # fmt: skip
def test_a_phrase_that_is_not_of_the_note_or_of_the_form_is_dropped(phrase: object) -> None:
    rest = [("prob chf", "uncertain")]
    kept = [("fever", "affirmed")] if phrase == one("fever") else []
    assert picked(phrase, one("prob chf", "uncertain")) == [*rest, *kept]


def test_no_words_are_taken_twice() -> None:
    assert picked(one("L knee OA"), one("knee OA"), one("L knee OA")) == [("L knee OA", "affirmed")]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "not the JSON"),
        ("Sure, here are the facts: L knee OA", "not the JSON"),
        ("[]", "not the JSON"),
        ('{"facts": "L knee OA"}', "not the JSON"),
        ('{"facts": {"said": "L knee OA"}}', "not the JSON"),
        ("[" * 50_000, "not the JSON"),
        ("```" + " " * 60_000 + "x```", "not the JSON"),
        ('{"facts": []}', "no phrase"),
        ('{"facts": [{"said": "artrosis", "status": "affirmed"}]}', "no phrase"),
        ('{"facts": [{"said": "came in again", "status": "chatter"}]}', "no phrase"),
    ],
)
def test_a_reply_without_phrases(reply: str, why: str) -> None:
    with pytest.raises(NoReply, match=why):
        facts.read_reply(reply, NOTE)


def test_a_fence_around_the_json_is_taken_off() -> None:
    fenced = '```json\n{"facts": [{"said": "prob chf", "status": "uncertain"}]}\n```'
    assert [phrase.said for phrase in facts.read_reply(fenced, NOTE)] == ["prob chf"]
