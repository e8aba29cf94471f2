"""Downloading official files from a local server, which may misbehave."""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import io
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import httpx
import pytest
from paths import TEST_DATA

from codesets.loading import download
from codesets.loading.catalogue import CATALOGUE, Entry, due, read_catalogue
from codesets.loading.download import DownloadPolicy
from codesets.loading.edition_names import edition_of
from codesets.loading.file_types import Layout, Sample
from codesets.loading.sync import SyncReport, sync
from codesets.model import CodesetError
from codesets.store.code_store import CodeStore

#: All tests download from a server.
pytestmark = pytest.mark.slow

DATA = TEST_DATA / "imports"
TODAY = dt.date(2026, 11, 22)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name in names:
            package.writestr(f"some folder/{name}", (DATA / name).read_bytes())
    return buffer.getvalue()


def packed(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, data)
    return buffer.getvalue()


ORDER = zipped("icd10cm_order_2027.txt")
PCS = zipped("icd10pcs_order_2027.txt")
HCPCS = zipped("HCPC2026_JAN_ANWEB.txt")


# A server with prepared replies


@dataclass
class Reply:
    """The reply to one request. `cut`: the connection ends after this many bytes of the body;
    `slowly`: from the head or the body on, single bytes without end; `chunked`: there is no
    Content-Length; `ranges`: a Range header is honoured."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    ranges: bool = False
    slowly: Literal["head", "body"] | None = None
    chunked: bool = False


@dataclass
class Publisher:
    """The server: its replies by path, in order (the last one repeats), and its requests."""

    url: str = ""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    hung_up: int = 0

    def next(self, path: str) -> Reply:
        replies = self.replies.get(path, [Reply(status=404)])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def headers(self, path: str) -> list[dict[str, str]]:
        return [headers for requested, headers in self.requests if requested == path]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server_state = Publisher()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            server_state.requests.append((self.path, dict(self.headers)))
            reply = server_state.next(self.path)
            body, status, headers = reply.body, reply.status, dict(reply.headers)
            if reply.headers.get("ETag") == self.headers.get("If-None-Match", "none"):
                body, status = b"", 304
            if reply.ranges and "Range" in self.headers:
                begin = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
                headers["Content-Range"] = f"bytes {begin}-{len(body) - 1}/{len(body)}"
                body, status = body[begin:], 206
            if reply.slowly == "head":
                self.trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if reply.slowly == "body":
                self.trickle(body[:10])
            if reply.chunked:
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            self.wfile.write(body[: reply.cut])
            self.close_connection = reply.cut is not None

        def trickle(self, first: bytes) -> None:
            self.wfile.write(first)
            while not server_state.over.wait(0.02):
                try:
                    self.wfile.write(b"x")
                except OSError:  # the client closed the connection
                    server_state.hung_up += 1
                    break
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server_state.url = f"http://127.0.0.1:{server.server_port}"
    yield server_state
    server_state.over.set()
    server.shutdown()
    server.server_close()


PAGE = "https://publisher.example/page"
CM, PCS_NAME, QUARTER = "2027-codes.zip", "2027-pcs.zip", "january-2026-hcpcs.zip"


def entry(name: str, **fields: object) -> str:
    values = {
        "id": name.partition(".")[0],
        "title": f"Title of {name}",
        "publisher": "somebody",
        "page": PAGE,
        "holds": "codes",
        "read_at": "nowhere",
        "tried": False,
    } | fields
    return "[[entry]]\n" + "\n".join(
        f"{key} = {json.dumps(value)}" for key, value in values.items() if value is not None
    )


@dataclass
class Home:
    """A store, a folder of downloads, a catalogue of the publisher's files; the sentences of the
    last sync, and the seconds that it waited."""

    store: CodeStore
    folder: Path
    publisher: Publisher
    catalogue: Path
    sentences: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    policy: DownloadPolicy = field(default_factory=lambda: DownloadPolicy(pause=0.25, backoff=0.5))

    def lists(self, *entries: str) -> None:
        self.catalogue.write_text("\n".join(entries), encoding="utf-8")

    def sync(self, **options: object) -> SyncReport:
        self.sentences.clear()
        self.slept.clear()
        policy = replace(self.policy, sleep=self.slept.append)
        options = {"today": TODAY, "policy": policy} | options
        return sync(self.store, self.folder, self.catalogue, self.sentences.append, **options)  # type: ignore[arg-type]

    def loaded(self) -> dict[str, tuple[dict[str, int], str]]:
        return {r.key: (self.store.counts(r), r.loaded_at) for r in self.store.releases()}


@pytest.fixture
def home(tmp_path: Path, publisher: Publisher) -> Iterator[Home]:
    store = CodeStore(tmp_path / "codes.db")
    home = Home(store, tmp_path / "downloads", publisher, tmp_path / "catalogue.toml")
    names = (CM, PCS_NAME, QUARTER)
    home.lists(*(entry(name, url=f"{publisher.url}/{name}") for name in names))
    for name, body in zip(names, (ORDER, PCS, HCPCS), strict=True):
        publisher.replies[f"/{name}"] = [Reply(body, headers={"ETag": f'"{name}-1"'})]
    yield home
    home.store.close()


# Without errors


def test_what_is_fetched_is_loaded(home: Home) -> None:
    report = home.sync()
    keys = ["icd10cm/FY2027", "icd10pcs/FY2027", "hcpcs/2026-January"]
    assert [release.key for release in report.loaded] == keys
    assert home.loaded().keys() == set(keys)
    assert (report.problems, report.unreachable) == ([], False)
    assert (home.folder / CM).read_bytes() == ORDER
    outcome = report.outcomes[0]
    assert outcome.sha256 is not None
    assert f"{CM}: sha256 {outcome.sha256}" in home.sentences
    ledger = json.loads((home.folder / "downloads.json").read_text())
    assert ledger["files"]["2027-codes"]["sha256"] == outcome.sha256
    assert list((home.folder / "incoming").iterdir()) == []


def test_it_names_itself_and_pauses(home: Home) -> None:
    home.sync()
    for _, headers in home.publisher.requests:
        assert headers["User-Agent"] == f"codedesk/{version('codedesk')}"
        assert headers["Accept-Encoding"] == "identity"
    assert home.slept == [0.25, 0.25]  # between files of one host


def test_what_has_not_changed_is_not_fetched_again(home: Home) -> None:
    home.sync()
    before = home.loaded()
    report = home.sync()
    assert [outcome.fate for outcome in report.outcomes] == ["unchanged"] * 3
    assert report.loaded == []
    assert home.publisher.headers(f"/{CM}")[-1]["If-None-Match"] == f'"{CM}-1"'
    assert home.loaded() == before


def test_the_same_bytes_without_a_tag_are_not_loaded_again(home: Home) -> None:
    home.publisher.replies[f"/{CM}"] = [Reply(ORDER)]
    home.sync()
    before = home.loaded()
    assert home.sync().outcomes[0].fate == "unchanged"
    assert home.loaded() == before


def test_what_has_changed_is_fetched_again(home: Home) -> None:
    home.sync()
    both = zipped("icd10cm_order_2027.txt", "HCPC2026_JAN_ANWEB.txt")
    home.publisher.replies[f"/{CM}"] = [Reply(both, headers={"ETag": '"2"'})]
    report = home.sync()
    assert [outcome.fate for outcome in report.outcomes] == ["loaded", "unchanged", "unchanged"]
    assert (home.folder / CM).read_bytes() == both


def test_a_download_that_was_altered_here_is_fetched_again(home: Home) -> None:
    home.sync()
    (home.folder / CM).write_bytes(b"something else")
    assert home.sync().outcomes[0].fate == "loaded"
    assert "If-None-Match" not in home.publisher.headers(f"/{CM}")[-1]


def test_a_store_begun_anew_is_filled_from_what_was_downloaded(home: Home, tmp_path: Path) -> None:
    home.sync()
    before = list(home.loaded())
    home.store.close()
    home.store = CodeStore(tmp_path / "new.db")
    report = home.sync()
    assert list(home.loaded()) == before
    assert [outcome.fate for outcome in report.outcomes] == ["loaded"] * 3
    assert "If-None-Match" in home.publisher.headers(f"/{CM}")[-1]  # no file was sent twice
    assert [outcome.fate for outcome in home.sync().outcomes] == ["unchanged"] * 3


def test_a_redirect_is_followed(home: Home) -> None:
    home.publisher.replies["/new"] = home.publisher.replies[f"/{CM}"]
    home.publisher.replies[f"/{CM}"] = [Reply(status=301, headers={"Location": "/new"})]
    assert home.sync().outcomes[0].fate == "loaded"


# With errors

HTML = b"<!DOCTYPE html>\n<html><body>Sorry</body></html>"
CHANGED = io.BytesIO()
with zipfile.ZipFile(CHANGED, "w") as package:
    package.writestr(
        "icd10cm_order_2027.txt",
        (DATA / "icd10cm_order_2027.txt").read_bytes() + b"and a line in no layout\n",
    )
CUT = packed("icd10cm_order_2027.txt", (DATA / "icd10cm_order_2027.txt").read_bytes()[:-9])
BOMB = packed("icd10cm_order_2027.txt", b"0" * 10_000_000)
BROKEN_WORKBOOK = packed("xl/workbook.xml", b"<workbook>")

BAD = [
    # replies of the server, why the file was not loaded
    ([Reply(status=404)], "has nothing at its address, 404; the address was never tried"),
    ([Reply(status=403)], "answers 403"),
    ([Reply(HTML)], "what came is a web page"),
    ([Reply(b"")], "what came is empty"),
    ([Reply(ORDER[:200])], "what came is a zip that is damaged or cut off"),
    ([Reply(ORDER[:300] + b"\0" * 60 + ORDER[360:])], "what came is a zip that is damaged"),
    ([Reply(b"A000 Cholera\n")], "what came is a zip that is damaged"),
    ([Reply(ORDER, cut=200)], "the download breaks off after 200 bytes"),
    ([Reply(status=500)], "answers 500"),
    ([Reply(status=429, headers={"Retry-After": "999"})], "asks to come back in 999 seconds"),
    ([Reply(CHANGED.getvalue())], "icd10cm_order_2027.txt, line 31: not in the layout"),
    ([Reply(zipped())], "holds no file that Code Desk can read"),
    ([Reply(CUT)], "icd10cm_order_2027.txt is not whole: the last line"),
    ([Reply(BOMB)], "which becomes 100 times larger or more"),
    ([Reply(BROKEN_WORKBOOK)], "no file that Code Desk can read"),
    ([Reply(ORDER[9:], 206, {"Content-Range": f"bytes 9-{len(ORDER) - 1}/{len(ORDER)}"})],
     "answers with another part than was asked for"),
    ([Reply(ORDER, 206)], "answers with another part than was asked for"),
    ([Reply(gzip.compress(ORDER), headers={"Content-Encoding": "gzip"})],
     "in an encoding that was not asked for, gzip"),
    ([Reply(ORDER, headers={"Content-Encoding": "br"})], "was not asked for, br"),
    ([Reply(status=302, headers={"Location": "http://elsewhere.example/a.zip"})],
     "sends to another host, elsewhere.example"),
    ([Reply(status=302, headers={"Location": "http://127.0.0.1:9/a.zip"})],
     "sends to another host, 127.0.0.1"),
    ([Reply(status=302, headers={"Location": f"/{CM}"})], "one address to the next, 5 times"),
    ([Reply(status=302, headers={"Location": "http://[::bad/"})], "the download breaks off"),
    ([Reply(status=302)], "answers 302"),
]  # fmt: skip


@pytest.mark.parametrize(("replies", "why"), BAD)
def test_what_is_bad_is_said_and_changes_nothing(
    home: Home, replies: list[Reply], why: str
) -> None:
    home.sync()
    before = home.loaded()
    home.publisher.replies[f"/{CM}"] = list(replies)
    report = home.sync()
    (problem,) = report.problems
    assert why in problem
    assert f"download {CM} by hand from {PAGE}" in problem
    assert problem in home.sentences
    assert problem.count("\n") == 0
    assert home.loaded() == before
    assert (home.folder / CM).read_bytes() == ORDER  # what was loaded is still the current one


@pytest.mark.parametrize(("replies", "why"), BAD)
def test_what_is_good_is_loaded_after_what_is_bad(
    home: Home, replies: list[Reply], why: str
) -> None:
    home.publisher.replies[f"/{CM}"] = list(replies)
    report = home.sync()
    assert [outcome.fate for outcome in report.outcomes] == ["failed", "loaded", "loaded"]
    assert home.loaded().keys() == {"icd10pcs/FY2027", "hcpcs/2026-January"}
    assert not (home.folder / CM).exists()


def test_a_changed_layout_is_kept_aside_and_tried_again(home: Home) -> None:
    good = home.publisher.replies[f"/{CM}"][0]
    home.publisher.replies[f"/{CM}"] = [Reply(CHANGED.getvalue(), headers={"ETag": '"x"'}), good]
    home.sync()
    assert (home.folder / f"{CM}.rejected").read_bytes() == CHANGED.getvalue()
    assert not (home.folder / CM).exists()
    assert home.sync().outcomes[0].fate == "loaded"
    assert "If-None-Match" not in home.publisher.headers(f"/{CM}")[-1]


def test_a_download_goes_on_where_it_broke_off(home: Home) -> None:
    tag = {"ETag": '"whole"'}
    home.publisher.replies[f"/{CM}"] = [
        Reply(ORDER, headers=tag, cut=300),
        Reply(ORDER, headers=tag, ranges=True),
    ]
    assert home.sync().outcomes[0].fate == "loaded"
    first, second = home.publisher.headers(f"/{CM}")
    assert "Range" not in first
    assert (second["Range"], second["If-Range"]) == ("bytes=300-", '"whole"')
    assert (home.folder / CM).read_bytes() == ORDER


def test_it_goes_on_the_next_day_too(home: Home) -> None:
    tag = {"ETag": '"whole"'}
    home.publisher.replies[f"/{CM}"] = [Reply(ORDER, headers=tag, cut=100, ranges=True)]
    assert "breaks off after 300 bytes" in home.sync().problems[0]  # three tries of a hundred
    home.publisher.replies[f"/{CM}"] = [Reply(ORDER, headers=tag, ranges=True)]
    assert home.sync().outcomes[0].fate == "loaded"
    assert home.publisher.headers(f"/{CM}")[-1]["Range"] == "bytes=300-"


@pytest.mark.parametrize(
    "second",
    [
        Reply(ORDER, headers={"ETag": '"new"'}),  # another file by now, or no ranges
        Reply(status=416),
        Reply(ORDER[10:], status=206, headers={"Content-Range": "bytes 10-99/100"}),
    ],
)
def test_what_cannot_go_on_is_fetched_whole(home: Home, second: Reply) -> None:
    home.publisher.replies[f"/{CM}"] = [
        Reply(ORDER, headers={"ETag": '"old"'}, cut=300),
        second,
        Reply(ORDER),
    ]
    assert home.sync().outcomes[0].fate == "loaded"
    assert (home.folder / CM).read_bytes() == ORDER


@pytest.mark.parametrize("tag", [{}, {"ETag": 'W/"weak"'}])
def test_without_a_strong_tag_nothing_is_pieced_together(home: Home, tag: dict[str, str]) -> None:
    home.publisher.replies[f"/{CM}"] = [Reply(ORDER, headers=tag, cut=300), Reply(ORDER)]
    assert home.sync().outcomes[0].fate == "loaded"
    assert "Range" not in home.publisher.headers(f"/{CM}")[1]


@pytest.mark.parametrize(
    ("first", "slept"),
    [
        (Reply(status=500), [0.5]),
        (Reply(status=503, headers={"Retry-After": "7"}), [7.0]),
        (Reply(status=429, headers={"Retry-After": "3"}), [3.0]),
        (Reply(status=429, headers={"Retry-After": "soon"}), [0.5]),
        (Reply(status=429, headers={"Retry-After": email.utils.formatdate(0, usegmt=True)}), [0.0]),
        (Reply(ORDER, cut=10), [0.5]),
    ],
)
def test_a_passing_fault_is_waited_for(home: Home, first: Reply, slept: list[float]) -> None:
    home.publisher.replies[f"/{CM}"].insert(0, first)
    assert home.sync().outcomes[0].fate == "loaded"
    assert home.slept[:1] == slept


def test_three_tries_and_no_more(home: Home) -> None:
    home.publisher.replies[f"/{CM}"] = [Reply(status=500)]
    home.sync()
    assert len(home.publisher.headers(f"/{CM}")) == 3
    assert home.slept == [0.5, 1.0, 0.25, 0.25]


@pytest.mark.parametrize("reply", [Reply(status=404), Reply(status=403), Reply(HTML)])
def test_an_edition_to_come_may_not_be_there_yet(home: Home, reply: Reply) -> None:
    coming = entry("2028.zip", url=f"{home.publisher.url}/2028.zip", series="cm")
    home.lists(coming + "\neffective_from = 2027-10-01")
    home.publisher.replies["/2028.zip"] = [reply]
    report = home.sync()
    assert [outcome.fate for outcome in report.outcomes] == ["not_published"]
    assert report.problems == []
    assert home.sentences[0].startswith("Title of 2028.zip is not out yet (")
    assert home.sentences[0].endswith("); from 2027-10-01 on")


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_never_ends_is_hung_up_on(home: Home, where: Literal["head", "body"]) -> None:
    """A file has a deadline, even if bytes keep coming. The other files are loaded."""
    home.policy = replace(home.policy, deadline=0.5)
    home.publisher.replies[f"/{CM}"] = [Reply(ORDER, slowly=where)]
    report = home.sync()
    assert [outcome.fate for outcome in report.outcomes] == ["failed", "loaded", "loaded"]
    assert "it had not come whole after 0 seconds" in report.problems[0]
    assert len(home.publisher.headers(f"/{CM}")) == 1
    home.publisher.over.wait(0.2)
    assert home.publisher.hung_up == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_that_is_too_large_is_not_kept(home: Home, chunked: bool) -> None:
    """Neither by its Content-Length nor by the bytes that come."""
    home.policy = replace(home.policy, largest=len(ORDER) - 1)
    home.publisher.replies[f"/{CM}"] = [Reply(ORDER, chunked=chunked)]
    home.publisher.replies[f"/{PCS_NAME}"] = home.publisher.replies[f"/{QUARTER}"] = [Reply(HTML)]
    report = home.sync()
    assert "which no official file has" in report.problems[0]
    assert len(home.publisher.headers(f"/{CM}")) == 1
    assert list((home.folder / "incoming").iterdir()) == []


def test_an_error_with_one_file_does_not_stop_the_others(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.folder / CM).mkdir(parents=True)  # where the file is to be
    report = home.sync()
    assert [outcome.fate for outcome in report.outcomes] == ["failed", "loaded", "loaded"]
    assert "IsADirectoryError" in report.problems[0]


def test_no_redirect_leads_from_https_to_http() -> None:
    sent = httpx.Request("GET", "https://www.cms.gov/a.zip")
    fetcher = download.Fetcher.__new__(download.Fetcher)
    fetcher._hosts = {"www.cms.gov"}
    fetcher._clock = download.Deadline(1.0)
    (known, *_) = read_catalogue(CATALOGUE, TODAY)
    with pytest.raises(download.Refused, match="an address without encryption"):
        fetcher._redirected(known, sent, httpx.Request("GET", "http://www.cms.gov/b.zip"))
    to = httpx.Request("GET", "https://www.cms.gov/b.zip")
    assert fetcher._redirected(known, sent, to) is to


# No network


@pytest.fixture
def nowhere() -> str:
    """A local address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_no_network_is_found_out_at_once(home: Home, nowhere: str) -> None:
    home.lists(*(entry(name, url=f"{nowhere}/{name}") for name in (CM, QUARTER)))
    report = home.sync(patience=3.0)
    assert (report.unreachable, report.outcomes, home.sentences, home.slept) == (True, (), [], [])
    assert not home.folder.exists()


def test_a_server_that_never_answers_is_not_waited_for(home: Home) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        home.lists(entry(CM, url=f"http://127.0.0.1:{silent.getsockname()[1]}/{CM}"))
        assert home.sync(patience=0.2).unreachable


def test_with_a_network_patience_changes_nothing(home: Home) -> None:
    assert len(home.sync(patience=3.0).loaded) == 3


def test_without_patience_each_file_is_reported_and_a_silent_host_is_asked_once(
    home: Home, nowhere: str
) -> None:
    home.lists(*(entry(name, url=f"{nowhere}/{name}") for name in (CM, QUARTER)))
    report = home.sync()
    assert report.unreachable
    assert [f"{name} by hand" in problem for name, problem in
            zip((CM, QUARTER), report.problems, strict=True)] == [True, True]  # fmt: skip
    assert home.slept == [0.5, 1.0]
    assert home.loaded() == {}


# The catalogue


def test_what_carries_cpt_is_left_to_a_person(home: Home) -> None:
    with home.catalogue.open("a") as file:
        file.write("\n" + entry("edits", url=f"{home.publisher.url}/edits.zip", licence="AMA"))
        file.write("\n" + entry("places"))
    report = home.sync()
    assert [entry.id for entry in report.by_hand] == ["edits", "places"]
    assert home.publisher.headers("/edits.zip") == []
    assert home.sentences[-4:] == [
        "These carry CPT, which is the AMA's: open the page, accept its terms yourself, download, "
        "and run `codedesk codesets import FILE`.",
        f"  Title of edits: {PAGE}",
        "No address is known for these: open the page, save what it holds, and run "
        "`codedesk codesets import FILE`.",
        f"  Title of places (codes): {PAGE}",
    ]


def test_only(home: Home) -> None:
    report = home.sync(only=["2027-pcs"])
    assert [outcome.entry.name for outcome in report.outcomes] == [PCS_NAME]
    with pytest.raises(CodesetError, match='"cpt" is nothing that can be fetched; there is: 2027-'):
        home.sync(only=["cpt"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[entry]\n", "cannot be read as a catalogue"),
        ("", "cannot be read as a catalogue: 'entry'"),
        ('[[entry]]\nid = "x"\n', "entry 1: .*missing"),
        (entry("x", colour="blue"), "entry 1: .*colour"),
        (entry("x", url="{y}", every="week"), "entry 1: 'week'"),
    ],
)
def test_a_catalogue_that_is_none(home: Home, text: str, says: str) -> None:
    home.catalogue.write_text(text)
    with pytest.raises(CodesetError, match=f"catalogue.toml.*{says}"):
        home.sync()


def test_a_ledger_that_is_none_costs_downloads_only(home: Home) -> None:
    home.sync()
    (home.folder / "downloads.json").write_text('{"files": 3}')
    assert len(home.sync().loaded) == 3


def published(day: dt.date) -> list[Entry]:
    return due(read_catalogue(CATALOGUE, day), day)


@pytest.mark.parametrize(
    ("day", "series", "ids"),
    [
        ("2026-11-01", "hcpcs", ["hcpcs-2026-October", "hcpcs-2026-July"]),
        ("2026-12-01", "hcpcs",
         ["hcpcs-2027-January", "hcpcs-2026-October", "hcpcs-2026-July"]),
        ("2027-01-01", "hcpcs", ["hcpcs-2027-January", "hcpcs-2026-October"]),
        ("2026-11-22", "icd10cm-codes", ["icd10cm-codes-FY2027", "icd10cm-codes-FY2026-April"]),
        ("2027-07-01", "icd10cm-codes",
         ["icd10cm-codes-FY2028", "icd10cm-codes-FY2027", "icd10cm-codes-FY2026-April"]),
        ("2028-01-01", "icd10cm-codes", ["icd10cm-codes-FY2028", "icd10cm-codes-FY2027"]),
        ("2026-11-22", "icd10pcs-codes", ["icd10pcs-codes-FY2027", "icd10pcs-codes-FY2026-April"]),
    ],
)  # fmt: skip
def test_the_editions_that_are_due(day: str, series: str, ids: list[str]) -> None:
    fetched = published(dt.date.fromisoformat(day))
    assert [entry.id for entry in fetched if entry.kind == series] == ids


def test_one_edition_of_whatever_age_by_its_name() -> None:
    day = dt.date(2028, 1, 1)
    wanted = due(read_catalogue(CATALOGUE, day), day, ["icd10cm-codes-FY2026-April"])
    assert [entry.name for entry in wanted] == ["april-1-2026-code-descriptions-tabular-order.zip"]


def test_the_catalogue_is_of_official_addresses_and_none_is_gated() -> None:
    entries = read_catalogue(CATALOGUE, TODAY)
    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries:
        if entry.url:
            assert entry.host in ("ftp.cdc.gov", "www.cms.gov"), entry.id
            assert "license" not in entry.url
            assert "{" not in entry.url
            assert entry.effective_from > dt.date.min
        assert (entry.licence is None) or (entry.url is None)
        assert entry.page.startswith("https://www.")
        assert entry.tried is False
    gated = {entry.id for entry in entries if entry.licence}
    assert gated == {"asp-crosswalk", "ncci-ptp", "ncci-mue", "cpt"}


def test_the_names_tell_the_editions() -> None:
    for entry in published(TODAY):
        if entry.kind.endswith("-codes") or entry.kind == "hcpcs":
            system = entry.kind.removesuffix("-codes")
            layout = Layout("a list of codes", system)  # type: ignore[arg-type]
            # The files name the year; the month of an April update is only in the name of the zip.
            inside = "HCPC2026_OCT_ANWEB.txt" if system == "hcpcs" else ""
            sample = Sample(Path(inside if "October" in entry.id else "codes.txt"), b"")
            dated = edition_of(layout, sample, entry.name, None)
            assert entry.id == f"{entry.kind}-{dated.label}"
