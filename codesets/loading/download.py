"""Downloads from official sites: with pauses, limits and checks, recorded in downloads.json."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path

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
from codesets.deadline import Deadline
from codesets.formats.text_files import sha256_of
from codesets.limits import MB, TooMuch
from codesets.loading.catalogue import Entry
from codesets.model import CodesetError, Reference, Release

_ZIPS = (".zip", ".xlsx")
#: The most redirects of one download.
_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class DownloadPolicy:
    """Pauses, retries and limits of downloads. All are in seconds, except `tries` and `largest`
    (bytes).

    `pause` is between two requests to the same host. `backoff` is the first wait before another
    try; it doubles each time. A server that asks for a longer wait than `longest_wait` is not tried
    again. `timeout` limits each step of a connection, `deadline` a whole file with all its tries: a
    server that sends one byte a minute never exceeds the timeout. The largest file of the catalogue
    has 20 MB.
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
    """A file cannot be downloaded; the message says why, as a part of a sentence."""


class _Retry(Exception):
    """A failure that may pass; `after` is how long the server asks to wait, in seconds."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class _Unreachable(_Retry):
    """The server cannot be reached."""


def _check(path: Path) -> None:
    """Raises Refused when a file is certainly not the one that was requested, or is damaged."""
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
    """A file that was downloaded and loaded.

    `size` is in bytes; `etag` and `modified` are the server's headers ETag and Last-Modified;
    `editions` are the keys of the releases and references that it holds.
    """

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
    """downloads.json: by the id of the catalogue's entry, the files that were loaded (`files`), and
    the ETag or Last-Modified of each unfinished download (`partial`)."""

    path: Path
    files: dict[str, _Fetched] = field(default_factory=dict)
    partial: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """The ledger at `path`; an empty one where it is missing or cannot be read."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            files = {name: _Fetched(**row) for name, row in raw["files"].items()}
            return cls(path, files, dict(raw["partial"]))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            # Nothing is lost: without it everything is downloaded again.
            return cls(path)

    def write(self) -> None:
        content = {
            "files": {name: asdict(fetched) for name, fetched in self.files.items()},
            "partial": self.partial,
        }
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        new.replace(self.path)


class Fetcher:
    """Downloads files of the catalogue into a folder, over one connection at a time.

    `hosts` are the only hosts that a redirect may lead to. `answered` says whether any server
    answered at all.
    """

    def __init__(
        self, folder: Path, ledger: Ledger, policy: DownloadPolicy, hosts: set[str]
    ) -> None:
        self.answered = False
        self._hosts = hosts
        self._clock = Deadline(policy.deadline)
        self._folder = folder
        self._ledger = ledger
        self._policy = policy
        self._used_hosts: set[str] = set()
        self._unreachable_hosts: set[str] = set()
        #: ETag and Last-Modified of each answer, by the id of the entry.
        self._validators: dict[str, tuple[str | None, str | None]] = {}
        (folder / "incoming").mkdir(parents=True, exist_ok=True)
        self._client = httpx.Client(
            headers=_headers(),
            timeout=policy.timeout,
            limits=httpx.Limits(max_connections=1),
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def kept(self, entry: Entry) -> Path:
        """The path of the file that was loaded last."""
        return self._folder / entry.name

    def loaded_keys(self, entry: Entry) -> set[str]:
        """The keys of the releases and references that were loaded from its file last."""
        before = self._ledger.files.get(entry.id)
        return set(before.editions) if before else set()

    def fetch(self, entry: Entry) -> Path | None:
        """The path of the complete and checked file; None when it has not changed since it was
        loaded.

        Raises Refused when it cannot be downloaded, after a few tries where trying again may help.
        """
        path = self._download(entry)
        if path is None:
            return None
        try:
            _check(path)
        except Refused:
            path.unlink()
            raise
        before = self._intact(entry)
        if before and before.sha256 == sha256_of(path):
            path.unlink()
            return None
        return path

    def _download(self, entry: Entry) -> Path | None:
        if entry.host in self._unreachable_hosts:
            raise Refused(f"{entry.host} cannot be reached")
        if entry.host in self._used_hosts:
            self._policy.sleep(self._policy.pause)
        self._used_hosts.add(entry.host)
        with self._clock:
            return self._tries(entry)

    def _tries(self, entry: Entry) -> Path | None:
        tries = Retrying(
            retry=retry_if_exception(self._may_pass),
            wait=self._wait,
            stop=stop_after_attempt(self._policy.tries),
            sleep=self._policy.sleep,
            reraise=True,
        )
        try:
            return tries(self._attempt, entry)
        except _Retry as error:
            raise self._given_up(entry, error) from error

    def _may_pass(self, error: BaseException) -> bool:
        if not isinstance(error, _Retry) or self._clock.is_over:
            return False
        return error.after is None or error.after <= self._policy.longest_wait

    def _wait(self, state: RetryCallState) -> float:
        """Seconds to wait: as long as the server asks, else twice as long each time."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Retry) and error.after is not None:
            return error.after
        return wait_exponential(self._policy.backoff)(state)

    def _given_up(self, entry: Entry, error: _Retry) -> Refused:
        if self._clock.is_over:
            return Refused(f"it had not come whole after {self._policy.deadline:,.0f} seconds")
        if error.after is not None and error.after > self._policy.longest_wait:
            return Refused(f"{error} and asks to come back in {error.after:,.0f} seconds")
        if isinstance(error, _Unreachable):
            self._unreachable_hosts.add(entry.host)
        return Refused(str(error))

    def _attempt(self, entry: Entry) -> Path | None:
        part = self._incoming(entry).with_name(entry.name + ".part")
        headers = self._resume_headers(entry, part) or self._if_changed_headers(entry)
        try:
            with self._answer(entry, headers) as response:
                self._remember_validators(entry, response)
                if response.status_code == httpx.codes.NOT_MODIFIED:
                    return None
                self._check_status(entry, response, part)
                self._receive(entry, response, part)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Unreachable(f"{entry.host} cannot be reached") from error
        except httpx.RequestError as error:
            so_far = part.stat().st_size if part.exists() else 0
            raise _Retry(f"the download breaks off after {so_far:,} bytes") from error
        self._ledger.partial.pop(entry.id, None)
        return part.replace(self._incoming(entry))

    @contextlib.contextmanager
    def _answer(self, entry: Entry, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The answer of the server. Redirects are followed if they lead to a host of the catalogue
        and do not leave https.

        Raises Refused for any other redirect, and after too many.
        """
        request = self._client.build_request(
            "GET", entry.url or "", headers=headers, extensions={"trace": self._clock.watch}
        )
        for _ in range(_REDIRECTS):
            self._check_time()
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

    def _resume_headers(self, entry: Entry, part: Path) -> dict[str, str]:
        """Headers that request the rest of an unfinished download; {} where there is none, or its
        ETag and date are not known."""
        state = self._ledger.partial.get(entry.id)
        if not state or not part.exists() or not part.stat().st_size:
            return {}
        return {"Range": f"bytes={part.stat().st_size}-", "If-Range": state}

    def _if_changed_headers(self, entry: Entry) -> dict[str, str]:
        """Headers that request a file only if it differs from the one that was loaded."""
        before = self._intact(entry)
        if before is None:
            return {}
        headers = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
        return {name: value for name, value in headers.items() if value}

    def _intact(self, entry: Entry) -> _Fetched | None:
        """The ledger's record of a file, if it came from this address and the file is unchanged."""
        before, path = self._ledger.files.get(entry.id), self.kept(entry)
        if before is None or before.url != entry.url or not path.exists():
            return None
        return before if sha256_of(path) == before.sha256 else None

    def _check_time(self) -> None:
        """Raises _Retry when the deadline is over."""
        if self._clock.is_over:
            raise _Retry("it takes too long")

    def _remember_validators(self, entry: Entry, response: httpx.Response) -> None:
        """Keep ETag and Last-Modified, with which the next sync asks whether the file changed."""
        before = self._ledger.files.get(entry.id)
        self._validators[entry.id] = (
            response.headers.get("ETag", before.etag if before else None),
            response.headers.get("Last-Modified", before.modified if before else None),
        )

    def _check_status(self, entry: Entry, response: httpx.Response, part: Path) -> None:
        """Raises Refused or _Retry when an answer is not the file, or not the requested part."""
        status = response.status_code
        if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            untried = "" if entry.tried else "; the address was never tried when it was noted"
            raise Refused(f"{entry.host} has nothing at its address, {status}{untried}")
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            raise _Retry(f"{entry.host} answers {status}", _retry_after(response.headers))
        misplaced = status == httpx.codes.PARTIAL_CONTENT and not self._is_rest(response, part)
        if misplaced or status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise _Retry(f"{entry.host} answers with another part than was asked for")
        if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise Refused(f"{entry.host} answers {status}")
        if (encoding := response.headers.get("Content-Encoding", "identity")) != "identity":
            raise Refused(
                f"{entry.host} sends it in an encoding that was not asked for, {encoding}"
            )

    def _is_rest(self, response: httpx.Response, part: Path) -> bool:
        """Whether an answer is the rest of `part`, to the end of the file."""
        given = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", given)
        if match is None or "Range" not in response.request.headers or not part.exists():
            return False
        first, last, whole = map(int, match.groups())
        return first == part.stat().st_size and last == whole - 1

    def _receive(self, entry: Entry, response: httpx.Response, part: Path) -> None:
        # A weak tag (W/) does not guarantee the same bytes.
        etag = response.headers.get("ETag", "W/")
        state = response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag
        self._ledger.partial[entry.id] = state
        self._ledger.write()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        begun = part.stat().st_size if resumed else 0
        length = int(response.headers.get("Content-Length", 0))
        if begun + length > self._policy.largest:
            raise self._too_large(part)
        with (
            part.open("ab" if resumed else "wb") as file,
            # disable=None: no progress bar without a terminal
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
                self._check_time()
                if file.tell() + len(chunk) > self._policy.largest:
                    raise self._too_large(part)
                file.write(chunk)
                bar.update(len(chunk))
        size = part.stat().st_size
        if length and size != begun + length:
            raise _Retry(f"the download has {size:,} bytes, not {begun + length:,}")

    def _too_large(self, part: Path) -> Refused:
        part.unlink(missing_ok=True)
        return Refused(
            f"it has more than {self._policy.largest / MB:,.0f} MB, which no official file has"
        )

    def keep(self, entry: Entry, loaded: Sequence[Release | Reference]) -> str:
        """Record a file as loaded, with what was loaded from it; return its SHA-256."""
        path = self.kept(entry)
        if self._incoming(entry).exists():
            self._incoming(entry).replace(path)
        etag, modified = self._validators[entry.id]
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
        """Rename a complete file that cannot be loaded to `….rejected`, so that it is not used."""
        incoming = self._incoming(entry)
        rejected = incoming if incoming.exists() else self.kept(entry)
        rejected.replace(self._folder / f"{entry.name}.rejected")

    def _incoming(self, entry: Entry) -> Path:
        return self._folder / "incoming" / entry.name


def _headers() -> dict[str, str]:
    # Without compression, because Range and Content-Length count the bytes that are sent.
    return {"User-Agent": f"codedesk/{version('codedesk')}", "Accept-Encoding": "identity"}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from either form of the header (seconds or a date); None without one."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())


def answers_from(entry: Entry, patience: float) -> bool:
    """Whether the server of an entry answers anything within `patience` seconds."""
    answers: list[int] = []

    def ask() -> None:
        with contextlib.suppress(httpx.RequestError):
            answers.append(
                httpx.head(entry.url or "", headers=_headers(), timeout=patience).status_code
            )

    # No timeout of httpx limits the look-up of the host's name, so it runs in a thread that can be
    # left behind.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(patience)
    return bool(answers)
