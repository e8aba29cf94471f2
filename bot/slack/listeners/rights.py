"""Refuses those who may not use Code Desk, before anything of their request is read or kept. The
refusal is on record, without what they typed. They are told once an hour, privately.

https://docs.slack.dev/tools/bolt-python/concepts/global-middleware
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from slack_bolt import App, BoltResponse

from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.delivery import SlackDelivery
from bot.slack.messages import said_in
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import Way, for_one_anywhere, in_thread
from bot.slack.workspaces.errors import STATE_ERRORS
from bot.slack.workspaces.place import team_of_person, workspace_of
from bot.slack.workspaces.rights import Refusal, is_stranger

logger = logging.getLogger("codedesk.slack")

#: Seconds after which somebody is told again, and gets another record; and how many are remembered.
_AGAIN, _MOST = 3600.0, 10_000


def register(app: App, delivery: SlackDelivery) -> None:
    told: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def gate(body: dict[str, Any], next_: Callable[[], BoltResponse]) -> BoltResponse:
        user, channel = _who(body)
        if not user:
            return next_()
        place, team = workspace_of(body), team_of_person(body)
        try:
            refusal = delivery.rights.refusal(
                place,
                user,
                delivery.client_of(body),
                stranger=is_stranger(body, place, team),
            )
        except STATE_ERRORS as error:
            logger.error("who may use it cannot be read: %s", error)
            refusal = "unknown_rights"
        if refusal is None:
            return next_()
        first = _is_first((place.team, team, user))
        if first and not recorded(user, team, place.team, refusal):
            return BoltResponse(status=503)  # Slack sends it again.
        sentence = message(f"workspaces.{refusal}")
        if "command" in body:
            return BoltResponse(status=200, body={"text": sentence})
        if first or body.get("type") in ("view_submission", "shortcut", "message_action"):
            client = delivery.client_of(body)
            way: Way = in_thread(client, user, None)
            if channel:
                way = for_one_anywhere(client, channel, user)
            delivery.post(way, plain_message(sentence))
        return BoltResponse(status=200, body="")

    def recorded(user: str, team: str, workspace: str, refusal: Refusal) -> bool:
        whose = f"{team}/{user}" if team != workspace else user
        try:
            delivery.log.access("refusal", whose, f"a request: {refusal}", team=workspace)
        except LogUnavailable as error:
            logger.error("%s", error)
            return False
        return True

    def _is_first(who: tuple[str, str, str]) -> bool:
        """Whether somebody was not told lately."""
        now = time.monotonic()
        if now - told.get(who, -_AGAIN) < _AGAIN:
            return False
        told[who] = now
        told.move_to_end(who)
        while len(told) > _MOST:
            told.popitem(last=False)
        return True

    app.use(gate)


def _who(body: dict[str, Any]) -> tuple[str, str]:
    """Whoever asks or presses, and the channel; "" for an event by which nobody asks anything."""
    event = body.get("event")
    if isinstance(event, dict):
        said = said_in(event)
        if said is not None:
            return said.user, said.channel
        if event.get("type") == "app_home_opened":
            return str(event.get("user") or ""), ""
        return "", ""
    if "command" in body:
        return str(body.get("user_id") or ""), str(body.get("channel_id") or "")
    user, channel = body.get("user"), body.get("channel")
    return (
        str(user.get("id") or "") if isinstance(user, dict) else "",
        str(channel.get("id") or "") if isinstance(channel, dict) else "",
    )
