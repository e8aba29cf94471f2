"""Who may use Code Desk in a workspace: everyone (the default), or only those whom its rules name,
people and user groups. Whoever has a role there may always.

People of other organisations, who share a channel by Slack Connect, are decided on by a setting:
what they ask would be on record in a workspace that is not theirs.

The members of a user group are read with the scope usergroups:read, and known for five minutes:
https://docs.slack.dev/reference/methods/usergroups.users.list
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, Literal

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.state import State
from bot.slack.workspaces.place import Workspace
from bot.slack.workspaces.roles import Roles

logger = logging.getLogger("codedesk.slack")

#: Why somebody may not: the name of a message.
Refusal = Literal["not_allowed", "no_strangers", "unknown_rights"]
#: Seconds for which the members of a group are known, and for which they are still believed when
#: Slack does not answer.
_KNOWN, _BELIEVED = 300.0, 3600.0

_TABLE = """
create table if not exists workspace_rules (
    team text not null,
    allowed text not null,           -- the id of a person (U…, W…) or of a user group (S…)
    primary key (team, allowed)
)
"""


class Rights:
    """Safe to use from many threads. Methods raise what State raises."""

    def __init__(
        self,
        state: State,
        roles: Roles,
        strangers: bool = True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`strangers`: whether people of other organisations are answered."""
        self._state = state
        self._roles = roles
        self._strangers = strangers
        self._now = now
        self._lock = threading.Lock()
        self._members: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}
        with state.writing() as db:
            db.execute(_TABLE)

    # Rules

    def allowed(self, *teams: str) -> list[str]:
        """The people and groups that the rules of a workspace and its organisation name; [] for
        everyone."""
        marks = ", ".join("?" * len(teams))
        with self._state.reading() as db:
            rows = db.execute(
                f"select allowed from workspace_rules where team in ({marks}) order by allowed",
                list(teams),
            ).fetchall()
        return [row[0] for row in rows]

    def allow(self, team: str, allowed: str) -> bool:
        """False when it is so already."""
        with self._state.writing() as db:
            added = db.execute(
                "insert into workspace_rules values (?, ?) on conflict do nothing", [team, allowed]
            )
            return added.rowcount == 1

    def disallow(self, team: str, allowed: str) -> bool:
        """False when it is so already."""
        with self._state.writing() as db:
            gone = db.execute(
                "delete from workspace_rules where team = ? and allowed = ?", [team, allowed]
            )
            return gone.rowcount == 1

    def forget(self, team: str) -> None:
        """Forget the rules of a workspace that uninstalled the app."""
        with self._state.writing() as db:
            db.execute("delete from workspace_rules where team = ?", [team])

    # Deciding

    def refusal(
        self, place: Workspace, user: str, client: WebClient, *, stranger: bool = False
    ) -> Refusal | None:
        """Why a person may not use it; None when they may. `client` is that of the workspace."""
        if stranger and not self._strangers:
            return "no_strangers"
        allowed = self.allowed(*place.ids)
        if not allowed or user in allowed or self._roles.has_one(place, user):
            return None
        known = True
        for group in (one for one in allowed if one.startswith("S")):
            members = self._group(place, group, client)
            if members is None:
                known = False
            elif user in members:
                return None
        return "not_allowed" if known else "unknown_rights"

    def _group(self, place: Workspace, group: str, client: WebClient) -> frozenset[str] | None:
        """The members of a user group; None when they cannot be read."""
        key, now = (place.team, group), self._now()
        with self._lock:
            at, members = self._members.get(key, (0.0, None))
        if members is not None and now - at < _KNOWN:
            return members
        try:
            # Of an organisation's token, Slack must be told the workspace.
            found = client.api_call(
                "usergroups.users.list", params={"usergroup": group, "team_id": place.team}
            )
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code == "no_such_subteam":
                return frozenset()
            logger.warning("the members of a user group cannot be read: %s", code[:100])
        except (OSError, HTTPException) as error:
            logger.warning("the members of a user group cannot be read: %s", type(error).__name__)
        else:
            members = frozenset(str(user) for user in found.get("users") or ())
            with self._lock:
                self._members[key] = now, members
            return members
        return members if members is not None and now - at < _BELIEVED else None


def is_stranger(body: Mapping[str, Any], place: Workspace, team: str) -> bool:
    """Whether a request is from a person of another organisation. `team`: their own. Slack marks
    events of channels that organisations share; in those of one organisation alone, people of
    several of its workspaces meet."""
    if not team or team in place.ids:
        return False
    if "is_ext_shared_channel" in body:
        return bool(body["is_ext_shared_channel"])
    return not place.enterprise
