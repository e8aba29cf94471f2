"""The ICD-10-CM Table of Drugs and Chemicals as a table (CSV or .xlsx).

CDC/NCHS publishes the Table of Drugs in XML (codesets/formats/icd10cm_index.py), and for some
editions as a table, too (`icd10cm-drug-April-2025.csv`): below a title the columns "Substance",
"Poisoning Accidental (unintentional)" … "Underdosing", with a row for each substance. A row under
another substance begins with an en dash for each level: one for "beverage" under "Absinthe", two
for "beverage" under "Alcohol, absolute". A reference stands after the substance: "Adrenalin -see
Adrenaline". A cell of dashes leads to no code.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from codesets.formats.icd10cm_index import entries_of_root, terms_of
from codesets.formats.spreadsheets import Columns, table
from codesets.model import Term

_CIRCUMSTANCES = (
    "Poisoning Accidental (unintentional)",
    "Poisoning Intentional self-harm",
    "Poisoning Assault",
    "Poisoning Undetermined",
    "Adverse effect",
    "Underdosing",
)
DRUG_COLUMNS: Columns = {
    "Substance": ("Substance",),
    **{name: (name, name.replace("Poisoning ", "Poisoning, ")) for name in _CIRCUMSTANCES},
}

#: A dash for each level; no name of a substance begins with one.
_LEVEL = re.compile(r"(?:[\u2013\u2014-]\s*)+")
_REFERENCE = re.compile(r"\s*[\u2013\u2014-]\s*(?P<tag>see also|see)\s+(?P<to>\S.*)$", re.I)


def read_drug_table(path: Path, release: str) -> tuple[Term, ...]:
    """What `icd10cm_index.read_drugs` reads from the XML: one term for each substance and column.

    Raises CodesetError when the columns are not those of the Table of Drugs, or no row leads to a
    code.
    """
    return terms_of(path.name, entries_of_root(_as_xml(path)), release, "drug")


def _as_xml(path: Path) -> ET.Element:
    """The table as the element that the XML has, so that both are read in one way."""
    root = ET.Element("ICD10CM.index")
    heading = ET.SubElement(root, "indexHeading")
    for number, name in enumerate(DRUG_COLUMNS, 1):
        ET.SubElement(heading, "head", col=str(number)).text = name
    letter = ET.SubElement(root, "letter")
    above = [letter]
    for _, row in table(path, DRUG_COLUMNS, "the Table of Drugs and Chemicals"):
        printed = row["Substance"]
        dashes = _LEVEL.match(printed)
        # A row that goes deeper than one level under the row before is put one level under it.
        level = min(len(re.findall(r"\S", dashes[0])) if dashes else 0, len(above) - 1)
        substance = printed[dashes.end() :] if dashes else printed
        reference = _REFERENCE.search(substance)
        del above[level + 1 :]
        term = ET.SubElement(above[level], "term" if level else "mainTerm")
        ET.SubElement(term, "title").text = (
            substance[: reference.start()] if reference else substance
        )
        if reference:
            tag = "seeAlso" if reference["tag"].lower() == "see also" else "see"
            ET.SubElement(term, tag).text = reference["to"]
        for number, name in enumerate(_CIRCUMSTANCES, 2):
            if row[name]:
                ET.SubElement(term, "cell", col=str(number)).text = row[name]
        above.append(term)
    return root
