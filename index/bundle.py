"""The index bundle: one folder that is written beside the old one and swapped whole.

`CODEDESK_HOME/index/<build id>/` holds the files of one build and its manifest; the file
`CODEDESK_HOME/index/current` names the build in use and is replaced in one step. An interrupted
build therefore leaves the old one working. The manifest carries what the build was made of
(releases, encoder) and the count, size and SHA-256 of everything in it; a bundle that does not
match its manifest is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesets.model import Reference, Release
from codesets.store.code_store import CodeStore
from index.errors import SearchError
from index.runtime import THREADS
from index.text import synonyms

#: Raised when the files or how texts are gathered change: older bundles are built anew.
FORMAT = 11

# The files and folders of a bundle
#: In how many texts each word stands, and each stem.
VOCABULARY, STEMS = "words.json", "stems.json"
PASSAGES, PASSAGE_VECTORS, PASSAGE_WORDS = "passages.json", "passages.npy", "passages"
OFF_TOPIC = "talk.npz"
ENCODER = "encoder"
SYSTEM_INDEXES, PROCEDURES = "shelves", "procedures"

_REBUILD = "Run `codedesk index build`."


class BundleUnusable(SearchError):
    """There is no bundle, or not one that can be trusted; the message says what to run."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build was made of, and what it must hold."""

    build: str
    format: int
    built_at: str
    sources: dict[str, list[str]]
    model: str
    model_fingerprint: str
    dimensions: int
    texts: int
    families: int
    files: dict[str, dict[str, int | str]]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        try:
            return cls(**json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BundleUnusable(
                f"The index at {folder} has no readable manifest. {_REBUILD}"
            ) from error

    def write(self, folder: Path) -> None:
        (folder / "manifest.json").write_text(self._text(), encoding="utf-8")

    def sha256(self) -> str:
        """Of the manifest's file, which has the SHA-256 of all others: it stands for the build."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def _text(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


#: Books that nothing in an index is made of: looked up by code, when a code is there.
_LOOKED_UP = ("tables", "definitions", "ptp", "mue", "places", "conversion", "gems")


def sources(store: CodeStore) -> dict[str, list[str]]:
    """Key of each release and reference that an index is made of, and the house's names -> SHA-256
    of each file it was read from, as a manifest records them."""
    references = [
        reference for reference in store.references.all() if reference.kind not in _LOOKED_UP
    ]
    used: list[Release | Reference] = [*store.releases(), *references]
    found = {source.key: sorted(file.sha256 for file in source.files) for source in used}
    return found | {synonyms.KEY: [synonyms.sha256()]}


def read_beside(made_of: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of what an index is made of, what is looked up beside it, too, and so must be the same. Words
    of corrections are in the bundle itself: when others are approved it is out of date, and not
    wrong."""
    return {key: files for key, files in made_of.items() if "/corrections/" not in key}


def files_of(folder: Path) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of each file in a bundle's folder, the manifest left out."""

    def described(path: Path) -> dict[str, int | str]:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": path.stat().st_size, "sha256": digest}

    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    ]
    relative = [path.relative_to(folder).as_posix() for path in paths]
    with ThreadPoolExecutor(THREADS) as pool:  # a question waits for this when a process starts
        return dict(zip(relative, pool.map(described, paths), strict=True))


def current(root: Path) -> Path | None:
    """The folder of the build in use, None when nothing was built yet."""
    try:
        name = (root / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return root / name if name else None


def swap_in(root: Path, folder: Path) -> None:
    """Make a finished build the one in use, in one step, and drop the builds before it.

    The last one is kept: a desk that is running on it goes on until it is started again.
    """
    before = current(root)
    pointer = root / "current.new"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(folder.name)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(root / "current")
    a_day_ago = time.time() - 24 * 60 * 60
    for other in root.iterdir():
        # What has no manifest is being built by somebody else, or was interrupted.
        finished = (other / "manifest.json").exists() or other.stat().st_mtime < a_day_ago
        if other.is_dir() and finished and other not in (folder, before):
            shutil.rmtree(other, ignore_errors=True)


def opened(
    root: Path, store: CodeStore | None = None, build: str | None = None
) -> tuple[Path, Manifest]:
    """The bundle in use, checked against its manifest and, if given, against what is loaded.

    `build` names an earlier one, to see what it answered: what it was made of must still be loaded,
    and more may be. Raises BundleUnusable with a sentence that says what is wrong and what to run.
    """
    if build is not None:
        return _earlier(root, store, build)
    folder = current(root)
    if folder is None:
        raise BundleUnusable("The index has not been built yet. Run `codedesk setup`.")
    manifest = Manifest.read(folder)
    if manifest.format != FORMAT:
        raise BundleUnusable(
            f"The index at {folder} was built by another version of Code Desk. {_REBUILD}"
        )
    if files_of(folder) != manifest.files:
        raise BundleUnusable(
            f"The index at {folder} does not match its manifest: a file is missing, added or "
            f"altered. {_REBUILD}"
        )
    if store is not None and read_beside(sources(store)) != read_beside(manifest.sources):
        raise BundleUnusable(
            f"The index at {folder} was built from other editions than are loaded now. {_REBUILD}"
        )
    return folder, manifest


def _earlier(root: Path, store: CodeStore | None, build: str) -> tuple[Path, Manifest]:
    folder = root / Path(build).name
    if not (folder / "manifest.json").exists():
        raise BundleUnusable(
            f"The index bundle {build} is no longer there: only the one in use and the one before "
            "it are kept."
        )
    manifest = Manifest.read(folder)
    if manifest.format != FORMAT:
        raise BundleUnusable(
            f"The index bundle {build} was built by another version of Code Desk, which this one "
            "cannot read."
        )
    if files_of(folder) != manifest.files:
        raise BundleUnusable(
            f"The index bundle {build} does not match its manifest: a file is missing, added or "
            "altered."
        )
    loaded = sources(store) if store else manifest.sources
    for key, files in manifest.sources.items():
        # The house's names are in the bundle; the editions are read beside it.
        if key != synonyms.KEY and loaded.get(key) != files:
            state = "read from other files since" if key in loaded else "no longer loaded"
            raise BundleUnusable(f"The index bundle {build} was made of {key}, which is {state}.")
    return folder, manifest


def passage_vectors(folder: Path) -> dict[str, np.ndarray]:
    """The vector of each passage of the guidelines that a bundle holds."""
    return dict(zip(read_json(folder / PASSAGES), np.load(folder / PASSAGE_VECTORS), strict=True))


def write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
