"""What is searched: the codes of a system in families, with every text that names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codesets.model import Release, Term
from codesets.store.code_store import CodeStore
from index.text.synonyms import house_names


@dataclass(slots=True)
class Family:
    """A code with the codes that complete it, across all releases that have it.

    `releases` maps a release's key to True where the family has no families under it there
    (it is what one reports), False where it is a header to be completed by them.
    """

    code: str
    title: str
    parent: str | None
    releases: dict[str, bool] = field(default_factory=dict)
    texts: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """Families and their distinct texts, before they are embedded."""

    texts: list[str]
    families: list[Family]


def gather(store: CodeStore, system: str) -> Gathered:
    """All families of a system and their texts, out of every loaded release and reference, newest
    first."""
    families: dict[str, Family] = {}
    stems: dict[str, str] = {}
    numbers: dict[str, int] = {}

    def add_text(family: Family, text: str) -> None:
        text = " ".join(text.split())  # one line each
        number = numbers.setdefault(text, len(numbers))
        if number not in family.texts:
            family.texts.append(number)

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
            # What an index of another edition names, and no loaded edition has, leads nowhere.
            named = families.get(stems.get(term.code, term.code))
            if named is not None:
                add_text(named, term.text)
    for name in house_names() if system == "icd10cm" else ():
        named = families.get(stems.get(name.code, name.code))
        if named is not None:
            add_text(named, name.text)
    return Gathered(list(numbers), list(families.values()))


def _add_release(
    store: CodeStore, release: Release, families: dict[str, Family], stems: dict[str, str]
) -> None:
    codes = {code.code: code for code in store.codes(release)}
    titles: dict[str, list[str]] = {}
    for code in codes.values():
        titles.setdefault(code.stem, []).append(code.title)
        stems.setdefault(code.code, code.stem)
    for name, of_members in titles.items():
        stem = codes.get(name)
        title = stem.title if stem else shared_words(of_members)
        family = families.setdefault(name, Family(name, title, stem.parent if stem else None))
        family.releases[release.key] = True
    for code in codes.values():
        if code.parent and code.stem == code.code:
            families[code.parent].releases[release.key] = False


def shared_words(titles: Sequence[str]) -> str:
    """The words that all titles have, in the order of the first: what names an ICD-10-PCS family,
    whose four characters have no title of their own.

    >>> shared_words(["Repair Left Pleura, Open Approach", "Repair Left Pleura, External Approach"])
    'Repair Left Pleura'
    """
    common = set.intersection(*(set(title.split()) for title in titles))
    words = " ".join(word for word in titles[0].split() if word in common)
    return words.removesuffix(" Approach").rstrip(",")
