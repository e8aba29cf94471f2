"""The headline comes first, then the lines of the report, then what is asked; rivals after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from report_support import kidney, line, reported, several
from shown_answers import short, whole
from slack_support import E11_NOTES, diabetes, verdict, verdicts

from bot.desk.answer import Answer, CodeTitle, Headline, HeadlineKind, Pair
from bot.slack.views.answer import answer_blocks
from bot.slack.views.answer_text import answer_text
from bot.slack.views.feedback import codes_of

ID = "3f2a9c01b7de"
HEADLINE = "I12.9, then N18.32"


def section_texts(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def in_order(text: str, *parts: str) -> None:
    at = -1
    for part in parts:
        found = text.find(part, at + 1)
        assert found > at, f"{part!r} is not after the part before it in {text!r}"
        at = found


# Terminal


def test_the_terminal_begins_with_the_headline() -> None:
    text = short(reported())
    assert text.splitlines()[0] == HEADLINE
    in_order(
        text, "1. I12.9", "billable", "Presumed · I.A.15", "2. N18.32", "Why line 2 · I.C.9.a",
        "? Acute or chronic?", "Also: I12.0", "for date of service",
    )  # fmt: skip
    in_order(
        whole(reported()), HEADLINE, "1. I12.9", "billable", "Presumed. (I.A.15, FY2026)",
        "2. N18.32", "Why line 2.", "? Acute or chronic?", "Not reported: no zebra (denied)",
        "Also considered:", "I12.0",
    )  # fmt: skip


def test_a_code_of_the_report_is_no_rival() -> None:
    for rivals in (short(reported()).split("Also:")[1], whole(reported()).split("considered:")[1]):
        assert "I12.9  " not in rivals
        assert "N18.32" not in rivals


def test_an_answer_of_before_reports_is_shown_as_it_was() -> None:
    old = diabetes()
    assert "1. E11.22" in short(old)
    assert whole(old).startswith("! No loaded edition")
    assert "1. E11.22" in whole(old)


def test_what_is_missing_stands_in_the_line() -> None:
    header = line(1, "E11", "Type 2 diabetes mellitus", billable=False, confidence="low")
    answer = reported(header, candidates=[])
    assert "needs a 4th character · confidence low" in short(answer)
    assert "header: needs more characters · first-listed · confidence low" in whole(answer)


def test_units_and_modifiers_are_shown() -> None:
    dose = line(1, "J0587", "Injection, rimabotulinumtoxinb", units=10, modifiers=["JW"])
    text = short(reported(dose))
    assert "1. J0587-JW \u00d7 10  Injection" in text


def test_a_headline_is_not_told_twice() -> None:
    told = "I see nothing in this question that I could code."
    answer = Answer("", "2026-05-01", "abstained", [told], headline=Headline("none", [], told))
    assert short(answer) == whole(answer) == told
    assert answer_text(answer) == told
    assert section_texts(answer_blocks(answer, ID)) == [told]


# Slack


def test_the_notification_begins_with_the_headline() -> None:
    assert answer_text(reported()).splitlines()[0] == HEADLINE


# Several statements


def test_each_statement_has_its_report() -> None:
    text = short(several())
    assert text.splitlines()[0].startswith("3 statements: I12.9 + N18.32 · I12.9 + N18.32")
    in_order(text, "1. htn zebra 1", "I12.9", "2. htn zebra 2", "I12.9", "3. htn zebra 3",
             "Nothing here is said to be so")  # fmt: skip
    assert "Also" not in text + whole(several())


# Feedback


def test_the_lines_of_the_report_may_be_the_code_that_was_used() -> None:
    other = CodeTitle("I13.10", "Both")
    answer = reported(line(1, "I10", "Hypertension"), line(2, "N18.32", "Stage 3b"))
    answer.candidates[0].alternatives.append(other)
    assert [one.code for one in codes_of(answer)] == ["I10", "N18.32", "I12.9", "I12.0", "I13.10"]


# Codes together


@pytest.mark.parametrize("kind", ["yes", "no", "order", "needs_more"])
def test_the_rule_is_quoted_under_the_answer(kind: HeadlineKind) -> None:
    """Then each code, without its notes."""
    rule = Pair(["E11.9", "E10.9"], "excludes1", "the words of the rule", "E11", "FY2026",
                "caution", "Both.")  # fmt: skip
    grave = replace(rule, quote="another rule", severity="conflict")
    coded = [verdict(code, "billable", notes=E11_NOTES) for code in ("E11.9", "E10.9")]
    answer = replace(
        verdicts(*coded),
        pairs=[rule, grave],
        headline=Headline(kind, ["E11.9"], "The answer."),
    )
    text = short(answer)
    in_order(text, "The answer.", "the words of the rule", "Title of E11.9")
    assert "gestational" not in text
    in_order(whole(answer), "the words of the rule", "another rule", "Title of E11.9")
    other = replace(answer, headline=Headline("verdict", [], "The answer."))
    in_order(whole(other), "Title of E11.9", "gestational", "the words of the rule")


def test_the_report_of_a_case_stands_after_the_verdicts() -> None:
    answer = replace(
        verdicts(verdict("J44.9", "billable")),
        report=kidney(),
        headline=Headline("verdict", ["J44.9"], "J44.9 is billable."),
    )
    in_order(
        short(answer), "J44.9 is billable.", "Title of J44.9", "For the case", "I12.9", "N18.32"
    )
