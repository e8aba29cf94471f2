"""The finders of index/statement: each proposes the codes that one kind of words calls for."""

from __future__ import annotations

from collections.abc import Callable

from index.statement.books import Books
from index.statement.causes import external_causes
from index.statement.drugs import drugs
from index.statement.encounters import (
    allergies,
    encounters,
    exposures,
    histories,
    operations,
    receptors,
    statuses,
    titles,
)
from index.statement.injuries import injuries, skin_infections
from index.statement.model import Proposal, Statement
from index.statement.obstetrics import obstetrics
from index.statement.values import measures, organisms

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
