"""The instructional notes that govern a code, and the chapter that it stands in.

A note of the Tabular List holds for everything below the code, section or chapter that it is
printed under, so a code inherits the notes of all that stand above it.
"""

from __future__ import annotations

from collections.abc import Collection

from codesets.model import Code, Division, Note, Release
from codesets.store.code_store import CodeStore


def prepare(store: CodeStore, release: Release, codes: Collection[str]) -> None:
    """Read what `notes_of` needs of these codes in three statements, instead of as many for each
    of them."""
    tabular = _tabular_list(store, release)
    if tabular is None or not codes:
        return
    store.prepare(release, codes)
    names: dict[str, None] = {}
    for name in codes:
        if code := store.get(release, name):
            names |= dict.fromkeys(each.code for each in (code, *store.ancestors(release, code)))
    store.prepare(tabular, names)
    store.prepare_notes(tabular, names)


def notes_of(store: CodeStore, release: Release, code: Code) -> list[Note]:
    """The notes that govern `code`: its own first, then those of each code, section and chapter
    above it, nearest first. [] where no Tabular List is loaded.

    A seventh-character definition replaces the definitions above it. A release that was loaded from
    a code list has no notes; the newest loaded Tabular List gives them, and each note carries the
    label of its own release. A code that this Tabular List does not have inherits only from
    ancestors whose titles are the same in both releases.
    """
    tabular = _tabular_list(store, release)
    if tabular is None:
        return []
    chain = [code, *store.ancestors(release, code)]
    names = [c.code for c in chain]
    if tabular.key == release.key:
        printed = dict(zip(names, chain, strict=True))
    else:
        store.prepare(tabular, names)
        printed = {name: found for name in names if (found := store.get(tabular, name))}
    known = [c for c in chain if c.code in printed]
    if code.code not in printed:
        known = [c for c in known if c.title == printed[c.code].title]
    owners = [("code", c.code) for c in known]
    store.prepare_notes(tabular, [c.code for c in known])
    category = code.code[:3]
    top = printed.get(category) or store.get(tabular, category)
    if top is not None:
        owners += [(d.kind, d.id) for d in _divisions_above(store, tabular, top.section)]
    notes: list[Note] = []
    for owner_kind, owner in owners:
        own = store.notes_under(tabular, owner_kind, owner)
        if any(note.kind == "seventh_character" for note in notes):
            own = tuple(note for note in own if note.kind != "seventh_character")
        notes += own
    return notes


def chapter_of(store: CodeStore, release: Release, code: Code) -> str | None:
    """The number of the chapter that `code` stands in; None where no loaded Tabular List says."""
    tabular = _tabular_list(store, release)
    above = _divisions_above(store, tabular, code.section) if tabular else []
    return above[-1].id if above else None


def _tabular_list(store: CodeStore, release: Release) -> Release | None:
    """The release whose notes are used for `release`: itself, else the newest that has notes."""
    if release.has_notes:
        return release
    with_notes = [r for r in store.releases(release.system) if r.has_notes]
    return with_notes[-1] if with_notes else None


def _divisions_above(store: CodeStore, release: Release, section: str | None) -> list[Division]:
    """The section with this id and everything that encloses it, the chapter last."""
    divisions = store.divisions(release)
    above = []
    parent = section
    while parent:
        # A section's parent is an enclosing section, else its chapter.
        division = divisions.get(("section", parent)) or divisions.get(("chapter", parent))
        if division is None:
            break
        above.append(division)
        parent = division.parent
    return above
