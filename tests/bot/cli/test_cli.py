"""The commands that scripts rely on: shapes, exit codes, one clear sentence on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from paths import ROOT

from bot.cli.main import main
from bot.desk.desk import Desk


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


SHAPE = {
    "id": str, "question": str, "refines": str, "read_as": str, "as_of": str, "notices": list,
    "outcome": str, "headline": dict, "report": list, "asks": list, "ask_options": list,
    "facts": list, "statements": list, "candidates": list, "guidelines": list, "verdicts": list,
    "pairs": list, "not_checked": list, "explanation": type(None), "elapsed_ms": float,
    "drg": type(None), "coverage": list, "policies": list, "denials": list, "claim": type(None),
}  # fmt: skip
CANDIDATE = {
    "rank", "system", "code", "title", "billable", "release", "score", "confidence", "matched",
    "ask_back", "because", "completions", "alternatives", "report_with", "notes", "guidelines",
}  # fmt: skip
VERDICT = {
    "code", "system", "status", "release", "why", "completions", "replaced_by", "did_you_mean",
}  # fmt: skip


def check_shape(answer: dict) -> None:
    assert {name: type(answer[name]) for name in SHAPE} == SHAPE
    assert answer.keys() == SHAPE.keys()
    for candidate in answer["candidates"]:
        assert candidate.keys() == CANDIDATE
        assert candidate["confidence"] in ("high", "medium", "low")
        for note in candidate["notes"]:
            assert note.keys() == {"kind", "text", "inherited_from", "codes", "release"}
    for verdict in answer["verdicts"]:
        assert verdict.keys() >= VERDICT


def test_ask_json(home: Path) -> None:
    result = run("ask", "--json", "right knee OA", "--date", "2026-05-01", "-n", "3")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    check_shape(answer)
    assert answer["outcome"] == "answered"
    assert answer["as_of"] == "2026-05-01"
    assert len(answer["candidates"]) == 3


def test_ask_for_people(home: Path) -> None:
    result = run("ask", "essential hypertension", "--date", "2026-05-01")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "I10 Essential (primary) hypertension"
    assert lines[-2] == "ICD-10-CM FY2026-April · for date of service 2026-05-01"
    assert lines[-1] == "more: --notes --rules --all"
    assert "Notes that govern" not in result.stdout


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ("--notes", "Notes that govern I10:"),
        ("--rules", "The Tabular List has it: “Essential (primary) hypertension”"),
        ("--all", "confidence low"),
    ],
)
def test_options_show_more(home: Path, option: str, shown: str) -> None:
    asked = ("ask", "essential hypertension", "--date", "2026-05-01")
    assert shown not in " ".join(run(*asked).stdout.split())
    assert shown in " ".join(run(*asked, option).stdout.split())


def test_as_many_others_as_are_asked_for(home: Path) -> None:
    text = run("ask", "essential hypertension", "--date", "2026-05-01", "-n", "6").stdout
    others = text[text.index("Also:") : text.index("ICD-10-CM FY")].strip().splitlines()
    assert len(others) == 6


def test_ask_abstained_is_exit_code_1(home: Path) -> None:
    result = run("ask", "--json", "what's the weather")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outcome"] == "abstained"


def test_batch_answers_every_line_blank_ones_too(home: Path, tmp_path: Path) -> None:
    lines = ["htn", "", "E11.9", "what's the weather", "café au lait spots", "   ", "gout"] * 12
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("ask", "--json", "--batch", str(path), "--date", "2026-05-01")
    assert result.exit_code == 0
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["question"] for answer in answers] == lines
    for answer in answers:
        check_shape(answer)
    listed = run("log", "list", "-n", "200", "--json").stdout.splitlines()
    assert len(listed) == len(lines)


def odd_lines(tmp_path: Path) -> Path:
    """A byte order mark, Windows line ends, a lone carriage return, a byte that is not UTF-8, a
    NUL."""
    path = tmp_path / "odd.txt"
    path.write_bytes(b"\xef\xbb\xbfE11.9\r\nI10\rE11.9\nis \xff I10 billable\nE1\x001\n\xff\n")
    return path


def test_a_line_is_what_ends_with_a_line_feed_whatever_its_bytes(
    home: Path, tmp_path: Path
) -> None:
    result = run("ask", "--json", "--batch", str(odd_lines(tmp_path)), "--date", "2026-05-01")
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [[v["code"] for v in answer["verdicts"]] for answer in answers][:3] == [
        ["E11.9"], ["I10", "E11.9"], ["I10"],
    ]  # fmt: skip
    assert (len(answers), answers[4]["outcome"]) == (5, "abstained")


def test_run_reads_such_lines_from_standard_input(home: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        input=odd_lines(tmp_path).read_bytes(),
        env=os.environ | {"CODEDESK_HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    shown = result.stdout.decode()
    assert shown.startswith("> E11.9\n")
    assert shown.count("\n> ") == 4


def test_an_argument_that_is_no_utf8_is_answered(home: Path) -> None:
    result = run("ask", "--json", "is \udcff I10 billable", "--date", "2026-05-01")
    assert result.exit_code == 0, result.output
    assert [v["code"] for v in json.loads(result.stdout)["verdicts"]] == ["I10"]


@pytest.mark.parametrize("where", ["take", "ask"])
def test_one_bad_line_ends_no_batch(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def failing(method: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(self: Any, asked: Any, *more: Any, **options: Any) -> Any:
            if "trap" in (asked if isinstance(asked, str) else asked.asked):
                raise ZeroDivisionError(asked)
            return method(self, asked, *more, **options)

        return wrapped

    name = {"take": "take", "ask": "_releases_for"}[where]
    monkeypatch.setattr(Desk, name, failing(getattr(Desk, name)))
    lines = [f"I1{n % 3}" for n in range(150)]
    lines[3] = lines[100] = "Jane Roe's trap"
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(lines))
    result = run("ask", "--json", "--batch", str(path), "--date", "2026-05-01")
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(lines)
    for number, answer in enumerate(answers):
        check_shape(answer)
        if number in (3, 100) and where == "ask":
            assert answer["outcome"] == "abstained"
            assert (
                "Something went wrong with this question (ZeroDivisionError)"
                in (answer["notices"][0])
            )
            assert "Jane" not in answer["question"]
        elif number not in (3, 100):
            assert answer["outcome"] == "verdict"
    logged = [
        json.loads(line)
        for line in run("log", "list", "-n", "200", "--json").stdout.split("\n")
        if line
    ]
    assert len(logged) == len(lines)
    assert "Jane" not in json.dumps(logged)
    if where == "ask":
        assert [record["outcome"] for record in logged].count("abstained") == 2


CHECKS = [
    # codes, statuses, exit code
    (["E11.9"], ["billable"], 0),
    (["e119", "N18.31"], ["billable", "billable"], 0),
    (["E11.9", "E11"], ["billable", "header"], 1),
    (["S13.4A"], ["unknown"], 1),
    (["E11.9", "--date", "2026-11-30"], ["not_covered"], 1),
    (["M54.50", "--date", "2021-09-30"], ["not_covered"], 1),
    (["99213", "J0897", "foo"], ["not_loaded", "not_loaded", "unknown"], 1),
]


@pytest.mark.parametrize(("codes", "statuses", "exit_code"), CHECKS)
def test_check(home: Path, codes: list[str], statuses: list[str], exit_code: int) -> None:
    result = run("check", "--json", "--date", "2026-05-01", "--setting", "practitioner", *codes)
    answer = json.loads(result.stdout)
    check_shape(answer)
    assert [verdict["status"] for verdict in answer["verdicts"]] == statuses
    assert result.exit_code == exit_code


WRONG_REQUESTS = [
    (["ask"], "Say what to find: codedesk ask b/l knee OA."),
    (["ask", "htn", "--system", "icd12"], "'icd12' is not one of"),
    (["ask", "htn", "-n", "0"], "0 is not in the range 1<=x<=50"),
    (["ask", "--batch", "missing.txt", "--json"], "File 'missing.txt' does not exist"),
    (["ask", "htn", "--batch", __file__, "--json"], "Give a question or --batch FILE, not both."),
    (["ask", "--batch", __file__], "--batch prints JSON lines: add --json."),
    (["check"], "Name the codes: codedesk check E11.9 N18.31."),
    (["eval", __file__], "test_cli.py is no evaluation file: it needs a header line"),
    (["log", "show", "nonsense"], "There is no query log at "),
    (["nonsense"], "No such command 'nonsense'"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG_REQUESTS)
def test_a_wrong_request_is_exit_code_2_and_a_sentence(
    home: Path, arguments: list[str], says: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    *usage, sentence = result.stderr.splitlines()
    assert sentence.startswith(("Error: ", "codedesk: "))
    assert says in sentence
    assert [line.split()[0] for line in usage if line] in ([], ["Usage:", "Try"])


def test_before_setup_it_says_what_to_run(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path / "empty"))
    for arguments in (["ask", "htn"], ["check", "E11.9"], ["codesets", "list"], ["index", "build"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "codedesk setup" in result.stderr
    assert run("log", "list").exit_code == 2


def test_a_spoilt_index_says_what_to_run(home: Path) -> None:
    index = home / "index"
    index.unlink()
    index.mkdir()
    (index / "current").write_text("gone")
    result = run("ask", "htn")
    assert result.exit_code == 2
    assert "codedesk index build" in result.stderr
    # a code in the question needs no index
    assert run("ask", "is I10 billable").exit_code == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("slack_mode = ", "cannot be read as TOML"),
        ('slak_mode = "http"', "does not know: slak_mode"),
        ('slack_mode = "pigeon"', 'must be "socket" or "http"'),
        ('http_port = "many"', "must be a whole number"),
    ],
)
def test_settings_file(home: Path, tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "codedesk.toml").write_text(content)
    result = run("codesets", "list")
    assert result.exit_code == 2
    assert says in result.stderr


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    from bot.settings import Settings

    (tmp_path / "codedesk.toml").write_text('slack_bot_token = "xoxb-file"\nhttp_port = 81\n')
    environment = {"CODEDESK_HOME": str(tmp_path), "SLACK_BOT_TOKEN": "xoxb-env"}
    settings = Settings.load(environment, tmp_path)
    assert (settings.slack_bot_token, settings.http_port) == ("xoxb-env", 81)


def test_codesets_list(home: Path) -> None:
    listed = run("codesets", "list").stdout
    assert "FY2026-April: 2026-04-01 through 2026-09-30; 98,186 codes and headers" in listed
    assert "sha256" in listed


EVALUATION = (
    "query\tcodes\tsystem\n"
    "essential hypertension\tI10\ticd10cm\n"
    "type 2 diabetes without complications\tE11\ticd10cm\n"
    "right knee primary OA\tM17.12|M17.11\ticd10cm\n"
    "essential hypertension\tE11.9\ticd10cm\n"
)


def test_eval(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.tsv"
    path.write_text(EVALUATION)
    figures = json.loads(run("eval", str(path), "--json", "--date", "2026-05-01").stdout)
    assert figures["questions"] == 4
    measures = {"hit@1", "hit@3", "hit@5", "hit@10", "mrr"}
    assert figures["hit@1"] == figures["category"]["hit@1"] == 0.75
    kept = {"file", "questions", "abstained", "category", "confidence"}
    assert figures.keys() == kept | measures
    assert figures["category"].keys() == measures
    assert "hit@1 0.750" in run("eval", str(path), "--date", "2026-05-01").stdout
    assert run("log", "list").exit_code == 2, "evaluation questions are nobody's questions"


def test_run_answers_standard_input_and_ends(home: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bot", "run"], input="is I10 billable\n\nE11\n", text=True,
        capture_output=True, cwd=ROOT, env=os.environ | {"CODEDESK_HOME": str(home)}, timeout=120,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "I10 is valid and billable" in result.stdout
    assert "E11 is a header" in result.stdout


def test_help_reads_well() -> None:
    for arguments in ([], ["ask"], ["check"], ["eval"], ["codesets"], ["index"], ["log"], ["run"]):
        result = run(*arguments, "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage:")
