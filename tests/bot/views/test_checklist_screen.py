"""The screen of `codedesk setup`: one screen, and the same facts in one line and as JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_editions import ALL, load

from bot.cli.main import main
from bot.messages import message
from bot.views.checklist import COLUMNS, LINES, as_json, screen, short_line
from codesets.loading.checklist import checklist
from codesets.store.code_store import CodeStore

TODAY = dt.date(2026, 12, 1)
INBOX = Path("/home/coder/.local/share/codedesk/inbox")
APRIL = "FY2026-April", "2026-04-01", "2026-09-30"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


@pytest.fixture(params=["nothing", "packaged", "expired", "all", "early"])
def case(request: pytest.FixtureRequest, store: CodeStore) -> str:
    if request.param in ("packaged", "early"):
        load(store, ["icd10cm"], *APRIL)
        load(store, [("gems", "icd10cm")], "2018", "2017-10-01", "2018-09-30")
    if request.param == "expired":
        load(store, ALL, *APRIL)
    if request.param == "all":
        load(store, ALL, "FY2027", "2026-10-01", "2027-09-30")
    if request.param == "early":
        load(store, ["icd10cm"], "FY2027", "2026-10-01", "2027-09-30")
    return str(request.param)


@pytest.mark.parametrize("reachable", [True, False])
def test_it_fits_a_screen(case: str, store: CodeStore, reachable: bool) -> None:
    lines = screen(checklist(store, TODAY, reachable=reachable), INBOX)
    assert len(lines) <= LINES
    for line in lines:
        # An address is copied whole, so it is not broken.
        assert len(line) <= COLUMNS or line.startswith("  https://"), line
    assert len(short_line(checklist(store, TODAY))) <= COLUMNS


def test_what_ended_is_said_first(store: CodeStore) -> None:
    load(store, ["icd10cm"], *APRIL)
    lines = screen(checklist(store, TODAY), INBOX)
    assert lines[1] == (
        "ICD-10-CM FY2026-April ended 2026-09-30; FY2027, since 2026-10-01, is missing."
    )
    assert (
        "fetch    ICD-10-CM codes          ended 2026-09-30  only the old edition answers" in lines
    )


def test_a_list_that_begins_later(store: CodeStore) -> None:
    load(store, ["icd10cm"], "FY2027", "2026-10-01", "2027-09-30")
    lines = screen(checklist(store, dt.date(2026, 9, 1)), INBOX)
    assert any("ICD-10-CM codes          from 2026-10-01 on" in line for line in lines)
    assert "ended" not in lines[1]


def test_what_ends_soon_is_said(store: CodeStore) -> None:
    load(store, ALL, *APRIL)
    found = checklist(store, dt.date(2026, 9, 15))
    assert "ICD-10-CM FY2026-April ends 2026-09-30; the next" in screen(found, INBOX)[1]
    assert short_line(found).startswith("ICD-10-CM FY2026-April ends 2026-09-30")


def test_all_is_there(store: CodeStore) -> None:
    load(store, ALL, "FY2027", "2026-10-01", "2027-09-30")
    found = checklist(store, TODAY)
    assert screen(found, INBOX)[0] == "Code sets for 2026-12-01: all 11 are there."
    assert short_line(found) == ""


def test_a_person_without_a_network_finds_every_page_and_file(store: CodeStore) -> None:
    lines = screen(checklist(store, TODAY, reachable=False), INBOX, most=None)
    said = "\n".join(lines)
    for part in (
        str(INBOX),
        "https://www.cms.gov/medicare/coding-billing/icd-10-codes",
        "2027-code-descriptions-tabular-order.zip",
        "october-2026-alpha-numeric-hcpcs-file.zip",
        "https://www.ama-assn.org/practice-management/cpt",
    ):
        assert part in said
    # The pages that do not fit the screen are where its last line says.
    last = screen(checklist(store, TODAY, reachable=False), INBOX)[-1]
    assert last.endswith("codedesk setup --pages")


def test_every_line_has_its_words(store: CodeStore) -> None:
    for item in checklist(store, TODAY).items:
        assert len(message(f"checklist_names.{item.key}")) <= 24
        assert len(message(f"checklist_without.{item.key}")) <= 28
    assert len(message("checklist.old")) <= 28


def test_as_json(store: CodeStore) -> None:
    load(store, ["icd10cm"], *APRIL)
    first, second, *_ = as_json(checklist(store, TODAY), INBOX)["items"]
    assert first["loaded"] == [
        {"name": "ICD-10-CM", "edition": "FY2026-April", "from": "2026-04-01",
         "through": "2026-09-30"},
    ]  # fmt: skip
    assert (first["state"], first["get"][0]["edition"]) == ("fetch", "FY2027")
    assert second["missing"] == ["HCPCS Level II"]


def test_checking_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CODEDESK_HOME", str(home))
    result = CliRunner().invoke(main, ["setup", "--check", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["complete"] is False
    assert CliRunner().invoke(main, ["setup", "--pages"]).exit_code == 0
    assert not home.exists()
    home.mkdir()
    store = CodeStore(home / "codes.db")
    load(store, [one for one in ALL if one != "cpt"], "always", "2020-01-01", "2099-12-31")
    store.close()
    result = CliRunner().invoke(main, ["setup", "--check"])
    assert (result.exit_code, "CPT" in result.stdout) == (0, True)
