"""The button Rules: a modal with all that governs an answer, page by page."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from report_support import KIDNEY, kidney, line, reported, several
from slack_server import SlackServer
from slack_server.judge import block_breaches
from slack_support import (
    E11_NOTES,
    ScriptedDesk,
    candidate,
    diabetes,
    header,
    note,
    served,
    verdict,
    verdicts,
    wait_for_records,
)
from test_slack_blocks import HELD, MONSTROUS, long_report, many, pair

from bot.desk.answer import Answer, Because, QuotedGuideline, ReportWith, ShownGuideline
from bot.desk.desk import Desk
from bot.desk.governing import Governing, codes_to_look_up
from bot.querylog import QueryLog
from bot.slack.views.details import detail_pages, details_modal, question_of

ID = "3f2a9c01b7de"
QUESTION = "t2dm with ckd"


def shown(answer: Answer, governing: Governing | None = None) -> str:
    """The texts of all pages."""
    pages = detail_pages(answer, governing)
    return "\n".join(block.to_dict()["text"]["text"] for page in pages for block in page)


# What the pages have


def test_every_line_has_its_whole_title_and_all_its_reasons() -> None:
    two = [Because("index", "The first."), Because("guideline", "The second.", "I.B.1", "FY2026")]
    told = shown(reported(line(1, "I12.9", KIDNEY, because=two)))
    assert told.splitlines()[:3] == [
        f"1. *I12.9*  {KIDNEY} · ✅ billable · first-listed · confidence high",
        "      ↳ The first.",
        "      ↳ The second. (I.B.1, FY2026)",
    ]
    assert told.splitlines()[3:] == ["Also considered:", *(
        f"• `{code}` {title} · confidence low" for code, title in [
            ("N18.32", "Chronic kidney disease, stage 3b"),
            ("I12.0", "Hypertensive chronic kidney disease with stage 5")]
    )]  # fmt: skip


def test_notes_stand_with_place_and_edition_and_inherited_ones_once() -> None:
    """Rules come before explanations, and near ones before far ones."""
    found = [candidate(n, f"E11.2{n}", "Diabetes", notes=E11_NOTES) for n in (1, 2)]
    report = [line(n, f"E11.2{n}", "Diabetes", because=[]) for n in (1, 2)]
    told = shown(reported(*report, candidates=found))
    assert told[told.index("*Notes") :].splitlines() == [
        "*Notes for E11.21*",
        "• *Excludes1* (E11, FY2026-April): gestational diabetes (O24.4-); "
        "type 1 diabetes mellitus (E10.-)",
        "• *Use additional code* (E11, FY2026-April): code to identify control using: "
        "insulin (Z79.4); oral antidiabetic drugs (Z79.84)",
        "• *Includes* (E11, FY2026-April): diabetes NOS",
        "• *Note* (chapter 4, FY2026-April): All neoplasms are classified in Chapter 2.",
    ]


def test_the_desk_adds_notes_and_the_words_of_sections() -> None:
    named = ShownGuideline("I.C.9.a", "Hypertension", 39, "FY2026")
    other = ShownGuideline("I.C.9.b", "Hearts", None, "FY2026")
    coded = verdict("N18.32", "billable", notes=[note("code_first", "any cause", "N18")],
                    guidelines=[named, other])  # fmt: skip
    words = QuotedGuideline("I.C.9.a", "Hypertension", "Presume it.\n\nSo.", 39, 0.0, "FY2026")
    told = shown(reported(), Governing({"N18.32": coded}, {"I.C.9.a": words}))
    assert told[told.index("*Notes") :].splitlines() == [
        "*Notes for N18.32*",
        "• *Code first* (N18, FY2026-April): any cause",
        "*Guidelines for N18.32*",
        "📖 *I.C.9.a*  Hypertension (FY2026, page 39)",
        ">Presume it.",
        ">",
        ">So.",
        "• I.C.9.b Hearts (FY2026)",
    ]


def test_a_verdict_has_all_its_completions_and_notes() -> None:
    told = shown(header())
    assert told.splitlines()[:2] == ["⚠️ *E11*  Title of E11", "E11 is header in FY2026-April."]
    assert "• `E11.29` Type 2 diabetes mellitus, kind 29\n… and 10 more" in told
    assert "*Notes for E11*" in told


def test_pairs_are_quoted_the_gravest_first() -> None:
    given = [
        pair("caution", "I10", "E11.9", quote=""),
        pair("obligation", "E11.9"),
        pair("conflict", "E11.9", "E10.9", says="Not <both>.", quote="type 1\n (E10.-)",
             inherited_from="4"),
    ]  # fmt: skip
    answer = replace(verdicts(verdict("E11.9", "billable")), pairs=given, not_checked=["mue"])
    assert shown(answer).splitlines()[:8] == [
        "*Checked against the rules*",
        "⛔ *E11.9 + E10.9*  Not &lt;both&gt;.",
        ">“type 1 (E10.-)” (chapter 4, FY2026-April)",
        "\N{HEAVY PLUS SIGN} *E11.9*  E11.9: obligation.",
        ">“the rule on E11.9” (E11.9, FY2026-April)",
        "⚠️ *I10 + E11.9*  I10 and E11.9: caution.",
        "Not checked, because not loaded: NCCI medically unlikely edits.",
        "✅ *E11.9*  Title of E11.9",
    ]


def test_what_the_first_code_is_reported_with() -> None:
    company = [ReportWith("Z79.4", "Insulin", "after", "use additional code, E11")]
    told = shown(replace(diabetes(), candidates=[candidate(1, "E11.9", "", report_with=company)]))
    assert "Its notes ask for, where the record supports it:\n• `Z79.4` Insulin (use" in told


def test_the_words_of_the_question_are_not_in_the_pages() -> None:
    told = shown(several())
    assert "zebra" not in told
    assert "*Statement 3*" in told


def test_an_answer_with_nothing_more_says_so() -> None:
    assert shown(Answer("", "", "abstained")) == "Nothing more is known of this answer."


def test_what_is_looked_up() -> None:
    assert codes_to_look_up(reported()) == ["I12.9", "N18.32"]
    assert codes_to_look_up(several()) == ["I12.9", "N18.32"]
    assert codes_to_look_up(diabetes()) == ["E11.22"]
    assert codes_to_look_up(header()) == []
    many_lines = [line(n, f"I{n}.9", "") for n in range(10, 40)]
    assert len(codes_to_look_up(reported(*many_lines))) == 12


def test_the_real_desk_knows_the_notes_of_every_line(desk: Desk) -> None:
    answer = desk.ask("t2dm ckd 4 on insulin")
    assert [one.code for one in answer.report][:2] == ["E11.22", "N18.4"]
    known = desk.governing(Answer.from_dict(answer.as_logged()))
    assert known.verdicts.keys() == {one.code for one in answer.report}
    assert any(one.kind == "code_first" for one in known.verdicts["N18.4"].notes)
    assert "*Notes for N18.4*" in shown(answer, known)


# Limits


@pytest.mark.parametrize("count", [1, 3, 10, 60])
@pytest.mark.parametrize("outcome", [*HELD, "report"])
def test_the_longest_pages_keep_slacks_limits(outcome: str, count: int) -> None:
    answer = (
        long_report(count, MONSTROUS) if outcome == "report" else many(outcome, count, MONSTROUS)
    )
    pages = detail_pages(answer)
    for page in range(len(pages)):
        view = details_modal(ID, pages, page)
        assert block_breaches(view["blocks"], most=100, private=True) == []
        assert sum(len(json.dumps(block)) for block in view["blocks"]) < 20_000


@pytest.mark.parametrize(
    ("page", "turns", "where"),
    [
        (0, [("rules_next", "1")], "Page 1 of 3"),
        (1, [("rules_back", "0"), ("rules_next", "2")], "Page 2 of 3"),
        (2, [("rules_back", "1")], "Page 3 of 3"),
        (9, [("rules_back", "1")], "Page 3 of 3"),
    ],
)
def test_the_buttons_of_a_page(page: int, turns: list[tuple[str, str]], where: str) -> None:
    pages = detail_pages(long_report(60, "word " * 40))[:3]
    view = details_modal(ID, pages, page)
    *_, context, actions = view["blocks"]
    assert context["elements"][0]["text"] == where
    assert [(b["action_id"], b["value"]) for b in actions["elements"]] == turns
    assert question_of(view) == ID


# Pressed


class LongDesk(ScriptedDesk):
    """Its answer has several pages."""

    def ask(self, question: Any, **options: Any) -> Answer:
        answer = super().ask(question, **options)
        return replace(
            answer, report=kidney(), candidates=many("answered", 9, "x " * 900).candidates
        )


@pytest.fixture
def long_desk() -> LongDesk:
    return LongDesk()


def asked(slack: SlackServer, log: QueryLog) -> None:
    slack.send_event(slack.app_mention(QUESTION, channel="C5")).wait_ack(10)
    slack.wait_for("chat.postMessage")
    wait_for_records(log, "delivery")


def turn(slack: SlackServer, action: str, page: str, view: dict[str, Any]) -> None:
    """Press a button of a modal:
    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    pressed = slack.block_actions(action, page, channel="C5")
    for name in ("channel", "message", "response_url"):
        pressed.pop(name, None)
    pressed |= {"container": {"type": "view", "view_id": view["id"]}, "view": view}
    slack.send_interactive(pressed).wait_ack(10)


@pytest.mark.parametrize("action", ["rules", "more"])
def test_rules_opens_a_modal_whose_pages_turn_in_place(
    slack, log, long_desk, tmp_path, action: str
) -> None:
    """The button "See more" of messages from before opens it, too."""
    with served(slack, tmp_path, long_desk, log):
        asked(slack, log)
        (record,) = log.recent()
        slack.send_block_action(action, record.id, channel="C5").wait_ack(10)
        (opened,) = slack.wait_for("views.open")
        view = opened.response["view"]
        assert opened.args["view"]["title"]["text"] == "Rules"
        turn(slack, "rules_next", "1", view)
        (updated,) = slack.wait_for("views.update")
        assert (updated.args["view_id"], updated.args["hash"]) == (view["id"], view["hash"])
        assert "Page 2 of" in json.dumps(updated.args["view"])
        assert len(slack.messages()) == 1
        wait_for_records(log, "delivery", 2)
    (record,) = log.recent()
    told = [(d["kind"], d["outcome"]) for d in record.deliveries]
    assert sorted(told) == [("answer", "delivered"), ("rules", "delivered")]


def test_a_trigger_that_expired_is_told_to_the_person(slack, log, long_desk, tmp_path) -> None:
    slack.fail_next("views.open", error="expired_trigger_id")
    with served(slack, tmp_path, long_desk, log):
        asked(slack, log)
        (record,) = log.recent()
        slack.send_block_action("rules", record.id, channel="C5").wait_ack(10)
        (told,) = slack.wait_for("response_url")
    assert told.args["text"] == "That took too long to open. Please press Rules again."
    assert told.args["response_type"] == "ephemeral"
    assert {d["kind"]: d["outcome"] for d in log.recent()[0].deliveries}["rules"] == "failed"


def test_a_page_that_was_turned_meanwhile_is_left_alone(slack, log, long_desk, tmp_path) -> None:
    slack.fail_next("views.update", error="hash_conflict")
    with served(slack, tmp_path, long_desk, log):
        asked(slack, log)
        (record,) = log.recent()
        slack.send_block_action("rules", record.id, channel="C5").wait_ack(10)
        (opened,) = slack.wait_for("views.open")
        for _ in range(2):
            turn(slack, "rules_next", "1", opened.response["view"])
        slack.wait_for("views.update", count=2)
    assert "response_url" not in {call.method for call in slack.calls}
