"""Texts to vectors by ONNX Runtime: the encoder that a bundle carries, without PyTorch.

A folder holds `model.onnx` (token ids and attention mask to unit vectors), `tokenizer.json` and
`encoder.json` (how many tokens are read, how long a vector is). index/export.py makes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from index.runtime import load_onnxruntime

GRAPH, TOKENIZER, DESCRIPTION = "model.onnx", "tokenizer.json", "encoder.json"
_BATCH = 64


class Encoder:
    """An exported model. Encoding is safe from many threads at once."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        runtime = load_onnxruntime()
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self.dimensions: int = described["dimensions"]
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.enable_truncation(described["tokens"])
        self._tokenizer.enable_padding(pad_id=described["pad_id"], pad_token=described["pad_token"])
        self._session = runtime.InferenceSession(
            str(folder / GRAPH), runtime.options(), providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, one row a text, in order.

        One at a time: rounding to eight bits looks at all that is computed together, so in company
        a vector would depend on the company, and an answer on what else was asked.
        """
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.concatenate([self._run([text]) for text in texts])

    def encode_together(self, texts: Sequence[str], *, progress: str | None = None) -> np.ndarray:
        """`encode` for many texts, several times as fast and a little less exact. `progress`
        labels a progress bar."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding in a batch
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with tqdm(total=len(texts), desc=progress, unit="text", disable=progress is None) as bar:
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                vectors[batch] = self._run([texts[i] for i in batch])
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
