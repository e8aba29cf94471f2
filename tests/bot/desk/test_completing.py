"""A code is completed along codes that exist, and along nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from paths import TEST_DATA
from slack_support import header, verdict, verdicts

from bot.desk.answer import CodeTitle
from bot.desk.completing import Begun, Step, incomplete, step
from codesets.formats.icd10pcs_tables import read_tables
from codesets.lookups.pcs_axes import begun, following
from codesets.model import Release
from codesets.store.code_store import CodeStore

DAY = dt.date(2026, 5, 1)
TABLES = read_tables(TEST_DATA / "icd10pcs" / "icd10pcs_tables_2027.xml")


def codes(stands: Step) -> list[str]:
    return [choice.code for choice in stands.choices]


def walk(store: CodeStore, system: str, code: str) -> Iterator[Step]:
    """Every end that completing can come to."""
    stands = step(store, DAY, system, code)
    if not stands.choices:
        yield stands
    for choice in stands.choices:
        yield from walk(store, system, choice.code)


@pytest.mark.parametrize("code", ["E11", "S13", "T07", "O31", "M80.0", "S52.5", "Z3A", "H40.1"])
def test_every_way_ends_at_a_billable_code_and_all_are_reached(
    store: CodeStore, april: Release, code: str
) -> None:
    ends = list(walk(store, "icd10cm", code))
    assert all(end.billable for end in ends)
    reached = [end.begun.code for end in ends]
    assert reached == [one.code for one in store.completions(april, code)]


@pytest.mark.parametrize("code", ["0DT", "02H", "3E0", "XW0", "0DTJ"])
def test_every_way_of_a_procedure_ends_at_a_code(store: CodeStore, code: str) -> None:
    release = store.for_date("icd10pcs", DAY).release
    reached = [end.begun.code for end in walk(store, "icd10pcs", code)]
    assert reached == [one.code for one in store.completions(release, code)]


def test_placeholders_are_those_of_the_list(store: CodeStore) -> None:
    assert codes(step(store, DAY, "icd10cm", "S13.4")) == ["S13.4XXA", "S13.4XXD", "S13.4XXS"]


def test_a_range_begins_with_its_categories(store: CodeStore) -> None:
    assert codes(step(store, DAY, "icd10cm", "E08-E13")) == ["E08", "E09", "E10", "E11", "E13"]


@pytest.mark.parametrize(
    ("system", "code", "why"),
    [
        ("icd10cm", "E11.999", "unknown"),
        ("icd10cm", "Z99-Z98", "unknown"),
        ("icd10pcs", "0DTZ", "unknown"),
        ("icd10pcs", "0D", "unknown"),
        ("hcpcs", "J1885", "no_parts"),
    ],
)
def test_what_cannot_be_completed_says_why(
    store: CodeStore, system: str, code: str, why: str
) -> None:
    if system == "hcpcs" and "hcpcs" not in store.systems:
        pytest.skip("HCPCS is not loaded")
    stands = step(store, DAY, system, code)
    assert (stands.why, stands.choices, stands.billable) == (why, [], False)


def test_only_values_of_rows_with_the_beginning_follow() -> None:
    rows = [row for row in TABLES if row.table == "0YR"]
    for number in {row.row for row in rows if row.row}:
        (parts,) = [row for row in rows if row.row == number and row.position == 4]
        code = "0YR" + parts.values[0][0]
        approaches = {
            (row.axis, *value)
            for row in rows
            if row.position == 5
            for other in rows
            if other.row == row.row and other.position == 4 and parts.values[0] in other.values
            for value in row.values
        }
        assert set(following(rows, code)) == approaches
        assert [axis.value for axis in begun(rows, code)] == list(code)
    assert following(rows, "0YRQ?") == []


def test_what_is_incomplete_in_an_answer() -> None:
    assert [one.code for one in incomplete(header())] == ["E11"]
    both = verdicts(
        verdict("E11.9", "billable"),
        verdict("N18", "not_covered", completions=[CodeTitle("N18.9", "CKD")]),
        verdict("N17.9", "not_covered"),
    )
    assert incomplete(both) == [Begun("icd10cm", "N18", "Title of N18")]
