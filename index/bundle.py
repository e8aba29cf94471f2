"""The index bundle: a folder that is written beside the one in use and replaces it as a whole.

`CODEDESK_HOME/index/<build id>/` has the files of one build and its manifest. The file
`CODEDESK_HOME/index/current` names the build in use and is replaced in one step, so an interrupted
build leaves the old one working. The manifest lists the sources of the build (releases,
references, encoder) and the size and SHA-256 of each file. A bundle that does not match its
manifest is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from codesets.model import Guideline, Reference, Release, Term
from codesets.store.code_store import CodeStore
from index.errors import SearchError
from index.runtime import THREADS
from index.text import guideline_topics, synonyms
from index.text.guideline_topics import Topics

#: Increased when the files or the gathering of texts change. Bundles of another format are rebuilt.
FORMAT = 12

# The files and folders of a bundle. Some have older names than the modules that write them: other
# names would be another format.
#: The number of texts that have each word, and each stem.
VOCABULARY, STEMS = "words.json", "stems.json"
PASSAGES, PASSAGE_VECTORS, PASSAGE_WORDS = "passages.json", "passages.npy", "passages"
#: What people ask about the sections of the guidelines. A bundle without guidelines has none of
#: these.
TOPICS, TOPIC_VECTORS, TOPIC_WORDS = "topics.json", "topics.npy", "topics"
OF_GUIDELINES = (PASSAGES, PASSAGE_VECTORS, PASSAGE_WORDS, TOPICS, TOPIC_VECTORS, TOPIC_WORDS)
OFF_TOPIC = "talk.npz"
ENCODER = "encoder"
MANIFEST = "manifest.json"
#: Beside the bundles: the inputs (index/parts.py) that the bundle in use was last compared with.
COMPARED = "compared.json"
SYSTEM_INDEXES, PROCEDURES = "shelves", "procedures"

_HOUR = 60 * 60.0
_REBUILD = "Run `codedesk index build`."


class BundleUnusable(SearchError):
    """There is no bundle, or it does not match its manifest or what is loaded. The message says
    what to run."""


@dataclass(frozen=True)
class Manifest:
    """The sources of a build and the files of its bundle.

    `sources`: key of a release or reference -> SHA-256 of each file that it was read from;
    `model_fingerprint`: see Model.fingerprint; `dimensions`: length of a vector; `texts`,
    `families`: their number; `files`: path in the bundle -> size ("bytes") and SHA-256 ("sha256");
    `parts`: part of the bundle -> SHA-256 of what it was made of (index/parts.py), which is the
    same whether its vectors were computed or taken over. Bundles of earlier versions have no parts.
    """

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
    parts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a bundle's folder. Raises BundleUnusable when it cannot be read."""
        try:
            return cls(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BundleUnusable(
                f"The index at {folder} has no readable manifest. {_REBUILD}"
            ) from error

    def write(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(self._text(), encoding="utf-8")

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the manifest's file. It identifies the build, because the manifest has
        the SHA-256 of all other files."""
        return hashlib.sha256(self._text().encode()).hexdigest()

    def _text(self) -> str:
        fields = asdict(self)
        if not self.parts:
            del fields["parts"]
        return json.dumps(fields, indent=1, sort_keys=True) + "\n"


def sources(store: CodeStore) -> dict[str, list[str]]:
    """What an index of `store` is made of, as in Manifest.sources: all releases, the references
    that have texts to search (terms or guidelines), and the synonyms and topics of prompts/. Other
    references are only looked up."""
    used: list[Release | Reference] = [
        *store.releases(),
        *store.references.having(Term, Guideline),
    ]
    digests = {source.key: sorted(file.sha256 for file in source.files) for source in used}
    return digests | {
        synonyms.KEY: [synonyms.sha256()],
        guideline_topics.KEY: [guideline_topics.sha256()],
    }


def _must_match(made_of: dict[str, list[str]]) -> dict[str, list[str]]:
    """The sources that must be the same in the bundle and in the store: all but corrections and
    topics. When new corrections are approved or topics are written, the bundle is out of date, but
    its answers are not wrong."""
    return {
        key: files
        for key, files in made_of.items()
        if "/corrections/" not in key and key != guideline_topics.KEY
    }


def files_of(folder: Path) -> dict[str, dict[str, int | str]]:
    """The size and SHA-256 of each file in a bundle's folder, as in Manifest.files. The manifest
    itself is left out."""

    def described(path: Path) -> dict[str, int | str]:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": path.stat().st_size, "sha256": digest}

    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
    relative = [path.relative_to(folder).as_posix() for path in paths]
    with ThreadPoolExecutor(THREADS) as pool:  # the first question of a process waits for this
        return dict(zip(relative, pool.map(described, paths), strict=True))


def current(root: Path) -> Path | None:
    """The folder of the build in use; None when no index has been built, or nothing says which."""
    try:
        name = (root / "current").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    return root / name if name else None


def take_over(path: Path, folder: Path) -> None:
    """Put a file or folder of a bundle into `folder`, that of another bundle, too. Files of bundles
    never change, so no bytes are copied where the file system can give a file two names."""
    if not path.is_dir():
        _second_name(path, folder / path.name)
    else:
        shutil.copytree(path, folder / path.name, copy_function=_second_name)


def _second_name(path: str | Path, other: str | Path) -> None:
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)


def swap_in(root: Path, folder: Path) -> None:
    """Make a finished build the one in use, in one step, and delete older builds.

    The build that was in use is kept, because a running desk uses it until it takes up this one,
    and so are those that were in use within the last hour: of several builds that follow each other
    quickly, a desk may still use the first.
    """
    before = current(root)
    if before is not None and before.is_dir():
        with suppress(OSError):
            os.utime(before)  # it was in use until now
    pointer = root / "current.new"
    with pointer.open("w", encoding="utf-8") as file:
        file.write(folder.name)
        file.flush()
        os.fsync(file.fileno())
    pointer.replace(root / "current")
    for other in root.iterdir():
        # What interrupted builds left has no manifest: see index/build_lock.py.
        is_old = other.stat().st_mtime < time.time() - _HOUR
        if (other / MANIFEST).exists() and is_old and other not in (folder, before):
            shutil.rmtree(other, ignore_errors=True)


def note_compared(root: Path, manifest: Manifest, inputs: str) -> None:
    """Keep on record that the bundle with this manifest is of these inputs (index/parts.py)."""
    written = root / f"{COMPARED}.new"
    write_json(written, {"manifest": manifest.sha256, "inputs": inputs})
    written.replace(root / COMPARED)


def was_compared(root: Path, manifest: Manifest, inputs: str) -> bool:
    """Whether it is on record that the bundle with this manifest is of these inputs."""
    try:
        return bool(read_json(root / COMPARED) == {"manifest": manifest.sha256, "inputs": inputs})
    except (OSError, ValueError):
        return False


def opened(
    root: Path, store: CodeStore | None = None, build: str | None = None
) -> tuple[Path, Manifest]:
    """The folder and manifest of a bundle, checked against its files and against `store`, if given.

    `build` names an earlier bundle, None the one in use. The sources of the bundle in use must be
    those of `store`; the sources of an earlier one must still be loaded, and others may be, too.
    Raises BundleUnusable when a check fails.
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
    if store is not None and _must_match(sources(store)) != _must_match(manifest.sources):
        raise BundleUnusable(
            f"The index at {folder} was built from other editions than are loaded now. {_REBUILD}"
        )
    return folder, manifest


def fits(root: Path, store: CodeStore) -> bool:
    """Whether the bundle in use is of the editions in `store`. Its files are not read, so this
    takes milliseconds; `opened` checks them."""
    folder = current(root)
    try:
        manifest = Manifest.read(folder) if folder else None
    except BundleUnusable:
        return False
    return (
        manifest is not None
        and manifest.format == FORMAT
        and _must_match(sources(store)) == _must_match(manifest.sources)
    )


def _earlier(root: Path, store: CodeStore | None, build: str) -> tuple[Path, Manifest]:
    folder = root / Path(build).name
    if not (folder / MANIFEST).exists():
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
        # What is in prompts/ is in the bundle. Editions are also read from the store, so they must
        # match.
        in_bundle = key in (synonyms.KEY, guideline_topics.KEY)
        if not in_bundle and loaded.get(key) != files:
            state = "read from other files since" if key in loaded else "no longer loaded"
            raise BundleUnusable(f"The index bundle {build} was made of {key}, which is {state}.")
    return folder, manifest


def passage_vectors(folder: Path) -> dict[str, np.ndarray]:
    """The vector (float32) of each passage of the guidelines in a bundle."""
    return dict(zip(read_json(folder / PASSAGES), np.load(folder / PASSAGE_VECTORS), strict=True))


@dataclass(frozen=True, slots=True)
class TopicRows:
    """The topics in a bundle, as they are in prompts/vocabulary: `rows`, and a vector (float32) for
    each question of theirs, in order."""

    rows: list[Topics]
    vectors: np.ndarray

    def known(self) -> dict[str, np.ndarray]:
        """The vector of each question."""
        questions = (question for row in self.rows for question in row.asked)
        return dict(zip(questions, self.vectors, strict=True))


def topic_rows(folder: Path) -> TopicRows | None:
    """The topics in a bundle's folder; None in a bundle that has none."""
    if not (folder / TOPICS).exists():
        return None
    rows = [
        Topics(section, title, tuple(asked)) for section, title, asked in read_json(folder / TOPICS)
    ]
    return TopicRows(rows, np.load(folder / TOPIC_VECTORS))


def write_json(path: Path, value: object) -> None:
    """Write compact JSON in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
