"""A checkpoint vouches for the log up to its record: nobody can cut the end off, put an older copy
in its place, or forge one."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from log_support import attacked, check, converse, copy, own_home, put_in_place, rehash
from slack_sdk import WebClient
from slack_support import ScriptedDesk, served, settings, slack_server

from bot.cli.main import main
from bot.querylog import QueryLog
from bot.querylog.checkpoints import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
    keep,
    make_keys,
    private_key,
    public_key,
    read,
)
from bot.querylog.retention import redact
from bot.querylog.verify import Verification
from bot.querylog.vouching import Keeper, take
from bot.settings import Settings
from bot.slack.checkpointing import checkpointing
from bot.slack.delivery import SlackDelivery
from bot.slack.state import State

#: On SQLite and on PostgreSQL.
ON_BOTH = True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "checkpoints.jsonl"


@pytest.fixture
def log(where: Path | str) -> Iterator[QueryLog]:
    log = QueryLog(where)
    converse(log, 4)
    yield log
    log.close()


@pytest.fixture
def verified(log: QueryLog, keys: tuple[Path, Path], file: Path):
    """Take a checkpoint now (after twelve records); verify later, with the public key only."""
    keep(take(log, private_key(keys[0])).checkpoint, file)

    def verify(path: Path | None = None) -> Verification:
        return check(path or log.where, checkpoints=read(file, public_key(keys[1])))

    return verify


def test_a_checkpoint_vouches_for_what_was_there(log: QueryLog, verified) -> None:
    found = verified()
    assert (found.result, found.exit_code, found.checkpoint.sequence) == ("vouched", 0, 12)
    assert "Vouched for up to record 12" in found.sentences()[0]
    converse(log)
    found = verified()
    assert (found.exit_code, found.after) == (0, 3)
    assert "3 records came after that checkpoint" in found.sentences()[1]


def test_cut_tail(log: QueryLog, verified) -> None:
    with attacked(log.where) as db:
        db.execute("delete from texts where record > 9")
        db.execute("delete from records where seq > 9")
    assert check(log.where).exit_code == 1, "nothing in the database shows it"
    found = verified()
    assert (found.bad, found.exit_code) == (10, 3)
    assert "cut off, or an older copy" in found.why


@pytest.mark.sqlite_only
def test_the_whole_file_swapped_for_an_older_copy(
    log: QueryLog, keys, file: Path, verified, tmp_path: Path
) -> None:
    older = copy(log.path, tmp_path / "older.db")
    converse(log, 2)
    keep(take(log, private_key(keys[0])).checkpoint, file)
    log.close()
    put_in_place(older, log.path)
    log._open()
    assert check(log.where).exit_code == 1
    assert verified().bad == 13
    converse(log, 3)
    found = verified()
    assert found.bad == 18, "also when it has grown past the checkpoint"
    assert "rewritten, or this is a fork" in found.why


def test_an_edit_hashed_anew(log: QueryLog, verified) -> None:
    with attacked(log.where) as db:
        db.execute("update records set at = '2020-01-01' where seq = 5")
        rehash(db)
    assert check(log.where).exit_code == 1
    assert verified().bad == 12


def test_another_log_in_its_place(log: QueryLog, verified, tmp_path: Path) -> None:
    other = QueryLog(tmp_path / "other.db")
    converse(other, 5)
    other.close()
    assert "another log was put in its place" in verified(other.path).why


def test_a_tombstone_of_the_adversarys_own_is_not_vouched_for(log: QueryLog, verified) -> None:
    """Cutting the head under a tombstone is not caught as false, for it is a record like others; it
    is not vouched for either until someone who has the key says so."""
    with attacked(log.where) as db:
        (last_hash,) = db.execute("select hash from records where seq = 6").fetchone()
    log.append("retention", None, {"log": log.id, "last": 6, "last_hash": last_hash})
    with attacked(log.where) as db:
        db.execute("delete from texts where record <= 6")
        db.execute("delete from records where seq <= 6")
    found = verified()
    assert (found.bad, found.exit_code) == (None, 1)
    assert "no checkpoint vouches yet for record 13, which says so" in found.sentences()[0]


def test_a_redaction_of_the_adversarys_own_is_not_vouched_for(log: QueryLog, verified) -> None:
    redact(log, log.recent()[0].id, "nothing to see here", "nobody")
    found = verified()
    assert (found.bad, found.exit_code) == (None, 1)
    assert "no checkpoint vouches yet for record 13" in found.sentences()[0]


def change(name: str, value: object):
    return lambda line: json.dumps(json.loads(line) | {name: value})


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(change("head", "sha256:" + "0" * 64), id="head"),
        pytest.param(change("sequence", 9), id="sequence"),
        pytest.param(change("count", 9), id="count"),
        pytest.param(change("at", "2020-01-01T00:00:00+00:00"), id="time"),
        pytest.param(change("log", "another"), id="log"),
        pytest.param(change("signature", ""), id="no signature"),
        pytest.param(change("signature", "AAAA"), id="bad signature"),
    ],
)
def test_a_forged_checkpoint(log: QueryLog, verified, file: Path, forge) -> None:
    file.write_text(forge(file.read_text()) + "\n")
    found = verified()
    assert (found.bad, found.exit_code) == (0, 3)
    assert "Line 1 of the checkpoints was not signed by this key" in found.why


def test_a_checkpoint_signed_with_another_key(log: QueryLog, verified, file: Path) -> None:
    keep(take(log, Ed25519PrivateKey.generate()).checkpoint, file)
    assert "Line 2 of the checkpoints was not signed" in verified().why


def test_a_line_that_a_crash_cut_off_is_left_out(log: QueryLog, verified, file: Path, keys) -> None:
    with file.open("a") as torn:
        torn.write('{"at": "2026')
    assert verified().exit_code == 0
    converse(log)
    keep(take(log, private_key(keys[0])).checkpoint, file)
    found = verified()
    assert found.checkpoint.sequence == 15
    assert found.notes == ["Not whole, and left out: line 2 of the checkpoints."]


def test_only_lines_are_added_and_the_file_is_the_owners(log, verified, file: Path, keys) -> None:
    first = file.read_text()
    keep(take(log, private_key(keys[0])).checkpoint, file)
    assert file.read_text().startswith(first)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(keys[0].parent.stat().st_mode) == 0o700


def test_a_checkpoint_of_an_empty_log_vouches_for_nothing(tmp_path: Path, keys) -> None:
    log = QueryLog(tmp_path / "empty.db")
    checkpoint = take(log, private_key(keys[0])).checkpoint
    assert (checkpoint.sequence, checkpoint.count) == (0, 0)
    converse(log)
    found = check(log.where, checkpoints=Checkpoints([checkpoint], [], []))
    assert (found.bad, found.exit_code) == (None, 1)
    moved = replace(checkpoint, head="sha256:" + "0" * 64)
    assert check(log.where, checkpoints=Checkpoints([moved], [], [])).exit_code == 3
    log.close()


@pytest.mark.parametrize("load", [private_key, public_key])
@pytest.mark.parametrize("holds", [None, b"no key", b"\xff\xfe"])
def test_a_key_that_is_none(tmp_path: Path, load, holds: bytes | None) -> None:
    if holds is not None:
        (tmp_path / "key").write_bytes(holds)
    with pytest.raises(CheckpointError, match="codedesk log keys"):
        load(tmp_path / "key")


def test_a_key_is_never_written_over(keys) -> None:
    before = keys[0].read_bytes()
    with pytest.raises(CheckpointError, match="never written over"):
        make_keys(*keys)
    assert keys[0].read_bytes() == before


@pytest.mark.parametrize(
    ("records", "minutes", "closing", "due"),
    [
        (0, 100, True, False),
        (3, 1, False, False),
        (3, 1, True, True),
        (3, 16, False, True),
        (12, 1, False, True),
    ],
)
def test_when_a_checkpoint_is_due(
    log, keys, file: Path, records: int, minutes: float, closing: bool, due: bool
) -> None:
    keeper = Keeper(log, private_key(keys[0]), file, every=10, minutes=15)
    assert keeper.write(0.0), "the first one at once"
    converse(log, records // 3)
    assert (keeper.write(minutes * 60, closing=closing) is not None) == due


# While Slack is served


def lines(file: Path) -> list[Checkpoint]:
    return [Checkpoint(**json.loads(line)) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("refused", [False, True])
def test_serving_writes_checkpoints_and_posts_them(tmp_path: Path, refused: bool) -> None:
    home = tmp_path / "home"
    make_keys(home / "keys" / "checkpoint.key", home / "keys" / "checkpoint.pub")
    log, desk = QueryLog(home / "log.db"), ScriptedDesk()
    with slack_server() as slack:
        if refused:
            slack.fail_next("chat.postMessage", error="channel_not_found")
        with served(slack, home, desk, log, checkpoint_channel="C9"):
            pass
        (post,) = slack.wait_for("chat.postMessage")
        file = settings(slack, home).checkpoints
    (checkpoint,) = lines(file)
    assert checkpoint.sequence == log.last_sequence()
    assert post.args["channel"] == "C9"
    assert checkpoint.signature in post.args["text"]
    keys = public_key(home / "keys" / "checkpoint.pub")
    assert check(log.where, checkpoints=read(file, keys)).exit_code == 0
    assert [entry.kind for entry in log.records()] == ["start", "stop"]
    log.close()


def test_checkpoints_are_written_while_serving_goes_on(tmp_path: Path) -> None:
    given = Settings(home=tmp_path)
    make_keys(given.checkpoint_key, given.checkpoint_public_key)
    log = QueryLog(given.log_db)
    delivery = SlackDelivery(ScriptedDesk(), log, WebClient(), State(given.slack_db))
    with checkpointing(given, delivery, look_every=0.01) as begin:
        begin()
        for sequence in (1, 501, 1001):
            _wait_for(given.checkpoints, sequence)
            with log.writing() as appender:
                for _ in range(500 if sequence < 1001 else 3):
                    appender.append("note", None, {})
    assert [checkpoint.sequence for checkpoint in lines(given.checkpoints)] == [1, 501, 1001, 1005]
    log.close()


def _wait_for(file: Path, sequence: int) -> None:
    deadline = time.monotonic() + 20
    # The file is there, and empty, for a moment before its first line.
    while not file.exists() or [each.sequence for each in lines(file)][-1:] != [sequence]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_checkpoint_that_cannot_be_written_does_not_stop_the_desk(tmp_path: Path, caplog) -> None:
    home = tmp_path / "home"
    make_keys(home / "keys" / "checkpoint.key", home / "keys" / "checkpoint.pub")
    (home / "checkpoints").write_text("in the way")
    log, desk = QueryLog(home / "log.db"), ScriptedDesk()
    with slack_server() as slack, served(slack, home, desk, log):
        slack.send_event(slack.app_mention("t2dm with ckd")).wait_ack(10)
        slack.wait_for("chat.postMessage")
    assert "The checkpoint cannot be written" in caplog.text
    assert log.recent()[0].delivery == "delivered"
    log.close()


# The command line


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = own_home(tmp_path, monkeypatch)
    log = QueryLog(home / "log.db")
    converse(log, 2)
    log.close()
    return home


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


def test_verify_by_its_exit_codes(home: Path) -> None:
    assert run("verify").exit_code == 1
    assert run("keys").exit_code == 0
    assert run("checkpoint").exit_code == 0
    vouched = run("verify")
    assert vouched.exit_code == 0
    assert "every seal checked" in vouched.stdout
    told = json.loads(run("verify", "--json").stdout)
    assert (told["verdict"], told["vouched_up_to"], told["records_after_checkpoint"]) == (
        "vouched", 8, 0,
    )  # fmt: skip
    with attacked(home / "log.db") as db:
        db.execute("update records set at = '2020-01-01' where seq = 2")
    broken = run("verify", "--json")
    assert broken.exit_code == 3
    assert json.loads(broken.stdout)["first_bad_record"] == 2


def test_an_auditor_verifies_a_copy_with_the_public_key_alone(home: Path, tmp_path: Path) -> None:
    run("keys")
    run("checkpoint")
    audit = tmp_path / "audit"
    audit.mkdir()
    for name in ("log.db", "keys/checkpoint.pub", "checkpoints/checkpoints.jsonl"):
        (audit / Path(name).name).write_bytes((home / name).read_bytes())
    result = CliRunner(env={"CODEDESK_HOME": str(audit)}).invoke(
        main,
        [
            "log", "verify", "--log", str(audit / "log.db"),
            "--checkpoints", str(audit / "checkpoints.jsonl"),
            "--public-key", str(audit / "checkpoint.pub"),
            "--against", str(home / "log.db"),
        ],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "not checked, without the key" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["verify", "--log", "nowhere.db"], "There is no query log at"),
        (["verify", "--checkpoints", "nowhere"], "no public key at"),
        (["verify", "--against", "nowhere.db"], "There is no query log at"),
        (["checkpoint"], "make one with `codedesk log keys`"),
    ],
)
def test_a_wrong_request_is_one_sentence(home: Path, arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_keys_are_made_once(home: Path) -> None:
    run("keys")
    kept = {path: path.read_bytes() for path in (home / "keys").iterdir()}
    assert "already" in run("keys").stdout
    assert {path: path.read_bytes() for path in (home / "keys").iterdir()} == kept
    assert stat.S_IMODE((home / "keys" / "log.key").stat().st_mode) == 0o600
    assert run("list").exit_code == 0, "the key is found where it was put"


@pytest.mark.parametrize("holds", ["", "{}", "[]", '{"key": "zz", "log": "a", "sealed_from": 1}'])
def test_a_spoilt_key_is_one_sentence(home: Path, holds: str) -> None:
    run("keys")
    (home / "keys" / "log.key").write_text(holds)
    for command in ("list", "verify", "keys"):
        result = run(command)
        assert result.exit_code == 2
        assert "The log's key cannot be read" in result.stderr


def test_a_log_is_kept_for_a_year_at_least(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESK_LOG_RETENTION_YEARS", "0")
    assert "must be 1 or more" in run("retain").stderr


def test_without_its_key_a_sealed_log_is_not_written(home: Path) -> None:
    run("keys")
    (home / "keys" / "log.key").unlink()
    result = run("list")
    assert result.exit_code == 2
    assert "CODEDESK_LOG_KEY_FILE" in result.stderr
