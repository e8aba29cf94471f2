"""What answers come from: code sets for today, and the index."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import wraps
from importlib.util import find_spec

from bot.operations.findings import Asked, Finding, broken, look, ok, told
from bot.setup import model_of
from codesets.loading.freshness import not_loaded, out_of_date
from codesets.model import SYSTEM_NAMES
from codesets.store.code_store import CodeStore
from index import bundle


def _of_codes(
    check: Callable[[Asked, CodeStore], Iterator[Finding]],
) -> Callable[[Asked], Iterator[Finding]]:
    """A check of the code sets, where there are any. That they cannot be read is told by
    bot/operations/checks/storage.py."""

    @wraps(check)
    def run(asked: Asked) -> Iterator[Finding]:
        if asked.settings.codes_db.exists():
            with suppress(sqlite3.Error), closing(CodeStore(asked.settings.codes_db)) as store:
                yield from check(asked, store)

    return run


@_of_codes
def editions(asked: Asked, store: CodeStore) -> Iterator[Finding]:
    today = dt.date.today()
    if not store.systems:
        yield broken("no_editions")
        return
    current = [
        f"{SYSTEM_NAMES[system]} {match.release.label}"
        for system in store.systems
        if (match := store.for_date(system, today)).fit != "nearest"
    ]
    if current:
        yield ok("editions", names=", ".join(current))
    for one in out_of_date(store, today):
        yield look("edition_ended", name=one.name, label=one.label, through=one.through)
    if missing := not_loaded(store):
        yield look("not_loaded", names=", ".join(missing))


@_of_codes
def index(asked: Asked, store: CodeStore) -> Iterator[Finding]:
    try:
        folder, manifest = bundle.opened(asked.settings.index, store)
    except bundle.BundleUnusable as error:
        yield told("broken", "index_unusable", str(error))
        return
    newer = manifest.sources != bundle.sources(store)
    if newer:
        yield look("index_older", build=folder.name)
    elif manifest.model_fingerprint != model_of(asked.settings).fingerprint():
        yield look("index_other_model", build=folder.name)
    else:
        yield ok("index", build=folder.name, texts=f"{manifest.texts:,}")


def model(asked: Asked) -> Iterator[Finding]:
    """PyTorch is needed to build an index with a model of one's own, and for nothing else."""
    if not asked.settings.model:
        yield ok("no_torch")
    elif find_spec("sentence_transformers") is None:
        yield look("needs_torch", model=asked.settings.model)


CHECKS = (editions, index, model)
