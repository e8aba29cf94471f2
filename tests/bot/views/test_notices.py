"""What is loaded is said once in a conversation, and what is true of the question with each
answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.desk.answer import Answer, Headline, ReportLine, Verdict
from bot.desk.notices import needs, not_loaded
from bot.desk.reasons import Reason, reason
from bot.views import terminal
from bot.views.notices import notices_to_say, told_by
from bot.views.shared import editions
from bot.views.wording import worded

DAY = "2026-12-01"
ENDED = reason(
    "desk.not_covered", system="ICD-10-CM", label="FY2026-April", edge="through", date="2026-09-30"
)
LINE = ReportLine(
    1, "M17.12", "icd10cm", "Unilateral …, left knee", True, "FY2026-April", "first-listed"
)
HOW = "run `codedesk codesets import FILE`"


def found(*notices: Reason, day: str = DAY, **more: Any) -> Answer:
    head = Headline("codes", ["M17.12"], "M17.12 Unilateral …, left knee")
    given = {"outcome": "answered", "headline": head, "report": [LINE]} | more
    return worded(Answer("left knee oa", day, reasons=[*notices], **given))


def said(*answers: Answer) -> list[str]:
    """What a session in the terminal says of each."""
    session = terminal.Session()
    everything = terminal.Showing(all=True)
    return [" ".join(session.as_text(answer, everything).split()) for answer in answers]


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        (ENDED, "! No loaded edition of ICD-10-CM covers"),
        (reason("desk.load_the_edition"), "! To know, load the edition of that date"),
        (reason("desk.served", system="ICD-10-CM", label="FY2026-April"), "! For 2026-12-01"),
        (reason("desk.edits_not_covered", edits="MUEs", label="2026 Q1"), "! The loaded MUEs"),
        (reason("desk.inpatient_only"), "! ICD-10-PCS is for a hospital's"),
        (reason("coverage.how_to_load"), "! Coverage policies are not loaded."),
        (reason("drg.no_second", grouper="drgpy"), "! One grouper (drgpy) says so"),
    ],
)
def test_once(notice: Reason, words: str) -> None:
    answer = found(notice)
    first, second, third = said(answer, answer, answer)
    assert words in first
    assert words not in second + third
    # The answer has it each time: for JSON, the log and whoever reads only the last answer.
    assert len(answer.notices) == 1


@pytest.mark.parametrize(
    "notice",
    [
        reason("desk.date_partial"),
        reason("desk.cut_words", words="avg = average"),
        reason("desk.maybe_other_system", code="E0840", system="HCPCS Level II"),
        reason("desk.read_as", typed="I1O", code="I10"),
    ],
)
def test_each_time(notice: Reason) -> None:
    first, second = said(*[found(notice)] * 2)
    assert first == second
    assert "! " in first


def test_another_date_of_service_is_said_again() -> None:
    first, second, third = said(found(ENDED), found(ENDED, day="2026-11-05"), found(ENDED))
    assert "covers 2026-12-01" in first
    assert "covers 2026-11-05" in second
    assert "covers" not in third


def test_the_footer_says_that_the_edition_is_not_in_force() -> None:
    first, second = said(*[found(ENDED)] * 2)
    for text in (first, second):
        assert text.endswith(
            "ICD-10-CM FY2026-April (not in force on 2026-12-01) · for date of service 2026-12-01"
        )
    assert "not in force" not in said(found())[0]
    # Out of the log, where the date may be missing.
    stored = replace(found(ENDED, day=""), as_of="")
    assert editions(stored) == "ICD-10-CM FY2026-April (not in force on the date of service)"


def test_how_a_system_is_loaded_is_said_once() -> None:
    """What the question asks for, and that it is not loaded, stays."""
    first, second = said(*[found(needs("hcpcs"))] * 2)
    assert HOW in first
    assert HOW not in second
    for text in (first, second):
        assert "! This asks for a supply, drug or service, which is coded in HCPCS Level II" in text
        assert "and HCPCS Level II is not loaded." in text


def test_a_headline_and_a_verdict_say_it_once_too() -> None:
    why = reason(
        "verdict.not_loaded", code="J1885", system="HCPCS Level II", how=reason("load.hcpcs")
    )
    verdict = Verdict("J1885", "hcpcs", "not_loaded", "", None, reasons=[why])
    on_code = found(
        outcome="verdict",
        verdicts=[verdict],
        report=[],
        headline=Headline("verdict", reasons=[why]),
    )
    nothing = worded(
        Answer(
            "walker", DAY, "abstained", reasons=[needs("hcpcs")],
            headline=Headline("none", reasons=[needs("hcpcs")]),
        )
    )  # fmt: skip
    texts = said(nothing, on_code, nothing, found(not_loaded("cpt")))
    assert [HOW in text for text in texts] == [True, False, False, True]
    assert texts[1].startswith("J1885 has the form of a HCPCS Level II code, and")
    assert texts[2].startswith("This asks for a supply")


def test_small_talk_is_from_no_edition() -> None:
    talk = worded(
        Answer(
            "how are you", DAY, "abstained", reasons=[ENDED, reason("desk.off_topic")],
            headline=Headline("none", reasons=[reason("desk.off_topic")]),
        )
    )  # fmt: skip
    assert notices_to_say(talk) == []
    assert told_by(talk) == []
    # So the first answer of a code says it.
    assert "! No loaded edition" in said(talk, found(ENDED))[1]
