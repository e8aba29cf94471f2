"""A report shows how much was asked and where answers fell short, on a page that opens offline."""

from __future__ import annotations

import datetime as dt
import json
import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from log_support import Clock, attacked
from slack_support import abstained, diabetes, verdict, verdicts

from bot.audit.report import figures, page, shortened
from bot.audit.svg_charts import columns
from bot.cli.main import main
from bot.querylog import QueryLog, QuestionRecord, retention

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "line one\nline two\x00\x1b[31m",
    "病気 Ménière 🦵 \u202edesrever",
    "x" * 1000,
]


class Page(HTMLParser):
    """Tags, attributes and the text of a page, as a browser would read it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


@pytest.fixture
def clock() -> Clock:
    return Clock(2026, 1)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[QueryLog]:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    log = QueryLog(tmp_path / "log.db", clock=clock)
    yield log
    log.close()


def asked(
    log: QueryLog, answer: Any = None, text: str = "t2dm", ms: float = 5.0, **how: Any
) -> str:
    question = log.ask(QuestionRecord(text, how.pop("surface", "dm"), how.pop("user", "U1"), **how))
    assert question is not None
    if answer is not None:
        log.answered(question, answer, index_build="b", latency_ms=ms)
        log.delivered(question, "delivered")
    return question


def a_week(log: QueryLog, clock: Clock) -> None:
    clock.set(2026, 3, 2)
    right = asked(log, diabetes(), ms=10)
    log.feedback(right, "right", by="U1")
    same = asked(log, diabetes(), ms=20, user="U2", surface="mention")
    log.feedback(same, "used", "e1122", by="U2")
    clock.set(2026, 3, 4)
    other = asked(log, diabetes(), "t2dm, ckd 3a", ms=900, removed=("NAME", "DATE"))
    log.feedback(other, "used", "N18.31", note="the stage", by="U3")
    asked(log, verdicts(verdict("I10", "billable"), verdict("E11.9", "billable")), "I10?", ms=30)
    asked(log, abstained(), "sing", removed=("NAME",))
    lost = asked(log, None, "left knee")
    log.delivered(lost, "abandoned")
    log.access("export", "R. Auditor")


# Figures


def test_counts_what_was_asked_and_what_fell_short(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    found = figures(log, None, None)
    assert found["totals"] == {
        "questions": 6, "people": 2, "answered": 4, "declined": 1, "without_answer": 1,
        "not_delivered": 0, "disagreements": 1, "with_identifiers": 2,
        "median_ms": 20, "p95_ms": 900,
    }  # fmt: skip
    assert (found["first_day"], found["last_day"]) == ("2026-03-02", "2026-03-04")
    assert found["volume"] == {
        "unit": "day",
        "bars": [("2026-03-02", 2), ("2026-03-03", 0), ("2026-03-04", 4)],
    }
    assert found["by_surface"] == {"dm": 5, "mention": 1}
    assert found["by_person"] == {"U1": 5, "U2": 1}
    assert found["by_system"] == {"icd10cm": 4}
    assert found["by_outcome"] == {"answered": 3, "verdict": 1, "abstained": 1, "unanswered": 1}
    assert found["by_confidence"] == {"high": 3}
    assert found["by_delivery"] == {"delivered": 5, "abandoned": 1}
    assert found["removed"] == {"NAME": 2, "DATE": 1}
    assert [(one["code"], one["count"]) for one in found["most_asked"]] == [
        ("E11.22", 3), ("I10", 1), ("E11.9", 1),
    ]  # fmt: skip
    assert found["most_asked"][0]["title"].startswith("Type 2 diabetes")
    assert [one["question"] for one in found["unanswered"]] == ["left knee", "sing"]
    (against,) = found["disagreements"]
    assert (against["shown"], against["used"], against["by"], against["note"]) == (
        "E11.22", "N18.31", "U3", "the stage",
    )  # fmt: skip
    assert [one["latency_ms"] for one in found["slow"]][:2] == [900, 30]
    assert found["accesses"] == [{"what": "export", "by": "R. Auditor", "count": 1}]
    json.dumps(found)


def test_days_are_both_included(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    day = dt.date(2026, 3, 2)
    assert figures(log, day, day)["totals"]["questions"] == 2
    assert figures(log, dt.date(2026, 3, 3), None)["totals"]["questions"] == 4
    assert figures(log, None, dt.date(2026, 3, 1))["totals"]["questions"] == 0


@pytest.mark.parametrize(
    ("last", "unit", "first_bar"),
    [
        ((2026, 2, 15), "day", "2026-01-15"),
        ((2026, 9, 15), "week", "2026-01-12"),
        ((2028, 1, 15), "month", "2026-01"),
    ],
)
def test_columns_are_few_enough_to_see(
    log: QueryLog, clock: Clock, last: tuple[int, int, int], unit: str, first_bar: str
) -> None:
    asked(log)
    clock.set(*last)
    asked(log)
    volume = figures(log, None, None)["volume"]
    assert (volume["unit"], volume["bars"][0]) == (unit, (first_bar, 1))
    assert sum(count for _, count in volume["bars"]) == 2
    assert len(volume["bars"]) <= 62


def test_cpt_has_no_title(log: QueryLog) -> None:
    asked(log, verdicts(verdict("99213", "billable", system="cpt", title="Office visit")))
    assert figures(log, None, None)["most_asked"][0]["title"] == ""


# The page


def made(log: QueryLog) -> str:
    return page(figures(log, None, None), ["All is well."], "vouched")


def test_a_page_of_no_questions(log: QueryLog) -> None:
    read = Page(made(log))
    assert "No question was asked." in read.text
    assert "None." in read.text


def test_the_page_needs_nothing_else_and_runs_nothing(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    text = made(log)
    read = Page(text)
    tags = {tag for tag, _ in read.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a"}
    for _, attributes in read.tags:
        assert not {"src", "href", "action", "srcset"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://", text)
    assert {"svg", "rect"} <= tags


def test_whatever_was_typed_is_words(log: QueryLog) -> None:
    for text in NASTY:
        asked(log, abstained(), text, user=text)
        question = asked(log, diabetes(), text, surface="cli", removed=(text,))
        log.feedback(question, "used", text, note=text, by=text)
    log.access("search", NASTY[0])
    read = Page(made(log))
    assert not {tag for tag, _ in read.tags} & {"script", "img"}
    assert not [a for _, given in read.tags for a in given if a.startswith("on")]
    assert "<script>alert(1)</script>" in read.text
    assert "{{ 7 * 7 }}" in read.text
    assert "x" * 199 + "…" in read.text
    assert not [said for said in read.said if "x" * 200 in said]
    assert not {"\x00", "\x1b", "\u202e"} & set(read.text)
    assert "病気 Ménière 🦵" in read.text


def test_a_text_is_cut_and_turns_nothing_round() -> None:
    assert shortened("a\n b\tc") == "a b c"
    assert shortened("x" * 1000) == "x" * 199 + "…"
    assert shortened("a\u202eb") == "a\ufffdb"
    assert shortened(None) == ""


def test_a_redacted_question_says_so(log: QueryLog) -> None:
    question = asked(log, abstained(), "Jane Q. Example")
    retention.redact(log, question, "a name", "R. Auditor", answer=True)
    text = made(log)
    assert "(redacted)" in text
    assert "Jane" not in text


def test_many_people_are_put_together(log: QueryLog) -> None:
    for number in range(40):
        asked(log, user=f"U{number:03}")
    assert "25 others" in Page(made(log)).text


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 9, 10, 11, 99, 100, 101, 2400, 99_999, 10**6])
def test_a_chart_holds_its_columns(count: int) -> None:
    drawn = str(columns([("2026-01-01", count), ("<b>", 0)]))
    heights = [float(h) for h in re.findall(r'class="bar"[^>]* height="([\d.]+)"', drawn)]
    assert 0 <= heights[0] <= 170
    assert heights[1] == 0
    assert "<b>" not in drawn


# The command


def test_the_command_writes_a_private_page_and_is_on_record(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    result = run("report", "--from", "2026-03-01", "--output", "report.html")
    assert result.exit_code == 0, result.output
    assert re.search(r"questions +6\n", result.stdout)
    assert "chain consistent, tail not vouched for" in result.stderr
    assert stat.S_IMODE(Path("report.html").stat().st_mode) == 0o600
    assert "tail not vouched for" in Path("report.html").read_text("utf-8")
    *_, entry = log.records(kinds=["access"])
    told = entry.as_dict()
    assert (told["what"], told["detail"]) == ("report", "from 2026-03-01 to now")
    again = run("report", "--output", "report.html")
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert run("report", "--output", "report.html", "--force").exit_code == 0


def test_the_command_prints_json(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    found = json.loads(run("report", "--json").stdout)
    assert found["totals"]["questions"] == 6
    assert found["verification"]["verdict"] == "consistent"


def test_an_altered_log_is_told_first(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    with attacked(log.path) as db:
        db.execute("update texts set text = 'changed' where record = 1 and name = 'text'")
    result = run("report", "--output", "report.html")
    assert result.exit_code == 3
    text = Path("report.html").read_text("utf-8")
    assert 'class="verdict tampered"' in text
    assert text.index("TAMPERED") < text.index("questions</span>")
