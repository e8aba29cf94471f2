"""Sets up the code sets, the corrections that auditors approved, and the index of both.

`tell` is called with each line of progress.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing

from bot.audit import corrections
from bot.messages import message
from bot.querylog import LogUnavailable
from bot.querylog.opening import opened, verified
from bot.querylog.snapshot import is_there
from bot.settings import Settings
from codesets.loading import packaged
from codesets.loading.checklist import Checklist, checklist
from codesets.loading.packaged_references import load_packaged_references
from codesets.store.code_store import CodeStore
from index import build as index_build
from index.embedding.models import Model, Shipped, chosen

#: Seconds that setting up waits for the official sources.
_PATIENCE = 3.0

Tell = Callable[[str], None]


def set_up(settings: Settings, tell: Tell) -> Checklist:
    """Load what is missing, and build the index if it is not current. Returns what is there and
    what is still missing for today."""
    reachable = True
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_inbox(settings, tell)
    store = CodeStore(settings.codes_db)
    try:
        if settings.fetch:
            reachable = _fetch(store, settings, tell)
        packaged.load_packaged(store, tell)
        load_packaged_references(store, tell)
        model = model_of(settings)
        if not index_build.is_current(store, settings.index, model):
            if not settings.index.exists():
                tell(message("setup.meanwhile"))
            build_index(store, settings, model, tell)
        return checklist(store, dt.date.today(), reachable=reachable)
    finally:
        store.close()


def loaded_for_today(settings: Settings, *, reachable: bool = True) -> Checklist:
    """What is there for today, and what is missing. Nothing is loaded, made or fetched."""
    today = dt.date.today()
    if not settings.codes_db.exists():
        return checklist(None, today, reachable=reachable)
    with closing(CodeStore(settings.codes_db)) as store:
        return checklist(store, today, reachable=reachable)


def make_inbox(settings: Settings, tell: Tell) -> None:
    """Make the drop folder. One that cannot be made is told; it keeps nothing from working."""
    from bot.loading.entries import Folder  # not loaded to answer a question

    if settings.inbox_folder is None:
        return
    try:
        Folder(settings.inbox_folder).make()
    except OSError as error:
        why = f"{error.strerror or error}."
        tell(message("inbox.unusable", folder=settings.inbox_folder, why=why))


def _fetch(store: CodeStore, settings: Settings, tell: Tell) -> bool:
    """Fetch what is missing for today from the official sources, and say whether they could be
    reached. Gives up soon when they cannot."""
    if not checklist(store, dt.date.today()).gets("fetch"):
        return True
    from codesets.loading import sync  # HTTP libraries are not loaded to answer a question.

    report = sync.sync(store, settings.downloads, say=tell, patience=_PATIENCE)
    if report.unreachable:
        tell(message("setup.unreachable"))
    return not report.unreachable


def model_of(settings: Settings) -> Model | Shipped:
    """The model that the settings name to build the index with."""
    return chosen(settings.model, may_download=settings.model_download)


def build_index(
    store: CodeStore,
    settings: Settings,
    model: Model | Shipped,
    tell: Tell,
    *,
    anew: bool = False,
) -> None:
    """Build the index of all that is loaded. What the index in use has is taken over, unless
    `anew`; where it has all, nothing is built. `tell` gets what was done."""
    _shelve_corrections(store, settings, tell)
    tell(message("index.building"))
    built = index_build.build(store, settings.index, model, anew=anew)
    made = built.manifest
    if built.outcome == "as_it_was":
        tell(message("index.as_it_was"))
    elif built.outcome == "same_texts":
        tell(message("index.same_texts", build=made.build))
    else:
        key = "index.built" if built.new_texts < made.texts else "index.built_anew"
        tell(
            message(
                key,
                build=made.build,
                texts=made.texts,
                families=made.families,
                new=built.new_texts,
            )
        )


def _shelve_corrections(store: CodeStore, settings: Settings, tell: Tell) -> None:
    """Copy the corrections that auditors approved into codes.db. The earlier copy stays when the
    log cannot be read or was altered: a person who can write the log must not be able to change
    answers.
    """
    try:
        if not is_there(settings.log_database):
            return
        with opened(settings) as log:
            if verified(settings).result == "tampered":
                tell(message("feedback.tampered"))
            elif count := corrections.shelve(log, store):
                tell(message("feedback.shelved", count=count))
    except LogUnavailable as error:
        tell(str(error))


def index_again(store: CodeStore, settings: Settings, tell: Tell, *, build: bool) -> None:
    """After loading: build the index if it is not current, or with `build` False say how to."""
    model = model_of(settings)
    if index_build.is_current(store, settings.index, model):
        tell(message("index.as_it_was"))
    elif build:
        build_index(store, settings, model, tell)
    else:
        tell(message("index.needed"))
        return
    tell(message("index.running"))
