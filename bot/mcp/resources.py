"""What is loaded, as resources: `codedesk://SYSTEM` is a code set with its editions, and
`codedesk://SYSTEM/CODE` a code."""

from __future__ import annotations

import re
from contextlib import closing
from typing import NamedTuple, cast

from pydantic import BaseModel

from bot.mcp import outputs
from bot.settings import Settings
from codesets.model import SYSTEM_NAMES, Release, System
from codesets.store.code_store import CodeStore

SCHEME = "codedesk"
TEMPLATE = SCHEME + "://{system}/{code}"
_URI = re.compile(
    r"codedesk://(?P<system>[a-z0-9]+)(?:/(?P<code>[A-Za-z0-9][A-Za-z0-9.&-]{0,29}))?/?"
)


class LoadedEdition(outputs.Edition):
    codes: int
    source: str


class CodeSet(BaseModel):
    """A code set as a resource."""

    system: str
    name: str
    editions: list[LoadedEdition]


class Named(NamedTuple):
    """What a URI names: a code set, or a code of it; `code` is "" for the former."""

    system: System
    code: str


class Library:
    """Reads what is loaded now. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def systems(self) -> list[System]:
        with closing(self._store()) as store:
            return store.all_systems

    def named(self, uri: str) -> Named | None:
        """What a URI names; None for nothing that is loaded."""
        found = _URI.fullmatch(uri)
        if found is None or found["system"] not in self.systems():
            return None
        return Named(cast(System, found["system"]), found["code"] or "")

    def code_set(self, system: System) -> CodeSet:
        with closing(self._store()) as store:
            editions = [
                LoadedEdition(
                    **_edition(release),
                    codes=store.counts(release)["codes"],
                    source=release.source,
                )
                for release in store.releases(system)
            ]
        return CodeSet(system=system, name=SYSTEM_NAMES[system], editions=editions)

    def loaded_in(self, system: str, code: str) -> list[outputs.Edition]:
        """The loaded editions that have a code, the oldest first; [] for one of no loaded system,
        such as a modifier or a code of ICD-9-CM."""
        with closing(self._store()) as store:
            if system not in store.all_systems:
                return []
            return [outputs.Edition(**_edition(r)) for r in store.releases_with(system, code)]

    def has_guidelines(self) -> bool:
        """Whether any Official Guidelines are loaded."""
        with closing(self._store()) as store:
            return bool(store.references.all("guidelines"))

    def _store(self) -> CodeStore:
        return CodeStore(self._settings.codes_db)


def _edition(release: Release) -> dict[str, str]:
    return {
        "edition": release.label,
        "effective_from": str(release.effective_from),
        "effective_through": str(release.effective_through),
    }
