"""The ICD-10-PCS Index as CMS publishes it ("ICD-10 PCS" page, cms.gov).

`icd10pcs_index_YYYY.xml`, root `ICD10PCS.index`: letters hold `mainTerm`s, these hold `term`s
that nest. An entry leads to a full `code`, to the beginning of codes (`codes`, or `tab` for the
three characters of a table), or to another entry (`see`, with or without such a beginning). A
`use` in a body part, device or substance key names the value of an axis; where there are several,
with the body system ("Spacer in Lower Joints") or the table (`tab`) that it is for.

An entry with several `see` or `use` has them in `term`s without titles.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from codesets.formats.icd10pcs_tables import root_of, text_of
from codesets.model import CodesetError, IndexKeyEntry, Term

_CODE_LENGTH, _TABLE_LENGTH = 7, 3
_LEADS = ("code", "codes", "tab")

#: Trademark signs, which nobody types: "ABECMA(R)", "Sentinel (tm) Cerebral Protection System".
_MARK = re.compile(r"\s?\((?:R|TM)\)", re.IGNORECASE)


def read_index(path: Path, release: str) -> tuple[Term | IndexKeyEntry, ...]:
    """What each entry leads to, in published order; entries that lead nowhere are left out.

    A `see` without a code is followed to the entry that it names, if all codes there are of one
    table. Raises CodesetError when the file is not the Index, or has no entries.
    """
    root = root_of(path, "index")
    entries = [entry for main in root.iter("mainTerm") for entry in _entries(main)]
    led_to = _led_to(entries)
    rows = [row for entry, element in entries for row in _rows(entry, element, led_to, release)]
    if not rows:
        raise CodesetError(f"{path.name} is damaged or cut off: it has no entries.")
    return tuple(dict.fromkeys(rows))  # some uses differ only in the body system


def _entries(element: ET.Element, above: str = "") -> Iterator[tuple[str, ET.Element]]:
    """(full path, element) of an entry and of all entries below it."""
    path = ", ".join(filter(None, (above, _words(element.find("title")))))
    yield path, element
    for below in element.iterfind("term"):
        yield from _entries(below, path)


def _led_to(entries: Sequence[tuple[str, ET.Element]]) -> Mapping[str, str]:
    """The characters that all codes of an entry begin with, by its path in lower case. For an entry
    without codes, those of the entries below it. Left out where they are fewer than a table's."""
    own: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for path, element in entries:
        own[path.lower()] += [text_of(child) for child in element if child.tag in _LEADS]
        below[path.lower()] += [text_of(child) for tag in _LEADS for child in element.iter(tag)]
    shared = {path: _shared(own[path] or codes) for path, codes in below.items()}
    return {path: code for path, code in shared.items() if len(code) >= _TABLE_LENGTH}


def _shared(codes: Sequence[str]) -> str:
    """The characters that all codes begin with."""
    columns = zip(*codes, strict=False)
    return "".join(column[0] for column in takewhile(lambda c: len(set(c)) == 1, columns))


def _rows(
    path: str, element: ET.Element, led_to: Mapping[str, str], release: str
) -> Iterator[Term | IndexKeyEntry]:
    for child in element:
        if child.tag in _LEADS:
            yield _term(text_of(child), path, release)
        elif child.tag == "see":
            via = _words(child)
            codes = [text_of(code) for code in child] or [led_to.get(via.lower(), "")]
            yield from (_term(code, path, release, via) for code in codes if code)
        elif child.tag == "use":
            yield IndexKeyEntry(path, _axis_value(child))


def _term(code: str, path: str, release: str, via: str | None = None) -> Term:
    needs_more = len(code) < _CODE_LENGTH
    return Term(code, path, "index_entry", release, needs_more=needs_more, via=via)


def _axis_value(use: ET.Element) -> str:
    """ "Spacer in Lower Joints" names "Spacer"; no value of the Tables has an "in"."""
    return re.split(r" in(?: |$)", _words(use), maxsplit=1)[0]


def _words(element: ET.Element | None) -> str:
    return _MARK.sub("", text_of(element))
