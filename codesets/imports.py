"""Loading official files that the customer has, alone or in the zips they were published in.

All files are read before the first is loaded, so one bad file changes nothing.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path, PurePosixPath

from codesets import icd10cm, recognise
from codesets.model import (
    SYSTEM_NAMES,
    Book,
    CodesetError,
    Edition,
    Release,
    SourceFile,
    Volume,
)
from codesets.recognise import TABULAR, Dated, Layout, Sample
from codesets.sources import IMPORTED, known_codes
from codesets.store import CodeStore

#: Share of a neighbouring edition's codes below which an edition may be cut off.
_WHOLE = 0.9

_EXPECTED = (
    "expected an official file of ICD-10-CM, ICD-10-PCS, HCPCS Level II or NCCI, or the AMA's "
    "tab-delimited CPT descriptors (`codedesk codesets import --help` lists them)"
)

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

    def book(self, files: Iterable[Recognised] = ()) -> Book:
        assert self.layout.kind is not None
        return Book(
            kind=self.layout.kind,
            system=self.layout.system,
            label=self.dated.label,
            effective_from=self.dated.effective_from,
            effective_through=self.dated.effective_through,
            source=IMPORTED + self.source,
            files=_source_files([self, *files]),
            setting=recognise.setting_of(self.layout, self.sample, self.package),
            part=recognise.part_of(self.layout, self.name),
        )


@dataclass(slots=True)
class Imported:
    """What an import did: the editions and books it loaded, and the files it knew nothing of."""

    loaded: list[Release | Book] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def import_files(
    store: CodeStore,
    paths: Sequence[Path],
    label: str | None = None,
    say: Say = lambda line: None,
) -> Imported:
    """Recognise, read and load files and the files in folders. `label` is `--release`.

    Of several files, those that are none that is known are left out. Raises CodesetError, and
    loads nothing, when the only one is such a file, and when one cannot be read to its end or is
    of an edition that cannot be told.
    """
    done = Imported()
    files = [file for path in paths for file in _files_of(path)]
    with tempfile.TemporaryDirectory(prefix="codedesk-") as folder:
        found: list[Recognised] = []
        for number, path in enumerate(files):
            try:
                found += _recognised(path, Path(folder) / str(number), label)
            except _NotKnown:
                if len(files) == 1:
                    raise
                done.left_out.append(path.name)
        if not found:
            names = ", ".join(path.name for path in paths)
            raise CodesetError(f"{names} holds no file that Code Desk can read: {_EXPECTED}.")
        editions = list(_editions(store, [f for f in found if f.layout.kind is None], say))
        volumes = list(_volumes([f for f in found if f.layout.kind is not None]))
        for edition, told in editions:
            store.load(edition)
            say(told)
            _compare(store, edition, say)
            done.loaded.append(edition.release)
        for volume, told in volumes:
            count = store.books.load(volume)
            say(f"{told}: {count:,} entries")
            done.loaded.append(volume.book)
    for name in done.left_out:
        say(f"{name}: left out, it is no file that Code Desk can read")
    return done


# What is read from the files


def _editions(
    store: CodeStore, files: Sequence[Recognised], say: Say
) -> Iterator[tuple[Edition, str]]:
    """An edition of each code system and release among the files, and what to say of it."""
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
            yield edition, _loaded(best, edition)


def _tabular(
    store: CodeStore, file: Recognised, beside: Recognised | None, loaded: Release | None
) -> tuple[Edition, str]:
    """The Tabular List with the code list of its edition, which is the authority: the one that
    came with it, or the one that is loaded."""
    titles: dict[str, str] = {}
    if beside is not None and beside.layout.name == "order file":
        titles = {code: title for code, _, title in icd10cm.read_order_file(beside.path)}
    elif loaded is not None:
        titles = {icd10cm.undot(code.code): code.title for code in store.codes(loaded)}
    if not titles:
        raise CodesetError(
            f"{file.name} explains the codes of {file.edition}, and which codes there are is said "
            "by its order file: import that too, in the same command or before."
        )
    release = replace(file.release([beside] if beside is not None else []), has_notes=True)
    edition = icd10cm.read_tabular(file.path, list(titles), release, titles)
    return edition, _loaded(file, edition)


def _volumes(files: Sequence[Recognised]) -> Iterator[tuple[Volume, str]]:
    """A book of each kind and edition among the files; its parts are read one after another."""
    for same in _grouped(files, lambda file: file.book().key).values():
        parts = _once_each(same)
        first = parts[0]
        book = first.book(parts[1:])
        rows = chain.from_iterable(
            part.layout.book(part.path, book.label)  # type: ignore[misc]
            for part in parts
        )
        names = ", ".join(part.name for part in parts)
        dates = f"{book.effective_from} through {book.effective_through}"
        yield Volume(book, tuple(rows)), f"{names}: {book.name}, {dates}"


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


def _loaded(file: Recognised, edition: Edition) -> str:
    release, codes = edition.release, edition.codes
    billable = sum(code.billable for code in codes)
    count = f"{billable:,} codes"
    if billable < len(codes):
        count = f"{len(codes):,} codes and headers, {billable:,} billable"
    return (
        f"{file.name}: {file.edition}, {file.layout.name}, {release.effective_from} through "
        f"{release.effective_through}: {count}"
    )


def _compare(store: CodeStore, edition: Edition, say: Say) -> None:
    """Point out an edition much smaller than another one: a download that was cut off at the end
    of a line looks like a whole file."""
    release = edition.release
    others = [r for r in store.releases(release.system) if r.key != release.key]
    if not others:
        return
    nearest = min(others, key=lambda other: other.days_away(release.effective_from))
    count, usual = len(edition.codes), store.counts(nearest)["codes"]
    if count < _WHOLE * usual:
        name = release.files[0].name
        say(f"That is {count:,} against {usual:,} in {nearest.label}: is {name} whole?")


# Which files there are


class _NotKnown(CodesetError):
    """The file is none that Code Desk can read."""


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def _recognised(path: Path, folder: Path, label: str | None) -> list[Recognised]:
    """The files of known layout that `path` is or, as a zip, holds."""
    sample = Sample.of(path)
    if sample.head.startswith(b"PK") and not sample.is_workbook:
        files = list(_unzipped(path, folder))
        if not files:
            raise _NotKnown(f"{path.name} holds no file that Code Desk can read: {_EXPECTED}.")
        package = path.name
    else:
        layout = recognise.layout_of(sample)
        if layout is None:
            raise _NotKnown(_not_recognised(sample))
        files, package = [(sample, layout)], ""
    return [
        Recognised(
            path=sample.path,
            source=package or sample.name,
            layout=layout,
            dated=recognise.edition_of(layout, sample, package, label),
            sample=sample,
            package=package,
        )
        for sample, layout in files
    ]


def _unzipped(path: Path, folder: Path) -> Iterator[tuple[Sample, Layout]]:
    try:
        with zipfile.ZipFile(path) as package:
            for member in package.infolist():
                if member.is_dir():
                    continue
                # By its last name only: where a zip wants its files is no business of ours.
                target = folder / str(member.header_offset) / PurePosixPath(member.filename).name
                target.parent.mkdir(parents=True)
                with package.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                if target.suffix.lower() == ".zip":
                    yield from _unzipped(target, target.parent / "unpacked")
                    continue
                sample = Sample.of(target)
                if (layout := _layout_within(sample)) is not None:
                    yield sample, layout
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise CodesetError(
            f"{path.name} is a zip that cannot be unpacked (damaged, cut off or locked with a "
            "password): download it again, or unpack it and import its text file."
        ) from error


def _layout_within(sample: Sample) -> Layout | None:
    """The layout of a file out of a zip, where there may be any other, whole or not."""
    try:
        return recognise.layout_of(sample)
    except CodesetError:
        return None


def _not_recognised(sample: Sample) -> str:
    if not sample.head.strip():
        return f"{sample.name} is empty: {_EXPECTED}."
    if re.match(rb"\s*<(?:!doctype html|html)", sample.head, re.I):
        return f"{sample.name} is a web page, not the file that was to be downloaded: {_EXPECTED}."
    return f"{sample.name} is no file that Code Desk can read: {_EXPECTED}."
