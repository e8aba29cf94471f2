"""The rows of the lists that decide about a diagnosis on an inpatient claim or for risk adjustment.

Codes of ICD-10-CM have their dots. codesets/formats/msdrg_tables.py, mce.py, poa_exempt.py, hac.py
and hcc.py read them, each with its source and layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["CC", "MCC"]


@dataclass(frozen=True, slots=True)
class SeverityLevel:
    """A diagnosis that is a CC (Table 6J) or an MCC (Table 6I) as a secondary diagnosis."""

    code: str
    level: Severity


@dataclass(frozen=True, slots=True)
class CcExclusion:
    """A row of part 1 of Table 6K: a CC or MCC, and the number of the collection of principal
    diagnoses with which it does not count; "" where none excludes it."""

    code: str
    level: Severity
    collection: str


@dataclass(frozen=True, slots=True)
class PdxCollection:
    """A collection of principal diagnoses of Table 6K. One row has all its codes, because the
    collections together have 190,000."""

    collection: str
    principals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountsIfAlive:
    """A CC or MCC of part 2 of Table 6K, which counts only if the patient was discharged alive."""

    code: str


@dataclass(frozen=True, slots=True)
class DrgExclusion:
    """A row of part 3 of Table 6K: in MS-DRGs `first` to `last`, these secondary diagnoses count
    as no CC or MCC. `title` is what those MS-DRGs are."""

    first: str
    last: str
    title: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrgWeight:
    """A row of Table 5: an MS-DRG with its title. `drg` has three digits. `mdc` is "PRE", "01" to
    "25", or "" where it has none. `drg_type` is SURG, MED or "**". The numbers are as printed; "."
    means that there is none."""

    drg: str
    title: str
    mdc: str
    drg_type: str
    post_acute: bool
    special_pay: bool
    weight: str
    weight_capped: str
    geometric_stay: str
    arithmetic_stay: str


#: A list of the Medicare Code Editor, by what it says of a code.
MceList = Literal[
    "newborn",
    "pediatric",
    "maternity",
    "adult",
    "female",
    "male",
    "manifestation",
    "questionable_admission",
    "unacceptable_principal",
    "needs_secondary",
    "noncovered",
    "noncovered_over_60",
    "noncovered_short_stay",
    "limited_coverage",
    "wrong_procedure",
]


@dataclass(frozen=True, slots=True)
class MceEdit:
    """A code on a list of the Medicare Code Editor. `first_age` and `last_age` are those that a
    list of ages allows, in years; None for any other list. `version` is that of the editor."""

    code: str
    edit: MceList
    first_age: int | None
    last_age: int | None
    version: str


@dataclass(frozen=True, slots=True)
class PoaExempt:
    """A diagnosis that is exempt from reporting whether it was present on admission."""

    code: str


@dataclass(frozen=True, slots=True)
class PoaChange:
    """A code that was added to, deleted from or revised in the list of exempt diagnoses."""

    code: str
    action: Literal["added", "deleted", "revised"]


@dataclass(frozen=True, slots=True)
class HospitalAcquired:
    """A diagnosis of a hospital-acquired condition, with the number (`hac`) and the name of that.
    `with_procedure`: whether it counts only with a listed procedure or diagnosis."""

    code: str
    hac: str
    name: str
    with_procedure: bool


@dataclass(frozen=True, slots=True)
class HccMapping:
    """A diagnosis and the category that it has in a risk-adjustment model ("CMS-HCC V28")."""

    code: str
    model: str
    category: int


@dataclass(frozen=True, slots=True)
class HccLabel:
    """What a category of a model is called."""

    model: str
    category: int
    label: str


@dataclass(frozen=True, slots=True)
class HccHierarchy:
    """A category of a model and another one that does not count beside it."""

    model: str
    category: int
    drops: int


@dataclass(frozen=True, slots=True)
class HccEdit:
    """An age or a sex for which a diagnosis has another category than in the mapping, or none
    (`category` None). `sex` is "F", "M" or ""; the ages are inclusive, None where there is none."""

    code: str
    model: str
    sex: str
    first_age: int | None
    last_age: int | None
    category: int | None


InpatientRow = (
    SeverityLevel
    | CcExclusion
    | PdxCollection
    | CountsIfAlive
    | DrgExclusion
    | DrgWeight
    | MceEdit
    | PoaExempt
    | PoaChange
    | HospitalAcquired
    | HccMapping
    | HccLabel
    | HccHierarchy
    | HccEdit
)
