"""Texts to vectors by ONNX Runtime: the encoder that a bundle carries, without PyTorch.

A folder holds `model.onnx` (token ids and attention mask to unit vectors), `tokenizer.json`,
`encoder.json` (how many tokens are read, how long a vector is, some test texts) and `tests.npy`
(the test texts' vectors by the model that was exported). index/embedding/onnx_export.py makes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from index.errors import SearchError
from index.runtime import THREADS, load_onnxruntime

GRAPH, TOKENIZER, DESCRIPTION = "model.onnx", "tokenizer.json", "encoder.json"
TESTS = "tests.npy"
#: The least cosine between a test text's vector by the model and by what was exported of it.
TOLERANCE = 0.97
_BATCH = 64


class EncoderDiffers(SearchError):
    """What was exported does not give the vectors of its model; the message says by how much."""


class Encoder:
    """An exported model. Encoding is safe from many threads at once."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        runtime = load_onnxruntime()
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self._tests: list[str] = described["tests"]
        self._by_the_model = np.load(folder / TESTS)
        self.dimensions: int = described["dimensions"]
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(described["tokens"])
        self._tokenizer.enable_padding(pad_id=described["pad_id"], pad_token=described["pad_token"])
        self._pool = ThreadPoolExecutor(THREADS)
        self._session = runtime.InferenceSession(
            str(folder / GRAPH), runtime.options(), providers=["CPUExecutionProvider"]
        )

    def check(self) -> None:
        """Compare the test texts' vectors with those by the model that was exported.

        Raises EncoderDiffers when one differs by more than TOLERANCE.
        """
        nearness = (self.encode(self._tests) * self._by_the_model).sum(axis=1)
        if nearness.min() < TOLERANCE:
            raise EncoderDiffers(
                f"The encoder does not compute what its model does: a test text has a cosine of "
                f"{nearness.min():.3f}, and {TOLERANCE} is the least. Run `codedesk index build`; "
                "if that does not help, reinstall onnxruntime."
            )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, one row a text, in order.

        One at a time: rounding to eight bits looks at all that is computed together, so in company
        a vector would depend on the company, and an answer on what else was asked.
        """
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        # A thread fewer to wake: this one takes the first.
        first, *others = texts
        made = [self._pool.submit(self._run, [text]) for text in others]
        return np.concatenate([self._run([first]), *(one.result() for one in made)])

    def encode_together(self, texts: Sequence[str], *, progress: str | None = None) -> np.ndarray:
        """`encode` for many texts, several times as fast and a little less exact. `progress`
        labels a progress bar."""
        from tqdm import tqdm  # a question needs none

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding in a batch
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with tqdm(total=len(texts), desc=progress, unit="text", disable=progress is None) as bar:
            made = self._pool.map(lambda batch: self._run([texts[i] for i in batch]), batches)
            for batch, vectors_of_batch in zip(batches, made, strict=True):
                vectors[batch] = vectors_of_batch
                bar.update(len(batch))
        return vectors

    def _run(self, texts: list[str]) -> np.ndarray:
        read = self._tokenizer.encode_batch(texts)
        (vectors,) = self._session.run(
            None,
            {
                "input_ids": np.array([r.ids for r in read], dtype=np.int64),
                "attention_mask": np.array([r.attention_mask for r in read], dtype=np.int64),
            },
        )
        return vectors
