"""Answers as Block Kit blocks: what is read at a glance."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from report_support import kidney, line, reported, several
from slack_server.judge import block_breaches
from slack_support import (
    E11_NOTES,
    NOT_COVERED,
    abstained,
    candidate,
    diabetes,
    header,
    note,
    verdict,
    verdicts,
)

from bot.desk.answer import (
    Answer,
    Axis,
    Because,
    Change,
    Changes,
    CodeTitle,
    Equivalent,
    Headline,
    Pair,
    QuotedGuideline,
    ReportWith,
    ShownGuideline,
    ShownNote,
)
from bot.slack.views.answer import (
    BUDGET,
    answer_blocks,
    answer_message,
    shared_message,
)
from bot.slack.views.answer_text import answer_text
from bot.slack.views.block_kit import escape, isolated, plain_message, whole_sentences
from bot.slack.views.notices import loaded_told
from bot.slack.views.phone_lines import phone_lines
from bot.views.guideline_words import decisive

ID = "3f2a9c01b7de"
MONSTROUS = "<Osteo & arthritis> " * 400


def texts(blocks: list[dict[str, Any]], kind: str = "section") -> list[str]:
    """The texts of all sections, or of all contexts."""
    found = []
    for block in blocks:
        if block["type"] == kind:
            pieces = [block["text"]] if kind == "section" else block["elements"]
            found += [piece["text"] for piece in pieces]
    return found


def lines(answer: Answer, **how: Any) -> list[str]:
    """The lines of all texts before the buttons."""
    shown = answer_blocks(answer, ID, **how)
    told = [block["text"]["text"] if block["type"] == "section" else block["elements"][0]["text"]
            for block in shown if block["type"] in ("section", "context")]  # fmt: skip
    return "\n".join(told).splitlines()


def actions(blocks: list[dict[str, Any]]) -> list[str]:
    return [
        element["action_id"]
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def pair(severity: str, *codes: str, **fields: Any) -> Pair:
    given: dict[str, Any] = {
        "codes": list(codes),
        "rule": "excludes1",
        "quote": f"the rule on {codes[-1]}",
        "inherited_from": codes[0],
        "release": "FY2026-April",
        "severity": severity,
        "says": f"{' and '.join(codes)}: {severity}.",
    }
    return Pair(**(given | fields))


def rule(section: str, text: str, title: str = "") -> QuotedGuideline:
    return QuotedGuideline(section, title or f"About {section}", text, 39, 0.8, "FY2025")


def guided(*guidelines: QuotedGuideline, question: str = "") -> Answer:
    return Answer(question, "2026-05-01", "guideline", guidelines=list(guidelines))


def changed(*listed: Change, about: str = "", **counts: int) -> Answer:
    counts = dict.fromkeys(("added", "deleted", "retitled"), 0) | counts
    news = Changes("icd10cm", "FY2026", "FY2027", about, counts, list(listed))
    return Answer("", "2026-11-22", "changes", changes=news)


FOOTER = f"✓ billable on 2026-11-22 · ICD-10-CM FY2026-April · log {ID}"

# The lines to report


def test_an_answer_is_read_from_top_to_bottom() -> None:
    """The codes, why, what is asked, what may be denied, the edition."""
    note_on_stage = note(
        "use_additional_code", "code to identify dialysis (Z99.2)", "I12.9", "Z99.2"
    )
    found = [candidate(1, "I12.9", "Hypertensive CKD", notes=[note_on_stage])]
    assert lines(reported(candidates=found)) == [
        "✓ *I12.9*  Hypertensive CKD … stage 4",
        "✓ *N18.32*  CKD, stage 3b",
        "Why line 2 · I.C.9.a",
        "*Acute or chronic?*",
        "⚠️ I12.9 asks for Z99.2 beside it (use additional code, I12.9)",
        FOOTER,
    ]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"title": "Gout"}, "✓ *I10*  Gout"),
        ({"title": ""}, "✓ *I10*"),
        ({"title": "Gout", "billable": False}, "⚠️ *I10*  Gout · needs a 4th character"),
        ({"title": "Gout", "billable": False, "system": "hcpcs"}, "⚠️ *I10*  Gout · not valid"),
        ({"title": "Gout", "units": 10, "modifiers": ["JW"]}, "✓ *I10-JW*  Gout \u00d7 10"),
        ({"title": "Gout <!channel>"}, "✓ *I10*  Gout &lt;!channel&gt;"),
    ],
)
def test_a_line_to_report(fields: dict[str, Any], shown: str) -> None:
    assert lines(reported(line(1, "I10", **{"title": "", **fields}), candidates=[]))[0] == shown


@pytest.mark.parametrize(
    ("unsure", "told"),
    [
        ([], []),
        (["N18.32"], ["Unsure of N18.32"]),
        (["I12.9"], ["Unsure of I12.9; see also I12.0"]),
    ],
)
def test_what_is_not_sure_is_said(unsure: list[str], told: list[str]) -> None:
    report = [replace(one, confidence="low" if one.code in unsure else "high") for one in kidney()]
    shown = lines(reported(*report))
    assert [text for text in shown if text.startswith("Unsure")] == told


def test_rivals_notes_and_other_reasons_fold_away() -> None:
    drawn = json.dumps(answer_blocks(reported(), ID))
    for folded in ("I12.0", "Presumed.", "first-listed"):
        assert folded not in drawn
    assert "rules" in actions(answer_blocks(reported(), ID))


def test_an_answer_of_before_reports_shows_its_candidates() -> None:
    shown = lines(diabetes())
    assert shown[:4] == [
        "✓ *E11.22*  T2DM with diabetic CKD",
        "✓ *E11.21*  T2DM w/ … nephropathy",
        "✓ *E13.22*  Other specified DM … CKD",
        "*Which stage?*",
    ]


# Why


@pytest.mark.parametrize(
    ("because", "told"),
    [
        (Because("use additional code", "E11 says to use an additional code: “insulin (Z79.4)”"),
         "E11.9 first, then Z79.4: use additional code"),
        (Because("code first", "Z79 says to code first: “diabetes (E11.9)”", "I.A.17"),
         "E11.9 first, then Z79.4: code first · I.A.17"),
        # A note of a code that is not in the report orders nothing here.
        (Because("use additional code", "I10 says to use an additional code: “x (Z79.4)”"),
         "Alphabetic Index: Diabetes, type 2"),
        (Because("guideline", "A status stands after the reason.", "I.C.21.c.3"),
         "A status stands after the reason · I.C.21.c.3"),
    ],
)  # fmt: skip
def test_the_rule_that_orders_or_joins_the_lines(because: Because, told: str) -> None:
    index = Because("index", "The Alphabetic Index leads to it: “Diabetes, type 2”")
    first = line(1, "E11.9", "Type 2 diabetes", because=[index])
    second = line(2, "Z79.4", "Insulin", because=[because])
    assert lines(reported(first, second))[2] == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I12.9, N18.32 (either may go first)", "Either may go first."),
        ("I12.9, N18.32 (any may go first)", "Any of them may go first."),
        ("I12.9, N18.32 (I12.9 may go first)", "I12.9 may go first."),
    ],
)
def test_an_order_that_is_open_is_said(text: str, told: str) -> None:
    answer = replace(reported(), headline=Headline("codes", ["I12.9", "N18.32"], text))
    assert lines(answer)[2] == told


@pytest.mark.parametrize(
    ("because", "told"),
    [
        (Because("index", "The Alphabetic Index leads to it: “Gout, foot”"),
         "Alphabetic Index: Gout, foot"),
        (Because("tabular", "The Tabular List has it: “Gout”"), "By its title in the Tabular List"),
        (Because("tabular", "The Tabular List has it: “Podagra”"), "Tabular List: Podagra"),
        (Because("guideline", "Closed by default.", "I.C.19.c"), "Closed by default · I.C.19.c"),
    ],
)  # fmt: skip
def test_what_led_to_a_single_code(because: Because, told: str) -> None:
    assert lines(reported(line(1, "M10.9", "Gout", because=[because])))[1] == told


# The note that most likely gets a claim denied

CONFLICT = (
    "An Excludes1 note stands between I12.9 and I10: report both only if they are unrelated to "
    "each other."
)
CODE_FIRST = note("code_first", "underlying disease (I12.-)", "N18.32", "E13.-")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ""),
        ({"pairs": [pair("conflict", "I12.9", "I10")]},
         "I12.9 and I10 are not reported together: Excludes1 at I12.9"),
        ({"pairs": [pair("caution", "I12.9", "I10")]}, ""),
        ({"notices": [CONFLICT]}, CONFLICT),
        ({"candidates": [candidate(1, "N18.32", "", notes=[CODE_FIRST])]},
         "N18.32 comes after E13.- (code first, N18.32)"),
        ({"candidates": [candidate(1, "I12.9", "", notes=[
            note("use_additional_code", "code for the heart failure (I50.-)", "I12.9", "I50.-"),
            note("use_additional_code", "code for the stage (N18.-)", "I12.9", "N18.-")])]},
         "I12.9 asks for I50.- beside it (use additional code, I12.9)"),
        ({"candidates": [candidate(1, "I12.9", "", notes=[
            note("code_first", "underlying cause, such as:", "I12.9"),
            note("code_first", "cachexia (E88.A)", "I12.9", "E88.A")])]},
         "I12.9 comes after E88.A (code first, I12.9)"),
        # What stands before may be the cause.
        ({"candidates": [candidate(1, "N18.32", "", notes=[
            note("code_first", "underlying cause, such as: cachexia (E88.A)", "N18.3", "E88.A")])]},
         ""),
        # Satisfied by a line of the report, only if applicable, or of a whole category.
        ({"candidates": [candidate(1, "N18.32", "", notes=[
            note("code_first", "hypertension (I12.-)", "N18.3", "I12.-"),
            note("code_first", "any cause (E13.-)", "N18.32", "E13.-"),
            note("use_additional_code", "code, if applicable (E13.-)", "N18.3", "E13.-"),
            note("use_additional_code", "code (B95-B97) to identify infectious agent", "N18.3",
                 "B95-B97"),
            note("use_additional_code", "code for tobacco (F17.-)", "N18", "F17.-"),
            note("use_additional_code", "code for tobacco (F17.-)", "9", "F17.-"),
            note("use_additional_code", "code for tobacco (F17.-)", "I10-I1A", "F17.-"),
        ])]}, ""),
    ],
)  # fmt: skip
def test_the_note_most_likely_to_cause_a_denial(fields: dict[str, Any], told: str) -> None:
    shown = [text for text in lines(reported(**fields)) if text.startswith("⚠️")]
    assert shown == ([f"⚠️ {told}"] if told else [])


def test_a_header_is_graver_than_a_note_and_an_open_side_less() -> None:
    sides = [CodeTitle("M17.11", "Osteoarthritis, right knee"), CodeTitle("M17.0", "bilateral")]
    open_side = line(1, "M17.9", "Osteoarthritis, unspecified knee", alternatives=sides)
    header_line = line(2, "E11", "Type 2 diabetes mellitus", billable=False)
    told = "⚠️ M17.9 leaves the side open: M17.11 or M17.0, if the record says which"
    assert told in lines(reported(open_side))
    assert "⚠️ E11 is not billable: complete or replace it before the claim." in lines(
        reported(open_side, header_line)
    )
    asked = replace(open_side, ask_back="Left, right or both?")
    assert "leaves the side open" not in "".join(lines(reported(asked)))


# Several statements


def test_each_statement_has_its_words_and_its_lines() -> None:
    assert lines(several()) == [
        "1. htn zebra 1",
        "✓ *I12.9*  Hypertensive CKD … stage 4",
        "✓ *N18.32*  CKD, stage 3b",
        "2. htn zebra 2",
        "✓ *I12.9*  Hypertensive CKD … stage 4",
        "✓ *N18.32*  CKD, stage 3b",
        "3. htn zebra 3",
        "Nothing here is said to be so, so there is nothing to report.",
        "*Statement 1: Acute or chronic?*",
        FOOTER,
    ]


def test_the_words_of_a_statement_do_not_turn_what_is_around_them() -> None:
    assert isolated("a \u202eb\nc") == "a b c"
    assert isolated("כאב גב") == "\u2068כאב גב\u2069"
    first, *_ = answer_blocks(several(2, "כאב \u202e<!channel> *🦴*"), ID)
    assert first["elements"] == [
        {"type": "plain_text", "emoji": False, "text": "1. \u2068כאב <!channel> *🦴* 1\u2069"}
    ]


# Verdicts


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("billable", "✓"),
        ("header", "⚠️"),
        ("not_covered", "❔"),
        ("not_yet_valid", "❌"),
        ("deleted", "❌"),
        ("unknown", "❓"),
        ("not_loaded", "❔"),
    ],
)
def test_a_verdict_says_yes_or_no_first(status: str, mark: str) -> None:
    told = lines(verdicts(verdict("E11.9", status)))
    assert told[:2] == [f"{mark} *E11.9 is {status} in FY2026-April.*", "Title of E11.9"]
    assert len(told) == 3


def test_a_header_lists_what_completes_it() -> None:
    told = lines(header())
    assert told[2:] == [
        "Completed by:",
        "`E11.10` T2DM, kind 10",
        "`E11.11` T2DM, kind 11",
        "`E11.12` T2DM, kind 12",
        "… and 27 more",
        f"for 2026-05-01 · ICD-10-CM FY2026-April · log {ID}",
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "deleted", "replaced_by": [CodeTitle("E11.A", "In remission")]},
         ["Replaced by:", "`E11.A` In remission"]),
        ({"status": "unknown", "did_you_mean": [CodeTitle("E11.8", "Unspecified")]},
         ["Did you mean:", "`E11.8` Unspecified"]),
        ({"status": "deleted", "system": "icd9cm", "release": None, "equivalents": [
            Equivalent("E11.9", "Type 2 diabetes", "GEMs"), Equivalent("", "", "no code")]},
         ["In ICD-10-CM:", "`E11.9` Type 2 diabetes"]),
        ({"status": "billable", "system": "icd10pcs", "axes": [
            Axis(1, "Section", "0", "Medical and Surgical"), Axis(5, "Approach", "4", "Open")]},
         ["Medical and Surgical · Open"]),
        ({"status": "billable", "why": "E11.7 is billable. Its last day is 2026-12-31."}, []),
    ],
)  # fmt: skip
def test_what_follows_a_verdict(fields: dict[str, Any], told: list[str]) -> None:
    assert lines(verdicts(verdict("E11.7", **{"title": "Title", **fields})))[2:-1] == told


def test_several_verdicts_have_a_line_each() -> None:
    gone = verdict("E11.7", "deleted", title="Gone", replaced_by=[CodeTitle("E11.A", "")])
    given = [verdict("E11.9", "billable", title="Diabetes"), gone]
    given += [verdict(f"E12.{n}", "billable") for n in range(10)]
    told = lines(verdicts(*given))
    assert told[:3] == ["✓ *E11.9*  Diabetes", "❌ *E11.7*  Gone", "is deleted: E11.A"]
    assert told[-2] == "… and 4 more"


# Codes together


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (pair("conflict", "E11.9", "E10.9", quote="type 1\n (E10.-)", inherited_from="4"),
         "Excludes1 at chapter 4 · FY2026-April: “type 1 (E10.-)”"),
        (pair("conflict", "I12.9", "I10", rule="guideline", inherited_from="I.C.9.a", quote=""),
         "I.C.9.a · FY2026-April: I12.9 and I10: conflict."),
        (pair("caution", "J0897", rule="mue", quote="CMS Policy", release="2024-April",
              inherited_from="NCCI medically unlikely edits 2024-April"),
         "NCCI medically unlikely edits 2024-April: “CMS Policy”"),
    ],
)  # fmt: skip
def test_codes_together_have_the_answer_and_its_one_rule(given: Pair, told: str) -> None:
    coded = [verdict(code, "billable", notes=E11_NOTES) for code in ("E11.9", "E10.9")]
    answer = replace(
        verdicts(*coded), pairs=[given, PAIR], headline=Headline("no", [], "No: not both.")
    )
    assert lines(answer) == [
        "*No: not both.*", told,
        f"✓ billable on 2026-05-01 · ICD-10-CM FY2026-April · log {ID}",
    ]  # fmt: skip


PAIR = pair("caution", "I10", "E11.9")


def test_a_code_that_is_not_billable_is_said_whatever_the_rule_says() -> None:
    bad = verdict("E11", "header", title="Diabetes", completions=[CodeTitle("E11.9", "")])
    answer = replace(verdicts(bad, verdict("I10", "billable")), pairs=[PAIR],
                     headline=Headline("yes", [], "Yes."))  # fmt: skip
    assert lines(answer)[:3] == ["*Yes.*", "⚠️ *E11*  Diabetes", "is a header: E11.9"]
    assert "✓" not in "".join(lines(answer))


def test_the_report_of_a_case_stands_after_the_verdicts() -> None:
    answer = replace(
        verdicts(verdict("J44.9", "billable")),
        report=kidney(),
        headline=Headline("verdict", ["J44.9"], "J44.9 is billable."),
    )
    told = lines(answer)
    assert told[0] == "✓ *J44.9 is billable.*"
    assert told[told.index("For the case that you state:") + 1].startswith("✓ *I12.9*")


# Rules and changes


def test_a_rule_is_its_name_and_the_sentences_that_decide() -> None:
    best = rule("I.B.13", "About sides.\n\nCode each side. Or code both.", "Laterality")
    others = [rule("I.B.2", "Other."), rule("I.B.3", "Another.")]
    assert lines(guided(best, *others, question="code which side")) == [
        "*I.B.13*  Laterality",
        ">Code each side. Or code both.",
        "Guidelines FY2025, page 39 · see also I.B.2, I.B.3",
        f"for 2026-05-01 · log {ID}",
    ]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", "Some text. Code probable diagnoses. Do not."),
        ("probable", "Code probable diagnoses. Do not."),
        ("zebra", "Some text. Code probable diagnoses. Do not."),
    ],
)
def test_the_sentence_that_decides(asked: str, shown: str) -> None:
    assert decisive("Some text. Code probable\ndiagnoses. Do not.", asked) == shown


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Short.", 10, "Short."),
        ("Code it. Do not.", 12, "Code it."),
        ("Code “it.” Do not.", 12, "Code “it.”"),
        ("Code it (e.g. twice). Then stop.", 24, "Code it (e.g. twice)."),
        ("A heading\nCode it. Do not.", 20, "A heading\nCode it."),
        ("Codes as follows: E11 and so on.", 12, "Codes as fo…"),
    ],
)
def test_quotations_end_where_a_sentence_does(text: str, most: int, kept: str) -> None:
    assert whole_sentences(text, most) == kept


def test_changes_are_counted_and_the_first_are_listed() -> None:
    listed = [Change("added", f"E11.{n}", "New <one>") for n in range(200)]
    told = lines(changed(*listed, about="zebra", added=238, deleted=21))
    assert told[:3] == [
        "*ICD-10-CM FY2026 to FY2027, only the codes that were asked about*",
        "added: 238, deleted: 21",
        "`E11.0` New &lt;one&gt; · new",
    ]
    assert told[-2] == "… and 254 more"
    assert lines(changed())[1] == "Nothing changed there."


# Notices


def test_a_notice_about_editions_is_told_once_in_few_words() -> None:
    told = "No ICD-10-CM for 2026-11-22 is loaded: FY2026-April used"
    assert told in lines(diabetes())
    keys = loaded_told(diabetes())
    assert len(keys) == 1
    again = answer_message(diabetes(), ID, told=keys)
    assert told not in json.dumps(again.blocks) + again.text
    # Of another day it is another notice.
    other = replace(diabetes(), notices=[NOT_COVERED.replace("2026-11-22", "2026-12-01")])
    assert loaded_told(other) != keys


def test_a_notice_about_a_system_that_is_not_shown_is_left_out() -> None:
    notice = NOT_COVERED.replace("ICD-10-CM", "HCPCS Level II")
    answer = reported(notices=[notice, "Cut words that I read: avg = average."])
    told = lines(answer)
    assert told[-2] == "Cut words that I read: avg = average."
    assert "HCPCS" not in "".join(told) + answer_text(answer)


# Every kind of answer


def test_an_abstention_is_what_to_do_next() -> None:
    blocks = answer_blocks(abstained(), ID, shareable=True)
    assert texts(blocks) == ["Ask me for a code in plain words, or about a code."]
    assert len(blocks) == 1
    silent = replace(abstained(), notices=[])
    assert texts(answer_blocks(silent, ID)) == ["I have no answer to that."]
    assert answer_text(silent) == "I have no answer to that."


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (diabetes(), [
            "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease",
            "E11.21 Type 2 diabetes mellitus with diabetic nephropathy",
            "E13.22 Other specified diabetes mellitus with diabetic chronic kidney disease",
            "No ICD-10-CM for 2026-11-22 is loaded: FY2026-April used",
        ]),
        (reported(), [
            "I12.9, then N18.32",
            "I12.9  Hypertensive chronic kidney disease with stage 1 through stage 4",
            "N18.32  Chronic kidney disease, stage 3b",
            "Acute or chronic?",
        ]),
        (header(), ["E11 is header in FY2026-April."]),
        (replace(header(), pairs=[pair("conflict", "E11.9", "E10.9", says="Not <both>.")]),
         ["E11 is header in FY2026-April.", "Not &lt;both&gt;."]),
        (guided(rule("I.B.13", "Code each side. " * 40), rule("I.B.2", "Other.")), [
            "I.B.13 About I.B.13 (FY2025, page 39): " + " ".join(["Code each side."] * 31),
        ]),
        (changed(added=2, about="zebra bites"),
         ["ICD-10-CM FY2026 to FY2027, only the codes that were asked about: added: 2"]),
    ],
)  # fmt: skip
def test_the_notification_begins_with_the_headline(answer: Answer, told: list[str]) -> None:
    shown = answer_text(answer).splitlines()
    assert shown == told
    assert not any(mark in answer_text(answer) for mark in ("*", "`", "_", "✓"))


def test_a_shared_answer_says_who_shared_it_and_not_what_was_asked() -> None:
    message = shared_message(several(), ID, "U7")
    assert texts(message.blocks, "context")[0] == "Shared by <@U7>"
    assert "zebra" not in json.dumps(message.blocks) + json.dumps(message.plainer) + message.text
    assert "Statement 2" in json.dumps(message.blocks)


def test_a_follow_up_begins_with_the_statement_as_it_was_read() -> None:
    refined = replace(reported(), refines="1" * 12, read_as="zebra <!channel> knee oa, *left*")
    (first, *_) = answer_blocks(refined, ID)
    assert first["type"] == "context"
    (element,) = first["elements"]
    assert (element["type"], element["text"]) == (
        "plain_text",
        f"Read as: {isolated('zebra <!channel> knee oa, *left*')}",
    )
    shared = shared_message(refined, ID, "U7")
    assert "zebra" not in json.dumps(shared.blocks) + json.dumps(shared.plainer) + shared.text


def test_a_workspace_without_newer_blocks_gets_plain_ones() -> None:
    message = answer_message(reported(), ID)
    assert message.blocks[-1]["type"] == "context_actions"
    assert message.plainer is not None
    assert {b["type"] for b in message.plainer} == {"section", "context", "actions"}
    assert answer_message(reported(), ID, private=True).plainer is None


#: The parts that an answer has, by its outcome.
HELD = {
    "answered": ["candidates"],
    "guideline": ["guidelines", "candidates"],
    "verdict": ["verdicts", "pairs", "not_checked"],
    "changes": ["changes"],
}


def many(outcome: Any, count: int, text: str) -> Answer:
    """An answer with `count` of everything, each as long as possible and with its own notes."""
    if outcome == "report":
        return long_report(count, text)
    notes = [ShownNote("excludes1", text, f"E{n}", [], "FY2026-April") for n in range(40)]
    codes = [CodeTitle(f"E11.{n}", text) for n in range(100)]
    sections = [ShownGuideline(f"I.{n}", text, n, "FY2025") for n in range(30)]
    company = [ReportWith(f"Z79.{n}", text, "after", text) for n in range(30)]
    shared: dict[str, Any] = {"notes": notes, "completions": codes, "guidelines": sections}
    listed = [Change("deleted", f"E{n}", text, text, [], codes) for n in range(count * 4)]
    held = {
        "candidates": [
            candidate(n + 1, f"E{n:02}.9", text, ask_back=text, billable=False,
                      report_with=company, **shared)
            for n in range(count)
        ],
        "guidelines": [QuotedGuideline("I.A", text, text, 1, 0.5, "FY2025")] * count,
        "verdicts": [verdict(f"E{n:02}", "header", title=text, why=text, did_you_mean=codes,
                             axes=[Axis(n, text, "0", text) for n in range(7)],
                             system="icd9cm", release=None,
                             equivalents=[Equivalent("", "", text)] * 20, **shared)
                     for n in range(count)],
        "pairs": [pair("caution", "E1", "E2", says=text, quote=text) for n in range(count)],
        "not_checked": ["ncci_ptp", "mue"],
        "changes": Changes("icd10cm", "FY2026", "FY2027", text, {"added": 900}, listed),
    }  # fmt: skip
    told: dict[str, Any] = {name: held[name] for name in HELD[outcome]}
    return Answer("", "2026-11-22", outcome, notices=[text] * 10, **told)


def long_report(count: int, text: str) -> Answer:
    because = [Because("note", text, "I.A")] * 3
    report = [
        line(n, f"I1{n}.9", text, because=because, ask_back=text, confidence="low")
        for n in range(1, count + 1)
    ]
    return reported(*report, notices=[text] * 5, candidates=[])


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("count", [1, 3, 10, 60])
@pytest.mark.parametrize("outcome", [*HELD, "report"])
def test_the_longest_answers_keep_slacks_limits(outcome: str, count: int, private: bool) -> None:
    answer = many(outcome, count, MONSTROUS)
    message = answer_message(answer, ID, shareable=private)
    assert block_breaches(message.blocks, most=50, private=private) == []
    shown = texts(message.blocks) + texts(message.blocks, "context")
    assert sum(map(len, shown)) < 10_000
    assert len(message.text) <= 3000
    assert not any(text.rstrip("…").endswith(("&am", "&l", "&g")) for text in shown)
    if count <= 3:
        assert phone_lines(message.blocks) <= BUDGET + 3


def test_twenty_statements_keep_slacks_limits() -> None:
    answer = several(20, MONSTROUS)
    long = [
        replace(one, title=MONSTROUS, because=[Because("note", MONSTROUS)] * 3) for one in kidney()
    ]
    answer = replace(
        answer, statements=[replace(one, report=long * 4) for one in answer.statements]
    )
    message = answer_message(answer, ID, shareable=True)
    assert block_breaches(message.blocks, most=50) == []
    assert sum(map(len, texts(message.blocks))) < 10_000
    assert len(message.text) <= 3000


def test_nothing_in_an_answer_is_taken_for_markup() -> None:
    assert escape("a & b <!channel>") == "a &amp; b &lt;!channel&gt;"
    risky = "<!channel> & <@U1>"
    given = [
        replace(diabetes(), notices=[risky], candidates=[candidate(1, risky, risky)]),
        verdicts(verdict(risky, "unknown", title=risky, why=risky)),
        long_report(3, risky),
        several(3, risky),
        *(many(outcome, 2, risky) for outcome in HELD),
    ]
    for shown in (answer_message(a, ID) for a in given):
        # In plain text nothing is markup.
        marked_up = [b for b in shown.blocks if "plain_text" not in json.dumps(b.get("elements"))]
        assert "<" not in json.dumps(marked_up) + shown.text
    assert "<" not in json.dumps(plain_message(risky).blocks)


@pytest.mark.parametrize(
    "answer",
    [
        diabetes("zebra stripes"),
        reported(),
        header(),
        abstained("zebra"),
        guided(rule("I.A", "A.")),
    ],
)
def test_the_question_is_not_repeated(answer: Answer) -> None:
    given = replace(answer, question="zebra stripes")
    message = answer_message(given, ID, shareable=True)
    assert "zebra" not in json.dumps(message.blocks) + message.text
