"""A witness signs only what goes on from what it saw: so a log with two histories is found out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confirming_servers import answering, witnessing
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from log_support import Clock, converse, copy, own_home
from receipt_support import Kept, changed

from bot.cli.main import main
from bot.querylog import QueryLog, trees
from bot.querylog.checkpoints import Checkpoint, CheckpointError
from bot.querylog.confirmations import Confirmations
from bot.querylog.confirming import Confirmer
from bot.querylog.receipt_check import (
    COSIGNATURE,
    NoteKey,
    NotProven,
    check,
    parse_note,
    parse_note_key,
    signed_at,
)
from bot.querylog.receipts import Receipts
from bot.querylog.retention import retain
from bot.querylog.signed_notes import cosignature, vkey
from bot.querylog.vouching import take
from bot.querylog.witnesses import NotCosigned, Witness, request

NAME = "audit.example.org/codedesk"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept.made(tmp_path)
    yield kept
    kept.log.close()


@pytest.fixture
def witness(kept: Kept, tmp_path: Path) -> Witness:
    seen = tmp_path / "witness" / "seen"
    return Witness(NAME, Ed25519PrivateKey.generate(), kept.public, seen, lambda: 1_790_000_000)


def public_of(witness: Witness) -> NoteKey:
    return NoteKey(witness.name, witness.key.public_key(), COSIGNATURE)


def asking(log: QueryLog, checkpoint: Checkpoint, old: int) -> str:
    proof = trees.whole(log, checkpoint.sequence).consistency(old)
    return request(old, proof, checkpoint.note)


def test_a_cosignature_is_that_of_c2sp(witness: Witness) -> None:
    line = cosignature("origin\n0\nroot\n", NAME, witness.key, 1_790_000_000)
    (name, signature), = parse_note("origin\n0\nroot\n\n" + line).signatures  # fmt: skip
    assert (name, len(signature)) == (NAME, 4 + 8 + 64)
    assert int.from_bytes(signature[4:12]) == 1_790_000_000
    message = b"cosignature/v1\ntime 1790000000\norigin\n0\nroot\n"
    witness.key.public_key().verify(signature[12:], message)
    key = parse_note_key(vkey(public_of(witness)))
    assert (key.name, key.kind, key.id) == (NAME, COSIGNATURE, signature[:4])


def test_a_witness_signs_what_goes_on(kept: Kept, witness: Witness) -> None:
    old = 0
    for _ in range(4):
        converse(kept.log)
        checkpoint = kept.vouch()
        line = witness.add_checkpoint(asking(kept.log, checkpoint, old))
        times = signed_at(parse_note(checkpoint.note + line), public_of(witness))
        assert [at.timestamp() for at in times if at] == [1_790_000_000]
        assert witness.add_checkpoint(request(checkpoint.sequence, [], checkpoint.note)) == line
        old = checkpoint.sequence


@pytest.mark.parametrize("size", ["the same size", "more records"])
def test_a_fork_is_not_signed(kept: Kept, witness: Witness, tmp_path: Path, size: str) -> None:
    """Two copies of a log go on apart, with the key of the desk: no checkpoint alone shows it."""
    converse(kept.log, 2)
    first = kept.vouch()
    witness.add_checkpoint(asking(kept.log, first, 0))
    fork = QueryLog(copy(kept.log.path, tmp_path / "fork.db"))
    converse(kept.log)
    shown = kept.vouch()
    witness.add_checkpoint(asking(kept.log, shown, 6))
    converse(fork, 1 if size == "the same size" else 2)
    other = take(fork, kept.key, first).checkpoint
    with pytest.raises(NotCosigned, match="two histories"):
        witness.add_checkpoint(asking(fork, other, 9))
    fork.close()


def test_a_log_that_was_cut_back_is_not_signed(kept: Kept, witness: Witness, tmp_path) -> None:
    converse(kept.log, 2)
    older = QueryLog(copy(kept.log.path, tmp_path / "older.db"))
    converse(kept.log)
    witness.add_checkpoint(asking(kept.log, kept.vouch(), 0))
    cut = take(older, kept.key).checkpoint
    with pytest.raises(NotCosigned, match="has size 9, and the request is from 6") as refusal:
        witness.add_checkpoint(request(6, [], cut.note))
    assert (refusal.value.status, refusal.value.size) == (409, 9)
    older.close()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda body: "", 400),
        (lambda body: body.replace("old 3", "old 03"), 400),
        (lambda body: body.replace("old 3", "old 999"), 400),
        (lambda body: body.replace("old 3", "old 0"), 409),
        (lambda body: body.replace("codedesk-log/", "codedesk-log/a"), 403),
        (lambda body: body.replace("\n6\n", "\n5\n"), 403),
        (lambda body: "old 3\n\n" + body.partition("\n\n")[2], 422),
        (lambda body: body.replace("old 3\n", "old 3\n" + "A" * 43 + "=\n"), 422),
        (lambda body: body.replace("old 3\n", "old 3\n" + ("A" * 43 + "=\n") * 64), 400),
        (lambda body: body.replace("=\n\n", "\n\n", 1), 400),
    ],
)
def test_a_request_that_is_wrong(kept: Kept, witness: Witness, change, status: int) -> None:
    converse(kept.log)
    witness.add_checkpoint(asking(kept.log, kept.vouch(), 0))
    before = witness.state.read_text()
    converse(kept.log)
    body = asking(kept.log, kept.vouch(), 3)
    with pytest.raises(NotCosigned) as refusal:
        witness.add_checkpoint(change(body))
    assert refusal.value.status == status
    assert witness.state.read_text() == before


@pytest.mark.parametrize("state", ["", "[]", '{"%s": {}}', '{"%s": {"size": 3, "root": "?"}}'])
def test_what_it_saw_last_is_never_guessed(kept: Kept, witness: Witness, state: str) -> None:
    converse(kept.log)
    checkpoint = kept.vouch()
    witness.state.parent.mkdir()
    witness.state.write_text(state.replace("%s", f"codedesk-log/{kept.log.id}"))
    with pytest.raises(CheckpointError, match="do not begin anew"):
        witness.add_checkpoint(asking(kept.log, checkpoint, 0))


def test_another_log_of_the_same_key_is_seen_apart(
    kept: Kept, witness: Witness, tmp_path: Path
) -> None:
    converse(kept.log, 2)
    witness.add_checkpoint(asking(kept.log, kept.vouch(), 0))
    other = QueryLog(tmp_path / "other.db")
    converse(other)
    assert witness.add_checkpoint(asking(other, take(other, kept.key).checkpoint, 0))
    assert len(json.loads(witness.state.read_text())) == 2
    other.close()


# Receipts


def test_a_receipt_with_a_cosignature(kept: Kept, witness: Witness) -> None:
    (question,) = converse(kept.log)
    checkpoint = kept.vouch()
    line = witness.add_checkpoint(asking(kept.log, checkpoint, 0))
    receipt = Receipts(kept.log, checkpoint, cosignatures=[line]).of(question)
    checked = check(json.dumps(receipt), kept.public, [public_of(witness)])
    assert f"Witnessed by {NAME} at 2026-09-21" in "\n".join(checked.lines())
    kept.check(receipt)
    other = NoteKey("other.example.org", Ed25519PrivateKey.generate().public_key(), COSIGNATURE)
    with pytest.raises(NotProven, match=r"The witness other\.example\.org did not cosign"):
        check(json.dumps(receipt), kept.public, [other])
    forged = cosignature("another text\n", NAME, witness.key, 1)

    def forge(one: dict) -> None:
        for record in one["records"]:
            record["proof"] = record["proof"].replace(line, forged)

    with pytest.raises(NotProven, match="is wrong"):
        check(json.dumps(changed(receipt, forge)), kept.public, [public_of(witness)])


# Over HTTP


def test_a_desk_asks_its_witness(kept: Kept, witness: Witness) -> None:
    calls: list[str] = []
    with answering(witnessing(witness, calls)) as url:
        confirmer = Confirmer(
            kept.log, kept.file, witness_url=url + "/", witness=public_of(witness)
        )
        for number in range(3):
            converse(kept.log)
            checkpoint = kept.vouch()
            assert confirmer.confirm(checkpoint) == {}
            (line,) = Confirmations.beside(kept.file).cosignatures(checkpoint.note)
            assert signed_at(parse_note(checkpoint.note + line), public_of(witness))
            assert confirmer.confirm(checkpoint) == {}, "once is enough"
            assert calls == [f"old {3 * size}" for size in range(number + 1)]
        calls.clear()
        # A desk that starts again does not know what the witness saw last.
        converse(kept.log)
        again = Confirmer(kept.log, kept.file, witness_url=url, witness=public_of(witness))
        assert again.confirm(kept.vouch()) == {}
        assert calls == ["old 0", "old 9"]


def test_who_signed_twice_is_in_a_note_once(kept: Kept, witness: Witness) -> None:
    """Some verifiers refuse a note with two lines of one key."""
    converse(kept.log)
    checkpoint, file = kept.vouch(), Confirmations.beside(kept.file)
    text = parse_note(checkpoint.note).text
    lines = [cosignature(text, NAME, witness.key, seconds) for seconds in (1, 2)]
    other = cosignature(text, "other.example.org", witness.key, 1)
    for line in [*lines, other, "no signature\n", other[:-1], other + other]:
        file.keep_cosignature(checkpoint.note, line)
    assert file.cosignatures(checkpoint.note) == [lines[1], other]


def test_what_a_witness_refuses_is_told(kept: Kept, witness: Witness, tmp_path: Path) -> None:
    converse(kept.log, 2)
    fork = QueryLog(copy(kept.log.path, tmp_path / "fork.db"))
    converse(kept.log)
    with answering(witnessing(witness)) as url:
        named = public_of(witness)
        ours = Confirmer(kept.log, kept.file, witness_url=url, witness=named)
        assert ours.confirm(kept.vouch()) == {}
        theirs = Confirmer(fork, tmp_path / "theirs", witness_url=url, witness=named)
        cut = take(fork, kept.key).checkpoint
        assert "the log was cut back" in theirs.confirm(cut)["witness"]
        converse(fork, 2)
        assert "it refused (422)" in theirs.confirm(take(fork, kept.key).checkpoint)["witness"]
    assert "no answer" in ours.confirm(_with_more(kept))["witness"]
    with answering(lambda _p, _b: (200, "text/plain", b"nothing\n")) as url:
        ours = Confirmer(kept.log, kept.file, witness_url=url, witness=named)
        assert "no signature of its key" in ours.confirm(_with_more(kept))["witness"]
    fork.close()


def _with_more(kept: Kept) -> Checkpoint:
    converse(kept.log)
    return kept.vouch()


def test_retention_before_the_witness_signed_leaves_no_proof(tmp_path: Path) -> None:
    clock = Clock(2019)
    kept = Kept.made(tmp_path, clock=clock)
    witness = Witness(NAME, Ed25519PrivateKey.generate(), kept.public, tmp_path / "seen")
    converse(kept.log)
    first = kept.vouch()
    with answering(witnessing(witness)) as url:
        asked = Confirmer(kept.log, kept.file, witness_url=url, witness=public_of(witness))
        assert asked.confirm(first) == {}
        converse(kept.log)
        clock.set(2026, 11)
        converse(kept.log)
        stone = retain(kept.log, 6, "cron").tombstone
        newest = kept.vouch(accepting=[stone])
        again = Confirmer(kept.log, kept.file, witness_url=url, witness=public_of(witness))
        for desk in (again, asked):
            assert "retention removed records" in desk.confirm(newest)["witness"]
    kept.log.close()


# The command line


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


def test_from_hand_to_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = own_home(tmp_path, monkeypatch)
    log = QueryLog(home / "log.db")
    (question,) = converse(log)
    log.close()
    run("keys")
    run("checkpoint")
    assert run("witness-keys", "a name", "--key", "w.key").exit_code == 2
    assert run("witness-keys", NAME, "--key", "w.key").exit_code == 0
    assert "never written over" in run("witness-keys", NAME, "--key", "w.key").stderr
    told = run("verify", "--witness", "w.key.pub")
    assert (told.exit_code, "cosigned no checkpoint" in told.stdout) == (1, True)

    assert run("consistency", "0", "-o", "request").exit_code == 0
    public = str(home / "keys" / "checkpoint.pub")
    witnessing_by = ("witness", "request", "--key", "w.key", "--public-key", public)
    assert run(*witnessing_by, "-o", "signed").exit_code == 0
    again = run(*witnessing_by)
    assert (again.exit_code, "codedesk log consistency 5" in again.stderr) == (2, True)
    kept = run("cosigned", "signed", "--witness", "w.key.pub")
    assert f"{NAME} cosigned the checkpoint of record 5." in kept.stdout
    told = run("verify", "--witness", "w.key.pub")
    assert (told.exit_code, "it saw no other history of this log" in told.stdout) == (0, True)
    run("receipt", question, "-o", "receipt.json")
    told = run("check-receipt", "receipt.json", "--witness", "w.key.pub")
    assert (told.exit_code, f"Witnessed by {NAME}" in told.stdout) == (0, True)

    run("witness-keys", "other.example.org", "--key", "o.key")
    nothing = run("cosigned", "signed", "--witness", "o.key.pub")
    assert (nothing.exit_code, "nothing was kept" in nothing.stderr) == (2, True)
    assert run("verify", "--witness", "o.key.pub").exit_code == 1
    file = home / "checkpoints" / "checkpoints.jsonl.confirmed"
    line = json.loads(file.read_text())
    forged = line["cosignature"][:-9] + "AAAAAAA=\n"
    file.write_text(json.dumps(line | {"cosignature": forged}) + "\n")
    told = run("verify", "--witness", "w.key.pub")
    assert (told.exit_code, f"The cosignature of {NAME}" in told.stdout) == (3, True)
    file.write_text("torn\n{}\n[]\n" + '{"note": 1}\n')
    assert run("verify", "--witness", "w.key.pub").exit_code == 1

    run("checkpoint")
    assert "no proof" in run("consistency", "99").stderr
    assert "no checkpoint of size 4" in run("consistency", "0", "4").stderr.lower()
    assert run("consistency", "0", "5").stdout == (tmp_path / "request").read_text()
    assert run("consistency", "5").stdout.startswith("old 5\n")
