"""CMS's Medicare Coverage Database is read from its exports: what is kept, left out and refused."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage_export import ARTICLES, LCDS, NCDS, articles, changed, export

from codesets.formats.coverage_database import plain_text
from codesets.loading.importer import import_files
from codesets.lookups.coverage_groups import fit, scope_of
from codesets.model import CodesetError
from codesets.rows_coverage import (
    CoverageContractor,
    CoverageGroup,
    CoveragePolicy,
    CoverageService,
)
from codesets.store.code_store import CodeStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CodeStore]:
    opened = CodeStore(tmp_path / "codes.db")
    yield opened
    opened.close()


def imported(store: CodeStore, *paths: Path) -> list[str]:
    said: list[str] = []
    import_files(store, list(paths), say=said.append)
    return said


def test_a_zip_in_a_zip_is_one_reference_with_its_date(store: CodeStore, tmp_path: Path) -> None:
    imported(store, articles(tmp_path / "current_article.zip"))
    (reference,) = store.references.all()
    assert reference.key == "hcpcs/coverage/2026-01-08/articles"
    assert reference.effective_from == dt.date(2026, 1, 8)
    assert reference.source == "file current_article.zip"
    assert {file.name for file in reference.files} == {f"{name}.csv" for name in ARTICLES}


def test_policies_have_their_own_dates_and_drafts_are_left_out(
    store: CodeStore, tmp_path: Path
) -> None:
    imported(store, articles(tmp_path / "current_article.zip"))
    (reference,) = store.references.all()
    policies = {row.policy: row for row in store.references.rows(CoveragePolicy, reference)}
    assert {
        name: (row.effective_from, row.effective_through) for name, row in policies.items()
    } == {
        "A90001": (dt.date(2025, 10, 1), None),
        "A90002": (dt.date(2026, 1, 1), dt.date(2026, 6, 30)),  # it is to retire
        "A90003": (dt.date(2020, 1, 1), dt.date(2024, 6, 30)),
        "A90005": (dt.date(2024, 1, 1), None),
    }
    assert policies["A90001"].title == "Billing and Coding: Knee & Hyaluronan"
    assert policies["A90001"].related == ("L80001", "ncd:16")
    assert policies["A90005"].areas == (("FL", "Florida"),)


def test_groups_have_plain_paragraphs_and_no_placeholder_codes(
    store: CodeStore, tmp_path: Path
) -> None:
    imported(store, articles(tmp_path / "current_article.zip"))
    (reference,) = store.references.all()
    rows = store.references.rows(CoverageGroup, reference, policy="A90001")
    groups = {(row.kind, row.group): row for row in rows}
    first = groups["covered", 1]
    assert first.paragraph == "For HCPCS codes J7318-J7332 and CPT 20610:"
    assert (first.codes, first.marked) == (("M17.11", "M17.12"), ("M17.12",))
    assert first.mark_means == "*M17.12 is reported with a second code"
    assert ("noncovered", 2) not in groups  # XX000, not applicable


def test_of_several_versions_the_newest_counts(store: CodeStore, tmp_path: Path) -> None:
    tables = changed(ARTICLES, "article", 1, article_version="12")
    tables["article"].append([*tables["article"][1]])
    tables["article"][-1][1] = "11"
    tables["article_x_icd10_covered"].append(["90001", "11", "M17.9", "1", "N", "x", "N"])
    imported(store, articles(tmp_path / "all_article.zip", tables))
    (reference,) = store.references.all()
    (policy,) = store.references.rows(CoveragePolicy, reference, policy="A90001")
    assert policy.version == "12"
    groups = store.references.rows(CoverageGroup, reference, policy="A90001")
    assert not [group for group in groups if "M17.9" in group.codes]


def test_nothing_of_a_descriptor_is_kept(store: CodeStore, tmp_path: Path) -> None:
    imported(store, articles(tmp_path / "current_article.zip"))
    (reference,) = store.references.all()
    rows = [
        str(row)
        for kind in (CoveragePolicy, CoverageContractor, CoverageService, CoverageGroup)
        for row in store.references.rows(kind, reference)
    ]
    assert rows
    assert not [row for row in rows if "DESCRIPTOR" in row or "'CPT'" in row]


def test_lcds_and_ncds_are_parts_of_their_own(store: CodeStore, tmp_path: Path) -> None:
    imported(
        store,
        export(tmp_path / "current_lcd.zip", "current_lcd_csv.zip", LCDS),
        export(tmp_path / "ncd.zip", "ncd_csv.zip", NCDS),
    )
    by_part = {reference.part: reference for reference in store.references.all()}
    assert sorted(by_part) == ["lcds", "ncds"]
    (lcd,) = store.references.rows(CoveragePolicy, by_part["lcds"])
    assert (lcd.policy, lcd.effective_from) == ("L80001", dt.date(2025, 10, 1))
    first, retired = store.references.rows(CoveragePolicy, by_part["ncds"])
    assert (first.policy, first.title) == ("NCD 999.9", "Lavage of the Knee")
    assert retired.effective_through is not None


def test_all_exports_in_one_zip(store: CodeStore, tmp_path: Path) -> None:
    inner = [
        articles(tmp_path / "current_article.zip"),
        export(tmp_path / "current_lcd.zip", "current_lcd_csv.zip", LCDS),
        export(tmp_path / "ncd.zip", "ncd_csv.zip", NCDS),
    ]
    with zipfile.ZipFile(tmp_path / "all_data.zip", "w") as package:
        for path in inner:
            package.write(path, path.name)
    imported(store, tmp_path / "all_data.zip")
    counts = {r.part: store.references.count(r) for r in store.references.all()}
    assert sorted(counts) == ["articles", "lcds", "ncds"]
    assert all(counts.values())


def test_the_unpacked_tables_may_be_imported_as_a_folder(store: CodeStore, tmp_path: Path) -> None:
    with zipfile.ZipFile(articles(tmp_path / "a.zip")) as outer:
        outer.extract("current_article_csv.zip", tmp_path)
    folder = tmp_path / "tables"
    with zipfile.ZipFile(tmp_path / "current_article_csv.zip") as package:
        package.extractall(folder)
    imported(store, folder)
    assert [reference.part for reference in store.references.all()] == ["articles"]


def test_a_table_alone_is_refused_with_what_to_do(store: CodeStore, tmp_path: Path) -> None:
    alone = tmp_path / "article_x_contractor.csv"
    alone.write_text(
        "\n".join(",".join(row) for row in ARTICLES["article_x_contractor"]), encoding="utf-8"
    )
    with pytest.raises(CodesetError, match="import the whole zip"):
        imported(store, alone)


def test_an_export_without_a_table_that_it_needs_is_refused(
    store: CodeStore, tmp_path: Path
) -> None:
    without = {name: rows for name, rows in ARTICLES.items() if name != "article_x_contractor"}
    with pytest.raises(CodesetError, match=r"without article_x_contractor\.csv"):
        imported(store, articles(tmp_path / "current_article.zip", without))


def test_a_smaller_later_export_is_kept_beside_the_former(store: CodeStore, tmp_path: Path) -> None:
    imported(store, articles(tmp_path / "one.zip"))
    later = changed(ARTICLES, "article", 1, last_updated="2026-02-01 00:00:00")
    later["article_x_hcpc_code"] = later["article_x_hcpc_code"][:2]
    imported(store, articles(tmp_path / "two.zip", later))
    assert [r.label for r in store.references.all()] == ["2026-01-08", "2026-02-01"]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one two"),
        ("&lt;p&gt;twice&amp;nbsp;encoded&lt;/p&gt;", "twice encoded"),
        ("BMI &lt; 30 and age &gt; 5", "BMI < 30 and age > 5"),
        ("<script>alert(1)</script>kept<!-- gone -->", "kept"),
        ("a\r\n<br/>b", "a b"),
        ("", ""),
    ],
)
def test_markup_is_stripped(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    ("paragraph", "service", "groups", "expected"),
    [
        ("For CPT codes 20610, 20611:", "20610", {1}, "named"),
        ("For CPT codes 20610, 20611:", "J7325", {1}, "other"),
        ("For HCPCS J7318 through J7332", "J7325", {1}, "named"),
        ("These ICD-10-CM codes support medical necessity:", "J7325", {1}, "open"),
        ("For CPT/HCPCS codes in Group 2 and 3:", "J7325", {3}, "named"),
        ("Group 2 procedure codes:", "J7325", {1}, "other"),
        # A group of diagnoses is none of services.
        ("Report a code of Group 2 with a code of Group 1.", "J7325", {1}, "open"),
        ("In 2026 and 10 units", "J7325", {1}, "open"),
        ("", "J7325", {1}, "open"),
    ],
)
def test_for_which_services_a_paragraph_is(
    paragraph: str, service: str, groups: set[int], expected: str
) -> None:
    assert fit(scope_of(paragraph), service, groups) == expected
