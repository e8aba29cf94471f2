"""What is searched: the codes of a system in families, with every text that names them.

A family is a code with all codes that complete it by a seventh character (and placeholder X), or
all ICD-10-PCS codes that share their first four characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codesets.code_format import is_icd11_extension
from codesets.model import Release, Term
from codesets.store.code_store import CodeStore
from index.text.synonyms import read_synonyms


@dataclass(slots=True)
class Family:
    """A code with the codes that complete it, across all releases that have it.

    `releases` has the key of each of these releases: True where the family has no families under
    it there, so that its codes are reported; False where it is a header. `parent` is the code
    above, None for none. `texts` are numbers of Gathered.texts; the first is the title.
    """

    code: str
    title: str
    parent: str | None
    releases: dict[str, bool] = field(default_factory=dict)
    texts: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """Families and their distinct texts, before they are embedded. `entries`: the numbers of the
    texts that are entries of the Alphabetic Index."""

    texts: list[str]
    families: list[Family]
    entries: set[int] = field(default_factory=set)


def gather(store: CodeStore, system: str) -> Gathered:
    """All families of a system and their texts, from every loaded release and reference, the
    newest first."""
    families: dict[str, Family] = {}
    stems: dict[str, str] = {}
    numbers: dict[str, int] = {}

    entries: set[int] = set()

    def add_text(family: Family, text: str) -> int:
        text = " ".join(text.split())  # one line each
        number = numbers.setdefault(text, len(numbers))
        if number not in family.texts:
            family.texts.append(number)
        return number

    def add_text_of_code(code: str, text: str) -> int | None:
        # An index of another edition may name codes that no loaded edition has.
        family = families.get(stems.get(code, code))
        return None if family is None else add_text(family, text)

    for release in reversed(store.releases(system)):
        _add_release(store, release, families, stems)
        for family in families.values():
            if release.key in family.releases:
                add_text(family, family.title)
        for term in store.rows(Term, release):
            add_text(families[term.code], term.text)
        for owner, text in store.includes(release):
            add_text(families[owner], text)
    for reference in reversed(store.references.all(system=system)):
        for term in store.references.rows(Term, reference):
            number = add_text_of_code(term.code, term.text)
            if number is not None and reference.kind == "index":
                entries.add(number)
    # An official text outranks a name of our own that says otherwise, unless the code of the name
    # is of the newest edition alone: then the text is of a time when there was no such code.
    official = {text.casefold() for text in numbers}
    newest = {release.key for release in store.releases(system)[-1:]}
    for synonym in read_synonyms():
        named = families.get(stems.get(synonym.code, synonym.code))
        if named is not None and (
            named.releases.keys() == newest or synonym.text.casefold() not in official
        ):
            add_text(named, synonym.text)
    return Gathered(list(numbers), list(families.values()), entries)


def _add_release(
    store: CodeStore, release: Release, families: dict[str, Family], stems: dict[str, str]
) -> None:
    codes = {code.code: code for code in store.codes(release)}
    if release.system == "icd11":
        codes = {name: code for name, code in codes.items() if not is_icd11_extension(name)}
    titles: dict[str, list[str]] = {}
    for code in codes.values():
        titles.setdefault(code.stem, []).append(code.title)
        stems.setdefault(code.code, code.stem)
    for stem, member_titles in titles.items():
        code_of_stem = codes.get(stem)
        title = code_of_stem.title if code_of_stem else shared_words(member_titles)
        parent = code_of_stem.parent if code_of_stem else None
        family = families.setdefault(stem, Family(stem, title, parent))
        family.releases[release.key] = True
    for code in codes.values():
        if code.parent and code.stem == code.code:
            families[code.parent].releases[release.key] = False


def shared_words(titles: Sequence[str]) -> str:
    """The words that all titles share, in the order of the first title. They name an ICD-10-PCS
    family, whose four characters have no title of their own.

    >>> shared_words(["Repair Left Pleura, Open Approach", "Repair Left Pleura, External Approach"])
    'Repair Left Pleura'
    """
    common = set.intersection(*(set(title.split()) for title in titles))
    words = " ".join(word for word in titles[0].split() if word in common)
    return words.removesuffix(" Approach").rstrip(",")
