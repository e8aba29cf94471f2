"""Whether a list is whole: a download that was cut off, or a part of a list, must not take the
place of an edition, for every code that it lacks would be called unknown.

An official file does not say how much it holds. What tells is:

* its last line, which has an end in every official text file (`is_cut`);
* an order file's own numbers, which count its lines from one, and its headers: a code whose
  category is not there has lost its heading;
* the editions beside it: the same one, if it is loaded already, and the nearest one before and
  after it. An edition has not many fewer codes than those, begins and ends where they do, and has
  codes of every first character that an earlier one has.

A first list of its kind has no edition beside it, and only the first two can tell.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from codesets.formats.text_files import is_cut, lines_of
from codesets.model import CodesetError, Reference, ReferenceData, Release, ReleaseData
from codesets.store import row_tables
from codesets.store.code_store import CodeStore

#: The share of a neighbouring edition's entries that an edition has at least. From one to the
#: next, lists of CDC and CMS grow, or lose a hundredth; but products move between CMS's several
#: crosswalks of drugs, and one that was at hand had 14% fewer than the quarter before it.
_SHARE, _SHARE_OF = 0.9, {"asp": 0.75}
#: What is taken off it for each further year between the two, and what stays of it: lists grow.
_PER_YEAR, _LEAST = 0.04, 0.5
#: What a part has at least of an edition that was published in one file.
_SHARE_OF_PART = 0.1
#: Characters that tell where a list begins and ends: a category, a section, a kind of supply.
_END = {"icd10cm": 3, "icd10pcs": 1, "hcpcs": 2, "cpt": 2}
#: Books that go on for ever: a later edition says nothing of how much an earlier one had.
_CUMULATIVE = ("conversion",)


class NotWhole(CodesetError):
    """A list that lacks something; the message says what, and how to load it all the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that an edition or reference was read from: its name, and its text where it is
    text."""

    name: str
    text: Path | None
    is_order_file: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """What an edition or reference covers: how many entries, by the first characters of their
    codes."""

    groups: Mapping[str, int]

    @property
    def count(self) -> int:
        return sum(self.groups.values())

    @property
    def letters(self) -> set[str]:
        return {group[:1] for group in self.groups}

    def ends(self, length: int) -> tuple[str, str]:
        """Where it begins and ends, to so many characters."""
        starts = [group[:length] for group in self.groups]
        return min(starts), max(starts)


@dataclass(frozen=True, slots=True)
class _Beside:
    """An edition to compare with; `years` from the one that is compared, negative if before it."""

    label: str
    extent: Extent
    years: float


class Editions:
    """All editions and references that a list can be compared with: the loaded ones, and those that
    are about to be loaded with it."""

    def __init__(self, store: CodeStore, coming: Iterable[ReleaseData | ReferenceData]) -> None:
        self._store = store
        self._coming = {_of(what).key: what for what in coming}
        self._extents: dict[str, Extent] = {}

    def lacking(self, what: ReleaseData | ReferenceData, sources: Sequence[Source]) -> str | None:
        """What a list lacks, in a sentence without its end; None when nothing tells of any."""
        told = chain(_in_files(sources), _without_category(what), self._beside(what))
        return next(told, None)

    def _beside(self, what: ReleaseData | ReferenceData) -> Iterator[str]:
        of = _of(what)
        extent = self._extent(of)
        for beside in self._neighbours(of):
            yield from _fewer(extent, beside, _SHARE_OF.get(_kind(of)[0] or "", _SHARE))
            if isinstance(of, Release):
                yield from _ends(extent, beside, _END[of.system])
        if isinstance(of, Reference) and of.part:
            yield from self._fewer_than_of_a_part(of, extent)

    def _neighbours(self, of: Release | Reference) -> Iterator[_Beside]:
        """The same edition as it is loaded, the nearest one before it and the nearest after it."""
        alike = [other for other in self._known() if _kind(other) == _kind(of)]
        before = [other for other in alike if other.effective_from < of.effective_from]
        after = [other for other in alike if other.effective_from > of.effective_from]
        if isinstance(of, Reference) and of.kind in _CUMULATIVE:
            after = []
        loaded = {other.key: other for other in self._loaded()}
        if of.key in loaded:
            yield _Beside(of.label, self._stored(loaded[of.key]), 0.0)
        for other in (*sorted(before, key=_first)[-1:], *sorted(after, key=_first)[:1]):
            years = (other.effective_from - of.effective_from).days / 365.25
            yield _Beside(other.label, self._extent(other), years)

    def _fewer_than_of_a_part(self, reference: Reference, extent: Extent) -> Iterator[str]:
        """A part beside an edition that was published in one file."""
        ones = [
            other
            for other in self._known()
            if isinstance(other, Reference)
            and _kind(other)[:-1] == _kind(reference)[:-1]
            and other.part is None
        ]
        if ones:
            one = min(ones, key=lambda other: other.days_away(reference.effective_from))
            usual = self._extent(one).count
            if extent.count < _SHARE_OF_PART * usual:
                yield f"it has {extent.count:,} entries, and {one.label} has {usual:,} in one file"

    def _loaded(self) -> list[Release | Reference]:
        return [*self._store.releases(), *self._store.references.all()]

    def _known(self) -> list[Release | Reference]:
        coming = {key: _of(what) for key, what in self._coming.items()}
        return list(({other.key: other for other in self._loaded()} | coming).values())

    def _extent(self, of: Release | Reference) -> Extent:
        """That of what is coming, else of what is loaded."""
        if of.key not in self._extents:
            what = self._coming.get(of.key)
            self._extents[of.key] = _extent(what) if what else self._stored(of)
        return self._extents[of.key]

    def _stored(self, of: Release | Reference) -> Extent:
        if isinstance(of, Reference):
            return Extent(self._store.references.groups(of))
        return Extent(self._store.groups(of))


def told(names: str, lacks: str) -> str:
    """The sentence for a list that is not whole."""
    return (
        f"{names} is not whole: {lacks}. Nothing of it was loaded: download it again, or add "
        "--partial to load what it has."
    )


def _of(what: ReleaseData | ReferenceData) -> Release | Reference:
    return what.release if isinstance(what, ReleaseData) else what.reference


def _kind(of: Release | Reference) -> tuple[str | None, ...]:
    """What it is an edition of."""
    if isinstance(of, Release):
        return ("codes", of.system)
    return (of.kind, of.system, of.setting, of.part)


def _first(of: Release | Reference) -> dt.date:
    return of.effective_from


def _extent(what: ReleaseData | ReferenceData) -> Extent:
    if isinstance(what, ReferenceData):
        return Extent(row_tables.groups_of(what.rows))
    return Extent(Counter(code.code[:3] for code in what.codes))


def _in_files(sources: Sequence[Source]) -> Iterator[str]:
    for source in sources:
        if source.text is None:
            continue
        if is_cut(source.text):
            yield f"the last line of {source.name} breaks off"
        elif source.is_order_file:
            yield from _miscounted(source)


def _miscounted(source: Source) -> Iterator[str]:
    assert source.text is not None
    number, last = 0, ""
    for line in lines_of(source.text):
        if line.strip():
            number, last = number + 1, line
    # The number has five places.
    if int(last[:5]) != number % 100_000:
        yield f"the last line of {source.name} has the number {last[:5]} and is line {number:05}"


def _without_category(what: ReleaseData | ReferenceData) -> Iterator[str]:
    if isinstance(what, ReferenceData) or what.release.system != "icd10cm":
        return
    names = {code.code for code in what.codes}
    lost = [code.code for code in what.codes if code.code[:3] not in names]
    if lost:
        yield f"it has codes without their category: {', '.join(lost[:3])}"


def _fewer(extent: Extent, beside: _Beside, share: float) -> Iterator[str]:
    share = max(_LEAST, share - _PER_YEAR * max(0.0, abs(beside.years) - 1))
    usual = beside.extent.count
    if extent.count < share * usual:
        yield f"it has {extent.count:,} entries, and {beside.label} has {usual:,}"
        return
    missing = sorted(filter(None, beside.extent.letters - extent.letters))
    if missing and beside.years <= 0:
        yield f"it has no codes that begin with {', '.join(missing)}, and {beside.label} has"


def _ends(extent: Extent, beside: _Beside, length: int) -> Iterator[str]:
    first, last = extent.ends(length)
    from_, to = beside.extent.ends(length)
    if first > from_ or last < to:
        yield f"it goes from {first} to {last}, and {beside.label} from {from_} to {to}"
