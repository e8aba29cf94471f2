"""CMS's Medicare Coverage Database (MCD), as the downloadable databases in CSV.

Source: https://www.cms.gov/medicare-coverage-database/downloads/downloads.aspx, "Current Articles",
"Current LCDs", "Current NCDs" and the same with "All". Each is a zip with a zip of CSV files in it
(`current_article_csv.zip`), a data dictionary as PDF, and an Access database, which is not read.
The files carry codes and descriptors of CPT, so the customer downloads them under the licence that
CMS shows there. Descriptors are not kept.

Layout. CMS's data dictionaries ("Article Data Dictionary", "LCD Data Dictionary", "NCD Data
Dictionary") describe the tables. The columns below are those of exports from 2025 and 2026 as
public programs that read them have them; no export was at hand here. The names of columns are read
in any case, and further columns are allowed.

* `article.csv`: article_id, article_version, title, status (A approved, R retired), display_id,
  article_eff_date, article_end_date, article_rev_end_date, date_retired, last_updated. It has the
  newest version of each article. The number that is cited is A and the article_id. A display_id
  of another form is that of a draft, which is left out.
* `article_x_hcpc_code.csv`: article_id, hcpc_code_id, hcpc_code_group; with its paragraphs in
  `article_x_hcpc_code_group.csv`: hcpc_code_group, paragraph.
* `article_x_icd10_covered.csv`: article_id, icd10_code_id, icd10_covered_group, asterisk (Y, N);
  `article_x_icd10_covered_group.csv`: icd10_covered_group, paragraph, icd10_covered_ast (what the
  asterisk means). `article_x_icd10_noncovered.csv` and `…_noncovered_group.csv`: the same for
  diagnoses that do not support medical necessity. Ranges are published code by code. The code
  XX000 stands for "not applicable".
* `article_x_code_table.csv`: hcpc_code_id, eff_date, end_date: the drugs of an article that is a
  list of self-administered drugs (SAD exclusion list).
* `article_x_contractor.csv`: article_id, contractor_id, contractor_type_id, contractor_version.
  `contractor.csv`: the same key, contractor_bus_name, contractor_number.
  `contractor_jurisdiction.csv`: the same key, state_id, active_date, term_date.
  `article_x_primary_jurisdiction.csv`: article_id, state_id, which counts for an article with one
  contractor. `state_lookup.csv`: state_id, state_abbrev, description. Parts of states have rows of
  their own ("New York - Downstate").
* `article_related_documents.csv`: article_id, r_lcd_id. `article_related_ncd_documents.csv`:
  article_id, r_ncd_id. `article_future_retire.csv`: article_id, retire_dt.
* `lcd.csv`: lcd_id, lcd_version, title, status, display_id, orig_det_eff_date, rev_eff_date,
  rev_end_date, ent_det_end_date, date_retired; `lcd_x_…` as the tables of articles. LCDs list few
  codes of services and no diagnoses: these moved to articles in 2019.
* `ncd_trkg.csv`: NCD_id, NCD_vrsn_num, NCD_mnl_sect, NCD_mnl_sect_title, NCD_efctv_dt,
  NCD_trmntn_dt, last_updt_tmstmp. NCDs list no codes.

Texts are UTF-8 or Windows-1252, fields may have line breaks and HTML, whose entities may be encoded
twice. Dates are "2026-03-01 00:00:00".
"""

from __future__ import annotations

import csv
import datetime as dt
import html
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from codesets import limits
from codesets.formats.text_files import decoded, text_lines
from codesets.model import CodesetError
from codesets.rows_coverage import (
    CoverageContractor,
    CoverageGroup,
    CoveragePolicy,
    CoverageService,
    GroupKind,
    PolicyKind,
)

CoverageRow = CoveragePolicy | CoverageContractor | CoverageService | CoverageGroup
Table = Iterator[dict[str, str]]

_CONTRACTOR = ("contractor_id", "contractor_type_id", "contractor_version")
#: The tables, and the columns that each must have. The first three are the main ones.
_TABLES: dict[str, tuple[str, ...]] = {
    "article": ("article_id", "article_version", "title", "article_eff_date"),
    "lcd": ("lcd_id", "lcd_version", "title", "rev_eff_date"),
    "ncd_trkg": ("ncd_id", "ncd_vrsn_num", "ncd_mnl_sect", "ncd_mnl_sect_title", "ncd_efctv_dt"),
    "article_x_hcpc_code": ("article_id", "hcpc_code_id", "hcpc_code_group"),
    "article_x_hcpc_code_group": ("article_id", "hcpc_code_group", "paragraph"),
    "article_x_icd10_covered": ("article_id", "icd10_code_id", "icd10_covered_group"),
    "article_x_icd10_covered_group": ("article_id", "icd10_covered_group", "paragraph"),
    "article_x_icd10_noncovered": ("article_id", "icd10_code_id", "icd10_noncovered_group"),
    "article_x_icd10_noncovered_group": ("article_id", "icd10_noncovered_group", "paragraph"),
    "article_x_code_table": ("article_id", "hcpc_code_id", "eff_date", "end_date"),
    "article_x_contractor": ("article_id", *_CONTRACTOR),
    "article_x_primary_jurisdiction": ("article_id", "state_id"),
    "article_related_documents": ("article_id", "r_lcd_id"),
    "article_related_ncd_documents": ("article_id", "r_ncd_id"),
    "article_future_retire": ("article_id", "retire_dt"),
    "lcd_x_hcpc_code": ("lcd_id", "hcpc_code_id", "hcpc_code_group"),
    "lcd_x_hcpc_code_group": ("lcd_id", "hcpc_code_group", "paragraph"),
    "lcd_x_contractor": ("lcd_id", *_CONTRACTOR),
    "lcd_x_primary_jurisdiction": ("lcd_id", "state_id"),
    "lcd_related_ncd_documents": ("lcd_id", "r_ncd_id"),
    "lcd_future_retire": ("lcd_id", "retire_dt"),
    "contractor": (*_CONTRACTOR, "contractor_bus_name", "contractor_number"),
    "contractor_jurisdiction": (*_CONTRACTOR, "state_id"),
    "state_lookup": ("state_id", "state_abbrev", "description"),
}
_OF_CONTRACTORS = ("contractor", "contractor_jurisdiction", "state_lookup")


@dataclass(frozen=True, slots=True)
class Export:
    """One of the three databases: the part of the reference that it is, its main table, and the
    tables without which it cannot be read."""

    part: str
    main: str
    needs: tuple[str, ...]


_EXPORTS = (
    Export(
        "articles",
        "article",
        (
            "article_x_hcpc_code",
            "article_x_icd10_covered",
            "article_x_icd10_covered_group",
            "article_x_contractor",
            *_OF_CONTRACTORS,
        ),
    ),
    Export("lcds", "lcd", ("lcd_x_contractor", *_OF_CONTRACTORS)),
    Export("ncds", "ncd_trkg", ()),
)
#: The characters of a paragraph that are kept.
_MOST_PARAGRAPH = 2000
#: Of retired NCDs most have no last day, and their title says it.
_RETIRED = re.compile(r"\bretired\b", re.I)


# Recognising


def table_of(path: Path, head: bytes) -> str | None:
    """The name of the table that a file is, by its name and the heading of its columns; None where
    it is none of these."""
    name = path.stem.lower()
    if path.suffix.lower() != ".csv" or name not in _TABLES:
        return None
    heading = decoded(head).split("\n", 1)[0]
    columns = {_plain(cell) for row in csv.reader([heading]) for cell in row}
    return name if columns.issuperset(_TABLES[name]) else None


def export_of(path: Path) -> Export | None:
    """The export that a table belongs to, by the main table that lies beside it; None where none
    does."""
    there = _beside(path)
    own = path.stem.lower()
    if own.startswith("lcd_"):
        return _EXPORTS[1] if "lcd" in there else None
    return next((export for export in _EXPORTS if export.main in there), None)


def is_main(table: str) -> bool:
    return any(export.main == table for export in _EXPORTS)


def updated_on(path: Path) -> dt.date:
    """The day of the last change in an export, by the main table that lies beside `path`.

    Raises CodesetError when there is none, or no row of it has a day.
    """
    export = export_of(path)
    if export is None:
        raise CodesetError(
            f"{path.name} is one table of CMS's Medicare Coverage Database: import the whole zip "
            "(current_article.zip, current_lcd.zip or ncd.zip)."
        )
    main = _beside(path)[export.main]
    return _last_change(main, main.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _last_change(main: Path, _changed: int) -> dt.date:
    stamps = ("last_updated", "last_updt_tmstmp", "last_clrnc_tmstmp")
    days = (_date(row.get(stamp, "")) for row in _rows(main) for stamp in stamps)
    last = max((day for day in days if day), default=None)
    if last is None:
        raise CodesetError(f"{main.name} has no row with the day of its last change.")
    return last


def _beside(path: Path) -> dict[str, Path]:
    """The CSV files that lie where `path` lies, by their names. A zip is unpacked with a numbered
    folder for each file."""
    folder = path.parent
    files = folder.parent.glob("*/*") if folder.name.isdigit() else folder.iterdir()
    return {file.stem.lower(): file for file in sorted(files) if file.suffix.lower() == ".csv"}


# Reading


def read_export(path: Path) -> Iterator[CoverageRow]:
    """The rows of an export; `path` is its main table, and the others lie beside it.

    Raises CodesetError when a table is missing, or has other columns.
    """
    export = next(export for export in _EXPORTS if export.main == path.stem.lower())
    tables = _Tables(path, export)
    if export.part == "ncds":
        yield from _national(tables)
        return
    doc = export.main
    known = {}
    for policy in _local(tables, doc):
        known[policy.number] = policy.policy
        yield policy
    yield from _contractors(tables)
    yield from _services(tables, doc, known)
    yield from _groups(tables, known, doc, "service", "hcpc_code", "hcpc_code_group")
    if doc == "article":
        for kind in ("covered", "noncovered"):
            column = f"icd10_{kind}_group"
            yield from _groups(tables, known, doc, kind, f"icd10_{kind}", column)


class _Tables:
    """The tables of an export."""

    def __init__(self, main: Path, export: Export) -> None:
        self._there = _beside(main)
        self._doc = export.main
        for table in export.needs:
            if table not in self._there:
                raise CodesetError(
                    f"{main.name} cannot be read without {table}.csv, which lies not beside it: "
                    "import the whole zip as CMS gives it."
                )
        self._newest: dict[str, int] = {}
        for row in _rows(main) if export.part != "ncds" else ():
            number, version = self._version(row)
            self._newest[number] = max(version, self._newest.get(number, 0))

    def _version(self, row: Mapping[str, str]) -> tuple[str, int]:
        """The policy that a row is about, and the version of it; 0 where it does not say."""
        return row.get(f"{self._doc}_id", ""), _number(row.get(f"{self._doc}_version", ""))

    def rows(self, table: str) -> Table:
        """The rows of a table, of the newest version of each policy. None where the table is not
        there, which only those may be without which an export can be read."""
        if table not in self._there:
            return
        path = self._there[table]
        for row in _rows(path):
            missing = [column for column in _TABLES[table] if column not in row]
            if missing:
                raise CodesetError(
                    f"{path.name} has no column {missing[0]}: its layout is not the one that Code "
                    "Desk knows."
                )
            number, version = self._version(row)
            if not version or version == self._newest.get(number, version):
                yield row


def _national(tables: _Tables) -> Iterator[CoveragePolicy]:
    for row in tables.rows("ncd_trkg"):
        if row.get("natl_cvrg_type", "").lower() == "false":
            continue  # a provision of the manual, and no NCD
        begin, end = _date(row["ncd_efctv_dt"]), _date(row.get("ncd_trmntn_dt", ""))
        title = plain_text(row["ncd_mnl_sect_title"])
        if end is None and _RETIRED.search(title):
            end = begin
        yield CoveragePolicy(
            policy=f"NCD {row['ncd_mnl_sect']}",
            number=row["ncd_id"],
            kind="ncd",
            title=title,
            version=row["ncd_vrsn_num"],
            effective_from=begin,
            effective_through=end,
        )


def _local(tables: _Tables, doc: str) -> Iterator[CoveragePolicy]:
    """Articles or LCDs that are no drafts."""
    kind: PolicyKind = "article" if doc == "article" else "lcd"
    letter = doc[0].upper()
    bound = _listed(tables, f"{doc}_x_contractor", f"{doc}_id", _contractor)
    states = {row["state_id"]: _state(row) for row in tables.rows("state_lookup")}
    areas = _listed(
        tables, f"{doc}_x_primary_jurisdiction", f"{doc}_id", lambda row: row["state_id"]
    )
    retire = {
        row[f"{doc}_id"]: _date(row["retire_dt"]) for row in tables.rows(f"{doc}_future_retire")
    }
    related = _related(tables, doc)
    for row in tables.rows(doc):
        number, shown = row[f"{doc}_id"], row.get("display_id", "").upper()
        is_draft = shown not in ("", number, f"{letter}{number}")
        if not number or is_draft or row.get("status", "").upper()[:1] in ("P", "D"):
            continue
        begin, ends = _window(row, doc)
        ends.append(retire.get(number))
        keys = tuple(bound.get(number, ()))
        own = areas.get(number, ()) if len(keys) == 1 else ()
        yield CoveragePolicy(
            policy=f"{letter}{number}",
            number=number,
            kind=kind,
            title=plain_text(row["title"]),
            version=row[f"{doc}_version"],
            effective_from=begin,
            effective_through=min((end for end in ends if end), default=None),
            contractors=keys,
            areas=tuple(states[state] for state in own if state in states),
            related=tuple(related.get(number, ())),
        )


def _window(row: Mapping[str, str], doc: str) -> tuple[dt.date | None, list[dt.date | None]]:
    """The first day of a version, and the days that may be its last."""
    if doc == "article":
        ends = ("article_end_date", "article_rev_end_date")
        begin = _date(row["article_eff_date"])
    else:
        ends = ("rev_end_date", "ent_det_end_date")
        begin = _date(row["rev_eff_date"]) or _date(row.get("orig_det_eff_date", ""))
    last = [_date(row.get(end, "")) for end in ends]
    if not any(last):
        last.append(_date(row.get("date_retired", "")))
    return begin, last


def _related(tables: _Tables, doc: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    others = ([(f"{doc}_related_documents", "r_lcd_id", "L")] if doc == "article" else []) + [
        (f"{doc}_related_ncd_documents", "r_ncd_id", "ncd:")
    ]
    for table, column, lead in others:
        for row in tables.rows(table):
            other = row[column]
            if other.strip("0") and f"{lead}{other}" not in found[row[f"{doc}_id"]]:
                found[row[f"{doc}_id"]].append(f"{lead}{other}")
    return found


def _contractors(tables: _Tables) -> Iterator[CoverageContractor]:
    states = {row["state_id"]: _state(row) for row in tables.rows("state_lookup")}
    areas: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for row in tables.rows("contractor_jurisdiction"):
        if row["state_id"] in states:
            days = (_date(row.get(column, "")) for column in ("active_date", "term_date"))
            first, last = (day.isoformat() if day else "" for day in days)
            areas[_contractor(row)].append((*states[row["state_id"]], first, last))
    for row in tables.rows("contractor"):
        key = _contractor(row)
        yield CoverageContractor(
            key,
            plain_text(row["contractor_bus_name"]),
            row["contractor_number"],
            tuple(areas.get(key, ())),
        )


def _services(tables: _Tables, doc: str, known: Mapping[str, str]) -> Iterator[CoverageService]:
    for row in tables.rows(f"{doc}_x_hcpc_code"):
        if (policy := known.get(row[f"{doc}_id"])) and (code := _code(row["hcpc_code_id"])):
            yield CoverageService(policy, code, _number(row["hcpc_code_group"]))
    if doc != "article":
        return
    for row in tables.rows("article_x_code_table"):
        if (policy := known.get(row["article_id"])) and (code := _code(row["hcpc_code_id"])):
            begin, end = _date(row["eff_date"]), _date(row["end_date"])
            yield CoverageService(policy, code, 0, "excluded", begin, end)


def _groups(
    tables: _Tables,
    known: Mapping[str, str],
    doc: str,
    kind: GroupKind,
    table: str,
    column: str,
) -> Iterator[CoverageGroup]:
    """The groups of one kind of all policies, each with its paragraph and its codes."""
    codes: dict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
    code_column = "hcpc_code_id" if kind == "service" else "icd10_code_id"
    for row in tables.rows(f"{doc}_x_{table}"):
        if row[f"{doc}_id"] in known and (code := _code(row[code_column])):
            group = codes[row[f"{doc}_id"], _number(row[column])]
            group[code] = group.get(code, False) or row.get("asterisk", "").upper() == "Y"
    texts = {
        (row[f"{doc}_id"], _number(row[column])): (
            plain_text(row["paragraph"])[:_MOST_PARAGRAPH],
            plain_text(row.get("icd10_covered_ast", ""))[:_MOST_PARAGRAPH],
        )
        for row in tables.rows(f"{doc}_x_{table}_group")
        if row[f"{doc}_id"] in known
    }
    for number, group_number in sorted({*codes, *texts}):
        listed = codes.get((number, group_number), {})
        paragraph, mark = texts.get((number, group_number), ("", ""))
        if listed or paragraph:
            marked = tuple(code for code, is_marked in listed.items() if is_marked)
            yield CoverageGroup(
                known[number], kind, group_number, paragraph, tuple(listed), marked, mark
            )


def _listed(
    tables: _Tables, table: str, by: str, value: Callable[[dict[str, str]], str]
) -> dict[str, list[str]]:
    """The values that a table has for each number of a policy, each once."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in tables.rows(table):
        found[row[by]][value(row)] = None
    return {number: [*values] for number, values in found.items()}


def _contractor(row: Mapping[str, str]) -> str:
    return "-".join(row[column] for column in _CONTRACTOR)


def _state(row: Mapping[str, str]) -> tuple[str, str]:
    return row["state_abbrev"].upper(), plain_text(row["description"])


def _code(text: str) -> str:
    """A code as published; "" for the one that stands for "not applicable"."""
    code = text.strip().upper()
    return "" if code.startswith("XX") else code


def _number(text: str) -> int:
    digits = re.search(r"\d+", text)
    return int(digits[0]) if digits else 0


def _date(text: str) -> dt.date | None:
    """A date; None where there is none, or no such day."""
    text = text.strip()[:10]
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


# Texts

_DROPPED = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def plain_text(markup: str) -> str:
    """A text without its HTML, on one line.

    >>> plain_text("<p>Bill&nbsp;with &amp;#45;KX &amp;amp; a tear, &lt; 5 mm.</p>")
    'Bill with -KX & a tear, < 5 mm.'
    """
    text = markup
    for _ in range(2):  # entities may be encoded twice
        text = _TAG.sub(" ", _DROPPED.sub(" ", text))
        text = html.unescape(text)
    return " ".join(_TAG.sub(" ", html.unescape(text)).split())


def _plain(name: str) -> str:
    return name.strip().lower()


def _rows(path: Path) -> Table:
    """The rows of a table, by the names of their columns in lower case."""
    before = csv.field_size_limit(limits.NARRATIVE)
    try:
        reader = csv.reader(_records(path))
        columns = [_plain(name) for name in next(reader, ())]
        for row in reader:
            if row:
                padded = [*row, *[""] * (len(columns) - len(row))]
                yield {name: cell.strip() for name, cell in zip(columns, padded, strict=False)}
    except csv.Error as error:
        raise CodesetError(f"{path.name} is not readable as a table ({error}).") from error
    finally:
        csv.field_size_limit(before)


def _records(path: Path) -> Iterable[str]:
    return text_lines(path, ends="", longest=limits.NARRATIVE, errors="replace")
