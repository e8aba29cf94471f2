"""Fetching the official files from their publishers, and loading them.

Addresses are data: `catalogue.toml` lists every delivery of CDC/NCHS and CMS, where it was read,
and the page for a person. A delivery is fetched only when it changed, goes on where it broke off,
is looked at before it is believed, and is handed to the importer alone: one that is missing, cut
off or of another layout costs its own edition and nothing else. What carries CPT is never fetched:
its owner's terms are for a person to accept.

The folder of downloads holds the files as they were published, `downloads.json` (what each was,
its SHA-256 and how its server named its state), `incoming/` (what is not whole yet) and
`….rejected` (what came whole and could not be loaded).
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codesets.loading.catalogue import CATALOGUE, Entry, due, read_catalogue
from codesets.loading.download import Fetcher, Ledger, Manner, Refused, answers_from
from codesets.loading.importer import import_files
from codesets.model import CodesetError, Reference, Release
from codesets.store.code_store import CodeStore

Say = Callable[[str], None]


# The catalogue


# What comes of it


Fate = Literal["loaded", "unchanged", "not_published", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery; `sentence` says it to a person."""

    entry: Entry
    fate: Fate
    sentence: str
    loaded: tuple[Release | Reference, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """`outcomes` in the order of the catalogue; `by_hand` is what only a person can download.

    `unreachable`: no server answered, so nothing was fetched (and nothing that is loaded changed).
    """

    outcomes: tuple[Outcome, ...]
    by_hand: tuple[Entry, ...]
    unreachable: bool = False

    @property
    def loaded(self) -> list[Release | Reference]:
        return [release for outcome in self.outcomes for release in outcome.loaded]

    @property
    def problems(self) -> list[str]:
        return [outcome.sentence for outcome in self.outcomes if outcome.fate == "failed"]


# Syncing


def sync(
    store: CodeStore,
    folder: Path,
    catalogue: Path = CATALOGUE,
    say: Say = lambda line: None,
    only: Sequence[str] = (),
    today: dt.date | None = None,
    patience: float | None = None,
    manner: Manner | None = None,
) -> SyncReport:
    """Fetch what is due into `folder`, load what is new, and report on each delivery.

    With `patience`, a first server that does not answer within so many seconds ends it at once,
    and nothing is said: the report is `unreachable`. Raises CodesetError for a catalogue that
    cannot be read and for a name in `only` that it does not have; all else is reported.
    """
    today = today or dt.date.today()
    entries = read_catalogue(catalogue, today)
    wanted = due(entries, today, only)
    by_hand = tuple(entry for entry in entries if entry.licence or not entry.url)
    if patience is not None and wanted and not answers_from(wanted[0], patience):
        return SyncReport((), by_hand, unreachable=True)
    manner = manner or Manner()
    ledger = Ledger.read(folder / "downloads.json")
    outcomes = []
    hosts = {entry.host for entry in entries if entry.url}
    with Fetcher(folder, ledger, manner, hosts) as fetcher:
        for entry in wanted:
            outcomes.append(_synced(store, fetcher, entry, say, today))
            say(outcomes[-1].sentence)
    for line in _for_a_person(() if only else by_hand):
        say(line)
    return SyncReport(tuple(outcomes), by_hand, unreachable=bool(wanted) and not fetcher.answered)


def _synced(store: CodeStore, fetcher: Fetcher, entry: Entry, say: Say, today: dt.date) -> Outcome:
    try:
        return _fetched_and_loaded(store, fetcher, entry, say, today)
    except Exception as error:
        # Whatever else one delivery brings about (a full disk, an answer that the library cannot
        # take) must not cost the others. What was loaded before is as it was.
        return _failed(entry, f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])


def _fetched_and_loaded(
    store: CodeStore, fetcher: Fetcher, entry: Entry, say: Say, today: dt.date
) -> Outcome:
    try:
        path = fetcher.fetch(entry)
    except Refused as error:
        if entry.effective_from > today:
            sentence = f"{entry.title} is not out yet ({error}); from {entry.effective_from} on"
            return Outcome(entry, "not_published", sentence)
        return _failed(entry, str(error))
    if path is None and fetcher.editions(entry) <= _held(store):
        return Outcome(entry, "unchanged", f"{entry.name}: not changed since it was loaded")
    try:
        kept = path or fetcher.kept(entry)
        # Never what is not whole: that is for a person to decide.
        loaded = tuple(import_files(store, [kept], entry.release, say, partial=False).loaded)
    except CodesetError as error:
        fetcher.reject(entry)
        return _failed(entry, str(error).rstrip("."))
    digest = fetcher.keep(entry, loaded)
    return Outcome(entry, "loaded", f"{entry.name}: sha256 {digest}", loaded, digest)


def _held(store: CodeStore) -> set[str]:
    """What is loaded: a codes.db begun anew has lost what came from files that are still here."""
    return {r.key for r in store.releases()} | {
        reference.key for reference in store.references.all()
    }


def _failed(entry: Entry, why: str) -> Outcome:
    return Outcome(
        entry,
        "failed",
        f"{entry.title} was not loaded ({why}): download {entry.name} by hand from {entry.page} "
        f"and run `codedesk codesets import {shlex.quote(entry.name)}`.",
    )


def _for_a_person(by_hand: Sequence[Entry]) -> Iterator[str]:
    gated = [entry for entry in by_hand if entry.licence]
    if gated:
        yield (
            "These carry CPT, which is the AMA's: open the page, accept its terms yourself, "
            "download, and run `codedesk codesets import FILE`."
        )
    yield from (f"  {entry.title}: {entry.page}" for entry in gated)
    others = [entry for entry in by_hand if not entry.licence]
    if others:
        yield (
            "No address is known for these: open the page, save what it holds, and run "
            "`codedesk codesets import FILE`."
        )
    yield from (f"  {entry.title} ({entry.holds}): {entry.page}" for entry in others)


# Fetching
