"""What changed from one edition of a code system to a later one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from codesets.formats import icd10cm
from codesets.model import SYSTEM_NAMES, Code, CodesetError, ConversionRow, Indicators, Release
from codesets.store.code_store import CodeStore

ChangeKind = Literal["added", "deleted", "retitled", "became_header", "became_billable"]

#: In the order in which they are told.
KINDS: tuple[ChangeKind, ...] = (
    "added",
    "deleted",
    "retitled",
    "became_header",
    "became_billable",
)
#: How alike two titles are, of 100, to be offered as similar.
_ALIKE = 75


@dataclass(frozen=True, slots=True)
class Changed:
    """One code that differs. `code` is that of the later edition, of the earlier one where it was
    deleted; `before` is the earlier one where both have it."""

    kind: ChangeKind
    code: Code
    before: Code | None = None


def changes(store: CodeStore, before: Release, after: Release) -> list[Changed]:
    """Every code that differs between two editions of one system, by kind, in published order.

    A code counts as being in an edition when its own dates, where it has such, allow it on the
    edition's first day (HCPCS keeps discontinued codes in its file).
    """
    found: list[Changed] = []
    for name in store.differing(before, after):
        earlier, code = _in_force(store, before, name), _in_force(store, after, name)
        if code is None:
            found += [Changed("deleted", earlier)] if earlier else []
            continue
        if earlier is None:
            found.append(Changed("added", code))
            continue
        if earlier.billable and not code.billable:
            found.append(Changed("became_header", code, earlier))
        elif code.billable and not earlier.billable:
            found.append(Changed("became_billable", code, earlier))
        if _published(earlier) and _published(code) and _revised(store, earlier, code):
            found.append(Changed("retitled", code, earlier))
    return sorted(found, key=lambda change: (KINDS.index(change.kind), change.code.position))


def _in_force(store: CodeStore, release: Release, name: str) -> Code | None:
    code = store.get(release, name)
    return code if code is not None and code.in_force(release.effective_from) else None


def _revised(store: CodeStore, before: Code, after: Code) -> bool:
    """Whether a title was revised between two editions.

    The Tabular List prints accents that the code files have not, and words a few titles otherwise
    than they do. So it was not, where an edition up to the earlier one has the new wording or one
    from the later one on has the old.
    """
    old, new = _plain(before.title), _plain(after.title)
    if old == new:
        return False
    editions = store.editions_with(after.system, after.code)
    labels = [release.label for release in editions]
    wordings = [_plain(code.title) for r in editions if (code := store.get(r, after.code))]
    up_to = wordings[: labels.index(before.release) + 1]
    since = wordings[labels.index(after.release) :]
    return new not in up_to and old not in since


def _plain(title: str) -> str:
    """A title without accents, case and spacing."""
    letters = unicodedata.normalize("NFKD", title.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c) and not c.isspace())


def _published(code: Code) -> bool:
    """Whether the title is the edition's own, and not borrowed or made up for a bare list."""
    return code.title_from is None and code.title != icd10cm.untitled(code.code)


def editions(
    store: CodeStore, before: str, after: str, system: str | None = None
) -> list[tuple[Release, Release]]:
    """The two editions of each system that has both labels, earlier first.

    Raises CodesetError, saying what is loaded, when no system has both.
    """
    found = []
    for name in [system] if system else store.systems:
        by_label = {release.label.lower(): release for release in store.releases(name)}
        one, other = by_label.get(before.lower()), by_label.get(after.lower())
        if one and other and one != other:
            earlier, later = sorted((one, other), key=lambda r: r.effective_from)
            found.append((earlier, later))
    if not found:
        loaded = "; ".join(
            f"{SYSTEM_NAMES[name]} {', '.join(r.label for r in store.releases(name))}"
            for name in store.systems
        )
        raise CodesetError(
            f"No code system is loaded in two editions called {before} and {after}. "
            f"Loaded are: {loaded or 'none'}."
        )
    return found


def replacements(store: CodeStore, code: Code, after: Release) -> list[Code]:
    """The codes of `after` that officially take the place of a deleted one: by the ICD-10-CM
    conversion table, or the cross-references of the HCPCS file; [] where none is loaded."""
    named: Iterator[str]
    if code.system == "hcpcs":
        named = (
            name
            for release in (after, *reversed(store.releases("hcpcs")))
            for row in store.rows(Indicators, release, code=code.code)
            for name in row.cross_references
        )
    else:
        named = (
            row.code
            for reference in store.references.all("conversion", code.system)
            for row in store.references.rows(ConversionRow, reference, previous=code.code)
        )
    found = (store.get(after, name) for name in dict.fromkeys(named))
    return [code for code in found if code is not None]


def similar(
    store: CodeStore, code: Code, after: Release, titles: Mapping[str, str], limit: int = 3
) -> list[Code]:
    """Codes of `after` whose titles are most like that of `code`: suggestions, and no official
    replacement. Those of its own category come before all others. `titles` are those of the
    billable codes of `after`."""
    category = {name: title for name, title in titles.items() if name[:3] == code.code[:3]}
    for pool in (category, titles):
        matches = process.extract(
            code.title, pool, scorer=fuzz.token_sort_ratio, limit=limit, score_cutoff=_ALIKE
        )
        if matches:
            found = (store.get(after, name) for _, _, name in matches)
            return [other for other in found if other is not None]
    return []
