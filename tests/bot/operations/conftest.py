"""Desks that are served while whoever runs them looks on."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.operations import events, logs


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = [logs._OWN, *logs._QUIET_ENOUGH]
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    events._listeners.clear()
