"""First contact: who it is, what to try, what not to paste, how to reach a person."""

import json
from typing import Any

import pytest
from slack_server import member_joined_channel
from slack_support import ScriptedDesk, served, wait_for_records

from bot.desk.desk import Desk
from bot.messages import message
from bot.slack.message_text import clean
from bot.slack.views.welcome import EXAMPLES, TRY, help_message, prompts, welcome_message
from bot.views.shared import removals_to_tell


@pytest.fixture
def scripted() -> ScriptedDesk:
    return ScriptedDesk()


def test_a_welcome_has_all_of_it() -> None:
    blocks = welcome_message("coding <help> & *desk*, x1234").blocks
    told = json.dumps(blocks)
    for part in ("official files", "identifies a patient", "Look this up", "`/code`"):
        assert part in told
    assert "coding &lt;help&gt; &amp; *desk*, x1234" in told
    (tries,) = [block for block in blocks if block["type"] == "actions"]
    assert [button["action_id"] for button in tries["elements"]] == [
        f"{TRY}_{number}" for number in EXAMPLES
    ]
    assert "To reach" not in json.dumps(welcome_message(None).blocks)
    assert "x1234" in json.dumps(help_message("x1234").blocks)


def test_each_example_has_an_answer(desk: Desk) -> None:
    asked = [prompt["message"] for prompt in prompts()]
    assert asked[:3] == [message(f"slack_surfaces.try_{number}") for number in EXAMPLES]
    outcomes = [desk.ask(one).outcome for one in asked]
    assert outcomes == ["answered", "verdict", "verdict", "changes"]


@pytest.mark.parametrize("text", ["hi", "help", "<@UBOT>"])
@pytest.mark.parametrize("surface", ["mention", "dm"])
def test_hello_help_and_nothing_get_a_welcome(
    slack, log, scripted, tmp_path, text: str, surface: str
) -> None:
    with served(slack, tmp_path, scripted, log):
        event = slack.app_mention(text) if surface == "mention" else slack.direct_message(text)
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert post.args["thread_ts"] == event["ts"]
    assert "Three things to try" in json.dumps(post.args["blocks"])
    (record,) = log.recent()
    assert (record.surface, record.delivery) == (surface, "delivered")


def test_an_example_is_asked_by_a_press(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        event = slack.direct_message("hi", user="U7", channel="D7")
        slack.send_event(event).wait_ack(10)
        slack.wait_for("chat.postMessage")
        slack.send_block_action("try_1", user="U7", channel="D7").wait_ack(10)
        _, answer = slack.wait_for("chat.postMessage", count=2)
    assert answer.args["thread_ts"] == event["ts"]
    assert "E11.22" in answer.args["text"]
    record = log.recent()[0]
    assert (record.surface, record.user, record.text) == (
        "button", "U7", "T2DM with CKD 3b and HTN",
    )  # fmt: skip


# Added to a channel


def test_whoever_adds_it_is_greeted_alone(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        event = member_joined_channel("UBOT", "C5", inviter="U7")
        sent = slack.send_event(event)
        sent.wait_ack(10)
        slack.send_event(event, sent.event_id, 1, "timeout").wait_ack(10)
        slack.send_event(member_joined_channel("U3", "C5", inviter="U7")).wait_ack(10)
        (greeting,) = slack.wait_for("chat.postEphemeral")
        slack.send_block_action("try_2", user="U7", channel="C5").wait_ack(10)
        (answer,) = slack.wait_for("response_url")
        wait_for_records(log, "delivery")
    assert (greeting.args["channel"], greeting.args["user"]) == ("C5", "U7")
    assert "I read no other message" in json.dumps(greeting.args["blocks"])
    assert len(slack.messages()) == 1
    assert answer.args["response_type"] == "ephemeral"
    assert answer.args["replace_original"] is False


def test_a_channel_is_greeted_once_where_nobody_is_known(slack, log, scripted, tmp_path) -> None:
    for _ in range(2):
        with served(slack, tmp_path, scripted, log):
            slack.send_event(member_joined_channel("UBOT", "C5")).wait_ack(10)
            slack.wait_for("chat.postMessage")
    assert [post.args["channel"] for post in slack.messages()] == ["C5"]


# Files, tables, lists


def test_a_file_alone_is_told_what_is_taken(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        event = slack.direct_message("") | {"subtype": "file_share", "files": [{"id": "F1"}]}
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert "I read text, not files" in json.dumps(post.args["blocks"])
    assert "one statement a line" in json.dumps(post.args["blocks"])


def test_words_beside_a_file_are_answered(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        files: Any = ["odd", {"name": "no id"}]
        event = slack.direct_message("t2dm") | {"subtype": "file_share", "files": files}
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert "E11.22" in post.args["text"]
    assert "not the file" in json.dumps(post.args["blocks"])


def test_a_text_file_is_read_after_the_words(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        files = [slack.add_file("list.txt", b"gout\ncopd"), slack.add_file("scan.png", b"\x89PNG")]
        event = slack.direct_message("t2dm") | {"subtype": "file_share", "files": files}
        slack.send_event(event).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    assert scripted.asked == ["t2dm\ngout\ncopd"]
    assert "scan.png" in json.dumps(post.args["blocks"])


def test_a_table_is_answered_row_by_row(slack, log, desk: Desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        table = "Dx\tSide\nknee OA\tleft\ngout\t"
        slack.send_event(slack.direct_message(table)).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
    told = json.dumps(post.args["blocks"])
    assert "M17.12" in told
    assert "M10.9" in told
    assert log.recent()[0].text == "1. knee OA, left\n2. gout"


# What is no identifier, and what is


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("45 yo seen 3/5/2026 with gout", ()),
        ("dos 3/5/2026 knee OA", ()),
        ("see https://cms.gov/x for knee OA", ()),
        ("see <https://www.aapc.com/blog/knee-oa|this page>", ()),
        ("dr says use M17.0", ()),
        ("Doctor advised PT for back pain", ()),
        ("per md, gout", ()),
        ("per Dr. Smith use M17.0", ("NAME",)),
        ("pt John Smith, gout", ("NAME",)),
        ("gout, dob 3/5/1960", ("DATE",)),
        ("gout mrn 8812345", ("MRN",)),
        (
            "Patient\tDOB\tDx\nSmith, John\t3/5/1960\tgout\nDoe, Jane\t4/4/1950\tflu",
            ("NAME", "DATE"),
        ),
    ],
)  # fmt: skip
def test_only_identifiers_are_a_reason_for_the_notice(
    desk: Desk, typed: str, told: tuple[str, ...]
) -> None:
    read = desk.take(clean(typed))
    assert removals_to_tell(read.scrubbed, read.removed) == told


def test_the_notice_is_kind(slack, log, scripted, tmp_path) -> None:
    with served(slack, tmp_path, scripted, log):
        slack.send_event(slack.app_mention("pt John Smith t2dm")).wait_ack(10)
        (told,) = slack.wait_for("chat.postEphemeral")
    words: Any = told.args["text"]
    assert "please delete it" in words
    assert "Smith" not in words
