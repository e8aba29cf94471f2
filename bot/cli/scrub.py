"""`codedesk scrub`: a text as it would be stored, and figures on how well the scrubber works."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from bot.phi import Scrubber
from bot.phi.evaluate import NAMES, evaluate, read_cases, table
from bot.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("text", required=False)
@click.option("--batch", type=_FILE, help="Scrub each line of a file, also blank ones.")
@click.option(
    "--evaluate", "cases", type=_FILE, metavar="FILE.tsv", help="Measure on a file of cases."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@click.option("--misses", is_flag=True, help="With --evaluate: also print what was missed or lost.")
@click.option("--always", is_flag=True, help="Ask the entity model about every text.")
@click.pass_obj
def scrub(
    settings: Settings,
    text: str | None,
    batch: Path | None,
    cases: Path | None,
    as_json: bool,
    misses: bool,
    always: bool,
) -> None:
    """Print a text as it would be stored: without what could identify a patient.

    Nothing is logged. Each text is printed on one line, with a blank for a line break. A file of
    cases is tab-separated with the columns text, remove and keep; the last two are lists of
    KIND=words with " | " between.
    """
    if sum(source is not None for source in (text, batch, cases)) != 1:
        raise click.UsageError("Give one text in quotes, or --batch FILE, or --evaluate FILE.tsv.")
    scrubber = Scrubber(settings.index, always_ask=always)
    if cases is not None:
        _evaluate(scrubber, cases, as_json, misses)
    elif batch is not None:
        with batch.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                click.echo(_one_line(scrubber.scrub(line.rstrip("\r\n")).text))
    else:
        click.echo(_one_line(scrubber.scrub(text or "").text))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _evaluate(scrubber: Scrubber, path: Path, as_json: bool, misses: bool) -> None:
    cases = read_cases(path)
    started = time.perf_counter()
    figures = evaluate(cases, lambda text: scrubber.scrub(text).text)
    each = (time.perf_counter() - started) * 1000 / max(1, figures.texts)
    if as_json:
        kinds = {kind: round(figures.recall(kind), 4) for kind in sorted(figures.identifiers)}
        output = {
            "texts": figures.texts,
            "recall": kinds,
            "patterned": round(figures.patterned, 4),
            "names": round(figures.recall(NAMES), 4),
            "lost": dict(figures.lost),
            "ms": round(each, 2),
        }
        click.echo(json.dumps(output))
        return
    click.echo("\n".join(table(figures)))
    click.echo(f"\n{figures.texts} texts, {each:.1f} ms each")
    if misses:
        click.echo("\n" + "\n".join(figures.misses))
