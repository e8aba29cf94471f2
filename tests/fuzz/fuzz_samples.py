"""The files that the fuzzing of parsers begins with: one of each layout that tests have."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import coverage_export
import icd11_files
import inpatient_files
import openpyxl
import payment_files
from paths import TEST_DATA

#: Folders of tests/data with official layouts.
_FOLDERS = (
    "books", "crosswalks", "edits", "hcpcs", "icd10cm", "icd10pcs", "imports", "index_books",
    "statements",
)  # fmt: skip
_POLICIES = """Payer,Code or range,Text,From,Through,Source
Aetna,J7318-J7332,"Prior authorization, one series in six months.",2026-01-01,,Bulletin 12
,M17.-,Name the compartment in the note.,,,House handbook
Cigna,20610,Report RT or LT.,1/1/2026,12/31/2026,
"""
#: Longer files are cut at a line, so that a case takes milliseconds.
_MOST = 20_000
#: Names that tell the edition, for files of tests that are named otherwise.
_NAMES = {
    "index.xml": "icd10cm_index_2027.xml",
    "external_causes.xml": "icd10cm_eindex_2027.xml",
    "neoplasms.xml": "icd10cm_neoplasm_2027.xml",
    "drugs.xml": "icd10cm_drug_2027.xml",
    "order.txt": "icd10cm_order_2026.txt",
    "code-list.txt": "icd10cm_codes_2026.txt",
    "tabular.xml": "icd10cm_tabular_2026.xml",
}


@cache
def files() -> dict[str, bytes]:
    """Name -> content."""
    found: dict[str, bytes] = {}
    for folder in _FOLDERS:
        for path in sorted((TEST_DATA / folder).iterdir()):
            if path.is_file() and path.suffix != ".md":
                found[_NAMES.get(path.name, path.name)] = _short(path.read_bytes())
    with TemporaryDirectory() as temporary:
        for path in [
            *inpatient_files.all_of(Path(temporary), hac=True),
            *icd11_files.all_files(Path(temporary)),
        ]:
            found[path.name] = path.read_bytes()
    found |= {name: text.encode() for name, (text, _, _) in payment_files.FILES.items()}
    found["Our Rules.csv"] = _POLICIES.encode()
    return found


def _short(data: bytes) -> bytes:
    return (
        data if len(data) <= _MOST or data[:1] == b"<" else data[: data.rindex(b"\n", 0, _MOST) + 1]
    )


@cache
def packages() -> dict[str, bytes]:
    """Zips and workbooks: what is read in a process of its own, a second each."""
    inner = {name: data for name, data in files().items() if "order_2027" in name}
    plain, workbook = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in inner.items():
            package.writestr(name, data)
    sheet = openpyxl.Workbook()
    for line in payment_files.ADD_ON.splitlines():
        sheet.active.append(line.split(","))
    sheet.save(workbook)
    with TemporaryDirectory() as temporary:
        coverage = coverage_export.articles(Path(temporary) / "current_article.zip").read_bytes()
    return {
        "icd10cm-2027.zip": plain.getvalue(),
        "AOC_V2026Q1-MCR.xlsx": workbook.getvalue(),
        "current_article.zip": coverage,
    }


def coverage_table(name: str) -> bytes:
    """A table of the coverage database, as it lies in its zip."""
    rows = coverage_export.ARTICLES[name]
    return "\n".join(",".join(f'"{cell[:200]}"' for cell in row) for row in rows).encode()
