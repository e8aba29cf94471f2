"""How much of an answer a command prints, and on which screen."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from bot.cli.shared import screen
from bot.desk.answer import Answer
from bot.views.terminal import Session, Showing

#: Candidates that the desk is asked for where nobody says how many.
_USUAL = 10
_OPTIONS = (
    click.option("--notes", is_flag=True, help="With the notes that govern the codes."),
    click.option("--rules", is_flag=True, help="With the guidelines and rules in whole."),
    click.option("--all", "everything", is_flag=True, help="With all that is known."),
)


def shown_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options --notes, --rules and --all, as one argument `showing`."""

    @functools.wraps(command)
    def with_showing(*args: Any, notes: bool, rules: bool, everything: bool, **others: Any) -> Any:
        showing = Showing(notes, rules, everything, offer="--")
        return command(*args, showing=showing, **others)

    for option in reversed(_OPTIONS):
        with_showing = option(with_showing)
    return with_showing


def asked_for(limit: int | None, *, as_json: bool = False) -> int:
    """How many candidates the desk is asked for, where N are to be shown. Lines of the report are
    among them, and text shows them apart."""
    if limit is None:
        return _USUAL
    return limit if as_json else limit + _USUAL


def printing(
    desk: Any, showing: Showing, session: Session | None = None, *, as_json: bool = False
) -> Callable[[Answer], None]:
    """A function that prints answers: as text on this screen, or `as_json`. `desk`: has what
    governs their codes."""
    session = session or Session()
    more = showing.notes or showing.rules or showing.all

    def show(answer: Answer) -> None:
        if as_json:
            click.echo(answer.as_json())
            return
        governing = desk.governing(answer) if more else None
        click.echo(session.as_text(answer, showing, screen=screen(), governing=governing))

    return show
