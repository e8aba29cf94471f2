"""Exports a sentence-transformers model as the encoder of a bundle.

The graph has the model's layers, its pooling and the scaling to unit length. Weights are rounded to
eight bits, which takes a quarter of the size and is two to three times as fast on a CPU. They use
seven of the eight bits, so that CPUs without VNNI compute the same. The export is compared with the
model on test texts before it is used.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.embedding.encoder import DESCRIPTION, GRAPH, TESTS, TOKENIZER, Encoder
from index.embedding.models import Model
from index.errors import SearchError

if TYPE_CHECKING:
    import torch

_TEST_TEXTS = (
    "left knee pain",
    "Type 2 diabetes mellitus with diabetic chronic kidney disease",
    "Displaced fracture of neck of right radius, subsequent encounter for open fracture type IIIA",
    "htn",
    "Injection, denosumab, 1 mg",
    "Percutaneous transluminal coronary angioplasty of two arteries with drug-eluting stents",
)


class ExportFailed(SearchError):
    """The model has a structure that cannot be exported."""


def export(model: Model, folder: Path) -> Encoder:
    """Write the encoder of a model into `folder`, open it and check it.

    Raises ExportFailed when the model has a structure that cannot be exported, EncoderDiffers when
    the encoder does not give the vectors of the model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _write(model, folder)
    except (RuntimeError, ValueError, AttributeError, KeyError, IndexError) as error:
        raise ExportFailed(
            f"The model {model.name} cannot be exported: only a transformer with mean pooling can "
            f"({error})."
        ) from error
    encoder = Encoder(folder)
    encoder.check()
    return encoder


def _write(model: Model, folder: Path) -> None:
    loaded = model.load()
    transformer, pooling, *further = loaded
    if pooling.get_config_dict().get("pooling_mode") != "mean":
        raise ValueError("its pooling is another")
    kinds = [type(module).__name__ for module in further]
    if kinds not in ([], ["Normalize"], ["Dense", "Normalize"]):
        raise ValueError(f"it has more: {', '.join(kinds)}")
    dense = further[0].linear if kinds[:1] == ["Dense"] else None
    tokenizer = loaded.tokenizer
    with tempfile.TemporaryDirectory(prefix="codedesk-") as work:
        whole = Path(work) / GRAPH
        _trace(transformer.auto_model, dense, tokenizer, whole)
        _round(whole, folder / GRAPH)
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    described = {
        "tokens": loaded.max_seq_length,
        "dimensions": loaded.get_embedding_dimension(),
        "pad_id": tokenizer.pad_token_id,
        "pad_token": tokenizer.pad_token,
        "tests": _TEST_TEXTS,
    }
    np.save(folder / TESTS, model.encode(_TEST_TEXTS))
    (folder / DESCRIPTION).write_text(json.dumps(described) + "\n", encoding="utf-8")


def _trace(
    transformer: torch.nn.Module, dense: torch.nn.Module | None, tokenizer: object, path: Path
) -> None:
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer
            self.dense = dense or torch.nn.Identity()

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            tokens = self.transformer(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(self.dense(mean), p=2, dim=1)

    example = tokenizer(list(_TEST_TEXTS[:2]), padding=True, return_tensors="pt")  # type: ignore[operator]
    names = ("input_ids", "attention_mask")
    with warnings.catch_warnings():
        # The tracer warns of branches on shapes. The check on test texts would find a wrong one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Pooled().eval(),
            tuple(example[name] for name in names),
            str(path),
            input_names=list(names),
            output_names=["vectors"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names}
            | {"vectors": {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )


def _round(whole: Path, path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it recommends a step that has no effect here
    try:
        quantize_dynamic(
            whole, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
    finally:
        root.setLevel(level)
