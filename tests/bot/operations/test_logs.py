"""The program's own log: what is in a line, and that no line has what people typed."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from operations_support import Told
from slack_support import ScriptedDesk, served

from bot.database import DatabaseError
from bot.operations import events, logs
from bot.operations.events import Event
from bot.querylog import QueryLog
from bot.settings import Settings
from codesets.errors import CodeDeskError

WORD = "xylocarpal"


def written(home: Path, log_format: str = "json", level: str = "debug") -> io.StringIO:
    stream = io.StringIO()
    logs.set_up(Settings(home=home, log_format=log_format, log_level=level), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_what_is_known(tmp_path: Path) -> None:
    stream = written(tmp_path)
    logging.getLogger("codedesk.slack").warning("%s: %s", "answer to 3f2a", "failed")
    answered = Event(
        "question.answered",
        "3f2a9c01b7de",
        "mention",
        "T1",
        "search",
        "search",
        "answered",
        latency_ms=41.26,
        edition={"icd10cm": "FY2027"},
    )
    events.tell(answered)
    first, second = lines(stream)
    assert (first["level"], first["logger"]) == ("warning", "codedesk.slack")
    assert first["message"] == "answer to 3f2a: failed"
    assert first["time"].endswith("Z")
    del second["time"]
    assert second == {
        "level": "info",
        "logger": "codedesk.events",
        "event": "question.answered",
        "question": "3f2a9c01b7de",
        "surface": "mention",
        "workspace": "T1",
        "intent": "search",
        "lane": "search",
        "outcome": "answered",
        "latency_ms": 41.3,
        "edition": {"icd10cm": "FY2027"},
    }


@pytest.mark.parametrize(("level", "shown"), [("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_of_the_settings_decides(tmp_path: Path, level: str, shown: int) -> None:
    stream = written(tmp_path, level=level)
    events.tell(Event("question.taken", "a"))
    events.tell(Event("slack.limited", method="chat.postMessage"))
    logging.getLogger("codedesk.slack").debug("never mind")
    assert len(lines(stream)) == shown


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(f"could not read {WORD}"), "ValueError"),
        (DatabaseError("disk I/O error"), "disk I/O error"),
        (CodeDeskError("There is no index."), "There is no index."),
        (OSError(28, "No space left on device", WORD), "OSError: No space left on device"),
    ],
)
def test_of_an_error_only_messages_that_are_ours(
    tmp_path: Path, error: Exception, said: str
) -> None:
    for log_format in ("json", "text"):
        stream = written(tmp_path, log_format)
        logging.getLogger("codedesk").error("it failed: %s", error)
        logging.getLogger("codedesk").error(error)
        assert f"it failed: {said}" in stream.getvalue()
        assert WORD not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_of_an_exception_the_type_and_the_place(tmp_path: Path, log_format: str) -> None:
    stream = written(tmp_path, log_format)
    try:
        raise RuntimeError(WORD)
    except RuntimeError:
        logging.getLogger("codedesk").exception("a request failed")
    assert "RuntimeError" in stream.getvalue()
    assert "test_logs.py" in stream.getvalue()
    assert WORD not in stream.getvalue()


@pytest.mark.parametrize("name", ["slack_bolt", "codedesk:App", "urllib3", "uvicorn.access", "x"])
def test_of_other_libraries_only_the_place(tmp_path: Path, name: str) -> None:
    stream = written(tmp_path)
    logging.getLogger(name).warning(f"Unhandled request: {WORD}")
    logging.getLogger(name).info("on_message invoked: %s", WORD)
    logging.getLogger(name).error(RuntimeError(WORD))
    assert WORD not in stream.getvalue()
    assert [line["level"] for line in lines(stream)] == ["warning", "error"]
    assert all("test_logs.test_of_other" in line["message"] for line in lines(stream))


def test_a_thread_that_ends_by_an_error_does_not_print_it(tmp_path: Path, capfd) -> None:
    stream = written(tmp_path)

    def fail() -> None:
        raise ValueError(WORD)

    before, threading.excepthook = threading.excepthook, logs._thread_ended
    try:
        thread = threading.Thread(target=fail, name="search")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    (line,) = lines(stream)
    assert (line["message"], line["error"]) == ("the thread search ended", "ValueError")
    assert WORD not in stream.getvalue() + "".join(capfd.readouterr())


def test_set_up_again_writes_each_line_once(tmp_path: Path) -> None:
    written(tmp_path)
    stream = written(tmp_path)
    events.tell(Event("question.taken", "a"))
    assert len(lines(stream)) == 1


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_serving_desk_writes_no_word_of_a_question(
    slack, log: QueryLog, tmp_path: Path, capfd, log_format: str
) -> None:
    """At the finest level, with every logger of every library, over Socket Mode: an answer, a
    question that fails, a rate limit and a failed post."""
    desk = ScriptedDesk()
    given = Settings(home=tmp_path, log_format=log_format, log_level="debug")
    logs.set_up(given, sys.stderr)
    told = Told()
    with served(slack, tmp_path, desk, log):
        slack.fail_next("chat.postMessage", status=429, retry_after=1)
        slack.send_event(slack.app_mention(f"<@UBOT> {WORD} of the knee, Jane Roe", user="U777"))
        told.wait_for("question.delivered")
        desk.fails = ValueError(f"cannot read {WORD}")
        slack.wait_connected()
        slack.send_slash(text=f"{WORD} again")
        told.wait_for("question.failed")
    printed = "".join(capfd.readouterr())
    assert "question.answered" in printed
    assert "question.failed" in printed
    secrets = (slack.bot_token, slack.app_token, "Jane", "Roe", "U777")
    assert not [word for word in (WORD, *secrets) if word in printed]


def test_the_edition_of_each_system() -> None:
    releases = {"icd10cm/FY2027": "FY2027", "hcpcs/2026-January": "2026-January"}
    rules = {"icd10cm/guidelines/FY2026": "FY2026"}
    assert events.editions(releases | rules) == {"icd10cm": "FY2027", "hcpcs": "2026-January"}
