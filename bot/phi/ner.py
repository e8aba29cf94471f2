"""The entity model: spaCy's small English model, as little of it as is needed.

Two parts of its pipeline (tok2vec, ner) are loaded from its package: nothing is fetched. PyTorch is
kept out by `index.runtime`.
"""

from __future__ import annotations

import threading
from typing import Any

from index.runtime import load_entity_model

#: spaCy's labels, and what each may mean here. An organization is often a name.
_LABELS = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
}


class EntityModel:
    """Finds what may be people and places. Loaded when first asked; safe to use from threads."""

    def __init__(self) -> None:
        self._pipeline: Any = None
        self._working = threading.Lock()

    @property
    def is_loaded(self) -> bool:
        return self._pipeline is not None

    def load(self) -> None:
        with self._working:
            if self._pipeline is None:
                self._pipeline = load_entity_model()

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, entity) of each; entities are PERSON, LOCATION and ORGANIZATION."""
        self.load()
        # The pipeline would keep every new word it reads: names, for as long as the process lives.
        with self._working, self._pipeline.memory_zone():
            return [
                (entity.start_char, entity.end_char, _LABELS[entity.label_])
                for entity in self._pipeline(text).ents
                if entity.label_ in _LABELS
            ]
