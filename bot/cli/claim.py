"""`codedesk claim` and `codedesk denial`."""

from __future__ import annotations

import codecs
import datetime as dt
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import click

from bot.cli.conversation import Conversation
from bot.cli.shared import (
    BATCH,
    DATE,
    DATE_FORMS,
    JSON_LINES,
    Decoder,
    Sentence,
    chunks,
    expect_text,
    progress,
)
from bot.cli.showing import printing, shown_options
from bot.desk.answer import Answer
from bot.desk.claims.claim_text import may_be_claims
from bot.messages import message
from bot.settings import Settings
from bot.views.terminal import Showing
from bot.x12.envelope import begins
from bot.x12.plain import claim_texts, denial_lines
from bot.x12.reading import adjustments
from codesets.limits import TEXT_BYTES

_FILE = click.argument("file", type=click.File("rb"))
_DATE = click.option(
    "--date", type=DATE, help=f"Date of service where a claim has none: {DATE_FORMS}"
)


@click.command()
@_FILE
@JSON_LINES
@_DATE
@shown_options
@click.pass_obj
def claim(
    settings: Settings,
    file: BinaryIO,
    as_json: bool,
    date: dt.date | None,
    showing: Showing,
) -> None:
    """Check the claims of a file before they are sent.

    FILE is X12 (837P or 837I, whole or segments of it), or plain lines: "99213-25, J3301 x4, dx
    M17.11 E11.9, dos 3/3/2026, POS 11, 67yo F". It may be - for standard input. Of X12 the codes,
    modifiers, units, pointers, dates, place, age and sex are kept: names, numbers and addresses are
    dropped as it is read.

    Exit code: 0 when nothing is to be mended in what is loaded, 1 when something is, 2 when the
    request was wrong.
    """
    text = _text_of(file)
    at = begins(text)
    if at is not None:
        texts, wrong = claim_texts(text[at:])
        for sentence in wrong:
            progress(sentence)
    else:
        texts = _plain_claims(text)
    answers = _ask(settings, texts, as_json, date, "claims.batch", showing)
    if any(_has_findings(answer) for answer in answers):
        sys.exit(1)


@click.command()
@_FILE
@JSON_LINES
@_DATE
@shown_options
@click.pass_obj
def denial(
    settings: Settings,
    file: BinaryIO,
    as_json: bool,
    date: dt.date | None,
    showing: Showing,
) -> None:
    """Read the denials of a remittance, each adjustment once.

    FILE is X12 (835, whole, or its CAS, MOA, SVC and LQ segments), or plain lines: "CO-97 N19 on
    20610-59". It may be - for standard input. Of X12 the group, the reason and remark codes, the
    service and its date are kept; names, numbers and amounts are dropped as it is read.

    Exit code: 0 when all were answered, 2 when the request was wrong.
    """
    text = _text_of(file)
    at = begins(text)
    lines = denial_lines(adjustments(text[at:])) if at is not None else _lines(text)
    if not lines:
        raise Sentence(message("claims.no_denial"))
    _ask(settings, lines, as_json, date, "claims.batch_denials", showing)


def _ask(
    settings: Settings,
    texts: Sequence[str],
    as_json: bool,
    date: dt.date | None,
    told: str,
    showing: Showing,
) -> list[Answer]:
    answers: list[Answer] = []
    with Conversation(settings) as conversation:
        show = printing(conversation.desk, showing, as_json=as_json)
        if not as_json:
            show = _numbered(texts, show)
        for some in chunks(texts, BATCH):
            answers += conversation.ask(some, show=show, day=date)
            if len(texts) > BATCH:
                progress(message(told, done=len(answers), total=len(texts)))
    return answers


def _numbered(texts: Sequence[str], print_it: Callable[[Answer], None]) -> Callable[[Answer], None]:
    """Shows each answer; of several under its number and what it answers."""
    number = 0

    def show(answer: Answer) -> None:
        nonlocal number
        number += 1
        if len(texts) > 1:
            key = "number_denial" if answer.denials else "number"
            click.echo(message(f"claims.{key}", number=number, said=answer.question))
        print_it(answer)
        if number < len(texts):
            click.echo()

    return show


def _has_findings(answer: Answer) -> bool:
    if answer.claim is not None:
        return answer.claim.to_mend > 0
    wrong = any(verdict.status not in ("billable", "not_loaded") for verdict in answer.verdicts)
    return wrong or any(pair.severity == "conflict" for pair in answer.pairs)


def _text_of(file: BinaryIO) -> str:
    data: Any = file.read(TEXT_BYTES + 1)
    if len(data) > TEXT_BYTES:
        raise Sentence(message("claims.too_large", most=TEXT_BYTES // 2**20))
    expect_text(data, utf16=True)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if wide:
        return str(data, "utf-16", errors="replace")
    return Decoder()(data.removeprefix(codecs.BOM_UTF8))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _plain_claims(text: str) -> list[str]:
    """The claims of plain text: blocks between blank lines; where there are none, each line that
    has diagnoses and services of its own, else all lines as one."""
    blocks = [" , ".join(_lines(block)) for block in re.split(r"\n\s*\n", text)]
    blocks = [block for block in blocks if block]
    lines = _lines(text)
    if len(blocks) < 2 and all(map(may_be_claims, lines)):
        blocks = lines
    if not any(map(may_be_claims, blocks)):
        raise Sentence(message("claims.nothing_read"))
    return blocks
