"""`codedesk eval`: how often the desk is right, on a file of questions with their codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.shared import BATCH, DATE, DATE_FORMS, JSON, SYSTEM, chunks, echo_json, expect_text_in
from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.follow_ups import Turn
from bot.querylog.turns import turn_from
from bot.settings import Settings
from index import evaluate
from index.errors import SearchError
from index.evaluate_statements import (
    is_statement_file,
    read_statement_cases,
    score_statements,
)
from index.evaluate_threads import is_thread_file, read_thread_cases, score_threads
from index.search.confidence import Confidence


@click.command("eval")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@JSON
@click.option("--date", type=DATE, help=f"Date of service: {DATE_FORMS}")
@click.option("--system", "system", type=SYSTEM, help="System of rows that name none.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.png",
    help="Draw how often each confidence was right (needs matplotlib).",
)
@click.pass_obj
def evaluate_file(
    settings: Settings,
    file: Path,
    as_json: bool,
    date: dt.date | None,
    system: str | None,
    plot: Path | None,
) -> None:
    """Score the desk on a file of questions with their right codes.

    FILE is tab-separated with a header: query, codes (any of, separated by |) or sections, and
    optionally system. A file with a column `first` has whole statements: codes are the lines to
    report, in order; `optional` and `not` are codes that may and must not be among them. A file
    with columns `turn1`, `turn2` and `turn3` has threads: codes are those of which one should stand
    first after the last turn.
    Evaluation questions are not logged.
    """
    expect_text_in(file)
    if is_statement_file(file):
        if plot is not None:
            raise SearchError(
                f"{file} has whole statements, which are scored without a confidence: there is "
                "nothing to plot. Leave --plot out."
            )
        _evaluate_statements(settings, file, date, system, as_json)
        return
    if is_thread_file(file):
        if plot is not None:
            raise SearchError(f"{file} has threads, which have nothing to plot. Leave --plot out.")
        _evaluate_threads(settings, file, date, as_json)
        return
    cases, kind = evaluate.read_cases(file)
    if plot is not None:
        _can_be_drawn(file, kind)
    desk = Desk(settings)
    try:
        figures, levels = _evaluated(desk, cases, kind, date, system)
    finally:
        desk.close()
    if plot is not None:
        evaluate.draw_reliability(levels, plot)
    if as_json:
        echo_json({"file": file.name, **figures})
        return
    click.echo(f"{file.name}: {figures['questions']} questions, {figures['abstained']} abstained")
    for name, row in (("exact", figures), ("category", figures.get("category", {}))):
        cells = [f"{m} {row[m]:.3f}" for m in evaluate.MEASURES if m in row]
        if cells:
            click.echo(f"{name:<9} {'  '.join(cells)}")
    for name, level in levels.items():
        right = "-" if level.right is None else f"{level.right:.3f}"
        click.echo(f"{name:<9} right at rank 1 {right}  of {level.coverage:.1%} of questions")


def _evaluate_statements(
    settings: Settings, file: Path, day: dt.date | None, system: str | None, as_json: bool
) -> None:
    """Score the reports of a file of statements, and print the figures."""
    cases = read_statement_cases(file)
    desk = Desk(settings)
    try:
        reports = [
            [line.code for line in answer.report]
            for chunk in chunks(cases, BATCH)
            for answer in desk.ask_many(
                [case.query for case in chunk], day=day, systems=[system] if system else None
            )
        ]
    finally:
        desk.close()
    scores = score_statements(reports, cases)
    if as_json:
        echo_json({"file": file.name, **asdict(scores)})
        return
    click.echo(f"{file.name}: {scores.statements} statements")
    for size, row in (("all", scores), *scores.by_size.items()):
        cells = "  ".join(f"{name} {getattr(row, name):.3f}" for name in _OF_STATEMENTS)
        lines = "line" if size == "1" else "lines"
        click.echo(
            f"{'all' if size == 'all' else f'{size} {lines}':<9} n {row.statements}  {cells}"
        )


def _evaluate_threads(settings: Settings, file: Path, day: dt.date | None, as_json: bool) -> None:
    """Score what the last turns of a file of threads are answered with, and print the figures."""
    cases = read_thread_cases(file)
    desk = Desk(settings)
    try:
        answers = [after_turns(desk, case.turns, day) for case in cases]
    finally:
        desk.close()
    scores = score_threads([codes_shown(answer) for answer in answers], cases)
    if as_json:
        echo_json({"file": file.name, **asdict(scores)})
        return
    click.echo(f"{file.name}: {scores.threads} threads")
    click.echo(
        f"{'all':<11} n {scores.threads}  first {scores.first:.3f}  in five {scores.in_five:.3f}"
    )
    for kind, (number, first) in scores.by_kind.items():
        click.echo(f"{kind:<11} n {number}  first {first:.3f}")


def after_turns(desk: Desk, turns: Sequence[str], day: dt.date | None) -> Answer:
    """The answer to the last of several questions, each of which follows the one before it. They
    are not logged."""
    before: Turn | None = None
    for number, text in enumerate(turns):
        question = desk.take(text, day=day, after=before)
        answer = desk.ask(question)
        before = turn_from(
            f"turn {number}",
            question.scrubbed,
            answer,
            question.releases,
            None if answer.as_of != dt.date.today().isoformat() else question.service_date,
            question.date_said,
        )
    return answer


def codes_shown(answer: Answer) -> list[str]:
    """The codes of an answer: of its report, else its candidates, else its verdicts."""
    shown: Sequence[Any] = answer.report or answer.candidates or answer.verdicts
    return [one.code for one in shown]


#: The figures of statements, in the order in which they are printed.
_OF_STATEMENTS = ("first", "recall", "precision", "f1", "exact", "forbidden", "none")


def _can_be_drawn(file: Path, kind: str) -> None:
    """Raises SearchError if --plot cannot be done. Called before the evaluation, which takes
    long."""
    if kind != "codes":
        raise SearchError(
            f"{file} asks for sections, which are quoted without a confidence: there is nothing "
            "to plot. Leave --plot out."
        )
    evaluate.canvas(1, 1)


def _evaluated(
    desk: Desk,
    cases: Sequence[evaluate.Case],
    kind: str,
    day: dt.date | None,
    system: str | None,
) -> tuple[dict[str, Any], dict[Confidence, evaluate.Level]]:
    """The figures of the JSON object and, for codes, the figures of each confidence (also in
    it)."""
    groups: dict[str | None, list[evaluate.Case]] = {}
    for case in cases:
        groups.setdefault(case.system or system, []).append(case)
    replies: list[list[str]] = []
    confidences: list[Confidence | None] = []
    asked: list[evaluate.Case] = []
    abstained = 0
    for chosen, group in groups.items():
        for chunk in chunks(group, BATCH):
            texts = [case.query for case in chunk]
            answers = desk.ask_many(texts, day=day, systems=[chosen] if chosen else None)
            asked += chunk
            abstained += sum(answer.outcome == "abstained" for answer in answers)
            replies += [_reply(answer, kind) for answer in answers]
            confidences += [a.candidates[0].confidence if a.candidates else None for a in answers]
    figures: dict[str, Any] = {"questions": len(cases), "abstained": abstained}
    figures |= evaluate.scores(replies, asked)
    if kind != "codes":
        return figures, {}
    figures["category"] = evaluate.scores(replies, asked, evaluate.is_right_category)
    levels = evaluate.reliability(confidences, replies, asked)
    figures["confidence"] = {name: asdict(level) for name, level in levels.items()}
    return figures, levels


def _reply(answer: Answer, kind: str) -> list[str]:
    """The sections of the guidelines, or the codes, of an answer, best first."""
    if kind == "sections":
        return [guideline.section for guideline in answer.guidelines]
    return [c.code for c in answer.candidates] + [v.code for v in answer.verdicts]
