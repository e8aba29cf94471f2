"""The catalogue of official sources, and which of their files are due for download."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from codesets import months
from codesets.model import CodesetError

CATALOGUE = Path(__file__).with_name("catalogue.toml")
#: How many editions of a series are fetched: the one in force, and the one before it.
_EDITIONS = 2
#: How long before its first day an edition may be published.
_AHEAD = {"quarter": dt.timedelta(days=45), "fiscal year": dt.timedelta(days=120)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One official file to download; the head of catalogue.toml describes the fields."""

    id: str
    title: str
    publisher: str
    page: str
    holds: str
    read_at: str
    tried: bool
    series: str = ""
    url: str | None = None
    effective_from: dt.date = dt.date.min
    release: str | None = None
    licence: str | None = None

    @property
    def kind(self) -> str:
        """Its series; its own id where it is the only one."""
        return self.series or self.id

    @property
    def edition(self) -> str:
        """The label of its edition; "" where there is one of it only."""
        return self.id.removeprefix(f"{self.series}-") if self.series else ""

    @property
    def name(self) -> str:
        """The publisher's name of the file. The importer needs it to tell the edition."""
        return PurePosixPath(unquote(urlsplit(self.url or "").path)).name

    @property
    def host(self) -> str:
        return urlsplit(self.url or "").netloc


def read_catalogue(path: Path, today: dt.date) -> list[Entry]:
    """The files of a catalogue. An entry with `every` gives one for each edition, up to the coming
    one.

    Raises CodesetError when the catalogue cannot be read; the message names the entry.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))["entry"]
    except (OSError, ValueError, KeyError) as error:
        raise CodesetError(f"{path.name} cannot be read as a catalogue: {error}.") from error
    entries: list[Entry] = []
    for number, fields in enumerate(raw, 1):
        try:
            entries += _editions(dict(fields), today)
        except (TypeError, KeyError, ValueError) as error:
            raise CodesetError(f"{path.name}, entry {number}: {error}.") from error
    return entries


def _editions(fields: dict[str, Any], today: dt.date) -> Iterator[Entry]:
    every = fields.pop("every", None)
    if every is None:
        yield Entry(**fields)
        return
    for start in _starts(every, today + _AHEAD[every]):
        names = {
            "year": start.year + (every == "fiscal year"),
            "month": months.NAMES[start.month - 1].lower(),
            "Month": months.NAMES[start.month - 1],
        }
        filled = {key: fields[key].format(**names) for key in ("id", "title", "url")}
        yield Entry(**fields | filled, effective_from=start)


def _starts(every: str, latest: dt.date) -> list[dt.date]:
    """The first days of the newest editions that begin by `latest`, newest first."""
    first_months = months.QUARTER_STARTS if every == "quarter" else (10,)
    years = range(latest.year - _EDITIONS - 1, latest.year + 1)
    starts = [dt.date(year, month, 1) for year in years for month in first_months]
    return sorted((start for start in starts if start <= latest), reverse=True)[: _EDITIONS + 1]


def due(entries: Sequence[Entry], today: dt.date, only: Sequence[str] = ()) -> list[Entry]:
    """What to download: of each series the coming edition, the one in force and the one before.

    `only` limits them to series and single editions by name; a single edition may be of any age.
    Raises CodesetError for a name that the catalogue does not have.
    """
    fetched = [entry for entry in entries if entry.url and not entry.licence]
    unknown = set(only) - {entry.id for entry in fetched} - {entry.kind for entry in fetched}
    if unknown:
        series = ", ".join(dict.fromkeys(entry.kind for entry in fetched))
        raise CodesetError(f'"{min(unknown)}" is nothing that can be fetched; there is: {series}.')
    selected = []
    for kind in dict.fromkeys(entry.kind for entry in fetched):
        series_of = [entry for entry in fetched if entry.kind == kind]
        newest = sorted(series_of, key=lambda entry: entry.effective_from, reverse=True)
        coming = [entry for entry in newest if entry.effective_from > today]
        current = [entry for entry in newest if entry.effective_from <= today][:_EDITIONS]
        if not only or kind in only:
            selected += coming + current
        else:
            selected += [entry for entry in newest if entry.id in only]
    return selected
