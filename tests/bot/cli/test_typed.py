"""What people type at the command line: words, codes and dates as they write them."""

from __future__ import annotations

import datetime as dt
import json
import os
import pty
import sys
from pathlib import Path

import click
import commands
import pytest
from click.testing import CliRunner, Result

from bot.cli.main import main
from bot.cli.shared import DATE

KNEE = "b/l knee OA failed PT"


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="codedesk", input=stdin)


QUESTIONS = [
    # arguments, standard input, the question that is asked
    (["b/l", "knee", "OA", "failed", "PT"], None, KNEE),
    (["b/l", "knee", "--date", "5/1/2026", "OA", "-n", "3", "failed", "PT"], None, KNEE),
    (["b/l knee OA", "failed PT"], None, KNEE),
    (["b/l", "knee", "-", "OA"], "gout\n", "b/l knee - OA"),
    ([], f"{KNEE}\n", KNEE),
    (["-"], f"\ufeff{KNEE}\r\n", KNEE),
    ([], "b/l knee OA\n\nfailed PT\n", "b/l knee OA\n\nfailed PT"),
    (["--", "-5", "diopters"], None, "-5 diopters"),
]


@pytest.mark.parametrize(("typed", "stdin", "question"), QUESTIONS)
def test_a_question_needs_no_quotes(
    home: Path, typed: list[str], stdin: str | None, question: str
) -> None:
    result = run("ask", "--json", *typed, stdin=stdin)
    assert json.loads(result.stdout)["question"] == question
    listed = run("log", "list", "--json").stdout.splitlines()
    assert [json.loads(line)["question"] for line in listed] == [question]


def test_a_batch_may_come_on_standard_input(home: Path) -> None:
    result = run("ask", "--json", "--batch", "-", stdin="I10\n\nE11.9\n")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["question"] for answer in answers] == ["I10", "", "E11.9"]


CODES = [
    # arguments, standard input, the codes that are checked
    (["E11.9,E10.9"], None, ["E11.9", "E10.9"]),
    (["E11.9,", "E10.9"], None, ["E11.9", "E10.9"]),
    (["E11.9 E10.9"], None, ["E11.9", "E10.9"]),
    (["e11.9;e109;"], None, ["E11.9", "E10.9"]),
    (["-"], "E11.9\r\n\r\nE10.9, I10\n", ["E11.9", "E10.9", "I10"]),
    ([], "E11.9\n", ["E11.9"]),
    (["99213-25"], None, ["99213-25"]),
]


@pytest.mark.parametrize(("typed", "stdin", "codes"), CODES)
def test_codes_stand_apart_as_people_list_them(
    home: Path, typed: list[str], stdin: str | None, codes: list[str]
) -> None:
    result = run("check", "--json", "--date", "5/1/2026", *typed, stdin=stdin)
    assert [verdict["code"] for verdict in json.loads(result.stdout)["verdicts"]] == codes


@pytest.mark.parametrize("typed", [["I50.23,N17.9"], ["I50.23", "N17.9"], ["-"]])
def test_a_list_to_group_is_read_so_too(home: Path, typed: list[str]) -> None:
    result = run("drg", "--json", "--sex", "F", *typed, stdin="I50.23\nN17.9\n")
    assert json.loads(result.stdout)["question"] == "drg I50.23 N17.9, female"


@pytest.mark.parametrize(
    ("typed", "stdin", "scrubbed"),
    [
        (["knee", "OA,", "MRN", "123456"], None, ["knee OA, MRN [MRN]"]),
        (["-"], "knee\nMRN 123456\n", ["knee\nMRN [MRN]"]),
        (["--batch", "-"], "knee\nMRN 123456\n", ["knee", "MRN [MRN]"]),
    ],
)
def test_a_text_to_scrub_is_read_so_too(
    home: Path, typed: list[str], stdin: str | None, scrubbed: list[str]
) -> None:
    found = [
        json.loads(line)
        for line in run("scrub", "--json", *typed, stdin=stdin).stdout.split("\n")
        if line
    ]
    assert [one["text"] for one in found] == scrubbed
    assert [kind for one in found for kind in one["removed"]] == ["MRN"]


TODAY = dt.date.today()
DATES = [
    *(
        (typed, dt.date(2026, 3, 5))
        for typed in (
            "2026-03-05", "3/5/2026", "03/05/2026", "3/5/26", "03-05-2026", "3.5.2026",
            "5 Mar 2026", "Mar 5 2026", "march 5, 2026", "5-Mar-2026", "2026/3/5", " 3/5/2026 ",
        )
    ),
    ("today", TODAY),
    ("Yesterday", TODAY - dt.timedelta(days=1)),
    ("2/29/2024", dt.date(2024, 2, 29)),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "day"), DATES)
def test_a_date_is_read_as_people_write_it(typed: str, day: dt.date) -> None:
    assert DATE.convert(typed, None, None) == day


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2/30/2026", "The calendar has no 2/30/2026."),
        ("30/2/2026", "The calendar has no 30/2/2026. The month comes first"),
        ("2026-13-01", "The calendar has no 2026-13-01."),
        ("Feb 29 2026", "The calendar has no Feb 29 2026."),
        *((typed, f"{typed!r} is no date that is read here. Write 3/5/2026")
          for typed in ("soon", "", "3/5", "Mar", "2026", "last Oct", "3/5/2026 or so", "x")),
    ],
)  # fmt: skip
def test_what_is_no_date_is_told_in_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(click.BadParameter) as told:
        DATE.convert(typed, None, None)
    assert says in told.value.message


#: Options that hold a date.
_NAMES = {"date", "first_day", "last_day"}


def test_every_date_of_a_command_is_read_so() -> None:
    dates = [
        (name, option)
        for name, command in commands.every()
        for option in command.params
        if option.name in _NAMES or isinstance(option.type, click.DateTime)
    ]
    assert len(dates) > 8
    assert [name for name, option in dates if option.type is not DATE] == []


def test_a_day_of_the_log_is_read_so(home: Path) -> None:
    run("ask", "htn")
    day = f"{TODAY.month}/{TODAY.day}/{TODAY.year}"
    assert len(run("log", "search", "--json", "--from", day).stdout.splitlines()) == 1
    assert run("log", "search", "--json", "--to", "yesterday").stdout == ""
    after = run("log", "report", "--from", "3/6/2026", "--to", "3/5/2026")
    assert "--from 2026-03-06 is after --to 2026-03-05" in after.stderr


WRONG = [
    (["ask"], "\n", "Say what to find: codedesk ask b/l knee OA."),
    (["check"], " , ;\n", "Name the codes: codedesk check E11.9 N18.31."),
    (["check", ","], None, "Name the codes: codedesk check E11.9 N18.31."),
    (["drg"], "", "Name the codes, the principal diagnosis first: codedesk drg I50.23 N17.9."),
    (["check"], "E11.9\n" * 2001, "2,001 codes are too many to compare with each other"),
    (["ask"], "x" * 1_000_001, "More than 1,000,000 bytes came on standard input"),
    (["check", "-"], b"\xff\xfe\0" * 400_000, "More than 1,000,000 bytes came on standard input"),
    (["scrub"], "", "Give one text, or --batch FILE, or --evaluate FILE.tsv."),
    (["ask", "-5", "diopters"], None, "come after two dashes: codedesk ask -- -5 diopters"),
    (["ask", "htn", "--date", "soon"], None, "'soon' is no date that is read here"),
    (["ask", "hx", "of", "-5", "myopia"], None, "come after two dashes: codedesk ask -- -5 myopia"),
    (["check", "-25"], None, "come after two dashes: codedesk check -- -25"),
]


@pytest.mark.parametrize(("arguments", "stdin", "says"), WRONG)
def test_what_cannot_be_read_is_a_sentence(
    home: Path, arguments: list[str], stdin: str | bytes | None, says: str
) -> None:
    result = run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_a_terminal_is_not_waited_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        for command in ("ask", "check", "drg", "scrub"):
            with pytest.raises(click.UsageError, match="standard input"):
                main([command], prog_name="codedesk", standalone_mode=False)
    os.close(ours)
