"""Puts many workspaces together with the app: its clients, its pages, and what follows when it is
uninstalled.

https://docs.slack.dev/reference/events/app_uninstalled
https://docs.slack.dev/reference/events/tokens_revoked
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, BoltResponse
from slack_sdk.oauth.installation_store import Installation

from bot.messages import message
from bot.settings import Settings
from bot.slack.delivery import SlackDelivery
from bot.slack.state import State
from bot.slack.web_api import web_client
from bot.slack.workspaces import oauth, token_keys
from bot.slack.workspaces.clients import Clients, StoredAuthorize
from bot.slack.workspaces.errors import STATE_ERRORS
from bot.slack.workspaces.installations import Installations, rotator
from bot.slack.workspaces.oauth_states import OAuthStates
from bot.slack.workspaces.place import is_of_organisation, workspace_of
from bot.slack.workspaces.token_keys import TokenKeys, TokenKeysError

logger = logging.getLogger("codedesk.slack")


def installations(
    settings: Settings, state: State, say: Callable[[str], None] = print
) -> Installations:
    """The installations, with the keys of the settings, which are made where nothing was encrypted
    yet. Raises TokenKeysError."""
    path = settings.token_keys
    if not path.exists():
        if _are_there(state):
            raise TokenKeysError(message("workspaces.keys_lost", path=path))
        token_keys.make(path)
        say(message("workspaces.keys_made", path=path))
    api = web_client("", settings.slack_api_url)
    client_id, secret = settings.slack_client_id or "", settings.slack_client_secret or ""
    store = Installations(state, TokenKeys(path), rotator(client_id, secret, api))
    for one in store.ids()[:1]:
        store.find(one)  # A key that opens none of them is told of at the start.
    return store


def _are_there(state: State) -> bool:
    try:
        with state.reading() as db:
            return bool(db.execute("select 1 from installations").fetchone())
    except STATE_ERRORS:
        return False  # There is no such table yet.


def clients(settings: Settings, state: State, say: Callable[[str], None]) -> Clients:
    """Raises TokenKeysError."""
    return Clients(None, installations(settings, state, say), settings.slack_api_url)


def whose(settings: Settings, delivery: SlackDelivery) -> dict[str, Any]:
    """What Bolt's App is told of tokens."""
    if not delivery.clients.many:
        return {"client": delivery.client}
    store = delivery.clients.installations
    assert store is not None
    api = web_client("", settings.slack_api_url)

    def kept(made: Installation) -> None:
        """Whoever installs it is its administrator."""
        place = (made.enterprise_id if made.is_enterprise_install else made.team_id) or ""
        delivery.roles.add(place, made.user_id, "admin")
        delivery.log.access("install", made.user_id, team=place)
        logger.info("installed in %s", place)

    flow = oauth.flow(settings, api, store, OAuthStates(delivery.state), kept)
    return {
        "client": api,
        "authorize": StoredAuthorize(store),
        "oauth_flow": flow,
        "user_facing_authorize_error_message": message("workspaces.not_here"),
    }


def register(app: App, delivery: SlackDelivery) -> None:
    """What is to be done when a workspace uninstalls the app."""
    store = delivery.clients.installations
    if store is None:
        return

    def gone(body: dict[str, Any]) -> str:
        """Remove the installation that an event is of; gives its id, "" where it was installed
        again since. What waits for it is not sent any more."""
        place = workspace_of(body)
        id_ = place.enterprise if is_of_organisation(body) else place.team
        if not store.is_there(id_) and place.enterprise and not body.get("team_id"):
            id_ = place.enterprise
        # The time of an event is in whole seconds.
        at = body.get("event_time")
        if store.remove(id_, before=float(at) + 1 if at else None):
            delivery.clients.forget(id_)
            delivery.outbox.hurry(id_)
            logger.info("uninstalled from %s", id_)
        return "" if store.is_there(id_) else id_

    def uninstalled(body: dict[str, Any], ack: Ack) -> BoltResponse:
        """Remove what is kept of its people, too. The log stays, as an auditor needs it. Where that
        fails the event is not acknowledged, and Slack sends it again. The two events may come in
        any order."""
        if id_ := gone(body):
            delivery.log.access("uninstall", "slack", team=id_)
            delivery.roles.forget(id_)
            delivery.rights.forget(id_)
            delivery.people.forget(id_)
        return ack()

    def revoked(body: dict[str, Any], event: dict[str, Any], ack: Ack) -> BoltResponse:
        """Only tokens of bots are kept."""
        if (event.get("tokens") or {}).get("bot"):
            gone(body)
        return ack()

    def nothing() -> None:
        """The middleware has done everything."""

    app.event("app_uninstalled", middleware=[uninstalled])(nothing)
    app.event("tokens_revoked", middleware=[revoked])(nothing)
