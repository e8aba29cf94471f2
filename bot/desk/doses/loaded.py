"""What codes.db has of drugs: names, codes and products, by day."""

from __future__ import annotations

import datetime as dt
import threading

from bot.desk.doses.names import DrugNames
from codesets.model import Code, Product, Reference, ReleaseUnavailable
from codesets.store.code_store import CodeStore


class LoadedDrugs:
    """Safe to use from many threads."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store
        self._names: dict[tuple[str, str], DrugNames] = {}
        self._making = threading.Lock()

    def names(self, day: dt.date) -> DrugNames | None:
        """The names of drugs of the release and the crosswalk of a day."""
        try:
            release = self._store.for_date("hcpcs", day).release
        except ReleaseUnavailable:
            return None
        crosswalk = self.crosswalk(day)
        key = release.key, crosswalk.key + crosswalk.loaded_at if crosswalk else ""
        with self._making:
            if key not in self._names:
                products = (
                    list(self._store.references.rows(Product, crosswalk)) if crosswalk else []
                )
                self._names[key] = DrugNames(self._store.codes(release), products)
            return self._names[key]

    def crosswalk(self, day: dt.date) -> Reference | None:
        return self._store.references.for_date("asp", "hcpcs", day)

    def code(self, code: str, day: dt.date) -> Code | None:
        return self._store.get(self._store.for_date("hcpcs", day).release, code)

    def products_of_ndc(self, ndc: str, day: dt.date) -> list[Product]:
        """The products of an NDC, out of the crosswalk of the day or the newest that has it."""
        books = self._store.references.all("asp")
        of_day = self.crosswalk(day)
        for reference in [*([of_day] if of_day else []), *reversed(books)]:
            if products := list(self._store.references.rows(Product, reference, ndc=ndc)):
                return products
        return []
