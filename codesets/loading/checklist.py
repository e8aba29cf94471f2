"""What is loaded for a day, what is missing, and how each missing thing is had.

This is the one list of what an installation should have: `codedesk setup`, `codedesk run`,
`codedesk codesets list` and the Home tab in Slack word it. Dates decide: an edition that has ended
is missing as one that was never loaded is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codesets.loading.catalogue import CATALOGUE, Entry, read_catalogue
from codesets.loading.freshness import Standing, standing
from codesets.model import ReferenceKind, System
from codesets.store.code_store import CodeStore

#: How a file is had: `codedesk codesets sync` fetches it; a person downloads it; a person downloads
#: it after accepting the terms of its owner.
Way = Literal["fetch", "download", "licence"]
State = Literal["done", "fetch", "download", "licence"]
_WAYS: tuple[Way, ...] = ("fetch", "download", "licence")
#: How long before the end of an edition the end is said, when the next one is not loaded.
SOON = dt.timedelta(days=31)


@dataclass(frozen=True, slots=True)
class _Series:
    """A series of the catalogue, and what its files bring: (kind, system); no kind for the code
    system itself."""

    name: str
    parts: tuple[tuple[ReferenceKind | None, System], ...]


@dataclass(frozen=True, slots=True)
class _Need:
    """A line of the checklist. `lasting`: any edition will do. `optional`: not everybody may have
    it, so nothing is incomplete without it."""

    key: str
    series: tuple[_Series, ...]
    lasting: bool = False
    optional: bool = False


#: By what matters most to answers for today.
_NEEDS = (
    _Need("icd10cm", (_Series("icd10cm-codes", ((None, "icd10cm"),)),)),
    _Need("hcpcs", (_Series("hcpcs", ((None, "hcpcs"),)),)),
    _Need("guidelines", (_Series("icd10cm-guidelines", (("guidelines", "icd10cm"),)),)),
    _Need(
        "index",
        (
            _Series(
                "icd10cm-tables",
                (
                    ("index", "icd10cm"),
                    ("external_causes", "icd10cm"),
                    ("neoplasms", "icd10cm"),
                    ("drugs", "icd10cm"),
                ),
            ),
            _Series("icd10cm-conversion", (("conversion", "icd10cm"),)),
        ),
    ),
    _Need(
        "icd10pcs",
        (
            _Series("icd10pcs-codes", ((None, "icd10pcs"),)),
            _Series(
                "icd10pcs-tables",
                (("tables", "icd10pcs"), ("index", "icd10pcs"), ("definitions", "icd10pcs")),
            ),
            _Series("icd10pcs-guidelines", (("guidelines", "icd10pcs"),)),
        ),
    ),
    _Need(
        "ncci",
        (_Series("ncci-ptp", (("ptp", "hcpcs"),)), _Series("ncci-mue", (("mue", "hcpcs"),))),
    ),
    _Need("asp", (_Series("asp-crosswalk", (("asp", "hcpcs"),)),)),
    _Need(
        "inpatient",
        (
            _Series(
                "ipps-tables",
                (
                    ("mcc", "icd10cm"),
                    ("cc", "icd10cm"),
                    ("cc_exclusions", "icd10cm"),
                    ("drg_weights", "icd10cm"),
                ),
            ),
            _Series("hcc-mappings", (("hcc", "icd10cm"),)),
        ),
    ),
    _Need("places", (_Series("places", (("places", "hcpcs"),)),), lasting=True),
    _Need("gems", (_Series("icd10cm-gems-2018", (("gems", "icd10cm"),)),), lasting=True),
    _Need("cpt", (_Series("cpt", ((None, "cpt"),)),), optional=True),
)


@dataclass(frozen=True, slots=True)
class Get:
    """A file that is missing, and how it is had."""

    entry: Entry
    way: Way


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist on `day`; `key` names it. `standings` are those of its parts, of
    which `lacking` are missing or have ended. `gets` are the files to get for these."""

    key: str
    day: dt.date
    state: State
    standings: tuple[Standing, ...]
    lacking: tuple[Standing, ...]
    gets: tuple[Get, ...]
    lasting: bool
    optional: bool

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    @property
    def ended(self) -> Standing | None:
        """The edition that ended: that of the list itself, else, where all that is lacking was
        loaded once, the one that ended first; None otherwise."""
        if not self.lacking:
            return None
        main = self.standings[0]
        if main in self.lacking and main.label:
            return main if main.last < self.day else None
        if not all(one.label and one.last < self.day for one in self.lacking):
            return None
        return min(self.lacking, key=lambda one: one.last)

    @property
    def begins(self) -> Standing | None:
        """The edition of the list itself, where it begins after the day."""
        main = self.standings[0]
        return main if main.label and main.first > self.day else None

    @property
    def is_part_loaded(self) -> bool:
        return any(one.label for one in self.standings)

    @property
    def ends(self) -> Standing | None:
        """What is in force and ends soon, with no later edition loaded; None for nothing."""
        if not self.is_done or self.lasting:
            return None
        soon = [one for one in self.standings if one.last - self.day <= SOON and not one.coming]
        return min(soon, key=lambda one: one.last, default=None)

    @property
    def starts(self) -> Entry | None:
        """The edition in force on the day that is to be loaded, where the catalogue knows it."""
        known = [get.entry for get in self.gets if get.entry.effective_from > dt.date.min]
        return known[0] if known else None


@dataclass(frozen=True, slots=True)
class Checklist:
    """All lines, by what matters most to answers for `day`."""

    day: dt.date
    items: tuple[Item, ...]

    @property
    def done(self) -> list[Item]:
        return [item for item in self.items if item.is_done]

    @property
    def missing(self) -> list[Item]:
        """What is missing, with what not everybody may have."""
        return [item for item in self.items if not item.is_done]

    @property
    def needed(self) -> list[Item]:
        """What is missing and everybody may have."""
        return [item for item in self.missing if not item.optional]

    @property
    def is_complete(self) -> bool:
        return not self.needed

    def gets(self, way: Way) -> list[Get]:
        return [get for item in self.missing for get in item.gets if get.way == way]


def checklist(
    store: CodeStore | None,
    day: dt.date,
    *,
    reachable: bool = True,
    catalogue: Path = CATALOGUE,
) -> Checklist:
    """The checklist of what is loaded in `store` (None: nothing) for answers for `day`.

    `reachable` is False when the official sources are known not to be reached: what could be
    fetched is then for a person to download. Raises CodesetError for a catalogue that cannot be
    read.
    """
    entries = read_catalogue(catalogue, day)
    items = tuple(_item(store, need, entries, day, reachable) for need in _NEEDS)
    return Checklist(day, items)


def _item(
    store: CodeStore | None, need: _Need, entries: Sequence[Entry], day: dt.date, reachable: bool
) -> Item:
    standings: list[Standing] = []
    lacking: list[Standing] = []
    gets: list[Get] = []
    for series in need.series:
        found = [standing(store, day, system, kind) for kind, system in series.parts]
        lacks = [one for one in found if not one.label or (one.days_away and not need.lasting)]
        standings += found
        lacking += lacks
        gets += _gets(series.name, lacks, entries, day, reachable) if lacks else ()
    ways = [get.way for get in gets]
    state: State = next((way for way in _WAYS if way in ways), "download") if lacking else "done"
    return Item(
        key=need.key,
        day=day,
        state=state,
        standings=tuple(standings),
        lacking=tuple(lacking),
        gets=tuple(gets),
        lasting=need.lasting,
        optional=need.optional,
    )


def _gets(
    series: str, lacks: Sequence[Standing], entries: Sequence[Entry], day: dt.date, reachable: bool
) -> Iterator[Get]:
    """The file of the series that is in force, where the catalogue has one."""
    editions = [one for one in entries if one.kind == series and one.effective_from <= day]
    if not editions:
        return
    entry = max(editions, key=lambda one: one.effective_from)
    # A catalogue that is older than what is loaded has the page, but not the file.
    newer = any(not one.label or entry.effective_from > one.first for one in lacks)
    if entry.licence:
        yield Get(entry, "licence")
    elif entry.url and newer and reachable:
        yield Get(entry, "fetch")
    else:
        yield Get(entry, "download")
