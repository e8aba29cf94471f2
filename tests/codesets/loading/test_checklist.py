"""The checklist: dates decide what is there, and each missing thing has a way to get it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_editions import ALL, load

from codesets.loading.checklist import Checklist, Item, checklist
from codesets.store.code_store import CodeStore

FIRST = "2026-10-01", "2026-12-31"
TODAY = dt.date(2026, 12, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


def states(found: Checklist) -> dict[str, str]:
    return {item.key: item.state for item in found.items}


def item(found: Checklist, key: str) -> Item:
    return next(one for one in found.items if one.key == key)


def test_nothing_is_loaded() -> None:
    found = checklist(None, TODAY)
    assert states(found) == {
        "icd10cm": "fetch",
        "hcpcs": "fetch",
        "guidelines": "fetch",
        "index": "fetch",
        "icd10pcs": "fetch",
        "ncci": "licence",
        "asp": "licence",
        "inpatient": "download",
        "places": "download",
        "gems": "fetch",
        "cpt": "licence",
    }
    assert not found.is_complete
    assert [get.entry.id for get in found.gets("fetch")][:2] == [
        "icd10cm-codes-FY2027",
        "hcpcs-2026-October",
    ]


def test_every_missing_thing_has_a_page() -> None:
    for one in checklist(None, TODAY).missing:
        assert one.gets, one.key
        for get in one.gets:
            assert get.entry.page.startswith("https://")
            assert (get.way == "fetch") <= bool(get.entry.name), get.entry.id
            assert (get.way == "licence") == bool(get.entry.licence)


def test_without_the_official_sources_a_person_downloads_what_could_be_fetched() -> None:
    found = checklist(None, TODAY, reachable=False)
    assert "fetch" not in states(found).values()
    assert item(found, "hcpcs").gets[0].entry.name == "october-2026-alpha-numeric-hcpcs-file.zip"


def test_everything_is_loaded(store: CodeStore) -> None:
    load(store, ALL, "FY2027", *FIRST)
    found = checklist(store, TODAY)
    assert set(states(found).values()) == {"done"}
    assert found.is_complete


def test_nobody_needs_cpt(store: CodeStore) -> None:
    load(store, [one for one in ALL if one != "cpt"], "FY2027", *FIRST)
    found = checklist(store, TODAY)
    assert [one.key for one in found.missing] == ["cpt"]
    assert found.is_complete


@pytest.mark.parametrize(
    ("day", "state", "ended", "edition"),
    [
        ("2026-09-30", "done", "", ""),
        ("2026-10-01", "fetch", "FY2026-April", "FY2027"),
        ("2026-12-01", "fetch", "FY2026-April", "FY2027"),
        ("2027-10-02", "fetch", "FY2026-April", "FY2028"),
    ],
)
def test_dates_decide(store: CodeStore, day: str, state: str, ended: str, edition: str) -> None:
    load(store, ["icd10cm"], "FY2026-April", "2026-04-01", "2026-09-30")
    one = item(checklist(store, dt.date.fromisoformat(day)), "icd10cm")
    assert one.state == state
    assert (one.ended.label if one.ended else "") == ended
    assert (one.starts.edition if one.starts else "") == edition


def test_an_edition_that_the_catalogue_does_not_know_is_not_fetched(store: CodeStore) -> None:
    """The catalogue names the guidelines of FY2027. A year later there is a page, and no file."""
    load(store, [("guidelines", "icd10cm")], "FY2027", "2026-10-01", "2027-09-30")
    (get,) = item(checklist(store, dt.date(2027, 10, 2)), "guidelines").gets
    assert get.way == "download"


@pytest.mark.parametrize(
    ("day", "coming", "ends"),
    [
        ("2026-08-01", False, False),
        ("2026-09-15", False, True),
        ("2026-09-15", True, False),
    ],
)
def test_that_an_edition_ends_soon_is_known(
    store: CodeStore, day: str, coming: bool, ends: bool
) -> None:
    load(store, ["icd10cm"], "FY2026-April", "2026-04-01", "2026-09-30")
    if coming:  # loaded before its first day
        load(store, ["icd10cm"], "FY2027", "2026-10-01", "2027-09-30")
    one = item(checklist(store, dt.date.fromisoformat(day)), "icd10cm")
    assert one.is_done
    assert bool(one.ends) == ends


def test_a_future_edition_is_not_one_for_today(store: CodeStore) -> None:
    load(store, ["icd10cm"], "FY2027", "2026-10-01", "2027-09-30")
    one = item(checklist(store, dt.date(2026, 9, 1)), "icd10cm")
    assert not one.is_done
    assert one.ended is None
    assert one.begins is not None


def test_parts_of_a_line(store: CodeStore) -> None:
    load(store, [("index", "icd10cm"), ("ptp", "hcpcs")], "FY2027", *FIRST)
    found = checklist(store, TODAY)
    index = item(found, "index")
    assert index.is_part_loaded
    assert "ICD-10-CM Table of Neoplasms" in [one.name for one in index.lacking]
    assert [get.entry.kind for get in item(found, "ncci").gets] == ["ncci-mue"]


def test_places_and_mappings_of_icd_9_do_not_end(store: CodeStore) -> None:
    load(store, [("places", "hcpcs"), ("gems", "icd10cm")], "2018", "2018-01-01", "2018-12-31")
    found = checklist(store, TODAY)
    assert {found.done[0].key, found.done[1].key} == {"places", "gems"}
    assert all(one.ends is None for one in found.done)
