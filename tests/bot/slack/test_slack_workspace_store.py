"""What many workspaces keep, in SQLite and in PostgreSQL: installations, states, roles, rules and
counts."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.oauth.installation_store import Installation

from bot.database import Database, open_database
from bot.slack.state import State
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import UNINSTALLED, NotTaken, in_thread, web_client
from bot.slack.workspaces import token_keys
from bot.slack.workspaces.clients import Clients
from bot.slack.workspaces.installations import Installations
from bot.slack.workspaces.limits import Limits
from bot.slack.workspaces.oauth_states import OAuthStates
from bot.slack.workspaces.place import Workspace
from bot.slack.workspaces.rights import Rights
from bot.slack.workspaces.roles import Roles, Sight
from bot.slack.workspaces.token_keys import TokenKeys, TokenKeysError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    postgres = pytest.importorskip("postgres")
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["state", "sqlite", "postgres"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """What has `reading` and `writing`."""
    if request.param == "state":
        made: State | Database = State(tmp_path / "slack.db")
    elif request.param == "sqlite":
        made = open_database(tmp_path / "slack.db")
    else:
        url = request.getfixturevalue("address")
        made = sys.modules["postgres"].fresh(url)
    yield made
    made.close()


@pytest.fixture
def keys(tmp_path: Path) -> TokenKeys:
    token_keys.make(tmp_path / "tokens.key")
    return TokenKeys(tmp_path / "tokens.key")


def installation(team: str | None = "T1", enterprise: str | None = None, **more: Any) -> Any:
    given: dict[str, Any] = {
        "team_id": team,
        "enterprise_id": enterprise,
        "bot_token": f"xoxb-{team}-{enterprise}",
        "bot_id": "B1",
        "bot_user_id": "UBOT",
        "bot_scopes": "chat:write,commands",
        "user_id": "U1",
        "user_token": "xoxp-of-a-person",
        "is_enterprise_install": team is None,
    }
    return Installation(**(given | more))


def test_it_is_the_store_of_the_sdk(state: Any, keys: TokenKeys) -> None:
    store = Installations(state, keys)
    store.save(installation())
    store.save(installation(None, "E1"))
    store.save(installation("T2", "E1"))
    found = store.find_bot(enterprise_id=None, team_id="T1")
    assert found is not None
    assert (found.bot_token, found.bot_user_id) == ("xoxb-T1-None", "UBOT")
    assert list(found.bot_scopes) == ["chat:write", "commands"]
    for team, whole, token in (
        ("T2", False, "xoxb-T2-E1"),
        ("T3", False, "xoxb-None-E1"),
        (None, True, "xoxb-None-E1"),
        ("T2", True, "xoxb-None-E1"),
    ):
        one = store.find_installation(enterprise_id="E1", team_id=team, is_enterprise_install=whole)
        assert one is not None
        assert one.bot_token == token
        assert one.user_token is None
    assert store.find_bot(enterprise_id=None, team_id="T9") is None
    assert [one.id for one in store.all()] == ["E1", "T1", "T2"]
    store.save(installation(bot_token="xoxb-new"))
    again = store.find("T1")
    assert again is not None
    assert again.token == "xoxb-new"
    store.delete_all(enterprise_id=None, team_id="T1")
    assert store.ids() == ["E1", "T2"]
    assert not store.remove("T2", before=time.time() - 60)
    assert store.remove("T2")
    assert not store.remove("T2")


def test_tokens_are_encrypted_again_with_the_first_key(state: Any, keys: TokenKeys) -> None:
    store = Installations(state, keys)
    store.save(installation())
    token_keys.add(keys.path)
    assert Installations(state, TokenKeys(keys.path)).encrypt_again() == 1
    newest, oldest = keys.path.read_text().splitlines()
    keys.path.write_text(newest + "\n")
    found = store.find("T1")
    assert found is not None
    assert found.token == "xoxb-T1-None"
    keys.path.write_text(oldest + "\n")
    with pytest.raises(TokenKeysError, match="No key"):
        Installations(state, TokenKeys(keys.path)).find("T1")


def test_a_token_that_cannot_be_read_is_asked_for_again(state: Any, keys: TokenKeys) -> None:
    """Nothing was sent, so the message is tried again."""
    store = Installations(state, keys)
    store.save(installation())
    clients = Clients(None, store, "http://127.0.0.1:9/")
    client = clients.for_workspace(Workspace("T1"))
    assert client.token == "xoxb-T1-None"
    kept = keys.path.read_text()
    token_keys.add(keys.path)
    keys.path.write_text(keys.path.read_text().splitlines()[0] + "\n")
    other = Clients(None, Installations(state, TokenKeys(keys.path)), "").named("T1")
    with pytest.raises(NotTaken):
        in_thread(other, "C1", None).send(plain_message("x"))
    keys.path.write_text(kept)
    assert other.token == "xoxb-T1-None"
    assert other == client
    assert len({other, client, clients.named("T2")}) == 2
    store.remove("T1")
    assert clients.is_gone(client)
    assert in_thread(client, "C1", None).send(plain_message("x")) == UNINSTALLED
    state.close()
    if not hasattr(state, "kind") or state.kind == "sqlite":
        with pytest.raises(NotTaken):
            in_thread(client, "C1", None).send(plain_message("x"))


def test_states_are_used_once(state: Any) -> None:
    states = OAuthStates(state)
    issued = states.issue()
    assert issued not in str(_rows(state, "select * from oauth_states"))
    assert [states.consume(issued), states.consume(issued)] == [True, False]


def _rows(state: Any, sql: str) -> list[tuple[Any, ...]]:
    with state.reading() as db:
        return [tuple(row) for row in db.execute(sql).fetchall()]


def test_roles(state: Any) -> None:
    roles = Roles(state)
    assert [roles.add("T1", "U1", "auditor"), roles.add("T1", "U1", "auditor")] == [True, False]
    roles.add("E1", "U2", "auditor")
    roles.add("T1", "U3", "admin")
    assert roles.auditor(Workspace("T1"), "U1") == Sight(("T1",))
    assert roles.auditor(Workspace("T2"), "U1") is None
    assert roles.auditor(Workspace("T1"), "U1", "T9") is None
    assert roles.auditor(Workspace("T3", "E1"), "U2") == Sight(("E1", "T3"))
    assert roles.auditor(Workspace("T3"), "U2") is None
    assert roles.auditor(Workspace("T1"), "U3") is None
    assert roles.is_admin(Workspace("T1"), "U3")
    assert not roles.is_admin(Workspace("T1"), "U1")
    assert not roles.loads_files("U3")
    assert roles.of("T1") == [("U3", "admin"), ("U1", "auditor")]
    assert roles.remove("T1", "U3", "admin")
    assert not roles.remove("T1", "U3", "admin")
    roles.forget("T1")
    assert roles.of("T1") == []


def test_rules(state: Any) -> None:
    rights = Rights(state, Roles(state))
    client = web_client("", "http://127.0.0.1:9/")
    assert rights.refusal(Workspace("T1"), "U1", client) is None
    assert [rights.allow("T1", "U2"), rights.allow("T1", "U2")] == [True, False]
    assert rights.refusal(Workspace("T1"), "U1", client) == "not_allowed"
    assert rights.refusal(Workspace("T1"), "U2", client) is None
    rights.allow("T1", "S1")
    assert rights.refusal(Workspace("T1"), "U1", client) == "unknown_rights"
    assert rights.allowed("T1") == ["S1", "U2"]
    assert rights.disallow("T1", "S1")
    assert not rights.disallow("T1", "S1")


def test_counts(state: Any) -> None:
    limits = Limits(state, 2, 3)
    found = [limits.ask("T1", "T1", user) for user in ("U1", "U1", "U1", "U2", "U3")]
    assert [over and (over.of, over.first) for over in found] == [
        None,
        None,
        ("user", True),
        None,
        ("workspace", True),
    ]


@pytest.mark.parametrize("content", ["", "x\n", "not a key at all\n"])
def test_a_file_that_has_no_keys_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(TokenKeysError, match="no file of token keys"):
        TokenKeys(path)


def test_keys_that_others_can_read_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "tokens.key"
    token_keys.make(path)
    with pytest.raises(TokenKeysError, match="already"):
        token_keys.make(path)
    path.chmod(0o644)
    with pytest.raises(TokenKeysError, match="chmod 600"):
        TokenKeys(path)
