"""Recognises official files by their content.

Which edition a file is of is decided in codesets/loading/edition_names.py: by its content where
that names it (the version of an XML file, the title page of the guidelines), else by the name that
its publisher gave it:

* ICD-10-CM and ICD-10-PCS (CMS, CDC/NCHS): a fiscal year, 1 October to 30 September, or its update
  of 1 April: `icd10cm_order_2027.txt`, `icd10cm-order-April-2026.txt`.
* HCPCS Level II, its ASP crosswalk and the NCCI edits (CMS): a quarter: `HCPC2026_JAN_ANWEB.txt`.
* CPT (AMA), place of service codes and GEMs (CMS): a calendar year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from codesets.code_format import CPT, HCPCS, ICD10CM_UNDOTTED, ICD10PCS, ICD10PCS_TABLE
from codesets.formats import (
    add_on_codes,
    addenda,
    adjustment_codes,
    asp_ndc,
    coverage_database,
    cpt,
    fee_schedule,
    gems,
    guidelines,
    hac,
    hcc,
    hcpcs,
    house_policies,
    icd10cm,
    icd10cm_conversion,
    icd10cm_drug_table,
    icd10cm_index,
    icd10pcs,
    icd10pcs_index,
    icd10pcs_tables,
    icd11,
    mce,
    msdrg_tables,
    ncci,
    opps,
    payment_limits,
    place_of_service,
    poa_exempt,
    spreadsheets,
)
from codesets.formats.text_files import decoded, sha256_of
from codesets.loading.other_files import CHANGES, OTHERS, other_kind
from codesets.model import (
    REFERENCE_NAMES,
    SYSTEM_NAMES,
    Code,
    ReferenceKind,
    Release,
    ReleaseData,
    Row,
    System,
)

#: How much of a file is needed to recognise it, in bytes.
_HEAD = 64 * 1024
#: The beginning of an XML file, with or without a byte order mark.
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")

ORDER_FILE = "order file"


@dataclass
class Sample:
    """The beginning of a file: as bytes (`head`), as text and as rows of a table."""

    path: Path
    head: bytes

    @classmethod
    def of(cls, path: Path) -> Sample:
        """Raises OSError when the file cannot be read."""
        with path.open("rb") as file:
            return cls(path, file.read(_HEAD))

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_workbook(self) -> bool:
        return spreadsheets.is_workbook(self.head)

    @property
    def is_zip(self) -> bool:
        return self.head.startswith(b"PK") and not self.is_workbook

    @property
    def is_pdf(self) -> bool:
        return self.head.startswith(b"%PDF")

    @property
    def is_text(self) -> bool:
        """Whether it may consist of lines: it is no zip, workbook, PDF or XML."""
        return not self.head.startswith((b"PK", b"%PDF")) and not _XML.match(self.head)

    @cached_property
    def text(self) -> str:
        """The beginning as text; of a PDF, its first pages; of a workbook, its first rows.

        Raises CodesetError for a PDF that cannot be opened, TooMuch as the readers do.
        """
        if self.is_pdf:
            return guidelines.first_pages(self.path)
        if self.is_workbook:
            return "\n".join("\t".join(row) for row in self.rows)
        return decoded(self.head)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text that are not blank. The last may be cut off."""
        return [line for line in self.text.split("\n") if line.strip()]

    @cached_property
    def rows(self) -> list[list[str]]:
        return spreadsheets.first_rows(self.path)

    @property
    def table_rows(self) -> list[list[str]]:
        """The first rows of a workbook or of a text with commas or tabs; of other files none."""
        is_table = self.is_workbook or (self.is_text and re.search(r"[,\t]", self.text))
        return self.rows if is_table else []

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.path)

    def has_columns(self, columns: spreadsheets.Columns) -> bool:
        return spreadsheets.heading(self.table_rows, columns) is not None


ReleaseReader = Callable[[Path, Release, Mapping[str, Code]], ReleaseData]
ReferenceReader = Callable[[Path, str], Iterable[Row]]
#: What is wrong with rows of a file that was loaded nevertheless, in sentences. It gets the file,
#: and a function that tells whether a loaded code set has a code.
Problems = Callable[[Path, Callable[[str], bool]], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One official file format, with its name, its system and its reader.

    A list of codes has `read_release`. A reference has its `kind` and `read_reference`. The Tabular
    List has neither, because it is read together with a code list; nor have the addenda, which are
    only used to check a list. `problems` is that of a layout whose rows may be left out one by
    one."""

    name: str
    system: System
    kind: ReferenceKind | None = None
    read_release: ReleaseReader | None = None
    read_reference: ReferenceReader | None = None
    problems: Problems | None = None

    @property
    def what(self) -> str:
        """Its name for a person: "ICD-10-CM order file"."""
        return f"{SYSTEM_NAMES[self.system]} {self.name}"


def _cm_list(read: Callable[[Path], list[tuple[str, bool, str]]]) -> ReleaseReader:
    return lambda path, release, known: icd10cm.release_of_list(release, read(path), known)


def _descriptions(path: Path) -> list[tuple[str, bool, str]]:
    return [(code, True, title) for code, title in icd10cm.read_descriptions(path)]


def _pcs(read: Callable[[Path], list[tuple[str, str]]]) -> ReleaseReader:
    return lambda path, release, known: icd10pcs.release_of(release, read(path))


def _cpt(path: Path, release: Release, known: Mapping[str, Code]) -> ReleaseData:
    return ReleaseData.flat(release, cpt.read_descriptors(path))


def _hcpcs(read: Callable[[Path], list[hcpcs.Row]]) -> ReleaseReader:
    return lambda path, release, known: hcpcs.release_of(release, read(path))


def _reference(kind: ReferenceKind, system: System, read: ReferenceReader) -> Layout:
    return Layout(REFERENCE_NAMES[kind], system, kind, read_reference=read)


TABULAR = Layout("Tabular List", "icd10cm")
ADDENDA = {system: Layout("addenda", system) for system in ("icd10cm", "icd10pcs")}

#: Text files without a heading, recognised by the form of most of their lines (`_by_lines` says
#: how many). ICD-10-CM and ICD-10-PCS have the same layouts and differ in the form of their codes.
#: `code` and `title`, where a form names them, are held against what a list is (`_is_list`).
_BY_LINES: tuple[tuple[re.Pattern[str], Layout], ...] = (
    (
        re.compile(rf"\d{{5}} (?=.{{7}} )(?P<code>{ICD10CM_UNDOTTED}) +[01] (?P<title>\S.*)"),
        Layout(ORDER_FILE, "icd10cm", read_release=_cm_list(icd10cm.read_order_file)),
    ),
    (
        re.compile(rf"(?=.{{7}} )(?P<code>{ICD10CM_UNDOTTED}) +(?<=^.{{8}})(?P<title>\S.*)"),
        Layout("code descriptions file", "icd10cm", read_release=_cm_list(_descriptions)),
    ),
    (
        re.compile(
            rf"\d{{5}} (?=.{{7}} )(?P<code>{ICD10PCS_TABLE}|{ICD10PCS}) +[01] (?P<title>\S.*)"
        ),
        Layout(ORDER_FILE, "icd10pcs", read_release=_pcs(icd10pcs.read_order_file)),
    ),
    (
        re.compile(rf"(?P<code>{ICD10PCS}) (?P<title>\S.*)"),
        Layout("codes file", "icd10pcs", read_release=_pcs(icd10pcs.read_codes)),
    ),
    (hcpcs.RECORD, Layout("quarterly file", "hcpcs", read_release=_hcpcs(hcpcs.read_quarter))),
    (
        # The descriptor is the last column, and a text: no code, number or date.
        re.compile(rf"(?P<code>{CPT})\t(?P<title>[^\t]*[A-Za-z]{{3}}[^\t]*)$"),
        Layout("descriptor file", "cpt", read_release=_cpt),
    ),
    (hcc.FORMAT_LINE, _reference("hcc", "icd10cm", lambda path, r: hcc.read_format(path))),
)
#: How many of a list's lines have its form: of all, and of those from the first such line on,
#: because a copyright notice or a disclaimer may stand above the list.
_OF_ALL, _OF_LIST = 0.5, 0.8
#: A list names each code once, and hardly ever gives two codes one title. A report on codes ("A4206
#: No Change") repeats either.
_CODES_ONCE, _TITLES_ONCE = 0.95, 0.5
#: So many lines of a list of ICD-10-CM have at least one code that no HCPCS code looks like.
_TELLING = 20

_CM_REFERENCES: dict[str, ReferenceReader] = {
    "index": icd10cm_index.read_index,
    "external_causes": icd10cm_index.read_index,
    "neoplasms": icd10cm_index.read_neoplasms,
    "drugs": icd10cm_index.read_drugs,
}
_PCS_REFERENCES: dict[str, ReferenceReader] = {
    "tables": lambda path, release: icd10pcs_tables.read_tables(path),
    "definitions": lambda path, release: icd10pcs_tables.read_definitions(path),
    "index": icd10pcs_index.read_index,
}
#: Tables, recognised by the headings of their columns.
_BY_COLUMNS: tuple[tuple[spreadsheets.Columns, Layout], ...] = (
    (asp_ndc.ASP_COLUMNS, _reference("asp", "hcpcs", asp_ndc.read_crosswalk)),
    (
        hcpcs.SHEET_COLUMNS,
        Layout("spreadsheet", "hcpcs", read_release=_hcpcs(hcpcs.read_spreadsheet)),
    ),
    (
        fee_schedule.FEE_COLUMNS,
        _reference("fee_schedule", "hcpcs", lambda p, r: fee_schedule.read_fee_schedule(p)),
    ),
    (opps.OPPS_COLUMNS, _reference("opps", "hcpcs", lambda path, r: opps.read_opps(path))),
    (
        add_on_codes.ADD_ON_COLUMNS,
        _reference("add_on", "hcpcs", lambda path, r: add_on_codes.read_add_on_edits(path)),
    ),
    (ncci.PTP_COLUMNS, _reference("ptp", "hcpcs", lambda path, release: ncci.read_pairs(path))),
    (ncci.MUE_COLUMNS, _reference("mue", "hcpcs", lambda path, release: ncci.read_units(path))),
    (
        place_of_service.PLACE_COLUMNS,
        _reference("places", "hcpcs", lambda path, r: place_of_service.read_places(path)),
    ),
    (
        icd10cm_conversion.CONVERSION_COLUMNS,
        _reference(
            "conversion", "icd10cm", lambda path, r: icd10cm_conversion.read_conversion(path)
        ),
    ),
    (
        icd10cm_drug_table.DRUG_COLUMNS,
        _reference("drugs", "icd10cm", icd10cm_drug_table.read_drug_table),
    ),
    (
        payment_limits.PAYMENT_LIMIT_COLUMNS,
        _reference(
            "payment_limits", "hcpcs", lambda path, r: payment_limits.read_payment_limits(path)
        ),
    ),
    (
        icd11.TABULATION_COLUMNS,
        Layout(
            "simple tabulation",
            "icd11",
            read_release=lambda path, release, known: icd11.read_tabulation(path, release),
        ),
    ),
    (
        icd11.TO_11_COLUMNS,
        _reference("icd11_map", "icd11", lambda path, r: icd11.read_map_to_11(path)),
    ),
    (
        icd11.TO_10_COLUMNS,
        _reference("icd11_map", "icd11", lambda path, r: icd11.read_map_to_10(path)),
    ),
    (
        guidelines.PCS_COLUMNS,
        _reference("guidelines", "icd10pcs", guidelines.read_pcs_table),
    ),
    # Tables of the customer, after all official ones.
    *(
        (
            columns,
            Layout(
                REFERENCE_NAMES["policies"],
                "hcpcs",
                "policies",
                read_reference=lambda path, release: house_policies.read_policies(path),
                problems=house_policies.problems,
            ),
        )
        for columns in house_policies.POLICY_COLUMNS
    ),
)
#: The lists of inpatient claims and risk adjustment that have a heading.
_INPATIENT_COLUMNS: tuple[
    tuple[ReferenceKind, spreadsheets.Columns, Callable[[Path], Iterable[Row]]], ...
] = (
    ("poa_exempt", poa_exempt.POA_COLUMNS, poa_exempt.read_exempt),
    ("mce", mce.MCE_COLUMNS, mce.read_table),
    ("drg_weights", msdrg_tables.WEIGHT_COLUMNS, msdrg_tables.read_weights),
    ("hcc", hcc.MAPPING_COLUMNS, hcc.read_mapping),
    ("hcc_labels", hcc.LABEL_COLUMNS, hcc.read_labels),
    ("hcc_hierarchies", hcc.HIERARCHY_COLUMNS, hcc.read_hierarchies),
    ("hcc_edits", hcc.EDIT_COLUMNS, hcc.read_edits),
)
#: Those that their first lines tell.
_INPATIENT: dict[ReferenceKind, Callable[[Path], Iterable[Row]]] = {
    "mcc": lambda path: msdrg_tables.read_levels(path, "MCC"),
    "cc": lambda path: msdrg_tables.read_levels(path, "CC"),
    "cc_exclusions": msdrg_tables.read_exclusions,
    "mce": mce.read_json,
    "hcc_labels": hcc.read_json_labels,
    "hac": hac.read_conditions,
    "poa_changes": poa_exempt.read_changes,
}
_GUIDELINES: dict[str, ReferenceReader] = {
    "icd10cm": guidelines.read_guidelines,
    "icd10pcs": guidelines.read_pcs_guidelines,
}


def layout_of(sample: Sample) -> Layout | None:
    """The layout of a file, by its beginning; None when it is not known, or when it is a list of
    changes (codesets/loading/other_files.py).

    Raises CodesetError and TooMuch as `Sample.text` does.
    """
    # Tables of coverage policies come first: they are known by their headings, and the rows that
    # follow are longer than those of any other table.
    if table := coverage_database.table_of(sample.path, sample.head):
        return _coverage(sample.path, table)
    if other_kind(sample, CHANGES):
        return None
    if sample.is_pdf:
        system = guidelines.is_guidelines(sample.text)
        return _reference("guidelines", system, _GUIDELINES[system]) if system else None
    if re.match(r"\s*<", sample.text) and not sample.is_workbook:
        return _xml_layout(sample.text)
    if system := addenda.addenda_system(sample.lines):
        return ADDENDA[system]
    if layout := _inpatient_layout(sample):
        return layout
    if gems.looks_like_gems(sample.text) and (
        direction := gems.direction_of(sample.text, sample.name)
    ):
        return _reference("gems", "icd10cm", lambda path, r: gems.read_gems(path, direction))
    for columns, layout in _BY_COLUMNS:
        if sample.has_columns(columns):
            return layout
    if kind := adjustment_codes.kind_of(sample.rows):
        return _reference(
            kind, "hcpcs", lambda path, r: adjustment_codes.read_adjustment_codes(path)
        )
    return None if sample.is_workbook else _by_lines(sample.lines)


def what_else(sample: Sample) -> str | None:
    """What a file without a layout is, for the sentence "left out, it is …"; None when that is not
    known either. Raises as `layout_of` does."""
    return other_kind(sample, CHANGES) or other_kind(sample, OTHERS)


def _by_lines(lines: Sequence[str]) -> Layout | None:
    """The layout whose form most lines have, if they are as many as a list has."""
    matches = [[form.match(line.rstrip("\r")) for line in lines] for form, _ in _BY_LINES]
    most = max(matches, key=lambda found: sum(map(bool, found)))
    found = [match for match in most if match]
    if not found:
        return None
    below = len(lines) - next(at for at, match in enumerate(most) if match)
    if len(found) < max(_OF_ALL * len(lines), _OF_LIST * below) or not _is_list(found):
        return None
    return _BY_LINES[matches.index(most)][1]


def _is_list(found: Sequence[re.Match[str]]) -> bool:
    """Whether lines of the form of a list are one: each code once, its titles differ, and its codes
    are surely those of the system."""
    codes, titles = (
        [match[name] for match in found if match.re.groupindex.get(name)]
        for name in ("code", "title")
    )
    if not titles:
        return True  # the form is long enough to tell by itself
    if len(set(codes)) < _CODES_ONCE * len(found) or len(set(titles)) < _TITLES_ONCE * len(found):
        return False
    return len(found) < _TELLING or not all(re.fullmatch(HCPCS, code) for code in codes)


def _inpatient_layout(sample: Sample) -> Layout | None:
    """The layout of a list of inpatient claims or risk adjustment; None for any other file."""
    kind: ReferenceKind | None = msdrg_tables.kind_of(sample.text)
    if mce.is_json(sample.text):
        kind = "mce"
    elif hcc.is_json_labels(sample.text):
        kind = "hcc_labels"
    elif sample.is_text and hac.looks_like_hac(sample.text, sample.name):
        kind = "hac"
    is_table = sample.is_workbook or re.search(r"[,\t]", sample.text)
    if kind is None and is_table:
        if sample.has_columns(poa_exempt.POA_COLUMNS) and poa_exempt.change_of(sample.name):
            kind = "poa_changes"
        else:
            for of_kind, columns, read in _INPATIENT_COLUMNS:
                if sample.has_columns(columns):
                    return _reads(of_kind, read)
    return _reads(kind, _INPATIENT[kind]) if kind is not None else None


def _reads(kind: ReferenceKind, read: Callable[[Path], Iterable[Row]]) -> Layout:
    return _reference(kind, "icd10cm", lambda path, release: read(path))


def _coverage(path: Path, table: str) -> Layout:
    """The layout of a table of the Medicare Coverage Database. The main table is read with those
    that lie beside it, which are named as files of the same reference."""
    export = coverage_database.export_of(path)
    name = f"{REFERENCE_NAMES['coverage']} {export.part if export else ''}"
    is_main = coverage_database.is_main(table)
    return Layout(
        name,
        "hcpcs",
        "coverage",
        read_reference=lambda path, _: coverage_database.read_export(path) if is_main else (),
    )


def _xml_layout(text: str) -> Layout | None:
    if "<ICD10CM.tabular" in text:
        return TABULAR
    if kind := icd10cm_index.index_kind(text):
        return _reference(kind, "icd10cm", _CM_REFERENCES[kind])
    if kind := icd10pcs_tables.pcs_kind(text):
        return _reference(kind, "icd10pcs", _PCS_REFERENCES[kind])
    return None
