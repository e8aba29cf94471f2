"""Reading text and XML files as their publishers deliver them, within limits."""

from __future__ import annotations

import codecs
import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias, cast

from codesets import limits
from codesets.limits import TooMuch
from codesets.model import CodesetError

#: The end-of-file mark of DOS, which some published files still have.
_END_OF_FILE = "\x1a"
#: Bytes that Windows-1252 does not define.
_NOT_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_BLOCK = 64 * 1024
_TAIL = 1024
_Events: TypeAlias = "Iterator[tuple[str, ET.Element]]"

#: The message for a file with NUL bytes; its name comes before it.
NO_TEXT = "is UTF-16 text, or no text at all (it has NUL bytes): save it as UTF-8 text."


def decoded(data: bytes) -> str:
    """Text from UTF-8 if it is valid UTF-8, else from Windows-1252: CMS publishes both."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def text_lines(
    path: Path, ends: str = "\n", longest: int = limits.LINE, errors: str = "strict"
) -> Iterator[str]:
    """The lines of a UTF-8 or Windows-1252 text file with their line ends. They come one by one,
    because the quarterly edits of NCCI have millions. `ends` is the `newline` of open(), `longest`
    the most characters of a line. `errors` "replace": bytes that Windows-1252 does not define are
    replaced.

    Raises CodesetError when the file is neither UTF-8 nor Windows-1252, TooMuch when it, or a line
    of it, exceeds the limits of codesets/limits.py.
    """
    encoding = _encoding_of(path, strict=errors == "strict")
    with path.open(encoding=encoding, errors=errors, newline=ends) as file:
        for number in range(1, limits.TEXT_LINES + 1):
            line = file.readline(longest + 1)
            if not line:
                return
            if len(line) > longest:
                raise TooMuch(
                    f"{path.name}, line {number}: has more than {longest:,} characters, which "
                    "no official file has."
                )
            yield line
    raise TooMuch(f"{path.name} has more than {limits.TEXT_LINES:,} lines.")


def _encoding_of(path: Path, *, strict: bool = True) -> str:
    """The encoding of a file. The whole file is read, because its only letter that is not UTF-8 may
    be at its end.

    Raises CodesetError and TooMuch as `text_lines` does.
    """
    check_size(path, limits.TEXT_BYTES)
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, undefined = True, None
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if b"\0" in block:
                raise CodesetError(f"{path.name} {NO_TEXT}")
            undefined = undefined or _NOT_WINDOWS.search(block)
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
                decoder.reset()
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        utf8 = False
    if not utf8 and undefined and strict:
        raise CodesetError(
            f"{path.name} is neither UTF-8 nor Windows-1252 text (byte 0x{undefined[0][0]:02X}): "
            "save it as UTF-8 and import it again, or download it again."
        )
    return "utf-8-sig" if utf8 else "cp1252"


def check_size(path: Path, most: int) -> None:
    """Raises TooMuch for a file of more than `most` bytes."""
    if path.stat().st_size > most:
        raise TooMuch(
            f"{path.name} has more than {most // limits.MB} MB, which no official file of its "
            "kind has."
        )


def is_cut(path: Path) -> bool:
    """Whether the last line of a text file has no line end.

    In every official file it has one. A download that broke off leaves a line without it, even
    where the line itself looks complete.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    # Spaces and end-of-file marks may follow the last line end.
    return not tail.rstrip(b" \t" + _END_OF_FILE.encode()).endswith((b"\n", b"\r"))


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file, without their ends. Raises as `text_lines` does."""
    # Not splitlines(), which also splits at characters that titles may contain.
    for line in text_lines(path):
        yield line.replace(_END_OF_FILE, "").rstrip("\r\n")


def xml_root(path: Path) -> ET.Element:
    """The root of an XML file.

    Raises CodesetError when it is damaged, cut off or in an unknown encoding; TooMuch when its
    size, depth or longest text exceeds the limits of codesets/limits.py. (The parser itself
    refuses entities that expand to large texts.)
    """
    check_size(path, limits.XML_BYTES)
    parser: ET.XMLPullParser = ET.XMLPullParser(("start", "end"))
    root: ET.Element | None = None
    depth = parts = since_event = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                parser.feed(block)
                since_event += len(block)
                for event, element in cast(_Events, parser.read_events()):
                    since_event = 0
                    if event == "end":
                        depth -= 1
                        continue
                    root = element if root is None else root
                    depth += 1
                    parts += 1 + len(element.attrib)
                    if depth > limits.XML_DEPTH:
                        raise _beyond(path, f"elements nested more than {limits.XML_DEPTH} deep")
                if parts > limits.XML_PARTS:
                    raise _beyond(path, f"more than {limits.XML_PARTS:,} elements and attributes")
                if since_event > limits.XML_TEXT:
                    raise _beyond(
                        path, f"a tag or a text of more than {limits.XML_TEXT // limits.MB} MB"
                    )
            parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:  # the latter two: encodings
        raise CodesetError(
            f"{path.name} is damaged or cut off: not readable as XML ({error}). Download it again."
        ) from error
    assert root is not None  # close() raises ParseError for a file without elements
    return root


def _beyond(path: Path, what: str) -> TooMuch:
    return TooMuch(f"{path.name} has {what}, which no official file has.")


def matched_lines(path: Path, line: re.Pattern[str], layout: str) -> list[re.Match[str]]:
    """The match of `line` with every line of a file that is not blank.

    Raises CodesetError when a line does not match (the message names it and `layout`), or the file
    is empty; else as `text_lines` does.
    """
    matches = []
    for number, text in enumerate(lines_of(path), 1):
        if not text.strip():
            continue
        match = line.match(text)
        if match is None:
            raise CodesetError(f"{path.name}, line {number}: not in the layout of {layout}.")
        matches.append(match)
    if not matches:
        raise CodesetError(f"{path.name} is empty.")
    return matches


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def xml_version(head: str) -> int | None:
    """The year that an ICD-10 XML file gives as its version; None when it gives none."""
    match = re.search(r"<version>\s*(20\d\d)\s*</version>", head)
    return int(match[1]) if match else None
