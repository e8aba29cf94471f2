"""What codes.db holds, as frozen records: releases, codes, notes, terms, edits, references."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from codesets.code_format import undot
from codesets.errors import CodeDeskError
from codesets.rows_coverage import (
    CoverageContractor,
    CoverageGroup,
    CoveragePolicy,
    CoverageService,
)
from codesets.rows_drugs import PaymentLimit
from codesets.rows_icd11 import Icd11Mapping
from codesets.rows_inpatient import InpatientRow
from codesets.rows_payment import AddOnEdit, AdjustmentCode, FeeIndicators, OppsIndicators
from codesets.rows_policies import HouseRule

System = Literal["icd10cm", "icd10pcs", "hcpcs", "cpt", "icd11"]
#: The systems of US claims. Questions are answered from these. The other one, ICD-11, is answered
#: from only where it is asked for.
US_SYSTEMS: tuple[System, ...] = ("icd10cm", "icd10pcs", "hcpcs", "cpt")
#: The system of a code that a question names: one of these; ICD-9-CM, which is retired; the list of
#: places of service; or "" for a text that has the form of no code.
NamedSystem = Literal["icd10cm", "icd10pcs", "hcpcs", "cpt", "icd11", "icd9cm", "pos", ""]
#: A code that is billed, one that is reported beside such a code, or a range of codes.
CodeKind = Literal["code", "modifier", "place_of_service", "range"]

#: How each system is named to a person.
SYSTEM_NAMES: dict[str, str] = {
    "icd10cm": "ICD-10-CM",
    "icd10pcs": "ICD-10-PCS",
    "hcpcs": "HCPCS Level II",
    "cpt": "CPT",
    "icd11": "ICD-11 MMS",
}

NoteKind = Literal[
    "includes",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
    "seventh_character",
    "note",
]

#: How each kind of note is headed in the Tabular List.
NOTE_HEADINGS: dict[str, str] = {
    "includes": "Includes",
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "code_first": "Code first",
    "use_additional_code": "Use additional code",
    "code_also": "Code also",
    "seventh_character": "7th character",
    "note": "Note",
}


class CodesetError(CodeDeskError):
    """A problem with a code set that the user can solve; the message says how."""


class ReleaseUnavailable(CodesetError):
    """No release of the system is loaded."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One official file that a release was read from."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """One edition of a code system.

    `label` names the edition ("FY2026-April"). `effective_from` and `effective_through` are the
    published dates, both inclusive. `serves_from` is earlier than `effective_from` when the same
    code list is known to have been valid before (the April 2026 update of ICD-10-CM added no codes
    to the October edition). Answers for the dates in between carry a notice. `source` says where
    the files came from, `has_notes` whether the Tabular List was loaded, `loaded_at` when (UTC, ISO
    8601).
    """

    system: System
    label: str
    effective_from: dt.date
    effective_through: dt.date
    source: str
    files: tuple[SourceFile, ...]
    serves_from: dt.date | None = None
    has_notes: bool = False
    loaded_at: str = ""

    @property
    def key(self) -> str:
        """A name that is unique among the releases of all systems: `icd10cm/FY2024`."""
        return f"{self.system}/{self.label}"

    def __hash__(self) -> int:
        # What is kept of a release is looked up by it: its files need not be hashed each time.
        return hash((self.system, self.label))

    @property
    def first_served(self) -> dt.date:
        """The first day that this release answers for."""
        return self.serves_from or self.effective_from

    def days_away(self, day: dt.date) -> int:
        """Days from `day` to the nearest day that this release answers for; 0 when `day` is one."""
        if day < self.first_served:
            return (self.first_served - day).days
        return max(0, (day - self.effective_through).days)


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one release.

    `release` is the label of the release. `parent` is the code above it, None for a category.
    `section` is the block of the Tabular List that it stands in; None where no Tabular List was
    loaded. `position` counts from 0 in published order.

    `stem` is the code without its seventh character and placeholder X: S52.521A has the stem
    S52.521, S13.4XXA has S13.4. A code that takes no seventh character is its own stem. The stem
    of an ICD-10-PCS code is its first four characters: what is done to which body part.

    `title_from` is the label of the later release that the title was borrowed from, if it was.

    `effective_from` and `effective_through` are the code's own first and last day, both inclusive,
    where its system publishes them (HCPCS Level II); else None. In a code that was read from
    codes.db they are combined from all loaded releases, as `OwnDates` says.
    """

    system: System
    release: str
    code: str
    title: str
    billable: bool
    parent: str | None
    section: str | None
    stem: str
    position: int
    title_from: str | None = None
    effective_from: dt.date | None = None
    effective_through: dt.date | None = None

    @classmethod
    def alone(
        cls,
        release: Release,
        code: str,
        title: str,
        position: int,
        effective_from: dt.date | None = None,
        effective_through: dt.date | None = None,
        stem: str | None = None,
    ) -> Code:
        """A code of a system without headers: it has no parent, and it is complete."""
        return cls(
            system=release.system,
            release=release.label,
            code=code,
            title=title,
            billable=True,
            parent=None,
            section=None,
            stem=stem or code,
            position=position,
            effective_from=effective_from,
            effective_through=effective_through,
        )

    def in_force(self, day: dt.date) -> bool:
        """Whether the code's own dates allow it on `day`."""
        return (self.effective_from or day) <= day <= (self.effective_through or day)


#: The systems that publish the first and the last day of each code.
DATED_SYSTEMS: frozenset[str] = frozenset({"hcpcs"})


@dataclass(frozen=True, slots=True)
class OwnDates:
    """The first and the last day of one code or modifier, both inclusive, combined from all loaded
    releases; None where no release gives one. `first_from` and `last_from` are the labels of the
    releases that the dates are taken from.

    A newer file may say less than an older one: tables made from CMS's file lack the termination
    dates. So a date that a newer release leaves open does not erase the date of an older one,
    except when the newer release says that the code was re-activated, or added after its last day.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    first_from: str = ""
    last_from: str = ""

    def include(self, day: dt.date) -> bool:
        """Whether these dates allow a code on `day`."""
        return (self.first or day) <= day <= (self.last or day)

    def updated_by(
        self,
        label: str,
        first: dt.date | None,
        last: dt.date | None,
        *,
        reactivated: bool = False,
    ) -> OwnDates:
        """These dates, updated by those of the next newer release, whose label is `label`."""
        dates = self
        reopened = reactivated or (
            first is not None and self.last is not None and first > self.last
        )
        if reopened:
            dates = replace(dates, last=None, last_from="")
        if first is not None:
            dates = replace(dates, first=first, first_from=label)
        if last is not None:
            dates = replace(dates, last=last, last_from=label)
        return dates


@dataclass(frozen=True, slots=True)
class Division:
    """A chapter or a section (block) of the Tabular List: it groups codes and carries notes.

    `id` is the chapter's number or the section's published range; sections may nest.
    `parent` is the enclosing section's id, else the chapter's; None for a chapter.
    """

    kind: Literal["chapter", "section"]
    id: str
    title: str
    parent: str | None


class CodeRange(NamedTuple):
    """The codes that a note or guideline names: `O24.4-` has first and last O24.4, `N18.1-N18.6`
    has N18.1 and N18.6. Each end includes everything under it.

    `as_published` is the text that names them.
    """

    first: str
    last: str
    as_published: str

    def contains(self, code: str) -> bool:
        """Whether the range includes `code`, or a code that it stands under.

        >>> CodeRange("E08", "E10", "E08-E10").contains("E10.9")
        True
        """
        plain, first, last = undot(code), undot(self.first), undot(self.last)
        return first <= plain[: len(first)] and plain[: len(last)] <= last


@dataclass(frozen=True, slots=True)
class Note:
    """One published line of an instructional note.

    `owner` is the code, section or chapter that it is printed under; a code below it inherits it
    from there. `release` is the label of the release. `mark` is the seventh character that a
    definition line defines. Lines of one XML element have the same `group`, so that "Use additional
    code to identify:" stays together with the lines under it. `codes` are the codes that it names.
    """

    kind: NoteKind
    text: str
    owner_kind: Literal["chapter", "section", "code"]
    owner: str
    release: str
    group: int
    mark: str | None = None
    codes: tuple[CodeRange, ...] = field(default=())


TermKind = Literal[
    "inclusion_term",  # Tabular List
    "index_entry",  # Alphabetic Index, External Cause Index, ICD-10-PCS Index
    "neoplasm",  # Table of Neoplasms: the text is the site
    "drug",  # Table of Drugs and Chemicals: the text is the substance
    "brand",  # drug and brand names of the CMS ASP NDC-HCPCS crosswalk
    "correction",  # not official: words that an auditor of this desk approved
]


@dataclass(frozen=True, slots=True)
class Term:
    """Official words that lead to a code; those of the kind `correction` are not official.

    The text of an index entry is its full path, main term first: "Abscess, abdominal wall".
    `column` is the column of a table ("Malignant Primary"). `needs_more` says that the code is
    incomplete: published with a dash (C79.8-), or as the beginning of codes. `second` is the code
    published with it in brackets, the manifestation. `via` is the entry that a see or see also
    leads to; for a correction, who approved it, when, and in which record of the query log.
    """

    code: str
    text: str
    kind: TermKind
    release: str
    column: str | None = None
    needs_more: bool = False
    second: str | None = None
    via: str | None = None


ReferenceKind = Literal[
    "index",
    "external_causes",
    "neoplasms",
    "drugs",
    "tables",
    "definitions",
    "guidelines",
    "asp",
    "ptp",
    "mue",
    "places",
    "conversion",
    "gems",
    "corrections",
    "payment_limits",
    "mcc",
    "cc",
    "cc_exclusions",
    "drg_weights",
    "mce",
    "poa_exempt",
    "poa_changes",
    "hac",
    "hcc",
    "hcc_labels",
    "hcc_hierarchies",
    "hcc_edits",
    "icd11_map",
    "coverage",
    "policies",
    "fee_schedule",
    "opps",
    "add_on",
    "carc",
    "rarc",
]

#: How each kind of reference is named to a person.
REFERENCE_NAMES: dict[str, str] = {
    "index": "Index",
    "external_causes": "External Cause Index",
    "neoplasms": "Table of Neoplasms",
    "drugs": "Table of Drugs and Chemicals",
    "tables": "Tables",
    "definitions": "Definitions",
    "guidelines": "Official Guidelines",
    "asp": "ASP NDC-HCPCS crosswalk",
    "ptp": "NCCI procedure-to-procedure edits",
    "mue": "NCCI medically unlikely edits",
    "places": "place of service codes",
    "conversion": "conversion table",
    "gems": "General Equivalence Mappings",
    "corrections": "approved corrections",
    "payment_limits": "Part B drug payment limits",
    "mcc": "complete MCC list (Table 6I)",
    "cc": "complete CC list (Table 6J)",
    "cc_exclusions": "CC exclusions (Table 6K)",
    "drg_weights": "MS-DRGs (Table 5)",
    "mce": "Medicare Code Editor",
    "poa_exempt": "POA exempt list",
    "poa_changes": "POA exempt list, changes",
    "hac": "hospital-acquired conditions",
    "hcc": "HCC mappings",
    "hcc_labels": "HCC labels",
    "hcc_hierarchies": "HCC hierarchies",
    "hcc_edits": "HCC edits by age and sex",
    "icd11_map": "map with ICD-10",
    "coverage": "Medicare Coverage Database",
    "policies": "house and payer policies",
    "fee_schedule": "Medicare Physician Fee Schedule indicators",
    "opps": "OPPS Addendum B",
    "add_on": "NCCI add-on code edits",
    "carc": "claim adjustment reason codes (CARC)",
    "rarc": "remittance advice remark codes (RARC)",
}

#: Where a service is given; NCCI publishes its edits by it.
Setting = Literal["practitioner", "outpatient", "dme"]
SETTING_NAMES: dict[str, str] = {
    "practitioner": "practitioner",
    "outpatient": "outpatient hospital",
    "dme": "DME supplier",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One edition of an official file that explains codes, or rules on them, without listing them.

    It has its own label and dates, because not every file of an edition may be loaded. `setting` is
    that of NCCI edits. `part` names the part, where an edition is published in several files.
    """

    kind: ReferenceKind
    system: System
    label: str
    effective_from: dt.date
    effective_through: dt.date
    source: str
    files: tuple[SourceFile, ...]
    setting: Setting | None = None
    part: str | None = None
    loaded_at: str = ""

    @property
    def key(self) -> str:
        """A name that is unique among all references: `icd10cm/index/FY2025`."""
        kind = f"{self.kind}-{self.setting}" if self.setting else self.kind
        part = f"/{self.part}" if self.part else ""
        return f"{self.system}/{kind}/{self.label}{part}"

    @property
    def first_served(self) -> dt.date:
        return self.effective_from

    @property
    def title(self) -> str:
        """Its name without the edition: "ICD-10-CM Official Guidelines"."""
        setting = f", {SETTING_NAMES[self.setting]}" if self.setting else ""
        whose = "" if self.system == "hcpcs" else SYSTEM_NAMES[self.system]
        return f"{whose} {REFERENCE_NAMES[self.kind]}{setting}".strip()

    @property
    def name(self) -> str:
        """Its name with the edition: "ICD-10-CM Official Guidelines FY2025"."""
        part = f", part {self.part}" if self.part else ""
        return f"{self.title} {self.label}{part}"

    @property
    def dates(self) -> str:
        """Its first and last day, for a person; without the last day where it has none."""
        if self.effective_through == dt.date.max:
            return f"from {self.effective_from}"
        return f"{self.effective_from} through {self.effective_through}"

    def days_away(self, day: dt.date) -> int:
        """Days from `day` to the nearest day on which it is in force; 0 when `day` is one."""
        if day < self.effective_from:
            return (self.effective_from - day).days
        return max(0, (day - self.effective_through).days)


@dataclass(frozen=True, slots=True)
class Guideline:
    """One section of the Official Guidelines: its number, title and own text (without the sections
    under it), the page of the PDF that it begins on (None in a table), and the codes that its title
    and text name."""

    section: str
    title: str
    text: str
    page: int | None
    release: str
    codes: tuple[CodeRange, ...] = ()


@dataclass(frozen=True, slots=True)
class PtpEdit:
    """An NCCI procedure-to-procedure edit: the code of column 2 is not paid with that of column 1,
    unless `modifier` (the modifier indicator) is "1" and an appropriate modifier is reported.

    `effective_from` None: not published. `deleted` is the last day in force; None: still active."""

    column1: str
    column2: str
    effective_from: dt.date | None
    deleted: dt.date | None
    modifier: str
    rationale: str


@dataclass(frozen=True, slots=True)
class MueEdit:
    """A medically unlikely edit: the most units of a code for one patient, on one line of a claim
    (`adjudication` "1") or on one date of service ("2" by policy, "3" clinical)."""

    code: str
    units: int
    adjudication: str
    rationale: str


@dataclass(frozen=True, slots=True)
class PlaceOfService:
    """A place of service code. `facility` is True where Medicare pays the facility rate, None
    where the file does not say."""

    code: str
    name: str
    description: str
    facility: bool | None = None


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """A row of the ICD-10-CM conversion table: `code`, new on the day `effective`, replaces
    `previous`."""

    code: str
    effective: dt.date
    previous: str


@dataclass(frozen=True, slots=True)
class GemsMapping:
    """A row of the General Equivalence Mappings between ICD-9 and ICD-10, its codes with dots.

    `direction` is "9to10" or "10to9". `target` is None where the file's flag says "no map"; the
    other flags of the file are the fields `approximate` to `choice`.
    """

    direction: Literal["9to10", "10to9"]
    source: str
    target: str | None
    approximate: bool
    combination: bool
    scenario: int
    choice: int


@dataclass(frozen=True, slots=True)
class Product:
    """A drug product of the ASP crosswalk: its NDC (11 digits, 5-4-2), the HCPCS code that bills
    it, the dosage of one billing unit, and the billing units in a package of this NDC."""

    code: str
    ndc: str
    name: str
    labeler: str
    dosage: str
    package_size: str
    package_quantity: str
    units: str
    units_per_package: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One axis of one row of an ICD-10-PCS table: the values that a position may take there.

    `table` is the first three characters of its codes. Positions 1 to 3 belong to the whole table
    and have row 0; positions 4 to 7 belong to rows 1, 2, … A code takes all its values from one
    row. `values` are (character, meaning) pairs.
    """

    table: str
    row: int
    position: int
    axis: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a value of an ICD-10-PCS axis means (Operation "Excision", Approach "Open", …).

    `section` is the first character of the codes that it is defined for, `position` the axis's
    place in the code, 1 to 7."""

    section: str
    position: int
    axis: str
    value: str
    definition: str
    explanation: str
    includes: str


@dataclass(frozen=True, slots=True)
class IndexKeyEntry:
    """A "use" entry of the ICD-10-PCS Index (body part key, device key): `text` is a term of
    clinicians, `use` the value of an axis that stands for it."""

    text: str
    use: str


@dataclass(frozen=True, slots=True)
class Modifier:
    """A HCPCS Level II modifier, with its first and last day, both inclusive."""

    code: str
    title: str
    added: dt.date | None
    terminated: dt.date | None


@dataclass(frozen=True, slots=True)
class Indicators:
    """What the HCPCS file says of a code besides its title, in the file's letters and numbers.

    codesets/lookups/hcpcs_indicators.py has their meanings. `cross_references` are the codes or
    ranges that the file names as its replacements."""

    code: str
    short_title: str
    coverage: str
    pricing: tuple[str, ...]
    multiple_pricing: str
    betos: str
    types_of_service: tuple[str, ...]
    action: str
    statute: str
    cross_references: tuple[str, ...]


#: What a reference consists of, and a release besides its codes and notes.
Row = (
    Term
    | Guideline
    | PtpEdit
    | MueEdit
    | PlaceOfService
    | ConversionRow
    | GemsMapping
    | Product
    | TableRow
    | Definition
    | IndexKeyEntry
    | Modifier
    | Indicators
    | PaymentLimit
    | InpatientRow
    | Icd11Mapping
    | CoveragePolicy
    | CoverageContractor
    | CoverageService
    | CoverageGroup
    | HouseRule
    | FeeIndicators
    | OppsIndicators
    | AddOnEdit
    | AdjustmentCode
)


@dataclass(frozen=True, slots=True)
class ReleaseData:
    """Everything read from the files of one release, ready to be stored."""

    release: Release
    codes: tuple[Code, ...]
    divisions: tuple[Division, ...] = ()
    notes: tuple[Note, ...] = ()
    rows: tuple[Row, ...] = ()

    @classmethod
    def flat(cls, release: Release, rows: Iterable[tuple[str, str]]) -> ReleaseData:
        """A release of a system without headers, from (code, title) in published order."""
        codes = (Code.alone(release, code, title, at) for at, (code, title) in enumerate(rows))
        return cls(release, tuple(codes))


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """Everything read from the files of one reference, ready to be stored."""

    reference: Reference
    rows: tuple[Row, ...]
