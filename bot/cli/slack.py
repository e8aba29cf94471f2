"""`codedesk slack …`: workspaces that installed the app, their people, and the keys of their
tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import cast

import click

from bot.cli.log import who
from bot.cli.shared import JSON_LINES, echo_json
from bot.messages import message
from bot.querylog.opening import open_log
from bot.settings import Settings, SettingsError
from bot.system_user import system_user
from codesets.errors import CodeDeskError

_TEAM = click.option(
    "--team", required=True, metavar="ID", help="The workspace (T…) or organisation (E…)."
)


@click.group()
def slack() -> None:
    """Workspaces of Slack: who installed it, who may do what, keys."""


@contextmanager
def _stored(settings: Settings) -> Iterator[object]:
    """What Slack's surfaces keep. Raises SettingsError."""
    from bot.slack.app import SlackSettingsError, open_state

    try:
        state = open_state(settings)
    except SlackSettingsError as error:
        raise SettingsError(str(error)) from error
    with closing(state):
        yield state


@slack.command("keys")
@click.option(
    "--rotate", is_flag=True, help="Put a new key first, and encrypt every token again with it."
)
@click.pass_obj
def slack_keys(settings: Settings, rotate: bool) -> None:
    """Make the key that encrypts the tokens of workspaces.

    With more than one host, copy the file to each of them before the tokens are encrypted again. A
    desk that is running reads the file again by itself. Once all hosts have it, the older lines can
    be taken out.
    """
    from bot.slack.workspaces import token_keys
    from bot.slack.workspaces.installations import Installations
    from bot.slack.workspaces.token_keys import TokenKeys

    path = settings.token_keys
    if not rotate:
        token_keys.make(path)
        click.echo(
            f"The tokens of workspaces are encrypted with {path}. Keep a copy: without it every "
            "workspace has to install the app again."
        )
        return
    token_keys.add(path)
    with _stored(settings) as state:
        count = Installations(state, TokenKeys(path)).encrypt_again()  # type: ignore[arg-type]
    click.echo(f"{path} has a new key; {count} installations are encrypted with it.")


@slack.command("workspaces")
@JSON_LINES
@click.pass_obj
def slack_workspaces(settings: Settings, as_json: bool) -> None:
    """List the workspaces and organisations that installed the app."""
    from bot.slack.workspaces.installations import Installations
    from bot.slack.workspaces.token_keys import TokenKeys

    with _stored(settings) as state:
        found = Installations(state, TokenKeys(settings.token_keys)).all()  # type: ignore[arg-type]
    for one in found:
        day = dt.datetime.fromtimestamp(one.installed_at, dt.UTC).date()
        what = "organisation" if one.is_of_organisation else "workspace"
        if as_json:
            told = {"id": one.id, "kind": what, "name": one.name}
            echo_json(told | {"installed": day, "by": one.installed_by or None})
            continue
        click.echo(f"{one.id}  {what:<12}  {day}  by {one.installed_by or '-':<12}  {one.name}")


@slack.command("people")
@click.option(
    "--team", required=True, metavar="ID", help="The workspace (T…) or organisation (E…)."
)
@click.argument("change", type=click.Choice(["add", "remove"]), required=False)
@click.argument("user", required=False)
@click.argument("role", type=click.Choice(["auditor", "admin"]), required=False)
@JSON_LINES
@click.pass_obj
def slack_people(
    settings: Settings,
    team: str,
    change: str | None,
    user: str | None,
    role: str | None,
    as_json: bool,
) -> None:
    """List who is an auditor or an administrator of a workspace, or change it.

    \b
    codedesk slack people --team T012ABCDE
    codedesk slack people --team T012ABCDE add U045FGHIJ auditor
    codedesk slack people --team T012ABCDE remove U045FGHIJ auditor

    A role in an organisation counts in all its workspaces. A change goes on record.
    """
    from bot.slack.state import State
    from bot.slack.workspaces.roles import Role, Roles, id_fault

    _expect_list(as_json, change)
    if fault := id_fault(team, "TE") or (user and id_fault(user, "UW")):
        raise CodeDeskError(str(fault))
    with _stored(settings) as state:
        roles = Roles(cast(State, state))
        if change is None:
            for person, has in roles.of(team):
                if as_json:
                    echo_json({"user": person, "role": has})
                else:
                    click.echo(f"{person}  {has}")
            return
        if not user or not role:
            raise click.UsageError("Name the user and the role: add U045FGHIJ auditor")
        changed = roles.change(team, change, user, cast(Role, role))
    _on_record(settings, changed, f"{change} {user} {role}", team)


@slack.command("allow")
@click.option(
    "--team", required=True, metavar="ID", help="The workspace (T…) or organisation (E…)."
)
@click.option("--remove", is_flag=True, help="Take the rule away.")
@click.argument("whom", required=False)
@JSON_LINES
@click.pass_obj
def slack_allow(
    settings: Settings, team: str, remove: bool, whom: str | None, as_json: bool
) -> None:
    """List who may use Code Desk in a workspace, or add a person (U…) or a user group (S…).

    Without a rule everyone may; with one, those whom the rules name and those with a role. A change
    goes on record.
    """
    from bot.slack.state import State
    from bot.slack.workspaces.rights import Rights
    from bot.slack.workspaces.roles import Roles, id_fault

    _expect_list(as_json, whom)
    if fault := id_fault(team, "TE") or (whom and id_fault(whom, "UWS")):
        raise CodeDeskError(str(fault))
    with _stored(settings) as stored:
        state = cast(State, stored)
        rights = Rights(state, Roles(state))
        if whom is None:
            allowed = rights.allowed(team)
            if as_json:
                echo_json(*({"id": one} for one in allowed))
            else:
                click.echo("\n".join(allowed) or "Everyone may use it.")
            return
        changed = rights.disallow(team, whom) if remove else rights.allow(team, whom)
    _on_record(settings, changed, f"{'disallow' if remove else 'allow'} {whom}", team)


def _expect_list(as_json: bool, change: str | None) -> None:
    if as_json and change is not None:
        raise click.UsageError(message("command_line.json_lists"))


def _on_record(settings: Settings, changed: bool, detail: str, team: str) -> None:
    if not changed:
        click.echo("It is so already.")
        return
    log = open_log(settings, system_user=system_user())
    try:
        log.access("people", who(None), detail, team=team)
    finally:
        log.close()
    click.echo(f"{team}: {detail}.")
