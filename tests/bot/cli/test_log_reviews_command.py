"""The monthly review at a terminal: draw, go through it, sign it off, and report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_support import converse
from slack_support import abstained, verdict, verdicts

from bot.cli.main import main
from bot.querylog import QueryLog, QuestionRecord
from bot.querylog.checkpoints import make_keys
from bot.querylog.verify import verify
from bot.settings import Settings

ESCAPE = "\x1b[31mred"


def run(*arguments: str, typed: str = "", code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["log", *arguments], input=typed)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def asked(home: Path) -> list[str]:
    """A log of three questions: an answer without lines, two verdicts, and nothing found."""
    log = QueryLog(home / "log.db")
    ids = converse(log, 1)
    two = verdicts(verdict("E11.9", "billable"), verdict("E11", "header"))
    for text, answer in ((f"is E11.9 billable {ESCAPE}", two), ("zzz", abstained())):
        question = log.ask(QuestionRecord(text, "mention", "U1", "T1", "C1"))
        assert question is not None
        log.answered(question, answer, index_build="build-1", latency_ms=5.0)
        ids.append(question)
    log.close()
    return ids


def entries(home: Path, *kinds: str) -> list[dict]:
    log = QueryLog(home / "log.db")
    found = [entry.as_dict() for entry in log.records(kinds=kinds)]
    log.close()
    return found


def drawn(*arguments: str) -> dict:
    return json.loads(run("sample", "--json", "--seed", "november", *arguments).stdout)


def test_a_month_of_review(home: Path, asked: list[str]) -> None:
    settings = Settings.load()
    make_keys(settings.checkpoint_key, settings.checkpoint_public_key)
    sample = str(drawn("-n", "3", "--purpose", "November")["sample"])
    assert "4 of its 4 lines are due" in run("sign-off", sample, code=2).stderr
    # An unknown code is refused and asked again; then the walk is left, and gone on with.
    typed = "a\nQ99.ZZZ\nE11.22\nthe stage is known\nq\n"
    first = run("review", "--sample", sample, "--by", "ann", typed=typed).stdout
    assert "4 lines of 3 questions" in first
    assert "Lines reviewed now: 2. Lines due" in first
    assert "none of the loaded editions" in first
    assert "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease" in first
    assert "\x1b" not in first
    last = run("review", "--sample", sample, "--by", "ann", typed="s\nd\n\n").stdout
    assert f"Lines due of sample {sample}: 1." in last
    run("review", "--sample", sample, "--by", "ann", typed="a\n")
    assert run("review", "--sample", sample, "--by", "ann").stdout.startswith("Nothing of sample")
    run("review", "--sample", sample, "--by", "bea", "--second", typed="a\na\na\na\n")
    signed = " ".join(run("sign-off", sample, "--by", "ann", "--note", "done").stdout.split())
    assert "2 of 4 lines agreed, 50%" in signed
    marks = [(one["by"], one["mark"]) for one in entries(home, "review")]
    assert sorted(mark for by, mark in marks if by == "ann") == [
        "agree", "agree", "code", "disagree",
    ]  # fmt: skip
    views = [one for one in entries(home, "access") if one["what"] == "view"]
    assert {one["by"] for one in views} == {"ann", "bea"}
    checkpoint = json.loads(settings.checkpoints.read_text().splitlines()[-1])
    assert checkpoint["sequence"] >= entries(home, "sign_off")[0]["seq"]
    assert verify(home / "log.db").bad is None
    report = run("reviews").stdout
    for told in ("Last sign-off 0 days ago", "November", "Agreement", "ann, bea", "kappa"):
        assert told in report
    told = json.loads(run("reviews", "--json").stdout)
    assert told["agreement"]["lines"]["agreed"] == 2
    assert told["samples"][0]["totals"]["marks"] == {"agree": 6, "disagree": 1, "code": 1}
    assert len(run("reviews", "--sample", sample).stdout.split("reviewed")) > 3


def test_one_line_is_marked_by_its_number(home: Path, asked: list[str]) -> None:
    refused = run("review", asked[1], "agree", code=2).stderr
    assert "2 lines" in refused
    assert "line 2: E11" in refused
    assert "no line 3" in run("review", asked[1], "agree", "--line", "3", code=2).stderr
    assert "line 2, E11, is right" in run("review", asked[1], "agree", "--line", "2").stdout
    assert "already" in run("review", asked[1], "agree", "--line", "2").stdout
    should_be = run("review", asked[0], "E11", "--note", "for Jane Q. Example, MRN 4471290")
    assert "should be E11" in should_be.stdout
    assert "E11 Type 2 diabetes mellitus\n" in should_be.stderr
    assert "not_covered" not in should_be.stderr
    last = entries(home, "review")[-1]
    assert (last["should_be"], last["should_be_system"]) == ("E11", "icd10cm")
    assert "4471290" not in last["note"]
    assert "should be E11. for [NAME]" in run("show", asked[0]).stdout
    assert asked[0][:8] in run("search", "for", "[NAME]").stdout
    assert "none of the loaded editions" in run("review", asked[0], "E99.999", code=2).stderr
    assert run("review", "nowhere", "agree", code=2).stderr
    assert run("review", asked[0], code=2).stderr
    assert run("review", asked[0], "agree", "--sample", "1", code=2).stderr
    own = run("review", asked[2], "agree", "--by", "u1")
    assert "your" in own.stderr or "yourself" in own.stderr
    assert json.loads(run("reviews", "--json").stdout)["agreement"]["own"] == 1


def test_a_sample_is_drawn_again(home: Path, asked: list[str]) -> None:
    sample = drawn("-n", "2", "--strata", "person", "--person", "U1")
    converse(log := QueryLog(home / "log.db"), 3)
    log.close()
    again = run("sample", "--again", str(sample["sample"]))
    assert "The same" in again.stdout
    assert json.loads(run("sample", "--again", str(sample["sample"]), "--json").stdout)["same"]
    assert "no sample 1" in run("sample", "--again", "1", code=2).stderr
    assert "No answered question" in run("sample", "--person", "nobody", code=2).stderr
    for wrong in (["-n", "0"], ["--each"], ["--from", "2026-02-02", "--to", "2026-01-01"]):
        assert run("sample", *wrong, code=2).stderr
    looks = [(one["what"], one.get("detail", "")) for one in entries(home, "access")]
    assert [what for what, _ in looks] == ["search", "view", "view", "view", "search"]
    assert looks[0][1] == "sample: person=U1"


def test_a_log_without_reviews_says_what_to_do(home: Path, asked: list[str]) -> None:
    assert "codedesk log sample" in run("reviews").stdout
