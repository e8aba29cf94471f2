"""The indexes and index tables of ICD-10-CM, as CDC/NCHS publishes them in XML.

Four official files have the same layout, described by the XML schema that is published with them:

* the Alphabetic Index to Diseases and Injuries
* the External Cause of Injuries Index
* the Table of Neoplasms: sites, with a column for each behavior ("Malignant Primary")
* the Table of Drugs and Chemicals: substances, with a column for each circumstance ("Poisoning
  Assault"); its codes are published without their seventh character

An `ICD10CM.index` contains letters, a letter contains main terms, and a main term contains nested
terms. Each term has a title, in which `nemod` marks the nonessential modifiers. After it comes what
the term leads to: a `code` (with a `manif`, the manifestation printed in brackets after it), a
category (`seecat`, `subcat`), or another entry (`see`, `seeAlso`), named by its path. In the tables
it leads to one `cell` for each column; the `head` elements of the `indexHeading` name the columns.
A cell that contains only dashes leads to no code. A dash after a code says that the code must be
completed from the Tabular List. Where an addenda is merged in, a `diff` contains `old`, `new` and
`unc`hanged text.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from codesets.code_format import ICD10CM
from codesets.formats.text_files import decoded, xml_root
from codesets.model import REFERENCE_NAMES, CodesetError, ReferenceKind, Term, TermKind

_ROOT = "ICD10CM.index"
#: How much of a file is needed to recognise it, in bytes.
_HEAD = 64 * 1024
_KINDS: tuple[tuple[re.Pattern[str], ReferenceKind], ...] = (
    (re.compile(r"<title>[^<]*EXTERNAL CAUSE", re.I), "external_causes"),
    (re.compile(r"<title>[^<]*INDEX TO DISEASES and INJURIES", re.I), "index"),
    # The file of FY2016 has no heading above its first column.
    (re.compile(r"<head [^>]*>\s*(?:Neoplasm|Malignant Primary)\s*<", re.I), "neoplasms"),
    (re.compile(r"<head [^>]*>\s*Substance\s*<", re.I), "drugs"),
)

_CODE = re.compile(rf"(?P<bracket>\[)?\s*(?<![\w.])(?P<code>{ICD10CM})(?P<dash>\.?-)?(?![\w.]*\w)")
#: A see that names only categories: "category Y35", "categories T17 and".
_CATEGORIES = re.compile(
    rf"(?:sub)?categor(?:y|ies)(?:[\s,;]|and\b|or\b|{ICD10CM}(?:\.?-)?)+", re.I
)
_MODIFIER = re.compile(r"\s*\([^()]*\)")

#: How many references are followed one after another. Farther entries are no longer what the first
#: reference meant.
_MOST_REFERENCES = 4
#: "by site", "by type of machine": the reader chooses among what is below the entry.
_READERS_CHOICE = re.compile(
    r"\bby\s+(?:\w+\s+)??(?:site|type|region|agent|drug|substance|cause|object)s?\b"
    r"(?:\s+(?:of|or|and)\s+\w+)*",
    re.I,
)
#: Words that connect a title with those under it. Some are printed as a level of their own, and a
#: reference may omit them.
_JOINTS = frozenset({"with", "due", "to", "in", "of", "by", "from", "following", "and", "or"})
#: A reference may omit the rest of a title from one of these words on.
_OMITTED_FROM = frozenset(
    "and of or bone complication disease gland ligament membrane occupant organ site tissue "
    "type".split()
)


def index_kind(head: str) -> ReferenceKind | None:
    """Which of the four files begins with `head`; None when it is none of them."""
    if f"<{_ROOT}" not in head:
        return None
    above, _, _ = head.partition("<letter>")
    return next((kind for pattern, kind in _KINDS if pattern.search(above)), None)


def read_index(path: Path, release: str) -> tuple[Term, ...]:
    """The entries of the Alphabetic Index or the External Cause Index, one term for each code.

    The text is the path of the entry. Its own title is as printed. The titles above it have no
    nonessential modifiers and no second forms, as in printed paths: "Abscess, abdomen, wall" is
    under "Abscess (embolic) (septic)" and "abdomen, abdominal". An entry without a code gets the
    codes of the entries that its see or see also names, but not of those below them.

    Raises CodesetError when the file is not such an index, or is cut off.
    """
    return _read_terms(path, release, ("index", "external_causes"), "index_entry")


def read_neoplasms(path: Path, release: str) -> tuple[Term, ...]:
    """The Table of Neoplasms: one term for each site and column ("Malignant Primary"). The text is
    the path of the site.

    Raises CodesetError when the file is not the Table of Neoplasms, or is cut off.
    """
    return _read_terms(path, release, ("neoplasms",), "neoplasm")


def read_drugs(path: Path, release: str) -> tuple[Term, ...]:
    """The Table of Drugs and Chemicals: one term for each substance and column ("Poisoning
    Assault"). The text is the substance.

    Raises CodesetError when the file is not the Table of Drugs and Chemicals, or is cut off.
    """
    return _read_terms(path, release, ("drugs",), "drug")


def _read_terms(
    path: Path, release: str, kinds: Sequence[ReferenceKind], term_kind: TermKind
) -> tuple[Term, ...]:
    """The terms of one of the four files.

    Raises CodesetError when it is none of `kinds`, when it is damaged or cut off, or when no entry
    leads to a code.
    """
    return terms_of(path.name, _read_entries(path, kinds), release, term_kind)


def terms_of(
    name: str, entries: Iterable[_Entry], release: str, term_kind: TermKind
) -> tuple[Term, ...]:
    """The terms of the entries of a file. Raises CodesetError when none leads to a code."""
    top = _Level(entries)
    terms = dict.fromkeys(
        Term(
            code=indexed.code,
            text=entry.text,
            kind=term_kind,
            release=release,
            column=indexed.column,
            needs_more=indexed.needs_more,
            second=indexed.second,
            via=None if target is entry else target.text,
        )
        for entry in top.all_entries()
        for target in top.targets(entry)
        for indexed in target.codes
    )
    if not terms:
        raise CodesetError(f"{name} has no entry that leads to a code.")
    return tuple(terms)


_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _IndexedCode:
    """A code that an entry leads to, as `Term` describes it."""

    code: str
    needs_more: bool
    second: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A main term or a term, with the entries below it.

    `title` has no nonessential modifiers. `text` is the whole path, whose last title has them.
    `references` are the paths that a see or see also names.
    """

    title: str
    text: str
    codes: tuple[_IndexedCode, ...]
    references: tuple[str, ...]
    below: _Level


class _Level:
    """The entries of one level in published order, to be found by the words of a reference."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.entries = tuple(entries)

    @cached_property
    def _named(self) -> tuple[dict[_Words, list[_Entry]], ...]:
        """Entries by what references may call them, the most literal names first."""
        named: tuple[dict[_Words, list[_Entry]], ...] = ({}, {}, {}, {}, {})
        for entry in self.entries:
            for entries, names in zip(named, _names(entry.title), strict=True):
                for name in names:
                    entries.setdefault(name, []).append(entry)
        return named

    @cached_property
    def _joints(self) -> tuple[_Entry, ...]:
        return tuple(e for e in self.entries if _JOINTS.issuperset(_compared(e.title)))

    def all_entries(self) -> Iterator[_Entry]:
        for entry in self.entries:
            yield entry
            yield from entry.below.all_entries()

    def targets(self, entry: _Entry, references: int = _MOST_REFERENCES) -> Iterator[_Entry]:
        """The entries whose codes `entry` leads to: itself if it has codes, else those that it
        refers to, over at most `references` steps."""
        if entry.codes:
            yield entry
        elif references:
            for reference in entry.references:
                target = self.find(_compared(reference))
                if target is not None:
                    yield from self.targets(target, references - 1)

    def find(self, path: _Words) -> _Entry | None:
        """The entry that a path leads to; None when there is none, or more than one.

        Commas are ignored, because the index uses them differently in references and titles
        ("Carbon, tetrachloride").
        """
        for count in range(len(path), 0, -1):
            rest = path[count:]
            for named in self._named:
                beginning = named.get(path[:count], ())
                ends = [entry.below.find(rest) if rest else entry for entry in beginning]
                matches = [entry for entry in ends if entry is not None]
                if len(matches) == 1:
                    return matches[0]
        if path and path[0] in _JOINTS:
            return self.find(path[1:])
        for joint in self._joints if path else ():
            match = joint.below.find(path)
            if match is not None:
                return match
        return None


def _read_entries(path: Path, kinds: Sequence[ReferenceKind]) -> Iterator[_Entry]:
    root = xml_root(path)
    with path.open("rb") as file:
        kind = index_kind(decoded(file.read(_HEAD)))
    if kind not in kinds:
        what = f"the {REFERENCE_NAMES[kind]}" if kind else f"an ICD-10-CM index (root <{root.tag}>)"
        needed = " or ".join(REFERENCE_NAMES[k] for k in kinds)
        raise CodesetError(f"{path.name} is {'' if kind else 'not '}{what}; needed: {needed}.")
    if root.get("isAddenda") == "true":
        raise CodesetError(f"{path.name} holds only the changes of an edition; load the full file.")
    yield from entries_of_root(root)


def entries_of_root(root: ET.Element) -> Iterator[_Entry]:
    """The entries of an `ICD10CM.index` element."""
    columns = {head.get("col", ""): _words(head) for head in root.iter("head")}
    for element in root.iterfind("letter/mainTerm"):
        yield from _entries_of(element, (), columns)


def _entries_of(
    element: ET.Element, above: tuple[str, ...], columns: Mapping[str, str]
) -> Iterator[_Entry]:
    """The entry of a mainTerm or term; nothing when an addenda has deleted its title."""
    printed = element.find("title")
    if printed is None:
        printed = element.find("diff")
    shown = _title(printed)
    if not shown:
        return
    title = _without_modifiers(shown)
    path = (*above, _first_form(title))
    yield _Entry(
        title=title,
        text=", ".join((*above, shown)) + _explanation(element),
        codes=_codes(element, columns),
        references=tuple(
            path
            for tag in ("see", "seeAlso")
            for path in _references(element.find(tag))
            # Outside the tables, "see Neoplasm" means the Table of Neoplasms, another file.
            if columns or not path.startswith("Neoplasm")
        ),
        below=_Level(
            entry for term in element.iterfind("term") for entry in _entries_of(term, path, columns)
        ),
    )


def _codes(element: ET.Element, columns: Mapping[str, str]) -> tuple[_IndexedCode, ...]:
    """The codes that an element leads to. The categories of a see also count only where it has no
    other codes."""
    manifestation = _CODE.search(_words(element.find("manif")))
    second = manifestation["code"] if manifestation else None
    for tags in (("code", "seecat", "subcat", "cell", "see"), ("seeAlso",)):
        codes: list[_IndexedCode] = []
        for child in (child for child in element if child.tag in tags):
            text = _words(child)
            category = child.tag in ("seecat", "subcat") or bool(_CATEGORIES.fullmatch(text))
            if child.tag in ("see", "seeAlso") and not category:
                continue  # it names an entry
            number = child.get("col")
            column = columns.get(number, f"column {number}") if number else None
            for match in _CODE.finditer(text):
                if match["bracket"] and codes:
                    codes[-1] = replace(codes[-1], second=match["code"])
                else:
                    needs_more = category or match["dash"] is not None
                    codes.append(_IndexedCode(match["code"], needs_more, second, column))
        if codes:
            return tuple(codes)
    return ()


def _words(element: ET.Element | None) -> str:
    """The text of an element on one line, without what an addenda has deleted."""
    if element is None:
        return ""
    return " ".join("".join(_kept(element)).split())


def _kept(element: ET.Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag != "old":
            # The XML omits some blanks of the printed text: "Abasia<nemod>(-astasia)</nemod>".
            yield " "
            yield from _kept(child)
        yield child.tail or ""


def _title(element: ET.Element | None) -> str:
    """A title as printed: "Abasia (-astasia) (hysterical)", "Air contaminant(s), source"."""
    return re.sub(r"\s+(?=,|\((?:s|es)\))", "", _words(element))


def _explanation(element: ET.Element) -> str:
    """The words in brackets after a title; "" where the brackets contain a manifestation's code."""
    bracketed = _words(element.find("manif"))
    return f" [{bracketed}]" if bracketed and not _CODE.search(bracketed) else ""


def _without_modifiers(title: str) -> str:
    return " ".join(_MODIFIER.sub("", title).split()) or title


def _first_form(title: str) -> str:
    """A title as paths name it: without the second form of a word ("abdomen, abdominal")."""
    first, *others = title.split(", ")
    return ", ".join([first, *(word for word in others if word[:4].lower() != first[:4].lower())])


def _names(title: str) -> tuple[set[_Words], ...]:
    """What references may call a title, in five groups, the most literal first: the whole title;
    without the second form of a word; its first alternative ("boat, boating", "disease or
    syndrome"); any alternative; its beginning, where the rest may be omitted ("tarsal" for "tarsal
    bone").
    """
    whole = _compared(title)
    alternatives = [_compared(alternative) for alternative in re.split(r", | or ", title)]
    beginnings = {whole[:count] for count in range(1, len(whole)) if whole[count] in _OMITTED_FROM}
    first = _compared(_first_form(title))
    return {whole}, {first}, set(alternatives[:1]), set(alternatives), beginnings


def _references(element: ET.Element | None) -> Iterator[str]:
    """The paths, one or several, that a see or see also names."""
    for path in re.split(r";|\b(?:see|also)\b", _words(element)):
        path = path.strip(" ,-")
        # "see condition" tells the reader to look under the condition; it is not a main term.
        if path and not path.startswith("condition"):
            yield path


def _compared(title: str) -> _Words:
    """The words of a title or path that are compared: without case, modifiers, NEC and plurals."""
    text = _MODIFIER.sub("", _READERS_CHOICE.sub("", title)).lower().replace("'s", "")
    words = [word for word in re.findall(r"\w+", text) if word not in ("nec", "nos")]
    while words and words[-1] in _JOINTS and len(words) > 1:
        words.pop()
    return tuple(w[:-1] if w.endswith("s") and len(w) > 3 else w for w in words)
