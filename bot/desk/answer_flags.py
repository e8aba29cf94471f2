"""What the lists of inpatient claims and risk adjustment say of a code, in the shape that scripts
rely on. Part of the contract: docs/ANSWER.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.desk.reasons import Reason

FlagKind = Literal[
    "mcc",
    "cc",
    "cc_excluded",
    "unacceptable_principal",
    "needs_secondary",
    "manifestation",
    "external_cause",
    "questionable_admission",
    "age",
    "age_conflict",
    "sex",
    "sex_conflict",
    "wrong_procedure",
    "poa_exempt",
    "hac",
    "hcc",
    "hcc_other",
]


@dataclass(frozen=True, slots=True)
class Flag:
    """What a list says of a code.

    - `kind`: mcc, cc: as a secondary diagnosis. cc_excluded: it is one, and does not count with the
      principal diagnosis of this answer. unacceptable_principal, needs_secondary, manifestation,
      external_cause, questionable_admission, age, sex, wrong_procedure: edits of the Medicare Code
      Editor. age_conflict, sex_conflict: the age or sex that is said is not allowed. poa_exempt:
      exempt from reporting whether it was present on admission. hac: a hospital-acquired condition.
      hcc: a category of CMS-HCC V28. hcc_other: of another risk-adjustment model.
    - `label`: in two or three words ("MCC", "HCC 37").
    - `says`: in a sentence, with the list and its edition.
    - `release`: label of the edition of the list; of a mapping to HCCs, the payment year.
    - `reasons`: what `label` (the first) and `says` (the others) are worded from; not in the JSON.
    """

    kind: FlagKind
    label: str = ""
    says: str = ""
    release: str = ""
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Drg:
    """The MS-DRG that a grouper gives codes.

    - `number`: three digits.
    - `title`: of Table 5 for the date, or of the grouper.
    - `grouper`: the program, its version and that of the MS-DRGs.
    - `principal`: the principal diagnosis.
    - `counted`: the CCs and MCCs that count for it, each as "N17.9 CC"; [] for none.
    - `not_counted`: CCs and MCCs that do not, each as "N17.9 CC"; [] for none.
    - `weight`: the relative weight of Table 5; "" where it is not loaded, or has none.
    - `release`: label of Table 5; "" where it is not loaded.
    """

    number: str
    title: str
    grouper: str
    principal: str
    counted: list[str] = field(default_factory=list)
    not_counted: list[str] = field(default_factory=list)
    weight: str = ""
    release: str = ""
