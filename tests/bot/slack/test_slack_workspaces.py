"""Many workspaces in one app: installing by OAuth over real HTTP, each answered with its own token,
uninstalling, tokens encrypted on the disk, and nothing of one workspace in another."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from slack_front import Front
from slack_server import (
    SlackServer,
    app_home_opened,
    app_uninstalled,
    signed_request,
    tokens_revoked,
)
from slack_support import (
    ScriptedDesk,
    Served,
    diabetes,
    settings,
    slack_server,
    wait_for_records,
    wait_until,
)
from workspace_support import base, begun, front, get, install, many_served, returned

from bot.cli.main import main
from bot.querylog import QueryLog, QuestionRecord, reviews, sampling
from bot.slack.connections import SlackSettingsError
from bot.slack.delivery import SlackDelivery
from bot.slack.outbox_store import Post
from bot.slack.state import State
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import in_thread
from bot.slack.workspaces import serving, token_keys
from bot.slack.workspaces.clients import Clients
from bot.slack.workspaces.installations import RENEW_BEFORE
from bot.slack.workspaces.oauth_states import KEPT, OAuthStates
from bot.slack.workspaces.place import Workspace, workspace_of
from bot.slack.workspaces.token_keys import TokenKeys, TokenKeysError


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """Slack as it is for T1. T2 has the ids that begin with C2, D2 and U2."""
    with slack_server() as server:
        server.uninstall()  # Its first token was not given by OAuth.
        yield server


@pytest.fixture
def other(slack: SlackServer) -> SlackServer:
    return slack.add_workspace("T2", owns=("C2", "D2", "U2"))


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[QueryLog]:
    opened = QueryLog(tmp_path / "log.db")
    yield opened
    opened.close()


@pytest.fixture
def running(slack, other, desk, log, tmp_path) -> Iterator[Served]:
    """Served, and installed in both."""
    with many_served(slack, tmp_path, desk, log) as served:
        install(slack, served, "U1")
        install(other, served, "U21")
        yield served


def ask(of: Front, text: str, user: str, channel: str) -> None:
    of.event(of.slack.app_mention(text, user=user, channel=channel))


def ask_in_vain(of: Front, text: str, user: str, channel: str) -> None:
    """Where the app is not installed. The event is acknowledged, so that it is not sent again."""
    body = of.slack.event_callback(of.slack.app_mention(text, user=user, channel=channel))
    status, _, _ = signed_request(of.running.url, body, of.slack.signing_secret)
    assert status == 200


def answers(slack: SlackServer, channel: str, count: int = 1) -> list[Any]:
    return slack.wait_for(
        lambda call: (
            call.method == "chat.postMessage"
            and call.args["channel"] == channel
            and call.took_effect
        ),
        count,
    )


def asked_in_both(running: Served, slack: SlackServer, other: SlackServer, log: QueryLog) -> Any:
    """A question in each; gives the ids of both."""
    ask(front(slack, running), "gout of ours", "U1", "C1")
    answers(slack, "C1")
    ask(front(other, running), "lupus of theirs", "U21", "C21")
    answers(other, "C21")
    wait_for_records(log, "delivery", 2)
    by_text = {record.text: record.id for record in log.recent()}
    return by_text["gout of ours"], by_text["lupus of theirs"]


# Installing


def test_each_workspace_is_answered_with_its_own_token(slack, other, running, log) -> None:
    asked_in_both(running, slack, other, log)
    (ours,), (theirs,) = answers(slack, "C1"), answers(other, "C21")
    assert slack.token_of(ours) in slack.tokens
    assert slack.token_of(theirs) in other.tokens
    teams = {record.text: record.team for record in log.recent()}
    assert teams == {"gout of ours": "T1", "lupus of theirs": "T2"}
    # The token of one is of no use for the other.
    refused = [call for call in slack.calls if call.error]
    assert refused == []
    assert slack.violations == []


def test_whoever_installs_it_is_told_and_is_the_administrator(slack, running, log, tmp_path):
    page = install(slack, running, "U9")
    assert "Team T1" in page
    with sqlite3.connect(tmp_path / "slack.db") as db:
        rows = db.execute("select team, person, role from workspace_people").fetchall()
    assert set(rows) == {("T1", "U1", "admin"), ("T2", "U21", "admin"), ("T1", "U9", "admin")}
    found = [(e.body["what"], e.body["by"], e.body["team"]) for e in log.records(kinds=["access"])]
    assert ("install", "U9", "T1") in found


def test_an_installation_needs_the_browser_that_began_it_and_works_once(slack, running) -> None:
    link, cookie = begun(running)
    back = slack.approve(link)
    status, page = returned(running, back, "")
    assert status == 400
    assert "within the last ten minutes" in page
    assert returned(running, back, cookie)[0] == 200
    status, page = returned(running, back, cookie)
    assert status == 401
    assert "was used before" in page


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("error=access_denied", 200, "You did not allow it"),
        ("error=invalid_scope", 200, "Slack ended the installation"),
        ("error=%3Cscript%3Ealert(1)%3C/script%3E", 200, "Slack ended the installation"),
        ("code=x", 400, "within the last ten minutes"),
        ("state=forged&code=x", 400, "within the last ten minutes"),
        ("", 400, "within the last ten minutes"),
    ],
)
def test_a_bad_installation_gets_one_clear_page(running, query, status, says) -> None:
    found, page, headers = get(f"{base(running)}/slack/oauth_redirect?{query}")
    assert (found, headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert says in page
    assert "<script" not in page
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_code_that_slack_does_not_know_installs_nothing(slack, running) -> None:
    link, cookie = begun(running)
    back = slack.approve(link)
    forged = back.replace("code=code-", "code=other-")
    status, page = returned(running, forged, cookie)
    assert status == 401
    assert "did not accept" in page


def test_slack_that_cannot_be_reached_installs_nothing(slack, running, caplog) -> None:
    link, cookie = begun(running)
    back = slack.approve(link)
    slack.fail_next("oauth.v2.access", drop_connection=True)
    status, page = returned(running, back, cookie)
    assert status == 502
    assert "cannot reach Slack" in page
    assert "code-" not in caplog.text


def test_in_socket_mode_the_pages_are_served_if_they_have_an_address(
    slack, desk, log, tmp_path
) -> None:
    address = "http://desk.example"
    where = {"slack_mode": "socket", "slack_install_url": address, "http_port": _free_port()}
    with many_served(slack, tmp_path, desk, log, **where) as running:
        assert f"{address}/slack/install" in " ".join(running.lines)
        running.url = f"http://127.0.0.1:{where['http_port']}/slack/events"
        link, cookie = begun(running)
        back = slack.approve(link, "U1")
        assert back.startswith(f"{address}/slack/oauth_redirect?")
        assert returned(running, back, cookie)[0] == 200
        status, _, _ = get(running.url)
        assert status == 404
        slack.send_event(slack.app_mention("gout")).wait_ack(10)
        answers(slack, "C1")


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_workspace_that_did_not_install_it_gets_nothing(slack, running, log) -> None:
    stranger = slack.add_workspace("T7", owns=("C7",))
    of = front(stranger, running)
    ask_in_vain(of, "gout", "U7", "C7")
    assert list(log.recent()) == []


# Organisations


def test_an_organisation_installs_it_once_for_its_workspaces(slack, running, log) -> None:
    third = slack.add_workspace("T3", owns=("C3", "C4"), enterprise="E1", of_organisation=True)
    fourth = third.sibling("T4")
    page = install(third, running, "U31")
    assert "Org E1" in page
    ask(front(third, running), "gout", "U31", "C31")
    ask(front(fourth, running), "flu", "U41", "C41")
    (one,), (two,) = answers(slack, "C31"), answers(slack, "C41")
    assert {slack.token_of(one), slack.token_of(two)} == {third.tokens[-1]}
    wait_for_records(log, "delivery", 2)
    found = {(record.text, record.team, record.enterprise) for record in log.recent()}
    assert found == {("gout", "T3", "E1"), ("flu", "T4", "E1")}


def test_what_was_left_of_an_organisation_is_answered_at_the_next_start(
    slack, desk, log, tmp_path
) -> None:
    third = slack.add_workspace("T3", owns=("C3",), enterprise="E1", of_organisation=True)
    with many_served(slack, tmp_path, desk, log) as running:
        install(third, running)
    left = QuestionRecord("gout", "mention", "U31", "T3", "C31", "1.2", enterprise="E1")
    guest = QuestionRecord("flu", "mention", "U9", "T9", "C32", "1.3")
    guest = replace(guest, workspace="T3", enterprise="E1")
    for question in (left, guest):
        assert log.ask(question)
    with many_served(slack, tmp_path, desk, log):
        found = [answers(slack, "C31"), answers(slack, "C32")]
    assert {slack.token_of(call) for (call,) in found} == {third.tokens[-1]}


def test_an_own_installation_of_a_workspace_counts_before_its_organisations(slack, running):
    third = slack.add_workspace("T3", owns=("C3",), enterprise="E1", of_organisation=True)
    own = slack.add_workspace("T4", owns=("C4",), enterprise="E1")
    install(third, running)
    install(own, running)
    ask(front(own, running), "flu", "U41", "C41")
    (answer,) = answers(slack, "C41")
    assert slack.token_of(answer) == own.tokens[-1]


def test_an_organisation_uninstalls_it(slack, running, log) -> None:
    third = slack.add_workspace("T3", owns=("C3",), enterprise="E1", of_organisation=True)
    install(third, running)
    third.uninstall()
    of = front(third, running)
    of.event(app_uninstalled())
    ask_in_vain(of, "gout", "U31", "C31")
    assert list(log.recent()) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"team_id": "T1", "enterprise_id": "E1"}, Workspace("T1", "E1")),
        ({"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T9"}}, Workspace("T1")),
        (
            {"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T3"}},
            Workspace("T3", "E1"),
        ),
        (
            {
                "team": {"id": "T9"},
                "view": {"app_installed_team_id": "T1", "team_id": "T9"},
                "user": {"id": "U1", "team_id": "T9"},
            },
            Workspace("T1"),
        ),
        (
            {
                "team_id": "T9",
                "authorizations": [{"team_id": "T1", "enterprise_id": None}],
                "event": {"user_team": "T9"},
            },
            Workspace("T1"),
        ),
        (
            {"team_id": "T3", "authorizations": [{"team_id": None, "enterprise_id": "E1"}]},
            Workspace("T3", "E1"),
        ),
    ],
)
def test_the_workspace_of_a_request_is_where_the_app_is_installed(body, place) -> None:
    assert workspace_of(body) == place


# Uninstalling


@pytest.mark.parametrize("event", [app_uninstalled(), tokens_revoked("UBOT")])
def test_uninstalling_counts_at_once(slack, other, running, log, tmp_path, event) -> None:
    slack.uninstall()
    front(slack, running).event(event)
    with sqlite3.connect(tmp_path / "slack.db") as db:
        assert db.execute("select id from installations").fetchall() == [("T2",)]
    ask_in_vain(front(slack, running), "gout", "U1", "C1")
    ask(front(other, running), "lupus", "U21", "C21")
    answers(other, "C21")
    assert [record.text for record in log.recent()] == ["lupus"]


def test_what_waits_for_a_workspace_is_abandoned_when_it_uninstalls(
    slack, other, running, log
) -> None:
    slack.fail_next("chat.postMessage", status=429, retry_after=300)
    ask(front(slack, running), "gout", "U1", "C1")
    slack.wait_for("chat.postMessage")
    wait_for_records(log, "answer")
    slack.uninstall()
    front(slack, running).event(app_uninstalled())
    wait_for_records(log, "delivery")
    (record,) = log.recent()
    (delivery,) = record.deliveries
    assert delivery["outcome"] == "abandoned"
    assert delivery["detail"] == "the app was uninstalled from the workspace"
    assert slack.messages("C1") == []


def test_an_event_of_an_earlier_uninstall_removes_nothing(slack, running) -> None:
    body = slack.event_callback(app_uninstalled()) | {"event_time": int(time.time()) - 60}
    status, _, _ = signed_request(running.url, body, slack.signing_secret)
    assert status == 200
    ask(front(slack, running), "gout", "U1", "C1")
    answers(slack, "C1")


def test_what_people_of_it_chose_is_forgotten(slack, running, tmp_path) -> None:
    with sqlite3.connect(tmp_path / "slack.db") as db:
        db.execute("insert into favourites values ('T1', 'U1', 'icd10cm', 'E11.9', 1)")
        db.execute("insert into favourites values ('T2', 'U1', 'icd10cm', 'E11.9', 1)")
    # Slack sends both events, in any order.
    front(slack, running).event(tokens_revoked("UBOT"))
    front(slack, running).event(app_uninstalled())
    with sqlite3.connect(tmp_path / "slack.db") as db:
        assert db.execute("select team from favourites").fetchall() == [("T2",)]
        assert db.execute("select team from workspace_people").fetchall() == [("T2",)]


# Tokens


def test_a_message_in_the_outbox_goes_out_by_another_process_with_its_token(
    slack, other, desk, log, tmp_path
) -> None:
    """One process keeps the message, with no token in it; another sends it."""
    with many_served(slack, tmp_path, desk, log) as running:
        install(slack, running)
        install(other, running)
    state = State(tmp_path / "slack.db")
    clients = _clients(slack, state, tmp_path)
    first = SlackDelivery(desk, log, clients, state)
    way = in_thread(clients.for_workspace(Workspace("T2")), "C21", None)
    first.outbox.store.add(Post(way, plain_message("later")), time.time(), time.time() + 60)
    kept = sqlite3.connect(tmp_path / "slack.db").execute("select post from outbox").fetchone()[0]
    assert json.loads(kept)["way"]["installed"] == "T2"
    assert "xoxb" not in kept
    state.close()
    state = State(tmp_path / "slack.db")
    second = SlackDelivery(desk, log, _clients(slack, state, tmp_path), state)
    second.outbox.resume(time.time())
    (sent,) = answers(slack, "C21")
    second.outbox.rest()
    assert slack.token_of(sent) in other.tokens


def _clients(slack: SlackServer, state: State, home: Path) -> Clients:
    given = settings(slack, home, slack_bot_token=None, slack_client_id="111.222")
    given = given.model_copy(update={"slack_client_secret": "client-secret"})
    return serving.clients(given, state, print)


def test_a_row_of_one_workspace_goes_on_without_the_name_of_an_installation(
    slack, log, desk, tmp_path
) -> None:
    """As versions for one workspace wrote it."""
    state = State(tmp_path / "slack.db")
    with slack_server() as single:
        from bot.slack.web_api import web_client

        client = web_client(single.bot_token, single.api_url)
        delivery = SlackDelivery(desk, log, client, state)
        delivery.outbox.store.add(
            Post(in_thread(client, "C1", None), plain_message("old")), time.time(), time.time() + 60
        )
        with state.reading() as db:
            assert "installed" not in db.execute("select post from outbox").fetchone()[0]
        delivery.outbox.resume(time.time())
        answers(single, "C1")
        delivery.outbox.rest()


def test_no_token_is_on_the_disk_as_it_is(slack, other, running, tmp_path, log) -> None:
    asked_in_both(running, slack, other, log)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for token in (*slack.tokens, *other.tokens):
                assert token.encode() not in data, path
    assert (tmp_path / "keys" / "tokens.key").stat().st_mode & 0o777 == 0o600


def test_a_desk_whose_keys_are_gone_does_not_start(slack, other, desk, log, tmp_path) -> None:
    with many_served(slack, tmp_path, desk, log) as running:
        install(slack, running)
    kept = tmp_path / "keys" / "tokens.key"
    kept.rename(tmp_path / "away")
    with (
        pytest.raises(TokenKeysError, match="Put the file back"),
        many_served(slack, tmp_path, desk, log),
    ):
        pass
    token_keys.make(kept)
    with pytest.raises(TokenKeysError, match="No key in"), many_served(slack, tmp_path, desk, log):
        pass


def test_keys_are_rotated_while_a_desk_is_running(slack, running, tmp_path, monkeypatch) -> None:
    key = tmp_path / "keys" / "tokens.key"
    old = key.read_text()
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    done = CliRunner().invoke(main, ["slack", "keys", "--rotate"])
    assert done.exit_code == 0, done.output
    assert "2 installations" in done.output
    assert key.read_text().splitlines()[1] == old.strip()
    # The running desk reads the file again when it meets a token that it cannot open.
    ask(front(slack, running), "gout", "U1", "C1")
    answers(slack, "C1")
    # The old key opens nothing any more.
    with sqlite3.connect(tmp_path / "slack.db") as db:
        kept = db.execute("select secrets from installations").fetchone()[0]
    key.write_text(old)
    with pytest.raises(TokenKeysError):
        TokenKeys(key).decrypted(kept)


def test_a_token_that_expires_is_renewed(slack, desk, log, tmp_path) -> None:
    short = slack.add_workspace("T5", owns=("C5",), expires_in=int(RENEW_BEFORE) - 60)
    with many_served(slack, tmp_path, desk, log) as running:
        install(short, running)
        first = short.tokens[-1]
        ask(front(short, running), "gout", "U51", "C51")
        (answer,) = answers(slack, "C51")
    assert len(short.tokens) > 1
    assert slack.token_of(answer) != first
    assert slack.token_of(answer) in short.tokens


def test_a_state_is_good_once_and_for_ten_minutes(tmp_path, monkeypatch) -> None:
    states = OAuthStates(State(tmp_path / "slack.db"))
    issued = states.issue()
    assert states.consume(issued)
    assert not states.consume(issued)
    assert not states.consume("made up")
    late, now = states.issue(), time.time()
    monkeypatch.setattr(time, "time", lambda: now + KEPT + 1)
    assert not states.consume(late)


# Settings


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"slack_bot_token": "xoxb-x"}, "both set"),
        ({"slack_client_secret": None}, "SLACK_CLIENT_SECRET is not set"),
        ({"slack_client_id": None}, "SLACK_CLIENT_ID is not set"),
        ({"slack_signing_secret": None}, "SLACK_SIGNING_SECRET is not set"),
    ],
)
def test_settings_that_do_not_fit_are_told(slack, desk, log, tmp_path, changes, says) -> None:
    with (
        pytest.raises(SlackSettingsError, match=says),
        many_served(slack, tmp_path, desk, log, **changes),
    ):
        pass


# Apart


def as_auditor(tmp_path: Path, team: str, user: str) -> None:
    with sqlite3.connect(tmp_path / "slack.db") as db:
        db.execute("insert into workspace_people values (?, ?, 'auditor')", [team, user])


def audit(of: Front, text: str, user: str) -> str:
    """What an auditor is told."""
    command = of.slack.slash_command("/code-audit", text, user=user, channel="C1")
    path = command["response_url"].removeprefix(of.slack.url)
    response = of._post(command, "slash")
    if response:
        return response
    (call,) = of.slack.wait_for(lambda c: c.method == "response_url" and c.path == path)
    return json.dumps(call.args, ensure_ascii=False)


def test_an_auditor_sees_their_own_workspace_only(slack, other, running, log, tmp_path) -> None:
    ours, theirs = asked_in_both(running, slack, other, log)
    as_auditor(tmp_path, "T1", "U5")
    of = front(slack, running)
    assert "gout of ours" in audit(of, f"show {ours}", "U5")
    found = audit(of, "from:2020-01-01", "U5")
    assert "gout of ours" in found
    assert "lupus" not in found
    assert "lupus" not in audit(of, "lupus", "U5")
    # A question of the other workspace is as one that is not there, by its whole id or a part.
    for given in (theirs, theirs[:8]):
        told = audit(of, f"show {given}", "U5")
        assert "lupus" not in told
        assert told.replace(given, "ID") == audit(of, "show aaaaaaaa", "U5").replace(
            "aaaaaaaa", "ID"
        )
    pressed = of.slack.block_actions("audit_show", theirs, user="U5", channel="C1")
    before = len(slack.calls)
    of.interactive(pressed)
    wait_until(lambda: len(slack.calls) > before)
    assert "lupus" not in str(slack.calls[before:])
    # Nor does it say how much all of them have asked.
    verified = audit(of, "verify", "U5")
    assert "Nothing in the log was altered" in verified
    assert not re.search("[0-9]+ records", verified)


def test_an_auditor_reviews_their_own_workspace_only(slack, other, running, log, tmp_path) -> None:
    ours, theirs = asked_in_both(running, slack, other, log)
    everything = sampling.sample(log, sampling.Draw(5), "operator")
    as_auditor(tmp_path, "T1", "U5")
    of = front(slack, running)
    assert "There is no sample yet" in audit(of, "reviews", "U5")
    assert "1 of 1 answered questions" in audit(of, "sample 5", "U5")
    own = sampling.samples(log)[-1]
    assert own.ids == (ours,)
    assert "has no sample" in audit(of, f"review {everything.number}", "U5")
    assert "gout of ours" in audit(of, "review", "U5")
    for value in (f"{everything.number} {theirs} 1", f"{own.number} {theirs} 1"):
        before = len(slack.calls)
        of.interactive(slack.block_actions("review_agree", value, user="U5", channel="C1"))
        wait_until(lambda before=before: len(slack.calls) > before)
        assert "lupus" not in str(slack.calls[before:])
    assert reviews.every(log) == []
    # Of what others say of their answers, the figures have nothing.
    record = log.get(theirs)
    assert record is not None
    reviews.review(log, record, 1, "agree", "operator")
    assert "No line was reviewed yet" in audit(of, "reviews", "U5")


def test_a_role_counts_in_its_workspace_only(slack, other, running, log, tmp_path) -> None:
    asked_in_both(running, slack, other, log)
    as_auditor(tmp_path, "T1", "U5")
    assert "Only auditors" in audit(front(other, running), "from:2020-01-01", "U5")


def test_the_id_of_an_auditor_counts_in_their_own_team_only(slack, desk, log, tmp_path) -> None:
    """Somebody of another team has the same id, and presses in a shared channel."""
    with many_served(slack, tmp_path, desk, log, slack_connect="answer") as running:
        install(slack, running)
        as_auditor(tmp_path, "T1", "U5")
        body = slack.block_actions("audit_show", "x", user="U5", channel="C1")
        body["user"]["team_id"] = "T2"
        before = len(slack.calls)
        front(slack, running).interactive(body)
        wait_until(lambda: len(slack.calls) > before)
        assert "Only auditors" in str(slack.calls[before:])


def test_an_auditor_of_an_organisation_sees_its_workspaces(slack, running, log, tmp_path) -> None:
    third = slack.add_workspace("T3", owns=("C3", "C4"), enterprise="E1", of_organisation=True)
    fourth = third.sibling("T4")
    install(third, running)
    ask(front(third, running), "gout", "U31", "C31")
    ask(front(fourth, running), "flu", "U41", "C41")
    answers(slack, "C31")
    answers(slack, "C41")
    as_auditor(tmp_path, "E1", "U5")
    as_auditor(tmp_path, "T3", "U6")
    found = audit(front(fourth, running), "from:2020-01-01", "U5")
    assert "gout" in found
    assert "flu" in found
    found = audit(front(third, running), "from:2020-01-01", "U6")
    assert "gout" in found
    assert "flu" not in found


@pytest.mark.parametrize(
    "action", ["copy", "rules", "used", "check_with", "complete", "share", "rating"]
)
def test_a_button_that_names_a_question_of_another_workspace_finds_nothing(
    slack, other, running, log, action
) -> None:
    from bot.slack.views import buttons, feedback

    ours, theirs = asked_in_both(running, slack, other, log)
    ids = {
        "copy": (buttons.MENU, f"{buttons.COPY} {theirs}"),
        "used": (buttons.MENU, f"{buttons.USED} {theirs}"),
        "share": (buttons.MENU, f"{buttons.SHARE} {theirs}"),
        "rules": (buttons.RULES, theirs),
        "check_with": (buttons.CHECK_WITH, theirs),
        "complete": ("complete", theirs),
        "rating": (feedback.RATING, f"{feedback.RIGHT} {theirs}"),
    }
    action_id, value = ids[action]
    body = slack.block_actions("made_up", value, user="U1", channel="C1")
    body["actions"][0] |= {"action_id": action_id, "selected_option": {"value": value}}
    before, records = len(slack.calls), log.last_sequence()
    front(slack, running).interactive(body)
    wait_until(lambda: len(slack.calls) > before)
    told = str([call.args for call in slack.calls[before:]])
    assert "lupus" not in told
    assert "E11.22" not in told
    assert [e for e in log.records(records) if e.subject == theirs] == []
    assert ours


def test_home_opens_no_question_of_another_workspace(slack, other, running, log) -> None:
    """Asked by somebody with the same id there."""
    ask(front(other, running), "lupus of theirs", "U21", "C21")
    answers(other, "C21")
    wait_for_records(log, "delivery")
    (theirs,) = [record.id for record in log.recent()]
    body = slack.block_actions("home_open", theirs, user="U21", channel="C1")
    body["container"] = {"type": "view", "view_id": "V1"}
    del body["response_url"]
    front(slack, running).interactive(body)
    wait_until(lambda: slack.modal())
    assert "lupus" not in json.dumps(slack.modal())
    assert "E11.22" not in json.dumps(slack.modal())


def test_a_question_follows_none_of_another_workspace(slack, other, running, log, desk) -> None:
    """A channel of both: each has its own conversation in a thread."""
    of, of_other = front(slack, running), front(other, running)
    first = slack.app_mention("gout of ours", user="U1", channel="C1")
    of.event(first)
    answers(slack, "C1")
    second = other.app_mention("left", user="U21", channel="C1", thread_ts=first["ts"])
    of_other.event(second)
    wait_until(lambda: len(log.recent()) == 2)
    assert log.recent()[0].team == "T2"
    assert log.recent()[0].after is None
    third = slack.app_mention("right", user="U1", channel="C1", thread_ts=first["ts"])
    of.event(third)
    wait_until(lambda: len(log.recent()) == 3)
    assert log.recent()[0].after == log.recent()[2].id


def test_home_is_of_its_workspace(slack, other, running, log, tmp_path) -> None:
    """Two people with one id."""
    of, of_other = front(slack, running), front(other, running)
    ask(of, "gout of ours", "U21", "C1")
    answers(slack, "C1")
    ask(of_other, "lupus of theirs", "U21", "C21")
    answers(other, "C21")
    as_auditor(tmp_path, "T2", "U21")
    of_other.event(app_home_opened("U21"))
    wait_until(lambda: other.home("U21"))
    shown = json.dumps(other.home("U21"))
    assert "lupus of theirs" in shown
    assert "gout" not in shown
    assert slack.home("U21") is None
    (call,) = slack.wait_for("views.publish")
    assert slack.token_of(call) in other.tokens


def test_a_question_of_a_guest_is_of_the_workspace_in_which_it_is_asked(
    slack, running, log, tmp_path
) -> None:
    question = QuestionRecord("x", "mention", "U9", "T9", "C1", workspace="T1")
    id_ = log.ask(question)
    assert id_ is not None
    log.answered(id_, diabetes("x"), index_build="b", latency_ms=1)
    as_auditor(tmp_path, "T1", "U5")
    as_auditor(tmp_path, "T9", "U5")
    assert '"x"' in audit(front(slack, running), f"show {id_}", "U5") or "E11.22" in audit(
        front(slack, running), f"show {id_}", "U5"
    )
    record = log.get(id_)
    assert record is not None
    assert (record.team, record.workspace) == ("T9", "T1")


def test_files_of_codes_are_not_taken_from_a_workspace(slack, running, tmp_path, log) -> None:
    """They would count for all."""
    body = slack.block_actions("home_load", "x", user="U1", channel="C1")
    body["container"] = {"type": "view", "view_id": "V1"}
    del body["response_url"]
    front(slack, running).interactive(body)
    wait_until(lambda: slack.modal())
    assert "file_input" not in json.dumps(slack.modal())
