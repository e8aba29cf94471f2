"""The entity model: Presidio with spaCy's small English model, as little of both as is needed.

Presidio's default engine would load forty recognizers, fetch what it misses and ask for a large
model. Here it gets one recognizer, and an engine around a pipeline of two parts (tok2vec, ner)
that was loaded from its package: nothing is fetched. PyTorch is kept out by `index.runtime`.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from index.runtime import load_entity_model

#: spaCy's labels, in Presidio's words. What it calls an organization is often a name.
_LABELS = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
}
_ENTITIES = sorted(set(_LABELS.values()))


class EntityModel:
    """Finds what may be people and places. Loaded when first asked; safe to use from threads."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._pipeline: Any = None
        self._working = threading.Lock()

    @property
    def is_loaded(self) -> bool:
        return self._engine is not None

    def load(self) -> None:
        with self._working:
            if self._engine is None:
                self._engine, self._pipeline = _engine()

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, entity) of each; entities are PERSON, LOCATION and ORGANIZATION."""
        self.load()
        # The pipeline would keep every new word it reads: names, for as long as the process lives.
        with self._working, self._pipeline.memory_zone():
            found = self._engine.analyze(text, language="en", entities=_ENTITIES)
            return [(result.start, result.end, result.entity_type) for result in found]


def _engine() -> tuple[Any, Any]:
    presidio, pipeline = load_entity_model()
    # What it reports of its decisions would hold the text.
    logging.getLogger("decision_process").setLevel(logging.CRITICAL)
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    labels = presidio.nlp_engine.NerModelConfiguration(
        model_to_presidio_entity_mapping=_LABELS, labels_to_ignore=set(), default_score=0.85
    )
    nlp = presidio.nlp_engine.SpacyNlpEngine(
        models=[{"lang_code": "en", "model_name": pipeline.meta["name"]}],
        ner_model_configuration=labels,
    )
    nlp.nlp = {"en": pipeline}
    recognizer = presidio.predefined_recognizers.SpacyRecognizer(supported_entities=_ENTITIES)
    registry = presidio.RecognizerRegistry(recognizers=[recognizer], supported_languages=["en"])
    engine = presidio.AnalyzerEngine(
        registry=registry,
        nlp_engine=nlp,
        supported_languages=["en"],
        context_aware_enhancer=_NoContext(),
    )
    return engine, pipeline


class _NoContext:
    """In place of Presidio's enhancer, which looks for lemmas that this pipeline does not make."""

    def enhance_using_context(self, text: str, raw_results: list[Any], *_: Any, **__: Any) -> Any:
        return raw_results
