"""Checks the lines of a claim against the fee schedule, OPPS and the add-on code edits: what bears
on its setting, and on the modifiers that are on it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from bot.desk.answer import Pair
from bot.desk.claims.case import Case, Line
from bot.desk.payment_checks import PaymentChecks
from codesets.store.code_store import CodeStore

#: Status indicators of OPPS by which a code is packaged: it is billed all the same.
_PACKAGED = frozenset({"N", "Q1", "Q2", "Q4"})


def payment_checks(store: CodeStore, case: Case) -> Iterator[Pair]:
    if case.setting is None:  # a stay is paid by its MS-DRG
        return
    by_day: dict[dt.date, list[Line]] = defaultdict(list)
    for line in case.lines:
        by_day[line.day].append(line)
    for day, lines in by_day.items():
        modifiers: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            modifiers[line.service.code] += line.service.modifiers
        checks = PaymentChecks(store, day, case.setting)
        for pair in checks.check(list(modifiers), modifiers):
            if (weighed := _weighed(pair, modifiers)) is not None:
                yield weighed


def _weighed(pair: Pair, modifiers: dict[str, list[str]]) -> Pair | None:
    """What is told of a claim; None where the claim has what is asked for."""
    why = pair.reasons[0]
    if why.key == "pairs.global":
        visit = why.params["other"]
        has = why.params["modifier"] in modifiers[visit]
        return None if has else replace(pair, severity="conflict")
    if why.key == "pairs.add_on_met":
        return None
    if why.key == "pairs.opps" and why.params["status"] in _PACKAGED:
        return None
    if why.key in ("pairs.bilateral", "pairs.component") and pair.severity == "caution":
        return None
    if pair.rule == "add_on" and pair.severity == "obligation":
        # Which code it belongs to is not listed, or not all of them are.
        return replace(pair, severity="caution")
    return pair
