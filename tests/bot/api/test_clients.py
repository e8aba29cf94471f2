"""Clients and their tokens: made, listed, changed and removed on the command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.api.clients import Client
from bot.api.rates import Rates
from bot.api.tokens import PREFIX, Tokens
from bot.cli.main import main
from bot.querylog import QueryLog
from bot.settings import SettingsError

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["clients", *words])


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "clients.toml")


def test_a_token_is_printed_once_and_only_its_hash_is_kept(run: Run, tmp_path: Path) -> None:
    made = run("add", "lims", "--scope", "ask", "--scope", "check", "--per-minute", "90")
    token = made.stdout.strip()
    assert token.startswith(PREFIX)
    assert len(token) == len(PREFIX) + 43
    file = tmp_path / "clients.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(token.encode()).hexdigest() in file.read_text()
    assert not any(token.encode() in one.read_bytes() for one in tmp_path.iterdir())
    assert Tokens(file).client(token) == Client("lims", frozenset({"ask", "check"}), 90)
    shown = json.loads(run("list", "--json").stdout)
    assert shown == {"name": "lims", "scopes": ["ask", "check"], "per_minute": 90}
    assert run("list").stdout == "lims: ask, check, 90 calls a minute\n"


def test_a_new_token_ends_the_old_one_and_removing_ends_both(run: Run, tokens: Tokens) -> None:
    first = run("add", "lims", "--scope", "ask").stdout.strip()
    other = run("add", "other", "--scope", "check").stdout.strip()
    assert tokens.client(first)
    second = run("rotate", "lims").stdout.strip()
    assert tokens.client(first) is None
    found = tokens.client(second)
    assert found
    assert found.name == "lims"
    assert found.scopes == {"ask"}
    assert run("remove", "lims").exit_code == 0
    assert tokens.client(second) is None
    assert tokens.client(other)


def test_every_change_goes_on_record(run: Run, tmp_path: Path) -> None:
    for words in (("add", "lims", "--scope", "ask"), ("rotate", "lims"), ("remove", "lims")):
        assert run(*words).exit_code == 0
    log = QueryLog(tmp_path / "log.db")
    found = [(one.body["what"], one.texts["detail"]) for one in log.records(0, ["access"])]
    log.close()
    what = "lims: ask, 600 calls a minute"
    assert found == [("client", f"{how} {what}") for how in ("add", "rotate", "remove")]


def test_without_a_record_nothing_is_changed(run: Run, tmp_path: Path, tokens: Tokens) -> None:
    (tmp_path / "log.db").mkdir()
    refused = run("add", "lims", "--scope", "ask")
    assert refused.exit_code == 2
    assert "cannot be written" in refused.stderr
    assert refused.stdout == ""
    assert tokens.all() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "a b", "--scope", "ask"), "cannot be the name of a client"),
        (("add", "there", "--scope", "ask"), "There is a client there already"),
        (("add", "x", "--scope", "all"), "'all' is not one of"),
        (("add", "x"), "Missing option '--scope'"),
        (("remove", "nobody"), "has no client nobody"),
        (("rotate", "nobody"), "has no client nobody"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(
    run: Run, words: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    run("add", "there", "--scope", "ask")
    before = (tmp_path / "clients.toml").read_text()
    refused = run(*words)
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert (tmp_path / "clients.toml").read_text() == before


@pytest.mark.parametrize(
    "text",
    [
        "lims = 'x'",
        f"lims = {{ token_sha256 = '{'0' * 64}', scopes = ['all'], per_minute = 0 }}",
        f"lims = {{ token_sha256 = '{'0' * 64}', scopes = ['ask'] }}",
        "lims = { token_sha256 = 'abc', scopes = ['ask'], per_minute = 0 }",
        "lims = {",
    ],
)
def test_a_file_that_cannot_be_read_lets_nobody_in(tokens: Tokens, text: str) -> None:
    token = tokens.add("good", ["ask"])
    assert tokens.client(token)
    file = tokens._path
    file.write_text(text)
    with pytest.raises(SettingsError, match="clients"):
        tokens.client(token)


def test_a_file_that_others_can_write_lets_nobody_in(tokens: Tokens) -> None:
    token = tokens.add("good", ["ask"])
    tokens._path.chmod(0o666)
    with pytest.raises(SettingsError, match="chmod 600"):
        tokens.client(token)


def test_a_limit_slides(tokens: Tokens) -> None:
    now = [600.0]
    rates = Rates(lambda: now[0])
    client = Client("lims", frozenset(), per_minute=2)
    assert [rates.count(client) for _ in range(3)] == [0, 0, 90]
    now[0] += 89
    assert rates.count(client) == 1
    now[0] += 1
    assert rates.count(client) == 0
    assert [rates.count(Client("free", frozenset())) for _ in range(99)] == [0] * 99
