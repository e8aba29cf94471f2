"""Files of the publishers, and of others, that have nothing to load: what each of them is.

`codesets import` reads whole folders and zips, which hold more than lists: layout documents, read
me files, lists of changes, claims. Each of them is named, so that a person sees at once whether a
file was left out rightly. A file is recognised by its content; its name is only used where two
files differ in nothing else.

`OTHERS` are looked for when no layout of codesets/loading/file_types.py fits. `CHANGES` are looked
for before, because a list of changes may have the layout of the list that it changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codesets.loading.file_types import Sample

Recogniser = Callable[["Sample"], bool]


@dataclass(frozen=True, slots=True)
class Other:
    """A kind of file without anything to load.

    `what` completes the sentence "FILE: left out, it is …": what it is, and what to do instead
    where something can be done.
    """

    recognise: Recogniser
    what: str


def _says(pattern: str, within: int = 2_000) -> Recogniser:
    """Recognises a file by words in its first characters, spaces and line breaks taken as one."""
    words = re.compile(pattern, re.I)
    return lambda sample: words.search(" ".join(sample.text[:within].split())) is not None


def _headed(*names: str, lacks: str = "") -> Recogniser:
    """Recognises a table by names of columns that stand in one of its first rows, and one that the
    row lacks."""

    def recognise(sample: Sample) -> bool:
        rows = ({_plain(cell) for cell in row} for row in sample.table_rows)
        return any(row.issuperset(names) and lacks not in row - {""} for row in rows)

    return recognise


def _pdf(pattern: str) -> Recogniser:
    says = _says(pattern)
    return lambda sample: sample.is_pdf and says(sample)


def _json(pattern: str) -> Recogniser:
    says = _says(pattern)
    begins = re.compile(r"\s*[{\[]")
    return lambda sample: bool(sample.is_text and begins.match(sample.text) and says(sample))


def _any(*recognisers: Recogniser) -> Recogniser:
    return lambda sample: any(recognise(sample) for recognise in recognisers)


def _lines(pattern: str) -> Recogniser:
    """Recognises a text by the form of most of its lines."""
    form = re.compile(pattern)

    def recognise(sample: Sample) -> bool:
        lines = sample.lines
        return sum(form.match(line) is not None for line in lines) * 2 > len(lines) > 0

    return recognise


def _plain(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _x12(numbers: str) -> Recogniser:
    """Recognises an X12 interchange with a transaction set of this number (837, 835, …)."""
    begins = re.compile(r"\s*(?:ISA(?P<mark>[^\w\s]).{2}(?P=mark)|ST[*|^]\d{3}[*|^])")
    sets = re.compile(rf"(?:^|[~\s'!])ST([^\w\s])(?:{numbers})\1")
    return lambda sample: bool(begins.match(sample.text) and sets.search(sample.text))


_README = _says(
    r"Alpha-Numeric HCPCS File Content|Description of .{0,60} files\b|Update Information|"
    r"Unique identifier for the entity",
    1_500,
)


#: The most lines of a read me file; a list has more.
_SHORT = 100


def _is_read_me(sample: Sample) -> bool:
    return sample.is_text and len(sample.lines) < _SHORT and _README(sample)


_TRANSACTIONS = (
    "the HCPCS transaction report: what was done to each code since the file before. The "
    "alpha-numeric file itself says which codes there are"
)

CHANGES: tuple[Other, ...] = (
    Other(
        _headed("type of change"),
        _TRANSACTIONS,
    ),
    Other(
        _headed("action cd", "short description", "long description", lacks="cov"),
        _TRANSACTIONS,
    ),
    Other(
        _lines(r" *[A-Z0-9]{2,5} +(?:No Change|ADD|DISC|REACT|CHANGE|[A-Z/ ]*CHANGE)\b"),
        _TRANSACTIONS,
    ),
    Other(
        _says(r"HCPCS CORRECTIONS", 400),
        "a list of corrections to a HCPCS file, in words, to be made by hand. The file that came "
        "after it has them: import that",
    ),
    Other(
        _pdf(r"^ICD-10-(?:CM|PCS) .{0,80}\b20\d\d Addenda\b"),
        "a part of the addenda of ICD-10-CM as a PDF: the changes since the edition before, for "
        "people to read. Import the full file in XML, which has them",
    ),
)

_NOT_CLASSIFIED = (
    "the list of HCPCS codes that are not otherwise classified (NOC): a part of the "
    "alpha-numeric file, which has these codes with all that is said of them"
)

OTHERS: tuple[Other, ...] = (
    Other(
        _x12("837"),
        "a claim (X12 837), no code set: check it with `codedesk claim FILE`",
    ),
    Other(
        _x12("835"),
        "a remittance advice (X12 835), no code set: read it with `codedesk denial FILE`",
    ),
    Other(
        _x12("27[67]"),
        "a claim status message (X12 276 or 277), no code set: Code Desk does not read these",
    ),
    Other(
        _x12(r"\d{3}"),
        "an X12 message, no code set: Code Desk reads claims (837, `codedesk claim FILE`) and "
        "remittance advice (835, `codedesk denial FILE`)",
    ),
    Other(
        _headed("patient", "billed_units", "paid_amount"),
        "a table of paid claims with names of patients, no code set. Import no such table; a "
        "remittance advice (X12 835) is read with `codedesk denial FILE`",
    ),
    Other(
        _headed("hcpcs", "long description", "add date", "term date"),
        _NOT_CLASSIFIED,
    ),
    Other(
        _says(r"NOC CODES - HCPCS|^HCPCS LONG DESCRIPTION ADD DATE TERM DATE", 400),
        _NOT_CLASSIFIED,
    ),
    Other(
        _says(r"HCPCS Contractor Record|RIF REPORT.*NAME LENGTH BEG END"),
        "the record layout of the HCPCS file: a description for programmers, no codes",
    ),
    Other(
        _says(r"^PROCESSING NOTES", 400),
        "the processing notes of the HCPCS file: remarks to its codes by number, no codes",
    ),
    Other(
        _pdf(r"HCPCS Alpha-Numeric Index|HCPCS 20\d\d Index"),
        "the index of HCPCS as a PDF, made for reading. Its codes are found by the words of the "
        "alpha-numeric file",
    ),
    Other(
        _pdf(r"^20\d\d Table of Drugs"),
        "the HCPCS table of drugs as a PDF, made for reading. Import the ASP NDC-HCPCS crosswalk, "
        "which has the names of drugs with their codes",
    ),
    Other(
        _pdf(r"ICD-10-CM Codes File|ICD-10-(?:CM/)?PCS Order File|Order Files? contain"),
        "the description of the order or codes file: how it is laid out, no codes",
    ),
    Other(
        _pdf(r"General Equivalence Mappings"),
        "a guide to the General Equivalence Mappings: how they are used, no mappings",
    ),
    Other(
        lambda sample: "<xs:schema" in sample.text or "<xsd:schema" in sample.text,
        "the schema of an XML file: how it is laid out, no codes",
    ),
    # Tables whose usual form has a layout.
    Other(
        _any(_headed("poaexemptcode"), _says(r"^POA exempt", 400)),
        "a list of codes exempt from present on admission (POA), in a form that Code Desk does not "
        "read",
    ),
    Other(
        _says(r"^\W*TABLE (?:5|6[A-P])\b.{0,200}(?:MS-DRG|DIAGNOSIS|CODE|LIST)", 400),
        "a table of the inpatient payment rule (IPPS), in a form that Code Desk does not read",
    ),
    Other(
        _headed("mce_version"),
        "a table of the Medicare Code Editor, in a form that Code Desk does not read",
    ),
    Other(
        _any(
            _headed("diagnosis_code", "cc"),
            _headed("cc_parent", "cc_child"),
            _headed("cc", "label"),
            _headed("icd10", "edit_type"),
            _lines(r"[A-Z]\d[0-9A-Z]{1,5}\t\d{1,3}\s*$"),
        ),
        "a table of the risk adjustment models (HCC), in a form that Code Desk does not read",
    ),
    Other(
        _any(_headed("icd11code"), _headed("linearization uri", "classkind")),
        "a table of ICD-11, in a form that Code Desk does not read",
    ),
    Other(
        _says(r"Addendum B\b.{0,20}OPPS Payment"),
        "OPPS Addendum B (payment rates of outpatient hospitals), in a form that Code Desk does "
        "not read",
    ),
    Other(
        _says(r"Physician Fee Schedule Relative Value File"),
        "the relative value file of the physician fee schedule, in a form that Code Desk does not "
        "read",
    ),
    Other(
        _is_read_me,
        "a read me file: it describes the files beside it, and has no codes",
    ),
    Other(
        _says(r"^\W*%MACRO ", 200),
        "a program of CMS's (SAS), no list: import the lists that come with it",
    ),
    Other(
        _json(r"ICD-10-PCS (?:Body Part|Device)"),
        "a JSON file that others made of a key of ICD-10-PCS, not as it was published. Import the "
        "ICD-10-PCS Index in XML, which has the body part key and the device key",
    ),
    Other(
        _json(r"pcs_guidelines"),
        "a JSON file that others made of the ICD-10-PCS guidelines, not as they were published. "
        "Import the guidelines themselves",
    ),
    Other(
        _json(""),
        "a JSON file that others made of official files, not as they were published. Import the "
        "publisher's own file",
    ),
)


def other_kind(sample: Sample, kinds: tuple[Other, ...]) -> str | None:
    """What a file is that has nothing to load; None when it is none of these `kinds`.

    Raises CodesetError and TooMuch as `Sample.text` does.
    """
    return next((other.what for other in kinds if other.recognise(sample)), None)
