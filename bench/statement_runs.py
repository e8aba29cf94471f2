"""Files of statements and their reports, put together in process. The other programs of bench/
that measure statements use it.

Only ICD-10-CM is searched, and no answer is made: `codedesk eval` measures the whole desk.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from bot.desk.chatter import subject
from bot.settings import Settings
from codesets.store.code_store import CodeStore
from index.evaluate_statements import StatementScores
from index.search.searcher import Found, Searcher
from index.statement import evidence
from index.statement.assembly import assemble
from index.statement.books import Books
from index.statement.facts import read_statement
from index.statement.model import Assembled
from index.statement.part_search import Texts

ROOT = Path(__file__).parents[1]
#: Codes that are searched for each wording, as bot/desk/report.py does.
_SEARCHED = 15
#: The figures of a table, in their order.
FIGURES = ("first", "recall", "precision", "f1", "exact", "forbidden")


class Runs:
    """Reports of statements on one day. What was searched once is kept, in memory and, if `kept` is
    given, in that file, for as long as nothing of the search changes."""

    def __init__(self, settings: Settings, day: dt.date, kept: Path | None = None) -> None:
        store = CodeStore(settings.codes_db)
        self._searcher = Searcher(settings.index, store)
        self.books = Books(store, store.for_date("icd10cm", day).release, day)
        self._kept = kept
        self._key = _key(self._searcher, self.books)
        self._found: dict[str, Found] = {}
        release = self.books.release
        self._is_name = cache(lambda words: self._searcher.is_name(words, release))
        self._together = cache(lambda texts: self._searcher.says_together(texts, release))
        if kept is not None and kept.exists():
            key, found = pickle.loads(kept.read_bytes())
            if key == self._key:
                self._found = found

    def report(self, query: str) -> Assembled:
        about = subject(query)
        whole = self._search([about])[0]
        texts = Texts(self._search, self._is_name, self._say_together, whole)
        return assemble(read_statement(about), self.books, texts)

    def codes(self, query: str) -> list[str]:
        return [line.code for line in self.report(query).lines]

    def keep(self) -> None:
        """Writes what was searched to the file."""
        if self._kept is not None:
            self._kept.write_bytes(pickle.dumps((self._key, self._found)))

    def _search(self, texts: Sequence[str]) -> list[Found]:
        new = [text for text in dict.fromkeys(texts) if text not in self._found]
        if new:
            found = self._searcher.search_many(new, [self.books.release], _SEARCHED)
            self._found.update(zip(new, found, strict=True))
        return [self._found[text] for text in texts]

    def _say_together(self, texts: Sequence[str]) -> bool:
        return self._together(tuple(texts))


def _key(searcher: Searcher, books: Books) -> str:
    """Names all that decides what is found: the index, the release, and the words and the code of
    the search."""
    key = hashlib.sha256(repr((searcher.manifest, books.release)).encode())
    read = [*ROOT.glob("index/search/*.py"), *ROOT.glob("index/text/*.py")]
    for path in sorted([*read, *ROOT.glob("prompts/vocabulary/*")]):
        if path.is_file():
            key.update(path.read_bytes())
    return key.hexdigest()


@contextmanager
def weights(values: np.ndarray) -> Iterator[None]:
    """Other weights of the evidence in use: the bias, then those of FEATURES."""
    before = evidence._FITTED.copy()
    evidence._FITTED[:] = values
    try:
        yield
    finally:
        evidence._FITTED[:] = before


def cells(scores: StatementScores) -> list[str]:
    """The FIGURES, and the share of exact reports by the number of lines."""
    by_size = " / ".join(f"{part.exact:.2f}" for part in scores.by_size.values())
    return [*(f"{getattr(scores, name):.3f}" for name in FIGURES), by_size]
