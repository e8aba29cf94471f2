"""Checks a code list against its predecessor with the addenda that came with it.

The addenda say what was added, deleted and revised (codesets/formats/addenda.py). The edition
before with these changes must be the edition itself, code by code. If it is not, one of the two
lists or the addenda are of another edition, or not whole.

Titles are compared, too, and counted by themselves: the titles of a Tabular List are worded a
little differently from those of the order file of the same edition ("Charcôt's", "Charcot's").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from codesets.code_format import dot, undot
from codesets.formats import icd10cm
from codesets.formats.addenda import Addenda
from codesets.model import SYSTEM_NAMES, Code, Release, System
from codesets.store.code_store import CodeStore

#: So many codes are named where lists differ.
_NAMED = 3

#: (whether it is billable, title), by undotted code. A title of a later edition that a header has
#: borrowed is None.
_Listed = dict[str, tuple[bool, str | None]]


def checked(
    store: CodeStore, system: System, label: str, effective_from: dt.date, addenda: Addenda
) -> str:
    """What a check of the list of this edition finds, as a sentence without a full stop. Lists that
    are not loaded are not compared, and the sentence says so."""
    editions = {release.label: release for release in store.releases(system)}
    name = f"{SYSTEM_NAMES[system]} {label}"
    if label not in editions:
        return f"the list of {name} is not loaded, so there is nothing to check with it yet"
    now = _listed(store, editions[label], addenda)
    billable = sum(is_billable for is_billable, _ in now.values())
    if addenda.total is not None and addenda.total != billable:
        return (
            f"{name} DIFFERS from them: the list has {billable:,} billable codes, and the addenda "
            f"count {addenda.total:,}. Download both again"
        )
    before = _before(editions.values(), effective_from)
    if not _with_headers(system, addenda):
        addenda = replace(addenda, changes=tuple(c for c in addenda.changes if c.billable))
    expected = _changed(_listed(store, before, addenda) if before else {}, addenda)
    if before is None:
        # Of the list alone only the codes that the addenda name can be checked.
        named = {change.code for change in addenda.changes}
        now = {code: listed for code, listed in now.items() if code in named}
    if differing := _differing(now, expected):
        against = f"{before.label} with these changes" if before else "these changes"
        return (
            f"{name} DIFFERS from {against} in {len(differing):,} codes "
            f"({_some(differing, system)}). Download the list and its addenda again"
        )
    if before is None:
        return (
            f"{name} agrees with them ({_counted(addenda)}); the edition before is not loaded, so "
            "the other codes were not compared"
        )
    found = f"{before.label} with these changes ({_counted(addenda)}) is {name}, code by code"
    if retitled := _retitled(now, expected):
        found += (
            f"; titles worded otherwise in one of the two: {len(retitled):,} "
            f"({_some(retitled, system)})"
        )
    return found


def _before(editions: Iterable[Release], begins: dt.date) -> Release | None:
    """The edition that was in force until this one began. One that ended earlier is of no use: the
    changes between are unknown."""
    earlier = [r for r in editions if r.effective_from < begins]
    latest = max(earlier, key=lambda release: release.effective_from, default=None)
    if latest is None or latest.effective_through < begins - dt.timedelta(days=1):
        return None
    return latest


def _listed(store: CodeStore, release: Release, addenda: Addenda) -> _Listed:
    """The codes of a release; its headers only where the addenda name them, too. (What heads a
    table of ICD-10-PCS is no code of a release.)"""
    return {
        undot(code.code): (code.billable, code.title if _is_own(code) else None)
        for code in store.codes(release)
        if code.billable or _with_headers(release.system, addenda)
    }


def _is_own(code: Code) -> bool:
    """Whether the title of a code is that of its edition, and not borrowed or made up."""
    return code.title_from is None and code.title != icd10cm.untitled(code.code)


def _with_headers(system: System, addenda: Addenda) -> bool:
    return addenda.headers and system == "icd10cm"


def _changed(listed: _Listed, addenda: Addenda) -> _Listed:
    """A list after the changes. A code that becomes a header is deleted and added again."""
    after = dict(listed)
    for change in addenda.changes:
        if change.action == "Delete":
            after.pop(change.code, None)
    for change in addenda.changes:
        if change.action in ("Add", "Revise to"):
            after[change.code] = (change.billable, change.title)
    return after


def _differing(now: _Listed, expected: _Listed) -> list[str]:
    """The codes that only one of two lists has, or only one has as billable."""
    billable, awaited = (
        {code: is_billable for code, (is_billable, _) in listed.items()}
        for listed in (now, expected)
    )
    return sorted(
        code for code in billable.keys() | awaited.keys() if billable.get(code) != awaited.get(code)
    )


def _retitled(now: _Listed, expected: _Listed) -> list[str]:
    """The codes whose titles are not the same in two lists that have the same codes."""
    return sorted(
        code
        for code, (_, title) in now.items()
        if title and expected[code][1] and title != expected[code][1]
    )


def _counted(addenda: Addenda) -> str:
    counts = {
        words: sum(change.action == action for change in addenda.changes)
        for action, words in (("Add", "added"), ("Delete", "deleted"), ("Revise to", "retitled"))
    }
    return ", ".join(f"{count:,} {words}" for words, count in counts.items())


def _some(codes: Sequence[str], system: System) -> str:
    named = [dot(code) if system == "icd10cm" else code for code in codes[:_NAMED]]
    return ", ".join(named) + (", …" if len(codes) > _NAMED else "")
