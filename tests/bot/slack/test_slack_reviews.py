"""Auditors review a sample in Slack, line by line, and sign it off. Everything is on record."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from log_support import SECRET, converse
from slack_server import SlackServer
from slack_server.judge import block_breaches
from slack_support import ScriptedDesk, abstained, served, verdict, verdicts

from bot.audit.agreement import agreement
from bot.querylog import QueryLog, QuestionRecord, reviews, sampling, sign_offs
from bot.querylog.sampling import Draw
from bot.querylog.verify import verify
from bot.slack.review_syntax import read_draw
from bot.slack.search_syntax import Misread
from bot.slack.views.audit_reviews import question_message, report_message, sampled_message

AUDITOR, SECOND, OTHER = "UAUDIT", "UB", "U1"


@pytest.fixture
def serving(slack: SlackServer, log: QueryLog, tmp_path: Path) -> Iterator[None]:
    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log, auditors=f"{AUDITOR}, {SECOND}", review_every_days=30):
        yield


def asked(log: QueryLog, text: str, answer: Any, user: str = "U2") -> str:
    question = log.ask(QuestionRecord(text, "mention", user, "T1", "C1"))
    assert question is not None
    log.answered(question, answer, index_build="build-1", latency_ms=5.0)
    return question


def told(slack: SlackServer, before: int) -> str:
    call = slack.wait_for("response_url", count=before + 1)[-1]
    assert call.args["response_type"] == "ephemeral"
    assert block_breaches(call.args["blocks"], most=100) == []
    return json.dumps(call.args["blocks"], ensure_ascii=False)


def posted(slack: SlackServer) -> int:
    return len([call for call in slack.calls if call.method == "response_url"])


def audit(slack: SlackServer, text: str, user: str = AUDITOR) -> str:
    before = posted(slack)
    ack = slack.send_slash("/code-audit", text, user).wait_ack(10).payload
    return ack["text"] if ack else told(slack, before)


def press(slack: SlackServer, action: str, value: str, user: str = AUDITOR) -> str:
    before = posted(slack)
    slack.send_block_action(action, value, user, ephemeral=True).wait_ack(10)
    return told(slack, before)


def drawn(log: QueryLog) -> sampling.Sample:
    return sampling.samples(log)[-1]


def looks(log: QueryLog) -> list[tuple[str, str | None]]:
    return [(one.body["what"], one.subject) for one in log.records(kinds=["access"])]


def test_a_sample_is_reviewed_and_signed_off(slack, log, serving) -> None:
    (whole,) = converse(log)
    two = verdicts(verdict("E11.9", "billable"), verdict("E11", "header"))
    checked = asked(log, "is E11.9 billable", two)
    shown = audit(slack, f"sample 5 strata:person seed:nov the month of {SECRET}")
    sample = drawn(log)
    assert f"*Sample {sample.number}*: 2 of 2 answered questions. Seed `nov`" in shown
    assert sample.purpose
    assert SECRET not in sample.purpose
    assert "3 of 3 lines are due" in shown
    # The question that is shown is on record as a look.
    shown = press(slack, "review_next", f"{sample.number} ")
    assert "t2dm with ckd" in shown
    assert ("view", whole) in looks(log)
    assert ("view", checked) not in looks(log)
    shown = press(slack, "review_agree", f"{sample.number} {whole} 1")
    assert "is E11.9 billable" in shown
    assert "`E11.9`" in shown
    assert ("view", checked) in looks(log)
    # The modal: an unknown code is refused in it, a code with its note is taken.
    value = f"{sample.number} {checked} 1"
    slack.send_block_action("review_should_be", value, AUDITOR, ephemeral=True).wait_ack(10)
    slack.wait_for("views.open")
    assert "none of the loaded" in str(
        slack.send_view({"code": "Q99"}, AUDITOR).wait_ack(10).payload
    )
    assert "Give a code" in str(slack.send_view({}, AUDITOR).wait_ack(10).payload)
    before = posted(slack)
    slack.send_view({"code": "e11.22", "note": f"of {SECRET}"}, AUDITOR).wait_ack(10)
    shown = told(slack, before)
    assert "*Line 2*" in shown
    assert "*Line 1*" not in shown
    shown = press(slack, "review_disagree", f"{sample.number} {checked} 2")
    assert "nothing is due. 1 of 3 lines agreed" in shown
    shown = press(slack, "review_sign", str(sample.number))
    assert "is signed off*" in shown
    assert "nothing was reviewed since" in audit(slack, f"sign-off {sample.number}")
    marks = [(one.mark, one.should_be, one.by) for one in reviews.every(log)]
    assert marks == [
        ("agree", None, AUDITOR), ("code", "E11.22", AUDITOR), ("disagree", None, AUDITOR),
    ]  # fmt: skip
    assert SECRET not in str(reviews.every(log))
    (signed,) = sign_offs.sign_offs(log)[sample.number]
    assert (signed.by, signed.totals["due"]) == (AUDITOR, 0)
    shown = audit(slack, "reviews")
    for words in ("Last sign-off 0 days ago, due every 30", f"`{sample.number}` of", "33%"):
        assert words in shown
    assert ("report", None) in looks(log)
    assert "line 1 should be `E11.22`: of [NAME]" in audit(slack, f"show {checked}")
    assert verify(log.path).bad is None


def test_a_second_press_adds_nothing_and_another_reviewer_counts(slack, log, serving) -> None:
    converse(log, 2)
    audit(slack, "sample 2")
    sample = drawn(log)
    for user in (AUDITOR, AUDITOR, SECOND):
        press(slack, "review_agree", f"{sample.number} {sample.ids[0]} 1", user)
    assert [one.by for one in reviews.every(log)] == [AUDITOR, SECOND]
    assert agreement(reviews.every(log)).pairs[0].same == 1
    # Skipped: what is left stays due, and is said.
    assert "was skipped. 1 of 2 lines" in press(
        slack, "review_next", f"{sample.number} {sample.ids[1]}"
    )
    assert "1 of its 2 lines are due" in audit(slack, f"sign-off {sample.number}")
    assert "1 of 2 lines stay due: on leave" in audit(slack, f"sign-off {sample.number} on leave")


@pytest.mark.parametrize("text", ["sample 5", "review", "reviews", "sign-off 1"])
def test_others_are_refused(slack, log, serving, text: str) -> None:
    converse(log)
    assert "Only auditors" in audit(slack, text, user=OTHER)
    assert [kind for kind, _ in looks(log)] == ["refusal"]
    assert sampling.samples(log) == []


def test_others_press_in_vain(slack, log, serving) -> None:
    (question,) = converse(log)
    sample = sampling.sample(log, Draw(1), AUDITOR)
    for action in ("review_agree", "review_next", "review_sign", "review_should_be"):
        shown = press(slack, action, f"{sample.number} {question} 1", OTHER)
        assert "Only auditors" in shown
    assert reviews.every(log) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sample 0", "1 to 1000"),
        ("sample 5 channel:<#C1|x>", "cannot be used for a sample"),
        ("sample 5 outcome:failed", "cannot be used for a sample"),
        ("sample 5 strata:colour", "is one of"),
        ("sample 5 person:nobody", "No answered question fits"),
        ("review", "There is no sample yet"),
        ("review x", "by its number"),
        ("review 99", "has no sample 99"),
        ("sign-off", "by its number"),
        ("sign-off 1", "has no sample 1"),
    ],
)
def test_what_is_wrong_is_said(slack, log, serving, text: str, why: str) -> None:
    converse(log)
    assert why in audit(slack, text)
    assert sampling.samples(log) == []


def test_what_a_button_carries_may_be_made_up(slack, log, serving) -> None:
    (question,) = converse(log)
    other = converse(log)[0]
    sample = sampling.sample(log, Draw(1, seed="a"), AUDITOR)
    drawn_id, good = sample.ids[0], f"{sample.number} {sample.ids[0]}"
    not_drawn = other if drawn_id == question else question
    made_up = [f"{sample.number} {not_drawn} 1", f"{good} 7", f"{good} x", f"{good}"]
    for value in [*made_up, f"{sample.number} nowhere 1", "99 x 1", "x"]:
        press(slack, "review_agree", value)
    assert reviews.every(log) == []


def test_what_is_typed_for_a_sample() -> None:
    draw, purpose = read_draw("person:<@U7|ann> surface:dm monthly review", ("T1",))
    assert (draw.size, draw.person, draw.surface, draw.teams) == (20, "U7", "dm", ("T1",))
    assert purpose == "monthly review"
    with pytest.raises(Misread):
        read_draw("5 colour:red", None)


def test_blocks_are_within_slacks_limits(log: QueryLog) -> None:
    """With hostile words, and more lines, people and samples than can be shown."""
    hostile = "<!channel> & <@U666> *b* " + "x" * 3000
    many = verdicts(*[verdict(f"E11.{n}", "billable", title=hostile) for n in range(30)])
    for n in range(30):
        asked(log, f"{hostile} {n}", many, user=f"{hostile[:40]}{n}")
        converse(log)
    asked(log, "nothing", abstained())
    samples = [sampling.sample(log, Draw(90, by="person"), hostile) for _ in range(12)]
    there = [sign_offs.progress(log, one) for one in samples]
    for one in there[0].questions:
        assert one.record is not None
        for by in ("a", "b", "c", "d", hostile):
            reviews.review(log, one.record, 1, "agree", by, sample=samples[1])
    first = there[0].questions[0]
    assert first.record is not None
    messages = [
        sampled_message(there[0]),
        question_message(samples[0], first, first.record, own=True),
        report_message(None, there, agreement(reviews.every(log))),
    ]
    for message in messages:
        assert block_breaches(message.blocks, most=50) == []
        assert not re.search(r"<!channel>|<@U666>", json.dumps(message.blocks))
