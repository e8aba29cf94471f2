"""The ICD-10-CM Index as CDC/NCHS publishes it in XML.

Four official files share one layout, described by the XML schema published with them: the
Alphabetic Index to Diseases and Injuries, the External Cause of Injuries Index, the Table of
Neoplasms and the Table of Drugs and Chemicals. An `ICD10CM.index` holds letters, a letter main
terms, and a main term nests terms. Each has a title, where `nemod` holds the nonessential
modifiers, and then what it leads to: a `code` (with a `manif`, the manifestation printed in
brackets after it), a category (`seecat`, `subcat`), one `cell` a column in the tables, or another
entry (`see`, `seeAlso`), named by its path. Where an addenda is merged in, a `diff` holds `old`,
`new` and `unc`hanged text.

The entries of all four are read here; `icd10cm_tables` is the door to the two tables.
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
#: As much of a file as tells which it is.
_HEAD = 64 * 1024
_KINDS: tuple[tuple[re.Pattern[str], ReferenceKind], ...] = (
    (re.compile(r"<title>[^<]*EXTERNAL CAUSE", re.I), "external_causes"),
    (re.compile(r"<title>[^<]*INDEX TO DISEASES and INJURIES", re.I), "index"),
    (re.compile(r"<head [^>]*>\s*Neoplasm\s*<", re.I), "neoplasms"),
    (re.compile(r"<head [^>]*>\s*Substance\s*<", re.I), "drugs"),
)

_CODE = re.compile(rf"(?P<bracket>\[)?\s*(?<![\w.])(?P<code>{ICD10CM})(?P<dash>\.?-)?(?![\w.]*\w)")
#: A see that names nothing but categories: "category Y35", "categories T17 and".
_CATEGORIES = re.compile(
    rf"(?:sub)?categor(?:y|ies)(?:[\s,;]|and\b|or\b|{ICD10CM}(?:\.?-)?)+", re.I
)
_MODIFIER = re.compile(r"\s*\([^()]*\)")

#: An entry that is reached over more references is not what the first one meant.
_LONGEST_CHASE = 4
#: "by site", "by type of machine": the reader is to choose below the entry named before it.
_READERS_CHOICE = re.compile(
    r"\bby\s+(?:\w+\s+)??(?:site|type|region|agent|drug|substance|cause|object)s?\b"
    r"(?:\s+(?:of|or|and)\s+\w+)*",
    re.I,
)
#: Words that join a title to those under it: some are a level of their own in print, and a
#: reference may leave them out.
_JOINTS = frozenset({"with", "due", "to", "in", "of", "by", "from", "following", "and", "or"})
#: Words before which a reference may break off a title.
_SAYS_NO_MORE = frozenset(
    "and of or bone complication disease gland ligament membrane occupant organ site tissue "
    "type".split()
)


def index_kind(head: str) -> ReferenceKind | None:
    """Which of the four a file is, from its beginning; None when it is none of them."""
    if f"<{_ROOT}" not in head:
        return None
    above, _, _ = head.partition("<letter>")
    return next((kind for pattern, kind in _KINDS if pattern.search(above)), None)


def read_index(path: Path, release: str) -> tuple[Term, ...]:
    """The entries of the Alphabetic Index or the External Cause Index, one term a code.

    The text is the entry's path. Its own title is as printed; those above it are without their
    nonessential modifiers and second forms, as paths are printed: "Abscess, abdomen, wall" under
    "Abscess (embolic) (septic)" and "abdomen, abdominal". An entry with no code of its own has
    those of the entries that its see or see also names, but not of what is under them.

    Raises CodesetError when the file is not such an index, or is cut off.
    """
    return read_terms(path, release, ("index", "external_causes"), "index_entry")


def read_terms(
    path: Path, release: str, kinds: Sequence[ReferenceKind], term_kind: TermKind
) -> tuple[Term, ...]:
    """The terms of one of the four files, which must be one of `kinds`.

    Raises CodesetError when it is not, when it is not whole, or when no entry leads to a code.
    """
    top = _Shelf(_read_entries(path, kinds))
    terms = dict.fromkeys(
        Term(
            code=place.code,
            text=entry.text,
            kind=term_kind,
            release=release,
            column=place.column,
            needs_more=place.needs_more,
            second=place.second,
            via=None if target is entry else target.text,
        )
        for entry in top.all_entries()
        for target in top.targets(entry)
        for place in target.places
    )
    if not terms:
        raise CodesetError(f"{path.name} has no entry that leads to a code.")
    return tuple(terms)


_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A code that an entry leads to, as `Term` describes it."""

    code: str
    needs_more: bool
    second: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A main term or a term, with all that is under it.

    `title` has no nonessential modifiers; `text` is the whole path, with those of its last title.
    """

    title: str
    text: str
    places: tuple[_Place, ...]
    references: tuple[str, ...]
    below: _Shelf


class _Shelf:
    """Entries of one level in published order, to be found by the words of a reference."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.entries = tuple(entries)

    @cached_property
    def _named(self) -> tuple[dict[_Words, list[_Entry]], ...]:
        """Entries by what they may be called, the most literal names first."""
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

    def targets(self, entry: _Entry, chase: int = _LONGEST_CHASE) -> Iterator[_Entry]:
        """The entries whose codes `entry` leads to: itself, else those it refers to."""
        if entry.places:
            yield entry
        elif chase:
            for reference in entry.references:
                target = self.find(_compared(reference))
                if target is not None:
                    yield from self.targets(target, chase - 1)

    def find(self, path: _Words) -> _Entry | None:
        """The entry at the end of a path, or None where there is none, or more than one.

        Commas do not count: the index is not of one mind whether "Carbon, tetrachloride" is.
        """
        for count in range(len(path), 0, -1):
            rest = path[count:]
            for named in self._named:
                beginning = named.get(path[:count], ())
                ends = [entry.below.find(rest) if rest else entry for entry in beginning]
                found = [entry for entry in ends if entry is not None]
                if len(found) == 1:
                    return found[0]
        if path and path[0] in _JOINTS:
            return self.find(path[1:])
        for joint in self._joints if path else ():
            found_below = joint.below.find(path)
            if found_below is not None:
                return found_below
        return None


def _read_entries(path: Path, kinds: Sequence[ReferenceKind]) -> Iterator[_Entry]:
    root = xml_root(path)
    with path.open("rb") as file:
        kind = index_kind(decoded(file.read(_HEAD)))
    if kind not in kinds:
        what = f"the {REFERENCE_NAMES[kind]}" if kind else f"an ICD-10-CM index (root <{root.tag}>)"
        wanted = " or ".join(REFERENCE_NAMES[k] for k in kinds)
        raise CodesetError(f"{path.name} is {'' if kind else 'not '}{what}; needed: {wanted}.")
    if root.get("isAddenda") == "true":
        raise CodesetError(f"{path.name} holds only the changes of an edition; load the full file.")
    columns = {head.get("col", ""): _words(head) for head in root.iter("head")}
    for element in root.iterfind("letter/mainTerm"):
        yield from _entries_of(element, (), columns)


def _entries_of(
    element: ET.Element, above: tuple[str, ...], columns: Mapping[str, str]
) -> Iterator[_Entry]:
    """The entry of a mainTerm or term, unless its title is struck out."""
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
        places=_places(element, columns),
        references=tuple(
            path
            for tag in ("see", "seeAlso")
            for path in _references(element.find(tag))
            # Outside the tables, "see Neoplasm" means the Table of Neoplasms, another file.
            if columns or not path.startswith("Neoplasm")
        ),
        below=_Shelf(
            entry for term in element.iterfind("term") for entry in _entries_of(term, path, columns)
        ),
    )


def _places(element: ET.Element, columns: Mapping[str, str]) -> tuple[_Place, ...]:
    """The codes an element leads to; categories that a see also names only for want of others."""
    manifestation = _CODE.search(_words(element.find("manif")))
    second = manifestation["code"] if manifestation else None
    for tags in (("code", "seecat", "subcat", "cell", "see"), ("seeAlso",)):
        places: list[_Place] = []
        for child in (child for child in element if child.tag in tags):
            text = _words(child)
            category = child.tag in ("seecat", "subcat") or bool(_CATEGORIES.fullmatch(text))
            if child.tag in ("see", "seeAlso") and not category:
                continue  # it names an entry
            number = child.get("col")
            column = columns.get(number, f"column {number}") if number else None
            for match in _CODE.finditer(text):
                if match["bracket"] and places:
                    places[-1] = replace(places[-1], second=match["code"])
                else:
                    needs_more = category or match["dash"] is not None
                    places.append(_Place(match["code"], needs_more, second, column))
        if places:
            return tuple(places)
    return ()


def _words(element: ET.Element | None) -> str:
    """The text of an element without what is struck out, on one line."""
    if element is None:
        return ""
    return " ".join("".join(_kept(element)).split())


def _kept(element: ET.Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag != "old":
            # What is printed apart stands without a blank: "Abasia<nemod>(-astasia)</nemod>".
            yield " "
            yield from _kept(child)
        yield child.tail or ""


def _title(element: ET.Element | None) -> str:
    """A title as printed: "Abasia (-astasia) (hysterical)", "Air contaminant(s), source"."""
    return re.sub(r"\s+(?=,|\((?:s|es)\))", "", _words(element))


def _explanation(element: ET.Element) -> str:
    """What is printed in brackets after a title where it is words, not a manifestation's code."""
    bracketed = _words(element.find("manif"))
    return f" [{bracketed}]" if bracketed and not _CODE.search(bracketed) else ""


def _without_modifiers(title: str) -> str:
    return " ".join(_MODIFIER.sub("", title).split()) or title


def _first_form(title: str) -> str:
    """How paths name a title, which may give two forms of a word: "abdomen, abdominal"."""
    first, *others = title.split(", ")
    return ", ".join([first, *(word for word in others if word[:4].lower() != first[:4].lower())])


def _names(title: str) -> tuple[set[_Words], ...]:
    """What references call a title, the most literal first: as it is; by the first form of its
    word; by its first alternative ("boat, boating", "disease or syndrome"); by any alternative;
    by its beginning, where what follows says no more ("tarsal bone" is called "tarsal").
    """
    whole = _compared(title)
    alternatives = [_compared(alternative) for alternative in re.split(r", | or ", title)]
    beginnings = {whole[:count] for count in range(1, len(whole)) if whole[count] in _SAYS_NO_MORE}
    first = _compared(_first_form(title))
    return {whole}, {first}, set(alternatives[:1]), set(alternatives), beginnings


def _references(element: ET.Element | None) -> Iterator[str]:
    """The paths that a see or see also names: they may be several."""
    for path in re.split(r";|\b(?:see|also)\b", _words(element)):
        path = path.strip(" ,-")
        # "see condition" is a manner of speaking: of what was said of the site, not a main term.
        if path and not path.startswith("condition"):
            yield path


def _compared(title: str) -> _Words:
    """What is compared of a title or a path: case, modifiers, NEC and plurals aside."""
    text = _MODIFIER.sub("", _READERS_CHOICE.sub("", title)).lower().replace("'s", "")
    words = [word for word in re.findall(r"\w+", text) if word not in ("nec", "nos")]
    while words and words[-1] in _JOINTS and len(words) > 1:
        words.pop()
    return tuple(w[:-1] if w.endswith("s") and len(w) > 3 else w for w in words)


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
