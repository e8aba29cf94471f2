"""The finders of index/statement: each proposes the codes that one kind of words calls for."""

from __future__ import annotations

from collections.abc import Callable

from index.statement import (
    allergies,
    drugs,
    encounters,
    exposures,
    external_causes,
    histories,
    injuries,
    measures,
    obstetrics,
    operations,
    organisms,
    receptors,
    skin_infections,
    statuses,
    titles,
)
from index.statement.books import Books
from index.statement.model import Proposal, Statement

Finder = Callable[[Statement, Books], list[Proposal]]
FINDERS: tuple[Finder, ...] = (
    obstetrics.find,
    injuries.find,
    external_causes.find,
    drugs.find,
    measures.find,
    organisms.find,
    encounters.find,
    statuses.find,
    histories.find,
    exposures.find,
    operations.find,
    allergies.find,
    receptors.find,
    skin_infections.find,
    titles.find,
)
