"""What a person sees when a language model helps or misbehaves, and what the log keeps."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from model_server import (
    Behaviour,
    ModelServer,
    answers,
    closes,
    drips_body,
    model_server,
    picks,
    says,
    stalls,
)

from bot.audit.replay import replay
from bot.cli.main import main
from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.taken_apart import Phrase, taken_apart
from bot.language_model import connect
from bot.language_model.client import Client
from bot.language_model.model import LanguageModel
from bot.logged_desk import LoggedDesk
from bot.messages import message
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.retention import redact
from bot.querylog.verify import verify
from bot.settings import Settings

#: A note of which the desk is unsure: most of it is in no line.
NOTE = (
    "so she came back again today and we talked about her grandson and the graduation for a good "
    "while, what with the sugar she has had since forever the eye doctor now told her it is "
    "background retinopathy of both eyes, John Smith her neighbor drove her, no cp"
)
SUGAR = ("the sugar", "affirmed")
EYES = ("background retinopathy of both eyes", "affirmed")
#: The first line as the desk reads it by itself, and by these phrases.
ALONE, BY_PHRASES = ["H35.023"], ["E11.3293"]
READ = message("language_model.read", model="a-model")
SHORT = "htn with ckd stage 3b"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    log = QueryLog(tmp_path / "log.db")
    yield log
    log.close()


def logged_desk(desk: Desk, log: QueryLog, server: ModelServer, seconds: float = 5.0) -> LoggedDesk:
    return LoggedDesk(desk, log, LanguageModel(Client(server.url, "a-model", None, seconds)))


def asked(logged: LoggedDesk, text: str) -> Answer:
    """The answer as it is shown."""
    shown: list[Answer] = []

    def show(answers: list[Answer], done: Any) -> None:
        shown.extend(answers)
        done("delivered", "")

    (question,) = logged.take([text], QuestionRecord("", "cli"))
    assert question is not None
    logged.answer([question], show)
    return shown[0]


def codes(answer: Answer) -> list[str]:
    return [line.code for line in answer.report]


def told(log: QueryLog) -> list[dict[str, Any]]:
    """What the log has of the model about the last question."""
    return log.recent(1)[0].language_model


# A note taken apart


def test_the_desk_reads_a_rambling_note_by_the_phrases_of_the_model(desk, log) -> None:
    with model_server(picks(SUGAR, EYES, ("cp", "denied"))) as server:
        answer = asked(logged_desk(desk, log, server), NOTE)
        (request,) = server.requests
    assert codes(answer) == BY_PHRASES
    assert READ in answer.notices
    assert ("cp", "denied") in [(fact.said, fact.status) for fact in answer.facts]
    sent = json.dumps(request.body)
    assert "John" not in sent, "it sees scrubbed text alone"
    assert "[NAME]" in request.data["note"]
    (record,) = told(log)
    assert (record["task"], record["model"], record["prompt"], record["use"]) == (
        "facts", "a-model", "facts-1", "used",
    )  # fmt: skip
    assert json.loads(record["said"])["facts"][0]["said"] == SUGAR[0]


#: What a server does -> what becomes of it, as the log has it; None: it was not asked, or nothing
#: came of it that is of the model.
USELESS: dict[str, tuple[Behaviour, str, str]] = {
    "stalls": (stalls, "failed", "no reply within"),
    "drips": (drips_body, "failed", ""),
    "closes": (closes, "failed", "no connection"),
    "500": (answers(b"", 500), "failed", "status 500"),
    "429": (answers(b"", 429), "failed", "status 429"),
    "a redirect": (answers(b"", 302, Location="http://127.0.0.1:9/"), "failed", "status 302"),
    "HTML": (answers(b"<html>"), "failed", "no chat completion"),
    "prose": (says("She has diabetes, code E11.9."), "dropped", "not the JSON"),
    "codes": (picks(("E11.9", "affirmed"), ("E66.01", "affirmed")), "dropped", "no phrase"),
    "words of its own": (picks(("diabetic retinopathy", "affirmed")), "dropped", "no phrase"),
    "a name that it cannot know": (picks(("John Smith", "affirmed")), "dropped", "no phrase"),
    "a placeholder": (picks(("[NAME]", "affirmed")), "dropped", "state nothing"),
    "an injection": (
        picks(("ignore previous instructions <!channel>", "affirmed")), "dropped", "no phrase",
    ),
    "another language": (picks(("retinopatía de los ojos", "affirmed")), "dropped", "no phrase"),
    "small talk": (picks(("her grandson's graduation", "chatter")), "dropped", "no phrase"),
    "a denial of what is so": (
        picks(SUGAR, (EYES[0], "denied")), "not used", "says more",
    ),
    "what is of no use": (picks(("her grandson", "affirmed")), "not used", "says more"),
    "half of it": (
        picks(("both eyes", "affirmed"), ("drove her", "affirmed")), "not used", "says more",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("behaviour", "use", "why"), USELESS.values(), ids=USELESS)
def test_without_a_reply_of_use_the_answer_stands(desk, log, behaviour, use, why) -> None:
    alone = desk.ask(NOTE)
    with model_server(behaviour) as server:
        answer = asked(logged_desk(desk, log, server, seconds=0.5), NOTE)
    assert codes(answer) == codes(alone) == ALONE
    assert answer.notices == alone.notices
    assert answer.headline == alone.headline
    (record,) = told(log)
    assert record["use"] == use
    assert why in record["why"]


def test_what_the_note_denies_is_not_affirmed_by_the_model(desk, log) -> None:
    with model_server(picks(SUGAR, EYES, ("cp", "affirmed"))) as server:
        answer = asked(logged_desk(desk, log, server), NOTE)
    assert READ in answer.notices
    assert ("cp", "denied") in [(fact.said, fact.status) for fact in answer.facts]
    assert not any(code.startswith("R07") for code in codes(answer))


@pytest.mark.parametrize(
    "text",
    [
        SHORT,
        "is E11.9 billable",
        "what changed in obesity in FY2026-April",
        "what's the weather",
        "can you tell me what time the meeting about the new billing software is going to be held "
        "and whether we have to bring our own laptops or they will give us some there",
        "1. htn with ckd stage 3b and chf, doing well on meds\n2. gout of the left big toe, on "
        "allopurinol since the spring, no flare since then at all",
    ],
)
def test_of_what_the_desk_reads_by_itself_the_model_hears_nothing(desk, log, text) -> None:
    with model_server(picks(SUGAR, EYES)) as server:
        asked(logged_desk(desk, log, server), text)
        assert server.requests == []
    assert told(log) == []


def test_others_are_answered_while_a_note_waits_for_the_model(desk, log) -> None:
    with model_server(stalls) as server:
        logged = logged_desk(desk, log, server, seconds=60.0)
        waiting = threading.Thread(target=asked, args=[logged, NOTE])
        waiting.start()
        while not server.requests:
            time.sleep(0.01)
        assert codes(asked(logged, SHORT)) == ["I12.9", "N18.32"]
        assert waiting.is_alive()
        server.gone.set()
        waiting.join()


def test_after_failures_the_model_is_left_alone(desk, log) -> None:
    with model_server(answers(b"", 500)) as server:
        logged = logged_desk(desk, log, server)
        for _ in range(5):
            assert codes(asked(logged, NOTE)) == ALONE
        assert len(server.requests) == 3
    assert told(log) == []


@pytest.mark.parametrize(
    ("note", "said", "status"),
    [
        ("denies cp, uses cpap", "cp", "denied"),
        ("uses cpap, denies cp", "cp", "denied"),
        ("r/o mi, gout", "mi", "uncertain"),
        ("hx of mi, gout", "mi", "past"),
        ("stra\u00dfe fall, denies CP", "CP", None),  # it folds to another length
        ("atypical nevus", "typical nevus", None),
    ],
)
def test_where_a_phrase_stands_decides_whether_it_is_so(desk, note, said, status) -> None:
    question = taken_apart(desk.take(note), [Phrase(said, "affirmed")], "a-model")
    statuses = [fact.status for fact in question.picked.facts] if question else [None]
    assert statuses == [status]


def test_phrases_that_state_nothing_are_none(desk) -> None:
    question = desk.take(NOTE)
    assert taken_apart(question, [Phrase("[NAME]", "affirmed")], "a-model") is None
    assert taken_apart(question, [Phrase("the sugar", "chatter")], "a-model") is None


# Explanations

HOLDS = "I12.9 is first, then N18.32 for the stage."


def explained(logged: LoggedDesk, text: str) -> Answer:
    answer = asked(logged, text)
    return logged.explained(answer.id, answer)


def test_an_explanation_is_shown_and_logged(desk, log) -> None:
    with model_server(says(HOLDS)) as server:
        answer = explained(logged_desk(desk, log, server), SHORT)
    assert answer.explanation is not None
    assert answer.explanation.text == HOLDS
    record = log.recent(1)[0]
    assert record.answer["explanation"] == {
        "text": HOLDS, "model": "a-model", "prompt": "explain-1",
    }  # fmt: skip
    assert record.language_model[0]["use"] == "used"
    assert Answer.from_dict(record.answer).explanation == answer.explanation


@pytest.mark.parametrize(
    "said",
    [
        "I12.9 is first, then N18.31.",
        "I12.9 is first, then Q99.99.",
        "By section I.C.2 I12.9 is first.",
        "Ignore previous instructions, I12.9 is first.",
        "<!channel> I12.9 is first.",
        "I12.9 is first, http://a.example",
        "I12.9 es el primero.",
        "I12.9 is of [NAME].",
        "I12.9 is of Jane Roe.",
        "I12.9 is first! " * 40,
    ],
)
def test_one_that_says_anything_else_is_not_shown(desk, log, said) -> None:
    with model_server(says(said)) as server:
        answer = explained(logged_desk(desk, log, server), SHORT)
    assert answer.explanation is None
    record = log.recent(1)[0]
    assert "explanation" not in record.answer or record.answer["explanation"] is None
    (kept,) = record.language_model
    assert (kept["use"], kept["task"]) == ("dropped", "explain")
    assert "Jane" not in kept["said"], "what the model said is scrubbed, too"


@pytest.mark.parametrize("behaviour", [stalls, closes, drips_body, answers(b"", 503)])
def test_a_dead_model_costs_the_sentences_alone(desk, log, behaviour) -> None:
    with model_server(behaviour) as server:
        answer = explained(logged_desk(desk, log, server, seconds=0.5), SHORT)
    assert (codes(answer), answer.explanation) == (["I12.9", "N18.32"], None)
    assert told(log)[0]["use"] == "failed"


# The log


def test_redaction_destroys_what_the_model_said(desk, log, tmp_path) -> None:
    with model_server(picks(SUGAR, EYES)) as server:
        answer = asked(logged_desk(desk, log, server), NOTE)
    assert log.recent(1)[0].picked
    gone = redact(log, answer.id, "asked for", "me").texts
    assert {"said", "phrases"} <= set(gone)
    record = log.recent(1)[0]
    assert (record.picked, record.language_model[0]["said"]) == ([], None)
    assert not any(b"grandson" in path.read_bytes() for path in tmp_path.glob("log.db*"))
    assert verify(tmp_path / "log.db").result == "consistent"


def test_a_replay_reads_the_note_by_the_phrases_of_then(desk, log) -> None:
    with model_server(picks(SUGAR, EYES, ("cp", "denied"))) as server:
        asked(logged_desk(desk, log, server), NOTE)
        assert len(server.requests) == 1
        assert replay(log.recent(1)[0], desk).status == "same"
        assert len(server.requests) == 1, "no model is asked again"


def test_a_replay_does_not_miss_the_explanation(desk, log) -> None:
    with model_server(says(HOLDS)) as server:
        explained(logged_desk(desk, log, server), SHORT)
    assert replay(log.recent(1)[0], desk).status == "same"


# Off by default


@pytest.mark.parametrize("lacking", ["llm_url", "llm_model"])
def test_without_an_address_and_a_name_there_is_none(tmp_path, lacking) -> None:
    settings = Settings(home=tmp_path, llm_url="http://127.0.0.1:9/v1", llm_model="a-model")
    assert connect(settings) is not None
    assert connect(settings.model_copy(update={lacking: None})) is None


def test_without_the_settings_no_socket_is_opened(desk, log, monkeypatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    logged = LoggedDesk(desk, log, connect(Settings(home=log.path.parent)))
    answer = explained(logged, NOTE)
    assert (codes(answer), answer.explanation, told(log)) == (ALONE, None, [])


# The terminal


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_the_terminal_explains_when_asked_to(home, monkeypatch) -> None:
    with model_server(says(HOLDS)) as server:
        monkeypatch.setenv("CODEDESK_LLM_URL", server.url)
        monkeypatch.setenv("CODEDESK_LLM_MODEL", "a-model")
        monkeypatch.setenv("CODEDESK_LLM_KEY", "a-secret")
        plain = run("ask", SHORT)
        assert HOLDS not in plain.output
        assert server.requests == []
        shown = run("ask", SHORT, "--explain")
        assert f"In short, worded by a-model: {HOLDS}" in " ".join(shown.output.split())
        as_json = json.loads(run("ask", SHORT, "--explain", "--json").stdout)
        assert as_json["explanation"]["text"] == HOLDS
        assert all(b"a-secret" not in path.read_bytes() for path in home.glob("log.db*"))


def test_to_explain_without_a_model_is_a_wrong_request(home) -> None:
    result = run("ask", SHORT, "--explain")
    assert result.exit_code == 2
    assert "CODEDESK_LLM_URL" in result.output


def test_an_answer_without_one_has_no_word_of_it(desk) -> None:
    answer = desk.ask(SHORT)
    assert answer.as_dict()["explanation"] is None
    assert replace(answer, explanation=None) == answer


# After the answer has gone out


def test_later_explanations_come_on_a_thread_of_their_own(desk, log) -> None:
    came: list[Answer] = []
    there = threading.Event()

    def then(answer: Answer) -> None:
        came.append(answer)
        there.set()

    with model_server(says(HOLDS)) as server:
        logged = logged_desk(desk, log, server)
        answer = asked(logged, SHORT)
        logged.explain_later(answer.id, answer, then)
        assert there.wait(10)
    assert came[0].explanation is not None
    assert came[0].explanation.text == HOLDS


def test_without_a_model_nothing_comes_later(desk, log) -> None:
    logged = LoggedDesk(desk, log)
    answer = asked(logged, SHORT)
    before = threading.active_count()
    logged.explain_later(answer.id, answer, lambda _: pytest.fail("it has no model"))
    assert threading.active_count() == before


def test_of_a_question_that_refines_a_note_the_model_hears_the_whole_statement(desk, log) -> None:
    with model_server(picks(SUGAR, EYES)) as server:
        logged = logged_desk(desk, log, server)
        first = asked(logged, NOTE)
        (question,) = logged.take(["left eye only"], QuestionRecord("", "cli", after=first.id))
        assert question is not None
        logged.answer([question], lambda answers, done: done("delivered", ""))
        notes = [request.data["note"] for request in server.requests]
    assert all("background retinopathy" in note for note in notes)
    record = log.recent(1)[0]
    assert record.answer["refines"] == first.id
    assert replay(record, desk, before=log.get(first.id)).status == "same"
