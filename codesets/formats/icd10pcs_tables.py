"""The ICD-10-PCS Tables and Definitions as CMS publishes them ("ICD-10 PCS" page, cms.gov).

* Tables, `icd10pcs_tables_YYYY.xml`, root `ICD10PCS.tabular`: a `pcsTable` gives the axes 1 to 3
  of its codes, then rows (`pcsRow`) with the values that the axes 4 to 7 may take together. The
  file gives counts: `values` of an axis, `codes` of a row (the product of its values).
* Definitions, `icd10pcs_definitions_YYYY.xml`, root `ICD10PCS.definitions`: by section and axis,
  `terms` that define one value, or several with the same definition (left and right). `includes`
  of a body part, device or substance are the words that are used for it.
* Index, `icd10pcs_index_YYYY.xml`, root `ICD10PCS.index`: see codesets/formats/icd10pcs_index.py.

A valid code takes its values from one row of one table (ICD-10-PCS Official Guidelines A1-A9).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

from codesets.formats.text_files import xml_root
from codesets.model import REFERENCE_NAMES, CodesetError, Definition, ReferenceKind, TableRow

_ROOTS: dict[ReferenceKind, str] = {
    "tables": "ICD10PCS.tabular",
    "definitions": "ICD10PCS.definitions",
    "index": "ICD10PCS.index",
}

#: Positions of the axes of a whole table, and of each of its rows.
_HEAD, _REST = "123", "4567"


def pcs_kind(head: str) -> ReferenceKind | None:
    """Which of the three files begins with `head`; None when it is none of them."""
    return next((kind for kind, root in _ROOTS.items() if f"<{root}>" in head), None)


def root_of(path: Path, kind: ReferenceKind) -> ET.Element:
    """The root of an ICD-10-PCS XML file.

    Raises CodesetError when the file cannot be read as XML, or is not the file that `kind` names.
    """
    root = xml_root(path)
    if root.tag != _ROOTS[kind]:
        raise CodesetError(
            f"{path.name} is not the ICD-10-PCS {REFERENCE_NAMES[kind]} (root <{root.tag}>)."
        )
    return root


def text_of(element: ET.Element | None) -> str:
    """An element's own text on one line; "" when there is none."""
    return "" if element is None else " ".join((element.text or "").split())


def read_tables(path: Path) -> tuple[TableRow, ...]:
    """Every axis of every table in published order: row 0 of a table, then its rows 1, 2, …

    Raises CodesetError when the file is not the Tables, or when a count that it gives differs from
    what was read.
    """
    rows: list[TableRow] = []
    names: set[str] = set()
    for element in root_of(path, "tables").iter("pcsTable"):
        table = _table(element, path.name)
        name = table[0].table
        if name in names:
            raise _damaged(path.name, f"table {name} is there twice")
        names.add(name)
        rows += table
    if not rows:
        raise _damaged(path.name, "it has no tables")
    return tuple(rows)


def _table(element: ET.Element, file: str) -> list[TableRow]:
    name = "".join(label.get("code", "") for label in element.iterfind("axis/label"))
    if len(name) != len(_HEAD):
        raise _damaged(file, f'a table is named "{name}"')
    table = [*_axes(element, name, 0, _HEAD, file)]
    for number, row in enumerate(element.iterfind("pcsRow"), 1):
        axes = [*_axes(row, name, number, _REST, file)]
        codes = prod(len(axis.values) for axis in axes)
        _check_count(row.get("codes"), codes, f"row {number} of table {name}", "codes", file)
        table += axes
    return table


def _axes(
    element: ET.Element, table: str, row: int, positions: str, file: str
) -> Iterator[TableRow]:
    axes = element.findall("axis")
    if "".join(axis.get("pos", "") for axis in axes) != positions:
        raise _damaged(file, f"row {row} of table {table} has not the axes {', '.join(positions)}")
    for position, axis in zip(map(int, positions), axes, strict=True):
        values = tuple((label.get("code", ""), text_of(label)) for label in axis.iterfind("label"))
        where = f"axis {position} in row {row} of table {table}"
        _check_count(axis.get("values"), len(values), where, "values", file)
        if not all(len(value) == 1 and meaning for value, meaning in values):
            raise _damaged(file, f"{where} has a value without a character or a meaning")
        yield TableRow(table, row, position, text_of(axis.find("title")), values)


def _check_count(published: str | None, count: int, where: str, what: str, file: str) -> None:
    if published != str(count):
        raise _damaged(file, f'{where} has {count} {what} where it says "{published or ""}"')


def _damaged(file: str, how: str) -> CodesetError:
    return CodesetError(f"{file} is damaged or cut off: {how}. Download it again.")


def read_definitions(path: Path) -> tuple[Definition, ...]:
    """A record for every value that has a definition or `includes`, in published order.

    `value` is the name of the value as printed in this file. For some devices and treatments it is
    longer than in the Tables: "Contraceptive Device in Female Reproductive System", "Aphasia
    (Treatment)". Several `includes` are joined by "; ". Raises CodesetError when the file is not
    the Definitions, or has none.
    """
    root = root_of(path, "definitions")
    definitions = tuple(
        definition
        for section in root.iterfind("section")
        for axis in section.iterfind("axis")
        for terms in axis.iterfind("terms")
        for definition in _definitions(section.get("code", ""), axis, terms, path.name)
    )
    if not definitions:
        raise _damaged(path.name, "it has no definitions")
    return definitions


def _definitions(
    section: str, axis: ET.Element, terms: ET.Element, file: str
) -> Sequence[Definition]:
    titles = [text_of(title) for title in terms.iterfind("title")]
    position = axis.get("pos", "")
    if len(section) != 1 or not re.fullmatch(r"[1-7]", position) or not all(titles):
        raise _damaged(file, "a definition does not say what it defines")
    return [
        Definition(
            section=section,
            position=int(position),
            axis=text_of(axis.find("title")),
            value=title,
            definition=text_of(terms.find("definition")),
            explanation=text_of(terms.find("explanation")),
            includes="; ".join(text_of(included) for included in terms.iterfind("includes")),
        )
        for title in titles
    ]
