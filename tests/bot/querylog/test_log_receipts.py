"""A receipt proves that the log has a question and its answer: to anyone with the public key, and
to nobody if anything in it was changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from log_support import (
    MISSED,
    Clock,
    attacked,
    body,
    check,
    converse,
    copy,
    own_home,
    put_in_place,
    rehash,
    set_body,
)
from receipt_support import Kept, changed, encoded

from bot.cli.main import main
from bot.querylog import QueryLog, hash_chain, receipt_check, trees
from bot.querylog.checkpoints import CheckpointError, Checkpoints, keep, signed
from bot.querylog.merkle import Frontier
from bot.querylog.receipt_check import (
    ED25519,
    NoteKey,
    NotProven,
    parse_note,
    parse_note_key,
    parse_proof,
    signed_at,
    tree_head,
)
from bot.querylog.receipts import NotCovered
from bot.querylog.retention import redact, retain
from bot.querylog.signed_notes import checkpoint_note, vkey
from bot.querylog.vouching import Keeper, NotVouchedFor

ON_BOTH = True


@pytest.fixture
def kept(tmp_path: Path, where: Path | str) -> Iterator[Kept]:
    kept = Kept.made(tmp_path, where)
    yield kept
    kept.log.close()


# Notes, as other programs write and read them


def test_the_note_of_the_reference_implementation_verifies() -> None:
    """The key and the note of golang.org/x/mod/sumdb/note, note_test.go."""
    key = parse_note_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX"
        "gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert signed_at(parse_note(text), key) == [None]
    assert vkey(key) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_checkpoint_is_a_note_of_c2sp(kept: Kept) -> None:
    converse(kept.log, 2)
    checkpoint = kept.vouch()
    head = tree_head(parse_note(checkpoint.note).text)
    hashes = [entry.hash for entry in kept.log.records()]
    tree = Frontier()
    for hashed in hashes:
        tree.append(receipt_check.leaf_hash(hashed.encode()))
    assert (head.origin, head.size) == (f"codedesk-log/{kept.log.id}", 6)
    assert head.root == tree.root()
    assert checkpoint.note.split("\n")[:4] == [head.origin, "6", encoded(tree.root()), ""]
    assert signed_at(parse_note(checkpoint.note), NoteKey(head.origin, kept.public, ED25519))


# Receipts


def test_a_receipt_proves_a_question_and_its_answer(kept: Kept) -> None:
    ids = converse(kept.log, 5)
    kept.vouch()
    for number, question in enumerate(ids):
        checked = kept.check(kept.receipt(question))
        assert [one["seq"] for one in checked.records] == [3 * number + 1, 3 * number + 2]
        assert checked.texts == {}
        first, *others = checked.lines()
        assert first == "YES: the log has these 2 records as they are here."
        told = "\n".join(others)
        assert f"question {question}, asked by U1 (surface mention, team T1, channel C1)" in told
        assert "answer (answered)" in told
        assert "size 15" in told


def test_with_texts_the_words_are_checked(kept: Kept) -> None:
    (question,) = converse(kept.log)
    kept.vouch()
    receipt = kept.receipt(question, texts=True)
    checked = kept.check(receipt)
    assert checked.texts[1, "text"] == "t2dm with ckd"
    assert checked.absent == {1: [], 2: []}
    receipt["records"][0]["texts"]["text"]["text"] = "t1dm with ckd"
    with pytest.raises(NotProven, match="The text `text` of record 1 is not the one"):
        kept.check(receipt)


@pytest.mark.sqlite_only
def test_a_proof_is_a_tlog_proof_of_c2sp(kept: Kept) -> None:
    question = converse(kept.log, 3)[1]
    kept.vouch()
    proof = kept.receipt(question)["records"][0]["proof"]
    assert proof.startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    index, hashes, note = parse_proof(proof)
    assert (index, note) == (3, kept.checkpoints.good[-1].note)
    assert len(hashes) == 4


def set_to(*path_and_value):
    *path, name, value = path_and_value

    def change(receipt: dict) -> None:
        for step in path:
            receipt = receipt[step]
        receipt[name] = value

    return change


def replaced(*path, old: str, new: str):
    def change(receipt: dict) -> None:
        for step in path[:-1]:
            receipt = receipt[step]
        assert old in receipt[path[-1]]
        receipt[path[-1]] = receipt[path[-1]].replace(old, new, 1)

    return change


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replaced("records", 0, "body", old="U1", new="U2"), "not in the tree"),
        (replaced("records", 1, "body", old="answered", new="verdict"), "not in the tree"),
        (set_to("records", 0, "at", "2020-01-01T00:00:00.000+00:00"), "not in the tree"),
        (set_to("records", 0, "kind", "answer"), "not in the tree"),
        (set_to("records", 0, "previous", "sha256:" + "0" * 64), "not in the tree"),
        (set_to("records", 0, "seq", 2), "for another record"),
        (set_to("records", 0, "seq", 1.0), "for another record"),
        (set_to("records", 0, "subject", "another"), "of another question"),
        (set_to("records", 0, "body", {}), "of another question"),
        (set_to("question", "another"), "of another question"),
        (set_to("records", []), "no record"),
        (set_to("records", [{}]), "not of the form"),
        (set_to("records", 0, "proof", "index 0\n\n"), "not of the form"),
        (replaced("records", 0, "proof", old="index 0", new="index 1"), "for another record"),
        (replaced("records", 0, "proof", old="\n6\n", new="\n7\n"), "for another checkpoint"),
        (set_to("checkpoint", "head", "sha256:" + "0" * 64), "not signed by this key"),
        (set_to("checkpoint", "at", "2020-01-01T00:00:00+00:00"), "not signed by this key"),
        (set_to("checkpoint", "note", ""), "not signed by this key"),
        (set_to("checkpoint", {}), "not of the form"),
        (set_to("codedesk_receipt", 2), "not a receipt"),
        (set_to("timestamp", "?"), "not a receipt"),
    ],
)
def test_whatever_is_changed_it_is_no_receipt(kept: Kept, change, told: str) -> None:
    question, _ = converse(kept.log, 2)
    kept.vouch()
    receipt = kept.receipt(question)
    kept.check(receipt)
    with pytest.raises(NotProven, match=told):
        kept.check(changed(receipt, change))


@pytest.mark.sqlite_only
def test_any_other_byte_of_a_record_or_its_proof(kept: Kept) -> None:
    question, _ = converse(kept.log, 2)
    kept.vouch()
    receipt = kept.receipt(question)
    for name in ("body", "at", "proof"):
        text = receipt["records"][0][name]
        end = text.index("\n\n") if name == "proof" else len(text)
        for place in range(0, end, 7):
            other = chr(ord(text[place]) ^ 1)
            forged = text[:place] + other + text[place + 1 :]
            with pytest.raises(NotProven):
                kept.check(changed(receipt, set_to("records", 0, name, forged)))


@pytest.mark.sqlite_only
def test_another_answers_proof(kept: Kept) -> None:
    first, second = converse(kept.log, 2)
    kept.vouch()
    receipt, other = kept.receipt(first), kept.receipt(second)
    for record in (0, 1):
        proof = other["records"][record]["proof"]
        with pytest.raises(NotProven, match="for another record"):
            kept.check(changed(receipt, set_to("records", record, "proof", proof)))


@pytest.mark.sqlite_only
def test_a_name_that_is_there_twice(kept: Kept) -> None:
    (question,) = converse(kept.log)
    kept.vouch()
    text = json.dumps(kept.receipt(question))
    with pytest.raises(NotProven, match="not a receipt"):
        receipt_check.check('{"question": "another", ' + text[1:], kept.public)


def test_a_forged_root(kept: Kept, tmp_path: Path) -> None:
    """Whoever changes a record can make a tree, but not sign it."""
    (question,) = converse(kept.log)
    kept.vouch()
    forger = Kept.made(tmp_path / "forger")
    (forged,) = converse(forger.log)
    forger.vouch()
    receipt = forger.receipt(forged)
    forger.check(receipt)
    with pytest.raises(NotProven, match="not signed by this key"):
        kept.check(receipt)
    # A note of their own in a checkpoint of ours.
    ours = kept.receipt(question)
    note = checkpoint_note(kept.log.id, Frontier(), Ed25519PrivateKey.generate())
    with pytest.raises(NotProven, match="not signed by this key"):
        kept.check(changed(ours, set_to("checkpoint", "note", note)))
    forger.log.close()


def test_an_answer_that_no_checkpoint_covers_yet(kept: Kept) -> None:
    converse(kept.log)
    kept.vouch()
    (question,) = converse(kept.log)
    with pytest.raises(NotCovered, match=r"records up to 3, and this answer is record 5"):
        kept.receipt(question)
    kept.vouch()
    assert kept.check(kept.receipt(question))


def test_after_a_redaction_the_record_is_proven_and_the_text_is_gone(kept: Kept) -> None:
    (question,) = converse(kept.log, 1, MISSED)
    kept.vouch()
    before = kept.receipt(question, texts=True)
    gone = redact(kept.log, question, "a name", "auditor")
    kept.vouch(accepting=[gone.record])
    receipt = kept.receipt(question, texts=True)
    assert MISSED not in json.dumps(receipt)
    checked = kept.check(receipt)
    assert [one["kind"] for one in checked.records] == ["question", "answer", "redaction"]
    assert checked.absent[1] == ["text"]
    assert "Not in this receipt: the texts text." in "\n".join(checked.lines())
    assert kept.check(before).texts[1, "text"] == MISSED, "a receipt with texts stays valid"


def test_from_an_altered_log_nothing_is_proven(kept: Kept) -> None:
    question = converse(kept.log, 3)[1]
    kept.vouch()
    with attacked(kept.log.where) as db:
        set_body(db, 5, body(db, 5) | {"outcome": "abstained"})
        rehash(db, 5)
    with pytest.raises(CheckpointError, match="does not have the tree"):
        kept.receipt(question)


# The log goes on


def test_verify_compares_the_root_with_each_checkpoint(kept: Kept) -> None:
    for _ in range(4):
        converse(kept.log)
        kept.vouch()
    found = check(kept.log.where, checkpoints=kept.checkpoints)
    assert (found.exit_code, found.checkpoint.sequence) == (0, 12)
    root = encoded(found.checkpoint.tree.root)
    assert f"The tree of the checkpoint: 12 leaves, root {root}." in found.sentences()
    other = Frontier()
    for _ in range(12):
        other.append(b"\0" * 32)
    kept.file.write_text("")
    one = found.checkpoint
    bare = type(one)(one.log, one.sequence, one.count, one.head, one.at)
    forged = checkpoint_note(kept.log.id, other, kept.key)
    keep(signed(type(one)(**{**bare.as_dict(), "note": forged}), kept.key), kept.file)
    found = check(kept.log.where, checkpoints=kept.checkpoints)
    assert (found.exit_code, found.bad) == (3, 12)
    assert "does not have the root" in found.why


@pytest.mark.parametrize("other", ["size", "log"])
def test_a_note_of_another_log_or_size_is_forged(kept: Kept, other: str) -> None:
    converse(kept.log)
    one = kept.vouch()
    tree = Frontier()
    tree.append(b"\0" * 32)
    log = "another" if other == "log" else kept.log.id
    if other == "log":
        tree.append(b"\0" * 32)
        tree.append(b"\0" * 32)
    note = checkpoint_note(log, tree, kept.key)
    keep(signed(type(one)(**{**one.as_dict(), "note": note}), kept.key), kept.file)
    assert kept.checkpoints.forged == [2]


def test_lines_of_before_there_was_a_tree_stay_valid(kept: Kept) -> None:
    question = converse(kept.log, 3)[0]
    old = kept.vouch()
    kept.file.unlink()
    kept.keep_without_tree(old)
    assert '"note"' not in kept.file.read_text()
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 0
    with pytest.raises(CheckpointError, match="no checkpoint of this log with a tree"):
        kept.receipt(question)
    converse(kept.log)
    assert kept.vouch().tree.size == 12
    assert kept.check(kept.receipt(question))
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 0


def test_a_line_without_tree_is_followed_by_one_only_if_all_hashes_hold(kept: Kept) -> None:
    converse(kept.log, 3)
    old = kept.vouch()
    kept.file.unlink()
    kept.keep_without_tree(old)
    with attacked(kept.log.where) as db:
        db.execute("update records set hash = ? where seq = 2", ["sha256:" + "0" * 64])
    converse(kept.log)
    with pytest.raises(NotVouchedFor, match="do not give the tree"):
        kept.vouch()


def test_an_altered_beginning_is_not_vouched_for(kept: Kept) -> None:
    """A process that starts reads the hashes and compares the root."""
    converse(kept.log, 3)
    kept.vouch()
    with attacked(kept.log.where) as db:
        db.execute("update records set hash = ? where seq = 2", ["sha256:" + "0" * 64])
    converse(kept.log)
    with pytest.raises(NotVouchedFor, match="do not give the tree"):
        kept.vouch()


@pytest.mark.parametrize("missing", ["seq = 1", "seq = 5", "seq <= 3"])
def test_a_gap_before_the_last_checkpoint_is_not_vouched_over(kept: Kept, missing: str) -> None:
    converse(kept.log, 3)
    kept.vouch()
    with attacked(kept.log.where) as db:
        db.execute(f"delete from texts where {missing.replace('seq', 'record')}")
        db.execute(f"delete from records where {missing}")
    converse(kept.log)
    with pytest.raises(NotVouchedFor):
        kept.vouch()


def test_a_truncated_log_is_not_vouched_for(kept: Kept) -> None:
    converse(kept.log, 3)
    kept.vouch()
    with attacked(kept.log.where) as db:
        db.execute("delete from texts where record > 6")
        db.execute("delete from records where seq > 6")
    with pytest.raises(NotVouchedFor, match="record 9"):
        kept.vouch()


def test_the_serving_process_reads_only_what_is_new(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = trees.frontier
    monkeypatch.setattr(trees, "frontier", lambda log, last: read.append(last) or whole(log, last))
    converse(kept.log, 2)
    kept.vouch()
    keeper = Keeper(kept.log, kept.key, kept.file, every=1)
    for number in range(4):
        converse(kept.log)
        assert keeper.write(float(number)).checkpoint.tree.size == 9 + 3 * number
    assert read == [6], "once, when it began"
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 0


# Retention


def test_what_retention_leaves_is_proven_as_before(tmp_path: Path, where: Path | str) -> None:
    clock = Clock(2019)
    kept = Kept.made(tmp_path, where, clock=clock)
    converse(kept.log, 3)
    clock.set(2026, 11)
    question = converse(kept.log, 2)[1]
    first = kept.vouch()
    before = kept.receipt(question)
    removed = retain(kept.log, 6, "cron")
    assert (removed.first, removed.last) == (1, 9)
    kept.vouch(accepting=[removed.tombstone])
    assert kept.check(before), "a receipt of before is still valid"
    receipt = kept.receipt(question)
    assert [one["seq"] for one in kept.check(receipt).records] == [13, 14]
    found = check(kept.log.where, checkpoints=kept.checkpoints)
    assert (found.exit_code, len(kept.checkpoints.good)) == (0, 2)
    only_before = check(kept.log.where, checkpoints=Checkpoints([first], [], []))
    assert only_before.bad is None, "the checkpoint of before agrees"
    # And once more, from the tree of the first tombstone.
    clock.set(2033, 3)
    later = converse(kept.log)[0]
    removed = retain(kept.log, 6, "cron")
    assert removed.first == 10
    kept.vouch(accepting=[removed.tombstone])
    assert kept.check(kept.receipt(later))
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 0
    kept.log.close()


def test_a_tombstone_whose_tree_was_changed(tmp_path: Path, where: Path | str) -> None:
    clock = Clock(2019)
    kept = Kept.made(tmp_path, where, clock=clock)
    converse(kept.log, 3)
    clock.set(2026, 11)
    converse(kept.log)
    kept.vouch()
    stone = retain(kept.log, 6, "cron").tombstone
    for tree, told in (
        ({"after": 0, "hashes": ["A" * 43 + "=", "A" * 43 + "="]}, "does not have the root"),
        ({"after": 0, "hashes": []}, "not of that form"),
        ([], "not of that form"),
    ):
        with attacked(kept.log.where) as db:
            set_body(db, stone, body(db, stone) | {"tree": tree})
            rehash(db, stone)
        found = check(kept.log.where, checkpoints=kept.checkpoints)
        assert (found.exit_code, told in found.why) == (3, True), found.why
    kept.log.close()


def test_after_a_tombstone_without_a_tree_proofs_start_anew(
    tmp_path: Path, where: Path | str
) -> None:
    """A Code Desk that kept no tree removed the beginning: the root of all cannot be known."""
    clock = Clock(2019)
    kept = Kept.made(tmp_path, where, clock=clock)
    converse(kept.log, 3)
    kept.keep_without_tree(kept.vouch())
    clock.set(2026, 11)
    (question,) = converse(kept.log)
    stone = retain(kept.log, 6, "cron").tombstone
    with attacked(kept.log.where) as db:
        old = body(db, stone)
        del old["tree"]
        set_body(db, stone, old)
        rehash(db, stone)
    checkpoint = kept.vouch(accepting=[stone])
    head = checkpoint.tree
    assert (head.origin, head.base, head.size) == (f"codedesk-log/{kept.log.id}/after-9", 9, 4)
    checked = kept.check(kept.receipt(question))
    assert [one["seq"] for one in checked.records] == [10, 11]
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 0
    converse(kept.log)
    assert kept.vouch().tree.size == 7
    clock.set(2033, 3)
    converse(kept.log)
    removed = retain(kept.log, 6, "cron")
    kept.vouch(accepting=[removed.tombstone])
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 0
    kept.log.close()


@pytest.mark.sqlite_only
def test_an_older_copy_in_place_of_the_log(kept: Kept, tmp_path: Path) -> None:
    converse(kept.log, 2)
    backup = copy(kept.log.path, tmp_path / "backup.db")
    question = converse(kept.log)[0]
    kept.vouch()
    receipt = kept.receipt(question)
    kept.log.close()
    put_in_place(backup, kept.log.path)
    kept.log = QueryLog(kept.log.path)
    assert check(kept.log.where, checkpoints=kept.checkpoints).exit_code == 3
    assert kept.check(receipt), "the receipt still proves what the log had"
    with pytest.raises(CheckpointError, match="does not have the tree"):
        kept.receipt(question)


# The command line


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[str]]:
    home = own_home(tmp_path, monkeypatch)
    log = QueryLog(home / "log.db")
    ids = converse(log, 2)
    log.close()
    return home, ids


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["log", *arguments])


def test_a_receipt_by_the_command_line(home, tmp_path: Path) -> None:
    folder, (question, _) = home
    refused = run("receipt", question)
    assert (refused.exit_code, "codedesk log keys" in refused.stderr) == (2, True)
    run("keys")
    refused = run("receipt", question)
    assert (refused.exit_code, "codedesk log checkpoint" in refused.stderr) == (2, True)
    assert json.loads(run("receipt", question, "--vouch").stdout)["checkpoint"]["sequence"] == 8
    file = tmp_path / "receipt.json"
    assert run("receipt", question, "--texts", "-o", str(file)).exit_code == 0
    assert "--force" in run("receipt", question, "-o", str(file)).stderr
    told = run("check-receipt", file.name)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("YES: the log has these 2 records")
    assert "text: t2dm with ckd" in told.stdout
    log = QueryLog(folder / "log.db", key=hash_chain.LogKey.load(folder / "keys" / "log.key"))
    accesses = [one for one in log.records(kinds=["access"]) if one.subject == question]
    assert {one.body["what"] for one in accesses} == {"export"}
    assert accesses[1].texts["detail"] == "a receipt with texts"
    log.close()
    text = file.read_text().replace("t2dm", "t1dm")
    file.write_text(text)
    told = run("check-receipt", file.name)
    assert (told.exit_code, told.stdout[:3]) == (3, "NO:")


@pytest.mark.parametrize("holds", [b"", b"{", b"[]", b"\xff", b"null\n{}", b'{"a": NaN}'])
def test_what_is_no_receipt_is_told_in_a_sentence(home, tmp_path: Path, holds: bytes) -> None:
    run("keys")
    (tmp_path / "file").write_bytes(holds)
    told = run("check-receipt", "file")
    assert (told.exit_code, told.stdout.count("\n")) == (3, 1)
    assert told.stdout.startswith("NO: ")


@pytest.mark.slow
def test_the_file_that_checks_stands_alone(home, tmp_path: Path) -> None:
    """No module of Code Desk is needed, nor the log."""
    folder, (question, other) = home
    run("keys")
    run("checkpoint")
    run("receipt", question, "-o", str(tmp_path / "receipt.json"))
    run("export", "--output", str(tmp_path / "all.csv"))
    (tmp_path / "check.py").write_bytes(Path(receipt_check.__file__).read_bytes())
    public = folder / "keys" / "checkpoint.pub"

    def alone(file: str) -> subprocess.CompletedProcess[str]:
        environment = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
        return subprocess.run(
            [sys.executable, "-P", "check.py", file, str(public)],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip

    told = alone("receipt.json")
    assert (told.returncode, told.stdout[:4]) == (0, "YES:"), told.stderr
    told = alone("all.csv.receipts.jsonl")
    assert "all records of these 2 receipts" in told.stdout
    text = (tmp_path / "receipt.json").read_text()
    (tmp_path / "receipt.json").write_text(text.replace(question, other))
    assert alone("receipt.json").returncode == 3
    assert alone("nowhere").returncode == 2


def test_an_export_has_a_receipt_for_each_question_that_is_covered(home, tmp_path: Path) -> None:
    folder, ids = home
    assert "There are no receipts" in run("export", "--output", "first.csv").stderr
    assert not (tmp_path / "first.csv.receipts.jsonl").exists()
    run("keys")
    run("checkpoint")
    log = QueryLog(folder / "log.db", key=hash_chain.LogKey.load(folder / "keys" / "log.key"))
    converse(log)
    log.close()
    told = run("export", "--format", "jsonl", "--output", "all.jsonl")
    assert "3 questions are in all.jsonl" in told.stderr
    assert "2 have a receipt in all.jsonl.receipts.jsonl" in told.stderr
    lines = (tmp_path / "all.jsonl.receipts.jsonl").read_text().splitlines()
    assert [json.loads(line)["question"] for line in lines] == ids
    told = run("check-receipt", "all.jsonl.receipts.jsonl")
    assert (told.exit_code, told.stdout[:4]) == (0, "YES:")
    (tmp_path / "all.jsonl.receipts.jsonl").write_text("\n".join([lines[0], lines[1][:-9]]))
    assert "NO: Line 2: " in run("check-receipt", "all.jsonl.receipts.jsonl").stdout
    run("report", "--output", "report.html")
    assert "The tree of the checkpoint: " in (tmp_path / "report.html").read_text()
