"""Several releases of a system: which one answers for a date, and loading that fails."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from paths import TEST_DATA

from codesets.formats import icd10cm
from codesets.lookups.did_you_mean import did_you_mean
from codesets.lookups.inherited_notes import notes_of
from codesets.model import CodesetError, Release, ReleaseData, ReleaseUnavailable
from codesets.store.code_store import CodeStore

DATA = TEST_DATA / "icd10cm"


@pytest.mark.parametrize(
    ("day", "label", "fit"),
    [
        ("2023-10-01", "FY2024", "in_force"),
        ("2024-09-30", "FY2024", "in_force"),
        ("2024-10-01", "FY2025", "in_force"),
        ("2025-09-30", "FY2025", "in_force"),
        ("2025-10-01", "FY2026-April", "served"),
        ("2026-03-31", "FY2026-April", "served"),
        ("2026-04-01", "FY2026-April", "in_force"),
        ("2026-09-30", "FY2026-April", "in_force"),
        ("2026-11-22", "FY2026-April", "nearest"),
        ("1999-01-01", "FY2024", "nearest"),
    ],
)
def test_release_for_a_date(store: CodeStore, day: str, label: str, fit: str) -> None:
    match = store.for_date("icd10cm", dt.date.fromisoformat(day))
    assert (match.release.label, match.fit) == (label, fit)


def test_a_system_that_is_not_loaded(store: CodeStore) -> None:
    with pytest.raises(ReleaseUnavailable, match="HCPCS Level II is not loaded"):
        store.for_date("hcpcs", dt.date(2026, 5, 1))


def release(label: str, first: str, last: str) -> Release:
    return Release(
        "icd10cm", label, dt.date.fromisoformat(first), dt.date.fromisoformat(last), "test", (),
        has_notes=label == "April",
    )  # fmt: skip


@pytest.fixture
def small(tmp_path: Path):
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


def release_data(label: str, first: str, last: str) -> ReleaseData:
    listed = icd10cm.read_code_list(DATA / "code-list.txt")
    return icd10cm.read_tabular(DATA / "tabular.xml", listed, release(label, first, last))


def test_october_gives_way_to_april(small: CodeStore) -> None:
    small.load(release_data("October", "2025-10-01", "2026-09-30"))
    day = dt.date(2026, 5, 1)
    assert small.for_date("icd10cm", day).release.label == "October"
    small.load(release_data("April", "2026-04-01", "2026-09-30"))
    assert small.for_date("icd10cm", day).release.label == "April"
    assert small.for_date("icd10cm", dt.date(2026, 3, 31)).release.label == "October"


def test_loading_again_replaces(small: CodeStore) -> None:
    april = release_data("April", "2026-04-01", "2026-09-30")
    small.load(april)
    before = small.counts(small.releases()[0])
    small.load(april)
    assert [r.label for r in small.releases()] == ["April"]
    assert small.counts(small.releases()[0]) == before


def test_a_load_that_fails_changes_nothing(small: CodeStore) -> None:
    april = release_data("April", "2026-04-01", "2026-09-30")
    small.load(april)
    before = small.counts(small.releases()[0])
    twice = replace(april, codes=april.codes + april.codes[:1])  # breaks the primary key
    with pytest.raises(Exception, match="UNIQUE"):
        small.load(twice)
    assert small.counts(small.releases()[0]) == before
    assert [r.label for r in small.releases()] == ["April"]


@pytest.mark.parametrize(
    ("version", "way_out"), [(1, "codedesk setup"), (99, "newer version.*Update this one")]
)
def test_a_codes_db_of_another_version_is_refused_with_a_way_out(
    small: CodeStore, version: int, way_out: str
) -> None:
    small.load(release_data("April", "2026-04-01", "2026-09-30"))
    small._db.execute(f"pragma user_version = {version}")
    with pytest.raises(CodesetError, match=way_out):
        CodeStore(small.path)


def test_notes_of_an_edition_without_notes_are_the_tabulars(
    store: CodeStore, fy2024: Release, april: Release
) -> None:
    old, new = store.get(fy2024, "E11.9"), store.get(april, "E11.9")
    assert old is not None
    assert new is not None
    assert notes_of(store, fy2024, old) == notes_of(store, april, new)
    assert {note.release for note in notes_of(store, fy2024, old)} == {"FY2026-April"}


def test_a_code_the_tabular_lacks_inherits_from_unchanged_ancestors_only(
    store: CodeStore, fy2024: Release
) -> None:
    gone = store.get(fy2024, "S30.1XXA")
    assert gone is not None
    owners = {note.owner for note in notes_of(store, fy2024, gone)}
    assert "S30" in owners
    assert "S30.1XXA" not in owners


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("I1O", "I10"),
        ("E11.99", "E11.9"),
        ("S13.4A", "S13.4XXA"),
        ("S13.4XA", "S13.4XXA"),
        ("M17.19", "M17.10"),
    ],
)
def test_did_you_mean(store: CodeStore, april: Release, typed: str, meant: str) -> None:
    assert meant in [code.code for code in did_you_mean(store, april, typed)]


@pytest.mark.parametrize(
    ("header", "first", "count"),
    [("M17", "M17.0", 11), ("S52.521", "S52.521A", 6), ("S13.4", "S13.4XXA", 3), ("I10", None, 0)],
)
def test_completions(
    store: CodeStore, april: Release, header: str, first: str | None, count: int
) -> None:
    found = [code.code for code in store.completions(april, header)]
    assert (found[0] if found else None, len(found)) == (first, count)
