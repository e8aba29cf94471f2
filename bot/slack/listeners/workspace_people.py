"""/code-audit people: the administrators of a workspace name its auditors, and who may use it. Each
change is on record before it is made."""

from __future__ import annotations

import logging
import re
from typing import Any, cast

from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.workspaces.errors import STATE_ERRORS
from bot.slack.workspaces.place import workspace_of
from bot.slack.workspaces.roles import ROLES, Role

logger = logging.getLogger("codedesk.slack")

VERB = "people"
#: Slack escapes a person as <@U012|ann> and a user group as <!subteam^S012|@coders>:
#: https://docs.slack.dev/interactivity/implementing-slash-commands
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|([UW][A-Z0-9]+)")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>|(S[A-Z0-9]+)")


def reply_to(delivery: SlackDelivery, command: dict[str, Any], typed: str) -> str | None:
    """What is said to `/code-audit people` with what was `typed` behind it; None when the person
    has no role here, and is to be refused as others are."""
    place, user = workspace_of(command), command["user_id"]
    try:
        admin = delivery.roles.is_admin(place, user)
        if not admin and delivery.roles.auditor(place, user) is None:
            return None
        if not typed.strip():
            return _listed(delivery, place.team)
        if not admin:
            delivery.log.access("refusal", user, f"people {typed[:100]}", team=place.team)
            return message("workspaces.people_admins_only")
        return _changed(delivery, place.team, user, typed.split())
    except LogUnavailable as error:
        logger.error("%s", error)
        return message("slack.not_logged")
    except STATE_ERRORS as error:
        logger.error("the people of a workspace cannot be read or written: %s", error)
        return message("workspaces.unknown_rights")


def _listed(delivery: SlackDelivery, team: str) -> str:
    people = delivery.roles.of(team)
    lines = [message("workspaces.people_role", who=f"<@{p}>", role=role) for p, role in people]
    allowed = delivery.rights.allowed(team)
    if allowed:
        named = ", ".join(
            f"<!subteam^{one}>" if one.startswith("S") else f"<@{one}>" for one in allowed
        )
        lines.append(message("workspaces.people_allowed", who=named))
    else:
        lines.append(message("workspaces.people_everyone"))
    none = [] if people else [message("workspaces.people_none")]
    return "\n".join([*none, *lines, message("workspaces.people_help")])


def _changed(delivery: SlackDelivery, team: str, by: str, words: list[str]) -> str:
    """Make a change, or say why not. Raises LogUnavailable."""
    verb, *rest = words
    misread = message("workspaces.people_misread", help=message("workspaces.people_help"))
    if verb in ("add", "remove") and len(rest) == 2 and rest[1] in ROLES:
        person, role = _id(_PERSON, rest[0]), cast(Role, rest[1])
        if not person:
            return misread
        admins = [one for one, has in delivery.roles.of(team) if has == "admin"]
        if verb == "remove" and role == "admin" and admins == [person]:
            return message("workspaces.people_last")
        delivery.log.access("people", by, f"{verb} {person} {role}", team=team)
        delivery.roles.change(team, verb, person, role)
        return message("workspaces.people_done")
    if verb in ("allow", "disallow") and len(rest) == 1:
        whom = _id(_PERSON, rest[0]) or _id(_GROUP, rest[0])
        if not whom:
            return misread
        delivery.log.access("people", by, f"{verb} {whom}", team=team)
        change = delivery.rights.allow if verb == "allow" else delivery.rights.disallow
        change(team, whom)
        return message("workspaces.people_done")
    return misread


def _id(form: re.Pattern[str], typed: str) -> str:
    """The id in a name as Slack writes it; "" for none."""
    match = form.fullmatch(typed)
    return (match[1] or match[2]) if match else ""
