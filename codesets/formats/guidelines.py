"""The Official Guidelines for Coding and Reporting, as numbered sections.

* ICD-10-CM (CMS and NCHS, one PDF an edition): sections I to IV and Appendix I. The levels below
  are numbered "A.", "1.", "a.", "1)", "(a)" and "(i)"; the document cites them as "Section
  I.C.4.a.3". Headings are bold, but some of the level "(i)" are not. A contents table of the upper
  levels comes first, and every page ends with its number.
* ICD-10-PCS (CMS, one PDF an edition): guidelines numbered A1, B3.1a, … , each number alone on
  its line, under bold titles; or the same as a table with columns section, type, idx and content.

The section on a chapter is I.C and the number of the chapter: I.C.4 is on chapter 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Literal

from codesets import confined, limits
from codesets.code_format import ICD10CM, ICD10CM_CATEGORY
from codesets.formats import spreadsheets
from codesets.formats.icd10cm import codes_named
from codesets.limits import TooMuch
from codesets.model import CodeRange, CodesetError, Guideline

#: The share of the contents entries whose sections must be found. Some titles are worded
#: differently in the text, and some entries have no page.
_FOUND_OF_CONTENTS = 0.9


def first_pages(path: Path) -> str:
    """The text of the first two pages of a PDF.

    Raises CodesetError when the file cannot be opened as a PDF; TooMuch when it exceeds the limits
    of codesets/limits.py.
    """
    return "\n".join(line.text for line in _lines(path, pages=2))


def is_guidelines(first_pages: str) -> Literal["icd10cm", "icd10pcs"] | None:
    """The system whose guidelines begin with this text; None when they are no guidelines."""
    named = re.search(
        r"ICD-?\s?10-?\s?(CM|PCS) Official Guidelines for Coding and Reporting",
        " ".join(first_pages.split()),
        re.IGNORECASE,
    )
    if named is None:
        return None
    return "icd10cm" if named[1].upper() == "CM" else "icd10pcs"


def edition_named(first_pages: str) -> str | None:
    """The label of the edition that the title names; None when it names none.

    "FY 2025 -- UPDATED October 1, 2024" is FY2025, an April update is FY2026-April. The PCS
    guidelines have only a year: "… and Reporting 2025"."""
    text = " ".join(first_pages.split())
    title = re.search(r"Guidelines for Coding and Reporting(?P<rest>.{0,120})", text)
    head = title["rest"] if title else text[:200]
    year = re.search(r"(?:FY ?|Fiscal Year )?(?P<year>20\d\d)", head)
    if year is None:
        return None
    april = re.search(r"(?:updated|effective)[^()]{0,20}April 1", head, re.IGNORECASE)
    return f"FY{year['year']}" + ("-April" if april else "")


# ── Lines of a PDF ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as printed: its text, page number, font size and position in points.

    `word_width` is the width of its first word, or of that word's part up to a hyphen: this much
    room would have been needed on the line before."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    size: float
    bold: bool
    word_width: float

    def distance_from(self, before: _Line) -> float:
        """The distance from the line before, in multiples of its font size; 0.0 on a new page."""
        if self.page != before.page:
            return 0.0
        return (self.bottom - before.bottom) / before.size


_FOOTER = re.compile(
    r"ICD-10-(?:CM|PCS) Official Guidelines for Coding and Reporting(?: \d{4})?|FY \d{4}"
    r"|(?:Page )?(?P<page>\d{1,3})(?: of \d{1,3})?"
)


def _lines(path: Path, pages: int | None = None) -> Iterator[_Line]:
    """The lines of a PDF (of its first `pages`) without blank lines and the footers of pages.

    A page has the number that is printed on it, if there is one.
    """
    damaged = f"{path.name} cannot be opened as a PDF: download it again from its publisher."
    within = limits.WHOLE if pages is None else limits.BEGINNING
    for line in confined.read("pdf", path, pages, damaged=damaged, within=within):
        yield _Line(*line)


def read_pdf(path: Path, pages: int | None) -> Iterator[list[Any]]:
    """The lines of a PDF's first `pages` (None: all), each as a list of the fields of a `_Line`.
    Runs in a confined process (codesets/confined.py)."""
    import pdfplumber

    with pdfplumber.open(path) as document:
        for position, page in enumerate(document.pages[:pages], 1):
            if position > limits.PDF_PAGES:
                raise TooMuch(f"{path.name} has more than {limits.PDF_PAGES:,} pages.")
            for line in _page_lines(page.extract_text_lines(), position):
                yield list(astuple(line))
            page.close()  # frees the memory of its characters


def _page_lines(rows: list[dict[str, Any]], position: int) -> Iterator[_Line]:
    number = position
    while rows and (footer := _FOOTER.fullmatch(rows[-1]["text"].strip())):
        if footer["page"]:
            number = int(footer["page"])
        rows = rows[:-1]
    for row in rows:
        letters = [char for char in row["chars"] if char["text"].strip()]
        text = " ".join(row["text"].split())
        if not letters:
            continue
        chunk = re.match(r"[^\s-]*-?", text)
        assert chunk is not None
        yield _Line(
            text=text,
            page=number,
            left=row["x0"],
            right=row["x1"],
            bottom=row["bottom"],
            size=max(char["size"] for char in letters),  # superscripts are smaller
            bold=sum("Bold" in char["fontname"] for char in letters) > len(letters) / 2,
            word_width=letters[max(0, len(chunk[0]) - 1)]["x1"] - row["x0"],
        )


def _paragraphs(lines: Sequence[_Line], margins: dict[int, float]) -> str:
    """The text of the lines of one section.

    Lines that were broken for lack of room are joined. Lines that were ended on purpose stay lines.
    A blank line separates paragraphs. `margins` are the right margins by page number, in points.
    """
    text = ""
    for before, line in zip([None, *lines], lines, strict=False):
        if before is None:
            text = line.text
        elif line.distance_from(before) > 1.6 or abs(line.size - before.size) > 1:
            text += "\n\n" + line.text
        elif _was_ended(before, line, margins[before.page]):
            text += "\n" + line.text
        elif _is_split(text, line.text):
            text += line.text
        else:
            text += " " + line.text
    return text


#: An item of a list: "• Laterality", "Z66 Do not resuscitate".
_ITEM = re.compile(rf"[•\uf0b7] |{ICD10CM}-? [A-Z]")
_ENDS_IN_CODE = re.compile(rf"(?<![\w.]){ICD10CM}\.?-$")


def _was_ended(before: _Line, line: _Line, margin: float) -> bool:
    """Whether a line was ended on purpose: the first word of the next line would have had room, or
    the next line begins an item of a list. (The rest of an item is indented; a new item is not.)"""
    if before.right + before.size / 3 + line.word_width < margin:
        return True
    return bool(_ITEM.match(line.text)) and line.left <= before.left + 1


def _is_split(text: str, rest: str) -> bool:
    """Whether a line break is within a word, after a hyphen that is kept (ICD-|10-CM). The dash of
    a code (O98.7-) counts as a hyphen only where the other end of a range follows."""
    if not re.search(r"\w\.?-$", text):
        return False
    return not _ENDS_IN_CODE.search(text) or bool(re.match(ICD10CM, rest))


def _margins(lines: Sequence[_Line]) -> dict[int, float]:
    """The right margin of each page, by its number: where its longest line ends, in points."""
    margins: dict[int, float] = {}
    for line in lines:
        margins[line.page] = max(margins.get(line.page, 0.0), line.right)
    return margins


# ── Numbers of sections ─────────────────────────────────────────────────────────────────────────

_ROMANS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")

#: The forms of a section's number, from the top level down.
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"Section (?P<label>[IVX]+)\.\s",
        r"(?P<label>[A-Z])\.\s",
        r"(?P<label>\d{1,2})\.\s",
        r"(?P<label>[a-z])\.\s",
        r"(?P<label>\d{1,2})\)\s",
        r"\((?P<label>[a-z])\)\s",
        r"\((?P<label>[ivx]+)\)\s*",
    )
)
_APPENDIX = re.compile(r"(?P<label>Appendix [IVX]+)\W*")
_ROMAN_LEVEL = len(_FORMS) - 1


def _ordinal(level: int, label: str) -> int:
    """The position of a label among its siblings, from 1: "C", "3", "c" and "iii" are third. 0 for
    a text that is no Roman numeral up to x."""
    if level in (0, _ROMAN_LEVEL):
        lower = label.lower()
        return _ROMANS.index(lower) + 1 if lower in _ROMANS else 0
    return int(label) if label.isdigit() else ord(label.lower()) - ord("a") + 1


@dataclass(slots=True)
class _Numbering:
    """Keeps count of a document's section numbers.

    A text that begins like a number is one only where it is the next in order; one number may be
    skipped. `labels` are those of the current section, by level."""

    labels: dict[int, str] = field(default_factory=dict)

    def take(self, text: str, *, lowest: int = _ROMAN_LEVEL) -> tuple[str, str] | None:
        """The number and the title of the section whose heading is `text`, None if it is none.
        `lowest` is the lowest level that is tried."""
        if appendix := _APPENDIX.match(text):
            self.labels = {0: appendix["label"]}
            return appendix["label"], text[appendix.end() :].strip()
        for level, form in enumerate(_FORMS[: lowest + 1]):
            match = form.match(text + " ")
            if match is None or (level and not any(above < level for above in self.labels)):
                continue
            before = self.labels.get(level)
            step = _ordinal(level, match["label"]) - (_ordinal(level, before) if before else 0)
            if step in ((1, 2) if before else (1,)):
                self.labels = {n: at for n, at in self.labels.items() if n < level}
                self.labels[level] = match["label"]
                section = ".".join(self.labels[n] for n in sorted(self.labels))
                return section, text[match.end() :].strip()
        return None


@dataclass(slots=True)
class _Section:
    """A section while it is read; `last` is the last line of its heading."""

    id: str
    title: str
    lines: list[_Line]
    last: _Line

    def continues_heading(self, line: _Line) -> bool:
        """Whether `line` continues the heading: it has the same style and follows closely."""
        return (
            not self.lines
            and (line.bold == self.last.bold or not self.title)
            and line.page == self.last.page
            and abs(line.size - self.last.size) < 0.3
            and line.distance_from(self.last) < 1.25
        )


# ── ICD-10-CM ───────────────────────────────────────────────────────────────────────────────────


def read_guidelines(path: Path, release: str) -> tuple[Guideline, ...]:
    """Every section of the ICD-10-CM guidelines PDF, in order, numbered like `I.C.4.a.3` or
    `Appendix I`.

    Raises CodesetError when the PDF cannot be opened, has no contents table, or has other sections
    than its contents list (the layout has changed); TooMuch when it exceeds the limits of
    codesets/limits.py.
    """
    lines = list(_lines(path))
    begins = next(
        (n for n, line in enumerate(lines) if line.bold and line.text.startswith("Section I.")),
        None,
    )
    contents = _contents(lines[:begins])
    if begins is None or not contents:
        raise CodesetError(
            f"{path.name} is not laid out as the ICD-10-CM guidelines: it has no contents table "
            'followed by "Section I." in bold.'
        )
    sections = _cm_sections(lines[begins:])
    _check(path, contents, sections)
    margins = _margins(lines)
    guidelines = []
    for section, page in sections:
        text = _paragraphs(section.lines, margins)
        named = named_codes(f"{section.title}\n{text}")
        guidelines.append(Guideline(section.id, section.title, text, page, release, named))
    return tuple(guidelines)


def _cm_sections(lines: Sequence[_Line]) -> list[tuple[_Section, int]]:
    """The sections, each with the number of the page that it begins on."""
    numbering = _Numbering()
    sections: list[tuple[_Section, int]] = []
    for line in lines:
        current = sections[-1][0] if sections else None
        if line.bold or _FORMS[_ROMAN_LEVEL].match(line.text):
            heading = numbering.take(line.text)
            if heading is not None:
                sections.append((_Section(*heading, [], line), line.page))
                continue
        assert current is not None  # the first line is the heading of section I
        if current.continues_heading(line):
            current.title = _joined(current.title, line.text)
            current.last = line
        else:
            current.lines.append(line)
    return sections


def _joined(text: str, rest: str) -> str:
    return text + rest if _is_split(text, rest) else f"{text} {rest}".strip()


_LEADER = re.compile(r"(?:[\s.\u2026]{2,}|\s)\d{1,3}$")


def _contents(lines: Sequence[_Line]) -> dict[str, str]:
    """The contents table: titles by section number. An entry ends in its page, which may be on a
    later line."""
    numbering = _Numbering()
    entries: dict[str, str] = {}
    entry = ""
    for line in lines:
        entry = _joined(entry, line.text) if entry else line.text
        if not _LEADER.search(entry) and not re.fullmatch(r"\d{1,3}", line.text):
            if numbering.labels or entry.startswith("Section I."):
                continue  # the entry continues on the next line
            entry = ""
            continue
        numbered = numbering.take(_LEADER.sub("", entry), lowest=3)
        if numbered is not None:
            entries[numbered[0]] = numbered[1]
        entry = ""
    return entries


def _check(path: Path, contents: dict[str, str], sections: Sequence[tuple[_Section, int]]) -> None:
    """Raises CodesetError when too many entries of the contents have no section of their title."""
    titles = {section.id: section.title for section, _ in sections}
    missing = [
        section
        for section, title in contents.items()
        if section not in titles or not _same_title(title, titles[section])
    ]
    if len(missing) > (1 - _FOUND_OF_CONTENTS) * len(contents):
        raise CodesetError(
            f"{path.name}: {len(missing)} of the {len(contents)} entries of its contents are not "
            f'found in its text, first section {missing[0]}, "{contents[missing[0]]}"; the layout '
            "has changed."
        )


def _same_title(one: str, other: str) -> bool:
    one, other = (re.sub(r"[^a-z0-9]", "", title.lower()) for title in (one, other))
    return one.startswith(other[:20]) or other.startswith(one[:20])


# ── ICD-10-PCS ──────────────────────────────────────────────────────────────────────────────────

_PCS_NUMBER = re.compile(r"[A-Z]\d{1,2}(?:\.\d{1,2}[a-z]?)?")


def read_pcs_guidelines(path: Path, release: str) -> tuple[Guideline, ...]:
    """Every guideline of the ICD-10-PCS guidelines PDF, in order: A1, B3.1a, …

    The title of a guideline is the last bold line above its number; several guidelines may be under
    one title. Raises CodesetError when the PDF cannot be opened or no line is a guideline's number;
    TooMuch when it exceeds the limits of codesets/limits.py.
    """
    lines = list(_lines(path))
    margins = _margins(lines)
    numbered: list[tuple[str, str, int, list[_Line]]] = []
    headings: list[_Line] = []  # bold lines that are headings if a number comes next
    title = ""
    for line in lines:
        if _PCS_NUMBER.fullmatch(line.text):
            title = headings[-1].text if headings else title
            numbered.append((line.text, title, line.page, []))
            headings = []
        elif line.bold and not line.text.endswith("."):
            headings.append(line)
        elif numbered:
            numbered[-1][3].extend([*headings, line])  # text that is new in an edition is bold, too
            headings = []
        else:
            headings = []
    if not numbered:
        raise CodesetError(
            f"{path.name} has no line that is the number of an ICD-10-PCS guideline (A1, B3.1a)."
        )
    return tuple(
        Guideline(number, title, _paragraphs(own, margins), page, release)
        for number, title, page, own in numbered
    )


#: A title at the beginning of the text, marked as bold: "**Selection of Principal Procedure**".
_BOLD_TITLE = re.compile(r"\*\*(.+?)\*\*\s*")
PCS_COLUMNS: spreadsheets.Columns = {
    "section": ["section"],
    "type": ["type"],
    "number": ["idx"],
    "content": ["content"],
}


def read_pcs_table(path: Path, release: str) -> tuple[Guideline, ...]:
    """The ICD-10-PCS guidelines as a table: section, type, idx and content.

    Raises CodesetError when columns are missing, or there are no guidelines.
    """
    rows = spreadsheets.table(path, PCS_COLUMNS, "a table of the ICD-10-PCS guidelines")
    guidelines = tuple(
        _pcs_row(row, release) for _, row in rows if row["number"] and row["content"]
    )
    if not guidelines:
        raise CodesetError(f"{path.name} has no guidelines.")
    return guidelines


def _pcs_row(row: dict[str, str], release: str) -> Guideline:
    title, text = row["type"] or row["section"], row["content"]
    if bold := _BOLD_TITLE.match(text):
        title, text = bold[1], text[bold.end() :]
    return Guideline(row["number"], " ".join(title.split()), text, None, release)


# ── The codes that a section names ──────────────────────────────────────────────────────────────


class _LooksLikeCategory:
    """Every text with the shape of a category, in place of a release's list of categories: the
    guidelines have none."""

    _shape = re.compile(ICD10CM_CATEGORY)

    def __contains__(self, category: object) -> bool:
        return isinstance(category, str) and self._shape.fullmatch(category) is not None


_SPOKEN_RANGE = re.compile(
    rf"(?<![\w.])(?P<first>{ICD10CM})(?: ?[\u2013\u2014] ?| - |-? (?:through|to) )"
    rf"(?P<last>{ICD10CM})(?![\w.]*\w)"
)


def named_codes(text: str) -> tuple[CodeRange, ...]:
    """The ICD-10-CM codes and ranges in a text: "E08-E13", "C00 through C96"."""
    ranges = [CodeRange(m["first"], m["last"], m[0]) for m in _SPOKEN_RANGE.finditer(text)]
    rest = _SPOKEN_RANGE.sub(" ", text)
    return tuple(dict.fromkeys([*ranges, *codes_named(rest, _LooksLikeCategory())]))
