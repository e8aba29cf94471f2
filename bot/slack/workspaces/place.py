"""The workspace of a request, and the ids by which its installation may be known.

An installation is of one workspace, or of a whole organisation (Enterprise Grid) and then serves
all workspaces that its administrators choose: https://docs.slack.dev/enterprise/organization-ready-apps
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.request.internals import (
    extract_enterprise_id,
    extract_is_enterprise_install,
    extract_team_id,
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a request is from: the id of the workspace that the app is used in (T…; of the
    organisation where Slack does not say which), and of its organisation (E…; "" for none)."""

    team: str
    enterprise: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that an installation may have, the nearest first."""
        return tuple(dict.fromkeys(one for one in (self.team, self.enterprise) if one))

    def as_logged(self) -> dict[str, Any]:
        """As arguments of a QuestionRecord."""
        return {"workspace": self.team or None, "enterprise": self.enterprise or None}


def workspace_of(body: Mapping[str, Any]) -> Workspace:
    """The workspace of a request, as Bolt reads it. Of a channel that is shared, it is the one in
    which the app is installed, whoever speaks there."""
    payload = dict(body)
    enterprise = extract_enterprise_id(payload) or ""
    team = extract_team_id(payload) or body.get("context_team_id") or body.get("team_id")
    if not team:
        # Of an app that an organisation installed, Slack leaves out the team of the payload.
        user = body.get("user")
        team = user.get("team_id") if isinstance(user, Mapping) else None
    if str(team or "").startswith("E"):
        enterprise, team = enterprise or str(team), _team_in(payload)
    return Workspace(str(team or enterprise), enterprise)


def _team_in(payload: Mapping[str, Any]) -> str:
    """The workspace in a payload whose installation is an organisation's; "" for none."""
    user = payload.get("user")
    team = payload.get("team")
    found = (
        payload.get("team_id"),
        team.get("id") if isinstance(team, Mapping) else None,
        user.get("team_id") if isinstance(user, Mapping) else None,
    )
    return next((str(one) for one in found if str(one or "").startswith("T")), "")


def is_of_organisation(body: Mapping[str, Any]) -> bool:
    """Whether the installation that a request is for is an organisation's."""
    return bool(extract_is_enterprise_install(dict(body)))


def team_of_person(body: Mapping[str, Any]) -> str:
    """The team of the person whom a request is from; that of the request where it is not said."""
    event = body.get("event")
    if isinstance(event, Mapping):
        written = event.get("message") if isinstance(event.get("message"), Mapping) else event
        found = written.get("user_team") or written.get("team")  # type: ignore[union-attr]
    else:
        user = body.get("user")
        found = user.get("team_id") if isinstance(user, Mapping) else body.get("team_id")
    return str(found or workspace_of(body).team)
