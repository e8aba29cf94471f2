"""Gathers what a person's Home tab shows. What cannot be read is left out, and said."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.database import DatabaseError
from bot.desk.answer import Verdict
from bot.desk.reasons import Reason
from bot.logged_desk import Answers
from bot.messages import message
from bot.querylog import LogUnavailable, QueryLog, Record
from bot.querylog.lately import Week, asked_by, week
from bot.settings import Settings
from bot.setup import model_of
from bot.slack.people import Defaults, Favourite, People, defaults_for
from bot.slack.workspaces.place import Workspace
from bot.slack.workspaces.roles import Roles, Sight
from bot.views.checklist import name_of
from codesets.errors import CodeDeskError
from codesets.loading.checklist import checklist
from codesets.model import SYSTEM_NAMES
from codesets.store.code_store import CodeStore

logger = logging.getLogger("codedesk.slack")

#: Questions of late that are shown.
MOST_ASKED = 8
#: What the nearest edition says of a code, by the reason of its verdict.
_NEAREST = {
    "verdict.billable": "billable_nearest",
    "verdict.header": "header_nearest",
    "verdict.header_seventh": "header_nearest",
}
#: Seconds for which what is loaded is not read again.
_FRESH = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of late: its id, when it was asked (ISO 8601), its words as stored, and its answer
    in a line ("" for none)."""

    id: str
    at: str
    words: str
    says: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A favourite today: its title, the status of its verdict, the codes that replace it, and the
    label of the release that says so. The status ends in "_nearest" where no edition of today is
    loaded and the nearest one tells it; it is "" where nothing could be looked up."""

    favourite: Favourite
    title: str = ""
    status: str = ""
    replaced_by: tuple[str, ...] = ()
    release: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded: the editions that answer today, and the names of what is out of date and of
    what is not loaded."""

    editions: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForAuditors:
    """`week` is None when the log cannot be read. `checkpoint`: when the last one was written; ""
    for none."""

    week: Week | None
    checkpoint: str = ""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`indexed`: whether the index fits what is loaded. `files`: what is done with files that were
    sent, and what was done last, in sentences."""

    indexed: bool = True
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """`asked` is None when the log cannot be read. `audit` is for auditors, `upkeep` for
    administrators; None for others."""

    contact: str = ""
    asked: list[Asked] | None = field(default_factory=list)
    favourites: list[Kept] = field(default_factory=list)
    defaults: Defaults = field(default_factory=Defaults)
    loaded: Loaded = field(default_factory=Loaded)
    audit: ForAuditors | None = None
    upkeep: Upkeep | None = None

    @property
    def is_newcomers(self) -> bool:
        return self.asked == []


class Facts:
    """Gathers facts for any person. Safe to use from several threads."""

    def __init__(
        self, settings: Settings, desk: Answers, log: QueryLog, people: People, roles: Roles
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._log = log
        self._people = people
        self._roles = roles
        self._loaded: tuple[float, Loaded] | None = None

    def of(
        self,
        team: str | None,
        user: str,
        files: Callable[[], list[str]],
        place: Workspace | None = None,
    ) -> HomeFacts:
        """`files` gives what is done with files. `place`: the workspace that the Home is in, where
        there is more than one."""
        sight = self._roles.auditor(place or Workspace(team or ""), user, team)
        return HomeFacts(
            contact=self._settings.contact or "",
            asked=self._asked(team, user, place),
            favourites=self._favourites(team, user),
            defaults=defaults_for(self._people, team, user),
            loaded=self.loaded(),
            audit=self._audit(user, sight, place) if sight else None,
            upkeep=self._upkeep(files()) if self._roles.loads_files(user) else None,
        )

    def forget_loaded(self) -> None:
        """Read what is loaded anew the next time."""
        self._loaded = None

    def _asked(self, team: str | None, user: str, place: Workspace | None) -> list[Asked] | None:
        teams = (place.team,) if place else None
        try:
            found = asked_by(self._log, user, team, MOST_ASKED, teams)
            return [shown(record) for record in found]
        except LogUnavailable as error:
            logger.error("%s", error)
            return None

    def _favourites(self, team: str | None, user: str) -> list[Kept]:
        try:
            kept = self._people.favourites_of(team, user)
        except DatabaseError as error:
            logger.error("favourites cannot be read: %s", error)
            return []
        return [self.looked_up(favourite) for favourite in kept]

    def looked_up(self, favourite: Favourite) -> Kept:
        """What is true of a code today."""
        try:
            found = self._desk.verdicts_on(favourite.code)
        except CodeDeskError as error:
            logger.warning("a favourite was not looked up: %s", error)
            return Kept(favourite)
        named = [verdict for verdict in found if verdict.system == favourite.system]
        for verdict in named[:1]:
            return Kept(
                favourite,
                verdict.title,
                _status(verdict),
                tuple(code.code for code in verdict.replaced_by),
                verdict.release or "",
            )
        return Kept(favourite)

    def loaded(self) -> Loaded:
        """What is loaded, as it was within the last minute."""
        known, now = self._loaded, time.monotonic()
        if known is None or now - known[0] > _FRESH:
            known = self._loaded = (now, _loaded(self._settings))
        return known[1]

    def _upkeep(self, files: list[str]) -> Upkeep:
        return Upkeep(_is_indexed(self._settings), tuple(files))

    def _audit(self, user: str, sight: Sight, place: Workspace | None) -> ForAuditors:
        """The log's headlines; that an auditor looks goes on record first."""
        try:
            self._log.access("view", user, "home", team=place.team if place else None)
            return ForAuditors(
                week(self._log, sight.teams), _last_checkpoint(self._settings.checkpoints)
            )
        except LogUnavailable as error:
            logger.error("%s", error)
            return ForAuditors(None)


def shown(record: Record) -> Asked:
    """A question of the log with its answer in a line: its headline, else its first codes."""
    headline = ((record.answer or {}).get("headline") or {}).get("text") or ""
    codes = list(dict.fromkeys(str(code["code"]) for code in record.codes))[:4]
    return Asked(record.id, record.asked_at, record.text, headline or ", ".join(codes))


def _status(verdict: Verdict) -> str:
    """The status as it is shown; where today is not covered, what the nearest edition says."""
    if verdict.status != "not_covered":
        return verdict.status_shown
    told = [one for why in verdict.reasons for one in why.params.get("told", ())]
    keys = [one.key for one in told[:1] if isinstance(one, Reason)]
    return next((_NEAREST[key] for key in keys if key in _NEAREST), "not_covered")


def _loaded(settings: Settings) -> Loaded:
    today = dt.date.today()
    if not settings.codes_db.exists():
        return Loaded(missing=tuple(name_of(item) for item in checklist(None, today).missing))
    try:
        with closing(CodeStore(settings.codes_db)) as store:
            newest = [store.for_date(system, today).release for system in store.systems]
            editions = [
                message(
                    "home.edition",
                    system=SYSTEM_NAMES[release.system],
                    label=release.label,
                    through=release.effective_through,
                )
                for release in newest
            ]
            missing = checklist(store, today).missing
            ended = [(item, item.ended) for item in missing if item.ended]
            return Loaded(
                tuple(editions),
                tuple(f"{name_of(item)} {one.label}" for item, one in ended if one),
                tuple(name_of(item) for item in missing if not item.ended),
            )
    except (CodeDeskError, OSError, sqlite3.Error) as error:
        logger.error("what is loaded cannot be read: %s", error)
        return Loaded()


def _is_indexed(settings: Settings) -> bool:
    """Whether the index fits what is loaded. Reads the whole index: a tenth of a second."""
    from index import build

    if not settings.codes_db.exists():
        return False
    try:
        with closing(CodeStore(settings.codes_db)) as store:
            return build.is_current(store, settings.index, model_of(settings))
    except (CodeDeskError, OSError, sqlite3.Error) as error:
        logger.error("whether the index is current cannot be read: %s", error)
        return False


def _last_checkpoint(path: Path) -> str:
    """When the last line of the file of checkpoints was written; "" when there is none. Whether it
    was signed is for `codedesk log verify` to say."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - 4096, 0))
            lines = file.read().splitlines()
        return str(json.loads(lines[-1])["at"]) if lines else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
