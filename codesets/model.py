"""The words of the house: frozen records for releases, codes, notes and terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

System = Literal["icd10cm", "icd10pcs", "hcpcs", "cpt"]

#: How each system is named to a person.
SYSTEM_NAMES: dict[str, str] = {
    "icd10cm": "ICD-10-CM",
    "icd10pcs": "ICD-10-PCS",
    "hcpcs": "HCPCS Level II",
    "cpt": "CPT",
}

NoteKind = Literal[
    "includes",
    "excludes1",
    "excludes2",
    "code_first",
    "use_additional_code",
    "code_also",
    "seventh_character",
    "note",
]

#: How each kind of note is headed in the Tabular List.
NOTE_HEADINGS: dict[str, str] = {
    "includes": "Includes",
    "excludes1": "Excludes1",
    "excludes2": "Excludes2",
    "code_first": "Code first",
    "use_additional_code": "Use additional code",
    "code_also": "Code also",
    "seventh_character": "7th character",
    "note": "Note",
}


class CodesetError(Exception):
    """Something about a code set that the user can put right; the message says how."""


class ReleaseUnavailable(CodesetError):
    """No release of the system that was asked for is loaded."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One official file that a release was read from."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """One edition of a code system.

    `effective_from` and `effective_through` are the published dates, both inclusive.
    `serves_from` is earlier than `effective_from` when the same code list is known to have
    held before (the April 2026 update of ICD-10-CM added no codes to the October one);
    dates in between are served with a notice.
    """

    system: System
    label: str
    effective_from: dt.date
    effective_through: dt.date
    source: str
    files: tuple[SourceFile, ...]
    serves_from: dt.date | None = None
    has_notes: bool = False
    loaded_at: str = ""

    @property
    def key(self) -> str:
        """The name of this edition among those of all systems: `icd10cm/FY2024`."""
        return f"{self.system}/{self.label}"

    @property
    def first_served(self) -> dt.date:
        return self.serves_from or self.effective_from

    def days_away(self, day: dt.date) -> int:
        """Days between `day` and the nearest date this release serves; 0 when it serves it."""
        if day < self.first_served:
            return (self.first_served - day).days
        return max(0, (day - self.effective_through).days)


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one release. `parent` is the code above it, None for a category; `section` is
    the block of the Tabular List it stands in (None where no Tabular List says so).

    `stem` is the code without its seventh character and placeholder X: S52.521A has the stem
    S52.521, S13.4XXA has S13.4. A code that takes no seventh character is its own stem.
    `title_from` names the later release that a title was borrowed from, if it was.
    `effective_from` and `effective_through` are the code's own dates, both inclusive, where its
    system publishes such (HCPCS Level II); None where the release's dates are all there is.
    """

    system: System
    release: str
    code: str
    title: str
    billable: bool
    parent: str | None
    section: str | None
    stem: str
    position: int
    title_from: str | None = None
    effective_from: dt.date | None = None
    effective_through: dt.date | None = None

    @classmethod
    def alone(
        cls,
        release: Release,
        code: str,
        title: str,
        position: int,
        effective_from: dt.date | None = None,
        effective_through: dt.date | None = None,
    ) -> Code:
        """A code of a system that has no headers: nothing above it, nothing to complete."""
        return cls(
            system=release.system,
            release=release.label,
            code=code,
            title=title,
            billable=True,
            parent=None,
            section=None,
            stem=code,
            position=position,
            effective_from=effective_from,
            effective_through=effective_through,
        )

    def in_force(self, day: dt.date) -> bool:
        """Whether the code's own dates allow it on `day`."""
        return (self.effective_from or day) <= day <= (self.effective_through or day)


@dataclass(frozen=True, slots=True)
class Division:
    """A chapter or a section (block) of the Tabular List: it groups codes and carries notes.

    `id` is the chapter's number or the section's published range; sections may nest.
    `parent` is the enclosing section's id, else the chapter's; None for a chapter.
    """

    kind: Literal["chapter", "section"]
    id: str
    title: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Codes that a note names: `O24.4-` is first = last = O24.4, `N18.1-N18.6` has two ends.

    Each end stands for itself and everything under it.
    """

    first: str
    last: str
    as_published: str


@dataclass(frozen=True, slots=True)
class Note:
    """One published line of an instructional note.

    `owner` is the code, section or chapter it is printed under (for a reader, where it is
    inherited from); `mark` is the seventh character that a definition line defines.
    Lines of one XML element share `group`, so that "Use additional code to identify:" stays
    with the lines under it.
    """

    kind: NoteKind
    text: str
    owner_kind: Literal["chapter", "section", "code"]
    owner: str
    release: str
    group: int
    mark: str | None = None
    codes: tuple[CodeRange, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Term:
    """Official words that lead a human to a code."""

    code: str
    text: str
    kind: Literal["inclusion_term"]
    release: str


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything read from the files of one release, ready to be stored."""

    release: Release
    codes: tuple[Code, ...]
    divisions: tuple[Division, ...] = ()
    notes: tuple[Note, ...] = ()
    terms: tuple[Term, ...] = ()

    @classmethod
    def flat(cls, release: Release, rows: Iterable[tuple[str, str]]) -> Edition:
        """An edition of a system without headers, from (code, title) in published order."""
        codes = (Code.alone(release, code, title, at) for at, (code, title) in enumerate(rows))
        return cls(release, tuple(codes))
