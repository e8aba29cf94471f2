"""Rows of files that say how a service is paid, and why it was not: indicators alone, no amounts
and never a descriptor of CPT."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeeIndicators:
    """The policy indicators of a code in the Medicare Physician Fee Schedule, as published.

    `modifier`: the component that the row is for (26, TC, 53); "" for the whole service. `status`:
    the status code (A active, B bundled …). `component`: the PC/TC indicator. `global_days`: 000,
    010, 090, XXX, YYY, ZZZ or MMM. `multiple`, `bilateral`, `assistant`, `co_surgeons`, `team`: the
    payment indicators for these.
    """

    code: str
    modifier: str
    status: str
    component: str
    global_days: str
    multiple: str
    bilateral: str
    assistant: str
    co_surgeons: str
    team: str


@dataclass(frozen=True, slots=True)
class OppsIndicators:
    """How a code is paid in the outpatient prospective payment system: `status` is the status
    indicator (J1, N, Q1, S …), `apc` its ambulatory payment classification; "" for none."""

    code: str
    status: str
    apc: str


@dataclass(frozen=True, slots=True)
class AddOnEdit:
    """A primary code with which an add-on code is paid, by the day.

    `type`: 1: the primary codes are all listed; 2: contractors decide which they are (`primary` is
    then ""); 3: some are listed, and contractors may add others. The dates are those of the edit,
    both inclusive; None: not given, or still in force.
    """

    code: str
    primary: str
    type: str
    effective_from: dt.date | None
    deleted: dt.date | None


@dataclass(frozen=True, slots=True)
class AdjustmentCode:
    """A claim adjustment reason code or a remittance advice remark code with its licensed
    description. `stop` is the last day of its use; None while it is in use."""

    code: str
    description: str
    start: dt.date | None
    stop: dt.date | None
