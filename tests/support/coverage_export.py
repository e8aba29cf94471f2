"""A small Medicare Coverage Database in the layout of CMS's exports. Its rows are invented: neither
the numbers of its policies nor what they list are those of CMS."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

Tables = Mapping[str, Sequence[Sequence[str]]]

_KEY = ("contractor_id", "contractor_type_id", "contractor_version")
ARTICLES: dict[str, list[list[str]]] = {
    "article": [
        ["article_id", "article_version", "article_type", "title", "article_eff_date",
         "article_end_date", "description", "status", "last_updated", "article_rev_end_date",
         "date_retired", "display_id"],
        # The text of an article is longer than any other field that is read.
        ["90001", "12", "1", "Billing and Coding: Knee &amp;amp; Hyaluronan",
         "2025-10-01 00:00:00", "", "<p>" + "text " * 30_000 + "</p>", "A", "2026-01-08 10:00:00",
         "", "", ""],
        ["90002", "3", "1", "Billing and Coding: Viscosupplementation", "2026-01-01 00:00:00", "",
         "<p>one\r\ntwo, \"three\"</p>", "A", "2026-01-05 09:30:00.123", "", "", ""],
        ["90003", "1", "1", "Billing and Coding: Retired", "2020-01-01 00:00:00",
         "2024-06-30 00:00:00", "", "R", "2024-06-30 00:00:00", "", "2024-07-01 00:00:00", ""],
        ["90004", "1", "1", "Billing and Coding: Draft", "2025-01-01 00:00:00", "", "", "P",
         "2026-01-01 00:00:00", "", "", "55001"],
        ["90005", "9", "4", "Self-Administered Drug Exclusion List", "2024-01-01 00:00:00", "", "",
         "A", "2025-01-01 00:00:00", "", "", ""],
    ],
    "article_x_hcpc_code": [
        ["article_id", "article_version", "hcpc_code_id", "hcpc_code_group", "range",
         "long_description"],
        ["90001", "12", "J7325", "1", "N", "DESCRIPTOR"], ["90001", "12", "20610", "1", "N", "CPT"],
        ["90001", "12", "J3301", "2", "N", ""], ["90001", "12", "J1030", "3", "N", ""],
        ["90002", "3", "J7325", "1", "N", ""], ["90003", "1", "J7325", "1", "N", ""],
        ["90004", "1", "J7325", "1", "N", ""],
    ],
    "article_x_hcpc_code_group": [
        ["article_id", "article_version", "hcpc_code_group", "paragraph"],
        ["90001", "12", "1", "<p>Injections</p>"],
        ["90001", "12", "3", "<p>These codes are <b>not covered</b>:</p>"],
    ],
    "article_x_icd10_covered": [
        ["article_id", "article_version", "icd10_code_id", "icd10_covered_group", "range",
         "description", "asterisk"],
        ["90001", "12", "M17.11", "1", "B", "x", "N"],
        ["90001", "12", "M17.12", "1", "E", "x", "Y"],
        ["90001", "12", "M25.561", "2", "N", "x", "N"],
        ["90001", "12", "M19.90", "3", "N", "x", "N"],
        ["90002", "3", "M17.12", "1", "N", "x", "N"],
        ["90003", "1", "M17.11", "1", "N", "x", "N"], ["90004", "1", "M17.11", "1", "N", "x", "N"],
    ],
    "article_x_icd10_covered_group": [
        ["article_id", "article_version", "icd10_covered_group", "paragraph", "icd10_covered_ast"],
        ["90001", "12", "1", "<p>For HCPCS codes J7318&amp;#45;J7332 and CPT 20610:</p>",
         "<p>*M17.12 is reported with a second code</p>"],
        ["90001", "12", "2", "<p>For the HCPCS codes in Group 2:</p>", ""],
        ["90001", "12", "3", "", ""],
    ],
    "article_x_icd10_noncovered": [
        ["article_id", "article_version", "icd10_code_id", "icd10_noncovered_group", "range",
         "description"],
        ["90001", "12", "M16.11", "1", "N", "x"], ["90001", "12", "XX000", "2", "N", "N/A"],
    ],
    "article_x_icd10_noncovered_group": [
        ["article_id", "article_version", "icd10_noncovered_group", "paragraph"],
        ["90001", "12", "1", "<p>The hip:</p>"],
    ],
    "article_x_code_table": [
        ["article_id", "article_version", "code_table_row", "eff_date", "end_date", "hcpc_code_id"],
        ["90005", "9", "1", "2024-06-01 00:00:00", "", "J3590"],
    ],
    "article_x_contractor": [
        ["article_id", "article_version", "article_type", *_KEY],
        ["90001", "12", "1", "370", "9", "1"], ["90002", "3", "1", "143", "1", "1"],
        ["90002", "3", "1", "144", "1", "1"], ["90003", "1", "1", "370", "9", "1"],
        ["90005", "9", "4", "370", "9", "1"],
    ],
    "article_x_primary_jurisdiction": [
        ["article_id", "article_version", "state_id"], ["90005", "9", "10"],
    ],
    "article_related_documents": [
        ["article_id", "article_version", "related_num", "r_article_id", "r_lcd_id"],
        ["90001", "12", "1", "0", "80001"], ["90001", "12", "2", "90002", "0"],
    ],
    "article_related_ncd_documents": [
        ["article_id", "article_version", "related_num", "r_ncd_id"], ["90001", "12", "1", "16"],
    ],
    "article_future_retire": [["article_id", "retire_dt"], ["90002", "2026-06-30 00:00:00"]],
    "contractor": [
        [*_KEY, "contractor_bus_name", "contractor_number"],
        ["370", "9", "1", "First Coast Service Options, Inc.", "09102"],
        ["143", "1", "1", "National Government Services, Inc.", "13101"],
        ["144", "1", "1", "National Government Services, Inc.", "13201"],
    ],
    "contractor_jurisdiction": [
        [*_KEY, "state_id", "active_date", "term_date"],
        ["370", "9", "1", "10", "2009-02-13 00:00:00", ""], ["370", "9", "1", "52", "", ""],
        ["143", "1", "1", "63", "", ""], ["144", "1", "1", "65", "", ""],
        ["143", "1", "1", "51", "", "2019-12-31 00:00:00"],
    ],
    "state_lookup": [
        ["state_id", "state_abbrev", "description"], ["10", "FL", "Florida"],
        ["52", "PR", "Puerto Rico"], ["63", "DN", "New York - Downstate"],
        ["65", "UN", "New York - Upstate"], ["51", "TX", "Texas"],
    ],
}  # fmt: skip
NCDS: dict[str, list[list[str]]] = {
    "ncd_trkg": [
        ["NCD_id", "NCD_vrsn_num", "natl_cvrg_type", "NCD_mnl_sect", "NCD_mnl_sect_title",
         "NCD_efctv_dt", "NCD_trmntn_dt", "last_updt_tmstmp"],
        ["16", "1", "True", "999.9", "Lavage of the Knee", "2004-06-11 00:00:00", "",
         "2025-08-28 11:49:28.133000"],
        ["17", "2", "True", "999.8", "Old Therapy - RETIRED", "2010-01-01 00:00:00", "",
         "2010-01-01 00:00:00"],
    ]
}  # fmt: skip
LCDS: dict[str, list[list[str]]] = {
    "lcd": [
        ["lcd_id", "lcd_version", "title", "orig_det_eff_date", "rev_eff_date", "rev_end_date",
         "ent_det_end_date", "status", "display_id", "date_retired", "last_updated"],
        ["80001", "4", "Knee Injections", "2015-10-01 00:00:00", "2025-10-01 00:00:00", "", "", "A",
         "L80001", "", "2025-12-01 00:00:00"],
    ],
    "lcd_x_hcpc_code": [
        ["lcd_id", "lcd_version", "hcpc_code_id", "hcpc_code_group"], ["80001", "4", "J7326", "1"],
    ],
    "lcd_x_contractor": [["lcd_id", "lcd_version", *_KEY], ["80001", "4", "370", "9", "1"]],
    **{name: ARTICLES[name] for name in ("contractor", "contractor_jurisdiction", "state_lookup")},
}  # fmt: skip


def changed(tables: Tables, name: str, row: int, **cells: str) -> dict[str, list[list[str]]]:
    """The tables with other cells in one row."""
    copy = {table: [list(one) for one in rows] for table, rows in tables.items()}
    for column, value in cells.items():
        copy[name][row][copy[name][0].index(column)] = value
    return copy


def export(path: Path, inner: str, tables: Tables) -> Path:
    """A zip with a zip of the tables in it, beside what CMS puts there."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, rows in tables.items():
            text = io.StringIO(newline="")
            csv.writer(text).writerows(rows)
            package.writestr(f"{name}.csv", text.getvalue().removesuffix("\r\n").encode("cp1252"))
        package.writestr("readme_first.txt", "To view the downloadable database …")
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(inner, packed.getvalue())
        package.writestr("current.mdb", b"\0" * 1000)
        package.writestr("data dictionary.pdf", b"%PDF-1.4 read by nobody")
    return path


def articles(path: Path, tables: Tables = ARTICLES) -> Path:
    return export(path, "current_article_csv.zip", tables)
