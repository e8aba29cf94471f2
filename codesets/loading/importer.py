"""Loading official files that the customer has, alone or in the zips they were published in.

All files are read before the first is loaded, so one bad file changes nothing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from codesets import confined, whole
from codesets.code_format import undot
from codesets.formats import icd10cm
from codesets.formats.text_files import NO_TEXT
from codesets.limits import TooMuch
from codesets.loading import edition_names, file_types
from codesets.loading.edition_names import Dated
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

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file of a known layout: where its text is, and what it is called where it came from."""

    path: Path
    source: str
    layout: Layout
    dated: Dated
    sample: Sample
    package: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def edition(self) -> str:
        return f"{SYSTEM_NAMES[self.layout.system]} {self.dated.label}"

    def release(self, files: Iterable[Recognised] = ()) -> Release:
        return Release(
            system=self.layout.system,
            label=self.dated.label,
            effective_from=self.dated.effective_from,
            effective_through=self.dated.effective_through,
            source=IMPORTED + self.source,
            files=_source_files([self, *files]),
        )

    def reference(self, files: Iterable[Recognised] = ()) -> Reference:
        assert self.layout.kind is not None
        return Reference(
            kind=self.layout.kind,
            system=self.layout.system,
            label=self.dated.label,
            effective_from=self.dated.effective_from,
            effective_through=self.dated.effective_through,
            source=IMPORTED + self.source,
            files=_source_files([self, *files]),
            setting=edition_names.setting_of(self.layout, self.sample, self.package),
            part=edition_names.part_of(self.layout, self.name),
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """An edition or reference as it was read, what to say of it once it is loaded, and its
    files."""

    what: ReleaseData | ReferenceData
    told: str
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
    """What an import did: the editions and references it loaded, the files it knew nothing of, and
    why each list that is not whole was not loaded."""

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
    """Recognise, read and load files and the files in folders. `label` is `--release`.

    Of several files, those that are none that is known, and lists that are not whole, are left
    out; with `partial`, lists that are not whole are loaded too. Raises CodesetError, and loads
    nothing, when the only file is such a one, and when a file cannot be read to its end or is of
    an edition that cannot be told.
    """
    done = Imported()
    last: list[str] = []
    files = [file for path in paths for file in _files_of(path)]
    with tempfile.TemporaryDirectory(prefix="codedesk-") as folder:
        found: list[Recognised] = []
        for number, path in enumerate(files):
            try:
                found += _recognised(
                    path, Path(folder) / str(number), label, done.left_out, last.append
                )
            except (_NotKnown, TooMuch) as error:
                if len(files) == 1:
                    raise
                done.left_out.append(path.name)
                why = error if isinstance(error, TooMuch) else _NO_FILE
                last.append(f"{path.name}: left out, {why}")
        if not found:
            names = ", ".join(path.name for path in paths)
            raise CodesetError(f"{names} holds no file that Code Desk can read: {_EXPECTED}.")
        read = [
            *_editions(store, [f for f in found if f.layout.kind is None], say),
            *_contents([f for f in found if f.layout.kind is not None]),
        ]
        if not partial:
            done.not_whole = list(_not_whole(store, read))
            if done.not_whole and len(files) == 1:
                raise whole.NotWhole(done.not_whole[0])
    for one in read:
        _load(store, one, say, done)
    for sentence in (*last, *done.not_whole):
        say(sentence)
    return done


def _not_whole(store: CodeStore, read: list[_Read]) -> Iterator[str]:
    """Take out of what was read what is not whole, and say why."""
    editions = whole.Editions(store, [one.what for one in read])
    for one in list(read):
        if lacks := editions.lacking(one.what, one.sources):
            read.remove(one)
            yield whole.told(one.names, lacks)


def _load(store: CodeStore, one: _Read, say: Say, done: Imported) -> None:
    if isinstance(one.what, ReleaseData):
        store.load(one.what)
        say(one.told)
        done.loaded.append(one.what.release)
    else:
        count = store.references.load(one.what)
        say(f"{one.told}: {count:,} entries")
        done.loaded.append(one.what.reference)


# What is read from the files


def _editions(store: CodeStore, files: Sequence[Recognised], say: Say) -> Iterator[_Read]:
    """An edition of each code system and release among the files."""
    loaded = {release.key: release for release in store.releases()}
    known = known_codes(store)
    for key, same in _grouped(files, lambda file: file.release().key).items():
        tabular = [file for file in same if file.layout is TABULAR]
        lists = [file for file in same if file.layout is not TABULAR]
        # Of several lists of one edition (order file and code file; long, medium and short
        # descriptors) the largest says the most.
        best = max(lists, key=lambda file: file.path.stat().st_size, default=None)
        for file in lists:
            if file is not best:
                assert best is not None
                say(f"{file.name}: {file.edition}, {file.layout.name}; {best.name} says more")
        if tabular:
            yield _tabular(store, tabular[0], best, loaded.get(key))
        elif best is not None and key in loaded and loaded[key].has_notes:
            say(
                f"{best.name}: {best.edition} is loaded already, with the notes of its Tabular "
                "List, which this file has not; left as it is"
            )
        elif best is not None:
            assert best.layout.edition is not None
            edition = best.layout.edition(best.path, best.release(), known)
            yield _Read(edition, _loaded(best, edition), (best,))


def _tabular(
    store: CodeStore, file: Recognised, beside: Recognised | None, loaded: Release | None
) -> _Read:
    """The Tabular List with the code list of its edition, which is the authority: the one that
    came with it, or the one that is loaded."""
    titles: dict[str, str] = {}
    files: tuple[Recognised, ...] = (file,)
    if beside is not None and beside.layout.name == file_types.ORDER_FILE:
        titles = {code: title for code, _, title in icd10cm.read_order_file(beside.path)}
        files = (file, beside)
    elif loaded is not None:
        titles = {undot(code.code): code.title for code in store.codes(loaded)}
    if not titles:
        raise CodesetError(
            f"{file.name} explains the codes of {file.edition}, and which codes there are is said "
            "by its order file: import that too, in the same command or before."
        )
    release = replace(file.release([beside] if beside is not None else []), has_notes=True)
    edition = icd10cm.read_tabular(file.path, list(titles), release, titles)
    return _Read(edition, _loaded(file, edition), files)


def _contents(files: Sequence[Recognised]) -> Iterator[_Read]:
    """A reference of each kind and edition among the files; its parts are read one after
    another."""
    for same in _grouped(files, lambda file: file.reference().key).values():
        parts = _once_each(same)
        first = parts[0]
        reference = first.reference(parts[1:])
        rows = chain.from_iterable(
            part.layout.reference(part.path, reference.label)  # type: ignore[misc]
            for part in parts
        )
        names = ", ".join(part.name for part in parts)
        dates = f"{reference.effective_from} through {reference.effective_through}"
        told = f"{names}: {reference.name}, {dates}"
        yield _Read(ReferenceData(reference, tuple(rows)), told, tuple(parts))


def _once_each(files: Sequence[Recognised]) -> list[Recognised]:
    """Files that are published as text and as a workbook are read once, from the text."""
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


def _loaded(file: Recognised, edition: ReleaseData) -> str:
    release, codes = edition.release, edition.codes
    billable = sum(code.billable for code in codes)
    count = f"{billable:,} codes"
    if billable < len(codes):
        count = f"{len(codes):,} codes and headers, {billable:,} billable"
    return (
        f"{file.name}: {file.edition}, {file.layout.name}, {release.effective_from} through "
        f"{release.effective_through}: {count}"
    )


# Which files there are


class _NotKnown(CodesetError):
    """The file is none that Code Desk can read."""


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def _recognised(
    path: Path, folder: Path, label: str | None, left_out: list[str], say: Say
) -> list[Recognised]:
    """The files of known layout that `path` is or, as a zip, holds."""
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
            dated=edition_names.edition_of(layout, sample, package, label),
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
    """The files of known layout in a zip. The others are removed at once, so that they fill no
    disk; one that goes beyond a limit is said to be left out."""
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
            layout = None  # there may be any other file in a zip, whole or not
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
