"""`codedesk scrub`: a text as it would be stored, and figures on how well the scrubber works."""

from __future__ import annotations

import time
from pathlib import Path

import click

from bot.cli.shared import JSON_LINES, echo_json, expect_text_in, lines_of
from bot.cli.words import WordsCommand, words_typed
from bot.messages import message
from bot.phi import Scrubbed, Scrubber
from bot.phi.evaluate import NAMES, evaluate, read_cases, table
from bot.settings import Settings


@click.command(cls=WordsCommand)
@click.argument("words", nargs=-1)
@click.option(
    "--batch",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Scrub each line of a file, also blank ones. -: standard input.",
)
@click.option(
    "--evaluate",
    "cases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.tsv",
    help="Measure on a file of cases.",
)
@JSON_LINES
@click.option("--misses", is_flag=True, help="With --evaluate: also print what was missed or lost.")
@click.option("--always", is_flag=True, help="Ask the entity model about every text.")
@click.pass_obj
def scrub(
    settings: Settings,
    words: tuple[str, ...],
    batch: Path | None,
    cases: Path | None,
    as_json: bool,
    misses: bool,
    always: bool,
) -> None:
    """Print a text without what could identify a patient.

    So it would be stored. Nothing is logged. Each text is printed on one line, with a blank for a
    line break. A file of cases is tab-separated with the columns text, remove and keep; the last
    two are lists of KIND=words with " | " between.
    """
    if sum((bool(words), batch is not None, cases is not None)) > 1:
        raise click.UsageError(message("command_line.no_text"))
    text = "" if batch or cases else words_typed(words, "command_line.no_text")
    scrubber = Scrubber(settings.index, always_ask=always)
    if cases is not None:
        _evaluate(scrubber, cases, as_json, misses)
    elif batch is not None:
        with click.open_file(str(batch), "rb") as file:
            for line in lines_of(file):
                _print(scrubber.scrub(line), as_json)
    else:
        _print(scrubber.scrub(text), as_json)


def _print(scrubbed: Scrubbed, as_json: bool) -> None:
    if as_json:
        echo_json({"text": scrubbed.text, "removed": list(scrubbed.removed)})
    else:
        click.echo(_one_line(scrubbed.text))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _evaluate(scrubber: Scrubber, path: Path, as_json: bool, misses: bool) -> None:
    expect_text_in(path)
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
        echo_json(output)
        return
    click.echo("\n".join(table(figures)))
    click.echo(f"\n{figures.texts} texts, {each:.1f} ms each")
    if misses:
        click.echo("\n" + "\n".join(figures.misses))
