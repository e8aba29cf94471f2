"""Checks that a list is whole before it is loaded.

A download that was cut off, or a part of a list, must not replace an edition: every code that it
lacks would be called unknown. Official files do not say how many codes they have. A list is not
whole when one of these checks fails:

* The last line of a text file has a line end, as in every official file (`is_cut`).
* The numbers of an order file count its lines from one, and each code has its category.
* The list is similar to its neighbours: the same edition, if it is loaded already, and the nearest
  one before and after it. It does not have many fewer codes, it begins and ends where they do, and
  it has codes with every first character that an earlier edition has.

The first list of its kind has no neighbours, so only the first two checks apply to it.
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

#: The least number of entries, as a share of a neighbouring edition's. From one edition to the
#: next, lists of CDC and CMS grow, or lose a hundredth. But products move between CMS's several
#: crosswalks of drugs: one that was at hand had 14% fewer than that of the quarter before. Mappings
#: of HCCs drop a whole model when it is no longer used.
_SHARE, _SHARE_OF = 0.9, {"asp": 0.75, "hcc": 0.75}
#: The share is lower by this much for each further year between the two, because lists grow; and
#: the lowest share.
_PER_YEAR, _LEAST = 0.04, 0.5
#: The same for one part of an edition, compared with an edition that was published in one file.
_SHARE_OF_PART = 0.1
#: How many characters of the first and the last code are compared: those of a category, a section,
#: a kind of supply.
_END = {"icd10cm": 3, "icd10pcs": 1, "hcpcs": 2, "cpt": 2, "icd11": 2}
#: References that only grow: how much a later edition has says nothing of an earlier one.
_CUMULATIVE = ("conversion",)
#: References that are read from tables which others make of a publication.
_NO_FILES_OF_CMS = ("mce", "hcc_labels", "hcc_hierarchies", "hcc_edits")
#: References that may become smaller from one edition to the next, and whose last line need not
#: end: a zip of CMS, which is checked when it is unpacked, and tables that the customer wrote.
_OF_ANY_SIZE = ("coverage", "policies")


class NotWhole(CodesetError):
    """A list is not whole; the message says what it lacks, and how to load it nevertheless."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a release or reference was read from: its name, and its path (`text`) where it is
    a text file, else None."""

    name: str
    text: Path | None
    is_order_file: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of entries of a release or reference, by the first characters of their codes."""

    groups: Mapping[str, int]

    @property
    def count(self) -> int:
        return sum(self.groups.values())

    @property
    def letters(self) -> set[str]:
        return {group[:1] for group in self.groups}

    def ends(self, length: int) -> tuple[str, str]:
        """The first `length` characters of its first and of its last code."""
        starts = [group[:length] for group in self.groups]
        return min(starts), max(starts)


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """An edition to compare with. It begins `years` after the one that is checked; negative:
    before it."""

    label: str
    extent: Extent
    years: float


class Editions:
    """The releases and references that a list is compared with: those that are loaded, and those
    that are imported together with it (`coming`)."""

    def __init__(self, store: CodeStore, coming: Iterable[ReleaseData | ReferenceData]) -> None:
        self._store = store
        self._coming = {_edition_of(data).key: data for data in coming}
        self._extents: dict[str, Extent] = {}

    def lacking(self, data: ReleaseData | ReferenceData, sources: Sequence[Source]) -> str | None:
        """What a list lacks, as a sentence without a full stop; None when every check passes.
        `sources` are the files that it was read from."""
        if isinstance(data, ReferenceData) and data.reference.kind in _OF_ANY_SIZE:
            return None
        edition = _edition_of(data)
        # Tables made of what CMS prints end without a line end, and are whole.
        made = isinstance(edition, Reference) and edition.kind in _NO_FILES_OF_CMS
        files = () if made else sources
        checks = chain(_in_files(files), _without_category(data), self._by_neighbours(data))
        return next(checks, None)

    def _by_neighbours(self, data: ReleaseData | ReferenceData) -> Iterator[str]:
        edition = _edition_of(data)
        extent = self._extent(edition)
        for neighbour in self._neighbours(edition):
            yield from _fewer(extent, neighbour, _SHARE_OF.get(_kind(edition)[0] or "", _SHARE))
            if isinstance(edition, Release):
                yield from _ends(extent, neighbour, _END[edition.system])
        if isinstance(edition, Reference) and edition.part:
            yield from self._fewer_than_of_a_part(edition, extent)

    def _neighbours(self, edition: Release | Reference) -> Iterator[_Neighbour]:
        """The same edition, if it is loaded, and the nearest ones before and after it."""
        alike = [other for other in self._known() if _kind(other) == _kind(edition)]
        before = [other for other in alike if other.effective_from < edition.effective_from]
        after = [other for other in alike if other.effective_from > edition.effective_from]
        if isinstance(edition, Reference) and edition.kind in _CUMULATIVE:
            after = []
        loaded = {other.key: other for other in self._loaded()}
        if edition.key in loaded:
            yield _Neighbour(edition.label, self._stored(loaded[edition.key]), 0.0)
        for other in (*sorted(before, key=_first)[-1:], *sorted(after, key=_first)[:1]):
            years = (other.effective_from - edition.effective_from).days / 365.25
            yield _Neighbour(other.label, self._extent(other), years)

    def _fewer_than_of_a_part(self, reference: Reference, extent: Extent) -> Iterator[str]:
        """Compare a part with the nearest edition that was published in one file."""
        in_one_file = [
            other
            for other in self._known()
            if isinstance(other, Reference)
            and _kind(other)[:-1] == _kind(reference)[:-1]
            and other.part is None
        ]
        if in_one_file:
            nearest = min(in_one_file, key=lambda other: other.days_away(reference.effective_from))
            usual, label = self._extent(nearest).count, nearest.label
            if extent.count < _SHARE_OF_PART * usual:
                yield f"it has {extent.count:,} entries, and {label} has {usual:,} in one file"

    def _loaded(self) -> list[Release | Reference]:
        return [*self._store.releases(), *self._store.references.all()]

    def _known(self) -> list[Release | Reference]:
        coming = {key: _edition_of(data) for key, data in self._coming.items()}
        return list(({other.key: other for other in self._loaded()} | coming).values())

    def _extent(self, edition: Release | Reference) -> Extent:
        """The extent of what is imported with the list under this key, else of what is loaded."""
        if edition.key not in self._extents:
            data = self._coming.get(edition.key)
            self._extents[edition.key] = _extent(data) if data else self._stored(edition)
        return self._extents[edition.key]

    def _stored(self, edition: Release | Reference) -> Extent:
        if isinstance(edition, Reference):
            return Extent(self._store.references.groups(edition))
        return Extent(self._store.groups(edition))


def not_whole(names: str, lacks: str) -> str:
    """The sentences for a list that is not whole: `names` of its files, `lacks` from
    `Editions.lacking`."""
    return (
        f"{names} is not whole: {lacks}. Nothing of it was loaded: download it again, or add "
        "--partial to load what it has."
    )


def _edition_of(data: ReleaseData | ReferenceData) -> Release | Reference:
    return data.release if isinstance(data, ReleaseData) else data.reference


def _kind(edition: Release | Reference) -> tuple[str | None, ...]:
    """What a release or reference is an edition of."""
    if isinstance(edition, Release):
        return ("codes", edition.system)
    return (edition.kind, edition.system, edition.setting, edition.part)


def _first(edition: Release | Reference) -> dt.date:
    return edition.effective_from


def _extent(data: ReleaseData | ReferenceData) -> Extent:
    if isinstance(data, ReferenceData):
        return Extent(row_tables.groups_of(data.rows))
    return Extent(Counter(code.code[:3] for code in data.codes))


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
    # The number has five digits.
    if int(last[:5]) != number % 100_000:
        yield f"the last line of {source.name} has the number {last[:5]} and is line {number:05}"


def _without_category(data: ReleaseData | ReferenceData) -> Iterator[str]:
    if isinstance(data, ReferenceData) or data.release.system != "icd10cm":
        return
    names = {code.code for code in data.codes}
    lost = [code.code for code in data.codes if code.code[:3] not in names]
    if lost:
        yield f"it has codes without their category: {', '.join(lost[:3])}"


def _fewer(extent: Extent, neighbour: _Neighbour, share: float) -> Iterator[str]:
    share = max(_LEAST, share - _PER_YEAR * max(0.0, abs(neighbour.years) - 1))
    usual = neighbour.extent.count
    if extent.count < share * usual:
        yield f"it has {extent.count:,} entries, and {neighbour.label} has {usual:,}"
        return
    missing = sorted(filter(None, neighbour.extent.letters - extent.letters))
    if missing and neighbour.years <= 0:
        yield f"it has no codes that begin with {', '.join(missing)}, and {neighbour.label} has"


def _ends(extent: Extent, neighbour: _Neighbour, length: int) -> Iterator[str]:
    first, last = extent.ends(length)
    from_, to = neighbour.extent.ends(length)
    if first > from_ or last < to:
        yield f"it goes from {first} to {last}, and {neighbour.label} from {from_} to {to}"
