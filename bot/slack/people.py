"""What each person chose in Slack, kept in the state: their defaults, and their favourite codes.

A person is a user of a team: ids of users are unique in a team only
(https://docs.slack.dev/reference/objects/user-object).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import dataclass, replace
from typing import Any, get_args

from bot.database import DatabaseError
from bot.logged_desk import LoggedQuestion
from bot.messages import message
from bot.querylog import QuestionRecord, Record
from bot.slack.state import State
from codesets.model import SETTING_NAMES, SYSTEM_NAMES, US_SYSTEMS, Setting, System

logger = logging.getLogger("codedesk.slack")

MOST_FAVOURITES = 50
#: The option of a logged question whose answer is for its asker alone.
PRIVATE = "private"
#: Questions that a default may change the answer of.
_CHANGED = ("search", "codes", "drug_products", "changes")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts where a question does not say: the code systems to search (() for all), where
    services are given (None: not said), the date of service (None: today), and whether answers to
    mentions are for the asker alone."""

    systems: tuple[System, ...] = ()
    setting: Setting | None = None
    day: dt.date | None = None
    private: bool = False

    def reading(self) -> dict[str, Any]:
        """The options of `Answers.take` by which a question is read with these defaults."""
        options = {"day": self.day, "usual": self.systems, "setting": self.setting}
        return {name: value for name, value in options.items() if value}

    def on(self, asked: QuestionRecord) -> QuestionRecord:
        """The question as it is logged, with these among its options. The log leaves `day` out; it
        is there for the answer only, which says that it was a default."""
        chosen = {
            "usual": list(self.systems),
            "setting": self.setting,
            "day": self.day and self.day.isoformat(),
            PRIVATE: self.private and asked.surface == "mention",
        }
        given = {name: value for name, value in chosen.items() if value}
        return replace(asked, options={**given, **(asked.options or {})})


@dataclass(frozen=True, slots=True)
class Favourite:
    system: str
    code: str


class People:
    """Reads and writes what people chose. Safe to use from many threads. Raises DatabaseError when
    the state cannot be read or written."""

    def __init__(self, state: State) -> None:
        self._state = state
        with state.writing() as db:
            db.execute(
                """create table if not exists defaults (
                    team text not null, person text not null, systems text not null, setting text,
                    day text, private integer not null, primary key (team, person)
                )"""
            )
            db.execute(
                """create table if not exists favourites (
                    team text not null, person text not null, system text not null,
                    code text not null, kept_at double precision not null,
                    primary key (team, person, system, code)
                )"""
            )

    def defaults_of(self, team: str | None, user: str) -> Defaults:
        """The defaults of a person; those of everybody where they chose none. A value that this
        version does not know is left out."""
        with self._state.reading() as db:
            found = db.query(
                "select * from defaults where team = ? and person = ?", [team or "", user]
            )
            row = next(iter(found), None)
        if row is None:
            return Defaults()
        return Defaults(
            tuple(system for system in json.loads(row["systems"]) if system in US_SYSTEMS),
            row["setting"] if row["setting"] in get_args(Setting) else None,
            row["day"] and dt.date.fromisoformat(row["day"]),
            bool(row["private"]),
        )

    def set_defaults(self, team: str | None, user: str, chosen: Defaults) -> None:
        with self._state.writing() as db:
            db.execute(
                "insert into defaults (team, person, systems, setting, day, private) "
                "values (?, ?, ?, ?, ?, ?) on conflict (team, person) do update set "
                "systems = excluded.systems, setting = excluded.setting, day = excluded.day, "
                "private = excluded.private",
                [
                    team or "",
                    user,
                    json.dumps(chosen.systems),
                    chosen.setting,
                    chosen.day and chosen.day.isoformat(),
                    int(chosen.private),
                ],
            )

    def favourites_of(self, team: str | None, user: str) -> list[Favourite]:
        """The favourites of a person, those that were kept last first."""
        with self._state.reading() as db:
            rows = db.execute(
                "select system, code from favourites where team = ? and person = ? "
                "order by kept_at desc, code limit ?",
                [team or "", user, MOST_FAVOURITES],
            ).fetchall()
        return [Favourite(*row) for row in rows]

    def keep(self, team: str | None, user: str, favourite: Favourite) -> bool:
        """Keep a code. Keeping it twice changes nothing. False when the person has as many as they
        may."""
        who = [team or "", user]
        row = [*who, favourite.system, favourite.code]
        with self._state.writing() as db:
            known = db.execute(
                "select 1 from favourites where team = ? and person = ? and system = ? "
                "and code = ?",
                row,
            ).fetchone()
            (count,) = db.execute(
                "select count(*) from favourites where team = ? and person = ?", who
            ).fetchone()
            if known is None and count >= MOST_FAVOURITES:
                return False
            db.execute(
                "insert into favourites (team, person, system, code, kept_at) "
                "values (?, ?, ?, ?, ?) on conflict do nothing",
                [*row, self._state.now()],
            )
        return True

    def forget(self, team: str) -> None:
        """Forget what everybody of a team chose."""
        with self._state.writing() as db:
            for table in ("defaults", "favourites"):
                db.execute(f"delete from {table} where team = ?", [team])

    def let_go(self, team: str | None, user: str, favourite: Favourite) -> None:
        with self._state.writing() as db:
            db.execute(
                "delete from favourites where team = ? and person = ? and system = ? and code = ?",
                [team or "", user, favourite.system, favourite.code],
            )


def defaults_for(people: People, team: str | None, user: str | None) -> Defaults:
    """The defaults by which a question is asked; none where they cannot be read, since a question
    must be taken all the same."""
    try:
        return people.defaults_of(team, user) if user else Defaults()
    except (DatabaseError, ValueError) as error:
        logger.error("the defaults of a person cannot be read: %s", error)
        return Defaults()


def kept_by(people: People, team: str | None, user: str) -> list[Favourite]:
    """The favourites of a person; none where they cannot be read."""
    try:
        return people.favourites_of(team, user)
    except DatabaseError as error:
        logger.error("favourites cannot be read: %s", error)
        return []


def is_for_asker_alone(asked: QuestionRecord | Record) -> bool:
    """Whether the answer to a question is for its asker alone: it was asked privately, or they
    chose so for their mentions."""
    return asked.surface in ("slash", "shortcut") or bool((asked.options or {}).get(PRIVATE))


def said_of_defaults(logged: LoggedQuestion) -> str:
    """What an answer says of the options that limited it; "" when none did. What the words of the
    question say comes first, and is no option."""
    question, options = logged.question, logged.asked.options or {}
    if question is None or question.intent not in _CHANGED:
        return ""
    if logged.asked.surface == "shortcut":
        return ""  # They stood in the form.
    told = []
    usual = options.get("usual") or []
    if usual and list(question.limited_to) == list(usual):
        names = ", ".join(SYSTEM_NAMES[system] for system in usual)
        told.append(message("home.said_systems", systems=names))
    day = options.get("day")
    if day and question.service_date and question.service_date.isoformat() == day:
        told.append(message("home.said_day", day=day))
    setting = options.get("setting")
    if setting and question.setting == setting and len(question.mentions) > 1:
        told.append(message("home.said_setting", setting=SETTING_NAMES[setting]))
    return message("home.said", told=", ".join(told)) if told else ""
