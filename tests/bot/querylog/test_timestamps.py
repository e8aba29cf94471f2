"""Checkpoints are time-stamped where an authority is set; who does not answer stops nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confirming_servers import Authority, answering
from log_support import converse, own_home
from receipt_support import Kept
from slack_sdk import WebClient
from slack_support import ScriptedDesk

from bot.cli.main import main
from bot.querylog import QueryLog
from bot.querylog.checkpoints import make_keys, public_key, read
from bot.querylog.confirmations import Confirmations
from bot.querylog.confirming import Confirmer, Confirming, confirming
from bot.querylog.timestamps import NotStamped, stamp, stamped_at, stamping_roots
from bot.settings import Settings, SettingsError
from bot.slack.checkpointing import checkpointing
from bot.slack.delivery import SlackDelivery
from bot.slack.state import State

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl plays the authority"),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept.made(tmp_path)
    converse(kept.log)
    yield kept
    kept.log.close()


def test_a_stamp_is_of_one_note_and_of_one_authority(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    with answering(authority) as url:
        response = stamp(url, "a note\n")
    assert stamped_at(response, "a note\n", stamping_roots(authority.root))
    with pytest.raises(NotStamped):
        stamped_at(response, "another note\n", stamping_roots(authority.root))
    with pytest.raises(NotStamped):
        stamped_at(response, "a note\n", stamping_roots(other.root))
    for place in (len(response) // 2, len(response) - 9):
        forged = response[:place] + bytes([response[place] ^ 1]) + response[place + 1 :]
        with pytest.raises(NotStamped):
            stamped_at(forged, "a note\n", stamping_roots(authority.root))
    with pytest.raises(NotStamped, match="another form"):
        stamped_at(b"nothing", "a note\n", stamping_roots(authority.root))


def test_openssl_verifies_it_too(authority: Authority, kept: Kept, tmp_path: Path) -> None:
    checkpoint = kept.vouch()
    with answering(authority) as url:
        assert Confirmer(kept.log, kept.file, timestamp_url=url).confirm(checkpoint) == {}
    (tmp_path / "note").write_text(checkpoint.note)
    (tmp_path / "response").write_bytes(Confirmations.beside(kept.file).timestamp(checkpoint.note))
    told = subprocess.run(
        ["openssl", "ts", "-verify", "-in", "response", "-data", "note", "-CAfile",
         str(authority.root)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert "Verification: OK" in told.stdout + told.stderr


def dead() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


REPLIES = {
    "an error": lambda _p, _b: (500, "text/plain", b"no"),
    "another form": lambda _p, _b: (200, "application/timestamp-reply", b"no"),
    "too long": lambda _p, _b: (200, "application/timestamp-reply", b"0" * 200_000),
}


@pytest.mark.parametrize("reply", REPLIES)
def test_an_authority_that_gives_no_stamp(kept: Kept, reply: str) -> None:
    checkpoint = kept.vouch()
    with answering(REPLIES[reply]) as url:
        failures = Confirmer(kept.log, kept.file, timestamp_url=url).confirm(checkpoint)
    assert "has no time stamp" in failures["stamp"]
    assert Confirmations.beside(kept.file).timestamp(checkpoint.note) is None


def test_an_old_stamp_sent_again(authority: Authority, kept: Kept) -> None:
    """The response is for another request: another note, another nonce."""
    sent: list = []

    def replaying(path: str, query: bytes):
        sent.append(authority(path, query))
        return sent[0]

    with answering(replaying) as url:
        stamp(url, "a note\n")
        for note in ("a note\n", "another\n"):
            with pytest.raises(NotStamped, match="something else"):
                stamp(url, note)


def test_a_failure_is_told_once_and_tried_again(
    authority: Authority, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "codedesk.log")
    broken = [True]

    def reply(path: str, query: bytes):
        return (503, "text/plain", b"") if broken[0] else authority(path, query)

    with answering(reply) as url:
        asked: list[str] = []
        confirmer = Confirmer(kept.log, kept.file, timestamp_url=url)
        whole = confirmer.confirm
        confirmer.confirm = lambda one: asked.append(one.at) or whole(one)  # type: ignore[method-assign]
        thread = Confirming(confirmer, again=0.01)
        checkpoint = kept.vouch()
        thread(checkpoint)
        until(lambda: len(asked) > 3)
        assert caplog.text.count("has no time stamp") == 1
        broken[0] = False
        until(lambda: "time-stamped again" in caplog.text)
        thread.close()
    assert Confirmations.beside(kept.file).timestamp(checkpoint.note)


def test_a_server_that_never_answers_does_not_hold_up_the_end(kept: Kept) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = Settings(home=kept.folder, timestamp_url=url)
        confirm, _ = confirming(settings, kept.log)
        confirm(kept.vouch())
        converse(kept.log)
        confirm(kept.vouch())
        confirm.close(0.05)  # type: ignore[attr-defined]
    assert len(kept.checkpoints.good) == 2


def test_without_the_library_a_sentence_says_so(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    settings = Settings(home=kept.folder, timestamp_url="https://tsa.example.org")
    confirm, close = confirming(settings, kept.log)
    confirm(kept.vouch())
    close()
    assert "pip install 'codedesk[timestamps]'" in caplog.text


def test_settings_of_a_witness_come_together(kept: Kept) -> None:
    with pytest.raises(SettingsError, match="CODEDESK_WITNESS_KEY_FILE"):
        Confirmer.of(Settings(home=kept.folder, witness_url="http://127.0.0.1:1"), kept.log)


def test_while_slack_is_served_they_are_stamped(authority: Authority, tmp_path: Path) -> None:
    given = Settings(home=tmp_path)
    make_keys(given.checkpoint_key, given.checkpoint_public_key)
    log = QueryLog(given.log_db)
    delivery = SlackDelivery(ScriptedDesk(), log, WebClient(), State(given.slack_db))
    with answering(authority) as url:
        given = Settings(home=tmp_path, timestamp_url=url)
        with checkpointing(given, delivery, look_every=0.01) as begin:
            begin()
            until(Confirmations.beside(given.checkpoints).path.exists)
    (first, *_) = read(given.checkpoints, public_key(given.checkpoint_public_key)).good
    assert Confirmations.beside(given.checkpoints).timestamp(first.note)
    log.close()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# The command line


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


def test_stamps_by_the_command_line(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = own_home(tmp_path, monkeypatch)
    log = QueryLog(home / "log.db")
    (question,) = converse(log)
    log.close()
    run("keys")
    roots = ("--tsa-roots", str(authority.root))
    monkeypatch.setenv("CODEDESK_TIMESTAMP_URL", dead())
    unstamped = run("checkpoint")
    assert (unstamped.exit_code, "has no time stamp" in unstamped.stderr) == (0, True)
    told = run("verify", *roots)
    assert (told.exit_code, "No checkpoint of it has a time stamp." in told.stdout) == (1, True)
    assert run("verify").exit_code == 0
    run("list")
    with answering(authority) as url:
        monkeypatch.setenv("CODEDESK_TIMESTAMP_URL", url)
        assert run("checkpoint").stderr.count("\n") == 1
    told = run("verify", *roots)
    assert told.exit_code == 0, told.stdout
    assert "1 of 2 checkpoints with a tree are time-stamped. The records up to" in told.stdout
    run("receipt", question, "-o", "receipt.json")
    told = run("check-receipt", "receipt.json", *roots)
    assert (told.exit_code, "Time-stamped at " in told.stdout) == (0, True)
    other = Authority(tmp_path / "other")
    told = run("verify", "--tsa-roots", str(other.root))
    assert (told.exit_code, "is not of an authority in root.pem" in told.stdout) == (3, True)
    told = run("check-receipt", "receipt.json", "--tsa-roots", str(other.root))
    assert (told.exit_code, "Its time stamp is wrong" in told.stdout) == (3, True)
    told = run("verify", "--tsa-roots", "nowhere")
    assert (told.exit_code, "There are no certificates in nowhere" in told.stderr) == (2, True)
