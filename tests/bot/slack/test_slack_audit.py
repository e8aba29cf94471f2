"""Auditors look into the log in Slack. Each look and each refusal is logged first."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from log_support import MISSED, SECRET, attacked, body, converse, set_body
from slack_server import SlackServer
from slack_server.judge import block_breaches
from slack_support import ScriptedDesk, served, verdict
from slack_support import settings as slack_settings

from bot.querylog import LogUnavailable, QueryLog, QuestionRecord, checkpoints, retention, vouching
from bot.querylog.feedback import in_force, proposals
from bot.querylog.search import Filters
from bot.querylog.verify import verify
from bot.settings import Settings, SettingsError
from bot.slack.search_syntax import Misread, read
from bot.slack.views.audit import found_message, question_message

AUDITOR, OTHER = "UAUDIT", "U1"


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def serving(
    slack: SlackServer, log: QueryLog, desk: ScriptedDesk, tmp_path: Path
) -> Iterator[None]:
    with served(slack, tmp_path, desk, log, auditors=f"U0, {AUDITOR}"):
        yield


def text_of(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks, ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')


def audit(slack: SlackServer, text: str = "", user: str = AUDITOR) -> str:
    """What /code-audit shows, at once or later, to its user only."""
    before = len([call for call in slack.calls if call.method == "response_url"])
    ack = slack.send_slash("/code-audit", text, user).wait_ack(10).payload
    if ack:
        assert ack["response_type"] == "ephemeral"
        return ack["text"]
    return shown(slack, before)


def press(slack: SlackServer, action: str, value: str, user: str = AUDITOR) -> str:
    before = len([call for call in slack.calls if call.method == "response_url"])
    slack.send_block_action(action, value, user, ephemeral=True).wait_ack(10)
    return shown(slack, before)


def shown(slack: SlackServer, before: int) -> str:
    call = slack.wait_for("response_url", count=before + 1)[-1]
    assert call.args["response_type"] == "ephemeral"
    return text_of(call.args["blocks"])


def accesses(log: QueryLog) -> list[tuple[str, str, str]]:
    return [
        (entry.body["what"], entry.body["by"], entry.texts.get("detail") or "")
        for entry in log.records(kinds=["access"])
    ]


# Who may


@pytest.mark.parametrize("text", ["", "help", "htn", "show abc", "verify", "person:<@U2|jane>"])
def test_others_are_refused_privately_and_on_record(slack, log, serving, text: str) -> None:
    converse(log)
    told = audit(slack, text, user=OTHER)
    assert told == "Only auditors may look into the log. That you asked is on record."
    ((what, by, detail),) = accesses(log)
    assert (what, by) == ("refusal", OTHER)
    assert detail.startswith("/code-audit")


def test_what_the_refused_typed_is_scrubbed(slack, log, serving) -> None:
    audit(slack, "Jane Roe", user=OTHER)
    assert accesses(log) == [("refusal", OTHER, "/code-audit [NAME]")]


@pytest.mark.parametrize("action", ["audit_show", "audit_next", "audit_approve"])
def test_whoever_is_no_auditor_any_more_presses_in_vain(slack, log, serving, action: str) -> None:
    (question,) = converse(log)
    assert "Only auditors" in press(slack, action, question, user=OTHER)
    assert accesses(log) == [("refusal", OTHER, action)]


def test_with_no_auditors_everybody_is_refused(slack, log, desk, tmp_path) -> None:
    with served(slack, tmp_path, desk, log):
        assert "Only auditors" in audit(slack, "verify")


@pytest.mark.parametrize("auditors", ["ann", "U1 @bo", "u123"])
def test_auditors_are_told_by_their_ids(auditors: str) -> None:
    with pytest.raises(SettingsError, match="AUDITORS"):
        Settings.load({"CODEDESK_HOME": "/nowhere", "CODEDESK_AUDITORS": auditors})
    settings = Settings.load({"CODEDESK_HOME": "/nowhere", "CODEDESK_AUDITORS": "U1, W2 ,U3"})
    assert settings.auditor_ids == {"U1", "W2", "U3"}


# Searching


def test_a_search_is_on_record_before_its_answer(slack, log, serving) -> None:
    converse(log, 2)
    log.ask(QuestionRecord("zebra bites", "dm", "U2", "T1", "D2"))
    told = audit(slack, "ckd person:<@U1|ann> channel:<#C1|coding> code:E11.2 confidence:high")
    assert "*Questions found: 2*\n1 to 2, newest first, times in UTC" in told
    assert "t2dm with ckd" in told
    assert "`E11.22`" in told
    assert "zebra" not in told
    detail = "text=ckd, person=U1, channel=C1, code=E11.2, confidence=high"
    assert accesses(log) == [("search", AUDITOR, detail)]
    assert verify(log.path).bad is None


def test_nothing_fits(slack, log, serving) -> None:
    assert "No question in the log fits that." in audit(slack, "outcome:abstained")


def test_pages(slack, log, serving) -> None:
    converse(log, 23)
    told = audit(slack, 'ckd "with"')
    assert "*Questions found: 23*\n1 to 10, newest first, times in UTC" in told
    assert "Next 10" in told
    told = press(slack, "audit_next", json.dumps({"typed": 'ckd "with"', "before": 20}))
    assert "21 to 23, newest first" in told
    assert "Next" not in told
    assert [detail for _, _, detail in accesses(log)] == [
        'text=ckd "with"', 'text=ckd "with", from 21',
    ]  # fmt: skip


def test_what_was_searched_for_can_be_redacted(slack, log, serving) -> None:
    audit(slack, f'"{MISSED}"')
    (search,) = log.records(kinds=["access"])
    assert MISSED in (search.texts["detail"] or "")
    assert MISSED not in json.dumps(search.body)


def test_what_was_searched_for_is_scrubbed_on_record_and_looked_for_as_it_is(
    slack, log, serving
) -> None:
    converse(log, 1, SECRET)
    assert "*Questions found: 1*" in audit(slack, "4471290 Example")
    audit(slack, "Jane Roe mrn 4471290")
    assert accesses(log)[-1] == ("search", AUDITOR, "text=[NAME] mrn [MRN]")


READ = [
    ("htn", Filters(text="htn")),
    ("", Filters()),
    ('"chest pain" code:i10', Filters(text='"chest pain"', code="i10")),
    ("person:<@U12|ann.b> x", Filters(text="x", person="U12")),
    ("person:root", Filters(person="root")),
    ("from:2026-11-01 to:2026-11-30",
     Filters(first_day=dt.date(2026, 11, 1), last_day=dt.date(2026, 11, 30))),
    ("outcome:abstained feedback:wrong system:hcpcs",
     Filters(outcome="abstained", feedback="wrong", system="hcpcs")),
    ("hgb &lt; 7 &amp; up", Filters(text="hgb < 7 & up")),
    ("see <http://cms.gov|cms.gov>", Filters(text="see cms.gov")),
    ('"note:x"', Filters(text='"note:x"')),
    ("note: x", Filters(text="note: x")),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "filters"), READ)
def test_how_a_search_is_read(typed: str, filters: Filters) -> None:
    assert read(typed) == filters


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("preson:ann", "There is no filter preson:. The filters are person:, channel:"),
        ("outcome:right", "outcome: is one of answered, verdict"),
        ("confidence:sure", "confidence: is one of high, medium, low, not sure."),
        ("from:yesterday", "from: is a day such as 2026-11-30, not yesterday."),
        ("person:@ann", "I cannot tell who @ann is"),
        ("x" * 1001, "less than 1000 characters"),
    ],
)
def test_what_cannot_be_searched_for_is_said_and_nothing_is_searched(
    slack, log, serving, typed: str, says: str
) -> None:
    with pytest.raises(Misread) as misread:
        read(typed)
    assert says in str(misread.value)
    assert audit(slack, typed) == str(misread.value)
    assert accesses(log) == []


# One question, and the whole log


def test_all_of_a_question(slack, log, serving) -> None:
    (question,) = converse(log)
    log.feedback(question, "wrong", note="not <this>", by="U3")
    told = audit(slack, f"show {question[:6]}")
    for part in (
        f"*Question {question}*", "<@U1> <#C1> · mention", ">t2dm with ckd", "answered, high",
        "FY2026-April", "`E11.22` icd10cm high", "answer: delivered", "wrong: not &lt;this&gt;",
    ):  # fmt: skip
        assert part in told
    (access,) = log.records(kinds=["access"])
    assert (access.body["what"], access.subject) == ("view", question)
    assert told.count("*Question") == press(slack, "audit_show", question).count("*Question")


@pytest.mark.parametrize("typed", ["show", "show zzz"])
def test_no_such_question(slack, log, serving, typed: str) -> None:
    assert "ID" in audit(slack, typed) or "No single question" in audit(slack, typed)


def test_a_redacted_question(slack, log, serving) -> None:
    (question,) = converse(log, text=SECRET)
    log.feedback(question, "used", "E11.9", "her note", "U2")
    retention.redact(log, question, "a name", "auditor")
    told = audit(slack, f"show {question}")
    assert "_redacted_" in told
    assert "a name" in told
    assert SECRET not in told
    assert "_redacted_" in audit(slack, "code:E11")


def test_verify(slack, log, desk, tmp_path) -> None:
    converse(log, 3)
    settings = slack_settings(slack, tmp_path)
    checkpoints.make_keys(settings.checkpoint_key, settings.checkpoint_public_key)
    key = checkpoints.private_key(settings.checkpoint_key)
    with served(slack, tmp_path, desk, log, auditors=AUDITOR):
        assert "⚠️" in audit(slack, "verify")
        checkpoints.keep(vouching.take(log, key).checkpoint, settings.checkpoints)
        assert "✅" in audit(slack, "verify")
        with attacked(log.path) as db:
            set_body(db, 1, body(db, 1) | {"user": "U9"})
        told = audit(slack, "verify")
    assert "⛔ TAMPERED, or damaged: record 1 is the first" in told
    assert accesses(log)[-1] == ("view", AUDITOR, "verify")


def test_help(slack, log, serving) -> None:
    for text in ("", "help"):
        assert "`/code-audit show ID`" in audit(slack, text)


class NoAccess(QueryLog):
    """A log that can be read but no longer written."""

    def access(self, *args: Any, **options: Any) -> int:
        raise LogUnavailable("The query log cannot be written (disk full).")


def test_what_cannot_be_recorded_is_not_shown(slack, desk, tmp_path) -> None:
    log = NoAccess(tmp_path / "log.db")
    converse(log)
    with served(slack, tmp_path, desk, log, auditors=AUDITOR):
        for user in (AUDITOR, OTHER):
            assert "I cannot write my log" in audit(slack, "ckd", user)
    log.close()


# Approving


def proposed(log: QueryLog, text: str = "t2dm with ckd") -> tuple[str, str]:
    """A question with a code that was used, and the value of the button that approves it."""
    (question,) = converse(log, text=text)
    number = log.feedback(question, "used", "E11.29", by="U3")
    return question, f"{number} {question}"


def approving(told: str) -> bool:
    return "Approve as a Term" in told


def test_an_auditor_approves_words_for_the_code_that_was_used(slack, log, serving) -> None:
    question, value = proposed(log)
    told = audit(slack, f"show {question}")
    assert approving(told)
    assert "“t2dm with ckd” will lead everybody who asks with these words to E11.29" in told
    told = press(slack, "audit_approve", value)
    assert "“t2dm with ckd” leads to E11.29" in told
    (correction,) = in_force(log)
    assert (correction.phrase, correction.code, correction.by) == (
        "t2dm with ckd", "E11.29", AUDITOR,
    )  # fmt: skip
    record = log.get(question)
    assert f"{record.corrections[0]['feedback']} {question}" == value
    assert "approved already" in press(slack, "audit_approve", value)
    assert not approving(audit(slack, f"show {question}"))
    assert len(in_force(log)) == 1


def test_another_system_than_the_questions_is_asked_about_first(
    slack, log, desk, serving, monkeypatch
) -> None:
    _, value = proposed(log)
    frame = verdict("E1129", "billable", system="hcpcs", title="Traction frame")
    monkeypatch.setattr(desk, "verdicts_on", lambda typed: [frame])
    told = press(slack, "audit_approve", value)
    assert (
        "E1129 Traction frame is a code of HCPCS Level II, and the question was answered from"
        in told
    )
    assert f'"value": "{value} hcpcs"' in told
    assert in_force(log) == []
    press(slack, "audit_approve", f"{value} hcpcs")
    assert [(c.system, c.code) for c in in_force(log)] == [("hcpcs", "E1129")]


@pytest.mark.parametrize("value", ["1 nonsense", "99 QUESTION", "x", ""])
def test_feedback_that_is_not_there_is_not_approved(slack, log, serving, value: str) -> None:
    question, _ = proposed(log)
    told = press(slack, "audit_approve", value.replace("QUESTION", question))
    assert "not there any more" in told
    assert in_force(log) == []


@pytest.mark.parametrize("text", ["[NAME] has ckd", "Jane Roe has ckd", "long " * 30, "12"])
def test_words_that_must_not_be_shown_cannot_be_approved(slack, log, serving, text: str) -> None:
    question, value = proposed(log, text)
    assert not approving(audit(slack, f"show {question}"))
    press(slack, "audit_approve", value)
    assert in_force(log) == []


def test_wrong_alone_proposes_no_code(slack, log, serving) -> None:
    (question,) = converse(log)
    log.feedback(question, "wrong", by="U3")
    assert not approving(audit(slack, f"show {question}"))


# Within Slack's limits

MONSTROUS = "<!channel> & Osteoarthritis " * 60


@pytest.mark.slow
def test_the_longest_answers_keep_slacks_limits(log: QueryLog) -> None:
    questions = converse(log, 12, MONSTROUS)
    for question in questions:
        for n in range(12):
            by = f"{MONSTROUS} {n}"
            log.feedback(question, "used", f"E11.{n}", MONSTROUS, by)
            number = log.correction(question, f"{MONSTROUS} {n}", "X" * 20, "icd10cm", by)
            if n % 2:
                log.withdrawal(number, by, MONSTROUS)
            log.delivered(question, "failed", MONSTROUS)
    records = log.recent(10)
    one = question_message(records[0], proposals(log)[:12])
    refused = question_message(records[0], proposals(log)[:12], MONSTROUS)
    for message in (found_message(records, "x" * 1000, count=12), one, refused):
        assert block_breaches(message.blocks, most=50, private=True) == []
        assert len(json.dumps(message.blocks)) < 20_000
        texts = [b["text"]["text"] for b in message.blocks if "text" in b]
        assert sum(map(len, texts)) < 10_000
        assert "<!channel>" not in json.dumps([b.get("text") for b in message.blocks])
