"""Scoring: what counts as right, reliability by confidence, and the output of `codedesk eval`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import TEST_DATA

from bot.cli.main import main
from index import evaluate
from index.errors import SearchError
from index.evaluate import Case, Level
from index.search.confidence import Confidence

QUESTIONS = TEST_DATA / "evaluate" / "questions.tsv"
SECTIONS = TEST_DATA / "evaluate" / "sections.tsv"


def case(*right: str) -> Case:
    return Case("a question", right, None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments])


@pytest.mark.parametrize(
    ("code", "right", "is_right"),
    [
        ("E11.9", ["E11.9"], True),
        ("E11.9", ["e119"], True),
        ("E11.9", ["E10.9", "E11.9"], True),
        ("E11.9", ["E11"], True),  # any code under a header
        ("E11", ["E11.9"], False),  # a header in place of its code
        ("E11.9", ["E10.9"], False),
    ],
)
def test_is_right(code: str, right: Sequence[str], is_right: bool) -> None:
    assert evaluate.is_right(code, right) is is_right


def test_scores() -> None:
    answers = [["I10"], ["E10.9", "E11.9"], ["J45.909", "J44.9", "J44.0", "J44.1"], []]
    cases = [case("I10"), case("E11.9"), case("J44.1"), case("Z00.00")]
    assert evaluate.scores(answers, cases) == {
        "hit@1": 0.25,
        "hit@3": 0.5,
        "hit@5": 0.75,
        "hit@10": 0.75,
        "mrr": (1 + 1 / 2 + 1 / 4) / 4,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("query\tcode\nhtn\tI10\n", "is no evaluation file"),
        ("question\tcodes\nhtn\tI10\n", "is no evaluation file"),
        ("query\tcodes\n", "at least one row"),
        ("", "is no evaluation file"),
    ],
)
def test_a_file_that_is_not_in_the_layout(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "questions.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SearchError, match=reason):
        evaluate.read_cases(path)


# Reliability


@pytest.mark.parametrize(
    ("confidences", "answers", "levels"),
    [
        (
            ["high", "high", "medium", None],
            [["I10"], ["E10.9", "E11.9"], ["J44.1"], []],
            {"high": (2, 0.5, 0.5), "medium": (1, 0.25, 1.0), "low": (0, 0.0, None)},
        ),
        # A verdict has a code but no confidence, because it was looked up and not searched.
        (
            [None, "low", "low", "low"],
            [["I10"], ["E11.9"], ["J45.909"], ["I10"]],
            {"high": (0, 0.0, None), "medium": (0, 0.0, None), "low": (3, 0.75, 1 / 3)},
        ),
    ],
)
def test_reliability(
    confidences: list[Confidence | None],
    answers: list[list[str]],
    levels: dict[Confidence, tuple[int, float, float | None]],
) -> None:
    cases = [case("I10"), case("E11"), case("J44.1"), case("Z00.00")]
    measured = evaluate.reliability(confidences, answers, cases)
    assert measured == {name: Level(*level) for name, level in levels.items()}
    assert list(measured) == ["high", "medium", "low"]


def test_reliability_of_no_questions() -> None:
    assert set(evaluate.reliability([], [], []).values()) == {Level(0, 0.0, None)}


@pytest.mark.parametrize(
    ("share", "of", "low", "high"),
    [(0.5, 100, 0.404, 0.596), (1.0, 10, 0.722, 1.0), (0.0, 10, 0.0, 0.278)],
)
def test_likely_range(share: float, of: int, low: float, high: float) -> None:
    assert evaluate.likely_range(share, of) == pytest.approx((low, high), abs=0.001)


LEVELS: dict[Confidence, Level] = {
    "high": Level(50, 0.5, 0.96),
    "medium": Level(30, 0.3, 0.6),
    "low": Level(0, 0.0, None),
}


def test_the_plot_is_a_small_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "reliability.png"
    evaluate.draw_reliability(LEVELS, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 60_000


def test_a_plot_that_cannot_be_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(SearchError, match="cannot be written"):
        evaluate.draw_reliability(LEVELS, tmp_path / "missing" / "reliability.png")


# The command


def test_eval_json(home: Path) -> None:
    result = run(str(QUESTIONS), "--json", "--date", "2026-05-01", "--system", "icd10cm")
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert figures.keys() == {
        "file", "questions", "abstained", *evaluate.MEASURES, "category", "confidence",
    }  # fmt: skip
    assert figures["questions"] == 5
    assert figures["abstained"] == 1
    assert list(figures["confidence"]) == ["high", "medium", "low"]
    for level in figures["confidence"].values():
        assert level.keys() == {"questions", "coverage", "right"}
        assert (level["right"] is None) == (level["questions"] == 0)
    # Of five questions, one has no code (abstained), and one is a code, which is looked up.
    assert sum(level["questions"] for level in figures["confidence"].values()) == 3


def test_eval_for_people(home: Path) -> None:
    result = run(str(QUESTIONS), "--date", "2026-05-01", "--system", "icd10cm")
    lines = result.stdout.splitlines()
    assert lines[0] == "questions.tsv: 5 questions, 1 abstained"
    assert [line.split()[0] for line in lines[1:]] == [
        "exact", "category", "high", "medium", "low",
    ]  # fmt: skip


def test_eval_draws_a_plot(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "reliability.png"
    assert run(str(QUESTIONS), "--system", "icd10cm", "--plot", str(path)).exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No code set is loaded here. Matplotlib is checked first, so the error is about matplotlib.
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run(str(QUESTIONS), "--plot", str(tmp_path / "reliability.png"))
    assert result.exit_code == 2
    assert "pip install matplotlib" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_sections_have_no_confidence_to_plot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    result = run(str(SECTIONS), "--plot", str(tmp_path / "reliability.png"))
    assert result.exit_code == 2
    assert "without a confidence" in result.stderr
