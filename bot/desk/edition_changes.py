"""What changed between editions, as an answer to a question about it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from bot.desk.answer import Change, Changes, CodeTitle, Reason, reason
from bot.desk.intent import Inquiry
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


def answer(store: CodeStore, asked: Inquiry, today: dt.date) -> Changes | Reason:
    """What changed, or the reason why it cannot be told: the editions are not loaded."""
    try:
        before, after = _editions(store, asked, today)
    except _NoSuchEditions as error:
        return error.reason
    except CodesetError as error:
        return reason("desk.refused", why=str(error))
    return told(store, before, after, asked.about)


def _editions(store: CodeStore, asked: Inquiry, today: dt.date) -> tuple[Release, Release]:
    loaded = store.releases(asked.system)
    name = SYSTEM_NAMES[asked.system]
    if len(loaded) < 2:
        labels = ", ".join(release.label for release in loaded) or "-"
        raise _NoSuchEditions(reason("news.one_edition", system=name, loaded=labels))
    if len(asked.editions) > 1:
        one, other = asked.editions[:2]
        ((before, after),) = edition_diff.releases_named(store, one, other, asked.system)
        return before, after
    after = _later(loaded, asked, today)
    earlier = [r for r in loaded if r.effective_from < after.effective_from]
    if not earlier:
        raise _NoSuchEditions(reason("news.nothing_earlier", system=name, label=after.label))
    return earlier[-1], after


def _later(loaded: Sequence[Release], asked: Inquiry, today: dt.date) -> Release:
    """The edition whose changes are asked for: the one named, the one of that month, else the
    newest that is in force."""
    if asked.editions:
        wanted = asked.editions[0].lower()
        found = [r for r in loaded if r.label.lower() == wanted]
        missing = asked.editions[0]
    elif asked.month or asked.year:
        year = asked.year or today.year
        first_months = [asked.month] if asked.month else [10, 4, 7, 1]
        found = [
            r
            for month in first_months
            for r in loaded
            if (r.effective_from.month, r.effective_from.year) == (month, year)
        ]
        missing = f"{months.NAMES[first_months[0] - 1]} {year}"
    else:
        return next((r for r in reversed(loaded) if r.effective_from <= today), loaded[-1])
    if not found:
        name, labels = SYSTEM_NAMES[asked.system], ", ".join(r.label for r in loaded)
        raise _NoSuchEditions(
            reason("news.not_loaded", system=name, edition=missing, loaded=labels)
        )
    return found[0]


def told(
    store: CodeStore, before: Release, after: Release, about: str = "", most: int | None = _MOST
) -> Changes:
    """The changes between two editions in what `about` names, all of them when it is empty;
    `most` are listed, some of each kind, all when it is None."""
    found = edition_diff.changes(store, before, after)
    if about:
        found = [change for change in found if _is_about(store, before, after, change, about)]
    counts = Counter(change.kind for change in found)
    listed = some_of_each(found, most)
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
    store: CodeStore, before: Release, after: Release, change: Changed, about: str
) -> bool:
    lexicon = Lexicon.shipped()
    wanted = read(" ".join(lexicon.spell_out(lexicon.typed(about)))).stems
    release = before if change.kind == "deleted" else after
    chain = [change.code, *store.ancestors(release, change.code)]
    titles = " ".join(
        [*(code.title for code in chain), change.before.title if change.before else ""]
    )
    return wanted <= read(titles).stems


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
    """At most so many changes, in their order, with a fair share of each kind: the few deletions
    of an edition are not to be hidden by its many additions. All when `most` is None."""
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
