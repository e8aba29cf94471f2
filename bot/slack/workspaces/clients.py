"""A client of the Web API for each installation; or the one client of the settings for all.

A client of an installation looks its token up for each call. So a message that waits in the outbox
goes out with the token of its workspace, whichever process sends it, and with none once the app is
uninstalled there.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_bolt.context import BoltContext
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.web_api import NOT_INSTALLED, client_options
from bot.slack.workspaces.errors import STATE_ERRORS
from bot.slack.workspaces.installations import Installations, Installed
from bot.slack.workspaces.place import Workspace, workspace_of
from bot.slack.workspaces.token_keys import TokenKeysError

logger = logging.getLogger("codedesk.slack")

#: Clients that are kept; one takes less than a kilobyte.
_MOST = 5000


class NotInstalled(SlackApiError):
    """The app is not installed there, or not any more. It is what Slack would say."""

    def __init__(self, client: WebClient) -> None:
        refused = SlackResponse(
            client=client,
            http_verb="POST",
            api_url="",
            req_args={},
            data={"ok": False, "error": NOT_INSTALLED},
            headers={},
            status_code=200,
        )
        super().__init__("The app is not installed in this workspace.", refused)


class InstalledClient(WebClient):
    """The client of one installation. `installed` is its id. Two of one installation are equal."""

    installed: str = ""
    _installations: Installations | None = None

    @property
    def token(self) -> str:
        """Raises NotInstalled; and ConnectionRefusedError when it cannot be read now, as nothing
        was sent then, and it may go the next time."""
        try:
            found = self._installations.find(self.installed) if self._installations else None
        except (*STATE_ERRORS, TokenKeysError) as error:
            logger.error("a token cannot be read: %s", error)
            raise ConnectionRefusedError("the token cannot be read") from error
        if found is None:
            raise NotInstalled(self)
        return found.token

    @token.setter
    def token(self, _: str | None) -> None:
        """The SDK sets one when a client is made. It is not kept."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InstalledClient) and other.installed == self.installed

    def __hash__(self) -> int:
        return hash(self.installed)


class Clients:
    """Safe to use from many threads."""

    def __init__(
        self,
        single: WebClient | None,
        installations: Installations | None = None,
        api_url: str = "",
    ) -> None:
        """`single`: the client of the settings, for all; else `installations` has a token each."""
        self.single = single
        self.installations = installations
        self._api_url = api_url
        self._lock = threading.Lock()
        #: Those that were used last, the last one last.
        self._made: OrderedDict[str, InstalledClient] = OrderedDict()

    @property
    def many(self) -> bool:
        """Whether there is more than one workspace to keep apart."""
        return self.single is None

    def of(self, body: Mapping[str, Any]) -> WebClient:
        """The client for a request."""
        return self.single or self.for_workspace(workspace_of(body))

    def for_workspace(self, place: Workspace) -> WebClient:
        """The client for a workspace: of its own installation, else of its organisation's. Where
        there is none, every call raises NotInstalled."""
        if self.single:
            return self.single
        assert self.installations is not None
        found = (id_ for id_ in place.ids if self.installations.is_there(id_))
        return self.named(next(found, place.team or place.enterprise))

    def named(self, installed: str) -> WebClient:
        """The client of the installation with an id, as `installed_of` gave it."""
        if self.single:
            return self.single
        with self._lock:
            client = self._made.get(installed)
            if client is None:
                client = InstalledClient(**client_options(self._api_url))
                client.installed = installed
                client._installations = self.installations
                self._made[installed] = client
                while len(self._made) > _MOST:
                    self._made.popitem(last=False)
            self._made.move_to_end(installed)
            return client

    def forget(self, installed: str) -> None:
        """Forget the client of an installation that was removed."""
        with self._lock:
            self._made.pop(installed, None)

    def is_gone(self, client: WebClient | None) -> bool:
        """Whether a client is of an installation that is not there any more."""
        id_ = installed_of(client)
        return bool(id_ and self.installations and not self.installations.is_there(id_))


def clients_of(client: WebClient | Clients) -> Clients:
    return client if isinstance(client, Clients) else Clients(client)


def installed_of(client: WebClient | None) -> str:
    """The id of the installation that a client is of; "" for the client of the settings."""
    return client.installed if isinstance(client, InstalledClient) else ""


class StoredAuthorize(Authorize):
    """What Bolt needs to know of the installation that a request is for. It is kept from the day of
    installing, so that no request waits for Slack's auth.test."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    def __call__(
        self,
        *,
        context: BoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult | None:
        found = self._installations.find(*(id_ for id_ in (team_id, enterprise_id) if id_))
        return _result(found, enterprise_id, team_id, user_id) if found else None


def _result(
    found: Installed, enterprise_id: str | None, team_id: str | None, user_id: str | None
) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=enterprise_id or found.enterprise or None,
        team_id=team_id or found.team or None,
        bot_user_id=found.bot_user or None,
        bot_id=found.bot_id or None,
        bot_token=found.token,
        bot_scopes=found.scopes,
        user_id=user_id,
    )
