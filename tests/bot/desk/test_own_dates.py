"""A code's own first and last day count for every date, whichever loaded file has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from paths import TEST_DATA

from bot.desk.candidates import Candidates
from bot.desk.desk import Desk
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.lookups import edition_diff
from codesets.model import OwnDates
from codesets.store.code_store import CodeStore

#: The January quarter has last days of its codes. The October one, a table made from CMS's file,
#: has none, and does not have A2030.
JANUARY = TEST_DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"
OCTOBER = """\
code,kind,short_description,long_description,coverage,betos,tos,add_date,action_eff_year
A4397,procedure,Irrigation supply sleeve,"Irrigation supply; sleeve, each",C,,,19900101,2022
A4311,procedure,Tray,"Insertion tray, invented",C,,,19900101,1990
E9999,procedure,Dent,"Dent supply, invented",C,,,20200101,2020
AW,modifier,With a dressing,Item furnished with a dressing,C,,,20030101,2003
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("dated")
    table = home / "hcpcs_2025_oct.csv"
    table.write_text(OCTOBER)
    store = CodeStore(home / "codes.db")
    import_files(store, [JANUARY, table], partial=True)
    store.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("code", "day", "status", "says"),
    [
        # The file in force has the code without its last day, which another file has.
        ("A4397", "2025-11-01", "deleted", "2026-January gives 2021-12-31 as the last day"),
        # No file covers the day, and the nearest has no last day.
        ("A4397", "2025-03-10", "deleted", "2026-January gives 2021-12-31 as the last day"),
        ("A4397", "2030-03-10", "deleted", "2026-January gives 2021-12-31 as the last day"),
        ("A4397", "2021-12-31", "billable", "Its last day is 2021-12-31"),
        # The file in force does not have it; a later one has an earlier first day.
        ("A2030", "2025-11-01", "billable", "Its first day was 2025-04-01"),
        ("A2030", "2025-03-31", "not_yet_valid", "may be used from 2025-04-01 on"),
        # It is not known whether it ended after the newest file.
        ("A4311", "2026-11-30", "not_covered", "valid and billable in 2026-January"),
        ("A4311", "2024-05-01", "billable", "Its first day was 1990-01-01"),
        # The newest file no longer has it, and no file has its last day.
        ("E9999", "2026-02-01", "deleted", "The last loaded edition that has it is 2025-October"),
        ("E9999", "2026-11-30", "not_covered", "The last loaded edition that has it is"),
    ],
)
def test_of_a_code(desk: Desk, code: str, day: str, status: str, says: str) -> None:
    (verdict,) = desk.check([code], day=dt.date.fromisoformat(day)).verdicts
    assert (verdict.code, verdict.status) == (code, status)
    assert says in verdict.why


@pytest.mark.parametrize(
    ("day", "status"),
    [("2002-12-31", "not_yet_valid"), ("2026-02-01", "billable"), ("2024-05-01", "billable"),
     ("2026-11-30", "not_covered")],
)  # fmt: skip
def test_of_a_modifier(desk: Desk, day: str, status: str) -> None:
    answer = desk.ask("modifier AW", day=dt.date.fromisoformat(day))
    assert [(v.code, v.status) for v in answer.verdicts] == [("AW", status)]


def test_a_code_that_had_ended_is_no_candidate(desk: Desk) -> None:
    october = desk._store.for_date("hcpcs", dt.date(2025, 11, 1)).release
    assert october.label == "2025-October"
    day = dt.date(2025, 11, 1)
    members = Candidates(desk._store, desk._guideline_lookup, [october], day)._in_force(
        october, "A4397"
    )
    assert members == []


def test_what_changed_between_two_editions_goes_by_the_same_dates(desk: Desk) -> None:
    found = edition_diff.changes(desk._store, *desk._store.releases("hcpcs"))
    changed = {(change.kind, change.code.code) for change in found}
    assert "A4397" not in {code for _, code in changed}, "it had ended before both"
    assert ("deleted", "E9999") in changed


def day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("told", "first", "last"),
    [
        # For each release, oldest first: first day, last day, re-activated
        ([("1990-01-01", "2024-03-31", False), ("1990-01-01", "", False)],
         "1990-01-01", "2024-03-31"),
        ([("1990-01-01", "", False), ("", "2024-03-31", False)], "1990-01-01", "2024-03-31"),
        ([("1990-01-01", "2024-03-31", False), ("1990-01-01", "2024-06-30", False)],
         "1990-01-01", "2024-06-30"),
        # In force again: the record says so, or its first day is after the last day.
        ([("1990-01-01", "2024-03-31", False), ("1990-01-01", "", True)], "1990-01-01", ""),
        ([("1990-01-01", "2020-12-31", False), ("2024-01-01", "", False)], "2024-01-01", ""),
    ],
)  # fmt: skip
def test_what_several_releases_tell_of_one_code(
    told: list[tuple[str, str, bool]], first: str, last: str
) -> None:
    own = OwnDates()
    for number, (begins, ends, again) in enumerate(told):
        own = own.updated_by(str(number), day(begins), day(ends), reactivated=again)
    assert (own.first, own.last) == (day(first), day(last))
