"""The log in a terminal: a list that fits the screen, and one question as a page."""

from __future__ import annotations

import getpass
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_support import Clock
from paths import ROOT
from rich.cells import cell_len
from slack_support import abstained, diabetes, verdict, verdicts

from bot.cli.main import main
from bot.messages import sections
from bot.querylog import QueryLog, QuestionRecord, Record
from bot.querylog.search import OUTCOMES
from bot.slack.views.audit import found_message
from bot.views import log_list
from bot.views.screen import Screen
from bot.views.times import Times


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["--no-color", *arguments])
    assert result.exit_code in (0, 1), result.output
    return result


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[QueryLog]:
    """A log with a question of each kind, in a home without code sets."""
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    clock = Clock(2026, 5)
    log = QueryLog(tmp_path / "log.db", clock=clock)
    yield log
    log.close()


def ask(log: QueryLog, text: str, answer: object = None, delivery: str = "delivered") -> str:
    asked = log.ask(QuestionRecord(text, "mention", "U012AB3CD", channel="C1", team="T1"))
    assert asked
    if answer is not None:
        log.answered(asked, answer, index_build="b", latency_ms=12)  # type: ignore[arg-type]
        log.delivered(asked, delivery)  # type: ignore[arg-type]
    return asked


def some(log: QueryLog) -> dict[str, str]:
    """Questions that ended in different ways: their ids by how."""
    abstains = replace(abstained(), notices=["No code fits that."])
    kinds = {
        "answered": ask(log, "t2dm with ckd stage 3a, on insulin, after an admission", diabetes()),
        "abstained": ask(
            log,
            "sing me a song",
            abstains,
        ),
        "verdict": ask(log, "I10?", verdicts(verdict("I10", "deleted", title="Hypertension"))),
        "failed": ask(log, "left knee", diabetes(), "failed"),
        "unanswered": ask(log, "病気 " * 40),
    }
    log.feedback(kinds["answered"], "wrong", by="ann")
    log.feedback(kinds["answered"], "wrong", by="bob")
    log.feedback(kinds["answered"], "used", "E11.21", by="eve", note="nephropathy")
    return kinds


# The list


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_list_fits_the_screen(log: QueryLog, width: int) -> None:
    ids = some(log)
    screen = Screen(width)
    drawn = screen.drawn(*log_list.lines(log.recent(), screen, Times(utc=True))).split("\n")
    assert len(drawn) == 1 + 2 * len(ids)
    assert max(map(cell_len, drawn)) <= width
    for said in (*(one[:8] for one in ids.values()), "answered", "abstained"):
        assert any(said in line for line in drawn), said


def test_a_list_says_what_a_reader_looks_for(log: QueryLog) -> None:
    some(log)
    shown = run("log", "list", "--utc").stdout
    for said in (
        r"when +person +where +outcome +feedback +id\n",
        r"2026-05-15 12:00  U012AB3CD  mention  answered, high +2 wrong, used  [0-9a-f]{8}\n",
        r"t2dm with ckd stage 3a, on \w+.* → E11\.22 .*Type 2 diabetes m",
        r"sing me a song → No code fits that\.\n",
        r"I10\? → I10 deleted .*Hypertension\n",
        r"  failed: left knee → E11\.22",
        r"\n5 of 5 in the log\. Times in UTC\.",
    ):
        assert re.search(said, shown), (said, shown)


def test_a_list_says_how_many_it_leaves_out(log: QueryLog) -> None:
    some(log)
    assert "2 of 5 in the log; -n for more" in run("log", "list", "-n", "2").stdout
    assert "1 of 2 that fit; -n for more" in run("log", "search", "--code", "E11", "-n", "1").stdout


def test_a_search_that_finds_nothing_says_what_to_widen(log: QueryLog) -> None:
    empty = run("log", "search", "gout")
    assert (empty.stdout, "None" in empty.stderr) == ("", True)
    some(log)
    found = run("log", "search", "knee", "--outcome", "abstained")
    assert found.stdout == ""
    assert "fits: text knee, outcome abstained." in found.stderr
    assert "Without text: 1. Without outcome: 1." in found.stderr
    assert found.exit_code == 0


# One question


def test_a_question_is_a_page(log: QueryLog) -> None:
    """Who, when, where, as asked, answered what, from which edition, rated by whom, changed or not,
    and who looked; its id may be cut short."""
    identity = some(log)["answered"]
    run("log", "show", identity[:8], "--json")
    run("log", "redact", identity, "--reason", "a name in it", "--by", "eve")
    page = run("log", "show", identity[:8], "--utc").stdout
    for said in (
        f"Question {identity}", "2026-05-15 12:00:00 UTC", "U012AB3CD",
        "mention, in C1, workspace T1", "(destroyed by a redaction)",
        "answered, confidence high; after 12 ms", "FY2026-April", "answer: delivered",
        "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease", "ann: wrong",
        "bob: wrong", "eve: used E11.21 Type 2 diabetes mellitus with diabetic nephropathy",
        "destroyed note, text: a name in it", f"{getpass.getuser()}: view",
    ):  # fmt: skip
        assert said in " ".join(page.split()), (said, page)
    assert max(map(len, page.splitlines())) <= 80


def test_a_page_has_the_readers_time_and_utc(
    log: QueryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = some(log)["answered"]
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert "2026-05-15 08:00:00 EDT (12:00:00 UTC)" in run("log", "show", identity).stdout
        assert "Times in EDT." in run("log", "list").stdout
        assert "2026-05-15 12:00:00 UTC" in run("log", "show", identity, "--utc").stdout
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_time_next_to_midnight_has_both_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        shown = Times().full("2026-05-02T02:00:00.000+00:00")
        assert shown == "2026-05-01 22:00:00 EDT (2026-05-02 02:00:00 UTC)"
        assert Times().full("no time") == "no time"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_a_terminal_acts_upon_is_escaped(log: QueryLog) -> None:
    identity = ask(log, "htn \x1b[2J \u202e gout\x07", abstained("\x1b[2J"))
    log.feedback(identity, "wrong", note="\x1b[2J", by="\u202e")
    for shown in (run("log", "list").stdout, run("log", "show", identity).stdout):
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)
        assert r"\x1b[2J" in shown


def test_a_log_in_postgresql_reads_the_same(
    log: QueryLog, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = (("log", "list"), ("log", "search", "knee"), ("log", "report"))
    some(log)
    here = [run(*command).stdout for command in commands]
    other = QueryLog(postgres_url, clock=Clock(2026, 5))
    identity = some(other)["answered"]
    monkeypatch.setenv("CODEDESK_DATABASE_URL", postgres_url)
    there = [run(*command).stdout for command in commands]
    assert [_HEX.sub("", one) for one in there] == [_HEX.sub("", one) for one in here]
    assert "eve: used E11.21" in run("log", "show", identity[:8]).stdout
    nothing = run("log", "search", "knee", "--outcome", "abstained")
    assert "Without text: 1. Without outcome: 1." in nothing.stderr
    other.close()


_HEX = re.compile(r"[0-9a-f]{8,}")

# One word for one outcome


def test_an_outcome_has_one_word_everywhere(log: QueryLog) -> None:
    """The list, the page, Slack, the export and the report say the word that a search takes."""
    kinds = some(log)
    exported = run("log", "export").stdout
    report = json.loads(run("log", "report", "--json").stdout)
    for outcome in ("answered", "abstained", "verdict", "unanswered"):
        assert outcome in OUTCOMES
        record = log.get(kinds[outcome])
        assert isinstance(record, Record)
        assert record.ended == outcome
        assert outcome in str(log_list.lines([record], Screen(), Times())[1])
        assert re.search(f"outcome +{outcome}", run("log", "show", record.id).stdout)
        assert outcome in str(found_message([record], "", count=1))
        assert re.search(f'"{record.id}".*"{outcome}"', exported)
        assert report["by_outcome"][outcome] >= 1


def test_no_words_for_readers_of_the_log_name_an_outcome_otherwise() -> None:
    prompts = ROOT / "prompts"
    pages = ("messages/log_page.toml", "messages/log_report.toml", "templates/log_report.html")
    words = [(prompts / name).read_text("utf-8") for name in pages]
    words += [
        text
        for section in ("slack", "home")
        for name, text in sections()[section].items()
        if name.startswith("audit_")
    ]
    for text in words:
        found = re.search("declined|no answer|without an answer|not answered", text, re.I)
        assert found is None, found
