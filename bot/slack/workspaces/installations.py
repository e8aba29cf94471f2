"""The installations of the app, with their tokens, which are encrypted.

This is the InstallationStore of Slack's SDK: Bolt's pages write it, and all that calls Slack reads
it. https://docs.slack.dev/tools/bolt-python/concepts/authenticating-oauth

Nothing is cached: each call of Slack reads its token, so an uninstall counts at once in every
process. Reading one takes microseconds, a call of Slack a tenth of a second.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, replace
from logging import Logger

from slack_sdk import WebClient
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot, Installation, InstallationStore
from slack_sdk.oauth.token_rotation import TokenRotator

from bot.slack.state import State
from bot.slack.workspaces.token_keys import TokenKeys

logger = logging.getLogger("codedesk.slack")

_TABLE = """
create table if not exists installations (
    id text primary key,             -- T… of a workspace, or E… of a whole organisation
    enterprise text not null,
    team text not null,
    name text not null,
    app text not null,
    bot_id text not null,
    bot_user text not null,
    scopes text not null,            -- separated by commas
    secrets text not null,           -- encrypted JSON: token, refresh
    expires_at double precision,     -- seconds since 1970; null for a token that does not expire
    installed_by text not null,
    installed_at double precision not null,
    renewing_until double precision not null default 0
)
"""
_COLUMNS = (
    "id, enterprise, team, name, app, bot_id, bot_user, scopes, secrets, expires_at, installed_by, "
    "installed_at"
)
#: Seconds before its end at which a token is renewed, as Bolt does, and those for which one process
#: alone may do it: a refresh token is good for one use.
RENEW_BEFORE, _RENEWING = 2 * 60 * 60.0, 30.0


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation. `id` is that of the workspace, or of the organisation."""

    id: str
    enterprise: str
    team: str
    name: str
    app: str
    bot_id: str
    bot_user: str
    scopes: str
    token: str
    refresh: str
    expires_at: float | None
    installed_by: str
    installed_at: float

    @property
    def is_of_organisation(self) -> bool:
        return not self.team

    def as_bot(self) -> Bot:
        """As the SDK has it."""
        return Bot(
            app_id=self.app or None,
            enterprise_id=self.enterprise or None,
            team_id=self.team or None,
            bot_token=self.token,
            bot_id=self.bot_id,
            bot_user_id=self.bot_user,
            bot_scopes=self.scopes,
            bot_refresh_token=self.refresh or None,
            bot_token_expires_at=None if self.expires_at is None else int(self.expires_at),
            is_enterprise_install=self.is_of_organisation,
            installed_at=self.installed_at,
        )

    def as_installation(self) -> Installation:
        bot = self.as_bot()
        return Installation(
            app_id=bot.app_id,
            enterprise_id=bot.enterprise_id,
            team_id=bot.team_id,
            bot_token=bot.bot_token,
            bot_id=bot.bot_id,
            bot_user_id=bot.bot_user_id,
            bot_scopes=bot.bot_scopes,
            bot_refresh_token=bot.bot_refresh_token,
            bot_token_expires_at=bot.bot_token_expires_at,
            user_id=self.installed_by,
            is_enterprise_install=bot.is_enterprise_install,
            installed_at=bot.installed_at,
        )


class Installations(InstallationStore):
    """Safe to use from many threads, and by many processes. Methods raise what State raises, and
    TokenKeysError."""

    def __init__(self, state: State, keys: TokenKeys, rotator: TokenRotator | None = None) -> None:
        """`rotator` renews tokens that expire; None: they are used as they are."""
        self._state = state
        self._keys = keys
        self._rotator = rotator
        with state.writing() as db:
            db.execute(_TABLE)

    @property
    def logger(self) -> Logger:
        return logger

    # Writing

    def save(self, installation: Installation) -> None:
        """Keep the bot's token; there are no tokens of people, as the app asks for none."""
        self._save(installation.to_bot(), installation.user_id, installation.team_name)

    def save_bot(self, bot: Bot) -> None:
        self._save(bot, "", bot.team_name)

    def _save(self, bot: Bot, by: str, name: str | None) -> None:
        enterprise, team = bot.enterprise_id or "", bot.team_id or ""
        if bot.is_enterprise_install:
            team = ""
        name = (bot.enterprise_name if not team else name) or ""
        secrets = json.dumps({"token": bot.bot_token, "refresh": bot.bot_refresh_token or ""})
        row = [
            team or enterprise,
            enterprise,
            team,
            name,
            bot.app_id or "",
            bot.bot_id or "",
            bot.bot_user_id or "",
            ",".join(bot.bot_scopes or ()),
            self._keys.encrypted(secrets),
            bot.bot_token_expires_at,
            by,
            time.time(),
        ]
        sets = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS.split(", ")[1:])
        marks = ", ".join("?" * len(row))
        with self._state.writing() as db:
            db.execute(
                f"insert into installations ({_COLUMNS}) values ({marks}) "
                f"on conflict (id) do update set {sets}, renewing_until = 0",
                row,
            )

    def remove(self, id_: str, *, before: float | None = None) -> bool:
        """Remove an installation; False when there is none. `before`: only one that is older (in
        seconds since 1970), as an event may come after the app was installed again."""
        until = time.time() + 1 if before is None else before
        with self._state.writing() as db:
            gone = db.execute(
                "delete from installations where id = ? and installed_at <= ?", [id_, until]
            )
            return gone.rowcount == 1

    def delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        self.remove(team_id or enterprise_id or "")

    def delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Nothing is kept of a person who installed it but the bot's token."""

    def encrypt_again(self) -> int:
        """Encrypt all tokens with the first key; gives how many there are."""
        with self._state.writing() as db:
            rows = db.execute("select id, secrets from installations").fetchall()
            for id_, secrets in map(tuple, rows):
                again = self._keys.encrypted(self._keys.decrypted(secrets))
                db.execute("update installations set secrets = ? where id = ?", [again, id_])
        return len(rows)

    # Reading

    def all(self) -> list[Installed]:
        """Every installation, by its id."""
        with self._state.reading() as db:
            rows = db.execute(f"select {_COLUMNS} from installations order by id").fetchall()
        return [self._installed(tuple(row)) for row in rows]

    def ids(self) -> list[str]:
        with self._state.reading() as db:
            rows = db.execute("select id from installations order by id").fetchall()
        return [row[0] for row in rows]

    def is_there(self, id_: str) -> bool:
        with self._state.reading() as db:
            return bool(db.execute("select 1 from installations where id = ?", [id_]).fetchone())

    def find(self, *ids: str) -> Installed | None:
        """The installation with the first of these ids that has one, its token renewed where it
        ends soon."""
        for id_ in ids:
            with self._state.reading() as db:
                row = db.execute(
                    f"select {_COLUMNS} from installations where id = ?", [id_]
                ).fetchone()
            if row is not None:
                return self._renewed(self._installed(tuple(row)))
        return None

    def find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        found = self.find(*_ids(enterprise_id, team_id, is_enterprise_install))
        return found.as_bot() if found else None

    def find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        found = self.find(*_ids(enterprise_id, team_id, is_enterprise_install))
        return found.as_installation() if found else None

    def _installed(self, row: tuple[object, ...]) -> Installed:
        id_, enterprise, team, name, app, bot_id, bot_user, scopes, secrets = map(str, row[:9])
        expires_at, by, at = row[9:]
        kept = json.loads(self._keys.decrypted(secrets))
        expires = None if expires_at is None else float(str(expires_at))
        return Installed(
            id_,
            enterprise,
            team,
            name,
            app,
            bot_id,
            bot_user,
            scopes,
            token=kept["token"],
            refresh=kept["refresh"],
            expires_at=expires,
            installed_by=str(by),
            installed_at=float(str(at)),
        )

    # Tokens that expire: https://docs.slack.dev/authentication/using-token-rotation

    def _renewed(self, found: Installed) -> Installed:
        now = time.time()
        if self._rotator is None or found.expires_at is None or not found.refresh:
            return found
        if found.expires_at > now + RENEW_BEFORE or not self._may_renew(found.id, now):
            return found
        try:
            bot = self._rotator.perform_bot_token_rotation(
                bot=found.as_bot(), minutes_before_expiration=int(RENEW_BEFORE / 60)
            )
        except (SlackTokenRotationError, OSError) as error:
            # The token is good for a while: it is tried again.
            logger.error("the token of %s was not renewed: %s", found.id, type(error).__name__)
            return found
        if bot is None:
            return found
        secrets = json.dumps({"token": bot.bot_token, "refresh": bot.bot_refresh_token or ""})
        with self._state.writing() as db:
            db.execute(
                "update installations set secrets = ?, expires_at = ?, renewing_until = 0 "
                "where id = ?",
                [self._keys.encrypted(secrets), bot.bot_token_expires_at, found.id],
            )
        return replace(
            found,
            token=bot.bot_token,
            refresh=bot.bot_refresh_token or "",
            expires_at=bot.bot_token_expires_at,
        )

    def _may_renew(self, id_: str, now: float) -> bool:
        """Whether this process renews it: one does at a time."""
        with self._state.writing() as db:
            taken = db.execute(
                "update installations set renewing_until = ? where id = ? and renewing_until < ?",
                [now + _RENEWING, id_, now],
            )
            return taken.rowcount == 1


def rotator(client_id: str, client_secret: str, api: WebClient) -> TokenRotator:
    return TokenRotator(client_id=client_id, client_secret=client_secret, client=api)


def _ids(enterprise: str | None, team: str | None, of_organisation: bool | None) -> list[str]:
    ids = [None if of_organisation else team, enterprise]
    return [id_ for id_ in ids if id_]
