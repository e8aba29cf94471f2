"""Files that people send: where the token goes, what is read, and what is loaded."""

import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paths import TEST_DATA
from slack_server import SlackServer
from slack_server.envelopes import file_share
from slack_support import ScriptedDesk, served

from bot.desk.current import CurrentDesk
from bot.settings import Settings
from bot.slack.files import FileNotFetched, _is_slacks, fetched, sent, text_of
from bot.slack.web_api import web_client
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore
from index import build
from index.embedding.models import Shipped

DATA = TEST_DATA / "imports"
ORDER, HCPCS = DATA / "icd10cm_order_2027.txt", DATA / "HCPC2026_JAN_ANWEB.txt"


def told(slack: SlackServer, wanted: str, user: str = "U8", timeout: float = 30) -> str:
    """Wait until the bot tells a user something in a direct message; gives the message."""
    deadline = time.monotonic() + timeout
    while True:
        texts = [call.args["text"] for call in slack.messages(f"D{user[1:]}")]
        found = [text for text in texts if wanted in text]
        if found:
            return found[-1]
        assert time.monotonic() < deadline, f"no {wanted!r} in {texts}"
        time.sleep(0.02)


# Where the token goes


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.zip", True),
        ("https://slack.com/a", True),
        ("https://FILES.SLACK.COM/a", True),
        ("http://files.slack.com/a", False),
        ("https://files.slack.com:8443/a", False),
        ("https://evilslack.com/a", False),
        ("https://slack.com.evil.example/a", False),
        ("https://evil.example/slack.com", False),
        ("https://slack.com@evil.example/a", False),
        ("https://user:pw@files.slack.com/a", False),
        ("https://evil.example#.slack.com", False),
        ("https://files.slack.com:notaport/a", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_the_token_goes_to_slack_alone(url: str, ours: bool) -> None:
    assert _is_slacks(url, "https://slack.com/api/") is ours


def test_the_token_goes_to_the_api_that_is_set() -> None:
    assert _is_slacks("http://127.0.0.1:8000/files/F1", "http://127.0.0.1:8000/api/")
    assert not _is_slacks("https://files.slack.com/files/F1", "http://127.0.0.1:8000/api/")


def client_of(slack: SlackServer) -> Any:
    return web_client(slack.bot_token, slack.api_url)


def test_a_file_is_fetched_with_the_token_under_its_name(slack, tmp_path) -> None:
    (file,) = sent([slack.add_file("../../HCPC 2026.txt", b"codes")])
    path = fetched(client_of(slack), file, tmp_path)
    assert (path.parent, path.name, path.read_bytes()) == (tmp_path, "HCPC 2026.txt", b"codes")
    (call,) = slack.wait_for("file")
    assert call.headers["authorization"] == f"Bearer {slack.bot_token}"


def test_a_file_whose_address_is_left_out_is_asked_for(slack, tmp_path) -> None:
    described = slack.add_file("a.txt", b"codes") | {"file_access": "check_file_info"}
    del described["url_private"], described["url_private_download"]
    (file,) = sent([described])
    assert fetched(client_of(slack), file, tmp_path).read_bytes() == b"codes"


def test_files_that_are_not_fetched(slack, tmp_path) -> None:
    elsewhere = slack.add_file("a.txt", b"", described={"url_private_download": "http://x.example"})
    cases = {
        "not kept at Slack": elsewhere,
        "did not arrive": slack.add_file("b.txt", b"", redirect="http://127.0.0.1:1/stolen"),
        "more than 1 MB": slack.add_file("c.txt", b"x" * 1024 * 1024 * 2),
        # A size that is not true does not help.
        "than 1 MB, which": slack.add_file("d.txt", b"x" * 1024 * 1024 * 2, described={"size": 5}),
        "not give me": {"id": "F0", "name": "gone.txt"},
    }
    for why, described in cases.items():
        (file,) = sent([described])
        with pytest.raises(FileNotFetched, match=why):
            fetched(client_of(slack), file, tmp_path, most=1024 * 1024)
    assert list(tmp_path.iterdir()) == []
    hosts = {call.headers["host"] for call in slack.wait_for("file")}
    assert hosts == {slack.url.removeprefix("http://")}


def test_a_page_to_sign_in_is_no_file(tmp_path) -> None:
    with SlackServer(scopes={"chat:write"}) as slack:
        (file,) = sent([slack.add_file("a.zip", b"codes")])
        with pytest.raises(FileNotFetched, match="files:read"):
            fetched(client_of(slack), file, tmp_path)


@pytest.mark.parametrize("described", [None, "text", [None, 3, {}, {"name": "no id"}]])
def test_what_is_no_file_is_left_out(described: Any) -> None:
    assert sent(described) == []


# A pasted list that came as a file


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("list.txt", b"htn with ckd 3b\r\n\r\n  gout \n", "htn with ckd 3b\ngout"),
        ("list.txt", "\ufeffM\u00e9ni\u00e8re".encode(), "M\u00e9ni\u00e8re"),
        ("list.txt", "M\u00e9ni\u00e8re's, left".encode("cp1252"), "M\u00e9ni\u00e8re's, left"),
        ("list.txt", "gout\nhtn".encode("utf-16"), "gout\nhtn"),
        ("list.csv", b'1,"gout, left toe"\n2,htn\n,\n', "1 gout, left toe\n2 htn"),
        ("list.tsv", b"a\tgout\n", "a gout"),
        ("list.txt", b"", ""),
    ],
)
def test_lists_are_read(slack, name: str, data: bytes, text: str) -> None:
    event = file_share([slack.add_file(name, data)])
    pasted = text_of(event, client_of(slack))
    assert (pasted.text, pasted.told) == (text, ())


def test_of_a_long_list_the_beginning_is_fetched(slack) -> None:
    event = file_share([slack.add_file("list.txt", "gout \u00e9\n".encode() * 100_000)])
    pasted = text_of(event, client_of(slack))
    assert pasted.text.startswith("gout \u00e9\ngout")
    assert len(pasted.text) < 70_000


def test_what_is_no_list_is_told(slack) -> None:
    files = [
        slack.add_file("scan.pdf", b"%PDF"),
        slack.add_file("list.txt", b"PK\3\4\0\0\0"),
        slack.add_file("good.txt", b"gout"),
    ]
    pasted = text_of(file_share(files), client_of(slack))
    assert pasted.text == "gout"
    assert ["cannot read scan.pdf" in pasted.told[0], "list.txt is no text" in pasted.told[1]] == [
        True,
        True,
    ]


# Files of codes, by administrators


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small code list and its index. Tests only copy it."""
    home = tmp_path_factory.mktemp("small")
    store = CodeStore(home / "codes.db")
    import_files(store, [ORDER], partial=True)
    build.build(store, home / "index", Shipped(), progress=False)
    store.close()
    return home


@pytest.fixture
def small_home(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "small"))


@pytest.fixture
def current(small_home: Path) -> Iterator[CurrentDesk]:
    desk = CurrentDesk(Settings(home=small_home))
    yield desk
    desk.close()


def drop(slack: SlackServer, *files: dict[str, Any], edition: str = "") -> Any:
    """Load files in the modal; gives what Slack shows then."""
    slack.send_view_action("home_load", user="U8").wait_ack(10)
    typed = {"files": list(files), "edition": edition}
    return slack.send_view(typed, "U8", slack.modal()).wait_ack(10).payload


@pytest.mark.index
def test_a_file_is_loaded_and_in_use_without_a_restart(
    slack, log, small_home, current, tmp_path
) -> None:
    package = tmp_path / "2026 January Alpha.zip"
    with zipfile.ZipFile(package, "w") as zipped:
        zipped.write(HCPCS, HCPCS.name)
    file = slack.add_file(package.name, package.read_bytes(), "U8")
    (known,) = import_codes(HCPCS)
    before = current.index_build
    with served(slack, small_home, current, log, admins="U8"):
        assert current.verdicts_on(known)[0].status == "not_loaded"
        home = opened(slack)
        assert "HCPCS Level II" in json.dumps(home)
        shown = drop(slack, file)
        assert "I have 2026 January Alpha.zip" in json.dumps(shown["view"])
        assert "HCPCS Level II" in told(slack, "Loaded from 2026 January Alpha.zip")
        # Taken twice, it is loaded once.
        assert "already" in json.dumps(drop(slack, file)["view"])
        told(slack, "in use now", timeout=120)
        assert current.verdicts_on(known)[0].status in ("billable", "not_covered")
        assert current.index_build not in (None, before)
        slack.send_slash(text=f"is {known} billable", user="U1").wait_ack(20)
        (answer,) = slack.wait_for("response_url")
        assert "not loaded" not in answer.args["text"]
        assert log.recent()[0].index_build == current.index_build
    store = CodeStore(small_home / "codes.db")
    assert {release.system for release in store.releases()} == {"icd10cm", "hcpcs"}
    store.close()


@pytest.mark.index
def test_a_table_of_own_rules_is_loaded_and_shown(slack, log, small_home, current) -> None:
    code = "E11.9"
    table = (
        "Payer,Code,Rule,From,Through,Source\n"
        f"Aetna,{code},Needs a recent A1c.,2020-01-01,,Bulletin 7\n"
        "Aetna,,<!channel> no code.,,,\n"
    )
    with served(slack, small_home, current, log, admins="U8"):
        opened(slack)
        drop(slack, slack.add_file("rules.csv", table.encode(), "U8"))
        loaded = told(slack, "Loaded from rules.csv")
        assert "row 3 is left out: it has no code" in loaded
        told(slack, "in use now", timeout=120)
        slack.send_slash(text=f"is {code} billable", user="U1").wait_ack(20)
        (answer,) = slack.wait_for("response_url")
        assert "House rule (Aetna, from 2020-01-01)" in json.dumps(answer.args)


def import_codes(path: Path) -> list[str]:
    """The first code of a HCPCS file."""
    from codesets.formats import hcpcs

    return [row.code for row in hcpcs.read_quarter(path) if len(row.code) == 5][:1]


def opened(slack: SlackServer, user: str = "U8") -> dict[str, Any]:
    slack.open_home(user).wait_ack(10)
    slack.wait_for("views.publish")
    home = slack.home(user)
    assert home is not None
    return home


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("holiday.pdf", b"%PDF-1.4 no", "holiday.pdf"),
        ("a.zip", b"PK\3\4 cut off", "a.zip"),
        ("page.txt", b"<!doctype html><title>Not found</title>", "is a web page"),
        ("empty.txt", b"", "is empty"),
        ("HCPC2026_JAN_ANWEB.txt", HCPCS.read_bytes()[:700], "HCPC2026"),
        ("\u202e<!channel>*.txt", b"hello", "no file that Code Desk can read"),
    ],
)
def test_a_bad_file_changes_nothing(
    slack, log, loaded, tmp_path, name: str, data: bytes, why: str
) -> None:
    shutil.copy(loaded / "codes.db", tmp_path / "codes.db")
    before = keys_of(tmp_path)
    with served(slack, tmp_path, ScriptedDesk(), log, admins="U8"):
        opened(slack)
        drop(slack, slack.add_file(name, data, "U8"))
        sentence = told(slack, "Nothing was loaded")
    assert why in sentence
    assert "<!channel>" not in sentence
    assert keys_of(tmp_path) == before


def keys_of(home: Path) -> list[str]:
    store = CodeStore(home / "codes.db")
    try:
        return [f"{release.key} {release.loaded_at}" for release in store.releases()]
    finally:
        store.close()


def test_others_cannot_load_files(slack, log, tmp_path) -> None:
    with served(slack, tmp_path, ScriptedDesk(), log, admins="U8", contact="Ann"):
        opened(slack)
        view = slack.home("U8")
        slack.send_view_action("home_load", user="U1", view=view).wait_ack(10)
        slack.wait_for("views.open")
        assert "ask Ann" in json.dumps(slack.modal())
        # Nor by a modal that someone else opened.
        slack.send_view_action("home_load", user="U8", view=view).wait_ack(10)
        slack.wait_for("views.open", 2)
        file = slack.add_file("a.zip", b"PK")
        sent_by_other = slack.send_view({"files": [file]}, "U1", slack.modal()).wait_ack(10)
        assert "ask Ann" in json.dumps(sent_by_other.payload["view"])
        assert not [call for call in slack.calls if call.method == "file"]


def test_a_file_sent_as_a_message(slack, log, tmp_path) -> None:
    with served(slack, tmp_path, ScriptedDesk(), log, admins="U8"):
        event = file_share([slack.add_file("a.zip", b"PK\3\4 cut off", "U8")], user="U8")
        slack.send_event(event, "Ev1").wait_ack(10)
        slack.send_event(event, "Ev1", retry_num=1).wait_ack(10)
        told(slack, "I have a.zip")
        told(slack, "Nothing was loaded")
        # Statements beside words are a question, and so are files of others.
        words = file_share([slack.add_file("l.txt", b"gout", "U8")], "please code", user="U8")
        slack.send_event(words).wait_ack(10)
        told(slack, "E11.22")
        assert len(list(log.records(kinds=["question"]))) == 1
        (record,) = log.recent()
        assert record.text == "please code\ngout"
    fetched_names = [call.path.rpartition("/")[2] for call in slack.wait_for("file")]
    assert fetched_names == ["a.zip", "l.txt"]


def test_without_a_desk_that_can_be_renewed_the_next_start_is_named(
    slack, log, small_home, tmp_path
) -> None:
    places = TEST_DATA / "edits" / "place-of-service-codes.csv"
    with served(slack, small_home, ScriptedDesk(), log, admins="U8"):
        opened(slack)
        drop(slack, slack.add_file(places.name, places.read_bytes(), "U8"))
        told(slack, "there is a field for the edition")
        drop(slack, slack.add_file(places.name, places.read_bytes(), "U8"), edition="2026")
        told(slack, "after the next start", timeout=60)


def test_an_index_that_cannot_be_built(slack, log, small_home, current, tmp_path) -> None:
    before = (small_home / "index" / "current").read_text()
    with served(slack, small_home, current, log, admins="U8", model="no/such/model"):
        opened(slack)
        drop(slack, slack.add_file(HCPCS.name, HCPCS.read_bytes(), "U8"))
        why = told(slack, "I still answer as before", timeout=90)
        home = opened(slack)
    assert "codedesk index build" in why
    assert current.index_build == (small_home / "index" / "current").read_text() == before
    assert "does not fit what is loaded" in json.dumps(home)
