"""The Table of Neoplasms and the Table of Drugs and Chemicals of ICD-10-CM.

CDC/NCHS publishes both in the XML layout of the Index (see `icd10cm_index`): an `indexHeading`
names the columns, and an entry has one `cell` a column. A cell that holds only dashes leads to no
code; a dash after a code says that it is to be completed in the Tabular List. The codes of the
Table of Drugs are published without their seventh character.
"""

from __future__ import annotations

from pathlib import Path

from codesets.icd10cm_index import read_terms
from codesets.model import Term


def read_neoplasms(path: Path, release: str) -> tuple[Term, ...]:
    """One term a site and column ("Malignant Primary"); the text is the path of the site.

    Raises CodesetError when the file is not the Table of Neoplasms, or is cut off.
    """
    return read_terms(path, release, ("neoplasms",), "neoplasm")


def read_drugs(path: Path, release: str) -> tuple[Term, ...]:
    """One term a substance and column ("Poisoning Assault"); the text is the substance.

    Raises CodesetError when the file is not the Table of Drugs and Chemicals, or is cut off.
    """
    return read_terms(path, release, ("drugs",), "drug")
