"""Identifiers that Slack users type are not logged, not posted and not printed."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_support import ScriptedDesk, delivery_to, diabetes, served

from bot.desk.answer import Answer
from bot.desk.question import Question
from bot.desk.reasons import reason
from bot.querylog import QuestionRecord
from bot.slack.recovery import recover
from bot.slack.views.answer import answer_blocks
from bot.views.wording import undated, worded

TYPED = "pt John Smith MRN 8812345 seen 3/5/2026, t2dm with ckd"
STORED = "pt [NAME] MRN [MRN] seen [DATE], t2dm with ckd"
SECRETS = ("Smith", "8812345", "3/5/2026")
KINDS = "a name, a medical record number, a date"


class DatedDesk(ScriptedDesk):
    """Takes 2026-03-05 for the date of service."""

    def take(self, asked: str, **reading: Any) -> Question:
        self.reading = reading
        return replace(super().take(asked), releases={"icd10cm/FY2026-April": "FY2026-April"})

    def ask(self, question: Question, **options: Any) -> Answer:
        reasons = [reason("desk.served", system="ICD-10-CM", label="FY2026-April")]
        answer = replace(super().ask(question), question=question.scrubbed)
        return worded(replace(answer, as_of="2026-03-05", reasons=reasons))


@pytest.fixture
def desk() -> DatedDesk:
    return DatedDesk()


def everything_in(home: Path) -> bytes:
    """All bytes in the data directory, with those of the log's write-ahead file."""
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def holds_no_secret(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


def test_a_mention_is_searched_as_typed_and_stored_scrubbed(
    slack, log, desk, tmp_path, caplog
) -> None:
    caplog.set_level(logging.INFO)
    with served(slack, tmp_path, desk, log):
        event = slack.app_mention(f"<@UBOT> {TYPED}", user="U7", channel="C5")
        slack.send_event(event).wait_ack(10)
        (told,) = slack.wait_for("chat.postEphemeral")
        (post,) = slack.wait_for("chat.postMessage")
    assert desk.asked == [TYPED]
    (record,) = log.recent()
    assert record.text == STORED
    assert (record.as_of, record.releases) == (None, {"icd10cm/FY2026-April": "FY2026-April"})
    assert holds_no_secret(everything_in(tmp_path).decode("utf-8", "replace"))
    assert "2026-03-05" not in everything_in(tmp_path).decode("utf-8", "replace")
    assert holds_no_secret(json.dumps(post.args) + json.dumps(told.args) + caplog.text)


def test_the_asker_is_told_privately_and_asked_to_delete(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(TYPED, user="U7", channel="C5")).wait_ack(10)
        (told,) = slack.wait_for("chat.postEphemeral")
    assert (told.args["channel"], told.args["user"]) == ("C5", "U7")
    assert KINDS in told.args["text"]
    assert "delete" in told.args["text"]
    (record,) = log.recent()
    kinds = [(delivery["kind"], delivery["outcome"]) for delivery in record.deliveries]
    assert kinds == [("answer", "delivered"), ("identifiers", "delivered")]


def test_nobody_is_told_of_nothing(slack, log, tmp_path) -> None:
    with served(slack, tmp_path, ScriptedDesk(), log):
        slack.send_event(slack.app_mention("t2dm with ckd")).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert not any("Ephemeral" in call.path for call in slack.calls)


@pytest.mark.parametrize(
    ("typed", "told"),
    [("gout seen 3/5/2026", False), ("gout dob 3/5/1960", True), ("gout 3/5/2026, 3/9/2026", True)],
)
def test_a_date_of_service_alone_is_stored_nowhere_and_told_of_to_nobody(
    slack, log, desk, tmp_path, typed, told
) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(typed, user="U7", channel="C5")).wait_ack(10)
        slack.wait_for("chat.postMessage")
        slack.send_slash(text=typed, user="U7", channel="C5").wait_ack(10)
        (answer,) = slack.wait_for("response_url")
    kinds = [d["kind"] for d in log.recent()[-1].deliveries]
    assert ("identifiers" in kinds, "a date" in answer.args["text"]) == (told, told)
    assert all("[DATE]" in record.text and record.removed for record in log.recent())


def test_a_command_tells_within_its_answer_and_does_not_share_it(
    slack, log, desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_slash(text=TYPED, user="U7", channel="C5").wait_ack(10)
        (answer,) = slack.wait_for("response_url")
        slack.send_block_action("share", log.recent()[0].id, ephemeral=True).wait_ack(10)
        _, shared, _ = slack.wait_for("response_url", count=3)
    assert KINDS in answer.args["text"]
    assert KINDS not in json.dumps(shared.args)
    assert holds_no_secret(json.dumps(answer.args) + json.dumps(shared.args))
    assert log.recent()[0].text == STORED


def test_an_answer_that_is_drawn_again_shows_the_editions(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(TYPED, channel="C5")).wait_ack(10)
        (post,) = slack.wait_for("chat.postMessage")
        slack.send_block_action("rules", channel="C5").wait_ack(10)
        (opened,) = slack.wait_for("views.open")
    assert "2026-03-05" in json.dumps(post.args["blocks"])
    assert "2026-03-05" not in json.dumps(opened.args)
    assert "(E11, FY2026-April)" in json.dumps(opened.args["view"])


def test_a_failure_is_recorded_without_the_words_of_its_error(
    slack, log, desk, tmp_path, caplog
) -> None:
    desk.fails = ValueError(f"cannot read {TYPED}")
    with served(slack, tmp_path, desk, log):
        slack.send_event(slack.app_mention(TYPED)).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert log.recent()[0].deliveries[0]["detail"] == "ValueError"
    assert holds_no_secret(everything_in(tmp_path).decode("utf-8", "replace") + caplog.text)


@pytest.mark.parametrize("surface", ["mention", "dm", "slash"])
def test_after_a_crash_the_stored_editions_answer_and_the_asker_is_told(
    slack, log, desk, surface
) -> None:
    editions = {"icd10cm FY2024": "FY2024"}
    log.ask(
        QuestionRecord(
            STORED, surface, "U7", "T1", "C5", "1.0", removed=("NAME",), releases=editions
        )
    )
    recover(delivery_to(slack, desk, log), print)
    assert (desk.asked, desk.reading) == ([STORED], {"editions": editions})
    told = [call for call in slack.calls if "a name" in str(call.args.get("text"))]
    assert [call.method for call in told] == ["chat.postEphemeral"]
    assert told[0].args["user"] == "U7"


def test_a_stored_answer_without_a_date_has_a_footer() -> None:
    answer = undated(diabetes())
    footer = json.dumps(answer_blocks(answer, "id-1"), ensure_ascii=False)
    assert "ICD-10-CM FY2026-April (not in force on the date of service) · log id-1" in footer
