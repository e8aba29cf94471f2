"""Imports official files that the customer has, by themselves, in folders, or in the zips of their
publishers.

All files are read before the first is loaded. A file that cannot be read, or whose edition cannot
be told, is left out with a sentence; it never stops the others.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codesets import whole
from codesets.formats.addenda import read_addenda
from codesets.loading import addenda_check
from codesets.loading.file_types import ADDENDA
from codesets.loading.other_editions import same_as_another_edition
from codesets.loading.reading import NotNeeded, Read, read_all
from codesets.loading.recognition import (
    EXPECTED,
    LeftOut,
    NothingToLoad,
    Recognised,
    files_of,
    recognised,
)
from codesets.loading.row_problems import say_problems
from codesets.model import SYSTEM_NAMES, CodesetError, Reference, Release, ReleaseData
from codesets.store.code_store import CodeStore

Say = Callable[[str], None]


@dataclass(slots=True)
class Imported:
    """What an import did.

    `loaded` are the releases and references. `left_out` are the names of the files that were to be
    loaded and were not: files that were given and have nothing to load, and files that cannot be
    read or have no clear edition. `not_whole` has the sentence for each list that is not whole.
    `checked` counts the addenda that lists were checked with, `not_needed` the files that a fuller
    file of their edition made needless, `without_codes` the files in zips that have nothing to
    load.

    By the name of a file or zip that was imported: `used` has those of which something was loaded,
    checked or not needed, each with the names of what was loaded of it; `why` has the sentences on
    what was left out of each.
    """

    loaded: list[Release | Reference] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    not_whole: list[str] = field(default_factory=list)
    checked: int = 0
    not_needed: int = 0
    without_codes: int = 0
    used: dict[str, list[str]] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """How many files became what, as one sentence."""
        counts = [
            (self.checked, "used to check the lists"),
            (self.not_needed, "not needed beside a fuller file"),
            (
                self.without_codes + len(self.left_out) + len(self.not_whole),
                "left out (each with its sentence above)",
            ),
        ]
        said = [f"{count:,} {words}" for count, words in counts if count]
        return ", ".join([f"Loaded {len(self.loaded):,}", *said]) + "."

    def leave_out(self, sources: Iterable[str], sentence: str) -> None:
        """Keep why something of these files or zips is not loaded."""
        for source in dict.fromkeys(sources):
            self.why.setdefault(source, []).append(sentence)


def import_files(
    store: CodeStore,
    paths: Sequence[Path],
    label: str | None = None,
    say: Say = lambda line: None,
    *,
    partial: bool = False,
) -> Imported:
    """Recognise, read and load files, and the files in folders and zips.

    `label` is the value of `--release`. For one file it decides its edition; of several, it is for
    those that tell none. `say` gets a sentence for each file. Files without a known layout, files
    that cannot be read or have no clear edition, and lists that are not whole are left out. With
    `partial`, lists that are not whole are loaded.

    Raises CodesetError (TooMuch, NotWhole), and loads nothing, when nothing could be loaded, or
    when the only file is a list that is not whole.
    """
    done = Imported()
    files = [file for path in paths for file in files_of(path)]
    with tempfile.TemporaryDirectory(prefix="codedesk-") as folder:
        known: list[Recognised] = []
        out: list[LeftOut] = []
        for number, path in enumerate(files):
            found = recognised(
                path, Path(folder) / str(number), label, label_decides=len(files) == 1
            )
            for item in found:
                known.append(item) if isinstance(item, Recognised) else out.append(item)
        addenda = [file for file in known if file.layout in ADDENDA.values()]
        read: list[Read] = []
        unread: list[LeftOut] = []
        for outcome in read_all(store, [file for file in known if file not in addenda]):
            if isinstance(outcome, Read):
                read.append(outcome)
            elif isinstance(outcome, NotNeeded):
                say(outcome.sentence)
                done.not_needed += 1
                done.used.setdefault(outcome.file.source, [])
            else:
                unread.append(outcome)
        out += unread
        if not partial:
            for incomplete, sentence in _not_whole(store, read, label):
                done.not_whole.append(sentence)
                done.leave_out([file.source for file in incomplete.files], sentence)
            if done.not_whole and len(files) == 1:
                raise whole.NotWhole(done.not_whole[0])
        if not read and not done.not_needed and not addenda and not done.not_whole:
            # Of a package, what keeps the data from being read says more than what lies beside it.
            raise _nothing(paths, sorted(out, key=lambda item: item not in unread), say)
        for data in read:
            _load(store, data, say, done)
        for file in addenda:
            _check(store, file, say, done, out)
    for left in out:
        if left.is_failure:
            done.left_out.append(left.name)
        else:
            done.without_codes += 1
    for source, same in _by_source(out).items():
        # What comes with a list in its zip is told only where nothing else of it was of use.
        failed = [left for left in same if left.is_failure]
        for sentence in _sentences(failed if source in done.used else same):
            done.leave_out([source], sentence)
    for sentence in (*_sentences(out), *done.not_whole):
        say(sentence)
    return done


def _nothing(paths: Sequence[Path], out: Sequence[LeftOut], say: Say) -> CodesetError:
    """The error when nothing can be loaded: that of the first file that is damaged or has no clear
    edition, or of the only file; else one for all. The sentences of the other files are said."""
    first = next((item for item in out if not isinstance(item.error, NothingToLoad)), None)
    if first is None and len(out) == 1 and not out[0].package:
        first = out[0]
    for sentence in _sentences([item for item in out if item is not first]):
        say(sentence)
    if first:
        return first.error
    names = ", ".join(path.name for path in paths)
    return NothingToLoad(f"{names} holds no file that Code Desk can read: {EXPECTED}.")


def _sentences(out: Sequence[LeftOut]) -> Iterator[str]:
    """A sentence for each file that was left out; one for the files of a zip that are of a kind."""
    alike: dict[tuple[str, str], list[str]] = {}
    for item in out:
        alike.setdefault((item.package, item.why if item.package else item.name), []).append(
            item.name
        )
    whys = {(item.package, item.name): item.why for item in out}
    for (package, _), names in alike.items():
        why = whys[package, names[0]]
        inside = f" (in {package})" if package else ""
        if len(names) > 1:
            why = re.sub("^it is ", "each is ", why)
        yield f"{', '.join(names)}{inside}: left out, {why}"


def _by_source(out: Iterable[LeftOut]) -> dict[str, list[LeftOut]]:
    """What was left out, by the file or zip that was imported."""
    found: dict[str, list[LeftOut]] = {}
    for item in out:
        found.setdefault(item.package or item.name, []).append(item)
    return found


def _not_whole(store: CodeStore, read: list[Read], label: str | None) -> Iterator[tuple[Read, str]]:
    """Remove from `read` the lists that are not whole, or are those of another edition, and yield
    each with a sentence."""
    editions = whole.Editions(store, [item.data for item in read])
    for item in list(read):
        if lacks := editions.lacking(item.data, item.sources):
            read.remove(item)
            yield item, whole.not_whole(item.names, lacks)
    for item in list(read) if label is None else []:
        data = item.data
        coming = [other.data for other in read if isinstance(other.data, ReleaseData)]
        if not isinstance(data, ReleaseData):
            continue
        if other := same_as_another_edition(store, data, coming):
            read.remove(item)
            yield (
                item,
                f"{item.names}: left out, its name says {data.release.label}, and its codes and "
                f"titles are exactly those of {other}. If the name is right, import it alone with "
                f"--release {data.release.label}",
            )


def _load(store: CodeStore, item: Read, say: Say, done: Imported) -> None:
    if isinstance(item.data, ReleaseData):
        store.load(item.data)
        say(item.sentence)
        done.loaded.append(item.data.release)
        name = f"{SYSTEM_NAMES[item.data.release.system]} {item.data.release.label}"
    else:
        count = store.references.load(item.data)
        say(f"{item.sentence}: {count:,} entries")
        say_problems(store, item.files, say)
        done.loaded.append(item.data.reference)
        name = item.data.reference.name
    for source in dict.fromkeys(file.source for file in item.files):
        done.used.setdefault(source, []).append(name)


def _check(
    store: CodeStore, file: Recognised, say: Say, done: Imported, out: list[LeftOut]
) -> None:
    """Check the list that the addenda belong to."""
    edition = file.edition
    try:
        found = addenda_check.checked(
            store,
            file.layout.system,
            edition.label,
            edition.effective_from,
            read_addenda(file.path),
        )
    except CodesetError as error:
        out.append(LeftOut.by(error, file.name, file.package))
        return
    say(f"{file.name}: addenda of {file.edition_name}, no codes to load; {found}")
    done.checked += 1
    done.used.setdefault(file.source, [])
