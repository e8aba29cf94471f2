"""The pages by which a workspace installs the app: /slack/install and /slack/oauth_redirect.

Bolt does what OAuth asks for; the pages are ours.
https://docs.slack.dev/tools/bolt-python/concepts/authenticating-oauth
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from html import escape
from http.client import HTTPException
from typing import Any

from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store import Installation

from bot.messages import message
from bot.settings import Settings
from bot.slack.workspaces.installations import Installations
from bot.slack.workspaces.oauth_states import KEPT, OAuthStates

logger = logging.getLogger("codedesk.slack")

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
#: Those of manifest.yaml.
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:read",
    "groups:read",
    "chat:write",
    "commands",
    "files:read",
    "im:history",
)
#: https://docs.slack.dev/reference/scopes/usergroups.read: for rules that name user groups.
GROUPS_SCOPE = "usergroups:read"
#: What went wrong, as Bolt and Slack call it, and the message of each; for all else `failed`.
_REASONS = {
    "access_denied": "denied",
    "invalid_browser": "expired",
    "invalid_state": "expired",
    "missing_code": "expired",
    "invalid_code": "code",
    "storage_error": "not_kept",
    "unreachable": "unreachable",
}
_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font: 1em/1.5 sans-serif; margin: 3em auto; max-width: 36em; padding: 0 1em">
<h1 style="font-size: 1.4em">{title}</h1>{body}</body></html>
"""
_HEADERS: dict[str, Any] = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

#: Called with each new installation, once it is kept.
Kept = Callable[[Installation], None]


class _NotInstalled(Exception):
    """Slack could not be asked; the argument is the reason, one of _REASONS."""


class _Flow(OAuthFlow):
    """Bolt's, with pages of our own, and an end for each error."""

    def __init__(self, kept: Kept, **how: Any) -> None:
        super().__init__(**how)
        self._kept = kept

    def build_install_page_html(self, url: str, request: BoltRequest) -> str:
        link = f'<p><a href="{escape(url)}">{escape(message("workspaces.install_link"))}</a></p>'
        return _page("install_title", ["install_about", "install_admin"], link)

    def run_installation(self, code: str) -> Installation | None:
        try:
            # Bolt prints a code that Slack refuses, together with Slack's reply: see _quiet.
            return super().run_installation(code)
        except (OSError, HTTPException) as error:
            raise _NotInstalled("unreachable") from error

    def store_installation(self, request: BoltRequest, installation: Installation) -> None:
        if not installation.bot_token or not (installation.team_id or installation.enterprise_id):
            raise _NotInstalled("invalid_code")
        super().store_installation(request, installation)
        self._kept(installation)

    def handle_callback(self, request: BoltRequest) -> BoltResponse:
        try:
            return super().handle_callback(request)
        except _NotInstalled as error:
            return _failed(str(error), 502)
        except Exception as error:
            # The error's message is not logged: it may hold a token.
            logger.error("an installation was not kept: %s", type(error).__name__)
            return _failed("storage_error", 500)


def flow(
    settings: Settings,
    api: WebClient,
    installations: Installations,
    states: OAuthStates,
    kept: Kept,
) -> OAuthFlow:
    """The pages. `api`: a client without a token. `kept` is called with each installation."""
    base = settings.slack_install_url
    quiet = logging.getLogger("codedesk.oauth")
    quiet.setLevel(logging.CRITICAL)
    how = OAuthSettings(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret,
        scopes=SCOPES,
        user_scopes=(),
        # Without it Slack takes the one of the app's settings, if there is only one.
        redirect_uri=base + REDIRECT if base else None,
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
        callback_options=CallbackOptions(success=_succeeded, failure=_refused),
        installation_store=installations,
        installation_store_bot_only=True,
        state_store=states,
        state_expiration_seconds=KEPT,
        logger=quiet,
    )
    return _Flow(kept, client=api, logger=quiet, settings=how)


def answered(flow: OAuthFlow, path: str, query: str, headers: dict[str, Any]) -> BoltResponse:
    """The page at one of the two paths."""
    request = BoltRequest(body="", query=query, headers=headers)
    page = flow.handle_installation if path == INSTALL else flow.handle_callback
    response = page(request)
    for name, value in _HEADERS.items():
        response.headers[name.lower()] = [value]
    return response


def _succeeded(args: SuccessArgs) -> BoltResponse:
    made = args.installation
    of_organisation = bool(made.is_enterprise_install)
    where = (made.enterprise_name if of_organisation else made.team_name) or message(
        "workspaces.your_workspace"
    )
    then = "installed_org" if of_organisation else "installed_then"
    page = _page("installed_title", ["installed", then, "installed_admin"], where=where)
    headers: dict[str, Any] = {
        "Set-Cookie": [args.settings.state_utils.build_set_cookie_for_deletion()]
    }
    return BoltResponse(status=200, body=page, headers=headers)


def _refused(args: FailureArgs) -> BoltResponse:
    return _failed(args.reason, args.suggested_status_code)


def _failed(reason: str, status: int) -> BoltResponse:
    told = _REASONS.get(reason, "failed")
    again = f'<p><a href="install">{escape(message("workspaces.again"))}</a></p>'
    return BoltResponse(status=status, body=_page("failed_title", [f"failed_{told}"], again))


def _page(title: str, sentences: list[str], more: str = "", **told: str) -> str:
    shown = "".join(f"<p>{escape(message(f'workspaces.{key}', **told))}</p>" for key in sentences)
    return _PAGE.format(title=escape(message(f"workspaces.{title}")), body=shown + more)
