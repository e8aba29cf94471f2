"""/code and the words that begin what it does."""

import datetime as dt
import json
from typing import Any

import pytest
from slack_server import signed_request
from slack_support import ScriptedDesk, served, wait_for_records

from bot.desk.desk import Desk
from bot.slack import verbs
from bot.slack.tables import as_list
from bot.slack.verbs import Typed

NOV_3 = dt.date(2025, 11, 3)


@pytest.fixture
def scripted() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.mark.parametrize(
    ("typed", "codes", "reading"),
    [
        ("check E11.9 2025-11-03", ("E11.9",), {"day": NOV_3}),
        ("check 2025-11-03 E11.9", ("E11.9",), {"day": NOV_3}),
        ("CHECK e11.9, I10 on 11/3/2025", ("e11.9", "I10"), {"day": NOV_3}),
        ("check E11.9?", ("E11.9",), {}),
        ("check J0587 96372 outpatient", ("J0587", "96372"), {"setting": "outpatient"}),
        ("check A4253-KX dme hcpcs", ("A4253-KX",), {"setting": "dme", "systems": ("hcpcs",)}),
        ("check 0SRC0JZ icd-10-pcs", ("0SRC0JZ",), {"systems": ("icd10pcs",)}),
        ("check M17.0 and M17.12", ("M17.0", "M17.12"), {}),
    ],
)
def test_codes_to_check(typed: str, codes: tuple[str, ...], reading: dict[str, Any]) -> None:
    assert verbs.read(typed) == Typed("check", " ".join(codes), codes, **reading)


@pytest.mark.parametrize(
    "typed",
    [
        "check if E11.9 is billable",
        "check knee oa",
        "check",
        "checkup for child",
        "check E11.9 2025-13-40",
        "check E11.9 3/5/2026 4/5/2026",
        "different codes for gout",
        "help me code gout",
        "E11.9",
        "b/l knee OA",
    ],
)
def test_all_else_is_a_question(typed: str) -> None:
    assert verbs.read(typed) == Typed("ask", typed)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("diff FY2026 FY2027", "what changed from FY2026 to FY2027"),
        ("diff FY2026-April fy2027 gout", "what changed from FY2026-April to fy2027 in gout"),
        ("diff diabetes", "what changed in diabetes"),
        ("diff FY2026", "what changed in FY2026"),
        ("diff", "what changed"),
    ],
)
def test_diff_is_a_question_about_changes(typed: str, asked: str) -> None:
    assert verbs.read(typed) == Typed("ask", asked)


def test_the_desk_reads_what_diff_asks(desk: Desk) -> None:
    answer = desk.ask(verbs.read("diff FY2024 FY2026-April diabetes").text)
    assert answer.changes
    assert (answer.changes.before, answer.changes.about) == ("FY2024", "diabetes")


def test_check_is_a_verdict_with_its_options(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        text = "check E11.9 I10 2025-11-03 outpatient"
        assert slack.send_slash(text=text, user="U7").wait_ack(10).payload is None
        (answer,) = slack.wait_for("response_url")
    assert answer.args["response_type"] == "ephemeral"
    assert scripted.asked == ["E11.9 I10"]
    assert scripted.readings == [{"day": NOV_3, "systems": None, "setting": "outpatient"}]
    (record,) = log.recent()
    # As `codedesk check` logs it, so that a replay checks the codes; the date is not kept.
    assert record.options == {"checked": 2, "setting": "outpatient"}
    assert (record.surface, record.user, record.text) == ("slash", "U7", "E11.9 I10")
    assert "2025" not in json.dumps(record.options)


@pytest.mark.parametrize("text", ["help", "", "  ", "HELP"])
def test_help_is_told_at_once(slack, log, scripted, tmp_path, text: str) -> None:
    with served(slack, tmp_path, scripted, log):
        ack = slack.send_slash(text=text).wait_ack(10)
    assert ack.payload is not None
    assert ack.payload["response_type"] == "ephemeral"
    for verb in ("/code check E11.9 2025-11-03", "/code diff FY2026 FY2027", "/code help"):
        assert verb in json.dumps(ack.payload["blocks"])
    assert (scripted.asked, log.recent()) == ([], [])


def test_a_command_sent_twice_is_answered_once(slack, log, scripted, tmp_path) -> None:
    changes: dict[str, Any] = {"slack_mode": "http", "slack_app_token": None}
    with served(slack, tmp_path, scripted, log, **changes) as running:
        for text in ("check E11.9", "gout"):
            command = slack.slash_command(text=text)
            for _ in range(2):
                sent = signed_request(running.url, command, slack.signing_secret, kind="slash")
                assert sent[:2] == (200, "")
        slack.wait_for("response_url", count=2)
        wait_for_records(log, "delivery", 2)
    assert len(slack.wait_for("response_url")) == 2
    assert scripted.asked == ["E11.9", "gout"]


def test_codes_that_cannot_be_read_are_told_so(slack, log, scripted, tmp_path, monkeypatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise ValueError("scrubber")

    monkeypatch.setattr(scripted, "take_codes", fails)
    monkeypatch.setattr(scripted, "take", fails)
    with served(slack, tmp_path, scripted, log):
        slack.send_slash(text="check E11.9").wait_ack(10)
        (told,) = slack.wait_for("response_url")
    (record,) = log.recent()
    assert record.id in told.args["text"]


def test_a_command_of_an_organisation_without_a_team(slack, log, scripted, tmp_path) -> None:
    changes: dict[str, Any] = {"slack_mode": "http", "slack_app_token": None}
    with served(slack, tmp_path, scripted, log, **changes) as running:
        command = slack.slash_command(text="gout") | {"team_id": "", "enterprise_id": "E1"}
        command["is_enterprise_install"] = "true"
        signed_request(running.url, command, slack.signing_secret, kind="slash")
        slack.wait_for("response_url")
    assert log.recent()[0].team == "E1"


@pytest.mark.parametrize(
    ("pasted", "read"),
    [
        ("dx\tside\nknee OA\tleft\ngout\t", "1. knee OA, left\n2. gout"),
        ("| dx | side |\n|---|:--|\n| knee OA | left |\n| gout | |", "1. knee OA, left\n2. gout"),
        ("1\tgout\n2\tasthma", "1. gout\n2. asthma"),
        ("Patient\tDx\nDoe, A\tgout\nRoe\tflu", "1. Patient: Doe, A, gout\n2. Patient: Roe, flu"),
        ("knee OA", "knee OA"),
        ("htn\n\tgout", "htn\n\tgout"),
        ("a | b", "a | b"),
        ("|---|\n|---|", "|---|\n|---|"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_pasted_table_is_a_list(pasted: str, read: str) -> None:
    assert as_list(pasted) == read
