"""How much of a file is read before it is refused.

A file from outside may be made to fill memory or disk, or to never end. Each limit is several times
what the largest official file needs; the figures beside them were measured on the files of CDC and
CMS from FY2016 to FY2027.
"""

from __future__ import annotations

from dataclasses import dataclass

from codesets.model import CodesetError

MB = 1024 * 1024


class TooMuch(CodesetError):
    """A file exceeds a limit; the message names the file and the limit."""


#: A text file, in bytes and lines: the largest lists have 15 MB, a part of the PTP edits 60 MB.
TEXT_BYTES = 256 * MB
TEXT_LINES = 3_000_000
#: A line of text, in characters: the longest official one has 950.
LINE = 64 * 1024
#: A field of the Medicare Coverage Database, in characters: it may be a whole article with markup.
NARRATIVE = 8 * MB

#: An XML file, in bytes: the largest, the Alphabetic Index, has 10 MB.
XML_BYTES = 64 * MB
#: Its elements and attributes together: the Index has 325,000.
XML_PARTS = 2_000_000
#: How deep its elements nest: the Index nests 13 deep.
XML_DEPTH = 100
#: The longest tag or text in it, in bytes.
XML_TEXT = MB

#: What a zip may hold, together with the zips in it: files, bytes when unpacked, and levels of zips
#: in zips. Official zips hold 22 files and 20 MB; a quarter of NCCI's PTP edits some 150 MB.
ZIP_FILES = 1_000
ZIP_BYTES = 512 * MB
ZIP_DEPTH = 3
#: How many times larger a file may become when it is unpacked (at most 17 in official zips). Only
#: checked from a size on that matters, in bytes.
ZIP_RATIO = 100
ZIP_RATIO_FROM = MB

#: The rows of a worksheet: the most that the format allows.
SHEET_ROWS = 1_048_576
#: The pages of a PDF: the Official Guidelines have 125.
PDF_PAGES = 1_000
#: One row that a reader returns (codesets/confined.py), in characters.
ROW = MB


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a process that reads a zip, workbook or PDF may use.

    `memory` and `output` are in bytes, `cpu` in seconds of computing, `wall` in seconds of elapsed
    time, which also ends a process that waits.
    """

    memory: int
    cpu: int
    wall: int
    output: int


#: To read a whole file. The guidelines' PDF takes 20 s and 150 MB on a slow core.
WHOLE = Allowance(memory=1024 * MB, cpu=180, wall=600, output=ZIP_BYTES)
#: To look at its beginning: two pages or thirty rows, which takes one second.
BEGINNING = Allowance(memory=1024 * MB, cpu=10, wall=60, output=16 * MB)
