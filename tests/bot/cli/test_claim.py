"""`codedesk claim` and `codedesk denial`: files of claims and remittances at the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import x12_texts as x12
from click.testing import CliRunner, Result

from bot.cli.main import main
from bot.querylog import QueryLog


@pytest.fixture
def no_index(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with code sets and without an index: claims need none."""
    (tmp_path / "codes.db").symlink_to(loaded / "codes.db")
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    return tmp_path


def run(command: str, content: str | bytes, *options: str) -> Result:
    data = content.encode() if isinstance(content, str) else content
    return CliRunner().invoke(main, [command, "-", *options], input=data)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_claim_in_x12(no_index: Path) -> None:
    result = run("claim", x12.PROFESSIONAL)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "1 to mend: J3301 + M17.11 (Side). 1 to look at."
    assert "Line 2, J3301-LT: LT and the diagnosis M17.11 do not say the same side" in " ".join(
        result.stdout.split()
    )
    assert "2. J3301-LT" not in result.stdout
    assert "2. J3301-LT" in run("claim", x12.PROFESSIONAL, "--all").stdout
    assert not [secret for secret in x12.SECRETS if secret in result.output]


def test_json_and_the_log(no_index: Path) -> None:
    result = run("claim", x12.TWO_CLAIMS, "--json")
    assert result.exit_code == 1
    one, two = answers(result)
    assert (one["as_of"], two["as_of"]) == ("2026-03-03", "2026-03-04")
    assert one["claim"]["to_mend"] == 1
    assert one["claim"]["lines"][1] == {
        "line": 2, "code": "J3301", "modifiers": ["LT"], "units": 4.0, "diagnoses": ["M17.11"],
        "date": "", "place": "", "revenue": "",
    }  # fmt: skip
    assert (two["claim"]["to_mend"], two["claim"]["age"], two["claim"]["sex"]) == (0, 67, "M")
    log = QueryLog(no_index / "log.db")
    records = [log.get(answer["id"]) for answer in (one, two)]
    log.close()
    assert [record and record.text for record in records] == [one["question"], two["question"]]
    kept = (no_index / "log.db").read_bytes().decode("utf-8", "replace")
    assert not [secret for secret in x12.SECRETS if secret in kept + result.output]


def test_plain_lines(no_index: Path) -> None:
    one_claim = "99213-25 ptr A\nJ3301-LT x4 ptr A\ndx M17.11\ndos 3/3/2026, POS 11, 67yo F"
    assert len(answers(run("claim", one_claim, "--json"))) == 1
    two = "99213 dx M17.11, dos 3/3/2026\n99213 dx E11.9, dos 3/3/2026"
    assert len(answers(run("claim", two, "--json"))) == 2
    blocks = "99213 ptr A\ndx M17.11\n\n99214 ptr A\ndx E11.9\n"
    assert len(answers(run("claim", blocks, "--json", "--date", "2026-03-03"))) == 2


def test_nothing_to_mend_ends_with_0(no_index: Path) -> None:
    result = run("claim", "99213 ptr A, dx I10, dos 3/3/2026, 67yo F")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing found against this claim")
    assert "Not checked: CPT codes" in result.stdout


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "has no claim that I can read"),
        ("gout\nhypertension", "has no claim that I can read"),
        ("\x00\x01\xff", "The file is no text"),
        (x12.PROFESSIONAL[:650], "is cut off"),
        ("ST*834*0001~BGN*00*1~", "X12 transaction 834"),
        (x12.REMITTANCE, "codedesk denial"),
        ("ISA*00*x", "have no claim"),
    ],
)
def test_what_is_no_claim_gets_one_sentence(no_index: Path, content: str, sentence: str) -> None:
    result = run("claim", content)
    assert result.exit_code == 2
    assert sentence in result.output
    assert result.output.count("\n") == 1
    assert not [secret for secret in x12.SECRETS if secret in result.output]


def test_one_bad_transaction_does_not_end_the_file(no_index: Path) -> None:
    result = run("claim", "ST*270*0009~BHT*0022*13~SE*3*0009~" + x12.PROFESSIONAL, "--json")
    assert len(answers(result)) == 1
    assert "transaction 270" in result.stderr


def test_a_file_that_was_cut_off_is_answered_as_far_as_it_goes(no_index: Path) -> None:
    result = run("claim", x12.TWO_CLAIMS[: x12.TWO_CLAIMS.index("SV1*HC:J1885")], "--json")
    first, second = answers(result)
    told = "The claim was cut off"
    assert told not in " ".join(first["notices"])
    assert told in " ".join(second["notices"])
    assert "is cut off" in result.stderr


def test_a_remittance_is_asked_line_by_line(no_index: Path) -> None:
    lines = [line.rpartition(", ")[0] or line for line in x12.REMITTANCE_LINES]
    result = run("denial", x12.REMITTANCE, "--json")
    told = [
        answer["question"].rpartition(", ")[0] or answer["question"] for answer in answers(result)
    ]
    assert told == lines[: len(told)]
    assert not [secret for secret in x12.SECRETS if secret in result.output]


def test_what_is_no_remittance(no_index: Path) -> None:
    result = run("denial", x12.PROFESSIONAL)
    assert (result.exit_code, "codedesk claim" in result.output) == (2, True)
    assert run("denial", "\n").exit_code == 2
