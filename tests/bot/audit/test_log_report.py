"""A report shows how much was asked and where answers fell short, on a page that opens offline."""

from __future__ import annotations

import datetime as dt
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium
from click.testing import CliRunner, Result
from log_support import Clock, attacked
from slack_support import abstained, diabetes, verdict, verdicts

from bot.audit.report import figures
from bot.audit.report_page import bar, page, shortened
from bot.cli.main import main
from bot.messages import message
from bot.querylog import QueryLog, QuestionRecord, retention, reviews

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
        "questions": 6, "people": 2, "with_answer": 4, "abstained": 1, "unanswered": 1,
        "not_delivered": 0, "rated": 3, "disagreements": 1, "with_identifiers": 2,
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
    assert [one["question"] for one in found["no_codes"]] == ["left knee", "sing"]
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
        ((2026, 2, 14), "day", "2026-01-15"),
        ((2026, 2, 15), "week", "2026-01-12"),
        ((2026, 9, 15), "month", "2026-01"),
        ((2030, 1, 15), "year", "2026"),
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
    assert len(volume["bars"]) <= 37


def test_cpt_has_no_title(log: QueryLog) -> None:
    asked(log, verdicts(verdict("99213", "billable", system="cpt", title="Office visit")))
    assert figures(log, None, None)["most_asked"][0]["title"] == ""


# Why, and what people said


WHY = {
    "I can only read questions in English.": "Not in English",
    "CPT is not loaded. Ask your supervisor.": "Code system not loaded: CPT",
    "HCPCS Level II is not loaded. Load it.": "Code system not loaded: HCPCS Level II",
    message("desk.off_topic"): "Off topic: nothing to code",
    message("desk.unknown_ndc", ndc="00011-1111-11"): "NDC that no loaded crosswalk has",
    message("headline.none"): "No code found",
    "E11.9 of 5/3/2026 is “odd”.": "… of … is ….",
}


def test_says_why_it_abstained(log: QueryLog) -> None:
    """In groups: sentences that differ in a number or a code are one."""
    for sentence in WHY:
        asked(log, replace(abstained(), notices=[sentence]), "a question")
    newest = asked(log, replace(abstained(), notices=["N18.31 of 6/3/2026 is “even odder”."]))
    gone = asked(log, abstained(), "a name")
    retention.redact(log, gone, "a name", "R. Auditor", answer=True)
    found = figures(log, None, None)["because"]
    assert (found[0]["reason"], found[0]["count"]) == ("… of … is ….", 2)
    assert found[0]["examples"][0] == newest
    named = {*WHY.values(), "Reason destroyed by a redaction"}
    assert {one["reason"] for one in found} == named


def test_says_how_often_people_agree(log: QueryLog, clock: Clock) -> None:
    """The last word of each counts, and who used a reported code agrees."""
    a_week(log, clock)
    again = asked(log, diabetes(), surface="mention")
    log.feedback(again, "wrong", by="U2")
    log.feedback(again, "right", by="U2")
    found = figures(log, None, None)["feedback"]
    assert (found["rated"], found["right"]["count"], found["used"]["count"]) == (4, 3, 1)
    assert found["right"]["share"] == 0.75
    assert found["right"]["low"] == pytest.approx(0.3006, abs=1e-4)  # Wilson
    assert found["right"]["high"] == pytest.approx(0.9544, abs=1e-4)
    parts = {
        group: {name: (one["right"]["count"], one["rated"]) for name, one in by.items()}
        for group, by in found["by"].items()
    }
    assert parts == {
        "person": {"U1": (1, 1), "U2": (2, 2), "U3": (0, 1)},
        "surface": {"dm": (1, 2), "mention": (2, 2)},
        "confidence": {"high": (3, 4)},
        "system": {"icd10cm": (3, 4)},
    }


def test_says_what_people_correct_with_titles(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    twice = asked(log, diabetes())
    log.feedback(twice, "used", "N18.31", by="U9")
    found = figures(log, None, None, title_of={"N18.31": "CKD 3a"}.get)  # type: ignore[arg-type]
    (corrected,) = found["corrected"]
    assert (corrected["shown"], corrected["used"], corrected["count"]) == ("E11.22", "N18.31", 2)
    assert corrected["shown_title"].startswith("Type 2 diabetes")
    assert corrected["used_title"] == "CKD 3a"
    assert corrected["examples"][0] == twice
    text = page(found, ["All is well."], "vouched")
    assert f'href="#q-{twice}"' in text
    assert text.count(f'id="q-{twice}"') == 1, "an example leads to its row"


def test_says_what_was_changed(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    identity = asked(log, diabetes(), "Jane")
    retention.hold(log, "matter 7", "R. Auditor")
    retention.release(log, log.last_sequence(), "settled", "R. Auditor")
    number = log.correction(identity, "sugar kidney", "E11.22", "icd10cm", "R. Auditor")
    assert number
    log.withdrawal(number, "R. Auditor", "it means more")
    retention.redact(log, identity, "a name", "R. Auditor")
    told = [one["what"] for one in figures(log, None, None)["changes"]]
    assert [what.split(":")[0].split()[0] for what in told] == [
        "laid", "released", "approved", "withdrew", "destroyed",
    ]  # fmt: skip
    assert "matter 7" in told[0]
    assert "E11.22 Type 2 diabetes" in told[2]
    assert figures(log, None, dt.date(2026, 3, 1))["changes"] == []
    assert "a name" in Page(made(log)).text


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
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for _, attributes in read.tags:
        assert not {"src", "action", "srcset"} & attributes.keys()
        assert str(attributes.get("href", "#")).startswith("#"), "links stay on the page"
        assert not [name for name in attributes if name.startswith("on")]
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?://", text)


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
    assert "(destroyed by a redaction)" in text
    assert "Reason destroyed by a redaction" in text
    assert "Jane" not in text


def test_many_people_are_put_together(log: QueryLog) -> None:
    for number in range(40):
        asked(log, user=f"U{number:03}")
    assert "25 others" in Page(made(log)).text


@pytest.mark.parametrize(("share", "width"), [(0, 0), (0.5, 50), (1, 100), (2, 100), (-1, 0)])
def test_a_bar_stays_in_its_cell(share: float, width: int) -> None:
    assert f"width:{width}.0%" in str(bar(share))


def test_the_page_is_read_on_a_desk_and_on_a_phone(
    log: QueryLog, clock: Clock, tmp_path: Path
) -> None:
    """Nothing is cut off or smaller than 12 pixels, and the totals are on the first screen."""
    a_week(log, clock)
    for number in range(12):
        clock.set(2026, 3 + number % 4, 5)
        identity = asked(log, abstained(), "knee " * 60, user="someone.with.a.long.name")
        log.feedback(identity, "wrong", note="x" * 300, by="W" * 60)
    file = tmp_path / "report.html"
    file.write_text(made(log), "utf-8")
    with chromium() as browser:
        for width in (1280, 390):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": True}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            browser.get(file.as_uri())
            wide, small, bottom = browser.execute_script(
                "return [document.documentElement.scrollWidth, Math.min(...[...document"
                ".querySelectorAll('body *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
                ", document.querySelector('.tiles').getBoundingClientRect().bottom]"
            )
            assert wide <= width
            assert small >= 12
            assert bottom <= 900


# The command


def test_the_command_writes_a_private_page_and_is_on_record(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    result = run("report", "--from", "2026-03-01", "--output", "report.html")
    assert result.exit_code == 0, result.output
    assert result.stdout == "6 questions are reported in report.html.\n"
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


def test_the_command_prints_what_is_read_in_a_terminal(log: QueryLog, clock: Clock) -> None:
    a_week(log, clock)
    log.access("search", NASTY[4])
    result = run("report")
    for said in (
        r"questions +6\n", r"abstained +1\n", r"Days and times are\sUTC", "2026-03-04 +4 +█+",
        "used another code +1 +33%", r"E11\.22 Type 2 .*→\s+N18\.31", "Why it abstained",
    ):  # fmt: skip
        assert re.search(said, result.stdout, re.S), (said, result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not {"\x00", "\x1b"} & set(result.stdout)


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
    assert 'class="note tampered"' in text
    assert text.index("TAMPERED") < text.index("questions</span>")


def test_says_how_far_reviewers_agree(log: QueryLog, clock: Clock) -> None:
    clock.set(2026, 3, 2)
    marks: tuple[reviews.Mark, ...] = ("agree", "agree", "disagree")
    for mark in marks:
        record = log.get(asked(log, diabetes()))
        assert record
        reviews.review(log, record, 1, mark, "R. Auditor")
    clock.set(2026, 4, 2)
    later = log.get(asked(log, diabetes()))
    assert later
    reviews.review(log, later, 1, "disagree", "R. Auditor")
    found = figures(log, None, dt.date(2026, 3, 31))
    lines = found["reviews"]["lines"]
    assert (lines["agreed"], lines["judged"], lines["share"]) == (
        2,
        3,
        pytest.approx(2 / 3, abs=1e-3),
    )
    assert "R. Auditor 67%" in Page(page(found, [], "vouched")).text
    assert re.search(r"lines +4 +2 +50% ", run("report").stdout)
