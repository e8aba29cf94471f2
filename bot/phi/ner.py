"""The entity model: the parts of spaCy's small English model that are needed.

Two parts of its pipeline (tok2vec, ner) are loaded from an installed package; nothing is
downloaded. `index.runtime` keeps PyTorch from being imported.
"""

from __future__ import annotations

import threading
from typing import Any

from index.runtime import load_entity_model

#: What each of spaCy's labels means here. What spaCy calls an organization is often a name.
_LABELS = {
    "PERSON": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
}


class EntityModel:
    """Finds what may be people and places. Loaded at first use; safe to use from threads."""

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
        """(start, end, label) of each entity; labels are PERSON, LOCATION and ORGANIZATION."""
        self.load()
        # Without a memory zone spaCy keeps every new word, names too, while the process lives.
        with self._working, self._pipeline.memory_zone():
            return [
                (entity.start_char, entity.end_char, _LABELS[entity.label_])
                for entity in self._pipeline(text).ents
                if entity.label_ in _LABELS
            ]
