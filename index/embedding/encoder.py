"""Texts to vectors by ONNX Runtime, without PyTorch: the encoder of a bundle.

Its folder has `model.onnx` (from token ids and attention mask to unit vectors), `tokenizer.json`,
`encoder.json` (the number of tokens that are read, the length of a vector, some test texts) and
`tests.npy` (the vectors of the test texts by the original model). index/embedding/onnx_export.py
writes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np

from index.embedding.progress import shown
from index.errors import SearchError
from index.runtime import THREADS, load_onnxruntime

GRAPH, TOKENIZER, DESCRIPTION = "model.onnx", "tokenizer.json", "encoder.json"
TESTS = "tests.npy"
#: The least cosine between the vectors of a test text by the original model and by the encoder.
TOLERANCE = 0.97
_BATCH = 64
#: The number of texts whose vectors are kept, 1.5 KB each.
_RECENT = 256
#: Words from this many letters on are whole words; shorter ones are as often pieces of others,
#: but for the first of the vocabulary, which has the commonest first.
_SHORTEST_WORD, _COMMONEST = 5, 8900


class EncoderDiffers(SearchError):
    """The encoder does not give the vectors of its model. The message has the cosine."""


class Encoder:
    """An exported model. Several threads may encode at the same time."""

    def __init__(self, folder: Path, threads: int = THREADS) -> None:
        """`threads`: how many texts are computed at once. With one, no thread is started."""
        from tokenizers import Tokenizer

        runtime = load_onnxruntime()
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._tests: list[str] = described["tests"]
        self._model_vectors = np.load(folder / TESTS)
        self.dimensions: int = described["dimensions"]
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(described["tokens"])
        self._tokenizer.enable_padding(pad_id=described["pad_id"], pad_token=described["pad_token"])
        self._at_once = threads
        self._pool: ThreadPoolExecutor | None = None
        self._pool_of = 0
        # A statement is searched as a whole, and again part by part.
        self._recent = lru_cache(maxsize=_RECENT)(lambda text: self._run([text]))
        self._session = runtime.InferenceSession(
            str(folder / GRAPH), runtime.options(), providers=["CPUExecutionProvider"]
        )

    def check(self) -> None:
        """Compare the vectors of the test texts with those by the original model.

        Raises EncoderDiffers when a cosine is below TOLERANCE.
        """
        cosines = (self.encode(self._tests) * self._model_vectors).sum(axis=1)
        if cosines.min() < TOLERANCE:
            raise EncoderDiffers(
                f"The encoder does not compute what its model does: a test text has a cosine of "
                f"{cosines.min():.3f}, and {TOLERANCE} is the least. Run `codedesk index build`; "
                "if that does not help, reinstall onnxruntime."
            )

    def words(self) -> frozenset[str]:
        """The whole words of its vocabulary: those that are common in English."""
        return frozenset(
            word
            for word, number in self._tokenizer.get_vocab().items()
            if (len(word) >= _SHORTEST_WORD or number < _COMMONEST) and word.isalpha()
        )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors: float32, len(texts) x dimensions.

        Each text is computed by itself. In a batch, the rounding to eight bits depends on all texts
        of the batch, so an answer would depend on the other questions.
        """
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        if len(texts) == 1 or self._at_once == 1:
            return np.concatenate([self._recent(text) for text in texts])
        # The calling thread takes the first text, so that one thread less has to be woken.
        first, *others = texts
        pool = self._threads()
        futures = [pool.submit(self._recent, text) for text in others]
        return np.concatenate([self._recent(first), *(future.result() for future in futures)])

    def encode_together(self, texts: Sequence[str], *, progress: str | None = None) -> np.ndarray:
        """`encode` in batches: several times as fast, and a little less exact. `progress` is the
        label of what is shown of the progress, None for nothing."""
        order = sorted(
            range(len(texts)), key=lambda i: len(texts[i])
        )  # texts of like length: less padding
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with shown(progress, len(texts)) as advance:
            each = self._threads().map if self._at_once > 1 else map
            results = each(lambda batch: self._run([texts[i] for i in batch]), batches)
            for batch, batch_vectors in zip(batches, results, strict=True):
                vectors[batch] = batch_vectors
                advance(len(batch))
        return vectors

    def _threads(self) -> ThreadPoolExecutor:
        """The threads of this process: a fork has none of its parent's."""
        if self._pool is None or self._pool_of != os.getpid():
            self._pool, self._pool_of = ThreadPoolExecutor(self._at_once), os.getpid()
        return self._pool

    def _run(self, texts: list[str]) -> np.ndarray:
        if len(texts) == 1:  # without starting a thread for it
            encodings = [self._tokenizer.encode(texts[0])]
        else:
            encodings = self._tokenizer.encode_batch(texts)
        (vectors,) = self._session.run(
            None,
            {
                "input_ids": np.array([e.ids for e in encodings], dtype=np.int64),
                "attention_mask": np.array([e.attention_mask for e in encodings], dtype=np.int64),
            },
        )
        return vectors
