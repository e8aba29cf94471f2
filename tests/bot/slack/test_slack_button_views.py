"""The buttons and their modals keep to Slack's limits, whatever stands in an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from slack_server.judge import Judge, block_breaches
from slack_support import abstained, candidate, diabetes, header, verdict, verdicts

from bot.desk.answer import Answer, AskOption, Changes, ReportLine, StatementReport
from bot.desk.completing import Begun, Next, Step
from bot.querylog import UNLOGGED
from bot.slack.views.answer_modal import answer_view
from bot.slack.views.buttons import answer_buttons, option_blocks, pressed_option, shown_codes
from bot.slack.views.chart_text import chart_text, copy_modal
from bot.slack.views.check_with import answer_frame, check_modal
from bot.slack.views.complete import Trail, sentence_modal, step_modal, which_modal

ID = "3f2a9c01b7de"
#: What people or files may bring: markup, a mention, marks that turn the direction, length.
HOSTILE = [
    "<!channel> *bold* `code` ```",
    "&amp; <@U1> <https://example.org|here>",
    "\u202eright to left \u05d0\u05d1\u05d2 \u0627\u0644",
    "👩🏽‍⚕️" * 40,
    "x" * 4000,
    '"}]}\\\n\t',
]
PLACE = {"channel": "C5", "ts": "1.2", "thread": "", "url": "https://h/" + "u" * 300, "alone": True}
TRAIL = Trail(ID, "icd10cm", ("E11", "E11.2"), PLACE)


def line(code: str, title: str = "Title", **fields: Any) -> ReportLine:
    given = {"system": "icd10cm", "billable": True, "release": "FY2027", "role": "additional"}
    return ReportLine(1, code, title=title, **(given | fields))  # type: ignore[arg-type]


def report(*lines: ReportLine, **fields: Any) -> Answer:
    given: dict[str, Any] = {"as_of": "2026-11-29", "outcome": "answered", "report": [*lines]}
    return Answer("q", **(given | fields))


def with_options(*labels: str) -> Answer:
    options = [AskOption("E11.9", label, label.casefold()) for label in labels]
    return report(line("E11"), asks=["Which kind?"], ask_options=options)


def drawn(answer: Answer, **how: bool) -> list[dict[str, Any]]:
    blocks = [block.to_dict() for block in answer_buttons(answer, ID, **how)]
    assert block_breaches(blocks, most=50) == []
    return blocks


def names(blocks: list[dict[str, Any]]) -> list[str]:
    return [element["action_id"] for block in blocks for element in block["elements"]]


def entries(blocks: list[dict[str, Any]]) -> list[str]:
    (menu,) = [e for b in blocks for e in b["elements"] if e["type"] == "overflow"]
    return [option["value"] for option in menu["options"]]


def breaches(view: dict[str, Any]) -> list[str]:
    return Judge(None, None).judge("views.open", {"view": view}).violations


# The buttons


@pytest.mark.parametrize(
    ("answer", "buttons"),
    [
        (report(line("E11.9")), ["rules", "check_with", "menu"]),
        (report(line("E11", billable=False)), ["complete", "rules", "check_with", "menu"]),
        (header(), ["complete", "rules", "check_with", "menu"]),
        (verdicts(verdict("X", "unknown")), ["rules", "menu"]),
        (diabetes(), ["rules", "menu"]),
        (report(outcome="changes", changes=Changes("icd10cm", "a", "b", "", {}, [])), ["menu"]),
        (abstained("zebra"), []),
    ],
)
def test_few_buttons_and_those_that_make_sense(answer: Answer, buttons: list[str]) -> None:
    assert names(drawn(answer)) == buttons


def test_the_menu_shares_only_what_is_private() -> None:
    one = report(line("E11.9"))
    assert entries(drawn(one)) == [f"copy {ID}", f"used {ID}"]
    assert entries(drawn(one, private=True)) == [f"copy {ID}", f"used {ID}"]
    assert entries(drawn(one, private=True, shareable=True)) == [
        f"copy {ID}", f"share {ID}", f"used {ID}",
    ]  # fmt: skip


def test_what_is_not_in_the_log_has_no_buttons() -> None:
    assert answer_buttons(report(line("E11.9")), UNLOGGED) == []
    assert option_blocks(with_options("Left"), UNLOGGED) == []


def test_few_short_options_are_buttons_and_others_a_select() -> None:
    first, _ = drawn(with_options("Left", "Right"))
    assert [e["value"] for e in first["elements"]] == [f"{ID} 0", f"{ID} 1"]
    many, _ = drawn(with_options(*map(str, range(7))))
    (select,) = many["elements"]
    assert (select["type"], len(select["options"])) == ("static_select", 7)
    assert select["placeholder"]["text"] == "Which kind?"
    long, _ = drawn(with_options("Left", "Subsequent encounter for fracture with nonunion"))
    assert long["elements"][0]["type"] == "static_select"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_options_keep_to_the_limits(text: str) -> None:
    drawn(with_options(text, text))
    drawn(replace(with_options(*[text] * 9), asks=[text]))


@pytest.mark.parametrize("value", ["", "x", "a b c", f"{ID} one"])
def test_another_value_is_no_option(value: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|invalid literal"):
        pressed_option(value)


def test_codes_are_those_of_verdicts_or_of_the_report() -> None:
    several = [StatementReport("a", diabetes().headline, [line("I10")])] * 2
    assert shown_codes(replace(report(line("E11.9")), statements=several)) == ["I10"]
    beside = replace(verdicts(verdict("I10", "billable")), report=[line("E11.9")])
    assert shown_codes(beside) == ["I10"]
    assert shown_codes(verdicts(verdict("NOPE", "unknown"))) == []


# The modals


def test_the_trail_travels_and_goes_back() -> None:
    assert Trail.from_text(TRAIL.as_text()) == TRAIL
    assert TRAIL.to("E11.22").codes == ("E11", "E11.2", "E11.22")
    assert TRAIL.back().codes == ("E11",)
    assert TRAIL.back().back() == Trail(ID, "", (), PLACE)


@pytest.mark.parametrize("count", [2, 10, 11, 100, 101, 450])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_step_keeps_to_the_limits(count: int, text: str) -> None:
    choices = [Next(f"E{n:03}", text, billable=bool(n % 2)) for n in range(count)]
    stands = Step(Begun("icd10cm", "E11", text), text, choices, 4, text[:100])
    view = step_modal(TRAIL, stands, first=False)
    assert breaches(view) == []
    (element,) = [
        e for b in view["blocks"] for e in b.get("elements", ()) if "option" in str(e.keys())
    ]
    groups = element.get("option_groups") or [element]
    assert sum(len(group["options"]) for group in groups) == count


def test_only_a_complete_code_can_be_used() -> None:
    for billable in (True, False):
        stands = Step(Begun("icd10cm", "E11.9", "T2DM"), "FY2027", billable=billable)
        view = step_modal(TRAIL, stands, first=True)
        assert breaches(view) == []
        assert ("submit" in view) is billable


@pytest.mark.parametrize("why", ["", "unknown", "no_parts"])
def test_where_completing_ends_is_said(why: Any) -> None:
    stands = Step(Begun("hcpcs", "J1885", ""), "2026-January", why=why)
    view = step_modal(TRAIL, stands, first=True)
    assert breaches(view) == []
    assert len(view["blocks"]) == 3


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_other_modals_keep_to_the_limits(text: str) -> None:
    begun = [Begun("icd10cm", f"E{n}", text) for n in range(30)]
    views = [
        which_modal(TRAIL, begun),
        check_modal(ID, [text[:40]] * 30, PLACE),
        answer_view(answer_frame(ID, PLACE, shareable=True), drawn(report(line("E11.9", text)))),
        sentence_modal(text[:2000]),
        copy_modal(report(*[line("E11.9", text)] * 40)),
        copy_modal(abstained()),
    ]
    assert [breach for view in views for breach in breaches(view)] == []


# The text for a chart


def test_a_chart_gets_codes_and_titles_in_order_and_the_edition() -> None:
    lines = [
        line("I12.9", "Hypertensive CKD"),
        line("J0587", "Injection, X, 100 units", system="hcpcs", units=90, modifiers=["JZ"]),
        line("99213", "A descriptor of the AMA", system="cpt"),
    ]
    assert chart_text(report(*lines)) == (
        "I12.9 Hypertensive CKD\n"
        "J0587-JZ Injection, X, 100 units x 90\n"
        "99213\n\n"
        "ICD-10-CM FY2027, HCPCS Level II FY2027, CPT FY2027, for 2026-11-29"
    )


def test_several_statements_stand_apart_and_verdicts_have_their_codes() -> None:
    each = [StatementReport("", diabetes().headline, [line(code)]) for code in ("I10", "E11.9")]
    text = chart_text(replace(report(line("I10")), statements=each))
    assert text.startswith("I10 Title\n\nE11.9 Title\n\n")
    both = verdicts(verdict("I10", "billable"), verdict("NOPE", "unknown"))
    assert chart_text(both).splitlines()[0] == "I10 Title of I10"
    assert "NOPE" not in chart_text(both)
    assert chart_text(abstained()) == ""
    assert candidate(1, "I10", "HTN").code not in chart_text(diabetes())
