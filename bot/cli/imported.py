"""Commands that are imported when they are used: a command should not wait for the modules of all
others, and a health check least of all."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping, MutableMapping

import click

from index.runtime import loading


class Imported(MutableMapping[str, click.Command]):
    """Commands by name. `places`: of each its module and its name there, as `bot.cli.ask:check`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._there: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._there:
            with loading():
                self._there[name] = pkgutil.resolve_name(self._places[name])
        return self._there[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places | self._there)

    def __len__(self) -> int:
        return len(self._places | self._there)

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._there[name] = command

    def __delitem__(self, name: str) -> None:
        self._places.pop(name, None)
        self._there.pop(name, None)
