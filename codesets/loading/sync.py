"""Downloads the official files from their publishers, and loads them.

`catalogue.toml` lists the files of CDC/NCHS and CMS: their addresses, where each address was read,
and the page for a person. A file is downloaded only when it changed. A download that broke off is
resumed. Each file is checked, and imported by itself: if one is missing, cut off or has another
layout, only its own edition is not loaded. Files with CPT are never downloaded, because a person
must accept the terms of its owner.

The folder of downloads holds the files as they were published, `downloads.json` (the SHA-256, ETag
and contents of each), `incoming/` (unfinished downloads) and `….rejected` (files that could not be
loaded).
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codesets.loading.catalogue import CATALOGUE, Entry, due, read_catalogue
from codesets.loading.download import DownloadPolicy, Fetcher, Ledger, Refused, answers_from
from codesets.loading.importer import import_files
from codesets.model import CodesetError, Reference, Release
from codesets.store.code_store import CodeStore

Say = Callable[[str], None]

Fate = Literal["loaded", "unchanged", "not_published", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one file of the catalogue; `sentence` says it to a person.

    `loaded` is what was loaded from it, `sha256` the hash of the file; both only if it was loaded.
    """

    entry: Entry
    fate: Fate
    sentence: str
    loaded: tuple[Release | Reference, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The outcomes in the order of the catalogue, and what only a person can download (`by_hand`).

    `unreachable`: no server answered, so nothing was loaded.
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
    policy: DownloadPolicy | None = None,
) -> SyncReport:
    """Download what is due into `folder`, load what is new, and report on each file.

    `say` gets a sentence for each step, and `only` names the series or editions to download (all
    that are due, if empty). With `patience` (seconds), a first server that does not answer in time
    ends the sync without a sentence; the report is then `unreachable`.

    Raises CodesetError for a catalogue that cannot be read and for a name in `only` that it does
    not have. All other errors are in the report.
    """
    today = today or dt.date.today()
    entries = read_catalogue(catalogue, today)
    entries_due = due(entries, today, only)
    by_hand = tuple(entry for entry in entries if entry.licence or not entry.url)
    if patience is not None and entries_due and not answers_from(entries_due[0], patience):
        return SyncReport((), by_hand, unreachable=True)
    policy = policy or DownloadPolicy()
    ledger = Ledger.read(folder / "downloads.json")
    outcomes = []
    hosts = {entry.host for entry in entries if entry.url}
    with Fetcher(folder, ledger, policy, hosts) as fetcher:
        for entry in entries_due:
            outcomes.append(_synced(store, fetcher, entry, say, today))
            say(outcomes[-1].sentence)
    for line in _for_a_person(() if only else by_hand):
        say(line)
    unreachable = bool(entries_due) and not fetcher.answered
    return SyncReport(tuple(outcomes), by_hand, unreachable)


def _synced(store: CodeStore, fetcher: Fetcher, entry: Entry, say: Say, today: dt.date) -> Outcome:
    try:
        return _fetched_and_loaded(store, fetcher, entry, say, today)
    except Exception as error:
        # Any other error with one file (a full disk, an answer that httpx cannot read) must not
        # stop the other files. What was loaded before is unchanged.
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
    if path is None and fetcher.loaded_keys(entry) <= _keys(store):
        return Outcome(entry, "unchanged", f"{entry.name}: not changed since it was loaded")
    try:
        kept = path or fetcher.kept(entry)
        # Incomplete lists are not loaded: only a person may decide that (`--partial`).
        done = import_files(store, [kept], entry.release, say, partial=False)
        if done.left_out:
            raise CodesetError(f"{', '.join(done.left_out)} could not be read")
        loaded = tuple(done.loaded)
    except CodesetError as error:
        fetcher.reject(entry)
        return _failed(entry, str(error).rstrip("."))
    digest = fetcher.keep(entry, loaded)
    return Outcome(entry, "loaded", f"{entry.name}: sha256 {digest}", loaded, digest)


def _keys(store: CodeStore) -> set[str]:
    """The keys of everything that is loaded. A new codes.db lacks what was loaded from files that
    are still in the folder."""
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
