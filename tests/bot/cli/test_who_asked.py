"""The log has who a terminal's user truly is, beside what LOGNAME says."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.main import main
from bot.querylog import QueryLog
from bot.system_user import named

TRULY = {"uid": os.getuid(), "name": pwd.getpwuid(os.getuid()).pw_name}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 1), result.output
    return result.output


def test_the_terminal_records_who_it_truly_is(home: Path, monkeypatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.delenv("SUDO_USER", raising=False)
    run("check", "E11.9")
    log = QueryLog(home / "log.db")
    (question,) = log.recent()
    assert (question.user, question.system_user) == ("somebody-else", TRULY)
    shown = f"somebody-else (system user {TRULY['name']}, uid {TRULY['uid']})"
    assert shown in " ".join(run("log", "show", question.id).split())
    assert json.loads(run("log", "show", question.id, "--json"))["system_user"] == TRULY
    run("log", "hold", question.id, "--reason", "audit", "--by", "the boss")
    # Who looks, and who says that the boss did it, too; what the program does has nobody.
    of = {
        kind: [e.body for e in log.records(kinds=[kind])] for kind in ("access", "hold", "answer")
    }
    assert [one["system_user"] for one in of["access"]] == [TRULY, TRULY]
    assert (of["hold"][0]["by"], of["hold"][0]["system_user"]) == ("the boss", TRULY)
    assert "system_user" not in of["answer"][0]
    log.close()
    assert "nothing altered" in run("log", "verify") or "chain consistent" in run("log", "verify")


@pytest.mark.parametrize(
    ("said", "user", "shown"),
    [
        ("ann", None, "ann"),
        (None, None, "-"),
        ("ann", {"uid": 7, "name": "ann"}, "ann"),
        ("ann", {"uid": 8, "name": "bob"}, "ann (system user bob, uid 8)"),
        ("ann", {"uid": 8}, "ann (uid 8)"),
        ("root", {"uid": 0, "name": "root", "sudo_user": "bob"}, "root (sudo by bob)"),
    ],
)
def test_who_is_shown(said, user, shown: str) -> None:
    assert named(said, user) == shown
