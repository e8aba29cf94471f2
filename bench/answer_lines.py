"""How many lines answers take in a terminal:

    python bench/answer_lines.py QUESTIONS.tsv… [--home FOLDER] [--date 2026-12-01] [--width 80]

Each file is a table with a column `query`. Its questions are answered by the desk, without a log,
and drawn as `codedesk ask` draws them for a terminal of this width. `--notes`, `--rules` and
`--all` show more, as there. Prints for each file: how many answers, and the median, 90th percentile
and most of their lines; and how many have more than a screenful of 24.
"""

from __future__ import annotations

import csv
import datetime as dt
import statistics
from pathlib import Path

import click

from bot.desk.desk import Desk
from bot.settings import Settings
from bot.views.screen import WIDTH, Screen
from bot.views.terminal import Showing, as_text
from bot.views.terminal.short import SCREENFUL


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--home", type=click.Path(path_type=Path), help="Default: CODEDESK_HOME.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Default: today.")
@click.option("--width", default=WIDTH, help="Columns of the terminal.")
@click.option("--notes", is_flag=True)
@click.option("--rules", is_flag=True)
@click.option("--all", "everything", is_flag=True)
def main(
    files: tuple[Path, ...],
    home: Path | None,
    day: dt.datetime | None,
    width: int,
    notes: bool,
    rules: bool,
    everything: bool,
) -> None:
    showing = Showing(notes, rules, everything, offer="--")
    more = notes or rules or everything
    desk = Desk(Settings(home=home) if home else Settings.read()[0])
    try:
        for file in files:
            counts = []
            for question in _questions(file):
                answer = desk.ask(question, day=day.date() if day else None)
                governing = desk.governing(answer) if more else None
                text = as_text(answer, showing, screen=Screen(width), governing=governing)
                counts.append(text.count("\n") + 1)
            click.echo(f"{file.stem}: {_told(counts)}")
    finally:
        desk.close()


def _questions(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [row["query"] for row in csv.DictReader(rows, delimiter="\t")]


def _told(counts: list[int]) -> str:
    ranked = sorted(counts)
    over = sum(count > SCREENFUL for count in counts)
    return (
        f"{len(counts)} answers; lines: median {statistics.median(counts):g}, "
        f"90% within {ranked[int(0.9 * (len(ranked) - 1))]}, most {ranked[-1]}; "
        f"{over} over {SCREENFUL}"
    )


if __name__ == "__main__":
    main()
