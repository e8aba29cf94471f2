"""Imports official files that the customer has, by themselves or in the zips of their publishers.

All files are read before the first is loaded, so a bad file changes nothing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from codesets import confined, whole
from codesets.code_format import CPT, HCPCS, ICD10CM_EITHER, ICD10PCS, undot
from codesets.formats import icd10cm
from codesets.formats.text_files import NO_TEXT
from codesets.limits import TooMuch
from codesets.loading import edition_names, file_types
from codesets.loading.edition_names import Edition
from codesets.loading.file_types import TABULAR, Layout, Sample
from codesets.loading.packaged import IMPORTED, known_codes
from codesets.model import (
    SYSTEM_NAMES,
    CodesetError,
    Reference,
    ReferenceData,
    Release,
    ReleaseData,
    SourceFile,
)
from codesets.store.code_store import CodeStore

_EXPECTED = (
    "expected an official file of ICD-10-CM, ICD-10-PCS, HCPCS Level II or NCCI, or the AMA's "
    "tab-delimited CPT descriptors (`codedesk codesets import --help` lists them)"
)

_NO_FILE = "it is no file that Code Desk can read"
#: Rows of a table of the customer of which it is said what is wrong with them.
_MOST_PROBLEMS = 10
#: Files of one reference that its sentence names.
_MOST_NAMED = 8
#: What the codes of a system look like that may not be loaded.
_FORMS = {
    "cpt": re.compile(CPT).fullmatch,
    "hcpcs": re.compile(HCPCS).fullmatch,
    "icd10cm": re.compile(ICD10CM_EITHER).fullmatch,
    "icd10pcs": re.compile(ICD10PCS).fullmatch,
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file whose layout is known.

    `source` is the name of the file or zip that was imported; `package` is the name of the zip, ""
    where there is none. `path` may be a temporary file.
    """

    path: Path
    source: str
    layout: Layout
    edition: Edition
    sample: Sample
    package: str

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
        """The reference that this file, with `files`, is read into.

        Raises CodesetError when the setting of NCCI edits cannot be told.
        """
        assert self.layout.kind is not None
        return Reference(
            kind=self.layout.kind,
            system=self.layout.system,
            label=self.edition.label,
            effective_from=self.edition.effective_from,
            effective_through=self.edition.effective_through,
            source=IMPORTED + self.source,
            files=_source_files([self, *files]),
            setting=edition_names.setting_of(self.layout, self.sample, self.package),
            part=edition_names.part_of(self.layout, self.name),
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """A release or reference that was read, the sentence for its loading, and its files."""

    data: ReleaseData | ReferenceData
    sentence: str
    files: tuple[Recognised, ...]

    @property
    def names(self) -> str:
        return ", ".join(file.name for file in self.files)

    @property
    def sources(self) -> list[whole.Source]:
        return [
            whole.Source(
                file.name,
                file.path if file.sample.is_text else None,
                is_order_file=file.layout.name == file_types.ORDER_FILE,
            )
            for file in self.files
        ]


@dataclass(slots=True)
class Imported:
    """What an import did: the releases and references that it loaded, the names of the files that
    it left out, and for each list that is not whole the sentence that says why."""

    loaded: list[Release | Reference] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    not_whole: list[str] = field(default_factory=list)


def import_files(
    store: CodeStore,
    paths: Sequence[Path],
    label: str | None = None,
    say: Say = lambda line: None,
    *,
    partial: bool = False,
) -> Imported:
    """Recognise, read and load files, and the files in folders.

    `label` is the value of `--release`; `say` gets a sentence for each file. Files of unknown
    layout, files beyond the limits, and lists that are not whole are left out. With `partial`,
    lists that are not whole are loaded.

    Raises CodesetError (TooMuch, NotWhole), and loads nothing, when the only file would be left
    out, when no file is recognised, when a file cannot be read to its end, or when its edition
    cannot be told.
    """
    done = Imported()
    last: list[str] = []
    files = [file for path in paths for file in _files_of(path)]
    with tempfile.TemporaryDirectory(prefix="codedesk-") as folder:
        recognised: list[Recognised] = []
        for number, path in enumerate(files):
            try:
                recognised += _recognised(
                    path, Path(folder) / str(number), label, done.left_out, last.append
                )
            except (_NotKnown, TooMuch) as error:
                if len(files) == 1:
                    raise
                done.left_out.append(path.name)
                why = error if isinstance(error, TooMuch) else _NO_FILE
                last.append(f"{path.name}: left out, {why}")
        if not recognised:
            names = ", ".join(path.name for path in paths)
            raise CodesetError(f"{names} holds no file that Code Desk can read: {_EXPECTED}.")
        read = [
            *_releases(store, [f for f in recognised if f.layout.kind is None], say),
            *_references([f for f in recognised if f.layout.kind is not None]),
        ]
        if not partial:
            done.not_whole = list(_not_whole(store, read))
            if done.not_whole and len(files) == 1:
                raise whole.NotWhole(done.not_whole[0])
    for item in read:
        _load(store, item, say, done)
    for sentence in (*last, *done.not_whole):
        say(sentence)
    return done


def _not_whole(store: CodeStore, read: list[_Read]) -> Iterator[str]:
    """Remove from `read` the lists that are not whole, and yield a sentence for each."""
    editions = whole.Editions(store, [item.data for item in read])
    for item in list(read):
        if lacks := editions.lacking(item.data, item.sources):
            read.remove(item)
            yield whole.not_whole(item.names, lacks)


def _load(store: CodeStore, item: _Read, say: Say, done: Imported) -> None:
    if isinstance(item.data, ReleaseData):
        store.load(item.data)
        say(item.sentence)
        done.loaded.append(item.data.release)
    else:
        count = store.references.load(item.data)
        say(f"{item.sentence}: {count:,} entries")
        _say_problems(store, item, say)
        done.loaded.append(item.data.reference)


def _say_problems(store: CodeStore, item: _Read, say: Say) -> None:
    """Say what is wrong with rows of the files, the first of them each by itself."""

    def exists(code: str) -> bool:
        missing = [s for s, form in _FORMS.items() if s not in store.systems and form(code)]
        return bool(missing) or any(store.releases_with(s, code) for s in store.systems)

    for file in item.files:
        if file.layout.problems is None:
            continue
        told = [*file.layout.problems(file.path, exists)]
        for sentence in told[:_MOST_PROBLEMS]:
            say(f"{file.name}, {sentence}")
        if (left := len(told) - _MOST_PROBLEMS) > 0:
            say(f"{file.name}: {left:,} more rows are left out or to be looked at")


# Reading


def _releases(store: CodeStore, files: Sequence[Recognised], say: Say) -> Iterator[_Read]:
    """The releases that the files hold, one of each system and edition."""
    loaded = {release.key: release for release in store.releases()}
    known = known_codes(store)
    for key, same in _grouped(files, lambda file: file.release().key).items():
        tabular = [file for file in same if file.layout is TABULAR]
        lists = [file for file in same if file.layout is not TABULAR]
        # Of several lists of one release (order file and code file; long, medium and short
        # descriptors), the largest has the most detail.
        best = max(lists, key=lambda file: file.path.stat().st_size, default=None)
        for file in lists:
            if file is not best:
                assert best is not None
                say(f"{file.name}: {file.edition_name}, {file.layout.name}; {best.name} says more")
        if tabular:
            yield _tabular(store, tabular[0], best, loaded.get(key))
        elif best is not None and key in loaded and loaded[key].has_notes:
            say(
                f"{best.name}: {best.edition_name} is loaded already, with the notes of its "
                "Tabular List, which this file has not; left as it is"
            )
        elif best is not None:
            assert best.layout.read_release is not None
            data = best.layout.read_release(best.path, best.release(), known)
            yield _Read(data, _sentence(best, data), (best,))


def _tabular(
    store: CodeStore, file: Recognised, beside: Recognised | None, loaded: Release | None
) -> _Read:
    """The Tabular List with the code list of its edition, which says which codes exist: the order
    file that is imported with it, else the list that is loaded.

    Raises CodesetError when there is neither.
    """
    titles: dict[str, str] = {}
    files: tuple[Recognised, ...] = (file,)
    if beside is not None and beside.layout.name == file_types.ORDER_FILE:
        titles = {code: title for code, _, title in icd10cm.read_order_file(beside.path)}
        files = (file, beside)
    elif loaded is not None:
        titles = {undot(code.code): code.title for code in store.codes(loaded)}
    if not titles:
        raise CodesetError(
            f"{file.name} explains the codes of {file.edition_name}, and which codes there are is "
            "said by its order file: import that too, in the same command or before."
        )
    release = replace(file.release([beside] if beside is not None else []), has_notes=True)
    data = icd10cm.read_tabular(file.path, list(titles), release, titles)
    return _Read(data, _sentence(file, data), files)


def _references(files: Sequence[Recognised]) -> Iterator[_Read]:
    """The references that the files hold. Files of the same reference are read one after another
    into one."""
    for same in _grouped(files, lambda file: file.reference().key).values():
        parts = _once_each(same)
        first = parts[0]
        reference = first.reference(parts[1:])
        rows = chain.from_iterable(
            part.layout.read_reference(part.path, reference.label)  # type: ignore[misc]
            for part in parts
        )
        names = ", ".join(part.name for part in parts[:_MOST_NAMED])
        if (left := len(parts) - _MOST_NAMED) > 0:
            names += f" and {left} more"
        dates = reference.dates
        sentence = f"{names}: {reference.name}, {dates}"
        yield _Read(ReferenceData(reference, tuple(rows)), sentence, tuple(parts))


def _once_each(files: Sequence[Recognised]) -> list[Recognised]:
    """The files without the workbooks that are published as text, too."""
    by_name: dict[str, Recognised] = {}
    for file in sorted(files, key=lambda file: (file.sample.is_workbook, file.name)):
        by_name.setdefault(file.path.stem.lower(), file)
    return list(by_name.values())


def _grouped(
    files: Sequence[Recognised], key: Callable[[Recognised], str]
) -> dict[str, list[Recognised]]:
    groups: dict[str, list[Recognised]] = {}
    for file in files:
        groups.setdefault(key(file), []).append(file)
    return groups


def _source_files(files: Sequence[Recognised]) -> tuple[SourceFile, ...]:
    return tuple({file.name: SourceFile(file.name, file.sample.sha256) for file in files}.values())


def _sentence(file: Recognised, data: ReleaseData) -> str:
    """The sentence for the loading of a release."""
    release, codes = data.release, data.codes
    billable = sum(code.billable for code in codes)
    count = f"{billable:,} codes"
    if billable < len(codes):
        count = f"{len(codes):,} codes and headers, {billable:,} billable"
    return (
        f"{file.name}: {file.edition_name}, {file.layout.name}, {release.effective_from} through "
        f"{release.effective_through}: {count}"
    )


# Recognising


class _NotKnown(CodesetError):
    """The layout of the file is not known."""


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def _recognised(
    path: Path, folder: Path, label: str | None, left_out: list[str], say: Say
) -> list[Recognised]:
    """The file at `path`, or the files of known layout in it where it is a zip, which is unpacked
    into `folder`.

    Raises _NotKnown when there is none; CodesetError and TooMuch when the file cannot be read or
    its edition cannot be told.
    """
    sample = _sample(path)
    if sample.is_zip:
        files = list(_unzipped(path, folder, left_out, say))
        if not files:
            raise _NotKnown(f"{path.name} holds no file that Code Desk can read: {_EXPECTED}.")
        package = path.name
    else:
        layout = file_types.layout_of(sample)
        if layout is None:
            raise _NotKnown(_not_recognised(sample))
        files, package = [(sample, layout)], ""
    return [
        Recognised(
            path=sample.path,
            source=package or sample.name,
            layout=layout,
            edition=edition_names.edition_of(layout, sample, package, label),
            sample=sample,
            package=package,
        )
        for sample, layout in files
    ]


def _sample(path: Path) -> Sample:
    if path.exists() and not path.is_file():
        raise CodesetError(f"{path.name} is no file: give official files, or a folder of them.")
    try:
        return Sample.of(path)
    except OSError as error:
        raise CodesetError(f"{path.name} cannot be read: {error.strerror}.") from error


def _unzipped(
    path: Path, folder: Path, left_out: list[str], say: Say
) -> Iterator[tuple[Sample, Layout]]:
    """The files of known layout in a zip. The others are deleted at once, to save disk space. A
    file that exceeds a limit is left out with a sentence."""
    damaged = f"{path.name} is a zip that cannot be unpacked: download it again."
    for (name,) in confined.read("zip", path, str(folder), damaged=damaged):
        sample = Sample.of(Path(name))
        try:
            layout = file_types.layout_of(sample)
        except TooMuch as error:
            left_out.append(sample.name)
            say(f"{path.name}: left out, {error}")
            layout = None
        except CodesetError:
            layout = None  # a zip may hold any other files, damaged ones too
        if layout is not None:
            yield sample, layout
        else:
            sample.path.unlink()


def _not_recognised(sample: Sample) -> str:
    if not sample.head.strip():
        return f"{sample.name} is empty: {_EXPECTED}."
    if re.match(rb"\s*<(?:!doctype html|html)", sample.head, re.I):
        return f"{sample.name} is a web page, not the file that was to be downloaded: {_EXPECTED}."
    if sample.is_text and b"\0" in sample.head:
        return f"{sample.name} {NO_TEXT}"
    return f"{sample.name} is no file that Code Desk can read: {_EXPECTED}."
