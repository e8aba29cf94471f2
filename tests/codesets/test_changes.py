"""What changed between editions: every code that differs, and what took its place."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import SHARED

from bot.desk import edition_changes
from bot.desk.desk import Desk
from bot.desk.intent import Inquiry
from bot.settings import Settings
from codesets.formats import icd10cm
from codesets.loading.importer import import_files
from codesets.lookups.edition_diff import (
    KINDS,
    Changed,
    changes,
    releases_named,
    replacements,
    similar,
)
from codesets.model import (
    Code,
    CodesetError,
    ConversionRow,
    Indicators,
    Reference,
    ReferenceData,
    Release,
    ReleaseData,
)
from codesets.store.code_store import CodeStore

REAL = SHARED / "codesets" / "icd10cm"
real_files = pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not here")


def by_kind(found: list[Changed]) -> dict[str, list[str]]:
    return {kind: [c.code.code for c in found if c.kind == kind] for kind in KINDS}


# Two packaged releases


@pytest.fixture(scope="module")
def since_2024(store: CodeStore, fy2024: Release, april: Release) -> list[Changed]:
    return changes(store, fy2024, april)


def test_added_are_the_codes_of_the_later_edition_only(
    store: CodeStore, fy2024: Release, april: Release, since_2024: list[Changed]
) -> None:
    old, new = ({code.code for code in store.codes(r)} for r in (fy2024, april))
    found = by_kind(since_2024)
    assert set(found["added"]) == new - old
    assert set(found["deleted"]) == old - new
    assert [len(found[kind]) for kind in ("added", "deleted")] == [905, 15]
    assert [len(found[kind]) for kind in ("became_header", "became_billable")] == [49, 0]


DIFFER = [
    # kind, code, earlier title, later title
    ("added", "E66.813", None, "Obesity, class 3"),
    ("added", "E10.A0", None, "Type 1 diabetes mellitus, presymptomatic, unspecified"),
    ("deleted", "S30.1XXA", None, "Contusion of abdominal wall, initial encounter"),
    ("became_header", "F50.01", "Anorexia nervosa, restricting type",
     "Anorexia nervosa, restricting type"),
    ("became_header", "E66.8", "Other obesity", "Other obesity"),
    ("retitled", "F98.21", "Rumination disorder of infancy",
     "Rumination disorder of infancy and childhood"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code", "before", "title"), DIFFER)
def test_codes_that_differ(
    since_2024: list[Changed], kind: str, code: str, before: str | None, title: str
) -> None:
    (change,) = [c for c in since_2024 if (c.kind, c.code.code) == (kind, code)]
    assert change.code.title == title
    assert (change.before.title if change.before else None) == before


def test_a_title_that_was_borrowed_is_no_revision(
    store: CodeStore, fy2024: Release, since_2024: list[Changed]
) -> None:
    retitled = [c.before for c in since_2024 if c.kind == "retitled"]
    assert {code.title_from for code in retitled if code} == {None}


def test_changes_are_told_by_kind_in_published_order(since_2024: list[Changed]) -> None:
    places = [(KINDS.index(c.kind), c.code.position) for c in since_2024]
    assert places == sorted(places)


@real_files
@pytest.mark.slow
def test_fy2027_is_what_was_published(
    store: CodeStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Exactly the codes of each published list. FY2025 is loaded because it shows which titles were
    not revised, but are worded differently in the Tabular List and the code files."""
    copy = CodeStore(tmp_path_factory.mktemp("real") / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [REAL / f"icd10cm_order_{year}_rebuilt.txt" for year in (2025, 2027)])
    ((before, after),) = releases_named(copy, "FY2026-April", "FY2027", "icd10cm")
    found = by_kind(changes(copy, before, after))
    copy.close()
    for kind, name in (
        ("added", "added"),
        ("deleted", "deleted"),
        ("retitled", "revised"),
        ("became_header", "billable_to_header"),
    ):
        with (REAL / f"fy2027_{name}.csv").open(encoding="utf-8") as file:
            assert set(found[kind]) == {row["codeDotted"] for row in csv.DictReader(file)}, kind
    assert found["became_billable"] == []


# Small releases


@pytest.fixture
def small(tmp_path: Path) -> Iterator[CodeStore]:
    store = CodeStore(tmp_path / "codes.db")
    yield store
    store.close()


def diagnoses(store: CodeStore, year: int, rows: list[tuple[str, bool, str]]) -> Release:
    """Load a release of ICD-10-CM with these codes: undotted, billable, title."""
    days = dt.date(year - 1, 10, 1), dt.date(year, 9, 30)
    release = Release("icd10cm", f"FY{year}", *days, "test", ())
    store.load(icd10cm.release_of_list(release, rows))
    return release


HEADER = ("S00", False, "Dent of head")
BEFORE = [HEADER, ("S000", True, "Dent of scalp"), ("S001", True, "Dent of nose"),
          ("S002", False, "Dent of ear"), ("S0021", True, "Dent of right ear"),
          ("S003", True, "Dent of chin")]  # fmt: skip
AFTER = [HEADER, ("S000", False, "Dent of scalp"), ("S0001", True, "Dent of scalp, front"),
         ("S001", True, "Dent of nose, any part"), ("S002", True, "Dent of ear"),
         ("S004", True, "Dents of chin")]  # fmt: skip


def test_every_kind_of_change(small: CodeStore) -> None:
    before, after = diagnoses(small, 2026, BEFORE), diagnoses(small, 2027, AFTER)
    assert by_kind(changes(small, before, after)) == {
        "added": ["S00.01", "S00.4"],
        "deleted": ["S00.21", "S00.3"],
        "retitled": ["S00.1"],
        "became_header": ["S00.0"],
        "became_billable": ["S00.2"],
    }
    assert changes(small, after, after) == []


@pytest.mark.parametrize(
    "printed", ["Ménière's dent", "meniere's dent", "Meniere's  dent"], ids=str
)
def test_accents_case_and_spacing_revise_nothing(small: CodeStore, printed: str) -> None:
    before = diagnoses(small, 2026, [HEADER, ("S000", True, printed)])
    after = diagnoses(small, 2027, [HEADER, ("S000", True, "Meniere's dent")])
    assert changes(small, before, after) == []


def conversion(store: CodeStore, *rows: tuple[str, str]) -> None:
    """Load a conversion table of (new code, code that it replaces)."""
    days = dt.date(2026, 10, 1), dt.date(2027, 9, 30)
    reference = Reference("conversion", "icd10cm", "FY2027", *days, "test", ())
    store.references.load(
        ReferenceData(reference, tuple(ConversionRow(new, days[0], old) for new, old in rows))
    )


def test_a_deleted_code_is_replaced_by_the_conversion_table(small: CodeStore) -> None:
    before, after = diagnoses(small, 2026, BEFORE), diagnoses(small, 2027, AFTER)
    gone = small.get(before, "S00.3")
    assert gone is not None
    assert replacements(small, gone, after) == []
    # S00.9 is no code of the later release.
    conversion(small, ("S00.4", "S00.3"), ("S00.01", "S00.3"), ("S00.9", "S00.3"))
    assert [code.code for code in replacements(small, gone, after)] == ["S00.4", "S00.01"]


def test_without_a_conversion_table_similar_titles_are_offered(small: CodeStore) -> None:
    before, after = diagnoses(small, 2026, BEFORE), diagnoses(small, 2027, AFTER)
    told = {change.code: change for change in edition_changes.compared(small, before, after).listed}
    assert told["S00.3"].replaced_by == []
    assert [code.code for code in told["S00.3"].similar][:1] == ["S00.4"]
    conversion(small, ("S00.4", "S00.3"))
    told = {change.code: change for change in edition_changes.compared(small, before, after).listed}
    assert [code.code for code in told["S00.3"].replaced_by] == ["S00.4"]
    assert told["S00.3"].similar == []
    assert told["S00.1"].before == "Dent of nose"


def test_what_is_similar_is_billable_and_of_the_same_category_first(small: CodeStore) -> None:
    rows = [*BEFORE, ("T00", False, "Dent of the chin"), ("T000", True, "Dent of chin")]
    release = diagnoses(small, 2026, rows)
    gone = small.get(release, "S00.3")
    assert gone is not None
    titles = small.titles(release)
    assert "S00" not in titles  # a header
    found = [code.code for code in similar(small, gone, release, titles)]
    assert found
    assert {code[:3] for code in found} == {"S00"}
    assert similar(small, gone, release, {"T00.0": "Ulcer of chin"}) == []


# HCPCS Level II, which keeps discontinued codes with their dates


def quarter(store: CodeStore, month: int, *rows: tuple[str, str, str, tuple[str, ...]]) -> Release:
    """Load a quarter with these codes: code, first and last day, cross-references."""
    first = dt.date(2026, month, 1)
    label = f"2026-{first:%B}"
    release = Release("hcpcs", label, first, first + dt.timedelta(80), "test", ())
    days = [[dt.date.fromisoformat(d) if d else None for d in row[1:3]] for row in rows]
    codes = tuple(
        Code.alone(release, row[0], f"Dressing {row[0]}", at, *days[at])
        for at, row in enumerate(rows)
    )
    indicators = (Indicators(r[0], "", "C", (), "", "", (), "", "", r[3]) for r in rows)
    store.load(ReleaseData(release, codes, rows=tuple(indicators)))
    return release


def test_hcpcs_codes_count_by_their_own_dates(small: CodeStore) -> None:
    before = quarter(
        small, 1,
        ("A0001", "2000-01-01", "", ()),
        ("A0002", "2000-01-01", "2026-03-31", ()),
        ("A0003", "2026-04-01", "", ()),  # listed ahead of its first day
        ("A0004", "2000-01-01", "2019-12-31", ()),
    )  # fmt: skip
    after = quarter(
        small, 4,
        ("A0001", "2000-01-01", "", ()),
        ("A0002", "2000-01-01", "2026-03-31", ("A0003", "A0009")),
        ("A0003", "2026-04-01", "", ()),
        ("A0004", "2000-01-01", "2019-12-31", ()),
        ("A0005", "2026-04-01", "", ()),
    )  # fmt: skip
    found = by_kind(changes(small, before, after))
    assert (found["added"], found["deleted"]) == (["A0003", "A0005"], ["A0002"])
    (gone,) = [
        c for c in edition_changes.compared(small, before, after).listed if c.kind == "deleted"
    ]
    assert [code.code for code in gone.replaced_by] == ["A0003"]  # A0009 is no code


# Which releases


@pytest.mark.parametrize(("one", "other"), [("FY2024", "FY2026-April"), ("fy2026-april", "fy2024")])
def test_two_editions_earlier_first(store: CodeStore, one: str, other: str) -> None:
    ((before, after),) = releases_named(store, one, other)
    assert (before.key, after.key) == ("icd10cm/FY2024", "icd10cm/FY2026-April")


@pytest.mark.parametrize("label", ["FY2023", "FY2024", "2026-January"])
def test_editions_that_are_not_loaded(store: CodeStore, label: str) -> None:
    with pytest.raises(CodesetError, match=r"Loaded are: ICD-10-CM FY2024, FY2025, FY2026-April"):
        releases_named(store, "FY2024", label, "icd10cm")


# The answer


@pytest.fixture(scope="module")
def asking(store: CodeStore) -> Iterator[Desk]:
    """A desk without an index, which these questions do not need."""
    desk = Desk(Settings(home=store.path.parent))
    yield desk
    desk.close()


def test_asked_what_changed_in_the_packaged_editions(asking: Desk) -> None:
    answer = asking.ask("what changed between FY2024 and FY2026-April in obesity")
    assert (answer.outcome, answer.candidates, answer.verdicts) == ("changes", [], [])
    assert answer.changes is not None
    assert (answer.changes.before, answer.changes.after) == ("FY2024", "FY2026-April")
    assert tuple(answer.changes.counts.values()) == (7, 0, 0, 1, 0)
    assert "E66.813" in [change.code for change in answer.changes.listed]


@pytest.mark.parametrize(
    ("question", "counts", "listed"),
    [
        ("what changed between FY2026 and FY2027", (2, 2, 1, 1, 1), 7),
        ("new codes FY2027 FY2026", (2, 2, 1, 1, 1), 7),  # the earlier one is compared with
        ("what changed in ear codes in FY2027", (0, 1, 0, 0, 1), 2),
        ("deleted codes chin FY27", (1, 1, 0, 0, 0), 2),
        ("what changed in FY2027 for htn", (0, 0, 0, 0, 0), 0),
    ],
)
def test_asked_what_changed(
    small: CodeStore, question: str, counts: tuple[int, ...], listed: int
) -> None:
    diagnoses(small, 2026, BEFORE)
    diagnoses(small, 2027, AFTER)
    desk = Desk(Settings(home=small.path.parent))
    answer = desk.ask(question)
    desk.close()
    assert answer.changes is not None
    assert (answer.changes.before, answer.changes.after) == ("FY2026", "FY2027")
    assert tuple(answer.changes.counts.values()) == counts
    assert len(answer.changes.listed) == listed


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("any new obesity codes in FY2019",
         "No edition of ICD-10-CM for FY2019 is loaded. Loaded are: FY2024, FY2025, FY2026-April. "
         "Import it with `codedesk codesets import FILE`."),
        ("new codes for July 2025",
         "No edition of ICD-10-CM for July 2025 is loaded."),
        ("what changed in FY2024",
         "No edition of ICD-10-CM before FY2024 is loaded, so there is nothing to compare it "
         "with."),
        ("what's new in icd-10-pcs",
         "To say what changed in ICD-10-PCS I need two editions of it, and loaded is: FY2024."),
    ],
)  # fmt: skip
def test_editions_asked_for_that_are_not_loaded(asking: Desk, question: str, says: str) -> None:
    answer = asking.ask(question)
    assert (answer.outcome, answer.changes) == ("abstained", None)
    (notice,) = answer.notices
    assert notice.startswith(says)


@pytest.mark.parametrize(
    ("month", "year", "today", "after"),
    [
        (None, None, "2027-01-01", "FY2027"),
        (None, None, "2026-05-01", "FY2026"),  # the next one is loaded already
        (10, None, "2026-11-01", "FY2027"),
        (10, None, "2025-11-01", "FY2026"),
        (10, 2026, "2027-05-01", "FY2027"),
        (None, 2025, "2027-05-01", "FY2026"),  # 1 October 2025
    ],
)
def test_the_edition_of_a_month(
    small: CodeStore, month: int | None, year: int | None, today: str, after: str
) -> None:
    for edition in (2025, 2026, 2027):
        diagnoses(small, edition, BEFORE)
    asked = Inquiry("icd10cm", (), month, year, "")
    told = edition_changes.answer(small, asked, dt.date.fromisoformat(today))
    assert told.after == after
