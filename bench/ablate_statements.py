"""Measures what each part of the reports of statements contributes, by leaving out one at a time.

    python bench/ablate_statements.py --day 2026-11-29 tests/data/statements/kept/kept.tsv

The files have the layout of statements that `codedesk eval` reads. Their statements are taken
together. Prints the figures without each part, in process. Every wording is searched once.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Any
from unittest import mock

import statement_runs
from statement_runs import FIGURES, Runs, cells

from bot.settings import Settings
from codesets.model import Code
from index.evaluate_statements import read_statement_cases, score_statements
from index.statement import assembly, evidence, part_search
from index.statement.books import Books
from index.statement.coverage import said_by
from index.statement.evidence import FEATURES, Weighed
from index.statement.finders import FINDERS, Finder
from index.statement.model import Fact, Proposal, Statement
from index.statement.obstetrics import obstetrics
from index.statement.pool import Option
from index.statement.rules import combinations, revision, sequencing
from index.statement.selection import Choice

#: The chance from which on a code is as likely right as wrong.
_EVEN = 0.5
Part = Callable[[], Any]


@contextmanager
def _all(*parts: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        yield


def _gives(module: Any, name: str, value: Callable[..., Any]) -> Any:
    """Another function in its place. A module that does not have it is left as it is."""
    return mock.patch.object(module, name, value) if hasattr(module, name) else _all()


def _nothing(module: Any, *names: str) -> Any:
    return _all(*(_gives(module, name, lambda *_, **__: []) for name in names))


def _remembered(find: Finder) -> Finder:
    """A finder that reads each statement once."""
    known: dict[Statement, list[Proposal]] = {}

    @wraps(find)
    def again(statement: Statement, books: Books) -> list[Proposal]:
        if statement not in known:
            known[statement] = find(statement, books)
        return known[statement]

    return again


_FINDERS = tuple(map(_remembered, FINDERS))


def _without_finders(*names: str) -> Any:
    left = tuple(find for find in _FINDERS if _name(find) not in names)
    return mock.patch.object(assembly, "FINDERS", left)


def _name(find: Callable[..., Any]) -> str:
    return find.__module__.rpartition(".")[2]


_stems: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}


def _said_by(code: Code, matched: Sequence[str], books: Books) -> frozenset[str]:
    """As index/statement/coverage.py has it, read once."""
    key = (code.code, tuple(matched))
    if key not in _stems:
        _stems[key] = said_by(code, matched, books)
    return _stems[key]


def _single_wordings(before: Callable[..., Any], parts: Sequence[Any]) -> list[Any]:
    return [(group, wording) for group, wording in before(parts) if len(group) == 1]


def _best_of_each(weighed: Sequence[Weighed], least: float) -> list[Choice]:
    """The best code of each part, by the chance that it is right for its words."""
    first = FEATURES.index("first")
    best = [w for w in weighed if len(w.group) == 1 and w.evidence[first] == 1]
    return [Choice(w.option, w.group, w.option.right) for w in best if w.option.right >= least]


def _instead_of_weights(least: float) -> Any:
    return mock.patch.object(part_search, "choose", partial(_best_of_each, least=least))


def _as_found(option: Option, *_: Any) -> list[Any]:
    return [option.code]


def _as_stated(codes: Sequence[Any], _: Any) -> tuple[list[int], list[Any]]:
    return list(range(len(codes))), []


_read = statement_runs.read_statement


def _all_meant(text: str) -> Statement:
    """A statement whose facts are all taken as affirmed."""
    statement = _read(text)

    def meant(fact: Fact) -> Fact:
        return fact if fact.status == "chatter" else replace(fact, status="affirmed")

    return replace(statement, facts=tuple(meant(fact) for fact in statement.facts))


def _one_fact(text: str) -> Statement:
    """A statement as one fact."""
    statement = _read(text)
    whole = next((fact for fact in statement.facts if fact.status == "affirmed"), None)
    if whole is None:
        return statement
    said, span = statement.text, type(whole.span)(0, len(statement.text))
    return replace(statement, facts=(replace(whole, said=said, text=said, span=span),))


#: What is left out, by its name in the table.
PARTS: dict[str, Part] = {
    **{f"finder: {_name(find)}": partial(_without_finders, _name(find)) for find in FINDERS},
    "all finders": lambda: _all(
        mock.patch.object(assembly, "FINDERS", ()), _nothing(obstetrics, "wordings")
    ),
    "other words in a pregnancy": lambda: _nothing(obstetrics, "wordings"),
    "combinations": lambda: _nothing(revision, "combine"),
    "combinations: rows": lambda: _nothing(combinations, "_by_rows"),
    "combinations: entries of the Index": lambda: _nothing(combinations, "_by_entries"),
    "combinations: both sides": lambda: _nothing(combinations, "_by_sides"),
    "companions": lambda: _nothing(revision, "companions"),
    "integral signs": lambda: _gives(revision, "integral_to", lambda *_: None),
    "less specific codes": lambda: _gives(revision, "less_specific", lambda *_: {}),
    "Excludes1": lambda: _nothing(revision, "excluded"),
    "partners by notes": lambda: _nothing(part_search, "kept_beside", "asked_for"),
    "joined wordings": lambda: mock.patch.object(
        part_search, "wordings", partial(_single_wordings, part_search.wordings)
    ),
    "taking apart of lists": lambda: _gives(assembly, "apart", lambda statement, _: statement),
    "what is denied, in doubt or over": lambda: mock.patch.object(
        statement_runs, "read_statement", _all_meant
    ),
    "sides": lambda: _all(
        _gives(part_search, "on_sides", _as_found), _nothing(combinations, "_by_sides")
    ),
    "weights: the best of each part": lambda: _instead_of_weights(0.0),
    "weights: the best of each part, if likely": lambda: _instead_of_weights(_EVEN),
    "order: all rules": lambda: _gives(assembly, "ordered", _as_stated),
    "order: notes": lambda: _nothing(sequencing, "edges"),
    "order: rows of the guidelines": lambda: _gives(sequencing, "rule_for", lambda _: None),
    "all rules on codes, finders and weights": lambda: _all(
        mock.patch.object(assembly, "FINDERS", ()),
        _nothing(obstetrics, "wordings"),
        _nothing(revision, "combine", "companions", "excluded"),
        _gives(revision, "integral_to", lambda *_: None),
        _gives(revision, "less_specific", lambda *_: {}),
        _nothing(part_search, "kept_beside", "asked_for"),
        _instead_of_weights(0.0),
        _gives(assembly, "ordered", _as_stated),
    ),
    "all of that, and facts: one code for the whole": lambda: _all(
        PARTS["all rules on codes, finders and weights"](),
        mock.patch.object(statement_runs, "read_statement", _one_fact),
        _gives(assembly, "apart", lambda statement, _: statement),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date.today())
    parser.add_argument("--kept", type=Path, help="Keep what was searched in this file.")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, metavar="PART", help="Only these parts."
    )
    options = parser.parse_args()
    runs = Runs(Settings.load(), options.day, options.kept)
    cases = [case for path in options.files for case in read_statement_cases(path)]
    names = [*FIGURES, "exact of 1 / 2 / 3+ lines", "reports that differ"]
    print(f"| without ({len(cases)} statements) | " + " | ".join(names) + " |")
    print("| --- |" + " --- |" * len(names))
    shipped: list[list[str]] = []

    def row(name: str) -> None:
        reports = [runs.codes(case.query) for case in cases]
        if not shipped:
            shipped.extend(reports)
        differ = sum(one != other for one, other in zip(reports, shipped, strict=True))
        shown = [*cells(score_statements(reports, cases)), str(differ)]
        print(f"| {name} | " + " | ".join(shown) + " |", flush=True)

    with _without_finders(), mock.patch.object(evidence, "said_by", _said_by):
        row("nothing (as shipped)")
        for name in options.only or PARTS:
            with PARTS[name]():
                row(name)
    runs.keep()


if __name__ == "__main__":
    main()
