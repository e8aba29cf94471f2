"""What an answer was made with. Its record keeps this, so that a replay can make it again, or say
why it cannot.

Official files, the index bundle and Code Desk's own sources are identified by their SHA-256. The
options of a question (systems, limit, setting) are logged with it; candidates, their scores and the
terms that matched are logged with the answer.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from bot.settings import Settings
from codesets.model import Reference, Release
from codesets.store.code_store import CodeStore
from index.bundle import Manifest
from index.embedding.models import name_of

_ROOT = Path(__file__).parents[2]
_ROOMS = ("bot", "codesets", "index", "prompts")
#: The libraries whose version may change a score.
_LIBRARIES = ("numpy", "onnxruntime", "tokenizers", "bm25s", "rapidfuzz")


def made_with(
    store: CodeStore, settings: Settings, manifest: Manifest | None, editions: Iterable[str]
) -> dict[str, Any]:
    """What answers from these editions are made with: keys of releases, and of the references that
    they show. `manifest`: that of the index; None while no question has needed it.

    `loaded` is a digest of all loaded files, so that a change in other files (edits, guidelines) is
    noticed, too. `replaced` is there only where an edition was loaded again, from these files, and
    the desk was not renewed yet: the answer may be of either.
    """
    keys = set(editions)
    again = store.replaced(keys)
    releases = store.releases()
    loaded: list[Release | Reference] = [*releases, *store.references.all()]
    return {
        "desk": desk(),
        "libraries": libraries(),
        "settings": {"model": name_of(settings.model)},
        "editions": {source.key: _files(source) for source in loaded if source.key in keys},
        "loaded": _digest({source.key: _files(source) for source in loaded}),
        "index": {"build": manifest.build, "manifest": f"sha256:{manifest.sha256}"}
        if manifest
        else None,
        "encoder": {"model": manifest.model, "fingerprint": manifest.model_fingerprint}
        if manifest
        else None,
    } | ({"replaced": {key: _signed(files) for key, files in again.items()}} if again else {})


def _signed(files: Mapping[str, str]) -> dict[str, str]:
    return {name: f"sha256:{sha256}" for name, sha256 in files.items()}


def _files(source: Release | Reference) -> dict[str, str]:
    return _signed({file.name: file.sha256 for file in source.files})


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@cache
def libraries() -> dict[str, str]:
    return {"python": platform.python_version()} | {n: metadata.version(n) for n in _LIBRARIES}


@cache
def desk() -> dict[str, str | None]:
    """Code Desk itself: its version, the commit if it runs from a repository, and a SHA-256 of all
    its files, which shows whether one differs from the commit."""
    return {
        "version": metadata.version("codedesk"),
        "commit": _commit(),
        "sources": _digest({path: digest for path, digest in sorted(_sources())}),
    }


def _sources() -> Iterable[tuple[str, str]]:
    for room in _ROOMS:
        for path in (_ROOT / room).rglob("*"):
            # Weights are left out: they are large, and the encoder has its own fingerprint.
            if path.is_file() and not {"__pycache__", "weights"} & set(path.parts):
                name = path.relative_to(_ROOT).as_posix()
                yield name, hashlib.sha256(path.read_bytes()).hexdigest()


def _commit() -> str | None:
    if not (_ROOT / ".git").exists():
        return None
    try:
        result = subprocess.run(
            ["git", "-C", str(_ROOT), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None if result.returncode == 0 else None
