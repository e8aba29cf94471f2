"""What NCCI's edits say of procedures, supplies and drugs that are billed together.

CMS publishes them for each setting: which two codes are not paid on the same day
(procedure-to-procedure, PTP), and how many units of one code (medically unlikely edits, MUE).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import combinations

from bot.desk.answer import Pair, Reason, reason
from codesets.formats import ncci
from codesets.model import SETTING_NAMES, Book, PairEdit, Setting, UnitsEdit
from codesets.store.code_store import CodeStore

#: CMS's tables of edits, by the name under which an answer says that they were not checked, and
#: how many codes it takes for them to apply.
_EDITS = {"ncci_ptp": ("ptp", 2), "mue": ("mue", 1)}


class NcciChecks:
    """Checks codes of HCPCS and CPT against the edits that are loaded, for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date, setting: Setting | None = None) -> None:
        """`setting` None: the edits of all settings."""
        self._store = store
        self._day = day
        self._settings: list[Setting] = [setting] if setting else list(SETTING_NAMES)  # type: ignore[arg-type]

    def check(self, codes: Sequence[str]) -> Iterator[Pair]:
        """What the edits say of these codes, in the order in which they are billed."""
        billed = list(dict.fromkeys(codes))
        yield from self._procedure_pairs(billed)
        yield from self._units(billed)

    def not_loaded(self, codes: Sequence[str]) -> list[str]:
        """The rules that apply to so many codes and are not loaded."""
        return [
            rule
            for rule, (kind, at_least) in _EDITS.items()
            if len(codes) >= at_least
            and not any(self._store.books.all(kind, setting=s) for s in self._settings)
        ]

    def not_covered(self, codes: Sequence[str]) -> list[Book]:
        """Books that apply to so many codes and are not of an edition for the date."""
        books = [
            self._book(kind, setting)
            for kind, at_least in _EDITS.values()
            if len(codes) >= at_least
            for setting in self._settings
        ]
        return [book for book in books if book is not None and book.days_away(self._day)]

    def _book(self, kind: str, setting: Setting) -> Book | None:
        return self._store.books.for_date(kind, "hcpcs", self._day, setting)

    def _procedure_pairs(self, billed: list[str]) -> Iterator[Pair]:
        edits_of = {
            setting: (book, self._pair_edits(book, billed))
            for setting in self._settings
            if (book := self._book("ptp", setting))
        }
        for one, other in combinations(billed, 2) if edits_of else ():
            for setting, (book, listed) in edits_of.items():
                found = [*listed.get((one, other), ()), *listed.get((other, one), ())]
                for edit in found:
                    active = ncci.in_force(edit, self._day)
                    yield Pair(
                        codes=[edit.column1, edit.column2],
                        rule="ncci_ptp",
                        quote=edit.rationale,
                        inherited_from=book.title,
                        release=book.label,
                        severity="conflict" if active and edit.modifier == "0" else "caution",
                        reasons=[_ptp_reason(edit, setting, active)],
                    )

    def _pair_edits(self, book: Book, billed: list[str]) -> dict[tuple[str, str], list[PairEdit]]:
        """The edits of a book on any two of these codes, by column 1 and column 2."""
        found: dict[tuple[str, str], list[PairEdit]] = {}
        for part in self._store.books.parts(book):
            for edit in self._store.books.rows(PairEdit, part, column1=billed, column2=billed):
                found.setdefault((edit.column1, edit.column2), []).append(edit)
        return found

    def _units(self, billed: list[str]) -> Iterator[Pair]:
        edits_of: dict[Setting, tuple[Book, dict[str, list[UnitsEdit]]]] = {}
        for setting in self._settings:
            book = self._book("mue", setting)
            if book is None:
                continue
            listed: dict[str, list[UnitsEdit]] = {}
            for edit in self._store.books.rows(UnitsEdit, book, code=billed):
                listed.setdefault(edit.code, []).append(edit)
            edits_of[setting] = book, listed
        for code in billed:
            for setting, (book, listed) in edits_of.items():
                for edit in listed.get(code, ()):
                    yield Pair(
                        codes=[code],
                        rule="mue",
                        quote=edit.rationale,
                        inherited_from=book.title,
                        release=book.label,
                        severity="caution",
                        reasons=[
                            reason(
                                "pairs.mue",
                                setting=SETTING_NAMES[setting],
                                code=code,
                                units=edit.units,
                                adjudication=f"{edit.adjudication}: "
                                f"{ncci.ADJUDICATION[edit.adjudication]}",
                            )
                        ],
                    )


def _ptp_reason(edit: PairEdit, setting: Setting, active: bool) -> Reason:
    """`active`: whether the edit is in force on the date of service."""
    return reason(
        "pairs.ptp" if active else "pairs.ptp_not_in_force",
        setting=SETTING_NAMES[setting],
        one=edit.column1,
        other=edit.column2,
        begin=reason("pairs.ptp_from", date=edit.effective_from)
        if edit.effective_from
        else reason("pairs.ptp_from_unknown"),
        end=reason("pairs.ptp_deleted", date=edit.deleted)
        if edit.deleted
        else reason("pairs.ptp_active"),
        modifier=f"{edit.modifier}: {ncci.MODIFIER_INDICATORS[edit.modifier]}",
    )
