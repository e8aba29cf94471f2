"""The desk in a terminal: keys that are pressed, what is shown, and what is on record then."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from log_support import check
from paths import ROOT
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from bot.cli.conversation import Conversation
from bot.cli.interactive import InteractiveDesk
from bot.desk.desk import Desk
from bot.desk.question import Question
from bot.querylog import QueryLog, Record
from bot.settings import Settings

ENTER, CTRL_C, CTRL_D, TAB, UP = "\r", "\x03", "\x04", "\t", "\x1b[A"
ALT_ENTER = "\x1b\r"
Types = Callable[..., str]


def pasted(text: str) -> str:
    """As a terminal sends what is pasted: bracketed, with carriage returns."""
    return "\x1b[200~" + text.replace("\n", "\r") + "\x1b[201~"


@pytest.fixture
def types(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Types:
    """Presses keys, Ctrl-D behind them, and returns what the desk printed until it ended."""
    monkeypatch.setattr(Desk, "close", lambda _: None)  # it is the desk of all tests

    def types(*keys: str) -> str:
        answers: Any = desk
        with create_pipe_input() as keyboard:
            keyboard.send_text("".join(keys) + CTRL_D)
            with (
                create_app_session(keyboard, DummyOutput()),
                Conversation(Settings.load(), "terminal", answers) as conversation,
            ):
                InteractiveDesk(conversation).serve()
        return capsys.readouterr().out

    return types


@pytest.fixture
def records(home: Path) -> Callable[[], list[Record]]:
    """The questions of the log, in order, after its chain was checked."""

    def records() -> list[Record]:
        if not (home / "log.db").exists():
            return []
        assert check(home / "log.db").bad is None
        log = QueryLog(home / "log.db")
        found = list(log.questions())
        log.close()
        return found

    return records


def test_lines_refine_the_last_answer_over_several_turns(types: Types, records: Any) -> None:
    shown = types(
        "ankle sprain, seen 5/1/2026\r",
        "2\r",
        "\r",
        "  \r",
        "subsequent\r",
        "other pt: gout\r",
    )
    for line in (
        "1 right: S93.401A, 2 left: S93.402A",
        "Read as: left ankle sprain",
        "S93.402D Sprain of unspecified ligament of left ankle, subsequent encounter",
        "M10.9 Gout, unspecified",
        "more: notes rules all",
    ):
        assert line in shown
    asked = records()
    assert [one.text for one in asked][1:3] == ["left", "subsequent"]
    assert [one.after for one in asked] == [None, *(one.id for one in asked[:3])]
    assert [bool(one.answer and one.answer["refines"]) for one in asked] == [0, 1, 1, 0]
    assert {(one.surface, one.delivery) for one in asked} == {("terminal", "delivered")}


def test_options_with_numbers_of_their_own_are_chosen_by_their_words(
    types: Types, records: Any
) -> None:
    shown = types("pressure ulcer of sacrum\r", "stage 2\r")
    assert "stage 2: L89.152" in shown
    assert "3 stage 2" not in shown
    assert records()[1].answer["report"][0]["code"] == "L89.152"


def test_words_show_more_of_the_last_answer_and_are_no_questions(
    types: Types, records: Any
) -> None:
    shown = types("notes\r", "essential hypertension\r", "notes\r", "rules\r", "all\r")
    assert shown.index("There is no answer yet") < shown.index("I10 Essential")
    for more in ("Notes that govern I10:", "The Tabular List has it", "confidence low"):
        assert more in " ".join(shown.split())
    assert [one.text for one in records()] == ["essential hypertension"]


def test_feedback_is_on_record_and_a_side_is_none(types: Types, records: Any) -> None:
    shown = types(
        "correct\r", "ankle sprain\r", "right\r", "correct\r", "correct\r", "wrong\r",
        "used\r", "used S93.4\r", "used S93.401A E11.9\r", "used X99.99\r",
        "used S93.491" + TAB, CTRL_C, "used S93.401" + TAB + ENTER,
    )  # fmt: skip
    for line in (
        "There is no answer yet",
        "Read as: right ankle sprain",
        "On record: right.\n",
        "That is on record already.",
        "On record: wrong.\n",
        "Say which code was used: used S93.401A",
        "Name one code.",
        "X99.99 is in none of the loaded editions",
        "On record: the code used is S93.401A.",
    ):
        assert line in shown
    one, two = records()
    assert one.feedback == []
    given = [(each["verdict"], each.get("code")) for each in two.feedback]
    assert given == [("right", None), ("wrong", None), ("used", "S93.4"), ("used", "S93.401A")]


def test_lines_that_are_pasted_or_written_one_under_another_are_one_statement(
    types: Types, records: Any
) -> None:
    types(
        pasted("72yo with\nCOPD exacerbation\n"), ENTER,
        "gout", ALT_ENTER, "left great toe\r",
    )  # fmt: skip
    one, two = records()
    assert "\n" in one.text
    assert one.answer["report"][0]["code"] == "J44.1"
    assert two.text == "gout\nleft great toe"


def test_ctrl_c_gives_up_the_line_alone(types: Types, records: Any) -> None:
    types("right hip pa", CTRL_C, "is I10 billable\r", CTRL_C, CTRL_C, "quit\r")
    assert [one.text for one in records()] == ["is I10 billable"]


def test_ctrl_c_gives_up_the_answer_and_the_log_says_so(
    types: Types, records: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was given up is still worked on while the next one is answered."""
    next_is_asked = threading.Event()
    ask = Desk.ask

    def held(self: Desk, question: Question, **how: Any) -> Any:
        if question.searches and not next_is_asked.is_set():
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            assert next_is_asked.wait(60)
        else:
            next_is_asked.set()
        return ask(self, question, **how)

    monkeypatch.setattr(Desk, "ask", held)
    shown = types("gout\r", "is I10 billable\r", "ankle sprain\r", "left\r")
    assert "Given up." in shown
    assert "Gout" not in shown
    assert "I10 is valid and billable" in shown
    given_up, *others = records()
    assert given_up.text == "gout"
    assert given_up.answer is not None
    told = [(one["outcome"], one["detail"]) for one in given_up.deliveries]
    assert told == [("abandoned", "given up by the asker")]
    assert [len(one.deliveries) for one in others] == [1, 1, 1]
    assert [one.after for one in others] == [None, others[0].id, others[1].id]
    assert {one.delivery for one in others} == {"delivered"}


def test_help_and_words_that_tab_completes(types: Types, records: Any) -> None:
    shown = types("he" + TAB + ENTER, "qu" + TAB + ENTER, "never typed")
    assert "used CODE" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert records() == []


class Terminal:
    """A process in a terminal of its own."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
            env=os.environ | environment,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""
        self._unread = 0

    def wait_for(self, words: str) -> None:
        """Until it has shown them since the last time."""
        while (found := self.shown.find(words, self._unread)) < 0:
            self.shown += os.read(self._ours, 4096).decode()
        self._unread = found + len(words)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        try:
            while chunk := os.read(self._ours, 4096):
                self.shown += chunk.decode()
        except OSError:  # the other end is closed: it ended
            pass
        os.close(self._ours)
        return self._process.wait(timeout=60)


#: A terminal is told so at the beginning of each line that is read: pastes are to be bracketed.
READS = "\x1b[?2004h"


def test_run_in_a_terminal(home: Path, records: Any) -> None:
    """The command itself. What was typed comes again by the key Up, and is in no file but the
    log."""
    person = home.parent / "person"
    person.mkdir()
    terminal = Terminal(
        sys.executable, "-m", "bot", "run",
        TERM="xterm-256color", HOME=str(person), PROMPT_TOOLKIT_NO_CPR="1",
    )  # fmt: skip
    for pressed in ("right knee OA zebra-keeper\r", "half a li" + CTRL_C, UP):
        terminal.wait_for(READS)
        terminal.press(pressed)
    terminal.wait_for("zebra-keeper")
    terminal.press(ENTER)
    terminal.wait_for(READS)
    terminal.press(CTRL_D)
    assert terminal.end() == 0
    assert "SLACK_BOT_TOKEN" in terminal.shown
    assert terminal.shown.count("M17.11 ") == 2
    assert [one.text for one in records()] == ["right knee OA zebra-keeper"] * 2
    files = [one for one in home.parent.rglob("*") if one.is_file() and not one.is_symlink()]
    holding = {one.name for one in files if b"zebra-keeper" in one.read_bytes()}
    assert all(name.startswith("log.db") for name in holding)
