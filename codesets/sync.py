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

import contextlib
import datetime as dt
import json
import re
import shlex
import socket
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)
from tqdm import tqdm

from codesets import confined, months
from codesets.files import sha256_of
from codesets.imports import import_files
from codesets.limits import MB, TooMuch
from codesets.model import Book, CodesetError, Release
from codesets.store import CodeStore

CATALOGUE = Path(__file__).with_name("catalogue.toml")

#: Of each series, this many editions in force are fetched: today's, and the one before it.
_EDITIONS = 2
#: How long before it is in force an edition may be out.
_AHEAD = {"quarter": dt.timedelta(days=45), "fiscal year": dt.timedelta(days=120)}
_ZIPS = (".zip", ".xlsx")
#: So often a server may send to another address.
_REDIRECTS = 5

Say = Callable[[str], None]


# The catalogue


@dataclass(frozen=True, slots=True)
class Entry:
    """One official delivery, as catalogue.toml describes its fields."""

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
        """What it is an edition of."""
        return self.series or self.id

    @property
    def name(self) -> str:
        """The file's name, as its publisher gave it: it tells the importer which edition it is."""
        return PurePosixPath(unquote(urlsplit(self.url or "").path)).name

    @property
    def host(self) -> str:
        return urlsplit(self.url or "").netloc


def read_catalogue(path: Path, today: dt.date) -> list[Entry]:
    """Every delivery that the catalogue knows, those with regular names up to the coming edition.

    Raises CodesetError, naming the entry, for a catalogue that is not in its own form.
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
        told = {key: fields[key].format(**names) for key in ("id", "title", "url")}
        yield Entry(**fields | told, effective_from=start)


def _starts(every: str, latest: dt.date) -> list[dt.date]:
    """The first days of editions up to `latest`, newest first: one may be to come."""
    first_months = months.QUARTER_STARTS if every == "quarter" else (10,)
    years = range(latest.year - _EDITIONS - 1, latest.year + 1)
    starts = [dt.date(year, month, 1) for year in years for month in first_months]
    return sorted((start for start in starts if start <= latest), reverse=True)[: _EDITIONS + 1]


def due(entries: Sequence[Entry], today: dt.date, only: Sequence[str] = ()) -> list[Entry]:
    """What is to be fetched: of each series the coming edition and the newest two in force.

    `only` names series or single editions, of whatever age. Raises CodesetError for a name that
    the catalogue does not have.
    """
    fetched = [entry for entry in entries if entry.url and not entry.licence]
    unknown = set(only) - {entry.id for entry in fetched} - {entry.kind for entry in fetched}
    if unknown:
        series = ", ".join(dict.fromkeys(entry.kind for entry in fetched))
        raise CodesetError(f'"{min(unknown)}" is nothing that can be fetched; there is: {series}.')
    wanted = []
    for kind in dict.fromkeys(entry.kind for entry in fetched):
        series_of = [entry for entry in fetched if entry.kind == kind]
        newest = sorted(series_of, key=lambda entry: entry.effective_from, reverse=True)
        coming = [entry for entry in newest if entry.effective_from > today]
        current = [entry for entry in newest if entry.effective_from <= today][:_EDITIONS]
        if not only or kind in only:
            wanted += coming + current
        else:
            wanted += [entry for entry in newest if entry.id in only]
    return wanted


# What comes of it


@dataclass(frozen=True, slots=True)
class Manner:
    """How to behave towards a server: seconds, except for `tries` and `largest` (bytes).

    `timeout` is for each step, `deadline` for a whole file with all its tries: a server that sends
    a byte a minute would never run into the first. The largest file of the catalogue has 20 MB.
    """

    pause: float = 1.0
    backoff: float = 2.0
    longest_wait: float = 120.0
    timeout: float = 60.0
    deadline: float = 900.0
    tries: int = 3
    largest: int = 256 * MB
    sleep: Callable[[float], None] = time.sleep


Fate = Literal["loaded", "unchanged", "not_published", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery; `sentence` says it to a person."""

    entry: Entry
    fate: Fate
    sentence: str
    loaded: tuple[Release | Book, ...] = ()
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
    def loaded(self) -> list[Release | Book]:
        return [release for outcome in self.outcomes for release in outcome.loaded]

    @property
    def problems(self) -> list[str]:
        return [outcome.sentence for outcome in self.outcomes if outcome.fate == "failed"]


class _Refused(Exception):
    """A delivery that cannot be had; the message says why, as the end of a sentence."""


class _Again(Exception):
    """What may be well the next time; `after` is how long the server asks to wait."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class _NoAnswer(_Again):
    """The server cannot be reached at all."""


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
    if patience is not None and wanted and not _answers(wanted[0], patience):
        return SyncReport((), by_hand, unreachable=True)
    manner = manner or Manner()
    ledger = _Ledger.read(folder / "downloads.json")
    outcomes = []
    hosts = {entry.host for entry in entries if entry.url}
    with _Fetcher(folder, ledger, manner, hosts) as fetcher:
        for entry in wanted:
            outcomes.append(_synced(store, fetcher, entry, say, today))
            say(outcomes[-1].sentence)
    for line in _for_a_person(() if only else by_hand):
        say(line)
    return SyncReport(tuple(outcomes), by_hand, unreachable=bool(wanted) and not fetcher.answered)


def _synced(store: CodeStore, fetcher: _Fetcher, entry: Entry, say: Say, today: dt.date) -> Outcome:
    try:
        return _fetched_and_loaded(store, fetcher, entry, say, today)
    except Exception as error:
        # Whatever else one delivery brings about (a full disk, an answer that the library cannot
        # take) must not cost the others. What was loaded before is as it was.
        return _failed(entry, f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])


def _fetched_and_loaded(
    store: CodeStore, fetcher: _Fetcher, entry: Entry, say: Say, today: dt.date
) -> Outcome:
    try:
        path = fetcher.fetch(entry)
    except _Refused as error:
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
    return {r.key for r in store.releases()} | {book.key for book in store.books.all()}


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


def _check(path: Path) -> None:
    """Raises _Refused for what cannot be the file that was asked for."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise _Refused("what came is empty")
    if re.match(rb"\s*<(?:!doctype html|html)", head, re.I):
        raise _Refused("what came is a web page, not the file")
    if path.suffix.lower() == ".pdf" and not head.startswith(b"%PDF"):
        raise _Refused("what came is no PDF")
    if path.suffix.lower() in _ZIPS:
        try:
            for _ in confined.read("zip test", path, damaged=f"{path.name} is damaged"):
                pass
        except TooMuch as error:
            raise _Refused(str(error).rstrip(".")) from error
        except CodesetError as error:
            raise _Refused("what came is a zip that is damaged or cut off") from error


# Fetching


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A file as it was last fetched and loaded; `etag` and `modified` are its server's words."""

    url: str
    name: str
    sha256: str
    size: int
    etag: str | None
    modified: str | None
    fetched_at: str
    editions: list[str]


@dataclass(slots=True)
class _Ledger:
    """downloads.json: what was loaded, and the state that each unfinished download is a part of."""

    path: Path
    files: dict[str, _Fetched] = field(default_factory=dict)
    partial: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> _Ledger:
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            files = {name: _Fetched(**row) for name, row in raw["files"].items()}
            return cls(path, files, dict(raw["partial"]))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            # It saves downloads, no more: without it everything is fetched again.
            return cls(path)

    def write(self) -> None:
        content = {
            "files": {name: asdict(fetched) for name, fetched in self.files.items()},
            "partial": self.partial,
        }
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        new.replace(self.path)


class _Clock:
    """Ends whatever a connection does once a deadline is over.

    A library's time limits are for each step, and a server may take many of them. So the
    connection itself is watched, and shut down from outside.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = threading.Event()
        self._socket: socket.socket | None = None

    def __enter__(self) -> None:
        self._over.clear()
        self._timer = threading.Timer(self._seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def check(self) -> None:
        if self.is_over:
            raise _Again("it takes too long")

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Notes the socket of each connection that is made (httpx's `trace` extension)."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.is_over:
                self._shut()

    def _end(self) -> None:
        self._over.set()
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # The plain socket's, also of an encrypted one: nothing is to be said any more.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Fetcher:
    """One polite connection, and the folder that it fills."""

    def __init__(self, folder: Path, ledger: _Ledger, manner: Manner, hosts: set[str]) -> None:
        self.answered = False
        self._hosts = hosts
        self._clock = _Clock(manner.deadline)
        self._folder = folder
        self._ledger = ledger
        self._manner = manner
        self._asked: set[str] = set()
        self._silent: set[str] = set()
        self._heard: dict[str, tuple[str | None, str | None]] = {}
        (folder / "incoming").mkdir(parents=True, exist_ok=True)
        self._client = httpx.Client(
            headers=_headers(),
            timeout=manner.timeout,
            limits=httpx.Limits(max_connections=1),
        )

    def __enter__(self) -> _Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def kept(self, entry: Entry) -> Path:
        """Where the file is that was loaded last."""
        return self._folder / entry.name

    def editions(self, entry: Entry) -> set[str]:
        """The keys of what was loaded from it last."""
        before = self._ledger.files.get(entry.id)
        return set(before.editions) if before else set()

    def fetch(self, entry: Entry) -> Path | None:
        """The file, whole and looked at; None when it is the one that was loaded before.

        Raises _Refused when it cannot be had, now or after a few tries.
        """
        path = self._download(entry)
        if path is None:
            return None
        try:
            _check(path)
        except _Refused:
            path.unlink()
            raise
        before = self._unspoilt(entry)
        if before and before.sha256 == sha256_of(path):
            path.unlink()
            return None
        return path

    def _download(self, entry: Entry) -> Path | None:
        if entry.host in self._silent:
            raise _Refused(f"{entry.host} cannot be reached")
        if entry.host in self._asked:
            self._manner.sleep(self._manner.pause)
        self._asked.add(entry.host)
        with self._clock:
            return self._tries(entry)

    def _tries(self, entry: Entry) -> Path | None:
        tries = Retrying(
            retry=retry_if_exception(self._may_pass),
            wait=self._wait,
            stop=stop_after_attempt(self._manner.tries),
            sleep=self._manner.sleep,
            reraise=True,
        )
        try:
            return tries(self._attempt, entry)
        except _Again as error:
            raise self._given_up(entry, error) from error

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, _Again) or self._clock.is_over:
            return False
        return error.after is None or error.after <= self._manner.longest_wait

    def _wait(self, state: RetryCallState) -> float:
        """Seconds: as long as the server asks, else twice as long each time."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Again) and error.after is not None:
            return error.after
        return wait_exponential(self._manner.backoff)(state)

    def _given_up(self, entry: Entry, error: _Again) -> _Refused:
        if self._clock.is_over:
            return _Refused(f"it had not come whole after {self._manner.deadline:,.0f} seconds")
        if error.after is not None and error.after > self._manner.longest_wait:
            return _Refused(f"{error} and asks to come back in {error.after:,.0f} seconds")
        if isinstance(error, _NoAnswer):
            self._silent.add(entry.host)
        return _Refused(str(error))

    def _attempt(self, entry: Entry) -> Path | None:
        part = self._incoming(entry).with_name(entry.name + ".part")
        headers = self._going_on(entry, part) or self._if_changed(entry)
        try:
            with self._answer(entry, headers) as response:
                self._hear(entry, response)
                if response.status_code == httpx.codes.NOT_MODIFIED:
                    return None
                self._judge(entry, response, part)
                self._receive(entry, response, part)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _NoAnswer(f"{entry.host} cannot be reached") from error
        except httpx.RequestError as error:
            so_far = part.stat().st_size if part.exists() else 0
            raise _Again(f"the download breaks off after {so_far:,} bytes") from error
        self._ledger.partial.pop(entry.id, None)
        return part.replace(self._incoming(entry))

    @contextlib.contextmanager
    def _answer(self, entry: Entry, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The server's answer, wherever it sends us, as long as that is one of the catalogue's
        hosts and no less safe."""
        request = self._client.build_request(
            "GET", entry.url or "", headers=headers, extensions={"trace": self._clock.watch}
        )
        for _ in range(_REDIRECTS):
            self._clock.check()
            response = self._client.send(request, stream=True)
            try:
                self.answered = True
                if response.next_request is None:
                    yield response
                    return
                request = self._redirected(entry, request, response.next_request)
            finally:
                response.close()
        raise _Refused(f"{entry.host} sends from one address to the next, {_REDIRECTS} times")

    def _redirected(self, entry: Entry, before: httpx.Request, to: httpx.Request) -> httpx.Request:
        if to.url.netloc.decode() not in self._hosts:
            raise _Refused(f"{entry.host} sends to another host, {to.url.host}")
        if before.url.scheme == "https" and to.url.scheme != "https":
            raise _Refused(f"{entry.host} sends to an address without encryption")
        to.extensions["trace"] = self._clock.watch
        return to

    def _going_on(self, entry: Entry, part: Path) -> dict[str, str]:
        """Headers that ask for the rest of a download, if what is there is known to be of it."""
        state = self._ledger.partial.get(entry.id)
        if not state or not part.exists() or not part.stat().st_size:
            return {}
        return {"Range": f"bytes={part.stat().st_size}-", "If-Range": state}

    def _if_changed(self, entry: Entry) -> dict[str, str]:
        """Headers that ask for a file only if it is not the one that was loaded."""
        before = self._unspoilt(entry)
        if before is None:
            return {}
        asked = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
        return {name: value for name, value in asked.items() if value}

    def _unspoilt(self, entry: Entry) -> _Fetched | None:
        """What the ledger has of a file, if it lies there as it was loaded from this address."""
        before, path = self._ledger.files.get(entry.id), self.kept(entry)
        if before is None or before.url != entry.url or not path.exists():
            return None
        return before if sha256_of(path) == before.sha256 else None

    def _hear(self, entry: Entry, response: httpx.Response) -> None:
        """How the server names the state of a file, so as to ask whether it changed."""
        before = self._ledger.files.get(entry.id)
        self._heard[entry.id] = (
            response.headers.get("ETag", before.etag if before else None),
            response.headers.get("Last-Modified", before.modified if before else None),
        )

    def _judge(self, entry: Entry, response: httpx.Response, part: Path) -> None:
        """Raises for an answer that is not the file, or not the part that was asked for."""
        status = response.status_code
        if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            untried = "" if entry.tried else "; the address was never tried when it was noted"
            raise _Refused(f"{entry.host} has nothing at its address, {status}{untried}")
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            raise _Again(f"{entry.host} answers {status}", _retry_after(response.headers))
        misplaced = status == httpx.codes.PARTIAL_CONTENT and not self._is_rest(response, part)
        if misplaced or status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise _Again(f"{entry.host} answers with another part than was asked for")
        if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise _Refused(f"{entry.host} answers {status}")
        if (encoding := response.headers.get("Content-Encoding", "identity")) != "identity":
            raise _Refused(
                f"{entry.host} sends it in an encoding that was not asked for, {encoding}"
            )

    def _is_rest(self, response: httpx.Response, part: Path) -> bool:
        """Whether a part that came is the rest of the one that is here, to the file's end."""
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
        if told is None or "Range" not in response.request.headers or not part.exists():
            return False
        first, last, whole = map(int, told.groups())
        return first == part.stat().st_size and last == whole - 1

    def _receive(self, entry: Entry, response: httpx.Response, part: Path) -> None:
        # A weak tag does not promise the same bytes.
        etag = response.headers.get("ETag", "W/")
        state = response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag
        self._ledger.partial[entry.id] = state
        self._ledger.write()
        going_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        begun = part.stat().st_size if going_on else 0
        length = int(response.headers.get("Content-Length", 0))
        if begun + length > self._manner.largest:
            raise self._too_large(part)
        with (
            part.open("ab" if going_on else "wb") as file,
            # disable=None: no bar where no one looks at a terminal
            tqdm(
                desc=entry.name,
                total=begun + length if length else None,
                initial=begun,
                unit="B",
                unit_scale=True,
                disable=None,
                leave=False,
            ) as bar,
        ):
            for chunk in response.iter_raw():
                self._clock.check()
                if file.tell() + len(chunk) > self._manner.largest:
                    raise self._too_large(part)
                file.write(chunk)
                bar.update(len(chunk))
        size = part.stat().st_size
        if length and size != begun + length:
            raise _Again(f"the download has {size:,} bytes, not {begun + length:,}")

    def _too_large(self, part: Path) -> _Refused:
        part.unlink(missing_ok=True)
        return _Refused(
            f"it has more than {self._manner.largest / MB:,.0f} MB, which no official file has"
        )

    def keep(self, entry: Entry, loaded: Sequence[Release | Book]) -> str:
        """Take a loaded file as the current one; return its SHA-256."""
        path = self.kept(entry)
        if self._incoming(entry).exists():
            self._incoming(entry).replace(path)
        etag, modified = self._heard[entry.id]
        digest = sha256_of(path)
        self._ledger.files[entry.id] = _Fetched(
            url=entry.url or "",
            name=entry.name,
            sha256=digest,
            size=path.stat().st_size,
            etag=etag,
            modified=modified,
            fetched_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            editions=[release.key for release in loaded],
        )
        self._ledger.write()
        return digest

    def reject(self, entry: Entry) -> None:
        """Put aside a file that came whole and cannot be loaded, so that none takes it as good."""
        came = self._incoming(entry)
        rejected = came if came.exists() else self.kept(entry)
        rejected.replace(self._folder / f"{entry.name}.rejected")

    def _incoming(self, entry: Entry) -> Path:
        return self._folder / "incoming" / entry.name


def _headers() -> dict[str, str]:
    # The bytes of a file are what its server counts and hashes: no encoding on the way.
    return {"User-Agent": f"codedesk/{version('codedesk')}", "Accept-Encoding": "identity"}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form of the header."""
    told = headers.get("Retry-After", "").strip()
    if told.isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())


def _answers(entry: Entry, patience: float) -> bool:
    """Whether a server says anything at all before patience ends."""
    answers: list[int] = []

    def ask() -> None:
        with contextlib.suppress(httpx.RequestError):
            answers.append(
                httpx.head(entry.url or "", headers=_headers(), timeout=patience).status_code
            )

    # Looking up a name waits as long as the system likes; only a thread can be left behind.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(patience)
    return bool(answers)
