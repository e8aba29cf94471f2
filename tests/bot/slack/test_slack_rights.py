"""Who may use Code Desk in a workspace: everyone, or whom its rules name; people of other
organisations; and how its administrators say so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from slack_front import Front
from slack_server import SlackServer, app_home_opened
from slack_support import ScriptedDesk, Served, served, slack_server, wait_for_records, wait_until
from workspace_support import front, install, many_served

from bot.cli.main import main
from bot.querylog import QueryLog
from bot.slack.state import State
from bot.slack.web_api import web_client
from bot.slack.workspaces.place import Workspace
from bot.slack.workspaces.rights import Rights, is_stranger
from bot.slack.workspaces.roles import Roles

T1 = Workspace("T1")


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """With the scope that rules on user groups need."""
    with slack_server("usergroups:read") as server:
        yield server


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def running(slack, desk, log, tmp_path) -> Iterator[Served]:
    with many_served(slack, tmp_path, desk, log) as served_:
        install(slack, served_, "UADMIN")
        yield served_


def people(of: Front, text: str, user: str = "UADMIN") -> str:
    """What /code-audit people says."""
    command = of.slack.slash_command("/code-audit", f"people {text}".strip(), user=user)
    return str(json.loads(of._post(command, "slash"))["text"])


def mention(of: Front, text: str, user: str, **fields: Any) -> None:
    of.event(of.slack.app_mention(text, user=user, channel="C1") | fields)


def refusals(log: QueryLog) -> list[tuple[str, str, str]]:
    return [
        (entry.body["by"], entry.body["team"], entry.texts["detail"] or "")
        for entry in log.records(kinds=["access"])
        if entry.body["what"] == "refusal"
    ]


# Rules


def test_everyone_may_until_a_rule_names_somebody(slack, running, log, desk) -> None:
    of = front(slack, running)
    mention(of, "gout", "U1")
    wait_for_records(log, "delivery")
    assert people(of, "allow <@U2|bo>") == "Done, and on record."
    mention(of, "my secret", "U1")
    mention(of, "flu", "U2")
    mention(of, "asthma", "UADMIN")  # whoever has a role may always
    wait_for_records(log, "delivery", 3)
    assert desk.asked == ["gout", "flu", "asthma"]
    assert refusals(log) == [("U1", "T1", "a request: not_allowed")]
    assert "secret" not in str([entry for entry in log.records()])
    (told,) = [call for call in slack.messages("C1") if call.method == "chat.postEphemeral"]
    assert told.args["user"] == "U1"
    assert "not among them" in told.args["text"]


def test_who_is_refused_is_told_once(slack, running, log) -> None:
    of = front(slack, running)
    people(of, "allow <@U2>")
    for number in range(3):
        mention(of, f"gout {number}", "U1")
    slack.wait_for("chat.postEphemeral")
    of.event(app_home_opened("U1"))
    assert len(refusals(log)) == 1
    assert slack.home("U1") is None
    # A command is answered each time, as Slack shows the reply to nobody else.
    for _ in range(2):
        reply = json.loads(of._post(slack.slash_command("/code", "x", user="U1"), "slash"))
        assert "not among them" in reply["text"]
    assert len(refusals(log)) == 1
    assert [record for record in log.recent() if record.user == "U1"] == []


@pytest.mark.parametrize("kind", ["shortcut", "button"])
def test_no_way_leads_around_it(slack, running, log, desk, kind) -> None:
    of = front(slack, running)
    people(of, "allow <@U2>")
    payload = slack.shortcut("ask_code_desk", user="U1")
    if kind == "button":
        payload = slack.block_actions("welcome_try_0", "gout", user="U1")
    assert not of.interactive(payload)
    slack.wait_for(lambda call: "not among them" in str(call.args.get("text")))
    assert slack.modal() is None
    assert desk.asked == []


def test_a_user_group_may(slack, running, log, desk) -> None:
    slack.set_group("SCODERS", "U1", "U2")
    of = front(slack, running)
    people(of, "allow <!subteam^SCODERS|@coders>")
    for user in ("U1", "U2", "U3", "U1"):
        mention(of, f"of {user}", user)
    wait_for_records(log, "delivery", 3)
    assert desk.asked == ["of U1", "of U2", "of U1"]
    # The members are known for a while.
    assert len(slack.wait_for("usergroups.users.list")) == 1
    assert "<!subteam^SCODERS>" in people(of, "")


def test_members_that_cannot_be_read_let_nobody_in_and_keep_those_who_were(slack, tmp_path) -> None:
    now = 1000.0
    state = State(tmp_path / "slack.db")
    rights = Rights(state, Roles(state), now=lambda: now)
    rights.allow("T1", "S1")
    client = web_client(slack.bot_token, slack.api_url)
    slack.set_group("S1", "U1")
    slack.fail_next("usergroups.users.list", error="missing_scope")
    assert rights.refusal(T1, "U1", client) == "unknown_rights"
    assert rights.refusal(T1, "U1", client) is None
    now += 600
    slack.fail_next("usergroups.users.list", status=500)
    assert rights.refusal(T1, "U1", client) is None
    slack.fail_next("usergroups.users.list", drop_connection=True)
    assert rights.refusal(T1, "U2", client) == "not_allowed"
    now += 4000
    slack.fail_next("usergroups.users.list", status=500)
    assert rights.refusal(T1, "U1", client) == "unknown_rights"
    rights.allow("T1", "S9")
    rights.disallow("T1", "S1")
    assert rights.refusal(T1, "U1", client) == "not_allowed"


def test_a_rule_is_of_its_workspace(slack, tmp_path) -> None:
    state = State(tmp_path / "slack.db")
    rights = Rights(state, Roles(state))
    client = web_client(slack.bot_token, slack.api_url)
    rights.allow("T1", "U9")
    rights.allow("E1", "U8")
    assert rights.refusal(T1, "U1", client) == "not_allowed"
    assert rights.refusal(Workspace("T2"), "U1", client) is None
    # Those of an organisation count in each of its workspaces.
    assert rights.refusal(Workspace("T3", "E1"), "U1", client) == "not_allowed"
    assert rights.refusal(Workspace("T3", "E1"), "U8", client) is None
    rights.forget("T1")
    assert rights.refusal(T1, "U1", client) is None


# People of other organisations


@pytest.mark.parametrize(
    ("body", "place", "team", "stranger"),
    [
        ({"is_ext_shared_channel": True}, T1, "T9", True),
        ({"is_ext_shared_channel": True}, T1, "T1", False),
        # In a channel of several workspaces of one organisation.
        ({"is_ext_shared_channel": False}, Workspace("T1", "E1"), "T2", False),
        ({"is_ext_shared_channel": True}, Workspace("T1", "E1"), "T9", True),
        ({"is_ext_shared_channel": True}, Workspace("T1", "E1"), "E1", False),
        # A press says nothing of the channel.
        ({}, T1, "T9", True),
        ({}, T1, "", False),
    ],
)
def test_who_is_of_another_organisation(body, place, team, stranger) -> None:
    assert is_stranger(body, place, team) is stranger


def test_people_of_other_organisations_are_refused_and_their_words_not_kept(
    slack, running, log, desk
) -> None:
    of = front(slack, running)
    mention(of, "of a stranger", "U9", user_team="T9")
    mention(of, "of ours", "U1")
    wait_for_records(log, "delivery")
    assert desk.asked == ["of ours"]
    assert refusals(log) == [("T9/U9", "T1", "a request: no_strangers")]
    assert "of a stranger" not in str(list(log.records()))
    slack.wait_for(lambda call: "organisation that installed it only" in str(call.args))


def test_a_setting_lets_them_in(slack, log, desk, tmp_path) -> None:
    with many_served(slack, tmp_path, desk, log, slack_connect="answer") as running:
        install(slack, running)
        mention(front(slack, running), "gout", "U9", user_team="T9")
        wait_for_records(log, "delivery")
    (record,) = log.recent()
    assert (record.team, record.workspace, record.delivery) == ("T9", "T1", "delivered")


@pytest.mark.parametrize(("setting", "asked"), [(None, 1), ("refuse", 0)])
def test_with_a_bot_token_they_are_answered_unless_the_setting_refuses(
    slack, log, desk, tmp_path, setting, asked
) -> None:
    with served(slack, tmp_path, desk, log, slack_mode="http", slack_connect=setting) as running:
        mention(Front("http", slack, running), "gout", "U9", user_team="T9")
        if asked:
            wait_for_records(log, "delivery")
        else:
            slack.wait_for("chat.postEphemeral")
    assert len(desk.asked) == asked


# Administrators


def test_administrators_name_auditors(slack, running, log, tmp_path) -> None:
    of = front(slack, running)
    assert "<@UADMIN>: admin" in people(of, "")
    assert "Everyone in this workspace" in people(of, "")
    assert people(of, "add <@U5|ann> auditor") == "Done, and on record."
    assert "<@U5>: auditor" in people(of, "", "U5")
    assert "Only administrators" in people(of, "add <@U5> admin", "U5")
    assert "Only auditors" in people(of, "", "U6")
    assert people(of, "remove <@U5> auditor") == "Done, and on record."
    assert "Only auditors" in people(of, "", "U5")
    done = [
        (entry.body["what"], entry.body["by"], entry.texts.get("detail"))
        for entry in log.records(kinds=["access"])
        if entry.body["what"] == "people"
    ]
    assert done == [
        ("people", "UADMIN", "add U5 auditor"),
        ("people", "UADMIN", "remove U5 auditor"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "add", "add ann auditor", "add <@U5> king", "allow", "allow everyone", "allow <@U5> <@U6>",
        "drop table", "add <@U5' or 1> admin",
    ],
)  # fmt: skip
def test_what_cannot_be_read_changes_nothing(slack, running, tmp_path, typed) -> None:
    assert "could not read that" in people(front(slack, running), typed)
    with sqlite3.connect(tmp_path / "slack.db") as db:
        found = db.execute("select * from workspace_people").fetchall()
    assert found == [("T1", "UADMIN", "admin")]


def test_the_last_administrator_stays(slack, running) -> None:
    of = front(slack, running)
    assert "last administrator" in people(of, "remove <@UADMIN> admin")
    people(of, "add <@U7> admin")
    assert people(of, "remove <@UADMIN> admin") == "Done, and on record."


def test_the_command_line_changes_it_too(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))

    def run(*words: str) -> Any:
        return CliRunner().invoke(main, ["slack", "people", "--team", *words])

    assert "add U5 auditor" in run("T1", "add", "U5", "auditor").stdout
    assert "so already" in run("T1", "add", "U5", "auditor").stdout
    assert run("T1").stdout.split() == ["U5", "auditor"]
    assert run("E1").stdout == ""
    assert run("T1", "remove", "U5", "auditor").exit_code == 0
    assert run("T1").stdout == ""
    for wrong in (["x"], ["T1", "add", "ann", "auditor"]):
        assert run(*wrong).exit_code != 0
    log = QueryLog(tmp_path / "log.db")
    changes = [e.texts["detail"] for e in log.records(kinds=["access"])]
    assert changes == ["add U5 auditor", "remove U5 auditor"]
    log.close()


def test_a_desk_of_one_workspace_takes_its_auditors_from_the_settings(
    slack, log, desk, tmp_path
) -> None:
    with served(slack, tmp_path, desk, log, slack_mode="http", auditors="U5") as running:
        of = Front("http", slack, running)
        with sqlite3.connect(tmp_path / "slack.db") as db:
            db.execute("insert into workspace_people values ('T1', 'U6', 'auditor')")
        before = len(slack.calls)
        of.command(slack.slash_command("/code-audit", "from:2020-01-01", user="U5"))
        wait_until(lambda: len(slack.calls) > before)
        text = of._post(slack.slash_command("/code-audit", "from:2020-01-01", user="U6"), "slash")
        assert "Only auditors" in text
