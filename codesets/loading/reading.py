"""Reads recognised files into releases and references, and says which of them were not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codesets import whole
from codesets.code_format import undot
from codesets.formats import icd10cm
from codesets.loading import file_types
from codesets.loading.file_types import TABULAR
from codesets.loading.packaged import known_codes
from codesets.loading.recognition import LeftOut, Recognised
from codesets.model import Code, CodesetError, ReferenceData, Release, ReleaseData, Row
from codesets.store.code_store import CodeStore

#: References that are published in one file. Of several files of one edition the fullest is taken;
#: those of other kinds are parts, and are read one after another.
_IN_ONE_FILE = frozenset(
    "index external_causes neoplasms drugs tables definitions guidelines conversion places".split()
)
#: Files of one reference that its sentence names.
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Read:
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


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """A file whose edition is loaded, or is read from a fuller file; `sentence` says so."""

    file: Recognised
    sentence: str


Outcome = Read | NotNeeded | LeftOut


def read_all(store: CodeStore, files: Sequence[Recognised]) -> Iterator[Outcome]:
    """What the files hold: one release of each system and edition, one reference of each key. A
    file that cannot be read to its end is left out, and does not stop the others."""
    yield from _releases(store, [file for file in files if file.layout.kind is None])
    yield from _references([file for file in files if file.layout.kind is not None])


def _releases(store: CodeStore, files: Sequence[Recognised]) -> Iterator[Outcome]:
    loaded = {release.key: release for release in store.releases()}
    known = known_codes(store)
    for key, same in _grouped(files, lambda file: file.release().key).items():
        lists = _fullest_first(file for file in same if file.layout is not TABULAR)
        tabulars = _fullest_first(file for file in same if file.layout is TABULAR)
        beside = loaded.get(key)
        with_notes: Read | None = None
        for file in tabulars[:1]:
            try:
                with_notes = _tabular(store, file, lists[0] if lists else None, beside)
                yield with_notes
            except CodesetError as error:
                yield LeftOut.by(error, file.name, file.package)
                if isinstance(error, icd10cm.NotOneEdition):
                    # Which of the two is of another edition, nobody can tell from here.
                    yield from (LeftOut.by(error, other.name, other.package) for other in lists)
                    lists = []
        yield from (_lesser(file, tabulars[0]) for file in tabulars[1:])
        if with_notes:
            yield from (
                _lesser(file, tabulars[0]) for file in lists if file not in with_notes.files
            )
        elif lists and beside and beside.has_notes:
            yield from (_has_notes(file) for file in lists)
        else:
            yield from _list(lists, known)


def _list(lists: Sequence[Recognised], known: Mapping[str, Code]) -> Iterator[Outcome]:
    """The fullest list that can be read; those after it are not needed."""
    read: Read | None = None
    for file in lists:
        if read:
            yield _lesser(file, read.files[0])
            continue
        assert file.layout.read_release is not None
        try:
            data = file.layout.read_release(file.path, file.release(), known)
        except CodesetError as error:
            yield LeftOut.by(error, file.name, file.package)
            continue
        read = Read(data, _sentence(file, data), (file,))
        yield read


def _tabular(
    store: CodeStore, file: Recognised, beside: Recognised | None, loaded: Release | None
) -> Read:
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
    return Read(data, _sentence(file, data), files)


def _references(files: Sequence[Recognised]) -> Iterator[Outcome]:
    for same in _grouped(files, lambda file: file.reference().key).values():
        parts = _fullest_first(same)
        first = parts[0]
        if first.layout.kind in _IN_ONE_FILE:
            yield from _reference(parts)
        else:
            # A workbook that is published as text, too, has the name of the text.
            by_name: dict[str, Recognised] = {}
            for file in parts:
                by_name.setdefault(file.path.stem.lower(), file)
            yield from _reference_of_parts(sorted(by_name.values(), key=lambda file: file.name))
            yield from (
                _lesser(file, by_name[file.path.stem.lower()])
                for file in parts
                if file not in by_name.values()
            )


def _reference(files: Sequence[Recognised]) -> Iterator[Outcome]:
    """The fullest file that can be read; those after it are not needed."""
    read: Read | None = None
    for file in files:
        if read:
            yield _lesser(file, read.files[0])
            continue
        for outcome in _reference_of_parts([file]):
            read = outcome if isinstance(outcome, Read) else None
            yield outcome


def _reference_of_parts(parts: Sequence[Recognised]) -> Iterator[Outcome]:
    """One reference of all parts that can be read. What stands in two of them is read once."""
    rows: list[Row] = []
    good: list[Recognised] = []
    for part in parts:
        assert part.layout.read_reference is not None
        try:
            rows += tuple(part.layout.read_reference(part.path, part.edition.label))
            good.append(part)
        except CodesetError as error:
            yield LeftOut.by(error, part.name, part.package)
    # Tables beside a main one have no rows of their own: without it, nothing is loaded.
    if not good or (not rows and len(good) < len(parts)):
        return
    reference = good[0].reference(good[1:])
    names = ", ".join(part.name for part in good[:_MOST_NAMED])
    if (left := len(good) - _MOST_NAMED) > 0:
        names += f" and {left} more"
    sentence = f"{names}: {reference.name}, {reference.dates}"
    once = tuple(dict.fromkeys(rows) if len(good) > 1 else rows)
    yield Read(ReferenceData(reference, once), sentence, tuple(good))


def _lesser(file: Recognised, fuller: Recognised) -> NotNeeded:
    if file.sample.sha256 == fuller.sample.sha256:
        says = f"the same file as {fuller.name}"
    else:
        says = f"{fuller.name} says more"
    return NotNeeded(file, f"{file.name}: {file.edition_name}, {file.layout.name}; {says}")


def _has_notes(file: Recognised) -> NotNeeded:
    return NotNeeded(
        file,
        f"{file.name}: {file.edition_name} is loaded already, with the notes of its Tabular List, "
        "which this file has not; left as it is",
    )


def _fullest_first(files: Iterable[Recognised]) -> list[Recognised]:
    """A text before a workbook, whose size says little; the largest first. Of copies, the one with
    the shortest name."""

    def order(file: Recognised) -> tuple[bool, int, int, str]:
        size = file.path.stat().st_size
        return file.sample.is_workbook, -size, len(file.name), file.name

    return sorted(files, key=order)


def _grouped(
    files: Sequence[Recognised], key: Callable[[Recognised], str]
) -> dict[str, list[Recognised]]:
    groups: dict[str, list[Recognised]] = {}
    for file in files:
        groups.setdefault(key(file), []).append(file)
    return groups


def _sentence(file: Recognised, data: ReleaseData) -> str:
    """The sentence for the loading of a release."""
    release, codes = data.release, data.codes
    billable = sum(code.billable for code in codes)
    count = f"{billable:,} codes"
    if release.system == "icd11":  # no code of it is billed
        count = f"{len(codes):,} codes"
    elif billable < len(codes):
        count = f"{len(codes):,} codes and headers, {billable:,} billable"
    return (
        f"{file.name}: {file.edition_name}, {file.layout.name}, {release.effective_from} through "
        f"{release.effective_through}: {count}"
    )
