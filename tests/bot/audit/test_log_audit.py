"""The auditors' pages on a real server: who sees what, what goes on record, and in a browser."""

from __future__ import annotations

import itertools
import os
import stat
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from audit_support import AUDITOR, PASSWORD, Pages, a_log, served
from chromium import chromium
from click.testing import CliRunner
from log_support import attacked, converse

from bot.audit.web import accounts, cells
from bot.audit.web.sessions import LONGEST, MOST_REFUSALS, Refusals, Sessions
from bot.audit.web.sql_views import FACETS, VIEWS
from bot.audit.web.stored_queries import PREPARED
from bot.cli.main import main
from bot.querylog import retention
from bot.querylog.verify import verify
from bot.settings import Settings, SettingsError

ADDRESSES = (f"127.0.1.{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with served(tmp_path_factory.mktemp("audit") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def auditor(pages: Pages) -> httpx.Client:
    """The pages, signed in."""
    return pages.signed_in()


def rows(auditor: httpx.Client, path: str, **params: str) -> list[dict[str, Any]]:
    answer = auditor.get(f"/log/{path}.json", params={"_shape": "array", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


# Signed out


@pytest.mark.parametrize(
    "path",
    [
        "/log", "/log.json", "/log.db", "/.json", "/log/questions_and_answers",
        "/log/questions_and_answers.json", "/log/questions_and_answers.csv?_stream=1",
        "/log/records/1", "/log/records/1.json", "/log/looked?by=U1", "/log/texts",
        "/questions", "/questions?words=ckd", "/questions.csv", "/questions/0a1b2c3d4e5f",
        "/changes",
        "/log.json?sql=select+1", "/log.csv?sql=select+text+from+texts", "/_internal", "/_memory",
        "/-/metadata", "/-/metadata.json", "/-/plugins", "/-/plugins.json", "/-/databases.json",
        "/-/settings.json", "/-/versions.json", "/-/threads.json", "/-/actor.json",
        "/-/permissions",
        "/-/allow-debug", "/-/messages", "/-/patterns", "/-/auth-token?token=x", "/-/config.json",
        "/-/password-tool", "/-/static-plugins/x/y.js", "/-/static/../metadata.json",
        "/-/static/%2e%2e/app.py", "/-/login/", "/-/login.json", "/nothing", "/%6cog",
    ],
)  # fmt: skip
def test_who_is_not_signed_in_sees_nothing(pages: Pages, path: str) -> None:
    before = pages.log.last_sequence()
    client = pages.client(next(ADDRESSES))
    client.headers.update({"Authorization": "Basic eDp5", "Cookie": "ds_actor=x; codedesk_audit=y"})
    answer = client.get(path)
    assert answer.status_code in (403, 404)
    for word in ("questions_and_answers", "ckd", "U1", "E11", "Query log"):
        assert word not in answer.text
    if "static/" not in path:
        ((what, by, detail),) = pages.accesses(before)
        assert (what, by) == ("refusal", "unknown")
        assert "127.0.1." in detail


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_no_other_method_does_anything(pages: Pages, auditor: httpx.Client, method: str) -> None:
    assert pages.client(next(ADDRESSES)).request(method, "/log").status_code == 403
    assert auditor.request(method, "/questions").status_code == 404


def test_the_home_page_leads_to_the_sign_in_page(pages: Pages) -> None:
    answer = pages.client().get("/", follow_redirects=True)
    assert answer.url.path == "/-/login"
    assert "Sign in" in answer.text
    assert "ckd" not in answer.text


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    assert Settings.load({"CODEDESK_HOME": str(tmp_path)}, tmp_path).audit_host == "127.0.0.1"


# Signing in


@pytest.mark.parametrize(
    ("name", "password", "by", "why"),
    [
        (AUDITOR, "wrong", AUDITOR, "wrong password"),
        (AUDITOR, "", AUDITOR, "wrong password"),
        # What is typed as a name may be a password, so it is not recorded.
        (PASSWORD, AUDITOR, "unknown", "no such auditor"),
        ("", "", "unknown", "no such auditor"),
    ],
)
def test_a_wrong_password_is_refused_and_recorded(
    pages: Pages, name: str, password: str, by: str, why: str
) -> None:
    before, address = pages.log.last_sequence(), next(ADDRESSES)
    client = pages.client(address)
    answer = pages.sign_in(client, name, password)
    assert answer.status_code == 403
    assert "Wrong name or password" in answer.text
    assert pages.accesses(before) == [("refusal", by, f"sign-in from {address}: {why}")]
    assert client.get("/log").status_code == 403


def test_a_form_that_is_not_ours_signs_nobody_in(pages: Pages) -> None:
    client = pages.client(next(ADDRESSES))
    client.get("/-/login")
    form = {"name": AUDITOR, "password": PASSWORD}
    assert client.post("/-/login", data=form).status_code == 403
    assert client.post("/-/login", data=form | {"csrftoken": "x"}).status_code == 403
    assert client.post("/-/login", content=b"x" * 6000).status_code == 413
    assert client.get("/log").status_code == 403


def test_asking_for_pages_signed_out_is_counted(pages: Pages) -> None:
    before = pages.log.last_sequence()
    client = pages.client(next(ADDRESSES))
    answers = [client.get("/log").status_code for _ in range(MOST_REFUSALS + 3)]
    assert answers == [403] * MOST_REFUSALS + [429] * 3
    # They do not count as tries to sign in.
    assert pages.sign_in(client, AUDITOR, PASSWORD).status_code == 303
    other = pages.client(next(ADDRESSES))
    other.get("/log")
    *many, signed_in, (_, _, last) = pages.accesses(before)
    assert len(many) == MOST_REFUSALS
    assert signed_in[0] == "sign-in"
    assert "3 more were refused without a record each" in last


def test_signing_in_and_out_goes_on_record(pages: Pages) -> None:
    before = pages.log.last_sequence()
    client = pages.signed_in()
    cookie = dict(client.cookies)
    home = client.get("/")
    assert home.status_code == 200
    page_token = home.text.split('name="csrftoken" value="')[1].split('"')[0]
    answer = client.post("/-/logout", data={"csrftoken": page_token})
    assert answer.headers["location"] == "/-/login"
    assert pages.accesses(before) == [
        ("sign-in", AUDITOR, "from 127.0.0.1"),
        ("view", AUDITOR, "/"),
        ("sign-out", AUDITOR, "from 127.0.0.1"),
    ]
    # The session has ended, even for someone who kept its cookie.
    client.cookies.update(cookie)
    assert client.get("/log").status_code == 403


def test_the_cookie_is_for_this_site_and_no_script(pages: Pages) -> None:
    answer = pages.sign_in(pages.client(), AUDITOR, PASSWORD)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "codedesk_audit" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_sessions_end() -> None:
    now = 0.0
    sessions = Sessions(idle=60, clock=lambda: now)
    token = sessions.begin("A")
    now = 59
    assert sessions.auditor(token) == "A"
    now = 118
    assert sessions.auditor(token) == "A"
    now = 178
    assert sessions.auditor(token) is None
    token, began = sessions.begin("A"), now
    while now - began < LONGEST:
        assert sessions.auditor(token) == "A"
        now += 50
    assert sessions.auditor(token) is None
    assert sessions.auditor(None) is None


def test_refusals_are_counted_minute_by_minute() -> None:
    now = 0.0
    refusals = Refusals(clock=lambda: now)
    assert not any(refusals.are_over("a") for _ in range(MOST_REFUSALS))
    assert refusals.are_over("a")
    assert not refusals.are_over("b")
    assert "1 more were refused" in refusals.before()
    assert refusals.before() == ""
    # However many addresses ask, no more than this are recorded.
    over = [refusals.are_over(f"10.0.{number}.1") for number in range(250)]
    assert over.count(False) == 10 * MOST_REFUSALS - MOST_REFUSALS - 1
    now = 60
    assert not refusals.are_over("a")


# What is on record


@pytest.mark.parametrize(
    ("path", "what", "detail"),
    [
        ("/", "view", "/"),
        ("/log/questions_and_answers", "view", "/log/questions_and_answers"),
        ("/log/looked", "search", "/log/looked"),
        ("/questions", "view", "/questions"),
        ("/changes", "view", "/changes"),
        ("/changes?kind=hold", "search", "/changes?kind=hold"),
        ("/questions?words=knee+oa", "search", "/questions?words=knee oa"),
        ("/questions.csv?words=knee+oa", "export", "/questions.csv?words=knee oa"),
        ("/questions/0a1b2c3d4e5f", "view", "/questions/0a1b2c3d4e5f"),
        # Words are scrubbed; ids and days are not words.
        ("/questions?words=jane+doe", "search", "/questions?words=[NAME]"),
        ("/questions/jane%20doe", "view", "/questions/[NAME]"),
        (
            "/questions?month=2026-03&since=2026-03-05&edition=FY2027&outcome=answered",
            "search",
            "/questions?month=2026-03&since=2026-03-05&edition=FY2027&outcome=answered",
        ),
        ("/log?sql=select+'mrn+4471290'", "search", "/log?sql=select 'mrn [MRN]'"),
        (
            "/log/questions_and_answers?question__contains=jane+doe&day__gte=2026-05-01",
            "search",
            "/log/questions_and_answers?question__contains=[NAME]&day__gte=2026-05-01",
        ),
        (
            "/questions?person=U07AB12CD34&since=2026-05-01&until=",
            "search",
            "/questions?person=U07AB12CD34&since=2026-05-01&until=",
        ),
        ("/log/who_looked?by=x", "search", "/log/who_looked?by=x"),
        ("/log?sql=select%201", "search", "/log?sql=select 1"),
        ("/log?sql=nonsense", "search", "/log?sql=nonsense"),
        ("/log/records.csv", "export", "/log/records.csv"),
        ("/log.json?sql=select+1", "export", "/log.json?sql=select 1"),
        ("/log/nothing", "view", "/log/nothing"),
        ("/-/metadata.json", "refusal", "GET /-/metadata.json from 127.0.0.1"),
        ("/log.db", "refusal", "GET /log.db from 127.0.0.1"),
        ("/log.db?for=jane+doe", "refusal", "GET /log.db from 127.0.0.1"),
    ],
)
def test_every_page_goes_on_record(
    pages: Pages, auditor: httpx.Client, path: str, what: str, detail: str
) -> None:
    before = pages.log.last_sequence()
    auditor.get(path)
    assert pages.accesses(before) == [(what, AUDITOR, detail)]


def test_a_look_at_one_question_is_a_record_of_that_question(
    pages: Pages, auditor: httpx.Client
) -> None:
    question = pages.log.recent(1)[0].id
    auditor.get(f"/questions/{question}")
    auditor.get(f"/questions/{question[:6]}")
    auditor.get("/log/whole_records", params={"question_id": question})
    looks = list(pages.log.records(0, ["access"]))[-3:]
    assert [one.subject for one in looks] == [question, None, question]


def test_what_cannot_be_recorded_is_not_shown(pages: Pages, auditor: httpx.Client) -> None:
    with attacked(pages.log.path) as db:
        last = "seq = (select max(seq) from records)"
        (seal,) = db.execute(f"select seal from records where {last}").fetchone()
        db.execute(f"update records set seal = 'x' where {last}")
        answers = [
            auditor.get("/"),
            auditor.get("/log/records.json"),
            pages.client(next(ADDRESSES)).get("/log"),
            pages.sign_in(pages.client(next(ADDRESSES)), AUDITOR, PASSWORD),
            pages.sign_in(pages.client(next(ADDRESSES)), AUDITOR, "wrong"),
        ]
        db.execute(f"update records set seal = ? where {last}", [seal])
    for answer in answers:
        assert answer.status_code == 503
        assert "cannot be written, so nothing of it is shown" in answer.text
    assert auditor.get("/").status_code == 200


def test_the_log_still_verifies_and_says_who_could_sign_in(
    pages: Pages, auditor: httpx.Client
) -> None:
    rows(auditor, "looked")
    assert verify(pages.log.path).bad is None
    started = list(pages.log.records(0, ["start"]))[-1]
    assert started.body == {"serves": "audit", "auditors": [AUDITOR]}


def test_standard_error_has_nothing_of_the_log(pages: Pages, auditor: httpx.Client) -> None:
    auditor.get("/log?sql=select+jane_doe+from+records")
    auditor.get("/log/records?_size=jane_doe")
    auditor.get("/log?sql=select+1&_timelimit=jane_doe")
    told = (pages.home / "stderr").read_text()
    assert "jane_doe" not in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_it_says_when_it_stopped_and_that_it_cannot_start(tmp_path: Path) -> None:
    with served(tmp_path / "home") as pages:
        port = pages.url.rsplit(":", 1)[1]
        found = CliRunner(
            env={"CODEDESK_HOME": str(pages.home), "CODEDESK_AUDIT_PORT": port}
        ).invoke(main, ["log", "audit"])
        assert found.exit_code == 2
        assert "cannot be served on 127.0.0.1" in found.stderr
        pages.process.terminate()
        assert pages.process.wait(20) == 0
        kinds = [entry.kind for entry in pages.log.records()]
    assert kinds.count("start") == kinds.count("stop") == 1


# What is shown


def test_the_home_page_says_what_this_is_and_whether_it_is_whole(auditor: httpx.Client) -> None:
    page = auditor.get("/").text
    assert "Treat everything here as PHI" in page
    assert "nothing altered. Vouched for up to record" in page
    for name in (*PREPARED, *VIEWS, "records"):
        assert f'href="/log/{name}"' in page
    assert "select " not in page.lower().replace("<select ", "")


_FOUND: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "of_a_code": ({"code": "N63"}, {"code": "N63.0", "said_of_it": "low", "place": 1}),
    "slow": ({}, {"latency_ms": 2345.6}),
    "by_day": ({}, {"questions": 6, "people": 3, "low_confidence": 1, "not_delivered": 2}),
    "by_edition": ({"edition": "FY2026"}, {"editions": "ICD-10-CM FY2026-April", "questions": 5}),
    "looked": ({"by": "cli-user"}, {"what": "search", "detail": "person U1"}),
    "identifiers_removed": ({}, {"removed": "NAME, MRN", "questions": 1}),
    "ran": ({}, {"kind": "start"}),
}


@pytest.mark.parametrize("name", _FOUND)
def test_prepared_questions_find_what_they_say(auditor: httpx.Client, name: str) -> None:
    params, expected = _FOUND[name]
    found = rows(auditor, name, **params)
    assert found[0] == found[0] | expected
    assert rows(auditor, name, since="2099-01-01", **params) == []


@pytest.mark.parametrize("view", [*VIEWS, "records"])
def test_every_view_has_rows_facets_and_described_columns(auditor: httpx.Client, view: str) -> None:
    told = auditor.get(f"/log/{view}.json").json()
    page = auditor.get(f"/log/{view}").text
    assert told["rows"]
    assert set(told["facet_results"]) == set(FACETS[view])
    for column in told["columns"]:
        assert f"<dt>{cells.heading(column)}</dt>" in page
    assert "_" not in "".join(map(cells.heading, told["columns"]))


@pytest.mark.parametrize("name", [n for n, one in PREPARED.items() if one.narrow])
def test_prepared_questions_go_on_with_facets(auditor: httpx.Client, name: str) -> None:
    params, _ = _FOUND[name]
    page = auditor.get(f"/log/{name}", params=params).text
    where = page.split('id="narrower" href="')[1].split('"')[0].replace("&amp;", "&")
    narrowed = auditor.get(where)
    count = auditor.get(where.replace("?", ".json?")).json()["filtered_table_rows_count"]
    assert narrowed.status_code == 200
    assert "facet-results" in narrowed.text
    if name not in ("slow", "by_edition"):  # one sorts, the other counts
        assert count - len(rows(auditor, name, **params)) in (
            (0, 1, 2) if name == "looked" else (0,)
        )


@pytest.mark.slow
def test_what_is_redacted_is_gone_at_once(tmp_path: Path) -> None:
    with served(tmp_path / "home") as pages:
        auditor = pages.signed_in()
        (question,) = converse(pages.log, 1, "Jane Q. Example has copd")
        found = {"params": {"words": "Jane Q."}}
        assert question in auditor.get("/questions", **found).text
        retention.redact(pages.log, question, "a name", "R. Officer")
        assert question not in auditor.get("/questions", **found).text
        assert "Jane" not in auditor.get(f"/questions/{question}").text


# What cannot be done


def salts(pages: Pages) -> list[bytes]:
    with pages.log.reading() as db:
        return [row[0] for row in db.execute("select salt from texts")]


@pytest.mark.parametrize(
    "sql",
    [
        "select salt from texts",
        "select hex(salt) from main.texts",
        'select * from "texts"',
        "select * from [TeXtS]",
        "select salt from texts a full join texts b using (salt)",
        "select * from texts a natural full join texts b",
        "with t as (select * from texts) select * from t",
        "with questions as (select hex(salt) from texts) select * from questions",
        "select (select group_concat(hex(salt)) from texts)",
        "select * from sqlite_dbpage",
        "select data from sqlite_dbpage a full join sqlite_dbpage b using (data)",
        "select * from dbstat",
        "select load_extension('x')",
        "select fts3_tokenizer('simple')",
        "pragma table_info(records)",
        "select * from pragma_compile_options",
        "attach database 'other.db' as other",
        "delete from records",
        "update records set body = '{}'",
        "with x as (select 1) delete from records",
        "insert into lifted values ('x')",
        "create table more (x)",
        "create temp table more (x)",
        "drop view questions",
        "vacuum into 'copy.db'",
        "select writefile('x', 'y')",
        "select zeroblob(900000000)",
    ],
)
@pytest.mark.parametrize("ending", ["", ".json", ".csv"])
def test_no_sql_reads_a_salt_or_changes_anything(
    pages: Pages, auditor: httpx.Client, sql: str, ending: str
) -> None:
    before = pages.log.last_sequence()
    answer = auditor.get(f"/log{ending}", params={"sql": sql, "_shape": "array"})
    assert answer.status_code == 400, answer.text[:500]
    for salt in salts(pages):
        assert salt not in answer.content
        assert salt.hex() not in answer.text.lower()
    assert pages.log.last_sequence() == before + 1
    assert not [p for p in pages.home.glob("*.db") if p.name != "log.db"]


@pytest.mark.parametrize(
    "path",
    [
        "/log/texts", "/log/TEXTS.json", "/log/texts/1", "/log/lifted", "/log/texts.csv",
        "/log/records?_where=seq+in+(select+record+from+texts)",
        "/log/records.json?_where=hex((select+salt+from+texts))+like+'0%25'",
        "/log/questions_and_answers?_sort=texts", "/log/records?_facet=texts",
        "/log/records.blob?_blob_column=salt", "/_internal", "/_internal/tables", "/-/settings",
    ],
)  # fmt: skip
def test_no_page_shows_the_table_of_salts(auditor: httpx.Client, path: str) -> None:
    answer = auditor.get(path)
    assert answer.status_code in (400, 403, 404), answer.text[:300]


def test_sql_of_ones_own_is_answered(auditor: httpx.Client) -> None:
    sql = "select count(*) as n from questions_and_answers q join answers a on a.question = "
    sql += "q.question_id where a.answer like '%kidney%'"
    answer = auditor.get("/log.json", params={"sql": sql, "_shape": "array"})
    assert answer.json() == [{"n": 5}]


# Who may sign in


def run(home: Path, *command: str, typed: str = "") -> Any:
    return CliRunner(env={"CODEDESK_HOME": str(home)}).invoke(
        main, ["log", *command], input=typed and f"{typed}\n{typed}\n"
    )


def test_auditors_are_made_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "auditors.toml"
    for name in (AUDITOR, 'Zoë "Z" O\'Hara'):
        assert run(tmp_path, "audit-password", name, typed=PASSWORD).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()
    known = accounts.load(Settings(home=tmp_path))
    assert set(known) == {AUDITOR, 'Zoë "Z" O\'Hara'}
    assert accounts.is_right(PASSWORD, known[AUDITOR].password_hash)
    assert not accounts.is_right(PASSWORD + "x", known[AUDITOR].password_hash)
    assert run(tmp_path, "audit-password", AUDITOR, "--remove").exit_code == 0
    assert AUDITOR not in tomllib.loads(file.read_text())
    assert run(tmp_path, "audit-password", AUDITOR, "--remove").exit_code == 2


def test_a_hash_for_a_setting_is_printed(tmp_path: Path) -> None:
    found = run(tmp_path, "audit-password", typed=PASSWORD).stdout.split()[-1]
    known = accounts.load(Settings(home=tmp_path, audit_password_hash=found))
    assert accounts.is_right(PASSWORD, known["auditor"].password_hash)


@pytest.mark.parametrize(
    ("typed", "command", "sentence"),
    [
        ("short", ["audit-password", "A"], "12 characters or more"),
        ("", ["audit-password", "A\nB"], "no line breaks"),
        ("", ["audit-password", "--remove"], "Give the NAME"),
        ("", ["audit"], "no query log"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, typed: str, command: list[str], sentence: str
) -> None:
    found = run(tmp_path, *command, typed=typed)
    assert found.exit_code == 2
    assert sentence in found.stderr
    assert "Traceback" not in found.stderr


def test_nobody_signs_in_by_mistake(tmp_path: Path) -> None:
    a_log(tmp_path).close()
    assert "Nobody may sign in yet" in run(tmp_path, "audit").stderr
    with pytest.raises(SettingsError, match="is not a hash of a password"):
        accounts.load(Settings(home=tmp_path, audit_password_hash="hunter2"))
    file = tmp_path / "auditors.toml"
    accounts.add(file, "A", accounts.hashed(PASSWORD))
    file.chmod(0o666)
    with pytest.raises(SettingsError, match="Others can write"):
        accounts.load(Settings(home=tmp_path))


@pytest.mark.parametrize("missing", ["datasette", "uvicorn"])
def test_without_datasette_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for module in ("bot.audit.web.app", "bot.operations.uvicorn_server"):
        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.delattr(module, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    assert "pip install 'codedesk[audit]'" in run(tmp_path, "audit").stderr


@pytest.mark.parametrize(
    ("value", "column", "shown"),
    [
        (
            "2026-11-25T18:47:08.123+00:00",
            "at",
            '<time datetime="2026-11-25T18:47:08.123+00:00">2026-11-25 18:47:08 UTC</time>',
        ),
        ("<script>", "at", "&lt;script&gt;"),
        ("a<b", "question_id", '<a href="/questions/a%3Cb">a&lt;b</a>'),
        ("icd10cm", "system", "ICD-10-CM"),
        ('{"text":"<b>"}', "typed", '<span class="part">text:</span> &lt;b&gt;'),
        ('{"text":"[brace"}', "typed", '<span class="part">text:</span> [brace'),
        ("view", "what", None),
        ("<b>", "question", None),
        (7, "at", None),
    ],
)
def test_cells_are_readable_and_never_markup(value: Any, column: str, shown: str | None) -> None:
    assert cells.shown(value, column) == shown


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of Debian with an empty profile."""
    with chromium() as found:
        yield found


def test_an_auditor_finds_their_way_in_a_browser(pages: Pages, browser: Any) -> None:
    from selenium.webdriver.support.expected_conditions import staleness_of
    from selenium.webdriver.support.wait import WebDriverWait

    before = pages.log.last_sequence()

    def find(css: str) -> Any:
        return browser.find_element("css selector", css)

    def click(element: Any) -> None:
        """Click something that leads to another page, and wait for that."""
        page = find("html")
        element.click()
        WebDriverWait(browser, 20).until(staleness_of(page))

    def texts(css: str) -> list[str]:
        return [element.text.strip() for element in browser.find_elements("css selector", css)]

    def sign_in(password: str) -> None:
        for field, value in (("name", AUDITOR), ("password", password)):
            find(f"input[name={field}]").clear()
            find(f"input[name={field}]").send_keys(value)
        click(find("form.sign-in input[type=submit]"))

    browser.get(pages.url)
    sign_in("not the password")
    assert "Wrong name or password" in find("[role=alert]").text
    sign_in(PASSWORD)
    assert "nothing altered" in find("#state").text
    if shots := os.environ.get("CODEDESK_SHOTS"):
        browser.save_screenshot(f"{shots}/audit.png")

    # One form, the questions that fit, and one of them.
    find("input[name=person]").send_keys("U1")
    click(find("form.asked input[type=submit]"))
    assert find("#count").text == "4 questions"
    assert len(texts("td.words a")) == 4
    click(find("#found tbody tr:last-child td.words a"))
    assert texts("#feedback + ul li strong") == ["U1"]
    assert texts("time[datetime]")[0] != find("time[datetime]").get_attribute("title")
    # Narrowed down by a facet, for those who want to.
    browser.get(pages.url + "/log/questions_and_answers")
    click(find("#facet-feedback").find_element("link text", "used"))
    assert texts("td.col-question") == ["t2dm with ckd"]
    # SQL of one's own.
    browser.get(
        pages.url + "/log?sql=select+person,+count(*)+n+from+questions_and_answers+group+by+1"
    )
    assert texts("td.col-person") == ["U1", "U2", "U3"]

    # On a phone no page is wider than the screen.
    narrow = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    for path in ("/", "/questions", "/changes"):
        browser.get(pages.url + path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, path
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    click(find("form.sign-out button"))
    assert "/-/login" in browser.current_url
    browser.get(pages.url + "/questions?person=U1")
    assert "You are not signed in" in find("body").text
    assert [what for what, _, _ in pages.accesses(before)] == [
        "refusal", "sign-in", "view", "search", "view", "view", "search", "search", "view",
        "view", "view", "sign-out", "refusal",
    ]  # fmt: skip
