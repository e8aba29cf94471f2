"""`codedesk index …`: building the search index, and training its model."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.shared import progress
from bot.messages import message
from bot.settings import Settings
from bot.setup import build_index, model_of
from codesets.model import CodesetError
from codesets.store.code_store import CodeStore
from index.embedding.models import Model


@click.group()
def index() -> None:
    """The search index."""


@index.command("build")
@click.option("--anew", is_flag=True, help="Compute all vectors again, and take over none.")
@click.pass_obj
def build_command(settings: Settings, anew: bool) -> None:
    """Build the index from what is loaded. The one in use works until the new one is complete.

    What the index in use has already is taken over: only new texts are encoded, and when all that
    is searched is the same, nothing is built.
    """
    if not settings.codes_db.exists():
        raise CodesetError(message("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        build_index(store, settings, model_of(settings), progress, anew=anew)
    finally:
        store.close()


@index.command("train")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pairs", "most", type=click.IntRange(1), help="At most N pairs of texts.")
@click.option("--seed", type=int, default=0, help="Seed of the random numbers. Default: 0.")
@click.pass_obj
def train_command(settings: Settings, folder: Path, most: int | None, seed: int) -> None:
    """Tune all-MiniLM-L6-v2 on the words that are loaded, and export it.

    FOLDER gets the model (for CODEDESK_MODEL), and FOLDER/encoder the files that are shipped in
    index/weights. On two cores this takes about half an hour. docs/MODEL.md says how the shipped
    weights were made.
    """
    from index.embedding.onnx_export import export
    from index.embedding.training import train

    if not settings.codes_db.exists():
        raise CodesetError(message("desk.nothing_loaded"))
    store = CodeStore(settings.codes_db)
    try:
        train(store, Model(), folder, most=most, seed=seed, tell=progress)
    finally:
        store.close()
    export(Model(str(folder)), folder / "encoder")
    progress(f"To use it: CODEDESK_MODEL={folder} codedesk index build")
