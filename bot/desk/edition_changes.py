"""What changed between editions, as an answer to a question about it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from bot.desk.answer import Change, Changes, CodeTitle
from bot.desk.intent import Inquiry
from bot.desk.reasons import Reason, reason
from codesets import months
from codesets.lookups import edition_diff
from codesets.lookups.edition_diff import Changed
from codesets.model import SYSTEM_NAMES, Code, CodesetError, Release
from codesets.store.code_store import CodeStore
from index.text.lexicon import Lexicon
from index.text.tokens import read

#: Changes listed in an answer; all are counted.
_MOST = 200


class _NoSuchEditions(Exception):
    """The editions that are asked for are not loaded; `reason` says which are."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.key)
        self.reason = reason


def answer(store: CodeStore, inquiry: Inquiry, today: dt.date) -> Changes | Reason:
    """What changed; or, when the editions are not loaded, a reason that says so."""
    try:
        before, after = _editions(store, inquiry, today)
    except _NoSuchEditions as error:
        return error.reason
    except CodesetError as error:
        return reason("desk.refused", why=str(error))
    return compared(store, before, after, inquiry.about)


def _editions(store: CodeStore, inquiry: Inquiry, today: dt.date) -> tuple[Release, Release]:
    loaded = store.releases(inquiry.system)
    name = SYSTEM_NAMES[inquiry.system]
    if len(loaded) < 2:
        labels = ", ".join(release.label for release in loaded) or "-"
        raise _NoSuchEditions(reason("news.one_edition", system=name, loaded=labels))
    if len(inquiry.editions) > 1:
        one, other = inquiry.editions[:2]
        ((before, after),) = edition_diff.releases_named(store, one, other, inquiry.system)
        return before, after
    after = _later(loaded, inquiry, today)
    earlier = [r for r in loaded if r.effective_from < after.effective_from]
    if not earlier:
        raise _NoSuchEditions(reason("news.nothing_earlier", system=name, label=after.label))
    return earlier[-1], after


def _later(loaded: Sequence[Release], inquiry: Inquiry, today: dt.date) -> Release:
    """The edition whose changes are asked for: the one named, else the one of the month or year
    named, else the newest in force. Raises _NoSuchEditions."""
    if inquiry.editions:
        label = inquiry.editions[0].lower()
        matches = [r for r in loaded if r.label.lower() == label]
        missing = inquiry.editions[0]
    elif inquiry.month or inquiry.year:
        year = inquiry.year or today.year
        first_months = [inquiry.month] if inquiry.month else [10, 4, 7, 1]
        matches = [
            r
            for month in first_months
            for r in loaded
            if (r.effective_from.month, r.effective_from.year) == (month, year)
        ]
        missing = f"{months.NAMES[first_months[0] - 1]} {year}"
    else:
        return next((r for r in reversed(loaded) if r.effective_from <= today), loaded[-1])
    if not matches:
        name, labels = SYSTEM_NAMES[inquiry.system], ", ".join(r.label for r in loaded)
        raise _NoSuchEditions(
            reason("news.not_loaded", system=name, edition=missing, loaded=labels)
        )
    return matches[0]


def compared(
    store: CodeStore, before: Release, after: Release, about: str = "", most: int | None = _MOST
) -> Changes:
    """The changes between two editions: those about `about`, or all when it is "". At most `most`
    are listed, with a share of each kind; all when it is None."""
    changes = edition_diff.changes(store, before, after)
    if about:
        lexicon = Lexicon.shipped()
        stems = read(" ".join(lexicon.spell_out(lexicon.typed(about)))).stems
        for release in (before, after):
            parents = [c.code.parent for c in changes if c.code.release == release.label]
            store.prepare(release, [parent for parent in parents if parent])
        changes = [change for change in changes if _is_about(store, before, after, change, stems)]
    counts = Counter(change.kind for change in changes)
    listed = some_of_each(changes, most)
    titles = store.titles(after) if any(c.kind == "deleted" for c in listed) else {}
    return Changes(
        system=after.system,
        before=before.label,
        after=after.label,
        about=about,
        counts={kind: counts[kind] for kind in edition_diff.KINDS},
        listed=[_shown(store, change, after, titles) for change in listed],
    )


def _is_about(
    store: CodeStore, before: Release, after: Release, change: Changed, stems: frozenset[str]
) -> bool:
    release = before if change.kind == "deleted" else after
    chain = [change.code, *store.ancestors(release, change.code)]
    titles = " ".join(
        [*(code.title for code in chain), change.before.title if change.before else ""]
    )
    return stems <= read(titles).stems


def _shown(store: CodeStore, change: Changed, after: Release, titles: Mapping[str, str]) -> Change:
    replaced: list[Code] = []
    similar: list[Code] = []
    if change.kind == "deleted":
        replaced = edition_diff.replacements(store, change.code, after)
        if not replaced and change.code.billable:
            similar = edition_diff.similar(store, change.code, after, titles)
    return Change(
        kind=change.kind,
        code=change.code.code,
        title=change.code.title,
        before=change.before.title if change.kind == "retitled" and change.before else "",
        replaced_by=[CodeTitle(c.code, c.title) for c in replaced],
        similar=[CodeTitle(c.code, c.title) for c in similar],
    )


class _OfAKind(Protocol):
    @property
    def kind(self) -> str: ...


C = TypeVar("C", bound=_OfAKind)


def some_of_each(changes: Sequence[C], most: int | None) -> list[C]:
    """At most `most` changes, in their order, with a fair share of each kind, so that the few
    deletions of an edition are not hidden by its many additions. All when `most` is None."""
    if most is None or len(changes) <= most:
        return list(changes)
    sizes = Counter(change.kind for change in changes)
    shares: dict[str, int] = {}
    for number, (kind, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        left = most - sum(shares.values())
        shares[kind] = min(size, left // (len(sizes) - number))
    chosen = []
    for change in changes:
        if shares[change.kind]:
            shares[change.kind] -= 1
            chosen.append(change)
    return chosen
