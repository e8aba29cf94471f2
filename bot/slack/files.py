"""Files that people send: https://docs.slack.dev/reference/objects/file-object

The bot's token goes to Slack's own hosts only. A file is fetched by its `url_private_download`,
with the scope files:read. Without that scope Slack sends a page to sign in, in place of the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.messages import message
from codesets.errors import CodeDeskError
from codesets.limits import MB, TEXT_BYTES

#: Extensions of files with codes, as the loader reads them, and of those with a list of statements.
CODE_FILES = ("zip", "csv", "txt", "xlsx", "xls", "xml", "pdf")
LISTS = ("txt", "csv", "tsv", "text")
#: Of files with claims or remittances in X12.
X12 = ("837", "837p", "837i", "835", "x12", "edi", "era", "clm", "dat")
#: Bytes of a pasted list that are fetched: of a list, 3,000 characters are read.
MOST_OF_A_LIST = 64 * 1024
_CHUNK = 256 * 1024
#: Seconds without a byte after which a file is given up.
_PATIENCE = 30.0


class FileNotFetched(CodeDeskError):
    """A file of Slack could not be fetched. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class SlackFile:
    """A file as Slack describes it. `size` is in bytes, 0 when Slack does not say."""

    id: str
    name: str
    url: str
    size: int

    @property
    def extension(self) -> str:
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


def sent(described: Any) -> list[SlackFile]:
    """The files of an event or of a file_input. What is not of the form is left out."""
    return [
        SlackFile(
            str(file["id"]),
            _safe(str(file.get("name") or file.get("title") or file["id"])),
            str(file.get("url_private_download") or file.get("url_private") or ""),
            file["size"] if isinstance(file.get("size"), int) else 0,
        )
        for file in (described if isinstance(described, list) else [])
        if isinstance(file, dict) and file.get("id")
    ]


def _safe(name: str) -> str:
    """The name without folders and control characters: its edition is told from it."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", name.replace("\\", "/").rpartition("/")[2]).strip()
    return name[-150:] if name.strip(".") else "file"


def fetched(
    client: WebClient,
    file: SlackFile,
    folder: Path,
    *,
    most: int = TEXT_BYTES,
    cut: bool = False,
    within: float = 600.0,
) -> Path:
    """Fetch a file into a folder, under its own name, within some seconds. Of a larger one than
    `most` bytes the beginning is kept with `cut`. Raises FileNotFetched."""
    until = time.monotonic() + within
    if file.size > most and not cut:
        raise _not_fetched("too_large", file, most=most // MB)
    if not file.url:
        file = _described(client, file)
    path = folder / file.name
    try:
        with _opened(client, file, min(within, _PATIENCE)) as stream, path.open("wb") as kept:
            size = 0
            while size <= most and (chunk := stream.read(min(_CHUNK, most + 1 - size))):
                if time.monotonic() > until:
                    raise TimeoutError
                kept.write(chunk)
                size += len(chunk)
    except (OSError, HTTPException, ValueError) as error:
        why = f"HTTP {error.code}" if isinstance(error, HTTPError) else type(error).__name__
        raise _not_fetched("broken", file, why=why) from error
    if size > most and not cut:
        path.unlink()
        raise _not_fetched("too_large", file, most=most // MB)
    return path


def _described(client: WebClient, file: SlackFile) -> SlackFile:
    """The file with its address, which Slack leaves out of some events:
    https://docs.slack.dev/reference/methods/files.info"""
    try:
        (found,) = sent([client.files_info(file=file.id).get("file")]) or [file]
    except SlackApiError as error:
        raise _not_fetched("refused", file, why=error.response.get("error")) from error
    except (OSError, HTTPException) as error:
        raise _not_fetched("broken", file, why=type(error).__name__) from error
    if not found.url:
        raise _not_fetched("no_address", file)
    return found


def _opened(client: WebClient, file: SlackFile, timeout: float) -> Any:
    if not _is_slacks(file.url, client.base_url):
        raise _not_fetched("elsewhere", file)
    request = Request(file.url, headers={"Authorization": f"Bearer {client.token}"})
    response = build_opener(_SlackOnly(client.base_url)).open(request, timeout=timeout)
    is_page = response.headers.get_content_type() == "text/html"
    if is_page and file.extension not in ("html", "htm"):
        response.close()
        raise _not_fetched("no_scope", file)
    return response


def _is_slacks(url: str, api: str) -> bool:
    """Whether an address is at the host of the Web API or below it, by the same scheme and port:
    files.slack.com for slack.com."""
    try:
        there, home = urlsplit(url), urlsplit(api)
        same = (there.scheme, there.port) == (home.scheme, home.port)
    except ValueError:
        return False
    host, domain = (there.hostname or "").lower(), (home.hostname or "").lower()
    domain = domain.removeprefix("www.")
    plain = there.username is None and there.password is None
    return same and plain and (host == domain or host.endswith(f".{domain}"))


class _SlackOnly(HTTPRedirectHandler):
    """Follows a redirect to Slack's own hosts only, since the token goes along."""

    max_redirections = 3

    def __init__(self, api: str) -> None:
        self._api = api

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        if not _is_slacks(newurl, self._api):
            raise OSError("a redirect to another host")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _not_fetched(problem: str, file: SlackFile, **told: object) -> FileNotFetched:
    return FileNotFetched(message(f"home.file_{problem}", name=file.name, **told))


# A pasted list that came as a file


@dataclass(frozen=True, slots=True)
class Pasted:
    """The statements in the files of a message, one a line; "" for none. `told`: a sentence for the
    sender about each file that was not read; () when all were."""

    text: str = ""
    told: tuple[str, ...] = ()


def text_of(event: dict[str, Any], client: WebClient, *, within: float = 2.0) -> Pasted:
    """The statements in the text files of a message, all fetched within some seconds: the message
    is acknowledged after that. The limits of what is typed hold for them, too: the caller takes the
    text as if it was typed, after what was. It is not scrubbed yet."""
    until = time.monotonic() + within
    texts: list[str] = []
    told: list[str] = []
    with TemporaryDirectory(prefix="codedesk-") as folder:
        for file in sent(event.get("files")):
            if file.extension not in (*LISTS, *X12):
                told.append(message("home.file_no_list", name=file.name))
                continue
            try:
                left = max(until - time.monotonic(), 0.01)
                path = fetched(
                    client, file, Path(folder), most=MOST_OF_A_LIST, cut=True, within=left
                )
                texts.append(_statements(path.read_bytes(), file.extension))
            except (FileNotFetched, UnicodeDecodeError, csv.Error) as error:
                no_text = message("home.file_no_text", name=file.name)
                told.append(str(error) if isinstance(error, FileNotFetched) else no_text)
    return Pasted("\n".join(text for text in texts if text), tuple(told))


def _statements(data: bytes, extension: str) -> str:
    """The lines of a text file; of a table, the cells of each row side by side. Raises
    UnicodeDecodeError for what is no text."""
    if b"\0" in data[:1000] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnicodeDecodeError("utf-8", data[:20], 0, 1, "no text")
    text = _decoded(data)
    if extension in ("csv", "tsv"):
        comma = "\t" if extension == "tsv" else ","
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=comma)
        lines: Sequence[str] = [" ".join(cell.strip() for cell in row if cell) for row in rows]
    else:
        lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line)


def _decoded(data: bytes) -> str:
    """The text in Unicode, else in Windows' code page. A last character that was cut is dropped."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252")
