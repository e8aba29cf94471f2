"""Who is an auditor or an administrator. Of the one workspace of a bot token the settings say it;
of many, each workspace has a table of its own, which whoever installed the app begins.

A role that is given for an organisation (E…) counts in each of its workspaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from bot.settings import Settings
from bot.slack.state import State
from bot.slack.workspaces.place import Workspace

Role = Literal["auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

_TABLE = """
create table if not exists workspace_people (
    team text not null, person text not null, role text not null,
    primary key (team, person, role)
)
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """What an auditor may see: the ids of workspaces or organisations; None for everything."""

    teams: tuple[str, ...] | None = None


def id_fault(given: str, kinds: str) -> str:
    """A sentence on what is wrong with an id of Slack that begins with one of some letters; "" when
    nothing is."""
    if re.fullmatch(f"[{kinds}][A-Z0-9]+", given):
        return ""
    shown = " or ".join(f"{kind}012ABCDE" for kind in kinds)
    return f'"{given[:60]}" is no id of Slack: it must be such as {shown}.'


class Roles:
    """Safe to use from many threads. Methods raise what State raises."""

    def __init__(self, state: State, settings: Settings | None = None) -> None:
        """`settings` of a desk with one workspace say who has a role; of many, the table does."""
        self._state = state
        self._settings = settings if settings and not settings.many_workspaces else None
        with state.writing() as db:
            db.execute(_TABLE)

    def auditor(self, place: Workspace, user: str, team: str | None = None) -> Sight | None:
        """What a person may see of the log; None when they are no auditor. `team`: their own team,
        where it is known: the id of a person is unique in their team only."""
        if self._settings:
            return Sight() if user in self._settings.auditor_ids else None
        teams = self._teams(place, user, "auditor", team)
        if not teams:
            return None
        # An auditor of an organisation sees all its workspaces.
        return Sight(tuple(dict.fromkeys((*teams, place.team))))

    def is_admin(self, place: Workspace, user: str, team: str | None = None) -> bool:
        if self._settings:
            return user in self._settings.admin_ids
        return bool(self._teams(place, user, "admin", team))

    def has_one(self, place: Workspace, user: str) -> bool:
        """Whether a person has any role in a workspace."""
        if self._settings:
            return user in self._settings.auditor_ids | self._settings.admin_ids
        return any(user == person for id_ in place.ids for person, _ in self.of(id_))

    def loads_files(self, user: str) -> bool:
        """Whether a person may load files of codes. Those count for everybody, so where there are
        many workspaces nobody may from Slack."""
        return self._settings is not None and user in self._settings.admin_ids

    def _teams(self, place: Workspace, user: str, role: Role, team: str | None) -> list[str]:
        if team and team not in place.ids and not place.enterprise:
            return []
        return [id_ for id_ in place.ids if (user, role) in self.of(id_)]

    def of(self, team: str) -> list[tuple[str, Role]]:
        """The people of a workspace or organisation who have a role."""
        with self._state.reading() as db:
            rows = db.execute(
                "select person, role from workspace_people where team = ? order by role, person",
                [team],
            ).fetchall()
        return [(person, role) for person, role in map(tuple, rows) if role in ROLES]

    def change(self, team: str, change: str, person: str, role: Role) -> bool:
        """`change`: add or remove. False when it is so already."""
        return (self.add if change == "add" else self.remove)(team, person, role)

    def add(self, team: str, person: str, role: Role) -> bool:
        """False when they have it already."""
        with self._state.writing() as db:
            added = db.execute(
                "insert into workspace_people values (?, ?, ?) on conflict do nothing",
                [team, person, role],
            )
            return added.rowcount == 1

    def remove(self, team: str, person: str, role: Role) -> bool:
        """False when they do not have it."""
        with self._state.writing() as db:
            gone = db.execute(
                "delete from workspace_people where team = ? and person = ? and role = ?",
                [team, person, role],
            )
            return gone.rowcount == 1

    def forget(self, team: str) -> None:
        """Forget everybody of a workspace that uninstalled the app."""
        with self._state.writing() as db:
            db.execute("delete from workspace_people where team = ?", [team])
