"""An auditor of one workspace sees what is of that workspace, in every view, query, facet and
statement of their own."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from audit_support import PASSWORD, Pages, _wait
from click.testing import CliRunner
from paths import ROOT
from slack_support import diabetes

from bot.audit.web import accounts
from bot.audit.web.sql_views import VIEWS, limited
from bot.audit.web.stored_queries import PREPARED
from bot.cli.main import main
from bot.querylog import QueryLog, QuestionRecord, sampling
from bot.settings import Settings, SettingsError

OURS, THEIRS = "gout of ours", "lupus of theirs"


def two_workspaces(home: Path) -> tuple[QueryLog, str, str]:
    """A log with a question of T1, one of T2, and one of T3 in the organisation E9."""
    log = QueryLog(home / "log.db")
    ids = []
    for text, team, enterprise in ((OURS, "T1", None), (THEIRS, "T2", None), ("flu", "T3", "E9")):
        asked = QuestionRecord(text, "dm", "U1", team, "D1", workspace=team, enterprise=enterprise)
        question = log.ask(asked)
        assert question is not None
        log.answered(question, diabetes(text), index_build="b", latency_ms=1.0)
        log.delivered(question, "delivered", "1.2")
        log.feedback(question, "wrong", note=f"a note on {text}", by="U1")
        log.access("view", "U1", f"looked at {text}", question, team=team)
        log.access("search", "U1", f"searched {text}", team=team)
        ids.append(question)
    log.configured({"version": "1"})
    log.access("search", "operator", "everything of theirs")
    return log, ids[0], ids[1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    home = tmp_path_factory.mktemp("two")
    log, _, _ = two_workspaces(home)
    for name, teams in (("all", None), ("ours", ["T1"]), ("org", ["E9"])):
        accounts.add(home / "auditors.toml", name, accounts.hashed(PASSWORD), teams)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "CODEDESK_HOME": str(home),
        "CODEDESK_AUDIT_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    with (home / "stderr").open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "log", "audit"],
            env=environment,
            cwd=home,
            stderr=told,
            stdout=told,
            text=True,
        )
    try:
        served = Pages(f"http://127.0.0.1:{port}", home, log, process)
        _wait(served)
        yield served
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def signed_in(pages: Pages, name: str) -> httpx.Client:
    client = pages.client()
    assert pages.sign_in(client, name, PASSWORD).status_code == 303
    return client


def asked(pages: Pages, name: str, sql: str) -> httpx.Response:
    return signed_in(pages, name).get("/log.json", params={"sql": sql, "_shape": "array"})


@pytest.mark.slow
def test_every_page_of_a_limited_auditor_has_their_workspace_only(pages: Pages) -> None:
    client = signed_in(pages, "ours")
    whole = signed_in(pages, "all")
    places = ["/", "/questions", "/questions?words=lupus", "/questions.csv", "/changes", "/samples"]
    places += ["/log", *(f"/log/{name}" for name in VIEWS)]
    places += [f"/log/{name}.json?_shape=array&_facet=day" for name in VIEWS]
    places += [f"/log/{name}" for name in PREPARED]
    seen = ""
    for place in places:
        page = client.get(place)
        assert page.status_code == 200, (place, page.text[-500:])
        assert "theirs" not in page.text, place
        assert "lupus" not in page.text.replace("words=lupus", "").replace(
            'value="lupus"', ""
        ).replace("Words: lupus", ""), place
        assert ">flu<" not in page.text, place
        seen += page.text
    assert OURS in seen
    assert f"a note on {OURS}" in seen
    assert f"searched {OURS}" in seen
    assert THEIRS in whole.get("/log/questions_and_answers").text


@pytest.mark.slow
def test_a_question_of_another_workspace_is_none_for_them(pages: Pages) -> None:
    mine, other, _ = (one.id for one in pages.log.select("true order by seq"))
    client, before = signed_in(pages, "ours"), pages.log.last_sequence()
    assert OURS in client.get(f"/questions/{mine}").text
    refused = client.get(f"/questions/{other}")
    assert refused.status_code == 404
    assert "lupus" not in refused.text
    # It is on record what they tried; it was no look at the other's question.
    looks = list(pages.log.records(before, ["access"]))
    assert [(one.subject, one.texts["detail"]) for one in looks] == [
        (mine, f"/questions/{mine}"), (None, f"/questions/{other}"),
    ]  # fmt: skip
    assert "1 question" in client.get("/questions").text
    assert "2 questions" not in client.get("/questions").text
    assert THEIRS in signed_in(pages, "all").get(f"/questions/{other}").text


@pytest.mark.slow
def test_an_auditor_of_an_organisation_sees_its_workspaces(pages: Pages) -> None:
    found = asked(pages, "org", "select question from questions_and_answers").json()
    assert found == [{"question": "flu"}]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql",
    [
        "select body from records",
        "select * from main.records",
        'select * from "records"',
        "select * from [Records]",
        "select * from whole_records natural full join main.questions",
        "select * from questions_and_answers full join main.questions using (text)",
        "select text from main.texts",
        "select text from questions",
        "select detail from main.deliveries",
        "select detail from accesses",
        "select note from feedback",
        "select * from answers",
        "select * from corrections",
        "select sql from sqlite_dbpage",
        "select * from pragma_table_info('x') union select body, 1, 1, 1, 1, 1 from records",
        "with whole_records as (select body as what from main.records) select * from whole_records",
        "select (select group_concat(body) from records) from questions_and_answers",
        "select * from log",
        "select * from lifted",
    ],
)
def test_no_statement_reads_the_tables_beside_the_views(pages: Pages, sql: str) -> None:
    answer = asked(pages, "ours", sql)
    assert answer.status_code == 400, answer.text
    assert "theirs" not in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("page", ["/log/records", "/log/texts", "/log/questions", "/log/accesses"])
def test_the_tables_are_no_pages_of_theirs(pages: Pages, page: str) -> None:
    for end in ("", ".json"):
        answer = signed_in(pages, "ours").get(page + end)
        assert answer.status_code in (400, 403, 404)
        assert "theirs" not in answer.text


@pytest.mark.slow
def test_a_limited_auditor_signs_out_and_may_try_no_more(pages: Pages) -> None:
    client = signed_in(pages, "ours")
    token = client.get("/").text.split('name="csrftoken" value="')[1].split('"')[0]
    assert client.post("/-/logout", data={"csrftoken": token}).status_code == 303
    assert client.get("/log").status_code == 403


def test_the_views_take_ids_and_nothing_else() -> None:
    for wrong in ("T1' or '1", "", "x", "T1,T2"):
        with pytest.raises(ValueError, match="no id"):
            limited((wrong,))
    db = sqlite3.connect(":memory:")
    db.execute("create table records (seq, at, kind, subject, body)")
    db.execute("create table texts (record, name, text)")
    for view in limited(()).values():
        assert db.execute(view).fetchall() == []


def test_an_account_with_a_limit_that_cannot_be_read_signs_in_nobody(tmp_path: Path) -> None:
    file, good = tmp_path / "auditors.toml", accounts.hashed(PASSWORD)
    for teams in ("[]", '"T1"', "[1]", '["t1"]', '["T1\' or 1"]'):
        file.write_text(f'A = {{ hash = "{good}", teams = {teams} }}\n')
        file.chmod(0o600)
        with pytest.raises(SettingsError, match="ids of workspaces"):
            accounts.load(Settings(home=tmp_path))
    accounts.add(tmp_path / "more.toml", "A", good, ["T1", "E2"])
    known = accounts.load(Settings(home=tmp_path, auditors_file=str(tmp_path / "more.toml")))
    assert known["A"].teams == ("T1", "E2")


@pytest.mark.parametrize(
    "command", ["list", "search", "export --format jsonl", "report --json"], ids=str.split
)
def test_the_commands_take_a_workspace(tmp_path: Path, monkeypatch, command: str) -> None:
    monkeypatch.setenv("CODEDESK_HOME", str(tmp_path))
    log, _, _ = two_workspaces(tmp_path)
    log.close()
    done = CliRunner().invoke(main, ["log", *command.split(), "--team", "T1"])
    assert OURS in done.stdout or '"questions": 1' in done.stdout, done.output
    assert "theirs" not in done.stdout
    assert "flu" not in done.stdout
    both = CliRunner().invoke(main, ["log", *command.split(), "--team", "T1", "--team", "E9"])
    assert "flu" in both.stdout or '"questions": 2' in both.stdout


@pytest.mark.slow
def test_a_limited_auditor_reviews_what_is_of_their_workspace(pages: Pages) -> None:
    mine, other, _ = (one.id for one in pages.log.select("true order by seq"))
    client, whole = signed_in(pages, "ours"), signed_in(pages, "all")
    token = client.get("/samples").text.split('name="csrftoken" value="')[1].split('"')[0]
    form = {"csrftoken": token, "line": "1", "mark": "agree", "size": "9"}
    drawn = client.post("/samples/draw", data=form)
    assert (
        client.get(drawn.headers["location"]).text.count("/questions/") == 2
    )  # in a list, to go on
    sample = sampling.samples(pages.log)[-1]
    assert (sample.ids, sample.draw.teams) == ((mine,), ("T1",))
    refused = client.post(f"/questions/{other}/review", data=form)
    assert (refused.status_code, "lupus" in refused.text) == (400, False)
    assert client.post(f"/questions/{mine}/review", data=form).status_code == 303
    token = whole.get("/samples").text.split('name="csrftoken" value="')[1].split('"')[0]
    of_all = whole.post("/samples/draw", data=form | {"csrftoken": token}).headers["location"]
    assert client.get(of_all).status_code == 404
    assert client.post(f"{of_all}/sign-off", data=form | {"incomplete": "x"}).status_code == 400
