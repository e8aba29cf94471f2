"""Installing the app in more workspaces: the page of Slack where somebody allows it, and what
oauth.v2.access then gives.

https://docs.slack.dev/authentication/installing-with-oauth
https://docs.slack.dev/reference/methods/oauth.v2.access
"""

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from .envelopes import Identity
from .workspace import Workspace, refused

CLIENT_ID, CLIENT_SECRET = "111.222", "client-secret"


@dataclass
class Tenant:
    """A workspace, or an organisation with all of its workspaces, and the app's tokens there."""

    identity: Identity
    workspace: Workspace
    #: Channels and people that only this tenant has, by the beginning of their ids.
    owns: tuple[str, ...] = ()
    tokens: list[str] = field(default_factory=list)
    refresh: str = ""
    #: Seconds for which a token is good; 0 for ever.
    expires_in: int = 0


class Installs:
    """Codes that were allowed, and tokens by tenant. The server does the locking."""

    def __init__(self) -> None:
        self.tenants: list[Tenant] = []
        self._codes: dict[str, tuple[Tenant, str, str]] = {}  # code -> who, by whom, where to
        self.revoked: set[str] = set()

    def of_token(self, token: str) -> Tenant | None:
        return next((one for one in self.tenants if token in one.tokens), None)

    def is_foreign(self, tenant: Tenant, place: str) -> bool:
        """Whether a channel or person is another tenant's."""
        others = [one for one in self.tenants if one is not tenant]
        return any(place.startswith(begin) for other in others for begin in other.owns)

    def approve(self, tenant: Tenant, address: str, by: str) -> str:
        """Somebody allows the app at the address that its install page links to; gives the address
        that Slack leads them back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["client_id"] == CLIENT_ID, query
        code = f"code-{uuid.uuid4().hex}"
        self._codes[code] = tenant, by, query.get("redirect_uri", "")
        back = query.get("redirect_uri") or "http://registered.example/slack/oauth_redirect"
        return f"{back}?{urlencode({'code': code, 'state': query['state']})}"

    def access(self, args: dict[str, Any], authorization: str) -> dict[str, Any]:
        """oauth.v2.access."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {basic}":
            return refused("bad_client_secret")
        if args.get("grant_type") == "refresh_token":
            given = str(args.get("refresh_token"))
            tenant = next((one for one in self.tenants if one.refresh == given != ""), None)
            if tenant is None:
                return refused("invalid_refresh_token")
            return {"ok": True, "token_type": "bot", **self._new_token(tenant)}
        found = self._codes.pop(str(args.get("code", "")), None)
        if found is None:
            return refused("invalid_code")
        tenant, by, back = found
        if back and args.get("redirect_uri") != back:
            return refused("bad_redirect_uri")
        identity = tenant.identity
        enterprise = {"id": identity.enterprise, "name": f"Org {identity.enterprise}"}
        team = {"id": identity.team, "name": f"Team {identity.team}"}
        return {
            "ok": True,
            "token_type": "bot",
            "scope": "chat:write,commands",
            "bot_user_id": identity.bot_user,
            "app_id": identity.app_id,
            "team": None if identity.of_organisation else team,
            "enterprise": enterprise if identity.enterprise else None,
            "is_enterprise_install": identity.of_organisation,
            "authed_user": {"id": by},
            **self._new_token(tenant),
        }

    def _new_token(self, tenant: Tenant) -> dict[str, Any]:
        token = f"xoxb-{tenant.identity.team}-{uuid.uuid4().hex}"
        tenant.tokens.append(token)
        if not tenant.expires_in:
            return {"access_token": token}
        tenant.refresh = f"xoxe-1-{uuid.uuid4().hex}"
        return {
            "access_token": token,
            "refresh_token": tenant.refresh,
            "expires_in": tenant.expires_in,
        }

    def uninstall(self, tenant: Tenant) -> None:
        self.revoked |= set(tenant.tokens)
        tenant.tokens.clear()
