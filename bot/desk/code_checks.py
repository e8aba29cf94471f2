"""Checks codes that are reported together against the rules, and a code that needs another.

Each rule is quoted from the edition that it is printed in, with the place that it is inherited
from, and followed by what it means for these codes. No rule is an absolute denial: Excludes1 has an
exception, many instructions begin "if applicable", and a modifier may bypass an edit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from bot.desk.answer import Pair
from bot.desk.ncci_checks import NcciChecks
from bot.desk.note_checks import NoteChecks, Reported
from bot.desk.payment_checks import PaymentChecks
from codesets.model import Reference, Setting
from codesets.store.code_store import CodeStore


class PairRules:
    """Checks codes against the rules that are loaded, for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date, setting: Setting | None = None) -> None:
        self._notes = NoteChecks(store)
        self._edits = NcciChecks(store, day, setting)
        self._payment = PaymentChecks(store, day, setting)

    def check(
        self,
        reported: Sequence[Reported],
        units: Mapping[str, int] | None = None,
        modifiers: Mapping[str, Sequence[str]] | None = None,
        services: Sequence[str] = (),
    ) -> list[Pair]:
        """What the rules say of these codes, in the order in which they are reported. `units`,
        `modifiers`: code -> those that it is billed with, as far as they are known. `services`:
        codes of CPT where CPT is not loaded; edits name them all the same."""
        billed = [*_billed(reported), *services]
        pairs = [
            *self._notes.check(_diagnoses(reported)),
            *self._edits.check(billed, units),
            *self._payment.check(billed, modifiers),
        ]
        # A code may be reported twice and a note printed twice: equal pairs are shown once.
        return list({(tuple(p.codes), p.rule, p.quote, str(p.reasons)): p for p in pairs}.values())

    def not_checked(self, reported: Sequence[Reported]) -> list[str]:
        """The rules that apply to such codes and are not loaded."""
        return [
            *self._edits.not_loaded(_billed(reported)),
            *self._notes.not_loaded(_diagnoses(reported)),
        ]

    def not_covered(self, reported: Sequence[Reported]) -> list[Reference]:
        """The references that apply to such codes and do not cover the date."""
        return self._edits.not_covered(_billed(reported))


def _diagnoses(reported: Sequence[Reported]) -> list[Reported]:
    return [r for r in reported if r.code.system == "icd10cm"]


def _billed(reported: Sequence[Reported]) -> list[str]:
    """The codes of procedures, supplies and drugs."""
    return [r.code.code for r in reported if r.code.system in ("hcpcs", "cpt")]
