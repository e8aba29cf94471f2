"""Downloads from official sites: polite, limited, checked, and kept in a ledger."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
)
from tqdm import tqdm

from codesets import confined
from codesets.formats.text_files import sha256_of
from codesets.limits import MB, TooMuch
from codesets.loading.catalogue import Entry
from codesets.model import CodesetError, Reference, Release

_ZIPS = (".zip", ".xlsx")
#: So often a server may send to another address.
_REDIRECTS = 5


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


class Refused(Exception):
    """A delivery that cannot be had; the message says why, as the end of a sentence."""


class _Again(Exception):
    """What may be well the next time; `after` is how long the server asks to wait."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class _NoAnswer(_Again):
    """The server cannot be reached at all."""


def _check(path: Path) -> None:
    """Raises _Refused for what cannot be the file that was asked for."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise Refused("what came is empty")
    if re.match(rb"\s*<(?:!doctype html|html)", head, re.I):
        raise Refused("what came is a web page, not the file")
    if path.suffix.lower() == ".pdf" and not head.startswith(b"%PDF"):
        raise Refused("what came is no PDF")
    if path.suffix.lower() in _ZIPS:
        try:
            for _ in confined.read("zip test", path, damaged=f"{path.name} is damaged"):
                pass
        except TooMuch as error:
            raise Refused(str(error).rstrip(".")) from error
        except CodesetError as error:
            raise Refused("what came is a zip that is damaged or cut off") from error


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
class Ledger:
    """downloads.json: what was loaded, and the state that each unfinished download is a part of."""

    path: Path
    files: dict[str, _Fetched] = field(default_factory=dict)
    partial: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Ledger:
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


class Fetcher:
    """One polite connection, and the folder that it fills."""

    def __init__(self, folder: Path, ledger: Ledger, manner: Manner, hosts: set[str]) -> None:
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

    def __enter__(self) -> Fetcher:
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
        except Refused:
            path.unlink()
            raise
        before = self._unspoilt(entry)
        if before and before.sha256 == sha256_of(path):
            path.unlink()
            return None
        return path

    def _download(self, entry: Entry) -> Path | None:
        if entry.host in self._silent:
            raise Refused(f"{entry.host} cannot be reached")
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

    def _given_up(self, entry: Entry, error: _Again) -> Refused:
        if self._clock.is_over:
            return Refused(f"it had not come whole after {self._manner.deadline:,.0f} seconds")
        if error.after is not None and error.after > self._manner.longest_wait:
            return Refused(f"{error} and asks to come back in {error.after:,.0f} seconds")
        if isinstance(error, _NoAnswer):
            self._silent.add(entry.host)
        return Refused(str(error))

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
        raise Refused(f"{entry.host} sends from one address to the next, {_REDIRECTS} times")

    def _redirected(self, entry: Entry, before: httpx.Request, to: httpx.Request) -> httpx.Request:
        if to.url.netloc.decode() not in self._hosts:
            raise Refused(f"{entry.host} sends to another host, {to.url.host}")
        if before.url.scheme == "https" and to.url.scheme != "https":
            raise Refused(f"{entry.host} sends to an address without encryption")
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
            raise Refused(f"{entry.host} has nothing at its address, {status}{untried}")
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            raise _Again(f"{entry.host} answers {status}", _retry_after(response.headers))
        misplaced = status == httpx.codes.PARTIAL_CONTENT and not self._is_rest(response, part)
        if misplaced or status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise _Again(f"{entry.host} answers with another part than was asked for")
        if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise Refused(f"{entry.host} answers {status}")
        if (encoding := response.headers.get("Content-Encoding", "identity")) != "identity":
            raise Refused(
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

    def _too_large(self, part: Path) -> Refused:
        part.unlink(missing_ok=True)
        return Refused(
            f"it has more than {self._manner.largest / MB:,.0f} MB, which no official file has"
        )

    def keep(self, entry: Entry, loaded: Sequence[Release | Reference]) -> str:
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


def answers_from(entry: Entry, patience: float) -> bool:
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
