"""The axes of an ICD-10-PCS code, out of the official tables and definitions.

They are never guessed from a title: a code that the tables do not have is not explained.
"""

from __future__ import annotations

import datetime as dt

from bot.desk.answer import Axis
from bot.desk.reasons import Reason, reason
from codesets.lookups import pcs_axes
from codesets.model import Definition, TableRow
from codesets.store.code_store import CodeStore


class ProcedureAxes:
    """Reads the tables and definitions of the editions for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date) -> None:
        self._store = store
        self._day = day

    def table(self, code: str) -> list[TableRow]:
        """The rows of the table that a code is made from; [] when no tables are loaded."""
        reference = self._store.references.for_date("tables", "icd10pcs", self._day)
        if reference is None:
            return []
        return list(self._store.references.rows(TableRow, reference, table=code[:3]))

    def of(self, code: str) -> list[Axis]:
        """What each character of a code means; [] when no loaded table has the code."""
        return [
            Axis(axis.position, axis.name, axis.value, axis.meaning, self._definition(code, axis))
            for axis in pcs_axes.explain(self.table(code), code)
        ]

    def source(self, code: str, *, explained: bool) -> Reason:
        """Which tables explain a code, or why none does."""
        reference = self._store.references.for_date("tables", "icd10pcs", self._day)
        if reference is None:
            return reason("verdict.no_tables")
        if explained:
            return reason("verdict.axes_from", label=reference.label)
        return reason("verdict.not_in_tables", code=code, label=reference.label)

    def _definition(self, code: str, axis: pcs_axes.Axis) -> str:
        """The official definition of an axis's value (an operation, an approach); "" if none."""
        reference = self._store.references.for_date("definitions", "icd10pcs", self._day)
        if reference is None:
            return ""
        rows = self._store.references.rows(
            Definition, reference, section=code[0], position=axis.position, value=axis.meaning
        )
        return next((row.definition for row in rows), "")
