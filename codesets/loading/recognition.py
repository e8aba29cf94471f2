"""Recognises the files of an import: those of a known layout, and what the others are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codesets import confined
from codesets.formats.text_files import NO_TEXT
from codesets.loading import edition_names, file_types
from codesets.loading.edition_names import Edition
from codesets.loading.file_types import Layout, Sample
from codesets.loading.packaged import IMPORTED
from codesets.model import (
    SYSTEM_NAMES,
    CodesetError,
    Reference,
    Release,
    Setting,
    SourceFile,
)

EXPECTED = (
    "expected an official file of ICD-10-CM, ICD-10-PCS, HCPCS Level II or NCCI, or the AMA's "
    "tab-delimited CPT descriptors (`codedesk codesets import --help` lists them)"
)

_NO_FILE = "it is no file that Code Desk can read"
_EMPTY = "it is empty"
_WEB_PAGE = "it is a web page, not the file that was to be downloaded: download it again"


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file whose layout is known.

    `source` is the name of the file or zip that was imported; `package` is the name of the zip, ""
    where there is none. `path` may be a temporary file. `setting` is that of NCCI edits.
    """

    path: Path
    source: str
    layout: Layout
    edition: Edition
    sample: Sample
    package: str
    setting: Setting | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def edition_name(self) -> str:
        return f"{SYSTEM_NAMES[self.layout.system]} {self.edition.label}"

    def release(self, files: Iterable[Recognised] = ()) -> Release:
        """The release that this file, with `files`, is read into."""
        return Release(
            system=self.layout.system,
            label=self.edition.label,
            effective_from=self.edition.effective_from,
            effective_through=self.edition.effective_through,
            source=IMPORTED + self.source,
            files=_source_files([self, *files]),
        )

    def reference(self, files: Iterable[Recognised] = ()) -> Reference:
        """The reference that this file, with `files`, is read into."""
        assert self.layout.kind is not None
        return Reference(
            kind=self.layout.kind,
            system=self.layout.system,
            label=self.edition.label,
            effective_from=self.edition.effective_from,
            effective_through=self.edition.effective_through,
            source=IMPORTED + self.source,
            files=_source_files([self, *files]),
            setting=self.setting,
            part=edition_names.part_of(self.layout, self.name),
        )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not loaded.

    `why` completes "NAME: left out, …". `error` has the same as a sentence for the file alone.
    `is_failure` is False for a file in a zip that has nothing to load, such as the description that
    comes with a list.
    """

    name: str
    package: str
    why: str
    error: CodesetError
    is_failure: bool = True

    @classmethod
    def by(cls, error: CodesetError, name: str, package: str = "") -> LeftOut:
        """For a file that cannot be read, or whose edition cannot be told."""
        says = str(error).rstrip(".").replace(f"The name of {name} ", "its name ", 1)
        if says.startswith(f"{name}, "):
            says = says[len(name) + 2 :]
        elif says.startswith(f"{name} "):
            says = f"it{says[len(name) :]}"
        return cls(name, package, says, error)


class NothingToLoad(CodesetError):
    """A file has no layout that Code Desk reads; the message says what it is, where that is
    known."""


def files_of(path: Path) -> list[Path]:
    """The file at `path`, or the files of the folder there."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def recognised(
    path: Path, folder: Path, label: str | None, *, label_decides: bool
) -> Iterator[Recognised | LeftOut]:
    """The file at `path`; where it is a zip, every file in it. The zip is unpacked into `folder`.
    `label` and `label_decides` are those of `edition_names.edition_of`."""
    try:
        samples = [(sample := _sample(path))]
        package = path.name if sample.is_zip else ""
        if package:
            samples = list(_unzipped(path, folder))
    except CodesetError as error:
        yield LeftOut.by(error, path.name)
        return
    for sample in samples:
        yield _recognised(sample, package, label, label_decides)


def _recognised(
    sample: Sample, package: str, label: str | None, label_decides: bool
) -> Recognised | LeftOut:
    try:
        layout = file_types.layout_of(sample)
        if layout is None:
            return _left_out(sample, package, file_types.what_else(sample))
        edition = edition_names.edition_of(
            layout, sample, package, label, label_decides=label_decides
        )
        return Recognised(
            path=sample.path,
            source=package or sample.name,
            layout=layout,
            edition=edition,
            sample=sample,
            package=package,
            setting=edition_names.setting_of(layout, sample, package),
        )
    except CodesetError as error:
        return LeftOut.by(error, sample.name, package)


def _left_out(sample: Sample, package: str, what: str | None) -> LeftOut:
    """A file without a layout; `what` it is, where that is known."""
    name = sample.name
    if what:
        error, why = NothingToLoad(f"{name} is {what}."), f"it is {what}"
    elif not sample.head.strip():
        error, why = NothingToLoad(f"{name} is empty: {EXPECTED}."), _EMPTY
    elif re.match(rb"\s*<(?:!doctype html|html)", sample.head.removeprefix(b"\xef\xbb\xbf"), re.I):
        says = f"{name} is a web page, not the file that was to be downloaded: {EXPECTED}."
        error, why = NothingToLoad(says), _WEB_PAGE
    elif sample.is_text and b"\0" in sample.head:
        error, why = NothingToLoad(f"{name} {NO_TEXT}"), f"it {NO_TEXT.rstrip('.')}"
    else:
        error = NothingToLoad(f"{name} is no file that Code Desk can read: {EXPECTED}.")
        why = _NO_FILE
    return LeftOut(name, package, why, error, is_failure=not package)


def _sample(path: Path) -> Sample:
    if path.exists() and not path.is_file():
        raise CodesetError(f"{path.name} is no file: give official files, or a folder of them.")
    try:
        return Sample.of(path)
    except OSError as error:
        raise CodesetError(f"{path.name} cannot be read: {error.strerror}.") from error


def _unzipped(path: Path, folder: Path) -> Iterator[Sample]:
    damaged = f"{path.name} is a zip that cannot be unpacked: download it again."
    for (name,) in confined.read("zip", path, str(folder), damaged=damaged):
        yield Sample.of(Path(name))


def _source_files(files: Iterable[Recognised]) -> tuple[SourceFile, ...]:
    return tuple({file.name: SourceFile(file.name, file.sample.sha256) for file in files}.values())
