"""What changed from one release of a code system to a later one."""

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

#: In the order in which they are listed.
KINDS: tuple[ChangeKind, ...] = (
    "added",
    "deleted",
    "retitled",
    "became_header",
    "became_billable",
)
#: The least similarity, from 0 to 100, of titles that are suggested (rapidfuzz's token_sort_ratio).
_ALIKE = 75


@dataclass(frozen=True, slots=True)
class Changed:
    """One code that differs. `code` is from the later release, or from the earlier one where it was
    deleted. `before` is from the earlier release, where both have it."""

    kind: ChangeKind
    code: Code
    before: Code | None = None


def changes(store: CodeStore, before: Release, after: Release) -> list[Changed]:
    """Every code that differs between two releases of one system, by kind, in published order.

    A code with its own dates counts as part of a release only if they include the first day of the
    release (HCPCS keeps discontinued codes in its file).
    """
    differences: list[Changed] = []
    differing = store.differing(before, after)
    old, new = store.get_many(before, differing), store.get_many(after, differing)
    for name in differing:
        earlier, code = _in_force(old.get(name), before), _in_force(new.get(name), after)
        if code is None:
            differences += [Changed("deleted", earlier)] if earlier else []
            continue
        if earlier is None:
            differences.append(Changed("added", code))
            continue
        if earlier.billable and not code.billable:
            differences.append(Changed("became_header", code, earlier))
        elif code.billable and not earlier.billable:
            differences.append(Changed("became_billable", code, earlier))
        if _published(earlier) and _published(code) and _revised(store, earlier, code):
            differences.append(Changed("retitled", code, earlier))
    return sorted(differences, key=lambda change: (KINDS.index(change.kind), change.code.position))


def _in_force(code: Code | None, release: Release) -> Code | None:
    return code if code is not None and code.in_force(release.effective_from) else None


def _revised(store: CodeStore, before: Code, after: Code) -> bool:
    """Whether a title was revised between two releases.

    The Tabular List prints accents that the code files lack, and words a few titles differently. So
    a title counts as unchanged where a release up to the earlier one has the new wording, or one
    from the later one on has the old wording.
    """
    old, new = _plain(before.title), _plain(after.title)
    if old == new:
        return False
    releases = store.releases_with(after.system, after.code)
    labels = [release.label for release in releases]
    wordings = [_plain(code.title) for r in releases if (code := store.get(r, after.code))]
    up_to = wordings[: labels.index(before.release) + 1]
    since = wordings[labels.index(after.release) :]
    return new not in up_to and old not in since


def _plain(title: str) -> str:
    """A title in lower case, without accents and spaces."""
    letters = unicodedata.normalize("NFKD", title.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c) and not c.isspace())


def _published(code: Code) -> bool:
    """Whether the title was published with the release, not borrowed or made up for a code list."""
    return code.title_from is None and code.title != icd10cm.untitled(code.code)


def releases_named(
    store: CodeStore, before: str, after: str, system: str | None = None
) -> list[tuple[Release, Release]]:
    """(earlier, later) for each system that has a release with each of the two labels.

    Raises CodesetError when no system has both; the message lists what is loaded.
    """
    pairs = []
    for name in [system] if system else store.systems:
        by_label = {release.label.lower(): release for release in store.releases(name)}
        one, other = by_label.get(before.lower()), by_label.get(after.lower())
        if one and other and one != other:
            earlier, later = sorted((one, other), key=lambda r: r.effective_from)
            pairs.append((earlier, later))
    if not pairs:
        loaded = "; ".join(
            f"{SYSTEM_NAMES[name]} {', '.join(r.label for r in store.releases(name))}"
            for name in store.systems
        )
        raise CodesetError(
            f"No code system is loaded in two editions called {before} and {after}. "
            f"Loaded are: {loaded or 'none'}."
        )
    return pairs


def replacements(store: CodeStore, code: Code, after: Release) -> list[Code]:
    """The codes of `after` that officially replace a deleted one, by the ICD-10-CM conversion table
    or the cross-references of the HCPCS file; [] where none is loaded."""
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
    codes = (store.get(after, name) for name in dict.fromkeys(named))
    return [replacement for replacement in codes if replacement is not None]


def similar(
    store: CodeStore, code: Code, after: Release, titles: Mapping[str, str], limit: int = 3
) -> list[Code]:
    """At most `limit` codes of `after` whose titles are most similar to that of `code`:
    suggestions, not official replacements. Other categories are only searched when its own has
    none. `titles` are the titles of the billable codes of `after`, by code."""
    category = {name: title for name, title in titles.items() if name[:3] == code.code[:3]}
    for pool in (category, titles):
        matches = process.extract(
            code.title, pool, scorer=fuzz.token_sort_ratio, limit=limit, score_cutoff=_ALIKE
        )
        if matches:
            codes = (store.get(after, name) for _, _, name in matches)
            return [other for other in codes if other is not None]
    return []
