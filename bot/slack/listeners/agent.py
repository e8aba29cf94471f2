"""The conversation with an agent: prompts when somebody opens it, and the button that stops it.

A new app is an agent by `features.agent_view` and gets no `assistant_thread_*` events: opening the
conversation is app_home_opened with the tab "messages".
https://docs.slack.dev/reference/events/app_home_opened
https://docs.slack.dev/reference/events/agent_session_stopped
"""

from __future__ import annotations

import logging
from http.client import HTTPException
from typing import Any

from slack_bolt import App
from slack_sdk.errors import SlackApiError

from bot.database import DatabaseError
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.slack.conversation import STOPPED, has_asked, under_way
from bot.slack.delivery import SlackDelivery
from bot.slack.greeted import Greeted
from bot.slack.sessions import Sessions
from bot.slack.views.block_kit import plain_message
from bot.slack.views.welcome import prompts, welcome_message
from bot.slack.web_api import in_thread
from bot.slack.workspaces.place import workspace_of

logger = logging.getLogger("codedesk.slack")


def register(app: App, delivery: SlackDelivery, sessions: Sessions, contact: str | None) -> None:
    greeted = Greeted(delivery.state)

    def is_conversation(event: dict[str, Any]) -> bool:
        return event.get("tab") == "messages"

    def opened(body: dict[str, Any], event: dict[str, Any]) -> None:
        """Suggest what to ask; the first time, say who it is, too."""
        channel, user = event.get("channel"), event.get("user")
        if not channel or not user:
            return
        try:
            # The SDK's method insists on thread_ts, which an agent must leave out:
            # https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
            delivery.client_of(body).api_call(
                "assistant.threads.setSuggestedPrompts",
                json={
                    "channel_id": channel,
                    "title": message("slack_surfaces.prompts_title"),
                    "prompts": prompts(),
                },
            )
        except (SlackApiError, OSError, HTTPException) as error:
            why = error.response["error"] if isinstance(error, SlackApiError) else error
            logger.warning("no prompts are suggested: %s", why)
        try:
            first = greeted.first_time(f"{workspace_of(body).team}/{user}")
            if first and not has_asked(delivery.log, channel, workspace_of(body).team):
                way = in_thread(delivery.client_of(body), channel, None)
                delivery.post(way, welcome_message(contact))
        except (DatabaseError, LogUnavailable) as error:
            logger.error("nobody is greeted: %s", error)

    def stopped(body: dict[str, Any], event: dict[str, Any]) -> None:
        """Post no answer that is not out yet."""
        channel, thread = event.get("channel") or "", event.get("thread_ts") or ""
        withdrawn, client = [], delivery.client_of(body)
        sessions.stopped((client, channel, thread))
        try:
            for question_id in under_way(delivery.log, channel, thread, event.get("user") or ""):
                if delivery.withdraw(question_id, STOPPED):
                    withdrawn.append(question_id)
        except LogUnavailable as error:
            logger.error("%s", error)
        if withdrawn:
            way = in_thread(client, channel, thread)
            delivery.post(way, plain_message(message("slack_surfaces.stopped")))

    app.event("app_home_opened", matchers=[is_conversation])(opened)
    app.event("agent_session_stopped")(stopped)
