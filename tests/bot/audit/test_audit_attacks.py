"""The auditors' pages, attacked over loopback: sign-in, forms, SQL that eats time or memory."""

from __future__ import annotations

import asyncio
import itertools
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from audit_support import AUDITOR, PASSWORD, Pages, served
from slack_support import ROOT

from bot.audit.web import access_gate
from bot.audit.web.sessions import MOST_REFUSALS, MOST_TRIES, Limit, Tries

ADDRESSES = (f"127.0.2.{number}" for number in itertools.count(1))
WRONG = "not the password"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with served(tmp_path_factory.mktemp("attacked") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def auditor(pages: Pages) -> httpx.Client:
    return pages.signed_in()


def form_and_cookies(client: httpx.Client, **fields: str) -> tuple[bytes, str]:
    """What a browser would send from the sign-in page."""
    page = client.get("/-/login").text
    token = page.split('name="csrftoken" value="')[1].split('"')[0]
    body = urlencode({"csrftoken": token, **fields}).encode()
    return body, "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def tries(pages: Pages, client: httpx.Client, name: str, count: int) -> list[int]:
    return [pages.sign_in(client, name, WRONG).status_code for _ in range(count)]


# Guessing


def test_tries_at_the_same_time_do_not_pass_the_limit(pages: Pages) -> None:
    """149 wrong passwords at once, and the right one while most are still being looked at."""
    before, address = pages.log.last_sequence(), next(ADDRESSES)
    with pages.client(address) as client:
        wrong, cookies = form_and_cookies(client, name=AUDITOR, password=WRONG)
        right, _ = form_and_cookies(client, name=AUDITOR, password=PASSWORD)

    def begin(body: bytes) -> socket.socket:
        port = int(pages.url.rsplit(":", 1)[1])
        connection = socket.create_connection(("127.0.0.1", port), 60, source_address=(address, 0))
        head = (
            f"POST /-/login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        return connection

    waiting = [begin(wrong) for _ in range(149)]
    statuses: list[int] = []

    def answer(connection: socket.socket) -> None:
        statuses.append(int(connection.makefile("rb").readline().split()[1]))
        connection.close()

    # After one more request than the limit, the limit is reached.
    while len(statuses) <= MOST_TRIES:
        for connection in select.select(waiting, [], [])[0]:
            waiting.remove(connection)
            answer(connection)
    last = begin(right)
    for connection in (*waiting, last):
        answer(connection)
    assert statuses[-1] == 429, "the right password, too late"
    assert (statuses.count(403), statuses.count(429)) == (MOST_TRIES, 150 - MOST_TRIES)
    # Refusals without a record of their own are counted in the next record.
    with pages.client(next(ADDRESSES)) as other:
        tries(pages, other, AUDITOR, 1)
    recorded = pages.accesses(before)
    assert {(what, by) for what, by, _ in recorded} == {("refusal", AUDITOR)}
    told = [detail for _, _, detail in recorded]
    assert [f"from {address}: wrong password" in detail for detail in told] == [
        *[True] * MOST_TRIES, False,
    ]  # fmt: skip
    unrecorded = sum(int(n) for detail in told for n in re.findall(r"it, (\d+) more", detail))
    assert unrecorded == 150 - MOST_TRIES


def test_who_asks_for_pages_signed_out_can_still_sign_in(pages: Pages) -> None:
    client = pages.client(next(ADDRESSES))
    statuses = [client.get("/log").status_code for _ in range(50)]
    assert set(statuses[MOST_REFUSALS:]) == {429}
    assert pages.sign_in(client, AUDITOR, PASSWORD).status_code == 303
    assert client.get("/log").status_code == 200


def test_guessing_elsewhere_locks_nobody_out(pages: Pages) -> None:
    attacker = pages.client(next(ADDRESSES))
    assert tries(pages, attacker, AUDITOR, 30) == [403] * MOST_TRIES + [429] * (30 - MOST_TRIES)
    page = pages.sign_in(attacker, AUDITOR, PASSWORD)
    assert page.status_code == 429
    assert "Too many wrong passwords. Wait 5 min" in page.text
    assert pages.sign_in(pages.client(next(ADDRESSES)), AUDITOR, PASSWORD).status_code == 303


def test_guessing_from_the_same_address_does_not_lock_a_known_browser_out(pages: Pages) -> None:
    """As behind a TLS proxy, where all requests have its address."""
    address = next(ADDRESSES)
    known = pages.client(address)
    assert pages.sign_in(known, AUDITOR, PASSWORD).status_code == 303
    del known.cookies["codedesk_audit"]
    tries(pages, pages.client(address), AUDITOR, MOST_TRIES)
    assert pages.sign_in(pages.client(address), AUDITOR, PASSWORD).status_code == 429
    # The token does not help another name.
    assert tries(pages, known, "somebody", MOST_TRIES + 1)[-1] == 429
    assert pages.sign_in(known, AUDITOR, PASSWORD).status_code == 303


def test_the_throttle_tells_no_names(pages: Pages) -> None:
    address = next(ADDRESSES)
    known, unknown = (
        tries(pages, pages.client(address), name, MOST_TRIES + 1) for name in (AUDITOR, "nobody")
    )
    assert known == unknown


def test_what_a_request_says_of_its_address_changes_nothing(pages: Pages) -> None:
    client = pages.client(next(ADDRESSES))
    statuses = []
    for number in range(MOST_TRIES + 1):
        forged = f"10.0.0.{number}"
        client.headers.update({"X-Forwarded-For": forged, "Forwarded": f"for={forged}"})
        statuses += tries(pages, client, AUDITOR, 1)
    assert statuses[-1] == 429


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_wrong_passwords_are_counted_by_name_and_address() -> None:
    clock = Clock()
    tries = Tries(clock)
    assert not any(tries.begin("A", "10.0.0.1").wait for _ in range(MOST_TRIES))
    assert tries.begin("A", "10.0.0.1").wait == 300
    assert tries.begin("B", "10.0.0.1").wait == 0
    assert tries.begin("A", "10.0.0.2").wait == 0
    clock.now = 300
    assert tries.begin("A", "10.0.0.1").wait == 0


def test_an_address_has_a_limit_for_all_names_and_a_name_for_all_addresses() -> None:
    clock = Clock()
    tries = Tries(clock)
    by_address = [tries.begin(f"name {number}", "10.0.0.1").wait for number in range(60)]
    assert by_address.count(0) == 50
    by_name = [tries.begin("A", f"10.1.0.{number}").wait for number in range(150)]
    assert by_name.count(0) == 100
    # Refused tries do not count for anybody.
    assert tries.begin("B", "10.1.0.149").wait == 0
    # A known browser does not wait for the tries of others.
    token = tries.remember("A")
    assert tries.begin("A", "10.0.0.1", token).wait == 0
    assert tries.begin("B", "10.0.0.1", token).wait > 0
    assert tries.begin("A", "10.0.0.1", "forged").wait > 0


def test_only_wrong_passwords_count_and_nobody_resets_what_others_did() -> None:
    tries = Tries(Clock())
    for _ in range(200):
        tries.begin("A", "10.0.0.1").take_back()
    for _ in range(MOST_TRIES):
        tries.begin("A", "10.0.0.1")
    tries.begin("A", "10.0.0.2").take_back()
    assert tries.begin("A", "10.0.0.1").wait > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_one_network_is_one_address(one: str, other: str, same: bool) -> None:
    tries = Tries(Clock())
    for _ in range(MOST_TRIES):
        tries.begin("A", one)
    assert bool(tries.begin("A", other).wait) == same


def test_the_memory_of_a_limit_is_bounded() -> None:
    limit = Limit(1, 60, Clock())
    for number in range(20_000):
        limit.add(number)
    assert sum(limit.wait(number) > 0 for number in range(20_000)) == 10_000
    assert limit.wait(19_999)


# Forms


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        # Another port of this machine is the same site, and is shown the same cookies.
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://audit.example"}, 303),
        ({}, 303),
    ],
)
def test_no_other_site_signs_anybody_in(pages: Pages, headers: dict[str, str], status: int) -> None:
    client = pages.client(next(ADDRESSES))
    body, _ = form_and_cookies(client, name=AUDITOR, password=PASSWORD)
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    before = pages.log.last_sequence()
    answer = client.post("/-/login", content=body, headers=headers)
    assert answer.status_code == status
    assert pages.accesses(before)[0][0] == ("refusal" if status == 403 else "sign-in")


def test_no_other_site_signs_anybody_out(pages: Pages) -> None:
    client = pages.client(next(ADDRESSES))
    pages.sign_in(client, AUDITOR, PASSWORD)
    assert client.post("/-/logout", headers={"Origin": "http://127.0.0.1:1"}).status_code == 403
    assert client.get("/log").status_code == 200


@pytest.mark.parametrize("tls", [True, False])
def test_a_session_is_new_and_its_cookies_are_no_scripts(pages: Pages, tls: bool) -> None:
    client = pages.client(next(ADDRESSES))
    client.cookies.set("codedesk_audit", "chosen-by-somebody-else")
    client.headers["Origin"] = pages.url.replace("http:", "https:" if tls else "http:")
    answer = pages.sign_in(client, AUDITOR, PASSWORD)
    ours = [c for c in answer.headers.get_list("set-cookie") if c.startswith("codedesk_audit")]
    assert len(ours) == 2
    for cookie in ours:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert ("Secure" in cookie) == tls
        assert "chosen" not in cookie


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1000):
        yield b"x" * 1000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        # In chunks it has no length to check beforehand.
        ({"content": chunks(10_000_000)}, 413),
        ({"content": b"name=%ff\xff"}, 400),
        ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
        ({"files": {"name": b"x"}}, 415),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 415),
    ],
)
def test_what_is_no_form_is_told_so(pages: Pages, sent: dict[str, Any], status: int) -> None:
    client = pages.client(next(ADDRESSES))
    client.get("/-/login")
    if "files" not in sent:
        sent.setdefault("headers", {"Content-Type": "application/x-www-form-urlencoded"})
    assert client.post("/-/login", **sent).status_code == status
    assert "Traceback" not in (pages.home / "stderr").read_text()


def test_a_form_that_never_arrives_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_gate, "_SLOWEST_FORM", 0.01)

    async def never() -> Any:
        await asyncio.Event().wait()

    async def cut_off() -> Any:
        return {"type": "http.disconnect"}

    for receive in (never, cut_off):
        assert asyncio.run(access_gate._form({"headers": []}, receive)) == (408, None)


def test_long_paths_and_queries_are_refused_and_take_little_of_the_log(
    pages: Pages, auditor: httpx.Client
) -> None:
    before = pages.log.last_sequence()
    assert pages.client(next(ADDRESSES)).get("/" + "x" * 60_000).status_code == 403
    assert auditor.get("/log/" + "x" * 3000).status_code == 414
    assert auditor.get("/log", params={"sql": "select 1 --" + "x" * 20_000}).status_code == 414
    assert auditor.get("/log?" + "a=&" * 300).status_code == 414
    told = pages.accesses(before)
    assert len(told) == 4
    assert max(len(detail) for _, _, detail in told) < 400
    assert "Traceback" not in (pages.home / "stderr").read_text()


# SQL that takes too much time or memory

_MANY = "from " + ", ".join(f"records {name}" for name in "abcdefgh")
_DOUBLED = "with c0 as (select 1 a)" + "".join(
    f", c{n} as (select 1 a from c{n - 1}, c{n - 1} b)" for n in range(1, 40)
)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (f"select randomblob(900000) {_MANY}", "too much memory"),
        (f"select printf('%.*c', 900000, 'x') {_MANY}", "too much memory"),
        (_DOUBLED + " select 1 from c39", "too much memory"),
        ("select zeroblob(1000001)", "too big"),
        ("select trim(printf('%.*c', 400000, 'a'), printf('%.*c', 400000, 'b'))", "function: trim"),
        ("select json_patch('{}', '{}')", "function: json_patch"),
        ("select 'x' like printf('%.*c', 1001, '%')", "pattern too complex"),
        (f"select count(*) {_MANY}", "took too long"),
    ],
)
def test_sql_of_ones_own_has_bounds(auditor: httpx.Client, sql: str, why: str) -> None:
    answer = auditor.get("/log.json", params={"sql": sql, "_shape": "array"})
    assert answer.status_code == 400, answer.text[:500]
    assert why in answer.json()["error"]
    assert auditor.get("/log.csv", params={"sql": sql}).status_code == 400
    assert auditor.get("/log.json?sql=select+1&_shape=arrays").status_code == 200


# Nothing goes out

_WATCH = """
import os, sys

def watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        told = event, args[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        told = event, args[0]
    elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        told = event, args[0]
    elif event in ("os.mkdir", "os.rename", "os.link", "sqlite3.connect", "subprocess.Popen"):
        told = event, args[0]
    else:
        return
    os.write(report, (repr(told) + "\\n").encode())

report = os.open(os.environ["WATCHED"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
sys.addaudithook(watch)
"""


@pytest.mark.slow
def test_it_connects_to_nobody_writes_nothing_elsewhere_and_loads_no_plugin(tmp_path: Path) -> None:
    home, aside, watched = tmp_path / "home", tmp_path / "aside", tmp_path / "watched"
    aside.mkdir()
    (aside / "sitecustomize.py").write_text(_WATCH)
    (aside / "a_plugin.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').close()\n")
    told = aside / "a_plugin-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text("[datasette]\na = a_plugin\n")
    environment = {
        "PYTHONPATH": f"{aside}:{ROOT}", "WATCHED": str(watched), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    with served(home, **environment) as pages:
        auditor = pages.signed_in()
        for path in ("/", "/log", "/log/questions_and_answers", "/log/records.csv"):
            page = auditor.get(path)
            assert page.status_code == 200
            # A browser would load nothing from elsewhere.
            assert 'src="http' not in page.text
            assert 'rel="stylesheet" href="http' not in page.text
        assert not (tmp_path / "imported").exists()
    seen = [line for line in watched.read_text().splitlines() if str(home) not in line]
    assert "sqlite3.connect" in watched.read_text()
    allowed = ("127.0.0.1", "/dev/null", ":memory:", "mode=memory")
    assert [line for line in seen if not any(part in line for part in allowed)] == []
