"""The Tabular List and the code lists of ICD-10-CM, as CDC/NCHS and CMS publish them.

Formats and rules, with their official source (CDC/NCHS and CMS, "ICD-10-CM files" page):

* Tabular XML, `icd10c-tabular-*.xml`: chapters hold sections, sections hold `diag` elements that
  nest to subcategories. Notes stand at any of these and hold for everything below. A
  `sevenChrDef` defines seventh characters for everything below that has none of its own.
* Code list: one code a line without its dot, headers included, in published order. Only the code
  list says which codes exist: applying every `sevenChrDef` to every leaf would invent codes
  (Official Guidelines I.A.5 and the notes at S06.1, for example, restrict them).
* Code descriptions file, `icd10cm-codes-*.txt`: code in columns 1-7, title from column 9,
  billable codes only.
* Order file, `icd10cm-order-*.txt` (layout in the `icd10OrderFiles.pdf` published with it):
  order number in columns 1-5, code 7-13, "1" billable or "0" header in 15, short title 17-76,
  long title from 78.

The placeholder X (Guidelines I.A.4) fills a code up to its seventh character: S13.4XXA.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codesets.code_format import ICD10CM, ICD10CM_UNDOTTED, dot, extend
from codesets.formats.text_files import matched_lines, xml_root
from codesets.model import (
    Code,
    CodeRange,
    CodesetError,
    Division,
    Note,
    NoteKind,
    Release,
    ReleaseData,
    Term,
)

_NOTE_KINDS: dict[str, NoteKind] = {
    "includes": "includes",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code_first",
    "useAdditionalCode": "use_additional_code",
    "codeAlso": "code_also",
    "notes": "note",
    "sevenChrNote": "seventh_character",
    "sevenChrDef": "seventh_character",
}

_ORDER_LINE = re.compile(
    r"^\d{5} (?=.{7} )(?P<code>[A-Z0-9]{3,7}) +(?P<billable>[01]) .{60} (?P<title>\S.*)$"
)
_CODE_LINE = re.compile(rf"^(?P<code>{ICD10CM_UNDOTTED}) +(?P<title>\S.*)$")


def headers_above(billable: Iterable[str]) -> set[str]:
    """The undotted headers of a list of undotted billable codes.

    Every prefix of three characters or more is a header, except one that ends in the
    placeholder X of a seventh-character code. (On FY2026-April this gives exactly the published
    headers; a test checks it.)
    """
    codes = set(billable)
    headers: set[str] = set()
    for code in codes:
        stem = code[:6].rstrip("X") if len(code) == 7 else code
        headers.update(stem[:n] for n in range(3, len(stem) + 1))
    return headers - codes


_REFERENCE = re.compile(
    rf"(?<![\w.])(?P<first>{ICD10CM})(?:\.?-)?"
    # A range is also printed with the dash of its first code before its own: S12.0--S12.6.
    rf"(?:(?<=-)-?(?P<last>{ICD10CM})(?:\.?-)?)?(?![\w.]*\w)"
)


def codes_named(text: str, categories: Container[str]) -> tuple[CodeRange, ...]:
    """The codes and ranges that a note names, in order of appearance: `(O24.4-)`,
    `(N18.1-N18.6)`.

    `categories` are the three-character codes of the release. A text that begins with none of them
    (vitamin B12, [CAT scan]) is not a code.
    """
    ranges: list[CodeRange] = []
    for match in _REFERENCE.finditer(text):
        first, last = match["first"], match["last"] or match["first"]
        if first[:3] not in categories or last[:3] not in categories:
            continue
        named = CodeRange(first, last, match[0])
        if named not in ranges:
            ranges.append(named)
    return tuple(ranges)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What the XML says of one code: of a `diag` element, or of it with a seventh character."""

    title: str
    parent: str | None
    section: str
    stem: str


class NotOneEdition(CodesetError):
    """A Tabular List and a code list are not of the same edition."""


def read_code_list(path: Path) -> list[str]:
    """The undotted codes and headers of a code list in published order; no chapters and blocks.

    Raises CodesetError when the file holds no codes, or a line that is none.
    """
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    codes = [line for line in lines if line and not line.isdigit() and "-" not in line]
    if not codes or not all(re.fullmatch(ICD10CM_UNDOTTED, code) for code in codes):
        raise CodesetError(f"{path.name} is not a list of ICD-10-CM codes.")
    return list(dict.fromkeys(codes))  # a block of a single category repeats its category


def read_descriptions(path: Path) -> list[tuple[str, str]]:
    """(undotted code, title) of every billable code in a code descriptions file.

    Raises CodesetError as `matched_lines` does.
    """
    lines = matched_lines(path, _CODE_LINE, "a code descriptions file (code, spaces, title)")
    return [(line["code"], line["title"].strip()) for line in lines]


def read_order_file(path: Path) -> list[tuple[str, bool, str]]:
    """(undotted code, billable, long title) of every line of an order file.

    Raises CodesetError as `matched_lines` does.
    """
    lines = matched_lines(path, _ORDER_LINE, "an order file")
    return [(line["code"], line["billable"] == "1", line["title"].strip()) for line in lines]


def read_tabular(
    xml: Path, listed: Sequence[str], release: Release, titles: Mapping[str, str] | None = None
) -> ReleaseData:
    """The Tabular List with its codes, divisions, notes and inclusion terms.

    `listed` are the undotted codes and headers of the release in published order; `titles` are
    long titles by undotted code, which replace those of the XML.

    Raises CodesetError when the XML cannot be read; NotOneEdition when it and the code list are not
    of the same edition: a listed code is not in the XML, or a code of the XML is not listed.
    """
    root = xml_root(xml)
    if root.tag != "ICD10CM.tabular":
        raise CodesetError(f"{xml.name} is not the ICD-10-CM Tabular List (root <{root.tag}>).")
    titles = titles or {}
    reader = _TabularReader(release.label, {dot(code) for code in listed})
    for chapter in root.iter("chapter"):
        reader.chapter(chapter)

    missing = [dot(code) for code in listed if dot(code) not in reader.leaves]
    beyond = reader.leaves.keys() - reader.listed
    if missing or beyond:
        sample = ", ".join((missing or sorted(beyond))[:3])
        raise NotOneEdition(
            f"{xml.name} and the code list are not of one edition: {len(missing)} listed codes "
            f"are not explained and {len(beyond)} are not listed ({sample}…)."
        )
    parents = {leaf.parent for leaf in reader.leaves.values()}
    codes = []
    for position, undotted in enumerate(listed):
        name = dot(undotted)
        leaf = reader.leaves[name]
        codes.append(
            Code(
                system="icd10cm",
                release=release.label,
                code=name,
                title=titles.get(undotted, leaf.title),
                billable=name not in parents,
                parent=leaf.parent,
                section=leaf.section,
                stem=leaf.stem,
                position=position,
            )
        )
    return ReleaseData(
        release, tuple(codes), tuple(reader.divisions), tuple(reader.notes), tuple(reader.terms)
    )


class _TabularReader:
    """Reads the Tabular XML by chapter, and collects its codes, divisions, notes and terms."""

    def __init__(self, release: str, listed: set[str]) -> None:
        self.release = release
        self.listed = listed
        self.categories = {code[:3] for code in listed}
        self.leaves: dict[str, _Leaf] = {}
        self.divisions: list[Division] = []
        self.notes: list[Note] = []
        self.terms: list[Term] = []
        self._group = 0

    def chapter(self, element: ET.Element) -> None:
        number = _text(element.find("name"))
        self.divisions.append(Division("chapter", number, _text(element.find("desc")), None))
        self._notes_under(element, "chapter", number)
        # A section without categories of its own (C00-C96) encloses the sections after it that
        # are within its range.
        umbrellas: list[tuple[str, str, str]] = []
        for section in element.findall("section"):
            name = section.attrib["id"]
            first, _, last = name.partition("-")
            last = last or first
            umbrellas = [u for u in umbrellas if u[1] <= first and last <= u[2]]
            parent = umbrellas[-1][0] if umbrellas else number
            self.divisions.append(Division("section", name, _text(section.find("desc")), parent))
            self._notes_under(section, "section", name)
            categories = section.findall("diag")
            if not categories:
                umbrellas.append((name, first, last))
            for category in categories:
                self._diag(category, None, {}, name)

    def _diag(
        self, element: ET.Element, parent: str | None, characters: dict[str, str], section: str
    ) -> None:
        name, title = _text(element.find("name")), _text(element.find("desc"))
        self.leaves[name] = _Leaf(title, parent, section, name)
        self._notes_under(element, "code", name)
        definition = element.find("sevenChrDef")
        if definition is not None:
            characters = {
                extension.attrib["char"]: _text(extension)
                for extension in definition.findall("extension")
            }
        below = element.findall("diag")
        for child in below:
            self._diag(child, name, characters, section)
        if below:
            return
        for character, meaning in characters.items():
            expanded = extend(name, character)
            if expanded in self.listed and expanded not in self.leaves:
                self.leaves[expanded] = _Leaf(f"{title}, {meaning}", name, section, name)

    def _notes_under(self, element: ET.Element, owner_kind: str, owner: str) -> None:
        for child in element:
            kind = _NOTE_KINDS.get(child.tag)
            if child.tag == "inclusionTerm":
                if owner_kind == "code":
                    for line in child.findall("note"):
                        self.terms.append(Term(owner, _text(line), "inclusion_term", self.release))
                else:
                    kind = "includes"  # four sections print their Includes as inclusion terms
            if kind is None:
                continue
            self._group += 1
            mark = None
            for line in child:
                # In a sevenChrDef, a <note> continues the <extension> before it.
                mark = line.attrib.get("char", mark)
                text = _text(line)
                self.notes.append(
                    Note(
                        kind=kind,
                        text=text,
                        owner_kind=owner_kind,  # type: ignore[arg-type]
                        owner=owner,
                        release=self.release,
                        group=self._group,
                        mark=mark,
                        codes=codes_named(text, self.categories),
                    )
                )


def _text(element: ET.Element | None) -> str:
    """The published text, with each run of white space and line breaks made one space."""
    if element is None:
        return ""
    return " ".join("".join(element.itertext()).split())


def release_of_list(
    release: Release,
    rows: Iterable[tuple[str, bool, str]],
    known: Mapping[str, Code] | None = None,
) -> ReleaseData:
    """A release that is read from a code list only: it has no notes and no terms.

    `rows` are (undotted code, billable, title) in the file's order. Where headers have no rows, as
    in the code descriptions file, they are derived from the billable codes; their titles are
    borrowed from `known`, and `title_from` says so. `known` are the codes of a Tabular List, by
    undotted code.
    """
    known = known or {}
    listed = {code: (billable, title) for code, billable, title in rows}
    order = list(listed)
    if all(billable for billable, _ in listed.values()):
        listed |= dict.fromkeys(headers_above(listed), (False, ""))
        order = sorted(listed, key=lambda code: _published_order(code, known))
    names = set(listed)
    codes = []
    for position, name in enumerate(order):
        billable, title = listed[name]
        borrowed = None
        if not title:
            title = known[name].title if name in known else untitled(dot(name))
            borrowed = known[name].release if name in known else None
        codes.append(
            Code(
                system="icd10cm",
                release=release.label,
                code=dot(name),
                title=title,
                billable=billable,
                parent=_parent(name, names),
                section=known[name[:3]].section if name[:3] in known else None,
                stem=_stem(name, names, known),
                position=position,
                title_from=borrowed,
            )
        )
    return ReleaseData(release, tuple(codes))


def untitled(code: str) -> str:
    """The title of a header for which no loaded release has one."""
    return f"Category {code}"


def _published_order(code: str, known: Mapping[str, Code]) -> tuple[int, str]:
    """The sort key of published order, as the Tabular List of a later release has it (M1A stands
    before M05); codes without one there come last, by code."""
    for length in range(len(code), 2, -1):
        if code[:length] in known:
            return known[code[:length]].position, code
    return len(known), code


def _parent(code: str, names: set[str]) -> str | None:
    for length in range(len(code) - 1, 2, -1):
        if code[:length] in names:
            return dot(code[:length])
    return None


def _stem(code: str, names: set[str], known: Mapping[str, Code]) -> str:
    if code in known:
        return known[code].stem
    # In chapter 2 the seventh character (C44.1021) is a subdivision, not an extension.
    if len(code) == 7 and code[0] not in "CD":
        return _parent(code, names) or dot(code)
    return dot(code)
