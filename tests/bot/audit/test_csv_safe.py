"""No export has a formula: each is made from a log in which every text is one."""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from audit_support import Pages, served
from click.testing import CliRunner
from log_support import converse

from bot.audit import csv_safe
from bot.cli.main import main
from bot.querylog import QuestionRecord

FORMULAS = [
    "=1+1", " =1+1", "\u00a0=1", "\u3000=1", "\u200b=1", "\ufeff=1", "\u2800=1", "\t=1", "\r=1",
    "\n=1", "\r\n=1", "\x00=1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\uff1d1", "\uff0b1",
    "\uff0d1", "\uff201", "\ufe66x", "\u207a1", "\u2212x", "a;=1+1", "a|=cmd", "a,=1", "a\t=1",
    "a\n=1", "a\u2028=1", "a; \u200b=1", "a\uff1b=1", 'a;"=1"', '"=1"', 'x";=1;"',
    '=HYPERLINK("http://x.example","a")', "=cmd|'/C calc'!A0",
]  # fmt: skip
HARMLESS = [
    "M17.11", "b/l knee - left", "a=b", "a-b; c", "E11.22 | N18.31", "me@clinic.example", "", "-5",
    "-5.25", "-1e-5", "病気 Ménière", "it's", "line one\nline two", "2026-05-01", "0.5; 0.6",
]  # fmt: skip


def harmful(text: str) -> str:
    """What a spreadsheet would work out, wherever it splits; else nothing. The guard finds it in
    another way: this splits, drops what is not seen, and looks at what is first."""
    for cell in re.split("[,;\uff1b|\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text):
        folded = unicodedata.normalize("NFKC", cell)
        seen = "".join(
            c for c in folded if unicodedata.category(c)[0] not in "ZCM" and c not in '"\u2800'
        )
        if seen[:1] in tuple("=+-@\u2212"):
            return cell
    return ""


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe_where_it_begins(text: str) -> None:
    safe = csv_safe.safe(text)
    assert harmful(text)
    assert not harmful(safe)
    assert safe.replace("'", "") == text.replace("'", "")
    assert csv_safe.safe(safe) == safe


@pytest.mark.parametrize("cell", [*HARMLESS, -1.5, 7, None])
def test_what_is_no_formula_stays_as_it_is(cell: object) -> None:
    assert csv_safe.safe(cell) == cell


def test_every_sign_that_unicode_has_counts() -> None:
    for point in range(sys.maxunicode + 1):
        if unicodedata.normalize("NFKC", chr(point))[:1] in tuple("=+-@"):
            assert csv_safe.safe(f"{chr(point)}x") == f"'{chr(point)}x"


def test_a_file_is_the_same_but_for_apostrophes() -> None:
    table = [["a", "=b"], ["", "x" * 200_000], ["1", 'say "no"\r\n-now']]
    written = io.StringIO(newline="")
    csv.writer(written).writerows(table)
    usual = csv.field_size_limit()
    csv.field_size_limit(10**6)
    found = list(csv.reader(io.StringIO(csv_safe.file(written.getvalue()), newline="")))
    csv.field_size_limit(usual)
    assert found == [["a", "'=b"], ["", "x" * 200_000], ["1", 'say "no"\r\n\'-now']]


# All exports


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with served(tmp_path_factory.mktemp("csv") / "home") as found:
        for text in FORMULAS:
            found.log.ask(QuestionRecord(text, "cli", text))
        (question,) = converse(found.log, 1, "t2dm with ckd")
        for text in FORMULAS:
            found.log.feedback(question, "used", code=text, note=text, by=text)
        yield found


@pytest.fixture(scope="module")
def auditor(pages: Pages) -> httpx.Client:
    return pages.signed_in()


def exported(pages: Pages, *arguments: str) -> str:
    runner = CliRunner(env={"CODEDESK_HOME": str(pages.home)})
    result = runner.invoke(main, ["log", *arguments])
    assert result.exit_code in (0, 3), result.output
    return result.stdout_bytes.decode()


_COLUMNS = 'select 1 as "=1+1", 2 as " =2", 3 as "a;=3", 4 as "\uff1d4", 5 as "a|@b", -5 as n'
_CELLS = "select question, person, ';=1' || note as x from feedback_given"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/questions_and_answers.csv", {"_size": "max"}),
        ("/questions_and_answers.csv", {"_stream": "1"}),
        ("/questions_and_answers.csv", {"_stream": "1", "_dl": "1"}),
        ("/questions_and_answers.csv", {"_size": "max", "_header": "off"}),
        ("/feedback_given.csv", {"_size": "max"}),
        ("/whole_records.csv", {"_stream": "1"}),
        ("/records.csv", {"_stream": "1"}),
        ("/of_a_code.csv", {"_size": "max"}),
        ("/looked.csv", {}),
        (".csv", {"sql": _CELLS}),
        (".csv", {"sql": _COLUMNS}),
        (".csv", {"sql": _COLUMNS, "_dl": "1"}),
    ],
)
def test_no_csv_of_the_auditors_pages_has_a_formula(
    auditor: httpx.Client, path: str, params: dict[str, str]
) -> None:
    answer = auditor.get(f"/log{path}", params=params)
    assert answer.status_code == 200
    assert_safe(answer.text)


def assert_safe(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) > 1
    for row in rows:
        assert [cell for cell in row if cell != "-5" and harmful(cell)] == []
    # Nor when a program that ignores quotes splits the file in another way.
    for line in re.split("[;|\t\r\n]", text):
        assert not line.lstrip(' "').startswith(("=", "+", "@", "\uff1d")), line


def test_the_names_of_columns_are_guarded_and_numbers_stay(auditor: httpx.Client) -> None:
    answer = auditor.get("/log.csv", params={"sql": _COLUMNS})
    names, values = csv.reader(io.StringIO(answer.text, newline=""))
    assert names == ["'=1+1", "' =2", "a;'=3", "'\uff1d4", "a|'@b", "n"]
    assert values == ["1", "2", "3", "4", "5", "-5"]


def test_no_csv_of_the_command_line_has_a_formula(pages: Pages) -> None:
    assert_safe(exported(pages, "export"))


def test_no_cell_of_the_report_is_a_formula(pages: Pages, tmp_path: Path) -> None:
    """A spreadsheet also opens HTML pages, and reads the cells of their tables."""
    from html.parser import HTMLParser

    cells: list[str] = []

    class Cells(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag == "td":
                cells.append("")

        def handle_data(self, data: str) -> None:
            if cells:
                cells[-1] += data

    exported(pages, "report", "--output", str(tmp_path / "report.html"))
    Cells().feed((tmp_path / "report.html").read_text("utf-8"))
    assert len(cells) > 50
    assert [cell for cell in cells if harmful(cell)] == []
