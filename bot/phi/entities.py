"""The entity model: Presidio with spaCy's small English model, as little of both as is needed.

Presidio's default engine would load forty recognizers, fetch what it misses and ask for a large
model. Here it gets one recognizer, and an engine around a pipeline of two parts (tok2vec, ner)
that was loaded from its package: nothing is fetched. PyTorch is kept out by `index.runtime`.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Literal

from index.runtime import load_entity_model

Entity = Literal["PERSON", "LOCATION", "ORGANIZATION"]
#: spaCy's labels, in Presidio's words. What it calls an organization is often a name.
_LABELS = {
    "PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION",
}  # fmt: skip


class EntityModel:
    """Finds what may be people and places. Loaded when first asked; safe to use from threads."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._loading = threading.Lock()

    @property
    def is_loaded(self) -> bool:
        return self._engine is not None

    def load(self) -> None:
        with self._loading:
            if self._engine is None:
                self._engine = _engine()

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, entity) of each; entities are PERSON, LOCATION and ORGANIZATION."""
        self.load()
        found = self._engine.analyze(text, language="en", entities=sorted(set(_LABELS.values())))
        return [(result.start, result.end, result.entity_type) for result in found]


def _engine() -> Any:
    presidio, pipeline = load_entity_model()
    # What it reports of its decisions would hold the text.
    logging.getLogger("decision_process").setLevel(logging.CRITICAL)
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    labels = presidio.nlp_engine.NerModelConfiguration(
        model_to_presidio_entity_mapping=_LABELS, labels_to_ignore=set(), default_score=0.85
    )
    engine = presidio.nlp_engine.SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": pipeline.meta["name"]}],
        ner_model_configuration=labels,
    )
    engine.nlp = {"en": pipeline}
    recognizer = presidio.predefined_recognizers.SpacyRecognizer(
        supported_entities=sorted(set(_LABELS.values()))
    )
    registry = presidio.RecognizerRegistry(recognizers=[recognizer], supported_languages=["en"])
    return presidio.AnalyzerEngine(
        registry=registry,
        nlp_engine=engine,
        supported_languages=["en"],
        context_aware_enhancer=_NoContext(),
    )


class _NoContext:
    """In place of Presidio's enhancer, which looks for lemmas that this pipeline does not make."""

    def enhance_using_context(self, text: str, raw_results: list[Any], *_: Any, **__: Any) -> Any:
        return raw_results


